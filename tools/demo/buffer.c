/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffers are created by the reader and dropped by whoever owns them last.
 */
#include "buffer.h"

#include <borrowscope/borrowscope.h>

#include <stdio.h>
#include <stdlib.h>

void *must_have(void *pointer) {
  if (!pointer) {
    fputs("wordcount: out of memory\n", stderr);
    exit(EXIT_FAILURE);
  }
  return pointer;
}

struct buffer buffer_create(size_t capacity) {
  char *fresh = must_have(malloc(capacity));
  bscope_new_at("buffer", fresh, capacity);
  return (struct buffer){.data = fresh, .length = 0, .capacity = capacity};
}

void buffer_drop(struct buffer *batch) {
  bscope_drop_at(batch->data);
  free(batch->data);
  *batch = (struct buffer){0};
}
