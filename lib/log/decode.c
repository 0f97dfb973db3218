/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder. It trusts nothing: numbers are checked against their dictionaries, and each event begins at or before
 * the end of the events, behind which BSCOPE_BLOCK_SLOP bytes of the block may be loaded and ignored.
 */
#include "log/codec.h"

#include "base/util.h"
#include "collect/window.h"
#include "log/times.h"
#include "log/words.h"

#include <borrowscope/error.h>

/* The most that an event without payload takes: site 2, tag 1, thread 2, words 16, and 8 bytes loaded at the last one.
 */
_Static_assert(2 + 1 + 2 + 16 + 8 <= BSCOPE_BLOCK_SLOP, "an event that begins inside is read inside");

/* Bytes that a tag's nibble announces, and whether the word is stated. */
static const uint8_t word_size[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 1, 2, 4};
static const uint64_t word_mask[16] = {
    0,          0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffff, 0xffffffffffff, 0xffffffffffffff,
    UINT64_MAX, 0,    0,      0,        0,          0xff,         0xffff,         0xffffffff};
#define STATED_TAGS 0xe1feu

struct reader {
  const struct bscope_block *block;
  const uint8_t *at;
  const uint8_t *end;
  uint32_t thread_place;
  uint32_t thread;
  struct bscope_words words;
};

static inline uint64_t load64(const uint8_t *p) {
  uint64_t n;

  memcpy(&n, p, sizeof(n));
  return n;
}

static inline uint32_t load32(const uint8_t *p) {
  uint32_t n;

  memcpy(&n, p, sizeof(n));
  return n;
}

/* Without branches: which tag comes next can't be foreseen. */
static inline uint64_t read_word(const uint8_t **at, uint32_t tag, uint64_t last, struct bscope_recent *recent) {
  uint32_t place = tag < BSCOPE_TAG_NEAR ? (tag - BSCOPE_TAG_EQUAL) % BSCOPE_RECENT : recent->newest;
  uint64_t known = recent->words[place];
  uint64_t from = tag < BSCOPE_TAG_EQUAL ? last : known;
  uint64_t word = from + bscope_unzigzag(load64(*at) & word_mask[tag]);

  *at += word_size[tag];
  bscope_recent_push(recent, word, STATED_TAGS >> tag & 1);
  return word;
}

/* A thread's place in the dictionary: one byte below 240, else two. */
static inline bool read_thread(struct reader *reader) {
  uint32_t place = *reader->at++;

  if (place >= 240)
    place = ((place - 240) << 8 | *reader->at++) + 240;
  if (place >= reader->block->header->thread_count)
    return false;
  reader->thread_place = place;
  reader->thread = load32(reader->block->threads + 4 * (size_t)place);
  return true;
}

/* A length (shifted by the mark of a cut payload) in one to three bytes, then the bytes themselves. */
static bool read_payload(struct reader *reader, struct bscope_entry *out) {
  uint32_t number = 0;
  uint32_t shift = 0;
  uint32_t byte;

  do {
    if (reader->at >= reader->end || shift > 14)
      return false;
    byte = *reader->at++;
    number |= (byte & 0x7f) << shift;
    shift += 7;
  } while (byte & 0x80);
  if (number >> 1 > UINT16_MAX || number >> 1 > (size_t)(reader->end - reader->at))
    return false;
  out->payload_cut = number & 1;
  out->payload_size = (uint16_t)(number >> 1);
  out->payload = reader->at;
  reader->at += number >> 1;
  return true;
}

/* The site's place in the dictionary; the last words of a rare one are 0. */
static inline uint32_t site_place(struct reader *reader, uint32_t byte) {
  uint32_t place = byte & 0x7f;

  if (bscope_likely(place < BSCOPE_BLOCK_HOT))
    return place;
  reader->words.last[BSCOPE_BLOCK_HOT] = (struct bscope_last){0};
  return ((place - BSCOPE_BLOCK_HOT) << 8 | *reader->at++) + BSCOPE_BLOCK_HOT;
}

static inline bool read_event(struct reader *reader, struct bscope_entry *out) {
  uint32_t byte = reader->at[0];
  uint32_t tag = reader->at[1];
  struct bscope_recent *recent;
  struct bscope_last *last;
  uint32_t site;

  reader->at += 2;
  site = site_place(reader, byte);
  if (bscope_unlikely(site >= reader->block->header->site_count) || (byte & 0x80 && !read_thread(reader)))
    return false;
  last = &reader->words.last[site < BSCOPE_BLOCK_HOT ? site : BSCOPE_BLOCK_HOT];
  recent = &reader->words.recent[reader->thread_place % BSCOPE_RECENT_SETS];
  out->site = load32(reader->block->sites + 4 * (size_t)site);
  out->thread = reader->thread;
  out->subject = last->subject = read_word(&reader->at, tag & 15, last->subject, recent);
  out->object = last->object = read_word(&reader->at, tag >> 4, last->object, recent);
  out->payload = NULL;
  out->payload_size = 0;
  out->payload_cut = false;
  if (bscope_likely(!(out->site & BSCOPE_SITE_LONG)))
    return true;
  out->site &= ~BSCOPE_SITE_LONG;
  return read_payload(reader, out);
}

int bscope_decode_group(const struct bscope_block *block, uint32_t number, uint32_t last, struct bscope_decoded *out) {
  const struct bscope_block_header *header = block->header;
  struct reader reader; /* its words are set by the restart, as far as this block can name them */
  uint32_t first = number * BSCOPE_GROUP_EVENTS;
  uint32_t count = last + 1;
  uint32_t offset;

  if (number >= block->groups || last >= BSCOPE_GROUP_EVENTS)
    return BSCOPE_ERR_FORMAT;
  offset = load32(block->offsets + 4 * (size_t)number);
  if (offset < header->events_offset || offset >= header->events_end)
    return BSCOPE_ERR_FORMAT;
  if (count > header->count - first)
    count = header->count - first;
  reader.block = block;
  reader.at = block->bytes + offset;
  reader.end = block->bytes + header->events_end;
  reader.thread_place = 0;
  reader.thread = load32(block->threads);
  bscope_words_restart(&reader.words, block->bases, block->hot);
  for (uint32_t i = 0; i < count; i++)
    if (reader.at >= reader.end || !read_event(&reader, &out->entries[i]))
      return BSCOPE_ERR_FORMAT;
  if (reader.at > reader.end)
    return BSCOPE_ERR_FORMAT;
  out->first = first;
  out->count = count;
  out->timed = block->times != NULL;
  return out->timed ? bscope_times_read(block, number, count, out->times) : BSCOPE_OK;
}
