/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A writer stopped between its stamp and its publication (P2, P4): queries return in about 100 ms with pending > 0,
 * others go on recording, its position is OPEN; when it goes on, the event arrives LATE and is shown; when it dies
 * there, it is LOST.
 *
 * A handler is made to interrupt the writer again and again until it finds a slot claimed and not published; there it
 * stays. Whether the stamp was taken too is seen from the counts.
 *
 * Under clock=tsc it has no position yet, since the merge gives them: it is only pending, and its event gets the one
 * that is next when it comes; or a LOST one, when it dies there.
 */
#include "engine.h"

#include "capture/ring.h"
#include "capture/thread.h"

#include <semaphore.h>

static struct bscope_site site = TEST_SITE(BSCOPE_KIND_NEW, "stopped"), other = TEST_SITE(BSCOPE_KIND_DROP, "other");

enum { RUN, GO_ON, DIE };

static sem_t caught, release;
static uint32_t order; /* atomic: what a caught writer is to do */
static bool stop;      /* atomic */
static bool with_payload;
static uint64_t event_number, caught_number; /* the writer's */
static uint64_t misses;

static bool in_mid_write(void) {
  const struct bscope_thread *t = bscope_thread_current();
  if (!t || __atomic_load_n(&t->control.busy, __ATOMIC_RELAXED) <= BSCOPE_BUSY_DRAINING)
    return false;
  uint64_t last = __atomic_load_n(&t->control.head, __ATOMIC_RELAXED) - 1;
  while (with_payload && bscope_ring_is_published(t->ring, last) &&
         bscope_ring_slot(t->ring, last)->site == BSCOPE_RECORD_MORE)
    last--;
  return !bscope_ring_is_published(t->ring, last);
}

static void interrupt(int signal_number) {
  (void)signal_number;
  if (__atomic_load_n(&stop, __ATOMIC_SEQ_CST))
    return;
  if (!in_mid_write()) {
    misses++;
    return;
  }
  caught_number = event_number;
  uint32_t mine = __atomic_load_n(&order, __ATOMIC_SEQ_CST); /* the next writer's may be set before this one wakes up */
  sem_post(&caught);
  while (sem_wait(&release) != 0)
    continue;
  if (mine == DIE)
    syscall(SYS_exit, 0);
}

static void *write_on(void *argument) {
  (void)argument;
  timer_t timer = test_timer_start(SIGUSR1, 200);
  while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
    const uint64_t payload[8] = {event_number};
    if (with_payload)
      bscope_emit_payload(&site, 1, event_number, payload, 60);
    else
      test_emit(&site, 1, event_number);
    event_number++;
  }
  timer_delete(timer);
  return NULL;
}

/* Starts a writer and catches it with an open stamp. False: it was caught before the stamp (it is to be let go). */
static bool catch_writer(pthread_t *writer) {
  pthread_attr_t detached;
  test_restart_default();
  stop = false;
  event_number = 0;
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  check(pthread_create(writer, order == DIE ? &detached : NULL, write_on, NULL) == 0);
  while (sem_wait(&caught) != 0)
    continue;
  __atomic_store_n(&stop, true, __ATOMIC_SEQ_CST);
  uint64_t since = test_now_ms();
  struct bscope_stats s = test_stats();
  check(test_now_ms() - since < 1000);
  check_equal(s.lost, 0);
  check(s.pending <= 1);
  check_equal(s.logged + s.pending + s.evicted, s.attempted);
  return s.pending == 1;
}

static void find(void *context, const struct bscope_event *e) {
  uint64_t *at = context;
  if (e->kind == BSCOPE_KIND_NEW && e->object == caught_number) {
    check_equal(*at, UINT64_MAX);
    *at = e->stamp;
    if (with_payload)
      check(e->payload_size == 60 && memcmp(e->payload, &e->object, 8) == 0);
  }
}

static uint64_t position_of(struct bscope_log *log) {
  uint64_t at = UINT64_MAX;
  test_walk(log, find, &at);
  return at;
}

static uint64_t kind_at(struct bscope_log *log, uint64_t position) {
  struct bscope_event e;
  check_equal(bscope_log_at(log, position - bscope_log_first(log), &e), BSCOPE_OK);
  return e.kind;
}

