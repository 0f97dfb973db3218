/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sorted array: lookups take a binary search; a new thread, whose number is the highest so far, goes to its end.
 */
#include "log/threads.h"

#include "base/atomic.h"
#include "log/rows.h"

#include <borrowscope/error.h>
#include <string.h>

/* The first row whose number is at least `number`. */
static size_t lower_bound(const struct bscope_thread_row *rows, size_t count, uint32_t number) {
  size_t low = 0;

  while (low < count) {
    size_t middle = low + (count - low) / 2;

    if (rows[middle].number < number)
      low = middle + 1;
    else
      count = middle;
  }
  return low;
}

struct bscope_thread_row *bscope_threads_find(const struct bscope_thread_row *rows, size_t count, uint32_t number) {
  size_t at = lower_bound(rows, count, number);

  return at < count && rows[at].number == number ? (struct bscope_thread_row *)(uintptr_t)&rows[at] : NULL;
}

/* Cuts at 15 bytes, as the kernel does. */
static void set_name(struct bscope_thread_row *row, const char *name) {
  size_t length = name ? strnlen(name, sizeof(row->name) - 1) : 0;

  memset(row->name, 0, sizeof(row->name));
  if (length)
    memcpy(row->name, name, length);
}

/* Behind the last row: its tid comes last, since a reader of the file ends at the first row without one. */
static void append(struct bscope_threads *threads, const struct bscope_thread_row *row) {
  struct bscope_thread_row *place = &threads->rows[threads->count++];
  uint32_t tid = row->tid;

  *place = *row;
  place->tid = 0;
  bscope_store_release(&place->tid, tid); /* partner: whoever reads the file */
}

/* The rows anew with one more: without threads whose events are gone, if those are many, else with twice the room. */
static int insert(struct bscope_threads *threads, struct bscope_region *region, const struct bscope_thread_row *row,
                  uint64_t first) {
  struct bscope_threads made = {.capacity = threads->capacity};
  size_t kept = 0;
  bool placed = false;

  for (size_t i = 0; i < threads->count; i++)
    kept += threads->rows[i].last >= first;
  if (threads->count < threads->capacity || kept > threads->count / 4 * 3) {
    first = 0;
    made.capacity *= threads->count < threads->capacity ? 1 : 2;
  }
  made.rows = bscope_rows_make(region, &made.capacity, sizeof(*made.rows));
  if (!made.rows)
    return BSCOPE_ERR_NO_MEMORY;
  for (size_t i = 0; i < threads->count; i++) {
    if (!placed && threads->rows[i].number > row->number)
      made.rows[made.count++] = *row;
    placed |= threads->rows[i].number > row->number;
    if (threads->rows[i].last >= first)
      made.rows[made.count++] = threads->rows[i];
  }
  if (!placed)
    made.rows[made.count++] = *row;
  bscope_rows_publish(region, BSCOPE_EXTENT_THREADS, made.rows, made.capacity, sizeof(*made.rows));
  bscope_threads_clear(threads, region);
  *threads = made;
  return BSCOPE_OK;
}

int bscope_threads_set(struct bscope_threads *threads, struct bscope_region *region, uint32_t number, uint32_t tid,
                       const char *name, uint64_t first) {
  struct bscope_thread_row *row = bscope_threads_find(threads->rows, threads->count, number);
  struct bscope_thread_row made = {.number = number, .tid = tid, .last = UINT64_MAX};

  if (row) {
    row->tid = tid;
    set_name(row, name);
    return BSCOPE_OK;
  }
  set_name(&made, name);
  if (threads->count == threads->capacity || (threads->count && threads->rows[threads->count - 1].number > number))
    return insert(threads, region, &made, first);
  append(threads, &made);
  return BSCOPE_OK;
}

void bscope_threads_clear(struct bscope_threads *threads, struct bscope_region *region) {
  bscope_rows_free(region, threads->rows, threads->capacity, sizeof(*threads->rows));
  *threads = (struct bscope_threads){0};
}
