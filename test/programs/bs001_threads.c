/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another thread has taken the block over, and the first one goes on using it.
 *
 * Finds: BS001 error inferred
 */
#include "program.h"

static void *take(void *block) {
  bscope_move_at(block, "taken"); /* BS001 3 moved */
  return NULL;
}

static void *end(void *block) {
  bscope_drop_at(block);
  free(block);
  return NULL;
}

int main(void) {
  char *buf = bscope_new_at("buf", malloc(8), 8); /* BS001 2 created */
  on_a_thread(take, buf);
  *bscope_use_at(buf, "buf") = 1; /* BS001 1 used */
  on_a_thread(end, buf);
  return 0;
}
