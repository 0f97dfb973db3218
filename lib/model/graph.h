/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a graph: one 64-byte record a variable. A borrow's edge is the borrower's own life, and a move's
 * relation the birth of what it made, so both are lists of variables' numbers.
 */
#ifndef BSCOPE_MODEL_GRAPH_H
#define BSCOPE_MODEL_GRAPH_H

#include "model/facts.h"

#include <borrowscope/graph.h>

#define BSCOPE_GRAPH_NOBODY UINT32_MAX

enum bscope_graph_flag {
  BSCOPE_GRAPH_ENDING = 3u, /* enum bscope_ending */
  BSCOPE_GRAPH_BORROWER = 4u,
  BSCOPE_GRAPH_MUTABLE = 8u,
  BSCOPE_GRAPH_INFERRED = 16u, /* of the borrow or of the move that made it */
  BSCOPE_GRAPH_MOVED_IN = 32u, /* made by a move: its name is the move's second */
  BSCOPE_GRAPH_GROWN = 64u,    /* made by a resize of a null pointer: its name is what the argument calls it */
  BSCOPE_GRAPH_GUESSED = 128u /* a borrower whose owner was inferred, by its own borrow or that of what moved into it */
};

struct bscope_graph_node {
  uint64_t created_at;
  uint64_t ended_at;
  uint64_t address;
  uint64_t size;
  uint32_t id; /* where the id begins in the graph's ids, in units of four bytes */
  uint32_t facts;
  uint32_t type; /* a name: a move passes its source's on */
  uint32_t thread;
  uint32_t owner; /* of a borrower; or NOBODY */
  uint32_t moved_from;
  uint32_t moved_to;
  uint32_t flags; /* enum bscope_graph_flag */
};

/* What an event meant: enough to write it once more without resolving it again. */
struct bscope_told_event {
  uint32_t subject; /* numbers of variables, or BSCOPE_VARIABLE_NONE */
  uint32_t object;
  uint32_t flags; /* enum bscope_told_flag */
};

enum bscope_told_flag { BSCOPE_TOLD_INFERRED = 1u, BSCOPE_TOLD_AMBIGUOUS = 2u, BSCOPE_TOLD_SILENT = 4u };

/*
 * What all events of a log meant, in their order. It is given up where it would outgrow the variables, since a log may
 * say a million things about one, and where an event means more than this can hold (resizes, ids that callers gave).
 */
struct bscope_told {
  struct bscope_told_event *events; /* NULL: given up */
  size_t count;
  size_t capacity;
  bool given_up;
};

struct bscope_graph {
  struct bscope_names names;
  struct bscope_facts_table facts;
  struct bscope_graph_node *nodes;
  size_t node_count;
  size_t node_capacity;
  uint32_t *edges; /* borrowers with a known owner */
  size_t edge_count;
  size_t edge_capacity;
  uint32_t *moves; /* what moves with a known source made */
  size_t move_count;
  size_t move_capacity;
  char *ids;
  size_t id_bytes;
  size_t id_capacity;
  uint32_t *newest; /* by name: the newest node + 1; 0: there is none */
  size_t newest_capacity;
  struct bscope_told *told; /* while it is built, for whoever asked */
  bool given_ids;           /* some node's id does not end in its position */
  struct bscope_graph_summary summary;
};

/* Borrowed. */
static inline const char *bscope_graph_node_id(const struct bscope_graph *graph, const struct bscope_graph_node *node) {
  return graph->ids + (size_t)node->id * 4;
}

/* The number of a node's name. */
static inline uint32_t bscope_graph_node_name(const struct bscope_graph *graph, const struct bscope_graph_node *node) {
  const struct bscope_facts *facts = &graph->facts.entries[node->facts];
  if ((node->flags & BSCOPE_GRAPH_GROWN) != 0)
    return facts->said;
  return (node->flags & BSCOPE_GRAPH_MOVED_IN) != 0 ? facts->name2 : facts->name;
}

/* bscope_graph_build, and what its events meant into *told: owned, free told->events. */
struct bscope_graph *bscope_graph_build_and_tell(const struct bscope_log *log, struct bscope_told *told);

#endif
