/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain bookkeeping in the segment's own memory.
 */
#include "log/segment.h"

#include "base/extent.h"
#include "base/util.h"

#include <borrowscope/error.h>
#include <string.h>

#define HEAD bscope_round_up(sizeof(struct bscope_segment), 8)

size_t bscope_segment_size_for(size_t length) {
  size_t least = HEAD + length + sizeof(struct bscope_segment_entry);

  return least <= BSCOPE_SEGMENT_BYTES ? BSCOPE_SEGMENT_BYTES : (size_t)bscope_round_up(least, BSCOPE_GRANULE);
}

void bscope_segment_init(struct bscope_segment *segment, size_t size) {
  *segment = (struct bscope_segment){.size = size, .used = HEAD};
}

void bscope_segment_publish(struct bscope_segment *segment, struct bscope_region *region) {
  bscope_extent_publish(region, &segment->extent, BSCOPE_EXTENT_SEGMENT, HEAD, segment->size);
}

static struct bscope_segment_entry *place_of(const struct bscope_segment *segment, uint32_t i) {
  uint8_t *end = (uint8_t *)(uintptr_t)segment + segment->size;

  return (struct bscope_segment_entry *)(void *)end - (i + 1);
}

void *bscope_segment_room(const struct bscope_segment *segment, size_t length) {
  size_t table = sizeof(struct bscope_segment_entry) * (segment->blocks + 1);

  return length + table <= segment->size - segment->used ? (uint8_t *)(uintptr_t)segment + segment->used : NULL;
}

void bscope_segment_enter(struct bscope_segment *segment, const struct bscope_block_header *block) {
  if (segment->blocks == 0)
    segment->first = block->position;
  *place_of(segment, segment->blocks) =
      (struct bscope_segment_entry){(uint32_t)segment->used, (uint32_t)(block->position - segment->first)};
  segment->used += block->length;
  segment->lost += block->lost;
  segment->open += block->open;
  segment->blocks++;
}

int bscope_segment_open(const struct bscope_segment *segment, uint32_t blocks, uint64_t position,
                        struct bscope_block *out) {
  uint64_t wanted = position - segment->first;
  uint32_t low = 0;
  const struct bscope_segment_entry *place;

  while (low < blocks) {
    uint32_t middle = low + (blocks - low) / 2;

    if (place_of(segment, middle)->position <= wanted)
      low = middle + 1;
    else
      blocks = middle;
  }
  if (low == 0)
    return BSCOPE_ERR_FORMAT;
  place = place_of(segment, low - 1);
  if (place->offset < HEAD || place->offset % 8 != 0 || place->offset >= segment->size ||
      bscope_block_open(out, (const uint8_t *)segment + place->offset, segment->size - place->offset) ||
      position - out->header->position >= out->header->count)
    return BSCOPE_ERR_FORMAT;
  return BSCOPE_OK;
}
