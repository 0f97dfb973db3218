/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One turn of draining. The order of its steps is the proof that a missing stamp is lost:
 *
 *   (i)   read the clock: C (acquire);
 *   (ii)  take the list of threads (acquire);
 *   (iii) see each thread idle once (busy and nesting, acquire), or find it dead;
 *   (iv)  drain every ring to its end.
 *
 * The increment that took a stamp g < C heads a release sequence that (i) reads from, so what its thread did before
 * (its registration, busy set) is visible at (ii) and (iii). Idle there means that busy was cleared after g was
 * published, so (iv) sees it. Not published by then means never. RELEASE on the clock is therefore as much a part of
 * this as it is of the tracking call. Stamps that can't be judged so are passed as OPEN after 100 ms.
 */
#include "base/atomic.h"
#include "collect/state.h"
#include "collect/trace.h"

#define RETIRE_NS 1000000u /* threads that end are looked for so often */

struct scan {
  bool all_idle; /* every thread was seen idle, or is dead */
  uint32_t threads;
};

static bool is_idle(const struct bscope_thread *t) {
  uint64_t busy = bscope_load_acquire(&t->control.busy); /* pairs with the release that ends a write */
  /* A nested write is open only while what it interrupted is: with busy 0 a count of them is what a jump left behind.
   */
  return busy == BSCOPE_BUSY_IDLE || (busy == BSCOPE_BUSY_DRAINING && bscope_load_acquire(&t->nesting) == 0);
}

static struct scan scan_threads(const struct bscope_session *s) {
  struct scan scan = {.all_idle = true};
  for (const struct bscope_thread *t = bscope_load_acquire(&s->recorder.threads); t; t = t->next) {
    scan.threads++;
    if (scan.all_idle && !is_idle(t))
      scan.all_idle = false;
  }
  return scan;
}

/* Whether those that are not idle are dead: asked of the kernel, so only while something is missing. */
static bool rest_is_dead(const struct bscope_session *s) {
  for (const struct bscope_thread *t = bscope_load_acquire(&s->recorder.threads); t; t = t->next) {
    if (!is_idle(t) && !bscope_thread_is_gone(t))
      return false;
  }
  return true;
}

static uint32_t find_open(const struct bscope_session *s, uint64_t stamp) {
  uint32_t i = 0;
  while (i < s->open_count && s->open[i] != stamp)
    i++;
  return i;
}

static void forget_open(struct bscope_session *s, uint32_t i) {
  s->open[i] = s->open[--s->open_count];
}

static enum bscope_late_taking take_late(void *context, const struct bscope_cell *cell, uint64_t stamp) {
  struct bscope_session *s = context;
  uint32_t i = find_open(s, stamp);
  bool followed = i < s->open_count;
  if ((!followed && s->open_unfollowed == 0) || !bscope_store_keeps(s->store, stamp))
    return BSCOPE_LATE_UNWANTED;
  if (!bscope_store_add_late(s->store, cell, stamp))
    return BSCOPE_LATE_WAITS;
  if (followed)
    forget_open(s, i);
  else
    s->open_unfollowed--;
  return BSCOPE_LATE_TAKEN;
}

/* Tells the log a thread's name: with its events, since the log forgets threads whose events it has let go of. */
static void announce(struct bscope_session *s, struct bscope_thread *t) {
  uint32_t version = bscope_load_acquire(&t->name_version); /* pairs with mark_ending: names[1] is whole */
  if (bscope_store_set_thread(s->store, t->number, t->tid, t->names[version - 1]) == BSCOPE_OK)
    t->announced_version = version;
}

static void unlink_drained(struct bscope_session *s, struct bscope_ring **at) {
  struct bscope_ring *ring = *at;
  bscope_store_release(at, ring->next);
  bscope_recorder_give_ring(&s->recorder, ring);
}

static bool is_half_full(const struct bscope_ring *ring, uint64_t slots) {
  return slots >= ring->size / 2;
}

/* Tells the log of a thread that has brought `placed` events in this turn, or has a new name. */
static void note_thread(struct bscope_session *s, struct bscope_thread *t, uint64_t placed) {
  if (placed)
    t->announced = (uint32_t)s->log_generation;
  bool renamed = t->announced_version != bscope_load_relaxed(&t->name_version); /* announce acquires it */
  if (t->announced == (uint32_t)s->log_generation && (placed || renamed))
    announce(s, t);
}

