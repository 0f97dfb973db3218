/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: chunks go in, the oldest go out, and the counts say at each moment what it holds (P2, P6). What snapshots
 * pin stays; without snapshots all memory comes back.
 */
#include "log/store_state.h"
#include "log_world.h"

#include <borrowscope/error.h>
#include <stdio.h>

#define MIB (1024u * 1024u)

static void blocks_go_in_and_are_counted(void **state) {
  struct world *world = world_create(16 * MIB);
  struct bscope_store_counts counts;

  (void)state;
  world->holes = 100;
  for (unsigned i = 1; i <= 40; i++) {
    world_write(world, BSCOPE_CHUNK_CELLS);
    assert_int_equal(world_seal(world), 1);
    counts = world_counts(world);
    assert_int_equal(counts.sealed, i * BSCOPE_CHUNK_CELLS);
    assert_int_equal(counts.lost, (i * BSCOPE_CHUNK_CELLS + 99) / 100);
    assert_int_equal(counts.open, (i * BSCOPE_CHUNK_CELLS + 98) / 100);
    assert_int_equal(counts.first, 0);
  }
  assert_int_equal(counts.lost_evicted + counts.open_evicted, 0);
  assert_true(counts.bytes > 40 * BSCOPE_CHUNK_CELLS && counts.bytes < 16 * 40 * BSCOPE_CHUNK_CELLS);
  world_destroy(world);
}

/* Every block's layout and checksums, and that they follow one another without gaps. */
static void sealed_blocks_are_whole(void **state) {
  struct world *world = world_create(16 * MIB);
  uint64_t position = 0;

  (void)state;
  world->longs = 9;
  world_write(world, 30 * BSCOPE_CHUNK_CELLS);
  assert_int_equal(world_seal(world), 30);
  for (const struct bscope_segment *segment = world->store->head; segment; segment = segment->next) {
    assert_int_equal(segment->first, position);
    for (uint32_t i = 0; i < segment->blocks; i++) {
      struct bscope_block block;

      assert_int_equal(bscope_segment_open(segment, segment->blocks, position, &block), BSCOPE_OK);
      assert_int_equal(block.header->position, position);
      assert_int_equal(block.header->state, BSCOPE_BLOCK_SEALED);
      assert_int_equal(block.header->generation, 1);
      assert_int_equal(bscope_block_verify(&block), BSCOPE_OK);
      position += block.header->count;
    }
    assert_int_equal(bscope_segment_open(segment, segment->blocks, position, &(struct bscope_block){0}),
                     BSCOPE_ERR_FORMAT);
  }
  assert_int_equal(position, 30 * BSCOPE_CHUNK_CELLS);
  world_destroy(world);
}

static void assert_identity(const struct bscope_store_counts *counts, uint64_t holes) {
  uint64_t first = counts->first - counts->base;
  uint64_t lost = (counts->sealed + holes - 1) / holes, open = (counts->sealed + holes - 2) / holes;

  assert_int_equal(counts->lost, lost);
  assert_int_equal(counts->lost_evicted, (first + holes - 1) / holes);
  assert_int_equal(counts->open_evicted, (first + holes - 2) / holes);
  assert_int_equal(counts->open, open - counts->open_evicted);
}

/* P6: within the bytes that were asked for, the oldest gone, the newest kept; P2: all of it counted. */
static void eviction_keeps_to_the_budget_and_counts(void **state) {
  struct world *world = world_create(16 * MIB);
  struct bscope_store_counts counts;
  uint64_t first = 0;

  (void)state;
  world->holes = 64;
  for (unsigned i = 1; i <= 200; i++) {
    world_write(world, BSCOPE_CHUNK_CELLS);
    assert_int_equal(world_seal(world), 1);
    bscope_store_evict(world->store, 3 * MIB);
    counts = world_counts(world);
    assert_true(counts.bytes <= 3 * MIB);
    assert_true(counts.first >= first);
    assert_identity(&counts, 64);
    first = counts.first;
  }
  assert_true(first > 0);
  assert_true(counts.bytes > 2 * MIB);
  bscope_store_evict(world->store, 0);
  counts = world_counts(world);
  assert_true(counts.first < counts.sealed); /* one segment is left */
  assert_true(world->store->head == world->store->tail);
  assert_identity(&counts, 64);
  world_destroy(world);
}

