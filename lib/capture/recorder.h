/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the recording threads need of a session: where rings come from, how large they may grow, what to do when one is
 * full. The collector's session begins with one. Also the calls by which a producer reaches the collector, which
 * lib/collect implements: capture stands left of it and includes nothing of it.
 */
#ifndef BSCOPE_CAPTURE_RECORDER_H
#define BSCOPE_CAPTURE_RECORDER_H

#include "capture/process.h"
#include "capture/ring.h"
#include "capture/thread.h"

#define BSCOPE_RING_FIRST 512u /* slots of a thread's first ring */
#define BSCOPE_RING_SCARCE 64u /* slots of one made when rings have used up their share of the budget */
#define BSCOPE_RING_NESTED 64u /* slots of a nested ring: one bit each in ring.taken */
#define BSCOPE_STALL_NS                                                                                                \
  2000000000u                   /* a thread that is to record gives up when the drain lock has not moved for so long */
#define BSCOPE_RING_CLASSES 32u /* pools, one for each power of two up to 2^30; the last one is the nested rings' */

struct bscope_recorder {
  uint64_t generation; /* what the gate holds while it records; constant */
  /*
   * atomic: the next stamp, alone on a page that is wiped on fork. A session's own: a call that was under way when the
   * session changed stamps the old counter, and leaves no gap in the new order.
   */
  uint64_t *clock;
  struct bscope_region *region; /* constant */
  uint32_t pid;                 /* constant: the process that it belongs to */
  uint32_t ring_most;           /* slots that a ring may grow to; constant */
  size_t ring_budget;           /* bytes that all rings together may take; constant */
  bool overflow_drops;          /* constant */
  bool timed;                   /* constant: clock=tsc; `clock` then counts the positions that the drainer has given */
  uint32_t next_thread;         /* atomic: number of the next thread */
  struct bscope_thread
      *threads;        /* atomic: newest first; pushed by compare-and-exchange, taken off under the drain lock */
  size_t ring_bytes;   /* atomic: bytes of all rings, pooled ones too */
  uint64_t ring_start; /* first index of a fresh ring: 0, or what a test asks for */
  uint64_t dropped[BSCOPE_DROP_REASONS];         /* atomic: of threads without a ring, and of retired rings */
  uint64_t abandoned;                            /* atomic: writes healed */
  uint32_t rings;                                /* atomic: rings in use or waiting to be drained */
  struct bscope_ring *pool[BSCOPE_RING_CLASSES]; /* under the process's pool lock: drained rings, by log2 of size */
};

/* A ring of `size` slots from the pool or the region; NULL: no memory. Signals are blocked. */
struct bscope_ring *bscope_recorder_take_ring(struct bscope_recorder *recorder, uint32_t size, bool nested);

/* Puts a drained ring into the pool. Under the drain lock. */
void bscope_recorder_give_ring(struct bscope_recorder *recorder, struct bscope_ring *ring);

/* Slots of a thread's first ring at this moment. */
uint32_t bscope_recorder_first_size(const struct bscope_recorder *recorder);

/* Whether rings may take that many bytes more. */
bool bscope_recorder_may_grow(const struct bscope_recorder *recorder, size_t bytes);

/* --- the collector's side, implemented in lib/collect --- */

/*
 * A block for this thread in the current session, which is started with the environment's options when there is none.
 * NULL: recording is off, or it can't be (then the call is counted). Under the drain lock, so that no session is
 * replaced and freed between being chosen and having this thread in its list. Signals are blocked.
 */
struct bscope_thread *bscope_collect_attach(void);

/* Raises the collector if it sleeps. Signal-safe. */
void bscope_collect_wake(struct bscope_process *process);

/* Has the collector thread run, once, if the session wants it; may malloc. Never nested. */
void bscope_collect_start_thread(struct bscope_process *process);

/* Looks for threads that are gone, so that their rings can serve the next ones. Signals are blocked. */
void bscope_collect_reclaim(struct bscope_recorder *recorder);

enum bscope_room {
  BSCOPE_ROOM_MOVED,  /* somebody brought events from rings into the window */
  BSCOPE_ROOM_WAITED, /* nobody did: the drain lock could not be had in 100 ms, or what is oldest is still being written
                       */
  BSCOPE_ROOM_NO_MEMORY /* the window can't take more: no memory to be had within the budget */
};

/*
 * One turn of draining on behalf of a producer whose ring is full. `progress` is the caller's note of what had been
 * moved when it last looked (0 at first). Signals are blocked.
 */
enum bscope_room bscope_collect_drain_for(struct bscope_recorder *recorder, uint64_t *progress);

#endif
