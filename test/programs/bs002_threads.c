/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker drops what main drops again.
 *
 * Finds: BS002 error inferred
 */
#include "program.h"

static void *work(void *block) {
  bscope_drop_at(block); /* BS002 3 dropped */
  return NULL;
}

int main(void) {
  static char arena[8];
  char *buf = bscope_new_at("buf", arena, 8); /* BS002 2 created */
  on_a_thread(work, buf);
  bscope_drop_at(buf); /* BS002 1 dropped */
  return 0;
}
