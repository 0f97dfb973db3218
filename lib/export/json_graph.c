/* SPDX-License-Identifier: Apache-2.0 */
#include "export/json_graph.h"

#include "base/error.h"
#include "export/json_element.h"

#include <string.h>

#define ROOM 512 /* of an element, its strings apart */

static inline struct bscope_json_text node_word(struct bscope_json *json, const struct bscope_graph_node *node) {
  return bscope_json_word(json, bscope_graph_node_name(json->graph, node));
}

/* Whether an id can be written from a name and a position, and all fits in the room that is asked for. */
static bool is_plain(const struct bscope_json *json, size_t size) {
  return json->graph->given.count == 0 && size <= BSCOPE_SINK_SIZE / 4;
}

static char *copy_end(char *out, bscope_stamp end) {
  return end == BSCOPE_STAMP_OPEN ? bscope_json_copy_literal(out, "null") : bscope_put_digits(out, end);
}

/* Digits of a position that stands there already. */
static char *copy_again(char *out, const char *position, size_t digits) {
  memcpy(out, position, BSCOPE_JSON_NEAR_MAX);
  return out + digits;
}

static char *copy_node(char *out, struct bscope_json_text name, struct bscope_json_text type,
                       const struct bscope_graph_node *node, bscope_stamp dropped) {
  out = bscope_json_copy_literal(out, "{\"id\": \"");
  const char *position = out + name.size + strlen("_");
  out = bscope_json_copy_id(out, name, node->created_at);
  size_t digits = (size_t)(out - position);
  out = bscope_json_copy_literal(out, "\", \"name\": \"");
  out = bscope_json_copy(out, name);
  out = bscope_json_copy_literal(out, "\", \"type_name\": \"");
  out = bscope_json_copy(out, type);
  out = bscope_json_copy_literal(out, "\", \"created_at\": ");
  out = copy_again(out, position, digits);
  out = bscope_json_copy_literal(out, ", \"dropped_at\": ");
  out = copy_end(out, dropped);
  *out++ = '}';
  return out;
}

static char *begin_copy(char *out, size_t i) {
  return i == 0 ? bscope_json_copy_literal(out, "\n    ") : bscope_json_copy_literal(out, ",\n    ");
}

int bscope_json_put_nodes(struct bscope_json *json) {
  size_t count = bscope_graph_node_count(json->graph);
  int status = BSCOPE_OK;
  for (size_t i = 0; i < count && status == BSCOPE_OK; i++) {
    const struct bscope_graph_node *node = bscope_graph_at(json->graph, i);
    struct bscope_json_text name = node_word(json, node), type = bscope_json_word(json, node->type);
    size_t size = 2 * name.size + type.size + ROOM;
    bool dropped = (node->flags & BSCOPE_GRAPH_ENDING) == BSCOPE_ENDING_DROPPED;
    status = bscope_json_status(json);
    if (bscope_likely(is_plain(json, size) && node->created_at <= BSCOPE_JSON_EXACT_MAX / 2)) {
      char *out = begin_copy(bscope_sink_room(json->sink, size), i);
      bscope_sink_wrote(json->sink, copy_node(out, name, type, node, dropped ? node->ended_at : BSCOPE_STAMP_OPEN));
      continue;
    }
    bscope_json_begin_element(json, i);
    if (status == BSCOPE_OK)
      status = bscope_json_put_node(json, i);
  }
  bscope_json_end_array(json, count);
  return status == BSCOPE_OK ? bscope_json_status(json) : status;
}

static char *copy_edge(char *out, const struct bscope_json *json, const struct bscope_edge *edge,
                       struct bscope_json_text from, struct bscope_json_text to) {
  out = bscope_json_copy_literal(out, "{\"from\": \"");
  const char *from_position = out + from.size + strlen("_");
  out = bscope_json_copy_id(out, from, bscope_graph_at(json->graph, edge->from)->created_at);
  size_t from_digits = (size_t)(out - from_position);
  out = bscope_json_copy_literal(out, "\", \"to\": \"");
  const char *to_position = out + to.size + strlen("_");
  out = bscope_json_copy_id(out, to, bscope_graph_at(json->graph, edge->to)->created_at);
  size_t to_digits = (size_t)(out - to_position);
  out = bscope_json_copy_literal(out, "\", \"relationship\": \"");
  out = bscope_json_copy(out, bscope_json_relation(edge->relation));
  out = bscope_json_copy_literal(out, "\", \"start\": ");
  /* A borrow starts when its borrower is made, a move when what it moves to is. */
  bool moves = edge->relation == BSCOPE_RELATION_MOVES;
  out = moves ? copy_again(out, to_position, to_digits) : copy_again(out, from_position, from_digits);
  out = bscope_json_copy_literal(out, ", \"end\": ");
  out = moves ? copy_again(out, to_position, to_digits) : copy_end(out, edge->end);
  if (edge->inferred)
    out = bscope_json_copy_literal(out, ", \"inferred\": true");
  *out++ = '}';
  return out;
}

/* One array of edges, each found by `get`. */
static __attribute__((noinline)) int put_edges(struct bscope_json *json, size_t count,
                                               int (*get)(const struct bscope_graph *, size_t, struct bscope_edge *)) {
  int status = BSCOPE_OK;
  for (size_t i = 0; i < count && status == BSCOPE_OK; i++) {
    struct bscope_edge edge;
    status = get(json->graph, i, &edge);
    if (status != BSCOPE_OK)
      break;
    struct bscope_json_text from = node_word(json, bscope_graph_at(json->graph, edge.from)),
                            to = node_word(json, bscope_graph_at(json->graph, edge.to));
    size_t size = from.size + to.size + ROOM;
    /* Only borrows and moves start where one of their variables was made. */
    if (bscope_likely(edge.relation <= BSCOPE_RELATION_MOVES && is_plain(json, size) &&
                      edge.start <= BSCOPE_JSON_EXACT_MAX / 2)) {
      char *out = begin_copy(bscope_sink_room(json->sink, size), i);
      bscope_sink_wrote(json->sink, copy_edge(out, json, &edge, from, to));
    } else {
      bscope_json_begin_element(json, i);
      status = bscope_json_put_edge(json, &edge);
    }
    if (status == BSCOPE_OK)
      status = bscope_json_status(json);
  }
  bscope_json_end_array(json, count);
  return status;
}

int bscope_json_put_edges(struct bscope_json *json) {
  return put_edges(json, bscope_graph_edge_count(json->graph), bscope_graph_edge);
}

int bscope_json_put_relations(struct bscope_json *json) {
  return put_edges(json, bscope_graph_relation_count(json->graph), bscope_graph_relation);
}
