/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps a write from killing the host: a write beyond the limit on file sizes raises SIGXFSZ, one into a pipe that
 * nobody reads SIGPIPE. Both are blocked in this thread, and the one that the write raised is taken back, so that only
 * the error number is left. One that was pending before is left pending. Costs two system calls, a few more on failure.
 */
#ifndef BSCOPE_EXPORT_SIGNAL_GUARD_H
#define BSCOPE_EXPORT_SIGNAL_GUARD_H

#include <signal.h>
#include <stddef.h>

struct bscope_signal_guard {
  sigset_t mask;    /* the thread's mask as it was */
  sigset_t pending; /* what was pending already */
};

void bscope_signal_guard_begin(struct bscope_signal_guard *guard);

/* `error`: the error number of the write (0: none), which says whether a signal is to be taken back. Keeps errno. */
void bscope_signal_guard_end(const struct bscope_signal_guard *guard, int error);

/* Writes all of it, going on after a short write and after a signal; to be called under a guard: 0 or an errno value.
 */
int bscope_write_all(int fd, const void *bytes, size_t size);

#endif
