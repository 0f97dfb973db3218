/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a trace file: it is opened, walked, asked at random and exported; whatever the reader takes of it must
 * be safe, quick and small. The checksums are mended before that, or almost no input would come any further than them.
 *
 * With libFuzzer (-Dfuzz=true): fuzz_trace CORPUS. Without it a main function runs each file that it is given; with
 * --seeds DIRECTORY it writes a few traces to begin with.
 */
#include "../trace_build.h"

#include "harness_fuzz.h"

#include <borrowscope/borrowscope.h>
#include <sys/mman.h>

#define EVENTS_MOST 20000u
#define INPUT_MOST (256u << 10)

static void mend_blocks(uint8_t *bytes, uint64_t at, uint64_t end) {
  struct bscope_block_header h;

  for (; end - at >= sizeof(h); at += h.length) {
    memcpy(&h, bytes + at, sizeof(h));
    if (h.magic != BSCOPE_BLOCK_MAGIC || h.length < sizeof(h) || h.length % 8 || h.length > end - at ||
        h.samples_offset < sizeof(h) || h.samples_offset > h.length ||
        h.samples_offset + (uint64_t)h.sample_size * h.sample_count > h.length)
      return;
    h.body_check = bscope_crc32c(0, bytes + at + sizeof(h), h.samples_offset - sizeof(h));
    h.state = h.head_check = 0;
    h.head_check = bscope_crc32c(bscope_crc32c(0, &h, sizeof(h)), bytes + at + h.samples_offset,
                                 (uint64_t)h.sample_size * h.sample_count);
    h.state = BSCOPE_BLOCK_SEALED;
    memcpy(bytes + at, &h, sizeof(h));
  }
}

static void mend_sites(uint8_t *bytes, uint64_t at, uint64_t end) {
  struct bscope_site_entry entry;

  for (; end - at >= sizeof(entry); at += 8) {
    memcpy(&entry, bytes + at, sizeof(entry));
    if (entry.magic != BSCOPE_SITE_ENTRY_MAGIC || entry.length < sizeof(entry) || entry.length > end - at)
      continue;
    entry.check = build_check(bytes + at, entry.length, 0, 4);
    memcpy(bytes + at, &entry, sizeof(entry));
    at += (entry.length - 8) & ~7u;
  }
}

/* Header, epochs, extents and what lies in them. */
static void mend(uint8_t *bytes, size_t size) {
  struct bscope_trace_header *h = (struct bscope_trace_header *)(void *)bytes;

  if (size < sizeof(*h))
    return;
  memcpy(h->magic, BSCOPE_TRACE_MAGIC, sizeof(h->magic));
  h->major = BSCOPE_TRACE_MAJOR;
  if (h->constant >= offsetof(struct bscope_trace_header, state) && h->constant <= size && h->constant <= 4096)
    h->check = build_check(h, h->constant, SIZE_MAX, offsetof(struct bscope_trace_header, check));
  for (size_t i = 0; i < 2; i++)
    h->epochs[i].check = bscope_crc32c(0, &h->epochs[i], 16);
  for (size_t at = BSCOPE_GRANULE; size - at < size && size - at >= sizeof(struct bscope_extent);
       at += BSCOPE_GRANULE) {
    struct bscope_extent extent;
    uint64_t end;

    memcpy(&extent, bytes + at, sizeof(extent));
    if (extent.magic != BSCOPE_EXTENT_MAGIC)
      continue;
    extent.offset = at;
    extent.trace = h->id;
    extent.check = build_check(&extent, sizeof(extent), 0, 4);
    memcpy(bytes + at, &extent, sizeof(extent));
    end = bscope_min_u64(size, at + bscope_min_u64(extent.bytes, size));
    if (at + extent.head >= end || extent.head % 8)
      continue;
    if (extent.kind == BSCOPE_EXTENT_SEGMENT)
      mend_blocks(bytes, at + extent.head, end);
    if (extent.kind == BSCOPE_EXTENT_SITES)
      mend_sites(bytes, at + extent.head, end);
  }
}

