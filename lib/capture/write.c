/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/write.h"

void bscope_draft_set_payload(struct bscope_draft *draft, const void *payload, size_t size) {
  draft->payload = payload;
  draft->cut = size > BSCOPE_PAYLOAD_MAX;
  draft->size = draft->cut ? BSCOPE_PAYLOAD_MAX : (uint32_t)size;
  uint32_t bytes = draft->size + (uint32_t)sizeof(struct bscope_more_head);
  draft->slots = 1 + (payload ? (bytes + BSCOPE_RECORD_PAYLOAD - 1) / BSCOPE_RECORD_PAYLOAD : 0);
}

static void write_more(struct bscope_ring *ring, uint64_t head, const struct bscope_draft *draft) {
  uint8_t bytes[BSCOPE_RECORD_MORE_MAX * BSCOPE_RECORD_PAYLOAD] = {0};
  const struct bscope_more_head first = {.size = (uint16_t)draft->size, .cut = draft->cut};
  memcpy(bytes, &first, sizeof(first));
  memcpy(bytes + sizeof(first), draft->payload, draft->size);
  for (uint32_t i = 1; i < draft->slots; i++) {
    struct bscope_record *slot = bscope_ring_slot(ring, head + i);
    memcpy(slot, bytes + (i - 1) * BSCOPE_RECORD_PAYLOAD, BSCOPE_RECORD_PAYLOAD);
    slot->site = BSCOPE_RECORD_MORE;
    /* release: pairs with bscope_ring_is_published; the drainer looks here only after the event's own slot. */
    bscope_store_release(&slot->index, (uint32_t)(head + i + 1));
  }
}

void bscope_write_slots(struct bscope_ring *ring, uint64_t head, const struct bscope_draft *draft, uint64_t stamp) {
  bscope_signal_fence();
  if (draft->slots > 1)
    write_more(ring, head, draft);
  struct bscope_record *slot = bscope_ring_slot(ring, head);
  slot->stamp = stamp;
  slot->subject = draft->subject;
  slot->object = draft->object;
  slot->site = draft->site;
  bscope_store_release(&slot->index, (uint32_t)(head + 1)); /* publishes; pairs with bscope_ring_is_published */
  bscope_signal_fence();
}