static void reset_lets_everything_go(void **state) {
  struct world *world = world_create(16 * MIB);
  size_t used = 0;

  (void)state;
  for (int i = 0; i < 5; i++) {
    struct bscope_store_counts counts;

    bscope_store_set_thread(world->store, 0, 100, "one");
    world_write(world, 20 * BSCOPE_CHUNK_CELLS);
    assert_int_equal(world_seal(world), 20);
    world_write(world, 10);
    world_reset(world);
    counts = world_counts(world);
    assert_int_equal(counts.generation, i + 2);
    assert_int_equal(counts.base, world->base);
    assert_int_equal(counts.first, world->base);
    assert_int_equal(counts.sealed + counts.lost + counts.open + counts.threads + counts.bytes_pinned, 0);
    if (i == 0)
      used = world->region.used;
    assert_int_equal(world->region.used, used);
  }
  world_destroy(world);
}

/* A pin keeps the memory of what it saw, and no more; it is counted apart, and comes back when the pin goes. */
static void pins_hold_memory(void **state) {
  struct world *world = world_create(16 * MIB);
  struct bscope_pin old = {0}, young = {0}, stranger = {0};
  struct bscope_store_counts counts;
  uint64_t held;

  (void)state;
  bscope_store_pin(world->store, &old); /* of nothing */
  world_write(world, 20 * BSCOPE_CHUNK_CELLS);
  world_seal(world);
  bscope_store_pin(world->store, &young);
  held = world->store->bytes;
  world_write(world, 20 * BSCOPE_CHUNK_CELLS);
  world_seal(world);
  bscope_store_evict(world->store, 0);
  counts = world_counts(world);
  assert_int_equal(counts.bytes_pinned, held);
  world_reset(world);
  assert_int_equal(world_counts(world).bytes_pinned, held);
  assert_false(bscope_store_unpin(world->store, &stranger));
  assert_true(bscope_store_unpin(world->store, &old));
  assert_false(bscope_store_reap(world->store, 100));
  assert_int_equal(world_counts(world).bytes_pinned, held);
  assert_true(bscope_store_unpin(world->store, &young));
  assert_true(bscope_store_reap(world->store, 1));
  while (bscope_store_reap(world->store, 1))
    continue;
  assert_int_equal(world_counts(world).bytes_pinned, 0);
  world_destroy(world);
}

static struct bscope_cell late_cell(uint32_t site) {
  return (struct bscope_cell){.site = site, .subject = 5};
}

static void late_events_are_taken_or_refused(void **state) {
  struct world *world = world_create(16 * MIB);
  struct bscope_cell event = late_cell(3), lost = late_cell(BSCOPE_SITE_LOST);
  struct bscope_store_counts counts;

  (void)state;
  world->holes = 4096;
  world_write(world, 60 * BSCOPE_CHUNK_CELLS);
  world_seal(world);
  world_write(world, 10); /* an OPEN position in the window as well */
  assert_int_equal(world_counts(world).open, 60);
  assert_true(bscope_store_add_late(world->store, &event, 1));
  assert_true(bscope_store_add_late(world->store, &event, 1)); /* a step done again */
  assert_true(bscope_store_add_late(world->store, &lost, 4097));
  assert_true(bscope_store_add_late(world->store, &event, 59 * 4096 + 1));
  assert_true(bscope_store_add_late(world->store, &event, 60 * 4096 + 1));
  assert_int_equal(world_counts(world).open, 57);
  assert_int_equal(world_counts(world).lost, 61);
  world_write(world, BSCOPE_CHUNK_CELLS);
  assert_int_equal(world_seal(world), 1);
  assert_int_equal(world_counts(world).open, 57); /* the one that came while it was in the window is not counted */
  bscope_store_evict(world->store, 0);
  counts = world_counts(world);
  assert_true(counts.first > 2 * 4096);
  assert_int_equal(counts.open + counts.open_evicted, 57);
  assert_int_equal(counts.lost_evicted, counts.first / 4096 + 1 + (counts.first % 4096 > 0));
  assert_false(bscope_store_add_late(world->store, &event, 8193)); /* evicted meanwhile */
  world_reset(world);
  assert_int_equal(world->store->lates.count, 0);
  assert_false(bscope_store_add_late(world->store, &event, world->base - 1)); /* of the generation before */
  world_destroy(world);
}

