/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hand-over is recorded on both sides: the sender moves the buffer into the queue before it can be seen there,
 * the receiver moves it out after it holds it. So the log shows a chain of moves that crosses threads.
 */
#include "queue.h"

#include <borrowscope/borrowscope.h>

#include <stdlib.h>

void queue_init(struct queue *queue, size_t capacity) {
  *queue = (struct queue){.capacity = capacity};
  queue->items = must_have(calloc(capacity, sizeof(*queue->items)));
  pthread_mutex_init(&queue->lock, NULL);
  pthread_cond_init(&queue->not_empty, NULL);
  pthread_cond_init(&queue->not_full, NULL);
}

void queue_fini(struct queue *queue) {
  pthread_cond_destroy(&queue->not_full);
  pthread_cond_destroy(&queue->not_empty);
  pthread_mutex_destroy(&queue->lock);
  free(queue->items);
}

static void account(struct queue *queue, const struct buffer *item) {
  bscope_use_at(item->data, "buffer");
  queue->bytes += item->length;
}

void queue_push(struct queue *queue, struct buffer item) {
  pthread_mutex_lock(&queue->lock);
  while (queue->count == queue->capacity)
    pthread_cond_wait(&queue->not_full, &queue->lock);
  if (!queue->careless)
    account(queue, &item);
  bscope_move_at(item.data, "queued");
  queue->items[(queue->head + queue->count++) % queue->capacity] = item;
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
    queue->head = (queue->head + 1) % queue->capacity;
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
