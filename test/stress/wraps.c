/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stamps and ring indices that begin just below 2^32 and 2^64 (P1, P2): positions are dense and start at 0 all the
 * same, and nothing is lost, with payload and with events from handlers among them.
 */
#include "engine.h"

#include "capture/recorder.h"
#include "collect/session.h"

#define THREADS 3

static const uint64_t clocks[] = {
    0, UINT64_C(0x7fffffff) - 4000, UINT64_C(0xffffffff) - 4000, UINT64_MAX - 6000, UINT64_MAX - 1, UINT64_MAX};
static const uint64_t rings[] = {
    0, UINT64_C(0xffffffff) - 300, UINT64_C(0xffffffff), UINT64_MAX - 300, UINT64_MAX - 1, UINT64_MAX};

static struct bscope_site site = TEST_SITE(BSCOPE_KIND_NEW, "wrap"), nested = TEST_SITE(BSCOPE_KIND_DROP, "nested");
static uint64_t clock_base, ring_base, events_each;
static __thread uint64_t handled;
static __thread uint64_t self;
static uint64_t handled_all; /* atomic */

static void interrupt(int signal_number) {
  (void)signal_number;
  test_emit(&nested, self, handled);
  handled++;
  __atomic_fetch_add(&handled_all, 1, __ATOMIC_SEQ_CST); /* here: it may come when the thread has counted its own */
}

static void *produce(void *argument) {
  self = (uint64_t)(uintptr_t)argument;
  timer_t timer = test_timer_start(SIGUSR1, 500);
  for (uint64_t n = 0; n < events_each; n++) {
    if (n % 7 == 3)
      bscope_emit_payload(&site, self, n, &n, sizeof(n));
    else
      test_emit(&site, self, n);
  }
  timer_delete(timer);
  return NULL;
}

static void see(void *context, const struct bscope_event *e) {
  uint64_t(*next)[2] = context;
  bool from_handler = e->kind == BSCOPE_KIND_DROP;
  check(e->subject < THREADS);
  check_equal(e->object, next[e->subject][from_handler]);
  next[e->subject][from_handler]++;
  if (!from_handler && e->object % 7 == 3)
    check(e->payload_size == 8 && memcmp(e->payload, &e->object, 8) == 0);
}

static void run(void) {
  pthread_t threads[THREADS];
  uint64_t next[THREADS][2] = {{0}};
  test_on_signal(SIGUSR1, interrupt, SA_RESTART);
  bscope_session_test_bases(clock_base, ring_base);
  test_restart((struct bscope_options){.ring = 64});
  for (uintptr_t i = 0; i < THREADS; i++)
    check(pthread_create(&threads[i], NULL, produce, (void *)i) == 0);
  for (unsigned i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  uint64_t all = THREADS * events_each + handled_all;
  struct bscope_log *log = test_log();
  check_equal(bscope_log_first(log), 0);
  check_equal(bscope_log_count(log), all);
  check_equal(test_walk(log, see, next), all);
  struct bscope_stats s = test_stats();
  check_equal(s.attempted, all);
  check_equal(s.logged, all);
  check_equal(*bscope_process_get()->recorder->clock - clock_base, all); /* they did begin there */
  bscope_log_free(log);
  check_equal(bscope_reset(), BSCOPE_OK);
  test_emit(&site, 0, 0);
  check_equal(test_stats().logged, 1);
}

int main(void) {
  int failed = 0;
  events_each = test_scaled(40000, 3000);
  for (unsigned c = 0; c < TEST_COUNT(clocks); c++)
    for (unsigned r = 0; r < TEST_COUNT(rings); r++) {
      clock_base = clocks[c];
      ring_base = rings[r];
      int result = test_in_child(run); /* stamps never go back in a process */
      if (result)
        printf("stamps from %#llx, indices from %#llx: failed (%d)\n", (unsigned long long)clock_base,
               (unsigned long long)ring_base, result);
      failed += result != 0;
    }
  return failed ? 1 : 0;
}
