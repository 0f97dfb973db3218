/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clock samples and what they say about an event's time: linear between the last sample at or below a position and the
 * first one above it, in integers, monotone in the position. Before the first sample the first one's time holds.
 */
#ifndef BSCOPE_LOG_SAMPLES_H
#define BSCOPE_LOG_SAMPLES_H

#include "collect/window.h"
#include "log/block.h"

#include <stdbool.h>

/* Two neighbouring samples, and the step between positions, so that a walk needs no division. */
struct bscope_span {
  uint64_t from, from_ns; /* positions [from, to) */
  uint64_t to, to_ns;
  uint64_t step, rest;   /* ns a position: step + rest / (to - from) */
  uint64_t at, ns, part; /* the last position asked for, its time, and the remainder */
};

void bscope_span_set(struct bscope_span *span, uint64_t from, uint64_t from_ns, uint64_t to, uint64_t to_ns);

/* Time of a position in [from, to). */
uint64_t bscope_span_time(struct bscope_span *span, uint64_t position);

/* The span of a position among samples in ascending order (stamps are positions here). */
void bscope_samples_span(const struct bscope_sample *samples, size_t count, uint64_t position,
                         struct bscope_span *span);

/* The span of a position in an opened block. */
void bscope_block_span(const struct bscope_block *block, uint64_t position, struct bscope_span *span);

/* The samples that no block holds yet, ascending; at most two with the same stamp. Stamps are positions. */
struct bscope_samples {
  struct bscope_sample *items; /* region memory */
  size_t count;
  size_t capacity;
};

/* Adds one; what goes back is ignored. Where there is no memory, it takes the place of the newest. */
void bscope_samples_add(struct bscope_samples *samples, struct bscope_region *region, uint64_t position, uint64_t ns);

/* Bytes that a block of positions [position, position + count) needs for the samples inside it. */
size_t bscope_samples_size(const struct bscope_samples *samples, uint64_t position, uint32_t count);

/* Writes them behind the block's body and completes the header's fields about samples and length. */
void bscope_samples_write(const struct bscope_samples *samples, struct bscope_block_header *header);

/* Forgets the samples that only positions before `position` need. */
void bscope_samples_trim(struct bscope_samples *samples, uint64_t position);

void bscope_samples_clear(struct bscope_samples *samples, struct bscope_region *region);

#endif
