/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From extent to extent. Where no valid one begins, the next may begin a granule further; one that is valid is passed
 * over whole.
 */
#include "log/trace_state.h"

#include "base/crc32c.h"
#include "base/util.h"

#include <stdlib.h>
#include <string.h>

bool bscope_trace_find_extent(struct bscope_trace *trace, uint64_t offset, struct bscope_extent *extent) {
  const struct bscope_extent *place = bscope_trace_view(trace, offset, sizeof(*place));
  uint32_t magic, check;
  bool right;

  if (!place)
    return false;
  *extent = *place;
  magic = extent->magic;
  check = extent->check;
  if (magic == 0) /* given back, or never one */
    return false;
  extent->magic = extent->check = 0;
  right = extent->offset == offset && extent->trace == trace->header.id &&
          bscope_crc32c(0, extent, sizeof(*extent)) == check && extent->bytes % BSCOPE_GRANULE == 0 &&
          extent->bytes >= extent->head && extent->head >= sizeof(*extent) && extent->head % 8 == 0;
  if (right ? magic != BSCOPE_EXTENT_MAGIC : magic == BSCOPE_EXTENT_MAGIC)
    bscope_trace_damage(trace, offset, "the header of a piece of the log");
  return right && extent->bytes > 0; /* one whose magic alone is damaged was not given back: that leaves a 0 */
}

void bscope_trace_add_thread(struct bscope_trace *trace, uint32_t number, uint32_t tid, const char *name) {
  struct bscope_log *log = &trace->log;
  struct bscope_thread_row *rows = log->threads;
  size_t at = 0, high = log->thread_count;

  while (at < high) {
    size_t middle = at + (high - at) / 2;

    if (rows[middle].number < number)
      at = middle + 1;
    else
      high = middle;
  }
  if (at < log->thread_count && rows[at].number == number)
    return;
  rows = bscope_trace_grow(trace, rows, &trace->row_capacity, log->thread_count + 1, sizeof(*rows));
  if (!rows)
    return;
  log->threads = rows;
  memmove(rows + at + 1, rows + at, (log->thread_count++ - at) * sizeof(*rows));
  rows[at] = (struct bscope_thread_row){.number = number, .tid = tid, .last = UINT64_MAX};
  memcpy(rows[at].name, name, sizeof(rows[at].name) - 1);
}

static void read_threads(struct bscope_trace *trace, uint64_t at, uint64_t end) {
  struct bscope_thread_row row;
  const void *place;

  for (; end - at >= sizeof(row); at += sizeof(row)) {
    place = bscope_trace_view(trace, at, sizeof(row));
    if (!place)
      return;
    memcpy(&row, place, sizeof(row));
    if (row.tid == 0)
      return;
    bscope_trace_add_thread(trace, row.number, row.tid, row.name);
  }
}

static void note_piece(struct bscope_trace *trace, const struct bscope_trace_piece *piece) {
  struct bscope_trace_piece *pieces =
      bscope_trace_grow(trace, trace->pieces, &trace->piece_capacity, trace->piece_count + 1, sizeof(*pieces));

  if (!pieces)
    return;
  trace->pieces = pieces;
  pieces[trace->piece_count++] = *piece;
}

static void read_extent(struct bscope_trace *trace, const struct bscope_extent *extent) {
  const struct bscope_trace_piece piece = {.offset = extent->offset,
                                           .head = extent->offset + extent->head,
                                           .end = bscope_min_u64(trace->size, extent->offset + extent->bytes),
                                           .kind = extent->kind};

  if (extent->bytes > trace->size - extent->offset)
    bscope_trace_damage(trace, trace->size, "the file ends within a piece of the log");
  if (extent->layout != 1 || piece.head >= piece.end) {
    if (extent->layout != 1)
      bscope_trace_damage(trace, extent->offset, "a piece of the log that only a newer version can read");
    return;
  }
  if (trace->only_sites && extent->kind != BSCOPE_EXTENT_SITES)
    return;
  switch (extent->kind) {
  case BSCOPE_EXTENT_SEGMENT:
    bscope_trace_read_segment(trace, piece.head, piece.end);
    break;
  case BSCOPE_EXTENT_SITES:
    bscope_trace_read_sites(trace, piece.head, piece.end);
    break;
  case BSCOPE_EXTENT_THREADS:
    read_threads(trace, piece.head, piece.end);
    break;
  case BSCOPE_EXTENT_RING:
    trace->rings++; /* falls through */
  case BSCOPE_EXTENT_CHUNK:
  case BSCOPE_EXTENT_LATES:
    note_piece(trace, &piece);
    break;
  case BSCOPE_EXTENT_PACKED:
    bscope_trace_note_group(trace, extent, piece.end);
    break;
  default: /* what a newer minor version adds */
    break;
  }
}

static void scan(struct bscope_trace *trace) {
  uint64_t offset = BSCOPE_GRANULE;

  while (trace->status == BSCOPE_OK && offset < trace->size && trace->size - offset >= sizeof(struct bscope_extent)) {
    struct bscope_extent extent;
    uint64_t left = trace->size - offset;

    if (!bscope_trace_find_extent(trace, offset, &extent)) {
      offset = bscope_trace_next_data(trace, offset + BSCOPE_GRANULE);
      continue;
    }
    read_extent(trace, &extent);
    if (extent.bytes >= left)
      return;
    offset += extent.bytes;
  }
}

/* What packed groups unpack to is a file of its own, which has no groups. */
void bscope_trace_scan(struct bscope_trace *trace) {
  scan(trace);
  if (trace->status == BSCOPE_OK && bscope_trace_unpack(trace))
    scan(trace);
}
