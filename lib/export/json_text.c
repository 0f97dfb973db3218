/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two open hash tables with linear probing (addresses; contents, so that equal strings at two addresses share their
 * bytes) over chunks of encoded bytes. The content's hash is the only thing that sees bytes, and nothing that is
 * written depends on the order of either table.
 */
#include "export/json_text.h"

#include "base/error.h"
#include "capture/text_table.h"
#include "export/utf8.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 64u
#define CHUNK_SIZE (64u << 10)

struct bscope_json_text_chunk {
  struct bscope_json_text_chunk *next;
  size_t used;
  size_t capacity;
  char bytes[];
};

static const char nothing[BSCOPE_JSON_TEXT_PADDED];
const struct bscope_json_text bscope_json_text_none = {nothing, 0};

static int fail_memory(void) {
  return bscope_fail(BSCOPE_ERR_NO_MEMORY, "no memory for the strings of an export");
}

static int table_init(struct bscope_json_text_table *table, size_t slots) {
  *table = (struct bscope_json_text_table){.slots = calloc(slots, sizeof(*table->slots)), .mask = slots - 1};
  return table->slots ? BSCOPE_OK : fail_memory();
}

int bscope_json_texts_init(struct bscope_json_texts *texts) {
  *texts = (struct bscope_json_texts){.status = BSCOPE_OK};
  texts->status = table_init(&texts->by_address, FIRST_SLOTS);
  if (texts->status == BSCOPE_OK)
    texts->status = table_init(&texts->by_content, FIRST_SLOTS);
  return texts->status;
}

void bscope_json_texts_fini(struct bscope_json_texts *texts) {
  while (texts->chunks) {
    struct bscope_json_text_chunk *next = texts->chunks->next;
    free(texts->chunks);
    texts->chunks = next;
  }
  free(texts->by_address.slots);
  free(texts->by_content.slots);
  *texts = (struct bscope_json_texts){.status = BSCOPE_OK};
}

static size_t address_place(const char *key, size_t mask) {
  return bscope_json_text_slot_of(key, mask);
}

static size_t content_place(const char *key, size_t mask) {
  return (size_t)bscope_text_hash(key, strlen(key)) & mask;
}

