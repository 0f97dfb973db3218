/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of trace files (P5: what was published is read back; P7: no input harms). The files are built by hand,
 * from the layout and not by the writer. Each event that a log gives is the one of its position, or the position is
 * marked; also when the file ends anywhere, and when any bit of it is another one.
 */
#include "trace_build.h"

#include "base/atomic.h"
#include "harness.h"

#include <borrowscope/borrowscope.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#define BASE UINT64_C(0xfffffffffffff000) /* stamps pass 2^64 on the way */

static char folder[64];
static char path[96];

static int make_folder(void **state) {
  (void)state;
  snprintf(folder, sizeof(folder), "/tmp/test_trace_read.XXXXXX");
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof(path), "%s/trace", folder);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  unlink(path);
  return rmdir(folder);
}

static struct bscope_trace_info info_of(const struct bscope_log *log) {
  struct bscope_trace_info info = {.size = sizeof(info)};

  assert_int_equal(bscope_log_trace_info(log, &info), BSCOPE_OK);
  return info;
}

static struct bscope_log *open_built(const struct build *build) {
  struct bscope_log *log;

  build_write(build->bytes, build->size, path);
  log = bscope_log_open(path);
  if (!log)
    print_message("%s\n", bscope_last_error());
  assert_non_null(log);
  return log;
}

static void check_event(const struct build *build, const struct bscope_event *event, uint64_t position, uint8_t mark) {
  static const enum bscope_kind kinds[] = {
      [BUILD_OPEN] = BSCOPE_KIND_OPEN, [BUILD_LOST] = BSCOPE_KIND_LOST, [BUILD_NOTHING] = BSCOPE_KIND_LOST};

  check_equal(event->stamp, position);
  if (mark == BUILD_EVENT && !build_is(build->seed, event))
    fprintf(stderr, "position %llu: kind %d site %u\n", (unsigned long long)position, event->kind, event->site);
  if (mark == BUILD_EVENT)
    check(build_is(build->seed, event));
  else
    check_equal(event->kind, kinds[mark]);
}

/* The log holds exactly [first, end), as `marks` (by position; NULL: all events) says; by walk and by jump, and P2. */
static void check_log(const struct build *build, const struct bscope_log *log, uint64_t first, uint64_t end,
                      const uint8_t *marks) {
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  struct bscope_event event;
  struct bscope_stats stats;
  uint64_t lost = 0, open = 0, last_ns = 0;

  check_equal(bscope_log_first(log), first);
  check_equal(bscope_log_count(log), end - first);
  check_equal(bscope_log_generation(log), build->generation);
  for (uint64_t p = first; p < end; p++) {
    uint8_t mark = marks ? marks[p] : BUILD_EVENT;

    check(bscope_cursor_next(cursor, &event));
    check_event(build, &event, p, mark);
    check(event.time_ns >= last_ns);
    last_ns = event.time_ns;
    check_equal(bscope_log_at(log, p - first, &event), BSCOPE_OK);
    check_event(build, &event, p, mark);
    check_equal(event.time_ns, last_ns);
    lost += mark >= BUILD_LOST;
    open += mark == BUILD_OPEN;
  }
  check(!bscope_cursor_next(cursor, &event));
  bscope_cursor_free(cursor);
  check_equal(bscope_log_stats(log, &stats), BSCOPE_OK);
  check_equal(stats.lost, lost);
  check_equal(stats.pending, open);
  check_equal(bscope_log_pending(log), open);
  check_equal(stats.logged, end - first - lost - open);
  check_equal(stats.attempted, stats.logged + stats.dropped + stats.lost + stats.evicted + stats.pending);
}

static void check_whole(const struct bscope_log *log, enum bscope_log_state state) {
  struct bscope_trace_info info = info_of(log);

  if (info.damaged)
    print_message("offset %llu: %s\n", (unsigned long long)info.damage_offset, info.damage);
  assert_int_equal(info.state, state);
  assert_int_equal(info.damaged, 0);
  assert_int_equal(info.damaged_events, 0);
  assert_int_equal(info.missing_events, 0);
  assert_int_equal(info.missing_sites, 0);
  assert_string_equal(info.damage, "");
}

