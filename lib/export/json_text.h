/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings as JSON writes them, each distinct one encoded once (by jansson) and then found by its address: a log's
 * strings are interned, so an export asks for the same few thousand addresses a million times. A hit costs one multiply
 * and one compare; memory grows with distinct strings alone.
 *
 * A string must stay where it is, unchanged, until the cache is gone.
 */
#ifndef BSCOPE_EXPORT_JSON_TEXT_H
#define BSCOPE_EXPORT_JSON_TEXT_H

#include "base/util.h"

#include <stddef.h>
#include <stdint.h>

/* A string longer than this is not written: nothing that tracking calls record comes near it, so the log is damaged. */
#define BSCOPE_JSON_TEXT_MAX (1u << 20)

#define BSCOPE_JSON_TEXT_PADDED 16 /* bytes of a text that may be read, however short it is */

/* Encoded, without its quotes. */
struct bscope_json_text {
  const char *bytes;
  size_t size;
};

struct bscope_json_text_slot {
  const char *key; /* NULL: free */
  struct bscope_json_text text;
};

struct bscope_json_text_table {
  struct bscope_json_text_slot *slots;
  size_t mask; /* slots - 1 */
  size_t used;
};

struct bscope_json_texts {
  struct bscope_json_text_table by_address;
  struct bscope_json_text_table by_content; /* keyed by one of the addresses of each content */
  struct bscope_json_text_chunk *chunks;    /* encoded bytes; never move */
  int status;                               /* what failed first; texts are empty from then on */
};

int bscope_json_texts_init(struct bscope_json_texts *texts);
void bscope_json_texts_fini(struct bscope_json_texts *texts);

/* The way of a string seen for the first time at this address. */
struct bscope_json_text bscope_json_text_add(struct bscope_json_texts *texts, const char *string);

static inline size_t bscope_json_text_slot_of(const char *key, size_t mask) {
  uint64_t h = (uint64_t)(uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15);
  return (size_t)(h >> 32) & mask;
}

extern const struct bscope_json_text bscope_json_text_none; /* "" */

/* The encoded string; NULL is "". On failure texts->status is set: _NO_MEMORY, or _SERIALIZATION for what can't be
 * encoded. */
static inline struct bscope_json_text bscope_json_text(struct bscope_json_texts *texts, const char *string) {
  if (!string)
    return bscope_json_text_none;
  const struct bscope_json_text_table *table = &texts->by_address;
  const struct bscope_json_text_slot *slot = &table->slots[bscope_json_text_slot_of(string, table->mask)];
  return bscope_likely(slot->key == string) ? slot->text : bscope_json_text_add(texts, string);
}

#endif
