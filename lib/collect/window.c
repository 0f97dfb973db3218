/* SPDX-License-Identifier: Apache-2.0 */
#include "collect/window.h"

#include "base/atomic.h"
#include "base/extent.h"
#include "base/util.h"

#include <borrowscope/error.h>
#include <string.h>

#define SIDE_BYTES 16384u
#define POOL_MOST 16u /* chunks kept warm for the next ones: 2 MiB */

static struct bscope_chunk **slot(const struct bscope_window *w, uint64_t number) {
  return &w->chunks[number & (w->capacity - 1)];
}

int bscope_window_init(struct bscope_window *window, struct bscope_region *region, uint64_t capacity) {
  memset(window, 0, sizeof(*window));
  window->region = region;
  window->capacity = capacity;
  window->chunks = bscope_region_alloc(region, capacity * sizeof(*window->chunks));
  return window->chunks ? BSCOPE_OK : BSCOPE_ERR_NO_MEMORY;
}

/* What a chunk holds beside its cells: long events, and packed bytes that no log took over (a reset came between). */
static void free_extras(struct bscope_window *w, struct bscope_chunk *chunk) {
  if (chunk->packed)
    bscope_region_free(w->region, chunk->packed, chunk->packed_capacity, true);
  chunk->packed = NULL;
  for (struct bscope_side *s = chunk->side, *next; s; s = next) {
    next = s->next;
    bscope_region_free(w->region, s, s->size, true);
  }
  chunk->side = NULL;
}

static void put_back(struct bscope_chunk **list, struct bscope_chunk *chunk) {
  chunk->next = *list;
  *list = chunk;
}

/* Gives back pooled chunks beyond `most`. */
static void trim_pool(struct bscope_window *w, unsigned most) {
  unsigned kept = 0;
  for (struct bscope_chunk **at = &w->pool; *at;) {
    struct bscope_chunk *chunk = *at;
    if (kept++ < most) {
      at = &chunk->next;
      continue;
    }
    *at = chunk->next;
    bscope_extent_retract(&chunk->extent);
    bscope_region_free(w->region, chunk, bscope_chunk_bytes(w->timed), true);
    w->bytes -= bscope_chunk_bytes(w->timed);
  }
}

void bscope_window_reclaim(struct bscope_window *window) {
  for (struct bscope_chunk **at = &window->retired; *at;) {
    struct bscope_chunk *chunk = *at;
    if (bscope_load_acquire(&chunk->refs) != 0) { /* pairs with the release by which a snapshot lets go */
      at = &chunk->next;
      continue;
    }
    *at = chunk->next;
    free_extras(window, chunk);
    window->pinned -= bscope_chunk_bytes(window->timed);
    window->bytes += bscope_chunk_bytes(window->timed);
    put_back(&window->pool, chunk);
  }
  trim_pool(window, POOL_MOST);
}

void bscope_window_rest(struct bscope_window *window) {
  bscope_window_reclaim(window);
  trim_pool(window, 0);
}

static void retire(struct bscope_window *w, struct bscope_chunk *chunk) {
  w->lost -= chunk->lost;
  w->open -= chunk->open;
  w->pinned += bscope_chunk_bytes(w->timed); /* until the next look, by which most are free */
  w->bytes -= bscope_chunk_bytes(w->timed);
  put_back(&w->retired, chunk);
}

void bscope_window_begin(struct bscope_window *window, uint64_t base) {
  for (uint64_t i = 0; i < window->count; i++) {
    retire(window, *slot(window, window->first + i)); /* one that is being packed is held by its packer's reference */
  }
  window->first = window->count = 0;
  window->origin = window->base = window->prefix = base;
  bscope_window_reclaim(window);
}

