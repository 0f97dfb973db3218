/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trace files made by hand, after base/trace.h and not after the library's writer: a second implementation of the
 * format. All of an event follows from its position, so that a reader's events can be judged one by one.
 */
#ifndef BSCOPE_TEST_TRACE_BUILD_H
#define BSCOPE_TEST_TRACE_BUILD_H

#include "base/crc32c.h"
#include "base/trace.h"
#include "base/util.h"
#include "capture/ring.h"
#include "collect/window.h"
#include "log/codec.h"
#include "log/late.h"
#include "log/threads.h"
#include "log_streams.h"

#include <borrowscope/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUILD_SITES 20u
#define BUILD_THREADS 3u
#define BUILD_NS(position) (UINT64_C(5000000000) + 1000 * (position))
#define BUILD_RANGES 256u

/* Bytes that no checksum covers. */
struct build_range {
  size_t begin, end;
};

struct build {
  uint8_t *bytes;
  size_t size;
  uint64_t seed;
  uint64_t base;
  uint64_t generation;
  uint64_t attempted;
  uint64_t evicted;
  size_t extent; /* being written */
  struct build_range open[BUILD_RANGES];
  size_t open_count;
};

/* --- what an event of a position is --- */

struct build_event {
  uint64_t subject, object;
  uint32_t site, thread;
  uint16_t payload_size;
  bool is_long;
};

static inline struct build_event build_event(uint64_t seed, uint64_t position) {
  struct stream_random random = {position * 1000003 + seed};
  struct build_event event = {.subject = stream_next(&random) >> stream_below(&random, 64),
                              .object = 0x7f0000000000 + 8 * stream_below(&random, 100),
                              .site = 1 + (uint32_t)stream_below(&random, BUILD_SITES),
                              .thread = (uint32_t)(position / 3 % BUILD_THREADS)};

  if (position % 23 == 5) {
    event.is_long = true;
    event.payload_size = (uint16_t)(position % 161);
  }
  return event;
}

static inline void build_payload(uint64_t position, uint8_t *out, size_t size) {
  for (size_t i = 0; i < size; i++)
    out[i] = (uint8_t)(position * 7 + i);
}

/* The strings of a site, in the order of the entry. */
static inline const char *build_string(uint32_t site, unsigned which) {
  static __thread char text[4096];
  static const char *const forms[] = {"variable_%u", "", "struct type_%u *", "dir/file_%u.c", "function_%u", "&v[%u]"};

  if (which == 1 && site % 4 != 2)
    return NULL;
  if (which == 2 && site % 5 == 0)
    return NULL;
  if (site == 8 && which == 0)
    return "\xff\xfe\x80 no UTF-8 \x1b[31m";
  if (site == 9 && which == 0) {
    memset(text, 'n', 4095);
    text[4095] = '\0';
    return text;
  }
  if (which >= BSCOPE_SITE_STRINGS)
    return which == 6 ? "first extra" : "second";
  snprintf(text, sizeof(text), which == 1 ? "target_%u" : forms[which], site);
  return text;
}

static inline uint8_t build_kind(uint32_t site) {
  return (uint8_t)(1 + site % 4);
}

/* --- bytes --- */

static inline void *build_at(struct build *build, size_t offset) {
  return build->bytes + offset;
}

/* Whole granules, zeroed. */
static inline size_t build_room(struct build *build, size_t bytes) {
  size_t at = build->size;

  bytes = (size_t)bscope_round_up(bytes, BSCOPE_GRANULE);
  build->bytes = realloc(build->bytes, build->size + bytes);
  memset(build->bytes + at, 0, bytes);
  build->size += bytes;
  return at;
}

static inline void build_open(struct build *build, size_t begin, size_t end) {
  if (build->open_count < BUILD_RANGES)
    build->open[build->open_count++] = (struct build_range){begin, end};
}

static inline bool build_is_open(const struct build *build, size_t at) {
  for (size_t i = 0; i < build->open_count; i++)
    if (at >= build->open[i].begin && at < build->open[i].end)
      return true;
  return false;
}

/* A check over `size` bytes with the two words at their place taken as 0. */
static __attribute__((noinline)) uint32_t build_check(const void *bytes, size_t size, size_t magic, size_t check) {
  uint8_t *copy = malloc(size);
  uint32_t found;

  memcpy(copy, bytes, size);
  if (magic < size)
    memset(copy + magic, 0, 4);
  memset(copy + check, 0, 4);
  found = bscope_crc32c(0, copy, size);
  free(copy);
  return found;
}

