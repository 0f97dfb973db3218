/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merging is a pure function of rings and window: random streams, scattered in random order over main and nested rings,
 * come out sorted by stamp (P1), each exactly once (P2); what can't be placed yet stays where it is.
 */
#include "harness.h"

#include "capture/write.h"
#include "collect/merge.h"

#define CELLS ((uint64_t)BSCOPE_CHUNK_CELLS)
#define MIB ((size_t)1 << 20)
#define THREADS 5
#define SITE 77u

struct late_event {
  struct bscope_cell cell;
  uint64_t stamp;
  uint8_t payload[BSCOPE_PAYLOAD_MAX];
  uint32_t size;
};

struct fixture {
  struct bscope_region region;
  struct bscope_window window;
  struct bscope_merge merge;
  struct late_event late[16];
  unsigned late_count;
  bool late_waits;
};

static enum bscope_late_taking take_late(void *context, const struct bscope_cell *cell, uint64_t stamp) {
  struct fixture *f = context;
  if (f->late_waits)
    return BSCOPE_LATE_WAITS;
  struct late_event *l = &f->late[f->late_count++];
  check(f->late_count <= TEST_COUNT(f->late));
  l->cell = *cell;
  l->stamp = stamp;
  if (cell->site & BSCOPE_SITE_LONG) {
    const struct bscope_long *side = bscope_region_at(&f->region, cell->object);
    l->size = side->size;
    memcpy(l->payload, side->payload, side->size);
  }
  return BSCOPE_LATE_TAKEN;
}

static void begin(struct fixture *f, size_t bytes, uint64_t base) {
  memset(f, 0, sizeof(*f));
  check(bscope_region_init(&f->region, bytes, bytes) == 0);
  check(bscope_window_init(&f->window, &f->region, 4) == 0);
  bscope_window_begin(&f->window, base);
  f->merge = (struct bscope_merge){.window = &f->window, .late = take_late, .context = f, .limit = UINT32_MAX};
}

static struct bscope_ring *make_ring(struct fixture *f, uint32_t size, uint64_t start, uint32_t thread, bool nested) {
  struct bscope_ring *ring = bscope_region_alloc(&f->region, bscope_ring_bytes(size));
  check(ring);
  bscope_ring_init(ring, size, start, nested);
  ring->thread = thread;
  return ring;
}

/* Writes an event of that stamp, with `size` bytes of payload that its stamp determines (none: -1). Returns its slots.
 */
static uint32_t put(struct bscope_ring *ring, uint64_t index, uint64_t stamp, int size) {
  uint8_t bytes[BSCOPE_PAYLOAD_MAX];
  struct bscope_draft draft = {.site = SITE, .subject = stamp * 5, .object = ~stamp, .slots = 1};
  for (int i = 0; i < size; i++)
    bytes[i] = (uint8_t)(stamp + (uint64_t)i);
  if (size >= 0)
    bscope_draft_set_payload(&draft, bytes, (size_t)size);
  uint64_t clock = stamp;
  bscope_write_slots(ring, index, &draft, clock++);
  return draft.slots;
}

static void check_payload(uint64_t stamp, const uint8_t *payload, uint32_t size) {
  for (uint32_t i = 0; i < size; i++)
    check_equal(payload[i], (uint8_t)(stamp + i));
}

static void check_cell(struct fixture *f, uint64_t stamp, uint32_t thread, int size) {
  struct bscope_chunk *chunk = NULL;
  check(bscope_window_has(&f->window, stamp));
  uint64_t number = (stamp - f->window.base) / CELLS;
  chunk = f->window.chunks[number & 3];
  const struct bscope_cell *cell = bscope_chunk_cell(chunk, stamp);
  check_equal(cell->subject, stamp * 5);
  check_equal(cell->thread, thread);
  if (size < 0) {
    check_equal(cell->site, SITE);
    check_equal(cell->object, ~stamp);
    return;
  }
  check_equal(cell->site, SITE | BSCOPE_SITE_LONG);
  const struct bscope_long *side = bscope_region_at(&f->region, cell->object);
  check_equal(side->object, ~stamp);
  check_equal(side->size, size);
  check_equal(side->cut, 0);
  check_payload(stamp, side->payload, side->size);
}

struct stream {
  struct bscope_ring *ring[2]; /* main, nested */
  uint64_t head[2];
};

#define EVENTS 6000u

struct plan {
  uint8_t thread;
  uint8_t nested;
  int16_t size;
};

