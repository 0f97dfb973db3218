/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The array `violations`: which rules of ownership the log's program broke, an element each, as bscope_check tells.
 */
#ifndef BSCOPE_EXPORT_JSON_VIOLATIONS_H
#define BSCOPE_EXPORT_JSON_VIOLATIONS_H

#include "export/json_put.h"

/* The elements and the array's end; `[` is written already. 0 or the sink's status. */
int bscope_json_put_violations(struct bscope_json *json, const struct bscope_findings *findings);

#endif
