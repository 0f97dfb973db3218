/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Borrows (4.2): what conflicts with them, outlives them, and when that is proved. A conflict is noted once for each
 * borrow, in lists of those for whom it still can be, so that a thousand borrows of one owner are not compared with
 * each other again and again.
 */
#include "model/rules_state.h"

#include "model/memory.h"

#include <stdlib.h>
#include <string.h>

static void list_put(struct bscope_rules *r, uint32_t at, enum rules_list list) {
  struct rules_borrow *b = rules_borrow(r, at);
  uint32_t *head = &rules_variable(r, b->owner)->borrows[list];
  b->list = (uint8_t)list;
  b->previous = 0;
  b->next = *head;
  if (*head != 0)
    rules_borrow(r, *head)->previous = at;
  *head = at;
}

static void list_take(struct bscope_rules *r, uint32_t at) {
  struct rules_borrow *b = rules_borrow(r, at);
  if (b->next != 0)
    rules_borrow(r, b->next)->previous = b->previous;
  if (b->previous != 0)
    rules_borrow(r, b->previous)->next = b->next;
  else
    rules_variable(r, b->owner)->borrows[b->list] = b->next;
}

/* Where it belongs by what it keeps. */
static void list_again(struct bscope_rules *r, uint32_t at) {
  struct rules_borrow *b = rules_borrow(r, at);
  enum rules_list list = b->conflict.set || b->conflict.told || b->class == RULES_RAW ? RULES_REST
                         : b->mutable                                                 ? RULES_CLEAN_MUT
                                                                                      : RULES_CLEAN_SHARED;
  if (list == b->list)
    return;
  list_take(r, at);
  list_put(r, at, list);
}

static void hold(struct bscope_rules *r, uint32_t at, uint32_t holder) {
  struct rules_borrow *b = rules_borrow(r, at);
  struct rules_variable *v = rules_variable(r, holder);
  b->holder = holder;
  b->previous_held = 0;
  b->next_held = v->held;
  if (v->held != 0)
    rules_borrow(r, v->held)->previous_held = at;
  v->held = at;
}

/* Forgets whose conflict this borrow's is. */
static void forget_giver(struct bscope_rules *r, uint32_t at) {
  struct rules_borrow *b = rules_borrow(r, at);
  if (b->giver == 0)
    return;
  if (b->next_given != 0)
    rules_borrow(r, b->next_given)->previous_given = b->previous_given;
  if (b->previous_given != 0)
    rules_borrow(r, b->previous_given)->next_given = b->next_given;
  else
    rules_borrow(r, b->giver)->gave = b->next_given;
  b->giver = b->next_given = b->previous_given = 0;
}

static void take_giver(struct bscope_rules *r, uint32_t at, uint32_t giver) {
  struct rules_borrow *b = rules_borrow(r, at), *n = rules_borrow(r, giver);
  b->giver = giver;
  b->previous_given = 0;
  b->next_given = n->gave;
  if (n->gave != 0)
    rules_borrow(r, n->gave)->previous_given = at;
  n->gave = at;
}

/* Frees what is over and was passed on by nobody who is not. */
static void free_ended(struct bscope_rules *r, uint32_t at) {
  while (at != 0 && !rules_borrow(r, at)->open && rules_borrow(r, at)->child == 0) {
    struct rules_borrow *b = rules_borrow(r, at);
    uint32_t parent = b->parent;
    if (b->next_child != 0)
      rules_borrow(r, b->next_child)->previous_child = b->previous_child;
    if (b->previous_child != 0)
      rules_borrow(r, b->previous_child)->next_child = b->next_child;
    else if (parent != 0)
      rules_borrow(r, parent)->child = b->next_child;
    rules_give(&r->borrows, sizeof(*b), at);
    at = parent;
  }
}

