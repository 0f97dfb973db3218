/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From records to variables: who is meant by an id, an address or a name, in log order, in one pass, O(1) an event.
 * A pure function of the events fed: no clock, no hash order, no addresses in what it decides beyond equality and
 * containment.
 */
#ifndef BSCOPE_MODEL_RESOLVE_H
#define BSCOPE_MODEL_RESOLVE_H

#include <borrowscope/graph.h>
#include <borrowscope/log.h>

#define BSCOPE_VARIABLE_NONE UINT32_MAX

/* A variable's part of a resolution: enough to write its id without any table. */
struct bscope_variable_ref {
  uint32_t variable;  /* number in the order of creation, from 0; BSCOPE_VARIABLE_NONE: unknown */
  const char *name;   /* of the variable, or of what the event named when it is unknown */
  bscope_stamp stamp; /* of the creating event */
  uint64_t given_id;  /* when has_given_id: the id is "<name>_<given_id>" */
  bool has_given_id;
};

/* Why an event does not fit together with those before it (what bscope_log_validate reports). */
enum bscope_contradiction {
  BSCOPE_FITS = 0,
  BSCOPE_DROPPED_TWICE,   /* drop of what was dropped already */
  BSCOPE_USED_AFTER_MOVE, /* drop, move, borrow or use of what was moved away */
  BSCOPE_USED_AFTER_DROP, /* move, borrow or use of what was dropped */
  BSCOPE_NEVER_CREATED    /* drop, move or end of borrow of what was never seen (or ended too long ago to be kept) */
};

/* What one event means. */
struct bscope_resolution {
  struct bscope_variable_ref subject; /* created, dropped, moved from, used; the borrower of a borrow */
  struct bscope_variable_ref object;  /* the owner of a borrow; what a move made */
  struct bscope_variable_ref parent;  /* a reborrow's parent borrower, or unknown */
  bool creates;                       /* a variable was made: of a move it is `object`, else `subject` */
  bool ends;                          /* the subject's life ended here */
  bool inferred;  /* a variable was found by address or by another thread's name for it: neither by id nor by name */
  bool ambiguous; /* text and address named different live variables */
  bool silent;    /* no event of the story: the end of a scope of what ended before, a drop of NULL */
  enum bscope_contradiction contradiction; /* FITS where positions are missing that could explain it */
  bool by_spelling;      /* only the spelling of an argument says so: no proof, since C variables are used again */
  bscope_stamp ended_at; /* with a contradiction about a variable that ended: when it did; else BSCOPE_STAMP_OPEN */
  uint8_t ended_kind;    /* and the kind of the event that made it */
  struct bscope_variable_ref overwritten; /* a live variable that ended because another took its memory; or unknown */
  uint32_t overwritten_count;             /* all of them: bscope_resolver_overwritten */
  uint64_t old_address;                   /* of a resize */
  uint64_t old_size;
  uint64_t address; /* of what a move made, or of the block after a resize; 0: none */
  uint64_t size;
};

struct bscope_resolver;
struct bscope_facts_table;
struct bscope_step;

/* Owned. NULL: BSCOPE_ERR_NO_MEMORY. Strings of its resolutions live as long as it or the log. */
struct bscope_resolver *bscope_resolver_create(void);

/* The same over a table of the caller's, which must outlive it, and whose strings the resolutions then use. */
struct bscope_resolver *bscope_resolver_create_on(struct bscope_facts_table *facts);

void bscope_resolver_destroy(struct bscope_resolver *resolver);

/* Feeds the next event of the log (LOST and OPEN positions too). 0, or BSCOPE_ERR_NO_MEMORY: the resolver is then of no
 * further use. */
int bscope_resolver_feed(struct bscope_resolver *resolver, const struct bscope_event *event,
                         struct bscope_resolution *out);

/*
 * The same for a step of a walk over the resolver's table of facts. Of the references in *out only these are told:
 * `variable` of subject and object; and where it is NONE, `name` of a borrow's owner, and the given id. Former names of
 * what moved are not kept, so that no contradiction rests on one.
 */
int bscope_resolver_take(struct bscope_resolver *resolver, const struct bscope_step *step,
                         struct bscope_resolution *out);

/* Of a step, all that bscope_resolver_feed tells. A resolver is fed by one of these or by bscope_resolver_take. */
int bscope_resolver_take_all(struct bscope_resolver *resolver, const struct bscope_step *step,
                             struct bscope_resolution *out);

/* Its table of facts, borrowed. */
struct bscope_facts_table *bscope_resolver_facts(const struct bscope_resolver *resolver);

/* The i-th variable that the last event overwrote, in the order of their creation; i < overwritten_count. */
struct bscope_variable_ref bscope_resolver_overwritten(const struct bscope_resolver *resolver, uint32_t i);

/* Variables that a name can't mean any more, because more than 1024 newer ones of it were alive on their thread. */
uint64_t bscope_resolver_let_go(const struct bscope_resolver *resolver);

#endif
