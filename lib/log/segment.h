/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments: pieces of region memory that hold blocks, one behind the other from the segment's beginning, and a table of
 * them from its end downwards. A segment never moves; what was written below `used` never changes. They are linked in
 * the order of their blocks and let go whole, the oldest first.
 */
#ifndef BSCOPE_LOG_SEGMENT_H
#define BSCOPE_LOG_SEGMENT_H

#include "base/region.h"
#include "base/trace.h"
#include "log/block.h"

#define BSCOPE_SEGMENT_BYTES (256u * 1024u) /* more only for a block that needs it */

struct bscope_segment {
  struct bscope_extent extent;
  struct bscope_segment *next;    /* the newer one; set once */
  struct bscope_segment *retired; /* links those that only snapshots hold */
  uint64_t serial;                /* one more than the older one's */
  uint64_t first;                 /* position of the first block */
  size_t size;
  size_t used; /* bytes from the segment's beginning, its header included */
  uint32_t blocks;
  uint32_t lost; /* sums of the blocks' */
  uint32_t open;
};

/* An entry of the table; entry i ends (i) entries before the segment's end. */
struct bscope_segment_entry {
  uint32_t offset;
  uint32_t position; /* less the segment's first */
};

/* The least size of a segment that holds a block of `length` bytes. */
size_t bscope_segment_size_for(size_t length);

/* Makes a segment of `size` bytes of memory. */
void bscope_segment_init(struct bscope_segment *segment, size_t size);

/* Makes the segment, whose first block is sealed, known to whoever reads the region's file. */
void bscope_segment_publish(struct bscope_segment *segment, struct bscope_region *region);

/* Room for one more block of `length` bytes (a multiple of 8), or NULL. */
void *bscope_segment_room(const struct bscope_segment *segment, size_t length);

/* Enters the block that was written at the place that bscope_segment_room gave. */
void bscope_segment_enter(struct bscope_segment *segment, const struct bscope_block_header *block);

/* Opens the block of the first `blocks` ones that holds this position: 0 or BSCOPE_ERR_FORMAT. Logarithmic. */
int bscope_segment_open(const struct bscope_segment *segment, uint32_t blocks, uint64_t position,
                        struct bscope_block *out);

#endif
