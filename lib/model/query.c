/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to a log: one walk each, with the resolver beside it where a variable is asked for. See query.h.
 */
#include "base/error.h"
#include "base/util.h"
#include "model/index.h"
#include "model/memory.h"

#include <borrowscope/query.h>
#include <stdlib.h>
#include <string.h>

struct predicate {
  uint32_t groups;
  uint8_t first;
  uint8_t last;
};

static const struct predicate predicates[] = {
#define ROW(upper, lower, groups, first, last) [BSCOPE_IS_##upper] = {groups, first, last},
    BSCOPE_PREDICATES(ROW)
#undef ROW
};

bool bscope_event_is(const struct bscope_event *event, enum bscope_predicate predicate) {
  if (event == NULL || bscope_kind_group(event->kind) == BSCOPE_GROUP_NONE)
    return false;
  if (predicate == BSCOPE_IS_ANY)
    return true;
  if ((size_t)predicate >= BSCOPE_COUNT(predicates))
    return false;
  const struct predicate *p = &predicates[predicate];
  return (p->groups >> bscope_kind_group(event->kind) & 1) != 0 ||
         (p->first <= (unsigned)event->kind && (unsigned)event->kind <= p->last);
}

/* Both counts, strong << 32 | weak: in the payload where the object is a source's id. 0 where there are none. */
static uint64_t counts(const struct bscope_event *event) {
  uint64_t both = 0;
  if (event == NULL || !(bscope_event_is_refcounted(event) || bscope_event_is_weak(event)))
    return 0;
  if (event->payload_size >= sizeof(both))
    memcpy(&both, event->payload, sizeof(both));
  else if (event->object_is == BSCOPE_WORD_VALUE)
    both = event->object;
  return both;
}

uint64_t bscope_event_strong_count(const struct bscope_event *event) {
  return counts(event) >> 32;
}
uint64_t bscope_event_weak_count(const struct bscope_event *event) {
  return counts(event) & UINT32_MAX;
}

/* A walk over a log, with the events' meanings or without. */
struct reading {
  struct bscope_cursor *cursor;
  struct bscope_story *story;
  struct bscope_event event;
  struct bscope_meaning meaning;
  int status;
};

static void reading_begin(struct reading *reading, const char *call, const struct bscope_log *log, bool meanings) {
  *reading = (struct reading){.status = BSCOPE_OK};
  if (log == NULL)
    reading->status = bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "%s: the log is NULL", call);
  else if (meanings && (reading->story = bscope_story_create(log)) == NULL)
    reading->status = BSCOPE_ERR_NO_MEMORY;
  else if (!meanings && (reading->cursor = bscope_cursor_create(log, 0)) == NULL)
    reading->status = bscope_fail(BSCOPE_ERR_NO_MEMORY, "%s: no memory to read the log", call);
}

static bool reading_next(struct reading *reading) {
  if (reading->status != BSCOPE_OK)
    return false;
  if (reading->story == NULL) {
    if (bscope_cursor_next(reading->cursor, &reading->event))
      return true;
    reading->status = bscope_cursor_status(reading->cursor);
    return false;
  }
  int next = bscope_story_next(reading->story, &reading->event, &reading->meaning);
  reading->status = next < 0 ? next : BSCOPE_OK;
  return next > 0;
}

static int reading_end(struct reading *reading) {
  bscope_cursor_free(reading->cursor);
  bscope_story_free(reading->story);
  return reading->status;
}

static bool matches(const struct bscope_event_query *query, const struct reading *reading) {
  const struct bscope_event *event = &reading->event;
  return (query->kind == BSCOPE_KIND_NONE || event->kind == query->kind) && bscope_event_is(event, query->is) &&
         (query->node == NULL || reading->meaning.subject == *query->node || reading->meaning.object == *query->node) &&
         (query->accept == NULL || query->accept(query->context, event));
}

size_t bscope_log_select(const struct bscope_log *log, const struct bscope_event_query *query, size_t *out,
                         size_t capacity) {
  static const struct bscope_event_query all;
  struct bscope_answers answers = {out, capacity, 0};
  struct reading reading;
  if (query == NULL)
    query = &all;
  if ((query->size != 0 && query->size != sizeof(*query)) || (size_t)query->is >= BSCOPE_COUNT(predicates) ||
      (query->node != NULL && *query->node == BSCOPE_NODE_NONE)) {
    bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "%s: the query's size, predicate or node is none", __func__);
    return BSCOPE_QUERY_FAILED;
  }
  reading_begin(&reading, __func__, log, query->node != NULL);
  for (size_t i = 0; reading_next(&reading); i++)
    if (matches(query, &reading))
      bscope_answer(&answers, i);
  return reading_end(&reading) == BSCOPE_OK ? answers.count : BSCOPE_QUERY_FAILED;
}

static int count_about(struct bscope_keyed **counts, size_t *capacity, size_t node) {
  if (node == BSCOPE_NODE_NONE)
    return BSCOPE_OK;
  if (node >= *capacity) {
    size_t before = *capacity;
    struct bscope_keyed *grown = bscope_model_grow(*counts, capacity, node + 1, sizeof(*grown));
    if (grown == NULL)
      return BSCOPE_ERR_NO_MEMORY;
    memset(grown + before, 0, (*capacity - before) * sizeof(*grown));
    *counts = grown;
  }
  (*counts)[node].key++;
  return BSCOPE_OK;
}

size_t bscope_log_hot_spots(const struct bscope_log *log, struct bscope_hot_spot *out, size_t capacity) {
  struct bscope_keyed *counts = NULL;
  struct reading reading;
  size_t room = 0, answers = BSCOPE_QUERY_FAILED;
  reading_begin(&reading, __func__, log, true);
  while (reading_next(&reading)) {
    const struct bscope_meaning *meaning = &reading.meaning;
    reading.status = count_about(&counts, &room, meaning->subject);
    if (reading.status == BSCOPE_OK && meaning->object != meaning->subject)
      reading.status = count_about(&counts, &room, meaning->object);
  }
  if (reading_end(&reading) == BSCOPE_OK)
    answers = bscope_hot_spots_give(counts, room, out, capacity);
  free(counts);
  return answers;
}
