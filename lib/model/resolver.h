/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a resolver, and what its parts share: resolve.c makes and feeds it, resolve_borrow.c finds owners,
 * resolve_move.c and resolve_end.c find what moves and ends, resolve_heap.c follows blocks, resolve_kinds.c finds what
 * only other kinds have.
 */
#ifndef BSCOPE_MODEL_RESOLVER_H
#define BSCOPE_MODEL_RESOLVER_H

#include "model/chain.h"
#include "model/facts.h"
#include "model/ranges.h"
#include "model/resolve.h"
#include "model/stacks.h"
#include "model/step.h"
#include "model/variables.h"

/* Ended variables that an address or an id still means; more than this many are forgotten, oldest first. */
#define BSCOPE_REMEMBERED_MAX 65536u

/* Resizes begun and not ended; more than this many were cut off and are put back, oldest first. */
#define BSCOPE_RESIZES_MAX 1024u

struct bscope_resize {
  uint32_t thread;
  uint32_t slot; /* held; or NONE */
  uint64_t address;
  uint64_t size;
};

struct bscope_resolver {
  struct bscope_names own_names;
  struct bscope_facts_table own_facts;
  struct bscope_facts_table *facts; /* own_facts, or the caller's */
  struct bscope_variables variables;
  struct bscope_stacks stacks;
  struct bscope_ranges ranges;
  struct bscope_chains chains;
  struct bscope_table ids; /* given id -> the newest variable that was made with it */
  uint32_t remembered_newest;
  uint32_t remembered_oldest;
  uint32_t remembered_count;
  struct bscope_resize *resizes; /* oldest first */
  size_t resize_count;
  size_t resize_capacity;
  struct bscope_variable_ref *overwritten;
  size_t overwritten_count;
  size_t overwritten_capacity;
  struct bscope_resolution *told; /* of the event in hand */
  bscope_stamp now;               /* of the event in hand */
  uint32_t current;               /* its facts */
  uint32_t gaps;                  /* LOST and OPEN positions so far */
  bool full;                      /* resolutions hold whole references and contradictions, not only numbers */
  bool begun;
  bool beginning; /* the log has its first position */
};

/* How a name was understood. */
enum bscope_how { BSCOPE_HOW_UNKNOWN, BSCOPE_HOW_HERE, BSCOPE_HOW_ENDED, BSCOPE_HOW_ELSEWHERE };

struct bscope_found {
  uint32_t slot;
  enum bscope_how how;
};

/* A variable to be made. */
struct bscope_making {
  uint32_t name;
  enum bscope_hint hint;
  uint64_t address; /* 0: none */
  uint64_t size;
  uint32_t owner; /* of a borrower; or NONE */
  bool borrower;
  bool scoped;
  bool at;
  bool received;
  bool given;
  bool closure;
  uint64_t given_id;
  uint32_t predecessor; /* whose address and size it has taken over with their places in the ranges; or NONE */
  bool fresh;           /* its memory is its own now: what overlaps is overwritten */
};

static inline struct bscope_variable *bscope_resolver_variable(const struct bscope_resolver *r, uint32_t slot) {
  return bscope_variable(&r->variables, slot);
}

static inline struct bscope_facts *bscope_resolver_current(const struct bscope_resolver *r) {
  return &r->facts->entries[r->current];
}

/* The reference to a variable, field by field: a struct made elsewhere and copied is read before it is written out. */
void bscope_resolver_refer(const struct bscope_resolver *r, uint32_t slot, struct bscope_variable_ref *out);

/* Puts a variable's reference, or its number alone, into a resolution. */
static inline void bscope_resolver_tell(const struct bscope_resolver *r, uint32_t slot,
                                        struct bscope_variable_ref *out) {
  out->variable = bscope_resolver_variable(r, slot)->number;
  if (bscope_unlikely(r->full))
    bscope_resolver_refer(r, slot, out);
}

/* A reference to what is unknown but for its name. */
static inline void bscope_resolver_unknown(const char *name, struct bscope_variable_ref *out) {
  out->variable = BSCOPE_VARIABLE_NONE;
  out->name = name;
  out->stamp = 0;
  out->given_id = 0;
  out->has_given_id = false;
}

/* Makes the variable and gives its slot, or NONE: no memory. */
uint32_t bscope_resolver_make(struct bscope_resolver *r, const struct bscope_step *event,
                              const struct bscope_making *making);

/* Ends a live variable. Its slot may be free afterwards. */
void bscope_resolver_end(struct bscope_resolver *r, uint32_t slot, enum bscope_life life);

/* Forgets an ended variable's address and id. */
void bscope_resolver_forget(struct bscope_resolver *r, uint32_t slot);

/* Before a variable takes [address, size): ends live ones that it overwrites, forgets ended ones. 0 or
 * BSCOPE_ERR_NO_MEMORY. */
int bscope_resolver_overwrite(struct bscope_resolver *r, const struct bscope_step *event, uint64_t address,
                              uint64_t size);

/* Who a name of the event in hand means, in the order of the rules. */
struct bscope_found bscope_resolver_by_name(struct bscope_resolver *r, const struct bscope_step *event, uint32_t name,
                                            enum bscope_hint hint, enum bscope_want want);

/* The newest variable ever made with the id, or NONE; the same of closures, which are numbered apart. */
uint32_t bscope_resolver_by_id(const struct bscope_resolver *r, uint64_t id);
uint32_t bscope_resolver_by_closure_id(const struct bscope_resolver *r, uint64_t id);

/* The newest ended variable that began at the address, unless a newer live one holds it. */
uint32_t bscope_resolver_ended_at(const struct bscope_resolver *r, uint64_t address);

/* Notes in `out` what it means that an event uses a variable that ended, if the log lacks nothing since. */
void bscope_resolver_judge(const struct bscope_resolver *r, uint32_t slot, bool drops, struct bscope_resolution *out);

/* NEVER_CREATED if the log is whole up to here. */
enum bscope_contradiction bscope_resolver_judge_unknown(const struct bscope_resolver *r,
                                                        const struct bscope_step *event);

/* Notes in `out` that the event's text calls the variable, found by address, by a name that it was moved away from. */
void bscope_resolver_check_text(const struct bscope_resolver *r, const struct bscope_step *event, uint32_t slot,
                                struct bscope_resolution *out);

/* The kinds. 0 or BSCOPE_ERR_NO_MEMORY. */
int bscope_resolve_borrow(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out);
int bscope_resolve_move(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out);
int bscope_resolve_drop(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out);
int bscope_resolve_clone(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out);
int bscope_resolve_capture(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out);
int bscope_resolve_use(struct bscope_resolver *r, const struct bscope_step *event, struct bscope_resolution *out);
int bscope_resolve_resize_begin(struct bscope_resolver *r, const struct bscope_step *event,
                                struct bscope_resolution *out);
int bscope_resolve_resize_end(struct bscope_resolver *r, const struct bscope_step *event,
                              struct bscope_resolution *out);

#endif
