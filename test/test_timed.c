/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The merge of clock=tsc as a function of rings, bound and window: what lies below the bound comes out in ascending
 * time and in each thread's order (P1), each event once (P2), the rest stays in its ring. And what the option needs of
 * the machine is asked for.
 */
#include "harness.h"

#include "capture/write.h"
#include "collect/timed.h"

#include <borrowscope/log.h>

#define CELLS ((uint64_t)BSCOPE_CHUNK_CELLS)
#define MIB ((size_t)1 << 20)
#define THREADS 6
#define SITE 77u

struct fixture {
  struct bscope_region region;
  struct bscope_window window;
  struct bscope_recorder recorder;
  struct bscope_merge merge;
  struct bscope_timed timed;
  struct bscope_thread threads[THREADS];
  uint64_t heads[THREADS]; /* of the main rings */
  uint64_t clock;
};

static struct bscope_ring *make_ring(struct fixture *f, uint32_t size, uint64_t start, uint32_t thread, bool nested) {
  struct bscope_ring *ring = bscope_region_alloc(&f->region, bscope_ring_bytes(size));
  check(ring);
  bscope_ring_init(ring, size, start, nested);
  ring->thread = thread;
  return ring;
}

static void begin(struct fixture *f, uint32_t ring_size, uint64_t ring_start) {
  memset(f, 0, sizeof(*f));
  check(bscope_region_init(&f->region, 64 * MIB, 64 * MIB) == 0);
  check(bscope_window_init(&f->window, &f->region, 64) == 0);
  f->window.timed = true;
  f->clock = 1000;
  bscope_window_begin(&f->window, f->clock);
  f->recorder = (struct bscope_recorder){.clock = &f->clock, .region = &f->region, .timed = true};
  for (unsigned i = 0; i < THREADS; i++) {
    struct bscope_thread *t = &f->threads[i];
    t->number = i;
    t->ring = make_ring(f, ring_size, ring_start, i, false);
    t->nested = make_ring(f, BSCOPE_RING_NESTED, ring_start, i, true);
    t->next = f->recorder.threads;
    f->heads[i] = t->control.head = ring_start;
    f->recorder.threads = t;
  }
  check(bscope_timed_reserve(&f->timed, &f->region, THREADS));
  f->timed.base = 1;
  f->timed.rate = UINT64_C(1) << 32; /* a tick is a ns */
  f->timed.now = (struct bscope_tsc_pair){UINT64_C(1) << 40, UINT64_C(1) << 40};
}

static void end(struct fixture *f) {
  bscope_region_fini(&f->region);
}

/* Writes an event of that time, subject its thread and object `number`, with `size` bytes of payload (none: -1). */
static uint32_t put_at(struct bscope_ring *ring, uint64_t index, uint64_t time, uint64_t number, int size) {
  uint8_t bytes[BSCOPE_PAYLOAD_MAX];
  struct bscope_draft draft = {.site = SITE, .subject = ring->thread, .object = number, .slots = 1};
  memset(bytes, (int)(number & 0xff), sizeof(bytes));
  if (size >= 0)
    bscope_draft_set_payload(&draft, bytes, (size_t)size);
  bscope_write_slots(ring, index, &draft, time);
  return draft.slots;
}

static void put(struct fixture *f, unsigned thread, uint64_t time, uint64_t number, int size) {
  f->heads[thread] += put_at(f->threads[thread].ring, f->heads[thread], time, number, size);
  f->threads[thread].control.head = f->heads[thread];
}

static void put_nested(struct fixture *f, unsigned thread, uint64_t time, uint64_t number) {
  struct bscope_ring *ring = f->threads[thread].nested;
  ring->head_nested += put_at(ring, ring->head_nested, time, number, -1);
}

/* One turn; returns the positions that it gave. */
static uint64_t merge(struct fixture *f, uint64_t bound, uint64_t limit) {
  uint64_t before = f->clock;
  f->merge = (struct bscope_merge){.window = &f->window, .limit = limit};
  f->timed.bound = bound;
  struct bscope_timed_turn turn = {.timed = &f->timed, .merge = &f->merge, .recorder = &f->recorder};
  bscope_timed_merge(&turn);
  bscope_window_advance(&f->window, f->window.base + INT64_MAX);
  check_equal(f->window.prefix, f->clock);
  return f->clock - before;
}

