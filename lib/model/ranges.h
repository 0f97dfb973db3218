/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who an address means. Two views of the variables that have one:
 *
 * By start address: a hash from the address to the variables that begin there, ended ones too while they are remembered
 * (a second drop of an address is a finding).
 *
 * By containment: a grid for each power of four. A live range of size s lies in the level k of the least even k with
 * 2^k >= s, in the one or two cells of 2^k bytes that it touches. A level holds ranges of nearly one size that don't
 * overlap by halves, so a cell holds few; the lowest level with a range that holds the address has the smallest. One
 * probe for each level in use. (Powers of two would halve the cells' lists and double the probes, which cost more.)
 */
#ifndef BSCOPE_MODEL_RANGES_H
#define BSCOPE_MODEL_RANGES_H

#include "model/table.h"
#include "model/variables.h"

#define BSCOPE_LEVELS 64

struct bscope_ranges {
  struct bscope_variables *variables; /* borrowed */
  struct bscope_table starts;         /* address -> newest-linked variable */
  struct bscope_table cells;          /* cell, level -> first variable */
  uint64_t levels;                    /* bit k: level k holds ranges */
  uint32_t level_count[BSCOPE_LEVELS];
};

void bscope_ranges_init(struct bscope_ranges *ranges, struct bscope_variables *variables, uint64_t seed);
void bscope_ranges_fini(struct bscope_ranges *ranges);

/* Enters a live variable whose address is not 0 in both views. 0 or BSCOPE_ERR_NO_MEMORY: then it may be in one. */
int bscope_ranges_add(struct bscope_ranges *ranges, uint32_t slot);

/*
 * Gives a variable its predecessor's places in both views: links alone change hands. Both have the same address and
 * size, perhaps even the same slot. The predecessor was marked as out of both views when it ended, and nothing was
 * looked up since.
 */
void bscope_ranges_inherit(struct bscope_ranges *ranges, uint32_t predecessor, uint32_t slot);

/* Takes a variable out of the grid; it keeps its place by start address. Nothing if it is not there. */
void bscope_ranges_unmap(struct bscope_ranges *ranges, uint32_t slot);

/* Takes a variable out of the list of its start address. Nothing if it is not there. */
void bscope_ranges_unstart(struct bscope_ranges *ranges, uint32_t slot);

/* The smallest live range that holds the address, of equal ones the newest. */
uint32_t bscope_ranges_holding(const struct bscope_ranges *ranges, uint64_t address);

/* The first of the variables that begin at the address; the next is at_start.older. Their order means nothing. */
uint32_t bscope_ranges_first_at(const struct bscope_ranges *ranges, uint64_t address);

/* The newest live variable that begins there. */
uint32_t bscope_ranges_live_at(const struct bscope_ranges *ranges, uint64_t address);

/*
 * A live range that overlaps [address, last] without holding it or lying in it: of them the oldest. NONE.
 */
uint32_t bscope_ranges_crossing(const struct bscope_ranges *ranges, uint64_t address, uint64_t last);

#endif
