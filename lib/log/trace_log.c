/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of a trace file: a source beside the snapshot. A position is in a block, or among the events that were
 * recovered, or LOST.
 */
#include "log/trace_state.h"

#include "base/error.h"
#include "base/util.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct bscope_trace *of(const struct bscope_log *log) {
  return (const struct bscope_trace *)log;
}

static void set_entry(const struct bscope_trace *trace, const struct bscope_trace_event *event,
                      struct bscope_entry *out) {
  *out = (struct bscope_entry){.subject = event->subject,
                               .object = event->object,
                               .payload = event->is_long ? (const uint8_t *)(trace->payloads + event->payload) : NULL,
                               .site = event->site,
                               .thread = event->thread,
                               .payload_size = event->is_long ? event->size : 0,
                               .payload_cut = event->cut};
}

/* Puts events into the OPEN positions that they are of. */
static void fill_open(const struct bscope_trace *trace, struct bscope_decoded *group) {
  for (uint32_t i = 0; i < group->count; i++) {
    uint64_t position = group->first + i;
    size_t at = group->entries[i].site == BSCOPE_SITE_OPEN ? bscope_trace_find_event(trace, position) : SIZE_MAX;

    if (at < trace->event_count && trace->events[at].position == position)
      set_entry(trace, &trace->events[at], &group->entries[i]);
  }
}

static int load_block(const struct bscope_trace *trace, size_t number, uint64_t position, uint64_t last,
                      struct bscope_decoded *group) {
  const struct bscope_trace_block *block = &trace->blocks[number];
  uint64_t place = position - block->position;
  uint64_t first = place - place % BSCOPE_GROUP_EVENTS;
  int status;
  struct bscope_trace_held *held = bscope_trace_hold(trace, number, &status);

  if (!held)
    return status;
  last = bscope_min_u64(last - block->position, first + BSCOPE_GROUP_EVENTS - 1);
  status = bscope_decode_group(&held->block, (uint32_t)(first / BSCOPE_GROUP_EVENTS), (uint32_t)(last - first), group);
  if (status == BSCOPE_OK && place - first >= group->count)
    status = BSCOPE_ERR_FORMAT;
  if (status) {
    bscope_trace_let_go(trace, held);
    return status;
  }
  group->held = held;
  group->first = block->position + first;
  if (block->open)
    fill_open(trace, group);
  return BSCOPE_OK;
}

/* Positions [position, end) that are in no block. */
static void load_others(const struct bscope_trace *trace, uint64_t position, uint64_t end,
                        struct bscope_decoded *group) {
  size_t at = bscope_trace_find_event(trace, position);

  group->first = position;
  group->count = (uint32_t)bscope_min_u64(BSCOPE_GROUP_EVENTS, end - position);
  group->timed = trace->info.clock == BSCOPE_CLOCK_TSC && at < trace->event_count;
  for (uint32_t i = 0; i < group->count; i++) {
    bool told = at < trace->event_count && trace->events[at].position == position + i;
    size_t near = at < trace->event_count || at == 0 ? at : at - 1;

    if (near < trace->event_count)
      group->times[i] = trace->events[near].time;
    if (told)
      set_entry(trace, &trace->events[at++], &group->entries[i]);
    else
      group->entries[i] = (struct bscope_entry){.site = BSCOPE_SITE_LOST};
  }
}

static bool is_in(const struct bscope_trace_block *block, uint64_t position) {
  return position - block->position < block->count;
}

static int trace_load(const struct bscope_log *log, size_t i, size_t last, struct bscope_decoded *group) {
  const struct bscope_trace *trace = of(log);
  uint64_t position = log->first + i;
  size_t number = bscope_trace_find_block(trace, position);
  int status = BSCOPE_OK;

  group->held = NULL;
  if (number != SIZE_MAX && is_in(&trace->blocks[number], position)) {
    status = load_block(trace, number, position, log->first + last, group);
  } else {
    uint64_t end = log->first + last + 1;

    if (number + 1 < trace->block_count)
      end = bscope_min_u64(end, trace->blocks[number + 1].position);
    load_others(trace, position, end, group);
  }
  group->first -= log->first;
  return status;
}

