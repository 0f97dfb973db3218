/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reference counts over time: all variables that share what one does are found along clones and moves, and their lives
 * counted. O(r log r) for r of them, after the neighbours are there.
 */
#include "base/error.h"
#include "base/util.h"
#include "model/graph.h"
#include "model/memory.h"
#include "model/visit.h"

#include <stdlib.h>

#define SHARING (BSCOPE_RELATED(RC_CLONE) | BSCOPE_RELATED(ARC_CLONE) | BSCOPE_RELATED(WEAK) | BSCOPE_RELATED(MOVES))

enum change { STRONG_MORE, STRONG_LESS, WEAK_MORE, WEAK_LESS };

/* The members of a family, oldest first. */
static struct bscope_keyed *in_order(const struct bscope_visit *visit) {
  struct bscope_keyed *members = bscope_model_zeroed(visit->queued, sizeof(*members));
  for (size_t i = 0; members != NULL && i < visit->queued; i++)
    members[i].key = visit->queue[i];
  if (members != NULL && bscope_keyed_sort(members, visit->queued) == BSCOPE_OK)
    return members;
  free(members);
  return NULL;
}

/* Whether a variable is a weak reference: it was made as one, or received one by a move. The bit of each that was
 * `reached` tells from then on that it is not. */
static bool is_weak(struct bscope_visit *visit, uint32_t node) {
  const struct bscope_neighbours *n = visit->neighbours;
  uint32_t source = bscope_graph_at(visit->graph, node)->moved_from;
  bool weak = source != BSCOPE_GRAPH_NOBODY && (visit->reached[source / 64] >> source % 64 & 1) == 0;
  for (uint32_t i = n->first[0][node]; i < n->first[0][node + 1]; i++)
    weak = weak || n->arcs[n->links[0][i]].is >> BSCOPE_ARC_BITS == BSCOPE_RELATION_WEAK;
  visit->reached[node / 64] &= ~((uint64_t)weak << node % 64);
  return weak;
}

/* All changes of the counts, in log order. A move passes on: the receiver's beginning and the giver's end are none. */
static struct bscope_keyed *changes(struct bscope_visit *visit, const struct bscope_keyed *members,
                                    struct bscope_reference_summary *summary, size_t *count) {
  struct bscope_keyed *all = bscope_model_zeroed(2 * visit->queued, sizeof(*all));
  *count = 0;
  for (size_t i = 0; all != NULL && i < visit->queued; i++) {
    const struct bscope_graph_node *node = bscope_graph_at(visit->graph, members[i].key);
    bool weak = is_weak(visit, (uint32_t)members[i].key);
    if (node->moved_from == BSCOPE_GRAPH_NOBODY) {
      all[(*count)++] = (struct bscope_keyed){node->created_at, weak ? WEAK_MORE : STRONG_MORE};
      summary->references++;
    }
    if (node->ended_at != BSCOPE_STAMP_OPEN && (node->flags & BSCOPE_GRAPH_ENDING) != BSCOPE_ENDING_MOVED)
      all[(*count)++] = (struct bscope_keyed){node->ended_at, weak ? WEAK_LESS : STRONG_LESS};
  }
  if (all != NULL && bscope_keyed_sort(all, *count) == BSCOPE_OK)
    return all;
  free(all);
  return NULL;
}

static size_t give(const struct bscope_keyed *all, size_t count, struct bscope_reference_summary *summary,
                   struct bscope_reference_count *out, size_t capacity) {
  struct bscope_reference_count now = {0, 0, 0};
  size_t answers = 0;
  summary->freed_at = BSCOPE_STAMP_OPEN;
  for (size_t i = 0; i < count;) {
    now.stamp = all[i].key;
    for (; i < count && all[i].key == now.stamp; i++) {
      bool weak = all[i].value >= WEAK_MORE, less = all[i].value == STRONG_LESS || all[i].value == WEAK_LESS;
      *(weak ? &now.weak : &now.strong) += less ? UINT64_MAX : 1;
      if (!weak)
        summary->freed_at = now.strong == 0 ? now.stamp : BSCOPE_STAMP_OPEN;
    }
    if (now.strong > summary->peak_strong) {
      summary->peak_strong = now.strong;
      summary->peak_at = now.stamp;
    }
    summary->peak_weak = bscope_max_u64(summary->peak_weak, now.weak);
    if (answers < capacity)
      out[answers] = now;
    answers++;
  }
  summary->left_strong = now.strong;
  summary->left_weak = now.weak;
  return answers;
}

size_t bscope_graph_references(const struct bscope_graph *graph, size_t node, struct bscope_reference_summary *summary,
                               struct bscope_reference_count *out, size_t capacity) {
  static const struct bscope_query sharing = {.relations = SHARING};
  struct bscope_reference_summary told = {.size = sizeof(told)};
  struct bscope_visit visit;
  struct bscope_keyed *members = NULL, *all = NULL;
  size_t count = 0, answers = BSCOPE_QUERY_FAILED;
  int status = bscope_visit_init(&visit, __func__, graph, node, &sharing);
  if (status == BSCOPE_OK && node == BSCOPE_NODE_NONE)
    status = bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "%s: there is no such node", __func__);
  if (status == BSCOPE_OK)
    status = bscope_visit_breadth(&visit, (uint32_t)node, BSCOPE_GRAPH_NOBODY, NULL);
  if (status == BSCOPE_OK && (members = in_order(&visit)) != NULL &&
      (all = changes(&visit, members, &told, &count)) != NULL) {
    answers = give(all, count, &told, out, capacity);
    if (summary != NULL)
      *summary = told;
  }
  free(members);
  free(all);
  bscope_visit_fini(&visit);
  return answers;
}
