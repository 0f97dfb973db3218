/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table of numbers: see table.h. */
#include "model/table.h"

#include "base/util.h"
#include "model/memory.h"

#include <stdlib.h>

#define FIRST_LOG2 6u

static size_t slots(const struct bscope_table *table) {
  return (size_t)1 << (64 - table->shift);
}

static inline size_t home(const struct bscope_table *table, uint64_t key, uint32_t sub) {
  uint64_t h = (key ^ table->seed) * UINT64_C(0x9e3779b97f4a7c15) + sub;
  h ^= h >> 32;
  h *= UINT64_C(0xd6e8feb86659fd93);
  return (size_t)(h >> table->shift);
}

void bscope_table_init(struct bscope_table *table, uint64_t seed) {
  *table = (struct bscope_table){.shift = 64 - FIRST_LOG2, .seed = seed};
}

void bscope_table_fini(struct bscope_table *table) {
  free(table->entries);
  table->entries = NULL;
}

/* The key's entry, or the free one where it would go. */
static inline struct bscope_table_entry *probe(const struct bscope_table *table, uint64_t key, uint32_t sub) {
  size_t mask = slots(table) - 1;
  size_t i = home(table, key, sub);
  while (table->entries[i].value != 0 && (table->entries[i].key != key || table->entries[i].sub != sub))
    i = (i + 1) & mask;
  return &table->entries[i];
}

uint32_t bscope_table_get(const struct bscope_table *table, uint64_t key, uint32_t sub) {
  return table->count == 0 ? 0 : probe(table, key, sub)->value;
}

uint32_t *bscope_table_find(struct bscope_table *table, uint64_t key, uint32_t sub) {
  return &probe(table, key, sub)->value;
}

static int enlarge(struct bscope_table *table) {
  struct bscope_table larger = *table;
  if (table->entries != NULL)
    larger.shift--;
  larger.entries = bscope_model_zeroed(slots(&larger), sizeof(*larger.entries));
  if (larger.entries == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  for (size_t i = 0; table->entries != NULL && i < slots(table); i++)
    if (table->entries[i].value != 0)
      *probe(&larger, table->entries[i].key, table->entries[i].sub) = table->entries[i];
  free(table->entries);
  *table = larger;
  return BSCOPE_OK;
}

uint32_t *bscope_table_at(struct bscope_table *table, uint64_t key, uint32_t sub) {
  if ((table->entries == NULL || 2 * (table->count + 1) > slots(table)) && enlarge(table) != BSCOPE_OK)
    return NULL;
  struct bscope_table_entry *entry = probe(table, key, sub);
  if (entry->value == 0) {
    entry->key = key;
    entry->sub = sub;
    table->count++;
  }
  return &entry->value;
}

void bscope_table_remove(struct bscope_table *table, uint64_t key, uint32_t sub) {
  if (table->count == 0)
    return;
  size_t mask = slots(table) - 1;
  size_t hole = (size_t)(probe(table, key, sub) - table->entries);
  if (table->entries[hole].value == 0)
    return;
  /* Entries behind the hole move into it unless that would put them before their home. */
  for (size_t i = (hole + 1) & mask; table->entries[i].value != 0; i = (i + 1) & mask) {
    size_t wanted = home(table, table->entries[i].key, table->entries[i].sub);
    if (((i - wanted) & mask) >= ((i - hole) & mask)) {
      table->entries[hole] = table->entries[i];
      hole = i;
    }
  }
  table->entries[hole].value = 0;
  table->count--;
}
