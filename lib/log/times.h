/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A block's column of times, for logs whose events carry their own (clock=tsc): in each group of 64 the first event's
 * time in full, then each next one's distance from the one before, 7 bits a byte, the low ones first. 1 to 2 bytes an
 * event in a busy program, about a nanosecond each way. Nothing of it is in blocks of other logs.
 *
 *   first times u64[groups] | offsets u32[groups], of the distances | distances
 */
#ifndef BSCOPE_LOG_TIMES_H
#define BSCOPE_LOG_TIMES_H

#include "log/block.h"

/* The most bytes that the column of so many events takes. */
size_t bscope_times_bound(uint32_t count);

/* Writes the column of `count` ascending times at `block + offset` (a multiple of 8); returns the offset of its end. */
uint32_t bscope_times_write(uint8_t *block, uint32_t offset, const uint64_t *times, uint32_t count);

/* Times of the first `count` events of group `number`, of a block that has the column: 0 or BSCOPE_ERR_FORMAT. */
int bscope_times_read(const struct bscope_block *block, uint32_t number, uint32_t count, uint64_t *times);

#endif
