/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A function borrows mutably what it was given through a mutable borrow: nothing in the log links the two, so that it
 * is a note.
 *
 * Finds: BS003 note inferred
 */
#include "program.h"

static void bump(int *p) {
  int *inner = bscope_track_borrow_mut("inner", p); /* BS003 1 mutably borrowed */
  *inner += 1;
  bscope_borrow_end("inner");
}

int main(void) {
  BSCOPE_LET(int, x, 1);                             /* BS003 2 created */
  int *outer = bscope_track_borrow_mut("outer", &x); /* BS003 3 mutably borrowed */
  bump(outer);
  bscope_borrow_end("outer"); /* BS003 4 borrow ended */
  return x != 2;
}
