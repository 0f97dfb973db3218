/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffers of text, and a bounded queue that hands them from one thread to others. Pushing gives a buffer away; popping
 * makes the receiver its owner. One mutex, two conditions; any number of threads on both sides.
 */
#ifndef DEMO_QUEUE_H
#define DEMO_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Passed by value: who holds the copy that was handed on last owns the bytes. */
struct buffer {
  char *data;
  size_t length;
  size_t capacity;
};

enum { QUEUE_CAPACITY = 16 };

struct queue {
  pthread_mutex_t lock; /* guards all that follows */
  pthread_cond_t not_empty;
  pthread_cond_t not_full;
  struct buffer items[QUEUE_CAPACITY];
  size_t head;
  size_t count;
  uint64_t bytes; /* of text that went through */
  bool closed;    /* no more buffers will come */
  bool careless;  /* a planted mistake: a buffer is looked at after it was given away */
};

/* An empty buffer. Owned: push it into a queue, or buffer_drop. */
struct buffer buffer_create(size_t capacity);
void buffer_drop(struct buffer *buffer);

#define QUEUE_INIT                                                                                                     \
  { .lock = PTHREAD_MUTEX_INITIALIZER, .not_empty = PTHREAD_COND_INITIALIZER, .not_full = PTHREAD_COND_INITIALIZER }

/* Waits while the queue is full. The caller's copy of `item` is worth nothing afterwards. */
void queue_push(struct queue *queue, struct buffer item);

/* Waits while the queue is empty; false when it is closed and empty. */
bool queue_pop(struct queue *queue, struct buffer *taken);

void queue_close(struct queue *queue);

/* The pointer, or the end of the program with a message when it is NULL. */
void *must_have(void *pointer);

#endif
