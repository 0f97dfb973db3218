/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A million threads one after another, each with an event or a few (P2, P6): what they leave behind is their events
 * alone. With the log emptied now and then, and with a log that evicts within its budget, the library's bytes and the
 * process's resident memory are the same at the end as after a tenth of the threads, but for a bound. Then a thousand
 * threads at once, in 64 MiB.
 */
#include "engine.h"

#define MIB (UINT64_C(1) << 20)

/* What may be more at the end than after a tenth: of few threads a log still fills its budget, and pages of the C
 * library. */
#define BYTES_MORE MIB
#define RESIDENT_MORE (4 * MIB)
#define AT_ONCE 1000
#define AT_ONCE_MOST (64 * MIB)

static struct bscope_site site = TEST_SITE(BSCOPE_KIND_NEW, "many");

static uint64_t resident(void) {
  unsigned long long pages = 0, resident_pages = 0;
  FILE *f = fopen("/proc/self/statm", "re");
  check(f && fscanf(f, "%llu %llu", &pages, &resident_pages) == 2);
  fclose(f);
  return resident_pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t events_of(uint64_t n) {
  return n % 5 + 1;
}

static void *track_a_little(void *argument) {
  uint64_t n = (uint64_t)(uintptr_t)argument;
  for (uint64_t i = 0; i < events_of(n); i++)
    test_emit(&site, n, i);
  return NULL;
}

static void run_one(uint64_t n) {
  pthread_t thread;
  check(pthread_create(&thread, NULL, track_a_little, (void *)(uintptr_t)n) == 0);
  pthread_join(thread, NULL);
}

struct memory {
  uint64_t bytes, resident;
};

static struct memory look(const char *when, uint64_t threads) {
  test_sleep_ms(50); /* rings are given back once the kernel has forgotten their threads */
  bscope_flush();
  struct bscope_stats s = test_stats();
  struct memory m = {s.bytes, resident()};
  printf("%s, %llu threads: %llu KiB of the library, %llu KiB resident, %llu rings\n", when,
         (unsigned long long)threads, (unsigned long long)(m.bytes >> 10), (unsigned long long)(m.resident >> 10),
         (unsigned long long)s.rings);
  fflush(stdout);
  return m;
}

static void check_flat(struct memory early, struct memory late) {
  check(late.bytes <= early.bytes + BYTES_MORE);
  if (!TEST_TSAN && !TEST_ASAN && !getenv("BSCOPE_TEST_VALGRIND")) /* their own memory grows with the threads */
    check(late.resident <= early.resident + RESIDENT_MORE);
}

/* The log is emptied a hundred times. */
static void with_resets(uint64_t threads) {
  struct memory early = {0, 0};
  uint64_t events = 0;
  test_restart_default();
  for (uint64_t n = 0; n < threads; n++) {
    run_one(n);
    events += events_of(n);
    if ((n + 1) % (threads / 100) == 0) {
      struct bscope_stats s = test_stats();
      check_equal(s.attempted, events);
      check_equal(s.logged, events);
      check_equal(bscope_reset(), BSCOPE_OK);
      events = 0;
    }
    if (n + 1 == threads / 10)
      early = look("log emptied", n + 1);
  }
  check_flat(early, look("log emptied", threads));
}

/* The log is never emptied; what does not fit into its budget is evicted. */
static void within_a_budget(uint64_t threads) {
  struct memory early = {0, 0};
  uint64_t events = 0;
  test_restart((struct bscope_options){.memory = MIB});
  for (uint64_t n = 0; n < threads; n++) {
    run_one(n);
    events += events_of(n);
    if (n + 1 == threads / 10)
      early = look("log of 1 MiB", n + 1);
  }
  struct memory late = look("log of 1 MiB", threads);
  struct bscope_stats s = test_stats();
  check_equal(s.attempted, events);
  check_equal(s.logged + s.evicted, events);
  check(s.threads > 0 && s.threads <= threads); /* those whose events are all gone are forgotten */
  check_flat(early, late);
}

static pthread_barrier_t tracked, measured;

static void *track_and_stay(void *argument) {
  (void)track_a_little(argument);
  pthread_barrier_wait(&tracked);
  pthread_barrier_wait(&measured);
  return NULL;
}

static void at_once(void) {
  static pthread_t threads[AT_ONCE];
  pthread_attr_t small;
  check(pthread_attr_init(&small) == 0 && pthread_attr_setstacksize(&small, 256 * 1024) == 0);
  check(pthread_barrier_init(&tracked, NULL, AT_ONCE + 1) == 0);
  check(pthread_barrier_init(&measured, NULL, AT_ONCE + 1) == 0);
  test_restart_default();
  for (uint64_t n = 0; n < AT_ONCE; n++)
    check(pthread_create(&threads[n], &small, track_and_stay, (void *)(uintptr_t)n) == 0);
  pthread_barrier_wait(&tracked);
  struct bscope_stats s = test_stats();
  printf("%d threads at once: %llu KiB of the library, %llu rings\n", AT_ONCE, (unsigned long long)(s.bytes >> 10),
         (unsigned long long)s.rings);
  check_equal(s.threads, AT_ONCE);
  check(s.rings >= AT_ONCE);
  check(s.bytes <= AT_ONCE_MOST);
  pthread_barrier_wait(&measured);
  for (uint64_t n = 0; n < AT_ONCE; n++)
    pthread_join(threads[n], NULL);
}

int main(void) {
  uint64_t threads = test_scaled(1000000, 1000);
  with_resets(threads);
  within_a_budget(threads);
  at_once();
  return 0;
}
