/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader of trace files for the tests: it knows the layout (base/trace.h) and the decoding of blocks from the
 * library, and nothing else. Checks all that it looks at, and lists each event that blocks, cells and rings hold once.
 */
#ifndef BSCOPE_TEST_TRACE_SCAN_H
#define BSCOPE_TEST_TRACE_SCAN_H

#include "harness.h"

#include "base/trace.h"
#include "capture/ring.h"
#include "collect/window.h"
#include "log/codec.h"
#include "log/late.h"
#include "log/segment.h"
#include "log/threads.h"

#include <fcntl.h>
#include <sys/stat.h>

struct scan_event {
  uint64_t position;
  uint32_t from; /* 0 a late row, 1 a block, 2 a cell, 3 a ring: the first wins */
  uint32_t site, thread;
  uint64_t subject, object;
  uint32_t payload; /* bytes, or 0 */
};

struct scan {
  uint8_t *bytes;
  size_t size;
  struct bscope_trace_header *header;
  uint64_t generation, base;
  struct scan_event *events; /* sorted, one for each position */
  size_t count, room;
  uint64_t first, sealed; /* positions in blocks: [first, sealed) */
  size_t extents[8];      /* by kind */
  size_t found[4];        /* events by where they were found, doubled ones too */
  size_t samples;
  uint32_t sites;                        /* different ids */
  const struct bscope_site_entry **site; /* by id */
};

#define SCAN_SITES 4096u
#define SCAN_BEHIND (UINT64_C(1) << 63)

static inline uint32_t scan_crc(const void *bytes, size_t size, size_t hole, size_t hole_size) {
  uint32_t check = ~0u;
  for (size_t i = 0; i < size; i++) {
    check ^= i - hole < hole_size ? 0 : ((const uint8_t *)bytes)[i];
    for (int bit = 0; bit < 8; bit++)
      check = check >> 1 ^ (check & 1 ? 0x82f63b78u : 0);
  }
  return ~check;
}

static inline void scan_add(struct scan *s, const struct scan_event *event) {
  if (s->count == s->room)
    check(s->events = realloc(s->events, (s->room = 2 * s->room + 4096) * sizeof(*s->events)));
  s->events[s->count++] = *event;
  s->found[event->from]++;
}

static inline bool scan_is_extent(const struct scan *s, size_t at, struct bscope_extent *e) {
  memcpy(e, s->bytes + at, sizeof(*e));
  return e->magic == BSCOPE_EXTENT_MAGIC && e->offset == at && e->trace == s->header->id && e->layout == 1 &&
         e->bytes % 4096 == 0 && e->bytes <= s->size - at && scan_crc(e, sizeof(*e), 0, 8) == e->check;
}

static inline void scan_block(struct scan *s, const struct bscope_block *block) {
  struct bscope_decoded d;
  uint64_t done = 0;
  for (uint32_t group = 0; group < block->groups; group++) {
    check_equal(bscope_decode_group(block, group, BSCOPE_GROUP_EVENTS - 1, &d), 0);
    for (uint32_t i = 0; i < d.count; i++, done++) {
      const struct bscope_entry *e = &d.entries[i];
      scan_add(s, &(struct scan_event){block->header->position + done, 1, e->site, e->thread, e->subject, e->object,
                                       e->payload_size});
    }
  }
  check_equal(done, block->header->count);
}

static inline void scan_segment(struct scan *s, size_t at, const struct bscope_extent *e) {
  uint64_t next = UINT64_MAX;
  for (size_t place = at + e->head; place + sizeof(struct bscope_block_header) <= at + e->bytes;) {
    struct bscope_block block;
    const struct bscope_block_header *h = (const void *)(s->bytes + place);
    if (h->state != BSCOPE_BLOCK_SEALED || bscope_block_open(&block, h, at + e->bytes - place) != 0 ||
        bscope_block_verify(&block) != 0 || h->generation != s->generation ||
        (next != UINT64_MAX && h->position != next))
      break;
    scan_block(s, &block);
    next = h->position + h->count;
    if (h->position < s->first)
      s->first = h->position;
    if (next > s->sealed)
      s->sealed = next;
    place += h->length;
  }
}

