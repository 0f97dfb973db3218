/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One stage of the way, once, for a profiler: tools/bench-profile runs this under callgrind, which counts what happens
 * inside profiled_STAGE. What a stage needs is made before it.
 *
 *   borrowscope_bench_profile STAGE EVENTS
 */
#include "bench.h"

#include "stream.h"

#include <borrowscope/borrowscope.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAINED_AT_ONCE = 4096 };

static struct bench_stream stream;
static struct bscope_log *log_of_all;
static size_t events;

/* Each stands for itself in a profile. */
#define PROFILED __attribute__((noinline, noclone))

static PROFILED void profiled_track(void) {
  bench_stream_track(&stream, events);
}

static PROFILED void profiled_steps(void) {
  static struct bench_slot slots[BENCH_RING];
  struct bench_lane lane = {.slots = slots};
  bench_stream_store(&stream, &lane, events);
}

/* Each flush packs one chunk. */
static PROFILED void profiled_drain(void) {
  for (size_t i = 0; i <= events / DRAINED_AT_ONCE; i++)
    bscope_flush();
}

static PROFILED void profiled_walk(void) {
  struct bscope_cursor *cursor = bscope_cursor_create(log_of_all, 0);
  struct bscope_event event;
  while (bscope_cursor_next(cursor, &event))
    continue;
  bscope_cursor_free(cursor);
}

static PROFILED void profiled_graph(void) {
  bscope_graph_free(bscope_graph_build(log_of_all));
}

static PROFILED void profiled_check(void) {
  bscope_findings_free(bscope_check(log_of_all));
}

static PROFILED void profiled_json(void) {
  FILE *nowhere = fopen("/dev/null", "w");
  if (!nowhere || bscope_log_export_json_to_file(log_of_all, nowhere, NULL) != BSCOPE_OK)
    exit(1);
  fclose(nowhere);
}

static void with_room(void) {
  for (int i = 0; i < 4 * BENCH_RING; i++)
    bscope_track_new("warm", i); /* the ring grows to its full size */
  bscope_flush();
  bscope_reset();
  stream = bench_stream_make(1);
  bench_stream_track(&stream, BENCH_BLOCKS); /* every site is registered */
  bscope_flush();
}

static void with_full_ring(void) {
  with_room();
  bench_stream_track(&stream, events);
}

static void with_log(void) {
  if (bench_stream_fill_log(events) == 0)
    log_of_all = bscope_get_events();
  if (bscope_log_count(log_of_all) != events)
    exit(1);
}

static const struct {
  const char *name;
  void (*prepare)(void);
  void (*run)(void);
} stages[] = {
    {"steps", with_room, profiled_steps},      {"track", with_room, profiled_track},
    {"drain", with_full_ring, profiled_drain}, {"walk", with_log, profiled_walk},
    {"graph", with_log, profiled_graph},       {"check", with_log, profiled_check},
    {"json", with_log, profiled_json},
};

int main(int argc, char **argv) {
  events = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
  for (size_t i = 0; events > 0 && i < sizeof(stages) / sizeof(stages[0]); i++) {
    if (strcmp(stages[i].name, argv[1]) != 0)
      continue;
    stages[i].prepare();
    stages[i].run();
    return 0;
  }
  fprintf(stderr, "usage: borrowscope_bench_profile steps|track|drain|walk|graph|check|json EVENTS\n");
  return 2;
}