/* What became of a mark: told, and the places that all of them have. `proof` NULL: there is none. */
static void tell(struct bscope_rules *r, const struct rules_borrow *b, struct rules_mark *mark, enum bscope_rule rule,
                 enum bscope_severity severity, const struct rules_step *proof) {
  const struct rules_variable *owner = rules_variable(r, b->owner);
  struct bscope_rules_finding finding = rules_finding(r, rule, (enum bscope_saying)mark->saying, owner, b->gaps);
  finding.severity = severity;
  finding.other = mark->saying == BSCOPE_SAYS_ANCESTOR ? mark->name : b->name;
  finding.what = b->name;
  finding.inferred = b->inferred || mark->inferred || (proof != NULL && proof->is->inferred);
  bool event_is_owners = rule == BSCOPE_RULE_BORROW_OUTLIVES_OWNER || rule == BSCOPE_RULE_MOVED_WHILE_BORROWED;
  rules_place(&finding, mark->stamp, mark->resize ? BSCOPE_ROLE_MOVED : BSCOPE_ROLE_NONE,
              event_is_owners ? owner->name : mark->name);
  rules_place(&finding, owner->stamp, BSCOPE_ROLE_CREATED, owner->name);
  rules_place(&finding, b->stamp, BSCOPE_ROLE_NONE, b->name);
  if (proof != NULL)
    rules_place(&finding, proof->event->stamp, BSCOPE_ROLE_NONE, b->name);
  mark->told = true;
  mark->set = false;
  rules_report(r, &finding);
}

static enum bscope_rule conflict_rule(const struct rules_borrow *b) {
  return b->class == RULES_PLAIN ? BSCOPE_RULE_CONFLICTING_BORROWS : BSCOPE_RULE_LOCK_CONFLICT;
}

/* It is in use: all that it keeps is true. */
static void prove(struct bscope_rules *r, uint32_t at, const struct rules_step *step) {
  struct rules_borrow *b = rules_borrow(r, at);
  if (b->conflict.set) {
    forget_giver(r, at);
    b->nested = (struct rules_mark){.told = true};
    tell(r, b, &b->conflict, conflict_rule(b), b->conflict.apart ? BSCOPE_SEVERITY_NOTE : BSCOPE_SEVERITY_ERROR, step);
  } else if (b->nested.set) {
    tell(r, b, &b->nested, conflict_rule(b), BSCOPE_SEVERITY_NOTE, step);
  }
  if (b->orphaned.set)
    tell(r, b, &b->orphaned, BSCOPE_RULE_BORROW_OUTLIVES_OWNER, BSCOPE_SEVERITY_ERROR, step);
  if (b->moved.set)
    tell(r, b, &b->moved, BSCOPE_RULE_MOVED_WHILE_BORROWED, BSCOPE_SEVERITY_ERROR, step);
}

/* It ends without that, at the end of its block (`step`) or somewhere. */
static void give_up(struct bscope_rules *r, uint32_t at, const struct rules_step *step) {
  struct rules_borrow *b = rules_borrow(r, at);
  if (b->conflict.set) {
    bool warns = step != NULL && !b->conflict.apart;
    tell(r, b, &b->conflict, conflict_rule(b), warns ? BSCOPE_SEVERITY_WARNING : BSCOPE_SEVERITY_NOTE, step);
  } else if (b->nested.set) {
    tell(r, b, &b->nested, conflict_rule(b), BSCOPE_SEVERITY_NOTE, step);
  }
  if (b->orphaned.set && b->class != RULES_RAW)
    tell(r, b, &b->orphaned, BSCOPE_RULE_BORROW_OUTLIVES_OWNER, BSCOPE_SEVERITY_NOTE, step);
  if (b->moved.set)
    tell(r, b, &b->moved, BSCOPE_RULE_MOVED_WHILE_BORROWED, BSCOPE_SEVERITY_NOTE, step);
}

/* Who begins or loses a conflict may be told of an ancestor's use again. */
static void unsettle(struct bscope_rules *r, uint32_t at) {
  for (uint32_t p = rules_borrow(r, at)->parent; p != 0; p = rules_borrow(r, p)->parent)
    rules_borrow(r, p)->settled = false;
}

/* The next borrow in the tree below `top`, in preorder; 0: none. */
static uint32_t next_below(const struct bscope_rules *r, uint32_t top, uint32_t at) {
  if (rules_borrow(r, at)->child != 0)
    return rules_borrow(r, at)->child;
  while (at != top && rules_borrow(r, at)->next_child == 0)
    at = rules_borrow(r, at)->parent;
  return at == top ? 0 : rules_borrow(r, at)->next_child;
}

