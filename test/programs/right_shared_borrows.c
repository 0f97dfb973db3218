/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many may read what nobody writes.
 *
 * Finds: nothing
 */
#include "program.h"

int main(void) {
  int x = bscope_track_new("x", 5);
  const int *a = bscope_track_borrow("a", &x);
  const int *b = bscope_track_borrow("b", &x);
  int sum = *a + *b;
  bscope_borrow_end("a");
  bscope_borrow_end("b");
  bscope_track_drop("x");
  return sum != 10;
}
