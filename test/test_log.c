/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log as readers see it: every position there, by jump and by walk alike, in snapshots that nothing changes any
 * more (P4), whatever the store does meanwhile; each allocation that fails is an error and no harm.
 */
#include "capture/site_table.h"
#include "log/fixture.h"
#include "log/store_state.h"
#include "log_world.h"

#include <borrowscope/error.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define MIB (1024u * 1024u)
#define SITES 20u

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Allocation number `failing` (from 1) of this thread fails; 0: none. */
static __thread unsigned failing;
static __thread unsigned allocations;

#if !SANITIZED /* which bring their own */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);

static bool fails_now(void) {
  return failing && ++allocations == failing;
}

void *malloc(size_t size) {
  if (!fails_now())
    return __libc_malloc(size);
  errno = ENOMEM;
  return NULL;
}

void *calloc(size_t count, size_t size) {
  if (!fails_now())
    return __libc_calloc(count, size);
  errno = ENOMEM;
  return NULL;
}
#endif

static int register_sites(void **state) {
  static char names[SITES + 1][16];

  (void)state;
  for (uint32_t i = 1; i <= SITES; i++) {
    struct bscope_site site = {.abi = BSCOPE_SITE_ABI,
                               .size = sizeof(site),
                               .kind = (uint8_t)(1 + i % 4),
                               .subject_is = BSCOPE_WORD_ADDRESS,
                               .object_is = BSCOPE_WORD_SIZE,
                               .flags = i % 2 ? BSCOPE_SITE_MUTABLE : BSCOPE_SITE_BY_ADDRESS,
                               .line = 100 + i,
                               .extent = i,
                               .name = names[i],
                               .name2 = "to",
                               .type = "int",
                               .file = "a.c",
                               .function = "f",
                               .text = "&x"};
    const struct bscope_site *kept;
    bool folded;

    snprintf(names[i], sizeof(names[i]), "v%u", i);
    kept = bscope_site_table_intern(&site, &folded);
    if (!kept || kept->word != i)
      return -1;
  }
  return 0;
}

static bool same_event(const struct bscope_event *a, const struct bscope_event *b) {
  return a->stamp == b->stamp && a->time_ns == b->time_ns && a->kind == b->kind && a->thread == b->thread &&
         a->name == b->name && a->subject == b->subject && a->object == b->object && a->site == b->site &&
         a->payload_size == b->payload_size && a->payload_cut == b->payload_cut &&
         (!a->payload_size || memcmp(a->payload, b->payload, a->payload_size) == 0);
}

/* Walks and jumps over the whole log: they agree, and say what was written in that generation. */
static void assert_all(const struct bscope_log *log, const struct world *world) {
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  struct world then = {.generation = bscope_log_generation(log), .holes = world->holes, .longs = world->longs};
  struct bscope_event walked, jumped;
  uint64_t before = 0;

  assert_non_null(cursor);
  for (size_t i = 0; i < bscope_log_count(log); i++) {
    assert_true(bscope_cursor_next(cursor, &walked));
    assert_true(world_is(&then, bscope_log_first(log) + i, &walked));
    assert_int_equal(walked.time_ns, walked.stamp * WORLD_NS);
    assert_true(walked.time_ns >= before);
    before = walked.time_ns;
    if (i % 7 == 0 || i < 100 || i + 100 > bscope_log_count(log)) {
      assert_int_equal(bscope_log_at(log, i, &jumped), BSCOPE_OK);
      assert_true(same_event(&walked, &jumped));
    }
  }
  assert_false(bscope_cursor_next(cursor, &walked));
  assert_false(bscope_cursor_next(cursor, &walked));
  bscope_cursor_free(cursor);
}

static void walks_and_jumps_agree(void **state) {
  struct world *world = world_create(32 * MIB);
  struct bscope_log *log;

  (void)state;
  world->holes = 50;
  world->longs = 13;
  bscope_store_add_sample(world->store, 0, 0);
  log = world_snapshot();
  assert_int_equal(bscope_log_count(log), 0);
  assert_all(log, world);
  bscope_log_free(log);
  for (int i = 0; i < 12; i++) {
    world_write(world, 3001);
    if (i % 3 == 0)
      world_seal(world);
    log = world_snapshot();
    assert_int_equal(bscope_log_count(log), (i + 1) * 3001);
    assert_all(log, world);
    bscope_log_free(log);
  }
  world_destroy(world);
}

