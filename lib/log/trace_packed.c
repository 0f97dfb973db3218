/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A packed file reads as the file it was made from: whoever asks for bytes of that one gets them out of the groups that
 * they are in, of which the last few stay unpacked. Everything else of the reader is the same. What a group of a file
 * can unpack to is bounded by where it lies, so that no small file claims to be a huge one.
 */
#include "log/trace_state.h"

#include "base/crc32c.h"
#include "base/util.h"
#include "base/zstd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COVERED offsetof(struct bscope_packed_head, packed) /* from here on by the check */

/* The group's number, or SIZE_MAX where its head can't be right. */
static size_t number_of(const struct bscope_packed_head *head, uint64_t end) {
  uint64_t number = (head->place - BSCOPE_GRANULE) / BSCOPE_PACKED_BYTES;

  if (head->place != BSCOPE_GRANULE + number * BSCOPE_PACKED_BYTES || head->extent.head < sizeof(*head) ||
      head->packed > end - head->extent.offset - head->extent.head || head->packed > 2 * BSCOPE_PACKED_BYTES ||
      head->size < head->place || head->bytes == 0 ||
      head->bytes != bscope_min_u64(BSCOPE_PACKED_BYTES, head->size - head->place) ||
      number >= head->extent.offset / BSCOPE_GRANULE) /* those before it have a granule each */
    return SIZE_MAX;
  return (size_t)number;
}

static bool is_right(struct bscope_trace *trace, const struct bscope_packed_head *head) {
  size_t bytes = head->extent.head - COVERED + head->packed;
  const uint8_t *covered = bscope_trace_view(trace, head->extent.offset + COVERED, bytes);

  return covered && bscope_crc32c(0, covered, bytes) == head->check;
}

static bool enter(struct bscope_trace *trace, const struct bscope_packed_head *head, size_t number) {
  struct bscope_trace_packed *packed = &trace->packed;
  struct bscope_trace_group *groups;

  if (number >= packed->count) {
    groups = bscope_trace_grow(trace, packed->groups, &packed->capacity, number + 1, sizeof(*groups));
    if (!groups)
      return true;
    memset(groups + packed->count, 0, (number + 1 - packed->count) * sizeof(*groups));
    packed->groups = groups;
    packed->count = number + 1;
  }
  packed->told = head->size; /* by all alike, but in a forged file */
  packed->groups[number] = (struct bscope_trace_group){
      .frame = head->extent.offset + head->extent.head, .packed = head->packed, .bytes = head->bytes};
  return true;
}

void bscope_trace_note_group(struct bscope_trace *trace, const struct bscope_extent *extent, uint64_t end) {
  const struct bscope_packed_head *place;
  struct bscope_packed_head head;
  size_t number;

  if (trace->packed.size) /* in a group */
    return;
  if (!bscope_zstd_get()) {
    bscope_trace_fail(trace, BSCOPE_ERR_IO, extent->offset, BSCOPE_ZSTD_MISSING);
    return;
  }
  place = end - extent->offset >= sizeof(head) ? bscope_trace_view(trace, extent->offset, sizeof(head)) : NULL;
  if (place) {
    head = *place;
    number = number_of(&head, end);
    if (number != SIZE_MAX && is_right(trace, &head) && enter(trace, &head, number))
      return;
  }
  bscope_trace_damage(trace, extent->offset, "a packed piece of the log");
}

bool bscope_trace_unpack(struct bscope_trace *trace) {
  struct bscope_trace_packed *packed = &trace->packed;
  uint64_t end;
  bool whole;

  if (packed->count == 0 || packed->size)
    return false;
  end = BSCOPE_GRANULE + (packed->count - 1) * (uint64_t)BSCOPE_PACKED_BYTES + packed->groups[packed->count - 1].bytes;
  trace->is_written = false;
  if (trace->info.state == BSCOPE_LOG_LIVE)
    trace->info.state = BSCOPE_LOG_BROKEN_OFF;
  whole = packed->told == end;
  for (size_t i = 0; i < packed->count; i++)
    whole &= packed->groups[i].bytes != 0;
  if (!whole && !trace->info.damaged)
    bscope_trace_damage(trace, trace->size, "packed pieces of the log are missing");
  packed->size = trace->size = end;
  trace->patience += 4 * end;
  bscope_trace_forget(trace);
  return true;
}

