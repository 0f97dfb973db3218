/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that fork while they record (P3): the parent's log stays as it was, a child begins at 0 with its own, also
 * from a handler, thrice nested, and without the fork handlers; vfork and exec do no harm.
 */
#include "engine.h"

#include "capture/recorder.h"
#include "collect/state.h"

#include <dirent.h>
#include <sched.h>
#include <semaphore.h>
#include <urcu/urcu-memb.h>

static struct bscope_site site = TEST_SITE(BSCOPE_KIND_NEW, "forked"), other = TEST_SITE(BSCOPE_KIND_DROP, "other");

#define WRITERS 8
#define WRITTEN_FAST 200000

static pthread_t writers[WRITERS];
static bool stop_writers; /* atomic */
static uint64_t written[WRITERS];

static void *write_on(void *argument) {
  uint64_t me = (uint64_t)(uintptr_t)argument, n = 0;
  for (; !__atomic_load_n(&stop_writers, __ATOMIC_RELAXED); n++) {
    test_emit(&site, me, n);
    if (n % 64 != 0)
      continue;
    sched_yield();
    if (n > WRITTEN_FAST) /* forks may take minutes, and what is recorded meanwhile has to fit into the log */
      usleep(10000);
  }
  written[me] = n;
  return NULL;
}

static void begin_writers(void) {
  stop_writers = false;
  for (uintptr_t i = 0; i < WRITERS; i++)
    check(pthread_create(&writers[i], NULL, write_on, (void *)i) == 0);
}

static uint64_t end_writers(void) {
  uint64_t all = 0;
  __atomic_store_n(&stop_writers, true, __ATOMIC_RELAXED);
  for (unsigned i = 0; i < WRITERS; i++) {
    pthread_join(writers[i], NULL);
    all += written[i];
  }
  return all;
}

