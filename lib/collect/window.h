/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The window: where events wait, each in the cell that its stamp names, until a run of them is complete and can be
 * sealed. A list of chunks of 4096 cells; each cell is written once. All changes happen under the drain lock; a reader
 * with a reference on a chunk reads cells below the prefix that it was told under that lock.
 */
#ifndef BSCOPE_COLLECT_WINDOW_H
#define BSCOPE_COLLECT_WINDOW_H

#include "base/region.h"
#include "base/trace.h"

#include <borrowscope/types.h>
#include <stdbool.h>

#define BSCOPE_CHUNK_CELLS 4096u

/* cell.site: an id of the site table, with these above or instead of it */
#define BSCOPE_SITE_LONG 0x80000000u /* flag: cell.object is the region offset of a struct bscope_long */
#define BSCOPE_SITE_LOST 0x7ffffff1u /* the position holds no event and never will */
#define BSCOPE_SITE_OPEN 0x7ffffff2u /* its writer has not published yet */

struct bscope_cell {
  uint64_t subject;
  uint64_t object;
  uint32_t site;
  uint32_t thread;
  uint64_t full; /* atomic, stored last with release: the cell's stamp + 1 */
};

/* An event of more than two words, in its chunk's side area: written before its cell's `full`. */
struct bscope_long {
  uint64_t object; /* the record's second word, which the cell has no room for */
  uint16_t size;   /* bytes of payload */
  uint16_t cut;    /* 1: the payload was longer */
  uint32_t reserved;
  uint8_t payload[];
};

/* A pair (stamp, CLOCK_MONOTONIC ns): every event before that stamp took place before that time, as far as it was
 * published. */
struct bscope_sample {
  uint64_t stamp;
  uint64_t ns;
};

enum bscope_chunk_state {
  BSCOPE_CHUNK_FILLING = 0, /* takes events */
  BSCOPE_CHUNK_FULL = 1,    /* all cells committed: may be claimed for sealing */
  BSCOPE_CHUNK_SEALING = 2, /* claimed by one thread, which encodes it */
  BSCOPE_CHUNK_ENCODED = 3, /* `packed` holds its bytes: may be appended to the log in its turn */
  BSCOPE_CHUNK_APPENDED = 4 /* in the log; reused once nobody refers to it */
};

struct bscope_chunk {
  struct bscope_extent extent;
  uint64_t base;  /* stamp of cell 0 */
  uint32_t state; /* atomic: enum bscope_chunk_state */
  uint32_t refs;  /* atomic: snapshots that read it */
  uint32_t count; /* cells that count: BSCOPE_CHUNK_CELLS, or fewer of one that was closed early */
  uint32_t lost;  /* cells filled as LOST */
  uint32_t open;  /* cells filled as OPEN */
  uint32_t longs; /* cells with the LONG flag */
  void *packed;   /* sealing: encoded bytes, region memory of packed_capacity bytes */
  size_t packed_size;
  size_t packed_capacity;
  struct bscope_side *side;  /* the newest piece of the side area, or NULL */
  uint64_t *times;           /* each cell's time in ns, behind the cells; NULL but under clock=tsc */
  struct bscope_chunk *next; /* in stamp order; also links the pool */
  struct bscope_cell cells[BSCOPE_CHUNK_CELLS] __attribute__((aligned(64)));
};

/* A piece of a chunk's side area, in the region. */
struct bscope_side {
  struct bscope_side *next; /* the piece before it */
  uint32_t size;            /* bytes of the whole piece */
  uint32_t used;            /* bytes of it in use, this header too */
};

