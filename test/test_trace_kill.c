/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that the library itself wrote, read by the library (P5): programs of eight threads are killed at random
 * moments or end in the middle of it all, and each event whose call had returned is read back, once, in its thread's
 * order, with its words and its site. Others end by themselves, or are read while they run. With either clock.
 */
#include "harness.h"

#include "log/trace_state.h"

#include <borrowscope/borrowscope.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define THREADS 8u

static char folder[64];
static char path[96];
static char page[96];

struct shared {
  uint64_t returned[THREADS];
  uint64_t child; /* pid of the program's child that records on */
};
static struct shared *shared;
static uint64_t each; /* events a thread; 0: until it is killed */
static const char *more_options = "";
static const char *ending = "";

static struct bscope_site sites[THREADS] = {TEST_SITE(BSCOPE_KIND_NEW, "zero"), TEST_SITE(BSCOPE_KIND_BORROW, "one"),
                                            TEST_SITE(BSCOPE_KIND_MOVE, "two"), TEST_SITE(BSCOPE_KIND_DROP, "three"),
                                            TEST_SITE(BSCOPE_KIND_NEW, "four"), TEST_SITE(BSCOPE_KIND_BORROW, "five"),
                                            TEST_SITE(BSCOPE_KIND_MOVE, "six"), TEST_SITE(BSCOPE_KIND_DROP, "seven")};

static void *record(void *argument) {
  uint64_t me = (uintptr_t)argument;

  for (uint64_t i = 0; each == 0 || i < each; i++) {
    if (i % 37 == 36) {
      uint64_t payload[9] = {me, i, me * i};

      bscope_emit_payload(&sites[me], me, i, payload, sizeof(payload));
    } else {
      test_emit(&sites[me], me, i);
    }
    __atomic_store_n(&shared->returned[me], i + 1, __ATOMIC_RELEASE);
  }
  return NULL;
}

static struct shared *map_shared(const char *name) {
  int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  struct shared *mapped;

