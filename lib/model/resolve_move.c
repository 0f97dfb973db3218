/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What moves, and what it becomes. A move by address passes address and size on; so does a move by name, except of a
 * variable declared by a scope-bound form, whose address is its own and not its value's. What a value was called before
 * is noted with it: whoever uses that name later, in the same function of the same thread, holds a stale pointer.
 */
#include "model/resolver.h"

/* A live variable of that name that begins at the value's address: tells apart what the name alone can't. */
static uint32_t named_at(const struct bscope_resolver *r, const struct bscope_step *event, uint32_t name) {
  uint32_t slot =
      event->object_is == BSCOPE_WORD_ADDRESS ? bscope_ranges_live_at(&r->ranges, event->object) : BSCOPE_SLOT_NONE;
  return slot != BSCOPE_SLOT_NONE && bscope_resolver_variable(r, slot)->name == name ? slot : BSCOPE_SLOT_NONE;
}

/* The newest owner of that name; a borrower where there is no owner, or only one that ended before it was made. */
static struct bscope_found owner_or_borrower(struct bscope_resolver *r, const struct bscope_step *event,
                                             uint32_t name) {
  struct bscope_found owner = bscope_resolver_by_name(r, event, name, BSCOPE_HINT_NAME, BSCOPE_WANT_OWNER);
  if (owner.how == BSCOPE_HOW_HERE)
    return owner;
  struct bscope_found borrower = bscope_resolver_by_name(r, event, name, BSCOPE_HINT_NAME, BSCOPE_WANT_BORROWER);
  if (borrower.how != BSCOPE_HOW_HERE || owner.how == BSCOPE_HOW_ELSEWHERE)
    return owner;
  bool later = owner.how == BSCOPE_HOW_UNKNOWN ||
               bscope_resolver_variable(r, borrower.slot)->number > bscope_resolver_variable(r, owner.slot)->number;
  return later ? borrower : owner;
}

static struct bscope_found from_name(struct bscope_resolver *r, const struct bscope_step *event) {
  uint32_t name = bscope_resolver_current(r)->name;
  struct bscope_found found = owner_or_borrower(r, event, name);
  bool settled = found.how == BSCOPE_HOW_HERE && (event->object_is != BSCOPE_WORD_ADDRESS ||
                                                  bscope_resolver_variable(r, found.slot)->address == event->object);
  uint32_t at = settled ? BSCOPE_SLOT_NONE : named_at(r, event, name);
  if (at != BSCOPE_SLOT_NONE) {
    bool here = bscope_resolver_variable(r, at)->thread == event->thread;
    return (struct bscope_found){at, here ? BSCOPE_HOW_HERE : BSCOPE_HOW_ELSEWHERE};
  }
  if (found.how == BSCOPE_HOW_UNKNOWN && event->object_is == BSCOPE_WORD_ADDRESS) {
    at = bscope_ranges_live_at(&r->ranges, event->object);
    if (at != BSCOPE_SLOT_NONE)
      return (struct bscope_found){at, BSCOPE_HOW_ELSEWHERE};
  }
  return found;
}

static struct bscope_found from_address(struct bscope_resolver *r, const struct bscope_step *event) {
  uint32_t slot = bscope_ranges_live_at(&r->ranges, event->subject);
  if (slot != BSCOPE_SLOT_NONE)
    return (struct bscope_found){slot, BSCOPE_HOW_ELSEWHERE};
  slot = bscope_resolver_ended_at(r, event->subject);
  return (struct bscope_found){slot, slot != BSCOPE_SLOT_NONE ? BSCOPE_HOW_ENDED : BSCOPE_HOW_UNKNOWN};
}

static struct bscope_found from_id(const struct bscope_resolver *r, const struct bscope_step *event) {
  uint32_t slot = bscope_resolver_by_id(r, event->subject);
  if (slot == BSCOPE_SLOT_NONE)
    return (struct bscope_found){slot, BSCOPE_HOW_UNKNOWN};
  bool alive = bscope_resolver_variable(r, slot)->life == BSCOPE_LIFE_ALIVE;
  return (struct bscope_found){slot, alive ? BSCOPE_HOW_HERE : BSCOPE_HOW_ENDED};
}

/* Notes what gave the value away: the variable's name, the pointer it was made from, and what this move calls it. */
static void note_former(struct bscope_resolver *r, const struct bscope_step *event, uint32_t slot, uint32_t chain) {
  const struct bscope_variable *v = bscope_resolver_variable(r, slot);
  const struct bscope_facts *made = &r->facts->entries[v->facts], *move = bscope_resolver_current(r);
  uint32_t called = v->at ? made->said : BSCOPE_NAME_NONE;
  if (made->unnamed)
    return; /* the program never called it so */
  bscope_chains_note(&r->chains, chain, (struct bscope_former){v->name, v->thread, made->function}, r->gaps);
  bscope_chains_note(&r->chains, chain, (struct bscope_former){called, v->thread, made->function}, r->gaps);
  /* A receiver calls the value by a name of its own, which is not a former one. */
  if (event->thread == v->thread && (move->said == v->name || (move->said == called && !v->received)))
    bscope_chains_note(&r->chains, chain, (struct bscope_former){move->said, event->thread, move->function}, r->gaps);
}

