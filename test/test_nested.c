/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tracking calls in signal handlers that interrupt tracking calls (P2, P3): nothing is torn, lost or counted twice at
 * 10,000 signals a second; and after a siglongjmp out of one the abandoned write is LOST, never resurrected, and
 * nothing behind it waits for it.
 */
#include "engine.h"

#include <errno.h>

#define WORKERS 2
#define DEPTH 4 /* handlers in handlers */
#define MOST (4u << 20)

static struct bscope_site outer = TEST_SITE(BSCOPE_KIND_NEW, "outer"), inner = TEST_SITE(BSCOPE_KIND_BORROW, "inner");

/*
 * A worker numbers its events. `begun` is raised before a call and `done[n]` set after call n returned; handlers number
 * theirs too, so a number is taken in one step that no handler can split.
 */
struct worker {
  pthread_t thread;
  uint64_t begun;          /* atomic */
  uint64_t jumps, signals; /* atomic */
  uint8_t *done;           /* 0: not returned, 1: returned; 2 is added for each time that it is in the log */
  bool with_payload, jumps_out;
  bool stop; /* atomic */
  volatile int depth;
  sigjmp_buf back;
};

static struct worker workers[WORKERS];
static __thread struct worker *self;
static sigset_t timer_signal;

static uint64_t take_number(struct worker *w) {
  uint64_t n = __atomic_fetch_add(&w->begun, 1, __ATOMIC_RELAXED);
  check(n < MOST);
  return n;
}

static void emit_one(struct worker *w, struct bscope_site *site) {
  uint64_t n = take_number(w);
  uint64_t payload[20] = {n};
  if (w->with_payload && n % 3 == 0)
    bscope_emit_payload(site, (uint64_t)(w - workers), n, payload, 8 + n % 150);
  else
    test_emit(site, (uint64_t)(w - workers), n);
  __atomic_store_n(&w->done[n], 1, __ATOMIC_RELAXED);
}

static void interrupt(int signal_number) {
  (void)signal_number;
  int saved = errno;
  struct worker *w = self;
  uint64_t signals = __atomic_add_fetch(&w->signals, 1, __ATOMIC_RELAXED);
  w->depth++;
  emit_one(w, &inner);
  if (w->depth < DEPTH) /* from here on it may be interrupted itself */
    pthread_sigmask(SIG_UNBLOCK, &timer_signal, NULL);
  emit_one(w, &inner);
  pthread_sigmask(SIG_BLOCK, &timer_signal, NULL);
  w->depth--;
  errno = saved;
  if (w->jumps_out && signals % 2 == 0) {
    __atomic_fetch_add(&w->jumps, 1, __ATOMIC_RELAXED);
    siglongjmp(w->back, 1);
  }
}

static void *work(void *argument) {
  struct worker *w = self = argument;
  timer_t timer = test_timer_start(SIGUSR1, 100);
  (void)sigsetjmp(w->back, 1);
  w->depth = 0;
  pthread_sigmask(SIG_UNBLOCK, &timer_signal, NULL);
  while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED))
    emit_one(w, &outer);
  pthread_sigmask(SIG_BLOCK, &timer_signal, NULL);
  timer_delete(timer);
  w->jumps_out = false;
  emit_one(w, &outer); /* finds what the last jump abandoned */
  return NULL;
}

static void see(void *context, const struct bscope_event *e) {
  (void)context;
  check(e->subject < WORKERS);
  struct worker *w = &workers[e->subject];
  check(e->object < w->begun);
  check((w->done[e->object] & ~1u) == 0); /* not seen before */
  w->done[e->object] |= 2;
  if (e->payload && e->payload_size >= 8)
    check(memcmp(e->payload, &e->object, 8) == 0);
  check_equal(e->payload != NULL, w->with_payload && e->object % 3 == 0);
}

static uint64_t largest(size_t field) {
  uint64_t most = 0;
  for (unsigned i = 0; i < WORKERS; i++) {
    uint64_t n = __atomic_load_n((uint64_t *)(void *)((char *)&workers[i] + field), __ATOMIC_RELAXED);
    most = n > most ? n : most;
  }
  return most;
}

