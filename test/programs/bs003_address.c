/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Written while an iterator reads.
 *
 * Finds: BS003 error inferred
 */
#include "program.h"

int main(void) {
  int *items = bscope_new_at("items", calloc(4, sizeof(int)), 4 * sizeof(int)); /* BS003 2 created */
  const int *it = bscope_borrow_at("it", items);                                /* BS003 3 borrowed */
  int *m = bscope_borrow_mut_at("m", items);                                    /* BS003 1 mutably borrowed */
  m[0] = 1;
  bscope_borrow_end("m");
  int sum = *bscope_use_at(it, "it"); /* BS003 4 used */
  bscope_borrow_end("it");
  bscope_drop_at(items);
  free(items);
  return sum != 1;
}
