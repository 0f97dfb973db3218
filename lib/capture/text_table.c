/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/text_table.h"

#include "base/atomic.h"
#include "base/util.h"

#include <string.h>
#include <sys/mman.h>

#define BUCKETS 8192u
#define EMERGENCY (64u << 10)

struct text {
  uint32_t next; /* offset of the next in its chain, 0: none; constant once the entry is linked */
  uint32_t hash;
  uint32_t length;
  char bytes[];
};

static uint8_t *arena;            /* atomic: mapped once */
static uint32_t used = 8;         /* atomic: bytes handed out; 0 is 'none' */
static uint32_t buckets[BUCKETS]; /* atomic: offset of a chain's newest entry */

uint64_t bscope_text_hash(const void *bytes, size_t length) {
  const uint8_t *b = bytes;
  uint64_t h = 0xcbf29ce484222325u;
  for (size_t i = 0; i < length; i++)
    h = (h ^ b[i]) * 0x100000001b3u;
  return h ^ (h >> 29);
}

static uint8_t *map_arena(void) {
  uint8_t *a = bscope_load_acquire(&arena);
  if (bscope_likely(a))
    return a;
  a = mmap(NULL, BSCOPE_TEXT_CAPACITY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (a == MAP_FAILED)
    return NULL;
  uint8_t *winner = NULL;
  if (bscope_cas_acq_rel(&arena, &winner, a))
    return a;
  munmap(a, BSCOPE_TEXT_CAPACITY);
  return winner;
}

/* Searches a chain from `from` down to, not including, `until`. */
static const struct text *find(const uint8_t *a, uint32_t from, uint32_t until, uint32_t hash, const char *bytes,
                               size_t length) {
  for (uint32_t at = from; at != until && at != 0;) {
    const struct text *t = (const struct text *)(a + at);
    if (t->hash == hash && t->length == length && memcmp(t->bytes, bytes, length) == 0)
      return t;
    at = t->next;
  }
  return NULL;
}

static struct text *reserve_entry(uint8_t *a, size_t length, int reserve) {
  uint32_t size = (uint32_t)bscope_round_up(sizeof(struct text) + length + 1, 8);
  uint32_t limit = BSCOPE_TEXT_CAPACITY - (reserve ? 0 : EMERGENCY);
  if (bscope_load_relaxed(&used) > limit - size)
    return NULL;
  uint32_t at = bscope_add_relaxed(&used, size);
  if (at > BSCOPE_TEXT_CAPACITY - size)
    return NULL; /* a race at the very end: the table is full */
  return (struct text *)(a + at);
}

static size_t cut_length(const char *text, size_t length) {
  if (length <= BSCOPE_TEXT_LONGEST)
    return length;
  length = BSCOPE_TEXT_LONGEST;
  while (length > 0 && ((uint8_t)text[length] & 0xc0) == 0x80)
    length--;
  return length;
}

const char *bscope_text_intern(const char *text, size_t length, int reserve) {
  uint8_t *a = map_arena();
  if (!a)
    return NULL;
  length = cut_length(text, length);
  uint32_t hash = (uint32_t)bscope_text_hash(text, length);
  uint32_t *bucket = &buckets[hash % BUCKETS];
  uint32_t head = bscope_load_acquire(bucket); /* pairs with the release below: entries reached are whole */
  const struct text *found = find(a, head, 0, hash, text, length);
  if (found)
    return found->bytes;
  struct text *made = reserve_entry(a, length, reserve);
  if (!made)
    return NULL;
  made->hash = hash;
  made->length = (uint32_t)length;
  memcpy(made->bytes, text, length);
  for (;;) {
    made->next = head;
    uint32_t expected = head;
    if (bscope_cas_acq_rel(bucket, &expected, (uint32_t)((uint8_t *)made - a)))
      return made->bytes;
    found = find(a, expected, head, hash, text, length); /* what came in meanwhile; our entry's bytes are then lost */
    if (found)
      return found->bytes;
    head = expected;
  }
}

const char *bscope_text_intern_string(const char *text, int reserve) {
  return text ? bscope_text_intern(text, strlen(text), reserve) : NULL;
}