  check(fd >= 0 && ftruncate(fd, sizeof(*mapped)) == 0);
  mapped = mmap(NULL, sizeof(*mapped), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  check(mapped != MAP_FAILED);
  close(fd);
  return mapped;
}

/* --- how programs end whose threads record --- */

static void overflow(volatile char *below) {
  volatile char frame[4096];
  frame[0] = below ? below[0] : 1;
  if (frame[0]) /* always, which a compiler can't know */
    overflow(frame);
  frame[1] = frame[0];
}

static void by_fault(void) {
  raise(SIGSEGV);
}

static void by_overflow(void) {
  overflow(NULL);
}

/* On its alternate stack the handler records once more, then lets the signal have its way. */
static void on_overflow(int number) {
  test_emit(&sites[0], THREADS, 0);
  signal(number, SIG_DFL);
}

static void by_overflow_handled(void) {
  static char stack[65536];
  const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
  const struct sigaction action = {.sa_handler = on_overflow, .sa_flags = SA_ONSTACK};
  check(sigaltstack(&alternate, NULL) == 0 && sigaction(SIGSEGV, &action, NULL) == 0);
  overflow(NULL);
}

static void by_underscore(void) {
  _exit(0);
}

static void by_quick_exit(void) {
  quick_exit(0);
}

static void by_exec(void) {
  execl("/bin/true", "true", (char *)NULL);
}

/* Its child has a file of its own, and records on when this process is killed. */
static void by_parents_death(void) {
  if (fork() == 0) {
    prctl(PR_SET_PDEATHSIG, 0);
    for (uint64_t i = 0; i < 20000; i++) {
      test_emit(&sites[1], 1, i);
      if (i == 0)
        __atomic_store_n(&shared->child, (uint64_t)getpid(), __ATOMIC_RELEASE);
    }
    for (;;)
      pause();
  }
  while (__atomic_load_n(&shared->child, __ATOMIC_ACQUIRE) == 0)
    sched_yield();
  raise(SIGKILL);
}

static const struct {
  const char *name;
  void (*fn)(void);
  int status;
} endings[] = {{"fault", by_fault, 128 + SIGSEGV},
               {"abort", abort, 128 + SIGABRT},
               {"_exit", by_underscore, 0},
               {"quick_exit", by_quick_exit, 0},
               {"exec", by_exec, 0},
               {"overflow", by_overflow, 128 + SIGSEGV},
               {"overflow handled", by_overflow_handled, 128 + SIGSEGV},
               {"parent killed", by_parents_death, 128 + SIGKILL}};

static void end_as(const char *name) {
  for (size_t i = 0; i < THREADS; i++)
    while (__atomic_load_n(&shared->returned[i], __ATOMIC_ACQUIRE) < 100)
      sched_yield();
  for (size_t i = 0; i < TEST_COUNT(endings); i++)
    if (strcmp(name, endings[i].name) == 0)
      endings[i].fn();
}

/* The program: this one, called with the name of the shared page, the number of events and an ending. */
static int run_program(char **argv) {
  pthread_t threads[THREADS];

  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
  shared = map_shared(argv[1]);
  each = strtoull(argv[2], NULL, 10);
  for (uintptr_t i = 0; i < THREADS; i++)
    check_equal(pthread_create(&threads[i], NULL, record, (void *)i), 0);
  if (argv[3][0])
    end_as(argv[3]);
  for (size_t i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  return 0;
}

static pid_t start(void) {
  char options[256], number[32];
  pid_t pid;

  memset(shared, 0, sizeof(*shared));
  unlink(path);
  snprintf(options, sizeof(options), "file=%s:overwrite=1:memory=8M%s", path, more_options);
  snprintf(number, sizeof(number), "%llu", (unsigned long long)each);
  fflush(NULL);
  pid = fork();
  if (pid == 0) {
    setenv("BORROWSCOPE_OPTIONS", options, 1);
    if (strstr(more_options, "tsc"))
      setenv("BSCOPE_TEST_TSC", "1", 1);
    execl("/proc/self/exe", "program", page, number, ending, (char *)NULL);
    _exit(71);
  }
  return pid;
}

/*
 * Each thread's events ascend from the first one that the log holds, without a gap but for what the program says that
 * it dropped: on a machine with no time for it a writer gives up after a second or two.
 */
static void check_file(const struct bscope_log *log, bool complete, uint64_t dropped) {
  uint64_t next[THREADS] = {0}, missing = 0;
  bool seen[THREADS] = {false};
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  struct bscope_event event;
  uint64_t first = bscope_log_first(log);

  while (bscope_cursor_next(cursor, &event)) {
    uint64_t payload[9];

    if (event.kind == BSCOPE_KIND_LOST || event.kind == BSCOPE_KIND_OPEN)
      continue;
    if (event.subject == THREADS) /* the handler's */
      continue;
    check(event.subject < THREADS);
    check(event.name && strcmp(event.name, sites[event.subject].name) == 0);
    check_equal(event.kind, sites[event.subject].kind);
    if (seen[event.subject] || first == 0) {
      check(event.object >= next[event.subject]);
      missing += event.object - next[event.subject];
    }
    seen[event.subject] = true;
    next[event.subject] = event.object + 1;
    check((event.payload != NULL) == (event.object % 37 == 36));
    if (event.payload) {
      check_equal(event.payload_size, sizeof(payload));
      memcpy(payload, event.payload, sizeof(payload));
      check(payload[0] == event.subject && payload[1] == event.object && payload[2] == event.subject * event.object);
    }
  }
  bscope_cursor_free(cursor);
  for (size_t i = 0; complete && i < THREADS; i++) {
    check(!seen[i] || next[i] <= shared->returned[i] + 1);
    if (seen[i] && next[i] < shared->returned[i])
      missing += shared->returned[i] - next[i];
  }
  if (missing > dropped)
    fprintf(stderr, "%llu missing, %llu dropped\n", (unsigned long long)missing, (unsigned long long)dropped);
  check(missing <= dropped);
}

static struct bscope_trace_info check_open(bool complete, enum bscope_log_state state) {
  struct bscope_trace_info info = {0};
  struct bscope_log *log = bscope_log_open(path);
  struct bscope_stats stats;

  if (!log)
    fprintf(stderr, "%s\n", bscope_last_error());
  check(log != NULL);
  check_equal(bscope_log_trace_info(log, &info), BSCOPE_OK);
  if (info.damaged)
    fprintf(stderr, "offset %llu: %s\n", (unsigned long long)info.damage_offset, info.damage);
  check_equal(info.damaged, 0);
  check_equal(info.damaged_events, 0);
  check_equal(info.missing_sites, 0);
  check_equal(info.missing_events, 0);
  check_equal(info.state, state);
  check_equal(bscope_log_stats(log, &stats), BSCOPE_OK);
  check_file(log, complete, stats.dropped);
  check_equal(stats.attempted, stats.logged + stats.dropped + stats.lost + stats.evicted + stats.pending);
  bscope_log_free(log);
  return info;
}

static int make_folder(void **state) {
  (void)state;
  snprintf(folder, sizeof(folder), "/dev/shm/test_trace_kill.XXXXXX");
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof(path), "%s/trace", folder);
  snprintf(page, sizeof(page), "%s/page", folder);
  shared = map_shared(page);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  unlink(path);
  unlink(page);
  return rmdir(folder);
}

/* Until all threads record, so that a moment is one of recording however busy the machine is. */
static void wait_for_begin(void) {
  for (size_t i = 0; i < THREADS; i++)
    for (int k = 0; k < 50000 && __atomic_load_n(&shared->returned[i], __ATOMIC_ACQUIRE) == 0; k++)
      usleep(100);
}

static void killed(const char *options, uint64_t times) {
  struct test_random random = {test_seed()};
  uint64_t recovered = 0, opened = 0;

  more_options = options;
  for (uint64_t i = 0; i < times; i++) {
    pid_t pid = start();
    int status;

    if (i % 10 != 9) /* else as it begins */
      wait_for_begin();
    usleep((useconds_t)test_below(&random, i % 10 ? 40000 : 300000));
    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) != pid)
      continue;
    if (access(path, F_OK) != 0 || shared->returned[0] == 0)
      continue; /* it had not begun */
    recovered += check_open(true, BSCOPE_LOG_BROKEN_OFF).recovered;
    opened++;
  }
  check(opened * 10 >= times * 8);
  print_message("%llu files, %llu events recovered\n", (unsigned long long)opened, (unsigned long long)recovered);
  more_options = "";
}

