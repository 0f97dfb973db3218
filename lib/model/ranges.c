/* SPDX-License-Identifier: Apache-2.0 */
/* Who an address means: see ranges.h. */
#include "model/ranges.h"

#include "base/util.h"

#include <borrowscope/error.h>

void bscope_ranges_init(struct bscope_ranges *ranges, struct bscope_variables *variables, uint64_t seed) {
  *ranges = (struct bscope_ranges){.variables = variables};
  bscope_table_init(&ranges->starts, seed);
  bscope_table_init(&ranges->cells, seed + 1);
}

void bscope_ranges_fini(struct bscope_ranges *ranges) {
  bscope_table_fini(&ranges->starts);
  bscope_table_fini(&ranges->cells);
}

/* The least even k with 2^k >= size; what is larger than 2^62 still has two cells at most on level 63. */
static unsigned level_of(const struct bscope_variable *v) {
  uint64_t rest = bscope_variable_last(v->address, v->size) - v->address;
  unsigned bits = rest == 0 ? 0 : 64 - (unsigned)__builtin_clzll(rest);
  return bits <= 62 ? (bits + 1) & ~1u : BSCOPE_LEVELS - 1;
}

/* A cell's list links v by the link of v's first or of its second cell. */
static struct bscope_link *link_in(struct bscope_variable *v, unsigned level, uint64_t cell) {
  return &v->in_cell[cell != v->address >> level];
}

