/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moved away while a borrow is in use.
 *
 * Finds: BS006 error
 */
#include "program.h"

int main(void) {
  int x = bscope_track_new("x", 5);            /* BS006 2 created */
  const int *r = bscope_track_borrow("r", &x); /* BS006 3 borrowed */
  int y = bscope_track_move("x", "y", x);      /* BS006 1 moved */
  int sum = *r + y;
  bscope_borrow_end("r"); /* BS006 4 borrow ended */
  bscope_track_drop("y");
  return sum != 10;
}
