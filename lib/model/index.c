/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a graph's index: see index.h. */
#include "model/index.h"

#include "base/error.h"
#include "base/util.h"
#include "model/graph.h"
#include "model/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum part { NEIGHBOURS, LIVES, BORROWS, OTHERS, LINEAGE, PARTS };

struct bscope_graph_index {
  pthread_once_t made[PARTS];
  int status[PARTS];
  size_t bytes[PARTS];
  struct bscope_neighbours neighbours;
  struct bscope_spans spans[3]; /* LIVES, BORROWS, OTHERS */
  struct bscope_lineage lineage;
};

typedef int (*get_edge)(const struct bscope_graph *graph, size_t i, struct bscope_edge *out);

static void *numbers(size_t count) {
  return bscope_model_zeroed(count, sizeof(uint32_t));
}

static struct bscope_arc arc_of(const struct bscope_edge *edge, size_t i) {
  return (struct bscope_arc){(uint32_t)edge->from, (uint32_t)edge->to,
                             (uint32_t)edge->relation << BSCOPE_ARC_BITS | (uint32_t)i};
}

/* Edges and relations, merged in the order of their start; of equal ones edges first. */
static void merge_arcs(const struct bscope_graph *graph, struct bscope_arc *arcs) {
  struct bscope_edge edge, relation;
  size_t i = 0, j = 0;
  bool has_edge = bscope_graph_edge_count(graph) > 0 && bscope_graph_edge(graph, 0, &edge) == BSCOPE_OK;
  bool has_relation = bscope_graph_relation_count(graph) > 0 && bscope_graph_relation(graph, 0, &relation) == BSCOPE_OK;
  while (has_edge || has_relation) {
    if (has_edge && (!has_relation || edge.start <= relation.start)) {
      *arcs++ = arc_of(&edge, i);
      has_edge = ++i < bscope_graph_edge_count(graph) && bscope_graph_edge(graph, i, &edge) == BSCOPE_OK;
    } else {
      *arcs++ = arc_of(&relation, j);
      has_relation =
          ++j < bscope_graph_relation_count(graph) && bscope_graph_relation(graph, j, &relation) == BSCOPE_OK;
    }
  }
}

static uint32_t arc_end(const struct bscope_arc *arc, unsigned which) {
  return which == 0 ? arc->from : arc->to;
}

