/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checksums of trace files, mended after base/trace.h. All lengths are those of the bytes themselves, which are
 * anyone's.
 */
#include "../trace_build.h"

#include "harness_fuzz.h"

/* Bytes of a file, or of a packed piece of one. */
struct area {
  uint8_t *bytes;
  uint64_t size;
  uint64_t place; /* in the file that they are of */
  uint64_t trace; /* that file's id */
};

static void seal_extents(const struct area *area, uint64_t at);

static void seal_blocks(uint8_t *bytes, uint64_t at, uint64_t end) {
  struct bscope_block_header h;

  for (; end - at >= sizeof(h); at += h.length) {
    memcpy(&h, bytes + at, sizeof(h));
    if (h.magic != BSCOPE_BLOCK_MAGIC || h.length < sizeof(h) || h.length % 8 || h.length > end - at ||
        h.samples_offset < sizeof(h) || h.samples_offset > h.length ||
        h.samples_offset + (uint64_t)h.sample_size * h.sample_count > h.length)
      return;
    h.body_check = bscope_crc32c(0, bytes + at + sizeof(h), h.samples_offset - sizeof(h));
    h.state = h.head_check = 0;
    h.head_check = bscope_crc32c(bscope_crc32c(0, &h, sizeof(h)), bytes + at + h.samples_offset,
                                 (uint64_t)h.sample_size * h.sample_count);
    h.state = BSCOPE_BLOCK_SEALED;
    memcpy(bytes + at, &h, sizeof(h));
  }
}

static void seal_sites(uint8_t *bytes, uint64_t at, uint64_t end) {
  struct bscope_site_entry entry;

  for (; end - at >= sizeof(entry); at += 8) {
    memcpy(&entry, bytes + at, sizeof(entry));
    if (entry.magic != BSCOPE_SITE_ENTRY_MAGIC || entry.length < sizeof(entry) || entry.length > end - at)
      continue;
    entry.check = build_check(bytes + at, entry.length, 0, 4);
    memcpy(bytes + at, &entry, sizeof(entry));
    at += (entry.length - 8) & ~7u;
  }
}

/* --- zstd frames, as far as it takes to find the raw blocks in them --- */

#define ZSTD_MAGIC 0xfd2fb528u

/* Bytes of the frame's header, or 0: it is none. */
static uint64_t zstd_header(const uint8_t *frame, uint64_t size) {
  static const uint8_t sizes[] = {0, 2, 4, 8}, dictionary[] = {0, 1, 2, 4};
  uint32_t magic;
  uint8_t form;
  uint64_t bytes;

  if (size < 5)
    return 0;
  memcpy(&magic, frame, sizeof(magic));
  form = frame[4];
  bytes = 5u + !(form >> 5 & 1) + dictionary[form & 3] + sizes[form >> 6] + ((form >> 6) == 0 && (form >> 5 & 1));
  return magic == ZSTD_MAGIC && bytes <= size ? bytes : 0;
}

/* Mends what the raw blocks of a frame hold; `place` is where the frame's first byte belongs. */
static void seal_frame(uint8_t *frame, uint64_t size, uint64_t place, uint64_t trace) {
  uint64_t at = zstd_header(frame, size);

  while (at && size - at >= 3) {
    uint32_t word = frame[at] | (uint32_t)frame[at + 1] << 8 | (uint32_t)frame[at + 2] << 16;
    uint32_t kind = word >> 1 & 3, bytes = word >> 3;
    uint64_t taken = kind == 1 ? 1 : bytes;

    at += 3;
    if (kind > 1 || taken > size - at) /* compressed: how much it unpacks to is not to be seen */
      return;
    if (kind == 0)
      seal_extents(&(struct area){frame + at, bytes, place, trace}, -place & (BSCOPE_GRANULE - 1));
    place += bytes;
    at += taken;
    if (word & 1)
      return;
  }
}

static void seal_packed(uint8_t *bytes, uint64_t at, uint64_t end, const struct bscope_extent *extent) {
  const size_t covered = offsetof(struct bscope_packed_head, packed);
  struct bscope_packed_head head;
  uint64_t frame = at + extent->head;

  if (extent->head < sizeof(head) || end - at < extent->head)
    return;
  memcpy(&head, bytes + at, sizeof(head));
  if (head.packed > end - frame)
    return;
  seal_frame(bytes + frame, head.packed, head.place, extent->trace);
  head.check = bscope_crc32c(0, bytes + at + covered, extent->head - covered + head.packed);
  memcpy(bytes + at, &head, sizeof(head));
}

/* --- all of it --- */

static void seal_inside(const struct area *area, uint64_t at, const struct bscope_extent *extent) {
  uint64_t end = bscope_min_u64(area->size, at + bscope_min_u64(extent->bytes, area->size));

  if (at + extent->head >= end)
    return;
  if (extent->kind == BSCOPE_EXTENT_PACKED && area->place == 0)
    seal_packed(area->bytes, at, end, extent);
  else if (extent->kind == BSCOPE_EXTENT_SEGMENT && extent->head % 8 == 0)
    seal_blocks(area->bytes, at + extent->head, end);
  else if (extent->kind == BSCOPE_EXTENT_SITES && extent->head % 8 == 0)
    seal_sites(area->bytes, at + extent->head, end);
}

static void seal_extents(const struct area *area, uint64_t at) {
  for (; at < area->size && area->size - at >= sizeof(struct bscope_extent); at += BSCOPE_GRANULE) {
    struct bscope_extent extent;

    memcpy(&extent, area->bytes + at, sizeof(extent));
    if (extent.magic != BSCOPE_EXTENT_MAGIC)
      continue;
    extent.offset = area->place + at;
    extent.trace = area->trace;
    extent.check = build_check(&extent, sizeof(extent), 0, 4);
    memcpy(area->bytes + at, &extent, sizeof(extent));
    seal_inside(area, at, &extent);
  }
}

void fuzz_seal(uint8_t *bytes, size_t size) {
  struct bscope_trace_header h;

  if (size < sizeof(h))
    return;
  memcpy(&h, bytes, sizeof(h));
  memcpy(h.magic, BSCOPE_TRACE_MAGIC, sizeof(h.magic));
  h.major = BSCOPE_TRACE_MAJOR;
  for (size_t i = 0; i < 2; i++)
    if (h.epochs[i].generation)
      h.epochs[i].check = bscope_crc32c(0, &h.epochs[i], 16);
  memcpy(bytes, &h, sizeof(h));
  if (h.constant >= offsetof(struct bscope_trace_header, state) && h.constant <= size && h.constant <= BSCOPE_GRANULE)
    h.check = build_check(bytes, h.constant, SIZE_MAX, offsetof(struct bscope_trace_header, check));
  memcpy(bytes + offsetof(struct bscope_trace_header, check), &h.check, sizeof(h.check));
  seal_extents(&(struct area){bytes, size, 0, h.id}, BSCOPE_GRANULE);
}
