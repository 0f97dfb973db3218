/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A value by name that is never dropped: worth a note.
 *
 * Finds: BS005 note, then program ended
 */
#include "program.h"

int main(void) {
  int x = bscope_track_new("x", 5); /* BS005 1 created */
  return x != 5;
}
