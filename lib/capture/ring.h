/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring: slots that one thread fills and whoever holds the drain lock empties. Producer and consumer meet only in the
 * slots (each holds the low 32 bits of its running index + 1 once it is published) and in the tail.
 *
 *   who                     may run beside            reads             writes
 *   the owner, main ring    the drainer               tail (acquire)    slots, then slot.index (release)
 *   its handlers, nested    the owner, the drainer    tail (acquire)    slots, then slot.index (release)
 *   the drainer (one)       all of them               index (acquire)   tail (release)
 *
 * Indices run on over a ring's successive owners and never restart, so an index from an earlier life never fits.
 */
#ifndef BSCOPE_CAPTURE_RING_H
#define BSCOPE_CAPTURE_RING_H

#include "base/atomic.h"
#include "base/region.h"
#include "base/trace.h"

#include <borrowscope/types.h>

/* record.site: an id of the site table, or one of these */
#define BSCOPE_RECORD_VOID 0x7ffffff3u /* a write was abandoned here: no event, no stamp */
#define BSCOPE_RECORD_MORE 0x7ffffff4u /* 24 bytes of the payload of the event before it */
#define BSCOPE_RECORD_PAYLOAD 24u      /* bytes of payload in a MORE slot */
#define BSCOPE_RECORD_MORE_MAX 7u      /* MORE slots that one event may have */
#define BSCOPE_PAYLOAD_MAX 160u        /* bytes of payload that an event may have; longer ones are cut */
#define BSCOPE_RING_LEAST 2u           /* slots */

/* Why an event was not recorded: the order of the dropped_* fields in struct bscope_stats. */
enum bscope_drop {
  BSCOPE_DROP_FULL,
  BSCOPE_DROP_NESTED,
  BSCOPE_DROP_MEMORY,
  BSCOPE_DROP_STALLED,
  BSCOPE_DROP_PROCESS,
  BSCOPE_DROP_OVERSIZED,
  BSCOPE_DROP_REASONS
};

enum bscope_ring_state {
  BSCOPE_RING_LIVE = 0,     /* its owner may write into it */
  BSCOPE_RING_EXCHANGED = 1 /* its owner has gone over to a larger one: drained up to `last`, then pooled */
};

/* In the region; its slots follow it. */
struct bscope_ring {
  struct bscope_extent extent;
  uint64_t tail __attribute__((aligned(128))); /* atomic: index of the oldest slot not drained */
  uint64_t taken;                              /* nested rings, drainer only: which of [tail, tail + 64) were drained */
  /*
   * clock=tsc, drainer only: the event at copy_index is about to get position copy_position, or is UINT64_MAX. Where
   * that slot still waits and the position's cell is full, its drainer ended between the two and the event is in the
   * window already; in a main ring the same goes for each slot behind it and the position as far behind.
   */
  uint64_t copy_index;
  uint64_t copy_position;
  uint64_t dropped[BSCOPE_DROP_REASONS]
      __attribute__((aligned(64))); /* atomic: added to by the owner and its handlers */
  uint64_t head_nested;     /* nested rings: the next free index; changed by one unlocked compare-and-exchange */
  uint64_t last;            /* EXCHANGED: index behind the last slot that will ever be published */
  uint32_t size;            /* slots, a power of two */
  uint32_t thread;          /* number of the owner */
  uint32_t state;           /* atomic: enum bscope_ring_state */
  uint32_t nested;          /* 1: a nested ring, read out of order */
  struct bscope_ring *next; /* the owner's older rings; or the pool's next */
  uint32_t tid;             /* of the owner, and its name: for whoever finds the ring in a file */
  char name[16];
  struct bscope_record slots[] __attribute__((aligned(64)));
};

static inline size_t bscope_ring_bytes(uint32_t size) {
  return sizeof(struct bscope_ring) + (size_t)size * sizeof(struct bscope_record);
}

static inline struct bscope_record *bscope_ring_slot(struct bscope_ring *ring, uint64_t index) {
  return &ring->slots[index & (ring->size - 1)];
}

/* Whether a slot holds the record of running index `index`. Acquire: its fields may be read then. */
static inline bool bscope_ring_holds(const struct bscope_record *slot, uint64_t index) {
  return bscope_load_acquire(&slot->index) == (uint32_t)(index + 1); /* pairs with the release that ends a write */
}

static inline bool bscope_ring_is_published(const struct bscope_ring *ring, uint64_t index) {
  return bscope_ring_holds(&ring->slots[index & (ring->size - 1)], index);
}

/* A ring whose first index is `start`, with no slot published. The memory holds bscope_ring_bytes(size). */
void bscope_ring_init(struct bscope_ring *ring, uint32_t size, uint64_t start, bool nested);

/* Declares slot `index`, claimed and never published, void: an event that never comes. Only while its writer is known
 * to be dead or is the caller. */
void bscope_ring_void(struct bscope_ring *ring, uint64_t index);

/*
 * Declares what was claimed below index `end` and never published void, as above. A write's own slot comes first and is
 * published last, so it is the first one that is missing; what is missing behind it was meant for its payload. Whether
 * anything was.
 */
bool bscope_ring_void_unpublished(struct bscope_ring *ring, uint64_t end);

#endif
