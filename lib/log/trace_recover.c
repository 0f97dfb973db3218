/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was not sealed when the writer ended: cells of the window, late events, rings. Each event names its position;
 * for one that several tell of, blocks come first, then cells, then rings. Behind the last block whatever no piece
 * tells of is LOST: whoever took such a stamp died before it had published its event.
 */
#include "log/trace_state.h"

#include "base/util.h"
#include "log/late.h"

#include <stdlib.h>
#include <string.h>

#define GAP_MOST (UINT64_C(1) << 20) /* positions that may be missing beside what the file's bytes can have held */
#define GAP_OUTSIDE (UINT64_C(1) << 28)
#define WORK_FOR_EACH 64u /* bytes that are read once more, or unpacked, for each of the file */
#define WORK_BESIDE (UINT64_C(256) << 20)

static uint64_t first_of(const struct bscope_trace *trace) {
  return trace->block_count ? trace->blocks[0].position : 0;
}

/*
 * What is asked for while the file is opened lies close together in any file that was recorded. One that has us load
 * another block or piece for each of its events is damaged, or made to keep us busy: it is read up to a bound.
 */
static bool is_tired(struct bscope_trace *trace) {
  if (!trace->tired && trace->cache.loaded + trace->packed.unpacked > WORK_FOR_EACH * trace->size + WORK_BESIDE) {
    trace->tired = true;
    bscope_trace_damage(trace, trace->size, "more than can be looked through");
  }
  return trace->tired;
}

static bool is_open(struct bscope_trace *trace, size_t number, uint64_t position) {
  int status = BSCOPE_ERR_FORMAT;
  struct bscope_trace_held *held = is_tired(trace) ? NULL : bscope_trace_hold(trace, number, &status);
  uint32_t place = (uint32_t)(position - trace->blocks[number].position);
  struct bscope_decoded group;
  bool open;

  if (status == BSCOPE_ERR_NO_MEMORY)
    bscope_trace_fail(trace, BSCOPE_ERR_NO_MEMORY, trace->blocks[number].offset, "no memory to read a block");
  if (!held)
    return false;
  open = bscope_decode_group(&held->block, place / BSCOPE_GROUP_EVENTS, place % BSCOPE_GROUP_EVENTS, &group) ==
             BSCOPE_OK &&
         group.entries[place % BSCOPE_GROUP_EVENTS].site == BSCOPE_SITE_OPEN;
  bscope_trace_let_go(trace, held);
  return open;
}

/* Whether the position is this event's to tell of. */
static bool is_wanted(struct bscope_trace *trace, const struct bscope_trace_event *event) {
  uint64_t position = event->position;
  size_t number = bscope_trace_find_block(trace, position);

  if (position > INT64_MAX || position < first_of(trace)) /* of an older generation, or evicted */
    return false;
  if (number != SIZE_MAX && position - trace->blocks[number].position < trace->blocks[number].count)
    return event->rank != BSCOPE_TRACE_IN_CELL && trace->blocks[number].open && is_open(trace, number, position);
  /* A chunk that was sealed is whole until it is used again, but not what its long events point to. */
  return position >= trace->sealed || event->rank != BSCOPE_TRACE_IN_CELL || !event->is_long;
}

static bool push_payload(struct bscope_trace *trace, struct bscope_trace_event *event, const void *payload) {
  size_t words = (event->size + sizeof(uint64_t) - 1) / sizeof(uint64_t) + 1; /* one more: a place of its own */
  uint64_t *payloads = bscope_trace_grow(trace, trace->payloads, &trace->payload_capacity, trace->payload_count + words,
                                         sizeof(*payloads));

  if (!payloads)
    return false;
  trace->payloads = payloads;
  event->payload = (uint32_t)trace->payload_count;
  memcpy(payloads + trace->payload_count, payload, event->size);
  trace->payload_count += words;
  return true;
}

void bscope_trace_push_event(struct bscope_trace *trace, const struct bscope_trace_event *event, const void *payload) {
  struct bscope_trace_event *events =
      bscope_trace_grow(trace, trace->events, &trace->event_capacity, trace->event_count + 1, sizeof(*events));

  if (!events)
    return;
  trace->events = events;
  events[trace->event_count] = *event;
  if (!event->is_long || push_payload(trace, &events[trace->event_count], payload))
    trace->event_count++;
}