static struct build begin(uint64_t base) {
  struct build build;

  build_begin(&build, 77, base);
  build_sites(&build, 1, 10, false);
  build_threads(&build);
  return build;
}

/* --- whole files --- */

static void a_clean_file_is_read(void **state) {
  struct build build = begin(BASE);
  struct bscope_log *log;
  struct bscope_trace_info info;
  struct bscope_event event;
  struct bscope_stats stats;

  (void)state;
  build_segment(&build, 200000);
  build_block(&build, 0, 4096, NULL);
  build_block(&build, 4096, 4096, NULL);
  build_sites(&build, 11, BUILD_SITES, true);
  build_sites(&build, 3, 5, false); /* twice is harmless */
  build_segment(&build, 200000);
  build_block(&build, 8192, 100, NULL);
  build_block(&build, 8292, 1, NULL);
  build_done(&build, 8293);
  log = open_built(&build);
  check_log(&build, log, 0, 8293, NULL);
  check_whole(log, BSCOPE_LOG_CLEAN);
  info = info_of(log);
  assert_int_equal(info.recovered, 0);
  assert_int_equal(info.bytes, build.size);
  assert_int_equal(info.pid, 4242);
  assert_int_equal(info.parent, 17);
  assert_int_equal(info.clock, BSCOPE_CLOCK_COUNTER);
  assert_int_equal(info.start_ns, 1700000000000000000);
  assert_string_equal(info.program, "built");
  assert_string_equal(info.library, "9.8.7");
  assert_string_equal(info.filter, "a*");
  assert_int_equal(bscope_log_thread_count(log), 3);
  assert_string_equal(bscope_log_thread_name(log, 2), "thread 2");
  assert_int_equal(bscope_log_at(log, 5000, &event), BSCOPE_OK);
  assert_int_equal(event.time_ns, BUILD_NS(5000));
  assert_int_equal(bscope_log_stats(log, &stats), BSCOPE_OK);
  assert_int_equal(stats.dropped, 7);
  assert_int_equal(stats.dropped_full, 7);
  assert_int_equal(stats.sites, BUILD_SITES);
  bscope_log_free(log);
  build_free(&build);
}

/* Segments lie in the file in any order; evicted ones leave a log that begins later. */
static void segments_in_any_order(void **state) {
  struct build build = begin(5);
  struct bscope_log *log;

  (void)state;
  build_sites(&build, 11, BUILD_SITES, false);
  for (unsigned i = 0; i < 6; i++) {
    static const uint64_t order[] = {3, 0, 5, 1, 4, 2};

    build_segment(&build, 20000);
    build_block(&build, 10000 + 500 * order[i], 250, NULL);
    build_block(&build, 10000 + 500 * order[i] + 250, 250, NULL);
  }
  log = open_built(&build);
  check_log(&build, log, 10000, 13000, NULL);
  check_whole(log, BSCOPE_LOG_BROKEN_OFF);
  bscope_log_free(log);
  build.evicted = 10000;
  build_done(&build, 13000);
  log = open_built(&build);
  check_log(&build, log, 10000, 13000, NULL);
  check_whole(log, BSCOPE_LOG_CLEAN);
  bscope_log_free(log);
  build_free(&build);
}

/* What a segment's earlier life left behind its last block is not read, and is no damage. */
static void an_earlier_life_is_left_alone(void **state) {
  struct build build = begin(0);
  struct bscope_log *log;
  size_t third;

  (void)state;
  build_sites(&build, 11, BUILD_SITES, false);
  build_segment(&build, 100000);
  third = build_block(&build, 0, 300, NULL);
  (void)third;
  build.extent = (size_t)bscope_round_up(build.extent, 8);
  build_block(&build, 300, 300, NULL);
  build_block(&build, 600, 300, NULL);
  /* Its second life begins with higher positions, in the same place; what stays of the first one is exact behind it. */
  build.extent = third;
  build_block(&build, 5000, 300, NULL);
  log = open_built(&build);
  check_log(&build, log, 5000, 5300, NULL);
  assert_int_equal(info_of(log).damaged_events, 0);
  bscope_log_free(log);
  build_free(&build);
}

