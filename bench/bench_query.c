/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is made of the log: snapshots, walks, graphs, JSON, and the memory that an event takes. All over the mixed
 * stream of four threads.
 */
#include "bench.h"

#include "least_graph.h"
#include "stream.h"

#include <borrowscope/borrowscope.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A log of as many events as the row's argument says; NULL after failing the row. */
static struct bscope_log *make_log(struct bench_state *state) {
  struct bscope_log *log = NULL;
  if (bench_stream_fill_log((size_t)bench_argument(state)) == 0)
    log = bscope_get_events();
  if (log && bscope_log_count(log) == (size_t)bench_argument(state))
    return log;
  bench_fail(state, log ? "the log is not whole" : bscope_last_error());
  bscope_log_free(log);
  return NULL;
}

static void set_events(struct bench_state *state) {
  bench_set_items(state, bench_iterations(state) * bench_argument(state));
}

static void snapshot(struct bench_state *state) {
  struct bscope_log *filled = make_log(state);
  while (filled && bench_keep_running(state, 1))
    bscope_log_free(bscope_get_events());
  bscope_log_free(filled);
}

static void walk(struct bench_state *state) {
  struct bscope_log *log = make_log(state);
  uint64_t sum = 0;
  while (log && bench_keep_running(state, 1)) {
    struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
    struct bscope_event event;
    while (cursor && bscope_cursor_next(cursor, &event))
      sum += event.subject;
    bscope_cursor_free(cursor);
    __asm__ volatile("" ::"r"(sum));
  }
  set_events(state);
  bscope_log_free(log);
}

static void graph(struct bench_state *state) {
  struct bscope_log *log = make_log(state);
  while (log && bench_keep_running(state, 1)) {
    struct bscope_graph *made = bscope_graph_build(log);
    if (!made) {
      bench_fail(state, bscope_last_error());
      break;
    }
    bscope_graph_free(made);
  }
  set_events(state);
  bscope_log_free(log);
}

static void graph_floor(struct bench_state *state) {
  struct bscope_log *log = make_log(state);
  while (log && bench_keep_running(state, 1)) {
    if (bench_least_graph(log) == 0) {
      bench_fail(state, "the least graph was not made");
      break;
    }
  }
  set_events(state);
  bscope_log_free(log);
}

/* From the current events to a string: snapshot, graph and encoding. */
static void json(struct bench_state *state) {
  struct bscope_log *log = make_log(state);
  while (log && bench_keep_running(state, 1)) {
    char *text = bscope_export_json_to_string();
    if (!text) {
      bench_fail(state, bscope_last_error());
      break;
    }
    bscope_string_free(text);
  }
  set_events(state);
  bscope_log_free(log);
}

/* The same into an open stream whose bytes go nowhere. */
static void json_stream(struct bench_state *state) {
  struct bscope_log *log = make_log(state);
  FILE *stream = fopen("/dev/null", "w");
  while (log && stream && bench_keep_running(state, 1)) {
    if (bscope_export_json_to_file(stream) != BSCOPE_OK) {
      bench_fail(state, bscope_last_error());
      break;
    }
  }
  set_events(state);
  if (stream)
    fclose(stream);
  bscope_log_free(log);
}

/* Writes `size` bytes in pieces as long as one event's share. */
static bool write_pieces(FILE *stream, const char *text, size_t size, size_t pieces) {
  size_t piece = size / pieces + 1;
  for (size_t at = 0; at < size; at += piece)
    fwrite(text + at, 1, size - at < piece ? size - at : piece, stream);
  return fflush(stream) == 0;
}

static bool write_string(const char *text, size_t size, size_t pieces) {
  char *copy = NULL;
  size_t copied = 0;
  FILE *stream = open_memstream(&copy, &copied);
  if (!stream)
    return false;
  bool whole = write_pieces(stream, text, size, pieces);
  fclose(stream);
  free(copy);
  return whole && copied == size;
}

static bool write_nowhere(const char *text, size_t size, size_t pieces) {
  static FILE *nowhere;
  if (!nowhere)
    nowhere = fopen("/dev/null", "w");
  return nowhere && write_pieces(nowhere, text, size, pieces);
}

