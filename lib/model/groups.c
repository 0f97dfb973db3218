/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups of a graph's nodes: what hangs together, and what goes in circles (Tarjan's strongly connected components,
 * with a stack of its own). O(nodes + edges).
 */
#include "base/error.h"
#include "base/util.h"
#include "model/graph.h"
#include "model/memory.h"
#include "model/visit.h"

#include <stdlib.h>

#define NO_GROUP UINT32_MAX

/* Numbers the nodes' groups; what hangs together is found from its oldest node on. */
static int mark_components(struct bscope_visit *visit, uint32_t *group) {
  uint32_t groups = 0;
  visit->query.direction = BSCOPE_EITHER_WAY;
  for (size_t start = 0; start < visit->nodes; start++) {
    if (!bscope_visit_reach(visit, start))
      continue;
    visit->queued = 0;
    if (bscope_visit_push(visit, (uint32_t)start) != BSCOPE_OK)
      return BSCOPE_ERR_NO_MEMORY;
    while (visit->queued > 0) {
      struct bscope_place_in place = bscope_visit_node(visit, visit->queue[--visit->queued]);
      group[place.node] = groups;
      for (uint32_t next; (next = bscope_visit_next(visit, &place)) != BSCOPE_GRAPH_NOBODY;)
        if (bscope_visit_reach(visit, next) && bscope_visit_push(visit, next) != BSCOPE_OK)
          return BSCOPE_ERR_NO_MEMORY;
    }
    groups++;
  }
  return BSCOPE_OK;
}

struct tarjan {
  struct bscope_visit *visit;
  struct bscope_place_in *stack;
  size_t height;
  size_t capacity;
  uint32_t *found;  /* by node: in which order it was come upon, from 1 */
  uint32_t *lowest; /* the earliest found that it leads back to; 0: its group is closed */
  uint32_t *group;
  uint32_t counter;
};

static int enter(struct tarjan *t, uint32_t node) {
  struct bscope_place_in *stack = bscope_model_grow(t->stack, &t->capacity, t->height + 1, sizeof(*stack));
  if (stack == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  t->stack = stack;
  stack[t->height++] = bscope_visit_node(t->visit, node);
  t->found[node] = t->lowest[node] = ++t->counter;
  return bscope_visit_push(t->visit, node);
}

/* Closes the group of which the node was found first: it is the queue's end. One node alone is none, unless it leads to
 * itself (which `reached` tells). */
static void close_group(struct tarjan *t, uint32_t node) {
  struct bscope_visit *visit = t->visit;
  bool circle = visit->queue[visit->queued - 1] != node || !bscope_visit_reach(visit, node);
  for (uint32_t last = NO_GROUP; last != node;) {
    last = visit->queue[--visit->queued];
    t->lowest[last] = 0;
    t->group[last] = circle ? node : NO_GROUP;
  }
}

static void lower(struct tarjan *t, uint32_t node, uint32_t to) {
  if (to != 0 && to < t->lowest[node])
    t->lowest[node] = to;
}

static int go(struct tarjan *t, uint32_t start) {
  int status = enter(t, start);
  while (status == BSCOPE_OK && t->height > 0) {
    struct bscope_place_in *top = &t->stack[t->height - 1];
    uint32_t node = top->node, next = bscope_visit_next(t->visit, top);
    if (next == node)
      (void)bscope_visit_reach(t->visit, node);
    if (next != BSCOPE_GRAPH_NOBODY) {
      if (t->found[next] == 0)
        status = enter(t, next);
      else
        lower(t, node, t->lowest[next]);
      continue;
    }
    t->height--;
    if (t->lowest[node] == t->found[node])
      close_group(t, node);
    else
      lower(t, t->stack[t->height - 1].node, t->lowest[node]);
  }
  return status;
}

static int mark_cycles(struct bscope_visit *visit, uint32_t *group) {
  struct tarjan t = {.visit = visit, .group = group};
  int status = BSCOPE_ERR_NO_MEMORY;
  visit->query.direction = BSCOPE_OUTWARD;
  t.found = bscope_model_zeroed(visit->nodes, sizeof(*t.found));
  t.lowest = bscope_model_zeroed(visit->nodes, sizeof(*t.lowest));
  if (t.found != NULL && t.lowest != NULL)
    status = BSCOPE_OK;
  for (size_t i = 0; i < visit->nodes && status == BSCOPE_OK; i++)
    if (t.found[i] == 0)
      status = go(&t, (uint32_t)i);
  free(t.stack);
  free(t.found);
  free(t.lowest);
  return status;
}

/* The groups' names become numbers in the order of their oldest nodes. How many there are. */
static uint32_t renumber(uint32_t *group, uint32_t *numbers, size_t nodes) {
  uint32_t groups = 0;
  for (size_t i = 0; i < nodes; i++) {
    if (group[i] == NO_GROUP)
      continue;
    if (numbers[group[i]] == 0)
      numbers[group[i]] = ++groups;
    group[i] = numbers[group[i]] - 1;
  }
  return groups;
}

/* Counts and places the nodes of each group, and what ends it. */
static size_t give(const uint32_t *group, uint32_t *places, size_t nodes, uint32_t groups, size_t *out,
                   size_t capacity) {
  size_t place = 0, members = 0;
  for (uint32_t i = 0; i < groups; i++)
    places[i] = 0;
  for (size_t i = 0; i < nodes; i++)
    if (group[i] != NO_GROUP)
      places[group[i]]++;
  for (uint32_t i = 0; i < groups; i++) {
    size_t count = places[i];
    places[i] = (uint32_t)(members + i);
    members += count;
    place = members + i;
    if (place < capacity)
      out[place] = BSCOPE_NODE_NONE;
  }
  for (size_t i = 0; i < nodes; i++) {
    if (group[i] == NO_GROUP)
      continue;
    place = places[group[i]]++;
    if (place < capacity)
      out[place] = i;
  }
  return members + groups;
}

size_t bscope_graph_groups(const struct bscope_graph *graph, enum bscope_grouping grouping,
                           const struct bscope_query *query, size_t *out, size_t capacity) {
  struct bscope_visit visit;
  uint32_t *group = NULL, *numbers = NULL;
  size_t count = BSCOPE_QUERY_FAILED;
  int status = bscope_visit_init(&visit, __func__, graph, BSCOPE_NODE_NONE, query);
  if (status == BSCOPE_OK && (unsigned)grouping > BSCOPE_CYCLES)
    status = bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "%s: there is no grouping %d", __func__, (int)grouping);
  if (status == BSCOPE_OK) {
    group = bscope_model_zeroed(visit.nodes + 1, sizeof(*group));
    numbers = bscope_model_zeroed(visit.nodes + 1, sizeof(*numbers));
    status = group == NULL || numbers == NULL ? BSCOPE_ERR_NO_MEMORY : BSCOPE_OK;
  }
  if (status == BSCOPE_OK)
    status = grouping == BSCOPE_CYCLES ? mark_cycles(&visit, group) : mark_components(&visit, group);
  if (status == BSCOPE_OK)
    count = give(group, numbers, visit.nodes, renumber(group, numbers, visit.nodes), out, capacity);
  free(group);
  free(numbers);
  bscope_visit_fini(&visit);
  return count;
}