/* A reset: blocks, cells and slots of the first generation are not the second one's. */
static void two_generations(void **state) {
  struct build build = begin(100);
  struct bscope_log *log;
  struct build_ring ring;

  (void)state;
  build_sites(&build, 11, BUILD_SITES, false);
  build_segment(&build, 40000);
  build_block(&build, 0, 500, NULL);
  build_chunk(&build, 500, 100, NULL);
  ring = build_ring(&build, 64, 7, 1, false);
  build_publish(&build, &ring, 600);
  build_publish(&build, &ring, 601);
  build_epoch(&build, 2, 100 + 602);
  build_publish(&build, &ring, 22);
  build_segment(&build, 40000);
  build_block(&build, 0, 10, NULL);
  build_chunk(&build, 10, 12, NULL);
  log = open_built(&build);
  check_log(&build, log, 0, 23, NULL);
  check_whole(log, BSCOPE_LOG_BROKEN_OFF);
  assert_int_equal(info_of(log).recovered, 13);
  bscope_log_free(log);
  build_free(&build);
}

/* --- what was not sealed --- */

static void cells_alone(void **state) {
  struct build build = begin(BASE);
  struct bscope_log *log;
  uint8_t marks[400] = {0};

  (void)state;
  build_sites(&build, 11, BUILD_SITES, false);
  marks[7] = BUILD_OPEN;
  marks[99] = BUILD_LOST;
  marks[150] = BUILD_NOTHING; /* its writer died in mid-call */
  memset(marks + 310, BUILD_NOTHING, 90);
  build_chunk(&build, 200, 200, marks + 200);
  build_chunk(&build, 0, 200, marks);
  for (unsigned i = 0; i < 200; i++)
    build_sample(&build, i, 2 * i);
  log = open_built(&build);
  check_log(&build, log, 0, 310, marks);
  check_whole(log, BSCOPE_LOG_BROKEN_OFF);
  assert_int_equal(info_of(log).recovered, 307);
  assert_int_equal(info_of(log).unpublished, 1);
  bscope_log_free(log);
  build_free(&build);
}

/* Rings whose indices wrap, in their place and beyond 2^32; payloads in more slots, and void ones between. */
static void rings_alone(void **state) {
  struct build build = begin(3);
  struct bscope_log *log;
  struct build_ring rings[BUILD_THREADS];

  (void)state;
  build_sites(&build, 11, BUILD_SITES, false);
  for (uint32_t i = 0; i < BUILD_THREADS; i++)
    rings[i] = build_ring(&build, 256, (UINT64_C(1) << 32) * i - 20 * (i > 0) + i, i, false);
  for (uint64_t p = 0; p < 300; p++) {
    struct build_ring *ring = &rings[p / 3 % BUILD_THREADS];

    if (p % 50 == 0)
      build_put(&build, ring, &(struct bscope_record){.stamp = 1, .site = BSCOPE_RECORD_VOID});
    build_publish(&build, ring, p);
  }
  rings[1].next++;                                                                /* a write that was not published, */
  build_put(&build, &rings[1], &(struct bscope_record){.stamp = 900, .site = 1}); /* and nothing is read behind it */
  log = open_built(&build);
  check_log(&build, log, 0, 300, NULL);
  check_whole(log, BSCOPE_LOG_BROKEN_OFF);
  assert_int_equal(info_of(log).recovered, 300);
  assert_string_equal(bscope_log_thread_name(log, 1), "thread 1");
  bscope_log_free(log);
  build_free(&build);
}

/* Of a nested ring every published slot counts, save those that were taken out. */
/*
 * Under clock=tsc rings come behind the cells in the order of their times, less what had a cell already when its
 * drainer ended: in a main ring all from the slot that it says on, in a nested one that slot alone.
 */