/* Twice the slots, once half are taken: short probes, and a free slot always. */
static int make_room(struct bscope_json_text_table *table, size_t (*place)(const char *, size_t)) {
  if (table->used * 2 < table->mask)
    return BSCOPE_OK;
  struct bscope_json_text_table wider;
  if (table_init(&wider, (table->mask + 1) * 2) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  for (size_t i = 0; i <= table->mask; i++) {
    if (!table->slots[i].key)
      continue;
    size_t j = place(table->slots[i].key, wider.mask);
    while (wider.slots[j].key)
      j = (j + 1) & wider.mask;
    wider.slots[j] = table->slots[i];
  }
  wider.used = table->used;
  free(table->slots);
  *table = wider;
  return BSCOPE_OK;
}

static struct bscope_json_text_slot *find_address(const struct bscope_json_text_table *table, const char *key) {
  size_t i = address_place(key, table->mask);
  while (table->slots[i].key && table->slots[i].key != key)
    i = (i + 1) & table->mask;
  return &table->slots[i];
}

static struct bscope_json_text_slot *find_content(const struct bscope_json_text_table *table, const char *key) {
  size_t i = content_place(key, table->mask);
  while (table->slots[i].key && strcmp(table->slots[i].key, key) != 0)
    i = (i + 1) & table->mask;
  return &table->slots[i];
}

/* Room for `size` bytes and the padding at the end of a chunk; they count once chunk->used says so. */
static struct bscope_json_text_chunk *chunk_with(struct bscope_json_texts *texts, size_t size) {
  struct bscope_json_text_chunk *chunk = texts->chunks;
  size += BSCOPE_JSON_TEXT_PADDED;
  if (chunk && chunk->capacity - chunk->used >= size)
    return chunk;
  size_t capacity = size > CHUNK_SIZE ? size : CHUNK_SIZE;
  chunk = malloc(sizeof(*chunk) + capacity);
  if (!chunk)
    return NULL;
  *chunk = (struct bscope_json_text_chunk){.next = texts->chunks, .capacity = capacity};
  texts->chunks = chunk;
  return chunk;
}

static struct bscope_json_text keep(struct bscope_json_texts *texts, const char *bytes, size_t size) {
  struct bscope_json_text_chunk *chunk = chunk_with(texts, size * BSCOPE_UTF8_HIDE_GROWTH);
  if (!chunk) {
    texts->status = fail_memory();
    return bscope_json_text_none;
  }
  char *place = chunk->bytes + chunk->used;
  size = bscope_utf8_hide(place, bytes, size);
  chunk->used += size;
  return (struct bscope_json_text){place, size};
}

struct encoding {
  char *bytes;
  size_t used;
  size_t capacity;
};

/* jansson gives the encoded string in pieces, with its quotes. */
static int take_piece(const char *bytes, size_t size, void *context) {
  struct encoding *encoding = context;
  if (size > encoding->capacity - encoding->used)
    return -1;
  memcpy(encoding->bytes + encoding->used, bytes, size);
  encoding->used += size;
  return 0;
}

/*
 * Repairs, encodes and keeps one string. `scratch` holds the repaired text and behind it the encoded one, and is large
 * enough. What is repaired is valid, so jansson can only lack memory.
 */
static struct bscope_json_text encode_in(struct bscope_json_texts *texts, const char *string, size_t size,
                                         char *scratch, size_t capacity) {
  size_t repaired = bscope_utf8_repair(scratch, string, size);
  struct encoding encoding = {.bytes = scratch + repaired, .capacity = capacity - repaired};
  json_t *value = json_stringn(scratch, repaired);
  int failed = value ? json_dump_callback(value, take_piece, &encoding, JSON_ENCODE_ANY) : -1;
  json_decref(value);
  if (failed || encoding.used < 2) {
    texts->status = fail_memory();
    return bscope_json_text_none;
  }
  return keep(texts, encoding.bytes + 1, encoding.used - 2);
}

static struct bscope_json_text encode(struct bscope_json_texts *texts, const char *string) {
  char small[2048];
  size_t size = strnlen(string, (size_t)BSCOPE_JSON_TEXT_MAX + 1);
  if (size > BSCOPE_JSON_TEXT_MAX) {
    texts->status = bscope_fail(BSCOPE_ERR_SERIALIZATION,
                                "a string is longer than %u bytes, which no recorded one is: \"%.40s\"...",
                                BSCOPE_JSON_TEXT_MAX, string);
    return bscope_json_text_none;
  }
  size_t capacity = size * (BSCOPE_UTF8_REPAIR_GROWTH + 6) + 2; /* an encoded byte takes at most 6 (\u001f) */
  if (capacity <= sizeof(small))
    return encode_in(texts, string, size, small, sizeof(small));
  char *scratch = malloc(capacity);
  if (!scratch) {
    texts->status = fail_memory();
    return bscope_json_text_none;
  }
  struct bscope_json_text text = encode_in(texts, string, size, scratch, capacity);
  free(scratch);
  return text;
}

struct bscope_json_text bscope_json_text_add(struct bscope_json_texts *texts, const char *string) {
  if (texts->status != BSCOPE_OK)
    return bscope_json_text_none;
  struct bscope_json_text_slot *known = find_address(&texts->by_address, string);
  if (known->key)
    return known->text;
  texts->status = make_room(&texts->by_address, address_place);
  if (texts->status == BSCOPE_OK)
    texts->status = make_room(&texts->by_content, content_place);
  if (texts->status != BSCOPE_OK)
    return bscope_json_text_none;
  struct bscope_json_text_slot *same = find_content(&texts->by_content, string);
  if (!same->key) {
    struct bscope_json_text text = encode(texts, string);
    if (texts->status != BSCOPE_OK)
      return text;
    *same = (struct bscope_json_text_slot){string, text};
    texts->by_content.used++;
  }
  *find_address(&texts->by_address, string) = (struct bscope_json_text_slot){string, same->text};
  texts->by_address.used++;
  return same->text;
}
