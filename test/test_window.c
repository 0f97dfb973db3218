/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The window against a plain list of which stamps were written: the prefix is the first one missing (P1), each chunk is
 * full exactly once, memory is reused only when nobody reads it, and bounded (P6).
 */
#include "harness.h"

#include "collect/window.h"

#include <borrowscope/error.h>

#define CELLS ((uint64_t)BSCOPE_CHUNK_CELLS)
#define MIB ((size_t)1 << 20)

static const uint64_t bases[] = {0, 1, 4095, 0xffffffffu - 100, UINT64_C(1) << 40, UINT64_MAX - 100000};

struct fixture {
  struct bscope_region region;
  struct bscope_window window;
};

static void begin(struct fixture *f, size_t bytes, uint64_t capacity, uint64_t base) {
  check(bscope_region_init(&f->region, bytes, bytes) == 0);
  check(bscope_window_init(&f->window, &f->region, capacity) == 0);
  bscope_window_begin(&f->window, base);
}

static void end(struct fixture *f) {
  bscope_region_fini(&f->region);
}

static void write_cell(struct bscope_window *w, uint64_t stamp) {
  struct bscope_chunk *chunk = NULL;
  check_equal(bscope_window_find(w, stamp, &chunk), BSCOPE_PLACE_IN_WINDOW);
  struct bscope_cell *cell = bscope_chunk_cell(chunk, stamp);
  *cell = (struct bscope_cell){.subject = stamp * 3, .site = 1};
  cell->full = stamp + 1;
}

/* Lets the oldest chunk go as the log would. */
static bool seal_one(struct bscope_window *w) {
  uint64_t waiting;
  struct bscope_chunk *chunk = bscope_window_claim(w, &waiting);
  if (!chunk)
    return false;
  check(chunk->state == BSCOPE_CHUNK_SEALING && chunk->refs == 1);
  chunk->refs = 0;
  chunk->state = BSCOPE_CHUNK_APPENDED;
  check(bscope_window_oldest(w, BSCOPE_CHUNK_APPENDED) == chunk);
  bscope_window_release_oldest(w);
  return true;
}

static void prefix_stops_at_the_first_gap(void **state) {
  (void)state;
  for (unsigned b = 0; b < TEST_COUNT(bases); b++) {
    struct fixture f;
    begin(&f, 16 * MIB, 4, bases[b]);
    const uint64_t count = 3 * CELLS;
    uint64_t *order = malloc(count * sizeof(*order));
    bool *there = calloc(count + 1, sizeof(*there));
    struct test_random random = {test_seed() + b};
    for (uint64_t i = 0; i < count; i++)
      order[i] = i;
    for (uint64_t i = count; i > 1; i--) { /* within 2,000 places, as threads are in practice */
      uint64_t reach = i < 2000 ? i : 2000, k = i - 1 - test_below(&random, reach), swap = order[i - 1];
      order[i - 1] = order[k];
      order[k] = swap;
    }
    uint64_t first = 0;
    for (uint64_t i = 0; i < count; i++) {
      assert_false(bscope_window_has(&f.window, bases[b] + order[i]));
      write_cell(&f.window, bases[b] + order[i]);
      assert_true(bscope_window_has(&f.window, bases[b] + order[i]));
      there[order[i]] = true;
      while (there[first])
        first++;
      if (test_below(&random, 50) == 0) {
        bscope_window_advance(&f.window, UINT64_MAX);
        assert_int_equal(f.window.prefix - bases[b], first);
      }
    }
    bscope_window_advance(&f.window, UINT64_MAX);
    assert_int_equal(f.window.prefix, bases[b] + count);
    unsigned sealed = 0;
    while (seal_one(&f.window))
      sealed++;
    assert_int_equal(sealed, 3);
    assert_int_equal(f.window.count, 0);
    free(order);
    free(there);
    end(&f);
  }
}

static void advance_obeys_its_end(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 8 * MIB, 4, 1000);
  for (uint64_t i = 0; i < 100; i++)
    write_cell(&f.window, 1000 + i);
  bscope_window_advance(&f.window, 1040);
  assert_int_equal(f.window.prefix, 1040);
  bscope_window_advance(&f.window, 1000);
  assert_int_equal(f.window.prefix, 1040);
  bscope_window_advance(&f.window, UINT64_MAX);
  assert_int_equal(f.window.prefix, 1100);
  end(&f);
}

static void places(void **state) {
  (void)state;
  struct fixture f;
  struct bscope_chunk *chunk;
  begin(&f, 8 * MIB, 4, 5000);
  write_cell(&f.window, 5000);
  bscope_window_advance(&f.window, UINT64_MAX);
  assert_int_equal(bscope_window_find(&f.window, 5000, &chunk), BSCOPE_PLACE_PASSED);
  assert_int_equal(bscope_window_find(&f.window, 4999, &chunk), BSCOPE_PLACE_OLD);
  assert_int_equal(bscope_window_find(&f.window, 0, &chunk), BSCOPE_PLACE_OLD);
  assert_int_equal(bscope_window_find(&f.window, 5000 + 4 * CELLS - 1, &chunk), BSCOPE_PLACE_IN_WINDOW);
  assert_int_equal(f.window.count, 4);
  assert_int_equal(bscope_window_find(&f.window, 5000 + 4 * CELLS, &chunk), BSCOPE_PLACE_FAR);
  assert_int_equal(bscope_window_find(&f.window, 5000 + (UINT64_C(1) << 50), &chunk), BSCOPE_PLACE_FAR);
  end(&f);
}