/* In a hole between blocks, and behind them where there is no sample, the time stands still. */
static int trace_span(const struct bscope_log *log, size_t i, struct bscope_span *span) {
  const struct bscope_trace *trace = of(log);
  uint64_t position = log->first + i;
  size_t number = bscope_trace_find_block(trace, position);
  const struct bscope_trace_block *block = number == SIZE_MAX ? NULL : &trace->blocks[number];
  bool inside = block && is_in(block, position);
  uint64_t nearest = inside || !block ? position : block->position + block->count - 1;
  int status = BSCOPE_OK;
  struct bscope_trace_held *held = inside || (block && (position < trace->sealed || trace->sample_count == 0))
                                       ? bscope_trace_hold(trace, number, &status)
                                       : NULL;

  if (!held) {
    bscope_samples_span(trace->samples, trace->sample_count, position, span);
    return status == BSCOPE_ERR_FORMAT ? BSCOPE_OK : status;
  }
  bscope_block_span(&held->block, nearest, span);
  bscope_trace_let_go(trace, held);
  if (!inside) {
    uint64_t ns = bscope_span_time(span, nearest);

    bscope_span_set(span, nearest + 1, ns,
                    number + 1 < trace->block_count ? trace->blocks[number + 1].position : UINT64_MAX, ns);
  }
  return BSCOPE_OK;
}

static void trace_release(const struct bscope_log *log, void *held) {
  bscope_trace_let_go(of(log), held);
}

static int trace_keep(const struct bscope_log *log, void *held) {
  return bscope_trace_keep(of(log), held);
}

static const struct bscope_site *trace_site(const struct bscope_log *log, uint32_t id) {
  const struct bscope_trace *trace = of(log);

  return id < trace->site_capacity ? trace->sites[id] : NULL;
}

static void trace_info(const struct bscope_log *log, struct bscope_trace_info *out) {
  *out = of(log)->info;
}

static void trace_destroy(struct bscope_log *log) {
  struct bscope_trace *trace = (struct bscope_trace *)log;

  if (trace->fd >= 0)
    close(trace->fd);
  bscope_trace_free_cache(trace);
  bscope_trace_free_sites(trace);
  bscope_trace_free_packed(trace);
  free(trace->path);
  free(trace->buffer);
  free(trace->blocks);
  free(trace->pieces);
  free(trace->events);
  free(trace->payloads);
  free(trace->log.threads);
  free(trace);
}

static const struct bscope_log_source trace_source = {.load = trace_load,
                                                      .span = trace_span,
                                                      .release = trace_release,
                                                      .keep = trace_keep,
                                                      .site = trace_site,
                                                      .info = trace_info,
                                                      .destroy = trace_destroy};

/* Positions that hold no event, of all kinds: what blocks say of theirs, and the rest. */
static void count_positions(struct bscope_trace *trace, struct bscope_stats *stats) {
  uint64_t in_blocks = 0;
  uint64_t outside = 0;

  for (size_t i = 0; i < trace->block_count; i++) {
    in_blocks += trace->blocks[i].count;
    stats->lost += trace->blocks[i].lost;
    stats->pending += trace->blocks[i].open;
  }
  for (size_t i = 0; i < trace->event_count; i++) {
    const struct bscope_trace_event *event = &trace->events[i];
    size_t number = bscope_trace_find_block(trace, event->position);
    bool inside = number != SIZE_MAX && is_in(&trace->blocks[number], event->position);
    bool lost = event->site == BSCOPE_SITE_LOST, open = event->site == BSCOPE_SITE_OPEN;

    outside += !inside;
    stats->pending += (uint64_t)open - inside;
    stats->lost += lost;
    trace->info.recovered += !lost && !open;
    bscope_trace_use_site(trace, event->site);
  }
  stats->lost += trace->log.count - in_blocks - outside;
  stats->lost = bscope_min_u64(stats->lost, trace->log.count); /* whatever blocks may say */
  stats->pending = bscope_min_u64(stats->pending, trace->log.count - stats->lost);
}

/*
 * The header's counts are of the last turn. Rings count on until the end, so of each reason the larger one is nearer:
 * but they don't know of resets.
 */
static void count_dropped(struct bscope_trace *trace) {
  uint64_t *counts = &trace->header.counts[BSCOPE_TRACE_DROPPED_FULL];

  for (size_t i = 0; i < BSCOPE_DROP_REASONS && trace->log.generation == 1 && trace->header.state != BSCOPE_TRACE_DONE;
       i++)
    counts[i] = bscope_max_u64(counts[i], trace->dropped_in_rings[i]);
}

