/* SPDX-License-Identifier: Apache-2.0 */
/* Walking a log step by step: see step.h. */
#include "model/step.h"

#include "base/error.h"
#include "log/event.h"

int bscope_walk_init(struct bscope_walk *walk, const struct bscope_log *log, struct bscope_facts_table *facts,
                     size_t start) {
  *walk = (struct bscope_walk){.cursor = bscope_cursor_create(log, start), .log = log, .facts = facts, .walked = start};
  if (walk->cursor == NULL)
    return bscope_fail(BSCOPE_ERR_NO_MEMORY, "model: no memory to read the log");
  walk->log_first = bscope_log_first(log);
  walk->batches = bscope_cursor_has_batches(walk->cursor);
  return BSCOPE_OK;
}

void bscope_walk_fini(struct bscope_walk *walk) {
  bscope_cursor_free(walk->cursor);
}

void bscope_step_make(struct bscope_step *step, const struct bscope_event *event, const struct bscope_shape *shape) {
  step->stamp = event->stamp;
  step->subject = event->subject;
  step->object = event->object;
  step->thread = event->thread;
  step->site = event->site;
  step->shape = *shape;
}

static bool next_event(struct bscope_walk *walk, struct bscope_step *out) {
  struct bscope_shape shape;
  if (!bscope_cursor_next(walk->cursor, &walk->event)) {
    walk->status = bscope_cursor_status(walk->cursor);
    return false;
  }
  walk->status = bscope_facts_shape(walk->facts, &walk->event, &shape);
  if (walk->status != BSCOPE_OK)
    return false;
  bscope_step_make(out, &walk->event, &shape);
  walk->walked++;
  return true;
}

bool bscope_walk_more(struct bscope_walk *walk, struct bscope_step *out) {
  if (!walk->batches)
    return next_event(walk, out);
  if (!bscope_cursor_next_batch(walk->cursor, &walk->batch)) {
    walk->place = walk->batch.count = 0;
    walk->status = bscope_cursor_status(walk->cursor);
    return false;
  }
  walk->place = 0;
  return bscope_walk_next(walk, out);
}

bool bscope_walk_new_site(struct bscope_walk *walk, const struct bscope_entry *entry, struct bscope_step *out) {
  struct bscope_event event;
  bscope_event_build(walk->log, entry, out->stamp, 0, &event);
  walk->status = bscope_facts_shape(walk->facts, &event, &out->shape);
  if (walk->status == BSCOPE_OK && event.kind != BSCOPE_KIND_NONE && event.kind != BSCOPE_KIND_LOST &&
      event.kind != BSCOPE_KIND_OPEN)
    walk->status = bscope_facts_keep(walk->facts, entry->site, &out->shape);
  walk->walked++;
  return walk->status == BSCOPE_OK;
}
