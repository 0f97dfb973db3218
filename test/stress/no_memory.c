/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation failing in turn (P3): the n-th call of mmap, malloc, calloc, realloc or madvise fails, once or from
 * then on, for each n that a run of everything makes. Nothing crashes or hangs, what is reported adds up (P2), and once
 * memory is back the library records again.
 *
 * Linked with -Wl,--wrap for these functions.
 */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

void *__real_mmap(void *, size_t, int, int, int, off_t);
int __real_madvise(void *, size_t, int);
void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__wrap_mmap(void *, size_t, int, int, int, off_t);
int __wrap_madvise(void *, size_t, int);
void *__wrap_malloc(size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_realloc(void *, size_t);

static int64_t calls;          /* atomic */
static int64_t fail_from = -1; /* the first call that fails; -1: none */
static int64_t fail_count;     /* how many do */

static bool fails(void) {
  int64_t n = __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
  bool now = fail_from >= 0 && n >= fail_from && n - fail_from < fail_count;
  if (now)
    errno = ENOMEM;
  return now;
}

void *__wrap_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset) {
  return fails() ? MAP_FAILED : __real_mmap(at, size, prot, flags, fd, offset);
}

int __wrap_madvise(void *at, size_t size, int advice) {
  return fails() ? -1 : __real_madvise(at, size, advice);
}

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size) {
  return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size) {
  return fails() ? NULL : __real_realloc(old, size);
}

#define EVENTS 3000

static struct bscope_site site = TEST_SITE(BSCOPE_KIND_NEW, "memory"), named = TEST_SITE(BSCOPE_KIND_NEW, NULL);

static void *produce(void *argument) {
  uint8_t bytes[90] = {1};
  char name[32];
  for (uint64_t i = 0; i < EVENTS; i++) {
    test_emit(&site, (uint64_t)(uintptr_t)argument, i);
    if (i % 250 == 0) {
      bscope_emit_payload(&site, (uint64_t)(uintptr_t)argument, i, bytes, sizeof(bytes));
      snprintf(name, sizeof(name), "name %d", (int)i);
      bscope_emit_named(&named, name, NULL, 0, i);
    }
  }
  return NULL;
}

static void check_counts(void) {
  struct bscope_stats s = {.size = sizeof(s)};
  int rc = bscope_get_stats(&s);
  if (rc != BSCOPE_OK) {
    check(rc == BSCOPE_ERR_NO_MEMORY);
    check(strlen(bscope_last_error()) > 0);
    return;
  }
  check_equal(s.attempted, s.logged + s.dropped + s.lost + s.evicted + s.pending);
  check_equal(s.lost, 0);
  check_equal(s.dropped, s.dropped_memory + s.dropped_stalled);
}

static void read_log(void) {
  struct bscope_log *log = bscope_get_events();
  struct bscope_event e;
  if (!log) {
    check(strlen(bscope_last_error()) > 0);
    return;
  }
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  uint64_t n = bscope_log_first(log);
  while (cursor && bscope_cursor_next(cursor, &e)) {
    check_equal(e.stamp, n);
    n++;
  }
  if (cursor)
    check_equal(n - bscope_log_first(log), bscope_log_count(log));
  bscope_cursor_free(cursor);
  bscope_log_free(log);
}

static void everything(void) {
  pthread_t threads[2];
  bool running[2];
  (void)produce(NULL);
  for (uintptr_t i = 0; i < 2; i++)
    running[i] = pthread_create(&threads[i], NULL, produce, (void *)(i + 1)) == 0;
  read_log();
  for (unsigned i = 0; i < 2; i++)
    if (running[i])
      pthread_join(threads[i], NULL);
  check_counts();
  read_log();
  (void)bscope_reset();
  (void)produce(NULL);
  check_counts();
  (void)bscope_stop();
  (void)bscope_start(NULL);
  (void)produce(NULL);
  check_counts();
  read_log();
}

/* Memory is back: a new session records all. */
static void recover(void) {
  fail_from = -1;
  bscope_stop();
  check_equal(bscope_start(NULL), BSCOPE_OK);
  struct bscope_stats before = test_stats();
  (void)produce(NULL);
  struct bscope_stats s = test_stats();
  check_equal(s.attempted - before.attempted, EVENTS + 2 * (EVENTS / 250));
  check_equal(s.logged - before.logged, s.attempted - before.attempted);
}

static int pipe_ends[2];

static void one_run(void) {
  __atomic_store_n(&calls, 0, __ATOMIC_RELAXED);
  everything();
  int64_t made = __atomic_load_n(&calls, __ATOMIC_RELAXED);
  check(write(pipe_ends[1], &made, sizeof(made)) == sizeof(made));
  recover();
}

/* Runs everything in a child with that call failing; gives the number of calls that it made, or -1 with a message. */
static int64_t try_with(int64_t n, int64_t count) {
  int64_t made = -1;
  fail_from = n;
  fail_count = count;
  int result = test_in_child(one_run);
  if (result) {
    printf("allocation %lld failing %s: ended with %d\n", (long long)n, count == 1 ? "once" : "and all after it",
           result);
    fflush(stdout);
  }
  check(fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK) == 0);
  ssize_t got = read(pipe_ends[0], &made, sizeof(made));
  return result || got != sizeof(made) ? -1 : made;
}

int main(void) {
  check(pipe(pipe_ends) == 0);
  int64_t all = try_with(-1, 0), failed = 0;
  int64_t step = test_scale() >= 0.1 ? 1 : 5; /* a slow tool looks at some */
  check(all > 0);
  for (int64_t n = 0; n < all + 20 && failed < 10; n += step) {
    failed += try_with(n, 1) < 0;
    failed += try_with(n, INT32_MAX) < 0;
  }
  printf("%lld allocations\n", (long long)all);
  return failed ? 1 : 0;
}
