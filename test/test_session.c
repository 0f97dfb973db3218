/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session's life: start, stop, start again; reset; the run-time switch; the counts at every moment (P2); a snapshot
 * holds what happened before it (P4); a lock that can't be had is an error and no hang; an idle library sleeps.
 */
#include "engine.h"

#include "capture/process.h"
#include "collect/collector.h"

#include <dirent.h>
#include <sched.h>

static struct bscope_site site = TEST_SITE(BSCOPE_KIND_NEW, "session");

static void start_stop_start(void **state) {
  (void)state;
  for (uint64_t round = 0; round < 20; round++) {
    test_restart_default();
    for (uint64_t i = 0; i <= round; i++)
      test_emit(&site, i, i);
    assert_int_equal(bscope_start(NULL), BSCOPE_ERR_INVALID_ARGUMENT); /* it holds events already */
    assert_true(strlen(bscope_last_error()) > 0);
    assert_int_equal(bscope_stop(), BSCOPE_OK);
    for (uint64_t i = 0; i < 100; i++)
      test_emit(&site, i, i); /* not attempted */
    struct bscope_stats s = test_stats();
    assert_int_equal(s.attempted, round + 1);
    assert_int_equal(s.logged, round + 1);
    assert_int_equal(s.first, 0);
    struct bscope_log *log = test_log(); /* the log of a stopped session stays readable */
    assert_int_equal(bscope_log_count(log), round + 1);
    assert_int_equal(bscope_stop(), BSCOPE_OK);
    bscope_log_free(log);
  }
}

/* What one log handle holds stays, whatever is started after it (P4). */
static void a_log_outlives_its_session(void **state) {
  (void)state;
  struct bscope_log *logs[10];
  for (uint64_t n = 0; n < 10; n++) {
    test_restart_default();
    for (uint64_t i = 0; i < 5000 + n; i++)
      test_emit(&site, n, i);
    logs[n] = test_log();
  }
  test_restart_default();
  for (uint64_t n = 0; n < 10; n++) {
    struct bscope_event e;
    assert_int_equal(bscope_log_count(logs[n]), 5000 + n);
    for (uint64_t i = 0; i < 5000 + n; i += 7) {
      assert_int_equal(bscope_log_at(logs[n], i, &e), BSCOPE_OK);
      assert_int_equal(e.subject, n);
      assert_int_equal(e.object, i);
    }
    bscope_log_free(logs[n]);
  }
}

static void bad_options_are_refused(void **state) {
  (void)state;
  const struct bscope_options bad[] = {
      {.size = sizeof(bad[0]), .ring = 3},
      {.size = sizeof(bad[0]), .ring = 1},
      {.size = sizeof(bad[0]), .memory = 4096},
      {.size = sizeof(bad[0]), .overflow = (enum bscope_overflow)7},
      {.size = sizeof(bad[0]), .clock = (enum bscope_clock)7},
      {.size = sizeof(bad[0]), .collector = (enum bscope_collector)7},
      {.size = sizeof(bad[0]), .enabled = 5},
      {.size = 3},
  };
  test_restart_default();
  test_emit(&site, 0, 0);
  bscope_stop();
  for (unsigned i = 0; i < TEST_COUNT(bad); i++) {
    assert_int_equal(bscope_start(&bad[i]), BSCOPE_ERR_INVALID_ARGUMENT);
    assert_true(strlen(bscope_last_error()) > 0);
    assert_int_equal(test_stats().logged, 1); /* nothing has changed */
  }
  assert_int_equal(bscope_start(NULL), BSCOPE_OK);
}

