/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the engine share: random numbers with a seed that is printed, sizes that can be scaled, checks
 * that may fail on any thread or in a forked child, sites made by hand, and the identity of the counts (P2).
 *
 * BSCOPE_TEST_SEED=n repeats a run; BSCOPE_TEST_SCALE=x multiplies the sizes that the promises name (1 is all of
 * them; without it a tenth, a fiftieth where a tool slows the test down, or all with BSCOPE_TEST_FULL=1).
 */
#ifndef BSCOPE_TEST_HARNESS_H
#define BSCOPE_TEST_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tsc.h"

#include <borrowscope/session.h>
#include <borrowscope/write.h>

#define TEST_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#if defined(__SANITIZE_THREAD__)
#define TEST_TSAN 1
#elif defined(__SANITIZE_ADDRESS__)
#define TEST_ASAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TEST_TSAN 1
#elif __has_feature(address_sanitizer)
#define TEST_ASAN 1
#endif
#endif
#ifndef TEST_TSAN
#define TEST_TSAN 0
#endif
#ifndef TEST_ASAN
#define TEST_ASAN 0
#endif

/* Unlike cmocka's assertions it may be used on every thread and in forked children: it ends the process. */
#define check(condition) ((condition) ? (void)0 : test_stop(__FILE__, __LINE__, #condition, 0, 0))
#define check_equal(a, b)                                                                                              \
  do {                                                                                                                 \
    const uint64_t check_a_ = (uint64_t)(a), check_b_ = (uint64_t)(b);                                                 \
    if (check_a_ != check_b_)                                                                                          \
      test_stop(__FILE__, __LINE__, #a " == " #b, check_a_, check_b_);                                                 \
  } while (0)

static inline void test_stop(const char *file, int line, const char *what, uint64_t a, uint64_t b) {
  fprintf(stderr, "%s:%d: not so: %s (%llu, %llu)\n", file, line, what, (unsigned long long)a, (unsigned long long)b);
  fflush(NULL);
  _exit(70);
}

#if TEST_TSAN
/* Children of these tests make threads. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) {
  return "die_after_fork=0";
}
#endif

struct test_random {
  uint64_t state;
};

static inline uint64_t test_next(struct test_random *r) { /* splitmix64, by Sebastiano Vigna, public domain */
  uint64_t x = r->state += UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
  return x ^ x >> 31;
}

static inline uint64_t test_below(struct test_random *r, uint64_t bound) {
  return test_next(r) % bound;
}

static inline uint64_t test_seed(void) {
  static uint64_t seed;
  if (!seed) {
    const char *text = getenv("BSCOPE_TEST_SEED");
    seed = text ? strtoull(text, NULL, 0) : (uint64_t)time(NULL) * 1000003u + (uint64_t)getpid();
    printf("BSCOPE_TEST_SEED=%llu\n", (unsigned long long)seed);
    fflush(stdout);
  }
  return seed;
}

static inline double test_scale(void) {
  const char *scale = getenv("BSCOPE_TEST_SCALE");
  if (scale)
    return strtod(scale, NULL);
  if (getenv("BSCOPE_TEST_FULL"))
    return 1.0;
  return TEST_TSAN || TEST_ASAN || getenv("BSCOPE_TEST_VALGRIND") ? 0.02 : 0.1;
}

/* `full` at scale 1, never less than `least`. */
static inline uint64_t test_scaled(uint64_t full, uint64_t least) {
  double n = (double)full * test_scale();
  return n < (double)least ? least : (uint64_t)n;
}

static inline void test_sleep_ms(long ms) {
  nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static inline uint64_t test_now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

/* Runs fn in a forked child, for what can be done only once in a process. 0: it returned. */
static inline int test_in_child(void (*fn)(void)) {
  int status;
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    alarm(100);
    fn();
    fflush(NULL);
    _exit(0);
  }
  while (waitpid(pid, &status, 0) != pid)
    continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A static site of a test. */
#define TEST_SITE(kind_, name_)                                                                                        \
  {                                                                                                                    \
    .abi = BSCOPE_SITE_ABI, .size = sizeof(struct bscope_site), .kind = (kind_), .subject_is = BSCOPE_WORD_VALUE,      \
    .object_is = BSCOPE_WORD_VALUE, .line = __LINE__, .name = (name_), .file = __FILE__, .function = "test"            \
  }

/* One event with two plain words: its thread and its place in that thread's sequence, by convention. */
static inline void test_emit(struct bscope_site *site, uint64_t subject, uint64_t object) {
  bscope_record_inline(site, subject, object);
}

/* P2: every attempt is in exactly one of the counts, and each drop has its reason. */
static inline struct bscope_stats test_stats(void) {
  struct bscope_stats s = {.size = sizeof(s)};
  int status = bscope_get_stats(&s);
  if (status != BSCOPE_OK)
    fprintf(stderr, "bscope_get_stats: %s\n", bscope_last_error());
  check_equal(status, BSCOPE_OK);
  check_equal(s.attempted, s.logged + s.dropped + s.lost + s.evicted + s.pending);
  check_equal(s.dropped, s.dropped_full + s.dropped_nested + s.dropped_memory + s.dropped_stalled + s.dropped_process +
                             s.dropped_oversized);
  return s;
}

#endif
