/* SPDX-License-Identifier: Apache-2.0 */
#include "collect/merge.h"

#include "base/atomic.h"
#include "base/util.h"
#include "capture/write.h"

#include <string.h>

#define LATE_SIDE_BYTES (sizeof(struct bscope_long) + BSCOPE_PAYLOAD_MAX)

/* The payload behind the event at `index`, gathered from its MORE slots; returns how many slots they are. */
static uint32_t gather(struct bscope_ring *ring, uint64_t index, uint8_t *bytes) {
  uint32_t n = 0;
  while (n < BSCOPE_RECORD_MORE_MAX && bscope_ring_is_published(ring, index + 1 + n)) {
    const struct bscope_record *slot = bscope_ring_slot(ring, index + 1 + n);
    if (slot->site != BSCOPE_RECORD_MORE)
      break;
    memcpy(bytes + n * BSCOPE_RECORD_PAYLOAD, slot, BSCOPE_RECORD_PAYLOAD);
    n++;
  }
  return n;
}

/*
 * The chunk that took a ring's last event mostly takes the next one too. `from` is the first stamp that goes there, and
 * `span` how many do: one comparison says that a stamp is neither passed nor beyond.
 */
struct near {
  struct bscope_chunk *chunk;
  uint64_t from;
  uint64_t span;
};

static struct near near_of(const struct bscope_window *window, uint64_t stamp) {
  struct bscope_chunk *chunk = bscope_window_chunk(window, stamp);
  if (!chunk)
    return (struct near){0};
  int64_t distance = bscope_stamp_distance(chunk->base, window->prefix);
  uint64_t passed = distance > 0 ? bscope_min_u64((uint64_t)distance, chunk->count) : 0; /* all: none goes there */
  return (struct near){.chunk = chunk, .from = chunk->base + passed, .span = chunk->count - passed};
}

static uint32_t payload_size(const uint8_t *bytes) {
  struct bscope_more_head head;
  memcpy(&head, bytes, sizeof(head));
  return (uint32_t)bscope_min_u64(head.size, BSCOPE_PAYLOAD_MAX);
}

static void fill_cell(struct bscope_cell *cell, const struct bscope_record *slot, uint32_t thread) {
  cell->subject = slot->subject;
  cell->object = slot->object;
  cell->site = slot->site;
  cell->thread = thread;
}

/* Its payload into `side`, which has room for it. */
static void fill_long(const struct bscope_merge *m, struct bscope_cell *cell, struct bscope_long *side,
                      const uint8_t *bytes) {
  struct bscope_more_head head;
  memcpy(&head, bytes, sizeof(head));
  *side = (struct bscope_long){.object = cell->object, .size = (uint16_t)payload_size(bytes), .cut = head.cut};
  memcpy(side->payload, bytes + sizeof(head), side->size);
  cell->object = bscope_region_offset(m->window->region, side);
  cell->site |= BSCOPE_SITE_LONG;
}

/* A cell for the event's head, with the payload in the chunk's side area when there is one. False: no memory. */
static bool fill_both(struct bscope_merge *m, struct bscope_chunk *chunk, struct bscope_cell *cell,
                      const struct bscope_record *slot, uint32_t thread, const uint8_t *bytes) {
  fill_cell(cell, slot, thread);
  if (!bytes)
    return true;
  struct bscope_long *side = bscope_chunk_take_long(m->window, chunk, payload_size(bytes));
  if (!side)
    return false;
  fill_long(m, cell, side, bytes);
  chunk->longs++;
  return true;
}

/*
 * A late event has no chunk, and the window may have no room for one more: its payload, if any, lies in memory of its
 * own until the late list has copied it.
 */
static enum bscope_late_taking place_late(struct bscope_merge *m, const struct bscope_record *slot, uint32_t thread,
                                          const uint8_t *bytes) {
  struct bscope_cell cell = {.full = slot->stamp + 1};
  struct bscope_region *region = m->window->region;
  struct bscope_long *side = bytes ? bscope_region_alloc(region, LATE_SIDE_BYTES) : NULL;
  if (bytes && !side)
    return BSCOPE_LATE_WAITS;
  fill_cell(&cell, slot, thread);
  if (bytes)
    fill_long(m, &cell, side, bytes);
  enum bscope_late_taking taking = m->late(m->context, &cell, slot->stamp);
  if (bytes)
    bscope_region_free(region, side, LATE_SIDE_BYTES, true);
  return taking;
}

