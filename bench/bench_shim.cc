/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Google Benchmark behind bench.h: nothing but the way from one language to the other.
 */
#include "bench.h"

#include <benchmark/benchmark.h>

namespace {

benchmark::State &unwrap(struct bench_state *state) {
  return *reinterpret_cast<benchmark::State *>(state);
}

const benchmark::State &unwrap(const struct bench_state *state) {
  return *reinterpret_cast<const benchmark::State *>(state);
}

void register_one(const struct bench_case &row) {
  void (*run)(struct bench_state *) = row.run;
  auto *added = benchmark::RegisterBenchmark(
      row.name, [run](benchmark::State &state) { run(reinterpret_cast<struct bench_state *>(&state)); });
  if (row.argument != 0)
    added->Arg(row.argument);
  if (row.iterations != 0)
    added->Iterations(row.iterations);
  if (row.threads != 0)
    added->Threads(row.threads);
  if (row.clock == BENCH_WALL)
    added->UseRealTime();
  if (row.clock == BENCH_OWN)
    added->UseManualTime();
}

} // namespace

extern "C" {

void bench_register(const struct bench_case *cases, size_t count) {
  for (size_t i = 0; i < count; i++)
    register_one(cases[i]);
}

int bench_run(int argc, char **argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

bool bench_keep_running(struct bench_state *state, int64_t count) {
  return unwrap(state).KeepRunningBatch(count);
}
void bench_pause(struct bench_state *state) {
  unwrap(state).PauseTiming();
}
void bench_resume(struct bench_state *state) {
  unwrap(state).ResumeTiming();
}
void bench_set_time(struct bench_state *state, double seconds) {
  unwrap(state).SetIterationTime(seconds);
}
void bench_fail(struct bench_state *state, const char *why) {
  unwrap(state).SkipWithError(why);
}
int64_t bench_argument(const struct bench_state *state) {
  return unwrap(state).range(0);
}
int bench_thread(const struct bench_state *state) {
  return unwrap(state).thread_index();
}
int64_t bench_iterations(const struct bench_state *state) {
  return unwrap(state).iterations();
}
void bench_set_items(struct bench_state *state, int64_t items) {
  unwrap(state).SetItemsProcessed(items);
}

void bench_set_counter(struct bench_state *state, const char *name, double value) {
  unwrap(state).counters[name] = value;
}
}
