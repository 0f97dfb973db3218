/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event as the resolver takes it: its numbers, and what its site says without any string. A walk over a log makes
 * one from a decoded entry and the shape that its table of facts keeps of the site: a copy of 16 bytes, and no look at
 * the site table but for the first event of each site.
 */
#ifndef BSCOPE_MODEL_STEP_H
#define BSCOPE_MODEL_STEP_H

#include "base/util.h"
#include "log/cursor.h"
#include "model/facts.h"

struct bscope_step {
  bscope_stamp stamp;
  uint64_t subject;
  uint64_t object;
  uint32_t thread;
  uint32_t site;
  union {
    struct bscope_shape shape;
    struct {
      BSCOPE_SHAPE_FIELDS
    };
  };
};

struct bscope_walk {
  struct bscope_cursor *cursor;
  const struct bscope_log *log;     /* the cursor's */
  struct bscope_facts_table *facts; /* borrowed */
  bscope_stamp log_first;
  struct bscope_batch batch;
  uint32_t place; /* in the batch */
  bool batches;
  int status;                /* what ended the walk before the log's end, if it was not damage */
  size_t walked;             /* events so far */
  struct bscope_event event; /* of a log that has no batches */
};

/* From event `start` on. 0 or BSCOPE_ERR_NO_MEMORY. bscope_walk_fini in either case. */
int bscope_walk_init(struct bscope_walk *walk, const struct bscope_log *log, struct bscope_facts_table *facts,
                     size_t start);
void bscope_walk_fini(struct bscope_walk *walk);

/* A step of the event with the shape given. */
void bscope_step_make(struct bscope_step *step, const struct bscope_event *event, const struct bscope_shape *shape);

/* The slow ways of bscope_walk_next. */
bool bscope_walk_more(struct bscope_walk *walk, struct bscope_step *out);
bool bscope_walk_new_site(struct bscope_walk *walk, const struct bscope_entry *entry, struct bscope_step *out);

/* The next event: true, or false at the end (then see status). */
static inline bool bscope_walk_next(struct bscope_walk *walk, struct bscope_step *out) {
  if (bscope_unlikely(walk->place == walk->batch.count))
    return bscope_walk_more(walk, out);
  const struct bscope_entry *entry = &walk->batch.entries[walk->place];
  out->stamp = walk->log_first + walk->batch.first + walk->place++;
  out->subject = entry->subject;
  out->object = entry->object;
  out->thread = entry->thread;
  out->site = entry->site;
  if (bscope_unlikely(entry->site >= walk->facts->shape_capacity || walk->facts->shapes[entry->site].kind == 0))
    return bscope_walk_new_site(walk, entry, out);
  out->shape = walk->facts->shapes[entry->site];
  walk->walked++;
  return true;
}

/* The time of the event that bscope_walk_next gave last. */
static inline uint64_t bscope_walk_time(struct bscope_walk *walk) {
  return walk->batches ? bscope_cursor_time(walk->cursor, walk->walked - 1) : walk->event.time_ns;
}

#endif
