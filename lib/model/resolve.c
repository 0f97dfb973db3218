/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resolver: making and ending variables, and what all kinds of events share. See resolve.h and resolver.h.
 * Its tables are seeded with the time, which no result depends on.
 */
#include "model/resolver.h"

#include "base/error.h"
#include "base/util.h"
#include "model/memory.h"

#include <stdlib.h>

void bscope_resolver_refer(const struct bscope_resolver *r, uint32_t slot, struct bscope_variable_ref *out) {
  const struct bscope_variable *v = bscope_resolver_variable(r, slot);
  const char *name = bscope_names_text(r->facts->names, v->name);
  out->variable = v->number;
  out->name = name == NULL ? "" : name;
  out->stamp = v->stamp;
  out->given_id = v->given_id;
  out->has_given_id = v->given;
}

static void remember(struct bscope_resolver *r, uint32_t slot) {
  struct bscope_variable *v = bscope_resolver_variable(r, slot);
  v->in_ended = (struct bscope_link){.older = r->remembered_newest};
  if (r->remembered_newest != BSCOPE_SLOT_NONE)
    bscope_resolver_variable(r, r->remembered_newest)->in_ended.newer = slot;
  else
    r->remembered_oldest = slot;
  r->remembered_newest = slot;
  r->remembered_count++;
  v->remembered = true;
  v->holds++;
  if (r->remembered_count > BSCOPE_REMEMBERED_MAX)
    bscope_resolver_forget(r, r->remembered_oldest);
}

void bscope_resolver_forget(struct bscope_resolver *r, uint32_t slot) {
  struct bscope_variable *v = bscope_resolver_variable(r, slot);
  if (!v->remembered)
    return;
  bscope_ranges_unstart(&r->ranges, slot);
  if (v->given && bscope_table_get(&r->ids, v->given_id, v->closure) == slot)
    bscope_table_remove(&r->ids, v->given_id, v->closure);
  struct bscope_link at = v->in_ended;
  if (at.newer != BSCOPE_SLOT_NONE)
    bscope_resolver_variable(r, at.newer)->in_ended.older = at.older;
  else
    r->remembered_newest = at.older;
  if (at.older != BSCOPE_SLOT_NONE)
    bscope_resolver_variable(r, at.older)->in_ended.newer = at.newer;
  else
    r->remembered_oldest = at.newer;
  r->remembered_count--;
  v->remembered = false;
  bscope_variables_release(&r->variables, slot);
}

static void let_owner_go(struct bscope_resolver *r, struct bscope_variable *v) {
  uint32_t owner = v->owner;
  v->owner = BSCOPE_SLOT_NONE;
  if (owner != BSCOPE_SLOT_NONE)
    bscope_variables_release(&r->variables, owner);
}

void bscope_resolver_end(struct bscope_resolver *r, uint32_t slot, enum bscope_life life) {
  struct bscope_variable *v = bscope_resolver_variable(r, slot);
  v->life = (uint8_t)life;
  v->gaps = r->gaps;
  v->ended = r->now;
  bscope_stacks_remove(&r->stacks, slot);
  if (v->mapped)
    bscope_ranges_unmap(&r->ranges, slot);
  let_owner_go(r, v);
  if (v->chain != 0)
    bscope_chains_remove(&r->chains, v->chain);
  v->chain = 0;
  /* Who moved away or was overwritten is not at the address any more, but the end of its scope will ask for it there.
   */
  if (life == BSCOPE_LIFE_OVERWRITTEN || (life == BSCOPE_LIFE_MOVED && !v->scope_open))
    bscope_ranges_unstart(&r->ranges, slot);
  if (v->started || v->given)
    remember(r, slot);
  bscope_variables_release(&r->variables, slot);
}

