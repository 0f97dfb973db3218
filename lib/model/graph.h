/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a graph: one 64-byte record a variable. A borrow's edge is the borrower's own life, and a move's
 * relation the birth of what it made, so both are lists of variables' numbers.
 */
#ifndef BSCOPE_MODEL_GRAPH_H
#define BSCOPE_MODEL_GRAPH_H

#include "model/facts.h"
#include "model/pieces.h"

#include <borrowscope/graph.h>
#include <pthread.h>

#define BSCOPE_GRAPH_NOBODY UINT32_MAX

enum bscope_graph_flag {
  BSCOPE_GRAPH_ENDING = 3u, /* enum bscope_ending */
  BSCOPE_GRAPH_BORROWER = 4u,
  BSCOPE_GRAPH_MUTABLE = 8u,
  BSCOPE_GRAPH_INFERRED = 16u, /* of the borrow or of the move that made it */
  BSCOPE_GRAPH_MOVED_IN = 32u, /* made by a move: its name is the move's second */
  BSCOPE_GRAPH_GROWN = 64u,    /* made by a resize of a null pointer: its name is what the argument calls it */
  BSCOPE_GRAPH_GUESSED =
      128u,                 /* a borrower whose owner was inferred, by its own borrow or that of what moved into it */
  BSCOPE_GRAPH_GIVEN = 256u /* its id ends in a number that the caller gave, the next of the graph's */
};

struct bscope_graph_node {
  uint64_t created_at;
  uint64_t ended_at;
  uint64_t address;
  uint64_t size;
  uint32_t facts;
  uint32_t type; /* a name: a move passes its source's on */
  uint32_t thread;
  uint32_t owner; /* of a borrower; or NOBODY */
  uint32_t moved_from;
  uint32_t moved_to;
  uint32_t flags; /* enum bscope_graph_flag */
};

/* A relation that is not made by a move. */
struct bscope_graph_link {
  uint64_t start;
  uint32_t from;
  uint32_t to;
  uint8_t relation; /* enum bscope_relation */
  bool lasts;       /* as long as `from` does */
  bool inferred;
};

#define BSCOPE_GRAPH_IS_LINK (1u << 31) /* in a list of relations: what stands below is the number of a link */

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
  size_t expected; /* as many as the log has */
  bool given_up;
  int status;                       /* why there is no graph */
  struct bscope_findings *findings; /* of the rules, found in the same walk */
};

/*
 * The ids of all nodes, written when one is first asked for: most graphs are read by numbers. Room for them is there
 * from the start, so that reading can't fail; what is not written costs no memory.
 */
struct bscope_graph_ids {
  pthread_once_t written;
  size_t *places; /* by node: where its id begins in the bytes */
  char *bytes;
};

struct bscope_graph {
  struct bscope_names names;
  struct bscope_facts_table facts;
  struct bscope_pieces nodes;    /* struct bscope_graph_node */
  struct bscope_pieces edges;    /* uint32_t: borrowers with a known owner */
  struct bscope_pieces moves;    /* uint32_t: what moves with a known source made; among them, links by number */
  struct bscope_pieces links;    /* struct bscope_graph_link */
  struct bscope_table receivers; /* while it is built: name of a channel -> node + 1 of its newest receiver */
  struct bscope_graph_ids *ids;
  struct bscope_graph_index *index; /* of questions (index.h) */
  size_t name_bytes;                /* of all nodes' names together */
  struct bscope_pieces given;       /* uint64_t: numbers that callers gave, in the order of their nodes */
  uint32_t *newest;                 /* by name: the newest node + 1; 0: there is none */
  size_t newest_capacity;
  struct bscope_told *told; /* while it is built, for whoever asked */
  struct bscope_checker *checker;
  struct bscope_graph_summary summary;
  struct bscope_graph_strings *strings; /* names and facts are these, which other graphs have too; or NULL */
  bool unfinished;                      /* an event that it is made from was still to be published */
  int status;                           /* BSCOPE_ERR_NO_MEMORY: a node could not be changed */
  struct bscope_graph_node nowhere;     /* what is changed then */
};

/* Node i, to be read. */
static inline const struct bscope_graph_node *bscope_graph_at(const struct bscope_graph *graph, size_t i) {
  return bscope_pieces_at(&graph->nodes, i, sizeof(struct bscope_graph_node));
}

/* The i-th borrower with a known owner, and the i-th that a move made. */
static inline uint32_t bscope_graph_edge_node(const struct bscope_graph *graph, size_t i) {
  return *(const uint32_t *)bscope_pieces_at(&graph->edges, i, sizeof(uint32_t));
}
static inline uint32_t bscope_graph_move_node(const struct bscope_graph *graph, size_t i) {
  return *(const uint32_t *)bscope_pieces_at(&graph->moves, i, sizeof(uint32_t));
}

static inline const struct bscope_graph_link *bscope_graph_link(const struct bscope_graph *graph, size_t i) {
  return bscope_pieces_at(&graph->links, i, sizeof(struct bscope_graph_link));
}

/* The number of a node's name. */
static inline uint32_t bscope_graph_node_name(const struct bscope_graph *graph, const struct bscope_graph_node *node) {
  const struct bscope_facts *facts = &graph->facts.entries[node->facts];
  if ((node->flags & BSCOPE_GRAPH_GROWN) != 0)
    return facts->said;
  return (node->flags & BSCOPE_GRAPH_MOVED_IN) != 0 ? facts->name2 : facts->name;
}

/* Makes room for the ids of a graph whose nodes are complete. 0 or BSCOPE_ERR_NO_MEMORY. */
int bscope_graph_ids_init(struct bscope_graph *graph);
void bscope_graph_ids_fini(struct bscope_graph *graph);

/* The id of node i. Borrowed from the graph. Any number of threads may ask. */
const char *bscope_graph_node_id(const struct bscope_graph *graph, size_t i);

struct bscope_resolver;

/* A graph of nothing yet, and all of its end. NULL: BSCOPE_ERR_NO_MEMORY is set. */
struct bscope_graph *bscope_graph_begin(void);

/* Takes in the log's events from `start` on, as the resolver, which is over the graph's facts, understands them. 0 or a
 * status with its message: the graph is then of no further use. */
int bscope_graph_extend(struct bscope_graph *graph, struct bscope_resolver *resolver, const struct bscope_log *log,
                        size_t start);

/* What is made once all nodes are there. 0 or BSCOPE_ERR_NO_MEMORY. */
int bscope_graph_finish(struct bscope_graph *graph);

/* Gives back strings that graphs share (live.c). */
void bscope_graph_strings_free(struct bscope_graph_strings *strings);

/* bscope_graph_build, and what its events meant and which rules they broke into *told: owned, bscope_told_fini. */
struct bscope_graph *bscope_graph_build_and_tell(const struct bscope_log *log, struct bscope_told *told);
void bscope_told_fini(struct bscope_told *told);

#endif
