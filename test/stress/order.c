/* SPDX-License-Identifier: Apache-2.0 */
/*
 * P1 against an oracle. Each thread keeps a vector clock: how many events of every thread happened before its next one.
 * Threads hand their clocks over by mutex, condition variable, acquire and release, and by being created and joined.
 * In the log an event may stand only where its thread's sequence has come to it and, for every other thread, at least
 * as many events stand before it as its vector says.
 */
#include "engine.h"

#define THREADS_MOST 16
#define CELLS 4

struct vector {
  uint32_t n[THREADS_MOST];
};

/* Written by its thread alone; what stands below `published` is constant. */
struct history {
  struct vector *events;
  uint32_t published __attribute__((aligned(128))); /* atomic */
};

struct locked_cell {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  struct vector clock;
  uint64_t version;
};

static struct history histories[THREADS_MOST];
static struct locked_cell cells[CELLS];
static unsigned threads;
static uint32_t events_each, events_until;
static uint64_t seed;

static struct bscope_site site = TEST_SITE(BSCOPE_KIND_NEW, "order");

static void join(struct vector *into, const struct vector *from) {
  for (unsigned i = 0; i < threads; i++)
    if (from->n[i] > into->n[i])
      into->n[i] = from->n[i];
}

static void record(unsigned me, struct vector *clock, struct test_random *r) {
  struct history *h = &histories[me];
  uint32_t n = clock->n[me];
  h->events[n] = *clock;
  if (test_below(r, 50) == 0)
    bscope_emit_payload(&site, me, n, &n, sizeof(n));
  else
    test_emit(&site, me, n);
  clock->n[me] = n + 1;
}

/* Releases what happened so far; whoever acquires it takes the clock of the last event. */
static void publish(unsigned me, const struct vector *clock) {
  __atomic_store_n(&histories[me].published, clock->n[me], __ATOMIC_RELEASE);
}

static void acquire_from(struct vector *clock, unsigned other) {
  uint32_t n = __atomic_load_n(&histories[other].published, __ATOMIC_ACQUIRE);
  if (n == 0)
    return;
  struct vector seen = histories[other].events[n - 1];
  seen.n[other] = n;
  join(clock, &seen);
}

static void by_mutex(struct locked_cell *c, struct vector *clock, unsigned me, struct test_random *r) {
  pthread_mutex_lock(&c->lock);
  join(clock, &c->clock);
  if (test_below(r, 2))
    record(me, clock, r);
  c->clock = *clock;
  c->version++;
  pthread_cond_broadcast(&c->changed);
  pthread_mutex_unlock(&c->lock);
}

/* Waits for another thread's change, but not where all might wait. */
static void by_condition(struct locked_cell *c, struct vector *clock) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 200000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_nsec -= 1000000000;
    until.tv_sec++;
  }
  pthread_mutex_lock(&c->lock);
  uint64_t version = c->version;
  while (c->version == version && pthread_cond_timedwait(&c->changed, &c->lock, &until) == 0)
    continue;
  join(clock, &c->clock);
  pthread_mutex_unlock(&c->lock);
}

struct task {
  pthread_t thread;
  unsigned me;
  struct vector clock; /* in: its creator's; out: for whoever joins it */
};

static void *run(void *argument) {
  struct task *task = argument;
  struct test_random random = {seed * 31 + task->me + ((uint64_t)events_until << 32)};
  struct vector *clock = &task->clock;
  while (clock->n[task->me] < events_until - 1) {
    uint64_t what = test_below(&random, 100);
    if (what < 55)
      record(task->me, clock, &random);
    else if (what < 70)
      publish(task->me, clock);
    else if (what < 85)
      acquire_from(clock, (unsigned)test_below(&random, threads));
    else if (what < 99 || threads < 3)
      by_mutex(&cells[test_below(&random, CELLS)], clock, task->me, &random);
    else
      by_condition(&cells[test_below(&random, CELLS)], clock);
  }
  return NULL;
}

static void see(void *context, const struct bscope_event *e) {
  uint32_t *seen = context;
  unsigned t = (unsigned)e->subject;
  check(t < threads);
  check_equal(e->object, seen[t]);
  const struct vector *needs = &histories[t].events[e->object];
  for (unsigned j = 0; j < threads; j++)
    if (j != t && seen[j] < needs->n[j]) {
      fprintf(stderr, "seed %llu: event %u of thread %u stands before event %u of thread %u, which happened first\n",
              (unsigned long long)seed, seen[t], t, needs->n[j] - 1, j);
      _exit(70);
    }
  seen[t]++;
}

static void run_with(unsigned count, size_t ring, enum bscope_collector collector) {
  struct task tasks[THREADS_MOST];
  struct vector all = {{0}};
  uint32_t seen[THREADS_MOST] = {0};
  threads = count;
  seed++;
  test_restart((struct bscope_options){.ring = ring, .collector = collector});
  for (unsigned i = 0; i < threads; i++) {
    histories[i].events = calloc(events_each, sizeof(struct vector));
    histories[i].published = 0;
    check(histories[i].events);
  }
  for (unsigned i = 0; i < CELLS; i++)
    cells[i].clock = all;
  for (unsigned phase = 1; phase <= 4; phase++) { /* creation and join hand over as well */
    events_until = events_each / 4 * phase;
    for (unsigned i = 0; i < threads; i++) {
      tasks[i].me = i;
      tasks[i].clock = all;
      check(pthread_create(&tasks[i].thread, NULL, run, &tasks[i]) == 0);
    }
    for (unsigned i = 0; i < threads; i++) {
      pthread_join(tasks[i].thread, NULL);
      join(&all, &tasks[i].clock);
    }
  }
  struct bscope_log *log = test_log();
  uint64_t events = test_walk(log, see, seen), recorded = 0;
  for (unsigned i = 0; i < threads; i++) {
    check_equal(seen[i], all.n[i]);
    recorded += seen[i];
    free(histories[i].events);
  }
  check_equal(events, recorded);
  struct bscope_stats s = test_stats();
  check_equal(s.attempted, recorded);
  check_equal(s.logged, recorded);
  bscope_log_free(log);
}

int main(void) {
  seed = test_seed();
  events_each = (uint32_t)test_scaled(40000, 400);
  for (unsigned i = 0; i < CELLS; i++) {
    pthread_mutex_init(&cells[i].lock, NULL);
    pthread_cond_init(&cells[i].changed, NULL);
  }
  for (unsigned count = 2; count <= THREADS_MOST; count += count < 4 ? 1 : 4) {
    run_with(count, 0, BSCOPE_COLLECTOR_THREAD);
    run_with(count, 64, BSCOPE_COLLECTOR_NONE);
    run_with(count, 4096, BSCOPE_COLLECTOR_THREAD);
    printf("%u threads: in order\n", count);
  }
  return 0;
}
