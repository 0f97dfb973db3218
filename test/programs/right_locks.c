/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two threads lock in turn, and readers share.
 *
 * Finds: nothing
 */
#include "program.h"

static int total;

static void *work(void *argument) {
  bscope_track_lock_guard_acquire("g", "total", "Mutex");
  total++;
  bscope_track_lock_guard_drop("g");
  return argument;
}

int main(void) {
  bscope_track_new("total", 0);
  work(NULL);
  on_a_thread(work, NULL);
  bscope_track_lock_guard_acquire("a", "total", "RwLock::read");
  bscope_track_lock_guard_acquire("b", "total", "RwLock::read");
  bscope_track_lock_guard_drop("a");
  bscope_track_lock_guard_drop("b");
  bscope_track_drop("total");
  return total != 2;
}
