/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two objects keep each other alive when nobody else does.
 *
 * Finds: BS008 error, then program ended
 */
#include "program.h"

int main(void) {
  bscope_track_rc_new("a", 1, 1, 0);
  bscope_track_rc_new("b", 2, 1, 0);
  bscope_track_rc_clone("a.next", "b", 2, 2, 0); /* BS008 2 created */
  bscope_track_rc_clone("b.next", "a", 1, 2, 0); /* BS008 1 cloned */
  bscope_track_drop("a");
  bscope_track_drop("b");
  return 0;
}
