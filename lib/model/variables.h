/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variables that the resolver still needs: the live ones, and ended ones that a name, an address, an id or an open
 * borrow may still mean. Each has a slot; whoever may come back to it holds it, and the last one to let go frees the
 * slot for the next variable. Links are slot numbers, so that the table can move when it grows. 0 is no slot.
 */
#ifndef BSCOPE_MODEL_VARIABLES_H
#define BSCOPE_MODEL_VARIABLES_H

#include <borrowscope/types.h>

#define BSCOPE_SLOT_NONE 0u

enum bscope_life { BSCOPE_LIFE_ALIVE, BSCOPE_LIFE_DROPPED, BSCOPE_LIFE_MOVED, BSCOPE_LIFE_OVERWRITTEN };

/* A place in a doubly linked list. */
struct bscope_link {
  uint32_t newer;
  uint32_t older;
};

struct bscope_variable {
  uint64_t address; /* 0: unknown */
  uint64_t size;    /* as stated */
  bscope_stamp stamp;
  bscope_stamp ended; /* when it is not alive */
  uint64_t given_id;
  uint32_t number; /* in the order of creation */
  uint32_t name;
  uint32_t thread;
  uint32_t facts; /* of the creating event */
  uint32_t site;
  uint32_t owner; /* of a borrower: held while the borrow is open */
  uint32_t chain; /* former names of the value, or 0 */
  uint32_t stack; /* the names stack it was pushed on */
  uint32_t gaps;  /* unknown stretches of the log before its end */
  uint32_t holds;
  struct bscope_link in_stack; /* its thread's variables of that name */
  struct bscope_link in_ended; /* the ended that are remembered */
  struct bscope_link at_start; /* variables of the same start address */
  struct bscope_link in_cell[2];
  uint8_t kind; /* of the creating event */
  bool borrower;
  bool scoped;     /* declared by a scope-bound form: the address is the variable's own, not its value's */
  bool scope_open; /* scoped, and the end of its scope is still to come */
  bool given;      /* has given_id */
  bool closure;    /* whose given ids are apart from variables' */
  bool at;         /* made by an _at form: its creation text calls the value */
  bool received;   /* made by a move: that text is the receiver's own */
  uint8_t life;    /* enum bscope_life; this and what follows is 0 in a new variable */
  bool kept;       /* scoped, and its block has ended without it: nothing at its address is it any more */
  bool stacked;
  bool named;
  bool started; /* in the list of its start address */
  bool mapped;  /* in the grid */
  bool remembered;
};

struct bscope_variables {
  struct bscope_variable *slots;
  size_t count; /* slots ever used, 0 included */
  size_t capacity;
  uint32_t free;    /* list of free slots, by in_stack.older */
  uint32_t created; /* the next variable's number */
};

void bscope_variables_fini(struct bscope_variables *variables);

/*
 * A slot with its number, alive and held by that, in no list; what it is remains to be written, all of it.
 * NONE: BSCOPE_ERR_NO_MEMORY is set.
 */
uint32_t bscope_variables_add(struct bscope_variables *variables);

static inline struct bscope_variable *bscope_variable(const struct bscope_variables *variables, uint32_t slot) {
  return &variables->slots[slot];
}

/* Lets go of a slot; the last one frees it. */
static inline void bscope_variables_release(struct bscope_variables *variables, uint32_t slot) {
  struct bscope_variable *v = bscope_variable(variables, slot);
  if (--v->holds != 0)
    return;
  v->in_stack.older = variables->free;
  variables->free = slot;
}

/* The last byte of [address, size): size 0 counts as 1, and nothing reaches beyond the address space. */
static inline uint64_t bscope_variable_last(uint64_t address, uint64_t size) {
  uint64_t rest = size == 0 ? 0 : size - 1;
  return rest > UINT64_MAX - address ? UINT64_MAX : address + rest;
}

/* Whether a variable with a known address holds this one. */
static inline bool bscope_variable_contains(const struct bscope_variable *v, uint64_t address) {
  return v->address != 0 && v->address <= address && address <= bscope_variable_last(v->address, v->size);
}

#endif
