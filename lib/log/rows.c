/* SPDX-License-Identifier: Apache-2.0 */
#include "log/rows.h"

#include <string.h>

static struct bscope_extent *extent_of(void *rows) {
  return (struct bscope_extent *)rows - 1;
}

void *bscope_rows_make(struct bscope_region *region, size_t *capacity, size_t size) {
  size_t bytes = bscope_rows_bytes(*capacity ? *capacity : 1, size);
  struct bscope_extent *extent = bscope_region_alloc(region, bytes);

  if (!extent)
    return NULL;
  memset(extent, 0, bytes);
  *capacity = (bytes - sizeof(*extent)) / size;
  return extent + 1;
}

void bscope_rows_publish(struct bscope_region *region, enum bscope_extent_kind kind, void *rows, size_t capacity,
                         size_t size) {
  struct bscope_extent *extent = extent_of(rows);

  bscope_extent_publish(region, extent, kind, sizeof(*extent), bscope_rows_bytes(capacity, size));
}

void bscope_rows_free(struct bscope_region *region, void *rows, size_t capacity, size_t size) {
  if (!rows)
    return;
  bscope_extent_retract(extent_of(rows));
  bscope_region_free(region, extent_of(rows), bscope_rows_bytes(capacity, size), false);
}
