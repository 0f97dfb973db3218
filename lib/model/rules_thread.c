/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Use on another thread without a move or a lock (4.5). Suspected at the use, and a finding once the owner's thread
 * goes on: a thread that is over can't use what it owned any more.
 */
#include "model/rules_state.h"

static struct rules_thread *thread_at(const struct bscope_rules *r, uint32_t at) {
  return (struct rules_thread *)r->threads.records + at;
}

/* A thread that has recorded before, or NULL. */
static struct rules_thread *find(const struct bscope_rules *r, uint32_t thread) {
  uint32_t at = bscope_table_get(&r->by_thread, thread, 0);
  return at == 0 ? NULL : thread_at(r, at);
}

static struct rules_thread *find_or_make(struct bscope_rules *r, const struct bscope_step *event) {
  struct rules_thread *known = find(r, event->thread);
  if (known != NULL)
    return known;
  uint32_t at = rules_take(&r->threads, sizeof(struct rules_thread));
  uint32_t *place = at == 0 ? NULL : bscope_table_at(&r->by_thread, event->thread, 0);
  if (place == NULL) {
    r->status = BSCOPE_ERR_NO_MEMORY;
    return NULL;
  }
  *place = at;
  thread_at(r, at)->first = event->stamp;
  return thread_at(r, at);
}

static bool hands_over(const struct rules_step *step) {
  switch (step->effect) {
  case BSCOPE_EFFECT_SPAWNS:
  case BSCOPE_EFFECT_JOINS:
  case BSCOPE_EFFECT_SENDS:
  case BSCOPE_EFFECT_RECEIVES:
  case BSCOPE_EFFECT_MOVES:
  case BSCOPE_EFFECT_CAPTURES:
    return true;
  default:
    return step->event->kind == BSCOPE_KIND_LOCK_GUARD_ACQUIRE || step->event->kind == BSCOPE_KIND_LOCK_GUARD_DROP ||
           step->event->kind == BSCOPE_KIND_LOCK;
  }
}

/* The variable that the event would have to be handed, or 0. */
static uint32_t needed(const struct bscope_rules *r, const struct rules_step *step) {
  const struct bscope_step *event = step->event;
  const struct bscope_facts *facts = rules_facts(r);
  uint32_t at = 0;
  /* A recorded call of an allocator says none of them. */
  if (facts->name == BSCOPE_NAME_NONE && facts->text == BSCOPE_NAME_NONE && event->subject_is != BSCOPE_WORD_ID)
    return 0;
  if (step->effect == BSCOPE_EFFECT_BORROWS && event->is_mutable && event->kind == BSCOPE_KIND_BORROW)
    at = step->object;
  else if (step->effect == BSCOPE_EFFECT_ENDS && step->is->ends && !step->block_end)
    at = step->subject;
  const struct rules_variable *v = at == 0 ? NULL : rules_variable(r, at);
  return v == NULL || v->borrower || v->class == RULES_NONE || v->thread == event->thread ? 0 : at;
}

static bool since(const struct rules_thread *thread, bscope_stamp stamp) {
  return thread->has_handed_over && thread->handed_over > stamp;
}

/* Whether nothing explains how the variable came to the event's thread since its last mention on its own. */
static bool is_suspect(const struct bscope_rules *r, const struct rules_variable *v, const struct rules_thread *owners,
                       const struct rules_thread *here) {
  return here->first < v->last && v->last_effect != BSCOPE_EFFECT_BORROWS && v->last_effect != BSCOPE_EFFECT_CAPTURES &&
         !since(owners, v->last) && !since(here, v->last) && v->last_gaps == r->gaps;
}

void rules_suspect(struct bscope_rules *r, const struct rules_step *step) {
  uint32_t at = needed(r, step);
  if (at == 0)
    return;
  const struct rules_variable *v = rules_variable(r, at);
  struct rules_thread *owners = find(r, v->thread), *here = find(r, step->event->thread);
  if (owners == NULL || here == NULL || owners->suspects || !is_suspect(r, v, owners, here))
    return;
  bool drop = step->effect == BSCOPE_EFFECT_ENDS;
  struct bscope_rules_finding finding =
      rules_finding(r, BSCOPE_RULE_UNSHARED_THREADS,
                    drop ? BSCOPE_SAYS_DROPPED_ELSEWHERE : BSCOPE_SAYS_BORROWED_ELSEWHERE, v, r->gaps);
  finding.severity = BSCOPE_SEVERITY_WARNING;
  finding.elsewhere = step->event->thread;
  finding.inferred = step->is->inferred;
  rules_place(&finding, step->event->stamp, BSCOPE_ROLE_NONE, drop ? v->name : step->is->subject.name);
  rules_place(&finding, v->stamp, BSCOPE_ROLE_CREATED, v->name);
  if (v->last != v->stamp)
    rules_place(&finding, v->last, BSCOPE_ROLE_USED, v->name);
  owners->suspicion = finding;
  owners->suspects = true;
}

void rules_thread_step(struct bscope_rules *r, const struct rules_step *step) {
  struct rules_thread *thread = find_or_make(r, step->event);
  if (thread == NULL)
    return;
  if (thread->suspects) {
    thread->suspects = false;
    rules_report(r, &thread->suspicion);
  }
  if (hands_over(step)) {
    thread->handed_over = step->event->stamp;
    thread->has_handed_over = true;
  }
}
