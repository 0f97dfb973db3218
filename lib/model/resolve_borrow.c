/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom a borrow borrows from. The address names the smallest live range that holds it; the text names a variable of
 * this thread, whose borrow a pointer of that name passes on (a reborrow). Where they differ:
 *
 *   the text is a borrower's pointer, and the borrower's owner holds the address   that owner, by that borrower
 *   the address is the end of the variable that the text names                     that variable
 *   the address is inside the variable that the text names, in a smaller one       the smaller; for &x itself: x
 *   the text is &x, or x has no address of its own                                 the newer of the two, ambiguous
 *   otherwise                                                                      the address decides
 *   no range holds the address                                                     the text decides, by the rules of
 * names
 *
 * In C++ a text may call the place itself. A borrower without a place of its own is a reference or a view then, and
 * what is in it is in its owner.
 */
#include "model/resolver.h"

/* What is known while the owner is sought. */
struct search {
  const struct bscope_step *event;
  const struct bscope_facts *facts;
  bool has_address;
  uint64_t address;
  uint32_t holding; /* the smallest live range that holds the address */
  uint32_t named;   /* the newest live variable of this thread that the text names */
};

/* What was found. */
struct answer {
  uint32_t owner;
  uint32_t parent;
  uint32_t is; /* enum answer_is: a number, so that an answer stays in registers */
};

enum answer_is {
  IS_INFERRED = 1,
  IS_AMBIGUOUS = 2,
  IS_ENDED = 4 /* the owner had ended already: a finding */
};

/* The text calls (a part of) what a reference stands for. */
static bool stands_for_owner(const struct bscope_variable *v, const struct search *s) {
  return v->borrower && v->address == 0 && s->facts->place != 0;
}

static bool passes_on(const struct bscope_resolver *r, const struct search *s) {
  enum bscope_form form = s->facts->form;
  const struct bscope_variable *v = s->named == BSCOPE_SLOT_NONE ? NULL : bscope_resolver_variable(r, s->named);
  return v != NULL && v->borrower &&
         (form == BSCOPE_FORM_VALUE || form == BSCOPE_FORM_THROUGH || form == BSCOPE_FORM_ELEMENT ||
          stands_for_owner(v, s));
}

/* The address is right behind the last byte: an end pointer. */
static bool is_end_of(const struct bscope_variable *v, uint64_t address) {
  return !v->kept && v->address != 0 && address != 0 && bscope_variable_last(v->address, v->size) == address - 1;
}

/* An address does not contradict that the variable is meant. */
static bool fits(const struct bscope_variable *v, const struct search *s) {
  return !s->has_address || v->address == 0 || (!v->kept && bscope_variable_contains(v, s->address)) ||
         is_end_of(v, s->address);
}

static struct answer by_range(const struct search *s) {
  return (struct answer){.owner = s->holding, .is = IS_INFERRED};
}

static struct answer reborrow(const struct bscope_resolver *r, const struct search *s) {
  uint32_t owner = bscope_resolver_variable(r, s->named)->owner;
  const struct bscope_variable *o = owner == BSCOPE_SLOT_NONE ? NULL : bscope_resolver_variable(r, owner);
  struct answer through = {.owner = owner, .parent = s->named};
  if (o != NULL && s->has_address && o->life == BSCOPE_LIFE_ALIVE && o->address != 0 && fits(o, s))
    return through;
  if (s->holding != BSCOPE_SLOT_NONE)
    return by_range(s);
  /* An owner whose range is known and elsewhere: the pointer has been given another value since. */
  return o == NULL || fits(o, s) ? through : (struct answer){0};
}

