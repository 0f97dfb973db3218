/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The collector stopped for good (P2): producers and queries drain for themselves, and nothing is lost.
 */
#include "engine.h"

#include "collect/collector.h"

#define PRODUCERS 4

static struct bscope_site site = TEST_SITE(BSCOPE_KIND_NEW, "stopped");
static uint64_t events_each;

static void *produce(void *argument) {
  uint64_t me = (uint64_t)(uintptr_t)argument;
  for (uint64_t n = 0; n < events_each; n++)
    test_emit(&site, me, n);
  return NULL;
}

static void see(void *context, const struct bscope_event *e) {
  uint64_t *next = context;
  check(e->subject < PRODUCERS);
  check_equal(e->object, next[e->subject]);
  next[e->subject]++;
}

static void run(size_t ring) {
  pthread_t threads[PRODUCERS];
  uint64_t next[PRODUCERS] = {0}, since = test_now_ms();
  test_restart((struct bscope_options){.ring = ring});
  for (uintptr_t i = 0; i < PRODUCERS; i++)
    check(pthread_create(&threads[i], NULL, produce, (void *)i) == 0);
  for (unsigned i = 0; i < 10; i++) {
    struct bscope_stats s = test_stats();
    check_equal(s.dropped + s.lost, 0);
    test_sleep_ms(1);
  }
  for (unsigned i = 0; i < PRODUCERS; i++)
    pthread_join(threads[i], NULL);
  struct bscope_log *log = test_log();
  check_equal(test_walk(log, see, next), PRODUCERS * events_each);
  bscope_log_free(log);
  struct bscope_stats s = test_stats();
  check_equal(s.logged, PRODUCERS * events_each);
  check_equal(s.attempted, s.logged);
  printf("ring %zu: %llu events, %llu ms\n", ring, (unsigned long long)s.logged,
         (unsigned long long)(test_now_ms() - since));
}

int main(void) {
  events_each = test_scaled(1000000, 1000);
  test_restart_default();
  test_emit(&site, 0, 0);
  bscope_collector_hold(1);
  test_sleep_ms(20);
  run(64);
  run(1024);
  run(0);
  return 0;
}