static int end_overwritten(struct bscope_resolver *r, uint32_t slot) {
  struct bscope_variable_ref *refs =
      bscope_model_grow(r->overwritten, &r->overwritten_capacity, r->overwritten_count + 1, sizeof(*refs));
  if (refs == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  r->overwritten = refs;
  bscope_resolver_refer(r, slot, &refs[r->overwritten_count++]);
  bscope_resolver_end(r, slot, BSCOPE_LIFE_OVERWRITTEN);
  return BSCOPE_OK;
}

/* What began at the same address: the same site's live one is overwritten, ended ones need no remembering. */
static int overwrite_start(struct bscope_resolver *r, const struct bscope_step *event, uint64_t address) {
  uint32_t slot = bscope_ranges_first_at(&r->ranges, address);
  while (slot != BSCOPE_SLOT_NONE) {
    const struct bscope_variable *v = bscope_resolver_variable(r, slot);
    uint32_t next = v->at_start.older;
    bool same_site = v->facts == r->current && v->site == event->site && v->kind == event->kind;
    if (v->life != BSCOPE_LIFE_ALIVE && (same_site || !v->scope_open))
      bscope_resolver_forget(r, slot);
    else if (v->mapped && same_site && end_overwritten(r, slot) != BSCOPE_OK)
      return BSCOPE_ERR_NO_MEMORY;
    slot = next;
  }
  return BSCOPE_OK;
}

static int by_number(const void *a, const void *b) {
  const struct bscope_variable_ref *x = a, *y = b;
  return (x->variable > y->variable) - (x->variable < y->variable);
}

int bscope_resolver_overwrite(struct bscope_resolver *r, const struct bscope_step *event, uint64_t address,
                              uint64_t size) {
  uint64_t last = bscope_variable_last(address, size);
  uint32_t slot;
  while ((slot = bscope_ranges_crossing(&r->ranges, address, last)) != BSCOPE_SLOT_NONE)
    if (end_overwritten(r, slot) != BSCOPE_OK)
      return BSCOPE_ERR_NO_MEMORY;
  if (overwrite_start(r, event, address) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  if (r->overwritten_count > 1)
    qsort(r->overwritten, r->overwritten_count, sizeof(*r->overwritten), by_number);
  r->told->overwritten_count = (uint32_t)r->overwritten_count;
  return BSCOPE_OK;
}

/* What a stack let go can't be meant any more. */
static void give_up(struct bscope_resolver *r, uint32_t slot) {
  if (slot == BSCOPE_SLOT_NONE)
    return;
  let_owner_go(r, bscope_resolver_variable(r, slot));
  bscope_variables_release(&r->variables, slot);
}

static int enter_id(struct bscope_resolver *r, uint32_t slot, const struct bscope_making *making) {
  uint32_t *place = bscope_table_at(&r->ids, making->given_id, making->closure);
  if (place == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  *place = slot;
  return BSCOPE_OK;
}

uint32_t bscope_resolver_make(struct bscope_resolver *r, const struct bscope_step *event,
                              const struct bscope_making *making) {
  struct bscope_stack_hint *hint = &bscope_resolver_current(r)->hints[making->hint];
  uint32_t stack = bscope_stacks_reserve(&r->stacks, event->thread, making->name, hint);
  if (stack == BSCOPE_STACK_FAILED || (making->address != 0 && making->fresh &&
                                       bscope_resolver_overwrite(r, event, making->address, making->size) != BSCOPE_OK))
    return BSCOPE_SLOT_NONE;
  uint32_t slot = bscope_variables_add(&r->variables);
  if (slot == BSCOPE_SLOT_NONE)
    return BSCOPE_SLOT_NONE;
  struct bscope_variable *v = bscope_resolver_variable(r, slot);
  v->address = making->address;
  v->size = making->size;
  v->stamp = event->stamp;
  v->given_id = making->given_id;
  v->name = making->name;
  v->thread = event->thread;
  v->facts = r->current;
  v->site = event->site;
  v->kind = event->kind;
  v->owner = making->owner;
  v->borrower = making->borrower;
  v->scoped = v->scope_open = making->scoped;
  v->given = making->given;
  v->closure = making->closure;
  v->at = making->at;
  v->received = making->received;
  if (making->owner != BSCOPE_SLOT_NONE)
    bscope_resolver_variable(r, making->owner)->holds++;
  if (making->predecessor != BSCOPE_SLOT_NONE)
    bscope_ranges_inherit(&r->ranges, making->predecessor, slot);
  else if (making->address != 0 && bscope_ranges_add(&r->ranges, slot) != BSCOPE_OK)
    return BSCOPE_SLOT_NONE;
  if (making->given && enter_id(r, slot, making) != BSCOPE_OK)
    return BSCOPE_SLOT_NONE;
  give_up(r, bscope_stacks_push(&r->stacks, stack, slot));
  return slot;
}

struct bscope_found bscope_resolver_by_name(struct bscope_resolver *r, const struct bscope_step *event, uint32_t name,
                                            enum bscope_hint hint, enum bscope_want want) {
  uint32_t stack = bscope_stacks_find(&r->stacks, event->thread, name, &bscope_resolver_current(r)->hints[hint]);
  uint32_t slot = bscope_stacks_newest(&r->stacks, stack, want);
  if (bscope_likely(slot != BSCOPE_SLOT_NONE))
    return (struct bscope_found){slot, BSCOPE_HOW_HERE};
  slot = bscope_stacks_last(&r->stacks, stack, want);
  if (slot != BSCOPE_SLOT_NONE)
    return (struct bscope_found){slot, BSCOPE_HOW_ENDED};
  slot = bscope_stacks_only(&r->stacks, name, want);
  return (struct bscope_found){slot, slot != BSCOPE_SLOT_NONE ? BSCOPE_HOW_ELSEWHERE : BSCOPE_HOW_UNKNOWN};
}

uint32_t bscope_resolver_by_id(const struct bscope_resolver *r, uint64_t id) {
  return bscope_table_get(&r->ids, id, 0);
}

uint32_t bscope_resolver_by_closure_id(const struct bscope_resolver *r, uint64_t id) {
  return bscope_table_get(&r->ids, id, 1);
}

uint32_t bscope_resolver_ended_at(const struct bscope_resolver *r, uint64_t address) {
  const struct bscope_variable *newest = NULL;
  uint32_t best = BSCOPE_SLOT_NONE;
  for (uint32_t slot = bscope_ranges_first_at(&r->ranges, address); slot != BSCOPE_SLOT_NONE;) {
    const struct bscope_variable *v = bscope_resolver_variable(r, slot);
    if (v->life == BSCOPE_LIFE_DROPPED && (newest == NULL || v->number > newest->number)) {
      newest = v;
      best = slot;
    }
    slot = v->at_start.older;
  }
  uint32_t holding = newest == NULL ? BSCOPE_SLOT_NONE : bscope_ranges_holding(&r->ranges, address);
  bool reused = holding != BSCOPE_SLOT_NONE && bscope_resolver_variable(r, holding)->number > newest->number;
  return reused ? BSCOPE_SLOT_NONE : best;
}

static enum bscope_contradiction judge(const struct bscope_variable *v, bool drops) {
  if (v->life == BSCOPE_LIFE_MOVED)
    return BSCOPE_USED_AFTER_MOVE;
  if (v->life == BSCOPE_LIFE_DROPPED)
    return drops ? BSCOPE_DROPPED_TWICE : BSCOPE_USED_AFTER_DROP;
  return BSCOPE_FITS;
}

void bscope_resolver_judge(const struct bscope_resolver *r, uint32_t slot, bool drops, struct bscope_resolution *out) {
  const struct bscope_variable *v = bscope_resolver_variable(r, slot);
  out->contradiction = v->gaps != r->gaps ? BSCOPE_FITS : judge(v, drops);
  if (out->contradiction == BSCOPE_FITS)
    return;
  out->ended_at = v->ended;
  out->ended_kind = v->kind;
}

enum bscope_contradiction bscope_resolver_judge_unknown(const struct bscope_resolver *r,
                                                        const struct bscope_step *event) {
  bool whole = r->beginning && r->gaps == 0 && (event->flags & BSCOPE_SITE_SAMPLED) == 0;
  return whole ? BSCOPE_NEVER_CREATED : BSCOPE_FITS;
}

void bscope_resolver_check_text(const struct bscope_resolver *r, const struct bscope_step *event, uint32_t slot,
                                struct bscope_resolution *out) {
  if (!r->full)
    return;
  const struct bscope_facts *facts = bscope_resolver_current(r);
  const struct bscope_variable *v = bscope_resolver_variable(r, slot);
  struct bscope_former former = {facts->said, event->thread, facts->function};
  if (former.name == BSCOPE_NAME_NONE || former.name == v->name ||
      !bscope_chains_has(&r->chains, v->chain, former, r->gaps))
    return;
  out->contradiction = BSCOPE_USED_AFTER_MOVE;
  out->by_spelling = true;
  out->ended_at = v->stamp; /* the newest move made it */
  out->inferred = true;
}

static int resolve_new(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out) {
  bool scoped = (event->flags & BSCOPE_SITE_SCOPED) != 0;
  struct bscope_making making = {.name = bscope_resolver_current(r)->name,
                                 .hint = BSCOPE_HINT_NAME,
                                 .size = scoped ? event->extent : 0,
                                 .scoped = scoped,
                                 .at = (event->flags & BSCOPE_SITE_BY_ADDRESS) != 0,
                                 .fresh = true};
  if (event->subject_is == BSCOPE_WORD_ADDRESS)
    making.address = event->subject;
  if (event->object_is == BSCOPE_WORD_SIZE)
    making.size = event->object;
  making.given = event->subject_is == BSCOPE_WORD_ID;
  making.closure = event->kind == BSCOPE_KIND_CLOSURE_CREATE;
  making.given_id = making.given ? event->subject : 0;
  uint32_t slot = bscope_resolver_make(r, event, &making);
  if (slot == BSCOPE_SLOT_NONE)
    return BSCOPE_ERR_NO_MEMORY;
  bscope_resolver_tell(r, slot, &out->subject);
  out->creates = true;
  return BSCOPE_OK;
}

/* The kinds beside the core's. */
static int resolve_other(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out) {
  switch (bscope_kind_effect((enum bscope_kind)event->kind)) {
  case BSCOPE_EFFECT_BEGINS:
    return resolve_new(r, event, out);
  case BSCOPE_EFFECT_BORROWS:
    return bscope_resolve_borrow(r, event, out);
  case BSCOPE_EFFECT_ENDS:
  case BSCOPE_EFFECT_GIVES_UP:
    return bscope_resolve_drop(r, event, out);
  case BSCOPE_EFFECT_CLONES:
    return bscope_resolve_clone(r, event, out);
  case BSCOPE_EFFECT_CAPTURES:
    return bscope_resolve_capture(r, event, out);
  case BSCOPE_EFFECT_USES:
  case BSCOPE_EFFECT_SENDS:
  case BSCOPE_EFFECT_RECEIVES:
    return bscope_resolve_use(r, event, out);
  default:
    return BSCOPE_OK;
  }
}

static int resolve(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out) {
  switch (event->kind) {
  case BSCOPE_KIND_NEW:
    return resolve_new(r, event, out);
  case BSCOPE_KIND_BORROW:
    return bscope_resolve_borrow(r, event, out);
  case BSCOPE_KIND_MOVE:
    return bscope_resolve_move(r, event, out);
  case BSCOPE_KIND_DROP:
    return bscope_resolve_drop(r, event, out);
  case BSCOPE_KIND_DEREF:
    return bscope_resolve_use(r, event, out);
  case BSCOPE_KIND_RESIZE_BEGIN:
    return bscope_resolve_resize_begin(r, event, out);
  case BSCOPE_KIND_HEAP_REALLOC:
    return bscope_resolve_resize_end(r, event, out);
  case BSCOPE_KIND_LOST:
  case BSCOPE_KIND_OPEN:
    r->gaps++;
    return BSCOPE_OK;
  default:
    return resolve_other(r, event, out);
  }
}

/* Field by field: for a struct of this size the compiler's own way costs more than the rest of an event. */
static inline void clear(struct bscope_resolution *out) {
  out->subject.variable = out->object.variable = BSCOPE_VARIABLE_NONE;
  out->subject.has_given_id = out->object.has_given_id = false;
  out->creates = out->ends = out->inferred = out->ambiguous = out->silent = false;
  out->contradiction = BSCOPE_FITS;
  out->by_spelling = false;
  out->ended_at = BSCOPE_STAMP_OPEN;
  out->overwritten_count = 0;
  out->old_address = out->old_size = out->address = out->size = 0;
}

int bscope_resolver_take(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out) {
  clear(out);
  r->told = out;
  r->overwritten_count = 0;
  r->now = event->stamp;
  r->current = event->facts;
  if (bscope_unlikely(!r->begun)) {
    r->beginning = event->stamp == 0;
    r->begun = true;
  }
  return resolve(r, event, out);
}

int bscope_resolver_take_all(struct bscope_resolver *r, const struct bscope_step *event,
                             struct bscope_resolution *out) {
  /* A position without an event has no facts. */
  bool any = event->kind != BSCOPE_KIND_LOST && event->kind != BSCOPE_KIND_OPEN;
  const struct bscope_facts *facts = any ? &r->facts->entries[event->facts] : NULL;
  r->full = true;
  bscope_resolver_unknown(any ? bscope_names_text(r->facts->names, facts->name) : NULL, &out->subject);
  bscope_resolver_unknown(any ? bscope_names_text(r->facts->names, facts->name2) : NULL, &out->object);
  bscope_resolver_unknown(NULL, &out->parent);
  bscope_resolver_unknown(NULL, &out->overwritten);
  if (bscope_resolver_take(r, event, out) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  if (r->overwritten_count != 0)
    out->overwritten = r->overwritten[0];
  return BSCOPE_OK;
}

int bscope_resolver_feed(struct bscope_resolver *r, const struct bscope_event *event, struct bscope_resolution *out) {
  struct bscope_shape shape;
  struct bscope_step step;
  if (bscope_facts_shape(r->facts, event, &shape) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  bscope_step_make(&step, event, &shape);
  return bscope_resolver_take_all(r, &step, out);
}

struct bscope_facts_table *bscope_resolver_facts(const struct bscope_resolver *r) {
  return r->facts;
}

static struct bscope_resolver *create(struct bscope_facts_table *facts) {
  struct bscope_resolver *r = bscope_model_zeroed(1, sizeof(*r));
  if (r == NULL)
    return NULL;
  uint64_t seed = bscope_now_ns() * UINT64_C(0x9e3779b97f4a7c15);
  bscope_names_init(&r->own_names, seed);
  bscope_facts_init(&r->own_facts, &r->own_names, seed);
  r->facts = facts != NULL ? facts : &r->own_facts;
  bscope_stacks_init(&r->stacks, &r->variables, seed);
  bscope_ranges_init(&r->ranges, &r->variables, seed);
  bscope_table_init(&r->ids, seed);
  return r;
}

struct bscope_resolver *bscope_resolver_create(void) {
  return create(NULL);
}
struct bscope_resolver *bscope_resolver_create_on(struct bscope_facts_table *facts) {
  return create(facts);
}

void bscope_resolver_destroy(struct bscope_resolver *r) {
  if (r == NULL)
    return;
  bscope_names_fini(&r->own_names);
  bscope_facts_fini(&r->own_facts);
  bscope_stacks_fini(&r->stacks);
  bscope_ranges_fini(&r->ranges);
  bscope_table_fini(&r->ids);
  bscope_chains_fini(&r->chains);
  bscope_variables_fini(&r->variables);
  free(r->resizes);
  free(r->overwritten);
  free(r);
}

struct bscope_variable_ref bscope_resolver_overwritten(const struct bscope_resolver *r, uint32_t i) {
  return r->overwritten[i];
}

uint64_t bscope_resolver_let_go(const struct bscope_resolver *r) {
  return r->stacks.let_go;
}
