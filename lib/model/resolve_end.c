/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is dropped, whose borrow ends, whose scope ends, and who is used. An address means what begins there, newest
 * first, so that dropping an element never drops its container; a use may point inside.
 */
#include "model/resolver.h"

/* What is given up is moved to nobody in the log. */
static bool gives_up(const struct bscope_step *event) {
  return event->kind != BSCOPE_KIND_DROP && bscope_kind_effect((enum bscope_kind)event->kind) == BSCOPE_EFFECT_GIVES_UP;
}

static void end_live(struct bscope_resolver *r, const struct bscope_step *event, uint32_t slot,
                     struct bscope_resolution *out) {
  bscope_resolver_tell(r, slot, &out->subject);
  out->ends = true;
  bscope_resolver_end(r, slot, gives_up(event) ? BSCOPE_LIFE_MOVED : BSCOPE_LIFE_DROPPED);
}

static void drop_ended(const struct bscope_resolver *r, const struct bscope_step *event, uint32_t slot,
                       struct bscope_resolution *out) {
  bscope_resolver_tell(r, slot, &out->subject);
  bscope_resolver_judge(r, slot, !gives_up(event), out);
}

/* The variable was handed out, its place was not: it lives on by its name alone. */
static void leave_place(struct bscope_resolver *r, uint32_t slot) {
  bscope_ranges_unmap(&r->ranges, slot);
  bscope_ranges_unstart(&r->ranges, slot);
  bscope_resolver_variable(r, slot)->kept = true;
}

/*
 * The end of a scope: of the variable that was declared at that address under that name. If that one has moved or was
 * dropped, its memory and its name are gone now too, and nothing is to be told.
 */
static void end_scope(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out) {
  bool borrower = (event->flags & BSCOPE_SITE_BORROWER_ONLY) != 0, kept = (event->flags & BSCOPE_SITE_KEPT) != 0;
  uint32_t name = bscope_resolver_current(r)->name;
  uint32_t best = BSCOPE_SLOT_NONE;
  for (uint32_t slot = bscope_ranges_first_at(&r->ranges, event->subject); slot != BSCOPE_SLOT_NONE;) {
    const struct bscope_variable *v = bscope_resolver_variable(r, slot);
    if (v->scope_open && v->name == name && v->thread == event->thread && (kept || v->borrower == borrower) &&
        (best == BSCOPE_SLOT_NONE || v->number > bscope_resolver_variable(r, best)->number))
      best = slot;
    slot = v->at_start.older;
  }
  out->silent = true;
  if (best == BSCOPE_SLOT_NONE)
    return;
  struct bscope_variable *v = bscope_resolver_variable(r, best);
  v->scope_open = false;
  if (kept && v->life == BSCOPE_LIFE_ALIVE) {
    bscope_resolver_tell(r, best, &out->subject);
    leave_place(r, best);
    return;
  }
  bscope_stacks_forget(&r->stacks, best);
  if (v->life == BSCOPE_LIFE_ALIVE) {
    out->silent = false;
    end_live(r, event, best, out);
    return;
  }
  bscope_resolver_tell(r, best, &out->subject);
  if (v->life != BSCOPE_LIFE_DROPPED)
    bscope_resolver_forget(r, best);
}

static void drop_by_id(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out) {
  uint32_t slot = bscope_resolver_by_id(r, event->subject);
  if (slot == BSCOPE_SLOT_NONE) {
    out->subject.has_given_id = true;
    out->subject.given_id = event->subject;
    out->contradiction = bscope_resolver_judge_unknown(r, event);
  } else if (bscope_resolver_variable(r, slot)->life == BSCOPE_LIFE_ALIVE) {
    end_live(r, event, slot, out);
  } else {
    drop_ended(r, event, slot, out);
  }
}

static void drop_by_address(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out) {
  if (event->subject == 0) {
    out->silent = true;
    return;
  }
  out->inferred = true;
  uint32_t slot = bscope_ranges_live_at(&r->ranges, event->subject);
  if (slot != BSCOPE_SLOT_NONE) {
    bscope_resolver_check_text(r, event, slot, out);
    end_live(r, event, slot, out);
    return;
  }
  slot = bscope_resolver_ended_at(r, event->subject);
  if (slot != BSCOPE_SLOT_NONE) {
    drop_ended(r, event, slot, out);
    return;
  }
  out->inferred = false;
  out->contradiction = bscope_resolver_judge_unknown(r, event);
}

