/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The merge: a heap of lanes whose root runs on as long as it stays in front, so that a thread's burst costs one
 * comparison an event and a fair mix of k threads two for each level. Events go from their ring straight into the
 * window: a ring is the sorted run that a merge wants, and what must wait waits where it is.
 *
 * An event that was published while its neighbours were merged comes with a time below theirs, and gets the next
 * position (timed_bound.c).
 */
#include "collect/timed.h"

#include "base/atomic.h"
#include "base/util.h"

__extension__ typedef __int128 wide;

void bscope_timed_begin(struct bscope_timed *timed) {
  struct bscope_tsc_pair now = bscope_tsc_now();
  timed->base = now.ticks;
  timed->last_ns = now.ns;
  timed->bound = now.ticks;
  timed->unfinished = false;
  if (timed->now.ns == 0)
    timed->old = timed->middle = timed->now = now;
}

bool bscope_timed_reserve(struct bscope_timed *timed, struct bscope_region *region, size_t threads) {
  const size_t each = sizeof(*timed->lanes) + sizeof(*timed->heap);
  if (2 * threads <= timed->capacity)
    return true;
  size_t bytes = bscope_round_up(4 * threads * each, BSCOPE_GRANULE); /* twice as much as is needed now */
  void *memory = bscope_region_alloc(region, bytes);
  if (!memory)
    return false;
  if (timed->lanes)
    bscope_region_free(region, timed->lanes, bscope_round_up(timed->capacity * each, BSCOPE_GRANULE), false);
  timed->capacity = bytes / each;
  timed->lanes = memory;
  timed->heap = (struct bscope_lane_key *)(void *)(timed->lanes + timed->capacity);
  return true;
}

/* CLOCK_MONOTONIC of a time, along the line through `old` and `now`; never before the position before it. */
static uint64_t ns_of(struct bscope_timed *timed, uint64_t time) {
  int64_t ago = (int64_t)(timed->now.ticks - time);
  uint64_t ns = timed->now.ns - (uint64_t)(int64_t)((wide)ago * (wide)timed->rate >> 32);
  timed->last_ns = bscope_max_u64(timed->last_ns, ns);
  return timed->last_ns;
}

static bool is_older(const struct bscope_timed *timed, uint64_t time) {
  return (int64_t)(time - timed->base) < 0;
}

/* --- lanes --- */

static bool is_nested(const struct bscope_lane *lane) {
  return lane->ring->nested;
}

static struct bscope_ring *oldest_ring(struct bscope_thread *thread) {
  struct bscope_ring *ring = bscope_load_acquire(&thread->ring); /* pairs with exchange_ring */
  while (ring->next)
    ring = ring->next;
  return ring;
}

/* Publishes how far the ring was read. */
static void end_ring(struct bscope_lane *lane) {
  if (is_nested(lane))
    bscope_merge_end_nested(lane->ring);
  else
    bscope_store_release(&lane->ring->tail, lane->at); /* pairs with the owner's acquire: slots behind it were read */
}

/* Before cells are written: where the lane's next events go, for whoever reads what is left of a program. */
static void note_copy(struct bscope_lane *lane, uint64_t position) {
  bscope_store_release(&lane->ring->copy_index, UINT64_MAX); /* partner of all three: whoever reads the file */
  bscope_store_release(&lane->ring->copy_position, position);
  bscope_store_release(&lane->ring->copy_index, lane->at);
}

/* Over to the ring that its thread exchanged this one for, when this one is read to its end. */
static bool next_ring(struct bscope_lane *lane) {
  struct bscope_ring *newer = bscope_load_acquire(&lane->thread->ring); /* pairs with exchange_ring */
  /* An exchange under way has marked the old ring already and not shown the new one. */
  if (newer == lane->ring || bscope_load_acquire(&lane->ring->state) != BSCOPE_RING_EXCHANGED ||
      lane->at != lane->ring->last)
    return false;
  while (newer->next != lane->ring)
    newer = newer->next;
  end_ring(lane);
  lane->ring = newer;
  lane->at = bscope_load_relaxed(&newer->tail); /* only the holder of the drain lock writes it */
  return true;
}

/* Moves the main lane on by `slots`, or takes them out of the nested ring. */
static void pass(struct bscope_timed_turn *turn, struct bscope_lane *lane, uint32_t slots) {
  if (is_nested(lane))
    bscope_merge_mark_taken(lane->ring, lane->at - lane->ring->tail, slots);
  else
    lane->at += slots;
  turn->merge->slots += slots;
}

/* The event's slots: its own and those of its payload. */
static uint32_t slots_of(struct bscope_ring *ring, uint64_t index) {
  uint32_t n = 1;
  while (n <= BSCOPE_RECORD_MORE_MAX && bscope_ring_is_published(ring, index + n) &&
         bscope_ring_slot(ring, index + n)->site == BSCOPE_RECORD_MORE)
    n++;
  return n;
}

