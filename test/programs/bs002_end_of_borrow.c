/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A borrow ends twice.
 *
 * Finds: BS002 error
 */
#include "program.h"

int main(void) {
  BSCOPE_LET(int, x, 5);
  const int *r = bscope_track_borrow("r", &x); /* BS002 2 created */
  int sum = *r;
  bscope_borrow_end("r"); /* BS002 3 borrow ended */
  bscope_borrow_end("r"); /* BS002 1 borrow ended */
  return sum != 5;
}
