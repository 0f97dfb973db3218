/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packed trace files (P5: what was published is read back; P7: no input harms): what is packed reads as before, is
 * what the format says, and costs its own positions alone where it is damaged; what can't be packed stays as it was.
 */
#include "trace_build.h"

#include "base/atomic.h"
#include "base/zstd.h"
#include "engine.h"
#include "log/trace_state.h"

#include <borrowscope/borrowscope.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#define SEED 77
#define BLOCKS 40u /* of 4096 events: more than a group, but fewer than the reader keeps */

static char folder[64], path[96], packed_path[96];

static int make_folder(void **state) {
  (void)state;
  snprintf(folder, sizeof(folder), "/tmp/test_trace_pack.XXXXXX");
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof(path), "%s/trace", folder);
  snprintf(packed_path, sizeof(packed_path), "%s/packed", folder);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  unlink(path);
  unlink(packed_path);
  return rmdir(folder); /* nothing else may be left in it */
}

/* A file's bytes. Owned. */
static uint8_t *bytes_of(const char *name, size_t *size) {
  FILE *file = fopen(name, "rb");
  assert_non_null(file);
  assert_int_equal(fseek(file, 0, SEEK_END), 0);
  *size = (size_t)ftell(file);
  rewind(file);
  uint8_t *bytes = malloc(*size + 1);
  assert_int_equal(fread(bytes, 1, *size, file), *size);
  fclose(file);
  return bytes;
}

static __attribute__((noinline)) void begin(struct build *build) {
  build_begin(build, SEED, 5);
  build_sites(build, 1, BUILD_SITES, false);
  build_threads(build);
}

/* [0, end), in segments of two blocks each; with `rest` behind them in a ring and in a chunk, unsealed. The rings of a
 * complete file hold nothing. */
static struct build build_file(uint32_t blocks, uint32_t events, uint64_t rest) {
  struct build build;
  uint64_t end = (uint64_t)blocks * events;
  begin(&build);
  struct build_ring rings[BUILD_THREADS];
  for (uint32_t i = 0; i < BUILD_THREADS; i++)
    rings[i] = build_ring(&build, 4096, 900, i, false);
  for (uint32_t i = 0; i < blocks; i++) {
    if (i % 2 == 0)
      build_segment(&build, 60 * (size_t)events);
    build_block(&build, (uint64_t)i * events, events, NULL);
  }
  if (rest == 0) {
    build_done(&build, end);
    return build;
  }
  build_chunk(&build, end, (uint32_t)rest, NULL);
  for (uint64_t p = end + rest; p < end + 2 * rest; p++)
    build_publish(&build, &rings[p / 3 % BUILD_THREADS], p);
  return build;
}

static struct bscope_log *open_log(const char *name) {
  struct bscope_log *log = bscope_log_open(name);
  if (!log)
    print_message("%s\n", bscope_last_error());
  assert_non_null(log);
  return log;
}

static struct bscope_trace_info info_of(const struct bscope_log *log) {
  struct bscope_trace_info info = {.size = sizeof(info)};
  assert_int_equal(bscope_log_trace_info(log, &info), BSCOPE_OK);
  return info;
}

static void write_and_pack(const struct build *build) {
  build_write(build->bytes, build->size, path);
  if (bscope_log_pack(path, packed_path) != BSCOPE_OK)
    fail_msg("%s", bscope_last_error());
}

/* Both logs tell the same: each event, its time, and all counts but those of rings and bytes. */
static void check_equal_logs(const struct bscope_log *a, const struct bscope_log *b, uint64_t count) {
  struct bscope_cursor *left = bscope_cursor_create(a, 0), *right = bscope_cursor_create(b, 0);
  struct bscope_event one, other;
  struct bscope_stats stats, others;
  for (uint64_t i = 0; i < count; i++) {
    check(bscope_cursor_next(left, &one) && bscope_cursor_next(right, &other));
    check(build_is(SEED, &other));
    check_equal(one.stamp, other.stamp);
    check_equal(one.time_ns, other.time_ns);
  }
  check(!bscope_cursor_next(left, &one) && !bscope_cursor_next(right, &other));
  bscope_cursor_free(left);
  bscope_cursor_free(right);
  check_equal(bscope_log_stats(a, &stats) | bscope_log_stats(b, &others), BSCOPE_OK);
  stats.rings = others.rings = stats.bytes = others.bytes = 0;
  check(memcmp(&stats, &others, sizeof(stats)) == 0);
  check_equal(bscope_log_thread_count(a), bscope_log_thread_count(b));
}

