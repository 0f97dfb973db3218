/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands behind a tracking call: the way from a ring to the packed log alone, a thread's first event and its end,
 * and the memory of many threads that track a little each.
 */
#include "bench.h"

#include <borrowscope/borrowscope.h>

#include <pthread.h>
#include <string.h>
#include <time.h>

enum { THREADS_MOST = 1000, CHUNK = 4096 };

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* A session in which only queries drain; its ring grows to its full size before anything is measured. */
static void begin_without_collector(void) {
  const struct bscope_options options = {
      .size = sizeof(options), .collector = BSCOPE_COLLECTOR_NONE, .ring = BENCH_RING};
  bscope_stop();
  bscope_start(&options);
  for (int i = 0; i < 4 * BENCH_RING; i++)
    bscope_track_new("warm", i);
  bench_fresh();
}

static void end_without_collector(void) {
  bscope_stop();
  bscope_start(NULL);
  bench_warm_up();
}

/* From a full ring to sealed blocks, nobody else on the machine's buses: each flush packs one chunk more. */
static void drain(struct bench_state *state) {
  int64_t events = bench_argument(state);
  begin_without_collector();
  for (; bench_keep_running(state, 1); bscope_reset()) {
    for (int64_t i = 0; i < events; i++)
      bscope_track_new("x", i);
    double begin = seconds_now();
    for (int64_t i = 0; i <= events / CHUNK; i++)
      bscope_flush();
    bench_set_time(state, seconds_now() - begin);
  }
  bench_set_items(state, bench_iterations(state) * events);
  bench_check_whole(state);
  end_without_collector();
}

static void copy_ring(struct bench_state *state) {
  int64_t events = bench_argument(state);
  struct bench_lane *lane = bench_lane_mine();
  static struct bench_slot copy[BENCH_RING];
  while (bench_keep_running(state, 1)) {
    double begin = seconds_now();
    memcpy(copy, lane->slots, (size_t)events * sizeof(copy[0]));
    __asm__ volatile("" ::"r"(copy) : "memory");
    bench_set_time(state, seconds_now() - begin);
  }
  bench_set_items(state, bench_iterations(state) * events);
}

static void *take_first_event(void *argument) {
  double begin = seconds_now();
  bscope_track_new("first", 1);
  *(double *)argument = seconds_now() - begin;
  return NULL;
}

static void first_event(struct bench_state *state) {
  while (bench_keep_running(state, 1)) {
    pthread_t thread;
    double taken;
    if (pthread_create(&thread, NULL, take_first_event, &taken) != 0) {
      bench_fail(state, "no thread");
      return;
    }
    pthread_join(thread, NULL);
    bench_set_time(state, taken);
  }
  bench_check_whole(state);
}

static void *do_nothing(void *argument) {
  return argument;
}

/* A thread's whole life: with one event, and (the floor) without any. */
static void live(struct bench_state *state, void *(*run)(void *)) {
  uint64_t tracked = 0;
  for (; bench_keep_running(state, 1); bench_trim(state, &tracked, 1)) {
    pthread_t thread;
    double unused;
    if (pthread_create(&thread, NULL, run, &unused) != 0) {
      bench_fail(state, "no thread");
      return;
    }
    pthread_join(thread, NULL);
  }
}

static void life_with_event(struct bench_state *state) {
  live(state, take_first_event);
  bench_check_whole(state);
}
static void life_without(struct bench_state *state) {
  live(state, do_nothing);
}

/* Of a thread's end: when its function was over, and when the destructors of its keys were. */
struct ending {
  double begun, over;
};

static pthread_key_t last_key;

static void note_end(void *value) {
  ((struct ending *)value)->over = seconds_now();
}

static void *end_without_event(void *argument) {
  struct ending *ending = argument;
  pthread_setspecific(last_key, ending);
  ending->begun = seconds_now();
  return NULL;
}

static void *end_with_event(void *argument) {
  bscope_track_new("only", 1);
  return end_without_event(argument);
}

/* The key is younger than the library's, whose destructor has run by then: keys are destroyed in their order. */
static void end_threads(struct bench_state *state, void *(*run)(void *)) {
  if (pthread_key_create(&last_key, note_end) != 0) {
    bench_fail(state, "no key");
    return;
  }
  uint64_t tracked = 0;
  for (; bench_keep_running(state, 1); bench_trim(state, &tracked, 1)) {
    struct ending ending;
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, &ending) != 0) {
      bench_fail(state, "no thread");
      break;
    }
    pthread_join(thread, NULL);
    bench_set_time(state, ending.over - ending.begun);
  }
  pthread_key_delete(last_key);
}

static void exit_with_event(struct bench_state *state) {
  end_threads(state, end_with_event);
  bench_check_whole(state);
}
static void exit_without(struct bench_state *state) {
  end_threads(state, end_without_event);
}

static pthread_barrier_t tracked_all, measured;

static void *track_a_little(void *argument) {
  for (int i = 0; i < 10; i++)
    bscope_track_new("x", i);
  pthread_barrier_wait(&tracked_all);
  pthread_barrier_wait(&measured);
  return argument;
}

/* All alive at once: the recorder's memory for them, rings and blocks. */
static void many_threads(struct bench_state *state) {
  static pthread_t threads[THREADS_MOST];
  struct bscope_stats before = {.size = sizeof(before)}, after = before;
  unsigned count = (unsigned)bench_argument(state);
  bscope_stop(); /* a new session has no rings left from other rows */
  bscope_start(NULL);
  bscope_get_stats(&before);
  while (bench_keep_running(state, 1)) {
    pthread_barrier_init(&tracked_all, NULL, count + 1);
    pthread_barrier_init(&measured, NULL, count + 1);
    for (unsigned i = 0; i < count; i++) {
      if (pthread_create(&threads[i], NULL, track_a_little, NULL) != 0) {
        bench_fail(state, "no threads");
        return;
      }
    }
    pthread_barrier_wait(&tracked_all);
    bscope_get_stats(&after);
    pthread_barrier_wait(&measured);
    for (unsigned i = 0; i < count; i++)
      pthread_join(threads[i], NULL);
  }
  bench_set_counter(state, "mebibytes", (double)(after.bytes - before.bytes) / (1 << 20));
  bench_check_whole(state);
  bench_warm_up();
}

void bench_register_engine(void) {
  static const struct bench_case rows[] = {
      {.name = "drain", .run = drain, .argument = 8 * CHUNK, .clock = BENCH_OWN},
      {.name = "floor/drain", .run = copy_ring, .argument = 8 * CHUNK, .clock = BENCH_OWN},
      {.name = "thread/first_event", .run = first_event, .clock = BENCH_OWN},
      {.name = "thread/life", .run = life_with_event, .clock = BENCH_WALL},
      {.name = "floor/thread_life", .run = life_without, .clock = BENCH_WALL},
      {.name = "thread/exit", .run = exit_with_event, .iterations = 2000, .clock = BENCH_OWN},
      {.name = "floor/thread_exit", .run = exit_without, .iterations = 2000, .clock = BENCH_OWN},
      {.name = "memory/threads", .run = many_threads, .argument = THREADS_MOST, .iterations = 1, .clock = BENCH_WALL},
  };
  bench_register(rows, sizeof(rows) / sizeof(rows[0]));
}
