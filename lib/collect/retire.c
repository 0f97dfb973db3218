/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that are gone: what their rings still hold is drained, what they left half written is declared void, then
 * block and rings go back to the pools. A thread that ends is looked at each turn, others once a second.
 */
#include "base/atomic.h"
#include "collect/state.h"

#define LOOK_NS 1000000000u
#define LOOKS_MOST 16u /* living threads asked for in one turn: each costs microseconds under the drain lock */

static bool is_due(const struct bscope_thread *t, uint64_t now) {
  return bscope_load_acquire(&t->ending) || bscope_load_acquire(&t->left) || now - t->looked_ns > LOOK_NS;
}

/* Slots that it claimed and never published; its published ones are drained already or stay for the next turn. In a
 * nested ring they are of interest only where that makes them positions. */
static bool void_abandoned(struct bscope_session *s, struct bscope_thread *t) {
  (void)bscope_load_acquire(&t->control.busy);              /* pairs with the begin or end of its last write */
  struct bscope_ring *ring = bscope_load_acquire(&t->ring); /* pairs with exchange_ring */
  bool any = bscope_ring_void_unpublished(ring, bscope_load_relaxed(&t->control.head));
  if (s->recorder.timed)
    any |= bscope_ring_void_unpublished(t->nested, bscope_load_relaxed(&t->nested->head_nested));
  if (any)
    bscope_add_relaxed(&s->recorder.abandoned, 1);
  return any;
}

/* After void_abandoned has acquired what the thread did last. */
static bool is_drained(const struct bscope_thread *t) {
  const struct bscope_ring *ring = bscope_load_relaxed(&t->ring), *nested = t->nested;
  if (ring->next || bscope_load_relaxed(&ring->tail) != bscope_load_relaxed(&t->control.head))
    return false;
  uint64_t tail = bscope_load_relaxed(&nested->tail), end = bscope_load_relaxed(&nested->head_nested);
  for (uint64_t i = tail; i != end; i++) {
    bool taken = nested->taken >> (i - tail) & 1;
    if (!taken && bscope_ring_is_published(nested, i))
      return false;
  }
  return true;
}

static void pool(struct bscope_session *s, struct bscope_thread *t) {
  t->nested->tail = t->nested->head_nested; /* what was claimed there and never published is given up with its owner */
  t->nested->taken = 0;
  s->clock_back += bscope_load_relaxed(&t->clock_back);
  bscope_recorder_give_ring(&s->recorder, t->nested);
  bscope_recorder_give_ring(&s->recorder, t->ring);
  if (!bscope_load_acquire(&t->left)) /* a thread that went over to a newer session may still look at its old block */
    bscope_thread_pool(t);
}

/* The list's head changes under the owners' pushes; what stands behind it only under the drain lock. */
static bool unlink_thread(struct bscope_session *s, struct bscope_thread *before, struct bscope_thread *t) {
  if (before) {
    before->next = t->next;
    return true;
  }
  struct bscope_thread *head = t;
  return bscope_cas_acquire(&s->recorder.threads, &head, t->next); /* lost to a push: next turn */
}

/* A thread left for a newer session, or gone. */
static bool is_finished(struct bscope_thread *t, uint64_t now) {
  t->looked_ns = now;
  return bscope_load_acquire(&t->left) || bscope_thread_is_gone(t);
}

/* Threads that end are always looked at; of the others a few in one turn. */
static bool may_look(const struct bscope_thread *t, unsigned *looks) {
  return bscope_load_acquire(&t->ending) || (*looks > 0 && (*looks)-- > 0);
}

void bscope_retire_threads(struct bscope_session *session, uint64_t now) {
  struct bscope_thread *before = NULL;
  unsigned looks = LOOKS_MOST;
  for (struct bscope_thread *t = bscope_load_acquire(&session->recorder.threads), *next; t; t = next) {
    next = t->next;
    if (is_due(t, now) && may_look(t, &looks) && is_finished(t, now) && !void_abandoned(session, t) && is_drained(t) &&
        unlink_thread(session, before, t))
      pool(session, t);
    else
      before = t;
  }
}
