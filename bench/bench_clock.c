/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What either clock adds to a thread that works between its events, alone and beside another thread that does the same:
 * a table of its own, since a row is the difference of two loops. Each clock stands beside its floor from the same run:
 * a bare `lock xadd` on a shared word with a 32-byte store, and `lfence; rdtsc` with the same store. Rings are drained
 * between batches, while the clock stands still, so what is measured is the tracking call.
 *
 * It links the library's objects, for the one switch that a program has not: the time stamp counter is measured also
 * where the kernel does not vouch for it (then clock=tsc is refused to programs, and the first line says so).
 *
 *   borrowscope_bench_clock [REPETITIONS [FILE]]      medians of 7 repetitions, of each the median of 24 batches; FILE
 * gets each repetition's, as Google Benchmark writes them
 */
#include "bench.h"

#include <borrowscope/borrowscope.h>

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Of the library's inside. */
extern const char *bscope_tsc_refusal(void);
extern void bscope_tsc_test_trust(bool trusts);

static inline uint64_t read_tsc(void) {
#if defined(__x86_64__)
  uint32_t low, high;
  __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
  return (uint64_t)high << 32 | low;
#else
  return 0;
#endif
}

enum { THREADS = 2, BATCHES = 24, BATCH = 4096, WARM = 4 * BENCH_RING, REPETITIONS_MOST = 25 };

enum kind { WORK, FLOOR_COUNTER, COUNTER, FLOOR_TSC, TSC, KINDS };

static const int works[] = {0, 50, 200, 1000};
enum { WORKS = sizeof(works) / sizeof(works[0]) };

static unsigned rounds_of[WORKS];
static double samples[THREADS][WORKS][KINDS][REPETITIONS_MOST];
static int repetition, repetitions;

/* CPU time of the thread: on a crowded machine the wall clock shows the others. */
static double ns_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Each round waits for the one before; the work between two events waits for nothing, so it overlaps with what comes
 * before it as far as the clock lets it. */
static inline __attribute__((always_inline)) void work(unsigned rounds) {
  uint64_t x = rounds;
  for (unsigned i = 0; i < rounds; i++) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    __asm__ volatile("" : "+r"(x));
  }
}

/* One tracking call, or what stands for it. */
#define LOOP(statement)                                                                                                \
  for (int i = 0; i < BATCH; i++) {                                                                                    \
    work(rounds);                                                                                                      \
    statement;                                                                                                         \
  }

static double run_batch(enum kind kind, unsigned rounds) {
  static int value;
  struct bench_lane *lane = bench_lane_mine();
  double begin = ns_now();
  switch (kind) {
  case WORK:
    LOOP(__asm__ volatile("" ::: "memory"))
    break;
  case FLOOR_COUNTER:
    LOOP(bench_xadd_store(lane, (uint64_t)i, 0))
    break;
  case FLOOR_TSC:
    LOOP({
      struct bench_slot *slot = &lane->slots[lane->head & (BENCH_RING - 1)];
      slot->stamp = read_tsc();
      slot->subject = (uint64_t)i;
      slot->object = 0;
      slot->site = 1;
      __atomic_store_n(&slot->index, (uint32_t)++lane->head, __ATOMIC_RELEASE);
    })
    break;
  default:
    LOOP(bscope_track_borrow("r", &value))
  }
  return (ns_now() - begin) / BATCH;
}

/* So many rounds as take the time when nothing else is done. */
static void calibrate(void) {
  for (int w = 1; w < WORKS; w++) {
    double rounds = works[w];
    for (int round = 0; round < 6; round++) {
      double best = 1e18;
      for (int i = 0; i < 10; i++) {
        double took = run_batch(WORK, (unsigned)rounds);
        best = took < best ? took : best;
      }
      rounds *= works[w] / best;
    }
    rounds_of[w] = (unsigned)rounds;
  }
}

static int compare(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

static double nth_of(double *values, int count, int n) {
  qsort(values, (size_t)count, sizeof(*values), compare);
  return values[n];
}

/* Where threads meet awake: one that has to be woken comes after the other's batch is over. */
struct meeting {
  unsigned arrived; /* atomic */
};

static void meet(struct meeting *meeting, unsigned threads) {
  unsigned end = (__atomic_fetch_add(&meeting->arrived, 1, __ATOMIC_ACQ_REL) / threads + 1) * threads;
  for (unsigned spins = 0; __atomic_load_n(&meeting->arrived, __ATOMIC_ACQUIRE) < end; spins++)
    if (spins % 65536 == 65535)
      sched_yield(); /* there may be fewer processors than threads */
}

struct task {
  pthread_t thread;
  struct meeting *meeting;
  enum kind kind;
  unsigned me, threads, work;
};

/* A processor of its own, where there are enough. */
static void pin(unsigned number) {
  cpu_set_t allowed, one;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0 || (unsigned)CPU_COUNT(&allowed) <= number)
    return;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET(cpu, &allowed) && number-- == 0) {
      CPU_ZERO(&one);
      CPU_SET(cpu, &one);
      pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
      return;
    }
}

static void *run(void *argument) {
  struct task *task = argument;
  pin(task->me);
  if (task->kind == COUNTER || task->kind == TSC)
    for (int i = 0; i < WARM; i++)
      bscope_track_new("warm", i); /* its ring grows to its full size */
  double batches[BATCHES];
  for (int i = 0; i < BATCHES; i++) {
    if (task->me == 0)
      bscope_flush();
    meet(task->meeting, task->threads);
    batches[i] = run_batch(task->kind, rounds_of[task->work]);
    meet(task->meeting, task->threads);
  }
  if (task->me == 0)
    samples[task->threads - 1][task->work][task->kind][repetition] = nth_of(batches, BATCHES, BATCHES / 2);
  return NULL;
}

