/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A running thread drops what another one has made, and nothing hands it over.
 *
 * Finds: BS010 warning inferred
 */
#include "program.h"

static char arena[8];

static void *work(void *argument) {
  bscope_track_new("own", 1);
  take_step();
  wait_for_step(2);
  bscope_drop_at(&arena[0]); /* BS010 1 dropped */
  bscope_track_drop("own");
  take_step();
  return argument;
}

int main(void) {
  pthread_t other;
  if (pthread_create(&other, NULL, work, NULL) != 0)
    return 1;
  wait_for_step(1);
  bscope_new_at("shared", arena, 8); /* BS010 2 created */
  take_step();
  wait_for_step(3);
  bscope_track_new("later", 1);
  bscope_track_drop("later");
  pthread_join(other, NULL);
  return arena[0];
}