/* Under the lock, into a slot of a whole group: whether it could be; or -1 with errno. */
static int unpack(const struct bscope_trace *trace, struct bscope_trace_group *group, uint8_t *out) {
  const struct bscope_zstd *zstd = bscope_zstd_get();
  uint8_t *frame = malloc(group->packed + 1u);
  ssize_t have = frame ? bscope_trace_read_raw(trace, group->frame, frame, group->packed) : -1;
  bool fits = have == (ssize_t)group->packed && zstd->content_size(frame, group->packed) == group->bytes;
  size_t done = fits ? zstd->decompress(out, group->bytes, frame, group->packed) : 0;
  bool starved = !frame || done == BSCOPE_ZSTD_NO_MEMORY;
  int saved = starved ? ENOMEM : errno;

  free(frame);
  errno = saved;
  return have < 0 || starved ? -1 : done == group->bytes;
}

/* Under the lock: the group unpacked, or NULL, with errno 0 where it is damaged. */
static const uint8_t *get(const struct bscope_trace *trace, struct bscope_trace_packed *packed, size_t number) {
  size_t oldest = 0;
  int done;

  errno = 0;
  for (size_t i = 0; i < BSCOPE_TRACE_UNPACKED; i++) {
    if (packed->numbers[i] == number + 1) {
      packed->used[i] = ++packed->turn;
      return packed->slots[i];
    }
    if (packed->used[i] < packed->used[oldest])
      oldest = i;
  }
  if (!packed->slots[oldest] &&
      !(packed->slots[oldest] = malloc(bscope_min_u64(BSCOPE_PACKED_BYTES, packed->size - BSCOPE_GRANULE)))) {
    errno = ENOMEM;
    return NULL;
  }
  packed->numbers[oldest] = 0;
  packed->unpacked += packed->groups[number].bytes;
  done = unpack(trace, &packed->groups[number], packed->slots[oldest]);
  if (done <= 0) {
    if (done == 0) {
      errno = 0;
      packed->bad = packed->groups[number].frame;
      packed->groups[number].bytes = 0;
    }
    return NULL;
  }
  packed->numbers[oldest] = number + 1;
  packed->used[oldest] = ++packed->turn;
  return packed->slots[oldest];
}

/* The bytes from `place` on that are in one group: -1 with errno. */
static ssize_t read_part(const struct bscope_trace *trace, uint64_t place, uint8_t *out, size_t bytes) {
  struct bscope_trace_packed *packed = &((struct bscope_trace *)(uintptr_t)trace)->packed;
  uint64_t number = place / BSCOPE_PACKED_BYTES, within = place % BSCOPE_PACKED_BYTES;
  const uint8_t *from = NULL;
  ssize_t done = 0;

  pthread_mutex_lock(&packed->lock);
  if (number < packed->count && within < packed->groups[number].bytes) {
    from = get(trace, packed, (size_t)number);
    done = from || errno == 0 ? 0 : -1;
  }
  if (from) {
    done = (ssize_t)bscope_min_u64(bytes, packed->groups[number].bytes - within);
    memcpy(out, from + within, (size_t)done);
  }
  pthread_mutex_unlock(&packed->lock);
  return done;
}

ssize_t bscope_trace_read_packed(const struct bscope_trace *trace, uint64_t offset, void *out, size_t bytes) {
  size_t have = 0;

  while (have < bytes && offset >= BSCOPE_GRANULE) {
    ssize_t done = read_part(trace, offset - BSCOPE_GRANULE + have, (uint8_t *)out + have, bytes - have);

    if (done < 0)
      return -1;
    if (done == 0)
      break;
    have += (size_t)done;
  }
  return (ssize_t)have;
}

void bscope_trace_free_packed(struct bscope_trace *trace) {
  struct bscope_trace_packed *packed = &trace->packed;

  for (size_t i = 0; i < BSCOPE_TRACE_UNPACKED; i++)
    free(packed->slots[i]);
  free(packed->groups);
  pthread_mutex_destroy(&packed->lock);
}
