/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that come and go (P2, P3, P6): ten thousand leave memory where it was; they may end by exit, by a raw system
 * call or by cancellation in mid-call; events in constructors, TLS destructors and atexit handlers are recorded.
 */
#include "engine.h"

#include "capture/quiet.h"

#include <sched.h>
#include <sys/prctl.h>

#define CANCELLING_SIGNAL 32 /* glibc's own, which no mask blocks */

static struct bscope_site site = TEST_SITE(BSCOPE_KIND_NEW, "thread");
static struct bscope_site early = TEST_SITE(BSCOPE_KIND_NEW, "early");

static uint64_t early_count;

/* Before main, and before the library's own constructor when that is linked behind it. */
static void __attribute__((constructor(101))) record_early(void) {
  pthread_key_t key;
  while (getenv("BSCOPE_TEST_TAKES_KEYS") && pthread_key_create(&key, NULL) == 0)
    continue;
  test_emit(&early, 1, 1);
  early_count++;
}

static void before_main(void **state) {
  (void)state;
  struct bscope_log *log = test_log();
  struct bscope_event e;
  assert_int_equal(bscope_log_count(log), early_count);
  assert_int_equal(bscope_log_at(log, 0, &e), BSCOPE_OK);
  assert_string_equal(e.name, "early");
  bscope_log_free(log);
}

static void *emit_some(void *argument) {
  uint64_t n = (uint64_t)(uintptr_t)argument;
  for (uint64_t i = 0; i < n % 7 + 1; i++)
    test_emit(&site, n, i);
  return NULL;
}

static void run_one(void *(*fn)(void *), uint64_t n) {
  pthread_t thread;
  check(pthread_create(&thread, NULL, fn, (void *)(uintptr_t)n) == 0);
  pthread_join(thread, NULL);
}

static void ten_thousand_short_threads(void **state) {
  (void)state;
  const uint64_t threads = test_scaled(10000, 1000);
  uint64_t events = 0;
  test_restart_default();
  for (uint64_t n = 0; n < 200; n++)
    run_one(emit_some, 0);
  assert_int_equal(bscope_reset(), BSCOPE_OK);
  test_sleep_ms(50);
  struct bscope_stats before = test_stats();
  for (uint64_t n = 0; n < threads; n++) {
    run_one(emit_some, n);
    events += n % 7 + 1;
  }
  test_sleep_ms(50); /* the last ones' rings are given back once the kernel has forgotten them */
  struct bscope_stats s = test_stats();
  assert_int_equal(s.attempted, events);
  assert_int_equal(s.logged, events);
  assert_int_equal(s.threads, threads);
  assert_true(s.rings <= before.rings + 8);
  struct bscope_log *log = test_log();
  assert_int_equal(bscope_log_thread_count(log), threads);
  bscope_log_free(log);
  assert_int_equal(bscope_reset(), BSCOPE_OK);
  s = test_stats();
  assert_true(s.bytes <= before.bytes + (1u << 20));
}

/* --- names --- */

static void *named(void *argument) {
  char name[16];
  snprintf(name, sizeof(name), "worker-%lu", (unsigned long)(uintptr_t)argument);
  prctl(PR_SET_NAME, name);
  test_emit(&site, (uint64_t)(uintptr_t)argument, 0);
  return NULL;
}

static void *named_later(void *argument) {
  test_emit(&site, (uint64_t)(uintptr_t)argument, 0);
  return named(argument);
}

static void names_are_recorded(void **state) {
  (void)state;
  test_restart_default();
  run_one(named, 1);
  run_one(named_later, 2);
  test_sleep_ms(20);
  struct bscope_log *log = test_log();
  struct bscope_event e;
  assert_int_equal(bscope_log_count(log), 3);
  assert_int_equal(bscope_log_at(log, 0, &e), BSCOPE_OK);
  assert_string_equal(bscope_log_thread_name(log, e.thread), "worker-1");
  assert_int_equal(bscope_log_at(log, 2, &e), BSCOPE_OK);
  assert_string_equal(bscope_log_thread_name(log, e.thread), "worker-2");
  assert_string_equal(bscope_log_thread_name(log, 12345), "");
  bscope_log_free(log);
}

/* --- unusual ends --- */

static uint32_t raw_done; /* atomic */

static void *raw_exit(void *argument) {
  emit_some(argument);
  __atomic_fetch_add(&raw_done, 1, __ATOMIC_SEQ_CST);
  syscall(SYS_exit, 0); /* no key destructor, nothing */
  return NULL;
}

