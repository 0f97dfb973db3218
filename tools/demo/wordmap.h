/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often each word was seen: a hash table with open addressing whose words lie one behind the other in one text.
 * One thread at a time.
 */
#ifndef DEMO_WORDMAP_H
#define DEMO_WORDMAP_H

#include <stddef.h>
#include <stdint.h>

struct word {
  uint64_t count; /* 0: a free place */
  size_t start;   /* in the map's text */
  size_t length;
};

struct wordmap {
  struct word *slots;
  size_t capacity; /* slots; a power of two */
  size_t used;
  char *text;
  size_t text_size;
  size_t text_capacity;
  uint64_t total; /* words seen, repeated ones too */
};

void wordmap_init(struct wordmap *map);
void wordmap_fini(struct wordmap *map);

/* Counts `count` more of a word; the map keeps its own copy of the bytes. */
void wordmap_add(struct wordmap *map, const char *bytes, size_t length, uint64_t count);

void wordmap_merge(struct wordmap *into, const struct wordmap *from);

/* Prints the `top` words by falling count, then by their bytes. */
void wordmap_print(const struct wordmap *map, size_t top);

#endif