/* 2,000 in all, over both clocks, with a collector and without. */
static void a_killed_program_is_read(void **state) {
  (void)state;
  killed("", test_scaled(700, 10));
}

static void a_killed_program_without_collector(void **state) {
  (void)state;
  killed(":collector=none", test_scaled(300, 5));
}

static void a_killed_program_with_tsc(void **state) {
  (void)state;
  killed(":clock=tsc", test_scaled(700, 10));
}

static void a_killed_program_with_tsc_and_small_rings(void **state) {
  (void)state;
  killed(":clock=tsc:collector=none:ring=64", test_scaled(300, 5));
}

static void check_child(void) {
  struct bscope_event event;
  uint64_t next = 0;
  char own[128];
  struct bscope_log *log;
  struct bscope_cursor *cursor;

  kill((pid_t)shared->child, SIGKILL);
  test_sleep_ms(20);
  snprintf(own, sizeof(own), "%s.%llu", path, (unsigned long long)shared->child);
  check((log = bscope_log_open(own)) != NULL);
  for (cursor = bscope_cursor_create(log, 0); bscope_cursor_next(cursor, &event); next++)
    check(event.subject == 1 && event.object == next);
  check(next >= 1 && bscope_log_first(log) == 0);
  bscope_cursor_free(cursor);
  bscope_log_free(log);
  check(unlink(own) == 0);
}

static void end_by(size_t i) {
  pid_t pid;
  int status;

  ending = endings[i].name;
  pid = start();
  check(waitpid(pid, &status, 0) == pid);
  check_equal(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), endings[i].status);
  (void)check_open(true, BSCOPE_LOG_BROKEN_OFF);
  if (shared->child)
    check_child();
  ending = "";
}

static void a_program_that_breaks_off(void **state) {
  static const char *const options[] = {"", ":clock=tsc", ":collector=none", ":clock=tsc:ring=64"};

  (void)state;
  if (TEST_ASAN || TEST_TSAN)
    skip(); /* they turn signals into exits of their own */
  for (size_t n = 0; n < test_scaled(40, 4); n++) {
    more_options = options[n % TEST_COUNT(options)];
    for (size_t i = 0; i < TEST_COUNT(endings); i++)
      end_by(i);
  }
  more_options = "";
}

/*
 * At a clean end nothing is left in rings and chunks. Outside the blocks are late events alone: a thread that is off
 * its processor for 100 ms in mid-call finds its position passed, as often as the machine does that to it.
 */
static uint64_t check_late(void) {
  struct bscope_log *log = bscope_log_open(path);
  const struct bscope_trace *trace = (const struct bscope_trace *)log;
  uint64_t late = 0;

  check(log);
  for (size_t i = 0; i < trace->event_count; i++, late++)
    check_equal(trace->events[i].rank, BSCOPE_TRACE_IN_LATE);
  bscope_log_free(log);
  return late;
}

static void a_program_that_ends(void **state) {
  static const char *const options[] = {"", ":clock=tsc", ":collector=none", ":clock=tsc:ring=64"};
  int status;

  (void)state;
  each = 20000;
  for (size_t i = 0; i < test_scaled(40, 4); i++) {
    more_options = options[i % TEST_COUNT(options)];
    check(waitpid(start(), &status, 0) > 0 && status == 0);
    check_equal(check_open(true, BSCOPE_LOG_CLEAN).recovered, check_late());
    for (size_t k = 0; k < THREADS; k++)
      check_equal(shared->returned[k], each);
  }
  more_options = "";
  each = 0;
}

static void a_program_that_runs(void **state) {
  pid_t pid = start();
  int status;

  (void)state;
  for (int i = 0; i < 20; i++) {
    usleep(20000);
    if (access(path, F_OK) == 0 && shared->returned[0] > 1000)
      (void)check_open(false, BSCOPE_LOG_LIVE);
  }
  kill(pid, SIGKILL);
  while (waitpid(pid, &status, 0) != pid)
    continue;
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_program_that_ends),
      cmocka_unit_test(a_killed_program_is_read),
      cmocka_unit_test(a_killed_program_without_collector),
      cmocka_unit_test(a_killed_program_with_tsc),
      cmocka_unit_test(a_killed_program_with_tsc_and_small_rings),
      cmocka_unit_test(a_program_that_breaks_off),
      cmocka_unit_test(a_program_that_runs),
  };

  if (argc == 4)
    return run_program(argv);
  if (getenv("BSCOPE_TEST_VALGRIND")) /* which does not let a program execute itself */
    return 77;
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
