/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings in words: a table of what each kind of finding says and what would mend it. Places are positions in the log
 * until here; their events are looked up now, a few for each finding.
 */
#include "model/rules.h"

#include "base/util.h"
#include "model/names.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * In a text: %v is the variable's name, %o the other's, %w the act, %p the borrow that is passed on, %a and %b the two
 * threads.
 */
struct saying {
  const char *message;
  const char *help;
};

static const struct saying sayings[] = {
    [BSCOPE_SAYS_MOVED] = {"%w of '%o' after it was moved", "use who owns it now, or move it back first"},
    [BSCOPE_SAYS_DROPPED] = {"%w of '%o' after it was dropped", "use it before it is dropped, or drop it later"},
    [BSCOPE_SAYS_TWICE] = {"'%v' is dropped twice", "drop it once, where its owner's life ends"},
    [BSCOPE_SAYS_ENDS_TWICE] = {"the borrow '%v' ends twice", "end it once"},
    [BSCOPE_SAYS_BELOW_ZERO] = {"reference count of '%v' below zero: it was given back twice",
                                "give back each reference once"},
    [BSCOPE_SAYS_NEVER] = {"%w of '%v', which was never created",
                           "track where it is created, or drop what was created"},
    [BSCOPE_SAYS_MUT_MUT] = {"second mutable borrow of '%v' while '%o' borrows it mutably",
                             "end the borrow '%o' before, or borrow through '%o'"},
    [BSCOPE_SAYS_MUT_SHARED] = {"mutable borrow of '%v' while '%o' borrows it",
                                "end the borrow '%o' before, or borrow through '%o'"},
    [BSCOPE_SAYS_SHARED_MUT] = {"borrow of '%v' while '%o' borrows it mutably",
                                "end the borrow '%o' before, or borrow through '%o'"},
    [BSCOPE_SAYS_ANCESTOR] = {"use of '%o' while '%p' reborrows it", "end the borrow '%p' before '%o' is used"},
    [BSCOPE_SAYS_CELL] = {"'%v' is borrowed again while '%o' borrows it mutably", "end '%o' before"},
    [BSCOPE_SAYS_CELL_MUT] = {"'%v' is borrowed mutably again while '%o' borrows it", "end '%o' before"},
    [BSCOPE_SAYS_LOCK] = {"'%v' is locked again while '%o' holds it", "end '%o' before"},
    [BSCOPE_SAYS_OUTLIVES] = {"'%v' is dropped while '%o' borrows it",
                              "end '%o' before '%v' is dropped, or drop it later"},
    [BSCOPE_SAYS_MOVED_BORROWED] = {"'%v' is moved while '%o' borrows it", "end '%o' before '%v' is moved"},
    [BSCOPE_SAYS_RESIZED_BORROWED] = {"'%v' is moved by its resize while '%o' borrows it",
                                      "borrow it again after it was resized"},
    [BSCOPE_SAYS_LEAK] = {"'%v' is never dropped", "drop it when its owner's life ends, or move it to who drops it"},
    [BSCOPE_SAYS_OVERWRITTEN] = {"'%v' is never dropped", "its memory is used for '%o': was it freed without a drop?"},
    [BSCOPE_SAYS_CYCLE] = {"a cycle of references keeps '%v' alive for ever",
                           "make one reference of the cycle a weak one"},
    [BSCOPE_SAYS_BORROWED_ELSEWHERE] =
        {"'%v' of thread %a is mutably borrowed on thread %b: nothing in the log hands it over",
         "move it to the thread that uses it, or record the lock that guards it"},
    [BSCOPE_SAYS_DROPPED_ELSEWHERE] = {"'%v' of thread %a is dropped on thread %b: nothing in the log hands it over",
                                       "move it to the thread that uses it, or record the lock that guards it"},
};

/* Text is put behind what is there, cut at the buffer's end. */
struct words {
  char *text;
  size_t used;
  size_t size;
};

__attribute__((format(printf, 2, 3))) static void put(struct words *words, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(words->text + words->used, words->size - words->used, format, arguments);
  va_end(arguments);
  if (n > 0)
    words->used = bscope_min_u64(words->used + (size_t)n, words->size - 1);
}

static const char *or_unknown(const char *name) {
  return name != NULL ? name : "?";
}

static void put_part(struct words *words, char part, const struct bscope_rules_finding *f) {
  switch (part) {
  case 'v':
    if (f->variable.name == NULL && f->variable.has_given_id)
      put(words, "%" PRIu64, f->variable.given_id);
    else
      put(words, "%.120s", or_unknown(f->variable.name));
    break;
  case 'o':
    put(words, "%.120s", or_unknown(f->other));
    break;
  case 'w':
  case 'p':
    put(words, "%.120s", or_unknown(f->what));
    break;
  default:
    put(words, "%" PRIu32, part == 'a' ? f->thread : f->elsewhere);
  }
}

/* A text with its parts filled in, ended by a zero byte of its own. */
static const char *fill(struct words *words, const char *text, const struct bscope_rules_finding *finding) {
  const char *begin = words->text + words->used;
  for (; *text != '\0'; text++)
    if (text[0] == '%' && text[1] != '\0')
      put_part(words, *++text, finding);
    else if (words->used + 1 < words->size)
      words->text[words->used++] = *text;
  words->text[words->used] = '\0';
  words->used = bscope_min_u64(words->used + 1, words->size - 1);
  return begin;
}

