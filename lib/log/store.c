/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: blocks in segments, oldest let go first, and beside them samples, threads and late events.
 *
 * Appending is a copy of the packed bytes, a few samples and one checksum over the header: about 1 us a chunk. Memory
 * is touched first outside the lock, when a chunk is encoded: the buffers are reused, and the next segment is made
 * ahead.
 */
#include "log/store_state.h"

#include "base/atomic.h"
#include "base/extent.h"
#include "base/util.h"
#include "log/codec.h"
#include "log/rows.h"
#include "log/vector.h"

#include <borrowscope/error.h>
#include <limits.h>
#include <string.h>

/* A usual chunk fits into a buffer with the encoder's scratch memory behind; a larger one gets its own. */
#define BUFFER_BYTES (256u * 1024u)
#define REAP_AT_ONCE 16u

struct bscope_store *bscope_store_create(struct bscope_region *region) {
  struct bscope_store *store = bscope_region_alloc(region, sizeof(*store));

  if (store)
    *store = (struct bscope_store){.region = region, .generation = 1, .serial = 1};
  return store;
}

static bool is_pinned(const struct bscope_store *store, uint64_t serial) {
  for (const struct bscope_pin *pin = store->pins; pin; pin = pin->next)
    if (serial >= pin->from && serial <= pin->to)
      return true;
  return false;
}

static void give_back(struct bscope_store *store, struct bscope_segment *segment) {
  bscope_region_free(store->region, segment, segment->size, false); /* its pages stay, to be used again */
}

/* Takes the oldest segment out of the log. */
static void let_go(struct bscope_store *store) {
  struct bscope_segment *segment = store->head;

  bscope_extent_retract(&segment->extent);
  store->head = segment->next;
  if (!store->head)
    store->tail = NULL;
  store->bytes -= segment->size;
  if (!is_pinned(store, segment->serial)) {
    give_back(store, segment);
    return;
  }
  segment->retired = store->retired;
  store->retired = segment;
  store->retired_bytes += segment->size;
}

void bscope_store_pin(struct bscope_store *store, struct bscope_pin *pin) {
  pin->from = store->head ? store->head->serial : 1;
  pin->to = store->tail ? store->tail->serial : 0;
  pin->next = store->pins;
  store->pins = pin;
}

bool bscope_store_unpin(struct bscope_store *store, struct bscope_pin *pin) {
  struct bscope_pin **link = &store->pins;

  while (*link && *link != pin)
    link = &(*link)->next;
  if (!*link)
    return false;
  *link = pin->next;
  return true;
}

bool bscope_store_reap(struct bscope_store *store, unsigned most) {
  struct bscope_segment **link = &store->retired;

  while (*link) {
    struct bscope_segment *segment = *link;

    if (is_pinned(store, segment->serial)) {
      link = &segment->retired;
      continue;
    }
    if (most-- == 0)
      return true;
    *link = segment->retired;
    store->retired_bytes -= segment->size;
    give_back(store, segment);
  }
  return false;
}

void bscope_store_begin(struct bscope_store *store, uint64_t base, uint64_t generation) {
  while (store->head)
    let_go(store);
  bscope_samples_clear(&store->samples, store->region);
  bscope_threads_clear(&store->threads, store->region);
  bscope_lates_clear(&store->lates, store->region);
  store->base = base;
  store->generation = generation;
  store->sealed = 0;
  store->lost = store->lost_evicted = 0;
  store->open = store->open_evicted = 0;
}

/* The position of the oldest event kept. */
static uint64_t first_of(const struct bscope_store *store) {
  return store->head ? store->head->first : store->sealed;
}

void bscope_store_add_sample(struct bscope_store *store, uint64_t stamp, uint64_t ns) {
  if (stamp - store->base <= INT64_MAX) /* not of an older generation */
    bscope_samples_add(&store->samples, store->region, stamp - store->base, ns);
}

uint64_t bscope_store_last_sample(const struct bscope_store *store) {
  size_t count = store->samples.count;

  return count ? store->base + store->samples.items[count - 1].stamp : 0;
}

int bscope_store_set_thread(struct bscope_store *store, uint32_t number, uint32_t tid, const char *name) {
  return bscope_threads_set(&store->threads, store->region, number, tid, name, first_of(store));
}

/* A buffer of at least `bytes`: one of those kept, or a new one. */
static void *take_buffer(struct bscope_store *store, size_t bytes, size_t *capacity) {
  *capacity = (size_t)bscope_round_up(bscope_max_u64(bytes, BUFFER_BYTES), BSCOPE_GRANULE);
  for (unsigned i = 0; i < BSCOPE_STORE_BUFFERS && *capacity == BUFFER_BYTES; i++) {
    void *buffer = bscope_exchange_acq_rel(&store->buffers[i], NULL);

    if (buffer)
      return buffer;
  }
  return bscope_region_alloc(store->region, *capacity);
}