/* --- header --- */

static inline struct bscope_trace_header *build_header(struct build *build) {
  return build_at(build, 0);
}

static inline void build_seal_header(struct build *build) {
  struct bscope_trace_header *h = build_header(build);

  h->check = build_check(h, offsetof(struct bscope_trace_header, state), SIZE_MAX,
                         offsetof(struct bscope_trace_header, check));
}

static inline void build_epoch(struct build *build, uint64_t generation, uint64_t base) {
  struct bscope_trace_epoch *epoch = &build_header(build)->epochs[generation % 2];

  *epoch = (struct bscope_trace_epoch){.generation = generation, .base = base};
  epoch->check = bscope_crc32c(0, epoch, 16);
  build->generation = generation;
  build->base = base;
}

static inline void build_begin(struct build *build, uint64_t seed, uint64_t base) {
  struct bscope_trace_header *h;

  *build = (struct build){.seed = seed};
  build_room(build, BSCOPE_GRANULE);
  h = build_header(build);
  *h = (struct bscope_trace_header){.major = BSCOPE_TRACE_MAJOR,
                                    .header = sizeof(*h),
                                    .constant = offsetof(struct bscope_trace_header, state),
                                    .granule = BSCOPE_GRANULE,
                                    .clock = BSCOPE_CLOCK_COUNTER,
                                    .id = 0x1234567890abcdef ^ seed,
                                    .pid = 4242,
                                    .parent = 17,
                                    .realtime_ns = 1700000000000000000,
                                    .monotonic_ns = 5000000000,
                                    .memory = 512u << 20,
                                    .record_bytes = sizeof(struct bscope_record),
                                    .cell_bytes = sizeof(struct bscope_cell),
                                    .block_bytes = sizeof(struct bscope_block_header),
                                    .row_bytes = sizeof(struct bscope_thread_row),
                                    .late_bytes = sizeof(struct bscope_late),
                                    .boot_id = "no such boot",
                                    .program = "built",
                                    .library = "9.8.7",
                                    .filter = "a*",
                                    .state = BSCOPE_TRACE_LIVE};
  memcpy(h->magic, BSCOPE_TRACE_MAGIC, sizeof(h->magic));
  build_seal_header(build);
  build_epoch(build, 1, base);
  build_open(build, offsetof(struct bscope_trace_header, counts), sizeof(*h));
}

static inline void build_sample(struct build *build, unsigned n, uint64_t position) {
  struct bscope_trace_sample *sample = &build_header(build)->samples[n % BSCOPE_TRACE_SAMPLES];

  *sample = (struct bscope_trace_sample){.stamp = build->base + position, .ns = BUILD_NS(position)};
  sample->check = sample->stamp ^ sample->ns ^ BSCOPE_TRACE_SAMPLE;
}

/* --- extents --- */

static inline size_t build_extent(struct build *build, uint16_t kind, size_t head, size_t bytes) {
  size_t at = build_room(build, head + bytes);
  struct bscope_extent *extent = build_at(build, at);

  *extent = (struct bscope_extent){.kind = kind,
                                   .layout = 1,
                                   .head = (uint32_t)head,
                                   .offset = at,
                                   .bytes = build->size - at,
                                   .trace = build_header(build)->id};
  extent->check = build_check(extent, sizeof(*extent), 0, 4);
  extent->magic = BSCOPE_EXTENT_MAGIC;
  return at;
}

static inline size_t build_site(uint8_t *out, uint32_t id) {
  struct bscope_site_entry entry = {.id = id,
                                    .kind = build_kind(id),
                                    .subject_is = BSCOPE_WORD_ADDRESS,
                                    .object_is = BSCOPE_WORD_SIZE,
                                    .extra = id == 7 ? 2 : 0,
                                    .flags = id % 2 ? BSCOPE_SITE_MUTABLE : BSCOPE_SITE_BY_ADDRESS,
                                    .line = 100 + id,
                                    .extent = id};
  size_t at = sizeof(entry);

  for (unsigned i = 0; i < BSCOPE_SITE_STRINGS + entry.extra; i++) {
    const char *text = build_string(id, i);

    if (!text)
      continue;
    strcpy((char *)out + at, text);
    at += strlen(text) + 1;
    if (i < BSCOPE_SITE_STRINGS)
      entry.strings[i] = (uint32_t)strlen(text) + 1;
  }
  entry.length = (uint32_t)bscope_round_up(at, 8);
  memset(out + at, 0, entry.length - at);
  memcpy(out, &entry, sizeof(entry));
  entry.check = build_check(out, entry.length, 0, 4);
  entry.magic = BSCOPE_SITE_ENTRY_MAGIC;
  memcpy(out, &entry, sizeof(entry));
  return entry.length;
}

