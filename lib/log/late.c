/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plain array in the region; the snapshot's copy is sorted, the store's is not, since it is seldom searched.
 */
#include "log/late.h"

#include "log/vector.h"

#include <borrowscope/error.h>
#include <stdlib.h>

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

int bscope_lates_add(struct bscope_lates *lates, struct bscope_region *region, uint64_t position,
                     const struct bscope_cell *cell) {
  struct bscope_late *late;

  if (lates->count == lates->capacity) {
    late = bscope_vector_grow(region, lates->items, &lates->capacity, sizeof(*late));
    if (!late)
      return BSCOPE_ERR_NO_MEMORY;
    lates->items = late;
  }
  late = &lates->items[lates->count++];
  *late = (struct bscope_late){.position = position,
                               .subject = cell->subject,
                               .object = cell->object,
                               .site = cell->site,
                               .thread = cell->thread};
  if (cell->site & BSCOPE_SITE_LONG)
    copy_payload(late, bscope_region_at(region, cell->object));
  return BSCOPE_OK;
}

void bscope_lates_evict(struct bscope_lates *lates, uint64_t first) {
  size_t kept = 0;

  for (size_t i = 0; i < lates->count; i++)
    if (lates->items[i].position >= first)
      lates->items[kept++] = lates->items[i];
  lates->count = kept;
}

void bscope_lates_clear(struct bscope_lates *lates, struct bscope_region *region) {
  bscope_vector_free(region, lates->items, lates->capacity, sizeof(*lates->items));
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
