/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to a graph: who borrowed whom, what was alive, what leads where, what goes in circles.
 *
 * All have one form: `out` has room for `capacity` answers, the first of which are written; the result is how many
 * there are. BSCOPE_QUERY_FAILED: see bscope_last_error (BSCOPE_ERR_INVALID_ARGUMENT, BSCOPE_ERR_NO_MEMORY). Answers
 * come in log order but for walks, paths and chains, which have their own, and those sorted by a count. Nothing here
 * recurses, and everything ends where edges go in circles.
 *
 * What helps to answer (neighbours of each node, intervals) is made when it is first needed, and kept in the graph:
 * about 20 bytes an edge and 70 a node. Any number of threads may ask one graph.
 */
#ifndef BORROWSCOPE_WALK_H
#define BORROWSCOPE_WALK_H

#include <borrowscope/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BSCOPE_QUERY_FAILED ((size_t)-1)

/* A set of relations: BSCOPE_RELATED(MOVES) | BSCOPE_RELATED(WEAK). */
#define BSCOPE_RELATED(name) (1u << BSCOPE_RELATION_##name)
#define BSCOPE_RELATED_BORROWS (BSCOPE_RELATED(BORROWS_IMMUT) | BSCOPE_RELATED(BORROWS_MUT))

/* Which way edges are followed. */
enum bscope_direction {
  BSCOPE_EITHER_WAY = 0,
  BSCOPE_OUTWARD = 1, /* from `from` to `to`: from a borrower to what it borrows, from what moved to what it became */
  BSCOPE_INWARD = 2   /* from `to` to `from`: from what is borrowed to its borrowers */
};

/* Which edges a question is about; NULL, or all 0: every one. */
struct bscope_query {
  size_t size;                     /* sizeof(struct bscope_query) or 0 */
  uint32_t relations;              /* a set; 0: all */
  enum bscope_direction direction; /* seen from the node asked about */
  bscope_stamp from;  /* what lasted at some time in [from, until); a move, which has no length, is at its */
  bscope_stamp until; /* start. until 0: whenever. At one time t: from t until t + 1 */
  size_t hops;        /* breadth-first walks and paths: edges between the start and a node at most; 0: any number */
};

/* Edges and relations that begin or end at `node` (BSCOPE_NODE_NONE: all of the graph), in the order of their start. */
BSCOPE_API size_t bscope_graph_edges(const struct bscope_graph *graph, size_t node, const struct bscope_query *query,
                                     struct bscope_edge *out, size_t capacity);

/* Nodes that lived at some time in [from, until); of the query only that is looked at. */
BSCOPE_API size_t bscope_graph_alive(const struct bscope_graph *graph, const struct bscope_query *query, size_t *out,
                                     size_t capacity);

/* Which variable held at that time what `node` holds, moves followed back and forth; BSCOPE_NODE_NONE: none did. */
BSCOPE_API size_t bscope_graph_owner_at(const struct bscope_graph *graph, size_t node, bscope_stamp stamp);

/* `node`, what it borrows, what that borrows, … until one that borrows nothing known. Its depth is the result less 1.
 */
BSCOPE_API size_t bscope_graph_borrow_chain(const struct bscope_graph *graph, size_t node, size_t *out,
                                            size_t capacity);

enum bscope_walk_order {
  BSCOPE_BREADTH_FIRST = 0, /* with hops: a neighbourhood */
  BSCOPE_DEPTH_FIRST = 1,
  BSCOPE_TOPOLOGICAL =
      2,           /* each node before those its edges lead to; left out is what goes in circles or behind them */
  BSCOPE_DROPS = 3 /* those whose life ended in a drop, in the order of that */
};

/*
 * Nodes that edges lead to from `start`, it included (BSCOPE_NODE_NONE: all, each walk from the oldest not reached
 * yet). Neighbours are visited in log order. BSCOPE_TOPOLOGICAL takes BSCOPE_EITHER_WAY as BSCOPE_OUTWARD.
 */
