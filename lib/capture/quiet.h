/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stretch in which nothing of the host runs on this thread: no signal handler, no cancellation. Needed around every
 * lock of this library, since a handler that tracks would wait for its own thread.
 */
#ifndef BSCOPE_CAPTURE_QUIET_H
#define BSCOPE_CAPTURE_QUIET_H

#include "base/cancel.h"

#include <signal.h>

struct bscope_quiet {
  sigset_t mask;
  struct bscope_cancel cancel;
};

/* May be nested. About 0.2 µs: two system calls in all. Keeps errno. */
void bscope_quiet_enter(struct bscope_quiet *quiet);
void bscope_quiet_leave(const struct bscope_quiet *quiet);

#endif