static int wait_for(pid_t pid) {
  int status = 0;
  check(pid > 0);
  while (waitpid(pid, &status, 0) != pid)
    continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void check_own_sequence(void *context, const struct bscope_event *e) {
  uint64_t *next = context;
  if (e->kind != BSCOPE_KIND_DROP)
    return;
  check_equal(e->subject, (uint64_t)getpid());
  check_equal(e->object, *next);
  ++*next;
}

/* In a child: it records from 0 on, and only its own. */
static void child_records(uint64_t count) {
  uint64_t next = 0;
  alarm(60);
  for (uint64_t i = 0; i < count; i++)
    test_emit(&other, (uint64_t)getpid(), i);
  struct bscope_log *log = test_log();
  check_equal(bscope_log_first(log), 0);
  check_equal(bscope_log_count(log), count);
  check_equal(test_walk(log, check_own_sequence, &next), count);
  check_equal(next, count);
  check_equal(bscope_log_thread_count(log), count ? 1 : 0);
  struct bscope_trace_info info = {.size = sizeof(info)};
  check_equal(bscope_log_trace_info(log, &info), BSCOPE_OK);
  check(info.parent != 0 && info.parent != (uint64_t)getpid());
  bscope_log_free(log);
  struct bscope_stats s = test_stats();
  check_equal(s.attempted, count);
  check_equal(s.logged, count);
}

static void check_parent(void *context, const struct bscope_event *e) {
  uint64_t *next = context;
  check(e->subject < WRITERS);
  check_equal(e->object, next[e->subject]);
  next[e->subject]++;
}

static void under_load(void **state) {
  (void)state;
  uint64_t next[WRITERS] = {0};
  test_restart_default();
  begin_writers();
  for (uint64_t i = 0; i < test_scaled(200, 20); i++) {
    pid_t pid = fork();
    if (pid == 0) {
      child_records(i % 4 == 3 ? 20000 : i % 4);
      _exit(0);
    }
    check_equal(wait_for(pid), 0);
  }
  uint64_t all = end_writers();
  struct bscope_log *log = test_log();
  assert_int_equal(test_walk(log, check_parent, next), all);
  struct bscope_stats s = test_stats();
  assert_int_equal(s.attempted, all);
  assert_int_equal(s.logged, all);
  bscope_log_free(log);
}

static sem_t reading, read_on;

/* A reader of the host's own keeps a grace period from ending. */
static void *read_for_long(void *argument) {
  (void)argument;
  urcu_memb_register_thread();
  urcu_memb_read_lock();
  sem_post(&reading);
  while (sem_wait(&read_on) != 0)
    continue;
  urcu_memb_read_unlock();
  urcu_memb_unregister_thread();
  return NULL;
}

static uint64_t moved_by_collector(void) {
  const struct bscope_session *session = (const struct bscope_session *)bscope_process_get()->recorder;
  return __atomic_load_n(&session->moved, __ATOMIC_ACQUIRE);
}

/* The child has liburcu's lock as it was held by a thread that it does not have: its own collector must not wait. */
static void in_a_grace_period(void **state) {
  (void)state;
  pthread_t reader;
  sem_init(&reading, 0, 0);
  sem_init(&read_on, 0, 0);
  test_restart_default();
  test_emit(&site, 0, 0);
  check(pthread_create(&reader, NULL, read_for_long, NULL) == 0);
  while (sem_wait(&reading) != 0)
    continue;
  test_restart_default(); /* what it replaces is freed after a grace period */
  test_emit(&site, 0, 0);
  test_sleep_ms(300);
  pid_t pid = fork();
  if (pid == 0) {
    alarm(60);
    child_records(5);
    test_restart_default();
    test_emit(&site, 0, 0);
    test_sleep_ms(300); /* the collector has looked for sessions to free */
    for (unsigned i = 0; i < 10; i++)
      test_emit(&site, 0, 0);
    for (unsigned i = 0; i < 100 && moved_by_collector() < 11 && !TEST_TSAN; i++)
      test_sleep_ms(50);
    check(TEST_TSAN || moved_by_collector() == 11); /* under TSan there is no collector here */
    _exit(0);
  }
  check_equal(wait_for(pid), 0);
  sem_post(&read_on);
  pthread_join(reader, NULL);
}

static void nested_thrice(void **state) {
  (void)state;
  test_restart_default();
  test_emit(&site, 0, 0);
  pid_t pid = fork();
  if (pid == 0) {
    for (int depth = 1; depth < 3; depth++) {
      child_records((uint64_t)depth * 1000);
      pid = fork();
      if (pid != 0)
        _exit(wait_for(pid));
    }
    child_records(3000);
    check_equal(bscope_reset(), BSCOPE_OK);
    child_records(10);
    _exit(0);
  }
  check_equal(wait_for(pid), 0);
  assert_int_equal(test_stats().attempted, 1);
}

/* Threads of the child record as well, and its own threads may start and stop sessions. */
static void *child_thread(void *argument) {
  test_emit(&other, (uint64_t)getpid(), (uint64_t)(uintptr_t)argument);
  return NULL;
}

static void children_have_threads(void **state) {
  (void)state;
  if (TEST_TSAN || TEST_ASAN)
    skip(); /* a sanitizer's own locks may be held in a child that was forked beside running threads */
  test_restart_default();
  begin_writers();
  pid_t pid = fork();
  if (pid == 0) {
    uint64_t next = 0;
    alarm(60);
    for (uintptr_t i = 0; i < 20; i++) {
      pthread_t thread;
      check(pthread_create(&thread, NULL, child_thread, (void *)i) == 0);
      pthread_join(thread, NULL);
    }
    struct bscope_log *log = test_log();
    check_equal(test_walk(log, check_own_sequence, &next), 20);
    bscope_log_free(log);
    test_restart_default();
    child_records(5);
    _exit(0);
  }
  check_equal(wait_for(pid), 0);
  end_writers();
}

/* --- while sessions are replaced: RCU's locks must be free in the child --- */

static void *replace_sessions(void *argument) {
  (void)argument;
  while (!__atomic_load_n(&stop_writers, __ATOMIC_RELAXED)) {
    test_restart_default();
    test_emit(&site, 0, 0);
    struct bscope_log *log = bscope_get_events();
    bscope_log_free(log);
  }
  return NULL;
}

static void while_sessions_are_replaced(void **state) {
  (void)state;
  if (getenv("BSCOPE_TEST_VALGRIND")) /* what another thread held when a child was forked is lost there by nature */
    skip();
  pthread_t replacer;
  stop_writers = false;
  check(pthread_create(&replacer, NULL, replace_sessions, NULL) == 0);
  for (uint64_t i = 0; i < test_scaled(400, 60); i++) {
    pid_t pid = fork();
    if (pid == 0) {
      bscope_enable(true); /* it may have been stopped at that moment */
      alarm(20);
      test_restart_default();
      child_records(3);
      _exit(0);
    }
    check_equal(wait_for(pid), 0);
  }
  __atomic_store_n(&stop_writers, true, __ATOMIC_RELAXED);
  pthread_join(replacer, NULL);
}

/* --- from a handler, at any point of a write --- */

static volatile unsigned handled, bad_children;

static void fork_in_handler(int signal_number) {
  (void)signal_number;
  pid_t pid = fork();
  if (pid == 0) {
    struct bscope_stats s = {.size = sizeof(s)};
    alarm(20);
    for (uint64_t i = 0; i < 100; i++)
      test_emit(&other, (uint64_t)getpid(), i);
    check_equal(bscope_get_stats(&s), BSCOPE_OK);
    check_equal(s.attempted, 100);
    check_equal(s.logged, 100);
    return; /* and goes on with the write that was interrupted */
  }
  if (wait_for(pid) != 0)
    bad_children++;
  handled++;
}

static void inside_a_handler(void **state) {
  (void)state;
  uint64_t n = 0;
  pid_t self = getpid();
  const uint64_t forks = test_scaled(300, 30);
  test_restart_default();
  test_on_signal(SIGUSR1, fork_in_handler, SA_RESTART);
  timer_t timer = test_timer_start(SIGUSR1, 100000000);
  struct test_random random = {test_seed()};
  for (unsigned armed = 0; handled < forks && getpid() == self; n++) {
    if (armed == handled && armed < forks) { /* once each, so that a slow machine gets on between them */
      timer_settime(timer, 0, &(struct itimerspec){.it_value.tv_nsec = 100000 + (long)test_below(&random, 100000)},
                    NULL);
      armed++;
    }
    test_emit(&other, 1, n);
  }
  if (getpid() != self) { /* a child: the interrupted write landed nowhere, or is its own */
    struct bscope_stats s = test_stats();
    check(s.logged + s.lost + s.pending >= 100 && s.attempted <= 102);
    test_emit(&other, 0, 0);
    check(test_stats().attempted == s.attempted + 1);
    _exit(0);
  }
  timer_delete(timer);
  assert_int_equal(bad_children, 0);
  struct bscope_stats s = test_stats();
  assert_int_equal(s.attempted, n);
  assert_int_equal(s.logged, n);
}

/* --- without the fork handlers --- */

static void check_unwhole_child(void) {
  struct bscope_stats s = {.size = sizeof(s)};
  alarm(20);
  for (uint64_t i = 0; i < 100000; i++)
    test_emit(&other, 0, i);
  check_equal(bscope_get_stats(&s), BSCOPE_ERR_LOCK);
  check_equal(bscope_flush(), BSCOPE_ERR_LOCK);
  check_equal(bscope_reset(), BSCOPE_ERR_LOCK);
  check_equal(bscope_start(NULL), BSCOPE_ERR_LOCK);
  check(!bscope_get_events());
  check(strlen(bscope_last_error()) > 0);
  struct bscope_process *p = bscope_process_get();
  check(p && p->recorder);
  const struct bscope_session *own = (const struct bscope_session *)p->recorder;
  uint64_t waiting = p->recorder->timed ? bscope_timed_waiting(&own->timed, p->recorder) : 0;
  check_equal(*p->recorder->clock + waiting, 100000); /* recorded: stamped by the child's own counter */
}

static void by_a_raw_clone(void **state) {
  (void)state;
  test_restart_default();
  test_emit(&site, 0, 0);
  pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) {
    check_unwhole_child();
    _exit(0);
  }
  check_equal(wait_for(pid), 0);
  struct bscope_stats s = test_stats();
  assert_int_equal(s.attempted, 1);
  assert_int_equal(s.logged, 1);
}

