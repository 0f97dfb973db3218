/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small things that every stage uses, those that are not inline.
 */
#include "base/util.h"

#include <string.h>
#include <time.h>

uint64_t bscope_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool bscope_parse_number(const char *text, uint64_t *out) {
  static const char units[] = "KMGkmg";
  uint64_t n = 0;
  const char *s = text;
  for (; *s >= '0' && *s <= '9'; s++)
    if (__builtin_mul_overflow(n, 10u, &n) || __builtin_add_overflow(n, (uint64_t)(*s - '0'), &n))
      return false;
  const char *unit = s > text && *s ? strchr(units, *s) : NULL;
  if (unit) {
    uint64_t factor = UINT64_C(1) << (10 * ((unit - units) % 3 + 1));
    if (__builtin_mul_overflow(n, factor, &n))
      return false;
    s++;
  }
  if (s == text || *s)
    return false;
  *out = n;
  return true;
}
