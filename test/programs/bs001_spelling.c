/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pointer that was given away is written again: seen by how the argument is spelled.
 *
 * Finds: BS001 error inferred
 */
#include "program.h"

int main(void) {
  char *buf = bscope_new_at("buf", malloc(8), 8); /* BS001 2 created */
  char *queued = bscope_move_at(buf, "queued");   /* BS001 3 moved */
  const char *r = bscope_borrow_at("r", buf);     /* BS001 1 borrowed */
  (void)r;
  bscope_borrow_end("r");
  bscope_drop_at(queued);
  free(queued);
  return 0;
}
