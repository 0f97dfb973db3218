/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that end in the middle (P5: what was published is in the file), that fork, replace themselves, or end while
 * threads still record (P3, P5). Each is a child; what its calls had returned stands in a page that both share.
 */
#include "engine.h"

#include "trace_scan.h"

#include <dirent.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define THREADS 8u

static struct bscope_site site = TEST_SITE(BSCOPE_KIND_NEW, "crash"), other = TEST_SITE(BSCOPE_KIND_DROP, "own");
static char folder[64];

/* Shared with the children. */
static struct shared {
  uint64_t returned[THREADS]; /* atomic: of each thread's calls */
  uint64_t ready;             /* atomic */
} * shared;

static int make_folder(void **state) {
  (void)state;
  const char *base = getenv("BSCOPE_TEST_DIRECTORY");
  snprintf(folder, sizeof(folder), "%s/bscope-crash-XXXXXX", base ? base : "/dev/shm");
  check(mkdtemp(folder));
  shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  check(shared != MAP_FAILED);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  DIR *d = opendir(folder);
  check(d);
  for (struct dirent *e; (e = readdir(d)) != NULL;)
    (void)!unlinkat(dirfd(d), e->d_name, 0);
  closedir(d);
  munmap(shared, 4096);
  return rmdir(folder);
}

static void begin(size_t ring, size_t memory) {
  char path[128];
  snprintf(path, sizeof(path), "%s/%%p", folder);
  const struct bscope_options options = {.size = sizeof(options), .file = path, .ring = ring, .memory = memory};
  int rc = bscope_start(&options);
  if (rc)
    fprintf(stderr, "%s\n", bscope_last_error());
  check_equal(rc, BSCOPE_OK);
}

static void *write_on(void *argument) {
  uint64_t me = (uint64_t)(uintptr_t)argument;
  for (uint64_t n = 0;; n++) {
    test_emit(&site, me, n);
    __atomic_store_n(&shared->returned[me], n + 1, __ATOMIC_RELEASE);
    if (n == 0)
      __atomic_fetch_add(&shared->ready, 1, __ATOMIC_RELEASE);
  }
  return NULL;
}

static void begin_writers(unsigned count) {
  pthread_t thread;
  for (uintptr_t i = 0; i < count; i++)
    check(pthread_create(&thread, NULL, write_on, (void *)i) == 0);
}

/* The scan of the file that process wrote; it is removed. */
static void scan_pid(struct scan *s, pid_t pid) {
  char path[128];
  snprintf(path, sizeof(path), "%s/%d", folder, pid);
  scan_file(s, path);
  check(unlink(path) == 0);
  check_equal(s->header->pid, (uint64_t)pid);
}

/* Every call that had returned is there, once, with the rest of its thread's in order; at most one more a thread. */
static void check_threads(const struct scan *s, unsigned threads) {
  uint64_t next[THREADS] = {0};
  for (size_t i = 0; i < s->count; i++) {
    const struct scan_event *e = &s->events[i];
    check(e->subject < threads);
    check(strcmp(scan_string(s, e->site, 0), "crash") == 0);
    if (s->first > 0 && s->first != UINT64_MAX && next[e->subject] == 0)
      next[e->subject] = e->object; /* what came before it was let go of */
    check_equal(e->object, next[e->subject]);
    next[e->subject]++;
  }
  for (unsigned i = 0; i < threads; i++) {
    uint64_t returned = __atomic_load_n(&shared->returned[i], __ATOMIC_ACQUIRE);
    if (next[i] == 0 && s->first > 0 && s->first != UINT64_MAX)
      continue;
    check(next[i] >= returned);
    check(next[i] <= returned + 1);
  }
}

static uint64_t kept;    /* events that scans found */
static uint64_t rescued; /* of these in cells and rings */

static void kill_once(struct test_random *r, size_t ring, size_t memory, unsigned threads) {
  struct scan s;
  memset(shared, 0, sizeof(*shared));
  fflush(NULL);
  pid_t pid = fork();
  check(pid >= 0);
  if (pid == 0) {
    alarm(100);
    begin(ring, memory);
    begin_writers(threads);
    for (;;)
      pause();
  }
  while (__atomic_load_n(&shared->ready, __ATOMIC_ACQUIRE) < test_below(r, threads) + 1)
    sched_yield();
  nanosleep(&(struct timespec){.tv_nsec = (long)test_below(r, 20000000)}, NULL);
  check(kill(pid, SIGKILL) == 0);
  check(waitpid(pid, NULL, 0) == pid);
  scan_pid(&s, pid);
  check_threads(&s, threads);
  kept += s.count;
  rescued += s.found[2] + s.found[3];
  scan_free(&s);
}

static void killed(void **state) {
  (void)state;
  struct test_random r = {test_seed()};
  const size_t rings[] = {2, 64, 512, 32768};
  kept = rescued = 0;
  for (uint64_t i = 0; i < test_scaled(400, 8); i++)
    kill_once(&r, rings[i % TEST_COUNT(rings)], i % 3 == 2 ? 4u << 20 : 0, i % 5 == 4 ? 1 : THREADS);
  printf("%llu events kept, %llu of them from cells and rings\n", (unsigned long long)kept,
         (unsigned long long)rescued);
  assert_true(rescued > 0);
}

