/* SPDX-License-Identifier: Apache-2.0 */
/*
 * on_finding=: a broken rule is told while the program runs (P3: no lock is held), once, in forked children too, and
 * what is right is not. Every case runs in a process of its own, since some of them end in abort().
 */
#include "engine.h"

#include "export/watch.h"

#include <borrowscope/borrowscope.h>
#include <borrowscope/check.h>

#include <fcntl.h>

static uint64_t told;   /* atomic */
static uint64_t broken; /* atomic: rules told, a bit each */

static void count(void *context, const struct bscope_finding *finding) {
  check(context == &told);
  check(finding->place_count >= 1 && finding->variable && finding->message && finding->help);
  __atomic_or_fetch(&broken, UINT64_C(1) << finding->rule, __ATOMIC_RELAXED);
  __atomic_add_fetch(&told, 1, __ATOMIC_RELEASE); /* pairs with told_now */
}

static uint64_t told_now(void) {
  return __atomic_load_n(&told, __ATOMIC_ACQUIRE);
}

static void begin(struct bscope_options options) {
  check(bscope_export_watcher.judge); /* has it linked in, too */
  if (!options.found && options.on_finding == BSCOPE_ON_FINDING_DEFAULT) {
    options.found = count;
    options.found_context = &told;
  }
  test_restart(options);
}

static void drop_twice(void) {
  (void)bscope_track_new("twice", 1);
  bscope_track_drop("twice");
  bscope_track_drop("twice");
}

/* Runs a case in a child; its wait status. What it prints goes into `output`. */
static int run_in_child(void (*body)(void), char *output, size_t size) {
  int ends[2], status = 0;
  check(pipe(ends) == 0);
  pid_t pid = fork();
  check(pid >= 0);
  if (pid == 0) {
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    body();
    exit(0);
  }
  close(ends[1]);
  size_t used = 0;
  for (ssize_t n; used + 1 < size && (n = read(ends[0], output + used, size - 1 - used)) > 0;)
    used += (size_t)n;
  output[used] = '\0';
  close(ends[0]);
  check(waitpid(pid, &status, 0) == pid);
  return status;
}

static void passes(void (*body)(void)) {
  char output[4096];
  int status = run_in_child(body, output, sizeof(output));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    fail_msg("status %#x: %s", (unsigned)status, output);
}

/* The collector may have taken a finding and be about to tell it. */
static void wait_for_told(uint64_t expected) {
  for (unsigned i = 0; i < 20000 && told_now() < expected; i++)
    usleep(1000);
  check_equal(told_now(), expected);
}

static void told_by_flush(void) {
  begin((struct bscope_options){.collector = BSCOPE_COLLECTOR_NONE});
  drop_twice();
  check_equal(told_now(), 0);
  check_equal(bscope_flush(), BSCOPE_OK);
  check_equal(told_now(), 1);
  check_equal(broken, UINT64_C(1) << BSCOPE_RULE_DOUBLE_DROP);
  check_equal(bscope_flush(), BSCOPE_OK);
  check_equal(told_now(), 1);
}

static void test_flush_tells(void **s) {
  (void)s;
  passes(told_by_flush);
}

static void told_by_collector(void) {
  begin((struct bscope_options){.collector = BSCOPE_COLLECTOR_THREAD});
  drop_twice();
  for (unsigned i = 0; i < 20000 && told_now() == 0; i++)
    usleep(1000);
  check_equal(told_now(), 1);
}

static void test_collector_tells(void **s) {
  (void)s;
  passes(told_by_collector);
}

static void aborts(void) {
  begin((struct bscope_options){.on_finding = BSCOPE_ON_FINDING_ABORT, .collector = BSCOPE_COLLECTOR_NONE});
  drop_twice();
  (void)bscope_flush();
}