/* All rings of one thread: its present one and those that it has exchanged, oldest last; then the nested one. */
static void drain_thread(struct bscope_session *s, struct bscope_thread *t, struct bscope_merge *m,
                         struct bscope_turn *turn) {
  uint64_t placed = m->placed;
  struct bscope_ring **at = &t->ring;
  for (struct bscope_ring *ring; (ring = bscope_load_acquire(at)) != NULL;) { /* pairs with exchange_ring */
    uint64_t before = m->slots;
    bscope_merge_main(m, ring);
    turn->half_full |= is_half_full(ring, m->slots - before);
    if (at != &t->ring && bscope_load_acquire(&ring->state) == BSCOPE_RING_EXCHANGED && ring->tail == ring->last)
      unlink_drained(s, at);
    else
      at = &ring->next;
  }
  bscope_merge_nested(m, t->nested);
  note_thread(s, t, m->placed - placed);
}

static void drain_all(struct bscope_session *s, uint32_t threads, struct bscope_merge *m, struct bscope_turn *turn) {
  m->limit = bscope_max_u64(64, BSCOPE_TURN_SLOTS / bscope_max_u64(threads, 1));
  for (struct bscope_thread *t = bscope_load_acquire(&s->recorder.threads); t; t = t->next)
    drain_thread(s, t, m, turn);
}

/* Everything missing below `clock` is lost. */
static void declare_lost(struct bscope_session *s, uint64_t clock) {
  struct bscope_window *w = &s->window;
  bool behind = bscope_stamp_distance(w->prefix, clock) > 0;
  for (uint64_t stamp = w->prefix; behind && stamp != clock; stamp++) {
    if (!bscope_window_has(w, stamp) && !bscope_window_mark(w, stamp, BSCOPE_SITE_LOST))
      return;
    if ((stamp & (BSCOPE_CHUNK_CELLS - 1)) == 0)
      bscope_window_advance(w, clock);
  }
  if (behind)
    bscope_window_advance(w, clock);
  for (uint32_t i = s->open_count; i-- > 0;) {
    const struct bscope_cell lost = {.site = BSCOPE_SITE_LOST, .full = s->open[i] + 1};
    if (bscope_stamp_distance(s->open[i], clock) <= 0)
      continue;
    (void)bscope_store_add_late(s->store, &lost, s->open[i]);
    forget_open(s, i);
  }
}

static void note_open(struct bscope_session *s, uint64_t stamp) {
  if (s->open_count < BSCOPE_OPEN_MOST)
    s->open[s->open_count++] = stamp;
  else
    s->open_unfollowed++;
}

/* Passes what is missing below the gap's clock and in no ring: nobody waits longer for it. */
static void pass_gap(struct bscope_session *s, const struct bscope_merge *m) {
  struct bscope_window *w = &s->window;
  uint64_t end = s->gap.clock;
  if (m->more && bscope_stamp_distance(m->waiting, end) > 0)
    end = m->waiting;
  while (bscope_stamp_distance(w->prefix, end) > 0) {
    uint64_t stamp = w->prefix;
    if (!bscope_window_has(w, stamp)) {
      if (!bscope_window_mark(w, stamp, BSCOPE_SITE_OPEN))
        return;
      note_open(s, stamp);
    }
    bscope_window_advance(w, end);
  }
}

/* What to do about stamps below `clock` that have not come: nothing yet, declare them lost, or pass them. */
static void settle_gap(struct bscope_session *s, uint64_t clock, bool proved, const struct bscope_merge *m) {
  struct bscope_window *w = &s->window;
  /* Full because of the gap, and not because packing lags behind. */
  bool held_up = m->far && bscope_window_oldest(w, BSCOPE_CHUNK_FILLING);
  bool complete = bscope_stamp_distance(w->prefix, clock) <= 0;
  if (complete && s->open_count == 0) {
    s->gap.since_ns = 0;
    return;
  }
  if (proved) {
    declare_lost(s, clock);
    s->gap.since_ns = 0;
    return;
  }
  uint64_t now = bscope_now_ns();
  if (complete || s->gap.since_ns == 0 || s->gap.at != w->prefix)
    s->gap = (struct bscope_gap){.since_ns = now, .clock = clock, .at = w->prefix};
  else if (held_up || (now - s->gap.since_ns > BSCOPE_GAP_NS && !m->far && !m->no_memory)) {
    pass_gap(s, m);
    s->gap.since_ns = 0;
  }
}

/*
 * Between events the counter stands still: a second sample of the same stamp then tells from when on later events can
 * have happened, so that a pause is not spread over them.
 */
