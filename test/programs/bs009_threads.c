/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker ends a borrow that nobody began.
 *
 * Finds: BS009 error
 */
#include "program.h"

static void *work(void *argument) {
  bscope_borrow_end("view"); /* BS009 1 borrow ended */
  return argument;
}

int main(void) {
  BSCOPE_LET(int, x, 5);
  on_a_thread(work, NULL);
  return x != 5;
}
