/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ownership graph of a log: variables, who borrowed whom and when, and where ownership moved.
 * A pure function of the log; intervals are half open; an edge not ended is open, not missing.
 */
#ifndef BORROWSCOPE_GRAPH_H
#define BORROWSCOPE_GRAPH_H

#include <borrowscope/log.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bscope_graph;

#define BSCOPE_STAMP_OPEN UINT64_MAX  /* an end that has not come */
#define BSCOPE_NODE_NONE ((size_t)-1) /* no such node */

enum bscope_relation {
  BSCOPE_RELATION_OWNS = 0,
  BSCOPE_RELATION_BORROWS_IMMUT = 1,
  BSCOPE_RELATION_BORROWS_MUT = 2,
  BSCOPE_RELATION_MOVES = 3,
  BSCOPE_RELATION_RC_CLONE = 4, /* from the clone to its source */
  BSCOPE_RELATION_ARC_CLONE = 5,
  BSCOPE_RELATION_WEAK = 6,     /* from the weak one to the strong one, or to the weak one that it was cloned from */
  BSCOPE_RELATION_CAPTURES = 7, /* from the closure to what it captured */
  BSCOPE_RELATION_LOCKS = 8,    /* from the guard to the lock */
  BSCOPE_RELATION_SENDS = 9,    /* from the sender to the receiver */
  BSCOPE_RELATION_CONTAINS = 10 /* from the scope to what is in it */
};

/* How a variable's life ended. */
enum bscope_ending {
  BSCOPE_ENDING_NONE = 0, /* alive, or never seen to end */
  BSCOPE_ENDING_DROPPED = 1,
  BSCOPE_ENDING_MOVED = 2,
  BSCOPE_ENDING_OVERWRITTEN = 3 /* another variable was made in its place */
};

struct bscope_node {
  const char *id; /* "<name>_<position of the creating event>"; strings are borrowed from the graph */
  const char *name;
  const char *type_name;
  uint32_t thread; /* the thread that created it */
  bscope_stamp created_at;
  bscope_stamp dropped_at; /* BSCOPE_STAMP_OPEN while it lives, or when it was moved and never dropped */
  bscope_stamp ended_at;   /* of its life for whatever reason (enum bscope_ending); BSCOPE_STAMP_OPEN */
  enum bscope_ending ending;
  uint64_t address; /* 0 when unknown */
  uint64_t size;    /* bytes; 0 when unknown */
  bool is_borrower;
  size_t moved_from; /* node that it received its value from, or BSCOPE_NODE_NONE */
  size_t moved_to;   /* node that took its value, or BSCOPE_NODE_NONE */
  const char *file;
  uint32_t line;
  const char *function;
};

/*
 * A borrow lasts as long as its borrower: until that one's drop or end of borrow, whatever becomes of the owner. Moving
 * a borrower ends its edge, and an edge of what it moved to begins at the same stamp. Moving an owner leaves the open
 * borrows with the old variable.
 *
 * Who is meant is given by an id, or by a name that the event's own thread has for a variable. Found in another way, by
 * an address or by a name that only another thread has, it is inferred.
 */
struct bscope_edge {
  size_t from; /* node: the borrower, or what was moved */
  size_t to;   /* node: the owner, or what it moved to */
  enum bscope_relation relation;
  bscope_stamp start;
  bscope_stamp end; /* BSCOPE_STAMP_OPEN while open; equal to start for a move */
  bool inferred;    /* the owner, or who moved, was found by address or by another thread's name */
};

/* What the graph could not settle, and how it settled the rest. */
struct bscope_graph_summary {
  size_t size;            /* sizeof(struct bscope_graph_summary) or 0 */
  uint64_t variables;     /* nodes */
  uint64_t borrows_immut; /* edges: borrows with a known owner, and one more for each move of such a borrower */
  uint64_t borrows_mut;
  uint64_t moves;
  uint64_t drops;
  uint64_t unknown_owners; /* borrows whose owner is unknown */
  uint64_t unresolved;     /* drops, moves and uses of something that was never seen */
  uint64_t inferred;       /* events whose variable was found by address or by another thread's name */
  uint64_t ambiguous;      /* text and address named different variables */
  uint64_t open_borrows;   /* not ended at the log's end */
  uint64_t alive;          /* owners whose life did not end before the log's end */
  uint64_t overwritten;    /* variables that ended because another took their memory */
  uint64_t let_go;         /* variables that their name can't mean any more: over 1024 newer ones of it on a thread */
  uint64_t reserved[8];    /* 0; later counts take their places */
};

