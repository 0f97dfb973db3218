/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A value that is handed out of its block and that nobody takes.
 *
 * Finds: BS005 error, then program ended
 */
#include "program.h"

static int make(void) {
  BSCOPE_LET(int, handle, 7); /* BS005 1 created */
  BSCOPE_KEEP(handle);
  return handle;
}

int main(void) {
  return make() != 7;
}
