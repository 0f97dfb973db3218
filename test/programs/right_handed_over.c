/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A queue between two threads: the sender moves a buffer in, the receiver moves it out.
 *
 * Finds: nothing
 */
#include "program.h"

static char *slot;

static void *consume(void *argument) {
  for (int i = 0; i < 3; i++) {
    wait_for_step(2 * i + 1);
    char *batch = bscope_move_at(slot, "batch");
    char *m = bscope_borrow_mut_at("m", batch);
    m[0] = 1;
    bscope_borrow_end("m");
    bscope_drop_at(batch);
    free(batch);
    take_step();
  }
  return argument;
}

int main(void) {
  pthread_t consumer;
  if (pthread_create(&consumer, NULL, consume, NULL) != 0)
    return 1;
  for (int i = 0; i < 3; i++) {
    char *buf = bscope_new_at("buf", malloc(8), 8);
    slot = bscope_move_at(buf, "queued");
    take_step();
    wait_for_step(2 * i + 2);
  }
  pthread_join(consumer, NULL);
  return 0;
}
