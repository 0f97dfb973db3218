/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An array and what its elements own are different things; dropping an element drops no array.
 *
 * Finds: nothing
 */
#include "program.h"

int main(void) {
  char **all = bscope_new_at("all", malloc(3 * sizeof(*all)), 3 * sizeof(*all));
  for (int i = 0; i < 3; i++)
    all[i] = bscope_new_at("item", malloc(8), 8);
  for (int i = 0; i < 3; i++) {
    char *m = bscope_borrow_mut_at("m", all[i]);
    memset(m, 0, 8);
    bscope_borrow_end("m");
  }
  for (int i = 2; i >= 0; i--) {
    bscope_drop_at(all[i]);
    free(all[i]);
  }
  bscope_drop_at(all);
  free(all);
  return 0;
}