static void a_ring_that_was_being_copied(void **state) {
  enum { CELLS = 300, COPIED = 4, MIDDLE = 310, ALL = 320, START = 1000 };
  struct build build = begin(BASE);
  struct bscope_event event;
  struct bscope_log *log;
  uint64_t index = START, next = CELLS - COPIED;

  (void)state;
  build_header(&build)->clock = BSCOPE_CLOCK_TSC;
  build_seal_header(&build);
  build_sites(&build, 11, BUILD_SITES, false);
  build_chunk(&build, 0, CELLS, NULL);
  for (unsigned nested = 0; nested < 2; nested++) {
    struct build_ring ring = build_ring(&build, 128, START, nested, nested != 0);
    uint64_t position = BASE + (nested ? 5 : next);

    memcpy(build_at(&build, ring.at + offsetof(struct bscope_ring, copy_index)), &index, sizeof(index));
    memcpy(build_at(&build, ring.at + offsetof(struct bscope_ring, copy_position)), &position, sizeof(position));
    while (next < (nested ? ALL : MIDDLE))
      build_publish(&build, &ring, next++);
  }
  log = open_built(&build);
  check_whole(log, BSCOPE_LOG_BROKEN_OFF);
  assert_int_equal(bscope_log_count(log), ALL - 1);
  for (size_t i = 0; i < ALL - 1; i++) {
    struct build_event wanted = build_event(build.seed, i < MIDDLE ? i : i + 1);

    assert_int_equal(bscope_log_at(log, i, &event), BSCOPE_OK);
    assert_int_equal(event.subject, wanted.subject);
    assert_int_equal(event.object, wanted.object);
  }
  bscope_log_free(log);
  build_free(&build);
}

static void a_nested_ring(void **state) {
  struct build build;
  struct bscope_log *log;
  struct build_ring ring;
  uint8_t marks[29] = {0};
  uint64_t taken = 0;

  (void)state;
  build_begin(&build, 77, 0);
  build_sites(&build, 1, BUILD_SITES, false);
  ring = build_ring(&build, 64, 60, 0, true);
  build_publish(&build, &ring, 0);
  taken |= 1u << (ring.next - 60); /* it is taken: another position is in its place */
  build_put(&build, &ring, &(struct bscope_record){.stamp = 3, .site = 1});
  ring.next++;                      /* a hole */
  build_publish(&build, &ring, 28); /* with payload */
  build_publish(&build, &ring, 1);
  memcpy(build_at(&build, ring.at + offsetof(struct bscope_ring, taken)), &taken, sizeof(taken));
  memset(marks + 2, BUILD_NOTHING, 26);
  log = open_built(&build);
  check_log(&build, log, 0, 29, marks);
  assert_string_equal(bscope_log_thread_name(log, 0), "ring 0"); /* no row tells of it */
  bscope_log_free(log);
  build_free(&build);
}

/* Blocks, cells and rings tell of the same positions: each is there once. Contradictions are the block's, then the
 * cell's. */
static void all_three_overlap(void **state) {
  struct build build = begin(BASE);
  struct bscope_log *log;
  struct build_ring rings[BUILD_THREADS];

  (void)state;
  build_sites(&build, 11, BUILD_SITES, false);
  build_segment(&build, 100000);
  build_block(&build, 0, 500, NULL);
  build.seed++; /* what it says of positions that a block has is not heard */
  build_chunk(&build, 300, 200, NULL);
  build.seed--;
  build_chunk(&build, 500, 200, NULL);
  for (uint32_t i = 0; i < BUILD_THREADS; i++)
    rings[i] = build_ring(&build, 512, 0, i, false);
  for (uint64_t p = 450; p < 800; p++) {
    build.seed += p < 700;
    build_publish(&build, &rings[p / 3 % BUILD_THREADS], p);
    build.seed -= p < 700;
  }
  log = open_built(&build);
  check_log(&build, log, 0, 800, NULL);
  check_whole(log, BSCOPE_LOG_BROKEN_OFF);
  assert_int_equal(info_of(log).recovered, 300);
  bscope_log_free(log);
  build_free(&build);
}

