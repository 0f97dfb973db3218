/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A borrow that nothing mentions again, and that is never said to end: it may have ended in time.
 *
 * Finds: BS004 note inferred
 */
#include "program.h"

int main(void) {
  char *buf = bscope_new_at("buf", malloc(8), 8);   /* BS004 2 created */
  const char *view = bscope_borrow_at("view", buf); /* BS004 3 borrowed */
  (void)view;
  bscope_drop_at(buf); /* BS004 1 dropped */
  free(buf);
  return 0;
}
