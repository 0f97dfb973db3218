/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A name that was never created is dropped.
 *
 * Finds: BS009 error
 */
#include "program.h"

int main(void) {
  bscope_track_drop("never"); /* BS009 1 dropped */
  return 0;
}
