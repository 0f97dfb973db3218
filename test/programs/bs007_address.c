/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lock, known by its address, is taken by the thread that holds it.
 *
 * Finds: BS007 error
 */
#include "program.h"

int main(void) {
  static int mutex;
  bscope_new_at("mutex", &mutex, sizeof(mutex));              /* BS007 2 created */
  bscope_track_lock_guard_acquire("outer", "mutex", "Mutex"); /* BS007 3 locked */
  bscope_track_lock_guard_acquire("inner", "mutex", "Mutex"); /* BS007 1 locked */
  bscope_track_lock_guard_drop("inner");
  bscope_track_lock_guard_drop("outer"); /* BS007 4 borrow ended */
  bscope_drop_at(&mutex);
  return 0;
}
