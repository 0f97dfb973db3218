/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds beside the core's, by their effects: what they make, clone, capture and give up is found as the core finds
 * what it borrows, moves and drops.
 */
#include "model/resolver.h"

#include <string.h>

/* The other one, as a clone or a capture has it: by id, by address or by the second name. */
static struct bscope_found find_other(struct bscope_resolver *r, const struct bscope_step *event,
                                      struct bscope_resolution *out) {
  uint32_t slot;
  if (event->object_is == BSCOPE_WORD_ID) {
    slot = bscope_resolver_by_id(r, event->object);
    bool alive = slot != BSCOPE_SLOT_NONE && bscope_resolver_variable(r, slot)->life == BSCOPE_LIFE_ALIVE;
    return (struct bscope_found){slot, slot == BSCOPE_SLOT_NONE ? BSCOPE_HOW_UNKNOWN
                                       : alive                  ? BSCOPE_HOW_HERE
                                                                : BSCOPE_HOW_ENDED};
  }
  if (event->object_is == BSCOPE_WORD_ADDRESS && event->object != 0) {
    slot = bscope_ranges_holding(&r->ranges, event->object);
    out->inferred = slot != BSCOPE_SLOT_NONE;
    if (slot != BSCOPE_SLOT_NONE)
      return (struct bscope_found){slot, BSCOPE_HOW_HERE};
    slot = bscope_resolver_ended_at(r, event->object);
    return (struct bscope_found){slot, slot == BSCOPE_SLOT_NONE ? BSCOPE_HOW_UNKNOWN : BSCOPE_HOW_ENDED};
  }
  struct bscope_found found =
      bscope_resolver_by_name(r, event, bscope_resolver_current(r)->name2, BSCOPE_HINT_NAME2, BSCOPE_WANT_BOTH);
  out->inferred = found.how == BSCOPE_HOW_ELSEWHERE;
  return found;
}

static void tell_other(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_found found,
                       struct bscope_resolution *out) {
  if (found.slot == BSCOPE_SLOT_NONE) {
    bscope_resolver_unknown(bscope_names_text(r->facts->names, bscope_resolver_current(r)->name2), &out->object);
    out->object.has_given_id = event->object_is == BSCOPE_WORD_ID;
    out->object.given_id = out->object.has_given_id ? event->object : 0;
    return;
  }
  bscope_resolver_tell(r, found.slot, &out->object);
  if (found.how == BSCOPE_HOW_ENDED)
    bscope_resolver_judge(r, found.slot, false, out);
}

static int make(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out) {
  const struct bscope_making making = {
      .name = bscope_resolver_current(r)->name,
      .hint = BSCOPE_HINT_NAME,
      .address = event->subject_is == BSCOPE_WORD_ADDRESS ? event->subject : 0,
      .at = (event->flags & BSCOPE_SITE_BY_ADDRESS) != 0,
      .given = event->subject_is == BSCOPE_WORD_ID,
      .given_id = event->subject_is == BSCOPE_WORD_ID ? event->subject : 0,
      .fresh = true,
  };
  uint32_t slot = bscope_resolver_make(r, event, &making);
  if (slot == BSCOPE_SLOT_NONE)
    return BSCOPE_ERR_NO_MEMORY;
  bscope_resolver_tell(r, slot, &out->subject);
  out->creates = true;
  return BSCOPE_OK;
}

int bscope_resolve_clone(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out) {
  tell_other(r, event, find_other(r, event, out), out);
  return make(r, event, out);
}

int bscope_resolve_capture(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out) {
  const struct bscope_facts *facts = bscope_resolver_current(r);
  struct bscope_found other = find_other(r, event, out);
  tell_other(r, event, other, out);
  uint32_t closure = event->subject_is == BSCOPE_WORD_ID
                         ? bscope_resolver_by_closure_id(r, event->subject)
                         : bscope_resolver_by_name(r, event, facts->name, BSCOPE_HINT_NAME, BSCOPE_WANT_BOTH).slot;
  if (closure != BSCOPE_SLOT_NONE)
    bscope_resolver_tell(r, closure, &out->subject);
  const char *mode = bscope_names_text(r->facts->names, facts->type);
  bool alive = other.slot != BSCOPE_SLOT_NONE && bscope_resolver_variable(r, other.slot)->life == BSCOPE_LIFE_ALIVE;
  if (!alive || mode == NULL || strcmp(mode, "by_move") != 0)
    return BSCOPE_OK;
  bscope_resolver_end(r, other.slot, BSCOPE_LIFE_MOVED);
  out->ends = true;
  return BSCOPE_OK;
}
