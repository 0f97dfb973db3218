/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a snapshot: positions below `sealed` are decoded from the pinned segments, the rest are cells of the window.
 * What arrived late is put in the place of its OPEN position.
 */
#include "log/snapshot.h"

#include "base/error.h"
#include "base/util.h"
#include "log/take.h"

#include <stdlib.h>
#include <string.h>

/* More than what the store had when it was asked, since it goes on growing. */
#define ROOM_SLACK 16u
#define ATTEMPTS 64

static struct bscope_snapshot *of(const struct bscope_log *log) {
  return (struct bscope_snapshot *)(uintptr_t)log;
}

/* The segment that holds a sealed position; the log's first segment begins at its first position. */
static const struct bscope_segment_part *segment_of(const struct bscope_snapshot *snapshot, uint64_t position) {
  size_t low = 0;
  size_t high = snapshot->segment_count;

  while (low < high) {
    size_t middle = low + (high - low) / 2;

    if (snapshot->segments[middle].first <= position)
      low = middle + 1;
    else
      high = middle;
  }
  return low ? &snapshot->segments[low - 1] : NULL;
}

static int open_block(const struct bscope_snapshot *snapshot, uint64_t position, struct bscope_block *block) {
  const struct bscope_segment_part *part = segment_of(snapshot, position);

  return part ? bscope_segment_open(part->segment, part->blocks, position, block) : BSCOPE_ERR_FORMAT;
}

static int load_sealed(const struct bscope_snapshot *snapshot, uint64_t position, uint64_t last,
                       struct bscope_decoded *out) {
  struct bscope_block block;
  uint64_t event;
  uint64_t first;
  int status = open_block(snapshot, position, &block);

  if (status)
    return status;
  event = position - block.header->position;
  first = event - event % BSCOPE_GROUP_EVENTS;
  last = bscope_min_u64(last - block.header->position, first + BSCOPE_GROUP_EVENTS - 1);
  status = bscope_decode_group(&block, (uint32_t)(first / BSCOPE_GROUP_EVENTS), (uint32_t)(last - first), out);
  if (status == BSCOPE_OK && event - first >= out->count)
    status = BSCOPE_ERR_FORMAT;
  out->first = block.header->position + first;
  return status;
}

static const struct bscope_window_part *part_of(const struct bscope_snapshot *snapshot, uint64_t position) {
  size_t low = 0;
  size_t high = snapshot->part_count;

  while (low < high) {
    size_t middle = low + (high - low) / 2;

    if (snapshot->parts[middle].first <= position)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0 || position - snapshot->parts[low - 1].first >= snapshot->parts[low - 1].count)
    return NULL;
  return &snapshot->parts[low - 1];
}

static bool read_cell(const struct bscope_region *region, const struct bscope_cell *cell, struct bscope_entry *out) {
  const struct bscope_long *more;

  *out = (struct bscope_entry){
      .subject = cell->subject, .object = cell->object, .site = cell->site, .thread = cell->thread};
  if (bscope_likely(!(cell->site & BSCOPE_SITE_LONG)))
    return true;
  if (!region || cell->object >= region->size || region->size - cell->object < sizeof(*more))
    return false;
  more = bscope_region_at(region, cell->object);
  if (more->size > region->size - cell->object - sizeof(*more))
    return false;
  out->site &= ~BSCOPE_SITE_LONG;
  out->object = more->object;
  out->payload = more->payload;
  out->payload_size = more->size;
  out->payload_cut = more->cut != 0;
  return true;
}

static int load_window(const struct bscope_snapshot *snapshot, uint64_t position, uint64_t last,
                       struct bscope_decoded *out) {
  const struct bscope_window_part *part = part_of(snapshot, position);
  uint64_t count;

  if (!part)
    return BSCOPE_ERR_FORMAT;
  count = bscope_min_u64(last - position + 1, part->first + part->count - position);
  out->first = position;
  out->count = (uint32_t)bscope_min_u64(count, BSCOPE_GROUP_EVENTS);
  for (uint32_t i = 0; i < out->count; i++)
    if (!read_cell(snapshot->region, &part->cells[position - part->first + i], &out->entries[i]))
      return BSCOPE_ERR_FORMAT;
  out->timed = part->times != NULL;
  if (out->timed)
    memcpy(out->times, part->times + (position - part->first), out->count * sizeof(*out->times));
  return BSCOPE_OK;
}

/* Puts late events into their places. */
static void overlay(const struct bscope_snapshot *snapshot, struct bscope_decoded *group) {
  for (uint32_t i = 0; i < group->count; i++) {
    const struct bscope_late *late;

    if (group->entries[i].site != BSCOPE_SITE_OPEN)
      continue;
    late = bscope_late_search(snapshot->lates, snapshot->late_count, group->first + i);
    if (late)
      bscope_late_entry(late, &group->entries[i]);
  }
}

static int snapshot_load(const struct bscope_log *log, size_t i, size_t last, struct bscope_decoded *group) {
  const struct bscope_snapshot *snapshot = of(log);
  uint64_t position = log->first + i;
  int status;

  group->held = NULL; /* snapshots hold all of theirs */
  if (position < snapshot->sealed)
    status = load_sealed(snapshot, position, log->first + last, group);
  else
    status = load_window(snapshot, position, log->first + last, group);
  if (status)
    return status;
  if (snapshot->late_count)
    overlay(snapshot, group);
  group->first -= log->first;
  return BSCOPE_OK;
}

