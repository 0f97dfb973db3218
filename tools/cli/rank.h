/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The highest few of many: what a report lists. Of equal ones the first stays in front.
 */
#ifndef BSCOPE_CLI_RANK_H
#define BSCOPE_CLI_RANK_H

#include <stddef.h>
#include <stdint.h>

struct cli_rank {
  size_t *items;
  uint64_t *values;
  size_t count;
  size_t most;
};

static inline void cli_rank_offer(struct cli_rank *rank, size_t item, uint64_t value) {
  size_t place = rank->count;
  while (place > 0 && rank->values[place - 1] < value)
    place--;
  if (place >= rank->most)
    return;
  if (rank->count < rank->most)
    rank->count++;
  for (size_t i = rank->count - 1; i > place; i--) {
    rank->items[i] = rank->items[i - 1];
    rank->values[i] = rank->values[i - 1];
  }
  rank->items[place] = item;
  rank->values[place] = value;
}

#endif
