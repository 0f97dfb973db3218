/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Borrowed under the name that was moved away.
 *
 * Finds: BS001 error
 */
#include "program.h"

int main(void) {
  int p = bscope_track_new("p", 5);            /* BS001 2 created */
  int q = bscope_track_move("p", "q", p);      /* BS001 3 moved */
  const int *r = bscope_track_borrow("r", &p); /* BS001 1 borrowed */
  int sum = *r + q;
  bscope_borrow_end("r");
  bscope_track_drop("q");
  return sum != 10;
}
