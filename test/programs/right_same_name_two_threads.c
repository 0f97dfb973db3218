/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two threads call their own variables by the same names at the same time.
 *
 * Finds: nothing
 */
#include "program.h"

static void *work(void *argument) {
  int x = bscope_track_new("x", 1);
  int *m = bscope_track_borrow_mut("m", &x);
  take_step();
  wait_for_step(2);
  *m += 1;
  bscope_borrow_end("m");
  bscope_track_drop("x");
  return argument;
}

int main(void) {
  pthread_t other;
  if (pthread_create(&other, NULL, work, NULL) != 0)
    return 1;
  work(NULL);
  pthread_join(other, NULL);
  return 0;
}