/*
 * Which variables an event was about. Every event that names or holds one has it here, those too that neither make a
 * variable nor end one: uses, resizes, a second drop.
 */
struct bscope_meaning {
  size_t subject; /* node: what was made, dropped, moved or used; of a borrow the borrower; or BSCOPE_NODE_NONE */
  size_t object;  /* node: the owner of a borrow, what a move made; or BSCOPE_NODE_NONE */
  bool inferred;  /* found by an address or by another thread's name for it */
  bool ambiguous; /* text and address named different variables; the newer was taken */
  bool silent;    /* says nothing new: the end of a scope of what ended before */
};

/* A walk over a log that tells what each event means, in numbers of its graph's nodes. One thread at a time. */
struct bscope_story;

/*
 * The graph of the current events. A later call takes in the new events alone: for that the library keeps what a graph
 * is, about 64 bytes a variable, until it is called in another generation. Owned: bscope_graph_free. NULL: see
 * bscope_last_error. Any thread, not in a handler.
 */
BSCOPE_API struct bscope_graph *bscope_get_graph(void);

/* The graph of a log, which may be freed afterwards. Owned. NULL: see bscope_last_error. */
BSCOPE_API struct bscope_graph *bscope_graph_build(const struct bscope_log *log);

BSCOPE_API size_t bscope_graph_node_count(const struct bscope_graph *graph);

/* Borrows with a known owner (passed on by a move: one more), in the order of their start: JSON's edges[]. */
BSCOPE_API size_t bscope_graph_edge_count(const struct bscope_graph *graph);

/* All other relations, in the order of their start: JSON's relations[]. They last as long as what they come from, but
 * moves and sends, which end when they start. */
BSCOPE_API size_t bscope_graph_relation_count(const struct bscope_graph *graph);

/* Node i in the order of creation. BSCOPE_ERR_INVALID_ARGUMENT beyond the end, out untouched. */
BSCOPE_API int bscope_graph_node(const struct bscope_graph *graph, size_t i, struct bscope_node *out);
BSCOPE_API int bscope_graph_edge(const struct bscope_graph *graph, size_t i, struct bscope_edge *out);
BSCOPE_API int bscope_graph_relation(const struct bscope_graph *graph, size_t i, struct bscope_edge *out);

/* The node with that id ("buf_12"; of equal ones the newest), or else the newest of that name; BSCOPE_NODE_NONE. */
BSCOPE_API size_t bscope_graph_find(const struct bscope_graph *graph, const char *id_or_name);

/* Nodes on the chain of moves that led to `node`, origin first; writes at most `capacity`, returns the chain's length.
 */
BSCOPE_API size_t bscope_graph_move_chain(const struct bscope_graph *graph, size_t node, size_t *out, size_t capacity);

BSCOPE_API int bscope_graph_get_summary(const struct bscope_graph *graph, struct bscope_graph_summary *out);

BSCOPE_API void bscope_graph_free(struct bscope_graph *graph);

/* Begins at the log's first event; the log must outlive it. Owned: bscope_story_free. NULL: see bscope_last_error. */
BSCOPE_API struct bscope_story *bscope_story_create(const struct bscope_log *log);

/* The next event and its meaning: 1, or 0 at the end, or what bscope_cursor_status says of a walk, or
   BSCOPE_ERR_NO_MEMORY. Borrows as bscope_cursor_next does. */
BSCOPE_API int bscope_story_next(struct bscope_story *story, struct bscope_event *event,
                                 struct bscope_meaning *meaning);

BSCOPE_API void bscope_story_free(struct bscope_story *story);

#ifdef __cplusplus
}
#endif

#endif