static uint64_t next_position(const struct bscope_timed_turn *turn) {
  return bscope_load_relaxed(turn->recorder->clock); /* only the holder of the drain lock writes it here */
}

static void position_given(struct bscope_timed_turn *turn, struct bscope_lane *lane) {
  bscope_store_release(turn->recorder->clock, next_position(turn) + 1); /* pairs with whoever counts */
  lane->placed++;
}

/* Whether a published slot holds an event of this generation. Others are dealt with: a void one is a position that is
 * LOST. `*stuck`: there is no room for that. */
static bool is_event(struct bscope_timed_turn *turn, struct bscope_lane *lane, uint64_t index, bool *stuck) {
  const struct bscope_record *slot = bscope_ring_slot(lane->ring, index);
  lane->at = index;
  if (slot->site == BSCOPE_RECORD_VOID) {
    *stuck = !bscope_merge_put_lost(turn->merge, next_position(turn), turn->timed->last_ns);
    if (*stuck)
      return false;
    position_given(turn, lane);
    pass(turn, lane, 1);
    return false;
  }
  if (slot->site == BSCOPE_RECORD_MORE)
    pass(turn, lane, 1);
  else if (is_older(turn->timed, slot->stamp))
    pass(turn, lane, slots_of(lane->ring, index));
  else
    return true;
  return false;
}

static bool front_main(struct bscope_timed_turn *turn, struct bscope_lane *lane) {
  bool stuck = false;
  do {
    while (bscope_ring_is_published(lane->ring, lane->at)) {
      if (bscope_likely(is_event(turn, lane, lane->at, &stuck))) {
        lane->time = bscope_ring_slot(lane->ring, lane->at)->stamp;
        return true;
      }
      if (stuck)
        return false;
    }
  } while (next_ring(lane));
  return false;
}

static bool front_nested(struct bscope_timed_turn *turn, struct bscope_lane *lane) {
  uint64_t tail = bscope_load_relaxed(&lane->ring->tail), best = 0; /* only the holder of the drain lock writes it */
  bool any = false, stuck = false;
  if (bscope_load_relaxed(&lane->ring->head_nested) ==
      tail) /* what lies below the bound was claimed before the barrier */
    return false;
  for (uint64_t i = 0; i < lane->ring->size && !stuck; i++) {
    if (!bscope_merge_has_nested(lane->ring, i) || !is_event(turn, lane, tail + i, &stuck))
      continue;
    uint64_t time = bscope_ring_slot(lane->ring, tail + i)->stamp;
    if (any && (int64_t)(time - lane->time) >= 0)
      continue;
    best = tail + i;
    lane->time = time;
    any = true;
  }
  lane->at = best;
  return any;
}

/* Finds the event in front and its time. False: there is none below the bound. */
static bool front(struct bscope_timed_turn *turn, struct bscope_lane *lane) {
  bool any = is_nested(lane) ? front_nested(turn, lane) : front_main(turn, lane);
  return any && (int64_t)(lane->time - turn->timed->bound) < 0;
}

/* --- the heap --- */

static bool comes_before(struct bscope_lane_key a, struct bscope_lane_key b) {
  return a.time != b.time ? (int64_t)(a.time - b.time) < 0 : a.order < b.order;
}

static void sift_down(struct bscope_timed *t, uint32_t i) {
  const struct bscope_lane_key key = t->heap[i];
  for (;;) {
    uint32_t child = 2 * i + 1;
    if (child >= t->heap_count)
      break;
    if (child + 1 < t->heap_count && comes_before(t->heap[child + 1], t->heap[child]))
      child++;
    if (!comes_before(t->heap[child], key))
      break;
    t->heap[i] = t->heap[child];
    i = child;
  }
  t->heap[i] = key;
}

/* The least of the root's children: until then the root runs on. */
static struct bscope_lane_key runner_up(const struct bscope_timed *t) {
  struct bscope_lane_key least = {t->bound, UINT32_MAX};
  for (uint32_t i = 1; i < 3 && i < t->heap_count; i++)
    if (comes_before(t->heap[i], least))
      least = t->heap[i];
  return least;
}

static void add_lane(struct bscope_timed_turn *turn, struct bscope_thread *thread, struct bscope_ring *ring) {
  struct bscope_timed *t = turn->timed;
  struct bscope_lane *lane = &t->lanes[t->lane_count];
  *lane = (struct bscope_lane){.thread = thread, .ring = ring, .at = bscope_load_relaxed(&ring->tail)};
  if (front(turn, lane))
    t->heap[t->heap_count++] = (struct bscope_lane_key){lane->time, t->lane_count};
  t->lane_count++;
}