static inline void scan_chunk(struct scan *s, size_t at, const struct bscope_extent *e) {
  const struct bscope_chunk *chunk = (const void *)(s->bytes + at);
  const struct bscope_cell *cells = (const void *)(s->bytes + at + e->head);
  check(e->head + BSCOPE_CHUNK_CELLS * sizeof(*cells) <= e->bytes);
  for (uint64_t i = 0; i < BSCOPE_CHUNK_CELLS; i++) {
    struct scan_event event = {chunk->base + i - s->base, 2, cells[i].site, cells[i].thread, cells[i].subject,
                               cells[i].object,           0};
    if (cells[i].full != chunk->base + i + 1 || event.position > INT64_MAX || event.position < s->sealed)
      continue;
    if (event.site & BSCOPE_SITE_LONG) {
      check(cells[i].object < s->size);
      const struct bscope_long *more = (const void *)(s->bytes + cells[i].object);
      event.site &= ~BSCOPE_SITE_LONG;
      event.object = more->object;
      event.payload = more->size;
    }
    scan_add(s, &event);
  }
}

/* Under clock=tsc, whether the slot's event is in the window already: its drainer was ended before it said so. */
static inline bool scan_is_copied(const struct scan *s, const struct bscope_ring *ring, uint64_t index) {
  uint64_t position = ring->copy_position + (index - ring->copy_index);
  if (s->header->clock != BSCOPE_CLOCK_TSC || index < ring->copy_index || (ring->nested && index != ring->copy_index) ||
      ring->copy_index < ring->tail)
    return false;
  for (size_t i = 0; i < s->count; i++)
    if (s->events[i].position == position)
      return true;
  return position < s->sealed;
}

static inline void scan_ring(struct scan *s, size_t at, const struct bscope_extent *e) {
  const struct bscope_ring *ring = (const void *)(s->bytes + at);
  const struct bscope_record *slots = (const void *)(s->bytes + at + e->head);
  check(ring->size && (ring->size & (ring->size - 1)) == 0 && e->head + ring->size * sizeof(*slots) <= e->bytes);
  for (uint64_t i = ring->tail; i < ring->tail + ring->size; i++) {
    const struct bscope_record *slot = &slots[i & (ring->size - 1)];
    struct scan_event event = {slot->stamp - (s->header->clock == BSCOPE_CLOCK_TSC ? 0 : s->base),
                               3,
                               slot->site,
                               ring->thread,
                               slot->subject,
                               slot->object,
                               0};
    if (slot->index != (uint32_t)(i + 1)) {
      if (ring->nested)
        continue;
      break;
    }
    if ((ring->nested && (ring->taken >> (i - ring->tail) & 1)) || slot->site >= BSCOPE_RECORD_VOID ||
        scan_is_copied(s, ring, i))
      continue;
    if (s->header->clock == BSCOPE_CLOCK_TSC)
      event.position |= SCAN_BEHIND; /* its time, which orders it behind what has a position */
    if (s->header->clock == BSCOPE_CLOCK_TSC || event.position <= INT64_MAX)
      scan_add(s, &event);
  }
}

static inline void scan_lates(struct scan *s, size_t at, const struct bscope_extent *e) {
  const struct bscope_late *rows = (const void *)(s->bytes + at + e->head);
  for (size_t i = 0; i < (e->bytes - e->head) / sizeof(*rows) && rows[i].full; i++) {
    check_equal(rows[i].full, rows[i].position + 1);
    scan_add(s, &(struct scan_event){rows[i].position, 0, rows[i].site, rows[i].thread, rows[i].subject, rows[i].object,
                                     rows[i].payload_size});
  }
}

static inline void scan_sites(struct scan *s, size_t at, const struct bscope_extent *e) {
  for (size_t place = at + e->head; place + sizeof(struct bscope_site_entry) <= at + e->bytes;) {
    const struct bscope_site_entry *entry = (const void *)(s->bytes + place);
    if (entry->magic != BSCOPE_SITE_ENTRY_MAGIC || entry->length > at + e->bytes - place || entry->length % 8 ||
        scan_crc(entry, entry->length, 0, 8) != entry->check) {
      place += 8;
      continue;
    }
    check(entry->id < SCAN_SITES);
    s->sites += s->site[entry->id] == NULL;
    s->site[entry->id] = entry;
    place += entry->length;
  }
}

