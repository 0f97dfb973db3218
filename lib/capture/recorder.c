/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/recorder.h"

#include "base/atomic.h"
#include "base/extent.h"

#define POOL_WAIT_NS 1000000000u
#define RINGS_FEW 32u /* in use: fewer are not worth a look for those that are not needed any more */

static unsigned class_of(uint32_t size) {
  return (unsigned)__builtin_ctz(size);
}

/* Pool heads for nested rings stand one behind their size's: sizes are far below 2^23. */
static struct bscope_ring **pool_for(struct bscope_recorder *r, uint32_t size, bool nested) {
  return &r->pool[nested ? BSCOPE_RING_CLASSES - 1 : class_of(size)];
}

bool bscope_recorder_may_grow(const struct bscope_recorder *recorder, size_t bytes) {
  return bscope_load_relaxed(&recorder->ring_bytes) + bytes <= recorder->ring_budget;
}

uint32_t bscope_recorder_first_size(const struct bscope_recorder *recorder) {
  uint32_t size =
      bscope_recorder_may_grow(recorder, bscope_ring_bytes(BSCOPE_RING_FIRST)) ? BSCOPE_RING_FIRST : BSCOPE_RING_SCARCE;
  return size < recorder->ring_most ? size : recorder->ring_most;
}

static struct bscope_ring *from_pool(struct bscope_recorder *recorder, uint32_t size, bool nested) {
  struct bscope_process *process = bscope_process_get();
  if (!process || !bscope_lock_take(&process->pool, POOL_WAIT_NS))
    return NULL;
  struct bscope_ring **head = pool_for(recorder, size, nested);
  struct bscope_ring *ring = *head;
  if (ring)
    *head = ring->next;
  bscope_lock_release(&process->pool);
  return ring;
}

static struct bscope_ring *from_region(struct bscope_recorder *recorder, uint32_t size, bool nested) {
  size_t bytes = bscope_ring_bytes(size);
  struct bscope_ring *ring = bscope_region_alloc(recorder->region, bytes);
  if (!ring)
    return NULL;
  /* A page that is first touched in the middle of a write would cost it microseconds. */
  if (bscope_region_populate(ring, bytes) != 0) {
    bscope_region_free(recorder->region, ring, bytes, true);
    return NULL;
  }
  bscope_ring_init(ring, size, recorder->ring_start, nested);
  bscope_extent_publish(recorder->region, &ring->extent, BSCOPE_EXTENT_RING, offsetof(struct bscope_ring, slots),
                        bytes);
  bscope_add_relaxed(&recorder->ring_bytes, bytes); /* a figure to steer by, nothing is published by it */
  return ring;
}

struct bscope_ring *bscope_recorder_take_ring(struct bscope_recorder *recorder, uint32_t size, bool nested) {
  struct bscope_ring *ring = from_pool(recorder, size, nested);
  if (!ring && bscope_load_relaxed(&recorder->rings) >= RINGS_FEW) {
    bscope_collect_reclaim(recorder); /* threads that come and go faster than they are looked for leave rings behind */
    ring = from_pool(recorder, size, nested);
  }
  if (!ring)
    ring = from_region(recorder, size, nested);
  if (!ring)
    return NULL;
  ring->next = NULL;
  bscope_store_relaxed(&ring->state, BSCOPE_RING_LIVE); /* published with the thread or by thread->ring */
  bscope_add_relaxed(&recorder->rings, 1);
  return ring;
}

void bscope_recorder_give_ring(struct bscope_recorder *recorder, struct bscope_ring *ring) {
  for (unsigned i = 0; i < BSCOPE_DROP_REASONS; i++) {
    bscope_add_relaxed(&recorder->dropped[i], bscope_load_relaxed(&ring->dropped[i]));
    ring->dropped[i] = 0;
  }
  bscope_add_relaxed(&recorder->rings, (uint32_t)-1);
  struct bscope_process *process = bscope_process_get();
  if (!process || !bscope_lock_take(&process->pool, POOL_WAIT_NS))
    return; /* only its memory is lost, until the session ends */
  struct bscope_ring **head = pool_for(recorder, ring->size, ring->nested);
  ring->next = *head;
  *head = ring;
  bscope_lock_release(&process->pool);
}
