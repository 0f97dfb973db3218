/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tracking calls in signal handlers that interrupt tracking calls (P2, P3): nothing is torn, lost or counted twice at
 * up to 20,000 signals a second, from timers or from another thread, six deep, on a stack of 2 KiB; and after a
 * siglongjmp out of one the abandoned write is LOST, never resurrected, and nothing behind it waits for it.
 */
#include "engine.h"

#include "base/util.h"

#include <errno.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#define WORKERS 2
#define MOST (4u << 20)
#define PAGE ((size_t)4096)
#define SMALL_STACK ((size_t)2048) /* beyond what the kernel puts there */

/* What interrupts the workers, and how. */
struct storm {
  const char *name;
  long period_us;
  uint64_t jumps; /* until so many, out of each second handler; 0: none */
  int depth;      /* handlers in handlers */
  bool by_kill;   /* from another thread, not by timers */
  bool nodefer;   /* each handler raises the signal itself until it is so deep */
  bool small_stack;
  bool with_payload;
};

static struct storm storm;

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
  bool jumps_out;
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
  if (storm.with_payload && n % 3 == 0)
    bscope_emit_payload(site, (uint64_t)(w - workers), n, payload, 8 + n % 150);
  else
    test_emit(site, (uint64_t)(w - workers), n);
  __atomic_store_n(&w->done[n], 1, __ATOMIC_RELAXED);
}

static void interrupt(int signal_number) {
  int saved = errno;
  struct worker *w = self;
  uint64_t signals = __atomic_add_fetch(&w->signals, 1, __ATOMIC_RELAXED);
  if (w->depth == storm.depth) /* only where nothing defers it */
    return;
  w->depth++;
  emit_one(w, &inner);
  if (storm.nodefer)
    raise(signal_number);
  else if (w->depth < storm.depth) /* from here on it may be interrupted itself */
    pthread_sigmask(SIG_UNBLOCK, &timer_signal, NULL);
  emit_one(w, &inner);
  if (!storm.nodefer)
    pthread_sigmask(SIG_BLOCK, &timer_signal, NULL);
  w->depth--;
  errno = saved;
  if (w->jumps_out && signals % 2 == 0) {
    __atomic_fetch_add(&w->jumps, 1, __ATOMIC_RELAXED);
    siglongjmp(w->back, 1);
  }
}

/* For this thread's handlers, with a page below it that ends the program. Returns what was mapped. */
static char *use_small_stack(void) {
  size_t size = getauxval(AT_MINSIGSTKSZ) + SMALL_STACK, mapped = (size + 2 * PAGE - 1) & ~(PAGE - 1);
  char *memory = mmap(NULL, mapped + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  check(memory != MAP_FAILED && mprotect(memory, PAGE, PROT_NONE) == 0);
  const stack_t stack = {.ss_sp = memory + PAGE, .ss_size = size};
  check(sigaltstack(&stack, NULL) == 0);
  return memory;
}

static void give_back_stack(char *memory) {
  const stack_t none = {.ss_flags = SS_DISABLE};
  size_t size = getauxval(AT_MINSIGSTKSZ) + SMALL_STACK, mapped = (size + 2 * PAGE - 1) & ~(PAGE - 1);
  check(sigaltstack(&none, NULL) == 0 && munmap(memory, mapped + PAGE) == 0);
}

static void *work(void *argument) {
  struct worker *w = self = argument;
  volatile timer_t timer = 0; /* as it is, whatever is jumped over */
  char *volatile stack = storm.small_stack ? use_small_stack() : NULL;
  if (!storm.by_kill)
    timer = test_timer_start(SIGUSR1, storm.period_us);
  (void)sigsetjmp(w->back, 1);
  w->depth = 0;
  pthread_sigmask(SIG_UNBLOCK, &timer_signal, NULL);
  while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED))
    emit_one(w, &outer);
  pthread_sigmask(SIG_BLOCK, &timer_signal, NULL);
  if (!storm.by_kill)
    timer_delete(timer);
  w->jumps_out = false;
  emit_one(w, &outer); /* finds what the last jump abandoned */
  if (stack)
    give_back_stack(stack);
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
  check_equal(e->payload != NULL, storm.with_payload && e->object % 3 == 0);
}

static uint64_t largest(size_t field) {
  uint64_t most = 0;
  for (unsigned i = 0; i < WORKERS; i++) {
    uint64_t n = __atomic_load_n((uint64_t *)(void *)((char *)&workers[i] + field), __ATOMIC_RELAXED);
    most = n > most ? n : most;
  }
  return most;
}

/* Waits, or sends signals to all workers at the storm's rate, until `ms` later. */
static void rage(uint64_t ms) {
  uint64_t since = test_now_ms(), next = bscope_now_ns();
  if (!storm.by_kill) {
    test_sleep_ms((long)ms);
    return;
  }
  while (test_now_ms() - since < ms) {
    for (unsigned i = 0; i < WORKERS; i++)
      check(pthread_kill(workers[i].thread, SIGUSR1) == 0);
    next += (uint64_t)storm.period_us * 1000;
    while (bscope_now_ns() < next)
      continue;
  }
}