BSCOPE_API size_t bscope_graph_walk(const struct bscope_graph *graph, enum bscope_walk_order order, size_t start,
                                    const struct bscope_query *query, size_t *out, size_t capacity);

/* A shortest path, both ends included; 0: none leads there. Of equally short ones the one whose steps are oldest. */
BSCOPE_API size_t bscope_graph_path(const struct bscope_graph *graph, size_t start, size_t goal,
                                    const struct bscope_query *query, size_t *out, size_t capacity);

enum bscope_grouping {
  BSCOPE_COMPONENTS = 0, /* what hangs together, whichever way edges lead */
  BSCOPE_CYCLES = 1      /* nodes each of which leads to every other one of its group, or to itself */
};

/* Groups of nodes, each ended by BSCOPE_NODE_NONE, in the order of their oldest. */
BSCOPE_API size_t bscope_graph_groups(const struct bscope_graph *graph, enum bscope_grouping grouping,
                                      const struct bscope_query *query, size_t *out, size_t capacity);

/* A node with the number of edges of the query that it has. */
struct bscope_hot_spot {
  size_t node;
  uint64_t count;
};

/* Most borrowed: relations BSCOPE_RELATED_BORROWS, direction BSCOPE_INWARD. Highest count first; of equal ones the
 * older. Nodes without any are left out. */
BSCOPE_API size_t bscope_graph_hot_spots(const struct bscope_graph *graph, const struct bscope_query *query,
                                         struct bscope_hot_spot *out, size_t capacity);

/* How many references there are to what is shared, from `stamp` on. */
struct bscope_reference_count {
  bscope_stamp stamp;
  uint64_t strong;
  uint64_t weak;
};

/* All of it in one place. */
struct bscope_reference_summary {
  size_t size;          /* sizeof(struct bscope_reference_summary) or 0 */
  uint64_t references;  /* variables that ever referred to it */
  uint64_t peak_strong; /* the most at one time */
  uint64_t peak_weak;
  bscope_stamp peak_at; /* when there were so many strong ones first */
  uint64_t left_strong; /* at the log's end; above 0 then: a leak if the program has ended */
  uint64_t left_weak;
  bscope_stamp freed_at; /* when the last strong one ended; BSCOPE_STAMP_OPEN */
};

/* References to what `node` shares with its clones, of clones too: each change, and their summary unless it is NULL. A
 * move passes a reference on. */
BSCOPE_API size_t bscope_graph_references(const struct bscope_graph *graph, size_t node,
                                          struct bscope_reference_summary *summary, struct bscope_reference_count *out,
                                          size_t capacity);

/* Figures of a whole graph. */
struct bscope_graph_statistics {
  size_t size; /* sizeof(struct bscope_graph_statistics) or 0 */
  uint64_t nodes;
  uint64_t borrowers;
  uint64_t relations[16]; /* edges of each enum bscope_relation */
  uint64_t deepest;       /* edges of the longest chain of borrows */
  uint64_t most_borrows;  /* of one variable */
  uint64_t peak_alive;    /* the most nodes that lived at one time, and when first */
  bscope_stamp peak_alive_at;
  uint64_t peak_borrows; /* the most borrows open at one time, and when first */
  bscope_stamp peak_borrows_at;
  uint64_t ended;          /* nodes whose life ended */
  uint64_t lifetime_total; /* of those, in events */
  uint64_t lifetime_longest;
  uint64_t index_bytes; /* memory of what queries made */
  uint64_t reserved[8]; /* 0 */
};

/* 0, BSCOPE_ERR_INVALID_ARGUMENT or BSCOPE_ERR_NO_MEMORY. */
BSCOPE_API int bscope_graph_get_statistics(const struct bscope_graph *graph, struct bscope_graph_statistics *out);

#ifdef __cplusplus
}
#endif

#endif
