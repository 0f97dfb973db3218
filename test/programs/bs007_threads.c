/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two threads hold run-time borrows of one cell that exclude each other.
 *
 * Finds: BS007 error inferred
 */
#include "program.h"

static void *work(void *argument) {
  bscope_track_ref_cell_borrow_mut("theirs", "cell", argument); /* BS007 1 mutably borrowed */
  bscope_track_ref_cell_drop("theirs");
  return argument;
}

int main(void) {
  int cell = bscope_track_ref_cell_new("cell", 1);         /* BS007 2 created */
  bscope_track_ref_cell_borrow_mut("mine", "cell", &cell); /* BS007 3 mutably borrowed */
  on_a_thread(work, &cell);
  bscope_track_ref_cell_drop("mine"); /* BS007 4 borrow ended */
  bscope_track_drop("cell");
  return 0;
}