static struct bscope_chunk *take_chunk(struct bscope_window *w) {
  struct bscope_chunk *chunk = w->pool;
  if (chunk) {
    w->pool = chunk->next;
    return chunk;
  }
  size_t bytes = bscope_chunk_bytes(w->timed);
  chunk = bscope_region_alloc(w->region, bytes);
  if (!chunk)
    return NULL;
  if (bscope_region_populate(chunk, bytes) != 0) {
    bscope_region_free(w->region, chunk, bytes, true);
    return NULL;
  }
  memset(chunk, 0, sizeof(*chunk)); /* the region gives memory back as it was; no cell of it may look full */
  chunk->times = w->timed ? (uint64_t *)(chunk + 1) : NULL;
  w->bytes += bytes;
  return chunk;
}

/* Cells are not cleared: what an earlier life left in them names other stamps. */
static bool add_chunk(struct bscope_window *w) {
  struct bscope_chunk *chunk = take_chunk(w);
  if (!chunk)
    return false;
  uint64_t number = w->first + w->count;
  /* An exchange, since it comes before all cells of the new life: who reads a live file looks here behind them. */
  (void)bscope_exchange_acq_rel(&chunk->base, w->base + number * BSCOPE_CHUNK_CELLS);
  chunk->count = BSCOPE_CHUNK_CELLS;
  chunk->lost = chunk->open = chunk->longs = 0;
  chunk->packed = NULL;
  chunk->packed_size = chunk->packed_capacity = 0;
  chunk->next = NULL;
  if (UINT64_MAX - chunk->base < BSCOPE_CHUNK_CELLS)
    bscope_chunk_cell(chunk, UINT64_MAX)->full = 1; /* its `full` will be 0, which untouched memory must not be */
  bscope_store_relaxed(&chunk->refs, 0);
  bscope_store_relaxed(&chunk->state, BSCOPE_CHUNK_FILLING); /* both are under the drain lock here */
  if (chunk->extent.bytes == 0)                              /* its first life */
    bscope_extent_publish(w->region, &chunk->extent, BSCOPE_EXTENT_CHUNK, offsetof(struct bscope_chunk, cells),
                          bscope_chunk_bytes(w->timed));
  if (w->count)
    (*slot(w, number - 1))->next = chunk;
  *slot(w, number) = chunk;
  w->count++;
  return true;
}

enum bscope_placing bscope_window_find(struct bscope_window *window, uint64_t stamp, struct bscope_chunk **chunk) {
  uint64_t position = stamp - window->base;
  if (bscope_unlikely(position < window->prefix - window->base))
    return BSCOPE_PLACE_PASSED;
  if (bscope_unlikely(position >
                      INT64_MAX)) /* before the base: stamps may pass 2^64, so they are compared by distance */
    return BSCOPE_PLACE_OLD;
  uint64_t number = position / BSCOPE_CHUNK_CELLS;
  while (bscope_unlikely(number >= window->first + window->count)) {
    if (number >= window->first + window->capacity)
      return BSCOPE_PLACE_FAR;
    if (!add_chunk(window))
      return BSCOPE_PLACE_NO_MEMORY;
  }
  *chunk = *slot(window, number);
  return BSCOPE_PLACE_IN_WINDOW;
}

struct bscope_chunk *bscope_window_chunk(const struct bscope_window *window, uint64_t stamp) {
  uint64_t number = (stamp - window->base) / BSCOPE_CHUNK_CELLS;
  return number - window->first < window->count ? *slot(window, number) : NULL;
}

bool bscope_window_has(const struct bscope_window *window, uint64_t stamp) {
  uint64_t number = (stamp - window->base) / BSCOPE_CHUNK_CELLS;
  if (number >= window->first + window->count)
    return false;
  struct bscope_chunk *chunk = *slot(window, number);
  return bscope_chunk_cell(chunk, stamp)->full == stamp + 1;
}

bool bscope_window_mark(struct bscope_window *window, uint64_t stamp, uint32_t site) {
  struct bscope_chunk *chunk;
  if (bscope_window_find(window, stamp, &chunk) != BSCOPE_PLACE_IN_WINDOW)
    return false;
  struct bscope_cell *cell = bscope_chunk_cell(chunk, stamp);
  *cell = (struct bscope_cell){.site = site};
  bscope_store_release(&cell->full, stamp + 1); /* as any other cell: a survivor's reader acquires it */
  if (site == BSCOPE_SITE_LOST) {
    chunk->lost++;
    window->lost++;
  } else {
    chunk->open++;
    window->open++;
  }
  return true;
}

