/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an event gets into slots once it is clear that there is room: the part that the main and the nested ring share.
 */
#ifndef BSCOPE_CAPTURE_WRITE_H
#define BSCOPE_CAPTURE_WRITE_H

#include "base/atomic.h"
#include "capture/recorder.h"

#include <string.h>

/* An event about to be written. */
struct bscope_draft {
  uint32_t site;
  uint64_t subject;
  uint64_t object;
  const uint8_t *payload; /* or NULL */
  uint32_t size;          /* bytes of payload, at most BSCOPE_PAYLOAD_MAX */
  bool cut;
  uint32_t slots; /* 1, or 1 + MORE slots */
};

/* The first MORE slot begins with this; the payload's bytes follow it through all of them. */
struct bscope_more_head {
  uint16_t size;
  uint16_t cut;
};

void bscope_draft_set_payload(struct bscope_draft *draft, const void *payload, size_t size);

/* Fills slots [head, head + draft->slots), which the caller has claimed, MORE slots first and the event's own last. */
void bscope_write_slots(struct bscope_ring *ring, uint64_t head, const struct bscope_draft *draft, uint64_t *clock);

/* Counts an event that can't be recorded. */
static inline void bscope_count_drop(struct bscope_ring *ring, enum bscope_drop reason) {
  bscope_add_relaxed(&ring->dropped[reason], 1); /* relaxed: a count, read under the drain lock */
}

#endif
