/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each reference is given back once, on whichever thread.
 *
 * Finds: nothing
 */
#include "program.h"

static void *work(void *argument) {
  bscope_track_move("b", "mine", 0);
  bscope_track_drop("mine");
  return argument;
}

int main(void) {
  bscope_track_arc_new("a", 1, 1, 0);
  bscope_track_arc_clone("b", "a", 1, 2, 0);
  bscope_track_arc_clone("c", "a", 1, 3, 0);
  on_a_thread(work, NULL);
  bscope_track_drop("c");
  bscope_track_drop("a");
  return 0;
}
