/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packing of a chunk into a block's bytes: what goes in comes out, whatever it is; it stays small (what the log's
 * memory budget, P6, rests on); and bytes that no encoder wrote do no harm (P9).
 */
#include "base/crc32c.h"
#include "base/util.h"
#include "collect/window.h"
#include "log/codec.h"
#include "log_streams.h"

#include <borrowscope/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define SIDE_BYTES (1u << 20)

/* A chunk, memory that stands for its region, and what the chunk becomes. */
struct bench {
  struct bscope_chunk chunk;
  struct bscope_region region;
  size_t side_used;
  void *scratch;
  uint8_t *out;
  size_t size;
  uint64_t times[BSCOPE_CHUNK_CELLS];
};

static struct bench *bench_create(void) {
  struct bench *bench = calloc(1, sizeof(*bench));

  bench->region.base = calloc(1, SIDE_BYTES);
  bench->region.size = SIDE_BYTES;
  bench->scratch = malloc(bscope_encode_scratch());
  return bench;
}

static void bench_destroy(struct bench *bench) {
  free(bench->region.base);
  free(bench->scratch);
  free(bench->out);
  free(bench);
}

static void put_long(struct bench *bench, struct bscope_cell *cell, uint16_t size, uint64_t object, bool cut) {
  struct bscope_long *more = (struct bscope_long *)(void *)(bench->region.base + bench->side_used);

  more->object = object;
  more->size = size;
  more->cut = cut;
  for (uint16_t i = 0; i < size; i++)
    more->payload[i] = (uint8_t)(i * 7 + size);
  cell->site |= BSCOPE_SITE_LONG;
  cell->object = bench->side_used;
  bench->side_used += (size_t)bscope_round_up(sizeof(*more) + size, 8);
  assert_true(bench->side_used <= SIDE_BYTES);
}

/* Packs into memory of exactly the bound, so that a byte too many is seen by the address sanitizer. */
static void pack(struct bench *bench) {
  size_t bound = bscope_encode_bound(&bench->chunk, &bench->region);

  free(bench->out);
  bench->out = malloc(bound);
  bench->size = bscope_encode(&bench->chunk, &bench->region, bench->scratch, bench->out, bound);
  assert_true(bench->size > 0 && bench->size <= bound);
}

static void assert_entry(const struct bench *bench, uint32_t i, const struct bscope_entry *entry) {
  const struct bscope_cell *cell = &bench->chunk.cells[i];

  assert_int_equal(entry->subject, cell->subject);
  assert_int_equal(entry->site, cell->site & ~BSCOPE_SITE_LONG);
  assert_int_equal(entry->thread, cell->thread);
  if (cell->site & BSCOPE_SITE_LONG) {
    const struct bscope_long *more = bscope_region_at(&bench->region, cell->object);

    assert_int_equal(entry->object, more->object);
    assert_int_equal(entry->payload_size, more->size);
    assert_int_equal(entry->payload_cut, more->cut);
    assert_non_null(entry->payload);
    assert_memory_equal(entry->payload, more->payload, more->size);
  } else {
    assert_int_equal(entry->object, cell->object);
    assert_null(entry->payload);
    assert_int_equal(entry->payload_size, 0);
  }
}

/* Of the group's last event and all before it. */
static void assert_times(const struct bench *bench, const struct bscope_decoded *group) {
  assert_int_equal(group->timed, bench->chunk.times != NULL);
  if (group->timed)
    assert_memory_equal(group->times, bench->chunk.times + group->first, group->count * sizeof(group->times[0]));
}

/* All groups whole, and each event as the last one of a shorter decode. */
static void assert_round_trip(struct bench *bench) {
  struct bscope_block block;
  struct bscope_decoded group;
  uint32_t seen = 0;
  uint32_t last;

  pack(bench);
  assert_int_equal(bscope_block_open(&block, bench->out, bench->size), BSCOPE_OK);
  assert_int_equal(block.header->count, bench->chunk.count);
  for (uint32_t g = 0; g < block.groups; g++) {
    assert_int_equal(bscope_decode_group(&block, g, BSCOPE_GROUP_EVENTS - 1, &group), BSCOPE_OK);
    assert_int_equal(group.first, seen);
    for (uint32_t i = 0; i < group.count; i++)
      assert_entry(bench, seen + i, &group.entries[i]);
    assert_times(bench, &group);
    seen += group.count;
    last = g % group.count;
    assert_int_equal(bscope_decode_group(&block, g, last, &group), BSCOPE_OK);
    assert_int_equal(group.count, last + 1);
    assert_entry(bench, g * BSCOPE_GROUP_EVENTS + last, &group.entries[last]);
    assert_times(bench, &group);
  }
  assert_int_equal(seen, bench->chunk.count);
}