static int discard(void *context, const void *bytes, size_t size) {
  size_t *sum = context;

  for (size_t i = 0; i < size; i++)
    *sum += ((const unsigned char *)bytes)[i];
  return 0;
}

static size_t touch(const char *text) {
  return text ? strlen(text) : 0;
}

static size_t use(const struct bscope_log *log) {
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  struct bscope_event event;
  struct bscope_stats stats;
  size_t count = bscope_log_count(log), sum = 0;

  for (size_t i = 0; i < EVENTS_MOST && bscope_cursor_next(cursor, &event); i++) {
    sum += touch(event.name) + touch(event.name2) + touch(event.file) + touch(event.text) + touch(event.function);
    for (size_t n = 0; n < event.payload_size; n++)
      sum += ((const uint8_t *)event.payload)[n];
    sum += touch(bscope_log_thread_name(log, event.thread));
  }
  bscope_cursor_free(cursor);
  for (size_t i = 0; i < 50 && count; i++)
    if (bscope_log_at(log, (size_t)(i * 0x9e3779b97f4a7c15) % count, &event) == BSCOPE_OK)
      sum += event.payload_size;
  if (bscope_log_stats(log, &stats) != BSCOPE_OK ||
      stats.attempted != stats.logged + stats.dropped + stats.lost + stats.evicted + stats.pending)
    abort();
  if (count > EVENTS_MOST)
    return sum;
  bscope_graph_free(bscope_graph_build(log));
  (void)bscope_log_validate(log);
  (void)discard(&sum, &stats, sizeof(stats));
  bscope_string_free(bscope_log_export_json_to_string(log, NULL));
  return sum;
}

static size_t read_bytes(const uint8_t *bytes, size_t size) {
  static int fd = -1;
  char path[64];
  struct bscope_log *log;
  size_t sum = 0;

  if (fd < 0)
    fd = memfd_create("trace", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, 0) || pwrite(fd, bytes, size, 0) != (ssize_t)size)
    abort();
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  log = bscope_log_open(path);
  if (log)
    sum = use(log);
  bscope_log_free(log);
  return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *copy;

  if (size > INPUT_MOST)
    return 0;
  (void)read_bytes(data, size);
  copy = malloc(size + 1);
  memcpy(copy, data, size);
  mend(copy, size);
  (void)read_bytes(copy, size);
  free(copy);
  return 0;
}

/* --- seeds --- */

static void seed(const char *folder, const char *name, void (*fill)(struct build *build)) {
  struct build build;
  char path[4096];

  build_begin(&build, 77, 5);
  build_sites(&build, 1, 7, true);
  fill(&build);
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  build_write(build.bytes, build.size, path);
  build_free(&build);
}

static void fill_blocks(struct build *build) {
  uint8_t marks[60] = {0};

  marks[7] = BUILD_OPEN;
  build_segment(build, 7000);
  build_block(build, 0, 60, marks);
  build_block(build, 60, 70, NULL);
  build_threads(build);
  build_lates(build, (const uint64_t[]){7}, 1, 8);
  build_done(build, 130);
}

static void fill_window(struct build *build) {
  build_chunk(build, 0, 40, NULL);
  build_sample(build, 0, 0);
  build_sample(build, 1, 40);
}

static void fill_rings(struct build *build) {
  struct build_ring ring = build_ring(build, 64, 0, 0, false), nested = build_ring(build, 64, 9, 1, true);

  for (uint64_t p = 0; p < 30; p++)
    build_publish(build, p % 3 ? &ring : &nested, p);
}

static void fill_timed(struct build *build) {
  build_header(build)->clock = BSCOPE_CLOCK_TSC;
  fill_window(build);
  fill_rings(build);
}

void fuzz_write_seeds(const char *folder) {
  seed(folder, "blocks", fill_blocks);
  seed(folder, "window", fill_window);
  seed(folder, "rings", fill_rings);
  seed(folder, "timed", fill_timed);
}
