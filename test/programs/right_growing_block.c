/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A block that is resized stays the same variable.
 *
 * Finds: nothing
 */
#include "program.h"

int main(void) {
  size_t size = 8;
  char *buf = bscope_new_at("buf", malloc(size), size);
  for (int i = 0; i < 12; i++) {
    size *= 2;
    buf = bscope_realloc_at(buf, size);
    char *m = bscope_borrow_mut_at("m", buf);
    m[size - 1] = 0;
    bscope_borrow_end("m");
  }
  char *grown = NULL;
  grown = bscope_realloc_at(grown, 16);
  bscope_drop_at(grown);
  free(grown);
  bscope_drop_at(buf);
  free(buf);
  return 0;
}
