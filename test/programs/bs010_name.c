/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A running thread writes what another one has made, and nothing hands it over: by name.
 *
 * Finds: BS010 warning inferred
 */
#include "program.h"

static char arena[8];
static char *shared = arena;

static void *work(void *argument) {
  bscope_track_new("own", 1);
  take_step();
  wait_for_step(2);
  bscope_track_borrow_mut("m", shared); /* BS010 1 mutably borrowed */
  bscope_borrow_end("m");
  bscope_track_drop("own");
  take_step();
  return argument;
}

int main(void) {
  pthread_t other;
  if (pthread_create(&other, NULL, work, NULL) != 0)
    return 1;
  wait_for_step(1);
  bscope_track_new("shared", arena); /* BS010 2 created */
  take_step();
  wait_for_step(3);
  bscope_track_drop("shared");
  pthread_join(other, NULL);
  return arena[0];
}