/* Sites [first, last]; with `gaps` 16 bytes that a dead writer claimed lie between them. */
static inline void build_sites(struct build *build, uint32_t first, uint32_t last, bool gaps) {
  uint8_t *entries = calloc(last - first + 1, 32768);
  size_t used = 0;
  size_t at;

  for (uint32_t id = first; id <= last; id++)
    used += build_site(entries + used, id) + (gaps ? 16 : 0);
  at = build_extent(build, BSCOPE_EXTENT_SITES, sizeof(struct bscope_sites_head), used);
  memcpy(build_at(build, at + sizeof(struct bscope_sites_head)), entries, used);
  ((struct bscope_sites_head *)build_at(build, at))->used = sizeof(struct bscope_sites_head) + used;
  free(entries);
}

static inline void build_threads(struct build *build) {
  size_t at = build_extent(build, BSCOPE_EXTENT_THREADS, sizeof(struct bscope_extent),
                           (BUILD_THREADS + 1) * sizeof(struct bscope_thread_row));
  struct bscope_thread_row *rows = build_at(build, at + sizeof(struct bscope_extent));

  for (uint32_t i = 0; i < BUILD_THREADS; i++) {
    rows[i] = (struct bscope_thread_row){.number = i, .tid = 4242 + i};
    snprintf(rows[i].name, sizeof(rows[i].name), "thread %u", i);
  }
  build_open(build, at + sizeof(struct bscope_extent), build->size);
}

/* --- blocks --- */

enum build_mark { BUILD_EVENT, BUILD_OPEN, BUILD_LOST, BUILD_NOTHING };

/* A cell, with its payload at `side` + *used, whose offset in what holds it is *used. */
static inline void build_cell(struct build *build, struct bscope_cell *cell, uint64_t position, enum build_mark mark,
                              uint8_t *side, size_t *used) {
  struct build_event event = build_event(build->seed, position);

  *cell = (struct bscope_cell){.full = build->base + position + 1};
  if (mark != BUILD_EVENT) {
    cell->site = mark == BUILD_OPEN ? BSCOPE_SITE_OPEN : BSCOPE_SITE_LOST;
    return;
  }
  *cell = (struct bscope_cell){event.subject, event.object, event.site, event.thread, cell->full};
  if (event.is_long) {
    struct bscope_long more = {.object = event.object, .size = event.payload_size, .cut = position & 1};

    cell->site |= BSCOPE_SITE_LONG;
    cell->object = *used;
    memcpy(side + *used, &more, sizeof(more));
    build_payload(position, side + *used + sizeof(more), more.size);
    *used += (size_t)bscope_round_up(sizeof(more) + more.size, 8);
  }
}

#define BUILD_SEGMENT_HEAD 128u

static inline void build_segment(struct build *build, size_t bytes) {
  build->extent = build_extent(build, BSCOPE_EXTENT_SEGMENT, BUILD_SEGMENT_HEAD, bytes) + BUILD_SEGMENT_HEAD;
}