void bscope_trace_add_event(struct bscope_trace *trace, const struct bscope_trace_event *event, const void *payload) {
  if (is_wanted(trace, event))
    bscope_trace_push_event(trace, event, payload);
}

/* --- cells --- */

struct cells {
  struct bscope_trace *trace;
  const struct bscope_trace_piece *piece;
  uint64_t base;
  const struct bscope_cell *cells;
  uint32_t count;
  const uint64_t *times; /* or NULL */
};

static bool read_cells(struct cells *cells) {
  struct bscope_trace *trace = cells->trace;
  const struct bscope_trace_piece *piece = cells->piece;
  uint64_t bytes = piece->end - piece->head;
  bool timed = trace->info.clock == BSCOPE_CLOCK_TSC;
  size_t all = BSCOPE_CHUNK_CELLS * (sizeof(struct bscope_cell) + (timed ? sizeof(uint64_t) : 0));
  const void *base = bscope_trace_view(trace, piece->offset + offsetof(struct bscope_chunk, base), sizeof(cells->base));

  if (base)
    memcpy(&cells->base, base, sizeof(cells->base));
  cells->count = (uint32_t)bscope_min_u64(BSCOPE_CHUNK_CELLS, bytes / sizeof(struct bscope_cell));
  cells->cells = bscope_trace_view(trace, piece->head, (size_t)bscope_min_u64(bytes, all));
  cells->times = timed && bytes >= all ? (const uint64_t *)(const void *)(cells->cells + BSCOPE_CHUNK_CELLS) : NULL;
  return base && cells->cells;
}

/* The long event's payload, at most BSCOPE_PAYLOAD_MAX bytes. */
static bool read_long(const struct cells *cells, uint32_t i, struct bscope_trace_event *event, uint8_t *payload) {
  struct bscope_trace *trace = cells->trace;
  struct bscope_long more;
  uint64_t place = cells->cells[i].object;

  if (is_tired(trace) || place % 8 != 0 || place > trace->size ||
      !bscope_trace_read(trace, place, &more, sizeof(more)) || more.size > BSCOPE_PAYLOAD_MAX ||
      !bscope_trace_read(trace, place + sizeof(more), payload, more.size))
    return false;
  event->object = more.object;
  event->size = more.size;
  event->cut = more.cut != 0;
  return true;
}

static void take_cell(const struct cells *cells, uint32_t i) {
  struct bscope_trace *trace = cells->trace;
  const struct bscope_cell *cell = &cells->cells[i];
  struct bscope_trace_event event = {.position = cells->base + i - trace->epoch.base,
                                     .subject = cell->subject,
                                     .object = cell->object,
                                     .time = cells->times ? cells->times[i] : 0,
                                     .site = cell->site & ~BSCOPE_SITE_LONG,
                                     .thread = cell->thread,
                                     .is_long = (cell->site & BSCOPE_SITE_LONG) != 0,
                                     .rank = BSCOPE_TRACE_IN_CELL};
  uint8_t payload[BSCOPE_PAYLOAD_MAX];

  if (!is_wanted(trace, &event))
    return;
  if (event.is_long && !read_long(cells, i, &event, payload))
    bscope_trace_damage(trace, cells->piece->head + i * sizeof(*cell), "the payload of an event in the window");
  else
    bscope_trace_push_event(trace, &event, payload);
}

/* Whether the chunk still is in the life that its cells were read of, and what its long events point to is its own. */
static bool is_as_before(const struct cells *cells) {
  const struct bscope_trace_piece *piece = cells->piece;
  struct {
    uint64_t base;
    uint32_t state;
  } now;

  _Static_assert(offsetof(struct bscope_chunk, state) == offsetof(struct bscope_chunk, base) + 8, "one read for both");
  return bscope_trace_read(cells->trace, piece->offset + offsetof(struct bscope_chunk, base), &now, 12) &&
         now.base == cells->base && now.state != BSCOPE_CHUNK_APPENDED;
}

/*
 * In a file that is being written a cell's contents may be new and its last field old. But its chunk's base is written
 * before all cells of a new life, so it tells, behind them, what life was read.
 */