/* OPEN positions in blocks and cells: late events fill them, what is still in a ring too, or nothing. */
static void late_events_fill_open_positions(void **state) {
  struct build build = begin(9);
  struct bscope_log *log;
  struct build_ring ring;
  uint8_t marks[300] = {0};
  uint64_t late[] = {10, 28, 200, 20, 130, 5000};

  (void)state;
  build_sites(&build, 11, BUILD_SITES, false);
  marks[10] = marks[20] = marks[28] = marks[30] = marks[40] = marks[130] = BUILD_OPEN;
  marks[200] = marks[210] = marks[220] = BUILD_OPEN;
  build_segment(&build, 100000);
  build_block(&build, 0, 150, marks);
  build_chunk(&build, 150, 150, marks + 150);
  build_lates(&build, late, 5, 20);
  ring = build_ring(&build, 64, 0, 1, false);
  build_publish(&build, &ring, 40);
  build_publish(&build, &ring, 41); /* a block tells of it */
  build_publish(&build, &ring, 210);
  log = open_built(&build);
  marks[10] = marks[28] = marks[130] = marks[40] = marks[200] = marks[210] = BUILD_EVENT;
  marks[20] = BUILD_LOST;
  check_log(&build, log, 0, 300, marks);
  check_whole(log, BSCOPE_LOG_BROKEN_OFF);
  bscope_log_free(log);
  build_free(&build);
}

/* --- damage --- */

static void damaged_blocks_are_lost_and_said(void **state) {
  struct build build = begin(0);
  struct bscope_log *log;
  struct bscope_trace_info info;
  uint8_t marks[2000] = {0};
  size_t body, head;

  (void)state;
  build_sites(&build, 11, BUILD_SITES, false);
  build_segment(&build, 60000);
  build_block(&build, 0, 400, NULL);
  body = build_block(&build, 400, 400, NULL);
  build_block(&build, 800, 400, NULL);
  head = build_block(&build, 1200, 400, NULL);
  build_block(&build, 1600, 400, NULL);
  build_done(&build, 2000);
  build.bytes[body + 700] ^= 1;
  build.bytes[head + 40] ^= 1;
  memset(marks + 400, BUILD_LOST, 400);
  memset(marks + 1200, BUILD_LOST, 400);
  log = open_built(&build);
  check_log(&build, log, 0, 2000, marks);
  info = info_of(log);
  assert_true(info.damaged >= 2);
  assert_int_equal(info.damaged_events, 800);
  assert_int_equal(info.damage_offset, body);
  assert_string_equal(info.damage, "a block of events");
  bscope_log_free(log);
  build_free(&build);
}

/* A site that is not in the file: its events are of kind NONE, and it is said. Others of that file are not harmed, and
 * the sites of this process are not looked at. */
static void a_missing_site_is_said(void **state) {
  struct build build;
  struct bscope_log *log;
  struct bscope_event event;
  size_t none = 0;

  (void)state;
  build_begin(&build, 77, 0);
  build_sites(&build, 1, 10, false);
  build_sites(&build, 12, BUILD_SITES, false);
  build_segment(&build, 60000);
  build_block(&build, 0, 400, NULL);
  build_done(&build, 400);
  log = open_built(&build);
  assert_int_equal(info_of(log).missing_sites, 1);
  for (size_t i = 0; i < 400; i++) {
    assert_int_equal(bscope_log_at(log, i, &event), BSCOPE_OK);
    if (event.site == 11)
      assert_int_equal(event.kind, BSCOPE_KIND_NONE);
    else
      assert_true(build_is(77, &event));
    none += event.site == 11;
  }
  assert_true(none > 0);
  bscope_log_free(log);
  build_free(&build);
}

static void refused(const char *name, int status, const char *part) {
  assert_null(bscope_log_open(name));
  if (!strstr(bscope_last_error(), part))
    print_message("%s\n", bscope_last_error());
  assert_non_null(strstr(bscope_last_error(), part));
  (void)status;
}