static void test_abort(void **s) {
  char output[4096];
  (void)s;
  int status = run_in_child(aborts, output, sizeof(output));
  assert_true(WIFSIGNALED(status));
  assert_int_equal(WTERMSIG(status), SIGABRT);
  assert_non_null(strstr(output, "test_watch.c:"));
  assert_non_null(strstr(output, "error: 'twice' is dropped twice [BS002]\n"));
  assert_non_null(strstr(output, "note: created here\n"));
}

static void prints(void) {
  begin((struct bscope_options){.on_finding = BSCOPE_ON_FINDING_PRINT});
  drop_twice();
}

/* Also where nobody asks: when the program ends. */
static void test_print_at_the_end(void **s) {
  char output[4096];
  (void)s;
  assert_int_equal(run_in_child(prints, output, sizeof(output)), 0);
  assert_non_null(strstr(output, "error: 'twice' is dropped twice [BS002]\n"));
}

static void right(void) {
  begin((struct bscope_options){0});
  for (int i = 0; i < 3000; i++) {
    int owner = bscope_track_new("owner", i);
    (void)bscope_track_borrow("reader", &owner);
    bscope_track_drop("reader");
    bscope_track_drop("owner");
    if (i % 100 == 0)
      check_equal(bscope_flush(), BSCOPE_OK);
  }
  check_equal(bscope_stop(), BSCOPE_OK);
  check_equal(told_now(), 0);
}

static void test_nothing_to_tell(void **s) {
  (void)s;
  passes(right);
}

/* What proves a conflict may come many flushes later. */
static void proved_later(void) {
  begin((struct bscope_options){.collector = BSCOPE_COLLECTOR_NONE});
  int owner = bscope_track_new("owner", 1);
  (void)bscope_track_borrow_mut("first", &owner);
  check_equal(bscope_flush(), BSCOPE_OK);
  (void)bscope_track_borrow_mut("second", &owner);
  check_equal(bscope_flush(), BSCOPE_OK);
  check_equal(told_now(), 0);
  bscope_track_drop("first");
  check_equal(bscope_flush(), BSCOPE_OK);
  check_equal(told_now(), 1);
  check_equal(broken, UINT64_C(1) << BSCOPE_RULE_CONFLICTING_BORROWS);
}

static void test_proved_later(void **s) {
  (void)s;
  passes(proved_later);
}

static void *leaked;

/* A leak is one when recording has ended, and not before. */
static void leaks(void) {
  begin((struct bscope_options){.collector = BSCOPE_COLLECTOR_NONE});
  leaked = bscope_new_at("leaked", malloc(8), 8);
  check_equal(bscope_flush(), BSCOPE_OK);
  check_equal(told_now(), 0);
  check_equal(bscope_stop(), BSCOPE_OK);
  check_equal(told_now(), 1);
  check_equal(broken, UINT64_C(1) << BSCOPE_RULE_NEVER_DROPPED);
  free(leaked); /* leaked as far as the log knows */
}

static void test_leak_at_stop(void **s) {
  (void)s;
  passes(leaks);
}

static void ask_and_track(void *context, const struct bscope_finding *finding) {
  count(context, finding);
  (void)bscope_track_new("within", 1);
  bscope_track_drop("within");
  check_equal(bscope_flush(), BSCOPE_OK);
  struct bscope_log *log = test_log();
  check(bscope_log_count(log) > 0);
  bscope_log_free(log);
}

/* More findings than may wait, told by callbacks that track and ask. */
static void many(void) {
  begin((struct bscope_options){.collector = BSCOPE_COLLECTOR_NONE, .found = ask_and_track, .found_context = &told});
  for (int i = 0; i < 500; i++)
    drop_twice();
  check_equal(bscope_flush(), BSCOPE_OK);
  check_equal(told_now(), 500);
}

static void test_callback_may_track(void **s) {
  (void)s;
  passes(many);
}

