/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The length is read while the vector is reserved for writing, before it is written.
 *
 * Finds: nothing
 */
#include "program.h"

struct vector {
  int items[4];
  size_t length;
};

static void push(struct vector *to, int item) {
  to->items[to->length++] = item;
}

int main(void) {
  BSCOPE_LET(struct vector, v, {{0}, 0});
  struct vector *into = bscope_track_borrow_mut("into", &v);
  const struct vector *from = bscope_track_borrow("from", &v);
  int length = (int)from->length;
  bscope_borrow_end("from");
  push(bscope_use_at(into, "into"), length);
  bscope_borrow_end("into");
  return v.length != 1;
}
