/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What helps to answer questions to a graph, each part made by whoever needs it first: neighbours of each node, lives
 * and edges by time, and short cuts along moves. It reads the graph through its public functions but for nodes' lives.
 */
#ifndef BSCOPE_MODEL_INDEX_H
#define BSCOPE_MODEL_INDEX_H

#include "model/spans.h"

#include <borrowscope/walk.h>

struct bscope_graph_index;

#define BSCOPE_ARC_BITS 28u /* of a number of an edge or relation; what stands above is the relation */

/* An edge or a relation. All together are in the order of their start. */
struct bscope_arc {
  uint32_t from;
  uint32_t to;
  uint32_t is;
};

/* The arcs of each node, in log order: [0] those that leave it, [1] those that come to it. */
struct bscope_neighbours {
  struct bscope_arc *arcs;
  uint32_t arc_count;
  uint32_t *first[2]; /* by node, and one behind the last: where its links begin */
  uint32_t *links[2]; /* numbers of arcs */
};

/* Short cuts from node to node along moves: `next` one further, `jump` many (0 steps: it goes no further). */
struct bscope_lineage {
  uint32_t *jump[2]; /* [0] towards the origin, [1] away from it */
  uint32_t *steps[2];
};

/* Room for the index of a complete graph, and its end. 0 or BSCOPE_ERR_NO_MEMORY. */
int bscope_graph_index_init(struct bscope_graph *graph);
void bscope_graph_index_fini(struct bscope_graph *graph);

/* The parts. NULL: BSCOPE_ERR_NO_MEMORY is set; then, and later too. */
const struct bscope_neighbours *bscope_graph_neighbours(const struct bscope_graph *graph);
const struct bscope_spans *bscope_graph_lives(const struct bscope_graph *graph);
const struct bscope_spans *bscope_graph_borrows(const struct bscope_graph *graph);
const struct bscope_spans *bscope_graph_others(const struct bscope_graph *graph);
const struct bscope_lineage *bscope_graph_lineage(const struct bscope_graph *graph);

/* Makes all parts and tells their memory; 0: BSCOPE_ERR_NO_MEMORY is set. */
size_t bscope_graph_index_bytes(const struct bscope_graph *graph);

static inline bool bscope_relation_is_borrow(enum bscope_relation relation) {
  return relation == BSCOPE_RELATION_BORROWS_IMMUT || relation == BSCOPE_RELATION_BORROWS_MUT;
}

/* An arc as an edge. */
void bscope_arc_edge(const struct bscope_graph *graph, const struct bscope_arc *arc, struct bscope_edge *out);

/* A query with all that was left out filled in. BSCOPE_ERR_INVALID_ARGUMENT with its message. */
int bscope_query_read(const char *call, const struct bscope_graph *graph, size_t node, const struct bscope_query *query,
                      struct bscope_query *out);

static inline bool bscope_query_takes(const struct bscope_query *query, enum bscope_relation relation) {
  return (query->relations >> relation & 1) != 0;
}

/* Whether an edge touches the query's window. */
bool bscope_query_sees(const struct bscope_query *query, const struct bscope_edge *edge);

/* Counts by node (key) become hot spots; the array is of no further use. As bscope_graph_hot_spots. */
size_t bscope_hot_spots_give(struct bscope_keyed *counts, size_t nodes, struct bscope_hot_spot *out, size_t capacity);

/* Where answers go. */
struct bscope_answers {
  size_t *out;
  size_t capacity;
  size_t count;
};

static inline void bscope_answer(struct bscope_answers *answers, size_t answer) {
  if (answers->count < answers->capacity)
    answers->out[answers->count] = answer;
  answers->count++;
}

#endif