static void a_late_filter_is_refused(void **state) {
  (void)state;
  const struct bscope_options options = {.size = sizeof(options), .filter = "only*"};
  test_restart_default();
  test_emit(&site, 0, 0); /* registered: it has been decided that it is recorded */
  bscope_stop();
  assert_int_equal(bscope_start(&options), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(bscope_start(NULL), BSCOPE_OK);
}

static void reset_begins_at_0(void **state) {
  (void)state;
  test_restart_default();
  uint64_t generation = test_stats().generation;
  for (uint64_t round = 1; round <= 30; round++) {
    for (uint64_t i = 0; i < round * 300; i++)
      test_emit(&site, round, i);
    struct bscope_log *log = test_log();
    assert_int_equal(bscope_log_count(log), round * 300);
    assert_int_equal(bscope_reset(), BSCOPE_OK);
    struct bscope_stats s = test_stats();
    assert_int_equal(s.attempted, 0);
    assert_int_equal(s.generation, generation + round);
    test_emit(&site, 7777, 0);
    struct bscope_log *after = test_log();
    struct bscope_event e;
    assert_int_equal(bscope_log_count(after), 1);
    assert_int_equal(bscope_log_first(after), 0);
    assert_int_equal(bscope_log_generation(after), generation + round);
    assert_int_equal(bscope_log_at(after, 0, &e), BSCOPE_OK);
    assert_int_equal(e.subject, 7777);
    assert_int_equal(e.stamp, 0);
    assert_int_equal(bscope_log_at(log, round * 300 - 1, &e), BSCOPE_OK); /* the snapshot before it stands */
    assert_int_equal(e.subject, round);
    bscope_log_free(log);
    bscope_log_free(after);
    assert_int_equal(bscope_reset(), BSCOPE_OK);
    generation++;
  }
}

/* --- counts at every moment --- */

#define WRITERS 4

struct writer {
  pthread_t thread;
  uint64_t begun __attribute__((aligned(128))); /* atomic */
  uint64_t done;                                /* atomic */
};

static struct writer writers[WRITERS];
static bool stop_writers; /* atomic */

static void *write_on(void *argument) {
  struct writer *w = argument;
  struct bscope_site own = TEST_SITE(BSCOPE_KIND_NEW, "writer");
  uint64_t me = (uint64_t)(w - writers);
  for (uint64_t n = 0; !__atomic_load_n(&stop_writers, __ATOMIC_RELAXED); n++) {
    __atomic_store_n(&w->begun, n + 1, __ATOMIC_SEQ_CST);
    test_emit(&own, me, n);
    __atomic_store_n(&w->done, n + 1, __ATOMIC_SEQ_CST);
  }
  return NULL;
}

static void begin_writers(void) {
  stop_writers = false;
  for (unsigned i = 0; i < WRITERS; i++) {
    writers[i].begun = writers[i].done = 0;
    check(pthread_create(&writers[i].thread, NULL, write_on, &writers[i]) == 0);
  }
}

static uint64_t end_writers(void) {
  uint64_t all = 0;
  __atomic_store_n(&stop_writers, true, __ATOMIC_RELAXED);
  for (unsigned i = 0; i < WRITERS; i++) {
    pthread_join(writers[i].thread, NULL);
    all += writers[i].done;
  }
  return all;
}

struct seen {
  uint64_t next[WRITERS];
};

static void check_program_order(void *context, const struct bscope_event *e) {
  struct seen *seen = context;
  check(e->subject < WRITERS);
  check_equal(e->object, seen->next[e->subject]);
  seen->next[e->subject]++;
}

static void counts_hold_while_writers_run(void **state) {
  (void)state;
  test_restart((struct bscope_options){.memory = 256u << 20});
  begin_writers();
  uint64_t rounds = test_scaled(300, 20), since = test_now_ms();
  for (uint64_t round = 0; round < rounds && test_now_ms() - since < 20000 * test_scale() + 1000; round++) {
    uint64_t before = 0, after = 0;
    for (unsigned i = 0; i < WRITERS; i++)
      before += __atomic_load_n(&writers[i].done, __ATOMIC_SEQ_CST);
    struct bscope_stats s = test_stats();
    for (unsigned i = 0; i < WRITERS; i++)
      after += __atomic_load_n(&writers[i].begun, __ATOMIC_SEQ_CST);
    check(s.attempted >= before && s.attempted <= after);
    check_equal(s.dropped, 0);
    check_equal(s.lost, 0);
    check(s.logged + s.evicted >= before); /* every call that had returned is in */
    test_sleep_ms(1);
  }
  uint64_t all = end_writers();
  struct bscope_stats s = test_stats();
  assert_int_equal(s.attempted, all);
  assert_int_equal(s.pending, 0);
  assert_int_equal(s.logged + s.evicted, all);
}

/* P4: a snapshot holds every event whose call returned before it; each thread's events come in order (P1). */
static void snapshots_hold_what_was_before(void **state) {
  (void)state;
  test_restart_default();
  begin_writers();
  for (uint64_t round = 0; round < test_scaled(50, 4); round++) {
    uint64_t before[WRITERS];
    struct seen seen = {{0}};
    for (unsigned i = 0; i < WRITERS; i++)
      before[i] = __atomic_load_n(&writers[i].done, __ATOMIC_SEQ_CST);
    struct bscope_log *log = test_log();
    check_equal(bscope_log_first(log), 0);
    test_walk(log, check_program_order, &seen);
    for (unsigned i = 0; i < WRITERS; i++)
      check(seen.next[i] >= before[i]);
    struct bscope_stats s = {.size = sizeof(s)};
    check_equal(bscope_log_stats(log, &s), BSCOPE_OK);
    check_equal(s.logged, seen.next[0] + seen.next[1] + seen.next[2] + seen.next[3]);
    bscope_log_free(log);
    bscope_reset();
    end_writers(); /* sequences begin anew */
    bscope_reset();
    begin_writers();
  }
  end_writers();
}

/* Sessions change under running writers: a call belongs to one of them or to none, and is lost in neither. */
static void sessions_change_under_writers(void **state) {
  (void)state;
  uint64_t longest = 0;
  test_restart_default();
  begin_writers();
  for (uint64_t round = 0; round < test_scaled(2000, 50); round++) {
    check_equal(bscope_stop(), BSCOPE_OK);
    struct bscope_stats s = test_stats();
    uint64_t since = test_now_ms();
    /* Calls that were under way when recording stopped: a machine may keep one of them off its cores for long. */
    while (s.pending && test_now_ms() - since < 10000) {
      test_sleep_ms(1);
      s = test_stats();
    }
    uint64_t waited = test_now_ms() - since;
    longest = waited > longest ? waited : longest;
    check_equal(s.pending, 0);
    check_equal(s.dropped, 0);
    check_equal(s.lost, 0);
    check_equal(bscope_start(NULL), BSCOPE_OK);
    if (round % 2)
      sched_yield();
  }
  end_writers();
  print_message("a call under way at a stop took %llu ms at most\n", (unsigned long long)longest);
  struct bscope_stats s = test_stats();
  check_equal(s.lost + s.dropped + s.pending, 0);
}

static void stats_need_no_preparation(void **state) {
  (void)state;
  struct bscope_stats stats;
  test_restart_default();
  test_emit(&site, 1, 1);
  memset(&stats, 0xa5, sizeof(stats));
  assert_int_equal(bscope_get_stats(&stats), BSCOPE_OK);
  assert_int_equal(stats.size, sizeof(stats));
  assert_int_equal(stats.attempted, 1);
  assert_int_equal(stats.lost, 0);
  assert_int_equal(stats.reserved[4], 0);
  assert_int_equal(bscope_get_stats(NULL), BSCOPE_ERR_INVALID_ARGUMENT);
}

/* --- a lock that can't be had --- */

static pthread_barrier_t lock_held, lock_done;

static void *hold_drain_lock(void *argument) {
  (void)argument;
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  check(bscope_lock_take(&bscope_process_get()->drain, 1000000000u));
  pthread_barrier_wait(&lock_held);
  pthread_barrier_wait(&lock_done);
  bscope_lock_release(&bscope_process_get()->drain);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return NULL;
}

static void a_held_lock_is_an_error(void **state) {
  (void)state;
  pthread_t holder;
  struct bscope_stats s = {.size = sizeof(s)};
  test_restart_default();
  test_emit(&site, 1, 1);
  pthread_barrier_init(&lock_held, NULL, 2);
  pthread_barrier_init(&lock_done, NULL, 2);
  pthread_create(&holder, NULL, hold_drain_lock, NULL);
  pthread_barrier_wait(&lock_held);
  uint64_t since = test_now_ms();
  assert_int_equal(bscope_get_stats(&s), BSCOPE_ERR_LOCK);
  assert_true(test_now_ms() - since < 3000);
  assert_true(strlen(bscope_last_error()) > 0);
  assert_int_equal(bscope_flush(), BSCOPE_ERR_LOCK);
  assert_null(bscope_get_events());
  for (uint64_t i = 0; i < 400; i++)
    test_emit(&site, 2, i); /* a writer with room in its ring does not care */
  pthread_barrier_wait(&lock_done);
  pthread_join(holder, NULL);
  s = test_stats();
  assert_int_equal(s.attempted, 401);
  assert_int_equal(s.logged, 401);
}

static void *hold_for_a_while(void *argument) {
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  check(bscope_lock_take(&bscope_process_get()->drain, UINT64_C(20000000000)));
  test_sleep_ms(400);
  bscope_lock_release(&bscope_process_get()->drain);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return argument;
}

/* A lock that goes from hand to hand is waited for, however many are in front. */
static void a_queue_at_the_lock_is_no_error(void **state) {
  (void)state;
  pthread_t holders[5];
  test_restart_default();
  test_emit(&site, 1, 1);
  for (unsigned i = 0; i < TEST_COUNT(holders); i++)
    check(pthread_create(&holders[i], NULL, hold_for_a_while, NULL) == 0);
  test_sleep_ms(100);
  assert_int_equal(test_stats().logged, 1);
  for (unsigned i = 0; i < TEST_COUNT(holders); i++)
    pthread_join(holders[i], NULL);
}

static void *emit_first(void *argument) {
  test_emit(&site, 1, 1);
  (void)argument;
  return NULL;
}

/* P2: on a crowded machine the lock's owner may wait for a processor longer than a turn takes. */
static void first_events_wait_for_a_slow_owner(void **state) {
  (void)state;
  pthread_t owner, threads[3];
  test_restart_default();
  pthread_barrier_init(&lock_held, NULL, 2);
  pthread_barrier_init(&lock_done, NULL, 2);
  check(pthread_create(&owner, NULL, hold_drain_lock, NULL) == 0);
  pthread_barrier_wait(&lock_held);
  for (unsigned i = 0; i < TEST_COUNT(threads); i++)
    check(pthread_create(&threads[i], NULL, emit_first, NULL) == 0);
  test_sleep_ms(400);
  pthread_barrier_wait(&lock_done);
  pthread_join(owner, NULL);
  for (unsigned i = 0; i < TEST_COUNT(threads); i++)
    pthread_join(threads[i], NULL);
  struct bscope_stats s = test_stats();
  assert_int_equal(s.dropped, 0);
  assert_int_equal(s.logged, TEST_COUNT(threads));
}

/* ... but one that does not move at all is waited for once, and what is given up is counted for what it is. */
static void nobody_waits_twice_for_a_stuck_owner(void **state) {
  (void)state;
  pthread_t owner, thread;
  uint64_t waited[2];
  test_restart_default();
  pthread_barrier_init(&lock_held, NULL, 2);
  pthread_barrier_init(&lock_done, NULL, 2);
  check(pthread_create(&owner, NULL, hold_drain_lock, NULL) == 0);
  pthread_barrier_wait(&lock_held);
  for (unsigned i = 0; i < TEST_COUNT(waited); i++) {
    waited[i] = test_now_ms();
    check(pthread_create(&thread, NULL, emit_first, NULL) == 0);
    pthread_join(thread, NULL);
    waited[i] = test_now_ms() - waited[i];
  }
  pthread_barrier_wait(&lock_done);
  pthread_join(owner, NULL);
  struct bscope_stats s = test_stats();
  assert_true(waited[0] > 1000 && waited[1] < 1000);
  assert_int_equal(s.dropped_stalled, TEST_COUNT(waited));
  assert_int_equal(s.dropped, TEST_COUNT(waited));
}

/* A first event's time is not before its thread was there, however long nothing was recorded (P4). */
static void first_events_have_their_own_time(void **state) {
  (void)state;
  pthread_t thread;
  test_restart((struct bscope_options){.collector = BSCOPE_COLLECTOR_NONE});
  test_emit(&site, 1, 0);
  test_sleep_ms(50);
  uint64_t before = bscope_now_ns();
  check(pthread_create(&thread, NULL, emit_first, NULL) == 0);
  pthread_join(thread, NULL);
  struct bscope_log *log = test_log();
  struct bscope_event e;
  assert_int_equal(bscope_log_at(log, 1, &e), BSCOPE_OK);
  assert_true(e.time_ns >= before);
  bscope_log_free(log);
}

/* --- memory --- */

/* Beyond the budget the oldest events go, and are counted (P6). */
static void the_budget_holds(void **state) {
  (void)state;
  const size_t budget = 4u << 20;
  test_restart((struct bscope_options){.memory = budget});
  uint64_t n = 0;
  struct test_random random = {test_seed()};
  for (int round = 0; round < 20; round++) {
    for (unsigned i = 0; i < 50000; i++, n++)
      test_emit(&site, test_next(&random), n);
    struct bscope_stats s = test_stats();
    check_equal(s.attempted, n);
    check_equal(s.first, s.evicted);
    check(s.bytes <= budget + budget / 4);
    check_equal(s.dropped, 0);
    check_equal(s.lost, 0);
  }
  struct bscope_log *log = test_log();
  struct bscope_event e;
  assert_true(bscope_log_first(log) > 0);
  assert_int_equal(bscope_log_first(log) + bscope_log_count(log), n);
  assert_int_equal(bscope_log_at(log, 0, &e), BSCOPE_OK);
  assert_int_equal(e.stamp, bscope_log_first(log));
  assert_int_equal(e.object, bscope_log_first(log));
  bscope_log_free(log);
}

/* --- idle --- */

/* Linux's number of a thread's CPU-time clock. */
static uint64_t cpu_ns_of(int tid) {
  struct timespec t;
  check(clock_gettime((clockid_t)(~(unsigned)tid << 3 | 6u), &t) == 0);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct activity {
  uint64_t wakeups, cpu_ns, threads;
};

/* What the library's own threads have done so far. */
static struct activity activity_of_collector(void) {
  char path[64], line[256];
  struct activity sum = {0};
  DIR *tasks = opendir("/proc/self/task");
  check(tasks);
  for (struct dirent *d; (d = readdir(tasks)) != NULL;) {
    bool is_it = false;
    snprintf(path, sizeof(path), "/proc/self/task/%.20s/status", d->d_name);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f)) {
      is_it |= strncmp(line, "Name:\tborrowscope", 17) == 0;
      if (is_it && strncmp(line, "voluntary_ctxt_switches:", 24) == 0)
        sum.wakeups += strtoull(line + 24, NULL, 10);
    }
    if (f)
      fclose(f);
    if (is_it) {
      sum.cpu_ns += cpu_ns_of(atoi(d->d_name));
      sum.threads++;
    }
  }
  closedir(tasks);
  return sum;
}

