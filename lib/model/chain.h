/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a moved value was called before: for each live variable that moves led to by address, the names and texts
 * that gave the value away. Whoever uses one of them later holds a stale pointer. The newest sixteen are kept.
 */
#ifndef BSCOPE_MODEL_CHAIN_H
#define BSCOPE_MODEL_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BSCOPE_CHAIN_NAMES 16

/* A name as the code of one function on one thread uses it. */
struct bscope_former {
  uint32_t name; /* names.h */
  uint32_t thread;
  uint32_t function;
};

struct bscope_chain {
  uint32_t count; /* names ever noted */
  uint32_t gaps;  /* unknown stretches of the log before the newest was noted */
  uint32_t next_free;
  struct bscope_former names[BSCOPE_CHAIN_NAMES];
};

struct bscope_chains {
  struct bscope_chain *chains; /* from 1 */
  size_t count;
  size_t capacity;
  uint32_t free;
};

void bscope_chains_fini(struct bscope_chains *chains);

/* An empty chain, or 0 with BSCOPE_ERR_NO_MEMORY set. */
uint32_t bscope_chains_add(struct bscope_chains *chains);

/* 0 is nothing. */
void bscope_chains_remove(struct bscope_chains *chains, uint32_t chain);

/* Notes a former name. What was noted before an unknown stretch of the log is no evidence any more. */
void bscope_chains_note(struct bscope_chains *chains, uint32_t chain, struct bscope_former former, uint32_t gaps);

/* Whether it was noted, and nothing is unknown since. */
bool bscope_chains_has(const struct bscope_chains *chains, uint32_t chain, struct bscope_former former, uint32_t gaps);

/* The same, whichever thread and function used the name. */
bool bscope_chains_has_name(const struct bscope_chains *chains, uint32_t chain, uint32_t name, uint32_t gaps);

#endif