static void read_chunk(struct bscope_trace *trace, const struct bscope_trace_piece *piece) {
  struct cells cells = {.trace = trace, .piece = piece};
  size_t events = trace->event_count, payloads = trace->payload_count;

  if (trace->is_written)
    bscope_trace_forget(trace);
  if (piece->head - piece->offset < offsetof(struct bscope_chunk, state) + sizeof(uint32_t) || !read_cells(&cells))
    return;
  for (uint32_t i = 0; i < cells.count; i++)
    if (cells.cells[i].full == cells.base + i + 1)
      take_cell(&cells, i);
  if (trace->is_written && !is_as_before(&cells)) { /* its events are in a block by now, or gone */
    trace->event_count = events;
    trace->payload_count = payloads;
  }
}

/* --- late events --- */

static void read_lates(struct bscope_trace *trace, const struct bscope_trace_piece *piece) {
  for (uint64_t at = piece->head; piece->end - at >= sizeof(struct bscope_late); at += sizeof(struct bscope_late)) {
    const void *place = bscope_trace_view(trace, at, sizeof(struct bscope_late));
    struct bscope_late late;

    if (!place)
      return;
    memcpy(&late, place, sizeof(late));
    if (late.full == 0)
      return;
    if (late.full != late.position + 1 || late.payload_size > sizeof(late.payload)) {
      bscope_trace_damage(trace, at, "a late event");
      continue;
    }
    bscope_trace_add_event(trace,
                           &(struct bscope_trace_event){.position = late.position,
                                                        .subject = late.subject,
                                                        .object = late.object,
                                                        .site = late.site & ~BSCOPE_SITE_LONG,
                                                        .thread = late.thread,
                                                        .size = late.is_long ? late.payload_size : 0,
                                                        .is_long = late.is_long != 0,
                                                        .cut = late.payload_cut != 0,
                                                        .rank = BSCOPE_TRACE_IN_LATE},
                           late.payload);
  }
}

/* --- all of them --- */

static int compare(const void *a, const void *b) {
  const struct bscope_trace_event *left = a, *right = b;

  if (left->position != right->position)
    return left->position < right->position ? -1 : 1;
  return (int)left->rank - (int)right->rank;
}

/* One event a position. */
static void sort_events(struct bscope_trace *trace) {
  struct bscope_trace_event *events = trace->events;
  size_t kept = 0;

  if (trace->event_count)
    qsort(events, trace->event_count, sizeof(*events), compare);
  for (size_t i = 0; i < trace->event_count; i++) {
    if (kept == 0 || events[i].position != events[kept - 1].position) {
      if (events[i].rank != BSCOPE_TRACE_IN_LATE || events[i].position < trace->sealed)
        events[kept++] = events[i]; /* a late row that takes no OPEN's place is left over from a reset */
    } else if (events[kept - 1].site == BSCOPE_SITE_OPEN)
      events[kept - 1] = events[i];
  }
  trace->event_count = kept;
}

/* Those of one or two kinds; a kind may come twice. */
static void read_pieces(struct bscope_trace *trace, uint32_t kind, uint32_t other) {
  for (size_t i = 0; i < trace->piece_count && trace->status == BSCOPE_OK; i++) {
    const struct bscope_trace_piece *piece = &trace->pieces[i];

    if (piece->kind != kind && piece->kind != other)
      continue;
    if (piece->kind == BSCOPE_EXTENT_CHUNK)
      read_chunk(trace, piece);
    else if (piece->kind == BSCOPE_EXTENT_LATES)
      read_lates(trace, piece);
    else
      bscope_trace_read_ring(trace, piece);
  }
}

/* Blocks and events in one walk, for the holes between them. */
struct bounds {
  uint64_t end;
  uint64_t allowed; /* positions that may still be missing */
  size_t block, event;
};

