/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table from a pair of numbers to a number: open addressing, linear probing. A key that is taken out keeps its
 * place until the table is next made anew, since addresses and cells come back: no entry moves in between, and coming
 * back costs no more than a look. It is only ever asked for a key: nothing walks it, so its order shows in no result.
 * The hash takes a seed, so that a log made for the purpose can't choose colliding keys. O(1) an operation.
 */
#ifndef BSCOPE_MODEL_TABLE_H
#define BSCOPE_MODEL_TABLE_H

#include "base/util.h"

#include <stddef.h>
#include <stdint.h>

#define BSCOPE_TABLE_OUT UINT32_MAX

struct bscope_table_entry {
  uint64_t key;
  uint32_t sub;   /* the key's second half */
  uint32_t value; /* 0: the entry is free; BSCOPE_TABLE_OUT: its key was taken out */
};

struct bscope_table {
  struct bscope_table_entry *entries; /* a power of two of them, or NULL while empty */
  size_t used;                        /* entries with a key, taken out or not */
  size_t live;
  size_t limit;   /* of used: half of the entries; 0 while empty */
  size_t mask;    /* entries less one */
  unsigned shift; /* 64 less the logarithm of the number of entries */
  uint64_t seed;
};

/* An empty table. Needs no memory. */
void bscope_table_init(struct bscope_table *table, uint64_t seed);
void bscope_table_fini(struct bscope_table *table);

static inline size_t bscope_table_home(const struct bscope_table *table, uint64_t key, uint32_t sub) {
  uint64_t h = (key ^ table->seed) * UINT64_C(0x9e3779b97f4a7c15) + sub;
  h ^= h >> 32;
  h *= UINT64_C(0xd6e8feb86659fd93);
  return (size_t)(h >> table->shift);
}

/* The key's entry, or the free one where it would go. The table has entries. */
static inline struct bscope_table_entry *bscope_table_probe(const struct bscope_table *table, uint64_t key,
                                                            uint32_t sub) {
  size_t i = bscope_table_home(table, key, sub);
  while (table->entries[i].value != 0 && (table->entries[i].key != key || table->entries[i].sub != sub))
    i = (i + 1) & table->mask;
  return &table->entries[i];
}

/* The value of a key, or 0. */
static inline uint32_t bscope_table_get(const struct bscope_table *table, uint64_t key, uint32_t sub) {
  if (table->used == 0)
    return 0;
  uint32_t value = bscope_table_probe(table, key, sub)->value;
  return value == BSCOPE_TABLE_OUT ? 0 : value;
}

/*
 * The place of a key's value, made with value 0 if there was none: the caller stores what is not 0 before the next
 * call. Valid until the next call that adds or removes. NULL with BSCOPE_ERR_NO_MEMORY set.
 */
static inline uint32_t *bscope_table_at(struct bscope_table *table, uint64_t key, uint32_t sub);

/* The same for a key that is there. */
static inline uint32_t *bscope_table_find(struct bscope_table *table, uint64_t key, uint32_t sub) {
  return &bscope_table_probe(table, key, sub)->value;
}

/* Takes a key out; nothing if it is not there. */
static inline void bscope_table_remove(struct bscope_table *table, uint64_t key, uint32_t sub) {
  struct bscope_table_entry *entry = table->used == 0 ? NULL : bscope_table_probe(table, key, sub);
  if (entry == NULL || entry->value == 0 || entry->value == BSCOPE_TABLE_OUT)
    return;
  entry->value = BSCOPE_TABLE_OUT;
  table->live--;
}

/* Makes the table anew, larger where what it holds asks for it. 0 or BSCOPE_ERR_NO_MEMORY. */
int bscope_table_renew(struct bscope_table *table);

static inline uint32_t *bscope_table_at(struct bscope_table *table, uint64_t key, uint32_t sub) {
  if (bscope_unlikely(table->used >= table->limit) && bscope_table_renew(table) != 0)
    return NULL;
  struct bscope_table_entry *entry = bscope_table_probe(table, key, sub);
  if (bscope_likely(entry->value != 0 && entry->value != BSCOPE_TABLE_OUT))
    return &entry->value;
  table->used += entry->value == 0;
  table->live++;
  entry->key = key;
  entry->sub = sub;
  entry->value = 0;
  return &entry->value;
}

#endif
