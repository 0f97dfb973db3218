/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a trace file: it is opened, walked, asked at random, told and exported; whatever the reader takes of it
 * must be safe, quick and small. As a rule the checksums are mended before that, or almost no input would come any
 * further than them; an odd number in the header's reserved word leaves them as they are.
 */
#include "base/trace.h"
#include "base/zstd.h"

#include "harness_fuzz.h"

#include <borrowscope/borrowscope.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EVENTS_WALKED 20000u
#define EVENTS_TOLD 2000u
#define INPUT_MOST (256u << 10)

static size_t touch(const char *text) {
  return text ? strlen(text) : 0;
}

static size_t touch_event(const struct bscope_log *log, const struct bscope_event *event) {
  size_t sum = touch(event->name) + touch(event->name2) + touch(event->type_name) + touch(event->file) +
               touch(event->text) + touch(event->function) + touch(bscope_log_thread_name(log, event->thread));

  for (size_t n = 0; n < event->payload_size; n++)
    sum += ((const uint8_t *)event->payload)[n];
  return sum;
}

static size_t walk(const struct bscope_log *log) {
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  struct bscope_event event;
  size_t sum = 0;

  for (size_t i = 0; i < EVENTS_WALKED && bscope_cursor_next(cursor, &event); i++)
    sum += touch_event(log, &event);
  bscope_cursor_free(cursor);
  return sum;
}

static size_t ask(const struct bscope_log *log) {
  size_t count = bscope_log_count(log), sum = 0;
  struct bscope_event event;

  for (size_t i = 0; i < 50 && count; i++)
    if (bscope_log_at(log, (size_t)(i * 0x9e3779b97f4a7c15) % count, &event) == BSCOPE_OK)
      sum += touch_event(log, &event);
  return sum;
}

static size_t tell(const struct bscope_log *log) {
  struct bscope_story *story = bscope_story_create(log);
  struct bscope_event event;
  struct bscope_meaning meaning;
  size_t sum = 0;

  while (story && bscope_story_next(story, &event, &meaning) == 1)
    sum += event.stamp;
  bscope_story_free(story);
  return sum;
}

static void check_stats(const struct bscope_log *log) {
  struct bscope_stats stats;

  if (bscope_log_stats(log, &stats) != BSCOPE_OK ||
      stats.attempted != stats.logged + stats.dropped + stats.lost + stats.evicted + stats.pending)
    abort();
}

static size_t use(const struct bscope_log *log) {
  size_t sum = walk(log) + ask(log);

  check_stats(log);
  if (bscope_log_count(log) > EVENTS_TOLD)
    return sum;
  bscope_graph_free(bscope_graph_build(log));
  sum += tell(log) + (size_t)bscope_log_validate(log);
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
  if (fd < 0 || pwrite(fd, bytes, size, 0) != (ssize_t)size || ftruncate(fd, (off_t)size))
    abort();
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  fuzz_begin(size);
  log = bscope_log_open(path);
  if (log)
    sum = use(log);
  bscope_log_free(log);
  fuzz_end();
  return sum;
}

/* What is made once, and kept, is made before anything is counted. */
static void begin(void) {
  static bool begun;

  if (!begun)
    (void)bscope_zstd_get();
  begun = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const size_t place = offsetof(struct bscope_trace_header, reserved);
  bool as_it_is = size > place && (data[place] & 1);
  uint8_t *copy;

  if (size > INPUT_MOST)
    return 0;
  begin();
  if (as_it_is || fuzz_thoroughly)
    (void)read_bytes(data, size);
  if (as_it_is && !fuzz_thoroughly)
    return 0;
  copy = malloc(size + 1);
  memcpy(copy, data, size);
  fuzz_seal(copy, size);
  (void)read_bytes(copy, size);
  free(copy);
  return 0;
}
