/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A borrow is used while what it lent on still writes.
 *
 * Finds: BS003 error
 */
#include "program.h"

int main(void) {
  BSCOPE_LET(int, x, 1); /* BS003 2 created */
  int *m = bscope_track_borrow_mut("m", &x);
  int *n = bscope_track_borrow_mut("n", m); /* BS003 3 mutably borrowed */
  *bscope_use_at(m, "m") += 1;              /* BS003 1 used */
  *n += 1;
  bscope_borrow_end("n"); /* BS003 4 borrow ended */
  bscope_borrow_end("m");
  return x != 3;
}