/* While it is stopped: everybody else's events are there, queries are bounded. Gives the open position. */
static uint64_t check_while_stopped(void) {
  struct bscope_stats before = test_stats();
  const uint64_t more = 20000; /* several times the window's chunk */
  for (uint64_t i = 0; i < more; i++)
    test_emit(&other, 2, i);
  uint64_t since = test_now_ms();
  struct bscope_log *log = test_log();
  check(test_now_ms() - since < 1000);
  check(bscope_log_pending(log) > 0);
  bscope_log_free(log);
  test_sleep_ms(150);
  log = test_log();
  struct bscope_stats s = test_stats();
  check_equal(s.attempted, before.attempted + more);
  check_equal(s.pending, 1);
  check_equal(s.lost, 0);
  check_equal(s.logged, before.attempted - 1 + more);
  check_equal(test_count_kind(log, BSCOPE_KIND_OPEN), test_has_tsc() ? 0 : 1);
  check_equal(bscope_log_pending(log), 1);
  check_equal(position_of(log), UINT64_MAX);
  if (test_has_tsc())
    check_equal(bscope_log_first(log) + bscope_log_count(log), before.attempted - 1 + more);
  uint64_t open = bscope_log_first(log) + bscope_log_count(log); /* under clock=tsc: where it will be */
  for (uint64_t i = 0; i < bscope_log_count(log); i++)
    if (kind_at(log, bscope_log_first(log) + i) == BSCOPE_KIND_OPEN)
      open = bscope_log_first(log) + i;
  bscope_log_free(log);
  return open;
}

static void wait_until_settled(void) {
  for (unsigned i = 0; i < 100 && test_stats().pending; i++)
    test_sleep_ms(50);
}

static void goes_on(void) {
  pthread_t writer;
  bool stamped = catch_writer(&writer);
  uint64_t open = stamped ? check_while_stopped() : 0;
  struct bscope_log *old = test_log();
  sem_post(&release);
  pthread_join(writer, NULL);
  wait_until_settled();
  struct bscope_stats s = test_stats();
  check_equal(s.pending, 0);
  check_equal(s.lost, 0);
  check_equal(s.logged, s.attempted);
  struct bscope_log *log = test_log();
  check_equal(test_count_kind(log, BSCOPE_KIND_OPEN), 0);
  if (stamped) {
    check_equal(position_of(log), open);
    if (!test_has_tsc())
      check_equal(kind_at(old, open), BSCOPE_KIND_OPEN); /* a snapshot does not change */
  }
  bscope_log_free(log);
  bscope_log_free(old);
}

static void dies(void) {
  pthread_t writer;
  bool stamped = catch_writer(&writer);
  uint64_t open = stamped ? check_while_stopped() : 0;
  sem_post(&release);
  wait_until_settled();
  struct bscope_stats s = test_stats();
  check_equal(s.pending, 0);
  check_equal(s.lost, stamped ? 1 : 0);
  check_equal(s.logged + s.lost, s.attempted);
  struct bscope_log *log = test_log();
  check_equal(test_count_kind(log, BSCOPE_KIND_OPEN), 0);
  check_equal(test_count_kind(log, BSCOPE_KIND_LOST), stamped ? 1 : 0);
  if (stamped)
    check_equal(kind_at(log, open), BSCOPE_KIND_LOST);
  bscope_log_free(log);
}

/* Reset while a writer is stopped: its event belongs to the generation before and comes back in none. */
static void is_reset(void) {
  pthread_t writer;
  (void)catch_writer(&writer);
  check_equal(bscope_reset(), BSCOPE_OK);
  for (uint64_t i = 0; i < 100; i++)
    test_emit(&other, 2, i);
  check_equal(test_stats().logged, 100);
  sem_post(&release);
  pthread_join(writer, NULL);
  wait_until_settled();
  struct bscope_stats s = test_stats();
  check(s.attempted >= 100 && s.attempted <= 101); /* one that had no stamp yet is of the new one */
  check_equal(s.logged, s.attempted);
}

int main(void) {
  sem_init(&caught, 0, 0);
  sem_init(&release, 0, 0);
  test_on_signal(SIGUSR1, interrupt, SA_RESTART);
  for (uint64_t i = 0; i < test_scaled(20, 3); i++) {
    with_payload = i % 2;
    order = GO_ON;
    goes_on();
    is_reset();
    order = DIE;
    if (!TEST_TSAN) /* a thread that ends so leaves TSan's own state behind */
      dies();
  }
  printf("caught after %llu misses\n", (unsigned long long)misses);
  return 0;
}