/*
 * False: the event stays in its ring. Inlined twice: with a constant `time` of NULL (its stamp is its place in the
 * order), and with its position in `stamp`.
 */
static inline __attribute__((always_inline)) bool place(struct bscope_merge *m, const struct bscope_record *slot,
                                                        uint64_t stamp, uint32_t thread, const uint8_t *bytes,
                                                        const uint64_t *time) {
  struct bscope_chunk *chunk;
  switch (bscope_window_find(m->window, stamp, &chunk)) {
  case BSCOPE_PLACE_IN_WINDOW: {
    struct bscope_cell *cell = bscope_chunk_cell(chunk, stamp);
    if (bscope_unlikely(!fill_both(m, chunk, cell, slot, thread, bytes))) {
      m->no_memory = true;
      return false;
    }
    if (time)
      chunk->times[stamp - chunk->base] = *time;
    bscope_store_release(&cell->full, stamp + 1); /* written once; a survivor's reader acquires it */
    m->placed++;
    return true;
  }
  case BSCOPE_PLACE_PASSED: {
    enum bscope_late_taking taking = place_late(m, slot, thread, bytes);
    m->placed += taking == BSCOPE_LATE_TAKEN;
    m->no_memory |= taking == BSCOPE_LATE_WAITS;
    return taking != BSCOPE_LATE_WAITS;
  }
  case BSCOPE_PLACE_OLD:
    return true;
  case BSCOPE_PLACE_FAR:
    m->far = true;
    return false;
  case BSCOPE_PLACE_NO_MEMORY:
    m->no_memory = true;
    return false;
  }
  return false;
}

/* Takes the event at `index`; returns the slots that it took, 0: it stays. */
static inline __attribute__((always_inline)) uint32_t take_event(struct bscope_merge *m, struct bscope_ring *ring,
                                                                 uint64_t index, const uint64_t *position,
                                                                 const uint64_t *time) {
  const struct bscope_record *slot = bscope_ring_slot(ring, index);
  uint8_t bytes[BSCOPE_RECORD_MORE_MAX * BSCOPE_RECORD_PAYLOAD];
  uint32_t more = 0;
  if (bscope_unlikely(bscope_ring_is_published(ring, index + 1) &&
                      bscope_ring_slot(ring, index + 1)->site == BSCOPE_RECORD_MORE))
    more = gather(ring, index, bytes);
  uint64_t stamp = position ? *position : slot->stamp;
  return place(m, slot, stamp, ring->thread, more ? bytes : NULL, time) ? 1 + more : 0;
}

uint32_t bscope_merge_put(struct bscope_merge *merge, struct bscope_ring *ring, uint64_t index, uint64_t position,
                          uint64_t ns) {
  return take_event(merge, ring, index, &position, &ns);
}

bool bscope_merge_put_lost(struct bscope_merge *merge, uint64_t position, uint64_t ns) {
  struct bscope_chunk *chunk;
  enum bscope_placing placing = bscope_window_find(merge->window, position, &chunk);
  merge->far |= placing == BSCOPE_PLACE_FAR;
  merge->no_memory |= placing == BSCOPE_PLACE_NO_MEMORY;
  if (placing != BSCOPE_PLACE_IN_WINDOW || !bscope_window_mark(merge->window, position, BSCOPE_SITE_LOST))
    return false;
  chunk->times[position - chunk->base] = ns;
  return true;
}

/* The same, or takes a void or orphaned MORE slot. */
static uint32_t take(struct bscope_merge *m, struct bscope_ring *ring, uint64_t index) {
  const struct bscope_record *slot = bscope_ring_slot(ring, index);
  if (bscope_unlikely(slot->site == BSCOPE_RECORD_VOID || slot->site == BSCOPE_RECORD_MORE))
    return 1;
  return take_event(m, ring, index, NULL, NULL);
}

/* The limit is reached: notes what stays. False for a slot without a stamp, which may as well be taken. */
static bool leave(struct bscope_merge *m, const struct bscope_record *slot) {
  if (slot->site == BSCOPE_RECORD_VOID || slot->site == BSCOPE_RECORD_MORE)
    return false;
  if (!m->more || bscope_stamp_distance(slot->stamp, m->waiting) > 0)
    m->waiting = slot->stamp;
  m->more = true;
  return true;
}