/* No range holds the address, and this thread has no live variable of that name. */
static struct answer by_text_elsewhere(const struct bscope_resolver *r, const struct search *s,
                                       struct bscope_stack_hint *hint) {
  uint32_t stack = bscope_stacks_find(&r->stacks, s->event->thread, s->facts->root, hint);
  uint32_t slot = bscope_stacks_last(&r->stacks, stack, BSCOPE_WANT_BOTH);
  const struct bscope_variable *v = slot == BSCOPE_SLOT_NONE ? NULL : bscope_resolver_variable(r, slot);
  if (v != NULL && !v->borrower && v->life != BSCOPE_LIFE_OVERWRITTEN && fits(v, s))
    return (struct answer){.owner = slot, .is = IS_ENDED};
  slot = bscope_stacks_only(&r->stacks, s->facts->root, BSCOPE_WANT_BOTH);
  v = slot == BSCOPE_SLOT_NONE ? NULL : bscope_resolver_variable(r, slot);
  bool direct = s->facts->form == BSCOPE_FORM_WHOLE || s->facts->form == BSCOPE_FORM_WITHIN;
  if (v != NULL && ((direct && !stands_for_owner(v, s)) || !v->borrower) && fits(v, s))
    return (struct answer){.owner = slot, .is = IS_INFERRED};
  return (struct answer){0};
}

/* The text names one live variable, the address another. */
static struct answer settle(const struct bscope_resolver *r, const struct search *s) {
  const struct bscope_variable *named = bscope_resolver_variable(r, s->named);
  bool direct = s->facts->form == BSCOPE_FORM_WHOLE || s->facts->form == BSCOPE_FORM_WITHIN;
  if (named->kept)
    return by_range(s);
  if (bscope_variable_contains(named, s->address)) {
    bool itself = s->facts->form == BSCOPE_FORM_WHOLE && s->address == named->address;
    return itself ? (struct answer){.owner = s->named} : by_range(s);
  }
  if (!direct && named->address != 0)
    return by_range(s);
  bool text_newer = named->number > bscope_resolver_variable(r, s->holding)->number;
  return (struct answer){.owner = text_newer ? s->named : s->holding,
                         .is = IS_AMBIGUOUS | (text_newer ? 0 : IS_INFERRED)};
}

static struct answer by_text_and_range(const struct bscope_resolver *r, const struct search *s,
                                       struct bscope_stack_hint *hint) {
  if (passes_on(r, s))
    return reborrow(r, s);
  if (s->named == BSCOPE_SLOT_NONE)
    return s->holding != BSCOPE_SLOT_NONE ? by_range(s) : by_text_elsewhere(r, s, hint);
  if (s->holding == BSCOPE_SLOT_NONE || s->holding == s->named ||
      is_end_of(bscope_resolver_variable(r, s->named), s->address))
    return (struct answer){.owner = s->named};
  return settle(r, s);
}

/* An _at form: the address alone. The text only says through whom, when that agrees. */
static struct answer by_range_alone(const struct bscope_resolver *r, const struct search *s) {
  struct answer answer = by_range(s);
  if (passes_on(r, s) && s->holding != BSCOPE_SLOT_NONE && bscope_resolver_variable(r, s->named)->owner == s->holding)
    answer.parent = s->named;
  return answer;
}

static struct answer find_owner(struct bscope_resolver *r, const struct bscope_step *event) {
  struct bscope_facts *facts = bscope_resolver_current(r);
  struct bscope_stack_hint *hint = &facts->hints[BSCOPE_HINT_ROOT];
  struct search s = {.event = event, .facts = facts, .has_address = event->object_is == BSCOPE_WORD_ADDRESS};
  if (s.has_address && event->object == 0)
    return (struct answer){0};
  s.address = s.has_address ? event->object : 0;
  s.holding = s.has_address ? bscope_ranges_holding(&r->ranges, s.address) : BSCOPE_SLOT_NONE;
  if (facts->form != BSCOPE_FORM_UNKNOWN)
    s.named = bscope_stacks_newest(&r->stacks, bscope_stacks_find(&r->stacks, event->thread, facts->root, hint),
                                   BSCOPE_WANT_BOTH);
  if ((event->flags & BSCOPE_SITE_BY_ADDRESS) != 0)
    return by_range_alone(r, &s);
  if (facts->form == BSCOPE_FORM_UNKNOWN)
    return by_range(&s);
  return by_text_and_range(r, &s, hint);
}

