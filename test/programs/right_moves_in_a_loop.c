/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each turn of the loop has variables of its own, whatever they are called.
 *
 * Finds: nothing
 */
#include "program.h"

int main(void) {
  for (int i = 0; i < 5; i++) {
    char *buf = bscope_new_at("buf", malloc(16), 16);
    char *sent = bscope_move_at(buf, "sent");
    bscope_use_at(sent, "sent");
    bscope_drop_at(sent);
    free(sent);
    int n = bscope_track_new("n", i);
    int m = bscope_track_move("n", "m", n);
    bscope_track_drop("m");
    if (m != i)
      return 1;
  }
  return 0;
}
