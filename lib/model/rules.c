/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of an event's consequences (4), and the records that the rules share. See rules.h and rules_state.h.
 */
#include "model/rules_state.h"

#include "model/memory.h"

#include <stdlib.h>
#include <string.h>

uint32_t rules_take(struct rules_pool *pool, size_t width) {
  uint32_t at = pool->free;
  if (at != 0) {
    memcpy(&pool->free, (char *)pool->records + at * width, sizeof(pool->free));
  } else {
    size_t need = pool->count == 0 ? 2 : pool->count + 1;
    void *records = need > UINT32_MAX ? NULL : bscope_model_grow(pool->records, &pool->capacity, need, width);
    if (records == NULL)
      return 0;
    pool->records = records;
    pool->count = need;
    at = (uint32_t)need - 1;
  }
  memset((char *)pool->records + at * width, 0, width);
  return at;
}

void rules_give(struct rules_pool *pool, size_t width, uint32_t at) {
  memcpy((char *)pool->records + at * width, &pool->free, sizeof(pool->free));
  pool->free = at;
}

void rules_release(struct bscope_rules *r, uint32_t at) {
  if (--rules_variable(r, at)->users == 0)
    rules_give(&r->variables, sizeof(struct rules_variable), at);
}

struct bscope_variable_ref rules_ref(const struct rules_variable *v) {
  return (struct bscope_variable_ref){
      .variable = v->number, .name = v->name, .stamp = v->stamp, .given_id = v->given_id, .has_given_id = v->given};
}

struct bscope_rules_finding rules_finding(const struct bscope_rules *r, enum bscope_rule rule,
                                          enum bscope_saying saying, const struct rules_variable *v, uint32_t gaps) {
  return (struct bscope_rules_finding){.rule = rule,
                                       .severity = BSCOPE_SEVERITY_ERROR,
                                       .saying = saying,
                                       .complete = gaps == r->gaps,
                                       .variable = rules_ref(v),
                                       .thread = v->thread};
}

void rules_place(struct bscope_rules_finding *finding, bscope_stamp stamp, enum bscope_role role, const char *name) {
  finding->places[finding->place_count++] = (struct bscope_rules_place){stamp, role, name};
}

void rules_report(struct bscope_rules *r, struct bscope_rules_finding *finding) {
  finding->complete = finding->complete && !r->log.patchy;
  if (!finding->complete)
    finding->severity = BSCOPE_SEVERITY_NOTE;
  if (r->status == BSCOPE_OK)
    r->status = r->found(r->context, finding);
}

static void link_alive(struct bscope_rules *r, uint32_t at) {
  rules_variable(r, at)->older = r->newest_alive;
  if (r->newest_alive != 0)
    rules_variable(r, r->newest_alive)->newer = at;
  else
    r->oldest = at;
  r->newest_alive = at;
}

static void unlink_alive(struct bscope_rules *r, const struct rules_variable *v) {
  if (v->newer != 0)
    rules_variable(r, v->newer)->older = v->older;
  else
    r->newest_alive = v->older;
  if (v->older != 0)
    rules_variable(r, v->older)->newer = v->newer;
  else
    r->oldest = v->newer;
}

/* The name's number: what the resolver calls the variable that the event makes. */
static uint32_t key_of(const struct bscope_rules *r, const struct rules_step *step) {
  const struct bscope_facts *facts = rules_facts(r);
  if (step->effect == BSCOPE_EFFECT_MOVES)
    return facts->name2;
  return step->effect == BSCOPE_EFFECT_RESIZES ? facts->said : facts->name;
}

/* A record for what the event makes, or 0. */
static uint32_t make(struct bscope_rules *r, const struct rules_step *step, const struct bscope_variable_ref *ref) {
  uint32_t at = rules_take(&r->variables, sizeof(struct rules_variable));
  uint32_t *place = at == 0 ? NULL : bscope_table_at(&r->by_number, ref->variable, 0);
  if (place == NULL) {
    r->status = BSCOPE_ERR_NO_MEMORY;
    return 0;
  }
  *place = at;
  struct rules_variable *v = rules_variable(r, at);
  v->stamp = v->origin = v->last = step->event->stamp;
  v->number = ref->variable;
  v->name = ref->name;
  v->given = ref->has_given_id;
  v->given_id = ref->given_id;
  v->thread = step->event->thread;
  v->gaps = v->last_gaps = r->gaps;
  v->last_effect = (uint8_t)step->effect;
  v->key = key_of(r, step);
  v->unsaid = rules_facts(r)->text == BSCOPE_NAME_NONE && rules_facts(r)->line == 0;
  v->alive = true;
  v->users = 1;
  link_alive(r, at);
  return at;
}

