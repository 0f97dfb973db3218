/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that interrupt another tracking call of their own thread (a signal handler, a malloc hook), and writes that
 * were abandoned by a jump out of one.
 */
#ifndef BSCOPE_CAPTURE_NESTED_H
#define BSCOPE_CAPTURE_NESTED_H

#include "capture/write.h"

/* Writes into the thread's nested ring, or counts. Signal-safe, nests in itself. */
void bscope_nested_write(struct bscope_thread *thread, const struct bscope_draft *draft);

/*
 * Whether the write that `busy` tells of was abandoned: the caller's stack pointer stands at or above that write's, in
 * the same stack and not on a signal stack. All frames of nested writes lie below, so they are dead too. Then their
 * slots are declared void, it is counted, and busy is 0 again.
 */
bool bscope_nested_heal(struct bscope_thread *thread, uint64_t busy, uintptr_t stack_pointer);

/* Gives up nested writes that a jump left open: called when the thread is known to be in none. */
void bscope_nested_forget(struct bscope_thread *thread);

#endif
