/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plain array in the region; the snapshot's copy is sorted, the store's is not, since it is seldom searched.
 */
#include "log/late.h"

#include "base/atomic.h"
#include "log/rows.h"

#include <borrowscope/error.h>
#include <stdlib.h>
#include <string.h>

struct bscope_late_tally bscope_lates_tally(const struct bscope_lates *lates, uint64_t from, uint64_t to) {
  struct bscope_late_tally tally = {0};

  for (size_t i = 0; i < lates->count; i++)
    if (lates->items[i].position >= from && lates->items[i].position < to) {
      tally.all++;
      tally.lost += lates->items[i].site == BSCOPE_SITE_LOST;
    }
  return tally;
}

const struct bscope_late *bscope_lates_find(const struct bscope_lates *lates, uint64_t position) {
  for (size_t i = 0; i < lates->count; i++)
    if (lates->items[i].position == position)
      return &lates->items[i];
  return NULL;
}

static void copy_payload(struct bscope_late *late, const struct bscope_long *more) {
  bool fits = more->size <= BSCOPE_LATE_PAYLOAD;

  late->is_long = 1;
  late->object = more->object;
  late->site &= ~BSCOPE_SITE_LONG;
  late->payload_size = fits ? more->size : BSCOPE_LATE_PAYLOAD;
  late->payload_cut = more->cut || !fits;
  memcpy(late->payload, more->payload, late->payload_size);
}

/* The rows from position `first` on, with room for `capacity`. */
static int remake(struct bscope_lates *lates, struct bscope_region *region, size_t capacity, uint64_t first) {
  struct bscope_lates made = {.capacity = capacity};

  made.items = bscope_rows_make(region, &made.capacity, sizeof(*made.items));
  if (!made.items)
    return BSCOPE_ERR_NO_MEMORY;
  for (size_t i = 0; i < lates->count; i++)
    if (lates->items[i].position >= first)
      made.items[made.count++] = lates->items[i];
  bscope_rows_publish(region, BSCOPE_EXTENT_LATES, made.items, made.capacity, sizeof(*made.items));
  bscope_lates_clear(lates, region);
  *lates = made;
  return BSCOPE_OK;
}

int bscope_lates_add(struct bscope_lates *lates, struct bscope_region *region, uint64_t position,
                     const struct bscope_cell *cell) {
  struct bscope_late *late;

  if (lates->count == lates->capacity && remake(lates, region, 2 * lates->capacity, 0))
    return BSCOPE_ERR_NO_MEMORY;
  late = &lates->items[lates->count++];
  *late = (struct bscope_late){.position = position,
                               .subject = cell->subject,
                               .object = cell->object,
                               .site = cell->site,
                               .thread = cell->thread};
  if (cell->site & BSCOPE_SITE_LONG)
    copy_payload(late, bscope_region_at(region, cell->object));
  bscope_store_release(&late->full, position + 1); /* partner: whoever reads the file */
  return BSCOPE_OK;
}

void bscope_lates_evict(struct bscope_lates *lates, struct bscope_region *region, uint64_t first) {
  size_t gone = 0;

  for (size_t i = 0; i < lates->count; i++)
    gone += lates->items[i].position < first;
  if (gone)
    (void)remake(lates, region, lates->capacity, first); /* without memory they stay until the next time */
}

void bscope_lates_clear(struct bscope_lates *lates, struct bscope_region *region) {
  bscope_rows_free(region, lates->items, lates->capacity, sizeof(*lates->items));
  *lates = (struct bscope_lates){0};
}

static int compare(const void *a, const void *b) {
  uint64_t left = ((const struct bscope_late *)a)->position;
  uint64_t right = ((const struct bscope_late *)b)->position;

  return (left > right) - (left < right);
}

void bscope_late_sort(struct bscope_late *items, size_t count) {
  if (count > 1)
    qsort(items, count, sizeof(*items), compare);
}

const struct bscope_late *bscope_late_search(const struct bscope_late *items, size_t count, uint64_t position) {
  struct bscope_late key = {.position = position};

  return count ? bsearch(&key, items, count, sizeof(*items), compare) : NULL;
}

void bscope_late_entry(const struct bscope_late *late, struct bscope_entry *out) {
  *out = (struct bscope_entry){.subject = late->subject,
                               .object = late->object,
                               .site = late->site,
                               .thread = late->thread,
                               .payload = late->is_long ? late->payload : NULL,
                               .payload_size = late->payload_size,
                               .payload_cut = late->payload_cut != 0};
}
