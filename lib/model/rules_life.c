/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lives: what is used after its end, ends twice or never began (4.1), and what never ends (4.4).
 */
#include "model/rules_state.h"

#include "model/memory.h"

#include <string.h>

/* Which variable the event contradicts itself about. */
static const struct bscope_variable_ref *who_of(const struct rules_step *step) {
  bool object = step->effect == BSCOPE_EFFECT_BORROWS || step->effect == BSCOPE_EFFECT_CLONES ||
                step->effect == BSCOPE_EFFECT_CAPTURES;
  return object ? &step->is->object : &step->is->subject;
}

static const char *act_of(const struct rules_step *step) {
  static const char *const acts[] = {
      [BSCOPE_EFFECT_BORROWS] = "borrow", [BSCOPE_EFFECT_MOVES] = "move",   [BSCOPE_EFFECT_GIVES_UP] = "move",
      [BSCOPE_EFFECT_ENDS] = "drop",      [BSCOPE_EFFECT_CLONES] = "clone", [BSCOPE_EFFECT_CAPTURES] = "capture"};
  bool end = step->effect == BSCOPE_EFFECT_ENDS && rules_ends_borrow(step);
  const char *act = (size_t)step->effect < BSCOPE_COUNT(acts) ? acts[step->effect] : NULL;
  return end ? "end of borrow" : act != NULL ? act : "use";
}

static bool note_sampled(struct bscope_rules *r, uint32_t name) {
  size_t before = r->sampled_capacity;
  uint8_t *sampled = bscope_model_grow(r->sampled, &r->sampled_capacity, (size_t)name + 1, 1);
  if (sampled == NULL) {
    r->status = BSCOPE_ERR_NO_MEMORY;
    return false;
  }
  memset(sampled + before, 0, r->sampled_capacity - before);
  r->sampled = sampled;
  sampled[name] = 1;
  return true;
}

static bool was_sampled(const struct bscope_rules *r, uint32_t name) {
  return name != BSCOPE_NAME_NONE && name < r->sampled_capacity && r->sampled[name] != 0;
}

/* Whether what the event names may have been sampled out (4.1). */
static bool is_sampled(struct bscope_rules *r, const struct rules_step *step) {
  const struct bscope_facts *facts = rules_facts(r);
  if ((step->event->flags & BSCOPE_SITE_SAMPLED) != 0) {
    (void)(note_sampled(r, facts->name) && note_sampled(r, facts->name2));
  }
  return r->sampled_capacity != 0 && (was_sampled(r, facts->name) || was_sampled(r, facts->name2));
}

/* A finding about what may have ended already, all gaps judged. */
static struct bscope_rules_finding about(const struct rules_step *step, enum bscope_rule rule,
                                         enum bscope_saying saying) {
  struct bscope_rules_finding finding = {.rule = rule,
                                         .severity = BSCOPE_SEVERITY_ERROR,
                                         .saying = saying,
                                         .inferred = step->is->inferred,
                                         .complete = true,
                                         .variable = *who_of(step),
                                         .what = act_of(step),
                                         .thread = step->event->thread};
  rules_place(&finding, step->event->stamp, BSCOPE_ROLE_NONE, finding.variable.name);
  return finding;
}

/* Used under a name that it was moved away from: the variable that was found is its rightful owner (BS001). */
static void tell_former(struct bscope_rules *r, const struct rules_step *step, uint32_t at) {
  const struct bscope_facts *facts = rules_facts(r);
  const struct rules_variable *v = rules_variable(r, at);
  struct bscope_rules_finding finding = about(step, BSCOPE_RULE_USE_AFTER_MOVE, BSCOPE_SAYS_MOVED);
  finding.inferred = true;
  finding.other = rules_text(r, step->is->by_spelling ? facts->said : facts->name);
  finding.places[0].name = finding.other;
  rules_place(&finding, v->origin, BSCOPE_ROLE_CREATED, NULL);
  rules_place(&finding, v->stamp, BSCOPE_ROLE_MOVED, v->name);
  rules_report(r, &finding);
}

static bool is_counted(unsigned kind) {
  return kind == BSCOPE_KIND_RC_NEW || kind == BSCOPE_KIND_RC_CLONE || kind == BSCOPE_KIND_ARC_NEW ||
         kind == BSCOPE_KIND_ARC_CLONE;
}

static void tell_ended(struct bscope_rules *r, const struct rules_step *step) {
  bool twice = step->is->contradiction == BSCOPE_DROPPED_TWICE;
  bool borrow = rules_ends_borrow(step);
  bool counted = twice && is_counted(step->is->ended_kind);
  enum bscope_saying saying = counted ? BSCOPE_SAYS_BELOW_ZERO
                              : twice ? borrow ? BSCOPE_SAYS_ENDS_TWICE : BSCOPE_SAYS_TWICE
                              : step->is->contradiction == BSCOPE_USED_AFTER_MOVE ? BSCOPE_SAYS_MOVED
                                                                                  : BSCOPE_SAYS_DROPPED;
  struct bscope_rules_finding finding = about(step,
                                              counted ? BSCOPE_RULE_REFERENCE_COUNT
                                              : twice ? BSCOPE_RULE_DOUBLE_DROP
                                                      : BSCOPE_RULE_USE_AFTER_MOVE,
                                              saying);
  finding.other = finding.variable.name;
  rules_place(&finding, finding.variable.stamp, BSCOPE_ROLE_CREATED, finding.variable.name);
  rules_place(&finding, step->is->ended_at, BSCOPE_ROLE_NONE, finding.variable.name);
  rules_report(r, &finding);
}