void bscope_drain_sample(struct bscope_session *session, bool forced) {
  uint64_t clock = bscope_load_acquire(session->recorder.clock);
  uint64_t now = bscope_now_ns();
  uint64_t fresh = clock - bscope_store_last_sample(session->store);
  if (!forced && fresh != 0 && fresh < BSCOPE_SAMPLE_EVENTS && now - session->sampled_ns < BSCOPE_SAMPLE_NS)
    return;
  bscope_store_add_sample(session->store, clock, now);
  bscope_trace_sample(session, clock, now);
  session->sampled_ns = now;
}

static size_t bytes_of(const struct bscope_session *s) {
  struct bscope_store_counts counts;
  bscope_store_count(s->store, &counts);
  return counts.bytes + s->window.bytes + bscope_load_relaxed(&s->recorder.ring_bytes);
}

/* Lets go of the oldest blocks so that `extra` bytes more fit into the budget. */
static void evict(struct bscope_session *s, size_t extra) {
  struct bscope_store_counts counts;
  bscope_store_count(s->store, &counts);
  size_t others = bytes_of(s) - counts.bytes + extra;
  size_t allowed = s->settings.memory > others ? s->settings.memory - others : 0;
  if (counts.bytes > allowed)
    bscope_store_evict(s->store, allowed);
}

/* There is no memory to be had, whatever the budget says: half of the log makes room for what is newer. */
static void evict_half(struct bscope_session *s) {
  struct bscope_store_counts counts;
  bscope_store_count(s->store, &counts);
  bscope_store_evict(s->store, counts.bytes / 2);
}

/* Packed chunks go into the log in their turn. */
static void append_packed(struct bscope_session *s) {
  struct bscope_chunk *chunk;
  while ((chunk = bscope_window_oldest(&s->window, BSCOPE_CHUNK_ENCODED)) != NULL) {
    if (bscope_stamp_distance(bscope_store_last_sample(s->store), chunk->base + chunk->count) > 0)
      bscope_drain_sample(s, true);
    if (bscope_store_append(s->store, chunk) != BSCOPE_OK) {
      evict_half(s);
      if (bscope_store_append(s->store, chunk) != BSCOPE_OK)
        return;
    }
    bscope_window_release_oldest(&s->window);
  }
  evict(s, 0);
}

static void drain_counted(struct bscope_session *session, struct bscope_merge *m, struct bscope_turn *turn) {
  uint64_t clock = bscope_load_acquire(session->recorder.clock); /* (i) */
  struct scan scan = scan_threads(session);                      /* (ii), (iii) */
  drain_all(session, scan.threads, m, turn);                     /* (iv) */
  bscope_window_advance(&session->window, session->window.base + INT64_MAX);
  bool drained = !m->more && !m->far && !m->no_memory;
  bool missing = bscope_stamp_distance(session->window.prefix, clock) > 0 || session->open_count > 0;
  if (missing) {
    bool proved = drained && (scan.all_idle || rest_is_dead(session));
    /* Dead writers may have died between (iii) and the question: what they published is drained once more. */
    if (proved && !scan.all_idle)
      drain_all(session, scan.threads, m, turn);
    settle_gap(session, clock, proved && !m->more && !m->far && !m->no_memory, m);
  } else {
    session->gap.since_ns = 0;
  }
}

static void drop_exchanged(struct bscope_session *s, struct bscope_thread *t) {
  struct bscope_ring **at = &bscope_load_acquire(&t->ring)->next; /* pairs with exchange_ring */
  while (*at) {
    if ((*at)->tail == (*at)->last)
      unlink_drained(s, at);
    else
      at = &(*at)->next;
  }
}

/* Under clock=tsc. A bound whose events the last turn could not take all serves again: another one costs a barrier. */
static void drain_timed(struct bscope_session *session, struct bscope_merge *m) {
  struct bscope_timed *timed = &session->timed;
  struct bscope_timed_turn turn = {.timed = timed, .merge = m, .recorder = &session->recorder};
  bool again = timed->unfinished;
  m->limit = BSCOPE_TURN_SLOTS;
  if (again || bscope_timed_advance(timed))
    bscope_timed_merge(&turn);
  else
    timed->lane_count = 0;
  m->more |= again && !m->far && !m->no_memory; /* what has come since is for the next turn */
  bscope_window_advance(&session->window, session->window.base + INT64_MAX);
  for (uint32_t i = 0; i + 1 < timed->lane_count; i += 2) {
    struct bscope_thread *t = timed->lanes[i].thread;
    note_thread(session, t, timed->lanes[i].placed + timed->lanes[i + 1].placed);
    drop_exchanged(session, t);
  }
}