static void what_is_no_trace_is_refused(void **state) {
  struct build build = begin(0);
  struct bscope_trace_header *h = build_header(&build);
  char wanted[160];

  (void)state;
  assert_null(bscope_log_open(NULL));
  assert_null(bscope_log_open(""));
  refused("/nonexistent/trace", BSCOPE_ERR_IO, "/nonexistent/trace: can't be opened: No such file");
  refused(folder, BSCOPE_ERR_FORMAT, "no regular file");
  unlink(path);
  assert_int_equal(mkfifo(path, 0600), 0);
  refused(path, BSCOPE_ERR_FORMAT, "no regular file");
  unlink(path);
  build_write("", 0, path);
  refused(path, BSCOPE_ERR_FORMAT, "the file is empty");
  build_write("hello", 5, path);
  refused(path, BSCOPE_ERR_FORMAT, "offset 0: this is no trace file");
  build_write(build.bytes, 700, path);
  refused(path, BSCOPE_ERR_FORMAT, "offset 700: the file ends within its header");
  h->major = 2;
  build_seal_header(&build);
  build_write(build.bytes, build.size, path);
  snprintf(wanted, sizeof(wanted), "%s: offset 8: the file has another major version", path);
  refused(path, BSCOPE_ERR_FORMAT, wanted);
  h->major = 1;
  build_write(build.bytes, build.size, path);
  refused(path, BSCOPE_ERR_FORMAT, "the header's checksum is wrong");
  h->cell_bytes = 40;
  build_seal_header(&build);
  build_write(build.bytes, build.size, path);
  refused(path, BSCOPE_ERR_FORMAT, "a size in the header");
  unlink(path);
  build_free(&build);
}

/* A higher minor version adds fields and kinds of extents that are passed over. */
static void a_newer_minor_version_is_read(void **state) {
  struct build build = begin(0);
  struct bscope_trace_header *h;
  struct bscope_log *log;

  (void)state;
  build_sites(&build, 11, BUILD_SITES, false);
  build_extent(&build, 99, 64, 10000);
  build_segment(&build, 20000);
  build_block(&build, 0, 400, NULL);
  build_done(&build, 400);
  h = build_header(&build);
  memmove(&h->state + 8, &h->state, sizeof(*h) - h->constant); /* the constant part has grown by 32 bytes */
  memset(&h->state, 0xee, 32);
  h->minor = 7;
  h->constant += 32;
  h->header += 32;
  h->check = build_check(h, h->constant, SIZE_MAX, offsetof(struct bscope_trace_header, check));
  log = open_built(&build);
  check_log(&build, log, 0, 400, NULL);
  check_whole(log, BSCOPE_LOG_CLEAN);
  bscope_log_free(log);
  build_free(&build);
}

/* --- a file of about 64 KiB with something of everything --- */

#define SMALL_END 1450u

static uint8_t small_marks[SMALL_END];

static struct build build_small(bool clean) {
  struct build build = begin(BASE);
  uint64_t late[] = {100, 101, 1150};
  struct build_ring rings[BUILD_THREADS];

  memset(small_marks, BUILD_EVENT, sizeof(small_marks));
  build_sites(&build, 11, BUILD_SITES, false);
  small_marks[100] = small_marks[101] = small_marks[102] = clean ? BUILD_EVENT : BUILD_OPEN;
  small_marks[500] = BUILD_LOST;
  build_segment(&build, clean ? 22000 : 16000);
  build_block(&build, 0, 300, small_marks);
  build_block(&build, 300, 250, small_marks + 300);
  build_segment(&build, clean ? 22000 : 16000);
  build_block(&build, 550, 300, small_marks + 550);
  build_block(&build, 850, clean ? 600 : 250, small_marks + 850);
  if (clean) {
    build_done(&build, SMALL_END);
    return build;
  }
  small_marks[1150] = small_marks[1160] = BUILD_OPEN;
  small_marks[1200] = BUILD_NOTHING;
  build_chunk(&build, 1100, 200, small_marks + 1100);
  build_lates(&build, late, 3, 101);
  for (uint32_t i = 0; i < BUILD_THREADS; i++)
    rings[i] = build_ring(&build, 128, 500, i, false);
  for (uint64_t p = 1300; p < SMALL_END; p++)
    build_publish(&build, &rings[p / 3 % BUILD_THREADS], p);
  small_marks[100] = small_marks[1150] = BUILD_EVENT;
  small_marks[101] = BUILD_LOST;
  return build;
}

/* Each position that the log has says what it is, or that it is LOST or OPEN, or of a site that is missing; what is
 * missing is told, unless the file could not know. `trusted`: whether all of that must hold. */