static void drop_by_name(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out) {
  uint32_t name = bscope_resolver_current(r)->name;
  bool borrower = (event->flags & BSCOPE_SITE_BORROWER_ONLY) != 0 || event->kind == BSCOPE_KIND_REF_CELL_DROP ||
                  event->kind == BSCOPE_KIND_LOCK_GUARD_DROP;
  enum bscope_want want = borrower ? BSCOPE_WANT_BORROWER : BSCOPE_WANT_BOTH;
  struct bscope_found found = bscope_resolver_by_name(r, event, name, BSCOPE_HINT_NAME, want);
  bool scope_end = (event->flags & BSCOPE_SITE_SCOPED) != 0;
  if (scope_end && found.how != BSCOPE_HOW_HERE) {
    out->silent = true;
    return;
  }
  switch (found.how) {
  case BSCOPE_HOW_HERE:
  case BSCOPE_HOW_ELSEWHERE:
    out->inferred = found.how == BSCOPE_HOW_ELSEWHERE;
    end_live(r, event, found.slot, out);
    break;
  case BSCOPE_HOW_ENDED:
    drop_ended(r, event, found.slot, out);
    break;
  case BSCOPE_HOW_UNKNOWN:
    if (!bscope_stacks_made(&r->stacks, name, want))
      out->contradiction = bscope_resolver_judge_unknown(r, event);
    break;
  }
}

int bscope_resolve_drop(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out) {
  if (event->subject_is == BSCOPE_WORD_ID)
    drop_by_id(r, event, out);
  else if (event->subject_is != BSCOPE_WORD_ADDRESS)
    drop_by_name(r, event, out);
  else if ((event->flags & BSCOPE_SITE_SCOPED) != 0)
    end_scope(r, event, out);
  else
    drop_by_address(r, event, out);
  return BSCOPE_OK;
}

/* The address is no live variable's: who used to be there, or who of that name has none. */
static void use_ended(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_found named,
                      struct bscope_resolution *out) {
  uint32_t slot = bscope_resolver_ended_at(r, event->subject);
  if (slot == BSCOPE_SLOT_NONE || bscope_resolver_variable(r, slot)->name != bscope_resolver_current(r)->name) {
    slot = named.slot;
    out->inferred = named.how == BSCOPE_HOW_ELSEWHERE;
    /* Something else of that name, at another address. */
    if (slot != BSCOPE_SLOT_NONE && bscope_resolver_variable(r, slot)->address != 0)
      slot = BSCOPE_SLOT_NONE;
  }
  if (slot == BSCOPE_SLOT_NONE)
    return;
  bscope_resolver_tell(r, slot, &out->subject);
  bscope_resolver_judge(r, slot, false, out);
}

static void use_by_id(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out) {
  uint32_t slot = bscope_resolver_by_id(r, event->subject);
  if (slot == BSCOPE_SLOT_NONE) {
    out->subject.has_given_id = true;
    out->subject.given_id = event->subject;
    return;
  }
  bscope_resolver_tell(r, slot, &out->subject);
  if (bscope_resolver_variable(r, slot)->life != BSCOPE_LIFE_ALIVE)
    bscope_resolver_judge(r, slot, false, out);
}

static void use_by_name(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out) {
  struct bscope_found found =
      bscope_resolver_by_name(r, event, bscope_resolver_current(r)->name, BSCOPE_HINT_NAME, BSCOPE_WANT_BOTH);
  if (found.slot == BSCOPE_SLOT_NONE)
    return;
  bscope_resolver_tell(r, found.slot, &out->subject);
  out->inferred = found.how == BSCOPE_HOW_ELSEWHERE;
  if (found.how == BSCOPE_HOW_ENDED)
    bscope_resolver_judge(r, found.slot, false, out);
}

static void use_by_address(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out) {
  uint32_t name = bscope_resolver_current(r)->name;
  uint32_t holding = bscope_ranges_holding(&r->ranges, event->subject);
  struct bscope_found named = bscope_resolver_by_name(r, event, name, BSCOPE_HINT_NAME, BSCOPE_WANT_BOTH);
  if (holding == BSCOPE_SLOT_NONE) {
    use_ended(r, event, named, out);
    return;
  }
  const struct bscope_variable *v = bscope_resolver_variable(r, holding);
  out->inferred = v->name != name;
  /* Its holder may be a borrower of that name. */
  bool through = named.how == BSCOPE_HOW_HERE && bscope_resolver_variable(r, named.slot)->owner == holding;
  bscope_resolver_tell(r, through ? named.slot : holding, &out->subject);
  if (through)
    out->inferred = false;
  else if (v->name != name && bscope_chains_has_name(&r->chains, v->chain, name, r->gaps)) {
    out->contradiction = BSCOPE_USED_AFTER_MOVE;
    out->ended_at = v->stamp; /* the newest move made it */
  }
}

int bscope_resolve_use(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out) {
  if (event->subject_is == BSCOPE_WORD_ID)
    use_by_id(r, event, out);
  else if (event->subject_is != BSCOPE_WORD_ADDRESS)
    use_by_name(r, event, out);
  else if (event->subject != 0)
    use_by_address(r, event, out);
  return BSCOPE_OK;
}
