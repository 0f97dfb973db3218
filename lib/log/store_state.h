/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store is made of, for the store itself and for the snapshots that look into it under the drain lock.
 */
#ifndef BSCOPE_LOG_STORE_STATE_H
#define BSCOPE_LOG_STORE_STATE_H

#include "collect/store.h"
#include "log/late.h"
#include "log/samples.h"
#include "log/segment.h"
#include "log/threads.h"

/* A snapshot's hold on the segments [from, to], by serial; lies in the snapshot. */
struct bscope_pin {
  struct bscope_pin *next;
  uint64_t from;
  uint64_t to;
};

#define BSCOPE_STORE_BUFFERS 4u

/* All but the two last fields change under the drain lock alone. */
struct bscope_store {
  struct bscope_region *region;
  uint64_t base;
  uint64_t generation;
  uint64_t sealed; /* positions that left the window */
  uint64_t lost, lost_evicted;
  uint64_t open, open_evicted;
  struct bscope_segment *head; /* oldest */
  struct bscope_segment *tail;
  uint64_t serial; /* of the next segment */
  uint64_t bytes;  /* of the segments from head to tail */
  struct bscope_segment *retired;
  uint64_t retired_bytes;
  struct bscope_pin *pins;
  struct bscope_samples samples;
  struct bscope_threads threads;
  struct bscope_lates lates;
  /* Atomic, exchanged with acq_rel, partner: the other exchanges; what is found there belongs to who took it out. */
  struct bscope_segment *spare;        /* an empty segment of the usual size, its pages already given by the kernel */
  void *buffers[BSCOPE_STORE_BUFFERS]; /* memory to encode in */
};

/* Under the lock: a snapshot's hold on all segments that there are; none when there are none (from > to). */
void bscope_store_pin(struct bscope_store *store, struct bscope_pin *pin);

/* Under the lock: takes the pin off; false when the store does not know it (a store of another process's memory). */
bool bscope_store_unpin(struct bscope_store *store, struct bscope_pin *pin);

/* Under the lock: frees up to `most` retired segments that nobody holds any more; true when it stopped at that number.
 */
bool bscope_store_reap(struct bscope_store *store, unsigned most);

#endif
