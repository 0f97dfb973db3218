/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/ring.h"

#include "base/atomic.h"

#include <string.h>

_Static_assert(sizeof(struct bscope_record) == 32, "frozen: the record");
_Static_assert(offsetof(struct bscope_record, index) == 28, "frozen: the record's index comes last");
_Static_assert(sizeof(struct bscope_control) == 64, "frozen: the first 64 bytes of the control block");
_Static_assert(sizeof(struct bscope_site) == 80, "frozen: the site");

void bscope_ring_init(struct bscope_ring *ring, uint32_t size, uint64_t start, bool nested) {
  memset(ring, 0, sizeof(*ring));
  ring->tail = start;
  ring->head_nested = start;
  ring->size = size;
  ring->nested = nested;
  ring->copy_index = UINT64_MAX;
  /* The index of one lap before: fits nothing, also where a slot's first index + 1 is a multiple of 2^32. */
  for (uint32_t n = 0; n < size; n++)
    bscope_ring_slot(ring, start + n)->index = (uint32_t)(start + n + 1 - size);
}

static void fill_with(struct bscope_ring *ring, uint64_t index, uint32_t site) {
  struct bscope_record *slot = bscope_ring_slot(ring, index);
  slot->site = site;
  bscope_store_release(&slot->index, (uint32_t)(index + 1)); /* pairs with bscope_ring_is_published */
}

void bscope_ring_void(struct bscope_ring *ring, uint64_t index) {
  fill_with(ring, index, BSCOPE_RECORD_VOID);
}

bool bscope_ring_void_unpublished(struct bscope_ring *ring, uint64_t end) {
  bool any = false, own = true;
  for (uint64_t i = bscope_load_acquire(&ring->tail); i != end; i++) {
    if (bscope_ring_is_published(ring, i)) {
      own |= ring->nested; /* several may be open there; each run of missing slots is taken for one write */
      continue;
    }
    fill_with(ring, i, own ? BSCOPE_RECORD_VOID : BSCOPE_RECORD_MORE);
    own = false;
    any = true;
  }
  return any;
}