static void round_trip(uint32_t blocks, uint32_t events, uint64_t rest) {
  struct build build = build_file(blocks, events, rest);
  write_and_pack(&build);
  struct bscope_log *log = open_log(path), *packed = open_log(packed_path);
  struct bscope_trace_info info = info_of(log), other = info_of(packed);
  print_message("%zu bytes, packed %llu\n", build.size, (unsigned long long)other.bytes);
  check_equal_logs(log, packed, (uint64_t)blocks * events + 2 * rest);
  assert_int_equal(other.state, rest ? BSCOPE_LOG_BROKEN_OFF : BSCOPE_LOG_CLEAN);
  assert_int_equal(other.recovered, 2 * rest);
  assert_true(other.bytes < info.bytes / 2);
  info.bytes = other.bytes;
  assert_memory_equal(&info, &other, sizeof(info)); /* also: no damage */
  bscope_log_free(log);
  bscope_log_free(packed);
  build_free(&build);
}

static void what_is_packed_reads_as_before(void **state) {
  (void)state;
  round_trip(BLOCKS, 4096, 0);
  round_trip(1, 1, 0);
  round_trip(BLOCKS, 4096, 500);
}

/* The format, read by another reader than the library's: of a file that was broken off, each byte comes back. */
static void groups_are_the_file(void **state) {
  (void)state;
  struct build build = build_file(BLOCKS, 4096, 500);
  const struct bscope_zstd *zstd = bscope_zstd_get();
  assert_non_null(zstd);
  write_and_pack(&build);
  size_t size, groups = 0;
  uint8_t *bytes = bytes_of(packed_path, &size), *out = malloc(BSCOPE_PACKED_BYTES);
  assert_memory_equal(bytes, build.bytes, BSCOPE_GRANULE);
  for (size_t at = BSCOPE_GRANULE; at < size; groups++) {
    struct bscope_packed_head head;
    memcpy(&head, bytes + at, sizeof(head));
    assert_int_equal(head.extent.kind, BSCOPE_EXTENT_PACKED);
    assert_int_equal(head.extent.offset, at);
    assert_int_equal(head.place, BSCOPE_GRANULE + groups * BSCOPE_PACKED_BYTES);
    assert_int_equal(head.size, build.size);
    assert_int_equal(head.check, bscope_crc32c(0, bytes + at + 68, head.extent.head - 68 + head.packed));
    assert_int_equal(zstd->decompress(out, BSCOPE_PACKED_BYTES, bytes + at + head.extent.head, head.packed),
                     head.bytes);
    assert_memory_equal(out, build.bytes + head.place, head.bytes);
    at += head.extent.bytes;
  }
  assert_int_equal(groups, (build.size - BSCOPE_GRANULE + BSCOPE_PACKED_BYTES - 1) / BSCOPE_PACKED_BYTES);
  assert_true(groups > 2);
  free(out);
  free(bytes);
  build_free(&build);
}

/* What the log of a damaged file says is so, or it says what is missing. */
static void judge(const struct bscope_log *log, uint64_t end) {
  struct bscope_trace_info info = info_of(log);
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  struct bscope_event event;
  uint64_t lost = 0, count = 0;
  while (bscope_cursor_next(cursor, &event)) {
    bool is_lost = event.kind == BSCOPE_KIND_LOST;
    check(is_lost || (event.kind == BSCOPE_KIND_NONE && info.missing_sites > 0) || build_is(SEED, &event));
    lost += is_lost;
    count++;
  }
  bscope_cursor_free(cursor);
  check(count <= end);
  check_equal(lost, info.damaged_events);
  if (lost > 0 || count < end)
    check(info.damaged > 0 && info.damage[0]);
  if (count < end)
    check(info.missing_events > 0);
}

