/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reference is given back twice.
 *
 * Finds: BS008 error
 */
#include "program.h"

int main(void) {
  bscope_track_rc_new("a", 1, 1, 0);
  bscope_track_rc_clone("b", "a", 1, 2, 0); /* BS008 2 created */
  bscope_track_drop("b");                   /* BS008 3 dropped */
  bscope_track_drop("b");                   /* BS008 1 dropped */
  bscope_track_drop("a");
  return 0;
}
