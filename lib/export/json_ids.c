/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One open hash table of ids. Positions' ids come first and keep what they have; then the given ones in the order of
 * creation, each with as many marks as its id has holders already.
 */
#include "export/json_ids.h"

#include "base/error.h"
#include "capture/text_table.h"

#include <stdlib.h>
#include <string.h>

struct holder {
  const char *id; /* borrowed from the graph; NULL: free */
  uint32_t count;
};

struct holders {
  struct holder *slots;
  size_t mask;
};

static bool is_given(const struct bscope_node *node) {
  size_t length = strlen(node->name);
  char *end;
  if (strncmp(node->id, node->name, length) != 0 || node->id[length] != '_')
    return true;
  return strtoull(node->id + length + 1, &end, 10) != node->created_at || *end != '\0';
}

static bool has_given(const struct bscope_graph *graph) {
  struct bscope_node node;
  for (size_t i = 0; bscope_graph_node_count(graph) > i && bscope_graph_node(graph, i, &node) == BSCOPE_OK; i++)
    if (is_given(&node))
      return true;
  return false;
}

/* How many hold this id before. */
static uint32_t hold(struct holders *holders, const char *id) {
  size_t i = (size_t)bscope_text_hash(id, strlen(id)) & holders->mask;
  while (holders->slots[i].id && strcmp(holders->slots[i].id, id) != 0)
    i = (i + 1) & holders->mask;
  holders->slots[i].id = id;
  return holders->slots[i].count++;
}

static void mark(struct bscope_json_ids *ids, struct holders *holders, const struct bscope_graph *graph, bool given) {
  struct bscope_node node;
  for (size_t i = 0; i < bscope_graph_node_count(graph) && bscope_graph_node(graph, i, &node) == BSCOPE_OK; i++)
    if (is_given(&node) == given)
      ids->marks[i] = hold(holders, node.id);
}

int bscope_json_ids_init(struct bscope_json_ids *ids, const struct bscope_graph *graph) {
  struct holders holders = {.mask = 15};
  *ids = (struct bscope_json_ids){NULL};
  if (!graph->given_ids || !has_given(graph))
    return BSCOPE_OK;
  while (holders.mask < 2 * bscope_graph_node_count(graph))
    holders.mask = 2 * holders.mask + 1;
  holders.slots = calloc(holders.mask + 1, sizeof(*holders.slots));
  ids->marks = calloc(bscope_graph_node_count(graph), sizeof(*ids->marks));
  if (!holders.slots || !ids->marks) {
    free(holders.slots);
    bscope_json_ids_fini(ids);
    return bscope_fail(BSCOPE_ERR_NO_MEMORY, "no memory for the ids of an export");
  }
  mark(ids, &holders, graph, false);
  mark(ids, &holders, graph, true);
  free(holders.slots);
  return BSCOPE_OK;
}

void bscope_json_ids_fini(struct bscope_json_ids *ids) {
  free(ids->marks);
  ids->marks = NULL;
}