/* A window whose long events lie in another group each, so that none stays unpacked until the next one of it. */
static struct build build_scattered(uint32_t groups) {
  struct build build;
  begin(&build);
  size_t at = build_chunk(&build, 0, BSCOPE_CHUNK_CELLS, NULL) + offsetof(struct bscope_chunk, cells);
  size_t side = build_room(&build, (size_t)groups * BSCOPE_PACKED_BYTES);
  struct bscope_cell *cells = build_at(&build, at);
  for (uint32_t i = 0; i < BSCOPE_CHUNK_CELLS; i++) {
    const struct bscope_long more = {.object = i, .size = 8};
    cells[i].site |= BSCOPE_SITE_LONG;
    cells[i].object = side + (size_t)(i % groups) * BSCOPE_PACKED_BYTES + (size_t)(i / groups) * 32;
    memcpy(build_at(&build, cells[i].object), &more, sizeof(more));
  }
  return build;
}

static void no_file_keeps_a_reader_busy(void **state) {
  (void)state;
  struct build build = build_scattered(3 * BSCOPE_TRACE_UNPACKED);
  write_and_pack(&build);
  struct bscope_log *log = open_log(packed_path);
  uint64_t most = 64 * build.size + (256u << 20) + BSCOPE_PACKED_BYTES;
  struct bscope_trace_info info = info_of(log);
  print_message("%llu MiB unpacked of %zu\n", (unsigned long long)((struct bscope_trace *)log)->packed.unpacked >> 20,
                build.size >> 20);
  assert_true(((struct bscope_trace *)log)->packed.unpacked <= most);
  assert_true(info.damaged > 0 && info.recovered > 500);
  bscope_log_free(log);
  build_free(&build);
}

static void every_bit_may_be_another(void **state) {
  (void)state;
  struct test_random random = {test_seed()};
  struct build build = build_file(3, 700, 0);
  size_t size, opened = 0, tried = 0, said = 0, step = getenv("BSCOPE_TEST_FULL") ? 1 : 97;
  write_and_pack(&build);
  uint8_t *bytes = bytes_of(packed_path, &size);
  int fd = open(packed_path, O_RDWR);
  for (size_t bit = 8 * BSCOPE_GRANULE + test_below(&random, step); bit < 8 * size; bit += step, tried++) {
    uint8_t byte = bytes[bit / 8] ^ (uint8_t)(1u << bit % 8);
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)(bit / 8)), 1);
    struct bscope_log *log = bscope_log_open(packed_path);
    check(log);
    judge(log, 2100);
    opened++;
    said += info_of(log).damaged > 0;
    bscope_log_free(log);
    assert_int_equal(pwrite(fd, &bytes[bit / 8], 1, (off_t)(bit / 8)), 1);
  }
  print_message("%zu of %zu opened, of %zu damage is said\n", opened, tried, said);
  assert_true(said > tried / 2);
  close(fd);
  free(bytes);
  build_free(&build);
}

static void cut_at_every_byte(void **state) {
  (void)state;
  struct build build = build_file(3, 700, 0);
  size_t step = getenv("BSCOPE_TEST_FULL") ? 1 : 61;
  struct stat status;
  write_and_pack(&build);
  assert_int_equal(stat(packed_path, &status), 0);
  for (size_t size = (size_t)status.st_size; size-- > sizeof(struct bscope_trace_header); size -= size % step) {
    assert_int_equal(truncate(packed_path, (off_t)size), 0);
    struct bscope_log *log = bscope_log_open(packed_path);
    check(log);
    if (bscope_log_count(log) > 0)
      judge(log, 2100);
    else
      check(info_of(log).missing_events > 0);
    bscope_log_free(log);
    if (size < step)
      break;
  }
  build_free(&build);
}

/* One of several groups is damaged: the others' events are there. */
static void a_damaged_group_costs_its_own(void **state) {
  (void)state;
  struct build build = build_file(BLOCKS, 4096, 0);
  write_and_pack(&build);
  size_t size;
  uint8_t *bytes = bytes_of(packed_path, &size);
  struct bscope_packed_head first;
  memcpy(&first, bytes + BSCOPE_GRANULE, sizeof(first));
  bytes[BSCOPE_GRANULE + first.extent.bytes + 500] ^= 4;
  build_write(bytes, size, packed_path);
  struct bscope_log *log = open_log(packed_path);
  struct bscope_trace_info info = info_of(log);
  judge(log, BLOCKS * 4096);
  print_message("%llu events are lost, offset %llu: %s\n", (unsigned long long)info.damaged_events,
                (unsigned long long)info.damage_offset, info.damage);
  assert_true(info.damaged_events > 4096 && info.damaged_events < BLOCKS * 4096 / 2);
  assert_int_equal(info.damage_offset, BSCOPE_GRANULE + first.extent.bytes);
  bscope_log_free(log);
  free(bytes);
  build_free(&build);
}

