/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trace files to begin with, small ones: made by hand, with all that is rare (lost, open, void and late events, long
 * ones, nested rings), and by real sessions, clean and broken off, with either clock. Of real ones only what is used is
 * kept, moved together. Most are there packed as well: with raw blocks, so that what is packed can be changed, or as
 * zstd packs them.
 */
#include "../trace_build.h"

#include "base/tsc.h"
#include "harness_fuzz.h"

#include <borrowscope/borrowscope.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define ROOM (64u << 10)
#define PLAIN_MOST (64u << 10) /* larger ones are there packed only */
#define RAW_MOST (64u << 10)   /* bytes of a raw block in a frame */

static const char *seeds; /* the directory */

static void path_of(char *path, size_t size, const char *name, const char *form) {
  if (snprintf(path, size, "%s/%s%s", seeds, name, form) >= (int)size)
    abort();
}

/* --- packed, but not compressed --- */

struct frame {
  uint8_t *bytes;
  size_t size;
};

static void put(struct frame *frame, uint64_t value, size_t bytes) {
  memcpy(frame->bytes + frame->size, &value, bytes);
  frame->size += bytes;
}

static size_t run_of_zeroes(const uint8_t *bytes, size_t size) {
  size_t n = 0;

  while (n < size && n < RAW_MOST && bytes[n] == 0)
    n++;
  return n;
}

/* A frame of raw blocks, and of a byte repeated where there are only zeroes. */
static void put_frame(struct frame *frame, const uint8_t *bytes, size_t size) {
  put(frame, 0xfd2fb528, 4);
  put(frame, 0xe0, 1); /* one segment, whose size has 8 bytes */
  put(frame, size, 8);
  for (size_t at = 0, n; at < size; at += n) {
    bool zeroes = (n = run_of_zeroes(bytes + at, size - at)) >= 64;

    while (!zeroes && n < size - at && n < RAW_MOST && run_of_zeroes(bytes + at + n, size - at - n) < 64)
      n++;
    put(frame, n << 3 | (zeroes ? 2 : 0) | (at + n == size), 3);
    if (!zeroes)
      memcpy(frame->bytes + frame->size, bytes + at, n);
    frame->size += zeroes ? 1 : n;
  }
}

static void write_packed(const uint8_t *bytes, size_t size, const char *name) {
  struct frame out = {calloc(2, size + ROOM), BSCOPE_GRANULE};
  char path[4096];

  memcpy(out.bytes, bytes, BSCOPE_GRANULE);
  for (size_t place = BSCOPE_GRANULE; place < size; place += BSCOPE_PACKED_BYTES) {
    struct bscope_packed_head head = {
        .extent = {.magic = BSCOPE_EXTENT_MAGIC, .kind = BSCOPE_EXTENT_PACKED, .layout = 1, .head = sizeof(head)},
        .place = place,
        .size = size,
        .bytes = (uint32_t)bscope_min_u64(BSCOPE_PACKED_BYTES, size - place)};
    size_t begin = out.size;

    out.size += sizeof(head);
    put_frame(&out, bytes + place, head.bytes);
    head.packed = (uint32_t)(out.size - begin - sizeof(head));
    out.size = (size_t)bscope_round_up(out.size, BSCOPE_GRANULE);
    head.extent.bytes = out.size - begin;
    memcpy(out.bytes + begin, &head, sizeof(head));
  }
  fuzz_seal(out.bytes, out.size);
  path_of(path, sizeof(path), name, ".raw");
  build_write(out.bytes, out.size, path);
  free(out.bytes);
}

/* --- made by hand --- */

static void seed(const char *name, void (*fill)(struct build *build), bool packed) {
  struct build build;
  char path[4096];

  build_begin(&build, 77, 5);
  build_sites(&build, 1, 7, true);
  fill(&build);
  path_of(path, sizeof(path), name, "");
  build_write(build.bytes, build.size, path);
  if (build.size > PLAIN_MOST)
    unlink(path);
  if (packed)
    write_packed(build.bytes, build.size, name);
  build_free(&build);
}

static void fill_blocks(struct build *build) {
  uint8_t marks[60] = {0};

  marks[7] = marks[8] = BUILD_OPEN;
  marks[9] = BUILD_LOST;
  build_segment(build, 7000);
  build_block(build, 0, 60, marks);
  build_block(build, 60, 70, NULL);
  build_threads(build);
  build_lates(build, (const uint64_t[]){7, 8}, 2, 8);
  build_done(build, 130);
}

static void fill_window(struct build *build) {
  uint8_t marks[40] = {0};

  marks[3] = BUILD_LOST;
  marks[11] = BUILD_NOTHING;
  build_chunk(build, 0, 40, marks);
  build_sample(build, 0, 0);
  build_sample(build, 1, 40);
}

static void fill_rings(struct build *build) {
  struct build_ring ring = build_ring(build, 64, 0, 0, false), nested = build_ring(build, 64, 9, 1, true);

  for (uint64_t p = 0; p < 30; p++)
    build_publish(build, p % 3 ? &ring : &nested, p);
  build_put(build, &ring, &(struct bscope_record){.site = BSCOPE_RECORD_VOID});
  build_publish(build, &ring, 33);
}

static void fill_timed(struct build *build) {
  build_header(build)->clock = BSCOPE_CLOCK_TSC;
  build_seal_header(build);
  fill_window(build);
  fill_rings(build);
}

/* Blocks of two segments with a hole of more than a group between them. */
static void fill_far(struct build *build) {
  build_segment(build, 3000);
  build_block(build, 0, 60, NULL);
  build_room(build, BSCOPE_PACKED_BYTES + 8 * BSCOPE_GRANULE);
  build_segment(build, 3000);
  build_block(build, 60, 60, NULL);
}

