/* SPDX-License-Identifier: Apache-2.0 */
/*
 * P2 under the default policy: rings of 2 to 64 slots under four producers of a million events each. Nothing is lost,
 * with the collector's thread and without it.
 */
#include "engine.h"

#define PRODUCERS 4

static struct bscope_site site = TEST_SITE(BSCOPE_KIND_NEW, "tiny");
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

static void run(size_t ring, enum bscope_collector collector) {
  pthread_t threads[PRODUCERS];
  uint64_t next[PRODUCERS] = {0}, since = test_now_ms();
  test_restart((struct bscope_options){.ring = ring, .collector = collector});
  for (uintptr_t i = 0; i < PRODUCERS; i++)
    check(pthread_create(&threads[i], NULL, produce, (void *)i) == 0);
  for (unsigned i = 0; i < PRODUCERS; i++)
    pthread_join(threads[i], NULL);
  uint64_t took = test_now_ms() - since;
  struct bscope_stats s = test_stats();
  check_equal(s.attempted, PRODUCERS * events_each);
  check_equal(s.logged + s.evicted, PRODUCERS * events_each);
  check_equal(s.pending, 0);
  check_equal(s.evicted, 0);
  struct bscope_log *log = test_log();
  check_equal(test_walk(log, see, next), PRODUCERS * events_each);
  bscope_log_free(log);
  printf("ring %zu, %s: %llu events, %llu ms\n", ring,
         collector == BSCOPE_COLLECTOR_NONE ? "no collector" : "collector",
         (unsigned long long)(PRODUCERS * events_each), (unsigned long long)took);
  fflush(stdout);
}

int main(void) {
  static const size_t rings[] = {2, 4, 8, 16, 64};
  events_each = test_scaled(1000000, 1000);
  for (unsigned i = 0; i < TEST_COUNT(rings); i++) {
    run(rings[i], BSCOPE_COLLECTOR_THREAD);
    run(rings[i], BSCOPE_COLLECTOR_NONE);
  }
  return 0;
}
