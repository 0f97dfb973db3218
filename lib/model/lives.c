/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lived when, who held a value when, chains of borrows, and the figures of a whole graph. See walk.h.
 */
#include "base/error.h"
#include "base/util.h"
#include "model/graph.h"
#include "model/index.h"
#include "model/memory.h"

#include <stdlib.h>

size_t bscope_graph_alive(const struct bscope_graph *graph, const struct bscope_query *query, size_t *out,
                          size_t capacity) {
  struct bscope_query read;
  struct bscope_answers answers = {out, capacity, 0};
  struct bscope_spans_scan scan;
  const struct bscope_spans *lives;
  if (bscope_query_read(__func__, graph, BSCOPE_NODE_NONE, query, &read) != BSCOPE_OK ||
      (lives = bscope_graph_lives(graph)) == NULL)
    return BSCOPE_QUERY_FAILED;
  bscope_spans_scan(lives, read.from, read.until == 0 ? BSCOPE_STAMP_OPEN : read.until, &scan);
  for (size_t i; (i = bscope_spans_next(&scan)) != SIZE_MAX;)
    bscope_answer(&answers, i);
  return answers.count;
}

/* The nearest before `node` that was there by then; NOBODY: none was. */
static uint32_t back_to(const struct bscope_graph *graph, const struct bscope_lineage *l, uint32_t node,
                        bscope_stamp stamp) {
  while (node != BSCOPE_GRAPH_NOBODY && bscope_graph_at(graph, node)->created_at > stamp) {
    uint32_t far = l->jump[0][node];
    node = far != BSCOPE_GRAPH_NOBODY && bscope_graph_at(graph, far)->created_at > stamp
               ? far
               : bscope_graph_at(graph, node)->moved_from;
  }
  return node;
}

/* The last behind `node` that was there by then. */
static uint32_t on_to(const struct bscope_graph *graph, const struct bscope_lineage *l, uint32_t node,
                      bscope_stamp stamp) {
  for (;;) {
    uint32_t far = l->jump[1][node], next = bscope_graph_at(graph, node)->moved_to;
    if (far != BSCOPE_GRAPH_NOBODY && bscope_graph_at(graph, far)->created_at <= stamp)
      node = far;
    else if (next != BSCOPE_GRAPH_NOBODY && bscope_graph_at(graph, next)->created_at <= stamp)
      node = next;
    else
      return node;
  }
}

size_t bscope_graph_owner_at(const struct bscope_graph *graph, size_t node, bscope_stamp stamp) {
  const struct bscope_lineage *l;
  if (node >= bscope_graph_node_count(graph) || (l = bscope_graph_lineage(graph)) == NULL)
    return BSCOPE_NODE_NONE;
  bool begun = bscope_graph_at(graph, node)->created_at <= stamp;
  uint32_t found = begun ? on_to(graph, l, (uint32_t)node, stamp) : back_to(graph, l, (uint32_t)node, stamp);
  return found == BSCOPE_GRAPH_NOBODY || bscope_graph_at(graph, found)->ended_at <= stamp ? BSCOPE_NODE_NONE : found;
}

/* What a node borrows: the first of the arcs that leave it and are a borrow; or NOBODY. */
static uint32_t borrowed_by(const struct bscope_neighbours *n, uint32_t node) {
  for (uint32_t i = n->first[0][node]; i < n->first[0][node + 1]; i++) {
    const struct bscope_arc *arc = &n->arcs[n->links[0][i]];
    if (bscope_relation_is_borrow((enum bscope_relation)(arc->is >> BSCOPE_ARC_BITS)))
      return arc->to;
  }
  return BSCOPE_GRAPH_NOBODY;
}

/* A circle is seen when the chain comes back to where it stood at the last power of two. */
size_t bscope_graph_borrow_chain(const struct bscope_graph *graph, size_t node, size_t *out, size_t capacity) {
  const struct bscope_neighbours *n;
  struct bscope_query read;
  struct bscope_answers answers = {out, capacity, 0};
  if (bscope_query_read(__func__, graph, node, NULL, &read) != BSCOPE_OK || node == BSCOPE_NODE_NONE ||
      (n = bscope_graph_neighbours(graph)) == NULL)
    return BSCOPE_QUERY_FAILED;
  uint32_t at = (uint32_t)node, stood = BSCOPE_GRAPH_NOBODY;
  for (size_t next = 1; at != BSCOPE_GRAPH_NOBODY && at != stood; at = borrowed_by(n, at)) {
    bscope_answer(&answers, at);
    if (answers.count == next) {
      stood = at;
      next *= 2;
    }
  }
  return answers.count;
}

/* The deepest chain of borrows, and the most borrows of one: edges come in the order of their borrowers' creation. */
static int measure_borrows(const struct bscope_graph *graph, struct bscope_graph_statistics *out) {
  const struct bscope_neighbours *n = bscope_graph_neighbours(graph);
  size_t nodes = bscope_graph_node_count(graph);
  uint32_t *depths = bscope_model_zeroed(2 * nodes + 1, sizeof(*depths)), *borrows = depths + nodes;
  if (n == NULL || depths == NULL) {
    free(depths);
    return BSCOPE_ERR_NO_MEMORY;
  }
  for (uint32_t i = 0; i < n->arc_count; i++) {
    const struct bscope_arc *arc = &n->arcs[i];
    enum bscope_relation relation = (enum bscope_relation)(arc->is >> BSCOPE_ARC_BITS);
    out->relations[relation]++;
    if (!bscope_relation_is_borrow(relation))
      continue;
    depths[arc->from] = depths[arc->to] + 1;
    out->deepest = bscope_max_u64(out->deepest, depths[arc->from]);
    out->most_borrows = bscope_max_u64(out->most_borrows, ++borrows[arc->to]);
  }
  free(depths);
  return BSCOPE_OK;
}

static void measure_nodes(const struct bscope_graph *graph, struct bscope_graph_statistics *out) {
  for (size_t i = 0; i < out->nodes; i++) {
    const struct bscope_graph_node *node = bscope_graph_at(graph, i);
    out->borrowers += (node->flags & BSCOPE_GRAPH_BORROWER) != 0;
    if (node->ended_at == BSCOPE_STAMP_OPEN)
      continue;
    out->ended++;
    out->lifetime_total += node->ended_at - node->created_at;
    out->lifetime_longest = bscope_max_u64(out->lifetime_longest, node->ended_at - node->created_at);
  }
}

int bscope_graph_get_statistics(const struct bscope_graph *graph, struct bscope_graph_statistics *out) {
  struct bscope_graph_statistics all = {.size = sizeof(all), .nodes = bscope_graph_node_count(graph)};
  if (graph == NULL || out == NULL)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "%s: an argument is NULL", __func__);
  const struct bscope_spans *lives = bscope_graph_lives(graph), *borrows = bscope_graph_borrows(graph);
  all.index_bytes = bscope_graph_index_bytes(graph);
  if (lives == NULL || borrows == NULL || all.index_bytes == 0 || measure_borrows(graph, &all) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  measure_nodes(graph, &all);
  all.peak_alive = lives->peak;
  all.peak_alive_at = lives->peak_at;
  all.peak_borrows = borrows->peak;
  all.peak_borrows_at = borrows->peak_at;
  *out = all;
  return BSCOPE_OK;
}
