/* SPDX-License-Identifier: Apache-2.0 */
/*
 * References that are told apart by the addresses of their holders: one of them is given back twice.
 *
 * Finds: BS008 error
 */
#include "program.h"

int main(void) {
  static char object[8], holder[8];
  const uint64_t first = (uintptr_t)object, second = (uintptr_t)holder;
  bscope_track_arc_new_with_id(first, "object", "char *", object);
  bscope_track_arc_clone_with_id(second, first, "held", object); /* BS008 2 created */
  bscope_track_drop_with_id(second);                             /* BS008 3 dropped */
  bscope_track_drop_with_id(second);                             /* BS008 1 dropped */
  bscope_track_drop_with_id(first);
  return 0;
}