static uint64_t seed_of(void) {
  const char *text = getenv("BSCOPE_TEST_SEED");
  uint64_t seed = text ? strtoull(text, NULL, 0) : 20240117;

  print_message("seed %llu\n", (unsigned long long)seed);
  return seed;
}

static uint64_t any_word(struct stream_random *random, uint64_t before) {
  static const uint64_t edges[] = {0,          1,          0x7f,       0x80,        0xff,      0xffff,     0x10000,
                                   0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, INT64_MAX, 1ull << 63, UINT64_MAX};

  switch (stream_below(random, 6)) {
  case 0:
    return edges[stream_below(random, BSCOPE_COUNT(edges))];
  case 1:
    return stream_next(random);
  case 2:
    return before;
  case 3:
    return before + (uint64_t)((int64_t)stream_next(random) >> stream_below(random, 64));
  case 4:
    return UINT64_C(0x7f0000000000) + 16 * stream_below(random, 64);
  default:
    return 0;
  }
}

static void fill_random(struct bench *bench, struct stream_random *random) {
  static const uint32_t spread[] = {1, 2, 5, 100, 112, 113, 300, 4096, 1u << 30};
  uint64_t sites = spread[stream_below(random, BSCOPE_COUNT(spread))];
  uint64_t threads = spread[stream_below(random, BSCOPE_COUNT(spread))];
  uint64_t longs = stream_below(random, 3) ? 0 : 1 + stream_below(random, 100);
  uint64_t word = 0;

  bench->side_used = 0;
  bench->chunk.count = 1 + (uint32_t)stream_below(random, stream_below(random, 2) ? BSCOPE_CHUNK_CELLS : 200);
  for (uint32_t i = 0; i < bench->chunk.count; i++) {
    struct bscope_cell *cell = &bench->chunk.cells[i];

    word = any_word(random, word);
    *cell = (struct bscope_cell){.subject = word, .object = any_word(random, word)};
    cell->site = 1 + (uint32_t)stream_below(random, sites);
    cell->thread = (uint32_t)stream_below(random, threads);
    if (stream_below(random, 50) == 0)
      cell->site = stream_below(random, 2) ? BSCOPE_SITE_LOST : BSCOPE_SITE_OPEN;
    else if (longs && stream_below(random, longs) == 0)
      put_long(bench, cell, (uint16_t)stream_below(random, 200), any_word(random, word), stream_below(random, 2));
  }
}

/* Ascending times with steps of every width, some of them none. */
static void add_times(struct bench *bench, struct stream_random *random) {
  uint64_t time = stream_next(random) >> stream_below(random, 64);

  for (uint32_t i = 0; i < bench->chunk.count; i++) {
    bench->times[i] = time;
    time += (stream_next(random) >> 1) >> stream_below(random, 64);
    if (stream_below(random, 100) < 90)
      time = bench->times[i] + stream_below(random, 300);
  }
  bench->chunk.times = bench->times;
}

static void times_come_back(void **state) {
  struct stream_random random = {seed_of()};
  struct bench *bench = bench_create();

  (void)state;
  for (int i = 0; i < 100; i++) {
    fill_random(bench, &random);
    add_times(bench, &random);
    assert_round_trip(bench);
  }
  bench_destroy(bench);
}

/* A log without times is what it always was: the column lies behind everything else, and nothing of it is there. */
static void times_are_only_added(void **state) {
  struct stream_random random = {seed_of()};
  struct bench *bench = bench_create();
  struct bscope_block_header plain;
  uint8_t *bytes;

  (void)state;
  fill_random(bench, &random);
  assert_round_trip(bench);
  memcpy(&plain, bench->out, sizeof(plain));
  assert_int_equal(plain.times_offset, 0);
  assert_int_equal(plain.samples_offset, bscope_round_up(plain.events_end + BSCOPE_BLOCK_SLOP, 8));
  bytes = bench->out;
  bench->out = NULL;
  add_times(bench, &random);
  assert_round_trip(bench);
  assert_memory_equal(bytes + sizeof(plain), bench->out + sizeof(plain), plain.events_end - sizeof(plain));
  free(bytes);
  bench_destroy(bench);
}