static int random_size(struct test_random *r) {
  return test_below(r, 8) ? -1 : (int)test_below(r, BSCOPE_PAYLOAD_MAX + 1);
}

static bool has_room(const struct stream *s, unsigned which, uint32_t slots) {
  return s->ring[which]->size - (s->head[which] - s->ring[which]->tail) >= slots;
}

static void drain(struct fixture *f, struct stream *streams, struct test_random *r) {
  unsigned first = (unsigned)test_below(r, THREADS);
  f->merge.limit = 1 + test_below(r, 300);
  for (unsigned i = 0; i < THREADS; i++) {
    struct stream *s = &streams[(first + i) % THREADS];
    bscope_merge_main(&f->merge, s->ring[0]);
    bscope_merge_nested(&f->merge, s->ring[1]);
  }
}

/* Stamps in order, each on a random thread's main or nested ring, with voids between; drained at random moments. */
static void fill_random(struct fixture *f, struct stream *streams, struct plan *plan, uint64_t base,
                        struct test_random *r) {
  for (uint64_t n = 0; n < EVENTS;) {
    struct plan p = {(uint8_t)test_below(r, THREADS), test_below(r, 4) == 0, (int16_t)random_size(r)};
    struct stream *s = &streams[p.thread];
    if (!p.nested && test_below(r, 40) == 0 && has_room(s, 0, 1))
      bscope_ring_void(s->ring[0], s->head[0]++);
    if (!has_room(s, p.nested, 9)) {
      drain(f, streams, r);
      continue;
    }
    s->head[p.nested] += put(s->ring[p.nested], s->head[p.nested], base + n, p.size);
    plan[n++] = p;
  }
}

static void streams_come_out_sorted(void **state) {
  (void)state;
  static struct plan plan[EVENTS];
  static const uint64_t bases[] = {0, 0xffffffffu - 3000, UINT64_MAX - 3 * EVENTS};
  static const uint64_t starts[] = {0, 0xffffffffu - 200, UINT64_MAX - 200};
  for (unsigned round = 0; round < 9; round++) {
    struct fixture f;
    struct stream streams[THREADS];
    struct test_random random = {test_seed() + round};
    uint64_t base = bases[round % 3], start = starts[round / 3];
    begin(&f, 32 * MIB, base);
    for (unsigned t = 0; t < THREADS; t++)
      streams[t] = (struct stream){{make_ring(&f, 16u << t, start, t, false), make_ring(&f, 64, start, t, true)},
                                   {start, start}};
    fill_random(&f, streams, plan, base, &random);
    for (unsigned i = 0; i < 200; i++)
      drain(&f, streams, &random);
    assert_int_equal(f.merge.placed, EVENTS);
    for (uint64_t n = 0; n < EVENTS; n++)
      check_cell(&f, base + n, plan[n].thread, plan[n].size);
    bscope_window_advance(&f.window, UINT64_MAX);
    assert_int_equal(f.window.prefix, base + EVENTS);
    for (unsigned t = 0; t < THREADS; t++)
      for (unsigned k = 0; k < 2; k++)
        assert_int_equal(streams[t].ring[k]->tail, streams[t].head[k]);
    assert_int_equal(f.late_count, 0);
    bscope_region_fini(&f.region);
  }
}

/* The main ring is read up to its first gap, the nested one throughout; each event once, however often it is looked at.
 */
static void gaps(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 8 * MIB, 100);
  struct bscope_ring *main_ring = make_ring(&f, 16, 0, 1, false), *nested = make_ring(&f, 64, 0, 1, true);
  put(main_ring, 0, 100, -1);
  put(main_ring, 2, 104, -1); /* slot 1 is still being written */
  put(nested, 3, 101, -1);
  put(nested, 1, 102, 20); /* slots 1 and 2; 0 is still being written */
  for (int again = 0; again < 3; again++) {
    bscope_merge_main(&f.merge, main_ring);
    bscope_merge_nested(&f.merge, nested);
    assert_int_equal(main_ring->tail, 1);
    assert_int_equal(nested->tail, 0);
    assert_int_equal(f.merge.placed, 3);
  }
  assert_false(bscope_window_has(&f.window, 104));
  put(main_ring, 1, 103, -1);
  put(nested, 0, 105, -1);
  bscope_merge_main(&f.merge, main_ring);
  bscope_merge_nested(&f.merge, nested);
  assert_int_equal(main_ring->tail, 3);
  assert_int_equal(nested->tail, 4);
  assert_int_equal(nested->taken, 0);
  assert_int_equal(f.merge.placed, 6);
  for (uint64_t stamp = 100; stamp < 106; stamp++)
    check_cell(&f, stamp, 1, stamp == 102 ? 20 : -1);
  bscope_region_fini(&f.region);
}

