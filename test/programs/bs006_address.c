/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Put into a queue while it is borrowed.
 *
 * Finds: BS006 error inferred
 */
#include "program.h"

int main(void) {
  char *buf = bscope_new_at("buf", malloc(8), 8); /* BS006 2 created */
  char *m = bscope_borrow_mut_at("m", buf);       /* BS006 3 mutably borrowed */
  char *queued = bscope_move_at(buf, "queued");   /* BS006 1 moved */
  m[0] = 1;
  bscope_borrow_end("m"); /* BS006 4 borrow ended */
  bscope_drop_at(queued);
  free(queued);
  return 0;
}
