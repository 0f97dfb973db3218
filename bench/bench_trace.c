/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace of N events, in whatever session BORROWSCOPE_OPTIONS asks for: bench_cli.py measures the command line on its
 * file. Mixed events by four threads; or, as `blocks`, by one thread, of blocks at random addresses that are borrowed
 * and dropped at once: the log grows, and what is alive does not.
 *
 *   BORROWSCOPE_OPTIONS=file=PATH borrowscope_bench_trace EVENTS [blocks]
 */
#include "stream.h"

#include <borrowscope/borrowscope.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_A_BLOCK 4

static size_t events;
static unsigned taken; /* atomic: threads that have begun, each with a part and a seed of its own */

static void *track(void *argument) {
  unsigned part = __atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);
  struct bench_stream stream = bench_stream_make(part + 1);
  bench_stream_track(&stream, events / 4 + (part < events % 4));
  bench_stream_end(&stream);
  return argument;
}

/* Addresses of 47 bits and sizes of 24, as random as an allocator's never are: what packs badly. */
static void track_blocks(size_t count) {
  uint64_t state = 1;
  for (size_t i = 0; i < count; i++) {
    state = bench_random(state);
    void *block = (void *)(uintptr_t)(state >> 17 | 16);
    state = bench_random(state);
    bscope_new_at("block", block, (state >> 20 & 0xffffff) + 1);
    (void)bscope_borrow_mut_at("view", block);
    bscope_borrow_end("view");
    bscope_drop_at(block);
  }
}

int main(int argc, char **argv) {
  const bool blocks = argc == 3 && strcmp(argv[2], "blocks") == 0;
  events = argc == 2 || blocks ? strtoull(argv[1], NULL, 10) : 0;
  if (events == 0) {
    fprintf(stderr, "usage: borrowscope_bench_trace EVENTS [blocks]\n");
    return 2;
  }
  if (!blocks)
    return bench_four_threads(track, NULL) == 0 ? 0 : 1;
  track_blocks(events / EVENTS_A_BLOCK);
  return 0;
}
