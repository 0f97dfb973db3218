/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be merged under clock=tsc, and why that is enough.
 *
 * The drainer reads the clock (T), has all threads pass a barrier, and only then looks into the rings, for events below
 * T. What was published before the barrier it sees. An event S that it does not see is published behind the barrier, so
 * after T. Whatever S happens before reads the clock after that, so it is not below T and stays for a later turn: S
 * comes first. And whatever happens before S was published before S read its clock, so below T it is seen, and has the
 * lower time: it goes in front of S, now or in the turn that finds S.
 *
 * So nobody waits for a writer in mid-call, however long it is stopped. It is counted as pending; when its event comes,
 * with a time that the merge has passed, it gets the position that is next, and its neighbour's time: its call was
 * under way all the time, so that is one of the places in the order that it may have. A write that was given up, by a
 * jump out of it or by its thread's death, is a LOST position before its ring's next event.
 */
#include "base/atomic.h"
#include "base/util.h"
#include "collect/timed.h"

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

bool bscope_timed_advance(struct bscope_timed *timed) {
  keep_time(timed);
  uint64_t now = bscope_tsc();
  if (!bscope_tsc_barrier())
    return false;
  timed->bound = now;
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
