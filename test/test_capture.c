/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tracking calls through the public interface: what is recorded (P1, P2), that the caller's state stays as it was (P3),
 * that nothing happens while recording is off (P8), and that a full ring neither loses nor miscounts (P2).
 */
#include "engine.h"

#include "capture/site_table.h"

#include <errno.h>
#include <fenv.h>

static struct bscope_site site_a = TEST_SITE(BSCOPE_KIND_NEW, "a"), site_b = TEST_SITE(BSCOPE_KIND_BORROW, "b");

static void records_in_order(void **state) {
  (void)state;
  test_restart_default();
  for (uint64_t i = 0; i < 10000; i++)
    test_emit(i & 1 ? &site_b : &site_a, i, i * i);
  struct bscope_log *log = test_log();
  assert_int_equal(bscope_log_count(log), 10000);
  assert_int_equal(bscope_log_first(log), 0);
  assert_int_equal(bscope_log_pending(log), 0);
  uint64_t last = 0;
  for (uint64_t i = 0; i < 10000; i++) {
    struct bscope_event e;
    assert_int_equal(bscope_log_at(log, i, &e), BSCOPE_OK);
    const struct bscope_site *site = i & 1 ? &site_b : &site_a;
    assert_int_equal(e.stamp, i);
    assert_int_equal(e.subject, i);
    assert_int_equal(e.object, i * i);
    assert_int_equal(e.kind, site->kind);
    assert_string_equal(e.name, site->name);
    assert_string_equal(e.file, __FILE__);
    assert_string_equal(e.function, "test");
    assert_int_equal(e.line, site->line);
    assert_int_equal(e.subject_is, BSCOPE_WORD_VALUE);
    assert_int_equal(e.thread, 0);
    assert_null(e.payload);
    assert_true(e.time_ns >= last);
    last = e.time_ns;
  }
  bscope_log_free(log);
  struct bscope_stats s = test_stats();
  assert_int_equal(s.attempted, 10000);
  assert_int_equal(s.logged, 10000);
  assert_int_equal(s.threads, 1);
}

/* --- P3: the caller's state --- */

struct sentinel {
  sigset_t mask;
  int rounding;
};

static void set_sentinel(struct sentinel *s, unsigned variant) {
  sigemptyset(&s->mask);
  sigaddset(&s->mask, variant & 1 ? SIGUSR1 : SIGHUP);
  sigaddset(&s->mask, SIGWINCH);
  pthread_sigmask(SIG_SETMASK, &s->mask, NULL);
  s->rounding = variant & 2 ? FE_UPWARD : FE_DOWNWARD;
  fesetround(s->rounding);
  feclearexcept(FE_ALL_EXCEPT);
  feraiseexcept(FE_OVERFLOW);
  pthread_setcancelstate(variant & 4 ? PTHREAD_CANCEL_DISABLE : PTHREAD_CANCEL_ENABLE, NULL);
  pthread_setcanceltype(variant & 8 ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED, NULL);
  errno = 4711;
}

static void check_sentinel(const struct sentinel *s, unsigned variant) {
  int error = errno, cancel;
  sigset_t mask;
  check_equal(error, 4711);
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  for (int n = 1; n < 65; n++)
    check_equal(sigismember(&mask, n), sigismember(&s->mask, n));
  check_equal(fegetround(), s->rounding);
  if (!getenv("BSCOPE_TEST_VALGRIND")) /* which keeps no such flags */
    check_equal(fetestexcept(FE_ALL_EXCEPT), FE_OVERFLOW);
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
  check_equal(cancel, variant & 4 ? PTHREAD_CANCEL_DISABLE : PTHREAD_CANCEL_ENABLE);
  pthread_setcancelstate(cancel, NULL);
  pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &cancel);
  check_equal(cancel, variant & 8 ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED);
  pthread_setcanceltype(cancel, NULL);
  errno = 4711;
}

/* Every call of a thread from its first on: attaching, registering, filling rings, exchanging them, payload, names. */
static void *call_everything(void *argument) {
  unsigned variant = (unsigned)(uintptr_t)argument;
  struct bscope_site fresh = TEST_SITE(BSCOPE_KIND_NEW, "fresh"), named = TEST_SITE(BSCOPE_KIND_NEW, NULL);
  const char *names[] = {"one", NULL, "two"};
  struct sentinel s;
  set_sentinel(&s, variant);
  test_emit(&fresh, 1, 2);
  check_sentinel(&s, variant);
  fresh.word = 0;
  test_emit(&fresh, 3, 4);
  check_sentinel(&s, variant);
  bscope_emit_slow(&fresh, 5, 6);
  check_sentinel(&s, variant);
  bscope_emit_payload(&fresh, 5, 6, "payload", 8);
  check_sentinel(&s, variant);
  bscope_emit_named(&named, variant & 1 ? "odd" : "even", NULL, 0, 0);
  check_sentinel(&s, variant);
  bscope_track_drop_names(&named, names, 3);
  check_sentinel(&s, variant);
  for (unsigned i = 0; i < 100000; i++) {
    test_emit(&fresh, i, variant);
    if (i % 1000 == 0)
      check_sentinel(&s, variant);
  }
  check_sentinel(&s, variant);
  check_equal(bscope_flush(), BSCOPE_OK);
  check_sentinel(&s, variant);
  (void)test_stats();
  check_sentinel(&s, variant);
  struct bscope_log *log = bscope_get_events();
  errno = 4711; /* malloc may set it */
  check_sentinel(&s, variant);
  bscope_log_free(log);
  return NULL;
}

