/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A block moves in memory when it grows, and a pointer into it is used afterwards.
 *
 * Finds: BS006 error inferred
 */
#include "program.h"

int main(void) {
  static char small[8], large[64];
  char *buf = bscope_new_at("buf", small, 8); /* BS006 2 created */
  const char *r = bscope_borrow_at("r", buf); /* BS006 3 borrowed */
  bscope_resize_begin_at(buf, 64);
  buf = bscope_resize_end_at(large, 64); /* BS006 1 moved */
  int sum = *r;
  bscope_borrow_end("r"); /* BS006 4 borrow ended */
  bscope_drop_at(buf);
  return sum != 0;
}
