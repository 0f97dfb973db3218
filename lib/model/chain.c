/* SPDX-License-Identifier: Apache-2.0 */
/* What a moved value was called before: see chain.h. */
#include "model/chain.h"

#include "model/memory.h"

#include <stdlib.h>

void bscope_chains_fini(struct bscope_chains *chains) {
  free(chains->chains);
}

uint32_t bscope_chains_add(struct bscope_chains *chains) {
  uint32_t chain = chains->free;
  if (chain != 0) {
    chains->free = chains->chains[chain].next_free;
  } else {
    size_t used = chains->count == 0 ? 1 : chains->count;
    struct bscope_chain *grown = bscope_model_grow(chains->chains, &chains->capacity, used + 1, sizeof(*grown));
    if (grown == NULL)
      return 0;
    chains->chains = grown;
    chains->count = used + 1;
    chain = (uint32_t)used;
  }
  chains->chains[chain].count = 0;
  chains->chains[chain].gaps = 0;
  return chain;
}

void bscope_chains_remove(struct bscope_chains *chains, uint32_t chain) {
  if (chain == 0)
    return;
  chains->chains[chain].next_free = chains->free;
  chains->free = chain;
}

static uint32_t kept(const struct bscope_chain *chain) {
  return chain->count < BSCOPE_CHAIN_NAMES ? chain->count : BSCOPE_CHAIN_NAMES;
}

static bool same(struct bscope_former a, struct bscope_former b) {
  return a.name == b.name && a.thread == b.thread && a.function == b.function;
}

bool bscope_chains_has(const struct bscope_chains *chains, uint32_t chain, struct bscope_former former, uint32_t gaps) {
  const struct bscope_chain *c = chain == 0 ? NULL : &chains->chains[chain];
  if (c == NULL || c->gaps != gaps)
    return false;
  for (uint32_t i = 0; i < kept(c); i++)
    if (same(c->names[i], former))
      return true;
  return false;
}

bool bscope_chains_has_name(const struct bscope_chains *chains, uint32_t chain, uint32_t name, uint32_t gaps) {
  const struct bscope_chain *c = chain == 0 ? NULL : &chains->chains[chain];
  if (c == NULL || c->gaps != gaps)
    return false;
  for (uint32_t i = 0; i < kept(c); i++)
    if (c->names[i].name == name)
      return true;
  return false;
}

void bscope_chains_note(struct bscope_chains *chains, uint32_t chain, struct bscope_former former, uint32_t gaps) {
  struct bscope_chain *c = &chains->chains[chain];
  if (c->gaps != gaps)
    c->count = 0;
  c->gaps = gaps;
  if (former.name != 0 && !bscope_chains_has(chains, chain, former, gaps))
    c->names[c->count++ % BSCOPE_CHAIN_NAMES] = former;
}
