/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks over a graph and shortest paths: O(nodes and edges reached), and for walks from everywhere and topological
 * order of all nodes. See walk.h.
 */
#include "base/error.h"
#include "base/util.h"
#include "model/graph.h"
#include "model/memory.h"
#include "model/visit.h"

#include <stdlib.h>

/* Nodes in the order in which they are come upon, each before what lies behind it. */
static int depth(struct bscope_visit *visit, uint32_t start) {
  struct bscope_place_in *stack = NULL;
  size_t height = 0, capacity = 0;
  int status = BSCOPE_OK;
  uint32_t next = bscope_visit_reach(visit, start) ? start : BSCOPE_GRAPH_NOBODY;
  while (next != BSCOPE_GRAPH_NOBODY || height > 0) {
    if (next == BSCOPE_GRAPH_NOBODY) {
      height--;
    } else {
      struct bscope_place_in *grown = bscope_model_grow(stack, &capacity, height + 1, sizeof(*stack));
      stack = grown == NULL ? stack : grown;
      status = grown == NULL ? BSCOPE_ERR_NO_MEMORY : bscope_visit_push(visit, next);
      if (status != BSCOPE_OK)
        break;
      stack[height++] = bscope_visit_node(visit, next);
    }
    do
      next = height == 0 ? BSCOPE_GRAPH_NOBODY : bscope_visit_next(visit, &stack[height - 1]);
    while (next != BSCOPE_GRAPH_NOBODY && !bscope_visit_reach(visit, next));
  }
  free(stack);
  return status;
}

/* From one node, or from each that is not reached yet. */
static int walk_from(struct bscope_visit *visit, bool deep, size_t start) {
  size_t first = start == BSCOPE_NODE_NONE ? 0 : start;
  size_t end = start == BSCOPE_NODE_NONE ? visit->nodes : start + 1;
  int status = BSCOPE_OK;
  for (size_t i = first; i < end && status == BSCOPE_OK; i++)
    status = deep ? depth(visit, (uint32_t)i) : bscope_visit_breadth(visit, (uint32_t)i, BSCOPE_GRAPH_NOBODY, NULL);
  return status;
}

/* Takes nodes that no edge leads to any more, and their edges with them, of the reached ones. */
static int topological(struct bscope_visit *visit, size_t start) {
  if (visit->query.direction == BSCOPE_EITHER_WAY)
    visit->query.direction = BSCOPE_OUTWARD;
  visit->query.hops = SIZE_MAX;
  uint32_t *left = NULL;
  int status = walk_from(visit, false, start);
  if (status != BSCOPE_OK || (left = bscope_model_zeroed(visit->nodes, sizeof(*left))) == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  for (size_t i = 0; i < visit->queued; i++) {
    struct bscope_place_in place = bscope_visit_node(visit, visit->queue[i]);
    for (uint32_t next; (next = bscope_visit_next(visit, &place)) != BSCOPE_GRAPH_NOBODY;)
      left[next]++;
  }
  visit->queued = 0; /* its room suffices: no push fails */
  for (size_t i = 0; i < visit->nodes; i++)
    if (left[i] == 0 && !bscope_visit_reach(visit, i))
      (void)bscope_visit_push(visit, (uint32_t)i);
  for (size_t at = 0; at < visit->queued; at++) {
    struct bscope_place_in place = bscope_visit_node(visit, visit->queue[at]);
    for (uint32_t next; (next = bscope_visit_next(visit, &place)) != BSCOPE_GRAPH_NOBODY;)
      if (--left[next] == 0)
        (void)bscope_visit_push(visit, next);
  }
  free(left);
  return BSCOPE_OK;
}

static int drops(struct bscope_visit *visit, size_t start) {
  const struct bscope_graph *graph = visit->graph;
  struct bscope_keyed *ended = NULL;
  size_t count = 0;
  int status = walk_from(visit, false, start);
  if (status != BSCOPE_OK || (ended = bscope_model_zeroed(visit->queued, sizeof(*ended))) == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  for (size_t i = 0; i < visit->nodes; i++)
    if ((bscope_graph_at(graph, i)->flags & BSCOPE_GRAPH_ENDING) == BSCOPE_ENDING_DROPPED &&
        (visit->reached[i / 64] >> i % 64 & 1) != 0)
      ended[count++] = (struct bscope_keyed){bscope_graph_at(graph, i)->ended_at, i};
  status = bscope_keyed_sort(ended, count);
  for (size_t i = 0; i < count; i++)
    visit->queue[i] = (uint32_t)ended[i].value;
  visit->queued = count;
  free(ended);
  return status;
}

/* The queue into the caller's array; `visit` is of no further use. */
static size_t give(struct bscope_visit *visit, int status, size_t *out, size_t capacity) {
  size_t count = status == BSCOPE_OK ? visit->queued : BSCOPE_QUERY_FAILED;
  for (size_t i = 0; status == BSCOPE_OK && i < count && i < capacity; i++)
    out[i] = visit->queue[i];
  bscope_visit_fini(visit);
  return count;
}

size_t bscope_graph_walk(const struct bscope_graph *graph, enum bscope_walk_order order, size_t start,
                         const struct bscope_query *query, size_t *out, size_t capacity) {
  struct bscope_visit visit;
  int status = bscope_visit_init(&visit, __func__, graph, start, query);
  if (status == BSCOPE_OK) {
    switch (order) {
    case BSCOPE_BREADTH_FIRST:
    case BSCOPE_DEPTH_FIRST:
      status = walk_from(&visit, order == BSCOPE_DEPTH_FIRST, start);
      break;
    case BSCOPE_TOPOLOGICAL:
      status = topological(&visit, start);
      break;
    case BSCOPE_DROPS:
      status = drops(&visit, start);
      break;
    default:
      status = bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "%s: there is no order %d", __func__, (int)order);
    }
  }
  return give(&visit, status, out, capacity);
}

size_t bscope_graph_path(const struct bscope_graph *graph, size_t start, size_t goal, const struct bscope_query *query,
                         size_t *out, size_t capacity) {
  struct bscope_visit visit;
  uint32_t *before = NULL;
  int status = bscope_visit_init(&visit, __func__, graph, start, query);
  if (status == BSCOPE_OK && (start >= visit.nodes || goal >= visit.nodes))
    status = bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "%s: there is no such node", __func__);
  if (status == BSCOPE_OK && (before = bscope_model_zeroed(visit.nodes, sizeof(*before))) == NULL)
    status = BSCOPE_ERR_NO_MEMORY;
  if (status == BSCOPE_OK)
    status = bscope_visit_breadth(&visit, (uint32_t)start, (uint32_t)goal, before);
  if (status == BSCOPE_OK) {
    bool found = goal == start || !bscope_visit_reach(&visit, goal);
    visit.queued = 0;
    for (uint32_t node = (uint32_t)goal; found && status == BSCOPE_OK; node = before[node]) {
      status = bscope_visit_push(&visit, node);
      found = node != start;
    }
    for (size_t i = 0, j = visit.queued; i + 1 < j--; i++) { /* turned round */
      uint32_t node = visit.queue[i];
      visit.queue[i] = visit.queue[j];
      visit.queue[j] = node;
    }
  }
  free(before);
  return give(&visit, status, out, capacity);
}
