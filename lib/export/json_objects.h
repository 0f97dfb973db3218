/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small objects of a document: metadata, and stats, which holds the counts of log and graph that are the same for
 * the same events (no bytes, no rings).
 */
#ifndef BSCOPE_EXPORT_JSON_OBJECTS_H
#define BSCOPE_EXPORT_JSON_OBJECTS_H

#include "export/json_put.h"

#include <borrowscope/log.h>

/* With its key and the comma behind it. `events` is the length of events[]. 0 or the failure. */
int bscope_json_put_metadata(struct bscope_json *json, size_t events);

/* With its key. 0 or the failure. */
int bscope_json_put_stats(struct bscope_json *json, const struct bscope_log *log);

#endif
