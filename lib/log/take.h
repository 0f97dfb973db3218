/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot of a session's log: what it holds on to, and how it is taken under the drain lock. Taking copies pointers
 * to the window's chunks, the samples that no block holds yet, threads and late events, and pins the segments there
 * are; it allocates nothing and costs nothing for each sealed block.
 */
#ifndef BSCOPE_LOG_TAKE_H
#define BSCOPE_LOG_TAKE_H

#include "log/snapshot.h"
#include "log/store_state.h"

/* Cells of the window: positions [first, first + count). */
struct bscope_window_part {
  uint64_t first;
  uint32_t count;
  const struct bscope_cell *cells;
  const uint64_t *times;      /* of the cells, or NULL */
  struct bscope_chunk *chunk; /* NULL where the cells are nobody's chunk */
};

/* A segment, and how many of its blocks belong to the snapshot. */
struct bscope_segment_part {
  uint64_t first;
  const struct bscope_segment *segment;
  uint32_t blocks;
};

/* Arrays that are made before the lock is taken, and filled under it. */
struct bscope_room {
  size_t parts;
  size_t samples;
  size_t lates;
  size_t threads;
};

struct bscope_snapshot {
  struct bscope_log log; /* log.threads, log.thread_count */
  const struct bscope_log_host *host;
  struct bscope_session *session;
  struct bscope_store *store;
  const struct bscope_region *region;
  uint64_t sealed; /* positions below it are in segments */
  struct bscope_pin pin;
  struct bscope_segment *oldest; /* with the pin */
  uint32_t newest_blocks;        /* of the pin's last segment */
  struct bscope_segment_part *segments;
  size_t segment_count;
  struct bscope_window_part *parts;
  size_t part_count;
  struct bscope_sample *samples;
  size_t sample_count;
  struct bscope_late *lates;
  size_t late_count;
  struct bscope_room room;
  bool holds; /* the pin and the chunks' references */
  bool reaps; /* segments may wait to be freed */
};

#define BSCOPE_TAKE_MORE 1 /* the arrays are too small: `room` says what is needed */

/* Under the drain lock, `context` a struct bscope_snapshot with its arrays: 0, or BSCOPE_TAKE_MORE. */
int bscope_snapshot_take(void *context, const struct bscope_view *view);

/* Under the drain lock: gives back what was taken, a few retired segments at a time; sets `taken` to false when done.
 */
void bscope_snapshot_give_back(void *context);

#endif
