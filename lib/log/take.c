/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything here runs under the drain lock and is short.
 */
#include "log/take.h"

#include "base/atomic.h"
#include "base/util.h"

#include <string.h>

#define REAP_AT_ONCE 16u

static bool fits(struct bscope_snapshot *snapshot, const struct bscope_view *view) {
  const struct bscope_store *store = view->store;
  struct bscope_room need = {view->chunk_count, store->samples.count, store->lates.count, store->threads.count};
  const struct bscope_room *have = &snapshot->room;

  if (need.parts <= have->parts && need.samples <= have->samples && need.lates <= have->lates &&
      need.threads <= have->threads)
    return true;
  snapshot->room = need;
  return false;
}

/* The cells of each chunk between what is sealed and the prefix, and a reference on the chunk. */
static void take_window(struct bscope_snapshot *snapshot, const struct bscope_view *view) {
  uint64_t prefix = view->prefix - view->base;
  struct bscope_chunk *chunk = view->chunks;

  snapshot->part_count = 0;
  for (size_t i = 0; i < view->chunk_count && chunk; i++, chunk = chunk->next) {
    uint64_t place = chunk->base - view->base;
    uint64_t first = bscope_max_u64(place, snapshot->sealed);
    uint64_t end = bscope_min_u64(place + chunk->count, prefix);

    if (first >= end)
      continue;
    bscope_add_relaxed(&chunk->refs, 1); /* relaxed: under the lock, before which nobody reuses the chunk */
    snapshot->parts[snapshot->part_count++] =
        (struct bscope_window_part){.first = first,
                                    .count = (uint32_t)(end - first),
                                    .cells = &chunk->cells[first - place],
                                    .times = chunk->times ? &chunk->times[first - place] : NULL,
                                    .chunk = chunk};
  }
}

static void copy(void *to, const void *from, size_t count, size_t size) {
  if (count)
    memcpy(to, from, count * size);
}

static void take_tables(struct bscope_snapshot *snapshot, const struct bscope_store *store) {
  snapshot->sample_count = store->samples.count;
  copy(snapshot->samples, store->samples.items, store->samples.count, sizeof(*snapshot->samples));
  snapshot->late_count = store->lates.count;
  copy(snapshot->lates, store->lates.items, store->lates.count, sizeof(*snapshot->lates));
  snapshot->log.thread_count = store->threads.count;
  copy(snapshot->log.threads, store->threads.rows, store->threads.count, sizeof(*snapshot->log.threads));
}

int bscope_snapshot_take(void *context, const struct bscope_view *view) {
  struct bscope_snapshot *snapshot = context;
  struct bscope_store *store = view->store;
  struct bscope_log *log = &snapshot->log;

  if (!fits(snapshot, view))
    return BSCOPE_TAKE_MORE;
  snapshot->session = view->session;
  snapshot->store = store;
  snapshot->region = store->region;
  snapshot->sealed = store->sealed;
  snapshot->oldest = store->head;
  snapshot->newest_blocks = store->tail ? store->tail->blocks : 0;
  bscope_store_pin(store, &snapshot->pin);
  take_window(snapshot, view);
  take_tables(snapshot, store);
  log->first = store->head ? store->head->first : store->sealed;
  log->count = (size_t)(view->prefix - view->base - log->first);
  log->generation = view->generation;
  log->stats = view->stats;
  log->hides_times = view->settings && !view->settings->times;
  log->shows_addresses = view->settings && view->settings->addresses;
  log->filter = view->settings ? view->settings->filter : NULL;
  log->parent = view->parent;
  log->suppressions = view->suppressions;
  log->pending = view->stats.pending;
  if (view->session)
    snapshot->host->ref(view->session);
  snapshot->holds = snapshot->reaps = true;
  return BSCOPE_OK;
}

void bscope_snapshot_give_back(void *context) {
  struct bscope_snapshot *snapshot = context;

  if (snapshot->holds && !bscope_store_unpin(snapshot->store, &snapshot->pin))
    snapshot->reaps = false; /* a forked child: the memory is another session's by now */
  for (size_t i = 0; snapshot->holds && snapshot->reaps && i < snapshot->part_count; i++)
    /* Release: our reads come before the chunk's reuse, whose partner is the collector's acquire of refs. */
    bscope_add_release(&snapshot->parts[i].chunk->refs, (uint32_t)-1);
  snapshot->holds = false;
  snapshot->reaps = snapshot->reaps && bscope_store_reap(snapshot->store, REAP_AT_ONCE);
}
