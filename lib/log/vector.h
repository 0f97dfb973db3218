/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arrays in the region that double when they are full: samples, threads, late events.
 */
#ifndef BSCOPE_LOG_VECTOR_H
#define BSCOPE_LOG_VECTOR_H

#include "base/region.h"
#include "base/util.h"

#include <string.h>

/* Makes room for more items of `size` bytes: the array's new place and *capacity, or NULL (then nothing has changed).
 */
static inline void *bscope_vector_grow(struct bscope_region *region, void *items, size_t *capacity, size_t size) {
  size_t old = (size_t)bscope_round_up(*capacity * size, BSCOPE_GRANULE);
  size_t bytes = old ? 2 * old : BSCOPE_GRANULE;
  void *grown = bscope_region_alloc(region, bytes);

  if (!grown)
    return NULL;
  if (items) {
    memcpy(grown, items, *capacity * size);
    bscope_region_free(region, items, old, false);
  }
  *capacity = bytes / size;
  return grown;
}

/* Gives the array's memory back. */
static inline void bscope_vector_free(struct bscope_region *region, void *items, size_t capacity, size_t size) {
  if (items)
    bscope_region_free(region, items, (size_t)bscope_round_up(capacity * size, BSCOPE_GRANULE), false);
}

/* Bytes that it takes. */
static inline size_t bscope_vector_bytes(size_t capacity, size_t size) {
  return (size_t)bscope_round_up(capacity * size, BSCOPE_GRANULE);
}

#endif
