/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace of N mixed events by four threads, in whatever session BORROWSCOPE_OPTIONS asks for: bench_cli.py measures
 * the command line on its file.
 *
 *   BORROWSCOPE_OPTIONS=file=PATH borrowscope_bench_trace EVENTS
 */
#include "stream.h"

#include <stdio.h>
#include <stdlib.h>

static size_t events;
static unsigned taken; /* atomic: threads that have begun, each with a part and a seed of its own */

static void *track(void *argument) {
  unsigned part = __atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);
  struct bench_stream stream = bench_stream_make(part + 1);
  bench_stream_track(&stream, events / 4 + (part < events % 4));
  bench_stream_end(&stream);
  return argument;
}

int main(int argc, char **argv) {
  events = argc == 2 ? strtoull(argv[1], NULL, 10) : 0;
  if (events == 0) {
    fprintf(stderr, "usage: borrowscope_bench_trace EVENTS\n");
    return 2;
  }
  return bench_four_threads(track, NULL) == 0 ? 0 : 1;
}