/* What times cost at 200 to 327 ns a step: two bytes and the tables. */
static void times_stay_small(void **state) {
  struct bench *bench = bench_create();
  size_t without;

  (void)state;
  bench->chunk.count = BSCOPE_CHUNK_CELLS;
  for (uint32_t i = 0; i < BSCOPE_CHUNK_CELLS; i++) {
    bench->chunk.cells[i] = (struct bscope_cell){.site = 1};
    bench->times[i] = UINT64_C(1) << 50 | 200 * (uint64_t)i | i % 128;
  }
  assert_round_trip(bench);
  without = bench->size;
  bench->chunk.times = bench->times;
  assert_round_trip(bench);
  print_message("times: %.2f bytes an event\n", (double)(bench->size - without) / BSCOPE_CHUNK_CELLS);
  assert_true(bench->size - without <= 3 * BSCOPE_CHUNK_CELLS);
  bench_destroy(bench);
}

static void random_streams_come_back(void **state) {
  struct stream_random random = {seed_of()};
  struct bench *bench = bench_create();

  (void)state;
  for (int i = 0; i < 150; i++) {
    fill_random(bench, &random);
    assert_round_trip(bench);
  }
  bench_destroy(bench);
}

/* Every length that a difference can have, up and down, around each power of two. */
static void every_width_comes_back(void **state) {
  struct bench *bench = bench_create();
  uint32_t n = 0;

  (void)state;
  for (int shift = 0; shift < 64; shift++)
    for (int off = -2; off <= 2; off++) {
      uint64_t step = (1ull << shift) + (uint64_t)(int64_t)off;

      bench->chunk.cells[n] = (struct bscope_cell){.subject = step, .object = 0 - step, .site = 1};
      bench->chunk.cells[n + 1] = (struct bscope_cell){.subject = 0 - step, .object = step, .site = 1 + n % 3};
      n += 2;
    }
  bench->chunk.count = n;
  assert_round_trip(bench);
  bench_destroy(bench);
}

static void counts_of_kinds_are_in_the_header(void **state) {
  struct bench *bench = bench_create();
  const struct bscope_block_header *header;

  (void)state;
  bench->chunk.count = 1000;
  for (uint32_t i = 0; i < 1000; i++)
    bench->chunk.cells[i].site = i % 10 == 0 ? BSCOPE_SITE_LOST : i % 25 == 1 ? BSCOPE_SITE_OPEN : 7;
  put_long(bench, &bench->chunk.cells[2], 0, 5, false);
  put_long(bench, &bench->chunk.cells[3], 160, 6, true);
  put_long(bench, &bench->chunk.cells[4], UINT16_MAX, 6, true);
  assert_round_trip(bench);
  header = (const void *)bench->out;
  assert_int_equal(header->lost, 100);
  assert_int_equal(header->open, 40);
  assert_int_equal(header->longs, 3);
  bench_destroy(bench);
}

static double bytes_an_event(struct bench *bench, void (*fill)(struct bench *bench, void *context), void *context) {
  size_t bytes = 0;

  for (int i = 0; i < 8; i++) {
    fill(bench, context);
    assert_round_trip(bench);
    bytes += bench->size;
  }
  return (double)bytes / (8.0 * BSCOPE_CHUNK_CELLS);
}

static void fill_mixed(struct bench *bench, void *context) {
  stream_mixed_fill(&bench->chunk, context, BSCOPE_CHUNK_CELLS);
}

static void fill_noise(struct bench *bench, void *context) {
  for (uint32_t i = 0; i < BSCOPE_CHUNK_CELLS; i++)
    bench->chunk.cells[i] = (struct bscope_cell){.subject = stream_next(context),
                                                 .object = stream_next(context),
                                                 .site = 1 + (uint32_t)stream_below(context, 1000),
                                                 .thread = (uint32_t)stream_below(context, 4)};
  bench->chunk.count = BSCOPE_CHUNK_CELLS;
}