/* Sorts the arcs by the node that they leave, or come to. */
static int link_arcs(struct bscope_neighbours *n, size_t nodes, unsigned which) {
  uint32_t *first = n->first[which] = numbers(nodes + 2);
  uint32_t *links = n->links[which] = numbers(n->arc_count);
  if (first == NULL || links == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  for (uint32_t i = 0; i < n->arc_count; i++)
    first[arc_end(&n->arcs[i], which) + 2]++;
  for (size_t i = 2; i < nodes + 2; i++)
    first[i] += first[i - 1];
  for (uint32_t i = 0; i < n->arc_count; i++)
    links[first[arc_end(&n->arcs[i], which) + 1]++] = i;
  return BSCOPE_OK;
}

static int make_neighbours(const struct bscope_graph *graph, struct bscope_graph_index *index) {
  struct bscope_neighbours *n = &index->neighbours;
  size_t nodes = bscope_graph_node_count(graph), edges = bscope_graph_edge_count(graph);
  size_t relations = bscope_graph_relation_count(graph), most = (size_t)1 << BSCOPE_ARC_BITS;
  if (edges > most || relations > most)
    return bscope_fail(BSCOPE_ERR_NO_MEMORY, "graph: %zu edges are too many for walks", edges + relations);
  n->arc_count = (uint32_t)(edges + relations);
  n->arcs = bscope_model_zeroed(edges + relations, sizeof(*n->arcs));
  if (n->arcs == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  merge_arcs(graph, n->arcs);
  index->bytes[NEIGHBOURS] = n->arc_count * (sizeof(*n->arcs) + 8) + (nodes + 2) * 8;
  int status = link_arcs(n, nodes, 0);
  return status == BSCOPE_OK ? link_arcs(n, nodes, 1) : status;
}

static struct bscope_interval interval(bscope_stamp start, bscope_stamp end) {
  return (struct bscope_interval){start, end < start ? start : end};
}

static int make_lives(const struct bscope_graph *graph, struct bscope_graph_index *index) {
  size_t count = bscope_graph_node_count(graph);
  struct bscope_interval *items = bscope_model_zeroed(count, sizeof(*items));
  if (items == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  for (size_t i = 0; i < count; i++)
    items[i] = interval(bscope_graph_at(graph, i)->created_at, bscope_graph_at(graph, i)->ended_at);
  return bscope_spans_build(&index->spans[LIVES - LIVES], items, count);
}

static int make_edge_spans(const struct bscope_graph *graph, struct bscope_graph_index *index, enum part part) {
  get_edge get = part == BORROWS ? bscope_graph_edge : bscope_graph_relation;
  size_t count = part == BORROWS ? bscope_graph_edge_count(graph) : bscope_graph_relation_count(graph);
  struct bscope_interval *items = bscope_model_zeroed(count, sizeof(*items));
  struct bscope_edge edge;
  if (items == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  for (size_t i = 0; i < count && get(graph, i, &edge) == BSCOPE_OK; i++)
    items[i] = interval(edge.start, edge.end);
  return bscope_spans_build(&index->spans[part - LIVES], items, count);
}

/*
 * Each node jumps to its next one or, where two jumps of the same length follow each other there, over both: any node
 * of a chain is then reached in steps in proportion to the logarithm of its length.
 */
static void add_jump(struct bscope_lineage *l, unsigned way, uint32_t node, uint32_t next) {
  uint32_t *jump = l->jump[way], *steps = l->steps[way];
  jump[node] = next;
  steps[node] = 1;
  if (next == BSCOPE_GRAPH_NOBODY)
    return;
  uint32_t far = jump[next];
  if (far == BSCOPE_GRAPH_NOBODY || steps[far] != steps[next])
    return;
  jump[node] = jump[far];
  steps[node] = 1 + 2 * steps[next];
}

static int make_lineage(const struct bscope_graph *graph, struct bscope_graph_index *index) {
  struct bscope_lineage *l = &index->lineage;
  size_t count = bscope_graph_node_count(graph);
  for (unsigned way = 0; way < 2; way++) {
    l->jump[way] = numbers(count);
    l->steps[way] = numbers(count);
    if (l->jump[way] == NULL || l->steps[way] == NULL)
      return BSCOPE_ERR_NO_MEMORY;
  }
  index->bytes[LINEAGE] = count * 16;
  for (size_t i = 0; i < count; i++)
    add_jump(l, 0, (uint32_t)i, bscope_graph_at(graph, i)->moved_from);
  for (size_t i = count; i-- > 0;)
    add_jump(l, 1, (uint32_t)i, bscope_graph_at(graph, i)->moved_to);
  return BSCOPE_OK;
}

static int make_part(const struct bscope_graph *graph, enum part part) {
  struct bscope_graph_index *index = graph->index;
  int status;
  if (part == NEIGHBOURS)
    return make_neighbours(graph, index);
  if (part == LINEAGE)
    return make_lineage(graph, index);
  status = part == LIVES ? make_lives(graph, index) : make_edge_spans(graph, index, part);
  index->bytes[part] = bscope_spans_bytes(&index->spans[part - LIVES]);
  return status;
}

int bscope_graph_index_init(struct bscope_graph *graph) {
  static const pthread_once_t unmade = PTHREAD_ONCE_INIT;
  graph->index = bscope_model_zeroed(1, sizeof(*graph->index));
  if (graph->index == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  for (size_t i = 0; i < PARTS; i++)
    graph->index->made[i] = unmade;
  return BSCOPE_OK;
}

void bscope_graph_index_fini(struct bscope_graph *graph) {
  struct bscope_graph_index *index = graph->index;
  if (index == NULL)
    return;
  free(index->neighbours.arcs);
  for (unsigned i = 0; i < 2; i++) {
    free(index->neighbours.first[i]);
    free(index->neighbours.links[i]);
    free(index->lineage.jump[i]);
    free(index->lineage.steps[i]);
  }
  for (unsigned i = 0; i < BSCOPE_COUNT(index->spans); i++)
    bscope_spans_fini(&index->spans[i]);
  free(index);
}

/* pthread_once passes no argument on. It also survives a fork while another thread is in it. */
static __thread const struct bscope_graph *asked;
static __thread enum part asked_part;

static void make_asked(void) {
  asked->index->status[asked_part] = make_part(asked, asked_part);
}

static bool has(const struct bscope_graph *graph, enum part part) {
  asked = graph;
  asked_part = part;
  (void)pthread_once(&graph->index->made[part], make_asked);
  if (graph->index->status[part] == BSCOPE_OK)
    return true;
  bscope_fail(BSCOPE_ERR_NO_MEMORY, "graph: no memory to answer questions");
  return false;
}

const struct bscope_neighbours *bscope_graph_neighbours(const struct bscope_graph *graph) {
  return has(graph, NEIGHBOURS) ? &graph->index->neighbours : NULL;
}
const struct bscope_spans *bscope_graph_lives(const struct bscope_graph *graph) {
  return has(graph, LIVES) ? &graph->index->spans[0] : NULL;
}
const struct bscope_spans *bscope_graph_borrows(const struct bscope_graph *graph) {
  return has(graph, BORROWS) ? &graph->index->spans[BORROWS - LIVES] : NULL;
}
const struct bscope_spans *bscope_graph_others(const struct bscope_graph *graph) {
  return has(graph, OTHERS) ? &graph->index->spans[OTHERS - LIVES] : NULL;
}
const struct bscope_lineage *bscope_graph_lineage(const struct bscope_graph *graph) {
  return has(graph, LINEAGE) ? &graph->index->lineage : NULL;
}

size_t bscope_graph_index_bytes(const struct bscope_graph *graph) {
  size_t bytes = sizeof(*graph->index);
  for (unsigned part = 0; part < PARTS; part++) {
    if (!has(graph, (enum part)part))
      return 0;
    bytes += graph->index->bytes[part];
  }
  return bytes;
}

void bscope_arc_edge(const struct bscope_graph *graph, const struct bscope_arc *arc, struct bscope_edge *out) {
  uint32_t i = arc->is & ((1u << BSCOPE_ARC_BITS) - 1);
  get_edge get = bscope_relation_is_borrow((enum bscope_relation)(arc->is >> BSCOPE_ARC_BITS)) ? bscope_graph_edge
                                                                                               : bscope_graph_relation;
  (void)get(graph, i, out);
}

int bscope_query_read(const char *call, const struct bscope_graph *graph, size_t node, const struct bscope_query *query,
                      struct bscope_query *out) {
  if (graph == NULL || (node != BSCOPE_NODE_NONE && node >= bscope_graph_node_count(graph)))
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "%s: there is no such %s", call, graph == NULL ? "graph" : "node");
  *out = query == NULL ? (struct bscope_query){0} : *query;
  if ((out->size != 0 && out->size != sizeof(*out)) || (unsigned)out->direction > BSCOPE_INWARD ||
      (out->until != 0 && out->from >= out->until))
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "%s: the query's size, direction or window is none", call);
  if (out->relations == 0)
    out->relations = UINT32_MAX;
  if (out->hops == 0)
    out->hops = SIZE_MAX;
  if (out->until == 0)
    out->from = 0;
  return BSCOPE_OK;
}

bool bscope_query_sees(const struct bscope_query *query, const struct bscope_edge *edge) {
  return query->until == 0 || (edge->start < query->until && (edge->end > query->from || edge->start >= query->from));
}
