/* SPDX-License-Identifier: Apache-2.0 */
/* Interned strings: see names.h. */
#include "model/names.h"

#include "base/error.h"
#include "model/memory.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)16 << 10)

static const char nothing[BSCOPE_NAME_PADDED];
const struct bscope_name_text bscope_name_empty = {nothing, 0};

struct bscope_names_chunk {
  struct bscope_names_chunk *older;
  size_t size;
  char bytes[];
};

void bscope_names_init(struct bscope_names *names, uint64_t seed) {
  *names = (struct bscope_names){.count = 1};
  bscope_table_init(&names->index, seed);
}

void bscope_names_fini(struct bscope_names *names) {
  bscope_table_fini(&names->index);
  free(names->texts);
  for (struct bscope_names_chunk *chunk = names->chunks, *older; chunk != NULL; chunk = older) {
    older = chunk->older;
    free(chunk);
  }
}

uint64_t bscope_name_hash(uint64_t seed, const char *text, size_t length) {
  uint64_t h = seed ^ length;
  for (; length >= 8; text += 8, length -= 8) {
    uint64_t word;
    memcpy(&word, text, 8);
    h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 29;
  }
  uint64_t tail = 0;
  memcpy(&tail, text, length);
  h = (h ^ tail) * UINT64_C(0x9e3779b97f4a7c15);
  return h ^ h >> 29;
}

static int equals(const struct bscope_name_text *kept, const char *text, size_t length) {
  return kept->length == length && memcmp(kept->text, text, length) == 0;
}

/* The string's number, or NONE with *turn the first unused place among strings of that hash. */
static uint32_t lookup(const struct bscope_names *names, const char *text, size_t length, uint64_t hash,
                       uint32_t *turn) {
  for (*turn = 0;; ++*turn) {
    uint32_t name = bscope_table_get(&names->index, hash, *turn);
    if (name == BSCOPE_NAME_NONE || equals(&names->texts[name], text, length))
      return name;
  }
}

uint32_t bscope_names_find(const struct bscope_names *names, const char *text, size_t length) {
  uint32_t turn;
  return text == NULL ? BSCOPE_NAME_NONE
                      : lookup(names, text, length, bscope_name_hash(names->index.seed, text, length), &turn);
}

static char *room(struct bscope_names *names, size_t bytes) {
  if (names->chunks == NULL || names->chunks->size - names->chunk_used < bytes) {
    size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
    struct bscope_names_chunk *chunk = malloc(sizeof(*chunk) + size);
    if (chunk == NULL) {
      bscope_fail(BSCOPE_ERR_NO_MEMORY, "model: no memory for %zu bytes of names", size);
      return NULL;
    }
    chunk->older = names->chunks;
    chunk->size = size;
    names->chunks = chunk;
    names->chunk_used = 0;
  }
  char *place = names->chunks->bytes + names->chunk_used;
  names->chunk_used += bytes;
  return place;
}

int bscope_names_intern(struct bscope_names *names, const char *text, size_t length, uint32_t *out) {
  *out = BSCOPE_NAME_NONE;
  if (text == NULL)
    return BSCOPE_OK;
  uint32_t turn;
  uint64_t hash = bscope_name_hash(names->index.seed, text, length);
  *out = lookup(names, text, length, hash, &turn);
  if (*out != BSCOPE_NAME_NONE)
    return BSCOPE_OK;
  if (names->count >= UINT32_MAX)
    return bscope_fail(BSCOPE_ERR_NO_MEMORY, "model: more than %u different names", UINT32_MAX - 1);
  struct bscope_name_text *texts = bscope_model_grow(names->texts, &names->capacity, names->count + 1, sizeof(*texts));
  if (texts == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  names->texts = texts;
  char *copy = room(names, length + BSCOPE_NAME_PADDED);
  if (copy == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  uint32_t *value = bscope_table_at(&names->index, hash, turn);
  if (value == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  memcpy(copy, text, length);
  memset(copy + length, 0, BSCOPE_NAME_PADDED);
  texts[names->count] = (struct bscope_name_text){copy, length};
  *value = *out = (uint32_t)names->count++;
  return BSCOPE_OK;
}
