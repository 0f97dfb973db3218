/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ids of a graph's nodes: "<name>_<number>", all of them written at once by whoever asks first, in the order of
 * their nodes. A graph that nobody asks for an id has no byte of them.
 */
#include "model/graph.h"

#include "base/digits.h"
#include "base/error.h"
#include "base/util.h"

#include <stdlib.h>
#include <string.h>

#define ID_REST (1 + BSCOPE_DIGITS_MAX + 1) /* the most bytes of an id behind its name: '_', digits, '\0' */

int bscope_graph_ids_init(struct bscope_graph *graph) {
  size_t bytes = graph->name_bytes + graph->nodes.count * ID_REST;
  struct bscope_graph_ids *ids = malloc(sizeof(*ids));
  char *room = ids == NULL ? NULL : malloc(graph->nodes.count * sizeof(*ids->places) + bytes + BSCOPE_DIGITS_ROOM);
  if (room == NULL) {
    free(ids);
    return bscope_fail(BSCOPE_ERR_NO_MEMORY, "graph: no memory for the ids of %zu nodes", graph->nodes.count);
  }
  *ids = (struct bscope_graph_ids){PTHREAD_ONCE_INIT, (size_t *)(void *)room,
                                   room + graph->nodes.count * sizeof(*ids->places)};
  graph->ids = ids;
  return BSCOPE_OK;
}

void bscope_graph_ids_fini(struct bscope_graph *graph) {
  if (graph->ids != NULL)
    free(graph->ids->places);
  free(graph->ids);
}

/* "<name>_<number>" and its end. */
static char *write_id(char *out, const struct bscope_name_text *name, uint64_t number) {
  memcpy(out, name->text, name->length);
  out += name->length;
  *out++ = '_';
  out = bscope_put_digits(out, number);
  *out++ = '\0';
  return out;
}

static void write_ids(const struct bscope_graph *graph) {
  struct bscope_graph_ids *ids = graph->ids;
  size_t used = 0, given = 0;
  for (size_t i = 0; i < graph->nodes.count; i++) {
    const struct bscope_graph_node *node = bscope_graph_at(graph, i);
    uint64_t number = (node->flags & BSCOPE_GRAPH_GIVEN) != 0
                          ? *(const uint64_t *)bscope_pieces_at(&graph->given, given++, sizeof(uint64_t))
                          : node->created_at;
    const char *end =
        write_id(ids->bytes + used, bscope_names_entry(&graph->names, bscope_graph_node_name(graph, node)), number);
    ids->places[i] = used;
    used = (size_t)(end - ids->bytes);
  }
}

/* pthread_once passes no argument on. It also survives a fork while another thread is in it, which a lock would not. */
static __thread const struct bscope_graph *asked;

static void write_asked(void) {
  write_ids(asked);
}

const char *bscope_graph_node_id(const struct bscope_graph *graph, size_t i) {
  asked = graph;
  (void)pthread_once(&graph->ids->written, write_asked);
  return graph->ids->bytes + graph->ids->places[i];
}
