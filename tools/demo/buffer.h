/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A piece of a file's text. It is passed by value: who holds the copy that was handed on last owns the bytes.
 */
#ifndef DEMO_BUFFER_H
#define DEMO_BUFFER_H

#include <stddef.h>

struct buffer {
  char *data;
  size_t length;
  size_t capacity;
};

/* An empty buffer. Owned: push it into a queue, or buffer_drop. */
struct buffer buffer_create(size_t capacity);

void buffer_drop(struct buffer *batch);

/* The pointer, or the end of the program with a message when it is NULL. */
void *must_have(void *pointer);

#endif
