/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store with a window in front of it, without session or rings: the tests write cells, seal chunks and take snapshots
 * of them, and know what each position must say, because all of an event follows from its position.
 */
#ifndef BSCOPE_TEST_LOG_WORLD_H
#define BSCOPE_TEST_LOG_WORLD_H

#include "base/atomic.h"
#include "collect/store.h"
#include "log/snapshot.h"
#include "log_streams.h"

#include <borrowscope/log.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define WORLD_CHUNKS 64u
#define WORLD_SIDE 16384u
#define WORLD_NS 1000u /* between two positions, as far as samples say */

struct world {
  pthread_mutex_t lock; /* the drain lock */
  struct bscope_region region;
  struct bscope_store *store;
  struct bscope_chunk *chunks[WORLD_CHUNKS]; /* chunk memory is reused only while nobody refers to it */
  size_t chunk_count;                        /* of the window, oldest first */
  uint64_t base;
  uint64_t generation;
  uint64_t prefix;
  uint64_t holes; /* every n-th position is LOST, the one behind it OPEN; 0: none */
  uint64_t longs; /* every n-th is LONG; 0: none */
  struct bscope_session *session;
  uint32_t session_refs;
};

static struct world *the_world;

static inline void world_lock(struct world *world) {
  assert_int_equal(pthread_mutex_lock(&world->lock), 0);
}
static inline void world_unlock(struct world *world) {
  pthread_mutex_unlock(&world->lock);
}

/* What the event of a position is. */
struct world_event {
  uint64_t subject, object;
  uint32_t site, thread;
  uint16_t payload_size; /* each byte is the position's low byte */
  bool is_long;
};

static inline struct world_event world_event(const struct world *world, uint64_t position) {
  struct stream_random random = {position * 77 + world->generation};
  struct world_event event = {.subject = stream_next(&random) >> stream_below(&random, 64),
                              .object = 0x7f0000000000 + 8 * stream_below(&random, 100),
                              .site = 1 + (uint32_t)stream_below(&random, 20),
                              .thread = (uint32_t)stream_below(&random, 3)};

  if (world->holes && position % world->holes < 2)
    return (struct world_event){.site = position % world->holes ? BSCOPE_SITE_OPEN : BSCOPE_SITE_LOST};
  if (world->longs && position % world->longs == 5) {
    event.is_long = true;
    event.payload_size = (uint16_t)(position % 161);
  }
  return event;
}

static inline struct world *world_create(size_t bytes) {
  struct world *world = calloc(1, sizeof(*world));

  pthread_mutex_init(&world->lock, NULL);
  assert_int_equal(bscope_region_init(&world->region, bytes, bytes), BSCOPE_OK);
  world->store = bscope_store_create(&world->region);
  assert_non_null(world->store);
  world->generation = 1;
  the_world = world;
  return world;
}

static inline void world_destroy(struct world *world) {
  assert_int_equal(world->session_refs, 0);
  bscope_region_fini(&world->region);
  pthread_mutex_destroy(&world->lock);
  free(world);
  the_world = NULL;
}

static inline void world_free_chunk(struct world *world, struct bscope_chunk *chunk) {
  while (chunk->side) {
    struct bscope_side *side = chunk->side;

    chunk->side = side->next;
    bscope_region_free(&world->region, side, side->size, true);
  }
  bscope_region_free(&world->region, chunk, sizeof(*chunk), true);
}

/* A new chunk behind the window's last. */
static inline struct bscope_chunk *world_chunk(struct world *world) {
  struct bscope_chunk *chunk = bscope_region_alloc(&world->region, sizeof(*chunk));

  assert_non_null(chunk);
  assert_true(world->chunk_count < WORLD_CHUNKS);
  memset(chunk, 0, offsetof(struct bscope_chunk, cells));
  chunk->count = BSCOPE_CHUNK_CELLS;
  chunk->base = world->prefix;
  if (world->chunk_count)
    world->chunks[world->chunk_count - 1]->next = chunk;
  world->chunks[world->chunk_count++] = chunk;
  return chunk;
}

static inline void world_put_long(struct world *world, struct bscope_chunk *chunk, struct bscope_cell *cell,
                                  const struct world_event *event, uint8_t fill) {
  size_t bytes = sizeof(struct bscope_long) + (event->payload_size + 7u) / 8 * 8;
  struct bscope_side *side = chunk->side;
  struct bscope_long *more;

  if (!side || side->used + bytes > side->size) {
    side = bscope_region_alloc(&world->region, WORLD_SIDE);
    assert_non_null(side);
    *side = (struct bscope_side){.next = chunk->side, .size = WORLD_SIDE, .used = sizeof(*side)};
    chunk->side = side;
  }
  more = (struct bscope_long *)(void *)((uint8_t *)side + side->used);
  side->used += (uint32_t)bytes;
  *more = (struct bscope_long){.object = event->object, .size = event->payload_size, .cut = fill & 1};
  memset(more->payload, fill, event->payload_size);
  cell->site |= BSCOPE_SITE_LONG;
  cell->object = bscope_region_offset(&world->region, more);
}

