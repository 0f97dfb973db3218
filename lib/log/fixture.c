/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log over an array of events: the second source beside the snapshot, one allocation for the handle and one for the
 * events.
 */
#include "log/fixture.h"

#include "base/error.h"
#include "log/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
  struct bscope_log log;
  struct bscope_event *events;
  enum bscope_log_state state;
  const char *filter;
  void (*release)(void *owned);
  void *owned;
};

static int fixture_at(const struct bscope_log *log, size_t i, struct bscope_event *out) {
  *out = ((const struct fixture *)log)->events[i];
  return BSCOPE_OK;
}

static void fixture_destroy(struct bscope_log *log) {
  struct fixture *fixture = (struct fixture *)log;

  free(fixture->events);
  free(fixture->log.threads);
  if (fixture->release)
    fixture->release(fixture->owned);
  free(fixture);
}

static void fixture_info(const struct bscope_log *log, struct bscope_trace_info *out) {
  const struct fixture *fixture = (const struct fixture *)log;

  out->state = fixture->state;
  snprintf(out->filter, sizeof(out->filter), "%s", fixture->filter ? fixture->filter : "");
}

static const struct bscope_log_source fixture_source = {
    .at = fixture_at, .info = fixture_info, .destroy = fixture_destroy};

static bool is_event(const struct bscope_event *event) {
  return event->kind != BSCOPE_KIND_LOST && event->kind != BSCOPE_KIND_OPEN;
}

/* Nameless rows for every thread that the events mention, in ascending order. */
static bool collect_threads(struct bscope_log *log, const struct bscope_event *events, size_t count) {
  uint32_t limit = 0;
  uint8_t *seen;

  for (size_t i = 0; i < count; i++)
    if (is_event(&events[i]) && events[i].thread >= limit)
      limit = events[i].thread + 1;
  seen = calloc(limit + 1, 1);
  log->threads = calloc((size_t)limit + 1, sizeof(*log->threads));
  if (!seen || !log->threads) {
    free(seen);
    return false;
  }
  for (size_t i = 0; i < count; i++)
    if (is_event(&events[i]))
      seen[events[i].thread] = 1;
  for (uint32_t number = 0; number < limit; number++)
    if (seen[number])
      log->threads[log->thread_count++].number = number;
  free(seen);
  return true;
}

static void count_events(struct bscope_log *log, const struct bscope_event *events, size_t count) {
  struct bscope_stats *stats = &log->stats;

  stats->size = sizeof(*stats);
  for (size_t i = 0; i < count; i++) {
    stats->lost += events[i].kind == BSCOPE_KIND_LOST;
    stats->pending += events[i].kind == BSCOPE_KIND_OPEN;
  }
  stats->logged = count - stats->lost - stats->pending;
  stats->evicted = log->first;
  stats->first = log->first;
  stats->attempted = stats->logged + stats->lost + stats->pending + stats->evicted;
  stats->threads = log->thread_count;
  stats->generation = log->generation;
  log->pending = stats->pending;
}

struct bscope_log *bscope_log_from_events(const struct bscope_event *events, size_t count) {
  struct fixture *fixture = calloc(1, sizeof(*fixture));

  if (!fixture)
    goto no_memory;
  fixture->events = calloc(count + 1, sizeof(*events));
  if (!fixture->events || !collect_threads(&fixture->log, events, count))
    goto no_memory;
  fixture->log.source = &fixture_source;
  fixture->log.refs = 1;
  fixture->log.generation = 1;
  fixture->log.first = count ? events[0].stamp : 0;
  fixture->log.count = count;
  for (size_t i = 0; i < count; i++) {
    fixture->events[i] = events[i];
    fixture->events[i].stamp = fixture->log.first + i;
  }
  count_events(&fixture->log, events, count);
  return &fixture->log;

no_memory:
  if (fixture)
    fixture_destroy(&fixture->log);
  bscope_fail(BSCOPE_ERR_NO_MEMORY, "log of %zu events: no memory", count);
  return NULL;
}

void bscope_log_fixture_own(struct bscope_log *log, void (*release)(void *owned), void *owned) {
  struct fixture *fixture = (struct fixture *)log;

  fixture->release = release;
  fixture->owned = owned;
}

void bscope_log_fixture_set(struct bscope_log *log, enum bscope_log_state state, const char *filter, bool patchy) {
  struct fixture *fixture = (struct fixture *)log;

  fixture->state = state;
  fixture->filter = filter;
  log->stats.pauses = patchy;
}
