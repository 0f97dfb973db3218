/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second mutable borrow while the first is in use.
 *
 * Finds: BS003 error
 */
#include "program.h"

int main(void) {
  BSCOPE_LET(int, x, 5);                     /* BS003 2 created */
  int *a = bscope_track_borrow_mut("a", &x); /* BS003 3 mutably borrowed */
  int *b = bscope_track_borrow_mut("b", &x); /* BS003 1 mutably borrowed */
  *a += 1;
  *b += 1;
  bscope_borrow_end("a"); /* BS003 4 borrow ended */
  bscope_borrow_end("b");
  return x != 7;
}