static void fill_named(struct bench *bench, void *context) {
  (void)context;
  for (uint32_t i = 0; i < BSCOPE_CHUNK_CELLS; i++)
    bench->chunk.cells[i] = (struct bscope_cell){.site = 1 + i % 5};
  bench->chunk.count = BSCOPE_CHUNK_CELLS;
}

/* P6: the budget holds as many events as was said. Header, offsets, dictionaries and all are counted. */
static void events_stay_small(void **state) {
  struct stream_mixed mixed = {.random = {seed_of()}};
  struct stream_random random = {1};
  struct bench *bench = bench_create();
  double small = bytes_an_event(bench, fill_mixed, &mixed);
  double noise = bytes_an_event(bench, fill_noise, &random);
  double named = bytes_an_event(bench, fill_named, NULL);

  (void)state;
  print_message("bytes an event: mixed %.2f, random %.2f, named %.2f\n", small, noise, named);
  assert_true(small <= 4.0);
  assert_true(noise <= 24.0);
  assert_true(named <= 2.5); /* unused words cost nothing beyond the tag */
  bench_destroy(bench);
}

static void too_little_room_is_refused(void **state) {
  struct bench *bench = bench_create();
  size_t bound;

  (void)state;
  fill_named(bench, NULL);
  bound = bscope_encode_bound(&bench->chunk, NULL);
  bench->out = malloc(bound);
  assert_int_equal(bscope_encode(&bench->chunk, NULL, bench->scratch, bench->out, bound - 1), 0);
  bench->chunk.count = 0;
  assert_int_equal(bscope_encode(&bench->chunk, NULL, bench->scratch, bench->out, bound), 0);
  bench_destroy(bench);
}

/* Opens and decodes all that these bytes offer, in memory of exactly their size; true when all of it decodes. */
static bool survives(const uint8_t *bytes, size_t size, struct bscope_entry *entries, uint32_t *count) {
  uint8_t *copy = malloc(size ? size : 1);
  struct bscope_decoded group;
  struct bscope_block block;
  uint64_t sum = 0;
  bool whole;

  memcpy(copy, bytes, size);
  *count = 0;
  whole = bscope_block_open(&block, copy, size) == BSCOPE_OK;
  for (uint32_t g = 0; whole && g < block.groups; g++) {
    whole = bscope_decode_group(&block, g, BSCOPE_GROUP_EVENTS - 1, &group) == BSCOPE_OK;
    for (uint32_t i = 0; whole && i < group.count; i++) {
      for (uint32_t b = 0; b < group.entries[i].payload_size; b++)
        sum += group.entries[i].payload[b];
      group.entries[i].payload = NULL; /* of the copy */
      entries[(*count)++] = group.entries[i];
    }
  }
  free(copy);
  return whole && sum != UINT64_MAX;
}

static void seal(struct bench *bench) {
  struct bscope_block_header *header = (void *)bench->out;

  header->end_ahead = header->count;
  header->state = BSCOPE_BLOCK_SEALED;
  header->head_check = bscope_block_head_check(header);
}

/* P9: a block that was cut short anywhere is refused, and nothing behind its end is read. */
static void truncations_fail_cleanly(void **state) {
  static struct bscope_entry entries[BSCOPE_BLOCK_EVENTS];
  struct stream_random random = {seed_of()};
  struct bench *bench = bench_create();
  uint32_t count;

  (void)state;
  for (int round = 0; round < 2; round++) {
    fill_random(bench, &random);
    bench->chunk.count = 150;
    if (round)
      add_times(bench, &random);
    pack(bench);
    for (size_t size = 0; size < bench->size; size++)
      assert_false(survives(bench->out, size, entries, &count));
    assert_true(survives(bench->out, bench->size, entries, &count));
  }
  bench_destroy(bench);
}

