/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resets and snapshots in a loop beside eight writers (P1, P2, P4): in each generation positions are dense, each
 * thread's events follow each other without a gap, none stands in two generations, and the counts add up.
 */
#include "engine.h"

#include <sched.h>

#define WRITERS 8

static struct bscope_site site = TEST_SITE(BSCOPE_KIND_NEW, "reset");
static bool stop_writers;          /* atomic */
static uint64_t done[WRITERS][16]; /* atomic: [0] of each */

static void *write_on(void *argument) {
  uint64_t me = (uint64_t)(uintptr_t)argument;
  for (uint64_t n = 0; !__atomic_load_n(&stop_writers, __ATOMIC_RELAXED); n++) {
    test_emit(&site, me, n);
    __atomic_store_n(&done[me][0], n + 1, __ATOMIC_SEQ_CST);
    if (n % 512 == 0)
      sched_yield();
  }
  return NULL;
}

struct reading {
  uint64_t least[WRITERS]; /* events below it belong to older generations */
  uint64_t next[WRITERS];
  bool seen[WRITERS];
};

static void see(void *context, const struct bscope_event *e) {
  struct reading *r = context;
  uint64_t t = e->subject;
  check(t < WRITERS);
  if (r->seen[t])
    check_equal(e->object, r->next[t]);
  else
    check(e->object >= r->least[t]);
  r->seen[t] = true;
  r->next[t] = e->object + 1;
}

static uint64_t written(void) {
  uint64_t all = 0;
  for (unsigned i = 0; i < WRITERS; i++)
    all += __atomic_load_n(&done[i][0], __ATOMIC_SEQ_CST);
  return all;
}

/* A reset is to have something to part: the writers get on by so many events before it, and all of them have begun. */
static void wait_for_writers(uint64_t more) {
  uint64_t until = written() + more;
  for (unsigned i = 0; i < WRITERS; i++)
    while (__atomic_load_n(&done[i][0], __ATOMIC_SEQ_CST) == 0 || written() < until)
      sched_yield();
}

static void check_snapshot(struct reading *r, uint64_t generation) {
  uint64_t before[WRITERS];
  for (unsigned i = 0; i < WRITERS; i++) {
    before[i] = __atomic_load_n(&done[i][0], __ATOMIC_SEQ_CST);
    r->seen[i] = false;
  }
  struct bscope_log *log = test_log();
  struct bscope_stats s = {.size = sizeof(s)};
  check_equal(bscope_log_stats(log, &s), BSCOPE_OK);
  check_equal(s.attempted, s.logged + s.dropped + s.lost + s.evicted + s.pending);
  check_equal(s.dropped + s.lost + s.evicted, 0);
  check_equal(bscope_log_generation(log), generation);
  check_equal(test_walk(log, see, r), s.logged);
  for (unsigned i = 0; i < WRITERS; i++)
    if (r->seen[i])
      check(r->next[i] >= before[i]); /* every call that had returned is in */
  bscope_log_free(log);
}

int main(void) {
  pthread_t threads[WRITERS];
  struct reading r = {.least = {0}};
  struct test_random random = {test_seed()};
  uint64_t generations = test_scaled(500, 20);
  test_restart((struct bscope_options){.ring = 1024});
  uint64_t generation = test_stats().generation;
  for (uintptr_t i = 0; i < WRITERS; i++)
    check(pthread_create(&threads[i], NULL, write_on, (void *)i) == 0);
  for (uint64_t n = 0; n < generations; n++) {
    uint64_t snapshots = test_below(&random, 4);
    wait_for_writers(test_below(&random, 8) ? test_below(&random, 5000) : 0);
    for (uint64_t k = 0; k < snapshots; k++)
      check_snapshot(&r, generation);
    wait_for_writers(test_below(&random, 2) * 100);
    check_equal(bscope_reset(), BSCOPE_OK);
    generation++;
    for (unsigned i = 0; i < WRITERS; i++)
      if (snapshots && r.seen[i])
        r.least[i] = r.next[i]; /* what was seen before the reset never comes again */
  }
  __atomic_store_n(&stop_writers, true, __ATOMIC_RELAXED);
  for (unsigned i = 0; i < WRITERS; i++)
    pthread_join(threads[i], NULL);
  check_snapshot(&r, generation);
  check_equal(test_stats().pending, 0);
  printf("%llu generations, %llu events\n", (unsigned long long)generations, (unsigned long long)written());
  return 0;
}
