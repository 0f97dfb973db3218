/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Used by the name that it was moved away from.
 *
 * Finds: BS001 error inferred
 */
#include "program.h"

int main(void) {
  char *buf = bscope_new_at("buf", malloc(8), 8); /* BS001 2 created */
  char *queued = bscope_move_at(buf, "queued");   /* BS001 3 moved */
  *bscope_use_at(buf, "buf") = 1;                 /* BS001 1 used */
  bscope_drop_at(queued);
  free(queued);
  return 0;
}