/* How a child ends that has recorded `count` events on its first thread. */
static struct scan run(void (*fn)(void), int wanted, size_t memory) {
  struct scan s;
  int status;
  memset(shared, 0, sizeof(*shared));
  fflush(NULL);
  pid_t pid = fork();
  check(pid >= 0);
  if (pid == 0) {
    alarm(100);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    begin(0, memory);
    fn();
    _exit(99);
  }
  check(waitpid(pid, &status, 0) == pid);
  check_equal(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), wanted);
  scan_pid(&s, pid);
  return s;
}

static void emit(uint64_t count) {
  for (uint64_t i = 0; i < count; i++)
    test_emit(&site, 0, i);
  shared->returned[0] = count;
}

static void by_exit(void) {
  emit(5000);
  exit(3);
}

static void by_quick_end(void) {
  emit(5000);
  _exit(3);
}

static void by_abort(void) {
  emit(5000);
  abort();
}

static void by_fault(void) {
  emit(5000);
  signal(SIGSEGV, SIG_DFL);
  raise(SIGSEGV);
}

static void by_exec(void) {
  emit(5000);
  execl("/bin/sh", "sh", "-c", "exit $(ls -l /proc/self/fd | grep -c bscope-crash)", (char *)NULL);
}

static void emit_late(void) {
  for (uint64_t i = 5000; i < 5010; i++)
    test_emit(&site, 0, i);
  shared->returned[0] = 5010;
}

static void by_exit_handler(void) {
  emit(5000);
  atexit(emit_late);
  exit(3);
}

static void with_running_threads(void) {
  begin_writers(4);
  while (__atomic_load_n(&shared->ready, __ATOMIC_ACQUIRE) < 4)
    sched_yield();
  test_sleep_ms(20);
  exit(3);
}

static void *sleep_on(void *argument) {
  (void)argument;
  test_emit(&site, 1, 0);
  __atomic_store_n(&shared->returned[1], 1, __ATOMIC_RELEASE);
  for (;;)
    pause();
  return NULL;
}

static void with_sleeping_thread(void) {
  pthread_t thread;
  check(pthread_create(&thread, NULL, sleep_on, NULL) == 0);
  while (!__atomic_load_n(&shared->returned[1], __ATOMIC_ACQUIRE))
    sched_yield();
  emit(5000);
  exit(3);
}

static void endings(void **state) {
  (void)state;
  const struct {
    void (*fn)(void);
    int status;
    uint32_t state;
    unsigned threads;
  } rows[] = {{by_exit, 3, BSCOPE_TRACE_DONE, 1},
              {by_quick_end, 3, BSCOPE_TRACE_LIVE, 1},
              {by_abort, 128 + SIGABRT, BSCOPE_TRACE_LIVE, 1},
              {by_fault, 128 + SIGSEGV, BSCOPE_TRACE_LIVE, 1},
              {by_exec, 0, BSCOPE_TRACE_LIVE, 1},
              {by_exit_handler, 3, BSCOPE_TRACE_DONE, 1},
              {with_running_threads, 3, 0, 4},
              {with_sleeping_thread, 3, BSCOPE_TRACE_DONE, 2}};
  for (size_t i = 0; i < TEST_COUNT(rows); i++) {
    uint64_t since = test_now_ms();
    struct scan s = run(rows[i].fn, rows[i].status, 16u << 20);
    printf("ending %zu: %s, %zu events, %zu bytes, %llu ms\n", i,
           s.header->state == BSCOPE_TRACE_DONE ? "DONE" : "LIVE", s.count, s.size,
           (unsigned long long)(test_now_ms() - since));
    if (rows[i].state && !TEST_TSAN)
      check_equal(s.header->state, rows[i].state);
    if (s.header->state == BSCOPE_TRACE_DONE)
      check_equal(s.found[2] + s.found[3], 0);
    check_threads(&s, rows[i].threads);
    scan_free(&s);
  }
}

/* Events of a process's own, in its own file. */
static void own_events(uint64_t count) {
  for (uint64_t i = 0; i < count; i++)
    test_emit(&other, (uint64_t)getpid(), i);
}

static void check_own(pid_t pid, pid_t parent, uint64_t count, uint32_t wanted) {
  struct scan s;
  scan_pid(&s, pid);
  check_equal(s.header->parent, (uint64_t)parent);
  if (!TEST_TSAN) /* which may take more than the second that the end is given */
    check_equal(s.header->state, wanted);
  check_equal(s.count, count);
  for (size_t i = 0; i < s.count; i++) {
    check_equal(s.events[i].subject, (uint64_t)pid);
    check_equal(s.events[i].object, i);
    check_equal(s.events[i].position, i);
    check(strcmp(scan_string(&s, s.events[i].site, 0), "own") == 0);
  }
  scan_free(&s);
}

