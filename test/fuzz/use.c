/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that can be asked of a log that came of any bytes: it is walked, asked at random, told, checked and exported. A
 * long one only walked from its beginning, and one run of a fuzzer does one of the longer things, so that runs are
 * quick.
 */
#include "harness_fuzz.h"

#include <borrowscope/borrowscope.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_WALKED 20000u
#define EVENTS_TOLD 2000u

static size_t touch(const char *text) {
  size_t sum = 0;

  while (text && *text)
    sum = 31 * sum + (unsigned char)*text++;
  return sum;
}

static size_t touch_event(const struct bscope_log *log, const struct bscope_event *event) {
  size_t sum = touch(event->name) + touch(event->name2) + touch(event->type_name) + touch(event->file) +
               touch(event->text) + touch(event->function) + touch(bscope_log_thread_name(log, event->thread));

  for (size_t n = 0; n < event->payload_size; n++)
    sum = 31 * sum + ((const uint8_t *)event->payload)[n];
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

static size_t build_graph(const struct bscope_log *log) {
  struct bscope_graph *graph = bscope_graph_build(log);
  size_t sum = bscope_graph_node_count(graph);

  bscope_graph_free(graph);
  return sum;
}

static size_t validate(const struct bscope_log *log) {
  return (size_t)bscope_log_validate(log);
}

static size_t export(const struct bscope_log *log) {
  char *text = bscope_log_export_json_to_string(log, NULL);
  size_t sum = touch(text);

  bscope_string_free(text);
  return sum;
}

size_t fuzz_use(const struct bscope_log *log) {
  static size_t (*const longer[])(const struct bscope_log *log) = {tell, build_graph, validate, export};
  const size_t count = sizeof(longer) / sizeof(longer[0]);
  size_t sum = walk(log) + ask(log), which = sum % count;

  check_stats(log);
  for (size_t i = 0; i < count && bscope_log_count(log) <= EVENTS_TOLD; i++)
    if (i == which || fuzz_thoroughly)
      sum += longer[i](log);
  return sum;
}
