/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each call has variables of its own, and reads its caller's.
 *
 * Finds: nothing
 */
#include "program.h"

static int sum(const int *above, int depth) {
  BSCOPE_LET(int, x, depth);
  BSCOPE_REF(const int *, r, above);
  BSCOPE_REF(const int *, own, &x);
  return depth == 0 ? *r : *r + sum(own, depth - 1);
}

int main(void) {
  BSCOPE_LET(int, x, 0);
  return sum(&x, 4) != 10;
}
