/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A running thread writes what another one has made, and nothing hands it over: by address.
 *
 * Finds: BS010 warning inferred
 */
#include "program.h"

static char arena[8];

static void *work(void *argument) {
  bscope_track_new("own", 1);
  take_step();
  wait_for_step(2);
  bscope_borrow_mut_at("m", &arena[0]); /* BS010 1 mutably borrowed */
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
  bscope_new_at("shared", arena, 8); /* BS010 2 created */
  take_step();
  wait_for_step(3);
  bscope_drop_at(&arena[0]);
  pthread_join(other, NULL);
  return arena[0];
}
