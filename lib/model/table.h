/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table from a pair of numbers to a number: open addressing, linear probing, deletion by shifting back, so
 * that no tombstones gather. It is only ever asked for a key: nothing walks it, so its order shows in no result.
 * The hash takes a seed, so that a log made for the purpose can't choose colliding keys. O(1) an operation.
 */
#ifndef BSCOPE_MODEL_TABLE_H
#define BSCOPE_MODEL_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct bscope_table_entry {
  uint64_t key;
  uint32_t sub;   /* the key's second half */
  uint32_t value; /* 0: the entry is free */
};

struct bscope_table {
  struct bscope_table_entry *entries; /* a power of two of them, or NULL while empty */
  size_t count;
  unsigned shift; /* 64 less the logarithm of the number of entries */
  uint64_t seed;
};

/* An empty table. Needs no memory. */
void bscope_table_init(struct bscope_table *table, uint64_t seed);
void bscope_table_fini(struct bscope_table *table);

/* The value of a key, or 0. */
uint32_t bscope_table_get(const struct bscope_table *table, uint64_t key, uint32_t sub);

/*
 * The place of a key's value, made with value 0 if there was none: the caller stores what is not 0 before the next
 * call. Valid until the next call that adds or removes. NULL with BSCOPE_ERR_NO_MEMORY set.
 */
uint32_t *bscope_table_at(struct bscope_table *table, uint64_t key, uint32_t sub);

/* The same for a key that is there. */
uint32_t *bscope_table_find(struct bscope_table *table, uint64_t key, uint32_t sub);

/* Takes a key out; nothing if it is not there. */
void bscope_table_remove(struct bscope_table *table, uint64_t key, uint32_t sub);

#endif