/* A trace that is marked as complete is so no longer when events are about to come from the rings. */
static void reopen(struct bscope_session *s) {
  if (!s->trace || bscope_load_relaxed(&s->trace->state) != BSCOPE_TRACE_DONE) /* written under the lock alone */
    return;
  if (bscope_load_acquire(s->recorder.clock) != s->window.prefix ||
      (s->recorder.timed && bscope_timed_waiting(&s->timed, &s->recorder)))
    bscope_trace_set_state(s, BSCOPE_TRACE_LIVE);
}

void bscope_drain_turn(struct bscope_session *session, struct bscope_turn *turn) {
  struct bscope_merge m = {.window = &session->window, .late = take_late, .context = session};
  *turn = (struct bscope_turn){0};
  reopen(session);
  if (session->recorder.timed)
    drain_timed(session, &m);
  else
    drain_counted(session, &m, turn);
  uint64_t now = bscope_now_ns();
  if (now - session->retired_ns > RETIRE_NS) {
    session->retired_ns = now;
    bscope_retire_threads(session, now);
  }
  append_packed(session);
  if (m.no_memory || bscope_exchange_acq_rel(&session->starved, 0))
    evict_half(session);
  bscope_drain_sample(session, false);
  if (m.placed)
    bscope_trace_count(session);
  bscope_add_release(&session->moved, m.placed); /* pairs with producers that wait for progress */
  turn->reached = session->window.prefix;
  if (session->recorder.timed)
    turn->reached = session->timed.unfinished ? session->timed.base : session->timed.bound;
  turn->placed = m.placed;
  turn->more = m.more;
  turn->no_memory = m.no_memory;
}

/* Packs a claimed chunk; the log takes it over in a later turn. */
static void pack(struct bscope_session *s, struct bscope_chunk *chunk) {
  (void)bscope_store_encode(s->store, chunk);     /* without memory the chunk is FULL again and waits for its turn */
  bscope_add_release(&chunk->refs, (uint32_t)-1); /* pairs with the acquire before a chunk is used again */
}

bool bscope_drain_take(struct bscope_process *process) {
  for (uint32_t turns = bscope_load_relaxed(&process->drain.turns);;) {
    if (bscope_lock_take(&process->drain, BSCOPE_LOCK_WAIT_NS))
      return true;
    uint32_t now = bscope_load_relaxed(&process->drain.turns);
    if (now == turns)
      return false;
    turns = now;
  }
}

bool bscope_drain_once(struct bscope_session *session, uint64_t wait_ns, bool packs, struct bscope_turn *turn) {
  struct bscope_process *process = bscope_process_get();
  if (!(wait_ns ? bscope_lock_take(&process->drain, wait_ns) : bscope_drain_take(process)))
    return false;
  bscope_drain_turn(session, turn);
  uint64_t waiting = 0;
  struct bscope_chunk *chunk = bscope_window_claim(&session->window, &waiting);
  bool mine = chunk && (packs || waiting > 0);
  if (chunk && !mine) {
    bscope_store_release(&chunk->state, BSCOPE_CHUNK_FULL);
    bscope_add_release(&chunk->refs, (uint32_t)-1);
  }
  bscope_lock_release(&process->drain);
  if (mine)
    pack(session, chunk);
  if (waiting > 0)
    turn->more = true;
  return true;
}

void bscope_collect_reclaim(struct bscope_recorder *recorder) {
  struct bscope_session *session = (struct bscope_session *)recorder;
  struct bscope_process *process = bscope_process_get();
  struct bscope_turn turn;
  bool held = bscope_lock_is_mine(&process->drain); /* by a thread that is being attached */
  if (!held && !bscope_lock_try(&process->drain))
    return; /* somebody drains, and looks for them as well */
  bscope_drain_turn(session, &turn);
  if (!held)
    bscope_lock_release(&process->drain);
}

enum bscope_room bscope_collect_drain_for(struct bscope_recorder *recorder, uint64_t *progress) {
  struct bscope_session *session = (struct bscope_session *)recorder;
  struct bscope_turn turn;
  bool packs = session->settings.collector == BSCOPE_COLLECTOR_NONE;
  bscope_collect_wake(bscope_process_get());
  bool locked = bscope_drain_once(session, BSCOPE_GAP_NS, packs, &turn);
  uint64_t moved = bscope_load_acquire(&session->moved); /* pairs with the end of anybody's turn */
  bool progressed = moved != *progress;
  *progress = moved;
  if (progressed)
    return BSCOPE_ROOM_MOVED;
  return locked && turn.no_memory ? BSCOPE_ROOM_NO_MEMORY : BSCOPE_ROOM_WAITED;
}
