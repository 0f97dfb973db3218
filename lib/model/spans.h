/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of many half-open intervals touch a window of time, in the order of their starts, in O(log n + answers).
 *
 * The intervals are sorted by start, so those that start in the window stand beside each other. Those that began before
 * it are found from checkpoints, each with the list of all that last just then: one is made when as many intervals
 * have begun or ended as half of its predecessor's list. So a list is never much longer than what still lasts of it,
 * and all lists together hold at most six numbers an interval.
 */
#ifndef BSCOPE_MODEL_SPANS_H
#define BSCOPE_MODEL_SPANS_H

#include <borrowscope/types.h>

struct bscope_interval {
  bscope_stamp start;
  bscope_stamp end; /* start or more; BSCOPE_STAMP_OPEN */
};

struct bscope_checkpoint {
  bscope_stamp at;
  size_t begun;  /* intervals that start until then */
  size_t listed; /* where its list begins; it ends where the next one's begins */
};

struct bscope_spans {
  struct bscope_interval *items;
  size_t count;
  struct bscope_checkpoint *checkpoints; /* and one behind the last */
  size_t checkpoint_count;
  size_t checkpoint_capacity;
  uint32_t *lists;
  size_t listed;
  size_t list_capacity;
  uint64_t peak; /* the most at one time, and when first */
  bscope_stamp peak_at;
};

/* A number with what it is sorted by. */
struct bscope_keyed {
  uint64_t key;
  uint64_t value;
};

/* Sorts by key, equal ones as they stood. 0 or BSCOPE_ERR_NO_MEMORY. O(n). */
int bscope_keyed_sort(struct bscope_keyed *array, size_t count);

/* Takes `items` over, ascending by start. 0 or BSCOPE_ERR_NO_MEMORY; bscope_spans_fini in either case. */
int bscope_spans_build(struct bscope_spans *spans, struct bscope_interval *items, size_t count);
void bscope_spans_fini(struct bscope_spans *spans);

size_t bscope_spans_bytes(const struct bscope_spans *spans);

/* A walk over the intervals that touch [from, until); an empty one that starts in it does. */
struct bscope_spans_scan {
  const struct bscope_spans *spans;
  bscope_stamp from;
  bscope_stamp until;
  size_t listed;
  size_t list_end;
  size_t next;
};

void bscope_spans_scan(const struct bscope_spans *spans, bscope_stamp from, bscope_stamp until,
                       struct bscope_spans_scan *scan);

/* The number of the next one, ascending; SIZE_MAX at the end. */
size_t bscope_spans_next(struct bscope_spans_scan *scan);

#endif
