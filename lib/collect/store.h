/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log's face to the collector: lib/log implements it. The store owns what was sealed: packed blocks, clock samples,
 * the threads' names, late events, and the memory that snapshots pin. It lives in the session's region and never
 * mallocs.
 *
 * "Under the lock" means under the drain lock. Stamps are raw (the clock's); positions are stamps less the generation's
 * base.
 */
#ifndef BSCOPE_COLLECT_STORE_H
#define BSCOPE_COLLECT_STORE_H

#include "collect/window.h"

#include <stdbool.h>

struct bscope_store;
struct bscope_trace_header;

/* Makes a store in the region, empty, in generation 1 of base 0. NULL: no memory. */
struct bscope_store *bscope_store_create(struct bscope_region *region);

/*
 * Under the lock: a new generation whose position 0 is stamp `base`. All blocks, samples, threads and late events are
 * let go (memory that a snapshot pins stays until it is freed).
 */
void bscope_store_begin(struct bscope_store *store, uint64_t base, uint64_t generation);

/* Under the lock: what later events' times rest on. Stamps and times never go back (such a sample is ignored). */
void bscope_store_add_sample(struct bscope_store *store, uint64_t stamp, uint64_t ns);

/* Under the lock: stamp of the newest sample, 0 without one. */
uint64_t bscope_store_last_sample(const struct bscope_store *store);

/* Under the lock: a thread's name and tid, at its first event of a generation and whenever the name is read anew. 0 or
 * BSCOPE_ERR_NO_MEMORY. */
int bscope_store_set_thread(struct bscope_store *store, uint32_t number, uint32_t tid, const char *name);

/*
 * Without the lock, by the thread that claimed the chunk (state SEALING): packs cells [0, count) into chunk->packed
 * (region memory) and sets the state to ENCODED with release. 0, or BSCOPE_ERR_NO_MEMORY (state back to FULL, to be
 * tried again).
 */
int bscope_store_encode(struct bscope_store *store, struct bscope_chunk *chunk);

/*
 * Under the lock, chunks in stamp order: copies chunk->packed and the samples that cover it into the log, gives the
 * packed bytes back and sets the state to APPENDED. There must be a sample at or behind the chunk's end. 0 or
 * BSCOPE_ERR_NO_MEMORY (then nothing has changed: evict and try again).
 */
int bscope_store_append(struct bscope_store *store, struct bscope_chunk *chunk);

/* Under the lock: lets go of the oldest segments of blocks until the store's own bytes are at most `bytes`, or one is
 * left. */
void bscope_store_evict(struct bscope_store *store, size_t bytes);

/* Under the lock: gives back what is only kept for the blocks to come. */
void bscope_store_rest(struct bscope_store *store);

/* Under the lock: whether the stamp is of this generation and its position was not evicted. */
bool bscope_store_keeps(const struct bscope_store *store, uint64_t stamp);

/* Under the lock: the event of an OPEN position arrived, or was proved lost (site BSCOPE_SITE_LOST). False when the
 * position was evicted or belongs to an older generation (then nothing changed), or there is no memory. The cell's
 * payload is copied. */
bool bscope_store_add_late(struct bscope_store *store, const struct bscope_cell *cell, uint64_t stamp);

/* The sizes of what it keeps, into a trace file's header. */
void bscope_store_describe(struct bscope_trace_header *header);

/* What the store holds, under the lock. */
struct bscope_store_counts {
  uint64_t generation;
  uint64_t base;               /* stamp of position 0 */
  uint64_t first;              /* stamp of the oldest event kept in a block (or base + sealed when there is none) */
  uint64_t sealed;             /* positions of this generation that have left the window, evicted ones too */
  uint64_t lost;               /* LOST positions among the sealed, evicted ones too: sealed so, or proved since */
  uint64_t lost_evicted;       /* evicted positions that were LOST, sealed so or proved late */
  uint64_t open;               /* OPEN positions among those kept, less those that arrived late */
  uint64_t open_evicted;       /* positions evicted while OPEN */
  uint64_t late_unsealed;      /* late events and verdicts for OPEN positions that are still in the window */
  uint64_t late_unsealed_lost; /* of these, verdicts of LOST */
  uint64_t bytes;              /* memory of blocks, index, samples, threads */
  uint64_t bytes_pinned;       /* of evicted or reset blocks that snapshots still hold; not in `bytes` */
  uint64_t threads;            /* threads with an entry */
};
void bscope_store_count(const struct bscope_store *store, struct bscope_store_counts *out);

#endif
