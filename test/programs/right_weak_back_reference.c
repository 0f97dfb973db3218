/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A weak reference back to the parent keeps the cycle open.
 *
 * Finds: nothing
 */
#include "program.h"

int main(void) {
  bscope_track_rc_new("parent", 1, 1, 0);
  bscope_track_rc_new("child", 2, 1, 0);
  bscope_track_rc_clone("parent.child", "child", 2, 2, 0);
  bscope_track_weak_new("child.parent", "parent", 1);
  bscope_track_drop("child");
  bscope_track_drop("parent.child");
  bscope_track_drop("child.parent");
  bscope_track_drop("parent");
  return 0;
}
