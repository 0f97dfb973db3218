/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tracking call whose session records into a trace file: on a tmpfs and on a disk, with room in the ring (file/) and
 * at full rate with the collector sealing blocks into the file beside it (file_sustained/). Beside the same calls of a
 * session in memory.
 */
#include "bench.h"

#include <borrowscope/borrowscope.h>

#include <stdio.h>
#include <unistd.h>

static int value;

/* A session in a new file of that directory; the file's name goes at once. */
static bool begin_in(struct bench_state *state, const char *directory) {
  static int files;
  char path[256];
  snprintf(path, sizeof(path), "%s/borrowscope_bench.%d.%d.bscope", directory, (int)getpid(), ++files);
  const struct bscope_options options = {.size = sizeof(options), .file = path, .overwrite = BSCOPE_ON};
  bscope_stop();
  if (bscope_start(&options) != BSCOPE_OK) {
    bench_fail(state, bscope_last_error());
    return false;
  }
  unlink(path);
  bench_warm_up();
  return true;
}

static void end_in(void) {
  bscope_stop();
  bscope_start(NULL);
  bench_warm_up();
}

static void room_in(struct bench_state *state, const char *directory) {
  if (!begin_in(state, directory))
    return;
  BENCH_SETTLED(state) {
    bscope_track_new("x", value);
  }
  bench_check_whole(state);
  end_in();
}

static void sustained_in(struct bench_state *state, const char *directory) {
  if (!begin_in(state, directory))
    return;
  BENCH_SUSTAINED(state) {
    bscope_track_new("x", value);
  }
  bench_check_whole(state);
  end_in();
}

#define TMPFS "/dev/shm"
#define DISK "/var/tmp"

static void file_tmpfs(struct bench_state *state) {
  room_in(state, TMPFS);
}

static void file_disk(struct bench_state *state) {
  room_in(state, DISK);
}

static void file_sustained_tmpfs(struct bench_state *state) {
  sustained_in(state, TMPFS);
}

static void file_sustained_disk(struct bench_state *state) {
  sustained_in(state, DISK);
}

void bench_register_file(void) {
  static const struct bench_case rows[] = {
      {.name = "file/tmpfs", .run = file_tmpfs},
      {.name = "file/disk", .run = file_disk},
      {.name = "file_sustained/tmpfs", .run = file_sustained_tmpfs, .clock = BENCH_WALL},
      {.name = "file_sustained/disk", .run = file_sustained_disk, .clock = BENCH_WALL},
  };
  bench_register(rows, sizeof(rows) / sizeof(rows[0]));
}
