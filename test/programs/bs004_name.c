/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A borrow of an inner block's variable is used behind that block.
 *
 * Finds: BS004 error
 */
#include "program.h"

int main(void) {
  const int *r;
  int sum = 0;
  {
    BSCOPE_LET(int, inner, 5);            /* BS004 2 created, BS004 1 dropped */
    r = bscope_track_borrow("r", &inner); /* BS004 3 borrowed */
    sum += *r;
  }
  bscope_borrow_end("r"); /* BS004 4 borrow ended */
  return sum != 5;
}
