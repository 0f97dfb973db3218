/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout of a block: what the log is made of, in memory as in a file. All numbers little-endian.
 *
 *   header | group offsets u32[] | site ids u32[] | bases {u64, u64}[hot] | threads u32[] | events | times (if the
 * header says so, see times.h) | padding | samples u64[]
 *
 * `body_check` (CRC32C) covers everything between header and samples and is made without any lock; `head_check` covers
 * the header (with `state` and `head_check` taken as 0) and the samples, which are added when the block gets its place.
 */
#ifndef BSCOPE_LOG_BLOCK_H
#define BSCOPE_LOG_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#define BSCOPE_GROUP_EVENTS 64u
#define BSCOPE_BLOCK_EVENTS 4096u
#define BSCOPE_BLOCK_GROUPS (BSCOPE_BLOCK_EVENTS / BSCOPE_GROUP_EVENTS)
#define BSCOPE_BLOCK_HOT 112u /* sites with a one-byte number */
#define BSCOPE_BLOCK_SLOP 32u /* bytes behind the last event that a decoder may load and ignore */

#define BSCOPE_TIMES_GROUP 12u /* bytes a group, beside the distances */

#define BSCOPE_BLOCK_MAGIC 0x4c425342u /* "BSBL" */
#define BSCOPE_BLOCK_KIND_EVENTS 1u

#define BSCOPE_BLOCK_SEALED 0x5ea1edu /* `state` of a complete block */

struct bscope_block_header {
  uint32_t magic;
  uint16_t kind;
  uint16_t header_size;
  uint32_t state;    /* atomic: 0, or BSCOPE_BLOCK_SEALED, stored last with release */
  uint32_t length;   /* bytes of the whole block, a multiple of 8 */
  uint64_t position; /* of its first event */
  uint64_t generation;
  uint32_t count; /* events */
  uint32_t lost;  /* of these LOST */
  uint32_t open;  /* of these OPEN */
  uint32_t longs; /* of these with a payload */
  uint32_t site_count;
  uint32_t thread_count;
  uint32_t events_offset;
  uint32_t events_end;
  uint32_t samples_offset; /* end of the body */
  uint32_t sample_count;   /* samples inside the block, between the two below */
  uint32_t sample_size;    /* 8: (ns - start_ns) << 16 | event; 16: ns - start_ns, event, where 48 bits don't do */
  uint32_t body_check;
  uint64_t start_back; /* the sample before: taken this many positions before the first event */
  uint64_t start_ns;
  uint64_t end_ahead; /* the sample behind: taken this many positions behind the first event, at least `count` */
  uint64_t end_ns;
  uint32_t head_check;
  uint32_t times_offset; /* 0: the block has no times of its events */
  uint32_t reserved[2];
};

_Static_assert(sizeof(struct bscope_block_header) == 128, "the block header is 128 bytes");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "blocks are little-endian and used in place");

/* A block's parts, checked to lie inside it. */
struct bscope_block {
  const struct bscope_block_header *header;
  const uint8_t *bytes;
  const uint8_t *offsets; /* u32 each */
  const uint8_t *sites;   /* u32 each */
  const uint8_t *bases;   /* two u64 each */
  const uint8_t *threads; /* u32 each */
  const uint8_t *times;   /* or NULL */
  uint32_t groups;
  uint32_t hot;
};

/*
 * Checks the layout of a block of `size` readable bytes (aligned to 8) and finds its parts: 0 or BSCOPE_ERR_FORMAT.
 * Constant time; checksums are not looked at.
 */
int bscope_block_open(struct bscope_block *block, const void *bytes, size_t size);

/* Both checksums: 0 or BSCOPE_ERR_FORMAT. Of a sealed block that was opened. */
int bscope_block_verify(const struct bscope_block *block);

uint32_t bscope_block_head_check(const struct bscope_block_header *header);

#endif
