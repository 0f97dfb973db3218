/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A view of a block is read after the block was dropped.
 *
 * Finds: BS004 error inferred
 */
#include "program.h"

int main(void) {
  static char arena[8];
  char *buf = bscope_new_at("buf", arena, 8);       /* BS004 2 created */
  const char *view = bscope_borrow_at("view", buf); /* BS004 3 borrowed */
  bscope_drop_at(buf);                              /* BS004 1 dropped */
  int sum = *bscope_use_at(view, "view");           /* BS004 4 used */
  bscope_borrow_end("view");
  return sum != 0;
}
