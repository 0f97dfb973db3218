/* SPDX-License-Identifier: Apache-2.0 */
#include "links.h"

#include <stdlib.h>
#include <string.h>

/* first[i + 1] begins as the place of i's first edge and ends as that behind its last. */
static void fill(struct cli_links *links, const struct bscope_graph *graph, size_t nodes, size_t edges) {
  struct bscope_edge edge;
  for (size_t i = 0; i < edges; i++)
    if (bscope_graph_edge(graph, i, &edge) == BSCOPE_OK)
      links->first[edge.to + 2]++;
  for (size_t i = 2; i <= nodes + 1; i++)
    links->first[i] += links->first[i - 1];
  for (size_t i = 0; i < edges; i++) {
    if (bscope_graph_edge(graph, i, &edge) != BSCOPE_OK)
      continue;
    links->edges[links->first[edge.to + 1]++] = (uint32_t)i;
    links->borrow_of[edge.from] = (uint32_t)i;
  }
}

bool cli_links_init(struct cli_links *links, const struct bscope_graph *graph) {
  size_t nodes = bscope_graph_node_count(graph), edges = bscope_graph_edge_count(graph);
  links->first = calloc(nodes + 2, sizeof(*links->first));
  links->edges = calloc(edges + 1, sizeof(*links->edges));
  links->borrow_of = calloc(nodes + 1, sizeof(*links->borrow_of));
  if (links->first == NULL || links->edges == NULL || links->borrow_of == NULL) {
    cli_links_fini(links);
    return false;
  }
  memset(links->borrow_of, 0xff, (nodes + 1) * sizeof(*links->borrow_of));
  fill(links, graph, nodes, edges);
  return true;
}

void cli_links_fini(struct cli_links *links) {
  free(links->first);
  free(links->edges);
  free(links->borrow_of);
  *links = (struct cli_links){0};
}