static void count_stats(struct bscope_trace *trace) {
  struct bscope_stats *stats = &trace->log.stats;
  const uint64_t *counts = trace->header.counts;
  uint64_t dropped = 0;
  uint64_t end = trace->log.first + trace->log.count;

  stats->size = sizeof(*stats);
  count_positions(trace, stats);
  count_dropped(trace);
  for (size_t i = BSCOPE_TRACE_DROPPED_FULL; i <= BSCOPE_TRACE_DROPPED_OVERSIZED; i++)
    dropped += counts[i];
  stats->dropped = dropped;
  stats->dropped_full = counts[BSCOPE_TRACE_DROPPED_FULL];
  stats->dropped_nested = counts[BSCOPE_TRACE_DROPPED_NESTED];
  stats->dropped_memory = counts[BSCOPE_TRACE_DROPPED_MEMORY];
  stats->dropped_stalled = counts[BSCOPE_TRACE_DROPPED_STALLED];
  stats->dropped_process = counts[BSCOPE_TRACE_DROPPED_PROCESS];
  stats->dropped_oversized = counts[BSCOPE_TRACE_DROPPED_OVERSIZED];
  stats->abandoned = counts[BSCOPE_TRACE_ABANDONED];
  stats->names_folded = counts[BSCOPE_TRACE_NAMES_FOLDED];
  stats->foreign_sites = counts[BSCOPE_TRACE_FOREIGN_SITES];
  stats->pauses = counts[BSCOPE_TRACE_PAUSES];
  stats->clock_back = counts[BSCOPE_TRACE_CLOCK_BACK];
  stats->logged = trace->log.count - stats->lost - stats->pending;
  stats->evicted = stats->first = trace->log.first;
  stats->attempted = end + dropped;
  stats->threads = trace->log.thread_count;
  stats->bytes = trace->info.bytes;
  stats->generation = trace->log.generation;
  stats->sites = trace->site_count;
  stats->rings = trace->rings;
  if (trace->header.state == BSCOPE_TRACE_DONE && counts[BSCOPE_TRACE_ATTEMPTED] - dropped > end &&
      counts[BSCOPE_TRACE_ATTEMPTED] >= dropped)
    trace->info.missing_events += counts[BSCOPE_TRACE_ATTEMPTED] - dropped - end;
  if (trace->header.state == BSCOPE_TRACE_DONE && trace->log.first > counts[BSCOPE_TRACE_EVICTED])
    trace->info.missing_events += trace->log.first - counts[BSCOPE_TRACE_EVICTED];
}

/* A site is in the file before its events are; which of them were read since the first pass began, only a second one
 * tells. */
static void read_new_sites(struct bscope_trace *trace) {
  struct stat status;

  if (fstat(trace->fd, &status) == 0)
    trace->size = (uint64_t)status.st_size;
  trace->only_sites = true;
  bscope_trace_forget(trace);
  bscope_trace_scan(trace);
}

static void read_all(struct bscope_trace *trace) {
  struct bscope_log *log = &trace->log;

  bscope_trace_scan(trace);
  bscope_trace_end_blocks(trace);
  if (trace->epoch_doubted && (trace->block_count == 0 || !trace->base_known))
    trace->base_known = false; /* then what is not sealed might be of another generation */
  if (trace->status == BSCOPE_OK)
    bscope_trace_recover(trace);
  if (trace->is_written)
    read_new_sites(trace);
  if (trace->packed.bad)
    bscope_trace_damage(trace, trace->packed.bad, "a packed piece, which can't be unpacked");
  log->generation = trace->epoch.generation;
  log->hides_times = (trace->header.options & 2) != 0;
  log->shows_addresses = (trace->header.options & 1) != 0;
  count_stats(trace);
  log->pending = log->stats.pending;
  log->suppressions = trace->suppressions;
  bscope_trace_end_sites(trace);
  free(trace->pieces);
  free(trace->buffer);
  trace->pieces = NULL;
  trace->buffer = NULL;
}

int bscope_trace_open_file(const char *path, struct bscope_trace **out) {
  struct bscope_trace *trace;
  int status;

  if (!path || !*path)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "bscope_log_open: no path");
  trace = calloc(1, sizeof(*trace));
  if (!trace)
    return bscope_fail(BSCOPE_ERR_NO_MEMORY, "%s: no memory to open it", path);
  trace->log.source = &trace_source;
  trace->log.refs = 1;
  trace->fd = -1;
  pthread_mutex_init(&trace->cache.lock, NULL);
  pthread_mutex_init(&trace->packed.lock, NULL);
  if (bscope_trace_input_open(trace, path) == BSCOPE_OK && bscope_trace_header_read(trace) == BSCOPE_OK)
    read_all(trace);
  status = trace->status;
  if (status)
    trace_destroy(&trace->log);
  else
    *out = trace;
  return status;
}

struct bscope_log *bscope_log_open(const char *path) {
  BSCOPE_KEEP_ERRNO
  struct bscope_trace *trace;

  return bscope_trace_open_file(path, &trace) == BSCOPE_OK ? &trace->log : NULL;
}
