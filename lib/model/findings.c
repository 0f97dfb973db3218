/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bscope_check: a walk over a log with the rules, its findings one by one or grouped by rule and places.
 */
#include "base/error.h"
#include "base/util.h"
#include "model/memory.h"
#include "model/names.h"
#include "model/rules.h"
#include "model/table.h"

#include <stdlib.h>
#include <string.h>

struct bscope_findings {
  struct bscope_finding *all;
  size_t count;
  size_t capacity;
  struct bscope_table groups; /* hash, n-th of that hash -> finding + 1 */
  bool complete;
};

/* Findings are handed on as they come, or collected. */
struct bscope_checker {
  const struct bscope_log *log;
  struct bscope_rules *rules;
  int (*found)(void *context, const struct bscope_finding *finding);
  void *context;
  struct bscope_findings *findings; /* NULL: handed on */
  struct bscope_rules_recent recent;
};

bool bscope_rules_look_at(const struct bscope_log *log, struct bscope_rules_log *out) {
  struct bscope_stats stats = {.size = sizeof(stats)};
  struct bscope_trace_info info = {.size = sizeof(info)};
  (void)bscope_log_stats(log, &stats);
  (void)bscope_log_trace_info(log, &info);
  out->patchy = stats.dropped != 0 || stats.pauses != 0;
  out->has_beginning = bscope_log_generation(log) == 1 && bscope_log_first(log) == 0 && info.parent == 0;
  out->filtered = info.filter[0] != '\0';
  out->ended = info.state == BSCOPE_LOG_CLEAN;
  return !out->patchy && stats.lost == 0 && stats.evicted == 0 && bscope_log_pending(log) == 0 &&
         info.missing_events == 0 && info.damaged_events == 0;
}

static uint64_t mix(uint64_t h, const char *text) {
  return text == NULL ? h + 1 : bscope_name_hash(h, text, strlen(text));
}

static uint64_t group_hash(const struct bscope_finding *f) {
  uint64_t h = (uint64_t)f->rule << 8 | (uint64_t)f->severity << 1 | f->inferred;
  for (size_t i = 0; i < f->place_count; i++) {
    h += (uint64_t)f->places[i].role << 32 | f->places[i].line;
    h = mix(mix(h, f->places[i].file), f->places[i].function);
  }
  return h;
}

