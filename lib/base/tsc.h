/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processor's time stamp counter as a clock that all threads share without sharing a cache line, and whether it may
 * be used for that: where the kernel keeps time by it, it is constant, never stops, and reads the same on all
 * processors.
 */
#ifndef BSCOPE_BASE_TSC_H
#define BSCOPE_BASE_TSC_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Ticks. The fence has every earlier load of this thread done before: who saw another thread's release reads no smaller
 * value than that thread read before it. 0 where there is no such counter.
 */
static inline __attribute__((always_inline)) uint64_t bscope_tsc(void) {
#if defined(__x86_64__)
  uint32_t low, high;
  __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
  return (uint64_t)high << 32 | low;
#else
  return 0;
#endif
}

/*
 * Why the counter can't order events here, and what to do about it; NULL when it can. Registers this process for
 * bscope_tsc_barrier. Signal-safe, keeps errno.
 */
const char *bscope_tsc_refusal(void);

/* Every thread of this process has passed a full memory barrier between the call's begin and its end. False: it could
 * not be had. Keeps errno. */
bool bscope_tsc_barrier(void);

/* A moment by both clocks: the best of a few tries at reading one between two reads of the other. */
struct bscope_tsc_pair {
  uint64_t ticks;
  uint64_t ns; /* CLOCK_MONOTONIC */
};
struct bscope_tsc_pair bscope_tsc_now(void);

/* For tests, on machines whose kernel does not keep time by the counter: whether it does is not asked. */
void bscope_tsc_test_trust(bool trusts);

#endif
