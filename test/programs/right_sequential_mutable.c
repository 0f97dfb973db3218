/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One writer after the other, by name and bound to blocks.
 *
 * Finds: nothing
 */
#include "program.h"

int main(void) {
  BSCOPE_LET(int, x, 0);
  for (int i = 0; i < 3; i++) {
    int *m = bscope_track_borrow_mut("m", &x);
    *m += 1;
    bscope_borrow_end("m");
  }
  {
    BSCOPE_MUT(int *, first, &x);
    *first += 1;
  }
  {
    BSCOPE_MUT(int *, second, &x);
    *second += 1;
  }
  return x != 5;
}
