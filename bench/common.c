/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every program here needs, whether it measures with Google Benchmark or by itself: an empty log, full-grown
 * rings, and memory for bare stores.
 */
#include "bench.h"

#include <borrowscope/borrowscope.h>

#include <stdlib.h>
#include <string.h>

uint64_t bench_clock_word[16] __attribute__((aligned(64)));

void bench_fresh(void) {
  bscope_flush();
  bscope_reset();
}

struct bench_lane *bench_lane_mine(void) {
  static __thread struct bench_lane lane;
  if (!lane.slots) {
    size_t bytes = BENCH_RING * sizeof(*lane.slots);
    lane.slots = aligned_alloc(64, bytes);
    if (!lane.slots)
      abort();
    memset(lane.slots, 1, bytes); /* every page is there before the clock runs */
  }
  return &lane;
}

void bench_warm_up(void) {
  for (int batch = 0; batch < 64; batch++) {
    for (int i = 0; i < BENCH_BATCH; i++)
      bscope_track_new("warm", i);
  }
  bench_fresh();
}
