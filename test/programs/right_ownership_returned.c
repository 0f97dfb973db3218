/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a function makes it hands to its caller, by address and by name; an out-parameter too.
 *
 * Finds: nothing
 */
#include "program.h"

static char *make(void) {
  return bscope_new_at("made", malloc(8), 8);
}

static int count(void) {
  BSCOPE_LET(int, total, 7);
  BSCOPE_KEEP(total);
  return total;
}

static void make_into(char **out) {
  *out = bscope_new_at("out", malloc(8), 8);
}

int main(void) {
  char *mine = bscope_move_at(make(), "mine");
  int n = bscope_track_move("total", "n", count());
  char *given;
  make_into(&given);
  bscope_drop_at(given);
  free(given);
  bscope_track_drop("n");
  bscope_drop_at(mine);
  free(mine);
  return n != 7;
}
