/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program says of findings that shall not count (bscope_default_suppressions): kept in the trace as the text
 * of a site that no event has, so that whoever checks the file elsewhere knows it.
 */
#ifndef BSCOPE_COLLECT_SUPPRESSIONS_H
#define BSCOPE_COLLECT_SUPPRESSIONS_H

/* Asks the program, if it has that function. From the library's constructor. */
void bscope_suppressions_load(void);

/* What it said, or NULL. As long as the program. */
const char *bscope_suppressions_text(void);

/* Puts it among the sites, once it is known which names are recorded. Signal-safe. */
void bscope_suppressions_note(void);

#endif