/* Without memory nothing changes, and after an eviction it goes on: nothing is lost on the way. */
static void no_memory_changes_nothing(void **state) {
  struct world *world = world_create(2 * MIB);
  struct bscope_store_counts before;
  uint64_t appended = 0;
  unsigned sealed;
  bool refused = false;

  (void)state;
  world->holes = 64;
  for (int i = 0; i < 200; i++) {
    if (world->chunk_count < 2)
      world_write(world, BSCOPE_CHUNK_CELLS);
    before = world_counts(world);
    sealed = world_seal(world);
    appended += sealed;
    if (sealed)
      continue;
    refused = true;
    assert_true(world->chunks[0]->state == BSCOPE_CHUNK_FULL || world->chunks[0]->state == BSCOPE_CHUNK_ENCODED);
    if (world->chunks[0]->state == BSCOPE_CHUNK_ENCODED) {
      assert_int_equal(world_counts(world).sealed, before.sealed);
      bscope_region_free(&world->region, world->chunks[0]->packed, world->chunks[0]->packed_capacity, false);
      world->chunks[0]->packed = NULL;
    }
    bscope_store_evict(world->store, before.bytes / 2);
  }
  assert_true(refused);
  assert_true(appended > 50);
  before = world_counts(world);
  assert_int_equal(before.sealed, appended * BSCOPE_CHUNK_CELLS);
  assert_identity(&before, 64);
  world_destroy(world);
}

static void chunks_come_in_their_order_only(void **state) {
  struct world *world = world_create(4 * MIB);

  (void)state;
  world_write(world, 2 * BSCOPE_CHUNK_CELLS);
  assert_int_equal(bscope_store_append(world->store, world->chunks[0]), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(bscope_store_encode(world->store, world->chunks[1]), BSCOPE_OK);
  assert_int_equal(bscope_store_append(world->store, world->chunks[1]), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(world_counts(world).sealed, 0);
  world_destroy(world);
}

static void samples_never_go_back(void **state) {
  struct world *world = world_create(4 * MIB);

  (void)state;
  world->prefix = world->base = 1000;
  bscope_store_begin(world->store, 1000, 2);
  assert_int_equal(bscope_store_last_sample(world->store), 0);
  bscope_store_add_sample(world->store, 999, 5); /* before the generation */
  assert_int_equal(bscope_store_last_sample(world->store), 0);
  bscope_store_add_sample(world->store, 1010, 50);
  bscope_store_add_sample(world->store, 1005, 60);
  bscope_store_add_sample(world->store, 1020, 40);
  assert_int_equal(bscope_store_last_sample(world->store), 1010);
  for (uint64_t i = 0; i < 1000; i++)
    bscope_store_add_sample(world->store, 1010, 60 + i); /* asked again and again while nothing happens */
  assert_int_equal(world->store->samples.count, 2);
  world_destroy(world);
}

static void threads_are_named_and_renamed(void **state) {
  struct world *world = world_create(16 * MIB);
  char name[16];

  (void)state;
  for (uint32_t i = 0; i < 1000; i++) {
    snprintf(name, sizeof(name), "worker %u", i);
    assert_int_equal(bscope_store_set_thread(world->store, i ^ 7, 1000 + i, name), BSCOPE_OK);
  }
  assert_int_equal(bscope_store_set_thread(world->store, 500, 1, "a name longer than the kernel's"), BSCOPE_OK);
  assert_int_equal(bscope_store_set_thread(world->store, 501, 1, NULL), BSCOPE_OK);
  assert_int_equal(world_counts(world).threads, 1000);
  for (uint32_t i = 0; i < 1000; i++) {
    struct bscope_thread_row *row = bscope_threads_find(world->store->threads.rows, world->store->threads.count, i ^ 7);

    snprintf(name, sizeof(name), "worker %u", i);
    assert_non_null(row);
    assert_string_equal(row->name, (i ^ 7) == 500 ? "a name longer t" : (i ^ 7) == 501 ? "" : name);
  }
  world_destroy(world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blocks_go_in_and_are_counted),
      cmocka_unit_test(sealed_blocks_are_whole),
      cmocka_unit_test(eviction_keeps_to_the_budget_and_counts),
      cmocka_unit_test(reset_lets_everything_go),
      cmocka_unit_test(pins_hold_memory),
      cmocka_unit_test(late_events_are_taken_or_refused),
      cmocka_unit_test(no_memory_changes_nothing),
      cmocka_unit_test(chunks_come_in_their_order_only),
      cmocka_unit_test(samples_never_go_back),
      cmocka_unit_test(threads_are_named_and_renamed),
  };

  return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
