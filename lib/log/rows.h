/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arrays in the region that a reader of its file finds: an extent's header, the rows, zeroes. Rows are appended in
 * place, their mark of being there last; for all else the array is made anew, beside the old one until it is whole.
 */
#ifndef BSCOPE_LOG_ROWS_H
#define BSCOPE_LOG_ROWS_H

#include "base/extent.h"

/* Room for at least *capacity rows of `size` bytes, zeroed, and for how many it is; NULL: no memory. */
void *bscope_rows_make(struct bscope_region *region, size_t *capacity, size_t size);

/* The rows are filled as far as they are to be: `kind` says how. */
void bscope_rows_publish(struct bscope_region *region, enum bscope_extent_kind kind, void *rows, size_t capacity,
                         size_t size);

/* Gives the memory back. */
void bscope_rows_free(struct bscope_region *region, void *rows, size_t capacity, size_t size);

/* Bytes that they take. */
static inline size_t bscope_rows_bytes(size_t capacity, size_t size) {
  size_t bytes = capacity ? sizeof(struct bscope_extent) + capacity * size : 0;

  return (bytes + BSCOPE_GRANULE - 1) / BSCOPE_GRANULE * BSCOPE_GRANULE;
}

#endif