/* The window's part begins where eviction left off, and a cursor may begin anywhere. */
static void a_log_without_its_beginning(void **state) {
  struct world *world = world_create(32 * MIB);
  struct bscope_event event = {.stamp = 77};
  struct bscope_log *log;

  (void)state;
  bscope_store_add_sample(world->store, 0, 0);
  for (int i = 0; i < 60; i++) {
    world_write(world, BSCOPE_CHUNK_CELLS);
    world_seal(world);
  }
  world_write(world, 100);
  bscope_store_evict(world->store, 0);
  log = world_snapshot();
  assert_true(bscope_log_first(log) > 0);
  assert_int_equal(bscope_log_first(log) + bscope_log_count(log), 60 * BSCOPE_CHUNK_CELLS + 100);
  assert_all(log, world);
  for (size_t start = 0; start < bscope_log_count(log) + 5; start += 997) {
    struct bscope_cursor *cursor = bscope_cursor_create(log, start);

    assert_int_equal(bscope_cursor_next(cursor, &event), start < bscope_log_count(log));
    if (start < bscope_log_count(log))
      assert_true(world_is(world, bscope_log_first(log) + start, &event));
    bscope_cursor_free(cursor);
  }
  event.stamp = 77;
  assert_int_equal(bscope_log_at(log, bscope_log_count(log), &event), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(bscope_log_at(log, SIZE_MAX, &event), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(event.stamp, 77); /* untouched */
  bscope_log_free(log);
  world_destroy(world);
}

/* P4: a snapshot holds what it held, through sealing, eviction and reset; then all its memory comes back. */
static void snapshots_survive(void **state) {
  struct world *world = world_create(64 * MIB);
  struct bscope_log *logs[6];
  struct bscope_cursor *cursor;
  struct bscope_event event;

  (void)state;
  world->longs = 40;
  bscope_store_add_sample(world->store, 0, 0);
  for (int i = 0; i < 6; i++) {
    for (int k = 0; k < 3; k++) {
      world_write(world, BSCOPE_CHUNK_CELLS + 100);
      world_seal(world);
    }
    logs[i] = world_snapshot();
    if (i == 2)
      bscope_store_evict(world->store, 0);
    if (i == 3)
      world_reset(world);
  }
  world_seal(world);
  world_reset(world);
  world_write(world, 20 * BSCOPE_CHUNK_CELLS);
  world_seal(world);
  for (int i = 0; i < 6; i++)
    assert_all(logs[i], world);
  assert_true(world_counts(world).bytes_pinned > 0);
  assert_int_equal(world->session_refs, 0); /* no session here: nothing to hold */
  cursor = bscope_cursor_create(logs[0], 5);
  for (int i = 0; i < 6; i++)
    bscope_log_free(logs[i]);
  assert_true(world_counts(world).bytes_pinned > 0); /* the cursor holds its log */
  assert_true(bscope_cursor_next(cursor, &event));
  assert_true(world_is(&(struct world){.generation = 1, .longs = 40}, 5, &event));
  bscope_cursor_free(cursor);
  assert_int_equal(world_counts(world).bytes_pinned, 0);
  world_destroy(world);
}

/* A late event is seen at its position, in blocks and in the window; a snapshot taken before goes on showing OPEN. */
static void late_events_take_their_places(void **state) {
  struct world *world = world_create(32 * MIB);
  struct bscope_chunk *side;
  struct bscope_cell event = {.site = 4, .thread = 9, .subject = 123, .object = 456}, more = event;
  struct bscope_cell lost = {.site = BSCOPE_SITE_LOST};
  struct world_event text = {.object = 789, .payload_size = 99};
  struct bscope_log *before, *after;
  struct bscope_event seen;
  struct bscope_cursor *cursor;

  (void)state;
  world->holes = 10;
  world_write(world, 2 * BSCOPE_CHUNK_CELLS);
  world_seal(world);
  world_write(world, 100);
  side = world->chunks[0];
  before = world_snapshot();
  world_put_long(world, side, &more, &text, 0x5b);
  assert_true(bscope_store_add_late(world->store, &event, 11));
  assert_true(bscope_store_add_late(world->store, &lost, 21));
  assert_true(bscope_store_add_late(world->store, &more, 2 * BSCOPE_CHUNK_CELLS + 9)); /* 8201 */
  assert_true(bscope_store_add_late(world->store, &event, 1));
  after = world_snapshot();
  assert_int_equal(bscope_log_at(before, 11, &seen), BSCOPE_OK);
  assert_int_equal(seen.kind, BSCOPE_KIND_OPEN);
  assert_int_equal(bscope_log_at(after, 10, &seen), BSCOPE_OK);
  assert_int_equal(seen.kind, BSCOPE_KIND_LOST);
  assert_int_equal(bscope_log_at(after, 11, &seen), BSCOPE_OK);
  assert_string_equal(seen.name, "v4");
  assert_int_equal(seen.subject, 123);
  assert_int_equal(seen.object, 456);
  assert_int_equal(seen.thread, 9);
  assert_int_equal(bscope_log_at(after, 1, &seen), BSCOPE_OK);
  assert_int_equal(seen.subject, 123);
  assert_int_equal(bscope_log_at(after, 21, &seen), BSCOPE_OK);
  assert_int_equal(seen.kind, BSCOPE_KIND_LOST);
  assert_int_equal(bscope_log_at(after, 31, &seen), BSCOPE_OK);
  assert_int_equal(seen.kind, BSCOPE_KIND_OPEN);
  cursor = bscope_cursor_create(after, 8201);
  assert_true(bscope_cursor_next(cursor, &seen));
  assert_int_equal(seen.object, 789);
  assert_int_equal(seen.payload_size, 99);
  assert_int_equal(((const uint8_t *)seen.payload)[98], 0x5b);
  assert_true(seen.payload_cut);
  bscope_cursor_free(cursor);
  bscope_log_free(before);
  bscope_log_free(after);
  world_destroy(world);
}

__extension__ typedef unsigned __int128 wide;

/* The time of a position by the book, from all samples ever taken. */
static uint64_t time_by_the_book(const struct bscope_sample *samples, size_t count, uint64_t position) {
  wide product;
  size_t i = 0;

  while (i < count && samples[i].stamp <= position)
    i++;
  if (i == 0)
    return samples[0].ns;
  assert_true(i < count);
  product = (wide)(samples[i].ns - samples[i - 1].ns) * (position - samples[i - 1].stamp);
  return samples[i - 1].ns + (uint64_t)(product / (samples[i].stamp - samples[i - 1].stamp));
}

/* An event shown once keeps its time when it is sealed, and later events never have earlier times. */
static void times_are_fixed_and_monotone(void **state) {
  static struct bscope_sample samples[4000];
  static uint64_t shown[80000];
  struct stream_random random = {42};
  struct world *world = world_create(32 * MIB);
  uint64_t ns = 1000;
  uint64_t next = 0;
  size_t count = 0;

  (void)state;
  world->longs = 1000;
  world->prefix = world->base = 1000000; /* positions are not stamps */
  bscope_store_begin(world->store, world->base, 1);
  while (world->prefix - world->base < 70000) {
    struct bscope_cursor *cursor;
    struct bscope_event event;
    struct bscope_log *log;
    uint64_t newest = 0;

    /* The events first, then their sample: world_write's own samples are of no use here. */
    struct bscope_samples kept = world->store->samples;
    uint64_t events = stream_below(&random, 4) ? stream_below(&random, 300) : 0;

    world->store->samples = (struct bscope_samples){0};
    world_write(world, events);
    bscope_samples_clear(&world->store->samples, &world->region);
    world->store->samples = kept;
    ns += stream_below(&random, stream_below(&random, 50) ? 100000 : UINT64_C(1) << 50);
    bscope_store_add_sample(world->store, world->prefix, ns);
    if (count >= 2 && samples[count - 2].stamp == world->prefix - world->base)
      count--;
    samples[count++] = (struct bscope_sample){world->prefix - world->base, ns};
    assert_true(count < 4000);
    if (stream_below(&random, 3) == 0)
      world_seal(world);
    if (stream_below(&random, 10))
      continue;
    log = world_snapshot();
    cursor = bscope_cursor_create(log, 0);
    while (bscope_cursor_next(cursor, &event)) {
      assert_true(event.time_ns >= newest);
      newest = event.time_ns;
      if (event.stamp < next) {
        assert_int_equal(event.time_ns, shown[event.stamp]);
        continue;
      }
      assert_int_equal(event.time_ns, time_by_the_book(samples, count, event.stamp));
      shown[next++] = event.time_ns;
    }
    bscope_cursor_free(cursor);
    for (int i = 0; i < 100 && next; i++) {
      uint64_t at = stream_below(&random, next);

      assert_int_equal(bscope_log_at(log, at, &event), BSCOPE_OK);
      assert_int_equal(event.time_ns, shown[at]);
    }
    bscope_log_free(log);
  }
  assert_true(next > 60000);
  world_destroy(world);
}

static void an_event_says_what_its_site_says(void **state) {
  struct world *world = world_create(16 * MIB);
  struct bscope_cell cell = {.subject = 1, .object = 2, .site = 3, .thread = 5};
  struct bscope_cell unknown = {.site = 4000};
  struct bscope_event event;
  struct bscope_log *log;

  (void)state;
  world_chunk(world)->cells[0] = cell;
  world->chunks[0]->cells[1] = unknown;
  world->prefix = 2;
  assert_int_equal(bscope_store_set_thread(world->store, 5, 42, "worker"), BSCOPE_OK);
  log = world_snapshot();
  assert_int_equal(bscope_log_at(log, 0, &event), BSCOPE_OK);
  assert_int_equal(event.kind, 4);
  assert_string_equal(event.name, "v3");
  assert_string_equal(event.name2, "to");
  assert_string_equal(event.type_name, "int");
  assert_string_equal(event.file, "a.c");
  assert_string_equal(event.function, "f");
  assert_string_equal(event.text, "&x");
  assert_int_equal(event.line, 103);
  assert_int_equal(event.extent, 3);
  assert_int_equal(event.subject_is, BSCOPE_WORD_ADDRESS);
  assert_int_equal(event.object_is, BSCOPE_WORD_SIZE);
  assert_int_equal(event.flags, BSCOPE_SITE_MUTABLE);
  assert_true(event.is_mutable);
  assert_int_equal(event.site, 3);
  assert_null(event.payload);
  assert_int_equal(bscope_log_at(log, 1, &event), BSCOPE_OK);
  assert_int_equal(event.kind, BSCOPE_KIND_NONE);
  assert_null(event.name);
  assert_int_equal(bscope_log_thread_count(log), 1);
  assert_int_equal(bscope_store_set_thread(world->store, 5, 42, "renamed"), BSCOPE_OK);
  assert_string_equal(bscope_log_thread_name(log, 5), "worker");
  assert_string_equal(bscope_log_thread_name(log, 4), "");
  bscope_log_free(log);
  world_destroy(world);
}

static void stats_belong_to_the_snapshot(void **state) {
  struct world *world = world_create(16 * MIB);
  struct bscope_stats stats = {.size = 1};
  struct bscope_log *log;

  (void)state;
  world_write(world, 5);
  log = world_snapshot();
  assert_int_equal(bscope_log_stats(log, &stats), BSCOPE_OK);
  assert_int_equal(stats.size, sizeof(stats));
  assert_int_equal(stats.logged, 5);
  world_write(world, 5);
  assert_int_equal(bscope_log_stats(log, &stats), BSCOPE_OK);
  assert_int_equal(stats.logged, 5); /* those of its moment */
  assert_int_equal(bscope_log_stats(NULL, &stats), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(bscope_log_stats(log, NULL), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(bscope_log_count(NULL) + bscope_log_first(NULL) + bscope_log_pending(NULL), 0);
  assert_string_equal(bscope_log_thread_name(NULL, 0), "");
  assert_null(bscope_cursor_create(NULL, 0));
  bscope_log_free(log);
  bscope_log_free(NULL);
  bscope_cursor_free(NULL);
  world_destroy(world);
}

/* More of everything than a snapshot makes room for at first. */
static void snapshots_grow_until_it_fits(void **state) {
  struct world *world = world_create(64 * MIB);
  struct bscope_cell event = {.site = 1};
  struct bscope_log *log;

  (void)state;
  world->holes = 2;
  bscope_store_add_sample(world->store, 0, 0);
  for (uint64_t i = 0; i < 40; i++)
    world_write(world, BSCOPE_CHUNK_CELLS);
  for (uint64_t i = 0; i < 100; i++)
    assert_true(bscope_store_add_late(world->store, &event, 2 * i + 1));
  for (uint32_t i = 0; i < 500; i++)
    assert_int_equal(bscope_store_set_thread(world->store, i, i, "t"), BSCOPE_OK);
  log = world_snapshot();
  assert_int_equal(bscope_log_count(log), 40 * BSCOPE_CHUNK_CELLS);
  assert_int_equal(bscope_log_thread_count(log), 500);
  bscope_log_free(log);
  world_destroy(world);
}

struct reader {
  pthread_t thread;
  const struct bscope_log *log;
  struct world then;
  bool good;
};

static void *read_it(void *context) {
  struct reader *reader = context;
  struct bscope_cursor *cursor = bscope_cursor_create(reader->log, 0);
  struct stream_random random = {(uint64_t)(uintptr_t)reader};
  size_t count = bscope_log_count(reader->log);
  uint64_t first = bscope_log_first(reader->log);
  struct bscope_event event;

  reader->good = cursor != NULL;
  for (size_t i = 0; i < count && reader->good; i++) {
    size_t at = (size_t)stream_below(&random, count);

    reader->good = bscope_cursor_next(cursor, &event) && world_is(&reader->then, first + i, &event) &&
                   (i % 16 || (bscope_log_at(reader->log, at, &event) == BSCOPE_OK &&
                               world_is(&reader->then, first + at, &event)));
  }
  bscope_cursor_free(cursor);
  bscope_log_unref(reader->log);
  return NULL;
}

/* P4: many threads read one handle, while the log goes on, is evicted and reset. */
static void many_threads_read_one_log(void **state) {
  struct world *world = world_create(64 * MIB);
  struct reader readers[8];

  (void)state;
  world->longs = 100;
  for (int round = 0; round < 3; round++) {
    struct bscope_log *log;

    world_lock(world);
    world_write(world, 5 * BSCOPE_CHUNK_CELLS + 77);
    world_seal(world);
    world_unlock(world);
    log = world_snapshot();
    for (size_t i = 0; i < 8; i++) {
      readers[i] = (struct reader){.log = bscope_log_ref(log)};
      readers[i].then = (struct world){.generation = world->generation, .longs = world->longs};
      assert_int_equal(pthread_create(&readers[i].thread, NULL, read_it, &readers[i]), 0);
    }
    bscope_log_free(log);
    for (int i = 0; i < 10; i++) {
      world_lock(world);
      world_write(world, BSCOPE_CHUNK_CELLS);
      world_seal(world);
      bscope_store_evict(world->store, 0);
      if (i == 5)
        world_reset(world);
      world_unlock(world);
      bscope_log_free(world_snapshot());
    }
    for (size_t i = 0; i < 8; i++) {
      pthread_join(readers[i].thread, NULL);
      assert_true(readers[i].good);
    }
  }
  assert_int_equal(world_counts(world).bytes_pinned, 0);
  world_destroy(world);
}

static bool snapshot_and_walk(void) {
  struct bscope_log *log = NULL;
  struct bscope_cursor *cursor = NULL;
  bool good = bscope_log_snapshot(&world_host, &log) == BSCOPE_OK;

  if (good)
    cursor = bscope_cursor_create(log, 0);
  good = good && cursor;
  bscope_cursor_free(cursor);
  bscope_log_free(log);
  return good;
}

/* Every allocation fails once: an error with its message, nothing held, nothing leaked. */
static void each_allocation_may_fail(void **state) {
  struct bscope_event event = {.kind = BSCOPE_KIND_NEW};
  struct world *world = world_create(32 * MIB);
  struct bscope_log *log;
  unsigned n;

  (void)state;
  if (SANITIZED || getenv("BSCOPE_TEST_VALGRIND"))
    skip();
  world_write(world, 20 * BSCOPE_CHUNK_CELLS);
  world->session = (struct bscope_session *)(void *)world; /* never looked into */
  for (n = 1; n < 100; n++) {
    bool good;

    allocations = 0;
    failing = n;
    good = snapshot_and_walk();
    failing = 0;
    assert_null(world->store->pins);
    assert_int_equal(world->session_refs, 0);
    for (size_t i = 0; i < world->chunk_count; i++)
      assert_int_equal(world->chunks[i]->refs, 0);
    if (good)
      break;
    assert_true(strstr(bscope_last_error(), "memory") != NULL);
  }
  assert_true(n > 8 && n < 100);
  for (n = 1; n < 100; n++) {
    allocations = 0;
    failing = n;
    log = bscope_log_from_events(&event, 1);
    failing = 0;
    if (log)
      break;
  }
  assert_true(n > 3 && n < 100);
  bscope_log_free(log);
  world_destroy(world);
}

static int refuse(bool settle, int (*take)(void *context, const struct bscope_view *view), void *context) {
  (void)settle;
  (void)take;
  (void)context;
  return BSCOPE_ERR_LOCK;
}

static void a_refused_view_is_passed_on(void **state) {
  static const struct bscope_log_host host = {.view = refuse};
  struct bscope_log *log = NULL;

  (void)state;
  assert_int_equal(bscope_log_snapshot(&host, &log), BSCOPE_ERR_LOCK);
  assert_null(log);
}

static void logs_of_ready_events(void **state) {
  struct bscope_event events[] = {
      {.stamp = 10, .kind = BSCOPE_KIND_NEW, .name = "x", .thread = 0, .payload = "abc", .payload_size = 3},
      {.kind = BSCOPE_KIND_LOST},
      {.kind = BSCOPE_KIND_OPEN},
      {.kind = BSCOPE_KIND_DROP, .name = "x", .thread = 2, .time_ns = 5}};
  struct bscope_log *log = bscope_log_from_events(events, 4);
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  struct bscope_event walked, jumped;
  struct bscope_stats stats = {0};

  (void)state;
  assert_int_equal(bscope_log_count(log), 4);
  assert_int_equal(bscope_log_first(log), 10);
  assert_int_equal(bscope_log_pending(log), 1);
  assert_int_equal(bscope_log_thread_count(log), 2);
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(bscope_log_at(log, i, &jumped), BSCOPE_OK);
    assert_true(bscope_cursor_next(cursor, &walked));
    assert_true(same_event(&walked, &jumped));
    assert_int_equal(walked.stamp, 10 + i);
    assert_int_equal(walked.kind, events[i].kind);
    assert_ptr_equal(walked.name, events[i].name);
  }
  assert_false(bscope_cursor_next(cursor, &walked));
  assert_int_equal(bscope_log_stats(log, &stats), BSCOPE_OK);
  assert_int_equal(stats.logged, 2);
  assert_int_equal(stats.attempted, stats.logged + stats.lost + stats.pending + stats.evicted + stats.dropped);
  bscope_cursor_free(cursor);
  bscope_log_free(log);
  log = bscope_log_from_events(NULL, 0);
  assert_int_equal(bscope_log_count(log), 0);
  bscope_log_free(log);
}

static void logs_of_plain_cells(void **state) {
  static const struct bscope_sample samples[] = {{100, 1000}, {200, 2000}};
  struct bscope_cell cells[100];
  struct bscope_event event;
  struct bscope_log *log;

  (void)state;
  for (uint32_t i = 0; i < 100; i++)
    cells[i] = (struct bscope_cell){.site = 1 + i % SITES, .subject = i};
  log = bscope_log_from_cells(cells, 100, 100, NULL, samples, 2);
  assert_int_equal(bscope_log_count(log), 100);
  for (uint32_t i = 0; i < 100; i++) {
    assert_int_equal(bscope_log_at(log, i, &event), BSCOPE_OK);
    assert_int_equal(event.subject, i);
    assert_int_equal(event.time_ns, 1000 + 10 * i);
  }
  cells[3].site |= BSCOPE_SITE_LONG; /* without a region it points nowhere */
  assert_int_equal(bscope_log_at(log, 3, &event), BSCOPE_ERR_FORMAT);
  bscope_log_free(log);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(walks_and_jumps_agree),
      cmocka_unit_test(a_log_without_its_beginning),
      cmocka_unit_test(snapshots_survive),
      cmocka_unit_test(late_events_take_their_places),
      cmocka_unit_test(times_are_fixed_and_monotone),
      cmocka_unit_test(an_event_says_what_its_site_says),
      cmocka_unit_test(stats_belong_to_the_snapshot),
      cmocka_unit_test(snapshots_grow_until_it_fits),
      cmocka_unit_test(many_threads_read_one_log),
      cmocka_unit_test(each_allocation_may_fail),
      cmocka_unit_test(a_refused_view_is_passed_on),
      cmocka_unit_test(logs_of_ready_events),
      cmocka_unit_test(logs_of_plain_cells),
  };

  return cmocka_run_group_tests_name("log", tests, register_sites, NULL);
}