/*
 * The short way of most events: one slot each, into the chunk where the one before went. Returns how many were taken
 * so, at most `most`; the slot at `index` is published.
 */
static uint64_t take_run(struct bscope_merge *m, struct bscope_ring *ring, uint64_t index, uint64_t most,
                         const struct near *near) {
  uint64_t n = 0;
  const uint32_t thread = ring->thread;
  const struct bscope_record *slot = bscope_ring_slot(ring, index);
  for (bool published = true; published && n < most; n++) {
    const struct bscope_record *next = bscope_ring_slot(ring, index + n + 1);
    uint64_t offset = slot->stamp - near->from;
    if (slot->site >= BSCOPE_SITE_LOST || offset >= near->span)
      break;
    published = bscope_ring_holds(next, index + n + 1);
    if (published && next->site == BSCOPE_RECORD_MORE)
      break;
    struct bscope_cell *cell = bscope_chunk_cell(near->chunk, slot->stamp);
    cell->subject = slot->subject;
    cell->object = slot->object;
    cell->site = slot->site;
    cell->thread = thread;
    bscope_store_release(&cell->full, slot->stamp + 1); /* as in place() */
    slot = next;
  }
  m->placed += n;
  return n;
}

void bscope_merge_main(struct bscope_merge *merge, struct bscope_ring *ring) {
  uint64_t tail = bscope_load_relaxed(&ring->tail); /* only the holder of the drain lock writes it */
  uint64_t start = tail;
  while (bscope_ring_is_published(ring, tail)) {
    const struct near near = near_of(merge->window, bscope_ring_slot(ring, tail)->stamp);
    uint64_t left = merge->limit - bscope_min_u64(merge->limit, tail - start);
    uint64_t run = take_run(merge, ring, tail, left, &near);
    tail += run;
    if (run > 0)
      continue;
    if (tail - start >= merge->limit && leave(merge, bscope_ring_slot(ring, tail)))
      break;
    uint32_t taken = take(merge, ring, tail);
    if (!taken)
      break;
    tail += taken;
  }
  merge->slots += tail - start;
  bscope_store_release(&ring->tail, tail); /* pairs with the owner's acquire: slots behind it have been read */
}

void bscope_merge_mark_taken(struct bscope_ring *ring, uint64_t offset, uint32_t slots) {
  for (uint32_t i = 0; i < slots && offset + i < 64; i++) {
    /* Its own slot first. Release, as in bscope_merge_end_nested: partner of both is whoever reads the file. */
    bscope_store_release(&bscope_ring_slot(ring, ring->tail + offset + i)->site, BSCOPE_RECORD_VOID);
    ring->taken |= 1ull << (offset + i);
  }
}

bool bscope_merge_has_nested(struct bscope_ring *ring, uint64_t offset) {
  uint64_t index = bscope_load_relaxed(&ring->tail) + offset; /* only the holder of the drain lock writes it */
  if ((ring->taken >> offset & 1) || !bscope_ring_is_published(ring, index))
    return false;
  if (bscope_ring_slot(ring, index)->site != BSCOPE_RECORD_MORE)
    return true;
  /* Its event's own slot, before it, is not published yet; or was declared void, and this one is of no use. */
  if (offset == 0 || (ring->taken >> (offset - 1) & 1))
    bscope_merge_mark_taken(ring, offset, 1);
  return false;
}

void bscope_merge_end_nested(struct bscope_ring *ring) {
  uint64_t tail = bscope_load_relaxed(&ring->tail), taken = ring->taken;
  for (; taken & 1; tail++)
    taken >>= 1;
  /* No bits meanwhile: with either tail they would say of another slot that it was taken. */
  bscope_store_release(&ring->taken, 0);
  bscope_store_release(&ring->tail, tail); /* pairs with the nested claim's acquire */
  bscope_store_release(&ring->taken, taken);
}

void bscope_merge_nested(struct bscope_merge *merge, struct bscope_ring *ring) {
  uint64_t tail = bscope_load_relaxed(&ring->tail);
  for (uint64_t i = 0; i < ring->size; i++) {
    if (!bscope_merge_has_nested(ring, i))
      continue;
    uint32_t taken = take(merge, ring, tail + i);
    bscope_merge_mark_taken(ring, i, taken);
    merge->slots += taken;
  }
  bscope_merge_end_nested(ring);
}