/* A head that lies, with right checks: nothing is believed that the frame, or the place in the file, contradicts. */
static void forged_heads(void **state) {
  (void)state;
  struct build build = build_file(3, 700, 0);
  write_and_pack(&build);
  size_t size;
  uint8_t *bytes = bytes_of(packed_path, &size);
  struct bscope_packed_head *head = (struct bscope_packed_head *)(void *)(bytes + BSCOPE_GRANULE), right = *head;
  uint8_t *frame = bytes + BSCOPE_GRANULE + right.extent.head;
  for (unsigned i = 0; i < 8; i++) {
    uint8_t byte = frame[right.packed / 2];
    *head = right;
    if (i == 1)
      head->bytes -= 8, head->size -= 8;
    if (i == 2)
      head->size = head->place + BSCOPE_PACKED_BYTES, head->bytes = BSCOPE_PACKED_BYTES;
    if (i == 3)
      head->place += (uint64_t)BSCOPE_PACKED_BYTES << 30, head->size += (uint64_t)BSCOPE_PACKED_BYTES << 30;
    if (i == 4)
      head->packed = UINT32_MAX;
    if (i == 5)
      head->bytes = head->packed = 0;
    if (i == 6)
      frame[right.packed / 2] ^= 0x55;
    if (i == 7)
      head->place = UINT64_MAX - 4095;
    if (i != 4)
      head->check = bscope_crc32c(0, &head->packed, head->extent.head - 68 + head->packed);
    build_write(bytes, size, packed_path);
    struct bscope_log *log = open_log(packed_path);
    assert_int_equal(bscope_log_count(log), i == 0 ? 2100 : bscope_log_count(log));
    judge(log, 2100);
    if (i > 0)
      assert_true(info_of(log).damaged > 0);
    bscope_log_free(log);
    frame[right.packed / 2] = byte;
  }
  free(bytes);
  build_free(&build);
}

static void refused(const char *part) {
  size_t size, still;
  uint8_t *before = bytes_of(path, &size);
  assert_int_not_equal(bscope_log_pack(path, NULL), BSCOPE_OK);
  if (!strstr(bscope_last_error(), part))
    fail_msg("\"%s\" lacks \"%s\"", bscope_last_error(), part);
  uint8_t *after = bytes_of(path, &still);
  assert_int_equal(size, still);
  assert_memory_equal(before, after, size);
  free(before);
  free(after);
}

static void what_can_not_be_packed_stays(void **state) {
  (void)state;
  struct build build = build_file(3, 700, 0);
  write_and_pack(&build);
  bscope_zstd_test_name("libnone.so.1");
  refused("packed blocks need libzstd.so.1; install libzstd1");
  assert_null(bscope_log_open(packed_path));
  assert_non_null(strstr(bscope_last_error(), "packed blocks need libzstd.so.1; install libzstd1"));
  bscope_zstd_test_name("libzstd.so.1");
  assert_int_equal(bscope_log_pack(path, "/nonexistent/file"), BSCOPE_ERR_EXPORT);
  assert_int_equal(bscope_log_pack("/nonexistent/file", NULL), BSCOPE_ERR_IO);
  build.bytes[build.extent - 100] ^= 1;
  build_write(build.bytes, build.size, path);
  refused("it is damaged");
  build.bytes[build.extent - 100] ^= 1;
  build_write(build.bytes, build.size, path);
  assert_int_equal(bscope_log_pack(path, NULL), BSCOPE_OK);
  refused("it is packed already");
  build_free(&build);
}

