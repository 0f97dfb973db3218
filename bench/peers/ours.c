/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This library, and the floor that a recorder with one total order can't fall below.
 */
#include "peers.h"

#include <borrowscope/borrowscope.h>

#include <stdlib.h>

enum { RING = 1 << 15, ROOM = RING / 4 };

struct slot {
  uint64_t stamp, subject, object;
  uint32_t site, index;
};

static uint64_t clock_word[16] __attribute__((aligned(64))); /* [8] is used, alone on its cache lines; atomic */

static void record_floor(uint64_t count) {
  static __thread struct slot *slots;
  static __thread uint64_t head;
  if (!slots && !(slots = aligned_alloc(64, RING * sizeof(*slots))))
    abort();
  for (uint64_t i = 0; i < count; i++) {
    struct slot *slot = &slots[head & (RING - 1)];
    /* Release, as a recorder needs it; nobody reads here. */
    slot->stamp = __atomic_fetch_add(&clock_word[8], 1, __ATOMIC_RELEASE);
    slot->subject = i;
    slot->object = 0;
    slot->site = 1;
    __atomic_store_n(&slot->index, (uint32_t)++head, __ATOMIC_RELEASE);
  }
}

static void record_ours(uint64_t count) {
  for (uint64_t i = 0; i < count; i++)
    bscope_track_new("value", i);
}

/* The log is let go before it reaches its budget, where a program would write it out or let it evict. */
static void settle(void) {
  static unsigned rounds;
  bscope_flush();
  if (++rounds % 64 == 0)
    bscope_reset();
}

static const char *missing(void) {
  struct bscope_stats stats = {.size = sizeof(stats)};
  if (bscope_get_stats(&stats) != BSCOPE_OK)
    return bscope_last_error();
  return stats.dropped + stats.lost > 0 ? "events were not recorded" : NULL;
}

const struct peer peer_floor = {.name = "floor", .record = record_floor, .events = PEERS_EVENTS};
const struct peer peer_ours_room = {
    .name = "ours_room", .record = record_ours, .settle = settle, .missing = missing, .events = ROOM};
const struct peer peer_ours = {
    .name = "ours", .record = record_ours, .settle = settle, .missing = missing, .events = PEERS_EVENTS};