static const struct bscope_cell *cell_at(struct fixture *f, uint64_t position, uint64_t *time) {
  struct bscope_chunk *chunk = bscope_window_chunk(&f->window, f->window.base + position);
  check(chunk);
  *time = chunk->times[position % CELLS];
  return &chunk->cells[position % CELLS];
}

static void random_streams_come_out_sorted(void **state) {
  static struct fixture f;
  struct test_random r = {test_seed()};
  (void)state;
  for (int round = 0; round < 200; round++) {
    uint64_t time = 10, numbers[THREADS] = {0}, next[THREADS] = {0}, merged = 0, all = 0, last = 0;
    begin(&f, 1024, round % 2 ? UINT64_MAX - 100 : 0);
    uint64_t steps = test_below(&r, 2000);
    for (uint64_t step = 0; step < steps; step++) {
      unsigned thread = (unsigned)test_below(&r, 1 + test_below(&r, THREADS));
      time += test_below(&r, 3) ? test_below(&r, 40) : 0; /* ties between threads, and some within one */
      if (f.heads[thread] - f.threads[thread].ring->tail + 8 < 1024) {
        put(&f, thread, time, numbers[thread]++, test_below(&r, 20) ? -1 : (int)test_below(&r, 161));
        all++;
      }
      if (test_below(&r, 300) == 0)
        merged += merge(&f, time, 1 + test_below(&r, 500));
    }
    check_equal(bscope_timed_waiting(&f.timed, &f.recorder), all - merged);
    do
      merged += merge(&f, time + 1, 1 + test_below(&r, 500));
    while (f.timed.unfinished);
    check_equal(merged, all);
    check_equal(bscope_timed_waiting(&f.timed, &f.recorder), 0);
    for (uint64_t i = 0; i < merged; i++) {
      uint64_t ns;
      const struct bscope_cell *cell = cell_at(&f, i, &ns);
      check(ns >= last && ns <= time);
      last = ns;
      uint64_t number = cell->object;
      if (cell->site & BSCOPE_SITE_LONG) {
        const struct bscope_long *side = bscope_region_at(&f.region, cell->object);
        number = side->object;
        for (uint32_t b = 0; b < side->size; b++)
          check_equal(side->payload[b], (uint8_t)number);
      }
      check_equal(cell->thread, cell->subject);
      check_equal(number, next[cell->thread]);
      next[cell->thread]++;
    }
    end(&f);
  }
}

static void the_bound_holds(void **state) {
  static struct fixture f;
  uint64_t ns;
  (void)state;
  begin(&f, 64, 0);
  put(&f, 0, 100, 0, -1);
  put(&f, 1, 100, 0, -1);
  put(&f, 1, 101, 1, -1);
  put(&f, 0, 103, 1, -1);
  assert_int_equal(merge(&f, 100, 4096), 0);
  assert_int_equal(merge(&f, 101, 4096), 2);
  assert_int_equal(merge(&f, 103, 4096), 1);
  assert_int_equal(cell_at(&f, 2, &ns)->thread, 1);
  assert_int_equal(ns, 101);
  assert_int_equal(bscope_timed_waiting(&f.timed, &f.recorder), 1);
  end(&f);
}

/* A writer that was overtaken: its event comes with a time below what is in the log, and gets the next position. */
static void an_event_that_is_late_comes_next(void **state) {
  static struct fixture f;
  uint64_t ns;
  (void)state;
  begin(&f, 64, 0);
  put(&f, 0, 200, 0, -1);
  put(&f, 0, 210, 1, -1);
  assert_int_equal(merge(&f, 250, 4096), 2);
  put(&f, 1, 150, 0, -1);
  put(&f, 0, 260, 2, -1);
  assert_int_equal(merge(&f, 300, 4096), 2);
  assert_int_equal(cell_at(&f, 2, &ns)->thread, 1);
  assert_int_equal(ns, 210);
  assert_int_equal(cell_at(&f, 3, &ns)->thread, 0);
  assert_int_equal(ns, 260);
  end(&f);
}

