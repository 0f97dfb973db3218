/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Google Benchmark's face for C, and what all benchmarks share: how a tight loop of events is measured without
 * measuring the collector, and the bare stores that a tracking call is compared with.
 *
 * A benchmark runs its loop in batches. Between two batches the clock stands still while the rings are drained
 * (BENCH_SETTLED), or it goes on and the collector has to keep up (BENCH_SUSTAINED).
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bench_state;

enum bench_clock {
  BENCH_CPU,  /* CPU time of the thread: for what one thread computes */
  BENCH_WALL, /* wall clock: where threads wait for each other or for the kernel; the row's name ends in /real_time */
  BENCH_OWN   /* what the row hands to bench_set_time, once an iteration; its name ends in /manual_time */
};

struct bench_case {
  const char *name;
  void (*run)(struct bench_state *state);
  int64_t argument;   /* appended to the name as /N; 0: none */
  int64_t iterations; /* 0: as many as the time allows */
  int threads;        /* threads that run it at once; 0: one, and no /threads:N in the name */
  enum bench_clock clock;
};

void bench_register(const struct bench_case *cases, size_t count);

/* Runs what was registered under Google Benchmark's own options. Exit status for main. */
int bench_run(int argc, char **argv);

/* The loop's condition: the next `count` iterations may run. */
bool bench_keep_running(struct bench_state *state, int64_t count);
void bench_pause(struct bench_state *state);
void bench_resume(struct bench_state *state);
void bench_set_time(struct bench_state *state, double seconds);
void bench_fail(struct bench_state *state, const char *why);

int64_t bench_argument(const struct bench_state *state);
int bench_thread(const struct bench_state *state);
int64_t bench_iterations(const struct bench_state *state);
void bench_set_items(struct bench_state *state, int64_t items);
void bench_set_counter(struct bench_state *state, const char *name, double value);

/* Fails the benchmark unless every event so far was recorded; call it at the end. */
void bench_check_whole(struct bench_state *state);

/* Drains all rings; now and then empties the log too, so that memory stays flat. Not measured. */
void bench_settle(struct bench_state *state);

/* The same without draining: empties the log every few million events. */
void bench_trim(struct bench_state *state, uint64_t *events, uint64_t added);

/* The rings grow to their full size and the log's first pages are touched before anything is measured. */
void bench_warm_up(void);

/* Begins with an empty log, rings drained. */
void bench_fresh(void);

/* Events that are recorded between two looks at the clock: a quarter of the largest ring. */
enum { BENCH_BATCH = 8192, BENCH_RING = 32768 };

/* The statement behind it runs once an iteration. */
#define BENCH_SETTLED(state)                                                                                           \
  for (bench_fresh(); bench_keep_running(state, BENCH_BATCH); bench_settle(state))                                     \
    for (int bench_i_ = 0; bench_i_ < BENCH_BATCH; bench_i_++)

#define BENCH_SUSTAINED(state)                                                                                         \
  bench_fresh();                                                                                                       \
  for (uint64_t bench_n_ = 0; bench_keep_running(state, BENCH_BATCH); bench_trim(state, &bench_n_, BENCH_BATCH))       \
    for (int bench_i_ = 0; bench_i_ < BENCH_BATCH; bench_i_++)

/*
 * The least that any recorder with one total order does: an add to a shared word, and 32 bytes into memory that is as
 * large as a ring.
 */
struct bench_slot {
  uint64_t stamp, subject, object;
  uint32_t site, index;
};

struct bench_lane {
  struct bench_slot *slots; /* BENCH_RING of them */
  uint64_t head;
};

extern uint64_t bench_clock_word[16]; /* [8] is used, alone on its cache lines */

static inline uint64_t bench_xadd(void) {
  return __atomic_fetch_add(&bench_clock_word[8], 1, __ATOMIC_RELEASE);
}

static inline __attribute__((always_inline)) void bench_xadd_store(struct bench_lane *lane, uint64_t subject,
                                                                   uint64_t object) {
  struct bench_slot *slot = &lane->slots[lane->head & (BENCH_RING - 1)];
  slot->stamp = bench_xadd();
  slot->subject = subject;
  slot->object = object;
  slot->site = 1;
  __atomic_store_n(&slot->index, (uint32_t)++lane->head, __ATOMIC_RELEASE);
}

/* This thread's lane, made and touched at the first call. */
struct bench_lane *bench_lane_mine(void);

/* The groups, one a file. */
void bench_register_floor(void);
void bench_register_single(void);
void bench_register_file(void);
void bench_register_many(void);
void bench_register_query(void);
void bench_register_graph(void);
void bench_register_engine(void);

#ifdef __cplusplus
}
#endif

#endif