/* The newest owner of its name on its thread, for 4.4. */
static void note_newest(struct bscope_rules *r, const struct rules_variable *v) {
  uint32_t *newest = bscope_table_at(&r->newest, v->key, v->thread);
  if (newest != NULL)
    *newest = v->number + 1;
  else
    r->status = BSCOPE_ERR_NO_MEMORY;
}

/* The records of those whom the event is about, of those who are alive. */
static void find_all(const struct bscope_rules *r, struct rules_step *step) {
  step->subject = rules_find(r, step->is->subject.variable);
  step->object = rules_find(r, step->is->object.variable);
  step->parent = rules_find(r, step->is->parent.variable);
}

/* A variable's life is over; open borrows of it keep its record. */
static void bury(struct bscope_rules *r, uint32_t at) {
  struct rules_variable *v = rules_variable(r, at);
  bscope_table_remove(&r->by_number, v->number, 0);
  unlink_alive(r, v);
  v->alive = false;
  rules_release(r, at);
}

/* Those who lost their memory to what this event makes. */
static void end_overwritten(struct bscope_rules *r, const struct rules_step *step) {
  for (uint32_t i = 0; i < step->is->overwritten_count; i++) {
    uint32_t at = rules_find(r, bscope_resolver_overwritten(r->resolver, i).variable);
    if (at == 0)
      continue;
    rules_overwritten(r, step, at);
    rules_end_held(r, NULL, at);
    bury(r, at);
  }
}

/* What ends here, but for what moves to another variable. */
static void end_subject(struct bscope_rules *r, const struct rules_step *step) {
  rules_end_held(r, step, step->subject);
  if (step->effect == BSCOPE_EFFECT_ENDS)
    rules_drop_owner(r, step, step->subject);
  else
    rules_move_owner(r, step, step->subject);
  bury(r, step->subject);
}

/* What a move makes of a live variable, or of nothing. */
static void move(struct bscope_rules *r, const struct rules_step *step) {
  uint32_t to = make(r, step, &step->is->object), from = step->subject;
  if (to == 0)
    return;
  struct rules_variable *made = rules_variable(r, to), *old = from == 0 ? NULL : rules_variable(r, from);
  made->class = (uint8_t)rules_class_of(step, old);
  made->borrower = old != NULL && old->borrower;
  if (!made->borrower)
    note_newest(r, made);
  rules_join(r, step, to, old);
  if (old == NULL)
    return;
  made->origin = old->origin;
  rules_pass_held(r, from, to);
  rules_move_owner(r, step, from);
  bury(r, from);
}

static void begin(struct bscope_rules *r, const struct rules_step *step) {
  uint32_t at = make(r, step, &step->is->subject);
  if (at == 0)
    return;
  struct rules_variable *v = rules_variable(r, at);
  v->borrower = step->effect == BSCOPE_EFFECT_BORROWS;
  v->class = (uint8_t)rules_class_of(step, NULL);
  if (step->event->kind != BSCOPE_KIND_NEW && !v->borrower)
    rules_join(r, step, at, step->object == 0 ? NULL : rules_variable(r, step->object));
  if (!v->borrower)
    note_newest(r, v);
  else if (step->object != 0)
    rules_begin_borrow(r, step, step->object, at);
}

/* A closure takes a variable over, or borrows it. */
static void capture(struct bscope_rules *r, const struct rules_step *step) {
  if (step->object == 0)
    return;
  if (!step->is->ends) {
    if (step->subject != 0 && rules_role(r, step) != BSCOPE_ROLE_MOVED)
      rules_begin_borrow(r, step, step->object, step->subject);
    return;
  }
  if (step->subject != 0)
    rules_pass_held(r, step->object, step->subject);
  else
    rules_end_held(r, NULL, step->object);
  rules_move_owner(r, step, step->object);
  bury(r, step->object);
}

/* The end of a block without what was handed out of it. */
static bool is_kept(const struct rules_step *step) {
  return step->block_end && step->subject != 0 && (step->event->flags & BSCOPE_SITE_KEPT) != 0 && !step->is->ends;
}

/* What ends, moves and begins (4, steps 3 to 5). */
static void live(struct bscope_rules *r, struct rules_step *step) {
  if (step->is->overwritten_count != 0) {
    end_overwritten(r, step);
    find_all(r, step);
  }
  if (step->effect == BSCOPE_EFFECT_MOVES && step->is->creates)
    move(r, step);
  else if (step->effect == BSCOPE_EFFECT_CAPTURES)
    capture(r, step);
  else if (step->is->ends && step->subject != 0)
    end_subject(r, step);
  else if (is_kept(step))
    rules_variable(r, step->subject)->kept = true;
  else if (step->moves_block && step->subject != 0)
    rules_move_owner(r, step, step->subject);
  if (step->is->creates && step->effect != BSCOPE_EFFECT_MOVES)
    begin(r, step);
}

