/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digits.h"

char *bscope_put_large_digits(char *out, uint64_t n) {
  uint64_t rest = n / 100000000, digits = bscope_eight_digits(n % 100000000);
  if (bscope_likely(rest < 100000000)) {
    out = bscope_put_small_digits(out, rest);
  } else {
    uint64_t middle = bscope_eight_digits(rest % 100000000);
    out = bscope_put_small_digits(out, rest / 100000000);
    memcpy(out, &middle, sizeof(middle));
    out += sizeof(middle);
  }
  memcpy(out, &digits, sizeof(digits));
  return out + sizeof(digits);
}
