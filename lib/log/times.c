/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader trusts nothing but what bscope_block_open has checked: that the two tables lie inside the body.
 */
#include "log/times.h"

#include "base/util.h"

#include <borrowscope/error.h>
#include <string.h>

#define DISTANCE_MOST 10u /* bytes */

size_t bscope_times_bound(uint32_t count) {
  size_t groups = (count + BSCOPE_GROUP_EVENTS - 1) / BSCOPE_GROUP_EVENTS;

  return groups * BSCOPE_TIMES_GROUP + (size_t)count * DISTANCE_MOST;
}

static uint8_t *put_distance(uint8_t *at, uint64_t distance) {
  for (; distance > 0x7f; distance >>= 7)
    *at++ = (uint8_t)(distance | 0x80);
  *at++ = (uint8_t)distance;
  return at;
}

uint32_t bscope_times_write(uint8_t *block, uint32_t offset, const uint64_t *times, uint32_t count) {
  uint32_t groups = (count + BSCOPE_GROUP_EVENTS - 1) / BSCOPE_GROUP_EVENTS;
  uint8_t *firsts = block + offset;
  uint8_t *offsets = firsts + sizeof(uint64_t) * groups;
  uint8_t *at = offsets + sizeof(uint32_t) * groups;

  for (uint32_t i = 0; i < count; i++) {
    uint32_t group = i / BSCOPE_GROUP_EVENTS;
    uint32_t here = (uint32_t)(at - block);

    if (i % BSCOPE_GROUP_EVENTS) {
      at = put_distance(at, times[i] - times[i - 1]);
      continue;
    }
    memcpy(firsts + sizeof(uint64_t) * group, &times[i], sizeof(times[i]));
    memcpy(offsets + sizeof(here) * group, &here, sizeof(here));
  }
  return (uint32_t)(at - block);
}

/* False: it does not end, or not before `end`. */
static bool get_distance(const uint8_t **at, const uint8_t *end, uint64_t *distance) {
  uint64_t n = 0;

  for (uint32_t shift = 0; *at < end && shift < 64; shift += 7) {
    uint8_t byte = *(*at)++;

    n |= (uint64_t)(byte & 0x7f) << shift;
    if (byte <= 0x7f) {
      *distance = n;
      return true;
    }
  }
  return false;
}

int bscope_times_read(const struct bscope_block *block, uint32_t number, uint32_t count, uint64_t *times) {
  const uint8_t *offsets = block->times + sizeof(uint64_t) * block->groups;
  const uint8_t *end = block->bytes + block->header->samples_offset;
  const uint8_t *at;
  uint32_t offset;

  memcpy(&offset, offsets + sizeof(offset) * number, sizeof(offset));
  if (offset < block->header->times_offset || offset > block->header->samples_offset)
    return BSCOPE_ERR_FORMAT;
  at = block->bytes + offset;
  memcpy(times, block->times + sizeof(*times) * number, sizeof(*times));
  for (uint32_t i = 1; i < count; i++) {
    uint64_t distance;

    if (!get_distance(&at, end, &distance))
      return BSCOPE_ERR_FORMAT;
    times[i] = times[i - 1] + distance;
  }
  return BSCOPE_OK;
}
