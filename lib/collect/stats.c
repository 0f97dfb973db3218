/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The identity attempted = logged + dropped + lost + evicted + pending, from one cut: stamps are dense, so all but the
 * drops follow from three positions (first kept, prefix, clock) and the counts of positions that hold no event.
 */
#include "base/atomic.h"
#include "capture/site_table.h"
#include "collect/state.h"

#include <string.h>

static void add_ring(uint64_t *dropped, const struct bscope_ring *ring) {
  for (unsigned i = 0; i < BSCOPE_DROP_REASONS; i++)
    dropped[i] += bscope_load_relaxed(&ring->dropped[i]);
}

static void sum_dropped(const struct bscope_session *s, uint64_t *dropped) {
  for (unsigned i = 0; i < BSCOPE_DROP_REASONS; i++)
    dropped[i] = bscope_load_relaxed(&s->recorder.dropped[i]) - s->dropped_base[i] + bscope_process_strays(i) -
                 s->strays_base[i];
  for (const struct bscope_thread *t = bscope_load_acquire(&s->recorder.threads); t; t = t->next) {
    for (const struct bscope_ring *ring = bscope_load_acquire(&t->ring); ring; ring = ring->next)
      add_ring(dropped, ring);
    add_ring(dropped, t->nested);
  }
}

static void set_dropped(struct bscope_stats *out, const uint64_t *dropped) {
  out->dropped_full = dropped[BSCOPE_DROP_FULL];
  out->dropped_nested = dropped[BSCOPE_DROP_NESTED];
  out->dropped_memory = dropped[BSCOPE_DROP_MEMORY];
  out->dropped_stalled = dropped[BSCOPE_DROP_STALLED];
  out->dropped_process = dropped[BSCOPE_DROP_PROCESS];
  out->dropped_oversized = dropped[BSCOPE_DROP_OVERSIZED];
  for (unsigned i = 0; i < BSCOPE_DROP_REASONS; i++)
    out->dropped += dropped[i];
}

static uint64_t clock_back(const struct bscope_session *s) {
  uint64_t n = s->clock_back;
  for (const struct bscope_thread *t = bscope_load_acquire(&s->recorder.threads); t; t = t->next)
    n += bscope_load_relaxed(&t->clock_back);
  return n;
}

void bscope_count_stats(const struct bscope_session *session, struct bscope_stats *out) {
  const struct bscope_session *s = session;
  struct bscope_store_counts counts;
  uint64_t dropped[BSCOPE_DROP_REASONS];
  memset(out, 0, sizeof(*out));
  out->size = sizeof(*out);
  bscope_store_count(s->store, &counts);
  sum_dropped(s, dropped);
  set_dropped(out, dropped);
  uint64_t clock = bscope_load_acquire(s->recorder.clock);
  uint64_t stamped = clock - s->window.origin;
  /* Positions passed while their writers were in mid-call, less those whose events have arrived or were proved lost. */
  uint64_t open = counts.open + s->window.open - counts.late_unsealed;
  uint64_t waiting = s->recorder.timed ? bscope_timed_waiting(&s->timed, &s->recorder) : 0;
  stamped += waiting;
  out->pending = clock - s->window.prefix + open + waiting;
  out->lost = counts.lost + counts.late_unsealed_lost + s->window.lost;
  out->evicted = counts.first - counts.base - counts.lost_evicted;
  out->logged = stamped - out->pending - out->lost - out->evicted;
  out->attempted = stamped + out->dropped;
  out->threads = counts.threads;
  out->bytes = counts.bytes + s->window.bytes + bscope_load_relaxed(&s->recorder.ring_bytes);
  out->bytes_pinned = counts.bytes_pinned + s->window.pinned;
  out->abandoned = bscope_load_relaxed(&s->recorder.abandoned) - s->abandoned_base;
  out->clock_back = clock_back(s) - s->clock_back_base;
  out->names_folded = bscope_process_tally(BSCOPE_TALLY_NAMES_FOLDED) - s->tallies_base[BSCOPE_TALLY_NAMES_FOLDED];
  out->foreign_sites = bscope_process_tally(BSCOPE_TALLY_FOREIGN_SITES) - s->tallies_base[BSCOPE_TALLY_FOREIGN_SITES];
  out->pauses = s->pauses;
  out->generation = s->log_generation;
  out->first = counts.first - counts.base;
  out->file_outside = bscope_load_relaxed(&s->region.outside);
  int error = bscope_load_relaxed(&s->region.file_error);
  out->file_errno = (uint64_t)(error ? error : s->file_error);
  out->sites = bscope_site_table_count();
  out->rings = bscope_load_relaxed(&s->recorder.rings);
}
