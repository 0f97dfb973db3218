/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two threads give back the same reference.
 *
 * Finds: BS008 error
 */
#include "program.h"

static void *work(void *argument) {
  bscope_track_drop("shared"); /* BS008 3 dropped */
  return argument;
}

int main(void) {
  bscope_track_arc_new("shared", 1, 1, 0); /* BS008 2 created */
  on_a_thread(work, NULL);
  bscope_track_drop("shared"); /* BS008 1 dropped */
  return 0;
}
