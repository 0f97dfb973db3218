/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hand-over is recorded on both sides: the sender moves the buffer into the queue before it can be seen there,
 * the receiver moves it out after it holds it. So the log shows a chain of moves that crosses threads.
 */
#include "queue.h"

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
  return (struct buffer){.data = fresh, .capacity = capacity};
}

void buffer_drop(struct buffer *buffer) {
  bscope_drop_at(buffer->data);
  free(buffer->data);
  *buffer = (struct buffer){0};
}

static void account(struct queue *queue, const struct buffer *item) {
  bscope_use_at(item->data, "buffer");
  queue->bytes += item->length;
}

void queue_push(struct queue *queue, struct buffer item) {
  pthread_mutex_lock(&queue->lock);
  while (queue->count == QUEUE_CAPACITY)
    pthread_cond_wait(&queue->not_full, &queue->lock);
  if (!queue->careless)
    account(queue, &item);
  bscope_move_at(item.data, "queued");
  queue->items[(queue->head + queue->count++) % QUEUE_CAPACITY] = item;
  if (queue->careless)
    account(queue, &item);
  pthread_cond_signal(&queue->not_empty);
  pthread_mutex_unlock(&queue->lock);
}

bool queue_pop(struct queue *queue, struct buffer *taken) {
  pthread_mutex_lock(&queue->lock);
  while (queue->count == 0 && !queue->closed)
    pthread_cond_wait(&queue->not_empty, &queue->lock);
  bool found = queue->count > 0;
  if (found) {
    *taken = queue->items[queue->head];
    queue->head = (queue->head + 1) % QUEUE_CAPACITY;
    queue->count--;
    pthread_cond_signal(&queue->not_full);
  }
  pthread_mutex_unlock(&queue->lock);
  if (found)
    bscope_move_at(taken->data, "batch");
  return found;
}

void queue_close(struct queue *queue) {
  pthread_mutex_lock(&queue->lock);
  queue->closed = true;
  pthread_cond_broadcast(&queue->not_empty);
  pthread_mutex_unlock(&queue->lock);
}
