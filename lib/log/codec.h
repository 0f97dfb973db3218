/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packing a chunk of window cells into the bytes of a block, and back. Both are pure functions over memory.
 *
 * An event is a site byte (bit 7: the thread changes here), a tag byte, and what the tag's two nibbles announce for
 * subject and object (little-endian, 0 to 8 bytes each):
 *
 *   0       the same as this site's last word here            no bytes
 *   1 to 8  that many bytes of zigzag difference to it
 *   9 to 12 equal to one of the thread's four recent words    no bytes
 *   13 14 15  1, 2 or 4 bytes of zigzag difference to the thread's newest recent word
 *
 * Stamps are implied by place. Sites are numbers of the block's dictionary, the 112 most frequent in one byte; only
 * those have a last word, and a base, stored once a block, that it starts from in each group of 64 events. Every group
 * begins at a known offset with fresh state, so that any event is reached by decoding at most 64. A chunk with times
 * gives a block with a column of them (times.h).
 *
 * Costs, on a shared virtual machine of 2 GHz and more: encoding 7 (names only) to 28 ns (random words) an event, the
 * checksum included, decoding 5 to 9; 2 to 4 bytes an event, 19 for two random words.
 */
#ifndef BSCOPE_LOG_CODEC_H
#define BSCOPE_LOG_CODEC_H

#include "base/region.h"
#include "log/block.h"

#include <stdbool.h>

/* An event as it comes out of a block or a window cell: numbers only. */
struct bscope_entry {
  uint64_t subject;
  uint64_t object;
  const uint8_t *payload; /* borrowed from the block, or NULL */
  uint32_t site;          /* id of the site table, or BSCOPE_SITE_LOST, BSCOPE_SITE_OPEN; without the LONG flag */
  uint32_t thread;
  uint16_t payload_size;
  bool payload_cut;
};

/* Consecutive events, decoded together. */
struct bscope_decoded {
  uint64_t first; /* index in the log (or in the block) of entries[0] */
  uint32_t count;
  void *held; /* what the payloads lie in, if the log must be told when they are done with (struct bscope_log_source) */
  bool timed; /* `times` holds their times in ns; else what the clock samples around them say */
  uint64_t times[BSCOPE_GROUP_EVENTS];
  struct bscope_entry entries[BSCOPE_GROUP_EVENTS];
};

struct bscope_chunk;

/* The most bytes that this chunk can become. Reads its LONG cells' sizes, in `region` (NULL without such cells). */
size_t bscope_encode_bound(const struct bscope_chunk *chunk, const struct bscope_region *region);

/* Bytes of working memory that encoding needs. */
size_t bscope_encode_scratch(void);

/*
 * Packs cells [0, count) of a chunk into `out`: a block without its place in the log, its samples and its seal (the
 * header's `length` is set to the bytes written). LONG cells are looked up in `region` (which may be NULL without
 * them). Returns the bytes written, or 0 when `capacity` is below the bound or the chunk is empty. `scratch` is aligned
 * to 8.
 */
size_t bscope_encode(const struct bscope_chunk *chunk, const struct bscope_region *region, void *scratch, uint8_t *out,
                     size_t capacity);

/*
 * Decodes group `number` (from 0) of an opened block, up to and including its entry `last` (at most 63). Fills
 * `entries` and `count`; 0, or BSCOPE_ERR_FORMAT for bytes that are no such group. Never reads outside the block.
 */
int bscope_decode_group(const struct bscope_block *block, uint32_t number, uint32_t last, struct bscope_decoded *out);

#endif
