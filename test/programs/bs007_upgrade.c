/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader locks for writing what it holds for reading.
 *
 * Finds: BS007 error
 */
#include "program.h"

int main(void) {
  bscope_track_new("table", 0);                                        /* BS007 2 created */
  bscope_track_lock_guard_acquire("reader", "table", "RwLock::read");  /* BS007 3 locked */
  bscope_track_lock_guard_acquire("writer", "table", "RwLock::write"); /* BS007 1 locked */
  bscope_track_lock_guard_drop("writer");
  bscope_track_lock_guard_drop("reader"); /* BS007 4 borrow ended */
  bscope_track_drop("table");
  return 0;
}
