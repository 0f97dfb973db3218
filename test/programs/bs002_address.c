/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two pointers to one block, and both are freed (as far as the log knows).
 *
 * Finds: BS002 error inferred
 */
#include "program.h"

int main(void) {
  static char arena[8];
  char *one = bscope_new_at("one", arena, 8); /* BS002 2 created */
  char *two = one;
  bscope_drop_at(one); /* BS002 3 dropped */
  bscope_drop_at(two); /* BS002 1 dropped */
  return 0;
}
