/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another thread takes over what is borrowed here.
 *
 * Finds: BS006 error inferred
 */
#include "program.h"

static void *take(void *block) {
  char *taken = bscope_move_at(block, "taken"); /* BS006 1 moved */
  bscope_drop_at(taken);
  return NULL;
}

int main(void) {
  static char arena[8];
  char *buf = bscope_new_at("buf", arena, 8); /* BS006 2 created */
  const char *r = bscope_borrow_at("r", buf); /* BS006 3 borrowed */
  on_a_thread(take, buf);
  int sum = *r;
  bscope_borrow_end("r"); /* BS006 4 borrow ended */
  return sum != 0;
}
