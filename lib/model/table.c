/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table of numbers: see table.h. */
#include "model/table.h"

#include "model/memory.h"

#include <stdlib.h>

#define FIRST_LOG2 6u

static size_t slots(const struct bscope_table *table) {
  return (size_t)1 << (64 - table->shift);
}

void bscope_table_init(struct bscope_table *table, uint64_t seed) {
  *table = (struct bscope_table){.shift = 64 - FIRST_LOG2, .seed = seed};
}

void bscope_table_fini(struct bscope_table *table) {
  free(table->entries);
  table->entries = NULL;
}

/* A quarter of the entries hold keys afterwards at most, so that as many may come before the next time. */
int bscope_table_renew(struct bscope_table *table) {
  struct bscope_table larger = *table;
  if (table->entries != NULL && 4 * (table->live + 1) > slots(table))
    larger.shift--;
  larger.entries = bscope_model_zeroed(slots(&larger), sizeof(*larger.entries));
  if (larger.entries == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  larger.mask = slots(&larger) - 1;
  larger.limit = slots(&larger) / 2;
  for (size_t i = 0; table->entries != NULL && i < slots(table); i++) {
    const struct bscope_table_entry *entry = &table->entries[i];
    if (entry->value != 0 && entry->value != BSCOPE_TABLE_OUT)
      *bscope_table_probe(&larger, entry->key, entry->sub) = *entry;
  }
  larger.used = larger.live;
  free(table->entries);
  *table = larger;
  return BSCOPE_OK;
}
