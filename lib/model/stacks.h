/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a name means. Each thread has two stacks a name, of owners and of borrowers: the newest live variable is on top,
 * and the newest one ever made is remembered after its end. Each name also lists its live variables on all threads.
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

/* All threads' live variables of a name. */
struct bscope_name_list {
  struct bscope_stack_list live[2];
  bool made[2]; /* whether there ever was one */
};

struct bscope_stacks {
  struct bscope_variables *variables; /* borrowed */
  struct bscope_table index;          /* name, thread -> stack */
  struct bscope_stack *stacks;        /* from 1 */
  size_t count;
  size_t capacity;
  struct bscope_name_list *names; /* by name */
  size_t name_capacity;
  uint64_t let_go;
};

void bscope_stacks_init(struct bscope_stacks *stacks, struct bscope_variables *variables, uint64_t seed);
void bscope_stacks_fini(struct bscope_stacks *stacks);

/* The stack of a thread's name, or 0. The hint is the site's. */
static inline uint32_t bscope_stacks_find(const struct bscope_stacks *stacks, uint32_t thread, uint32_t name,
                                          struct bscope_stack_hint *hint) {
  if (hint->stack == 0 || hint->thread != thread)
    *hint = (struct bscope_stack_hint){thread,
                                       name == BSCOPE_NAME_NONE ? 0 : bscope_table_get(&stacks->index, name, thread)};
  return hint->stack;
}

/*
 * Makes room for a variable of that name before it is made, so that pushing can't fail: the stack into *out.
 * 0 or BSCOPE_ERR_NO_MEMORY.
 */
int bscope_stacks_reserve(struct bscope_stacks *stacks, uint32_t thread, uint32_t name, struct bscope_stack_hint *hint,
                          uint32_t *out);

/*
 * Puts a new variable on a reserved stack. Where that lets go a variable that neither an address nor an id can mean,
 * its slot: nothing will ask for it again. Else NONE.
 */
uint32_t bscope_stacks_push(struct bscope_stacks *stacks, uint32_t stack, uint32_t slot);

/* Takes a variable that ended, or is let go, off its stack and its name's list; `last` still remembers it. */
void bscope_stacks_remove(struct bscope_stacks *stacks, uint32_t slot);

/* Forgets a variable that ended: nothing can mean it by its name any more. */
void bscope_stacks_forget(struct bscope_stacks *stacks, uint32_t slot);

/* The newest live variable on a stack (0: none). */
uint32_t bscope_stacks_newest(const struct bscope_stacks *stacks, uint32_t stack, enum bscope_want want);

/* The newest variable ever on a stack, ended perhaps. */
uint32_t bscope_stacks_last(const struct bscope_stacks *stacks, uint32_t stack, enum bscope_want want);

/* The one live variable of that name if there is exactly one. */
uint32_t bscope_stacks_only(const struct bscope_stacks *stacks, uint32_t name, enum bscope_want want);

/* Whether a variable of that name was ever made. */
bool bscope_stacks_made(const struct bscope_stacks *stacks, uint32_t name, enum bscope_want want);

#endif
