/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sorted array: lookups take a binary search; a new thread, whose number is the highest so far, goes to its end.
 */
#include "log/threads.h"

#include "log/vector.h"

#include <borrowscope/error.h>

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

static void evict(struct bscope_threads *threads, uint64_t first) {
  size_t kept = 0;

  for (size_t i = 0; i < threads->count; i++)
    if (threads->rows[i].last >= first)
      threads->rows[kept++] = threads->rows[i];
  threads->count = kept;
}

/* Room for one more: first from threads whose events are gone, if those are many, else by doubling. */
static int make_room(struct bscope_threads *threads, struct bscope_region *region, uint64_t first) {
  struct bscope_thread_row *rows;
  size_t kept = 0;

  for (size_t i = 0; i < threads->count; i++)
    kept += threads->rows[i].last >= first;
  if (threads->count && kept <= threads->count / 4 * 3) {
    evict(threads, first);
    return BSCOPE_OK;
  }
  rows = bscope_vector_grow(region, threads->rows, &threads->capacity, sizeof(*rows));
  if (!rows)
    return BSCOPE_ERR_NO_MEMORY;
  threads->rows = rows;
  return BSCOPE_OK;
}

/* Cuts at 15 bytes, as the kernel does. */
static void set_name(struct bscope_thread_row *row, const char *name) {
  size_t length = name ? strnlen(name, sizeof(row->name) - 1) : 0;

  memset(row->name, 0, sizeof(row->name));
  if (length)
    memcpy(row->name, name, length);
}

int bscope_threads_set(struct bscope_threads *threads, struct bscope_region *region, uint32_t number, uint32_t tid,
                       const char *name, uint64_t first) {
  struct bscope_thread_row *row = bscope_threads_find(threads->rows, threads->count, number);

  if (!row) {
    if (threads->count == threads->capacity && make_room(threads, region, first))
      return BSCOPE_ERR_NO_MEMORY;
    row = &threads->rows[lower_bound(threads->rows, threads->count, number)];
    memmove(row + 1, row, (size_t)(&threads->rows[threads->count++] - row) * sizeof(*row));
    row->number = number;
    row->last = UINT64_MAX;
  }
  row->tid = tid;
  set_name(row, name);
  return BSCOPE_OK;
}

void bscope_threads_clear(struct bscope_threads *threads, struct bscope_region *region) {
  bscope_vector_free(region, threads->rows, threads->capacity, sizeof(*threads->rows));
  *threads = (struct bscope_threads){0};
}