/* P9: a decoder loads words behind the last event, so a block without room there is refused. */
static void room_behind_the_events_is_demanded(void **state) {
  struct bench *bench = bench_create();
  struct bscope_block_header *header;
  struct bscope_block block;

  (void)state;
  fill_named(bench, NULL);
  pack(bench);
  header = (void *)bench->out;
  header->samples_offset = header->length = (uint32_t)bscope_round_up(header->events_end, 8);
  assert_int_equal(bscope_block_open(&block, bench->out, bench->size), BSCOPE_ERR_FORMAT);
  memset(bench->times, 0, sizeof(bench->times));
  bench->chunk.times = bench->times;
  pack(bench);
  header = (void *)bench->out;
  header->samples_offset = header->length = header->times_offset + BSCOPE_TIMES_GROUP * BSCOPE_BLOCK_GROUPS;
  assert_int_equal(bscope_block_open(&block, bench->out, bench->size), BSCOPE_ERR_FORMAT);
  bench_destroy(bench);
}

/* P9: with any one bit turned a block decodes to something or fails, without reading outside; the checksums see it. */
static void turned_bits_are_harmless_and_seen(void **state) {
  static struct bscope_entry entries[BSCOPE_BLOCK_EVENTS];
  struct stream_random random = {seed_of()};
  struct bench *bench = bench_create();
  size_t refused = 0;
  uint32_t count;

  (void)state;
  for (int round = 0; round < 3; round++) {
    struct bscope_block block;

    fill_random(bench, &random);
    bench->chunk.count = (uint32_t)bscope_min_u64(bench->chunk.count, 130);
    if (round)
      add_times(bench, &random);
    pack(bench);
    seal(bench);
    for (size_t bit = 0; bit < 8 * bench->size; bit++) {
      bench->out[bit / 8] ^= (uint8_t)(1u << bit % 8);
      refused += !survives(bench->out, bench->size, entries, &count);
      if (bit / 32 != offsetof(struct bscope_block_header, state) / 4)
        assert_true(bscope_block_open(&block, bench->out, bench->size) || bscope_block_verify(&block));
      bench->out[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(bscope_block_open(&block, bench->out, bench->size), BSCOPE_OK);
    assert_int_equal(bscope_block_verify(&block), BSCOPE_OK);
  }
  assert_true(refused > 0);
  bench_destroy(bench);
}

/* P9: noise behind a header that opens. */
static void noise_is_harmless(void **state) {
  static struct bscope_entry entries[BSCOPE_BLOCK_EVENTS];
  struct stream_random random = {seed_of()};
  struct bench *bench = bench_create();
  uint32_t count;

  (void)state;
  for (int round = 0; round < 300; round++) {
    fill_random(bench, &random);
    bench->chunk.count = (uint32_t)bscope_min_u64(bench->chunk.count, 200);
    if (round % 2)
      add_times(bench, &random);
    pack(bench);
    for (int i = 0; i < 20; i++) {
      size_t at = sizeof(struct bscope_block_header);

      at += (size_t)stream_below(&random, bench->size - at);
      bench->out[at] = (uint8_t)stream_next(&random);
    }
    survives(bench->out, bench->size, entries, &count);
  }
  bench_destroy(bench);
}

static void checksum_is_castagnolis(void **state) {
  static const uint8_t zeroes[32];
  uint8_t bytes[64];

  (void)state;
  assert_int_equal(bscope_crc32c(0, "123456789", 9), 0xe3069283);
  assert_int_equal(bscope_crc32c(0, zeroes, 32), 0x8a9136aa);
  for (size_t i = 0; i < sizeof(bytes); i++)
    bytes[i] = (uint8_t)(i * 31);
  for (size_t cut = 0; cut <= sizeof(bytes); cut++)
    assert_int_equal(bscope_crc32c(bscope_crc32c(0, bytes, cut), bytes + cut, sizeof(bytes) - cut),
                     bscope_crc32c(0, bytes, sizeof(bytes)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_streams_come_back),
      cmocka_unit_test(times_come_back),
      cmocka_unit_test(times_are_only_added),
      cmocka_unit_test(times_stay_small),
      cmocka_unit_test(every_width_comes_back),
      cmocka_unit_test(counts_of_kinds_are_in_the_header),
      cmocka_unit_test(events_stay_small),
      cmocka_unit_test(too_little_room_is_refused),
      cmocka_unit_test(truncations_fail_cleanly),
      cmocka_unit_test(room_behind_the_events_is_demanded),
      cmocka_unit_test(turned_bits_are_harmless_and_seen),
      cmocka_unit_test(noise_is_harmless),
      cmocka_unit_test(checksum_is_castagnolis),
  };

  return cmocka_run_group_tests_name("codec", tests, NULL, NULL);
}
