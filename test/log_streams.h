/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Made-up streams of cells for the tests of the log: deterministic in their seed.
 */
#ifndef BSCOPE_TEST_LOG_STREAMS_H
#define BSCOPE_TEST_LOG_STREAMS_H

#include "collect/window.h"

#include <string.h>

struct stream_random {
  uint64_t state;
};

static inline uint64_t stream_next(struct stream_random *random) {
  uint64_t x = random->state += UINT64_C(0x9e3779b97f4a7c15);

  x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
  return x ^ x >> 31;
}

static inline uint64_t stream_below(struct stream_random *random, uint64_t bound) {
  return stream_next(random) % bound;
}

#define STREAM_THREADS 4u
#define STREAM_LIVE 16u

/*
 * The mixed stream: each of several threads, in turns of one to eight events, either goes through create, borrow,
 * borrow, move, drop of a variable by name, or makes, borrows, moves and drops heap objects by address, sixteen of them
 * alive at a time.
 */
struct stream_mixed {
  struct stream_random random;
  uint32_t thread;
  uint32_t turn;
  struct {
    uint32_t step;
    bool by_address;
    uint64_t address;
    uint64_t live[STREAM_LIVE];
  } threads[STREAM_THREADS];
};

static inline struct bscope_cell stream_mixed_next(struct stream_mixed *mixed) {
  struct bscope_cell cell = {0};
  uint32_t t;
  uint32_t step;

  if (mixed->turn == 0) {
    mixed->thread = (uint32_t)stream_below(&mixed->random, STREAM_THREADS);
    mixed->turn = 1 + (uint32_t)stream_below(&mixed->random, 8);
  }
  mixed->turn--;
  t = mixed->thread;
  step = mixed->threads[t].step++ % 5;
  if (step == 0) {
    mixed->threads[t].by_address = stream_below(&mixed->random, 2);
    mixed->threads[t].address =
        UINT64_C(0x7f0000000000) + ((uint64_t)t << 26) + 16 * stream_below(&mixed->random, 1 << 16);
  }
  cell.thread = t;
  cell.site = 1 + step + 5 * mixed->threads[t].by_address + 10 * (uint32_t)stream_below(&mixed->random, 3);
  if (!mixed->threads[t].by_address) {
    if (step == 1 || step == 2)
      cell.object = UINT64_C(0x7ffc00000000) - 4096 * t - 32 * stream_below(&mixed->random, 4);
    return cell;
  }
  if (step == 0) {
    cell.object = 8 + stream_below(&mixed->random, 4096);
    mixed->threads[t].live[stream_below(&mixed->random, STREAM_LIVE)] = mixed->threads[t].address;
  } else if (step == 4) {
    mixed->threads[t].address = mixed->threads[t].live[stream_below(&mixed->random, STREAM_LIVE)];
  }
  cell.subject = mixed->threads[t].address;
  return cell;
}

static inline void stream_mixed_fill(struct bscope_chunk *chunk, struct stream_mixed *mixed, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    chunk->cells[i] = stream_mixed_next(mixed);
  chunk->count = count;
}

#endif
