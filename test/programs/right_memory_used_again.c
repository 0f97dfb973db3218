/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocator gives the same address again: another variable, with nothing of the first one's story.
 *
 * Finds: nothing
 */
#include "program.h"

int main(void) {
  static char arena[16];
  for (int i = 0; i < 4; i++) {
    char *buf = bscope_new_at("buf", arena, 16);
    char *moved = bscope_move_at(buf, "moved");
    const char *r = bscope_borrow_at("r", moved);
    (void)r;
    bscope_borrow_end("r");
    bscope_drop_at(moved);
  }
  return 0;
}
