/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings interned by content into small numbers. The copies never move and live as long as the table, which a graph
 * keeps for its strings. One hash and one comparison a lookup; a caller that knows the event's site looks up once a
 * site.
 */
#ifndef BSCOPE_MODEL_NAMES_H
#define BSCOPE_MODEL_NAMES_H

#include "model/table.h"

#include <stddef.h>
#include <stdint.h>

/* The number of "no string" (NULL); bscope_names_text of it is NULL. */
#define BSCOPE_NAME_NONE 0u

#define BSCOPE_NAME_PADDED 16u /* bytes of a string that may be read, however short it is */

struct bscope_name_text {
  const char *text;
  size_t length;
};

struct bscope_names {
  struct bscope_table index;      /* hash of the content, n-th of that hash -> number */
  struct bscope_name_text *texts; /* by number, from 1 */
  size_t count;                   /* numbers given, NONE included */
  size_t capacity;
  struct bscope_names_chunk *chunks; /* the copies */
  size_t chunk_used;
};

void bscope_names_init(struct bscope_names *names, uint64_t seed);
void bscope_names_fini(struct bscope_names *names);

/* The number of `length` bytes of text (NULL: NONE) into *out. 0 or BSCOPE_ERR_NO_MEMORY. */
int bscope_names_intern(struct bscope_names *names, const char *text, size_t length, uint32_t *out);

/* The number of a string that may be there, or NONE. */
uint32_t bscope_names_find(const struct bscope_names *names, const char *text, size_t length);

/* Of a string's content, begun from any number; eight bytes a step. */
uint64_t bscope_name_hash(uint64_t seed, const char *text, size_t length);

/* Borrowed from the table. */
static inline const char *bscope_names_text(const struct bscope_names *names, uint32_t name) {
  return name == BSCOPE_NAME_NONE ? NULL : names->texts[name].text;
}

extern const struct bscope_name_text bscope_name_empty;

/* With its length; "" for NONE. */
static inline const struct bscope_name_text *bscope_names_entry(const struct bscope_names *names, uint32_t name) {
  return name == BSCOPE_NAME_NONE ? &bscope_name_empty : &names->texts[name];
}

#endif
