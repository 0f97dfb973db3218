/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimal digits, eight at a time without a loop: three multiplications on a word of lanes, and leading zeros shifted
 * out. About 3 ns a number below 10^8.
 */
#ifndef BSCOPE_BASE_DIGITS_H
#define BSCOPE_BASE_DIGITS_H

#include "base/util.h"

#include <string.h>

#define BSCOPE_DIGITS_MAX 20  /* of a 64-bit number */
#define BSCOPE_DIGITS_ROOM 32 /* bytes that writing one may touch */

/* Eight decimal digits of n < 10^8 as the bytes of a word, the first in the lowest byte. */
static inline uint64_t bscope_eight_digits(uint64_t n) {
  uint64_t high = n / 10000, low = n % 10000;
  uint64_t fours = high | low << 32;
  uint64_t hundreds = (fours * 10486 >> 20) & UINT64_C(0x7f0000007f);
  uint64_t twos = hundreds | (fours - hundreds * 100) << 16;
  uint64_t tens = (twos * 103 >> 10) & UINT64_C(0xf000f000f000f);
  return (tens | (twos - tens * 10) << 8) | UINT64_C(0x3030303030303030);
}

/* Writes n < 10^8 without leading zeros and gives its end; eight bytes are touched. */
static inline char *bscope_put_small_digits(char *out, uint64_t n) {
  uint64_t digits = bscope_eight_digits(n);
  unsigned zeros = (unsigned)__builtin_ctzll((digits & UINT64_C(0x0f0f0f0f0f0f0f0f)) | UINT64_C(1) << 56) / 8;
  digits >>= 8 * zeros;
  memcpy(out, &digits, sizeof(digits));
  return out + 8 - zeros;
}

/* n >= 10^8. */
char *bscope_put_large_digits(char *out, uint64_t n);

/* Any number; its end. Up to BSCOPE_DIGITS_ROOM bytes are touched. */
static inline char *bscope_put_digits(char *out, uint64_t n) {
  return bscope_likely(n < 100000000) ? bscope_put_small_digits(out, n) : bscope_put_large_digits(out, n);
}

#endif
