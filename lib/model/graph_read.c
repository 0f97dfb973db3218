/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a graph: nothing here changes it, so any number of threads may. O(1), but for finding by id (a binary search;
 * a scan for ids that callers gave) and chains (their length).
 */
#include "model/graph.h"

#include "base/error.h"
#include "base/util.h"
#include "model/memory.h"
#include "model/resolve.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct bscope_story {
  struct bscope_cursor *cursor;
  struct bscope_resolver *resolver;
};

size_t bscope_graph_node_count(const struct bscope_graph *graph) {
  return graph == NULL ? 0 : graph->nodes.count;
}
size_t bscope_graph_edge_count(const struct bscope_graph *graph) {
  return graph == NULL ? 0 : graph->edges.count;
}
size_t bscope_graph_relation_count(const struct bscope_graph *graph) {
  return graph == NULL ? 0 : graph->moves.count;
}

static int beyond(const char *call, size_t i, size_t count) {
  return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "%s: there is no %zu-th of %zu, or nowhere to put it", call, i,
                     count);
}

static size_t public_number(uint32_t number) {
  return number == BSCOPE_GRAPH_NOBODY ? BSCOPE_NODE_NONE : number;
}

int bscope_graph_node(const struct bscope_graph *graph, size_t i, struct bscope_node *out) {
  if (i >= bscope_graph_node_count(graph) || out == NULL)
    return beyond("bscope_graph_node", i, bscope_graph_node_count(graph));
  const struct bscope_graph_node *node = bscope_graph_at(graph, i);
  const struct bscope_facts *facts = &graph->facts.entries[node->facts];
  const char *name = bscope_names_text(&graph->names, bscope_graph_node_name(graph, node));
  enum bscope_ending ending = (enum bscope_ending)(node->flags & BSCOPE_GRAPH_ENDING);
  *out = (struct bscope_node){
      .id = bscope_graph_node_id(graph, i),
      .name = name == NULL ? "" : name,
      .type_name = bscope_names_text(&graph->names, node->type),
      .thread = node->thread,
      .created_at = node->created_at,
      .dropped_at = ending == BSCOPE_ENDING_DROPPED ? node->ended_at : BSCOPE_STAMP_OPEN,
      .ended_at = node->ended_at,
      .ending = ending,
      .address = node->address,
      .size = node->size,
      .is_borrower = (node->flags & BSCOPE_GRAPH_BORROWER) != 0,
      .moved_from = public_number(node->moved_from),
      .moved_to = public_number(node->moved_to),
      .file = bscope_names_text(&graph->names, facts->file),
      .line = facts->line,
      .function = bscope_names_text(&graph->names, facts->function),
  };
  return BSCOPE_OK;
}

int bscope_graph_edge(const struct bscope_graph *graph, size_t i, struct bscope_edge *out) {
  if (i >= bscope_graph_edge_count(graph) || out == NULL)
    return beyond("bscope_graph_edge", i, bscope_graph_edge_count(graph));
  uint32_t from = bscope_graph_edge_node(graph, i);
  const struct bscope_graph_node *borrower = bscope_graph_at(graph, from);
  bool is_mutable = (borrower->flags & BSCOPE_GRAPH_MUTABLE) != 0;
  *out = (struct bscope_edge){.from = from,
                              .to = borrower->owner,
                              .relation = is_mutable ? BSCOPE_RELATION_BORROWS_MUT : BSCOPE_RELATION_BORROWS_IMMUT,
                              .start = borrower->created_at,
                              .end = borrower->ended_at,
                              .inferred = (borrower->flags & (BSCOPE_GRAPH_INFERRED | BSCOPE_GRAPH_GUESSED)) != 0};
  return BSCOPE_OK;
}

int bscope_graph_relation(const struct bscope_graph *graph, size_t i, struct bscope_edge *out) {
  if (i >= bscope_graph_relation_count(graph) || out == NULL)
    return beyond("bscope_graph_relation", i, bscope_graph_relation_count(graph));
  uint32_t to = bscope_graph_move_node(graph, i);
  if ((to & BSCOPE_GRAPH_IS_LINK) != 0) {
    const struct bscope_graph_link *link = bscope_graph_link(graph, to & ~BSCOPE_GRAPH_IS_LINK);
    *out = (struct bscope_edge){.from = link->from,
                                .to = link->to,
                                .relation = (enum bscope_relation)link->relation,
                                .start = link->start,
                                .end = link->lasts ? bscope_graph_at(graph, link->from)->ended_at : link->start,
                                .inferred = link->inferred};
    return BSCOPE_OK;
  }
  const struct bscope_graph_node *made = bscope_graph_at(graph, to);
  *out = (struct bscope_edge){.from = made->moved_from,
                              .to = to,
                              .relation = BSCOPE_RELATION_MOVES,
                              .start = made->created_at,
                              .end = made->created_at,
                              .inferred = (made->flags & BSCOPE_GRAPH_INFERRED) != 0};
  return BSCOPE_OK;
}

