/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The difference of two graphs, of two runs of a program or of one at two times. Applied to what the first graph lists
 * (each `before` taken out, each `after` put in), it gives what the second lists.
 *
 * Two nodes are one variable if they have one id and were created at one stamp, two edges are one relation if they are
 * of one kind between the same variables and start at one stamp. Numbers of nodes aren't compared, the variables that
 * they mean are. Changes stand in the order of creation or start. Each call writes at most `capacity` of them and
 * returns how many there are; NULL is a graph of nothing. They allocate nothing, and take time that is linear in both
 * graphs' sizes. Any thread, not in a handler.
 */
#ifndef BORROWSCOPE_DIFFERENCE_H
#define BORROWSCOPE_DIFFERENCE_H

#include <borrowscope/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bscope_change {
  size_t before; /* its number in the first graph; BSCOPE_NODE_NONE: added */
  size_t after;  /* its number in the second graph; BSCOPE_NODE_NONE: removed; both: something else about it changed */
};

/* Of bscope_graph_node's numbers. */
BSCOPE_API size_t bscope_graph_node_changes(const struct bscope_graph *before, const struct bscope_graph *after,
                                            struct bscope_change *out, size_t capacity);

/* Of bscope_graph_edge's numbers: borrows. */
BSCOPE_API size_t bscope_graph_edge_changes(const struct bscope_graph *before, const struct bscope_graph *after,
                                            struct bscope_change *out, size_t capacity);

/* Of bscope_graph_relation's numbers: all other relations. */
BSCOPE_API size_t bscope_graph_relation_changes(const struct bscope_graph *before, const struct bscope_graph *after,
                                                struct bscope_change *out, size_t capacity);

/*
 * Applies changes to a list of the first graph, which has `before` entries: out[k] is the number in the first graph of
 * what stands at place k afterwards, or BSCOPE_NODE_NONE where entry k of the second graph does. So whoever keeps a
 * list brings it up to date without reading the second one whole. The changes of one list, all of them, as they were
 * told. Writes at most `capacity` places, returns how many there are; BSCOPE_NODE_NONE with bscope_last_error
 * (BSCOPE_ERR_INVALID_ARGUMENT, nothing of use in `out`) where the changes are no such list's.
 */
BSCOPE_API size_t bscope_apply_changes(size_t before, const struct bscope_change *changes, size_t count, size_t *out,
                                       size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