static void *read_all(void *argument) {
  const struct bscope_log *log = argument;
  struct test_random random = {(uintptr_t)&random};
  struct bscope_event event;
  for (int i = 0; i < 300; i++) {
    check_equal(bscope_log_at(log, test_below(&random, bscope_log_count(log)), &event), BSCOPE_OK);
    check(build_is(SEED, &event));
  }
  return NULL;
}

static void many_threads_read_one_handle(void **state) {
  (void)state;
  struct build build = build_file(2 * BLOCKS, 4096, 0);
  pthread_t threads[4];
  write_and_pack(&build);
  struct bscope_log *log = open_log(packed_path);
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, read_all, log), 0);
  for (size_t i = 0; i < 4; i++)
    pthread_join(threads[i], NULL);
  bscope_log_free(log);
  build_free(&build);
}

/* --- pack=1 --- */

static struct bscope_site site = TEST_SITE(BSCOPE_KIND_NEW, "packed");

/* Records into `path` and stops: the status. */
static int record(uint64_t count) {
  struct bscope_options options = {.size = sizeof(options), .file = path, .overwrite = BSCOPE_ON, .pack = BSCOPE_ON};
  bscope_stop();
  assert_int_equal(bscope_start(&options), BSCOPE_OK);
  for (uint64_t i = 0; i < count; i++)
    test_emit(&site, i, 2 * i);
  struct bscope_stats stats = test_stats();
  assert_int_equal(stats.logged, count);
  return bscope_stop();
}

static bool starts_packed(size_t *size) {
  uint8_t *bytes = bytes_of(path, size);
  struct bscope_extent extent;
  memcpy(&extent, bytes + BSCOPE_GRANULE, sizeof(extent));
  free(bytes);
  return extent.magic == BSCOPE_EXTENT_MAGIC && extent.kind == BSCOPE_EXTENT_PACKED;
}

static void check_recorded(uint64_t count) {
  struct bscope_log *log = open_log(path);
  struct bscope_event event;
  assert_int_equal(bscope_log_count(log), count);
  for (uint64_t i = 0; i < count; i++) {
    check_equal(bscope_log_at(log, i, &event), BSCOPE_OK);
    check_equal(event.object, 2 * i);
  }
  assert_int_equal(info_of(log).state, BSCOPE_LOG_CLEAN);
  bscope_log_free(log);
}

static void a_session_packs_its_file(void **state) {
  (void)state;
  if (getenv("BSCOPE_TEST_VALGRIND")) /* which loses count of the names of mapped files */
    skip();
  const uint64_t count = 20000;
  size_t size;
  struct stat status;
  assert_int_equal(record(count), BSCOPE_OK);
  assert_true(starts_packed(&size));
  print_message("%.2f bytes an event\n", (double)size / (double)count);
  assert_true(size <= 6 * count);
  check_recorded(count);
  assert_int_equal(stat(path, &status), 0);
  assert_int_equal(status.st_mode & 0777, 0400);
  struct bscope_log *log = test_log(); /* the session's own log stays readable */
  assert_int_equal(bscope_log_count(log), count);
  bscope_log_free(log);
  assert_int_equal(bscope_stop(), BSCOPE_OK);
}

static void a_session_that_can_not_pack_keeps_its_file(void **state) {
  (void)state;
  size_t size;
  unlink(path);
  strcpy(path, packed_path); /* a second file of one name would be numbered */
  bscope_zstd_test_name("libnone.so.1");
  assert_int_equal(record(1000), BSCOPE_ERR_IO);
  assert_non_null(strstr(bscope_last_error(), "install libzstd1"));
  assert_false(starts_packed(&size));
  check_recorded(1000);
  bscope_zstd_test_name("libzstd.so.1");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_packed_reads_as_before),
      cmocka_unit_test(groups_are_the_file),
      cmocka_unit_test(no_file_keeps_a_reader_busy),
      cmocka_unit_test(every_bit_may_be_another),
      cmocka_unit_test(cut_at_every_byte),
      cmocka_unit_test(a_damaged_group_costs_its_own),
      cmocka_unit_test(forged_heads),
      cmocka_unit_test(what_can_not_be_packed_stays),
      cmocka_unit_test(many_threads_read_one_handle),
      cmocka_unit_test(a_session_packs_its_file),
      cmocka_unit_test(a_session_that_can_not_pack_keeps_its_file),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
