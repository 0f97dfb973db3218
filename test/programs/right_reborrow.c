/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mutable borrow lends on what it borrowed, and goes on when that has ended.
 *
 * Finds: nothing
 */
#include "program.h"

int main(void) {
  BSCOPE_LET(int, x, 1);
  int *m = bscope_track_borrow_mut("m", &x);
  int *n = bscope_track_borrow_mut("n", m);
  *n += 1;
  bscope_borrow_end("n");
  *bscope_use_at(m, "m") += 1;
  bscope_borrow_end("m");
  return x != 3;
}
