/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map owns two blocks: `slots`, which is replaced by a larger one when it is three quarters full, and `text`,
 * which grows in place or moves (bscope_realloc_at keeps its identity either way).
 */
#include "wordmap.h"

#include "queue.h"

#include <borrowscope/borrowscope.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 256, FIRST_TEXT = 1024 };

static struct word *make_slots(size_t capacity) {
  struct word *slots = must_have(calloc(capacity, sizeof(*slots)));
  bscope_new_at_typed("slots", "struct word", slots, capacity * sizeof(*slots));
  return slots;
}

void wordmap_init(struct wordmap *map) {
  *map = (struct wordmap){.capacity = FIRST_SLOTS, .text_capacity = FIRST_TEXT};
  bscope_new_at_typed("wordmap", "struct wordmap", map, sizeof(*map));
  map->slots = make_slots(FIRST_SLOTS);
  map->text = must_have(malloc(FIRST_TEXT));
  bscope_new_at("text", map->text, FIRST_TEXT);
}

void wordmap_fini(struct wordmap *map) {
  bscope_drop_at(map->slots);
  free(map->slots);
  bscope_drop_at(map->text);
  free(map->text);
  *map = (struct wordmap){0};
  bscope_drop_at(map);
}

/* The word's slot, or the free one where it belongs. */
static struct word *find(const struct wordmap *map, const char *bytes, size_t length) {
  uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
  for (size_t i = (size_t)(hash ^ hash >> 32);; i++) {
    struct word *word = &map->slots[i & (map->capacity - 1)];
    if (word->count == 0 || (word->length == length && memcmp(map->text + word->start, bytes, length) == 0))
      return word;
  }
}

static void grow_slots(struct wordmap *map) {
  struct word *old = map->slots;
  size_t old_capacity = map->capacity;
  map->capacity *= 2;
  map->slots = make_slots(map->capacity);
  for (size_t i = 0; i < old_capacity; i++) {
    if (old[i].count > 0)
      *find(map, map->text + old[i].start, old[i].length) = old[i];
  }
  bscope_drop_at(old);
  free(old);
}

static size_t keep_text(struct wordmap *map, const char *bytes, size_t length) {
  size_t start = map->text_size;
  while (map->text_capacity - start < length) {
    map->text_capacity *= 2;
    map->text = must_have(bscope_realloc_at(map->text, map->text_capacity));
  }
  memcpy(map->text + start, bytes, length);
  map->text_size += length;
  return start;
}

void wordmap_add(struct wordmap *map, const char *bytes, size_t length, uint64_t count) {
  struct word *word = find(map, bytes, length);
  if (word->count == 0) {
    if (4 * (map->used + 1) > 3 * map->capacity) {
      grow_slots(map);
      word = find(map, bytes, length);
    }
    word->start = keep_text(map, bytes, length);
    word->length = length;
    map->used++;
  }
  word->count += count;
  map->total += count;
}

void wordmap_merge(struct wordmap *into, const struct wordmap *from) {
  for (size_t i = 0; i < from->capacity; i++) {
    const struct word *word = &from->slots[i];
    if (word->count > 0)
      wordmap_add(into, from->text + word->start, word->length, word->count);
  }
}

static int by_count(const void *left, const void *right, void *text) {
  const struct word *a = left, *b = right;
  if (a->count != b->count)
    return a->count < b->count ? 1 : -1;
  int order = memcmp((char *)text + a->start, (char *)text + b->start, a->length < b->length ? a->length : b->length);
  return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

void wordmap_print(const struct wordmap *map, size_t top) {
  struct word *words = must_have(malloc(map->capacity * sizeof(*words)));
  bscope_new_at_typed("words", "struct word", words, map->capacity * sizeof(*words));
  memcpy(words, map->slots, map->capacity * sizeof(*words));
  qsort_r(words, map->capacity, sizeof(*words), by_count, map->text);
  for (size_t i = 0; i < top && i < map->used; i++)
    printf("%8" PRIu64 " %.*s\n", words[i].count, (int)words[i].length, map->text + words[i].start);
  bscope_drop_at(words);
  free(words);
}