static struct answer find_given_owner(const struct bscope_resolver *r, uint64_t id) {
  uint32_t slot = bscope_resolver_by_id(r, id);
  bool ended = slot != BSCOPE_SLOT_NONE && bscope_resolver_variable(r, slot)->life != BSCOPE_LIFE_ALIVE;
  return (struct answer){.owner = slot, .is = ended ? IS_ENDED : 0};
}

static void tell_owner(const struct bscope_resolver *r, const struct bscope_step *event, const struct answer *answer,
                       struct bscope_resolution *out) {
  if (answer->parent != BSCOPE_SLOT_NONE)
    bscope_resolver_tell(r, answer->parent, &out->parent);
  if (answer->owner == BSCOPE_SLOT_NONE) {
    bscope_resolver_unknown(bscope_names_text(r->facts->names, bscope_resolver_current(r)->root), &out->object);
    out->object.has_given_id = event->object_is == BSCOPE_WORD_ID;
    out->object.given_id = out->object.has_given_id ? event->object : 0;
    return;
  }
  bscope_resolver_tell(r, answer->owner, &out->object);
  out->inferred = (answer->is & IS_INFERRED) != 0;
  out->ambiguous = (answer->is & IS_AMBIGUOUS) != 0;
  if (answer->is & IS_ENDED)
    bscope_resolver_judge(r, answer->owner, false, out);
  else if (out->inferred && (event->flags & BSCOPE_SITE_BY_ADDRESS) != 0)
    bscope_resolver_check_text(r, event, answer->owner, out);
}

/* A guard's lock, a borrow's cell. */
static struct answer find_second(struct bscope_resolver *r, const struct bscope_step *event) {
  struct bscope_found found =
      bscope_resolver_by_name(r, event, bscope_resolver_current(r)->name2, BSCOPE_HINT_NAME2, BSCOPE_WANT_BOTH);
  return (struct answer){.owner = found.slot,
                         .is = found.how == BSCOPE_HOW_ELSEWHERE ? IS_INFERRED
                               : found.how == BSCOPE_HOW_ENDED   ? IS_ENDED
                                                                 : 0};
}

static struct answer find_any(struct bscope_resolver *r, const struct bscope_step *event) {
  if (event->object_is == BSCOPE_WORD_ID)
    return find_given_owner(r, event->object);
  bool by_name = event->kind != BSCOPE_KIND_BORROW && event->object_is != BSCOPE_WORD_ADDRESS;
  return by_name ? find_second(r, event) : find_owner(r, event);
}

int bscope_resolve_borrow(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out) {
  struct answer answer = find_any(r, event);
  tell_owner(r, event, &answer, out);
  bool scoped = (event->flags & BSCOPE_SITE_SCOPED) != 0;
  struct bscope_making making = {.name = bscope_resolver_current(r)->name,
                                 .hint = BSCOPE_HINT_NAME,
                                 .address = event->subject_is == BSCOPE_WORD_ADDRESS ? event->subject : 0,
                                 .size = scoped ? event->extent : 0,
                                 .owner = answer.owner,
                                 .borrower = true,
                                 .scoped = scoped,
                                 .given = event->subject_is == BSCOPE_WORD_ID,
                                 .given_id = event->subject_is == BSCOPE_WORD_ID ? event->subject : 0,
                                 .fresh = true};
  /* Making it may end the owner (memory taken over): the resolution tells how things stood before. */
  if (answer.owner != BSCOPE_SLOT_NONE)
    bscope_resolver_variable(r, answer.owner)->holds++;
  uint32_t slot = bscope_resolver_make(r, event, &making);
  if (slot == BSCOPE_SLOT_NONE)
    return BSCOPE_ERR_NO_MEMORY;
  if (answer.owner != BSCOPE_SLOT_NONE)
    bscope_variables_release(&r->variables, answer.owner);
  bscope_resolver_tell(r, slot, &out->subject);
  out->creates = true;
  return BSCOPE_OK;
}