/* Whom the event mentions (1): what it is about, unless it says nothing of it, or ends its block. */
static void mention(struct bscope_rules *r, const struct rules_step *step) {
  if (step->is->silent || step->block_end || step->effect == BSCOPE_EFFECT_PLACES ||
      step->effect == BSCOPE_EFFECT_NOTES || step->effect == BSCOPE_EFFECT_NONE)
    return;
  if (step->subject != 0)
    rules_mention(r, step, step->subject);
  if (step->object != 0 && step->object != step->subject)
    rules_mention(r, step, step->object);
  if (step->parent != 0 && step->parent != step->subject && step->parent != step->object)
    rules_mention(r, step, step->parent);
}

static void prepare(const struct bscope_rules *r, struct rules_step *step) {
  const struct bscope_step *event = step->event;
  bool resize = event->kind == BSCOPE_KIND_RESIZE_BEGIN;
  step->effect = resize ? BSCOPE_EFFECT_RESIZES : bscope_kind_effect((enum bscope_kind)event->kind);
  find_all(r, step);
  step->block_end = step->effect == BSCOPE_EFFECT_ENDS && (event->flags & BSCOPE_SITE_SCOPED) != 0;
  step->moves_block = event->kind == BSCOPE_KIND_HEAP_REALLOC && !step->is->creates && event->subject != 0 &&
                      step->is->old_address != 0 && step->is->address != step->is->old_address;
}

int bscope_rules_judge(struct bscope_rules *r, const struct bscope_step *event, const struct bscope_resolution *is) {
  struct rules_step step = {.event = event, .is = is};
  if (r->status != BSCOPE_OK)
    return r->status;
  if (bscope_unlikely(event->kind == BSCOPE_KIND_LOST || event->kind == BSCOPE_KIND_OPEN)) {
    r->gaps++;
    return BSCOPE_OK;
  }
  prepare(r, &step);
  rules_contradiction(r, &step);
  rules_suspect(r, &step);
  mention(r, &step);
  live(r, &step);
  rules_thread_step(r, &step);
  return r->status;
}

int bscope_rules_feed(struct bscope_rules *r, const struct bscope_event *event) {
  struct bscope_shape shape;
  struct bscope_step step;
  struct bscope_resolution is;
  if (r->status != BSCOPE_OK)
    return r->status;
  if (bscope_facts_shape(r->resolver->facts, event, &shape) != BSCOPE_OK)
    return r->status = BSCOPE_ERR_NO_MEMORY;
  bscope_step_make(&step, event, &shape);
  if (bscope_resolver_take_all(r->resolver, &step, &is) != BSCOPE_OK)
    return r->status = BSCOPE_ERR_NO_MEMORY;
  return bscope_rules_judge(r, &step, &is);
}

int bscope_rules_finish(struct bscope_rules *r, bscope_stamp end) {
  rules_finish_borrows(r);
  rules_finish_counts(r, end);
  rules_finish_lives(r, end);
  return r->status;
}

struct bscope_rules *bscope_rules_create(const struct bscope_rules_log *log, struct bscope_resolver *resolver,
                                         bscope_rules_found found, void *context) {
  struct bscope_rules *r = bscope_model_zeroed(1, sizeof(*r));
  struct bscope_resolver *own = r == NULL || resolver != NULL ? NULL : bscope_resolver_create();
  if (r == NULL || (own == NULL && resolver == NULL)) {
    free(r);
    return NULL;
  }
  uint64_t seed = bscope_now_ns();
  *r = (struct bscope_rules){
      .log = *log, .resolver = resolver == NULL ? own : resolver, .own = own, .found = found, .context = context};
  bscope_table_init(&r->by_number, seed);
  bscope_table_init(&r->by_thread, seed);
  bscope_table_init(&r->newest, seed);
  return r;
}

void bscope_rules_learn(struct bscope_rules *r, const struct bscope_rules_log *log) {
  bool has_beginning = r->log.has_beginning;
  r->log = *log;
  r->log.has_beginning = has_beginning;
}

void bscope_rules_destroy(struct bscope_rules *r) {
  if (r == NULL)
    return;
  bscope_resolver_destroy(r->own);
  bscope_table_fini(&r->by_number);
  bscope_table_fini(&r->by_thread);
  bscope_table_fini(&r->newest);
  free(r->variables.records);
  free(r->borrows.records);
  free(r->threads.records);
  free(r->sampled);
  free(r);
}
