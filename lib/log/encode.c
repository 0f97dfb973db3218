/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The encoder: a survey of the chunk (which sites, which threads, how often), the dictionaries, then the events. It
 * keeps its state in the caller's scratch memory, since it may run on a thread with a small stack.
 */
#include "log/codec.h"

#include "base/crc32c.h"
#include "base/util.h"
#include "collect/window.h"
#include "log/times.h"
#include "log/words.h"

#define HASH_BITS 13u
#define EVENT_MOST 21u /* site 2, tag 1, thread 2, words 16 */
#define PAYLOAD_HEAD 3u

_Static_assert(BSCOPE_CHUNK_CELLS == BSCOPE_BLOCK_EVENTS, "a block holds a chunk");
_Static_assert(BSCOPE_BLOCK_HOT + (128u - BSCOPE_BLOCK_HOT) * 256u >= BSCOPE_BLOCK_EVENTS, "each site has a number");

/* Numbers of distinct values in the order of their first appearance; `slots` is an open hash of number + 1. */
struct numbering {
  uint16_t slots[1u << HASH_BITS];
  uint32_t values[BSCOPE_BLOCK_EVENTS];
  uint32_t count;
};

struct survey {
  struct numbering sites;
  struct numbering threads;
  uint16_t site_of[BSCOPE_BLOCK_EVENTS];
  uint16_t thread_of[BSCOPE_BLOCK_EVENTS];
  uint16_t uses[BSCOPE_BLOCK_EVENTS];  /* of a site */
  uint16_t first[BSCOPE_BLOCK_EVENTS]; /* event of a site */
  uint16_t place[BSCOPE_BLOCK_EVENTS]; /* of a site in the dictionary */
  uint16_t ranks[BSCOPE_BLOCK_EVENTS + 1];
  struct bscope_words words;
};

struct writer {
  const struct bscope_chunk *chunk;
  const struct bscope_region *region;
  struct survey *survey;
  uint8_t *out;
  uint8_t *at;
};

static uint32_t number_of(struct numbering *numbering, uint32_t value) {
  uint32_t slot = value * 0x9e3779b1u >> (32 - HASH_BITS);

  for (;; slot = (slot + 1) % (1u << HASH_BITS)) {
    uint32_t found = numbering->slots[slot];

    if (bscope_likely(found && numbering->values[found - 1] == value))
      return found - 1;
    if (!found)
      break;
  }
  numbering->values[numbering->count++] = value;
  numbering->slots[slot] = (uint16_t)numbering->count;
  return numbering->count - 1;
}

static const struct bscope_long *long_of(const struct bscope_region *region, const struct bscope_cell *cell) {
  return bscope_region_at(region, cell->object);
}

static uint64_t object_of(const struct writer *writer, const struct bscope_cell *cell) {
  return cell->site & BSCOPE_SITE_LONG ? long_of(writer->region, cell)->object : cell->object;
}

size_t bscope_encode_bound(const struct bscope_chunk *chunk, const struct bscope_region *region) {
  size_t bytes = sizeof(struct bscope_block_header) + 4 * BSCOPE_BLOCK_GROUPS + 16 * BSCOPE_BLOCK_HOT +
                 (4 + 4 + EVENT_MOST) * (size_t)chunk->count + BSCOPE_BLOCK_SLOP + 8;

  if (chunk->times)
    bytes += 8 + bscope_times_bound(chunk->count);
  for (uint32_t i = 0; i < chunk->count; i++)
    if (chunk->cells[i].site & BSCOPE_SITE_LONG)
      bytes += PAYLOAD_HEAD + long_of(region, &chunk->cells[i])->size;
  return bytes;
}

size_t bscope_encode_scratch(void) {
  return sizeof(struct survey);
}

static void survey_chunk(struct survey *survey, const struct bscope_chunk *chunk) {
  uint32_t last_thread = 0;

  memset(survey->sites.slots, 0, sizeof(survey->sites.slots));
  memset(survey->threads.slots, 0, sizeof(survey->threads.slots));
  survey->sites.count = survey->threads.count = 0;
  for (uint32_t i = 0; i < chunk->count; i++) {
    const struct bscope_cell *cell = &chunk->cells[i];
    uint32_t known = survey->sites.count;
    uint32_t site = number_of(&survey->sites, cell->site);

    if (site == known) {
      survey->uses[site] = 0;
      survey->first[site] = (uint16_t)i;
    }
    survey->uses[site]++;
    survey->site_of[i] = (uint16_t)site;
    if (i == 0 || cell->thread != chunk->cells[i - 1].thread)
      last_thread = number_of(&survey->threads, cell->thread);
    survey->thread_of[i] = (uint16_t)last_thread;
  }
}

