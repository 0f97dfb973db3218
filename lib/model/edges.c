/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edges by node and by time, and what is counted from them. Edges of one node: O(its edges); of all at a time:
 * O(log n + answers). See walk.h and timeline.h.
 */
#include "base/error.h"
#include "base/util.h"
#include "model/graph.h"
#include "model/index.h"
#include "model/memory.h"

#include <borrowscope/timeline.h>
#include <stdlib.h>

/* What is done with each edge. */
typedef void (*take_edge)(void *context, const struct bscope_edge *edge);

/* Those of one node: its two lists merged. */
static int edges_of(const struct bscope_graph *graph, size_t node, const struct bscope_query *query, take_edge take,
                    void *context) {
  const struct bscope_neighbours *n = bscope_graph_neighbours(graph);
  if (n == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  const uint32_t *at[2], *end[2];
  for (unsigned i = 0; i < 2; i++) {
    bool other_way = query->direction == (i == 0 ? BSCOPE_INWARD : BSCOPE_OUTWARD);
    end[i] = &n->links[i][n->first[i][node + 1]];
    at[i] = other_way ? end[i] : &n->links[i][n->first[i][node]];
  }
  while (at[0] < end[0] || at[1] < end[1]) {
    uint32_t first = at[0] < end[0] ? *at[0] : UINT32_MAX, second = at[1] < end[1] ? *at[1] : UINT32_MAX;
    const struct bscope_arc *arc = &n->arcs[first < second ? first : second];
    struct bscope_edge edge;
    at[0] += first <= second;
    at[1] += second <= first;
    bscope_arc_edge(graph, arc, &edge);
    if (bscope_query_takes(query, edge.relation) && bscope_query_sees(query, &edge))
      take(context, &edge);
  }
  return BSCOPE_OK;
}

/* One of the graph's two lists, in a window of time. */
struct list {
  struct bscope_spans_scan scan;
  int (*get)(const struct bscope_graph *graph, size_t i, struct bscope_edge *out);
  struct bscope_edge edge; /* the next one, if there is one */
  bool has;
};

static int list_begin(struct list *list, const struct bscope_graph *graph, const struct bscope_query *query,
                      bool borrows) {
  uint32_t relations = query->relations & (borrows ? BSCOPE_RELATED_BORROWS : ~BSCOPE_RELATED_BORROWS);
  *list = (struct list){.get = borrows ? bscope_graph_edge : bscope_graph_relation, .has = relations != 0};
  if (!list->has)
    return BSCOPE_OK;
  const struct bscope_spans *spans = borrows ? bscope_graph_borrows(graph) : bscope_graph_others(graph);
  if (spans != NULL)
    bscope_spans_scan(spans, query->from, query->until == 0 ? BSCOPE_STAMP_OPEN : query->until, &list->scan);
  return spans == NULL ? BSCOPE_ERR_NO_MEMORY : BSCOPE_OK;
}

static void list_next(struct list *list, const struct bscope_graph *graph, const struct bscope_query *query) {
  do {
    size_t i = list->has ? bscope_spans_next(&list->scan) : SIZE_MAX;
    list->has = i != SIZE_MAX && list->get(graph, i, &list->edge) == BSCOPE_OK;
  } while (list->has && !bscope_query_takes(query, list->edge.relation));
}

static int edges_of_all(const struct bscope_graph *graph, const struct bscope_query *query, take_edge take,
                        void *context) {
  struct list lists[2];
  for (unsigned i = 0; i < 2; i++) {
    if (list_begin(&lists[i], graph, query, i == 0) != BSCOPE_OK)
      return BSCOPE_ERR_NO_MEMORY;
    list_next(&lists[i], graph, query);
  }
  while (lists[0].has || lists[1].has) {
    bool second = !lists[0].has || (lists[1].has && lists[1].edge.start < lists[0].edge.start);
    take(context, &lists[second].edge);
    list_next(&lists[second], graph, query);
  }
  return BSCOPE_OK;
}

static int each_edge(const char *call, const struct bscope_graph *graph, size_t node, const struct bscope_query *query,
                     take_edge take, void *context) {
  struct bscope_query read;
  int status = bscope_query_read(call, graph, node, query, &read);
  if (status != BSCOPE_OK)
    return status;
  return node == BSCOPE_NODE_NONE ? edges_of_all(graph, &read, take, context)
                                  : edges_of(graph, node, &read, take, context);
}

struct edge_answers {
  struct bscope_edge *out;
  size_t capacity;
  size_t count;
};

static void give_edge(void *context, const struct bscope_edge *edge) {
  struct edge_answers *answers = context;
  if (answers->count < answers->capacity)
    answers->out[answers->count] = *edge;
  answers->count++;
}

size_t bscope_graph_edges(const struct bscope_graph *graph, size_t node, const struct bscope_query *query,
                          struct bscope_edge *out, size_t capacity) {
  struct edge_answers answers = {out, capacity, 0};
  int status = each_edge(__func__, graph, node, query, give_edge, &answers);
  return status == BSCOPE_OK ? answers.count : BSCOPE_QUERY_FAILED;
}

static void measure_edge(void *context, const struct bscope_edge *edge) {
  struct bscope_timeline *line = context;
  bool open = edge->end == BSCOPE_STAMP_OPEN;
  uint64_t length = open ? 0 : bscope_edge_duration(edge, 0);
  if (line->borrows++ == 0)
    line->min_time = edge->start;
  line->max_time = bscope_max_u64(line->max_time, open ? edge->start : edge->end);
  line->open += open;
  line->borrowed += length;
  line->longest = bscope_max_u64(line->longest, length);
}

int bscope_graph_timeline(const struct bscope_graph *graph, size_t node, const struct bscope_query *query,
                          struct bscope_timeline *out) {
  struct bscope_query borrows = query == NULL ? (struct bscope_query){0} : *query;
  struct bscope_timeline line = {.size = sizeof(line)};
  if (out == NULL)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "%s: nowhere to put it", __func__);
  borrows.relations = borrows.relations == 0 ? BSCOPE_RELATED_BORROWS : borrows.relations & BSCOPE_RELATED_BORROWS;
  if (borrows.relations == 0)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "%s: of the query's relations none is a borrow", __func__);
  int status = each_edge(__func__, graph, node, &borrows, measure_edge, &line);
  if (status != BSCOPE_OK)
    return status;
  line.duration = line.max_time - line.min_time;
  *out = line;
  return BSCOPE_OK;
}

