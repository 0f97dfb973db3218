/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded queue that hands buffers from one thread to others. Pushing gives the buffer away; popping makes the
 * receiver its owner. One mutex, two conditions; any number of threads on both sides.
 */
#ifndef DEMO_QUEUE_H
#define DEMO_QUEUE_H

#include "buffer.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct queue {
  pthread_mutex_t lock; /* guards all that follows */
  pthread_cond_t not_empty;
  pthread_cond_t not_full;
  struct buffer *items;
  size_t capacity;
  size_t head;
  size_t count;
  uint64_t bytes; /* of text that went through */
  bool closed;
  bool careless; /* a planted mistake: a buffer is looked at after it was given away */
};

void queue_init(struct queue *queue, size_t capacity);
void queue_fini(struct queue *queue);

/* Waits while the queue is full. The caller's copy of `item` is worth nothing afterwards. */
void queue_push(struct queue *queue, struct buffer item);

/* Waits while the queue is empty; false when it is closed and empty. */
bool queue_pop(struct queue *queue, struct buffer *taken);

/* No more buffers will come. */
void queue_close(struct queue *queue);

#endif