static bool same_text(const char *a, const char *b) {
  return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_group(const struct bscope_finding *a, const struct bscope_finding *b) {
  if (a->rule != b->rule || a->severity != b->severity || a->inferred != b->inferred ||
      a->place_count != b->place_count)
    return false;
  for (size_t i = 0; i < a->place_count; i++) {
    const struct bscope_place *x = &a->places[i], *y = &b->places[i];
    if (x->role != y->role || x->line != y->line || !same_text(x->file, y->file) ||
        !same_text(x->function, y->function))
      return false;
  }
  return true;
}

/* The strings of a finding, one behind the other in a block of its own. */
static void each_string(struct bscope_finding *f, void (*act)(const char **string, void *context), void *context) {
  act(&f->variable, context);
  act(&f->message, context);
  act(&f->help, context);
  for (size_t i = 0; i < f->place_count; i++) {
    act(&f->places[i].file, context);
    act(&f->places[i].function, context);
    act(&f->places[i].name, context);
  }
}

static void measure(const char **string, void *context) {
  *(size_t *)context += *string == NULL ? 0 : strlen(*string) + 1;
}

static void move_string(const char **string, void *context) {
  char **to = context;
  if (*string == NULL)
    return;
  size_t size = strlen(*string) + 1;
  memcpy(*to, *string, size);
  *string = *to;
  *to += size;
}

/* `variable` is the first string: the block's beginning. */
bool bscope_finding_keep(struct bscope_finding *f) {
  size_t size = 0;
  each_string(f, measure, &size);
  char *to = malloc(size);
  if (to == NULL)
    return false;
  each_string(f, move_string, &to);
  return true;
}

/* A group of its own. Only here is a finding put into words: of many alike the others need none. */
static int begin_group(struct bscope_findings *f, const struct bscope_rules_finding *finding,
                       const struct bscope_finding *located, uint32_t *place) {
  char words[BSCOPE_RULES_WORDS];
  struct bscope_finding *all = bscope_model_grow(f->all, &f->capacity, f->count + 1, sizeof(*all));
  if (all == NULL || place == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  f->all = all;
  *place = (uint32_t)f->count + 1;
  all[f->count] = *located;
  bscope_rules_tell(finding, words, &all[f->count]);
  if (!bscope_finding_keep(&all[f->count]))
    return bscope_fail(BSCOPE_ERR_NO_MEMORY, "bscope_check: no memory for %zu findings", f->count + 1);
  f->count++;
  return BSCOPE_OK;
}

static int collect(void *context, const struct bscope_rules_finding *finding) {
  struct bscope_checker *checker = context;
  struct bscope_findings *f = checker->findings;
  struct bscope_finding located;
  bscope_rules_locate(checker->log, &checker->recent, finding, &located);
  uint64_t hash = group_hash(&located);
  uint32_t found, turn = 0;
  while ((found = bscope_table_get(&f->groups, hash, turn)) != 0 && !same_group(&f->all[found - 1], &located))
    turn++;
  if (found == 0)
    return begin_group(f, finding, &located, bscope_table_at(&f->groups, hash, turn));
  f->all[found - 1].count++;
  return BSCOPE_OK;
}

static int hand_on(void *context, const struct bscope_rules_finding *finding) {
  struct bscope_checker *checker = context;
  char words[BSCOPE_RULES_WORDS];
  struct bscope_finding out;
  bscope_rules_locate(checker->log, &checker->recent, finding, &out);
  bscope_rules_tell(finding, words, &out);
  return checker->found(checker->context, &out);
}

static struct bscope_checker *create(const struct bscope_log *log, struct bscope_resolver *resolver,
                                     bscope_rules_found found) {
  struct bscope_rules_log about;
  struct bscope_checker *checker = bscope_model_zeroed(1, sizeof(*checker));
  if (checker == NULL)
    return NULL;
  bool whole = bscope_rules_look_at(log, &about);
  checker->log = log;
  checker->recent.facts = bscope_resolver_facts(resolver);
  checker->rules = bscope_rules_create(&about, resolver, found, checker);
  checker->findings = found == collect ? bscope_model_zeroed(1, sizeof(*checker->findings)) : NULL;
  if (checker->findings != NULL) {
    bscope_table_init(&checker->findings->groups, bscope_now_ns());
    checker->findings->complete = whole;
  }
  if (checker->rules != NULL && (checker->findings != NULL || found != collect))
    return checker;
  bscope_checker_destroy(checker);
  return NULL;
}

struct bscope_checker *bscope_checker_create(const struct bscope_log *log, struct bscope_resolver *resolver) {
  return create(log, resolver, collect);
}

void bscope_checker_destroy(struct bscope_checker *checker) {
  if (checker == NULL)
    return;
  bscope_rules_destroy(checker->rules);
  bscope_findings_free(checker->findings);
  free(checker);
}

int bscope_checker_take(struct bscope_checker *checker, const struct bscope_step *step,
                        const struct bscope_resolution *is) {
  bscope_rules_recall(&checker->recent, step);
  return bscope_rules_judge(checker->rules, step, is);
}

static int finish(struct bscope_checker *checker) {
  return bscope_rules_finish(checker->rules, bscope_log_first(checker->log) + bscope_log_count(checker->log));
}

struct bscope_findings *bscope_checker_finish(struct bscope_checker *checker) {
  if (finish(checker) != BSCOPE_OK)
    return NULL;
  struct bscope_findings *findings = checker->findings;
  checker->findings = NULL;
  return findings;
}

static int walk_on(struct bscope_checker *checker, struct bscope_resolver *resolver) {
  struct bscope_walk walk;
  struct bscope_step step;
  struct bscope_resolution is;
  int status = bscope_walk_init(&walk, checker->log, bscope_resolver_facts(resolver), 0);
  while (status == BSCOPE_OK && bscope_walk_next(&walk, &step)) {
    status = bscope_resolver_take_all(resolver, &step, &is);
    if (status == BSCOPE_OK)
      status = bscope_checker_take(checker, &step, &is);
  }
  bscope_walk_fini(&walk);
  return status == BSCOPE_OK ? walk.status : status;
}

int bscope_check_each(const struct bscope_log *log, int (*found)(void *context, const struct bscope_finding *finding),
                      void *context) {
  BSCOPE_KEEP_ERRNO
  if (log == NULL || found == NULL)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "bscope_check_each: an argument is NULL");
  struct bscope_resolver *resolver = bscope_resolver_create();
  struct bscope_checker *checker = resolver == NULL ? NULL : create(log, resolver, hand_on);
  int status = BSCOPE_ERR_NO_MEMORY; /* its message is set */
  if (checker != NULL) {
    checker->found = found;
    checker->context = context;
    status = walk_on(checker, resolver);
  }
  if (status == BSCOPE_OK)
    status = finish(checker);
  bscope_checker_destroy(checker);
  bscope_resolver_destroy(resolver);
  return status;
}

struct bscope_findings *bscope_check(const struct bscope_log *log) {
  BSCOPE_KEEP_ERRNO
  if (log == NULL) {
    bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "bscope_check: the log is NULL");
    return NULL;
  }
  struct bscope_resolver *resolver = bscope_resolver_create();
  struct bscope_checker *checker = resolver == NULL ? NULL : create(log, resolver, collect);
  struct bscope_findings *findings =
      checker != NULL && walk_on(checker, resolver) == BSCOPE_OK ? bscope_checker_finish(checker) : NULL;
  bscope_checker_destroy(checker);
  bscope_resolver_destroy(resolver);
  return findings;
}

size_t bscope_findings_count(const struct bscope_findings *findings) {
  return findings == NULL ? 0 : findings->count;
}

int bscope_findings_at(const struct bscope_findings *findings, size_t i, struct bscope_finding *out) {
  if (findings == NULL || out == NULL || i >= findings->count)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "bscope_findings_at: there is no finding %zu", i);
  *out = findings->all[i];
  return BSCOPE_OK;
}

bool bscope_findings_complete(const struct bscope_findings *findings) {
  return findings != NULL && findings->complete;
}

void bscope_findings_free(struct bscope_findings *findings) {
  if (findings == NULL)
    return;
  for (size_t i = 0; i < findings->count; i++)
    free((char *)(uintptr_t)findings->all[i].variable);
  bscope_table_fini(&findings->groups);
  free(findings->all);
  free(findings);
}
