/* SPDX-License-Identifier: Apache-2.0 */
/* Intervals by time: see spans.h. */
#include "model/spans.h"

#include "base/util.h"
#include "model/memory.h"

#include <borrowscope/graph.h>
#include <stdlib.h>
#include <string.h>

#define DIGIT_BITS 11u
#define DIGITS (1u << DIGIT_BITS)
#define SPARE 64 /* intervals that begin or end between two checkpoints at least */

/* One pass of a radix sort. */
static void distribute(const struct bscope_keyed *from, struct bscope_keyed *to, size_t count, unsigned shift) {
  size_t places[DIGITS] = {0}, sum = 0;
  for (size_t i = 0; i < count; i++)
    places[from[i].key >> shift & (DIGITS - 1)]++;
  for (size_t i = 0; i < DIGITS; i++) {
    size_t here = places[i];
    places[i] = sum;
    sum += here;
  }
  for (size_t i = 0; i < count; i++)
    to[places[from[i].key >> shift & (DIGITS - 1)]++] = from[i];
}

int bscope_keyed_sort(struct bscope_keyed *array, size_t count) {
  uint64_t differ = 0;
  for (size_t i = 1; i < count; i++)
    differ |= array[i].key ^ array[0].key;
  if (differ == 0)
    return BSCOPE_OK;
  struct bscope_keyed *other = bscope_model_zeroed(count, sizeof(*other)), *from = array, *to = other;
  if (other == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  for (unsigned shift = 0; shift < 64 && differ >> shift != 0; shift += DIGIT_BITS) {
    if ((differ >> shift & (DIGITS - 1)) == 0)
      continue;
    distribute(from, to, count, shift);
    struct bscope_keyed *sorted = to;
    to = from;
    from = sorted;
  }
  if (from != array)
    memcpy(array, from, count * sizeof(*array));
  free(other);
  return BSCOPE_OK;
}

/* All ends but open ones, sorted; *count of them. */
static struct bscope_keyed *sorted_ends(const struct bscope_spans *spans, size_t *count) {
  struct bscope_keyed *ends = bscope_model_zeroed(spans->count + 1, sizeof(*ends));
  *count = 0;
  for (size_t i = 0; ends != NULL && i < spans->count; i++)
    if (spans->items[i].end != BSCOPE_STAMP_OPEN)
      ends[(*count)++].key = spans->items[i].end;
  if (ends != NULL && bscope_keyed_sort(ends, *count) == BSCOPE_OK)
    return ends;
  free(ends);
  return NULL;
}

static int append_checkpoint(struct bscope_spans *spans, bscope_stamp at, size_t begun) {
  struct bscope_checkpoint *points =
      bscope_model_grow(spans->checkpoints, &spans->checkpoint_capacity, spans->checkpoint_count + 1, sizeof(*points));
  if (points == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  spans->checkpoints = points;
  points[spans->checkpoint_count++] = (struct bscope_checkpoint){at, begun, spans->listed};
  return BSCOPE_OK;
}

/* Lists what lasts at the moment: of the last list and of those that began since. */
static int add_checkpoint(struct bscope_spans *spans, bscope_stamp at, size_t begun) {
  const struct bscope_checkpoint *last = &spans->checkpoints[spans->checkpoint_count - 1];
  size_t from = last->listed, until = spans->listed, next = last->begun;
  uint32_t *lists =
      bscope_model_grow(spans->lists, &spans->list_capacity, 2 * until - from + begun - next, sizeof(*lists));
  if (lists == NULL || append_checkpoint(spans, at, begun) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  spans->lists = lists;
  for (; from < until; from++)
    if (spans->items[lists[from]].end > at)
      lists[spans->listed++] = lists[from];
  for (; next < begun; next++)
    if (spans->items[next].end > at)
      lists[spans->listed++] = (uint32_t)next;
  return BSCOPE_OK;
}

static int sweep(struct bscope_spans *spans, const struct bscope_keyed *ends, size_t end_count) {
  size_t begun = 0, ended = 0, before = 0;
  while (begun < spans->count || ended < end_count) {
    bscope_stamp start = begun < spans->count ? spans->items[begun].start : BSCOPE_STAMP_OPEN;
    bscope_stamp at = ended < end_count ? bscope_min_u64(start, ends[ended].key) : start;
    while (begun < spans->count && spans->items[begun].start <= at)
      begun++;
    while (ended < end_count && ends[ended].key <= at)
      ended++;
    if (begun - ended > spans->peak) {
      spans->peak = begun - ended;
      spans->peak_at = at;
    }
    size_t listed = spans->listed - spans->checkpoints[spans->checkpoint_count - 1].listed;
    if (begun + ended - before < listed / 2 + SPARE)
      continue;
    before = begun + ended;
    if (add_checkpoint(spans, at, begun) != BSCOPE_OK)
      return BSCOPE_ERR_NO_MEMORY;
  }
  return append_checkpoint(spans, BSCOPE_STAMP_OPEN, spans->count);
}

int bscope_spans_build(struct bscope_spans *spans, struct bscope_interval *items, size_t count) {
  size_t end_count;
  *spans = (struct bscope_spans){.items = items, .count = count};
  struct bscope_keyed *ends = sorted_ends(spans, &end_count);
  int status = ends == NULL ? BSCOPE_ERR_NO_MEMORY : append_checkpoint(spans, 0, 0);
  if (status == BSCOPE_OK)
    status = sweep(spans, ends, end_count);
  free(ends);
  return status;
}

void bscope_spans_fini(struct bscope_spans *spans) {
  free(spans->items);
  free(spans->checkpoints);
  free(spans->lists);
}

size_t bscope_spans_bytes(const struct bscope_spans *spans) {
  return spans->count * sizeof(*spans->items) + spans->checkpoint_capacity * sizeof(*spans->checkpoints) +
         spans->list_capacity * sizeof(*spans->lists);
}

void bscope_spans_scan(const struct bscope_spans *spans, bscope_stamp from, bscope_stamp until,
                       struct bscope_spans_scan *scan) {
  /* The last checkpoint before the window. The first one has nothing, and the one behind the last is at no time. */
  size_t low = 0, high = spans->checkpoint_count - 1;
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (spans->checkpoints[middle].at < from)
      low = middle;
    else
      high = middle;
  }
  const struct bscope_checkpoint *point = &spans->checkpoints[low];
  *scan = (struct bscope_spans_scan){spans, from, until, point->listed, point[1].listed, point->begun};
}

size_t bscope_spans_next(struct bscope_spans_scan *scan) {
  const struct bscope_interval *items = scan->spans->items;
  while (scan->listed < scan->list_end) {
    size_t i = scan->spans->lists[scan->listed++];
    if (items[i].end > scan->from)
      return i;
  }
  while (scan->next < scan->spans->count && items[scan->next].start < scan->until) {
    size_t i = scan->next++;
    if (items[i].start >= scan->from || items[i].end > scan->from)
      return i;
  }
  return SIZE_MAX;
}
