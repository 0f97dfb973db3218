/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Atomic accesses whose order is part of their name. Works on plain integer and pointer fields, so that
 * one struct serves this library, C++ and a file. ThreadSanitizer understands all of them; no fences are used.
 */
#ifndef BSCOPE_BASE_ATOMIC_H
#define BSCOPE_BASE_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#define bscope_load_relaxed(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define bscope_load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define bscope_store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define bscope_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define bscope_add_relaxed(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define bscope_add_release(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELEASE)
#define bscope_add_acq_rel(p, v) __atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL)
#define bscope_sub_relaxed(p, v) __atomic_fetch_sub((p), (v), __ATOMIC_RELAXED)
#define bscope_or_relaxed(p, v) __atomic_fetch_or((p), (v), __ATOMIC_RELAXED)
#define bscope_and_release(p, v) __atomic_fetch_and((p), (v), __ATOMIC_RELEASE)
#define bscope_exchange_acq_rel(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)

/*
 * In one total order with all others of these: for who writes one word and then reads another that somebody else writes
 * before reading the first, of whom one at least has to see the other.
 */
#define bscope_load_ordered(p) __atomic_load_n((p), __ATOMIC_SEQ_CST)
#define bscope_store_ordered(p, v) __atomic_store_n((p), (v), __ATOMIC_SEQ_CST)
#define bscope_add_ordered(p, v) __atomic_fetch_add((p), (v), __ATOMIC_SEQ_CST)

/* Strong compare-and-exchange; *expected takes the value found on failure (then acquire). */
#define bscope_cas_acquire(p, expected, v)                                                                             \
  __atomic_compare_exchange_n((p), (expected), (v), false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)
#define bscope_cas_release(p, expected, v)                                                                             \
  __atomic_compare_exchange_n((p), (expected), (v), false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)
#define bscope_cas_acq_rel(p, expected, v)                                                                             \
  __atomic_compare_exchange_n((p), (expected), (v), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)

/* Orders this thread's accesses against its own signal handlers: no instruction, only the compiler. */
#define bscope_signal_fence() __atomic_signal_fence(__ATOMIC_SEQ_CST)

#endif