void bscope_window_advance(struct bscope_window *window, uint64_t end) {
  uint64_t last = end - window->base;
  for (uint64_t at = window->prefix - window->base; at < last;) {
    uint64_t number = at / BSCOPE_CHUNK_CELLS;
    if (number >= window->first + window->count)
      return;
    struct bscope_chunk *chunk = *slot(window, number);
    uint64_t behind = (number + 1) * BSCOPE_CHUNK_CELLS;
    uint64_t stop = bscope_min_u64(behind, last);
    while (at < stop && chunk->cells[at % BSCOPE_CHUNK_CELLS].full == window->base + at + 1)
      at++;
    window->prefix = window->base + at;
    if (at == behind)
      bscope_store_release(&chunk->state, BSCOPE_CHUNK_FULL); /* pairs with the claim's acquire */
    else if (at < stop)
      return;
  }
}

bool bscope_window_close(struct bscope_window *window) {
  struct bscope_chunk *chunk = bscope_window_oldest(window, BSCOPE_CHUNK_FILLING);
  uint64_t count = chunk ? window->prefix - chunk->base : 0;
  if (count == 0 || window->count != 1)
    return false;
  for (uint64_t i = count; i < BSCOPE_CHUNK_CELLS; i++)
    if (chunk->cells[i].full == chunk->base + i + 1)
      return false;
  chunk->count = (uint32_t)count;
  window->base = window->prefix - (window->first + 1) * BSCOPE_CHUNK_CELLS;
  bscope_store_release(&chunk->state, BSCOPE_CHUNK_FULL); /* pairs with the claim's acquire */
  return true;
}

struct bscope_chunk *bscope_window_claim(struct bscope_window *window, uint64_t *waiting) {
  struct bscope_chunk *claimed = NULL;
  *waiting = 0;
  for (uint64_t i = 0; i < window->count; i++) {
    struct bscope_chunk *chunk = *slot(window, window->first + i);
    uint32_t state = bscope_load_acquire(&chunk->state);
    if (state == BSCOPE_CHUNK_FILLING)
      break;
    if (state != BSCOPE_CHUNK_FULL)
      continue;
    if (claimed) {
      ++*waiting;
      continue;
    }
    claimed = chunk;
    bscope_add_relaxed(&chunk->refs, 1); /* the packer's own: a reset meanwhile must not reuse the chunk */
    bscope_store_release(&chunk->state, BSCOPE_CHUNK_SEALING);
  }
  return claimed;
}

struct bscope_chunk *bscope_window_oldest(struct bscope_window *window, uint32_t state) {
  struct bscope_chunk *chunk = window->count ? *slot(window, window->first) : NULL;
  return chunk && bscope_load_acquire(&chunk->state) == state ? chunk : NULL; /* pairs with the packer's release */
}

void bscope_window_release_oldest(struct bscope_window *window) {
  struct bscope_chunk *chunk = *slot(window, window->first);
  window->first++;
  window->count--;
  retire(window, chunk);
  bscope_window_reclaim(window);
}

struct bscope_long *bscope_chunk_take_long(struct bscope_window *window, struct bscope_chunk *chunk, uint32_t size) {
  uint32_t bytes = (uint32_t)bscope_round_up(sizeof(struct bscope_long) + size, 8);
  struct bscope_side *side = chunk->side;
  if (!side || side->used + bytes > side->size) {
    side = bscope_region_alloc(window->region, SIDE_BYTES);
    if (!side)
      return NULL;
    *side = (struct bscope_side){.next = chunk->side, .size = SIDE_BYTES, .used = sizeof(*side)};
    chunk->side = side;
  }
  struct bscope_long *place = (struct bscope_long *)((uint8_t *)side + side->used);
  side->used += bytes;
  return place;
}