/* Payload slots whose event was abandoned are passed over: nothing is made of them, and nothing behind them waits. */
static void orphaned_payload_slots(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 8 * MIB, 0);
  struct bscope_ring *ring = make_ring(&f, 32, 0, 2, false);
  put(ring, 0, 0, -1);
  uint32_t slots = put(ring, 1, 999, 100);
  bscope_ring_void(ring, 1);
  assert_true(slots > 2);
  put(ring, 1 + slots, 1, 10);
  bscope_merge_main(&f.merge, ring);
  assert_int_equal(f.merge.placed, 2);
  assert_int_equal(ring->tail, 1 + slots + 2);
  check_cell(&f, 0, 2, -1);
  check_cell(&f, 1, 2, 10);
  assert_false(bscope_window_has(&f.window, 999));
  bscope_region_fini(&f.region);
}

/* An event beyond the window waits in its ring; nothing before it does, and it comes once the window has moved. */
static void far_events_wait(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 8 * MIB, 0);
  struct bscope_ring *ring = make_ring(&f, 16, 0, 0, false), *nested = make_ring(&f, 64, 0, 0, true);
  put(ring, 0, 0, -1);
  put(ring, 1, 4 * CELLS, -1);
  put(nested, 0, 4 * CELLS + 1, 50);
  put(nested, 4, 1, -1);
  bscope_merge_main(&f.merge, ring);
  bscope_merge_nested(&f.merge, nested);
  assert_true(f.merge.far);
  assert_int_equal(ring->tail, 1);
  assert_int_equal(f.merge.placed, 2);
  for (uint64_t stamp = 2; stamp < CELLS; stamp++)
    assert_true(bscope_window_mark(&f.window, stamp, BSCOPE_SITE_LOST));
  bscope_window_advance(&f.window, UINT64_MAX);
  uint64_t waiting;
  struct bscope_chunk *chunk = bscope_window_claim(&f.window, &waiting);
  chunk->refs = 0;
  bscope_window_release_oldest(&f.window);
  f.merge.far = false;
  bscope_merge_main(&f.merge, ring);
  bscope_merge_nested(&f.merge, nested);
  assert_false(f.merge.far);
  check_cell(&f, 4 * CELLS, 0, -1);
  check_cell(&f, 4 * CELLS + 1, 0, 50);
  bscope_region_fini(&f.region);
}

/* Stamps that the prefix has passed go to the late list, payload and all; older generations' go nowhere. */
static void late_and_old_events(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 8 * MIB, 1000);
  struct bscope_ring *ring = make_ring(&f, 32, 0, 3, false);
  for (uint64_t stamp = 1000; stamp < 1010; stamp++)
    assert_true(bscope_window_mark(&f.window, stamp, BSCOPE_SITE_OPEN));
  bscope_window_advance(&f.window, UINT64_MAX);
  uint64_t at = put(ring, 0, 1004, -1);
  at += put(ring, at, 1006, 77);
  at += put(ring, at, 999, -1);
  at += put(ring, at, 0, 20);
  at += put(ring, at, 1010, -1);
  bscope_merge_main(&f.merge, ring);
  assert_int_equal(ring->tail, at);
  assert_int_equal(f.late_count, 2);
  assert_int_equal(f.late[0].stamp, 1004);
  assert_int_equal(f.late[0].cell.subject, 1004 * 5);
  assert_int_equal(f.late[0].cell.thread, 3);
  assert_int_equal(f.late[0].cell.full, 1005);
  assert_int_equal(f.late[1].stamp, 1006);
  assert_int_equal(f.late[1].size, 77);
  check_payload(1006, f.late[1].payload, 77);
  check_cell(&f, 1010, 3, -1);
  bscope_region_fini(&f.region);
}

/* A window that has no room for one more chunk takes late events all the same, their payload too. */
static void late_events_of_a_full_window(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 8 * MIB, 0);
  struct bscope_ring *ring = make_ring(&f, 32, 0, 3, false);
  for (uint64_t stamp = 0; stamp < 4 * CELLS; stamp++)
    assert_true(bscope_window_mark(&f.window, stamp, BSCOPE_SITE_OPEN));
  bscope_window_advance(&f.window, UINT64_MAX);
  assert_int_equal(f.window.prefix, 4 * CELLS);
  uint64_t at = put(ring, 0, 7, 77);
  bscope_merge_main(&f.merge, ring);
  assert_int_equal(ring->tail, at);
  assert_int_equal(f.late_count, 1);
  assert_int_equal(f.late[0].size, 77);
  check_payload(7, f.late[0].payload, 77);
  assert_false(f.merge.far);
  bscope_region_fini(&f.region);
}