/* The most used sites first, as far as it matters; among equals the earlier one. */
static void place_sites(struct survey *survey) {
  uint32_t count = survey->sites.count;
  uint32_t next = 0;

  if (count <= BSCOPE_BLOCK_HOT) {
    for (uint32_t i = 0; i < count; i++)
      survey->place[i] = (uint16_t)i;
    return;
  }
  memset(survey->ranks, 0, sizeof(survey->ranks));
  for (uint32_t i = 0; i < count; i++)
    survey->ranks[survey->uses[i]]++;
  for (uint32_t uses = BSCOPE_BLOCK_EVENTS; uses > 0; uses--) {
    uint32_t rank = survey->ranks[uses];

    survey->ranks[uses] = (uint16_t)next;
    next += rank;
  }
  for (uint32_t i = 0; i < count; i++)
    survey->place[i] = survey->ranks[survey->uses[i]]++;
}

static void put32(uint8_t *at, uint32_t number) {
  memcpy(at, &number, sizeof(number));
}

/* Sites, their bases (what the site's first event here says) and threads, behind room for the offsets. */
static void write_dictionaries(struct writer *writer, struct bscope_block_header *header) {
  struct survey *survey = writer->survey;
  uint32_t count = survey->sites.count;
  uint32_t hot = count < BSCOPE_BLOCK_HOT ? count : BSCOPE_BLOCK_HOT;
  uint32_t groups = (header->count + BSCOPE_GROUP_EVENTS - 1) / BSCOPE_GROUP_EVENTS;
  uint8_t *sites = writer->out + sizeof(*header) + 4 * groups;
  uint8_t *bases = sites + 4 * (size_t)count;
  uint8_t *threads = bases + sizeof(struct bscope_last) * hot;

  for (uint32_t i = 0; i < count; i++) {
    const struct bscope_cell *cell = &writer->chunk->cells[survey->first[i]];
    struct bscope_last base = {cell->subject, object_of(writer, cell)};
    uint32_t place = survey->place[i];

    put32(sites + 4 * place, survey->sites.values[i]);
    if (place < hot)
      memcpy(bases + sizeof(base) * place, &base, sizeof(base));
    header->lost += survey->sites.values[i] == BSCOPE_SITE_LOST ? survey->uses[i] : 0;
    header->open += survey->sites.values[i] == BSCOPE_SITE_OPEN ? survey->uses[i] : 0;
    header->longs += survey->sites.values[i] & BSCOPE_SITE_LONG ? survey->uses[i] : 0;
  }
  memcpy(threads, survey->threads.values, 4 * (size_t)survey->threads.count);
  writer->at = threads + 4 * (size_t)survey->threads.count;
  header->site_count = count;
  header->thread_count = survey->threads.count;
  header->events_offset = (uint32_t)(writer->at - writer->out);
}

static inline uint32_t bytes_of(uint64_t number) {
  return (71u - (uint32_t)__builtin_clzll(number | 1)) / 8;
}

/* A small difference to the thread's newest recent word: its tag, or 0. */
static inline uint32_t near_tag(uint64_t difference) {
  return difference <= UINT8_MAX ? 13 : difference <= UINT16_MAX ? 14 : difference <= UINT32_MAX ? 15 : 0;
}

/* Writes what `tag` announces and returns it. Up to 8 bytes are stored, as many count as the tag says. */
static inline uint32_t write_word(uint8_t **at, uint64_t word, uint64_t last, struct bscope_recent *recent) {
  uint64_t difference = bscope_zigzag(word - last);
  uint32_t size = bytes_of(difference);
  uint32_t tag = size;

  if (word == last)
    return 0;
  if (word > BSCOPE_RECENT_LEAST) {
    uint64_t step = bscope_zigzag(word - recent->words[recent->newest]);
    uint32_t tag_of_step = near_tag(step);

    for (uint32_t i = 0; i < BSCOPE_RECENT; i++)
      if (recent->words[i] == word)
        return BSCOPE_TAG_EQUAL + i;
    if (tag_of_step && (1u << (tag_of_step - BSCOPE_TAG_NEAR)) < size) {
      tag = tag_of_step;
      size = 1u << (tag - BSCOPE_TAG_NEAR);
      difference = step;
    }
  }
  memcpy(*at, &difference, sizeof(difference));
  *at += size;
  bscope_recent_push(recent, word, true);
  return tag;
}

static void write_payload(struct writer *writer, const struct bscope_cell *cell) {
  const struct bscope_long *more = long_of(writer->region, cell);
  uint32_t number = (uint32_t)more->size << 1 | (more->cut != 0);

  for (; number > 0x7f; number >>= 7)
    *writer->at++ = (uint8_t)(number | 0x80);
  *writer->at++ = (uint8_t)number;
  memcpy(writer->at, more->payload, more->size);
  writer->at += more->size;
}

