/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker's block that main takes over and forgets.
 *
 * Finds: BS005 error, then program ended
 */
#include "program.h"

static char *made;

static void *work(void *argument) {
  made = bscope_new_at("made", malloc(8), 8); /* BS005 1 created */
  return argument;
}

int main(void) {
  on_a_thread(work, NULL);
  made = bscope_move_at(made, "taken"); /* BS005 2 moved */
  return made == NULL;
}
