/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that the library itself wrote, read by the library (P5): programs of eight threads are killed at random
 * moments, and each event whose call had returned is read back, once, in its thread's order, with its words and its
 * site. Others end by themselves, or are read while they run.
 */
#include "harness.h"

#include <borrowscope/borrowscope.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#define THREADS 8u

static char folder[64];
static char path[96];
static char page[96];

struct shared {
  uint64_t returned[THREADS];
};
static struct shared *shared;
static uint64_t each; /* events a thread; 0: until it is killed */
static const char *more_options = "";

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

/* The program: this one, called with the name of the shared page and the number of events. */
static int run_program(char **argv) {
  pthread_t threads[THREADS];

  prctl(PR_SET_PDEATHSIG, SIGKILL);
  shared = map_shared(argv[1]);
  each = strtoull(argv[2], NULL, 10);
  for (uintptr_t i = 0; i < THREADS; i++)
    check_equal(pthread_create(&threads[i], NULL, record, (void *)i), 0);
  for (size_t i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  return 0;
}

static pid_t start(void) {
  char options[256], number[32];
  pid_t pid;

  memset(shared, 0, sizeof(*shared));
  unlink(path);
  snprintf(options, sizeof(options), "file=%s:overwrite=1:memory=64M%s", path, more_options);
  snprintf(number, sizeof(number), "%llu", (unsigned long long)each);
  fflush(NULL);
  pid = fork();
  if (pid == 0) {
    setenv("BORROWSCOPE_OPTIONS", options, 1);
    execl("/proc/self/exe", "program", page, number, (char *)NULL);
    _exit(71);
  }
  return pid;
}

/* Each thread's events ascend without a gap from the first one that the log holds; returns the events. */
static uint64_t check_file(const struct bscope_log *log, bool complete) {
  uint64_t next[THREADS] = {0}, count = 0;
  bool seen[THREADS] = {false};
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  struct bscope_event event;
  uint64_t first = bscope_log_first(log);

  while (bscope_cursor_next(cursor, &event)) {
    uint64_t payload[9];

    if (event.kind == BSCOPE_KIND_LOST || event.kind == BSCOPE_KIND_OPEN)
      continue;
    count++;
    check(event.subject < THREADS);
    check(event.name && strcmp(event.name, sites[event.subject].name) == 0);
    check_equal(event.kind, sites[event.subject].kind);
    if (seen[event.subject] || first == 0)
      check_equal(event.object, next[event.subject]);
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
    if (next[i] < shared->returned[i] || next[i] > shared->returned[i] + 1) {
      fprintf(stderr, "thread %zu: next %llu returned %llu count %zu first %llu\n", i, (unsigned long long)next[i],
              (unsigned long long)shared->returned[i], bscope_log_count(log), (unsigned long long)first);
      if (seen[i])
        check(next[i] >= shared->returned[i] && next[i] <= shared->returned[i] + 1);
    }
  }
  return count;
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
  (void)check_file(log, complete);
  check_equal(bscope_log_stats(log, &stats), BSCOPE_OK);
  check_equal(stats.attempted, stats.logged + stats.dropped + stats.lost + stats.evicted + stats.pending);
  bscope_log_free(log);
  return info;
}

static int make_folder(void **state) {
  (void)state;
  snprintf(folder, sizeof(folder), "/tmp/test_trace_kill.XXXXXX");
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

static void killed(const char *options, uint64_t times) {
  struct test_random random = {test_seed()};
  uint64_t recovered = 0, opened = 0;

  more_options = options;
  for (uint64_t i = 0; i < times; i++) {
    pid_t pid = start();
    int status;

    usleep((useconds_t)(3000 + test_below(&random, i % 10 ? 40000 : 300000)));
    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) != pid)
      continue;
    if (access(path, F_OK) != 0 || shared->returned[0] == 0)
      continue; /* it had not begun */
    recovered += check_open(true, BSCOPE_LOG_BROKEN_OFF).recovered;
    opened++;
  }
  print_message("%llu files, %llu events recovered\n", (unsigned long long)opened, (unsigned long long)recovered);
  more_options = "";
}

static void a_killed_program_is_read(void **state) {
  (void)state;
  killed("", test_scaled(500, 10));
}

static void a_killed_program_without_collector(void **state) {
  (void)state;
  killed(":collector=none", test_scaled(200, 5));
}

static void a_program_that_ends(void **state) {
  struct bscope_trace_info info;
  int status;

  (void)state;
  each = 20000;
  check(waitpid(start(), &status, 0) > 0 && status == 0);
  info = check_open(true, BSCOPE_LOG_CLEAN);
  assert_int_equal(info.recovered, 0);
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
      cmocka_unit_test(a_program_that_runs),
  };

  if (argc == 3)
    return run_program(argv);
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
