/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk over a log by numbers: whole groups as they are decoded, for readers that keep what sites say themselves. The
 * strings and times of an event are looked up only where somebody asks.
 */
#ifndef BSCOPE_LOG_CURSOR_H
#define BSCOPE_LOG_CURSOR_H

#include "log/codec.h"

#include <borrowscope/log.h>

/* Consecutive events; borrowed from the cursor until it moves on. */
struct bscope_batch {
  const struct bscope_entry *entries;
  uint32_t count;
  size_t first; /* index in the log of entries[0] */
};

/* Whether the log has events as numbers; others (made of ready events) are read by bscope_cursor_next. */
bool bscope_cursor_has_batches(const struct bscope_cursor *cursor);

/* The next batch. False at the end, or with the message set where a block is damaged. */
bool bscope_cursor_next_batch(struct bscope_cursor *cursor, struct bscope_batch *out);

/* The time of an event of the current batch; cheap in ascending order. Where it can't be had this batch is the last. */
uint64_t bscope_cursor_time(struct bscope_cursor *cursor, size_t i);

#endif
