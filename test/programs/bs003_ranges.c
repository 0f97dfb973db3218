/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two writers whose stated ranges overlap by a byte.
 *
 * Finds: BS003 error inferred
 */
#include "program.h"

int main(void) {
  char *buf = bscope_new_at("buf", malloc(32), 32);                /* BS003 2 created */
  char *left = bscope_borrow_mut_range_at("left", buf, 17);        /* BS003 3 mutably borrowed */
  char *right = bscope_borrow_mut_range_at("right", buf + 16, 16); /* BS003 1 mutably borrowed */
  memset(left, 1, 17);
  memset(right, 2, 16);
  bscope_borrow_end("left"); /* BS003 4 borrow ended */
  bscope_borrow_end("right");
  bscope_drop_at(buf);
  free(buf);
  return 0;
}
