/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dropped twice under its name.
 *
 * Finds: BS002 error
 */
#include "program.h"

int main(void) {
  bscope_track_new("x", 5); /* BS002 2 created */
  bscope_track_drop("x");   /* BS002 3 dropped */
  bscope_track_drop("x");   /* BS002 1 dropped */
  return 0;
}
