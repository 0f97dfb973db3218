/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is complete under clock=tsc.
 *
 * A write claims its slot, reads the clock, publishes the slot, and notes its stamp in busy_since. The drainer reads
 * the clock (T), has all threads pass a barrier, and only then looks. A claim that it does not see was made behind the
 * barrier, so the clock was read after T. A claim that it sees is published, or open: then its stamp is above
 * busy_since. busy_since is stored behind the publication with release, so whichever value is found, what it names is
 * published. So nothing below the least of T and the open writes' busy_since + 1 is missing.
 *
 * A write that stays open for 100 ms is overtaken: it binds nobody any more. Its event, when it comes, gets the
 * position that is next then; that is in order, since its call was under way all the time: whatever happened before it
 * has a lower time than its own, and what happens after it was read after T in the turn that last saw it open. Until
 * then it is counted as pending. A writer that died in a write leaves a LOST position.
 */
#include "base/atomic.h"
#include "base/util.h"
#include "collect/state.h"

#define ASK_NS                                                                                                         \
  1000000u /* a write is open for so long before the kernel is asked for its thread, and between questions */

/* Whether an event's own slot is missing below `head`: it is the last to be published, with its payload behind it. */
static bool is_main_open(struct bscope_ring *ring, uint64_t head) {
  uint64_t tail = bscope_load_relaxed(&ring->tail); /* only the holder of the drain lock writes it */
  for (uint64_t i = head; i != tail && head - i <= BSCOPE_RECORD_MORE_MAX; i--) {
    if (!bscope_ring_is_published(ring, i - 1))
      return true;
    if (bscope_ring_slot(ring, i - 1)->site != BSCOPE_RECORD_MORE)
      return false;
  }
  return false;
}

static bool is_nested_open(struct bscope_ring *ring, uint64_t head) {
  uint64_t tail = bscope_load_relaxed(&ring->tail); /* as above */
  for (uint64_t i = tail; i != head; i++)
    if (!(ring->taken >> (i - tail) & 1) && !bscope_ring_is_published(ring, i))
      return true;
  return false;
}

/* The same write as before, for how long. */
static uint64_t open_for(struct bscope_held *held, uint64_t head, uint64_t now) {
  if (held->since_ns == 0 || held->head != head)
    *held = (struct bscope_held){head, now};
  return now - held->since_ns;
}

static void forget(struct bscope_held *held) {
  if (held->since_ns) /* a store only where it is needed: the line is the thread's */
    held->since_ns = 0;
}

/* What a dead thread left open is given up. */
static bool is_given_up(struct bscope_timed *timed, struct bscope_recorder *recorder, struct bscope_thread *t,
                        uint64_t now) {
  if (now - timed->asked_ns < ASK_NS)
    return false;
  timed->asked_ns = now;
  if (!bscope_thread_is_gone(t))
    return false;
  bool any = bscope_retire_abandoned(t, true);
  bscope_add_relaxed(&recorder->abandoned, any);
  return true;
}

/* Whether the thread has a write open that others wait for. */
static bool is_held(struct bscope_timed *timed, struct bscope_recorder *recorder, struct bscope_thread *t,
                    uint64_t now) {
  uint64_t busy = bscope_load_acquire(&t->control.busy); /* pairs with the release that ends a write */
  if (busy == BSCOPE_BUSY_IDLE || (busy == BSCOPE_BUSY_DRAINING && bscope_load_acquire(&t->nesting) == 0)) {
    forget(&t->held_main);
    forget(&t->held_nested);
    return false;
  }
  /* When the ring is exchanged in between, the two don't fit: then a write is taken for open that is not, for a turn.
   */
  uint64_t head = bscope_load_relaxed(&t->control.head);
  uint64_t nested = bscope_load_relaxed(&t->nested->head_nested);
  bool main_open = is_main_open(bscope_load_acquire(&t->ring), head); /* pairs with exchange_ring */
  bool nested_open = bscope_load_acquire(&t->nesting) != 0 && is_nested_open(t->nested, nested);
  uint64_t main_for = main_open ? open_for(&t->held_main, head, now) : 0;
  uint64_t nested_for = nested_open ? open_for(&t->held_nested, nested, now) : 0;
  if (!main_open)
    forget(&t->held_main);
  if (!nested_open)
    forget(&t->held_nested);
  if (bscope_max_u64(main_for, nested_for) > ASK_NS && is_given_up(timed, recorder, t, now))
    return false;
  return (main_open && main_for <= BSCOPE_GAP_NS) || (nested_open && nested_for <= BSCOPE_GAP_NS);
}

