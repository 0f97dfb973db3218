/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold before a block's parts may be touched. Every bound is computed in 64 bits from 32-bit fields, so
 * nothing wraps.
 */
#include "log/block.h"

#include "base/crc32c.h"

#include <borrowscope/error.h>
#include <stdbool.h>
#include <string.h>

static bool counts_fit(const struct bscope_block_header *h) {
  return h->magic == BSCOPE_BLOCK_MAGIC && h->header_size == sizeof(*h) && h->kind == BSCOPE_BLOCK_KIND_EVENTS &&
         h->count >= 1 && h->count <= BSCOPE_BLOCK_EVENTS && h->site_count >= 1 && h->site_count <= h->count &&
         h->thread_count >= 1 && h->thread_count <= h->count && (h->sample_size == 8 || h->sample_size == 16);
}

/* The column's tables lie between the events and what may be loaded behind the last distance. */
static bool times_fit(const struct bscope_block_header *h, uint32_t groups) {
  return h->times_offset == 0 ||
         (h->times_offset % 8 == 0 && h->times_offset >= h->events_end &&
          h->times_offset + (uint64_t)BSCOPE_TIMES_GROUP * groups + BSCOPE_BLOCK_SLOP <= h->samples_offset);
}

int bscope_block_open(struct bscope_block *block, const void *bytes, size_t size) {
  const struct bscope_block_header *h = bytes;
  uint64_t offsets, sites, bases, threads, end;
  uint32_t groups, hot;

  if (size < sizeof(*h) || !counts_fit(h) || h->length > size)
    return BSCOPE_ERR_FORMAT;
  groups = (h->count + BSCOPE_GROUP_EVENTS - 1) / BSCOPE_GROUP_EVENTS;
  hot = h->site_count < BSCOPE_BLOCK_HOT ? h->site_count : BSCOPE_BLOCK_HOT;
  offsets = sizeof(*h);
  sites = offsets + 4ull * groups;
  bases = sites + 4ull * h->site_count;
  threads = bases + 16ull * hot;
  end = threads + 4ull * h->thread_count;
  if (h->events_offset != end || h->events_end < end || h->samples_offset % 8 != 0 ||
      (uint64_t)h->events_end + BSCOPE_BLOCK_SLOP > h->samples_offset ||
      h->samples_offset + (uint64_t)h->sample_size * h->sample_count != h->length || !times_fit(h, groups))
    return BSCOPE_ERR_FORMAT;
  *block = (struct bscope_block){.header = h, .bytes = bytes, .groups = groups, .hot = hot};
  block->offsets = block->bytes + offsets;
  block->sites = block->bytes + sites;
  block->bases = block->bytes + bases;
  block->threads = block->bytes + threads;
  block->times = h->times_offset ? block->bytes + h->times_offset : NULL;
  return BSCOPE_OK;
}

uint32_t bscope_block_head_check(const struct bscope_block_header *header) {
  struct bscope_block_header copy = *header;

  copy.state = 0;
  copy.head_check = 0;
  return bscope_crc32c(bscope_crc32c(0, &copy, sizeof(copy)), (const uint8_t *)header + header->samples_offset,
                       (uint64_t)header->sample_size * header->sample_count);
}

int bscope_block_verify(const struct bscope_block *block) {
  const struct bscope_block_header *h = block->header;

  if (bscope_crc32c(0, block->bytes + sizeof(*h), h->samples_offset - sizeof(*h)) != h->body_check ||
      bscope_block_head_check(h) != h->head_check)
    return BSCOPE_ERR_FORMAT;
  return BSCOPE_OK;
}
