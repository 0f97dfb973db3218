/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cell is borrowed for writing while a reader holds it.
 *
 * Finds: BS007 error
 */
#include "program.h"

int main(void) {
  int cell = bscope_track_ref_cell_new("cell", 1);           /* BS007 2 created */
  bscope_track_ref_cell_borrow("reader", "cell", &cell);     /* BS007 3 borrowed */
  bscope_track_ref_cell_borrow_mut("writer", "cell", &cell); /* BS007 1 mutably borrowed */
  cell++;
  bscope_track_ref_cell_drop("writer");
  bscope_track_ref_cell_drop("reader"); /* BS007 4 borrow ended */
  bscope_track_drop("cell");
  return cell != 2;
}