static void leaves_the_callers_state(void **state) {
  (void)state;
  for (unsigned variant = 0; variant < 16; variant++) {
    pthread_t thread;
    test_restart((struct bscope_options){.ring = variant & 2 ? 1024 : 0,
                                         .collector = variant & 1 ? BSCOPE_COLLECTOR_NONE : BSCOPE_COLLECTOR_THREAD});
    assert_int_equal(pthread_create(&thread, NULL, call_everything, (void *)(uintptr_t)variant), 0);
    pthread_join(thread, NULL);
    struct bscope_stats s = test_stats();
    assert_int_equal(s.attempted, 100007);
    assert_int_equal(s.logged, 100007);
  }
}

/* --- P8 and the gate --- */

static void off_attempts_nothing(void **state) {
  (void)state;
  static struct bscope_site never = TEST_SITE(BSCOPE_KIND_NEW, "never registered while off");
  test_restart_default();
  test_emit(&site_a, 1, 1);
  bscope_enable(false);
  uint32_t sites = bscope_site_table_count();
  for (unsigned i = 0; i < 1000; i++) {
    test_emit(&never, i, i);
    test_emit(&site_a, i, i);
    bscope_emit_slow(&never, i, i);
    bscope_emit_payload(&never, i, i, "x", 1);
    bscope_emit_named(&never, "name", NULL, i, i);
  }
  assert_int_equal(never.word, 0);
  assert_int_equal(bscope_site_table_count(), sites);
  assert_int_equal(test_stats().attempted, 1);
  bscope_enable(true);
  test_emit(&site_a, 2, 2);
  struct bscope_stats s = test_stats();
  assert_int_equal(s.attempted, 2);
  assert_int_equal(s.logged, 2);
}

static void sites_of_another_abi_are_counted(void **state) {
  (void)state;
  struct bscope_site newer = TEST_SITE(BSCOPE_KIND_NEW, (const char *)1), larger = TEST_SITE(BSCOPE_KIND_NEW, NULL);
  newer.abi = BSCOPE_SITE_ABI + 1;
  larger.size += 8;
  test_restart_default();
  test_emit(&newer, 1, 1);
  test_emit(&larger, 1, 1);
  assert_int_equal(newer.word, BSCOPE_SITE_OFF);
  assert_int_equal(larger.word, BSCOPE_SITE_OFF);
  struct bscope_stats s = test_stats();
  assert_int_equal(s.attempted, 0);
  assert_int_equal(s.foreign_sites, 2);
}

/* What no reader could name, or would take for a mark of the collector, does not get into a log. */
static void sites_of_no_kind_are_refused(void **state) {
  (void)state;
  static const uint8_t wrong[] = {0, 94, 239, BSCOPE_KIND_LOST, BSCOPE_KIND_VOID, BSCOPE_KIND_OPEN};
  test_restart_default();
  for (unsigned i = 0; i < TEST_COUNT(wrong); i++) {
    struct bscope_site_info info = {.size = sizeof(info), .kind = wrong[i], .name = "x"};
    struct bscope_site site = TEST_SITE(wrong[i], "x");
    assert_null(bscope_site_intern(&info));
    assert_non_null(strstr(bscope_last_error(), "bscope_site_intern"));
    test_emit(&site, 1, 1);
    assert_int_equal(site.word, BSCOPE_SITE_OFF);
  }
  struct bscope_site_info info = {.size = sizeof(info), .kind = BSCOPE_KIND_NEW, .subject_is = 77};
  assert_null(bscope_site_intern(&info));
  struct bscope_stats s = test_stats();
  assert_int_equal(s.attempted, 0);
  assert_int_equal(s.foreign_sites, TEST_COUNT(wrong));
}

static void payloads(void **state) {
  (void)state;
  uint8_t bytes[200];
  for (unsigned i = 0; i < sizeof(bytes); i++)
    bytes[i] = (uint8_t)(i ^ 0x5a);
  test_restart_default();
  for (size_t size = 0; size <= sizeof(bytes); size++) {
    bscope_emit_payload(&site_a, size, ~size, bytes, size);
    test_emit(&site_b, size, 0);
  }
  struct bscope_log *log = test_log();
  assert_int_equal(bscope_log_count(log), 2 * (sizeof(bytes) + 1));
  for (size_t size = 0; size <= sizeof(bytes); size++) {
    struct bscope_event e;
    struct bscope_cursor *cursor = bscope_cursor_create(log, 2 * size);
    assert_true(bscope_cursor_next(cursor, &e));
    assert_int_equal(e.subject, size);
    assert_int_equal(e.object, ~size);
    assert_int_equal(e.payload_size, size > 160 ? 160 : size);
    assert_int_equal(e.payload_cut, size > 160);
    if (size)
      assert_memory_equal(e.payload, bytes, e.payload_size);
    assert_true(bscope_cursor_next(cursor, &e));
    assert_null(e.payload);
    assert_int_equal(e.subject, size);
    bscope_cursor_free(cursor);
  }
  bscope_log_free(log);
}

