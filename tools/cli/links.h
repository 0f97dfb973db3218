/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A graph's borrows from both ends: who borrows from a variable, and which borrow a borrower has. Made in one pass;
 * 8 bytes a variable and 4 a borrow.
 */
#ifndef BSCOPE_CLI_LINKS_H
#define BSCOPE_CLI_LINKS_H

#include <borrowscope/graph.h>

#define CLI_NO_EDGE UINT32_MAX

struct cli_links {
  uint32_t *first;     /* of variable i: edges[first[i]] to edges[first[i + 1] - 1], in the order of their start */
  uint32_t *edges;     /* numbers of edges */
  uint32_t *borrow_of; /* of each variable: the edge by which it borrows, or CLI_NO_EDGE */
};

/* False: no memory. */
bool cli_links_init(struct cli_links *links, const struct bscope_graph *graph);
void cli_links_fini(struct cli_links *links);

static inline size_t cli_borrow_count(const struct cli_links *links, size_t node) {
  return links->first[node + 1] - links->first[node];
}

#endif