static void run(struct storm which, uint64_t ms) {
  static uint8_t *done[WORKERS];
  uint64_t since = test_now_ms();
  storm = which;
  sigemptyset(&timer_signal);
  sigaddset(&timer_signal, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &timer_signal, NULL); /* of the workers alone */
  test_on_signal(SIGUSR1, interrupt, (storm.nodefer ? SA_NODEFER : 0) | (storm.small_stack ? SA_ONSTACK : 0));
  test_restart((struct bscope_options){.ring = 4096});
  for (unsigned i = 0; i < WORKERS; i++) {
    if (!done[i])
      done[i] = malloc(MOST);
    memset(done[i], 0, MOST);
    workers[i] = (struct worker){.done = done[i], .jumps_out = storm.jumps != 0};
    check(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
  }
  while (test_now_ms() - since < ms && largest(offsetof(struct worker, begun)) < MOST / 2 &&
         (storm.jumps == 0 || 2 * largest(offsetof(struct worker, jumps)) < storm.jumps)) {
    rage(5);
    (void)test_stats();
  }
  for (unsigned i = 0; i < WORKERS; i++)
    __atomic_store_n(&workers[i].stop, true, __ATOMIC_RELAXED);
  for (unsigned i = 0; i < WORKERS; i++)
    pthread_join(workers[i].thread, NULL);
}

/* Each call that returned is in the log once or was dropped; each stamp without an event is LOST. */
static void check_run(void) {
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
                storm.name, (unsigned long long)begun, (unsigned long long)signals, (unsigned long long)jumps,
                (unsigned long long)lost, (unsigned long long)open, (unsigned long long)s.abandoned,
                (unsigned long long)s.dropped_nested);
  check_equal(s.pending, 0);
  check_equal(s.evicted, 0);
  check_equal(s.logged, events);
  check_equal(s.lost, lost);
  check_equal(open, 0);
  check(missing <= s.dropped && s.dropped <= missing + (jumps ? unfinished : 0)); /* dropped, and jumped out of */
  check_equal(s.dropped, s.dropped_nested);
  check(s.attempted <= begun && s.attempted + unfinished >= begun);
  if (jumps == 0)
    check_equal(s.attempted, begun);
  if (jumps == 0)
    check_equal(s.lost, 0);
  check(signals > 0); /* how many is the machine's business */
  bscope_log_free(log);
}

static void storms(void **state) {
  (void)state;
  static const struct storm rows[] = {
      {.name = "1 kHz", .period_us = 1000, .depth = 4},
      {.name = "10 kHz", .period_us = 100, .depth = 4},
      {.name = "10 kHz, payloads", .period_us = 100, .depth = 4, .with_payload = true},
      {.name = "20 kHz", .period_us = 50, .depth = 4},
      {.name = "1 kHz by pthread_kill", .period_us = 1000, .depth = 4, .by_kill = true},
      {.name = "20 kHz by pthread_kill", .period_us = 50, .depth = 4, .by_kill = true, .with_payload = true},
      {.name = "six deep, SA_NODEFER", .period_us = 100, .depth = 6, .nodefer = true},
      {.name = "six deep, SA_NODEFER, payloads", .period_us = 50, .depth = 6, .nodefer = true, .with_payload = true},
  };
  for (size_t i = 0; i < TEST_COUNT(rows); i++) {
    run(rows[i], test_scaled(5000, 300));
    check_run();
  }
}

/* The ring is small, so that the slow ways are taken there too. */
static void on_a_stack_of_2_kib(void **state) {
  (void)state;
  if (TEST_TSAN || TEST_ASAN || getenv("BSCOPE_TEST_VALGRIND"))
    skip(); /* their calls need more */
  run((struct storm){.name = "on 2 KiB", .period_us = 100, .depth = 1, .small_stack = true}, test_scaled(10000, 500));
  check_run();
  run(
      (struct storm){
          .name = "on 2 KiB, payloads", .period_us = 100, .depth = 1, .small_stack = true, .with_payload = true},
      test_scaled(10000, 500));
  check_run();
}

static void *begin_in_handler(void *argument) {
  self = argument;
  char *stack = storm.small_stack ? use_small_stack() : NULL;
  pthread_sigmask(SIG_UNBLOCK, &timer_signal, NULL);
  pthread_kill(pthread_self(), SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &timer_signal, NULL);
  if (stack)
    give_back_stack(stack);
  return NULL;
}

/* Many threads, one after another, whose only events are those of a handler. */
static void first_event_in_a_handler(void **state) {
  (void)state;
  for (int small = 0; small < (TEST_TSAN || TEST_ASAN || getenv("BSCOPE_TEST_VALGRIND") ? 1 : 2); small++) {
    run((struct storm){.name = small ? "first events, on 2 KiB" : "first events", .period_us = 1000, .depth = 1}, 1);
    storm.small_stack = small != 0;
    test_on_signal(SIGUSR1, interrupt, small ? SA_ONSTACK : 0);
    for (uint64_t i = test_scaled(2000, 100); i > 0; i--) {
      pthread_t thread;
      check(pthread_create(&thread, NULL, begin_in_handler, &workers[0]) == 0);
      check(pthread_join(thread, NULL) == 0);
    }
    check_run();
  }
}

/* In rounds, until there were as many jumps as asked for. */
static void jump_until(bool with_payload) {
  const uint64_t jumps = test_scaled(100000, 500), since = test_now_ms();
  for (uint64_t made = 0; made < jumps && test_now_ms() - since < 60000;) {
    run((struct storm){.name = with_payload ? "jumps, payloads" : "jumps",
                       .period_us = 20,
                       .depth = 4,
                       .jumps = jumps - made,
                       .with_payload = with_payload},
        20000);
    check_run();
    for (unsigned i = 0; i < WORKERS; i++)
      made += workers[i].jumps;
  }
}

static void jumps_out_of_handlers(void **state) {
  (void)state;
  jump_until(false);
}

static void jumps_out_of_handlers_with_payload(void **state) {
  (void)state;
  jump_until(true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(storms),
      cmocka_unit_test(on_a_stack_of_2_kib),
      cmocka_unit_test(first_event_in_a_handler),
      cmocka_unit_test(jumps_out_of_handlers),
      cmocka_unit_test(jumps_out_of_handlers_with_payload),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