/* A use of p, while others reborrow from it. */
static void use_ancestor(struct bscope_rules *r, uint32_t p, const struct rules_step *step) {
  struct rules_borrow *ancestor = rules_borrow(r, p);
  if (ancestor->settled)
    return;
  ancestor->settled = true;
  for (uint32_t at = next_below(r, p, p); at != 0; at = next_below(r, p, at)) {
    struct rules_borrow *c = rules_borrow(r, at);
    if (!c->open || c->class != RULES_PLAIN || c->conflict.set || c->conflict.told ||
        !(c->mutable || ancestor->mutable))
      continue;
    c->conflict = (struct rules_mark){.stamp = step->event->stamp,
                                      .set = true,
                                      .inferred = step->is->inferred,
                                      .saying = BSCOPE_SAYS_ANCESTOR,
                                      .name = ancestor->name};
    list_again(r, at);
  }
}

void rules_mention(struct bscope_rules *r, const struct rules_step *step, uint32_t variable) {
  struct rules_variable *v = rules_variable(r, variable);
  bool uses = step->effect == BSCOPE_EFFECT_USES;
  for (uint32_t at = v->held; at != 0; at = rules_borrow(r, at)->next_held) {
    struct rules_borrow *b = rules_borrow(r, at);
    b->mentioned = true;
    if (b->class == RULES_RAW && !uses)
      continue;
    prove(r, at, step);
    if (uses && b->class == RULES_PLAIN && b->child != 0)
      use_ancestor(r, at, step);
  }
  if (v->thread == step->event->thread) {
    v->last = step->event->stamp;
    v->last_gaps = r->gaps;
    v->last_effect = (uint8_t)step->effect;
  }
}

static bool is_ancestor(const struct bscope_rules *r, uint32_t candidate, uint32_t of) {
  for (uint32_t p = rules_borrow(r, of)->parent; p != 0; p = rules_borrow(r, p)->parent)
    if (p == candidate)
      return true;
  return false;
}

static bool overlaps(const struct rules_borrow *a, const struct rules_borrow *b) {
  return a->first > a->last || b->first > b->last || (a->first <= b->last && b->first <= a->last);
}

static enum bscope_saying conflict_saying(const struct rules_borrow *b, const struct rules_borrow *n) {
  if (b->class == RULES_LOCK)
    return BSCOPE_SAYS_LOCK;
  if (b->class == RULES_CELL)
    return n->mutable ? BSCOPE_SAYS_CELL_MUT : BSCOPE_SAYS_CELL;
  if (b->mutable)
    return n->mutable ? BSCOPE_SAYS_MUT_MUT : BSCOPE_SAYS_SHARED_MUT;
  return BSCOPE_SAYS_MUT_SHARED;
}

/* What the new borrow n means to those of one list. */
static void conflict_with(struct bscope_rules *r, uint32_t n_at, uint32_t head, const struct rules_step *step) {
  const struct rules_borrow *n = rules_borrow(r, n_at);
  for (uint32_t at = head, next; at != 0; at = next) {
    struct rules_borrow *b = rules_borrow(r, at);
    next = b->next;
    if (at == n_at || b->class != n->class || !overlaps(b, n) || is_ancestor(r, at, n_at))
      continue;
    b->conflict = (struct rules_mark){.stamp = step->event->stamp,
                                      .set = true,
                                      .inferred = step->is->inferred,
                                      .apart = b->class == RULES_LOCK && b->thread != n->thread,
                                      .saying = (uint8_t)conflict_saying(b, n),
                                      .name = n->name};
    b->reserved = !b->mentioned;
    take_giver(r, at, n_at);
    list_again(r, at);
  }
}

static enum rules_borrow_class class_of(const struct bscope_step *event) {
  switch (event->kind) {
  case BSCOPE_KIND_REF_CELL_BORROW:
    return RULES_CELL;
  case BSCOPE_KIND_LOCK_GUARD_ACQUIRE:
    return RULES_LOCK;
  case BSCOPE_KIND_RAW_PTR_CREATED:
    return RULES_RAW;
  default:
    return RULES_PLAIN;
  }
}