static int snapshot_span(const struct bscope_log *log, size_t i, struct bscope_span *span) {
  const struct bscope_snapshot *snapshot = of(log);
  uint64_t position = log->first + i;
  struct bscope_block block;

  if (position < snapshot->sealed && open_block(snapshot, position, &block) == BSCOPE_OK)
    bscope_block_span(&block, position, span);
  else
    bscope_samples_span(snapshot->samples, snapshot->sample_count, position, span);
  return BSCOPE_OK;
}

static void free_arrays(struct bscope_snapshot *snapshot) {
  free(snapshot->parts);
  free(snapshot->samples);
  free(snapshot->lates);
  free(snapshot->log.threads);
  snapshot->parts = NULL;
  snapshot->samples = NULL;
  snapshot->lates = NULL;
  snapshot->log.threads = NULL;
}

static void snapshot_destroy(struct bscope_log *log) {
  struct bscope_snapshot *snapshot = of(log);
  bool taken = snapshot->holds;

  while (snapshot->holds || snapshot->reaps)
    snapshot->host->locked(snapshot->session, bscope_snapshot_give_back, snapshot);
  if (taken && snapshot->session)
    snapshot->host->unref(snapshot->session);
  free_arrays(snapshot);
  free(snapshot->segments);
  free(snapshot);
}

static const struct bscope_log_source snapshot_source = {
    .load = snapshot_load, .span = snapshot_span, .destroy = snapshot_destroy};

/* Arrays for what `room` asks, and some more. */
static bool make_room(struct bscope_snapshot *snapshot) {
  struct bscope_room *room = &snapshot->room;

  free_arrays(snapshot);
  room->parts += ROOM_SLACK;
  room->samples += ROOM_SLACK + room->samples / 4;
  room->lates += ROOM_SLACK;
  room->threads += ROOM_SLACK + room->threads / 4;
  snapshot->parts = calloc(room->parts, sizeof(*snapshot->parts));
  snapshot->samples = calloc(room->samples, sizeof(*snapshot->samples));
  snapshot->lates = calloc(room->lates, sizeof(*snapshot->lates));
  snapshot->log.threads = calloc(room->threads, sizeof(*snapshot->log.threads));
  return snapshot->parts && snapshot->samples && snapshot->lates && snapshot->log.threads;
}

/* The pinned segments as an array. They are linked for good: only what comes behind the last one may still change. */
static bool list_segments(struct bscope_snapshot *snapshot) {
  const struct bscope_segment *segment = snapshot->oldest;
  size_t count = (size_t)(snapshot->pin.to - snapshot->pin.from + 1);

  snapshot->segments = calloc(count ? count : 1, sizeof(*snapshot->segments));
  if (!snapshot->segments)
    return false;
  for (size_t i = 0; i < count; i++) {
    bool newest = i + 1 == count;

    snapshot->segments[i] =
        (struct bscope_segment_part){segment->first, segment, newest ? snapshot->newest_blocks : segment->blocks};
    if (!newest)
      segment = segment->next;
  }
  snapshot->segment_count = count;
  return true;
}

static struct bscope_snapshot *create(const struct bscope_log_host *host) {
  struct bscope_snapshot *snapshot = calloc(1, sizeof(*snapshot));

  if (!snapshot)
    return NULL;
  snapshot->log.source = &snapshot_source;
  snapshot->log.refs = 1;
  snapshot->host = host;
  return snapshot;
}

int bscope_log_snapshot(const struct bscope_log_host *host, struct bscope_log **out) {
  struct bscope_snapshot *snapshot = create(host);
  int status = snapshot ? BSCOPE_TAKE_MORE : BSCOPE_ERR_NO_MEMORY;
  bool from_view = false; /* then it has left its message */

  for (int i = 0; i < ATTEMPTS && status == BSCOPE_TAKE_MORE; i++) {
    if (!make_room(snapshot)) {
      status = BSCOPE_ERR_NO_MEMORY;
      break;
    }
    status = host->view(true, bscope_snapshot_take, snapshot);
    from_view = status < BSCOPE_OK;
  }
  if (status == BSCOPE_OK && !list_segments(snapshot))
    status = BSCOPE_ERR_NO_MEMORY;
  if (status == BSCOPE_OK) {
    bscope_late_sort(snapshot->lates, snapshot->late_count);
    *out = &snapshot->log;
    return BSCOPE_OK;
  }
  if (snapshot)
    snapshot_destroy(&snapshot->log);
  if (from_view)
    return status;
  if (status == BSCOPE_TAKE_MORE)
    return bscope_fail(BSCOPE_ERR_LOCK, "snapshot of the log: it grew faster than room was made for it");
  return bscope_fail(BSCOPE_ERR_NO_MEMORY, "snapshot of the log: no memory");
}

struct bscope_log *bscope_log_from_cells(const struct bscope_cell *cells, size_t count, uint64_t first,
                                         const struct bscope_region *region, const struct bscope_sample *samples,
                                         size_t sample_count) {
  struct bscope_snapshot *snapshot = create(NULL);

  if (snapshot)
    snapshot->room = (struct bscope_room){.samples = sample_count};
  if (!snapshot || !make_room(snapshot)) {
    if (snapshot)
      snapshot_destroy(&snapshot->log);
    bscope_fail(BSCOPE_ERR_NO_MEMORY, "log of %zu cells: no memory", count);
    return NULL;
  }
  snapshot->region = region;
  snapshot->parts[0] = (struct bscope_window_part){.first = first, .count = (uint32_t)count, .cells = cells};
  snapshot->part_count = 1;
  if (sample_count)
    memcpy(snapshot->samples, samples, sample_count * sizeof(*samples));
  snapshot->sample_count = sample_count;
  snapshot->log.first = first;
  snapshot->log.count = count;
  snapshot->log.generation = 1;
  return &snapshot->log;
}
