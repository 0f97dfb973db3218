/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of ownership over a row of resolved events: one pass, findings as they are proved. doc/rules.md is the law;
 * numbers in brackets are its chapters. Memory: variables that are alive, borrows that are open, names.
 */
#ifndef BSCOPE_MODEL_RULES_H
#define BSCOPE_MODEL_RULES_H

#include "model/resolve.h"
#include "model/step.h"

#include <borrowscope/check.h>

/* What is known of the log as a whole (1). */
struct bscope_rules_log {
  bool has_beginning;
  bool patchy;
  bool filtered;
  bool ended;
};

/* What a finding says beside its rule: rules_tell.c has the words. */
enum bscope_saying {
  BSCOPE_SAYS_MOVED = 1,  /* used after it was moved */
  BSCOPE_SAYS_DROPPED,    /* used after it was dropped */
  BSCOPE_SAYS_TWICE,      /* dropped twice */
  BSCOPE_SAYS_ENDS_TWICE, /* a borrow that ends twice */
  BSCOPE_SAYS_BELOW_ZERO, /* a reference given back twice */
  BSCOPE_SAYS_NEVER,      /* never created */
  BSCOPE_SAYS_MUT_MUT,    /* a second mutable borrow */
  BSCOPE_SAYS_MUT_SHARED, /* a mutable borrow while it is borrowed */
  BSCOPE_SAYS_SHARED_MUT, /* a borrow while it is borrowed mutably */
  BSCOPE_SAYS_ANCESTOR,   /* a use while it is reborrowed */
  BSCOPE_SAYS_CELL,       /* a cell borrowed again */
  BSCOPE_SAYS_CELL_MUT,   /* mutably again */
  BSCOPE_SAYS_LOCK,       /* locked again */
  BSCOPE_SAYS_OUTLIVES,   /* dropped while it is borrowed */
  BSCOPE_SAYS_MOVED_BORROWED,
  BSCOPE_SAYS_RESIZED_BORROWED,
  BSCOPE_SAYS_LEAK,
  BSCOPE_SAYS_OVERWRITTEN,
  BSCOPE_SAYS_CYCLE,
  BSCOPE_SAYS_BORROWED_ELSEWHERE,
  BSCOPE_SAYS_DROPPED_ELSEWHERE
};

/* A place: role NONE is that of the event's kind. */
struct bscope_rules_place {
  bscope_stamp stamp;
  enum bscope_role role;
  const char *name; /* of the variable that it is about */
};

/* A finding before it is put into words. Strings are the resolver's names. */
struct bscope_rules_finding {
  enum bscope_rule rule;
  enum bscope_severity severity;
  enum bscope_saying saying;
  bool inferred;
  bool complete;
  struct bscope_variable_ref variable;
  const char *other;  /* a borrow, or who took the memory */
  const char *what;   /* an act: "use" */
  uint32_t thread;    /* of the variable */
  uint32_t elsewhere; /* the other thread */
  size_t place_count;
  struct bscope_rules_place places[BSCOPE_PLACES_MAX];
};

/* Takes a finding; other than 0 ends the walk with that. */
typedef int (*bscope_rules_found)(void *context, const struct bscope_rules_finding *finding);

struct bscope_rules;

/* What is known of a log. Whether it lacks nothing. */
bool bscope_rules_look_at(const struct bscope_log *log, struct bscope_rules_log *out);

/* What has become known since the rules were created, of a log that goes on. */
void bscope_rules_learn(struct bscope_rules *rules, const struct bscope_rules_log *log);

/* Owned. `resolver`: another's, which outlives them, or NULL: they have their own. NULL: BSCOPE_ERR_NO_MEMORY. */
struct bscope_rules *bscope_rules_create(const struct bscope_rules_log *log, struct bscope_resolver *resolver,
                                         bscope_rules_found found, void *context);
void bscope_rules_destroy(struct bscope_rules *rules);

/* The next event, of rules that have their own resolver. 0, BSCOPE_ERR_NO_MEMORY, or what `found` returned. */
int bscope_rules_feed(struct bscope_rules *rules, const struct bscope_event *event);

/* The same of an event that the resolver has just taken, all told. */
int bscope_rules_judge(struct bscope_rules *rules, const struct bscope_step *step, const struct bscope_resolution *is);

/* The log's end (4.6), whose next position would be `end`. As above. */
int bscope_rules_finish(struct bscope_rules *rules, bscope_stamp end);

/* The last events of a walk: what a finding rests on mostly lies close together. */
#define BSCOPE_RULES_RECENT 1024u /* a power of two */
struct bscope_rules_recent {
  const struct bscope_facts_table *facts; /* the walk's */
  struct bscope_rules_past {
    bscope_stamp stamp;
    uint32_t thread;
    uint32_t facts;
    uint32_t flags;
    uint8_t kind; /* 0: none yet */
    bool is_mutable;
  } events[BSCOPE_RULES_RECENT]; /* by the stamp's low bits */
};

/* A finding with its places, out of `recent` (NULL: none) or decoded from the log, and no words yet: enough to know
 * whether it is one of many alike. Strings are the log's, the walk's or the finding's.
 */
void bscope_rules_locate(const struct bscope_log *log, const struct bscope_rules_recent *recent,
                         const struct bscope_rules_finding *finding, struct bscope_finding *out);

/* Its words: `message`, `help` and `variable` of `out`, in `buffer`. */
#define BSCOPE_RULES_WORDS 1024
void bscope_rules_tell(const struct bscope_rules_finding *finding, char buffer[BSCOPE_RULES_WORDS],
                       struct bscope_finding *out);

/* Gives a finding strings of its own, in one block that begins with `variable`. False: no memory, as it was. */
bool bscope_finding_keep(struct bscope_finding *finding);

/* What an event of that shape and type does at a place (3). */
enum bscope_role bscope_rules_role(const struct bscope_shape *shape, const char *type);

static inline void bscope_rules_recall(struct bscope_rules_recent *recent, const struct bscope_step *step) {
  recent->events[step->stamp % BSCOPE_RULES_RECENT] =
      (struct bscope_rules_past){step->stamp, step->thread, step->facts, step->flags, step->kind, step->is_mutable};
}

/* The rules beside a walk of somebody else's, over the whole log with all told: findings are collected. */
struct bscope_checker;

/* Owned. The resolver is the walk's, and outlives it. NULL: BSCOPE_ERR_NO_MEMORY. */
struct bscope_checker *bscope_checker_create(const struct bscope_log *log, struct bscope_resolver *resolver);
void bscope_checker_destroy(struct bscope_checker *checker);

/* The event that the resolver has just taken. 0 or BSCOPE_ERR_NO_MEMORY. */
int bscope_checker_take(struct bscope_checker *checker, const struct bscope_step *step,
                        const struct bscope_resolution *is);

/* The log's end: what was found, owned; bscope_findings_free. NULL: BSCOPE_ERR_NO_MEMORY. */
struct bscope_findings *bscope_checker_finish(struct bscope_checker *checker);

#endif