static void return_buffer(struct bscope_store *store, void *buffer, size_t capacity) {
  for (unsigned i = 0; i < BSCOPE_STORE_BUFFERS && capacity == BUFFER_BYTES; i++) {
    void *none = NULL;

    if (bscope_cas_acq_rel(&store->buffers[i], &none, buffer))
      return;
  }
  bscope_region_free(store->region, buffer, capacity, false);
}

/* The next segment, made and touched ahead, so that appending under the lock meets no fresh page. */
static void make_spare(struct bscope_store *store) {
  struct bscope_segment *none = NULL;
  struct bscope_segment *segment;

  if (bscope_load_acquire(&store->spare)) /* partner: the exchanges of `spare` */
    return;
  segment = bscope_region_alloc(store->region, BSCOPE_SEGMENT_BYTES);
  if (!segment)
    return;
  if (bscope_region_populate(segment, BSCOPE_SEGMENT_BYTES) || !bscope_cas_acq_rel(&store->spare, &none, segment))
    bscope_region_free(store->region, segment, BSCOPE_SEGMENT_BYTES, false);
}

int bscope_store_encode(struct bscope_store *store, struct bscope_chunk *chunk) {
  size_t bound = (size_t)bscope_round_up(bscope_encode_bound(chunk, store->region), 8);
  size_t capacity;
  uint8_t *buffer = take_buffer(store, bound + bscope_encode_scratch(), &capacity);

  if (buffer)
    chunk->packed_size = bscope_encode(chunk, store->region, buffer + bound, buffer, bound);
  if (!buffer || chunk->packed_size == 0) {
    if (buffer)
      return_buffer(store, buffer, capacity);
    bscope_store_release(&chunk->state, BSCOPE_CHUNK_FULL); /* partner: the claim's compare-and-exchange */
    return BSCOPE_ERR_NO_MEMORY;
  }
  chunk->packed = buffer;
  chunk->packed_capacity = capacity;
  make_spare(store);
  bscope_store_release(&chunk->state, BSCOPE_CHUNK_ENCODED); /* partner: who looks for chunks to append */
  return BSCOPE_OK;
}

/* Room for a block of `length` bytes at the log's end, in a new segment if need be; *segment is not linked yet if new.
 */
static void *make_room(struct bscope_store *store, size_t length, struct bscope_segment **segment) {
  size_t size = bscope_segment_size_for(length);
  void *room = store->tail ? bscope_segment_room(store->tail, length) : NULL;

  *segment = store->tail;
  if (room)
    return room;
  *segment = size == BSCOPE_SEGMENT_BYTES ? bscope_exchange_acq_rel(&store->spare, NULL) : NULL;
  if (!*segment)
    *segment = bscope_region_alloc(store->region, size);
  if (!*segment)
    return NULL;
  bscope_segment_init(*segment, size);
  return bscope_segment_room(*segment, length);
}

static void link_segment(struct bscope_store *store, struct bscope_segment *segment) {
  segment->serial = store->serial++;
  store->bytes += segment->size;
  if (store->tail)
    store->tail->next = segment;
  else
    store->head = segment;
  store->tail = segment;
}

/* Counts what the block brings, and until where its threads have been seen. */
static void account(struct bscope_store *store, const struct bscope_block_header *header) {
  uint64_t end = header->position + header->count;
  struct bscope_late_tally late = bscope_lates_tally(&store->lates, header->position, end);
  const uint8_t *threads = (const uint8_t *)header + header->events_offset - sizeof(uint32_t) * header->thread_count;

  store->sealed = end;
  store->lost += header->lost + late.lost;
  store->open += header->open - late.all;
  for (uint32_t i = 0; i < header->thread_count; i++) {
    struct bscope_thread_row *row;
    uint32_t number;

    memcpy(&number, threads + sizeof(number) * i, sizeof(number));
    row = bscope_threads_find(store->threads.rows, store->threads.count, number);
    if (row)
      row->last = end - 1;
  }
}