static bool type_is(const struct bscope_rules *r, const char *type) {
  const char *said = rules_text(r, rules_facts(r)->type);
  return said != NULL && strcmp(said, type) == 0;
}

/* Whether it may write; false with *none: it excludes nobody that is known. */
static bool may_write(const struct bscope_rules *r, const struct bscope_step *event, enum rules_borrow_class class,
                      bool *none) {
  *none = class == RULES_LOCK && !type_is(r, "Mutex") && !type_is(r, "RwLock::write") && !type_is(r, "RwLock::read");
  if (class == RULES_LOCK)
    return !*none && !type_is(r, "RwLock::read");
  return event->kind == BSCOPE_KIND_CLOSURE_CAPTURE ? type_is(r, "by_mut_ref") : event->is_mutable;
}

static void set_range(struct rules_borrow *b, const struct bscope_step *event) {
  b->first = 1;
  if (event->object_is != BSCOPE_WORD_ADDRESS)
    return;
  bool ranged = (event->flags & BSCOPE_SITE_RANGE) != 0 && event->subject_is == BSCOPE_WORD_SIZE;
  b->first = event->object;
  b->last = bscope_variable_last(event->object, ranged ? event->subject : 0);
}

static void adopt(struct bscope_rules *r, uint32_t at, uint32_t parent) {
  struct rules_borrow *b = rules_borrow(r, at), *p = rules_borrow(r, parent);
  b->parent = parent;
  b->next_child = p->child;
  if (p->child != 0)
    rules_borrow(r, p->child)->previous_child = at;
  p->child = at;
  unsettle(r, at);
}

void rules_begin_borrow(struct bscope_rules *r, const struct rules_step *step, uint32_t owner, uint32_t holder) {
  const struct bscope_facts *facts = rules_facts(r);
  enum rules_borrow_class class = class_of(step->event);
  bool none, mutable = may_write(r, step->event, class, &none);
  uint32_t at = none ? 0 : rules_take(&r->borrows, sizeof(struct rules_borrow));
  if (at == 0) {
    r->status = none ? r->status : BSCOPE_ERR_NO_MEMORY;
    return;
  }
  struct rules_borrow *b = rules_borrow(r, at);
  struct rules_variable *v = rules_variable(r, owner);
  b->stamp = step->event->stamp;
  b->name = rules_variable(r, holder)->name;
  b->owner = owner;
  b->thread = step->event->thread;
  b->gaps = r->gaps;
  b->function = facts->function;
  b->facts = r->resolver->current;
  b->site = step->event->site;
  b->class = (uint8_t) class;
  b->mutable = mutable;
  b->inferred = step->is->inferred;
  b->open = true;
  set_range(b, step->event);
  v->users++;
  v->moved_noted = false;
  if (step->parent != 0 && rules_variable(r, step->parent)->held != 0)
    adopt(r, at, rules_variable(r, step->parent)->held);
  hold(r, at, holder);
  if (class != RULES_RAW) {
    conflict_with(r, at, v->borrows[RULES_CLEAN_MUT], step);
    if (mutable)
      conflict_with(r, at, v->borrows[RULES_CLEAN_SHARED], step);
  }
  list_put(r, at, class == RULES_RAW ? RULES_REST : mutable ? RULES_CLEAN_MUT : RULES_CLEAN_SHARED);
}

/* n ends before b was proved in use: b may only have been reserved, or n may be b's own value, passed on. */
static void reconsider(struct bscope_rules *r, uint32_t at, const struct rules_borrow *n) {
  struct rules_borrow *b = rules_borrow(r, at);
  if (b->class != RULES_PLAIN || !b->mutable || b->thread != n->thread)
    return;
  bool same_site = b->facts == n->facts && b->site == n->site;
  bool passed_on = b->function != n->function || same_site;
  if (n->mutable || !b->reserved) {
    if (!passed_on)
      return;
    if (!b->nested.set && !b->nested.told)
      b->nested = b->conflict;
  }
  b->conflict = (struct rules_mark){.set = false};
  list_again(r, at);
  unsettle(r, at);
}