static const char *put_id(struct words *words, const struct bscope_variable_ref *ref) {
  const char *begin = words->text + words->used;
  if (ref->variable == BSCOPE_VARIABLE_NONE && !ref->has_given_id)
    put(words, "%.200s", or_unknown(ref->name));
  else
    put(words, "%.200s_%" PRIu64, ref->name == NULL ? "" : ref->name, ref->has_given_id ? ref->given_id : ref->stamp);
  words->used = bscope_min_u64(words->used + 1, words->size - 1);
  return begin;
}

enum bscope_role bscope_rules_role(const struct bscope_shape *shape, const char *type) {
  switch (bscope_kind_effect((enum bscope_kind)shape->kind)) {
  case BSCOPE_EFFECT_BORROWS:
    if (shape->kind == BSCOPE_KIND_LOCK_GUARD_ACQUIRE)
      return BSCOPE_ROLE_LOCKED;
    return shape->is_mutable ? BSCOPE_ROLE_BORROWED_MUT : BSCOPE_ROLE_BORROWED;
  case BSCOPE_EFFECT_MOVES:
  case BSCOPE_EFFECT_GIVES_UP:
    return BSCOPE_ROLE_MOVED;
  case BSCOPE_EFFECT_CLONES:
    return BSCOPE_ROLE_CLONED;
  case BSCOPE_EFFECT_ENDS:
    if (shape->kind == BSCOPE_KIND_REF_CELL_DROP || shape->kind == BSCOPE_KIND_LOCK_GUARD_DROP ||
        (shape->flags & BSCOPE_SITE_BORROWER_ONLY) != 0)
      return BSCOPE_ROLE_BORROW_ENDED;
    return BSCOPE_ROLE_DROPPED;
  case BSCOPE_EFFECT_CAPTURES:
    if (type != NULL && strcmp(type, "by_move") == 0)
      return BSCOPE_ROLE_MOVED;
    return type != NULL && strcmp(type, "by_mut_ref") == 0 ? BSCOPE_ROLE_BORROWED_MUT : BSCOPE_ROLE_BORROWED;
  default:
    return BSCOPE_ROLE_USED;
  }
}

static struct bscope_place place_of_event(const struct bscope_event *event) {
  const struct bscope_shape shape = {
      .kind = (uint8_t)event->kind, .flags = event->flags, .is_mutable = event->is_mutable};
  return (struct bscope_place){.role = bscope_rules_role(&shape, event->type_name),
                               .stamp = event->stamp,
                               .thread = event->thread,
                               .line = event->line,
                               .file = event->file,
                               .function = event->function,
                               .name = event->name};
}

static struct bscope_place place_of_past(const struct bscope_facts_table *table, const struct bscope_rules_past *past) {
  const struct bscope_facts *facts = &table->entries[past->facts];
  const struct bscope_shape shape = {.kind = past->kind, .flags = past->flags, .is_mutable = past->is_mutable};
  return (struct bscope_place){.role = bscope_rules_role(&shape, bscope_names_text(table->names, facts->type)),
                               .stamp = past->stamp,
                               .thread = past->thread,
                               .line = facts->line,
                               .file = bscope_names_text(table->names, facts->file),
                               .function = bscope_names_text(table->names, facts->function),
                               .name = bscope_names_text(table->names, facts->name)};
}

/* The event at a place. A position that the log no longer has, and its end, have no file. */
static struct bscope_place place_of(const struct bscope_log *log, const struct bscope_rules_recent *recent,
                                    const struct bscope_rules_finding *finding,
                                    const struct bscope_rules_place *place) {
  struct bscope_place out = {.stamp = place->stamp, .thread = finding->thread};
  const struct bscope_rules_past *past = recent == NULL ? NULL : &recent->events[place->stamp % BSCOPE_RULES_RECENT];
  struct bscope_event event;
  bscope_stamp first = bscope_log_first(log);
  if (past != NULL && past->kind != 0 && past->stamp == place->stamp)
    out = place_of_past(recent->facts, past);
  else if (place->stamp >= first && bscope_log_at(log, (size_t)(place->stamp - first), &event) == BSCOPE_OK)
    out = place_of_event(&event);
  if (place->role != BSCOPE_ROLE_NONE)
    out.role = place->role;
  if (place->name != NULL)
    out.name = place->name;
  return out;
}

void bscope_rules_locate(const struct bscope_log *log, const struct bscope_rules_recent *recent,
                         const struct bscope_rules_finding *finding, struct bscope_finding *out) {
  *out = (struct bscope_finding){.rule = finding->rule,
                                 .severity = finding->severity,
                                 .inferred = finding->inferred,
                                 .complete = finding->complete,
                                 .count = 1,
                                 .place_count = finding->place_count};
  for (size_t i = 0; i < finding->place_count; i++)
    out->places[i] = place_of(log, recent, finding, &finding->places[i]);
}

void bscope_rules_tell(const struct bscope_rules_finding *finding, char buffer[BSCOPE_RULES_WORDS],
                       struct bscope_finding *out) {
  struct words words = {.text = buffer, .size = BSCOPE_RULES_WORDS};
  const struct saying *saying = &sayings[finding->saying];
  out->message = fill(&words, saying->message, finding);
  out->help = fill(&words, saying->help, finding);
  out->variable = put_id(&words, &finding->variable);
}

const char *bscope_rule_id(enum bscope_rule rule) {
  static const char ids[][6] = {"BS000",
#define ROW(number, ...) [number] = {'B', 'S', '0', '0' + (number) / 10, '0' + (number) % 10},
                                BSCOPE_RULES(ROW)
#undef ROW
  };
  return (size_t)rule < BSCOPE_COUNT(ids) ? ids[rule] : ids[0];
}