/* Handlers' events stand in no order in their ring; a slot that is not published does not hide those behind it. */
static void nested_events_are_sorted_in(void **state) {
  static struct fixture f;
  uint64_t ns;
  static const uint64_t times[] = {100, 105, 110, 120, 130};
  (void)state;
  begin(&f, 64, UINT64_MAX);
  put(&f, 2, 100, 0, -1);
  f.threads[2].nested->head_nested++; /* claimed, still open */
  put_nested(&f, 2, 120, 3);
  put_nested(&f, 2, 110, 2);
  put(&f, 1, 105, 1, -1);
  put(&f, 2, 130, 4, -1);
  assert_int_equal(bscope_timed_waiting(&f.timed, &f.recorder), 6);
  assert_int_equal(merge(&f, 1000, 4096), 5);
  for (uint64_t i = 0; i < 5; i++) {
    assert_int_equal(cell_at(&f, i, &ns)->object, i);
    assert_int_equal(ns, times[i]);
  }
  assert_int_equal(f.threads[2].nested->tail, UINT64_MAX); /* nothing behind the open slot is used again */
  put_at(f.threads[2].nested, UINT64_MAX, 125, 9, -1);
  assert_int_equal(merge(&f, 1000, 4096), 1);
  assert_int_equal(cell_at(&f, 5, &ns)->object, 9);
  assert_int_equal(f.threads[2].nested->tail, 2);
  assert_int_equal(bscope_timed_waiting(&f.timed, &f.recorder), 0);
  end(&f);
}

/* A slot that its writer gave up is a position without an event; what was meant for its payload is nothing. */
static void void_slots_are_lost_positions(void **state) {
  static struct fixture f;
  uint64_t ns;
  (void)state;
  begin(&f, 64, 0);
  put(&f, 0, 100, 0, -1);
  f.heads[0] += 4; /* an event of four slots, of which the third was published */
  struct bscope_record *more = bscope_ring_slot(f.threads[0].ring, 3);
  more->site = BSCOPE_RECORD_MORE;
  more->index = 4;
  f.threads[0].control.head = f.heads[0];
  put(&f, 0, 120, 1, -1);
  f.threads[0].ring->slots[5].index = 0; /* not published yet when the others are given up */
  assert_int_equal(bscope_timed_waiting(&f.timed, &f.recorder), 2);
  assert_true(bscope_ring_void_unpublished(f.threads[0].ring, 5));
  f.threads[0].ring->slots[5].index = 6;
  assert_false(bscope_ring_void_unpublished(f.threads[0].ring, 6));
  assert_int_equal(bscope_timed_waiting(&f.timed, &f.recorder), 3);
  assert_int_equal(merge(&f, 1000, 4096), 3);
  assert_int_equal(cell_at(&f, 1, &ns)->site, BSCOPE_SITE_LOST);
  assert_int_equal(ns, 100);
  assert_int_equal(f.window.lost, 1);
  assert_int_equal(cell_at(&f, 2, &ns)->object, 1);
  end(&f);
}

/* The rings that a thread has exchanged come first, the oldest first of all. */
static void exchanged_rings_come_in_their_order(void **state) {
  static struct fixture f;
  uint64_t ns;
  (void)state;
  begin(&f, 2, 0);
  put(&f, 0, 100, 0, -1);
  put(&f, 0, 110, 1, -1);
  for (uint64_t n = 1; n < 4; n++) {
    struct bscope_ring *old = f.threads[0].ring, *ring = make_ring(&f, 2, 50 * n, 0, false);
    old->last = f.heads[0];
    old->state = BSCOPE_RING_EXCHANGED;
    ring->next = old;
    f.threads[0].ring = ring;
    f.heads[0] = 50 * n;
    for (unsigned i = 0; i < n % 3; i++)
      put(&f, 0, 100 + 10 * (2 * n + i), 2 * n + i, -1);
    f.threads[0].control.head = f.heads[0];
  }
  put(&f, 1, 105, 0, -1);
  assert_int_equal(bscope_timed_waiting(&f.timed, &f.recorder), 6);
  assert_int_equal(merge(&f, 1000, 4096), 6);
  static const uint64_t order[] = {100, 105, 110, 120, 140, 150};
  for (uint64_t i = 0; i < 6; i++) {
    (void)cell_at(&f, i, &ns);
    assert_int_equal(ns, order[i]);
  }
  end(&f);
}