/* The window of one session. Everything under the drain lock. */
struct bscope_window {
  struct bscope_region *region;
  uint64_t origin;              /* stamp of position 0 of this generation */
  uint64_t base;                /* what chunks are counted from: the origin, or less where one was closed early */
  uint64_t first;               /* number of the oldest chunk held: chunk k begins at base + k * BSCOPE_CHUNK_CELLS */
  uint64_t count;               /* chunks held, without gaps */
  uint64_t prefix;              /* stamp behind the last committed cell */
  uint64_t capacity;            /* chunks that it may hold; a power of two */
  struct bscope_chunk **chunks; /* chunk k at [k & (capacity - 1)]; region memory */
  struct bscope_chunk *pool;    /* free to be used again */
  struct bscope_chunk *retired; /* in the log, but snapshots still read them */
  uint64_t lost, open;          /* LOST and OPEN cells in chunks held */
  bool timed;                   /* chunks have times; set before the first one is made */
  size_t bytes;                 /* memory of all chunks, pooled ones too */
  size_t pinned;                /* memory of retired ones, which snapshots hold */
};

/* Bytes of a chunk. */
static inline size_t bscope_chunk_bytes(bool timed) {
  return sizeof(struct bscope_chunk) + (timed ? BSCOPE_CHUNK_CELLS * sizeof(uint64_t) : 0);
}

/* capacity: chunks. 0 or BSCOPE_ERR_NO_MEMORY. */
int bscope_window_init(struct bscope_window *window, struct bscope_region *region, uint64_t capacity);

/* Begins a generation at stamp `base`: holds no chunk, no event. */
void bscope_window_begin(struct bscope_window *window, uint64_t base);

/* Events between two stamps, negative when `from` is the later one: stamps may pass 2^64. */
static inline int64_t bscope_stamp_distance(uint64_t from, uint64_t to) {
  return (int64_t)(to - from);
}

enum bscope_placing {
  BSCOPE_PLACE_IN_WINDOW, /* *chunk holds the stamp's cell */
  BSCOPE_PLACE_PASSED,    /* the prefix has passed it: a late event */
  BSCOPE_PLACE_OLD,       /* of an older generation */
  BSCOPE_PLACE_FAR,       /* beyond what the window may hold now */
  BSCOPE_PLACE_NO_MEMORY
};

/* Where the event of that stamp goes; maps the chunk if need be. */
enum bscope_placing bscope_window_find(struct bscope_window *window, uint64_t stamp, struct bscope_chunk **chunk);

static inline struct bscope_cell *bscope_chunk_cell(struct bscope_chunk *chunk, uint64_t stamp) {
  return &chunk->cells[stamp - chunk->base];
}

/* The chunk that holds the stamp's cell, or NULL: before the oldest, or not mapped yet. */
struct bscope_chunk *bscope_window_chunk(const struct bscope_window *window, uint64_t stamp);

/* Whether the stamp's cell was written. */
bool bscope_window_has(const struct bscope_window *window, uint64_t stamp);

/* Writes a cell that holds no event: BSCOPE_SITE_LOST or BSCOPE_SITE_OPEN. False: the window can't hold it now. */
bool bscope_window_mark(struct bscope_window *window, uint64_t stamp, uint32_t site);

/* Moves the prefix over all cells that are written, at most to stamp `end`. Chunks that it leaves become FULL. */
void bscope_window_advance(struct bscope_window *window, uint64_t end);

/*
 * Ends the only chunk held at the prefix and makes it FULL, so that all that is committed can be sealed. False when
 * there is another one, or it holds events behind the prefix.
 */
bool bscope_window_close(struct bscope_window *window);

/* Gives back what is only kept for the chunks to come. */
void bscope_window_rest(struct bscope_window *window);

/* The oldest chunk that is FULL and not claimed, now claimed (SEALING); NULL. `waiting`: how many more there are. */
struct bscope_chunk *bscope_window_claim(struct bscope_window *window, uint64_t *waiting);

/* The oldest chunk if its state is `state` (acquire), else NULL. */
struct bscope_chunk *bscope_window_oldest(struct bscope_window *window, uint32_t state);

/* Takes the oldest chunk, which is APPENDED, out of the window. */
void bscope_window_release_oldest(struct bscope_window *window);

/* Puts retired chunks that nobody reads any more into the pool, and gives memory back beyond a few. */
void bscope_window_reclaim(struct bscope_window *window);

/* Room for a long event's payload in the chunk's side area; NULL: no memory. */
struct bscope_long *bscope_chunk_take_long(struct bscope_window *window, struct bscope_chunk *chunk, uint32_t size);

#endif