static void fill_nothing(struct build *build) {
  build_done(build, 0);
}

/* --- made by sessions --- */

/* Behind an extent's last byte that is not zero; of a segment behind its last block. */
static size_t used_of(const uint8_t *bytes, const struct bscope_extent *extent) {
  size_t used = extent->bytes;
  struct bscope_block_header block;

  while (extent->kind != BSCOPE_EXTENT_SEGMENT && used > extent->head && bytes[extent->offset + used - 1] == 0)
    used--;
  if (extent->kind == BSCOPE_EXTENT_SEGMENT)
    for (used = extent->head; used + sizeof(block) <= extent->bytes; used += block.length) {
      memcpy(&block, bytes + extent->offset + used, sizeof(block));
      if (block.magic != BSCOPE_BLOCK_MAGIC)
        break;
    }
  return used;
}

/* Moves what the extents hold together. Cells of long events then point to nothing, which is a case of its own. */
static size_t compact(uint8_t *bytes, size_t size) {
  size_t kept = BSCOPE_GRANULE;

  for (size_t at = BSCOPE_GRANULE; at + sizeof(struct bscope_extent) <= size;) {
    struct bscope_extent extent;
    size_t used;

    memcpy(&extent, bytes + at, sizeof(extent));
    if (extent.magic != BSCOPE_EXTENT_MAGIC || extent.offset != at || extent.bytes > size - at) {
      at += BSCOPE_GRANULE;
      continue;
    }
    used = (size_t)bscope_round_up(used_of(bytes, &extent) + 8, BSCOPE_GRANULE);
    used = (size_t)bscope_min_u64(used, extent.bytes);
    memmove(bytes + kept, bytes + at, used);
    ((struct bscope_extent *)(void *)(bytes + kept))->bytes = used;
    at += extent.bytes;
    kept += used;
  }
  fuzz_seal(bytes, kept);
  return kept;
}

static uint8_t *load(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  struct stat status;
  uint8_t *bytes;

  if (!file || fstat(fileno(file), &status))
    abort();
  *size = (size_t)status.st_size;
  bytes = malloc(*size + 1);
  if (fread(bytes, 1, *size, file) != *size)
    abort();
  fclose(file);
  return bytes;
}

enum end { IN_ORDER, BROKEN_OFF, WITHOUT_EVENTS };

static void record(const char *path, enum bscope_clock clock, enum end end) {
  static struct bscope_site owner = {.abi = BSCOPE_SITE_ABI,
                                     .size = sizeof(owner),
                                     .kind = BSCOPE_KIND_NEW,
                                     .subject_is = BSCOPE_WORD_VALUE,
                                     .name = "buffer",
                                     .type = "struct buffer",
                                     .file = "main.c",
                                     .line = 12};
  struct bscope_options options = {
      .size = sizeof(options), .clock = clock, .ring = 64, .memory = 1u << 20, .file = path, .overwrite = BSCOPE_ON};
  char bytes[40] = "what is longer than two words";
  int value = 0, moved = 0, *view = NULL;

  bscope_tsc_test_trust(true);
  if (bscope_stop() != BSCOPE_OK || bscope_start(&options) != BSCOPE_OK)
    abort();
  for (int i = 0; i < 8 && end != WITHOUT_EVENTS; i++) {
    value = bscope_track_new("value", i);
    view = bscope_track_borrow("view", &value);
    bscope_emit_payload(&owner, (uint64_t)i, 3, bytes, sizeof(bytes));
    bscope_track_drop("view");
    moved = bscope_track_move("value", "moved", *view);
    (void)moved;
    bscope_track_drop("moved");
    if (i == 5)
      bscope_flush();
  }
  if (end == BROKEN_OFF)
    raise(SIGKILL);
  exit(bscope_stop() == BSCOPE_OK ? 0 : 1);
}

static void seed_real(const char *name, enum bscope_clock clock, enum end end) {
  char path[4096], made[4120], packed[4096];
  size_t size;
  uint8_t *bytes;
  int status;
  pid_t child = fork();

  path_of(path, sizeof(path), name, "");
  path_of(packed, sizeof(packed), name, ".zstd");
  if (child == 0)
    record(path, clock, end);
  snprintf(made, sizeof(made), "%s.%d", path, (int)child); /* a forked process has a file of its own */
  if (child < 0 || waitpid(child, &status, 0) != child || status != (end == BROKEN_OFF ? SIGKILL : 0) ||
      rename(made, path) || bscope_log_pack(path, packed) != BSCOPE_OK) {
    fprintf(stderr, "%s: %s\n", path, bscope_last_error());
    abort();
  }
  bytes = load(path, &size);
  size = compact(bytes, size);
  unlink(path);
  if (clock == BSCOPE_CLOCK_COUNTER)
    build_write(bytes, size, path);
  else
    write_packed(bytes, size, name);
  free(bytes);
}

void fuzz_write_seeds(const char *folder) {
  seeds = folder;
  seed("blocks", fill_blocks, true);
  seed("window", fill_window, false);
  seed("rings", fill_rings, true);
  seed("timed", fill_timed, false);
  seed("nothing", fill_nothing, false);
  seed("far", fill_far, true);
  seed_real("clean", BSCOPE_CLOCK_COUNTER, IN_ORDER);
  seed_real("broken_off", BSCOPE_CLOCK_COUNTER, BROKEN_OFF);
  seed_real("clean_timed", BSCOPE_CLOCK_TSC, IN_ORDER);
  seed_real("broken_off_timed", BSCOPE_CLOCK_TSC, BROKEN_OFF);
  seed_real("empty", BSCOPE_CLOCK_COUNTER, WITHOUT_EVENTS);
}