/* Goes on over [position, position + count). False: so much can't be missing. */
static bool extend(struct bscope_trace *trace, struct bounds *bounds, uint64_t position, uint64_t count) {
  uint64_t gap = position > bounds->end ? position - bounds->end : 0;

  if (gap > bounds->allowed || (gap && trace->is_written))
    return false;
  bounds->allowed -= gap;
  if (position < trace->sealed)
    trace->info.damaged_events += gap;
  else if (bounds->end < trace->sealed) {
    trace->info.damaged_events += trace->sealed - bounds->end;
    trace->info.unpublished += position - trace->sealed;
  } else
    trace->info.unpublished += gap;
  if (trace->info.damaged_events && !trace->info.damaged) /* no longer to be seen that there was one */
    bscope_trace_damage(trace, bounds->block < trace->block_count ? trace->blocks[bounds->block].offset : trace->size,
                        "the blocks before this place");
  bounds->end = bscope_max_u64(bounds->end, position + count);
  return true;
}

/* Up to where the file tells of positions. What follows a hole that is too wide is left out. */
static void walk_bounds(struct bscope_trace *trace, struct bounds *bounds) {
  bool right = true;

  while (right && (bounds->block < trace->block_count || bounds->event < trace->event_count)) {
    const struct bscope_trace_block *block = bounds->block < trace->block_count ? &trace->blocks[bounds->block] : NULL;
    const struct bscope_trace_event *event = bounds->event < trace->event_count ? &trace->events[bounds->event] : NULL;

    if (block && (!event || block->position <= event->position)) {
      right = extend(trace, bounds, block->position, block->count);
      bounds->block += right;
    } else {
      right = extend(trace, bounds, event->position, 1);
      bounds->event += right;
    }
  }
  if (!right && !trace->is_written)
    bscope_trace_damage(trace, trace->size, "what lies behind a hole of more events than the file can have held");
  if (right && bounds->end < trace->sealed) /* the last block is damaged */
    (void)extend(trace, bounds, trace->sealed, 0);
  trace->block_count = bounds->block;
  trace->event_count = bounds->event;
  trace->sealed = bscope_min_u64(trace->sealed, bounds->end);
}

/* The position where the log begins: of the first block, unless something says that there were others. */
static uint64_t begin(const struct bscope_trace *trace, uint64_t allowed) {
  uint64_t told = trace->header.counts[BSCOPE_TRACE_EVICTED];
  uint64_t first = trace->block_count ? trace->blocks[0].position : trace->sealed;

  if (trace->event_count && (trace->block_count == 0 || trace->events[0].position < first))
    first = trace->events[0].position;
  if (trace->block_count && trace->header.state != BSCOPE_TRACE_DONE)
    return first;
  return told <= first && first - told <= allowed ? told : first;
}

void bscope_trace_recover(struct bscope_trace *trace) {
  struct bounds bounds = {.allowed = GAP_MOST + trace->size / 2};

  if (trace->header.counts[BSCOPE_TRACE_OUTSIDE])
    bounds.allowed += GAP_OUTSIDE;
  if (trace->base_known) {
    bool timed = trace->info.clock == BSCOPE_CLOCK_TSC;
    read_pieces(trace, BSCOPE_EXTENT_CHUNK, BSCOPE_EXTENT_LATES);
    if (!timed)
      read_pieces(trace, BSCOPE_EXTENT_RING, BSCOPE_EXTENT_RING);
    sort_events(trace);
    trace->placed = trace->event_count;
    if (timed && !trace->is_written)
      read_pieces(trace, BSCOPE_EXTENT_RING, BSCOPE_EXTENT_RING);
    if (trace->status == BSCOPE_OK)
      bscope_trace_place_timed(trace, trace->placed);
  }
  bounds.end = begin(trace, bounds.allowed);
  trace->log.first = bounds.end;
  walk_bounds(trace, &bounds);
  trace->log.count = (size_t)(bounds.end - trace->log.first);
}

static size_t find_among(const struct bscope_trace *trace, size_t count, uint64_t position) {
  size_t low = 0, high = count;

  while (low < high) {
    size_t middle = low + (high - low) / 2;

    if (trace->events[middle].position < position)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

size_t bscope_trace_find_event(const struct bscope_trace *trace, uint64_t position) {
  return find_among(trace, trace->event_count, position);
}

bool bscope_trace_is_placed(const struct bscope_trace *trace, uint64_t position) {
  size_t at = find_among(trace, trace->placed, position);

  return at < trace->placed && trace->events[at].position == position && trace->events[at].rank == BSCOPE_TRACE_IN_CELL;
}