static void run(bool with_payload, bool jumps_out, uint64_t jumps, uint64_t ms) {
  static uint8_t *done[WORKERS];
  uint64_t since = test_now_ms();
  sigemptyset(&timer_signal);
  sigaddset(&timer_signal, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &timer_signal, NULL); /* of the workers alone */
  test_on_signal(SIGUSR1, interrupt, 0);
  test_restart((struct bscope_options){.ring = 4096});
  for (unsigned i = 0; i < WORKERS; i++) {
    if (!done[i])
      done[i] = malloc(MOST);
    memset(done[i], 0, MOST);
    workers[i] = (struct worker){.done = done[i], .with_payload = with_payload, .jumps_out = jumps_out};
    check(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
  }
  while (test_now_ms() - since < ms && largest(offsetof(struct worker, begun)) < MOST / 2 &&
         (!jumps_out || 2 * largest(offsetof(struct worker, jumps)) < jumps)) {
    test_sleep_ms(5);
    (void)test_stats();
  }
  for (unsigned i = 0; i < WORKERS; i++)
    __atomic_store_n(&workers[i].stop, true, __ATOMIC_RELAXED);
  for (unsigned i = 0; i < WORKERS; i++)
    pthread_join(workers[i].thread, NULL);
}

/* Each call that returned is in the log once or was dropped; each stamp without an event is LOST. */
static void check_run(const char *what) {
  struct bscope_log *log = test_log();
  uint64_t begun = 0, missing = 0, unfinished = 0, jumps = 0, signals = 0;
  uint64_t events = test_walk(log, see, NULL);
  struct bscope_stats s = test_stats();
  uint64_t lost = test_count_kind(log, BSCOPE_KIND_LOST), open = test_count_kind(log, BSCOPE_KIND_OPEN);
  for (unsigned i = 0; i < WORKERS; i++) {
    begun += workers[i].begun;
    jumps += workers[i].jumps;
    signals += workers[i].signals;
    for (uint64_t n = 0; n < workers[i].begun; n++) {
      missing += workers[i].done[n] == 1;
      unfinished += !(workers[i].done[n] & 1);
    }
  }
  print_message("%s: %llu calls, %llu signals, %llu jumps, %llu lost, %llu open, %llu abandoned, nested dropped %llu\n",
                what, (unsigned long long)begun, (unsigned long long)signals, (unsigned long long)jumps,
                (unsigned long long)lost, (unsigned long long)open, (unsigned long long)s.abandoned,
                (unsigned long long)s.dropped_nested);
  check_equal(s.pending, 0);
  check_equal(s.evicted, 0);
  check_equal(s.logged, events);
  check_equal(s.lost, lost);
  check_equal(open, 0);
  check_equal(missing, s.dropped);
  check_equal(s.dropped, s.dropped_nested);
  check(s.attempted <= begun && s.attempted + unfinished >= begun);
  if (jumps == 0)
    check_equal(s.attempted, begun);
  if (jumps == 0)
    check_equal(s.lost, 0);
  check(signals > 0); /* how many is the machine's business */
  bscope_log_free(log);
}

static void handlers_at_10_khz(void **state) {
  (void)state;
  run(false, false, 0, test_scaled(10000, 500));
  check_run("plain");
  run(true, false, 0, test_scaled(10000, 500));
  check_run("payload");
}

/* In rounds, until there were as many jumps as asked for. */
static void jump_until(bool with_payload, const char *what) {
  const uint64_t jumps = test_scaled(10000, 500), since = test_now_ms();
  for (uint64_t made = 0; made < jumps && test_now_ms() - since < 60000;) {
    run(with_payload, true, jumps - made, 20000);
    check_run(what);
    for (unsigned i = 0; i < WORKERS; i++)
      made += workers[i].jumps;
  }
}

static void jumps_out_of_handlers(void **state) {
  (void)state;
  jump_until(false, "plain");
}

static void jumps_out_of_handlers_with_payload(void **state) {
  (void)state;
  jump_until(true, "payload");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(handlers_at_10_khz),
      cmocka_unit_test(jumps_out_of_handlers),
      cmocka_unit_test(jumps_out_of_handlers_with_payload),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