static void start_session(enum kind kind) {
  const struct bscope_options options = {.size = sizeof(options),
                                         .clock = kind == TSC ? BSCOPE_CLOCK_TSC : BSCOPE_CLOCK_COUNTER,
                                         .collector = BSCOPE_COLLECTOR_NONE};
  bscope_stop();
  if (bscope_start(&options) == BSCOPE_OK)
    return;
  fprintf(stderr, "%s\n", bscope_last_error());
  exit(2);
}

static void check_whole(void) {
  struct bscope_stats stats = {.size = sizeof(stats)};
  if (bscope_get_stats(&stats) == BSCOPE_OK && stats.dropped + stats.lost == 0)
    return;
  fprintf(stderr, "events were not recorded\n");
  exit(1);
}

static void measure(unsigned threads, unsigned which_work, enum kind kind) {
  struct task tasks[THREADS];
  struct meeting meeting = {0};
  start_session(kind);
  for (unsigned i = 0; i < threads; i++) {
    tasks[i] = (struct task){.meeting = &meeting, .kind = kind, .me = i, .threads = threads, .work = which_work};
    if (pthread_create(&tasks[i].thread, NULL, run, &tasks[i]) != 0)
      abort();
  }
  for (unsigned i = 0; i < threads; i++)
    pthread_join(tasks[i].thread, NULL);
  check_whole();
}

/* What a kind adds to the work alone in one repetition. */
static double added_once(unsigned threads, unsigned which_work, enum kind kind, int i) {
  return samples[threads - 1][which_work][kind][i] - samples[threads - 1][which_work][WORK][i];
}

/* The median of the repetitions' differences. */
static double added(unsigned threads, unsigned which_work, enum kind kind) {
  double differences[REPETITIONS_MOST];
  for (int i = 0; i < repetitions; i++)
    differences[i] = added_once(threads, which_work, kind, i);
  return nth_of(differences, repetitions, repetitions / 2);
}

/* Rows as tools/bench-compare reads them: what each clock and its floor added. */
static void save_row(FILE *file, unsigned threads, unsigned which_work, enum kind kind) {
  static const char *const names[KINDS] = {[FLOOR_COUNTER] = "floor/clock/counter",
                                           [COUNTER] = "clock/counter",
                                           [FLOOR_TSC] = "floor/clock/tsc",
                                           [TSC] = "clock/tsc"};
  for (int i = 0; i < repetitions && names[kind] != NULL; i++)
    fprintf(file,
            "    {\"name\": \"%s/%d/threads:%u\", \"run_type\": \"iteration\", \"cpu_time\": %.3f, \"time_unit\": "
            "\"ns\"},\n",
            names[kind], works[which_work], threads, added_once(threads, which_work, kind, i));
}

static int save(const char *path) {
  FILE *file = fopen(path, "w");
  if (file == NULL) {
    perror(path);
    return 2;
  }
  fprintf(file, "{\n  \"context\": {\"repetitions\": %d},\n  \"benchmarks\": [\n", repetitions);
  for (unsigned threads = 1; threads <= THREADS; threads++)
    for (unsigned w = 0; w < WORKS; w++)
      for (int kind = 0; kind < KINDS; kind++)
        save_row(file, threads, w, kind);
  fprintf(file, "    {\"name\": \"end\", \"run_type\": \"aggregate\"}\n  ]\n}\n");
  return fclose(file) == 0 ? 0 : 2;
}

static void print_row(unsigned threads, unsigned which_work) {
  double floor_counter = added(threads, which_work, FLOOR_COUNTER), counter = added(threads, which_work, COUNTER);
  double floor_tsc = added(threads, which_work, FLOOR_TSC), tsc = added(threads, which_work, TSC);
  printf("| %7u | %4d ns | %7.1f ns | %7.1f ns | %5.2f x | %7.1f ns | %7.1f ns | %5.2f x |\n", threads,
         works[which_work], floor_counter, counter, counter / floor_counter, floor_tsc, tsc, tsc / floor_tsc);
}

int main(int argc, char **argv) {
  repetitions = argc > 1 ? atoi(argv[1]) : 7;
  if (repetitions < 1 || repetitions > REPETITIONS_MOST)
    repetitions = 7;
  const char *refusal = bscope_tsc_refusal();
  if (refusal)
    printf("clock=tsc would be refused to a program here: %s\n", refusal);
  bscope_tsc_test_trust(true);
  if ((refusal = bscope_tsc_refusal()) != NULL) {
    fprintf(stderr, "%s\n", refusal);
    return 2;
  }
  calibrate();
  for (repetition = 0; repetition < repetitions; repetition++)
    for (unsigned threads = 1; threads <= THREADS; threads++)
      for (unsigned w = 0; w < WORKS; w++)
        for (int kind = 0; kind < KINDS; kind++)
          measure(threads, w, kind);
  printf("| threads |    work | xadd, store |    counter | ratio   | rdtsc, store |       tsc | ratio   |\n");
  printf("|--------:|--------:|-----------:|-----------:|--------:|-----------:|-----------:|--------:|\n");
  for (unsigned threads = 1; threads <= THREADS; threads++)
    for (unsigned w = 0; w < WORKS; w++)
      print_row(threads, w);
  return argc > 2 ? save(argv[2]) : 0;
}