/* Detached and never to be joined: the kernel wakes nobody who knows of it. */
static void raw_exits(void) {
  const uint32_t threads = 64;
  test_restart_default();
  for (uintptr_t i = 0; i < threads; i++) {
    pthread_t thread;
    check(pthread_create(&thread, NULL, raw_exit, (void *)i) == 0);
  }
  while (__atomic_load_n(&raw_done, __ATOMIC_SEQ_CST) < threads)
    test_sleep_ms(1);
  test_sleep_ms(2200); /* without a sign of its end a thread is looked for once a second */
  test_emit(&site, 1, 1);
  struct bscope_stats s = test_stats();
  check_equal(s.logged, s.attempted);
  check_equal(s.threads, threads + 1);
  test_sleep_ms(100);
  check(test_stats().rings <= 8);
}

static void by_a_raw_system_call(void **state) {
  (void)state;
  if (TEST_TSAN)
    skip(); /* such a thread leaves TSan's own state behind */
  assert_int_equal(test_in_child(raw_exits), 0);
}

struct victim {
  pthread_t thread;
  uint64_t begun; /* atomic */
  uint64_t done;  /* atomic */
};

static void *emit_until_cancelled(void *argument) {
  struct victim *v = argument;
  uint8_t bytes[100] = {1};
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
  for (uint64_t n = 0;; n++) {
    __atomic_store_n(&v->begun, n + 1, __ATOMIC_SEQ_CST);
    if (n % 5 == 4)
      bscope_emit_payload(&site, 1, n, bytes, sizeof(bytes));
    else
      test_emit(&site, 1, n);
    __atomic_store_n(&v->done, n + 1, __ATOMIC_SEQ_CST);
  }
  return NULL;
}

/* Whatever the moment: each call that returned is there, each half-made one is LOST or was never begun. */
static void cancelled_in_mid_call(void **state) {
  (void)state;
  if (TEST_TSAN || TEST_ASAN)
    skip(); /* their own marks on the stack may not be left at any point */
  const uint64_t rounds = test_scaled(10000, 500);
  uint64_t begun = 0, done = 0;
  struct test_random random = {test_seed()};
  test_restart((struct bscope_options){.ring = 64});
  for (uint64_t n = 0; n < rounds; n++) {
    struct victim v = {.begun = 0};
    check(pthread_create(&v.thread, NULL, emit_until_cancelled, &v) == 0);
    const uint64_t enough = 1 + test_below(&random, 300);
    while (__atomic_load_n(&v.begun, __ATOMIC_SEQ_CST) < enough)
      sched_yield();
    pthread_cancel(v.thread);
    pthread_join(v.thread, NULL);
    begun += v.begun;
    done += v.done;
  }
  test_sleep_ms(50);
  struct bscope_stats s = test_stats();
  print_message("%llu cancelled: %llu begun, %llu done, %llu lost, %llu dropped (%llu of them "
                "stalled), %llu pending\n",
                (unsigned long long)rounds, (unsigned long long)begun, (unsigned long long)done,
                (unsigned long long)s.lost, (unsigned long long)s.dropped, (unsigned long long)s.dropped_stalled,
                (unsigned long long)s.pending);
  check(s.logged + s.evicted >= done && s.attempted <= begun);
  check(s.lost <= begun - done);
  check_equal(s.dropped, 0);
  check_equal(s.pending, 0);
  check(s.rings <= 8);
}

static uint32_t quiet_reached, quiet_left; /* atomic */

/* As when pthread_cancel found cancellation enabled and sends its signal only now. */
static void *meet_a_late_signal(void *argument) {
  struct bscope_quiet quiet;
  (void)argument;
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
  bscope_quiet_enter(&quiet);
  syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), CANCELLING_SIGNAL);
  __atomic_store_n(&quiet_reached, 1, __ATOMIC_SEQ_CST);
  bscope_quiet_leave(&quiet);
  return NULL;
}

static void *be_cancelled_inside(void *argument) {
  struct bscope_quiet quiet, inner;
  (void)argument;
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
  bscope_quiet_enter(&quiet);
  bscope_quiet_enter(&inner);
  check(pthread_cancel(pthread_self()) == 0);
  pthread_testcancel();
  bscope_quiet_leave(&inner);
  __atomic_store_n(&quiet_reached, 1, __ATOMIC_SEQ_CST);
  bscope_quiet_leave(&quiet);
  __atomic_store_n(&quiet_left, 1, __ATOMIC_SEQ_CST);
  return NULL;
}

