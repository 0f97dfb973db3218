/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was never created is moved, and dropped under its new name.
 *
 * Finds: BS009 error
 */
#include "program.h"

int main(void) {
  int q = bscope_track_move("p", "q", 5); /* BS009 1 moved */
  bscope_track_drop("q");
  return q != 5;
}
