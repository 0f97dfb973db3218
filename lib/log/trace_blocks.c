/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index of blocks. In a segment they lie one behind the other; what is left of the segment's earlier life behind
 * them has an older generation or lower positions. So where a block is damaged, any that follows further on, with right
 * checksums and a position that is not lower, is one of this life, and only what lies between is lost.
 */
#include "log/trace_state.h"

#include "base/util.h"

#include <stdlib.h>

#define BLOCK_MOST (2u << 20) /* bytes: twice what the longest events and a sample for each can take */

/* How much of a block is right. */
enum verdict {
  IS_NONE,    /* no block, or one of an earlier life */
  IS_BROKEN,  /* was sealed; its header can't be trusted */
  IS_DAMAGED, /* its header is right, its events are not */
  IS_WHOLE
};

struct walk {
  struct bscope_trace *trace;
  uint64_t at, end;
  uint64_t position; /* of the next block; none is lower */
  bool exact;        /* a block may be expected at this very place */
  bool any;          /* there was one: without it an extent is not called a segment */
};

static bool is_of_this_life(struct walk *walk, const struct bscope_block_header *h) {
  struct bscope_trace *trace = walk->trace;

  if (h->position < walk->position || h->position > INT64_MAX || (uint64_t)h->lost + h->open > h->count)
    return false;
  if (h->generation == trace->epoch.generation)
    return true;
  if (!trace->epoch_doubted || h->generation < trace->epoch.generation)
    return false;
  trace->block_count = 0; /* the newer one of two generations, whose number in the header is damaged */
  trace->epoch.generation = h->generation;
  trace->base_known = false;
  return true;
}

/* Whether what is no right block was one: what an earlier life left in this place has lower positions. */
static enum verdict broken(struct walk *walk, const struct bscope_block_header *h) {
  bool was_one = !walk->any || (h->state == BSCOPE_BLOCK_SEALED && h->position == walk->position &&
                                h->generation == walk->trace->epoch.generation);

  return walk->exact && was_one ? IS_BROKEN : IS_NONE;
}

/* What stands at walk->at; `block` is set from IS_DAMAGED on. A wrong magic or state alone is told by the check. */
static enum verdict judge(struct walk *walk, struct bscope_block *block) {
  struct bscope_trace *trace = walk->trace;
  struct bscope_block_header *h = bscope_trace_view(trace, walk->at, sizeof(*h));
  uint32_t magic;

  if (!h || (h->magic != BSCOPE_BLOCK_MAGIC && !walk->exact))
    return IS_NONE;
  if (h->length < sizeof(*h) || h->length > BLOCK_MOST || h->length > walk->end - walk->at)
    return broken(walk, h);
  if (h->length > trace->patience) {
    bscope_trace_damage(trace, walk->at, "more damage than can be looked through");
    return IS_NONE;
  }
  h = bscope_trace_view(trace, walk->at, h->length);
  if (!h)
    return IS_NONE;
  magic = h->magic;
  h->magic = BSCOPE_BLOCK_MAGIC; /* in the buffer; the check covers it */
  trace->patience -= h->length;
  if (bscope_block_open(block, h, h->length) || bscope_block_head_check(h) != h->head_check)
    return broken(walk, h);
  trace->patience += h->length;
  if (!is_of_this_life(walk, h) || (h->state == 0 && walk->any))
    return IS_NONE;
  return magic == BSCOPE_BLOCK_MAGIC && h->state == BSCOPE_BLOCK_SEALED && bscope_block_verify(block) == BSCOPE_OK
             ? IS_WHOLE
             : IS_DAMAGED;
}

static void use_sites(struct bscope_trace *trace, const struct bscope_block *block) {
  const uint32_t *sites = (const uint32_t *)(const void *)block->sites;

  for (uint32_t i = 0; i < block->header->site_count; i++)
    bscope_trace_use_site(trace, sites[i]);
}

static void add_block(struct walk *walk, const struct bscope_block *block, bool whole) {
  struct bscope_trace *trace = walk->trace;
  const struct bscope_block_header *h = block->header;
  struct bscope_trace_block *blocks =
      bscope_trace_grow(trace, trace->blocks, &trace->block_capacity, trace->block_count + 1, sizeof(*blocks));

  if (!blocks)
    return;
  trace->blocks = blocks;
  blocks[trace->block_count++] = (struct bscope_trace_block){.position = h->position,
                                                             .offset = walk->at,
                                                             .length = whole ? h->length : 0,
                                                             .count = h->count,
                                                             .lost = whole ? h->lost : 0,
                                                             .open = whole ? h->open : 0};
  if (whole)
    use_sites(trace, block);
}

void bscope_trace_read_segment(struct bscope_trace *trace, uint64_t at, uint64_t end) {
  struct walk walk = {.trace = trace, .at = at, .end = end, .exact = true};

  while (trace->status == BSCOPE_OK && walk.end - walk.at >= sizeof(struct bscope_block_header)) {
    struct bscope_block block;
    enum verdict verdict = judge(&walk, &block);

    if (verdict == IS_BROKEN || verdict == IS_DAMAGED)
      bscope_trace_damage(trace, walk.at, "a block of events");
    walk.exact = verdict >= IS_DAMAGED;
    walk.any = true;
    if (!walk.exact) {
      walk.at += 8;
      continue;
    }
    add_block(&walk, &block, verdict == IS_WHOLE);
    walk.position = block.header->position + block.header->count;
    walk.at += block.header->length;
  }
}

static int compare(const void *a, const void *b) {
  const struct bscope_trace_block *left = a, *right = b;

  if (left->position != right->position)
    return left->position < right->position ? -1 : 1;
  return (left->length == 0) - (right->length == 0);
}

void bscope_trace_end_blocks(struct bscope_trace *trace) {
  size_t kept = 0;

  if (trace->block_count)
    qsort(trace->blocks, trace->block_count, sizeof(*trace->blocks), compare);
  for (size_t i = 0; i < trace->block_count; i++) {
    const struct bscope_trace_block *block = &trace->blocks[i];

    if (kept && block->position < trace->sealed) { /* two blocks for one position: the first one stands */
      if (block->position != trace->blocks[kept - 1].position || block->count != trace->blocks[kept - 1].count)
        bscope_trace_damage(trace, block->offset, "a block that contradicts the one before it");
      continue;
    }
    trace->blocks[kept++] = *block;
    trace->sealed = block->position + block->count;
  }
  trace->block_count = 0;
  for (size_t i = 0; i < kept; i++)
    if (trace->blocks[i].length)
      trace->blocks[trace->block_count++] = trace->blocks[i];
}

size_t bscope_trace_find_block(const struct bscope_trace *trace, uint64_t position) {
  size_t low = 0, high = trace->block_count;

  while (low < high) {
    size_t middle = low + (high - low) / 2;

    if (trace->blocks[middle].position <= position)
      low = middle + 1;
    else
      high = middle;
  }
  return low - 1;
}
