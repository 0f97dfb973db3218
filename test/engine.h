/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests that record through the public interface: sessions with given options, logs, walks, timers that interrupt
 * one thread.
 */
#ifndef BSCOPE_TEST_ENGINE_H
#define BSCOPE_TEST_ENGINE_H

#include "harness.h"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>

#include <borrowscope/kinds.h>
#include <borrowscope/log.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* A new session with these options, whatever ran before. */
#define TEST_MEMCHECK_MEMORY ((size_t)32 << 20)

/* memcheck looks for leaks in all mapped memory of every process that ends: 75 s in a session of the default size. */
static inline void test_restart(struct bscope_options options) {
  options.size = sizeof(options);
  if (options.memory == 0 && getenv("BSCOPE_TEST_VALGRIND"))
    options.memory = TEST_MEMCHECK_MEMORY;
  check_equal(bscope_stop(), BSCOPE_OK);
  check_equal(bscope_start(&options), BSCOPE_OK);
}

static inline void test_restart_default(void) {
  test_restart((struct bscope_options){0});
}

static inline struct bscope_log *test_log(void) {
  struct bscope_log *log = bscope_get_events();
  if (!log)
    fprintf(stderr, "bscope_get_events: %s\n", bscope_last_error());
  check(log);
  return log;
}

/* Walks a log: fn sees each position once, in order; the positions are dense. Returns how many held an event. */
static inline uint64_t test_walk(const struct bscope_log *log, void (*fn)(void *context, const struct bscope_event *e),
                                 void *context) {
  struct bscope_event event;
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  uint64_t next = bscope_log_first(log), events = 0;
  uint64_t count = bscope_log_count(log);
  check(cursor);
  while (bscope_cursor_next(cursor, &event)) {
    check_equal(event.stamp, next);
    next++;
    if (event.kind == BSCOPE_KIND_LOST || event.kind == BSCOPE_KIND_VOID || event.kind == BSCOPE_KIND_OPEN)
      continue;
    events++;
    if (fn)
      fn(context, &event);
  }
  bscope_cursor_free(cursor);
  check_equal(next - bscope_log_first(log), count);
  return events;
}

/* Events of the session's log. */
static inline uint64_t test_log_events(void) {
  struct bscope_log *log = test_log();
  uint64_t events = test_walk(log, NULL, NULL);
  bscope_log_free(log);
  return events;
}

/* How many positions of a log are of this kind. */
static inline uint64_t test_count_kind(const struct bscope_log *log, enum bscope_kind kind) {
  struct bscope_event event;
  uint64_t n = 0;
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  check(cursor);
  while (bscope_cursor_next(cursor, &event))
    n += event.kind == kind;
  bscope_cursor_free(cursor);
  return n;
}

/* Raises `signal_number` in the calling thread every `us` microseconds. */
static inline timer_t test_timer_start(int signal_number, long us) {
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = signal_number};
  event.sigev_notify_thread_id = (int)syscall(SYS_gettid);
  check(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  const struct itimerspec when = {{us / 1000000, us % 1000000 * 1000}, {us / 1000000, us % 1000000 * 1000}};
  check(timer_settime(timer, 0, &when, NULL) == 0);
  return timer;
}

static inline void test_on_signal(int signal_number, void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigemptyset(&action.sa_mask);
  check(sigaction(signal_number, &action, NULL) == 0);
}

#endif