int bscope_store_append(struct bscope_store *store, struct bscope_chunk *chunk) {
  uint64_t position = chunk->base - store->base;
  size_t samples = bscope_samples_size(&store->samples, position, chunk->count);
  struct bscope_block_header *header;
  struct bscope_segment *segment;

  if (position != store->sealed || !chunk->packed)
    return BSCOPE_ERR_INVALID_ARGUMENT;
  header = make_room(store, chunk->packed_size + samples, &segment);
  if (!header)
    return BSCOPE_ERR_NO_MEMORY;
  memcpy(header, chunk->packed, chunk->packed_size);
  header->position = position;
  header->generation = store->generation;
  bscope_samples_write(&store->samples, header);
  header->head_check = bscope_block_head_check(header);
  bscope_store_release(&header->state, BSCOPE_BLOCK_SEALED); /* partner: whoever reads the region from outside */
  if (segment != store->tail) {
    bscope_segment_publish(segment, store->region); /* with its first block in it: what follows is none of its */
    link_segment(store, segment);
  }
  bscope_segment_enter(segment, header);
  account(store, header);
  bscope_samples_trim(&store->samples, store->sealed);
  return_buffer(store, chunk->packed, chunk->packed_capacity);
  chunk->packed = NULL;
  chunk->packed_size = chunk->packed_capacity = 0;
  bscope_store_release(&chunk->state, BSCOPE_CHUNK_APPENDED); /* partner: the window's reuse */
  bscope_store_reap(store, REAP_AT_ONCE);
  return BSCOPE_OK;
}

static uint64_t bytes_of(const struct bscope_store *store) {
  uint64_t bytes = sizeof(*store) + store->bytes;

  bytes += bscope_load_relaxed(&store->spare) ? BSCOPE_SEGMENT_BYTES : 0; /* relaxed: only counted */
  bytes += bscope_vector_bytes(store->samples.capacity, sizeof(*store->samples.items));
  bytes += bscope_rows_bytes(store->threads.capacity, sizeof(*store->threads.rows));
  bytes += bscope_rows_bytes(store->lates.capacity, sizeof(*store->lates.items));
  return bytes;
}

/* What goes with the oldest segment: its counts, and the late events before the first position kept. */
static void evict_oldest(struct bscope_store *store) {
  struct bscope_segment *segment = store->head;
  struct bscope_late_tally late = bscope_lates_tally(&store->lates, segment->first, segment->next->first);
  uint64_t open = segment->open - late.all;

  store->open -= open;
  store->open_evicted += open;
  store->lost_evicted += segment->lost + late.lost;
  let_go(store);
  bscope_lates_evict(&store->lates, store->region, store->head->first);
}

void bscope_store_evict(struct bscope_store *store, size_t bytes) {
  struct bscope_segment *spare;

  bscope_store_reap(store, REAP_AT_ONCE);
  while (store->head != store->tail && bytes_of(store) > bytes)
    evict_oldest(store);
  if (bytes_of(store) > bytes) {
    spare = bscope_exchange_acq_rel(&store->spare, NULL);
    if (spare)
      bscope_region_free(store->region, spare, BSCOPE_SEGMENT_BYTES, false);
  }
}

void bscope_store_rest(struct bscope_store *store) {
  struct bscope_segment *spare = bscope_exchange_acq_rel(&store->spare, NULL);

  bscope_store_reap(store, UINT_MAX);
  if (spare)
    bscope_region_free(store->region, spare, BSCOPE_SEGMENT_BYTES, false);
  for (unsigned i = 0; i < BSCOPE_STORE_BUFFERS; i++)
    bscope_region_free(store->region, bscope_exchange_acq_rel(&store->buffers[i], NULL), BUFFER_BYTES, false);
}

bool bscope_store_keeps(const struct bscope_store *store, uint64_t stamp) {
  uint64_t position = stamp - store->base;

  return position <= INT64_MAX && position >= first_of(store);
}

bool bscope_store_add_late(struct bscope_store *store, const struct bscope_cell *cell, uint64_t stamp) {
  uint64_t position = stamp - store->base;

  if (!bscope_store_keeps(store, stamp))
    return false;
  if (bscope_lates_find(&store->lates, position))
    return true;
  if (bscope_lates_add(&store->lates, store->region, position, cell))
    return false;
  if (position < store->sealed) {
    store->open--;
    store->lost += cell->site == BSCOPE_SITE_LOST;
  }
  return true;
}

void bscope_store_describe(struct bscope_trace_header *header) {
  header->block_bytes = sizeof(struct bscope_block_header);
  header->row_bytes = sizeof(struct bscope_thread_row);
  header->late_bytes = sizeof(struct bscope_late);
}

void bscope_store_count(const struct bscope_store *store, struct bscope_store_counts *out) {
  struct bscope_late_tally late = bscope_lates_tally(&store->lates, store->sealed, UINT64_MAX);

  *out = (struct bscope_store_counts){
      .generation = store->generation,
      .base = store->base,
      .first = store->base + first_of(store),
      .sealed = store->sealed,
      .lost = store->lost,
      .lost_evicted = store->lost_evicted,
      .open = store->open,
      .open_evicted = store->open_evicted,
      .late_unsealed = late.all,
      .late_unsealed_lost = late.lost,
      .bytes = bytes_of(store),
      .bytes_pinned = store->retired_bytes,
      .threads = store->threads.count,
  };
}