extern pid_t _Fork(void) __attribute__((weak));

static void by_bare_fork(void **state) {
  (void)state;
  if (!_Fork) {
    print_message("no _Fork in this C library\n");
    skip();
  }
  test_restart_default();
  test_emit(&site, 0, 0);
  begin_writers();
  pid_t pid = _Fork();
  if (pid == 0) {
    check_unwhole_child();
    _exit(0);
  }
  check_equal(wait_for(pid), 0);
  uint64_t all = end_writers();
  assert_int_equal(test_stats().attempted, all + 1);
}

/* --- vfork and exec --- */

static void *vfork_first(void *argument) {
  int *status = argument;
  struct bscope_site fresh = TEST_SITE(BSCOPE_KIND_NEW, "vforked");
  pid_t pid = vfork();
  if (pid == 0) {
    test_emit(&fresh, 1, 1); /* the thread's first event ever */
    _exit(0);
  }
  *status = wait_for(pid);
  test_emit(&fresh, 2, 2);
  return NULL;
}

static void by_vfork(void **state) {
  (void)state;
  if (getenv("BSCOPE_TEST_VALGRIND")) /* which makes it a fork */
    skip();
  if (TEST_TSAN)
    skip(); /* its vfork is a fork */
  pthread_t thread;
  int status = -1;
  test_restart_default();
  test_emit(&site, 0, 0);
  pid_t pid = vfork();
  if (pid == 0) {
    test_emit(&site, 0, 1); /* in its parent's memory and ring */
    _exit(0);
  }
  check_equal(wait_for(pid), 0);
  pthread_create(&thread, NULL, vfork_first, &status);
  pthread_join(thread, NULL);
  assert_int_equal(status, 0);
  struct bscope_stats s = test_stats();
  assert_int_equal(s.attempted, 4);
  assert_int_equal(s.logged + s.dropped_process, 4);
  assert_true(s.logged >= 2);
}

