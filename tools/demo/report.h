/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the recording says at the end of the run.
 */
#ifndef DEMO_REPORT_H
#define DEMO_REPORT_H

#include <stdbool.h>

/* Prints a summary on stderr and writes the JSON (json may be NULL). 0, or -1 after a message on stderr. */
int report(const char *json, bool times);

#endif
