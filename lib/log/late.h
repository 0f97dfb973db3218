/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of OPEN positions that arrived after the log's prefix had passed them, or were proved lost. There are few: one
 * for each writer that was stopped in mid-call for longer than a query waits. Each snapshot copies them.
 */
#ifndef BSCOPE_LOG_LATE_H
#define BSCOPE_LOG_LATE_H

#include "base/region.h"
#include "collect/window.h"
#include "log/codec.h"

#include <stdbool.h>

#define BSCOPE_LATE_PAYLOAD 168u /* seven continuation slots of 24 bytes */

struct bscope_late {
  uint64_t full; /* position + 1, stored last with release: 0 where there is no row */
  uint64_t position;
  uint64_t subject;
  uint64_t object;
  uint32_t site; /* without the LONG flag */
  uint32_t thread;
  uint16_t payload_size;
  uint16_t payload_cut;
  uint32_t is_long;
  uint8_t payload[BSCOPE_LATE_PAYLOAD];
};

/* In the order of their arrival. */
struct bscope_lates {
  struct bscope_late *items; /* region memory, an extent */
  size_t count;
  size_t capacity;
};

/* How many lie in [from, to), and how many of these are LOST. */
struct bscope_late_tally {
  uint64_t all;
  uint64_t lost;
};
struct bscope_late_tally bscope_lates_tally(const struct bscope_lates *lates, uint64_t from, uint64_t to);

/* The event of a position, or NULL. Linear. */
const struct bscope_late *bscope_lates_find(const struct bscope_lates *lates, uint64_t position);

/* Copies the cell and its payload. 0 or BSCOPE_ERR_NO_MEMORY. */
int bscope_lates_add(struct bscope_lates *lates, struct bscope_region *region, uint64_t position,
                     const struct bscope_cell *cell);

/* Forgets those before `first`. */
void bscope_lates_evict(struct bscope_lates *lates, struct bscope_region *region, uint64_t first);

void bscope_lates_clear(struct bscope_lates *lates, struct bscope_region *region);

/* Sorts a snapshot's copy by position, so that it can be searched by halving. */
void bscope_late_sort(struct bscope_late *items, size_t count);
const struct bscope_late *bscope_late_search(const struct bscope_late *items, size_t count, uint64_t position);

/* The entry that a reader sees in place of the OPEN one. */
void bscope_late_entry(const struct bscope_late *late, struct bscope_entry *out);

#endif
