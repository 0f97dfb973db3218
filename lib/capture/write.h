/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an event gets into slots once it is clear that there is room: the part that the main and the nested ring share.
 */
#ifndef BSCOPE_CAPTURE_WRITE_H
#define BSCOPE_CAPTURE_WRITE_H

#include "base/atomic.h"
#include "base/tsc.h"
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

/* Fills slots [head, head + draft->slots), which the caller has claimed before it took the stamp, MORE slots first and
 * the event's own last. */
void bscope_write_slots(struct bscope_ring *ring, uint64_t head, const struct bscope_draft *draft, uint64_t stamp);

/* clock=tsc: the stamp for an event when the clock says `now` and the thread's last stamp is `last`, not below it. */
static inline uint64_t bscope_stamp_behind(struct bscope_thread *thread, uint64_t last, uint64_t now) {
  if (now < last)
    bscope_add_relaxed(&thread->clock_back, 1); /* relaxed: a count, read under the drain lock */
  return last + 1;
}

/* clock=tsc: the next stamp of the thread's own events. After the slot was claimed; bscope_stamp_note when published.
 */
static inline uint64_t bscope_stamp_take(struct bscope_thread *thread) {
  uint64_t now = bscope_tsc();
  uint64_t last = bscope_load_relaxed(&thread->control.busy_since); /* only this thread writes it */
  return bscope_likely(now > last) ? now : bscope_stamp_behind(thread, last, now);
}

/* relaxed: only this thread and its handlers read it. */
static inline void bscope_stamp_note(struct bscope_thread *thread, uint64_t stamp) {
  bscope_store_relaxed(&thread->control.busy_since, stamp);
}

/* Counts an event that can't be recorded. */
static inline void bscope_count_drop(struct bscope_ring *ring, enum bscope_drop reason) {
  bscope_add_relaxed(&ring->dropped[reason], 1); /* relaxed: a count, read under the drain lock */
}

#endif