struct edge_counts {
  struct bscope_keyed *counts; /* by node */
  enum bscope_direction direction;
};

static void count_edge(void *context, const struct bscope_edge *edge) {
  const struct edge_counts *counts = context;
  if (counts->direction != BSCOPE_INWARD)
    counts->counts[edge->from].key++;
  if (counts->direction != BSCOPE_OUTWARD && (edge->to != edge->from || counts->direction == BSCOPE_INWARD))
    counts->counts[edge->to].key++;
}

size_t bscope_hot_spots_give(struct bscope_keyed *counts, size_t nodes, struct bscope_hot_spot *out, size_t capacity) {
  size_t some = 0;
  for (size_t i = 0; i < nodes; i++)
    if (counts[i].key != 0)
      counts[some++] = (struct bscope_keyed){~counts[i].key, i};
  if (bscope_keyed_sort(counts, some) != BSCOPE_OK)
    return BSCOPE_QUERY_FAILED;
  for (size_t i = 0; i < some && i < capacity; i++)
    out[i] = (struct bscope_hot_spot){(size_t)counts[i].value, ~counts[i].key};
  return some;
}

size_t bscope_graph_hot_spots(const struct bscope_graph *graph, const struct bscope_query *query,
                              struct bscope_hot_spot *out, size_t capacity) {
  size_t nodes = bscope_graph_node_count(graph), answers = BSCOPE_QUERY_FAILED;
  struct edge_counts counts = {bscope_model_zeroed(nodes + 1, sizeof(*counts.counts)),
                               query == NULL ? BSCOPE_EITHER_WAY : query->direction};
  if (counts.counts != NULL && each_edge(__func__, graph, BSCOPE_NODE_NONE, query, count_edge, &counts) == BSCOPE_OK)
    answers = bscope_hot_spots_give(counts.counts, nodes, out, capacity);
  free(counts.counts);
  return answers;
}