static void an_older_generation_is_passed_over(void **state) {
  static struct fixture f;
  uint64_t ns;
  (void)state;
  begin(&f, 64, 0);
  put(&f, 0, 100, 0, 100);
  put_nested(&f, 0, 110, 1);
  put(&f, 0, 150, 2, -1);
  f.timed.base = 120;
  assert_int_equal(bscope_timed_waiting(&f.timed, &f.recorder), 1);
  assert_int_equal(merge(&f, 1000, 4096), 1);
  assert_int_equal(cell_at(&f, 0, &ns)->object, 2);
  assert_int_equal(f.threads[0].ring->tail, f.heads[0]);
  end(&f);
}

/* The window is full: what has no place stays, and comes when there is room. */
static void a_full_window_leaves_the_rest(void **state) {
  static struct fixture f;
  (void)state;
  begin(&f, 1 << 15, 0);
  f.window.capacity = 4;
  for (uint64_t i = 0; i < 5 * CELLS; i++)
    put(&f, 0, 100 + i, i, -1);
  assert_int_equal(merge(&f, UINT64_C(1) << 30, UINT32_MAX), 4 * CELLS);
  assert_true(f.merge.far && f.timed.unfinished && !f.merge.more);
  assert_int_equal(bscope_timed_waiting(&f.timed, &f.recorder), CELLS);
  struct bscope_chunk *first = bscope_window_oldest(&f.window, BSCOPE_CHUNK_FULL);
  assert_non_null(first);
  first->state = BSCOPE_CHUNK_APPENDED;
  bscope_window_release_oldest(&f.window);
  assert_int_equal(merge(&f, UINT64_C(1) << 30, UINT32_MAX), CELLS);
  assert_false(f.timed.unfinished);
  end(&f);
}

static int start_with(enum bscope_clock clock) {
  const struct bscope_options options = {.size = sizeof(options), .clock = clock};
  bscope_stop();
  return bscope_start(&options);
}

/* Where the kernel does not keep time by the counter the option is refused, in words that help; with its word it is
 * taken. */
static void what_the_clock_needs_is_asked_for(void **state) {
  (void)state;
  bscope_tsc_test_trust(false);
  const char *refusal = bscope_tsc_refusal();
  if (refusal) {
    assert_int_equal(start_with(BSCOPE_CLOCK_TSC), BSCOPE_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(bscope_last_error(), "clock is tsc"));
    assert_non_null(strstr(bscope_last_error(), "use clock=counter"));
  }
  assert_int_equal(start_with(BSCOPE_CLOCK_COUNTER), BSCOPE_OK);
  bscope_tsc_test_trust(true);
  refusal = bscope_tsc_refusal();
  if (refusal) { /* no such counter, or no membarrier */
    assert_int_equal(start_with(BSCOPE_CLOCK_TSC), BSCOPE_ERR_INVALID_ARGUMENT);
    skip();
  }
  assert_int_equal(start_with(BSCOPE_CLOCK_TSC), BSCOPE_OK);
  assert_true(bscope_process_get()->recorder->timed);
  assert_int_equal(start_with(BSCOPE_CLOCK_COUNTER), BSCOPE_OK);
  assert_false(bscope_process_get()->recorder->timed);
}

static struct bscope_site site = TEST_SITE(BSCOPE_KIND_NEW, "timed");

/* One event, by hand, that reads the clock when `time` says and is published now. */
static void publish_own(uint64_t time) {
  struct bscope_thread *self = bscope_thread_current();
  self->control.head += put_at(self->ring, self->control.head, time, 1, -1);
}

/* An event that read the clock before a reset belongs to the generation before, whenever it is published. */
static void a_reset_parts_by_the_clock(void **state) {
  (void)state;
  bscope_tsc_test_trust(true);
  if (bscope_tsc_refusal())
    skip();
  assert_int_equal(start_with(BSCOPE_CLOCK_TSC), BSCOPE_OK);
  test_emit(&site, 1, 1);
  uint64_t before = bscope_tsc();
  assert_int_equal(bscope_reset(), BSCOPE_OK);
  publish_own(before);
  struct bscope_stats s = test_stats();
  assert_int_equal(s.attempted, 0);
  publish_own(bscope_tsc());
  s = test_stats();
  assert_int_equal(s.attempted, 1);
  assert_int_equal(s.logged, 1);
  assert_int_equal(start_with(BSCOPE_CLOCK_COUNTER), BSCOPE_OK);
}

