/* SPDX-License-Identifier: Apache-2.0 */
/* The table of variables: see variables.h. */
#include "model/variables.h"

#include "base/error.h"
#include "model/memory.h"

#include <stdlib.h>

void bscope_variables_fini(struct bscope_variables *variables) {
  free(variables->slots);
}

static uint32_t take_slot(struct bscope_variables *variables) {
  if (variables->free != BSCOPE_SLOT_NONE) {
    uint32_t slot = variables->free;
    variables->free = variables->slots[slot].in_stack.older;
    return slot;
  }
  size_t used = variables->count == 0 ? 1 : variables->count;
  struct bscope_variable *slots = bscope_model_grow(variables->slots, &variables->capacity, used + 1, sizeof(*slots));
  if (slots == NULL)
    return BSCOPE_SLOT_NONE;
  variables->slots = slots;
  variables->count = used + 1;
  return (uint32_t)used;
}

/* What must not be left of a slot's last variable. Links are written when they come into use. */
static void clear(struct bscope_variable *v) {
  v->chain = 0;
  v->stack = 0;
  v->gaps = 0;
  v->life = BSCOPE_LIFE_ALIVE;
  v->stacked = v->named = v->started = v->mapped = v->remembered = v->kept = false;
}

uint32_t bscope_variables_add(struct bscope_variables *variables) {
  if (variables->created == UINT32_MAX) {
    bscope_fail(BSCOPE_ERR_NO_MEMORY, "model: more than %u variables", UINT32_MAX);
    return BSCOPE_SLOT_NONE;
  }
  uint32_t slot = take_slot(variables);
  if (slot != BSCOPE_SLOT_NONE) {
    clear(&variables->slots[slot]);
    variables->slots[slot].number = variables->created++;
    variables->slots[slot].holds = 1;
  }
  return slot;
}
