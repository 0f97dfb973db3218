/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bar on standard error while somebody watches and it takes over a second. A timer draws it, so that the work only
 * stores how far it is, and a step that can't say how far it is shows at least that it goes on.
 */
#ifndef BSCOPE_CLI_PROGRESS_H
#define BSCOPE_CLI_PROGRESS_H

#include "cli.h"

/* `what` is a constant. `total` 0: not known. Nothing where nobody watches, or where out is the same screen. */
void cli_progress_begin(const struct cli *cli, const char *what, size_t total, bool prints);
void cli_progress_end(void);

extern volatile size_t cli_progress_done;

#endif
