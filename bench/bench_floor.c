/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the machine asks for the same work without a library: rows that others are divided by.
 */
#include "bench.h"

#include "stream.h"

#include <pthread.h>

static void empty_loop(struct bench_state *state) {
  while (bench_keep_running(state, BENCH_BATCH)) {
    for (int i = 0; i < BENCH_BATCH; i++)
      __asm__ volatile("" ::: "memory");
  }
}

/* Pauses between batches as the rows do that are divided by it: reading the clocks costs both the same. */
static void xadd(struct bench_state *state) {
  while (bench_keep_running(state, BENCH_BATCH)) {
    for (int i = 0; i < BENCH_BATCH; i++)
      bench_xadd();
    bench_pause(state);
    bench_resume(state);
  }
}

static void xadd_store(struct bench_state *state) {
  struct bench_lane *lane = bench_lane_mine();
  while (bench_keep_running(state, BENCH_BATCH)) {
    for (int i = 0; i < BENCH_BATCH; i++)
      bench_xadd_store(lane, (uint64_t)i, 0);
  }
}

/* The same into 4 KiB, which stay in the nearest cache: what is left is the wait of the next locked instruction. */
static void xadd_store_near(struct bench_state *state) {
  static struct bench_slot slots[128];
  struct bench_lane lane = {.slots = slots};
  while (bench_keep_running(state, BENCH_BATCH)) {
    for (int i = 0; i < BENCH_BATCH; i++) {
      lane.head &= 127;
      bench_xadd_store(&lane, (uint64_t)i, 0);
    }
  }
}

/* The same loop as many/mixed, with a bare store where that one tracks. */
static void mixed(struct bench_state *state) {
  int64_t events = bench_argument(state);
  struct bench_stream stream = bench_stream_make(1);
  struct bench_lane *lane = bench_lane_mine();
  while (bench_keep_running(state, 1))
    bench_stream_store(&stream, lane, (size_t)events);
  bench_set_items(state, bench_iterations(state) * events);
  bench_stream_end(&stream);
}

static void *store_some(void *argument) {
  static __thread struct bench_slot slots[128];
  struct bench_lane lane = {.slots = slots};
  for (int64_t i = 0; i < *(int64_t *)argument; i++) {
    lane.head &= 127;
    bench_xadd_store(&lane, (uint64_t)i, 0);
  }
  return NULL;
}

static void four_threads(struct bench_state *state) {
  int64_t events = bench_argument(state);
  while (bench_keep_running(state, 1)) {
    if (bench_four_threads(store_some, &events) != 0) {
      bench_fail(state, "no threads");
      break;
    }
  }
  bench_set_items(state, bench_iterations(state) * events * 4);
}

void bench_register_floor(void) {
  static const struct bench_case rows[] = {
      {.name = "floor/empty", .run = empty_loop},
      {.name = "floor/xadd", .run = xadd},
      {.name = "floor/xadd_store", .run = xadd_store},
      {.name = "floor/xadd_store_near", .run = xadd_store_near},
      {.name = "floor/xadd_store", .run = xadd_store, .threads = 2, .clock = BENCH_WALL},
      {.name = "floor/mixed", .run = mixed, .argument = 100},
      {.name = "floor/mixed", .run = mixed, .argument = 1000},
      {.name = "floor/mixed", .run = mixed, .argument = 10000},
      {.name = "floor/four_threads", .run = four_threads, .argument = 100, .clock = BENCH_WALL},
  };
  bench_register(rows, sizeof(rows) / sizeof(rows[0]));
}
