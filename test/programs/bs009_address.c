/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The middle of a block is dropped, where nothing begins.
 *
 * Finds: BS009 error
 */
#include "program.h"

int main(void) {
  char *buf = bscope_new_at("buf", malloc(8), 8);
  bscope_drop_at(buf + 4); /* BS009 1 dropped */
  bscope_drop_at(buf);
  free(buf);
  return 0;
}
