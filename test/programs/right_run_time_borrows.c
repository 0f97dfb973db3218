/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run-time borrows of a cell that end before they would conflict.
 *
 * Finds: nothing
 */
#include "program.h"

int main(void) {
  int cell = bscope_track_ref_cell_new("cell", 1);
  bscope_track_ref_cell_borrow_mut("w", "cell", &cell);
  cell++;
  bscope_track_ref_cell_drop("w");
  bscope_track_ref_cell_borrow("a", "cell", &cell);
  bscope_track_ref_cell_borrow("b", "cell", &cell);
  int sum = cell + cell;
  bscope_track_ref_cell_drop("a");
  bscope_track_ref_cell_drop("b");
  bscope_track_drop("cell");
  return sum != 4;
}
