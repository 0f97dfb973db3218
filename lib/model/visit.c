/* SPDX-License-Identifier: Apache-2.0 */
/* A walk in progress: see visit.h. */
#include "model/visit.h"

#include "model/graph.h"
#include "model/memory.h"

#include <stdlib.h>

int bscope_visit_init(struct bscope_visit *visit, const char *call, const struct bscope_graph *graph, size_t node,
                      const struct bscope_query *query) {
  *visit = (struct bscope_visit){.graph = graph};
  int status = bscope_query_read(call, graph, node, query, &visit->query);
  if (status != BSCOPE_OK)
    return status;
  visit->nodes = bscope_graph_node_count(graph);
  visit->neighbours = bscope_graph_neighbours(graph);
  visit->reached = bscope_model_zeroed(visit->nodes / 64 + 1, sizeof(*visit->reached));
  return visit->neighbours == NULL || visit->reached == NULL ? BSCOPE_ERR_NO_MEMORY : BSCOPE_OK;
}

void bscope_visit_fini(struct bscope_visit *visit) {
  free(visit->reached);
  free(visit->queue);
}

struct bscope_place_in bscope_visit_node(const struct bscope_visit *visit, uint32_t node) {
  enum bscope_direction way = visit->query.direction;
  return (struct bscope_place_in){node,
                                  {visit->neighbours->first[0][node + (way == BSCOPE_INWARD)],
                                   visit->neighbours->first[1][node + (way == BSCOPE_OUTWARD)]}};
}

/* The number of the next arc; of one that both begins and ends here only once. */
static uint32_t next_arc(const struct bscope_neighbours *n, struct bscope_place_in *place) {
  uint32_t arcs[2], next;
  for (unsigned i = 0; i < 2; i++)
    arcs[i] = place->at[i] == n->first[i][place->node + 1] ? UINT32_MAX : n->links[i][place->at[i]];
  next = arcs[0] < arcs[1] ? arcs[0] : arcs[1];
  for (unsigned i = 0; i < 2; i++)
    place->at[i] += next != UINT32_MAX && arcs[i] == next;
  return next;
}

static bool sees(const struct bscope_visit *visit, const struct bscope_arc *arc) {
  struct bscope_edge edge;
  if (!bscope_query_takes(&visit->query, (enum bscope_relation)(arc->is >> BSCOPE_ARC_BITS)))
    return false;
  if (visit->query.until == 0)
    return true;
  bscope_arc_edge(visit->graph, arc, &edge);
  return bscope_query_sees(&visit->query, &edge);
}

uint32_t bscope_visit_next(const struct bscope_visit *visit, struct bscope_place_in *place) {
  uint32_t next;
  while ((next = next_arc(visit->neighbours, place)) != UINT32_MAX) {
    const struct bscope_arc *arc = &visit->neighbours->arcs[next];
    if (sees(visit, arc))
      return arc->from == place->node ? arc->to : arc->from;
  }
  return BSCOPE_GRAPH_NOBODY;
}

int bscope_visit_push(struct bscope_visit *visit, uint32_t node) {
  uint32_t *queue = bscope_model_grow(visit->queue, &visit->queue_capacity, visit->queued + 1, sizeof(*queue));
  if (queue == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  visit->queue = queue;
  queue[visit->queued++] = node;
  return BSCOPE_OK;
}

int bscope_visit_breadth(struct bscope_visit *visit, uint32_t start, uint32_t goal, uint32_t *before) {
  size_t at = visit->queued, level_end, hops = 0;
  if (!bscope_visit_reach(visit, start))
    return BSCOPE_OK;
  if (bscope_visit_push(visit, start) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  for (level_end = visit->queued; at < visit->queued && hops < visit->query.hops; at++) {
    struct bscope_place_in place = bscope_visit_node(visit, visit->queue[at]);
    for (uint32_t next; (next = bscope_visit_next(visit, &place)) != BSCOPE_GRAPH_NOBODY;) {
      if (!bscope_visit_reach(visit, next))
        continue;
      if (before != NULL)
        before[next] = place.node;
      if (bscope_visit_push(visit, next) != BSCOPE_OK)
        return BSCOPE_ERR_NO_MEMORY;
      if (next == goal)
        return BSCOPE_OK;
    }
    if (at + 1 == level_end) {
      hops++;
      level_end = visit->queued;
    }
  }
  return BSCOPE_OK;
}