/* The number behind the last '_' of an id; false if there is none. */
static bool position_of(const char *id, uint64_t *out) {
  const char *digits = strrchr(id, '_');
  if (digits == NULL || digits[1] == '\0')
    return false;
  *out = 0;
  for (digits++; *digits != '\0'; digits++) {
    if (*digits < '0' || *digits > '9' || *out > (UINT64_MAX - 9) / 10)
      return false;
    *out = *out * 10 + (uint64_t)(*digits - '0');
  }
  return true;
}

/* An event makes one variable at most, and nodes are in the order of their events. */
static size_t made_at(const struct bscope_graph *graph, uint64_t position) {
  size_t low = 0, high = graph->nodes.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (bscope_graph_at(graph, middle)->created_at < position)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static bool has_id(const struct bscope_graph *graph, size_t node, const char *id) {
  return node < graph->nodes.count && strcmp(bscope_graph_node_id(graph, node), id) == 0;
}

size_t bscope_graph_find(const struct bscope_graph *graph, const char *id_or_name) {
  if (graph == NULL || id_or_name == NULL)
    return BSCOPE_NODE_NONE;
  uint64_t position;
  if (position_of(id_or_name, &position)) {
    size_t node = made_at(graph, position);
    if (has_id(graph, node, id_or_name))
      return node;
    for (size_t i = graph->given.count != 0 ? graph->nodes.count : 0; i > 0; i--)
      if (has_id(graph, i - 1, id_or_name))
        return i - 1;
  }
  uint32_t name = bscope_names_find(&graph->names, id_or_name, strlen(id_or_name));
  uint32_t newest = name == BSCOPE_NAME_NONE || name >= graph->newest_capacity ? 0 : graph->newest[name];
  return newest == 0 ? BSCOPE_NODE_NONE : newest - 1;
}

/* Moves lead from older nodes to newer ones, so a chain ends. */
size_t bscope_graph_move_chain(const struct bscope_graph *graph, size_t node, size_t *out, size_t capacity) {
  if (node >= bscope_graph_node_count(graph))
    return 0;
  size_t length = 0;
  for (uint32_t i = (uint32_t)node; i != BSCOPE_GRAPH_NOBODY; i = bscope_graph_at(graph, i)->moved_from)
    length++;
  uint32_t i = (uint32_t)node;
  for (size_t place = length; place > 0; i = bscope_graph_at(graph, i)->moved_from)
    if (--place < capacity && out != NULL)
      out[place] = i;
  return length;
}

int bscope_graph_get_summary(const struct bscope_graph *graph, struct bscope_graph_summary *out) {
  if (graph == NULL || out == NULL)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "bscope_graph_get_summary: an argument is NULL");
  *out = graph->summary;
  out->size = sizeof(*out);
  return BSCOPE_OK;
}

struct bscope_story *bscope_story_create(const struct bscope_log *log) {
  if (log == NULL) {
    bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "bscope_story_create: the log is NULL");
    return NULL;
  }
  struct bscope_story *story = bscope_model_zeroed(1, sizeof(*story));
  if (story == NULL)
    return NULL;
  story->cursor = bscope_cursor_create(log, 0);
  story->resolver = bscope_resolver_create();
  if (story->cursor != NULL && story->resolver != NULL)
    return story;
  if (story->cursor == NULL)
    bscope_fail(BSCOPE_ERR_NO_MEMORY, "bscope_story_create: no memory to read the log");
  bscope_story_free(story);
  return NULL;
}

int bscope_story_next(struct bscope_story *story, struct bscope_event *event, struct bscope_meaning *meaning) {
  struct bscope_resolution is;
  if (story == NULL || event == NULL || meaning == NULL)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "bscope_story_next: an argument is NULL");
  if (!bscope_cursor_next(story->cursor, event))
    return bscope_cursor_status(story->cursor);
  if (bscope_resolver_feed(story->resolver, event, &is) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  *meaning = (struct bscope_meaning){.subject = public_number(is.subject.variable),
                                     .object = public_number(is.object.variable),
                                     .inferred = is.inferred,
                                     .ambiguous = is.ambiguous,
                                     .silent = is.silent};
  return 1;
}

void bscope_story_free(struct bscope_story *story) {
  if (story == NULL)
    return;
  bscope_cursor_free(story->cursor);
  bscope_resolver_destroy(story->resolver);
  free(story);
}