static void tell_never(struct bscope_rules *r, const struct rules_step *step) {
  bool nameless = step->event->subject_is == BSCOPE_WORD_ID || step->event->subject_is == BSCOPE_WORD_ADDRESS;
  if (!r->log.has_beginning || r->log.patchy || r->log.filtered || (nameless && r->sampled_capacity != 0))
    return;
  struct bscope_rules_finding finding = about(step, BSCOPE_RULE_NEVER_CREATED, BSCOPE_SAYS_NEVER);
  finding.inferred = false;
  finding.variable.variable = BSCOPE_VARIABLE_NONE;
  if (finding.variable.name == NULL)
    finding.variable.name = rules_text(r, rules_facts(r)->text);
  finding.places[0].name = finding.variable.name;
  rules_report(r, &finding);
}

void rules_contradiction(struct bscope_rules *r, const struct rules_step *step) {
  bool sampled = is_sampled(r, step);
  if (step->is->contradiction == BSCOPE_FITS || sampled)
    return;
  if (step->is->contradiction == BSCOPE_NEVER_CREATED) {
    tell_never(r, step);
    return;
  }
  uint32_t at = rules_find(r, who_of(step)->variable);
  if (at != 0)
    tell_former(r, step, at);
  else
    tell_ended(r, step);
}

enum rules_class rules_class_of(const struct rules_step *step, const struct rules_variable *from) {
  switch (step->event->kind) {
  case BSCOPE_KIND_MOVE:
    return from == NULL ? RULES_NONE : from->class == RULES_LET ? RULES_VALUE : (enum rules_class)from->class;
  case BSCOPE_KIND_NEW:
    if ((step->event->flags & BSCOPE_SITE_BY_ADDRESS) != 0)
      return RULES_HEAP;
    return (step->event->flags & BSCOPE_SITE_SCOPED) != 0 ? RULES_LET : RULES_VALUE;
  case BSCOPE_KIND_HEAP_REALLOC:
  case BSCOPE_KIND_BOX_NEW:
  case BSCOPE_KIND_BOX_FROM_RAW:
  case BSCOPE_KIND_RC_NEW:
  case BSCOPE_KIND_RC_CLONE:
  case BSCOPE_KIND_ARC_NEW:
  case BSCOPE_KIND_ARC_CLONE:
  case BSCOPE_KIND_COW_OWNED:
    return RULES_HEAP;
  default:
    return RULES_NONE;
  }
}

static struct bscope_rules_finding never_dropped(const struct bscope_rules *r, const struct rules_variable *v,
                                                 enum bscope_saying saying) {
  struct bscope_rules_finding finding = rules_finding(r, BSCOPE_RULE_NEVER_DROPPED, saying, v, v->gaps);
  rules_place(&finding, v->origin, BSCOPE_ROLE_CREATED, v->origin == v->stamp ? v->name : NULL);
  if (v->origin != v->stamp)
    rules_place(&finding, v->stamp, BSCOPE_ROLE_MOVED, v->name);
  return finding;
}

void rules_overwritten(struct bscope_rules *r, const struct rules_step *step, uint32_t variable) {
  const struct rules_variable *v = rules_variable(r, variable);
  if (v->borrower || (v->class != RULES_HEAP && v->class != RULES_LET) || r->log.filtered)
    return;
  struct bscope_rules_finding finding = never_dropped(r, v, BSCOPE_SAYS_OVERWRITTEN);
  finding.severity = BSCOPE_SEVERITY_NOTE;
  finding.other = step->is->subject.name;
  rules_place(&finding, step->event->stamp, BSCOPE_ROLE_OVERWRITTEN, step->is->subject.name);
  rules_report(r, &finding);
}

/* How bad it is that an owner is alive at the end. */
static enum bscope_severity severity_of(const struct bscope_rules *r, const struct rules_variable *v) {
  switch ((enum rules_class)v->class) {
  case RULES_HEAP: /* that a program frees all that it asked an allocator for, nobody has said */
    return v->unsaid ? BSCOPE_SEVERITY_NOTE : BSCOPE_SEVERITY_ERROR;
  case RULES_LET:
    return v->kept ? BSCOPE_SEVERITY_ERROR : BSCOPE_SEVERITY_NOTE;
  case RULES_VALUE:
    return bscope_table_get(&r->newest, v->key, v->thread) == v->number + 1 ? BSCOPE_SEVERITY_NOTE
                                                                            : BSCOPE_SEVERITY_NONE;
  default:
    return BSCOPE_SEVERITY_NONE;
  }
}

void rules_finish_lives(struct bscope_rules *r, bscope_stamp end) {
  if (!r->log.ended || r->log.filtered)
    return;
  for (uint32_t at = r->oldest; at != 0; at = rules_variable(r, at)->newer) {
    const struct rules_variable *v = rules_variable(r, at);
    enum bscope_severity severity = v->borrower || v->cycled ? BSCOPE_SEVERITY_NONE : severity_of(r, v);
    if (severity == BSCOPE_SEVERITY_NONE)
      continue;
    struct bscope_rules_finding finding = never_dropped(r, v, BSCOPE_SAYS_LEAK);
    finding.severity = severity;
    rules_place(&finding, end, BSCOPE_ROLE_ENDED, v->name);
    rules_report(r, &finding);
  }
}
