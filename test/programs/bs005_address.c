/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A block that nobody drops.
 *
 * Finds: BS005 error, then program ended
 */
#include "program.h"

static char *forgotten;

int main(void) {
  forgotten = bscope_new_at("buf", malloc(8), 8); /* BS005 1 created */
  return forgotten == NULL;
}