/* The thread's place, where it is another than before. */
static inline void write_thread(struct writer *writer, uint32_t place) {
  if (place >= 240) {
    *writer->at++ = (uint8_t)(240 + ((place - 240) >> 8));
    place -= 240;
  }
  *writer->at++ = (uint8_t)place;
}

static inline void write_event(struct writer *writer, uint32_t i, bool new_thread) {
  struct survey *survey = writer->survey;
  const struct bscope_cell *cell = &writer->chunk->cells[i];
  uint32_t place = survey->place[survey->site_of[i]];
  struct bscope_recent *recent = &survey->words.recent[survey->thread_of[i] % BSCOPE_RECENT_SETS];
  struct bscope_last *last = &survey->words.last[place < BSCOPE_BLOCK_HOT ? place : BSCOPE_BLOCK_HOT];
  uint8_t *head = writer->at;
  uint64_t object = object_of(writer, cell);
  uint32_t tag;

  writer->at += 2;
  head[0] = (uint8_t)place;
  if (place >= BSCOPE_BLOCK_HOT) {
    *last = (struct bscope_last){0};
    head[0] = (uint8_t)(BSCOPE_BLOCK_HOT + ((place - BSCOPE_BLOCK_HOT) >> 8));
    *writer->at++ = (uint8_t)(place - BSCOPE_BLOCK_HOT);
  }
  if (new_thread) {
    head[0] |= 0x80;
    write_thread(writer, survey->thread_of[i]);
  }
  tag = write_word(&writer->at, cell->subject, last->subject, recent);
  tag |= write_word(&writer->at, object, last->object, recent) << 4;
  *last = (struct bscope_last){cell->subject, object};
  head[1] = (uint8_t)tag;
  if (cell->site & BSCOPE_SITE_LONG)
    write_payload(writer, cell);
}

static void write_events(struct writer *writer, uint32_t count, uint32_t hot) {
  struct survey *survey = writer->survey;
  const uint8_t *bases = writer->out + sizeof(struct bscope_block_header) +
                         4 * ((count + BSCOPE_GROUP_EVENTS - 1) / BSCOPE_GROUP_EVENTS + (size_t)survey->sites.count);

  for (uint32_t i = 0; i < count; i++) {
    bool restart = i % BSCOPE_GROUP_EVENTS == 0;

    if (restart) {
      put32(writer->out + sizeof(struct bscope_block_header) + 4 * (i / BSCOPE_GROUP_EVENTS),
            (uint32_t)(writer->at - writer->out));
      bscope_words_restart(&survey->words, bases, hot);
    }
    write_event(writer, i, restart || survey->thread_of[i] != survey->thread_of[i - 1]);
  }
}

/* Behind the events, where the chunk has times. */
static void write_times(struct writer *writer, struct bscope_block_header *header) {
  uint32_t offset = (uint32_t)bscope_round_up(header->events_end, 8);

  if (!writer->chunk->times)
    return;
  memset(writer->at, 0, offset - header->events_end);
  header->times_offset = offset;
  writer->at = writer->out + bscope_times_write(writer->out, offset, writer->chunk->times, header->count);
}

size_t bscope_encode(const struct bscope_chunk *chunk, const struct bscope_region *region, void *scratch, uint8_t *out,
                     size_t capacity) {
  struct writer writer = {.chunk = chunk, .region = region, .survey = scratch, .out = out};
  struct bscope_block_header header = {
      .magic = BSCOPE_BLOCK_MAGIC, .kind = BSCOPE_BLOCK_KIND_EVENTS, .header_size = sizeof(header), .sample_size = 8};

  if (chunk->count == 0 || chunk->count > BSCOPE_BLOCK_EVENTS || capacity < bscope_encode_bound(chunk, region))
    return 0;
  header.count = chunk->count;
  survey_chunk(writer.survey, chunk);
  place_sites(writer.survey);
  write_dictionaries(&writer, &header);
  write_events(&writer, header.count, header.site_count < BSCOPE_BLOCK_HOT ? header.site_count : BSCOPE_BLOCK_HOT);
  header.events_end = (uint32_t)(writer.at - out);
  write_times(&writer, &header);
  header.samples_offset = (uint32_t)bscope_round_up((uint64_t)(writer.at - out) + BSCOPE_BLOCK_SLOP, 8);
  header.length = header.samples_offset;
  memset(writer.at, 0, (size_t)(out + header.samples_offset - writer.at));
  header.body_check = bscope_crc32c(0, out + sizeof(header), header.samples_offset - sizeof(header));
  memcpy(out, &header, sizeof(header));
  return header.length;
}
