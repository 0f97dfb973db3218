/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small things that every stage uses.
 */
#ifndef BSCOPE_BASE_UTIL_H
#define BSCOPE_BASE_UTIL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define bscope_likely(x) __builtin_expect(!!(x), 1)
#define bscope_unlikely(x) __builtin_expect(!!(x), 0)
#define BSCOPE_COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline uint64_t bscope_round_up(uint64_t n, uint64_t power_of_two) {
  return (n + power_of_two - 1) & ~(power_of_two - 1);
}

static inline uint64_t bscope_min_u64(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}
static inline uint64_t bscope_max_u64(uint64_t a, uint64_t b) {
  return a > b ? a : b;
}

static inline void bscope_restore_errno(const int *kept) {
  errno = *kept;
}

/* In front of the declarations of a call of the interface: whatever it does, errno is what it was. */
#define BSCOPE_KEEP_ERRNO __attribute__((cleanup(bscope_restore_errno), unused)) const int bscope_kept_errno = errno;

/* CLOCK_MONOTONIC in ns. Signal-safe. */
uint64_t bscope_now_ns(void);

/* "4096", "64K", "2G" (units of 1024). False, and *out untouched, for anything else or what doesn't fit. Signal-safe.
 */
bool bscope_parse_number(const char *text, uint64_t *out);

#endif