/*
 * After much to do: 20 wakeups a second at most, and half a percent of a processor, several times what a thread that
 * only sleeps as often takes on a busy machine.
 */
static void an_idle_collector_sleeps(void **state) {
  (void)state;
  const uint64_t ms = 2000;
  test_restart_default();
  for (uint64_t i = 0; i < 200000; i++)
    test_emit(&site, i, i);
  bscope_flush();
  test_sleep_ms(300); /* some naps are allowed after the last event */
  struct activity before = activity_of_collector();
  assert_int_equal(before.threads, 1);
  assert_true(before.wakeups > 0);
  assert_true(before.cpu_ns > 0);
  test_sleep_ms((long)ms);
  struct activity after = activity_of_collector();
  printf("idle for %u ms: %u wakeups, %u us of CPU\n", (unsigned)ms, (unsigned)(after.wakeups - before.wakeups),
         (unsigned)((after.cpu_ns - before.cpu_ns) / 1000));
  assert_true(after.wakeups - before.wakeups <= 20 * ms / 1000);
  assert_true(after.cpu_ns - before.cpu_ns <= (test_scale() >= 0.1 ? 5 : 250) * ms * 1000); /* slow tools need more */
}

int main(void) {
  (void)test_seed();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(start_stop_start),
      cmocka_unit_test(a_log_outlives_its_session),
      cmocka_unit_test(bad_options_are_refused),
      cmocka_unit_test(a_late_filter_is_refused),
      cmocka_unit_test(reset_begins_at_0),
      cmocka_unit_test(counts_hold_while_writers_run),
      cmocka_unit_test(snapshots_hold_what_was_before),
      cmocka_unit_test(sessions_change_under_writers),
      cmocka_unit_test(stats_need_no_preparation),
      cmocka_unit_test(a_held_lock_is_an_error),
      cmocka_unit_test(a_queue_at_the_lock_is_no_error),
      cmocka_unit_test(first_events_wait_for_a_slow_owner),
      cmocka_unit_test(nobody_waits_twice_for_a_stuck_owner),
      cmocka_unit_test(first_events_have_their_own_time),
      cmocka_unit_test(the_budget_holds),
      cmocka_unit_test(an_idle_collector_sleeps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
