/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk over a log: decodes a group of 64 events at once and keeps the two clock samples around them. It allocates
 * once, holds a reference on its log and copies no event but into the caller's struct.
 */
#include "log/cursor.h"
#include "base/util.h"

#include "base/error.h"
#include "log/event.h"
#include "log/snapshot.h"

#include <errno.h>
#include <stdlib.h>

struct bscope_cursor {
  const struct bscope_log *log;
  size_t next;
  int status; /* of what ended it early, but for damage that the log tells of */
  struct bscope_span span;
  struct bscope_decoded group;
};

struct bscope_cursor *bscope_cursor_create(const struct bscope_log *log, size_t start) {
  struct bscope_cursor *cursor;

  if (!log) {
    bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "cursor: no log");
    return NULL;
  }
  cursor = malloc(sizeof(*cursor));
  if (!cursor) {
    bscope_fail(BSCOPE_ERR_NO_MEMORY, "cursor: no memory");
    return NULL;
  }
  cursor->log = bscope_log_ref(log);
  cursor->next = start;
  cursor->status = BSCOPE_OK;
  cursor->span.from = cursor->span.to = 0;
  cursor->group.first = 0;
  cursor->group.count = 0;
  cursor->group.held = NULL;
  cursor->group.timed = false;
  return cursor;
}

/* Ends the walk at event i: false. */
static bool stop(struct bscope_cursor *cursor, size_t i, int status) {
  if (status == BSCOPE_ERR_FORMAT)
    bscope_fail(status, "event %zu: its block is damaged", i);
  else if (status == BSCOPE_ERR_IO && errno)
    cursor->status = bscope_fail_errno(status, errno, "event %zu: it can't be read", i);
  else
    cursor->status =
        bscope_fail(status, "event %zu: %s", i,
                    status == BSCOPE_ERR_IO ? "the file has changed since it was opened (read a copy of it)"
                                            : "no memory to read it");
  cursor->next = cursor->log->count;
  return false;
}

/* Decodes the group of event i. */
static bool load(struct bscope_cursor *cursor, size_t i) {
  BSCOPE_KEEP_ERRNO
  const struct bscope_log *log = cursor->log;

  bscope_log_release(log, &cursor->group);
  int status = log->source->load(log, i, log->count - 1, &cursor->group);
  if (status == BSCOPE_OK)
    return true;
  cursor->group.count = 0;
  return stop(cursor, i, status);
}

uint64_t bscope_cursor_time(struct bscope_cursor *cursor, size_t i) {
  const struct bscope_log *log = cursor->log;
  uint64_t position = log->first + i;

  if (cursor->group.timed && i - cursor->group.first < cursor->group.count)
    return cursor->group.times[i - cursor->group.first];
  if (position - cursor->span.from >= cursor->span.to - cursor->span.from) {
    int status = log->source->span(log, i, &cursor->span);
    if (status)
      (void)stop(cursor, i, status);
  }
  return bscope_span_time(&cursor->span, position);
}

bool bscope_cursor_has_batches(const struct bscope_cursor *cursor) {
  return cursor->log->source->at == NULL;
}

bool bscope_cursor_next_batch(struct bscope_cursor *cursor, struct bscope_batch *out) {
  size_t i = cursor->next;
  size_t skipped;

  if (i >= cursor->log->count || (i - cursor->group.first >= cursor->group.count && !load(cursor, i)))
    return false;
  skipped = i - cursor->group.first;
  *out = (struct bscope_batch){cursor->group.entries + skipped, (uint32_t)(cursor->group.count - skipped), i};
  cursor->next += out->count;
  return true;
}

bool bscope_cursor_next(struct bscope_cursor *cursor, struct bscope_event *out) {
  if (!cursor || !out) /* no cursor was to be had: a walk over nothing */
    return false;
  const struct bscope_log *log = cursor->log;
  size_t i = cursor->next;

  if (i >= log->count)
    return false;
  cursor->next++;
  if (log->source->at)
    return log->source->at(log, i, out) == BSCOPE_OK;
  if (i - cursor->group.first >= cursor->group.count && !load(cursor, i))
    return false;
  bscope_event_build(log, &cursor->group.entries[i - cursor->group.first], log->first + i,
                     bscope_cursor_time(cursor, i), out);
  return cursor->status == BSCOPE_OK;
}

int bscope_cursor_status(const struct bscope_cursor *cursor) {
  return cursor ? cursor->status : BSCOPE_ERR_INVALID_ARGUMENT;
}

void bscope_cursor_free(struct bscope_cursor *cursor) {
  if (cursor) {
    bscope_log_release(cursor->log, &cursor->group);
    bscope_log_unref(cursor->log);
  }
  free(cursor);
}