/* What was let go of is a gap: the drop of what nobody saw made is no finding. */
static void evicted(void) {
  begin((struct bscope_options){.collector = BSCOPE_COLLECTOR_NONE, .memory = (size_t)1 << 20});
  (void)bscope_track_new("old", 1);
  for (int i = 0; i < 400000; i++) {
    (void)bscope_track_new("filler", i);
    bscope_track_drop("filler");
  }
  bscope_track_drop("old");
  check_equal(bscope_flush(), BSCOPE_OK);
  struct bscope_stats stats = {.size = sizeof(stats)};
  check_equal(bscope_get_stats(&stats), BSCOPE_OK);
  check(stats.evicted > 0);
  check_equal(told_now(), 0);
  drop_twice();
  check_equal(bscope_flush(), BSCOPE_OK);
  check_equal(told_now(), 1);
}

static void test_evicted(void **s) {
  (void)s;
  passes(evicted);
}

static void filtered(void) {
  begin((struct bscope_options){.collector = BSCOPE_COLLECTOR_NONE});
  check_equal(bscope_reset(), BSCOPE_OK);
  (void)bscope_track_new("before", 1);
  check_equal(bscope_reset(), BSCOPE_OK); /* a new generation knows nothing of it */
  bscope_track_drop("before");
  check_equal(bscope_flush(), BSCOPE_OK);
  check_equal(told_now(), 0);
  drop_twice();
  check_equal(bscope_flush(), BSCOPE_OK);
  check_equal(told_now(), 1);
}

static void test_reset(void **s) {
  (void)s;
  passes(filtered);
}

/* A child judges its own events, whatever its parent's threads were doing. */
static void forks(void) {
  begin((struct bscope_options){0});
  (void)bscope_track_new("parents", 1);
  for (int i = 0; i < 20; i++) {
    drop_twice();
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0) {
      uint64_t before = told_now(); /* nobody tells of the parent's here */
      bscope_track_drop("parents"); /* made before the child's log began */
      drop_twice();
      check_equal(bscope_flush(), BSCOPE_OK);
      wait_for_told(before + 1);
      _exit(0);
    }
    int status;
    check(waitpid(pid, &status, 0) == pid);
    check_equal(status, 0);
  }
  check_equal(bscope_flush(), BSCOPE_OK);
  wait_for_told(20);
}

static void test_fork(void **s) {
  (void)s;
  if (getenv("BSCOPE_TEST_VALGRIND")) /* what the collector held when a child was forked is lost there by nature */
    skip();
  passes(forks);
}

static void writes_log(void) {
  begin((struct bscope_options){.on_finding = BSCOPE_ON_FINDING_SNAPSHOT, .collector = BSCOPE_COLLECTOR_NONE});
  drop_twice();
  check_equal(bscope_flush(), BSCOPE_OK);
  char path[64];
  snprintf(path, sizeof(path), "borrowscope-%ld.json", (long)getpid());
  check(access(path, R_OK) == 0);
  check(unlink(path) == 0);
  drop_twice();
  check_equal(bscope_flush(), BSCOPE_OK);
  check(access(path, R_OK) != 0); /* the first one alone */
}

static void test_snapshot(void **s) {
  char directory[] = "/tmp/bscope_watch_XXXXXX", here[4096];
  (void)s;
  assert_non_null(getcwd(here, sizeof(here)));
  assert_non_null(mkdtemp(directory));
  assert_int_equal(chdir(directory), 0);
  passes(writes_log);
  assert_int_equal(chdir(here), 0);
  assert_int_equal(rmdir(directory), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_flush_tells),
      cmocka_unit_test(test_collector_tells),
      cmocka_unit_test(test_abort),
      cmocka_unit_test(test_print_at_the_end),
      cmocka_unit_test(test_nothing_to_tell),
      cmocka_unit_test(test_proved_later),
      cmocka_unit_test(test_leak_at_stop),
      cmocka_unit_test(test_callback_may_track),
      cmocka_unit_test(test_evicted),
      cmocka_unit_test(test_reset),
      cmocka_unit_test(test_fork),
      cmocka_unit_test(test_snapshot),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