/* A borrow is over. */
static void end_borrow(struct bscope_rules *r, uint32_t at, const struct rules_step *step) {
  struct rules_borrow *b = rules_borrow(r, at);
  give_up(r, at, step);
  while (b->gave != 0) {
    uint32_t given = b->gave;
    forget_giver(r, given);
    reconsider(r, given, b);
  }
  forget_giver(r, at);
  list_take(r, at);
  b->open = false;
  rules_release(r, b->owner);
  free_ended(r, at);
}

void rules_end_held(struct bscope_rules *r, const struct rules_step *step, uint32_t holder) {
  uint32_t at;
  while ((at = rules_variable(r, holder)->held) != 0) {
    rules_variable(r, holder)->held = rules_borrow(r, at)->next_held;
    end_borrow(r, at, step);
  }
}

void rules_pass_held(struct bscope_rules *r, uint32_t from, uint32_t to) {
  struct rules_variable *old = rules_variable(r, from), *made = rules_variable(r, to);
  uint32_t oldest = 0;
  for (uint32_t at = old->held; at != 0; at = rules_borrow(r, at)->next_held) {
    rules_borrow(r, at)->holder = to;
    oldest = at;
  }
  if (oldest == 0)
    return;
  rules_borrow(r, oldest)->next_held = made->held;
  if (made->held != 0)
    rules_borrow(r, made->held)->previous_held = oldest;
  made->held = old->held;
  old->held = 0;
}

void rules_drop_owner(struct bscope_rules *r, const struct rules_step *step, uint32_t owner) {
  const struct rules_variable *v = rules_variable(r, owner);
  for (size_t list = 0; list < RULES_LISTS; list++)
    for (uint32_t at = v->borrows[list]; at != 0; at = rules_borrow(r, at)->next)
      rules_borrow(r, at)->orphaned = (struct rules_mark){
          .stamp = step->event->stamp, .set = true, .inferred = step->is->inferred, .saying = BSCOPE_SAYS_OUTLIVES};
}

void rules_move_owner(struct bscope_rules *r, const struct rules_step *step, uint32_t owner) {
  struct rules_variable *v = rules_variable(r, owner);
  bool resize = step->effect == BSCOPE_EFFECT_RESIZES;
  for (size_t list = 0; list < RULES_LISTS && !v->moved_noted; list++)
    for (uint32_t at = v->borrows[list]; at != 0; at = rules_borrow(r, at)->next) {
      struct rules_borrow *b = rules_borrow(r, at);
      if (b->class != RULES_RAW && !b->moved.set && !b->moved.told)
        b->moved = (struct rules_mark){.stamp = step->event->stamp,
                                       .set = true,
                                       .inferred = step->is->inferred,
                                       .resize = resize,
                                       .saying = resize ? BSCOPE_SAYS_RESIZED_BORROWED : BSCOPE_SAYS_MOVED_BORROWED};
    }
  v->moved_noted = true;
}

static int by_stamp(const void *a, const void *b, void *context) {
  const struct bscope_rules *r = context;
  bscope_stamp x = rules_borrow(r, *(const uint32_t *)a)->stamp, y = rules_borrow(r, *(const uint32_t *)b)->stamp;
  return (x > y) - (x < y);
}

void rules_finish_borrows(struct bscope_rules *r) {
  size_t count = 0;
  uint32_t *open = bscope_model_zeroed(r->borrows.count + 1, sizeof(*open));
  if (open == NULL) {
    r->status = BSCOPE_ERR_NO_MEMORY;
    return;
  }
  for (uint32_t v = r->oldest; v != 0; v = rules_variable(r, v)->newer)
    for (uint32_t at = rules_variable(r, v)->held; at != 0; at = rules_borrow(r, at)->next_held)
      open[count++] = at;
  qsort_r(open, count, sizeof(*open), by_stamp, r);
  for (size_t i = 0; i < count; i++)
    give_up(r, open[i], NULL);
  free(open);
}
