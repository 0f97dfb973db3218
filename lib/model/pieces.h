/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing array in pieces that never move, so that several arrays can have the same ones: whoever has been given a
 * share sees the elements that were there then, for good, while the giver goes on. It appends to pieces of its own, and
 * copies a shared one before it changes it. A share costs as much as there are pieces, 16 KiB each, not elements.
 */
#ifndef BSCOPE_MODEL_PIECES_H
#define BSCOPE_MODEL_PIECES_H

#include "base/util.h"

#define BSCOPE_PIECE_BYTES ((size_t)16 << 10)

/* Memory of one or many pieces. */
struct bscope_slab {
  size_t refs; /* pieces of all arrays that lie in it; guarded by a lock once the array was shared */
  void *memory;
};

struct bscope_piece {
  char *memory;
  struct bscope_slab *slab;
  bool shared; /* others see it */
};

struct bscope_pieces {
  struct bscope_piece *table;
  size_t count; /* elements */
  size_t room;  /* pieces in the table */
  size_t capacity;
  bool was_shared;
};

/* Room for so many elements, if that is much: then it lies in one place. */
void bscope_pieces_reserve(struct bscope_pieces *pieces, size_t count, size_t width);
void bscope_pieces_fini(struct bscope_pieces *pieces);

/* Makes `to` a share of `from`, which must not be changed. 0 or BSCOPE_ERR_NO_MEMORY. */
int bscope_pieces_share(struct bscope_pieces *from, struct bscope_pieces *to);

/* Makes what nobody else sees any more its own again, so that it need not be copied. */
void bscope_pieces_regain(struct bscope_pieces *pieces);

/* Takes the lock of all shares; in a child of fork it is made anew. */
void bscope_pieces_lock(void);
void bscope_pieces_unlock(void);
void bscope_pieces_forked(void);

/* The slow ways. False: BSCOPE_ERR_NO_MEMORY is set. */
bool bscope_pieces_more(struct bscope_pieces *pieces, size_t piece);
bool bscope_pieces_own(struct bscope_pieces *pieces, size_t piece);

/* Element i, to be read. `width`: of an element in bytes, always the same and known to the compiler. */
static inline void *bscope_pieces_at(const struct bscope_pieces *pieces, size_t i, size_t width) {
  size_t each = BSCOPE_PIECE_BYTES / width;
  return pieces->table[i / each].memory + i % each * width;
}

/* Element i, to be changed: valid until the array is next shared. NULL: BSCOPE_ERR_NO_MEMORY is set. */
static inline void *bscope_pieces_change(struct bscope_pieces *pieces, size_t i, size_t width) {
  size_t piece = i / (BSCOPE_PIECE_BYTES / width);
  if (bscope_unlikely(pieces->table[piece].shared) && !bscope_pieces_own(pieces, piece))
    return NULL;
  return bscope_pieces_at(pieces, i, width);
}

/* A new element, to be filled. NULL: BSCOPE_ERR_NO_MEMORY is set. */
static inline void *bscope_pieces_add(struct bscope_pieces *pieces, size_t width) {
  size_t piece = pieces->count / (BSCOPE_PIECE_BYTES / width);
  if (bscope_unlikely(piece >= pieces->room || pieces->table[piece].shared) && !bscope_pieces_more(pieces, piece))
    return NULL;
  return bscope_pieces_at(pieces, pieces->count++, width);
}

#endif