/* Writes the events of the next `count` positions into the window; a sample at the end. */
static inline void world_write(struct world *world, uint64_t count) {
  for (; count; count--, world->prefix++) {
    struct bscope_chunk *chunk = world->chunk_count ? world->chunks[world->chunk_count - 1] : NULL;
    uint64_t position = world->prefix - world->base;
    struct world_event event = world_event(world, position);
    struct bscope_cell *cell;

    if (!chunk || world->prefix - chunk->base == BSCOPE_CHUNK_CELLS)
      chunk = world_chunk(world);
    cell = &chunk->cells[world->prefix - chunk->base];
    *cell = (struct bscope_cell){
        .subject = event.subject, .object = event.object, .site = event.site, .thread = event.thread};
    if (event.is_long)
      world_put_long(world, chunk, cell, &event, (uint8_t)position);
    bscope_store_release(&cell->full, world->prefix + 1);
  }
  bscope_store_add_sample(world->store, world->prefix, (world->prefix - world->base) * WORLD_NS);
}

/* Takes the oldest chunk out of the window; its memory is given back if no snapshot reads it, else kept for good. */
static inline void world_drop_chunk(struct world *world) {
  struct bscope_chunk *chunk = world->chunks[0];

  world->chunk_count--;
  memmove(world->chunks, world->chunks + 1, world->chunk_count * sizeof(*world->chunks));
  if (bscope_load_acquire(&chunk->refs) == 0)
    world_free_chunk(world, chunk);
}

/* Seals full chunks while there are any: the number sealed. */
static inline unsigned world_seal(struct world *world) {
  unsigned sealed = 0;

  while (world->chunk_count && world->prefix - world->chunks[0]->base >= BSCOPE_CHUNK_CELLS) {
    struct bscope_chunk *chunk = world->chunks[0];

    chunk->state = BSCOPE_CHUNK_SEALING;
    if (bscope_store_encode(world->store, chunk))
      break;
    assert_int_equal(chunk->state, BSCOPE_CHUNK_ENCODED);
    if (bscope_store_append(world->store, chunk))
      break;
    assert_int_equal(chunk->state, BSCOPE_CHUNK_APPENDED);
    world_drop_chunk(world);
    sealed++;
  }
  return sealed;
}

static inline void world_reset(struct world *world) {
  while (world->chunk_count)
    world_drop_chunk(world);
  world->base = world->prefix;
  world->generation++;
  bscope_store_begin(world->store, world->base, world->generation);
  bscope_store_add_sample(world->store, world->base, 0);
}

static inline struct bscope_store_counts world_counts(const struct world *world) {
  struct bscope_store_counts counts;

  bscope_store_count(world->store, &counts);
  return counts;
}

/* The host that snapshots ask. */
static inline int world_view(bool settle, int (*take)(void *context, const struct bscope_view *view), void *context) {
  struct world *world = the_world;
  struct bscope_view view;
  int status;

  assert_true(settle);
  world_lock(world);
  view = (struct bscope_view){.session = world->session,
                              .store = world->store,
                              .chunks = world->chunk_count ? world->chunks[0] : NULL,
                              .chunk_count = world->chunk_count,
                              .base = world->base,
                              .prefix = world->prefix,
                              .clock = world->prefix,
                              .generation = world->generation};
  view.stats.logged = world->prefix - world->base;
  status = take(context, &view);
  world_unlock(world);
  return status;
}

static inline void world_locked(struct bscope_session *session, void (*fn)(void *context), void *context) {
  assert_ptr_equal(session, the_world->session);
  world_lock(the_world);
  fn(context);
  world_unlock(the_world);
}

static inline void world_ref(struct bscope_session *session) {
  (void)session;
  bscope_add_relaxed(&the_world->session_refs, 1);
}

static inline void world_unref(struct bscope_session *session) {
  (void)session;
  bscope_add_relaxed(&the_world->session_refs, (uint32_t)-1);
}

static const struct bscope_log_host world_host = {world_view, world_locked, world_ref, world_unref};

static inline struct bscope_log *world_snapshot(void) {
  struct bscope_log *log = NULL;

  assert_int_equal(bscope_log_snapshot(&world_host, &log), BSCOPE_OK);
  return log;
}

/* Whether the event is the one of its position in that world (without late ones). May be used on any thread. */
static inline bool world_is(const struct world *world, uint64_t position, const struct bscope_event *event) {
  struct world_event wanted = world_event(world, position);
  const uint8_t *payload = event->payload;

  if (event->stamp != position || event->site != wanted.site || event->thread != wanted.thread ||
      event->subject != wanted.subject || event->object != wanted.object ||
      event->payload_size != wanted.payload_size || (payload != NULL) != wanted.is_long)
    return false;
  for (uint16_t i = 0; i < wanted.payload_size; i++)
    if (payload[i] != (uint8_t)position)
      return false;
  return !wanted.is_long || event->payload_cut == (position & 1);
}

#endif
