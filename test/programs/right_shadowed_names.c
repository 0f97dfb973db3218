/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An inner variable hides an outer one of its name, which lives on.
 *
 * Finds: nothing
 */
#include "program.h"

int main(void) {
  BSCOPE_LET(int, x, 1);
  const int *outer = bscope_track_borrow("r", &x);
  {
    int *hidden = &x;
    BSCOPE_LET(int, x, 2);
    int *inner = bscope_track_borrow_mut("m", &x);
    *inner += *hidden;
    bscope_borrow_end("m");
  }
  int sum = *outer;
  bscope_borrow_end("r");
  return sum != 1;
}