/* The names that the value had pass on with it, and those that this move takes from it. */
static int pass_names_on(struct bscope_resolver *r, const struct bscope_step *event, uint32_t slot, uint32_t *chain) {
  struct bscope_variable *v = bscope_resolver_variable(r, slot);
  *chain = v->chain != 0 ? v->chain : bscope_chains_add(&r->chains);
  if (*chain == 0)
    return BSCOPE_ERR_NO_MEMORY;
  v->chain = 0;
  note_former(r, event, slot, *chain);
  return BSCOPE_OK;
}

/* Ends what moves away, and says what it passes on. */
static int leave(struct bscope_resolver *r, const struct bscope_step *event, uint32_t slot,
                 struct bscope_making *making, uint32_t *chain) {
  struct bscope_variable *v = bscope_resolver_variable(r, slot);
  bool by_address = event->subject_is == BSCOPE_WORD_ADDRESS;
  making->borrower = v->borrower;
  making->owner = v->owner;
  if (v->owner != BSCOPE_SLOT_NONE)
    bscope_resolver_variable(r, v->owner)->holds++; /* until the new variable holds it */
  if (v->mapped && (by_address || !v->scoped)) {
    making->address = v->address;
    making->size = v->size;
    if (r->full && pass_names_on(r, event, slot, chain) != BSCOPE_OK)
      return BSCOPE_ERR_NO_MEMORY;
    /* The end of its scope will ask for it at the address; else its places are its successor's. */
    if (!v->scope_open) {
      making->predecessor = slot;
      v->mapped = v->started = false;
    }
  }
  bscope_resolver_end(r, slot, BSCOPE_LIFE_MOVED);
  return BSCOPE_OK;
}

static int arrive(struct bscope_resolver *r, const struct bscope_step *event, const struct bscope_making *making,
                  uint32_t chain, struct bscope_resolution *out) {
  uint32_t slot = bscope_resolver_make(r, event, making);
  if (slot == BSCOPE_SLOT_NONE)
    return BSCOPE_ERR_NO_MEMORY;
  if (making->owner != BSCOPE_SLOT_NONE)
    bscope_variables_release(&r->variables, making->owner);
  bscope_resolver_variable(r, slot)->chain = chain;
  bscope_resolver_tell(r, slot, &out->object);
  out->creates = true;
  out->address = making->address;
  out->size = making->size;
  return BSCOPE_OK;
}

static struct bscope_found find(struct bscope_resolver *r, const struct bscope_step *event) {
  if (event->subject_is == BSCOPE_WORD_ID)
    return from_id(r, event);
  return event->subject_is == BSCOPE_WORD_ADDRESS ? from_address(r, event) : from_name(r, event);
}

/* Nothing live moves: how that fits. */
static void tell_missing(const struct bscope_resolver *r, const struct bscope_step *event, struct bscope_found found,
                         struct bscope_resolution *out) {
  if (found.how == BSCOPE_HOW_ENDED) {
    bscope_resolver_tell(r, found.slot, &out->subject);
    bscope_resolver_judge(r, found.slot, false, out);
    return;
  }
  out->subject.has_given_id = event->subject_is == BSCOPE_WORD_ID;
  out->subject.given_id = out->subject.has_given_id ? event->subject : 0;
  bool null = event->subject_is == BSCOPE_WORD_ADDRESS && event->subject == 0;
  bool seen = event->subject_is == BSCOPE_WORD_NONE &&
              bscope_stacks_made(&r->stacks, bscope_resolver_current(r)->name, BSCOPE_WANT_BOTH);
  if (!null && !seen)
    out->contradiction = bscope_resolver_judge_unknown(r, event);
}

int bscope_resolve_move(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out) {
  struct bscope_found found = find(r, event);
  struct bscope_making making = {.name = bscope_resolver_current(r)->name2,
                                 .hint = BSCOPE_HINT_NAME2,
                                 .at = event->subject_is == BSCOPE_WORD_ADDRESS,
                                 .received = true,
                                 .given = event->object_is == BSCOPE_WORD_ID,
                                 .given_id = event->object_is == BSCOPE_WORD_ID ? event->object : 0};
  uint32_t chain = 0;
  if (found.how == BSCOPE_HOW_HERE || found.how == BSCOPE_HOW_ELSEWHERE) {
    out->inferred = found.how == BSCOPE_HOW_ELSEWHERE;
    /* A move on another thread than its variable's is the hand-over itself. */
    if (making.at && bscope_resolver_variable(r, found.slot)->thread == event->thread)
      bscope_resolver_check_text(r, event, found.slot, out);
    bscope_resolver_tell(r, found.slot, &out->subject);
    out->ends = true;
    if (leave(r, event, found.slot, &making, &chain) != BSCOPE_OK)
      return BSCOPE_ERR_NO_MEMORY;
  } else {
    tell_missing(r, event, found, out);
    if (making.at)
      making.address = event->subject;
  }
  return arrive(r, event, &making, chain, out);
}