/* The bytes of an export, ready made, on the way that an export takes. */
static void write_ready(struct bench_state *state, bool (*write)(const char *text, size_t size, size_t pieces)) {
  struct bscope_log *log = make_log(state);
  char *text = log ? bscope_export_json_to_string() : NULL;
  size_t size = text ? strlen(text) : 0;
  while (text && bench_keep_running(state, 1)) {
    if (!write(text, size, (size_t)bench_argument(state))) {
      bench_fail(state, "the stream is not whole");
      break;
    }
  }
  set_events(state);
  bench_set_counter(state, "bytes_per_event", (double)size / (double)bench_argument(state));
  bscope_string_free(text);
  bscope_log_free(log);
}

static void json_floor(struct bench_state *state) {
  write_ready(state, write_string);
}
static void json_stream_floor(struct bench_state *state) {
  write_ready(state, write_nowhere);
}

static uint64_t bytes_now(void) {
  struct bscope_stats stats = {.size = sizeof(stats)};
  bscope_flush();
  return bscope_get_stats(&stats) == BSCOPE_OK ? stats.bytes : 0;
}

/* How the recorder's memory grows with the log: from a log of N events to one of eleven times N. */
static void memory(struct bench_state *state) {
  size_t events = (size_t)bench_argument(state);
  struct bench_stream stream = bench_stream_make(1);
  bench_fresh();
  uint64_t empty = bytes_now(), before = 0, after = 0;
  while (bench_keep_running(state, 1)) {
    bench_stream_track(&stream, events);
    before = bytes_now();
    bench_stream_track(&stream, 10 * events);
    after = bytes_now();
  }
  bench_set_items(state, (int64_t)(11 * events));
  bench_set_counter(state, "bytes_per_event", ((double)after - (double)before) / (double)(10 * events));
  bench_set_counter(state, "fixed_bytes", (double)empty);
  bench_check_whole(state);
  bench_stream_end(&stream);
}

void bench_register_query(void) {
  static const struct bench_case rows[] = {
      {.name = "snapshot", .run = snapshot, .argument = 1000},
      {.name = "snapshot", .run = snapshot, .argument = 1000000},
      {.name = "floor/walk", .run = walk, .argument = 100},
      {.name = "floor/walk", .run = walk, .argument = 1000},
      {.name = "floor/walk", .run = walk, .argument = 5000},
      {.name = "floor/walk", .run = walk, .argument = 10000},
      {.name = "floor/walk", .run = walk, .argument = 100000},
      {.name = "floor/walk", .run = walk, .argument = 1000000},
      {.name = "floor/walk", .run = walk, .argument = 10000000, .iterations = 1},
      {.name = "floor/graph", .run = graph_floor, .argument = 100},
      {.name = "floor/graph", .run = graph_floor, .argument = 1000},
      {.name = "floor/graph", .run = graph_floor, .argument = 5000},
      {.name = "floor/graph", .run = graph_floor, .argument = 10000},
      {.name = "floor/graph", .run = graph_floor, .argument = 100000},
      {.name = "floor/graph", .run = graph_floor, .argument = 1000000},
      {.name = "floor/graph", .run = graph_floor, .argument = 10000000, .iterations = 1},
      {.name = "graph", .run = graph, .argument = 100},
      {.name = "graph", .run = graph, .argument = 1000},
      {.name = "graph", .run = graph, .argument = 5000},
      {.name = "graph", .run = graph, .argument = 10000},
      {.name = "graph", .run = graph, .argument = 100000},
      {.name = "graph", .run = graph, .argument = 1000000},
      {.name = "graph", .run = graph, .argument = 10000000, .iterations = 1},
      {.name = "floor/json", .run = json_floor, .argument = 100},
      {.name = "floor/json", .run = json_floor, .argument = 1000},
      {.name = "floor/json", .run = json_floor, .argument = 5000},
      {.name = "json", .run = json, .argument = 100},
      {.name = "json", .run = json, .argument = 1000},
      {.name = "json", .run = json, .argument = 5000},
      {.name = "floor/json_stream", .run = json_stream_floor, .argument = 1000},
      {.name = "floor/json_stream", .run = json_stream_floor, .argument = 5000},
      {.name = "floor/json_stream", .run = json_stream_floor, .argument = 100000},
      {.name = "floor/json_stream", .run = json_stream_floor, .argument = 1000000},
      {.name = "json_stream", .run = json_stream, .argument = 1000},
      {.name = "json_stream", .run = json_stream, .argument = 5000},
      {.name = "json_stream", .run = json_stream, .argument = 100000},
      {.name = "json_stream", .run = json_stream, .argument = 1000000},
      {.name = "memory/mixed", .run = memory, .argument = 100000, .iterations = 1, .clock = BENCH_WALL},
  };
  bench_register(rows, sizeof(rows) / sizeof(rows[0]));
}