static void interned_sites_record_too(void **state) {
  (void)state;
  const struct bscope_site_info info = {
      .size = sizeof(info), .kind = BSCOPE_KIND_MOVE, .name = "x", .name2 = "y", .line = 3};
  struct bscope_site_info small = info;
  small.size = sizeof(info) - 1;
  test_restart_default();
  const struct bscope_site *site = bscope_site_intern(&info);
  assert_non_null(site);
  assert_ptr_equal(bscope_site_intern(&info), site);
  assert_null(bscope_site_intern(&small));
  assert_null(bscope_site_intern(NULL));
  bscope_emit(site, 11, 12);
  bscope_emit_payload(site, 13, 14, "abc", 3);
  struct bscope_log *log = test_log();
  struct bscope_event e;
  assert_int_equal(bscope_log_at(log, 1, &e), BSCOPE_OK);
  assert_string_equal(e.name, "x");
  assert_string_equal(e.name2, "y");
  assert_int_equal(e.subject, 13);
  assert_int_equal(e.payload_size, 3);
  assert_int_equal(bscope_log_at(log, 2, &e), BSCOPE_ERR_INVALID_ARGUMENT);
  bscope_log_free(log);
}

/* --- full rings --- */

static void check_sequence(void *context, const struct bscope_event *e) {
  uint64_t *next = context;
  check_equal(e->subject, *next);
  ++*next;
}

static void small_rings_lose_nothing(void **state) {
  (void)state;
  for (size_t ring = 2; ring <= 64; ring *= 2)
    for (int collector = BSCOPE_COLLECTOR_THREAD; collector <= BSCOPE_COLLECTOR_NONE; collector++) {
      test_restart((struct bscope_options){.ring = ring, .collector = (enum bscope_collector)collector});
      for (uint64_t i = 0; i < 20000; i++)
        test_emit(&site_a, i, i);
      struct bscope_log *log = test_log();
      uint64_t next = 0;
      assert_int_equal(test_walk(log, check_sequence, &next), 20000);
      bscope_log_free(log);
      struct bscope_stats s = test_stats();
      assert_int_equal(s.attempted, 20000);
      assert_int_equal(s.logged, 20000);
    }
}

/* An event that no ring of that size can hold is counted as such, and the next one recorded. */
static void oversized_events_are_counted(void **state) {
  (void)state;
  uint8_t bytes[160] = {0};
  test_restart((struct bscope_options){.ring = 4});
  for (unsigned i = 0; i < 10; i++) {
    bscope_emit_payload(&site_a, i, 0, bytes, sizeof(bytes)); /* 8 slots */
    bscope_emit_payload(&site_a, i, 1, bytes, 60);            /* 4 slots */
  }
  struct bscope_stats s = test_stats();
  assert_int_equal(s.attempted, 20);
  assert_int_equal(s.logged, 10);
  assert_int_equal(s.dropped_oversized, 10);
}

/* Drops are counted and take no stamp, so the positions stay dense; a flush makes room again. */
static void overflow_drop_counts(void **state) {
  (void)state;
  for (size_t ring = 2; ring <= 64; ring *= 2) {
    test_restart(
        (struct bscope_options){.ring = ring, .overflow = BSCOPE_OVERFLOW_DROP, .collector = BSCOPE_COLLECTOR_NONE});
    for (uint64_t i = 0; i < ring + 100; i++)
      test_emit(&site_a, i, i);
    struct bscope_stats s = test_stats();
    assert_int_equal(s.attempted, ring + 100);
    assert_int_equal(s.logged, ring);
    assert_int_equal(s.dropped_full, 100);
    test_emit(&site_a, ring, 0);
    struct bscope_log *log = test_log();
    uint64_t next = 0;
    assert_int_equal(test_walk(log, check_sequence, &next), ring + 1);
    assert_int_equal(test_count_kind(log, BSCOPE_KIND_LOST), 0);
    bscope_log_free(log);
    bscope_reset();
    s = test_stats();
    assert_int_equal(s.attempted, 0);
    assert_int_equal(s.dropped, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(records_in_order),
      cmocka_unit_test(leaves_the_callers_state),
      cmocka_unit_test(off_attempts_nothing),
      cmocka_unit_test(sites_of_another_abi_are_counted),
      cmocka_unit_test(sites_of_no_kind_are_refused),
      cmocka_unit_test(payloads),
      cmocka_unit_test(interned_sites_record_too),
      cmocka_unit_test(small_rings_lose_nothing),
      cmocka_unit_test(oversized_events_are_counted),
      cmocka_unit_test(overflow_drop_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
