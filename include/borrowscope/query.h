/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to a log: what an event is, which events are, and how many of each there were. The calls that give lists
 * have the form of walk.h: the first `capacity` answers are written, the result is how many there are, and
 * BSCOPE_QUERY_FAILED says that bscope_last_error has a message.
 */
#ifndef BORROWSCOPE_QUERY_H
#define BORROWSCOPE_QUERY_H

#include <borrowscope/walk.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What an event can be: X(NAME, name, groups, first kind, last kind). It is, if its kind is of one of the groups or
 * stands between the two kinds, both included.
 */
/* clang-format off */
#define BSCOPE_PREDICATES(X) \
  X(NEW, new, 0, BSCOPE_KIND_NEW, BSCOPE_KIND_NEW) \
  X(BORROW, borrow, 0, BSCOPE_KIND_BORROW, BSCOPE_KIND_BORROW) \
  X(MOVE, move, 0, BSCOPE_KIND_MOVE, BSCOPE_KIND_MOVE) \
  X(DROP, drop, 0, BSCOPE_KIND_DROP, BSCOPE_KIND_DROP) \
  X(RC, rc, BSCOPE_IN_(RC), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(ARC, arc, BSCOPE_IN_(ARC), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(REFCOUNTED, refcounted, BSCOPE_IN_(RC) | BSCOPE_IN_(ARC), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(REFCELL, refcell, BSCOPE_IN_(REFCELL), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(CELL, cell, BSCOPE_IN_(CELL), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(INTERIOR_MUTABILITY, interior_mutability, BSCOPE_IN_(REFCELL) | BSCOPE_IN_(CELL), \
    BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(STATIC, static, BSCOPE_IN_(STATIC), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(CONST, const, BSCOPE_IN_(CONST), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(GLOBAL, global, BSCOPE_IN_(STATIC) | BSCOPE_IN_(CONST), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(UNSAFE, unsafe, BSCOPE_IN_(UNSAFE), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(RAW_PTR, raw_ptr, 0, BSCOPE_KIND_RAW_PTR_CREATED, BSCOPE_KIND_RAW_PTR_DEREF) \
  X(FFI, ffi, 0, BSCOPE_KIND_FFI_CALL, BSCOPE_KIND_FFI_CALL) \
  X(WEAK, weak, BSCOPE_IN_(WEAK), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(BOX, box, BSCOPE_IN_(BOX), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(LOCK_GUARD, lock_guard, BSCOPE_IN_(LOCK_GUARD), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(PIN, pin, BSCOPE_IN_(PIN), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(COW, cow, BSCOPE_IN_(COW), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(THREAD, thread, BSCOPE_IN_(THREAD), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(CHANNEL, channel, BSCOPE_IN_(CHANNEL), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(ONCE_CELL, once_cell, BSCOPE_IN_(ONCE_CELL), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(MAYBE_UNINIT, maybe_uninit, BSCOPE_IN_(MAYBE_UNINIT), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(ASYNC, async, BSCOPE_IN_(ASYNC), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(LOOP, loop, BSCOPE_IN_(LOOP), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(BRANCH, branch, BSCOPE_IN_(BRANCH), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(CONTROL_FLOW, control_flow, BSCOPE_IN_(CONTROL_FLOW), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(EXPRESSION, expression, BSCOPE_IN_(EXPRESSION), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(CLOSURE, closure, BSCOPE_IN_(CLOSURE), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(REGION, region, BSCOPE_IN_(REGION), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(FUNCTION, function, BSCOPE_IN_(FUNCTION), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE) \
  X(MEMORY_LAYOUT, memory_layout, BSCOPE_IN_(MEMORY_LAYOUT), BSCOPE_KIND_NONE, BSCOPE_KIND_NONE)
/* clang-format on */
#define BSCOPE_IN_(group) (1u << BSCOPE_GROUP_##group)

enum bscope_predicate {
  BSCOPE_IS_ANY = 0,
#define BSCOPE_PREDICATE_ROW_(upper, lower, groups, first, last) BSCOPE_IS_##upper,
  BSCOPE_PREDICATES(BSCOPE_PREDICATE_ROW_)
#undef BSCOPE_PREDICATE_ROW_
};

/* Whether an event is that; every one is BSCOPE_IS_ANY but what stands for a missing one. */
BSCOPE_API bool bscope_event_is(const struct bscope_event *event, enum bscope_predicate predicate);

/* bscope_event_is_new(event), bscope_event_is_refcounted(event), … */
#define BSCOPE_PREDICATE_ROW_(upper, lower, groups, first, last)                                                       \
  static inline bool bscope_event_is_##lower(const struct bscope_event *event) {                                       \
    return bscope_event_is(event, BSCOPE_IS_##upper);                                                                  \
  }
BSCOPE_PREDICATES(BSCOPE_PREDICATE_ROW_)
#undef BSCOPE_PREDICATE_ROW_

/* References that the program counted, where the event tells of them; else 0. */
BSCOPE_API uint64_t bscope_event_strong_count(const struct bscope_event *event);
BSCOPE_API uint64_t bscope_event_weak_count(const struct bscope_event *event);

/* Which events are meant: those to which all that is stated applies. NULL, or all 0: each one. */
struct bscope_event_query {
  size_t size;              /* sizeof(struct bscope_event_query) or 0 */
  enum bscope_kind kind;    /* BSCOPE_KIND_NONE: whatever */
  enum bscope_predicate is; /* BSCOPE_IS_ANY: whatever */
  const size_t *node;       /* a variable that the event is about: number of a node of the log's graph; or NULL */
  bool (*accept)(void *context, const struct bscope_event *event); /* or NULL; asked last; may track and query */
  void *context;
};

/* Events of the log (numbers for bscope_log_at). Any thread; no lock is held while `accept` runs. */
BSCOPE_API size_t bscope_log_select(const struct bscope_log *log, const struct bscope_event_query *query, size_t *out,
                                    size_t capacity);

/* Variables by the number of events about them; see bscope_graph_hot_spots. */
BSCOPE_API size_t bscope_log_hot_spots(const struct bscope_log *log, struct bscope_hot_spot *out, size_t capacity);

/* How many events say what. */
struct bscope_log_summary {
  size_t size;            /* sizeof(struct bscope_log_summary) or 0 */
  uint64_t events;        /* without those missing */
  uint64_t missing;       /* positions that hold no event */
  uint64_t created;       /* variables made, clones too */
  uint64_t dropped;       /* variables dropped; ends of borrows that say so are none */
  uint64_t borrows_immut; /* borrows, by guards and views too */
  uint64_t borrows_mut;
  uint64_t moves;
  uint64_t groups[40]; /* events of each enum bscope_group */
  uint64_t kinds[128]; /* events of each enum bscope_kind of the vocabulary */
};

/* 0, BSCOPE_ERR_INVALID_ARGUMENT, or what ended the walk over the log too early. */
BSCOPE_API int bscope_log_summarize(const struct bscope_log *log, struct bscope_log_summary *out);

/* A line for each count, and for each group that occurred. Owned: bscope_string_free. NULL: see bscope_last_error. */
BSCOPE_API char *bscope_log_summary_text(const struct bscope_log_summary *summary);

#ifdef __cplusplus
}
#endif

#endif