static void judge(const struct build *build, const struct bscope_log *log, bool trusted) {
  struct bscope_trace_info info = info_of(log);
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  struct bscope_stats stats;
  struct bscope_event event;
  size_t count = 0, wrong = 0;

  while (count < 100000 && bscope_cursor_next(cursor, &event)) {
    bool marked = event.kind == BSCOPE_KIND_LOST || event.kind == BSCOPE_KIND_OPEN ||
                  (event.kind == BSCOPE_KIND_NONE && info.missing_sites > 0);

    if (!marked && trusted && (event.stamp >= SMALL_END || !build_is(build->seed, &event)))
      wrong++;
    if (trusted && event.kind == BSCOPE_KIND_LOST && event.stamp < SMALL_END && small_marks[event.stamp] < BUILD_LOST)
      check(info.damaged > 0 || info.unpublished > 0 || info.missing_events > 0);
    count++;
  }
  bscope_cursor_free(cursor);
  check_equal(wrong, 0);
  if (count < 100000)
    check_equal(count, bscope_log_count(log));
  check_equal(bscope_log_stats(log, &stats), BSCOPE_OK);
  check_equal(stats.attempted, stats.logged + stats.dropped + stats.lost + stats.evicted + stats.pending);
}

static void small_files_are_right(void **state) {
  (void)state;
  for (int clean = 0; clean < 2; clean++) {
    struct build build = build_small(clean);
    struct bscope_log *log = open_built(&build);

    print_message("%zu bytes\n", build.size);
    check_log(&build, log, 0, SMALL_END, small_marks);
    check_whole(log, clean ? BSCOPE_LOG_CLEAN : BSCOPE_LOG_BROKEN_OFF);
    bscope_log_free(log);
    build_free(&build);
  }
}

/* An error, or what lies before the cut. */
static void cut_at_every_byte(void **state) {
  size_t step = getenv("BSCOPE_TEST_FULL") ? 1 : 61;

  (void)state;
  for (int clean = 0; clean < 2; clean++) {
    struct build build = build_small(clean);
    size_t opened = 0, refused_ones = 0;

    build_write(build.bytes, build.size, path);
    for (size_t size = build.size; size-- > 0;) {
      struct bscope_log *log;

      if (size % step && size > 4200)
        continue;
      assert_int_equal(truncate(path, (off_t)size), 0);
      log = bscope_log_open(path);
      if (!log) {
        check(size < sizeof(struct bscope_trace_header) && bscope_last_error()[0]);
        refused_ones++;
        continue;
      }
      opened++;
      judge(&build, log, true);
      if (clean && bscope_log_count(log) < SMALL_END)
        check(info_of(log).missing_events > 0);
      bscope_log_free(log);
    }
    print_message("%zu opened, %zu refused\n", opened, refused_ones);
    build_free(&build);
  }
}

/* Bits that a checksum covers cost what they are part of, and it is said; the others may change what they say, and
 * nothing breaks. */
static void every_bit_may_be_another(void **state) {
  struct test_random random = {test_seed()};
  size_t step = getenv("BSCOPE_TEST_FULL") ? 1 : 499;

  (void)state;
  for (int clean = 0; clean < 2; clean++) {
    struct build build = build_small(clean);
    int fd;
    size_t opened = 0, tried = 0;

    build_write(build.bytes, build.size, path);
    fd = open(path, O_RDWR);
    for (size_t bit = test_below(&random, step); bit < 8 * build.size; bit += step) {
      uint8_t byte = build.bytes[bit / 8] ^ (uint8_t)(1u << bit % 8);
      struct bscope_log *log;

      tried++;
      assert_int_equal(pwrite(fd, &byte, 1, (off_t)(bit / 8)), 1);
      log = bscope_log_open(path);
      if (log) {
        judge(&build, log, !build_is_open(&build, bit / 8));
        opened++;
      } else {
        check(bit / 8 < sizeof(struct bscope_trace_header) && bscope_last_error()[0]);
      }
      bscope_log_free(log);
      assert_int_equal(pwrite(fd, &build.bytes[bit / 8], 1, (off_t)(bit / 8)), 1);
    }
    close(fd);
    print_message("%zu of %zu opened\n", opened, tried);
    build_free(&build);
  }
}