/* A block of positions [position, position + count) at the segment's end; `marks` may be NULL. Returns its place. */
static inline size_t build_block(struct build *build, uint64_t position, uint32_t count, const uint8_t *marks) {
  struct bscope_chunk *chunk = aligned_alloc(128, bscope_round_up(sizeof(*chunk), 128));
  uint8_t *side = calloc(count, 256);
  struct bscope_region region = {.base = side, .size = (size_t)count * 256};
  void *scratch = malloc(bscope_encode_scratch());
  size_t bound, used = 0;
  size_t place = build->extent;
  struct bscope_block_header *h;

  memset(chunk, 0, sizeof(*chunk));
  chunk->count = count;
  for (uint32_t i = 0; i < count; i++)
    build_cell(build, &chunk->cells[i], position + i, marks ? marks[i] : BUILD_EVENT, side, &used);
  bound = bscope_encode_bound(chunk, &region);
  h = calloc(1, bound);
  bscope_encode(chunk, &region, scratch, (uint8_t *)h, bound);
  h->position = position;
  h->generation = build->generation;
  h->start_ns = BUILD_NS(position);
  h->end_ahead = count;
  h->end_ns = BUILD_NS(position + count);
  h->state = BSCOPE_BLOCK_SEALED;
  h->head_check = build_check(h, sizeof(*h), offsetof(struct bscope_block_header, state),
                              offsetof(struct bscope_block_header, head_check));
  if (place + h->length > build->size)
    abort(); /* the segment is too small */
  memcpy(build_at(build, place), h, h->length);
  build->extent += h->length;
  free(h);
  free(scratch);
  free(side);
  free(chunk);
  return place;
}

/* --- window --- */

/* A chunk of `count` cells (fewer than a writer's, to keep files small), and the side area it points to. */
static inline size_t build_chunk(struct build *build, uint64_t position, uint32_t count, const uint8_t *marks) {
  size_t head = offsetof(struct bscope_chunk, cells);
  size_t at = build_extent(build, BSCOPE_EXTENT_CHUNK, head, count * sizeof(struct bscope_cell));
  size_t side = build_room(build, (size_t)count * 16 + BSCOPE_GRANULE);
  size_t used = side;
  uint64_t base = build->base + position;

  memcpy(build_at(build, at + offsetof(struct bscope_chunk, base)), &base, sizeof(base));
  for (uint32_t i = 0; i < count; i++) {
    struct bscope_cell *cell = build_at(build, at + head + i * sizeof(*cell));

    if (!marks || marks[i] != BUILD_NOTHING)
      build_cell(build, cell, position + i, marks ? marks[i] : BUILD_EVENT, build->bytes, &used);
    else
      *cell = (struct bscope_cell){.subject = 1, .site = 1, .full = base + i + 1 - 4096}; /* of an earlier life */
  }
  build_open(build, at + offsetof(struct bscope_chunk, base), at + head + count * sizeof(struct bscope_cell));
  build_open(build, side, used);
  return at;
}

/* --- rings --- */

struct build_ring {
  size_t at;
  uint32_t size;
  uint64_t next;
};

static inline struct bscope_record *build_slot(struct build *build, const struct build_ring *ring, uint64_t index) {
  return build_at(build, ring->at + offsetof(struct bscope_ring, slots) +
                             (index & (ring->size - 1)) * sizeof(struct bscope_record));
}

static inline struct build_ring build_ring(struct build *build, uint32_t size, uint64_t tail, uint32_t thread,
                                           bool nested) {
  size_t head = offsetof(struct bscope_ring, slots);
  struct build_ring ring = {build_extent(build, BSCOPE_EXTENT_RING, head, size * sizeof(struct bscope_record)), size,
                            tail};
  uint32_t is_nested = nested, tid = 4242 + thread;

  memcpy(build_at(build, ring.at + offsetof(struct bscope_ring, tail)), &tail, 8);
  memcpy(build_at(build, ring.at + offsetof(struct bscope_ring, size)), &size, 4);
  memcpy(build_at(build, ring.at + offsetof(struct bscope_ring, thread)), &thread, 4);
  memcpy(build_at(build, ring.at + offsetof(struct bscope_ring, nested)), &is_nested, 4);
  memcpy(build_at(build, ring.at + offsetof(struct bscope_ring, tid)), &tid, 4);
  snprintf(build_at(build, ring.at + offsetof(struct bscope_ring, name)), 16, "ring %u", thread);
  for (uint32_t i = 0; i < size; i++)
    build_slot(build, &ring, tail + i)->index = (uint32_t)(tail + i + 1 - size);
  build_open(build, ring.at + offsetof(struct bscope_ring, tail), ring.at + head + size * sizeof(struct bscope_record));
  return ring;
}

static inline void build_put(struct build *build, struct build_ring *ring, const struct bscope_record *record) {
  struct bscope_record *slot = build_slot(build, ring, ring->next);

  *slot = *record;
  slot->index = (uint32_t)(ring->next + 1);
  ring->next++;
}

