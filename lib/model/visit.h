/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk in progress: which nodes were reached, and the neighbours of a node one after another, in log order. Nothing
 * recurses: what waits to be gone on with lies in arrays.
 */
#ifndef BSCOPE_MODEL_VISIT_H
#define BSCOPE_MODEL_VISIT_H

#include "model/index.h"

struct bscope_visit {
  const struct bscope_graph *graph;
  const struct bscope_neighbours *neighbours;
  struct bscope_query query;
  size_t nodes;
  uint64_t *reached; /* a bit a node */
  uint32_t *queue;   /* or stack; nodes */
  size_t queued;
  size_t queue_capacity;
};

/* A node whose neighbours are being looked at: where in the list of arcs that leave it, and of those that come. */
struct bscope_place_in {
  uint32_t node;
  uint32_t at[2];
};

/* 0 or a status with its message. bscope_visit_fini in either case. */
int bscope_visit_init(struct bscope_visit *visit, const char *call, const struct bscope_graph *graph, size_t node,
                      const struct bscope_query *query);
void bscope_visit_fini(struct bscope_visit *visit);

struct bscope_place_in bscope_visit_node(const struct bscope_visit *visit, uint32_t node);

/* The next neighbour; BSCOPE_GRAPH_NOBODY at the end. */
uint32_t bscope_visit_next(const struct bscope_visit *visit, struct bscope_place_in *place);

/* Whether the node is reached for the first time. */
static inline bool bscope_visit_reach(struct bscope_visit *visit, size_t node) {
  uint64_t *word = &visit->reached[node / 64], bit = UINT64_C(1) << node % 64;
  bool first = (*word & bit) == 0;
  *word |= bit;
  return first;
}

/* Appends to the queue. 0 or BSCOPE_ERR_NO_MEMORY. */
int bscope_visit_push(struct bscope_visit *visit, uint32_t node);

/*
 * Appends what is reached from `start` for the first time to the queue, nearest first, `hops` edges away at most; ends
 * early once that has `goal`. `before`: takes for each node where it was reached from; or NULL. 0 or
 * BSCOPE_ERR_NO_MEMORY.
 */
int bscope_visit_breadth(struct bscope_visit *visit, uint32_t start, uint32_t goal, uint32_t *before);

#endif
