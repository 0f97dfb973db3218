/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks that are resized. From the attempt until its outcome is known the block has no address, since another thread
 * may get the old one at any moment; then it keeps its identity at the new place, or gets its old one back.
 */
#include "model/resolver.h"

#include "model/memory.h"

#include <string.h>

static void put_back(struct bscope_resolver *r, const struct bscope_resize *resize, int *status) {
  if (resize->slot == BSCOPE_SLOT_NONE)
    return;
  if (bscope_resolver_variable(r, resize->slot)->life == BSCOPE_LIFE_ALIVE)
    *status = bscope_ranges_add(&r->ranges, resize->slot);
  bscope_variables_release(&r->variables, resize->slot);
}

static void remove_resize(struct bscope_resolver *r, size_t i) {
  memmove(r->resizes + i, r->resizes + i + 1, (r->resize_count - i - 1) * sizeof(*r->resizes));
  r->resize_count--;
}

int bscope_resolve_resize_begin(struct bscope_resolver *r, const struct bscope_step *event,
                                struct bscope_resolution *out) {
  int status = BSCOPE_OK;
  if (r->resize_count == BSCOPE_RESIZES_MAX) {
    put_back(r, &r->resizes[0], &status);
    remove_resize(r, 0);
  }
  struct bscope_resize *resizes =
      bscope_model_grow(r->resizes, &r->resize_capacity, r->resize_count + 1, sizeof(*resizes));
  if (resizes == NULL || status != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  r->resizes = resizes;
  uint64_t address = event->subject_is == BSCOPE_WORD_ADDRESS ? event->subject : 0;
  struct bscope_resize *resize = &resizes[r->resize_count++];
  *resize = (struct bscope_resize){
      .thread = event->thread, .slot = bscope_ranges_live_at(&r->ranges, address), .address = address};
  out->old_address = address;
  if (resize->slot == BSCOPE_SLOT_NONE)
    return BSCOPE_OK;
  struct bscope_variable *v = bscope_resolver_variable(r, resize->slot);
  v->holds++;
  resize->size = v->size;
  out->old_size = v->size;
  out->inferred = true;
  bscope_resolver_tell(r, resize->slot, &out->subject);
  bscope_resolver_check_text(r, event, resize->slot, out);
  bscope_ranges_unmap(&r->ranges, resize->slot);
  bscope_ranges_unstart(&r->ranges, resize->slot);
  return BSCOPE_OK;
}

/* Gives a live block its outcome. */
static int settle(struct bscope_resolver *r, const struct bscope_step *event, const struct bscope_resize *resize) {
  struct bscope_variable *v = bscope_resolver_variable(r, resize->slot);
  if (v->life != BSCOPE_LIFE_ALIVE)
    return BSCOPE_OK;
  if (event->subject != 0) {
    v->address = event->subject;
    v->size = event->object_is == BSCOPE_WORD_SIZE ? event->object : v->size;
    if (bscope_resolver_overwrite(r, event, v->address, v->size) != BSCOPE_OK)
      return BSCOPE_ERR_NO_MEMORY;
  }
  return bscope_ranges_add(&r->ranges, resize->slot);
}

/* The first block of what grows from a null pointer: a variable, called as the argument calls it. */
static int make(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out) {
  const struct bscope_making making = {.name = bscope_resolver_current(r)->said,
                                       .hint = BSCOPE_HINT_ROOT,
                                       .address = event->subject,
                                       .size = event->object_is == BSCOPE_WORD_SIZE ? event->object : 0,
                                       .at = true,
                                       .fresh = true};
  uint32_t slot = bscope_resolver_make(r, event, &making);
  if (slot == BSCOPE_SLOT_NONE)
    return BSCOPE_ERR_NO_MEMORY;
  bscope_resolver_tell(r, slot, &out->subject);
  out->creates = true;
  out->address = making.address;
  out->size = making.size;
  return BSCOPE_OK;
}

int bscope_resolve_resize_end(struct bscope_resolver *r, const struct bscope_step *event,
                              struct bscope_resolution *out) {
  size_t i = r->resize_count;
  while (i > 0 && r->resizes[i - 1].thread != event->thread)
    i--;
  if (i == 0)
    return BSCOPE_OK;
  struct bscope_resize resize = r->resizes[i - 1];
  remove_resize(r, i - 1);
  out->old_address = resize.address;
  out->old_size = resize.size;
  if (resize.slot == BSCOPE_SLOT_NONE)
    return resize.address == 0 && event->subject != 0 ? make(r, event, out) : BSCOPE_OK;
  bscope_resolver_tell(r, resize.slot, &out->subject);
  out->inferred = true;
  int status = settle(r, event, &resize);
  out->address = bscope_resolver_variable(r, resize.slot)->address;
  out->size = bscope_resolver_variable(r, resize.slot)->size;
  bscope_variables_release(&r->variables, resize.slot);
  return status;
}
