/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Borrows over time. A graph's edges are its timeline: each has its borrower (`from`), what it borrowed (`to`), start,
 * end or BSCOPE_STAMP_OPEN, and whether it is mutable (`relation`). All intervals are half open: what ends at t is over
 * at t. Of one variable, or at one time: bscope_graph_edges with BSCOPE_RELATED_BORROWS.
 */
#ifndef BORROWSCOPE_TIMELINE_H
#define BORROWSCOPE_TIMELINE_H

#include <borrowscope/walk.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline bool bscope_edge_is_mutable(const struct bscope_edge *edge) {
  return edge->relation == BSCOPE_RELATION_BORROWS_MUT;
}

static inline bool bscope_edge_is_active_at(const struct bscope_edge *edge, bscope_stamp stamp) {
  return edge->start <= stamp && stamp < edge->end;
}

/* Whether there is a time at which both last. */
static inline bool bscope_edges_overlap(const struct bscope_edge *a, const struct bscope_edge *b) {
  return a->start < b->end && b->start < a->end && a->start < a->end && b->start < b->end;
}

/* Events from its start to its end, or to `now` while it is open. */
static inline uint64_t bscope_edge_duration(const struct bscope_edge *edge, bscope_stamp now) {
  bscope_stamp end = edge->end == BSCOPE_STAMP_OPEN ? now : edge->end;
  return end > edge->start ? end - edge->start : 0;
}

/* Whether there is a time at which both variables live. */
static inline bool bscope_lives_overlap(const struct bscope_node *a, const struct bscope_node *b) {
  return a->created_at < b->ended_at && b->created_at < a->ended_at;
}

/* The time that a graph's borrows take up. */
struct bscope_timeline {
  size_t size; /* sizeof(struct bscope_timeline) or 0 */
  uint64_t borrows;
  uint64_t open;         /* of them not ended */
  bscope_stamp min_time; /* the first start; 0 without borrows */
  bscope_stamp max_time; /* the last start or end */
  uint64_t duration;     /* max_time - min_time */
  uint64_t borrowed;     /* events of all ended borrows together */
  uint64_t longest;      /* of an ended borrow */
};

/* Of all borrows, or those of the query that begin or end at `node`. 0, BSCOPE_ERR_INVALID_ARGUMENT or
 * BSCOPE_ERR_NO_MEMORY. */
BSCOPE_API int bscope_graph_timeline(const struct bscope_graph *graph, size_t node, const struct bscope_query *query,
                                     struct bscope_timeline *out);

#ifdef __cplusplus
}
#endif

#endif
