/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merging without comparing: stamps are dense, so an event's place is its stamp less the base. Takes what is published
 * in one ring and scatters it into the window. No locks, no clocks, no threads: a function of ring and window. (Under
 * clock=tsc stamps are times; timed.h puts them in order and uses the parts from here.)
 */
#ifndef BSCOPE_COLLECT_MERGE_H
#define BSCOPE_COLLECT_MERGE_H

#include "capture/ring.h"
#include "collect/window.h"

enum bscope_late_taking {
  BSCOPE_LATE_TAKEN,
  BSCOPE_LATE_UNWANTED, /* nobody asks for it any more */
  BSCOPE_LATE_WAITS     /* in its ring, for memory */
};

struct bscope_merge {
  struct bscope_window *window;
  /* An event whose position the prefix has passed. The cell is as in the window, its payload valid for this call. */
  enum bscope_late_taking (*late)(void *context, const struct bscope_cell *cell, uint64_t stamp);
  void *context;
  uint64_t limit; /* slots to take at most */
  /* results, added to */
  uint64_t placed;  /* events that went into the window or were taken as late */
  uint64_t slots;   /* slots taken, void and old ones too */
  uint64_t waiting; /* with `more`: the lowest stamp that the limit left in a ring */
  bool more;        /* the limit ended it */
  bool far;         /* an event waits in its ring for the window to move on */
  bool no_memory;   /* or for memory */
};

/* A main ring: in order, up to the first slot that is not published. Publishes the new tail. */
void bscope_merge_main(struct bscope_merge *merge, struct bscope_ring *ring);

/* A nested ring: every published slot, in any order. */
void bscope_merge_nested(struct bscope_merge *merge, struct bscope_ring *ring);

/* --- for a merge that gives the positions itself, into a window with times --- */

/* Takes the published event at `index`: the slots that it took, 0: it stays (no memory, or the window is full). */
uint32_t bscope_merge_put(struct bscope_merge *merge, struct bscope_ring *ring, uint64_t index, uint64_t position,
                          uint64_t ns);

/* A position without an event. False: as above. */
bool bscope_merge_put_lost(struct bscope_merge *merge, uint64_t position, uint64_t ns);

/* Whether the slot `offset` behind a nested ring's tail waits to be taken; passes over MORE slots of no use. */
bool bscope_merge_has_nested(struct bscope_ring *ring, uint64_t offset);

/* Notes that slots behind a nested ring's tail were taken, and in the end moves the tail over them. */
void bscope_merge_mark_taken(struct bscope_ring *ring, uint64_t offset, uint32_t slots);
void bscope_merge_end_nested(struct bscope_ring *ring);

#endif