/* Children write into their own files, also while threads of the parent's write into its. */
static void forks(void) {
  begin_writers(4);
  while (__atomic_load_n(&shared->ready, __ATOMIC_ACQUIRE) < 4)
    sched_yield();
  for (unsigned i = 0; i < 20; i++) {
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0) {
      own_events(i % 3 ? 3000 * i : 0);
      if (i % 2)
        exit(0);
      _exit(0);
    }
    check(waitpid(pid, NULL, 0) == pid);
    if (i % 3)
      check_own(pid, getpid(), 3000 * i, i % 2 ? BSCOPE_TRACE_DONE : BSCOPE_TRACE_LIVE);
  }
  exit(3);
}

static void forked(void **state) {
  (void)state;
  struct scan s = run(forks, 3, 16u << 20);
  check_threads(&s, 4);
  scan_free(&s);
}

static volatile sig_atomic_t children;

/* A child of a handler that interrupted a write goes on with it: into memory of its own. */
static void fork_in_handler(int number) {
  static unsigned left = 30; /* where a child takes longer than the timer, nothing else would go on */
  (void)number;
  int saved = errno;
  if (left == 0)
    return;
  left--;
  pid_t pid = fork();
  if (pid == 0)
    children = -1;
  else
    (void)!waitpid(pid, NULL, 0);
  errno = saved;
}

static void forks_in_handler(void) {
  test_on_signal(SIGUSR1, fork_in_handler, 0);
  timer_t timer = test_timer_start(SIGUSR1, 3000);
  for (uint64_t i = 0, until = test_now_ms() + 300; test_now_ms() < until || children < 0; i++) {
    test_emit(&site, 0, i);
    if (children < 0) {
      for (unsigned k = 0; k < 5; k++)
        test_emit(&other, 1, k);
      _exit(0);
    }
    __atomic_store_n(&shared->returned[0], i + 1, __ATOMIC_RELEASE);
  }
  timer_delete(timer);
  exit(3);
}

static void forked_in_handler(void **state) {
  (void)state;
  struct scan s = run(forks_in_handler, 3, 0);
  check_threads(&s, 1);
  scan_free(&s);
}

/* The child's copies of the parent's logs have nothing to show, and do no harm. */
static void log_over_fork(void) {
  emit(20000);
  struct bscope_log *log = test_log();
  struct bscope_event event;
  pid_t pid = fork();
  check(pid >= 0);
  if (pid == 0) {
    for (uint64_t i = 0; i < 20000; i += 7)
      (void)bscope_log_at(log, i, &event);
    bscope_log_free(log);
    own_events(10);
    exit(0);
  }
  int status;
  check(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  check_own(pid, getpid(), 10, BSCOPE_TRACE_DONE);
  check_equal(test_walk(log, NULL, NULL), 20000);
  bscope_log_free(log);
  exit(3);
}

static void logs_over_fork(void **state) {
  (void)state;
  struct scan s = run(log_over_fork, 3, 0);
  check_threads(&s, 1);
  scan_free(&s);
}

/* Sites registered by many threads while sessions change: each file names all that it holds. */
static void *name_on(void *argument) {
  char name[32];
  for (unsigned i = 0;; i = (i + 1) % 200) {
    snprintf(name, sizeof(name), "%u", (unsigned)((uintptr_t)argument * 150 + i));
    bscope_emit_named(&site, name, NULL, (uintptr_t)argument * 150 + i, 0);
  }
  return NULL;
}

static void names_in_sessions(void) {
  pthread_t thread;
  char path[128];
  struct scan s;
  uint64_t seen = 0;
  for (uintptr_t i = 0; i < 4; i++)
    check(pthread_create(&thread, NULL, name_on, (void *)i) == 0);
  for (unsigned i = 0, rounds = (unsigned)test_scaled(200, 4); i < rounds; i++) {
    int rc;
    test_sleep_ms(5);
    while ((rc = bscope_stop()) == BSCOPE_ERR_LOCK) /* a busy machine */
      continue;
    check_equal(rc, BSCOPE_OK);
    begin(0, 2u << 20);
    snprintf(path, sizeof(path), i ? "%s/%d.%u" : "%s/%d", folder, getpid(), i + 1);
    scan_file(&s, path);
    seen += s.count;
    for (size_t k = 0; k < s.count; k++)
      check_equal(strtoull(scan_string(&s, s.events[k].site, 0), NULL, 10), s.events[k].subject);
    scan_free(&s);
    check(i == 0 || unlink(path) == 0);
  }
  check(seen > 100);
  _exit(3);
}

static void names(void **state) {
  (void)state;
  struct scan s = run(names_in_sessions, 3, 0);
  scan_free(&s);
}

int main(void) {
#define CRASH_TEST(fn) cmocka_unit_test_setup_teardown(fn, make_folder, remove_folder)
  const struct CMUnitTest tests[] = {
      CRASH_TEST(killed),         CRASH_TEST(endings), CRASH_TEST(forked), CRASH_TEST(forked_in_handler),
      CRASH_TEST(logs_over_fork), CRASH_TEST(names),
  };
  if (getenv("BSCOPE_TEST_VALGRIND")) /* fifty times slower than the moments that are aimed at */
    return 77;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
