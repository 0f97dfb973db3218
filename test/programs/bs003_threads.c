/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two threads write at the same time.
 *
 * Finds: BS003 error inferred
 */
#include "program.h"

static int *items;

static void *work(void *argument) {
  wait_for_step(1);
  int *theirs = bscope_borrow_mut_at("theirs", items); /* BS003 1 mutably borrowed */
  theirs[1] = 1;
  take_step();
  wait_for_step(3);
  bscope_borrow_end("theirs");
  return argument;
}

int main(void) {
  pthread_t other;
  items = bscope_new_at("items", calloc(2, sizeof(int)), 2 * sizeof(int)); /* BS003 2 created */
  if (pthread_create(&other, NULL, work, NULL) != 0)
    return 1;
  int *mine = bscope_borrow_mut_at("mine", items); /* BS003 3 mutably borrowed */
  take_step();
  wait_for_step(2);
  mine[0] = 1;
  bscope_borrow_end("mine"); /* BS003 4 borrow ended */
  take_step();
  pthread_join(other, NULL);
  bscope_drop_at(items);
  free(items);
  return 0;
}