/* --- the rest of the library --- */

static void all_of_the_library_reads_it(void **state) {
  struct build build = build_small(true);
  struct bscope_log *log;
  struct bscope_graph *graph;
  char *json;
  struct bscope_site site = TEST_SITE(BSCOPE_KIND_NEW, "of this process");

  (void)state;
  test_emit(&site, 1, 2); /* this process's site 1 is another one */
  log = open_built(&build);
  graph = bscope_graph_build(log);
  assert_non_null(graph);
  assert_true(bscope_graph_node_count(graph) > 100);
  (void)bscope_log_validate(log);
  json = bscope_log_export_json_to_string(log, NULL);
  assert_non_null(json);
  assert_non_null(strstr(json, "variable_4"));
  assert_null(strstr(json, "of this process"));
  bscope_string_free(json);
  bscope_graph_free(graph);
  bscope_log_free(log);
  build_free(&build);
  log = bscope_get_events();
  assert_non_null(log);
  assert_int_equal(info_of(log).state, BSCOPE_LOG_MEMORY);
  assert_int_equal(info_of(log).pid, getpid());
  bscope_log_free(log);
}

/* Many threads, one handle, and payloads that stay. */
static void *read_all(void *argument) {
  const struct bscope_log *log = argument;
  struct test_random random = {(uintptr_t)&random};
  struct bscope_event event;

  for (int turn = 0; turn < 3; turn++) {
    struct bscope_cursor *cursor = bscope_cursor_create(log, 0);

    while (bscope_cursor_next(cursor, &event))
      check(build_is(77, &event));
    bscope_cursor_free(cursor);
    for (int i = 0; i < 1000; i++) {
      size_t at = test_below(&random, bscope_log_count(log));

      check_equal(bscope_log_at(log, at, &event), BSCOPE_OK);
      check(build_is(77, &event));
    }
  }
  return NULL;
}

static void many_threads_read_one_handle(void **state) {
  struct build build = begin(0);
  struct bscope_log *log;
  struct bscope_event long_event, other;
  pthread_t threads[4];

  (void)state;
  build_sites(&build, 11, BUILD_SITES, false);
  for (uint64_t i = 0; i < 40; i++) {
    build_segment(&build, 8000);
    build_block(&build, 200 * i, 200, NULL);
  }
  log = open_built(&build);
  assert_int_equal(bscope_log_at(log, 5, &long_event), BSCOPE_OK);
  assert_int_equal(bscope_log_at(log, 28, &long_event), BSCOPE_OK);
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, read_all, log), 0);
  for (size_t i = 0; i < 4; i++)
    pthread_join(threads[i], NULL);
  for (size_t i = 0; i < bscope_log_count(log); i++)
    assert_int_equal(bscope_log_at(log, i, &other), BSCOPE_OK);
  assert_true(build_is(77, &long_event)); /* its payload is the log's */
  bscope_log_free(log);
  build_free(&build);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_clean_file_is_read),
      cmocka_unit_test(segments_in_any_order),
      cmocka_unit_test(an_earlier_life_is_left_alone),
      cmocka_unit_test(two_generations),
      cmocka_unit_test(cells_alone),
      cmocka_unit_test(rings_alone),
      cmocka_unit_test(a_nested_ring),
      cmocka_unit_test(a_ring_that_was_being_copied),
      cmocka_unit_test(all_three_overlap),
      cmocka_unit_test(late_events_fill_open_positions),
      cmocka_unit_test(damaged_blocks_are_lost_and_said),
      cmocka_unit_test(a_missing_site_is_said),
      cmocka_unit_test(what_is_no_trace_is_refused),
      cmocka_unit_test(a_newer_minor_version_is_read),
      cmocka_unit_test(small_files_are_right),
      cmocka_unit_test(cut_at_every_byte),
      cmocka_unit_test(every_bit_may_be_another),
      cmocka_unit_test(all_of_the_library_reads_it),
      cmocka_unit_test(many_threads_read_one_handle),
  };

  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
