/* SPDX-License-Identifier: Apache-2.0 */
/* Who a name means: see stacks.h. */
#include "model/stacks.h"

#include "base/util.h"
#include "model/memory.h"

#include <stdlib.h>
#include <string.h>

void bscope_stacks_init(struct bscope_stacks *stacks, struct bscope_variables *variables, uint64_t seed) {
  *stacks = (struct bscope_stacks){.variables = variables, .count = 1};
  bscope_table_init(&stacks->index, seed);
}

void bscope_stacks_fini(struct bscope_stacks *stacks) {
  bscope_table_fini(&stacks->index);
  free(stacks->stacks);
  free(stacks->names);
}

uint32_t bscope_stacks_lookup(const struct bscope_stacks *stacks, uint32_t thread, uint32_t name,
                              struct bscope_stack_hint *hint) {
  uint32_t stack = name == BSCOPE_NAME_NONE ? 0 : bscope_table_get(&stacks->index, name, thread);
  hint->of[thread % BSCOPE_HINT_THREADS].thread = thread;
  hint->of[thread % BSCOPE_HINT_THREADS].stack = stack != 0 ? stack : BSCOPE_HINT_NONE | (uint32_t)stacks->count;
  return stack;
}

static int reserve_name(struct bscope_stacks *stacks, uint32_t name) {
  size_t before = stacks->name_capacity;
  if (bscope_likely(name < before))
    return BSCOPE_OK;
  struct bscope_name_count *names =
      bscope_model_grow(stacks->names, &stacks->name_capacity, (size_t)name + 1, sizeof(*names));
  if (names == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  memset(names + before, 0, (stacks->name_capacity - before) * sizeof(*names));
  stacks->names = names;
  return BSCOPE_OK;
}

uint32_t bscope_stacks_add(struct bscope_stacks *stacks, uint32_t thread, uint32_t name,
                           struct bscope_stack_hint *hint) {
  if (reserve_name(stacks, name) != BSCOPE_OK)
    return BSCOPE_STACK_FAILED;
  struct bscope_stack *grown = bscope_model_grow(stacks->stacks, &stacks->capacity, stacks->count + 1, sizeof(*grown));
  if (grown == NULL)
    return BSCOPE_STACK_FAILED;
  stacks->stacks = grown;
  uint32_t *value = bscope_table_at(&stacks->index, name, thread);
  if (value == NULL)
    return BSCOPE_STACK_FAILED;
  grown[stacks->count] = (struct bscope_stack){0};
  uint32_t stack = *value = (uint32_t)stacks->count++;
  hint->of[thread % BSCOPE_HINT_THREADS].thread = thread;
  hint->of[thread % BSCOPE_HINT_THREADS].stack = stack;
  return stack;
}

static inline void list_push(const struct bscope_variables *variables, struct bscope_stack_list *list, uint32_t slot) {
  bscope_variable(variables, slot)->in_stack = (struct bscope_link){.older = list->newest};
  if (list->newest != BSCOPE_SLOT_NONE)
    bscope_variable(variables, list->newest)->in_stack.newer = slot;
  else
    list->oldest = slot;
  list->newest = slot;
  list->count++;
}

static inline void list_remove(const struct bscope_variables *variables, struct bscope_stack_list *list,
                               uint32_t slot) {
  struct bscope_link at = bscope_variable(variables, slot)->in_stack;
  if (at.newer != BSCOPE_SLOT_NONE)
    bscope_variable(variables, at.newer)->in_stack.older = at.older;
  else
    list->newest = at.older;
  if (at.older != BSCOPE_SLOT_NONE)
    bscope_variable(variables, at.older)->in_stack.newer = at.newer;
  else
    list->oldest = at.newer;
  list->count--;
}

static void take_off_stack(struct bscope_stacks *stacks, uint32_t slot) {
  struct bscope_variable *v = bscope_variable(stacks->variables, slot);
  list_remove(stacks->variables, &stacks->stacks[v->stack].live[v->borrower], slot);
  v->stacked = false;
}

/* The oldest of a stack that is too deep. What nothing else can mean either is given up. */
static uint32_t let_go(struct bscope_stacks *stacks, uint32_t slot) {
  struct bscope_variable *v = bscope_variable(stacks->variables, slot);
  take_off_stack(stacks, slot);
  stacks->let_go++;
  if (v->address != 0 || v->given)
    return BSCOPE_SLOT_NONE;
  /* It still counts: it may be alive, so the name's other variable is never the only one. */
  stacks->names[v->name].slots[v->borrower] ^= slot;
  v->named = false;
  return slot;
}

uint32_t bscope_stacks_push(struct bscope_stacks *stacks, uint32_t stack, uint32_t slot) {
  struct bscope_variable *v = bscope_variable(stacks->variables, slot);
  if (stack == 0)
    return BSCOPE_SLOT_NONE;
  struct bscope_stack *own = &stacks->stacks[stack];
  struct bscope_stack_list *live = &own->live[v->borrower];
  v->stack = stack;
  v->stacked = v->named = true;
  v->holds++;
  if (own->last[v->borrower] != BSCOPE_SLOT_NONE)
    bscope_variables_release(stacks->variables, own->last[v->borrower]);
  own->last[v->borrower] = slot;
  struct bscope_name_count *name = &stacks->names[v->name];
  name->made[v->borrower] = true;
  name->live[v->borrower]++;
  name->slots[v->borrower] ^= slot;
  list_push(stacks->variables, live, slot);
  return live->count > BSCOPE_STACK_DEPTH ? let_go(stacks, live->oldest) : BSCOPE_SLOT_NONE;
}

void bscope_stacks_remove(struct bscope_stacks *stacks, uint32_t slot) {
  struct bscope_variable *v = bscope_variable(stacks->variables, slot);
  if (v->stacked)
    take_off_stack(stacks, slot);
  if (!v->named)
    return;
  struct bscope_name_count *name = &stacks->names[v->name];
  name->live[v->borrower]--;
  name->slots[v->borrower] ^= slot;
  v->named = false;
}

void bscope_stacks_forget(struct bscope_stacks *stacks, uint32_t slot) {
  struct bscope_variable *v = bscope_variable(stacks->variables, slot);
  if (v->stack == 0 || stacks->stacks[v->stack].last[v->borrower] != slot)
    return;
  stacks->stacks[v->stack].last[v->borrower] = BSCOPE_SLOT_NONE;
  bscope_variables_release(stacks->variables, slot);
}

uint32_t bscope_stacks_last(const struct bscope_stacks *stacks, uint32_t stack, enum bscope_want want) {
  if (stack == 0)
    return BSCOPE_SLOT_NONE;
  const uint32_t *last = stacks->stacks[stack].last;
  return want != BSCOPE_WANT_BOTH ? last[want] : bscope_stacks_newer(stacks, last[0], last[1]);
}

uint32_t bscope_stacks_only(const struct bscope_stacks *stacks, uint32_t name, enum bscope_want want) {
  if (name == BSCOPE_NAME_NONE || name >= stacks->name_capacity)
    return BSCOPE_SLOT_NONE;
  const struct bscope_name_count *all = &stacks->names[name];
  if (want != BSCOPE_WANT_BOTH)
    return all->live[want] == 1 ? all->slots[want] : BSCOPE_SLOT_NONE;
  return all->live[0] + all->live[1] == 1 ? all->slots[0] ^ all->slots[1] : BSCOPE_SLOT_NONE;
}

bool bscope_stacks_made(const struct bscope_stacks *stacks, uint32_t name, enum bscope_want want) {
  if (name == BSCOPE_NAME_NONE || name >= stacks->name_capacity)
    return false;
  const bool *made = stacks->names[name].made;
  return want != BSCOPE_WANT_BOTH ? made[want] : made[0] || made[1];
}
