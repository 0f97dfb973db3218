/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interpolation: one 128-bit division for a jump, an addition for the next position.
 */
#include "log/samples.h"

#include "log/vector.h"

__extension__ typedef unsigned __int128 wide;

void bscope_span_set(struct bscope_span *span, uint64_t from, uint64_t from_ns, uint64_t to, uint64_t to_ns) {
  uint64_t positions = to > from ? to - from : 1;
  uint64_t ns = to_ns > from_ns ? to_ns - from_ns : 0;

  *span = (struct bscope_span){.from = from, .from_ns = from_ns, .to = to, .to_ns = to_ns, .at = from, .ns = from_ns};
  span->step = ns / positions;
  span->rest = ns % positions;
}

/* floor(from_ns + (position - from) * ns / positions), step by step. */
static uint64_t next_time(struct bscope_span *span) {
  uint64_t positions = span->to - span->from;

  span->at++;
  span->ns += span->step;
  if (span->part >= positions - span->rest) {
    span->part -= positions - span->rest;
    span->ns++;
  } else {
    span->part += span->rest;
  }
  return span->ns;
}

uint64_t bscope_span_time(struct bscope_span *span, uint64_t position) {
  uint64_t positions = span->to - span->from;
  wide product;

  if (position == span->at + 1 && position < span->to)
    return next_time(span);
  if (positions == 0)
    return span->from_ns;
  product = (wide)span->rest * (position - span->from);
  span->at = position;
  span->ns = span->from_ns + span->step * (position - span->from) + (uint64_t)(product / positions);
  span->part = (uint64_t)(product % positions);
  return span->ns;
}

/* Samples at or below `position`. */
static size_t samples_upto(const struct bscope_sample *samples, size_t count, uint64_t position) {
  size_t low = 0;

  while (low < count) {
    size_t middle = low + (count - low) / 2;

    if (samples[middle].stamp <= position)
      low = middle + 1;
    else
      count = middle;
  }
  return low;
}

void bscope_samples_span(const struct bscope_sample *samples, size_t count, uint64_t position,
                         struct bscope_span *span) {
  size_t above = samples_upto(samples, count, position);

  if (count == 0)
    bscope_span_set(span, 0, 0, UINT64_MAX, 0);
  else if (above == 0)
    bscope_span_set(span, 0, samples[0].ns, samples[0].stamp, samples[0].ns);
  else if (above == count)
    bscope_span_set(span, samples[above - 1].stamp, samples[above - 1].ns, UINT64_MAX, samples[above - 1].ns);
  else
    bscope_span_set(span, samples[above - 1].stamp, samples[above - 1].ns, samples[above].stamp, samples[above].ns);
}

/* Sample i inside a block; its stamp is the event's number. */
static struct bscope_sample block_sample(const struct bscope_block *block, size_t i) {
  const struct bscope_block_header *h = block->header;
  const uint8_t *at = block->bytes + h->samples_offset + h->sample_size * i;
  uint64_t words[2];

  if (h->sample_size == sizeof(words)) {
    memcpy(words, at, sizeof(words));
    return (struct bscope_sample){words[1], h->start_ns + words[0]};
  }
  memcpy(words, at, sizeof(words[0]));
  return (struct bscope_sample){words[0] & UINT16_MAX, h->start_ns + (words[0] >> 16)};
}

void bscope_block_span(const struct bscope_block *block, uint64_t position, struct bscope_span *span) {
  const struct bscope_block_header *h = block->header;
  struct bscope_sample from = {0 - h->start_back, h->start_ns};
  struct bscope_sample to = {h->end_ahead, h->end_ns};
  size_t low = 0;
  size_t high = h->sample_count;

  while (low < high) {
    size_t middle = low + (high - low) / 2;

    if (block_sample(block, middle).stamp <= position - h->position)
      low = middle + 1;
    else
      high = middle;
  }
  if (low > 0)
    from = block_sample(block, low - 1);
  if (low < h->sample_count)
    to = block_sample(block, low);
  bscope_span_set(span, h->position + from.stamp, from.ns, h->position + to.stamp, to.ns);
}

void bscope_samples_add(struct bscope_samples *samples, struct bscope_region *region, uint64_t position, uint64_t ns) {
  struct bscope_sample *last = samples->count ? &samples->items[samples->count - 1] : NULL;
  struct bscope_sample *grown;

  if (last && (position < last->stamp || ns < last->ns))
    return;
  if (samples->count >= 2 && position == last[-1].stamp) {
    last->ns = ns;
    return;
  }
  if (samples->count == samples->capacity) {
    grown = bscope_vector_grow(region, samples->items, &samples->capacity, sizeof(*grown));
    if (!grown) {
      if (last)
        *last = (struct bscope_sample){position, ns};
      return;
    }
    samples->items = grown;
  }
  samples->items[samples->count++] = (struct bscope_sample){position, ns};
}

/* What a block says about time: the samples around it, and items [from, to) inside. */
struct cover {
  struct bscope_sample start;
  struct bscope_sample end;
  size_t from;
  size_t to;
  uint32_t size; /* bytes a sample */
};

/* Before the first sample the first one's time holds, behind the last one the last one's. */
static struct cover cover_of(const struct bscope_samples *samples, uint64_t position, uint32_t count) {
  const struct bscope_sample *items = samples->items;
  struct cover cover = {.start.stamp = position, .end.stamp = position + count, .size = 8};

  if (samples->count == 0)
    return cover;
  cover.from = samples_upto(items, samples->count, position);
  cover.to = samples_upto(items, samples->count, position + count - 1);
  if (cover.from > 0)
    cover.start = items[cover.from - 1];
  else
    cover.start.ns = items[0].ns;
  if (cover.to < samples->count)
    cover.end = items[cover.to];
  else
    cover.end.ns = items[cover.to - 1].ns;
  if ((cover.end.ns - cover.start.ns) >> 48)
    cover.size = 16;
  return cover;
}

size_t bscope_samples_size(const struct bscope_samples *samples, uint64_t position, uint32_t count) {
  struct cover cover = cover_of(samples, position, count);

  return cover.size * (cover.to - cover.from);
}

void bscope_samples_write(const struct bscope_samples *samples, struct bscope_block_header *header) {
  struct cover cover = cover_of(samples, header->position, header->count);
  uint8_t *out = (uint8_t *)header + header->samples_offset;

  header->start_back = header->position - cover.start.stamp;
  header->start_ns = cover.start.ns;
  header->end_ahead = cover.end.stamp - header->position;
  header->end_ns = cover.end.ns;
  header->sample_size = cover.size;
  header->sample_count = (uint32_t)(cover.to - cover.from);
  for (size_t i = cover.from; i < cover.to; i++, out += cover.size) {
    uint64_t words[2] = {samples->items[i].ns - cover.start.ns, samples->items[i].stamp - header->position};

    if (cover.size == 8)
      words[0] = words[0] << 16 | words[1];
    memcpy(out, words, cover.size);
  }
  header->length = header->samples_offset + cover.size * header->sample_count;
}

void bscope_samples_trim(struct bscope_samples *samples, uint64_t position) {
  size_t upto = samples_upto(samples->items, samples->count, position);

  if (upto < 2)
    return;
  memmove(samples->items, samples->items + upto - 1, (samples->count - upto + 1) * sizeof(*samples->items));
  samples->count -= upto - 1;
}

void bscope_samples_clear(struct bscope_samples *samples, struct bscope_region *region) {
  bscope_vector_free(region, samples->items, samples->capacity, sizeof(*samples->items));
  *samples = (struct bscope_samples){0};
}