/* String `i` of a site, or NULL. */
static inline const char *scan_string(const struct scan *s, uint32_t id, unsigned i) {
  const struct bscope_site_entry *entry = id < SCAN_SITES ? s->site[id] : NULL;
  check(entry);
  const char *at = (const char *)(entry + 1);
  for (unsigned k = 0; k < i; k++)
    at += entry->strings[k];
  return entry->strings[i] ? at : NULL;
}

static inline int scan_compare(const void *a, const void *b) {
  const struct scan_event *x = a, *y = b;
  if (x->position != y->position)
    return x->position < y->position ? -1 : 1;
  return (x->from > y->from) - (x->from < y->from);
}

static inline void scan_kind(struct scan *s, uint16_t kind,
                             void (*fn)(struct scan *s, size_t at, const struct bscope_extent *e)) {
  struct bscope_extent e;
  for (size_t at = 4096; at + 4096 <= s->size; at += 4096)
    if (scan_is_extent(s, at, &e) && e.kind == kind) {
      s->extents[kind]++;
      if (fn)
        fn(s, at, &e);
    }
}

/* The file's bytes, its header checked. */
static inline void scan_load(struct scan *s, const char *path) {
  struct stat status;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    perror(path);
  check(fd >= 0 && fstat(fd, &status) == 0);
  *s = (struct scan){.size = (size_t)status.st_size, .first = UINT64_MAX};
  check(s->bytes = aligned_alloc(4096, s->size + 4096));
  check(s->site = calloc(SCAN_SITES, sizeof(*s->site)));
  for (size_t done = 0; done < s->size;) {
    ssize_t n = read(fd, s->bytes + done, s->size - done);
    check(n > 0);
    done += (size_t)n;
  }
  close(fd);
  s->header = (void *)s->bytes;
  check(s->size > 4096 && memcmp(s->header->magic, BSCOPE_TRACE_MAGIC, 8) == 0);
  check_equal(scan_crc(s->bytes, s->header->constant, 16, 4), s->header->check);
  for (unsigned i = 0; i < 2; i++) {
    const struct bscope_trace_epoch *epoch = &s->header->epochs[i];
    if (scan_crc(epoch, 16, 16, 0) == epoch->check && epoch->generation % 2 == i && epoch->generation > s->generation) {
      s->generation = epoch->generation;
      s->base = epoch->base;
    }
  }
  check(s->generation);
  for (unsigned i = 0; i < BSCOPE_TRACE_SAMPLES; i++) {
    const struct bscope_trace_sample *sample = &s->header->samples[i];
    s->samples += sample->check == (sample->stamp ^ sample->ns ^ BSCOPE_TRACE_SAMPLE);
  }
}

static inline void scan_file(struct scan *s, const char *path) {
  scan_load(s, path);
  scan_kind(s, BSCOPE_EXTENT_SITES, scan_sites);
  scan_kind(s, BSCOPE_EXTENT_LATES, scan_lates);
  scan_kind(s, BSCOPE_EXTENT_SEGMENT, scan_segment);
  scan_kind(s, BSCOPE_EXTENT_CHUNK, scan_chunk);
  scan_kind(s, BSCOPE_EXTENT_RING, scan_ring);
  scan_kind(s, BSCOPE_EXTENT_THREADS, NULL);
  if (s->count)
    qsort(s->events, s->count, sizeof(*s->events), scan_compare);
  size_t kept = 0;
  for (size_t i = 0; i < s->count; i++) {
    bool behind = s->events[i].position >= SCAN_BEHIND;
    bool doubled = kept && !behind && s->events[kept - 1].position == s->events[i].position;
    bool earlier = !behind && s->events[i].position < s->first && s->first != UINT64_MAX;
    if (behind)
      s->events[i].position = kept ? s->events[kept - 1].position + 1 : 0;
    if (!doubled && !earlier && s->events[i].site != BSCOPE_SITE_OPEN && s->events[i].site != BSCOPE_SITE_LOST)
      s->events[kept++] = s->events[i];
  }
  s->count = kept;
}

static inline void scan_free(struct scan *s) {
  free(s->bytes);
  free(s->events);
  free(s->site);
}

#endif
