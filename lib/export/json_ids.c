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

struct bscope_json_id_holder {
  uint32_t node;  /* the first that has the id */
  uint32_t count; /* how many have it; 0: free */
};

/* The number behind the name in a node's id. */
static uint64_t number_of(const struct bscope_node *node) {
  size_t length = strlen(node->name);
  bool follows = strncmp(node->id, node->name, length) == 0 && node->id[length] == '_';
  return follows ? strtoull(node->id + length + 1, NULL, 10) : node->created_at;
}

static bool is_given(const struct bscope_node *node) {
  return number_of(node) != node->created_at;
}

static bool has_given(const struct bscope_graph *graph) {
  struct bscope_node node;
  for (size_t i = 0; bscope_graph_node_count(graph) > i && bscope_graph_node(graph, i, &node) == BSCOPE_OK; i++)
    if (is_given(&node))
      return true;
  return false;
}

/* Whether node i has the id, as it is written. */
static bool has_id(const struct bscope_json_ids *ids, size_t i, struct bscope_json_text name, uint64_t number) {
  struct bscope_node node;
  if (bscope_graph_node(ids->graph, i, &node) != BSCOPE_OK || number_of(&node) != number)
    return false;
  struct bscope_json_text other = bscope_json_text(ids->texts, node.name);
  return other.size == name.size && memcmp(other.bytes, name.bytes, name.size) == 0;
}

/* The id's place in the table, or the free one for it. */
static struct bscope_json_id_holder *find(const struct bscope_json_ids *ids, struct bscope_json_text name,
                                          uint64_t number) {
  size_t i = (size_t)(bscope_text_hash(name.bytes, name.size) + number * UINT64_C(0x9e3779b97f4a7c15)) & ids->mask;
  while (ids->slots[i].count > 0 && !has_id(ids, ids->slots[i].node, name, number))
    i = (i + 1) & ids->mask;
  return &ids->slots[i];
}

static void mark(struct bscope_json_ids *ids, bool given) {
  struct bscope_node node;
  for (size_t i = 0; i < bscope_graph_node_count(ids->graph); i++) {
    if (bscope_graph_node(ids->graph, i, &node) != BSCOPE_OK || is_given(&node) != given)
      continue;
    struct bscope_json_id_holder *holder = find(ids, bscope_json_text(ids->texts, node.name), number_of(&node));
    if (holder->count == 0)
      holder->node = (uint32_t)i;
    ids->marks[i] = holder->count++;
  }
}

int bscope_json_ids_init(struct bscope_json_ids *ids, const struct bscope_graph *graph,
                         struct bscope_json_texts *texts) {
  *ids = (struct bscope_json_ids){.mask = 15, .graph = graph, .texts = texts};
  if (graph->given.count == 0 || !has_given(graph))
    return BSCOPE_OK;
  while (ids->mask < 2 * bscope_graph_node_count(graph))
    ids->mask = 2 * ids->mask + 1;
  ids->slots = calloc(ids->mask + 1, sizeof(*ids->slots));
  ids->marks = calloc(bscope_graph_node_count(graph), sizeof(*ids->marks));
  if (!ids->slots || !ids->marks) {
    bscope_json_ids_fini(ids);
    return bscope_fail(BSCOPE_ERR_NO_MEMORY, "no memory for the ids of an export");
  }
  mark(ids, false);
  mark(ids, true);
  return BSCOPE_OK;
}

void bscope_json_ids_fini(struct bscope_json_ids *ids) {
  free(ids->marks);
  free(ids->slots);
  *ids = (struct bscope_json_ids){.mask = 0};
}

/* The node that was made there, or the next: an event makes one variable at most. */
static size_t made_at(const struct bscope_graph *graph, uint64_t position) {
  struct bscope_node node;
  size_t low = 0, high = bscope_graph_node_count(graph);
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (bscope_graph_node(graph, middle, &node) == BSCOPE_OK && node.created_at < position)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

uint32_t bscope_json_ids_holders(const struct bscope_json_ids *ids, const char *name, uint64_t number) {
  struct bscope_json_text text = bscope_json_text(ids->texts, name);
  if (ids->slots)
    return find(ids, text, number)->count;
  size_t node = made_at(ids->graph, number);
  return node < bscope_graph_node_count(ids->graph) && has_id(ids, node, text, number);
}
