/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the rules: live variables with the borrows of them and those that they hold. Records lie in pools and
 * are known by their places there, 0 being none; what they say of the past are positions in the log.
 */
#ifndef BSCOPE_MODEL_RULES_STATE_H
#define BSCOPE_MODEL_RULES_STATE_H

#include "model/resolver.h"
#include "model/rules.h"

enum rules_class { RULES_NONE, RULES_VALUE, RULES_LET, RULES_HEAP };
enum rules_borrow_class { RULES_PLAIN, RULES_CELL, RULES_LOCK, RULES_RAW };

/* The open borrows of an owner: those that a conflict could still be noted of, and the rest. */
enum rules_list { RULES_CLEAN_MUT, RULES_CLEAN_SHARED, RULES_REST, RULES_LISTS };

struct rules_variable {
  bscope_stamp stamp;  /* of the event that made it */
  bscope_stamp origin; /* of the one that made the first of those it was moved from */
  bscope_stamp last;   /* the last event on its thread that mentions or made it (4.5) */
  uint64_t given_id;
  const char *name;
  uint32_t number;
  uint32_t key; /* of its name: a number of the resolver's */
  uint32_t thread;
  uint32_t gaps;      /* when it was made */
  uint32_t last_gaps; /* at `last` */
  uint32_t borrows[RULES_LISTS];
  uint32_t held;    /* borrows that it holds, newest first */
  uint32_t users;   /* open borrows of it, and its own life: then the record is free */
  uint32_t group;   /* of references that share a count (4.3), or 0 */
  uint32_t held_in; /* the group that it is a part of, or 0 */
  uint32_t older;   /* live variables in the order of creation */
  uint32_t newer;
  uint8_t class;
  uint8_t last_effect;
  bool given;
  bool alive;
  bool borrower;
  bool kept;
  bool cycled;      /* nobody can free it */
  bool unsaid;      /* the event that made it has no text and no line: a recorded call of an allocator */
  bool moved_noted; /* each open borrow knows that it was moved */
};

/* What a borrow keeps until it is proved in use, or ends. */
struct rules_mark {
  bscope_stamp stamp;
  bool set;
  bool told; /* was made a finding: never again */
  bool inferred;
  bool resize; /* it was a resize that moved a block */
  bool apart;  /* locks of two threads, which the lock itself keeps apart: its end was recorded late */
  uint8_t saying;
  const char *name; /* of who made it */
};

struct rules_borrow {
  bscope_stamp stamp;
  uint64_t first; /* the borrowed range; first > last: unknown */
  uint64_t last;
  const char *name;
  uint32_t owner;
  uint32_t holder;
  uint32_t thread;
  uint32_t gaps;
  uint32_t function;
  uint32_t facts;
  uint32_t site;
  uint32_t next, previous; /* in the owner's list */
  uint32_t next_held, previous_held;
  uint32_t parent;
  uint32_t child, next_child, previous_child;
  uint32_t gave;                       /* borrows whose conflict this one is */
  uint32_t next_given, previous_given; /* in the list of who gave it */
  uint32_t giver;
  struct rules_mark conflict, nested, orphaned, moved;
  uint8_t class;
  uint8_t list;
  bool mutable;
  bool inferred;
  bool open;
  bool mentioned; /* since it began */
  bool reserved;  /* it was not, when its conflict came (two-phase use) */
  bool settled;   /* all who reborrow from it know of a use of it */
};

/* A thread's last hand-over, and a suspicion that waits for its next event. */
struct rules_thread {
  bscope_stamp first;
  bscope_stamp handed_over;
  bool has_handed_over;
  bool suspects;
  struct bscope_rules_finding suspicion;
};

struct rules_pool {
  void *records;
  size_t count; /* places ever used, 0 included */
  size_t capacity;
  uint32_t free;
};

struct bscope_rules {
  struct bscope_rules_log log;
  struct bscope_resolver *resolver;
  struct bscope_resolver *own; /* the same, if nobody else feeds it */
  bscope_rules_found found;
  void *context;
  struct rules_pool variables;
  struct rules_pool borrows;
  struct rules_pool threads;
  struct bscope_table by_number; /* live variables */
  struct bscope_table by_thread; /* thread + 1 */
  struct bscope_table newest;    /* (name, thread): number + 1 of its newest owner */
  uint8_t *sampled;              /* by name: was at a sampled site */
  size_t sampled_capacity;
  uint32_t oldest, newest_alive; /* ends of the list of live variables */
  uint32_t gaps;
  uint32_t groups; /* begun so far */
  int status;      /* the first failure, or what `found` said */
};