/* Two lanes a thread, at their numbers' places: threads stand in the list newest first. */
static void make_lanes(struct bscope_timed_turn *turn) {
  struct bscope_timed *t = turn->timed;
  t->lane_count = t->heap_count = 0;
  for (struct bscope_thread *thread = bscope_load_acquire(&turn->recorder->threads);
       thread && t->lane_count + 2 <= t->capacity; thread = thread->next) {
    add_lane(turn, thread, oldest_ring(thread));
    add_lane(turn, thread, thread->nested);
  }
  for (uint32_t i = t->heap_count / 2; i-- > 0;)
    sift_down(t, i);
}

/*
 * The short way of most events: of one slot each, from a main ring into the chunk where the next position lies, as long
 * as the lane is in front. Returns how many were taken so; the one at `lane->at` is in front.
 */
static uint64_t take_run(struct bscope_timed_turn *turn, struct bscope_lane *lane, struct bscope_lane_key next) {
  uint64_t position = next_position(turn), n = 0;
  struct bscope_chunk *chunk = bscope_window_chunk(turn->merge->window, position);
  if (!chunk || is_nested(lane))
    return 0;
  uint64_t most = bscope_min_u64(chunk->base + BSCOPE_CHUNK_CELLS - position, turn->merge->limit - turn->merge->slots);
  struct bscope_lane_key key = {lane->time, (uint32_t)(lane - turn->timed->lanes)};
  const struct bscope_record *slot = bscope_ring_slot(lane->ring, lane->at);
  const uint32_t thread = lane->ring->thread;
  note_copy(lane, position);
  for (bool published = true; published && n < most && slot->site < BSCOPE_SITE_LOST; n++) {
    const struct bscope_record *after = bscope_ring_slot(lane->ring, lane->at + n + 1);
    key.time = slot->stamp;
    if (!comes_before(key, next) || is_older(turn->timed, key.time))
      break;
    published = bscope_ring_holds(after, lane->at + n + 1);
    if (published && after->site == BSCOPE_RECORD_MORE)
      break;
    struct bscope_cell *cell = bscope_chunk_cell(chunk, position + n);
    cell->subject = slot->subject;
    cell->object = slot->object;
    cell->site = slot->site;
    cell->thread = thread;
    chunk->times[position + n - chunk->base] = ns_of(turn->timed, key.time);
    bscope_store_release(&cell->full, position + n + 1); /* as for every cell: a survivor's reader acquires it */
    slot = after;
  }
  lane->at += n;
  end_ring(lane); /* now, so that a reader finds no event twice */
  lane->placed += n;
  turn->merge->placed += n;
  turn->merge->slots += n;
  bscope_store_release(turn->recorder->clock, position + n); /* pairs with whoever counts */
  return n;
}

/* The long way, of one event. False: it can't be taken now. */
static bool take_one(struct bscope_timed_turn *turn, struct bscope_lane *lane) {
  uint64_t ns = ns_of(turn->timed, lane->time);
  note_copy(lane, next_position(turn));
  uint32_t taken = bscope_merge_put(turn->merge, lane->ring, lane->at, next_position(turn), ns);
  if (!taken) {
    bscope_store_release(&lane->ring->copy_index, UINT64_MAX); /* another event gets the position */
    return false;
  }
  position_given(turn, lane);
  pass(turn, lane, taken);
  if (!is_nested(lane))
    end_ring(lane);
  return true;
}

/* Takes events from the lane in front until another one is, or there is an end to it. False: it can't go on. */
static bool run_root(struct bscope_timed_turn *turn) {
  struct bscope_timed *t = turn->timed;
  struct bscope_merge *m = turn->merge;
  struct bscope_lane *lane = &t->lanes[t->heap[0].order];
  struct bscope_lane_key key = t->heap[0];
  const struct bscope_lane_key next = runner_up(t);
  bool any;
  do {
    if (take_run(turn, lane, next) == 0 && !take_one(turn, lane))
      return false;
    any = front(turn, lane);
    key.time = lane->time;
  } while (any && comes_before(key, next) && m->slots < m->limit);
  if (any)
    t->heap[0] = key;
  else
    t->heap[0] = t->heap[--t->heap_count];
  sift_down(t, 0);
  return true;
}

void bscope_timed_merge(struct bscope_timed_turn *turn) {
  struct bscope_timed *t = turn->timed;
  struct bscope_merge *m = turn->merge;
  make_lanes(turn);
  while (t->heap_count > 0 && m->slots < m->limit && run_root(turn))
    continue;
  m->more |= t->heap_count > 0 && !m->far && !m->no_memory;
  t->unfinished = m->more || m->far || m->no_memory;
  for (uint32_t i = 0; i < t->lane_count; i++)
    end_ring(&t->lanes[i]);
}
