/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a call is to be recorded: not what happens in the middle of recording, and only what was asked for.
 */
#ifndef BSCOPE_PRELOAD_RECORDING_H
#define BSCOPE_PRELOAD_RECORDING_H

#include <stdbool.h>

enum recording_what { RECORDING_HEAP = 1, RECORDING_LOCKS = 2 };

/* The thread records: what it calls meanwhile, or a handler on top of it, is let through. */
extern __thread bool recording_now __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* What BORROWSCOPE_PRELOAD asks for ("heap", "locks", or both with a comma); the heap where it is not set. Any thread,
 * any time; keeps errno. */
unsigned recording_wanted(void);

/* True: the caller records, and calls recording_end. */
bool recording_begin(enum recording_what what);

static inline void recording_end(void) {
  recording_now = false;
}

#endif