/* The event in hand. */
struct rules_step {
  const struct bscope_step *event;
  const struct bscope_resolution *is;
  enum bscope_effect effect;
  uint32_t subject; /* places of live variables, or 0 */
  uint32_t object;
  uint32_t parent;
  uint32_t subject_number; /* as the resolution has them */
  bool block_end;          /* the end of a block */
  bool moves_block;        /* a resize that put its block elsewhere */
};

static inline struct rules_variable *rules_variable(const struct bscope_rules *r, uint32_t at) {
  return (struct rules_variable *)r->variables.records + at;
}

static inline struct rules_borrow *rules_borrow(const struct bscope_rules *r, uint32_t at) {
  return (struct rules_borrow *)r->borrows.records + at;
}

/* The live variable of that number, or 0. */
static inline uint32_t rules_find(const struct bscope_rules *r, uint32_t number) {
  return number == BSCOPE_VARIABLE_NONE ? 0 : bscope_table_get(&r->by_number, number, 0);
}

/* What the site of the event in hand says. */
static inline const struct bscope_facts *rules_facts(const struct bscope_rules *r) {
  return bscope_resolver_current(r->resolver);
}

static inline const char *rules_text(const struct bscope_rules *r, uint32_t name) {
  return bscope_names_text(r->resolver->facts->names, name);
}

/* What the event in hand does at a place (3). */
static inline enum bscope_role rules_role(const struct bscope_rules *r, const struct rules_step *step) {
  return bscope_rules_role(&step->event->shape, rules_text(r, rules_facts(r)->type));
}

/* The same where only this is asked, which no type decides. */
static inline bool rules_ends_borrow(const struct rules_step *step) {
  return bscope_rules_role(&step->event->shape, NULL) == BSCOPE_ROLE_BORROW_ENDED;
}

struct bscope_variable_ref rules_ref(const struct rules_variable *v);

/* A finding about a variable, complete if the log had so many gaps then as now; and its places. */
struct bscope_rules_finding rules_finding(const struct bscope_rules *r, enum bscope_rule rule,
                                          enum bscope_saying saying, const struct rules_variable *v, uint32_t gaps);
void rules_place(struct bscope_rules_finding *finding, bscope_stamp stamp, enum bscope_role role, const char *name);
void rules_report(struct bscope_rules *r, struct bscope_rules_finding *finding);

/* Takes a record from a pool, zeroed; 0: no memory. Gives it back. */
uint32_t rules_take(struct rules_pool *pool, size_t width);
void rules_give(struct rules_pool *pool, size_t width, uint32_t at);

/* Lets go of a variable: its life has ended, or a borrow of it has. */
void rules_release(struct bscope_rules *r, uint32_t at);

/* rules_borrow.c (4.2) */
void rules_mention(struct bscope_rules *r, const struct rules_step *step, uint32_t variable);
void rules_begin_borrow(struct bscope_rules *r, const struct rules_step *step, uint32_t owner, uint32_t holder);
void rules_end_held(struct bscope_rules *r, const struct rules_step *step, uint32_t holder);
void rules_pass_held(struct bscope_rules *r, uint32_t from, uint32_t to);
void rules_drop_owner(struct bscope_rules *r, const struct rules_step *step, uint32_t owner);
void rules_move_owner(struct bscope_rules *r, const struct rules_step *step, uint32_t owner);
void rules_finish_borrows(struct bscope_rules *r);

/* rules_life.c (4.1, 4.4) */
void rules_contradiction(struct bscope_rules *r, const struct rules_step *step);
enum rules_class rules_class_of(const struct rules_step *step, const struct rules_variable *from);
void rules_overwritten(struct bscope_rules *r, const struct rules_step *step, uint32_t variable);
void rules_finish_lives(struct bscope_rules *r, bscope_stamp end);

/* rules_count.c (4.3): `from` is a clone's source, or what moved; NULL: nobody that is alive. */
void rules_join(struct bscope_rules *r, const struct rules_step *step, uint32_t variable,
                const struct rules_variable *from);
void rules_finish_counts(struct bscope_rules *r, bscope_stamp end);

/* rules_thread.c (4.5): before an event ends and makes anything, and behind it. */
void rules_suspect(struct bscope_rules *r, const struct rules_step *step);
void rules_thread_step(struct bscope_rules *r, const struct rules_step *step);

#endif
