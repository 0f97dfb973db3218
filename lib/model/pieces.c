/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays in pieces: see pieces.h. */
#include "model/pieces.h"

#include "base/error.h"
#include "model/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Guards the references of shared slabs; nothing is waited for while it is held. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void bscope_pieces_lock(void) {
  (void)pthread_mutex_lock(&lock);
}
void bscope_pieces_unlock(void) {
  (void)pthread_mutex_unlock(&lock);
}
void bscope_pieces_forked(void) {
  static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;
  lock = fresh;
}

/* A slab over memory that was got for it; frees that if there is no room for the slab. */
static struct bscope_slab *slab_over(void *memory, size_t refs) {
  struct bscope_slab *slab = memory == NULL ? NULL : malloc(sizeof(*slab));
  if (slab == NULL) {
    free(memory);
    bscope_fail(BSCOPE_ERR_NO_MEMORY, "graph: no memory for another piece");
    return NULL;
  }
  *slab = (struct bscope_slab){refs, memory};
  return slab;
}

/* The lock is held, or nobody else has the slab. */
static void let_go(struct bscope_slab *slab) {
  if (--slab->refs != 0)
    return;
  free(slab->memory);
  free(slab);
}

static bool make_room(struct bscope_pieces *pieces, size_t more) {
  if (more == 0)
    return true;
  struct bscope_piece *table = bscope_model_grow(pieces->table, &pieces->capacity, pieces->room + more, sizeof(*table));
  pieces->table = table == NULL ? pieces->table : table;
  return table != NULL;
}

void bscope_pieces_reserve(struct bscope_pieces *pieces, size_t count, size_t width) {
  size_t elements, more = count / (BSCOPE_PIECE_BYTES / width) + 1;
  char *memory = bscope_model_reserve(&elements, more, BSCOPE_PIECE_BYTES);
  struct bscope_slab *slab = memory == NULL ? NULL : slab_over(memory, more);
  if (slab == NULL || !make_room(pieces, more)) {
    free(slab == NULL ? NULL : slab->memory);
    free(slab);
    return;
  }
  for (size_t i = 0; i < more; i++)
    pieces->table[pieces->room++] = (struct bscope_piece){memory + i * BSCOPE_PIECE_BYTES, slab, false};
}

void bscope_pieces_fini(struct bscope_pieces *pieces) {
  if (pieces->was_shared)
    bscope_pieces_lock();
  for (size_t i = 0; i < pieces->room; i++)
    let_go(pieces->table[i].slab);
  if (pieces->was_shared)
    bscope_pieces_unlock();
  free(pieces->table);
}

int bscope_pieces_share(struct bscope_pieces *from, struct bscope_pieces *to) {
  *to = (struct bscope_pieces){.was_shared = true};
  if (!make_room(to, from->room))
    return BSCOPE_ERR_NO_MEMORY;
  from->was_shared = true;
  bscope_pieces_lock();
  for (size_t i = 0; i < from->room; i++) {
    from->table[i].slab->refs++;
    from->table[i].shared = true;
    to->table[i] = from->table[i];
  }
  bscope_pieces_unlock();
  to->room = from->room;
  to->count = from->count;
  return BSCOPE_OK;
}

void bscope_pieces_regain(struct bscope_pieces *pieces) {
  bscope_pieces_lock();
  for (size_t i = 0; i < pieces->room; i++)
    pieces->table[i].shared = pieces->table[i].shared && pieces->table[i].slab->refs > 1;
  bscope_pieces_unlock();
}

bool bscope_pieces_own(struct bscope_pieces *pieces, size_t piece) {
  struct bscope_piece *old = &pieces->table[piece];
  struct bscope_slab *slab = slab_over(malloc(BSCOPE_PIECE_BYTES), 1);
  if (slab == NULL)
    return false;
  memcpy(slab->memory, old->memory, BSCOPE_PIECE_BYTES);
  bscope_pieces_lock();
  let_go(old->slab);
  bscope_pieces_unlock();
  *old = (struct bscope_piece){slab->memory, slab, false};
  return true;
}

bool bscope_pieces_more(struct bscope_pieces *pieces, size_t piece) {
  if (piece < pieces->room)
    return bscope_pieces_own(pieces, piece);
  struct bscope_slab *slab = make_room(pieces, 1) ? slab_over(malloc(BSCOPE_PIECE_BYTES), 1) : NULL;
  if (slab == NULL)
    return false;
  pieces->table[pieces->room++] = (struct bscope_piece){slab->memory, slab, false};
  return true;
}
