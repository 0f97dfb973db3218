/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs of 100, 1000 and 10000 calls: all of one kind, mixed, and from four threads that are started for it.
 */
#include "bench.h"

#include "stream.h"

#include <borrowscope/borrowscope.h>

/* Iterations of `events` that fit between two drains. */
static int64_t runs_a_batch(int64_t events) {
  return events < BENCH_BATCH ? BENCH_BATCH / events : 1;
}

static void many_new(struct bench_state *state) {
  int64_t events = bench_argument(state), runs = runs_a_batch(events);
  for (bench_fresh(); bench_keep_running(state, runs); bench_settle(state)) {
    for (int64_t i = 0; i < runs * events; i++)
      bscope_track_new("x", i);
  }
  bench_set_items(state, bench_iterations(state) * events);
  bench_check_whole(state);
}

static void many_mixed(struct bench_state *state) {
  int64_t events = bench_argument(state), runs = runs_a_batch(events);
  struct bench_stream stream = bench_stream_make(1);
  for (bench_fresh(); bench_keep_running(state, runs); bench_settle(state))
    bench_stream_track(&stream, (size_t)(runs * events));
  bench_set_items(state, bench_iterations(state) * events);
  bench_check_whole(state);
  bench_stream_end(&stream);
}

static void *track_some(void *argument) {
  for (int64_t i = 0; i < *(int64_t *)argument; i++)
    bscope_track_new("x", i);
  return NULL;
}

static void four_threads(struct bench_state *state) {
  int64_t events = bench_argument(state);
  uint64_t tracked = 0;
  bench_fresh();
  for (; bench_keep_running(state, 1); bench_trim(state, &tracked, (uint64_t)events * 4)) {
    if (bench_four_threads(track_some, &events) != 0) {
      bench_fail(state, "no threads");
      break;
    }
  }
  bench_set_items(state, bench_iterations(state) * events * 4);
  bench_check_whole(state);
}

void bench_register_many(void) {
  static const struct bench_case rows[] = {
      {.name = "many/new", .run = many_new, .argument = 100},
      {.name = "many/new", .run = many_new, .argument = 1000},
      {.name = "many/new", .run = many_new, .argument = 10000},
      {.name = "many/mixed", .run = many_mixed, .argument = 100},
      {.name = "many/mixed", .run = many_mixed, .argument = 1000},
      {.name = "many/mixed", .run = many_mixed, .argument = 10000},
      {.name = "many/four_threads", .run = four_threads, .argument = 100, .clock = BENCH_WALL},
  };
  bench_register(rows, sizeof(rows) / sizeof(rows[0]));
}
