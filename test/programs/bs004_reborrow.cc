/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C++: a part of what is gone is borrowed through an old borrow.
 *
 * Finds: BS004 error
 */
#include "program.h"

#include <memory>
#include <utility>
#include <vector>

int main() {
  auto *x = bscope_track_new("x", new int[2]{1, 2}); /* BS004 2 created */
  const int *r = bscope_track_borrow("r", x);        /* BS004 3 borrowed */
  bscope_track_drop("x");                            /* BS004 1 dropped */
  const int *s = bscope_track_borrow("s", r + 1);    /* BS004 4 borrowed */
  int sum = *s;
  bscope_borrow_end("s");
  bscope_borrow_end("r");
  delete[] x;
  return sum != 2;
}