/* Without memory a late event stays where it is, and comes when there is some. */
static void late_events_wait_for_memory(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 8 * MIB, 0);
  struct bscope_ring *ring = make_ring(&f, 32, 0, 3, false);
  assert_true(bscope_window_mark(&f.window, 0, BSCOPE_SITE_OPEN));
  bscope_window_advance(&f.window, UINT64_MAX);
  uint64_t at = put(ring, 0, 0, 20);
  f.late_waits = true;
  bscope_merge_main(&f.merge, ring);
  assert_int_equal(ring->tail, 0);
  assert_true(f.merge.no_memory);
  f.late_waits = f.merge.no_memory = false;
  bscope_merge_main(&f.merge, ring);
  assert_int_equal(ring->tail, at);
  assert_int_equal(f.late_count, 1);
  assert_false(f.merge.no_memory);
  bscope_region_fini(&f.region);
}

/* Also where its chunk is complete and waits to be packed: what was passed there must stay as it was. */
static void a_complete_chunk_takes_nothing(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 4u << 20, 0);
  struct bscope_ring *ring = make_ring(&f, 2 * CELLS, 0, 1, false);
  for (uint64_t stamp = 0, index = 0; stamp < CELLS + 10; stamp++)
    if (stamp != 7)
      put(ring, index++, stamp, -1);
  bscope_merge_main(&f.merge, ring);
  assert_true(bscope_window_mark(&f.window, 7, BSCOPE_SITE_OPEN));
  bscope_window_advance(&f.window, CELLS + 10);
  assert_int_equal(f.window.prefix, CELLS + 10);
  put(ring, CELLS + 9, 7, -1);
  bscope_merge_main(&f.merge, ring);
  assert_int_equal(f.late_count, 1);
  assert_int_equal(f.late[0].stamp, 7);
  assert_int_equal(f.window.chunks[0]->cells[7].site, BSCOPE_SITE_OPEN);
  bscope_region_fini(&f.region);
}

static void without_memory_events_stay(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 3 * sizeof(struct bscope_chunk) / 2, 0);
  struct bscope_ring *ring = make_ring(&f, 16, 0, 0, false), *nested = make_ring(&f, 64, 0, 0, true);
  put(ring, 0, 0, -1);
  put(ring, 1, CELLS, -1);
  put(nested, 0, CELLS + 1, -1);
  for (int again = 0; again < 2; again++) {
    f.merge.no_memory = false;
    bscope_merge_main(&f.merge, ring);
    bscope_merge_nested(&f.merge, nested);
    assert_true(f.merge.no_memory);
    assert_int_equal(ring->tail, 1);
    assert_int_equal(nested->tail, 0);
    assert_int_equal(f.merge.placed, 1);
  }
  bscope_region_fini(&f.region);
}

static void the_limit_says_that_there_is_more(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 8 * MIB, 0);
  struct bscope_ring *ring = make_ring(&f, 16, 5, 0, false);
  for (uint64_t i = 0; i < 10; i++)
    put(ring, 5 + i, i, -1);
  f.merge.limit = 4;
  for (int n = 1; n <= 3; n++) {
    f.merge.more = false;
    bscope_merge_main(&f.merge, ring);
    assert_int_equal(f.merge.placed, n < 3 ? 4 * n : 10);
    assert_int_equal(f.merge.more, n < 3);
  }
  assert_int_equal(f.merge.slots, 10);
  bscope_region_fini(&f.region);
}

int main(void) {
  (void)test_seed();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(streams_come_out_sorted),      cmocka_unit_test(gaps),
      cmocka_unit_test(orphaned_payload_slots),       cmocka_unit_test(far_events_wait),
      cmocka_unit_test(late_events_of_a_full_window), cmocka_unit_test(late_events_wait_for_memory),
      cmocka_unit_test(late_and_old_events),          cmocka_unit_test(a_complete_chunk_takes_nothing),
      cmocka_unit_test(without_memory_events_stay),   cmocka_unit_test(the_limit_says_that_there_is_more),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