/* An event of the position behind the last one; returns its slots. */
static inline uint32_t build_publish(struct build *build, struct build_ring *ring, uint64_t position) {
  struct build_event event = build_event(build->seed, position);
  uint8_t bytes[7 * 24] = {0};
  uint16_t size = event.payload_size, cut = position & 1;
  uint32_t more = event.is_long ? (event.payload_size + 4u + 23) / 24 : 0;

  build_put(build, ring, &(struct bscope_record){build->base + position, event.subject, event.object, event.site, 0});
  memcpy(bytes, &size, 2);
  memcpy(bytes + 2, &cut, 2);
  build_payload(position, bytes + 4, size);
  for (uint32_t i = 0; i < more; i++) {
    struct bscope_record record = {.site = BSCOPE_RECORD_MORE};

    memcpy(&record, bytes + 24 * i, 24);
    build_put(build, ring, &record);
  }
  return 1 + more;
}

/* --- late events --- */

static inline void build_lates(struct build *build, const uint64_t *positions, size_t count, uint64_t lost) {
  size_t at =
      build_extent(build, BSCOPE_EXTENT_LATES, sizeof(struct bscope_extent), (count + 1) * sizeof(struct bscope_late));

  for (size_t i = 0; i < count; i++) {
    struct build_event event = build_event(build->seed, positions[i]);
    struct bscope_late late = {.full = positions[i] + 1,
                               .position = positions[i],
                               .subject = event.subject,
                               .object = event.object,
                               .site = event.site,
                               .thread = event.thread,
                               .payload_size = event.payload_size,
                               .payload_cut = positions[i] & 1,
                               .is_long = event.is_long};

    build_payload(positions[i], late.payload, event.payload_size);
    if (positions[i] == lost)
      late = (struct bscope_late){.full = lost + 1, .position = lost, .site = BSCOPE_SITE_LOST};
    memcpy(build_at(build, at + sizeof(struct bscope_extent) + i * sizeof(late)), &late, sizeof(late));
  }
  build_open(build, at + sizeof(struct bscope_extent), build->size);
}

/* --- the end --- */

static inline void build_done(struct build *build, uint64_t positions) {
  struct bscope_trace_header *h = build_header(build);

  h->state = BSCOPE_TRACE_DONE;
  h->counts[BSCOPE_TRACE_ATTEMPTED] = positions + 7;
  h->counts[BSCOPE_TRACE_DROPPED_FULL] = 7;
  h->counts[BSCOPE_TRACE_EVICTED] = build->evicted;
}

static inline void build_write(const void *bytes, size_t size, const char *path) {
  FILE *file = fopen(path, "wb");

  if (!file || (size && fwrite(bytes, 1, size, file) != size) || fclose(file)) {
    perror(path);
    abort();
  }
}

static inline void build_free(struct build *build) {
  free(build->bytes);
}

/* Whether an event of a log is the one of its position. */
static inline bool build_is(uint64_t seed, const struct bscope_event *event) {
  uint64_t position = event->stamp;
  struct build_event wanted = build_event(seed, position);
  uint8_t payload[256];
  const char *strings[] = {event->name, event->name2, event->type_name, event->file, event->function, event->text};

  if (event->kind != (enum bscope_kind)build_kind(wanted.site) || event->site != wanted.site ||
      event->thread != wanted.thread || event->subject != wanted.subject || event->object != wanted.object ||
      event->line != 100 + wanted.site || event->extent != wanted.site || event->is_mutable != (wanted.site % 2 != 0) ||
      event->subject_is != BSCOPE_WORD_ADDRESS || event->object_is != BSCOPE_WORD_SIZE ||
      (event->payload != NULL) != wanted.is_long || event->payload_size != wanted.payload_size ||
      (wanted.is_long && event->payload_cut != (position & 1)))
    return false;
  build_payload(position, payload, wanted.payload_size);
  if (wanted.is_long && memcmp(payload, event->payload, wanted.payload_size) != 0)
    return false;
  for (unsigned i = 0; i < BSCOPE_SITE_STRINGS; i++) {
    const char *text = build_string(wanted.site, i);

    if ((text == NULL) != (strings[i] == NULL) || (text && strcmp(text, strings[i]) != 0))
      return false;
  }
  return true;
}

#endif