static uint64_t wall_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Each event's own time lies between two readings of CLOCK_MONOTONIC around its call, to a few microseconds, whether it
 * comes from the window, a block, a cursor or bscope_log_at; and times never go back. */
static void events_carry_their_times(void **state) {
  enum { EVENTS = 3 * BSCOPE_CHUNK_CELLS, SLACK = 20000 };
  static uint64_t around[EVENTS + 1];
  struct bscope_event event, same;
  uint64_t last = 0, far = 0;
  (void)state;
  bscope_tsc_test_trust(true);
  if (bscope_tsc_refusal())
    skip();
  assert_int_equal(start_with(BSCOPE_CLOCK_TSC), BSCOPE_OK);
  for (unsigned i = 0; i < EVENTS; i++) {
    around[i] = wall_ns();
    test_emit(&site, 1, i);
    if (i % 1000 == 999)
      nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
  }
  around[EVENTS] = wall_ns();
  for (unsigned i = 0; i < 4; i++)
    bscope_flush(); /* most of it is packed by then */
  struct bscope_log *log = bscope_get_events();
  assert_int_equal(bscope_log_count(log), EVENTS);
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  for (unsigned i = 0; i < EVENTS; i++) {
    assert_true(bscope_cursor_next(cursor, &event));
    assert_int_equal(event.object, i);
    assert_true(event.time_ns >= last);
    last = event.time_ns;
    far += event.time_ns + SLACK < around[i] || event.time_ns > around[i + 1] + SLACK;
    assert_int_equal(bscope_log_at(log, i, &same), BSCOPE_OK);
    assert_int_equal(same.time_ns, event.time_ns);
  }
  assert_true(far <= EVENTS / 100); /* the machine may stop between the two readings of a pair of clocks */
  bscope_cursor_free(cursor);
  bscope_log_free(log);
  assert_int_equal(start_with(BSCOPE_CLOCK_COUNTER), BSCOPE_OK);
}

/* A clock that stands below the thread's last event: that one's time is taken, the order stays, and it is counted. */
static void a_clock_that_goes_back_is_counted(void **state) {
  struct bscope_event event;
  (void)state;
  bscope_tsc_test_trust(true);
  if (bscope_tsc_refusal())
    skip();
  assert_int_equal(start_with(BSCOPE_CLOCK_TSC), BSCOPE_OK);
  test_emit(&site, 1, 0);
  bscope_thread_current()->control.busy_since += UINT64_C(1) << 24; /* some milliseconds */
  for (uint64_t i = 1; i < 10; i++)
    test_emit(&site, 1, i);
  nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
  struct bscope_stats s = test_stats();
  assert_int_equal(s.clock_back, 9);
  assert_int_equal(s.logged, 10);
  struct bscope_log *log = bscope_get_events();
  for (uint64_t i = 0; i < 10; i++) {
    assert_int_equal(bscope_log_at(log, i, &event), BSCOPE_OK);
    assert_int_equal(event.object, i);
  }
  bscope_log_free(log);
  assert_int_equal(bscope_reset(), BSCOPE_OK);
  assert_int_equal(test_stats().clock_back, 0);
  assert_int_equal(start_with(BSCOPE_CLOCK_COUNTER), BSCOPE_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_streams_come_out_sorted),     cmocka_unit_test(the_bound_holds),
      cmocka_unit_test(an_event_that_is_late_comes_next),   cmocka_unit_test(nested_events_are_sorted_in),
      cmocka_unit_test(void_slots_are_lost_positions),      cmocka_unit_test(exchanged_rings_come_in_their_order),
      cmocka_unit_test(an_older_generation_is_passed_over), cmocka_unit_test(a_full_window_leaves_the_rest),
      cmocka_unit_test(what_the_clock_needs_is_asked_for),  cmocka_unit_test(a_reset_parts_by_the_clock),
      cmocka_unit_test(events_carry_their_times),           cmocka_unit_test(a_clock_that_goes_back_is_counted),
  };
  return cmocka_run_group_tests_name("timed", tests, NULL, NULL);
}
