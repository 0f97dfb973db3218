/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks in memory: the few that were used last, whatever readers hold, and those whose payloads were given away for
 * the log's life. The lock is held for a few instructions; reading and verifying happen outside it.
 */
#include "log/trace_state.h"

#include <borrowscope/error.h>
#include <errno.h>
#include <stdlib.h>

/* The handle is immutable for its readers, but for the cache, which the lock guards. */
static struct bscope_trace_cache *cache_of(const struct bscope_trace *trace) {
  return &((struct bscope_trace *)(uintptr_t)trace)->cache;
}

/* Under the lock. */
static void drop(struct bscope_trace_held *held) {
  if (held && --held->refs == 0)
    free(held);
}

/* Under the lock: a new reference, or NULL. */
static struct bscope_trace_held *find(struct bscope_trace_cache *cache, size_t number) {
  struct bscope_trace_held *found = cache->kept ? cache->kept[number] : NULL;

  for (size_t i = 0; i < BSCOPE_TRACE_CACHE && !found; i++)
    if (cache->slots[i] && cache->slots[i]->number == number) {
      found = cache->slots[i];
      cache->used[i] = ++cache->turn;
    }
  if (found)
    found->refs++;
  return found;
}

/* Under the lock: in the place of the one that was not used for longest. */
static void enter(struct bscope_trace_cache *cache, struct bscope_trace_held *held) {
  size_t oldest = 0;

  for (size_t i = 1; i < BSCOPE_TRACE_CACHE; i++)
    if (cache->used[i] < cache->used[oldest])
      oldest = i;
  drop(cache->slots[oldest]);
  cache->slots[oldest] = held;
  cache->used[oldest] = ++cache->turn;
  cache->loaded += held->block.header->length;
  held->refs++;
}

/* Verified again: the file may have changed since it was opened. */
static struct bscope_trace_held *load(const struct bscope_trace *trace, size_t number, int *status) {
  const struct bscope_trace_block *block = &trace->blocks[number];
  struct bscope_trace_held *held = malloc(sizeof(*held) + block->length);

  *status = BSCOPE_ERR_NO_MEMORY;
  if (!held)
    return NULL;
  errno = 0; /* stays so unless it can't be read */
  *status = block->length == 0 ? BSCOPE_ERR_FORMAT : BSCOPE_ERR_IO;
  if (block->length == 0 || !bscope_trace_read(trace, block->offset, held->bytes, block->length) ||
      bscope_block_open(&held->block, held->bytes, block->length) || bscope_block_verify(&held->block) ||
      held->block.header->position != block->position || held->block.header->count != block->count ||
      held->block.header->generation != trace->epoch.generation) {
    if (errno == ENOMEM)
      *status = BSCOPE_ERR_NO_MEMORY;
    free(held);
    return NULL;
  }
  held->refs = 1;
  held->number = (uint32_t)number;
  held->is_kept = false;
  held->next = NULL;
  *status = BSCOPE_OK;
  return held;
}

struct bscope_trace_held *bscope_trace_hold(const struct bscope_trace *trace, size_t number, int *status) {
  struct bscope_trace_cache *cache = cache_of(trace);
  struct bscope_trace_held *held;

  pthread_mutex_lock(&cache->lock);
  held = find(cache, number);
  pthread_mutex_unlock(&cache->lock);
  *status = BSCOPE_OK;
  if (held)
    return held;
  held = load(trace, number, status);
  if (!held)
    return NULL;
  pthread_mutex_lock(&cache->lock);
  enter(cache, held);
  pthread_mutex_unlock(&cache->lock);
  return held;
}

void bscope_trace_let_go(const struct bscope_trace *trace, struct bscope_trace_held *held) {
  struct bscope_trace_cache *cache = cache_of(trace);

  pthread_mutex_lock(&cache->lock);
  drop(held);
  pthread_mutex_unlock(&cache->lock);
}

/* Two threads may have read one block at the same time: both copies stay. */
int bscope_trace_keep(const struct bscope_trace *trace, struct bscope_trace_held *held) {
  struct bscope_trace_cache *cache = cache_of(trace);

  pthread_mutex_lock(&cache->lock);
  if (!cache->kept)
    cache->kept = calloc(trace->block_count, sizeof(*cache->kept));
  if (cache->kept && !held->is_kept) {
    held->is_kept = true;
    held->next = cache->kept[held->number];
    cache->kept[held->number] = held;
    held->refs++;
  }
  pthread_mutex_unlock(&cache->lock);
  return cache->kept ? BSCOPE_OK : BSCOPE_ERR_NO_MEMORY;
}

void bscope_trace_free_cache(struct bscope_trace *trace) {
  struct bscope_trace_cache *cache = &trace->cache;

  for (size_t i = 0; i < BSCOPE_TRACE_CACHE; i++)
    drop(cache->slots[i]);
  for (size_t i = 0; cache->kept && i < trace->block_count; i++)
    for (struct bscope_trace_held *held = cache->kept[i], *next; held; held = next) {
      next = held->next;
      drop(held);
    }
  free(cache->kept);
  pthread_mutex_destroy(&cache->lock);
}