/* The rate is taken over at least that long. */
static void keep_time(struct bscope_timed *t) {
  const uint64_t apart = UINT64_C(1) << 20; /* ticks: half a millisecond */
  t->now = bscope_tsc_now();
  if (t->now.ticks - t->middle.ticks >= apart) {
    t->old = t->middle;
    t->middle = t->now;
  }
  uint64_t ticks = t->now.ticks - t->old.ticks;
  __extension__ unsigned __int128 ns = t->now.ns - t->old.ns;
  t->rate = ticks ? (uint64_t)((ns << 32) / ticks) : 0;
}

bool bscope_timed_watermark(struct bscope_timed *timed, struct bscope_recorder *recorder) {
  keep_time(timed);
  uint64_t bound = bscope_tsc();
  if (!bscope_tsc_barrier())
    return false;
  uint64_t now = bscope_now_ns();
  for (struct bscope_thread *t = bscope_load_acquire(&recorder->threads); t; t = t->next) {
    uint64_t since = bscope_load_acquire(&t->control.busy_since); /* pairs with bscope_stamp_note */
    if (is_held(timed, recorder, t, now) && (int64_t)(since + 1 - bound) < 0)
      bound = since + 1;
  }
  timed->bound = bound;
  return true;
}

/* --- what is not merged yet --- */

static bool counts(const struct bscope_timed *timed, const struct bscope_record *slot) {
  return slot->site != BSCOPE_RECORD_MORE &&
         (slot->site == BSCOPE_RECORD_VOID || (int64_t)(slot->stamp - timed->base) >= 0);
}

/* Published ones, and the one behind them that is open. */
static uint64_t waiting_main(const struct bscope_timed *timed, struct bscope_ring *ring, uint64_t head) {
  uint64_t i = bscope_load_relaxed(&ring->tail), n = 0; /* only the holder of the drain lock writes it */
  for (uint64_t end = i + ring->size; i != end && bscope_ring_is_published(ring, i); i++)
    n += counts(timed, bscope_ring_slot(ring, i));
  return n + (head - i - 1 < ring->size);
}

static uint64_t waiting_nested(const struct bscope_timed *timed, struct bscope_ring *ring) {
  uint64_t tail = bscope_load_relaxed(&ring->tail), head = bscope_load_relaxed(&ring->head_nested), n = 0;
  bool before = true; /* the slot before is published; those of one write follow each other */
  for (uint64_t i = tail; i != head; i++) {
    bool published = bscope_ring_is_published(ring, i);
    if (!(ring->taken >> (i - tail) & 1))
      n += published ? counts(timed, bscope_ring_slot(ring, i)) : before;
    before = published;
  }
  return n;
}

uint64_t bscope_timed_waiting(const struct bscope_timed *timed, const struct bscope_recorder *recorder) {
  uint64_t n = 0;
  for (struct bscope_thread *t = bscope_load_acquire(&recorder->threads); t; t = t->next) {
    struct bscope_ring *ring = bscope_load_acquire(&t->ring); /* pairs with exchange_ring */
    n += waiting_main(timed, ring, bscope_load_relaxed(&t->control.head));
    while ((ring = ring->next) != NULL)
      n += waiting_main(timed, ring, ring->last);
    n += waiting_nested(timed, t->nested);
  }
  return n;
}
