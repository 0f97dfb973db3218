/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker drops what main still looks at.
 *
 * Finds: BS004 error inferred
 */
#include "program.h"

static void *work(void *block) {
  bscope_drop_at(block); /* BS004 1 dropped */
  return NULL;
}

int main(void) {
  static char arena[8];
  char *buf = bscope_new_at("buf", arena, 8);       /* BS004 2 created */
  const char *view = bscope_borrow_at("view", buf); /* BS004 3 borrowed */
  on_a_thread(work, buf);
  int sum = *view;
  bscope_borrow_end("view"); /* BS004 4 borrow ended */
  return sum != 0;
}