/* A thread that holds a lock or packs a chunk is in a quiet stretch: were it cancelled there, nobody would go on. */
static void cancelled_while_quiet(void **state) {
  (void)state;
  if (TEST_TSAN || TEST_ASAN)
    skip();
  void *(*const fns[])(void *) = {meet_a_late_signal, be_cancelled_inside};
  void *result = NULL;
  for (unsigned i = 0; i < TEST_COUNT(fns); i++) {
    pthread_t thread;
    quiet_reached = 0;
    assert_int_equal(pthread_create(&thread, NULL, fns[i], NULL), 0);
    pthread_join(thread, &result);
    assert_int_equal(quiet_reached, 1);
  }
  assert_int_equal(quiet_left, 0); /* but what was asked for inside takes place at its end */
  assert_ptr_equal(result, PTHREAD_CANCELED);
}

/* --- destructors and exits --- */

/* TSan takes a thread's state away before its last round of destructors. */
#define DESTRUCTIONS (TEST_TSAN ? 5u : 12u)

static pthread_key_t keys[5];
static __thread unsigned rounds_seen;

static void emit_in_destructor(void *value) {
  test_emit(&site, 9, rounds_seen);
  if (++rounds_seen < DESTRUCTIONS) /* once more, in the next round */
    pthread_setspecific(keys[(uintptr_t)value - 1], value);
}

static void *with_destructors(void *argument) {
  (void)argument;
  for (uintptr_t i = 0; i < TEST_COUNT(keys); i++)
    pthread_setspecific(keys[i], (void *)(i + 1));
  return NULL; /* its first event is in a destructor */
}

static void events_in_tls_destructors(void **state) {
  (void)state;
  uint64_t threads = 50;
  test_restart_default();
  for (unsigned i = 0; i < TEST_COUNT(keys); i++)
    assert_int_equal(pthread_key_create(&keys[i], emit_in_destructor), 0);
  for (uint64_t n = 0; n < threads; n++)
    run_one(with_destructors, n);
  test_sleep_ms(50);
  struct bscope_stats s = test_stats();
  assert_true(s.attempted >= DESTRUCTIONS * threads);
  assert_int_equal(s.logged, s.attempted);
  assert_int_equal(s.threads, threads);
  assert_true(s.rings <= 8);
  for (unsigned i = 0; i < TEST_COUNT(keys); i++)
    pthread_key_delete(keys[i]);
}

static void *emit_thousand(void *argument) {
  for (uint64_t i = 0; i < 1000; i++)
    test_emit(&site, (uint64_t)(uintptr_t)argument, i);
  return NULL;
}

/* In a process whose first constructor took all keys: none was left for the library's sign that a thread ends. */
static int without_keys(void) {
  pthread_t threads[16];
  pthread_key_t k;
  check(pthread_key_create(&k, NULL) != 0);
  test_restart_default();
  for (uintptr_t i = 0; i < TEST_COUNT(threads); i++)
    check(pthread_create(&threads[i], NULL, emit_thousand, (void *)i) == 0);
  for (unsigned i = 0; i < TEST_COUNT(threads); i++)
    pthread_join(threads[i], NULL);
  struct bscope_stats s = test_stats();
  check_equal(s.logged, 1000 * TEST_COUNT(threads));
  test_sleep_ms(2500);
  check(test_stats().rings <= 8);
  return 0;
}

static void start_without_keys(void) {
  char self[512] = {0};
  setenv("BSCOPE_TEST_TAKES_KEYS", "1", 1);
  check(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0); /* which valgrind answers for the program */
  execl(self, self, "without_keys", (char *)NULL);
  _exit(74);
}

static void all_keys_taken(void **state) {
  (void)state;
  assert_int_equal(test_in_child(start_without_keys), 0);
}

static uint64_t exit_base;

static void at_exit_check(void) {
  struct bscope_stats s = {.size = sizeof(s)};
  if (bscope_get_stats(&s) != BSCOPE_OK || s.attempted != exit_base + 1 || s.logged != exit_base + 1)
    _exit(73);
}

static void at_exit_emit(void) {
  test_emit(&site, 5, 5);
}

static void leave_by_exit(void) {
  test_restart_default();
  atexit(at_exit_check); /* runs after the other */
  atexit(at_exit_emit);
  test_emit(&site, 4, 4);
  exit_base = 1;
  exit(0);
}

static void events_in_atexit(void **state) {
  (void)state;
  assert_int_equal(test_in_child(leave_by_exit), 0);
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "without_keys") == 0)
    return without_keys();
  (void)test_seed();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(before_main),
      cmocka_unit_test(ten_thousand_short_threads),
      cmocka_unit_test(names_are_recorded),
      cmocka_unit_test(by_a_raw_system_call),
      cmocka_unit_test(cancelled_in_mid_call),
      cmocka_unit_test(cancelled_while_quiet),
      cmocka_unit_test(events_in_tls_destructors),
      cmocka_unit_test(all_keys_taken),
      cmocka_unit_test(events_in_atexit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
