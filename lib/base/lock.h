/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lock whose waiters sleep and whose owner is known: a priority-inheriting futex word that holds
 * the owner's tid. Zeroed memory is an unlocked lock. The lock of an owner that died is taken over, so what
 * it guards must be able to be done again from any step. Not recursive; the caller has blocked all signals.
 */
#ifndef BSCOPE_BASE_LOCK_H
#define BSCOPE_BASE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct bscope_lock {
  uint32_t word;  /* atomic: 0, or the owner's tid with the kernel's waiter bit */
  uint32_t turns; /* atomic: counts releases; carries the release to the next owner where the kernel hands over */
};

/* Takes the lock if it is free (or its owner is dead). */
bool bscope_lock_try(struct bscope_lock *lock);

/* Takes the lock, sleeping at most timeout_ns (then false). Keeps errno. */
bool bscope_lock_take(struct bscope_lock *lock, uint64_t timeout_ns);

void bscope_lock_release(struct bscope_lock *lock);

/* The calling thread holds it. For assertions. */
bool bscope_lock_is_mine(const struct bscope_lock *lock);

#endif
