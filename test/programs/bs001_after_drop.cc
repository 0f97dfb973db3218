/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C++: a block is used after it was dropped.
 *
 * Finds: BS001 error
 */
#include "program.h"

#include <memory>
#include <utility>
#include <vector>

int main() {
  static char arena[8];
  char *buf = bscope_new_at("buf", arena, 8); /* BS001 2 created */
  bscope_drop_at(buf);                        /* BS001 3 dropped */
  *bscope_use_at(buf, "buf") = 1;             /* BS001 1 used */
  return 0;
}
