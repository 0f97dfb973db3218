/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways to record an event, measured beside each other in one run: what each of them has to offer to the program that
 * measures (peers.c).
 */
#ifndef PEERS_PEERS_H
#define PEERS_PEERS_H

#include <stdbool.h>
#include <stdint.h>

enum { PEERS_THREADS_MOST = 2, PEERS_EVENTS = 1 << 17 };

struct peer {
  const char *name;               /* in the results */
  void (*record)(uint64_t count); /* records that many events on the calling thread; this is measured */
  void (*settle)(void);           /* between two rounds, not measured: drains or frees; NULL: nothing to do */
  const char *(*missing)(void);   /* why it can't be measured now, or NULL; NULL: it always can */
  uint64_t events;                /* of a thread in a round: a part of PEERS_EVENTS, which all together are */
};

/* Three 64-bit words into memory as large as a ring, and an add to a shared word: the floor of a total order. */
extern const struct peer peer_floor;

/* libborrowscope with room in its rings, and with its collector keeping up. */
extern const struct peer peer_ours_room, peer_ours;

/* A mutex around a growing array of events with strings of their own: the design of the Rust original. */
extern const struct peer peer_mutex_array;

/* A tracepoint of LTTng-UST with three 64-bit fields. */
extern const struct peer peer_lttng;

#endif
