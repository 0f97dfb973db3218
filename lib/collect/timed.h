/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Draining under clock=tsc: threads share no counter, their events carry times, and the drainer gives the positions.
 *
 * A turn reads the clock, has every thread pass a memory barrier, and merges what is published with a lower time by
 * (time, thread, ring, index); the running count is the position. What is not below waits in its ring. timed_bound.c
 * says why the order is right.
 */
#ifndef BSCOPE_COLLECT_TIMED_H
#define BSCOPE_COLLECT_TIMED_H

#include "base/tsc.h"
#include "capture/recorder.h"
#include "collect/merge.h"

/* One stream of events in ascending time: a thread's main rings, or its nested one. */
struct bscope_lane {
  struct bscope_thread *thread;
  struct bscope_ring *ring;
  uint64_t at;   /* index of the event in front; in a nested ring, where order is not place, the one with least time */
  uint64_t time; /* its stamp */
  uint64_t placed; /* positions given to this lane's events in this turn */
};

/* A lane in the heap, with what it is compared by. */
struct bscope_lane_key {
  uint64_t time;
  uint32_t order; /* thread, then main before nested: lanes are made in that order */
};

/* Under the drain lock. */
struct bscope_timed {
  struct bscope_lane *lanes; /* two a thread; region memory, with the heap behind */
  struct bscope_lane_key *heap;
  size_t capacity; /* lanes */
  uint32_t lane_count;
  uint32_t heap_count;
  uint64_t bound;   /* events with a time below are merged */
  bool unfinished;  /* and not all of them are merged */
  uint64_t base;    /* times below belong to an older generation */
  uint64_t last_ns; /* of the newest position */
  uint64_t rate;    /* ns a tick, times 2^32, from `old` to `now` */
  struct bscope_tsc_pair old, middle, now;
};

/* What the drainer and this merge share. */
struct bscope_timed_turn {
  struct bscope_timed *timed;
  struct bscope_merge *merge;
  struct bscope_recorder *recorder;
};

/* A generation begins now. */
void bscope_timed_begin(struct bscope_timed *timed);

/* Room for the lanes of `threads` threads: false when there is no memory. */
bool bscope_timed_reserve(struct bscope_timed *timed, struct bscope_region *region, size_t threads);

/* Moves the bound to now, and has all threads pass a barrier behind it. False: no barrier was to be had. */
bool bscope_timed_advance(struct bscope_timed *timed);

/* Merges what lies below the bound into the window, at most merge->limit slots. */
void bscope_timed_merge(struct bscope_timed_turn *turn);

/* Events that are claimed or published in rings and not in the log yet. */
uint64_t bscope_timed_waiting(const struct bscope_timed *timed, const struct bscope_recorder *recorder);

#endif