static int cell_add(struct bscope_ranges *ranges, uint32_t slot, unsigned level, uint64_t cell) {
  uint32_t *head = bscope_table_at(&ranges->cells, cell, level);
  if (head == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  *link_in(bscope_variable(ranges->variables, slot), level, cell) = (struct bscope_link){.older = *head};
  if (*head != BSCOPE_SLOT_NONE)
    link_in(bscope_variable(ranges->variables, *head), level, cell)->newer = slot;
  *head = slot;
  return BSCOPE_OK;
}

static void cell_remove(struct bscope_ranges *ranges, uint32_t slot, unsigned level, uint64_t cell) {
  struct bscope_link at = *link_in(bscope_variable(ranges->variables, slot), level, cell);
  if (at.older != BSCOPE_SLOT_NONE)
    link_in(bscope_variable(ranges->variables, at.older), level, cell)->newer = at.newer;
  if (at.newer != BSCOPE_SLOT_NONE)
    link_in(bscope_variable(ranges->variables, at.newer), level, cell)->older = at.older;
  else if (at.older != BSCOPE_SLOT_NONE)
    *bscope_table_find(&ranges->cells, cell, level) = at.older;
  else
    bscope_table_remove(&ranges->cells, cell, level);
}

static int start_add(struct bscope_ranges *ranges, uint32_t slot) {
  struct bscope_variable *v = bscope_variable(ranges->variables, slot);
  uint32_t *head = bscope_table_at(&ranges->starts, v->address, 0);
  if (head == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  v->at_start = (struct bscope_link){.older = *head};
  if (*head != BSCOPE_SLOT_NONE)
    bscope_variable(ranges->variables, *head)->at_start.newer = slot;
  *head = slot;
  v->started = true;
  return BSCOPE_OK;
}

int bscope_ranges_add(struct bscope_ranges *ranges, uint32_t slot) {
  struct bscope_variable *v = bscope_variable(ranges->variables, slot);
  if (start_add(ranges, slot) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  unsigned level = level_of(v);
  uint64_t first = v->address >> level, second = bscope_variable_last(v->address, v->size) >> level;
  if (cell_add(ranges, slot, level, first) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  if (second != first && cell_add(ranges, slot, level, second) != BSCOPE_OK) {
    cell_remove(ranges, slot, level, first);
    return BSCOPE_ERR_NO_MEMORY;
  }
  v->mapped = true;
  if (ranges->level_count[level]++ == 0)
    ranges->levels |= UINT64_C(1) << level;
  return BSCOPE_OK;
}

/* The links of `from` in a cell's list become those of `slot`. */
static void cell_inherit(struct bscope_ranges *ranges, uint32_t from, uint32_t slot, unsigned level, uint64_t cell) {
  struct bscope_link at = *link_in(bscope_variable(ranges->variables, from), level, cell);
  *link_in(bscope_variable(ranges->variables, slot), level, cell) = at;
  if (at.older != BSCOPE_SLOT_NONE)
    link_in(bscope_variable(ranges->variables, at.older), level, cell)->newer = slot;
  if (at.newer != BSCOPE_SLOT_NONE)
    link_in(bscope_variable(ranges->variables, at.newer), level, cell)->older = slot;
  else
    *bscope_table_find(&ranges->cells, cell, level) = slot;
}

static void start_inherit(struct bscope_ranges *ranges, uint32_t from, uint32_t slot) {
  struct bscope_link at = bscope_variable(ranges->variables, from)->at_start;
  struct bscope_variable *v = bscope_variable(ranges->variables, slot);
  v->at_start = at;
  if (at.older != BSCOPE_SLOT_NONE)
    bscope_variable(ranges->variables, at.older)->at_start.newer = slot;
  if (at.newer != BSCOPE_SLOT_NONE)
    bscope_variable(ranges->variables, at.newer)->at_start.older = slot;
  else
    *bscope_table_find(&ranges->starts, v->address, 0) = slot;
}

void bscope_ranges_inherit(struct bscope_ranges *ranges, uint32_t predecessor, uint32_t slot) {
  struct bscope_variable *v = bscope_variable(ranges->variables, slot);
  v->started = v->mapped = true;
  if (predecessor == slot)
    return;
  unsigned level = level_of(v);
  uint64_t first = v->address >> level, second = bscope_variable_last(v->address, v->size) >> level;
  start_inherit(ranges, predecessor, slot);
  cell_inherit(ranges, predecessor, slot, level, first);
  if (second != first)
    cell_inherit(ranges, predecessor, slot, level, second);
}

void bscope_ranges_unmap(struct bscope_ranges *ranges, uint32_t slot) {
  struct bscope_variable *v = bscope_variable(ranges->variables, slot);
  if (!v->mapped)
    return;
  unsigned level = level_of(v);
  uint64_t first = v->address >> level, second = bscope_variable_last(v->address, v->size) >> level;
  cell_remove(ranges, slot, level, first);
  if (second != first)
    cell_remove(ranges, slot, level, second);
  v->mapped = false;
  if (--ranges->level_count[level] == 0)
    ranges->levels &= ~(UINT64_C(1) << level);
}

void bscope_ranges_unstart(struct bscope_ranges *ranges, uint32_t slot) {
  struct bscope_variable *v = bscope_variable(ranges->variables, slot);
  if (!v->started)
    return;
  v->started = false;
  struct bscope_link at = v->at_start;
  if (at.older != BSCOPE_SLOT_NONE)
    bscope_variable(ranges->variables, at.older)->at_start.newer = at.newer;
  if (at.newer != BSCOPE_SLOT_NONE)
    bscope_variable(ranges->variables, at.newer)->at_start.older = at.older;
  else if (at.older != BSCOPE_SLOT_NONE)
    *bscope_table_find(&ranges->starts, v->address, 0) = at.older;
  else
    bscope_table_remove(&ranges->starts, v->address, 0);
}

/* Whether a is smaller than b, or as large and newer. */
static bool closer(const struct bscope_variable *a, const struct bscope_variable *b) {
  uint64_t a_rest = bscope_variable_last(a->address, a->size) - a->address;
  uint64_t b_rest = bscope_variable_last(b->address, b->size) - b->address;
  return a_rest != b_rest ? a_rest < b_rest : a->number > b->number;
}

uint32_t bscope_ranges_holding(const struct bscope_ranges *ranges, uint64_t address) {
  uint32_t best = BSCOPE_SLOT_NONE;
  for (uint64_t levels = ranges->levels; levels != 0 && best == BSCOPE_SLOT_NONE; levels &= levels - 1) {
    unsigned level = (unsigned)__builtin_ctzll(levels);
    uint64_t cell = address >> level;
    uint32_t slot = bscope_table_get(&ranges->cells, cell, level);
    while (slot != BSCOPE_SLOT_NONE) {
      struct bscope_variable *v = bscope_variable(ranges->variables, slot);
      if (bscope_variable_contains(v, address) &&
          (best == BSCOPE_SLOT_NONE || closer(v, bscope_variable(ranges->variables, best))))
        best = slot;
      slot = link_in(v, level, cell)->older;
    }
  }
  return best;
}

uint32_t bscope_ranges_first_at(const struct bscope_ranges *ranges, uint64_t address) {
  return address == 0 ? BSCOPE_SLOT_NONE : bscope_table_get(&ranges->starts, address, 0);
}

uint32_t bscope_ranges_live_at(const struct bscope_ranges *ranges, uint64_t address) {
  uint32_t best = BSCOPE_SLOT_NONE;
  for (uint32_t slot = bscope_ranges_first_at(ranges, address); slot != BSCOPE_SLOT_NONE;) {
    const struct bscope_variable *v = bscope_variable(ranges->variables, slot);
    if (v->mapped && (best == BSCOPE_SLOT_NONE || v->number > bscope_variable(ranges->variables, best)->number))
      best = slot;
    slot = v->at_start.older;
  }
  return best;
}

static bool crosses(const struct bscope_variable *v, uint64_t address, uint64_t last) {
  uint64_t v_last = bscope_variable_last(v->address, v->size);
  bool overlaps = v->address <= last && address <= v_last;
  bool nested = (v->address <= address && last <= v_last) || (address <= v->address && v_last <= last);
  return overlaps && !nested;
}

/* The oldest of `best` and the variables of a cell that cross [address, last]. */
static uint32_t crossing_in(const struct bscope_ranges *ranges, unsigned level, uint64_t cell, uint64_t address,
                            uint64_t last, uint32_t best) {
  for (uint32_t slot = bscope_table_get(&ranges->cells, cell, level); slot != BSCOPE_SLOT_NONE;) {
    struct bscope_variable *v = bscope_variable(ranges->variables, slot);
    if (crosses(v, address, last) &&
        (best == BSCOPE_SLOT_NONE || v->number < bscope_variable(ranges->variables, best)->number))
      best = slot;
    slot = link_in(v, level, cell)->older;
  }
  return best;
}

uint32_t bscope_ranges_crossing(const struct bscope_ranges *ranges, uint64_t address, uint64_t last) {
  /* What crosses holds the first or the last byte. */
  uint32_t best = BSCOPE_SLOT_NONE;
  for (uint64_t levels = ranges->levels; levels != 0; levels &= levels - 1) {
    unsigned level = (unsigned)__builtin_ctzll(levels);
    best = crossing_in(ranges, level, address >> level, address, last, best);
    if (last >> level != address >> level)
      best = crossing_in(ranges, level, last >> level, address, last, best);
  }
  return best;
}