static void marks_count(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 8 * MIB, 4, 0);
  assert_true(bscope_window_mark(&f.window, 0, BSCOPE_SITE_LOST));
  assert_true(bscope_window_mark(&f.window, 1, BSCOPE_SITE_OPEN));
  assert_true(bscope_window_mark(&f.window, 2, BSCOPE_SITE_LOST));
  assert_int_equal(f.window.lost, 2);
  bscope_window_advance(&f.window, UINT64_MAX);
  assert_int_equal(f.window.prefix, 3);
  assert_false(bscope_window_mark(&f.window, 1, BSCOPE_SITE_LOST)); /* passed */
  for (uint64_t i = 3; i < CELLS; i++)
    write_cell(&f.window, i);
  bscope_window_advance(&f.window, UINT64_MAX);
  uint64_t waiting;
  struct bscope_chunk *chunk = bscope_window_claim(&f.window, &waiting);
  assert_int_equal(chunk->lost, 2);
  assert_int_equal(chunk->open, 1);
  chunk->refs = 0;
  chunk->state = BSCOPE_CHUNK_APPENDED;
  bscope_window_release_oldest(&f.window);
  assert_int_equal(f.window.lost, 0);
  end(&f);
}

/* What an earlier life left in a chunk never looks written; a chunk that is read is not reused (P4). */
static void chunks_are_reused_when_nobody_reads_them(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 8 * MIB, 4, 0);
  struct bscope_chunk *pinned = NULL;
  struct bscope_cell kept = {0};
  for (uint64_t n = 0; n < 40; n++) {
    for (uint64_t i = 0; i < CELLS; i++) {
      assert_false(bscope_window_has(&f.window, n * CELLS + i));
      write_cell(&f.window, n * CELLS + i);
    }
    if (n == 5) {
      assert_int_equal(bscope_window_find(&f.window, n * CELLS, &pinned), BSCOPE_PLACE_IN_WINDOW);
      pinned->refs = 1;
      kept = pinned->cells[17];
    }
    bscope_window_advance(&f.window, UINT64_MAX);
    if (n == 5) { /* a claim sets the reference of its own beside the reader's */
      uint64_t waiting;
      assert_ptr_equal(bscope_window_claim(&f.window, &waiting), pinned);
      assert_int_equal(pinned->refs, 2);
      pinned->refs = 1;
      pinned->state = BSCOPE_CHUNK_APPENDED;
      bscope_window_release_oldest(&f.window);
    } else {
      assert_true(seal_one(&f.window));
    }
    if (pinned)
      assert_memory_equal(&pinned->cells[17], &kept, sizeof(kept));
  }
  assert_true(f.window.bytes <= 3 * sizeof(struct bscope_chunk));
  pinned->refs = 0;
  bscope_window_reclaim(&f.window);
  assert_null(f.window.retired);
  end(&f);
}

static void a_new_generation_holds_nothing(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 8 * MIB, 4, 0);
  for (uint64_t i = 0; i < 2 * CELLS + 5; i++)
    write_cell(&f.window, i);
  bscope_window_mark(&f.window, 2 * CELLS + 5, BSCOPE_SITE_LOST);
  bscope_window_advance(&f.window, UINT64_MAX);
  bscope_window_begin(&f.window, 2 * CELLS + 3);
  assert_int_equal(f.window.prefix, 2 * CELLS + 3);
  assert_int_equal(f.window.count, 0);
  assert_int_equal(f.window.lost, 0);
  bscope_window_advance(&f.window, UINT64_MAX);
  assert_int_equal(f.window.prefix, 2 * CELLS + 3);
  struct bscope_chunk *chunk;
  assert_int_equal(bscope_window_find(&f.window, 2 * CELLS + 2, &chunk), BSCOPE_PLACE_OLD);
  end(&f);
}

static void without_memory_it_says_so(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 5 * sizeof(struct bscope_chunk) / 2, 8, 0);
  struct bscope_chunk *chunk;
  assert_int_equal(bscope_window_find(&f.window, 0, &chunk), BSCOPE_PLACE_IN_WINDOW);
  assert_int_equal(bscope_window_find(&f.window, 5 * CELLS, &chunk), BSCOPE_PLACE_NO_MEMORY);
  assert_int_equal(f.window.count, 2);
  assert_false(bscope_window_mark(&f.window, 5 * CELLS, BSCOPE_SITE_LOST));
  uint64_t taken = 0;
  while (bscope_chunk_take_long(&f.window, chunk = f.window.chunks[0], 160))
    taken++;
  assert_true(taken > 50);
  for (uint64_t i = 0; i < 2 * CELLS; i++)
    write_cell(&f.window, i);
  bscope_window_advance(&f.window, UINT64_MAX);
  while (seal_one(&f.window))
    continue;
  assert_int_equal(bscope_window_find(&f.window, 2 * CELLS, &chunk), BSCOPE_PLACE_IN_WINDOW);
  assert_non_null(bscope_chunk_take_long(&f.window, chunk, 160));
  end(&f);
}

int main(void) {
  (void)test_seed();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(prefix_stops_at_the_first_gap),
      cmocka_unit_test(advance_obeys_its_end),
      cmocka_unit_test(places),
      cmocka_unit_test(marks_count),
      cmocka_unit_test(chunks_are_reused_when_nobody_reads_them),
      cmocka_unit_test(a_new_generation_holds_nothing),
      cmocka_unit_test(without_memory_it_says_so),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
