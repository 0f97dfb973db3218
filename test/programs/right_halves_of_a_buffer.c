/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two writers share a buffer, each with its half.
 *
 * Finds: nothing
 */
#include "program.h"

int main(void) {
  char *buf = bscope_new_at("buf", malloc(32), 32);
  char *left = bscope_borrow_mut_range_at("left", buf, 16);
  char *right = bscope_borrow_mut_range_at("right", buf + 16, 16);
  memset(left, 1, 16);
  memset(right, 2, 16);
  bscope_borrow_end("left");
  bscope_borrow_end("right");
  bscope_drop_at(buf);
  free(buf);
  return 0;
}