/* In the program that was exec'ed: nothing of ours is open any more. */
static int look_at_descriptors(void) {
  int extra = 0;
  DIR *dir = opendir("/proc/self/fd");
  for (struct dirent *d; dir && (d = readdir(dir)) != NULL;) {
    int fd = atoi(d->d_name);
    extra += d->d_name[0] != '.' && fd > 2 && fd != dirfd(dir);
  }
  if (dir)
    closedir(dir);
  return extra ? 71 : 0;
}

static void by_exec(void **state) {
  (void)state;
  char self[512];
  ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
  assert_true(n > 0);
  self[n] = '\0';
  test_restart_default();
  pid_t pid = fork();
  if (pid == 0) {
    for (int fd = 3; fd < 1024; fd++) /* what the test's parent left open */
      close(fd);
    begin_writers();
    test_sleep_ms(20);
    check(test_stats().attempted > 0);
    execl(self, self, "look", (char *)NULL);
    _exit(72);
  }
  check_equal(wait_for(pid), 0);
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "look") == 0)
    return look_at_descriptors();
  if (TEST_TSAN && argc == 1) { /* it knows no threads in children of processes that had some */
    setenv("BORROWSCOPE_OPTIONS", "collector=none", 1);
    execl("/proc/self/exe", argv[0], "again", (char *)NULL);
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(under_load),
      cmocka_unit_test(nested_thrice),
      cmocka_unit_test(in_a_grace_period),
      cmocka_unit_test(children_have_threads),
      cmocka_unit_test(while_sessions_are_replaced),
      cmocka_unit_test(inside_a_handler),
      cmocka_unit_test(by_a_raw_clone),
      cmocka_unit_test(by_bare_fork),
      cmocka_unit_test(by_vfork),
      cmocka_unit_test(by_exec),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
