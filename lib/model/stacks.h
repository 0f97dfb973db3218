/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a name means. Each thread has two stacks a name, of owners and of borrowers: the newest live variable is on top,
 * and the newest one ever made is remembered after its end. Each name also counts its live variables on all threads.
 * O(1) an operation; a stack is 1024 deep at most, then its oldest variable is let go.
 */
#ifndef BSCOPE_MODEL_STACKS_H
#define BSCOPE_MODEL_STACKS_H

#include "model/facts.h"
#include "model/variables.h"

#define BSCOPE_STACK_DEPTH 1024u

/* Who may be meant; indexes a pair of stacks. */
enum bscope_want { BSCOPE_WANT_OWNER = 0, BSCOPE_WANT_BORROWER = 1, BSCOPE_WANT_BOTH = 2 };

/* The live variables of a list, newest first, and how many. */
struct bscope_stack_list {
  uint32_t newest;
  uint32_t oldest;
  uint32_t count;
};

/* A thread's variables of a name. */
struct bscope_stack {
  struct bscope_stack_list live[2]; /* enum bscope_want */
  uint32_t last[2];                 /* the newest ever made; held */
};

/* All threads' live variables of a name: how many, and all their slots in one XOR, which of a single one is its slot.
 */
struct bscope_name_count {
  uint32_t live[2]; /* enum bscope_want */
  uint32_t slots[2];
  bool made[2]; /* whether there ever was one */
};

struct bscope_stacks {
  struct bscope_variables *variables; /* borrowed */
  struct bscope_table index;          /* name, thread -> stack */
  struct bscope_stack *stacks;        /* from 1 */
  size_t count;
  size_t capacity;
  struct bscope_name_count *names; /* by name */
  size_t name_capacity;
  uint64_t let_go;
};

void bscope_stacks_init(struct bscope_stacks *stacks, struct bscope_variables *variables, uint64_t seed);
void bscope_stacks_fini(struct bscope_stacks *stacks);

/* Looks up what the hint does not say, and tells it. */
uint32_t bscope_stacks_lookup(const struct bscope_stacks *stacks, uint32_t thread, uint32_t name,
                              struct bscope_stack_hint *hint);

/* The stack of a thread's name, or 0. The hint is the site's. */
static inline uint32_t bscope_stacks_find(const struct bscope_stacks *stacks, uint32_t thread, uint32_t name,
                                          struct bscope_stack_hint *hint) {
  uint32_t stack = hint->of[thread % BSCOPE_HINT_THREADS].stack;
  if (bscope_unlikely(hint->of[thread % BSCOPE_HINT_THREADS].thread != thread))
    stack = 0;
  if (bscope_likely(stack - 1 < BSCOPE_HINT_NONE - 1))
    return stack;
  return stack == (BSCOPE_HINT_NONE | (uint32_t)stacks->count) ? 0 : bscope_stacks_lookup(stacks, thread, name, hint);
}

#define BSCOPE_STACK_FAILED UINT32_MAX

/* Makes the stack of a thread's name that has none yet: its number, or BSCOPE_STACK_FAILED. */
uint32_t bscope_stacks_add(struct bscope_stacks *stacks, uint32_t thread, uint32_t name,
                           struct bscope_stack_hint *hint);

/*
 * Makes room for a variable of that name before it is made, so that pushing can't fail. The stack (0: it has no name),
 * or BSCOPE_STACK_FAILED with BSCOPE_ERR_NO_MEMORY set.
 */
static inline uint32_t bscope_stacks_reserve(struct bscope_stacks *stacks, uint32_t thread, uint32_t name,
                                             struct bscope_stack_hint *hint) {
  uint32_t stack = bscope_stacks_find(stacks, thread, name, hint);
  return bscope_likely(stack != 0 || name == BSCOPE_NAME_NONE) ? stack : bscope_stacks_add(stacks, thread, name, hint);
}

/*
 * Puts a new variable on a reserved stack. Where that lets go a variable that neither an address nor an id can mean,
 * its slot: nothing will ask for it again. Else NONE.
 */
uint32_t bscope_stacks_push(struct bscope_stacks *stacks, uint32_t stack, uint32_t slot);

/* Takes a variable that ended, or is let go, off its stack and its name's count; `last` still remembers it. */
void bscope_stacks_remove(struct bscope_stacks *stacks, uint32_t slot);

/* Forgets a variable that ended: nothing can mean it by its name any more. */
void bscope_stacks_forget(struct bscope_stacks *stacks, uint32_t slot);

/* Of two slots the one made later. */
static inline uint32_t bscope_stacks_newer(const struct bscope_stacks *stacks, uint32_t a, uint32_t b) {
  if (a == BSCOPE_SLOT_NONE || b == BSCOPE_SLOT_NONE)
    return a == BSCOPE_SLOT_NONE ? b : a;
  return bscope_variable(stacks->variables, a)->number > bscope_variable(stacks->variables, b)->number ? a : b;
}

/* The newest live variable on a stack (0: none). */
static inline uint32_t bscope_stacks_newest(const struct bscope_stacks *stacks, uint32_t stack, enum bscope_want want) {
  if (stack == 0)
    return BSCOPE_SLOT_NONE;
  const struct bscope_stack_list *live = stacks->stacks[stack].live;
  return want != BSCOPE_WANT_BOTH ? live[want].newest : bscope_stacks_newer(stacks, live[0].newest, live[1].newest);
}

/* The newest variable ever on a stack, ended perhaps. */
uint32_t bscope_stacks_last(const struct bscope_stacks *stacks, uint32_t stack, enum bscope_want want);

/* The one live variable of that name if there is exactly one. */
uint32_t bscope_stacks_only(const struct bscope_stacks *stacks, uint32_t name, enum bscope_want want);

/* Whether a variable of that name was ever made. */
bool bscope_stacks_made(const struct bscope_stacks *stacks, uint32_t name, enum bscope_want want);

#endif
