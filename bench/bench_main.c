/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All benchmarks in one program, so that a row and its floor come from the same run, and what their loops share.
 */
#include "bench.h"

#include <borrowscope/borrowscope.h>

enum { TRIM_EVENTS = 1 << 22 };

void bench_settle(struct bench_state *state) {
  static __thread unsigned batches;
  bench_pause(state);
  bscope_flush();
  if (++batches % 64 == 0)
    bscope_reset();
  bench_resume(state);
}

void bench_trim(struct bench_state *state, uint64_t *events, uint64_t added) {
  *events += added;
  if (*events < TRIM_EVENTS)
    return;
  bench_pause(state);
  *events = 0;
  bench_fresh();
  bench_resume(state);
}

void bench_check_whole(struct bench_state *state) {
  struct bscope_stats stats = {.size = sizeof(stats)};
  if (bscope_get_stats(&stats) != BSCOPE_OK)
    bench_fail(state, bscope_last_error());
  else if (stats.dropped + stats.lost + stats.file_outside > 0)
    bench_fail(state, "events were not recorded");
}

int main(int argc, char **argv) {
  bench_warm_up();
  bench_register_floor();
  bench_register_single();
  bench_register_file();
  bench_register_many();
  bench_register_query();
  bench_register_graph();
  bench_register_engine();
  return bench_run(argc, argv);
}
