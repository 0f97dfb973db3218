/* SPDX-License-Identifier: Apache-2.0 */
#include "export/json_element.h"

#include "export/json_event.h"

/* Names of enum bscope_relation. */
#define NAME_OF(name)                                                                                                  \
  { name "\0\0\0\0\0\0\0\0\0\0\0\0\0\0", sizeof(name) - 1 }
static const struct bscope_json_text relationships[] = {
    [BSCOPE_RELATION_OWNS] = NAME_OF("owns"),
    [BSCOPE_RELATION_BORROWS_IMMUT] = NAME_OF("borrows_immut"),
    [BSCOPE_RELATION_BORROWS_MUT] = NAME_OF("borrows_mut"),
    [BSCOPE_RELATION_MOVES] = NAME_OF("moves"),
    [BSCOPE_RELATION_RC_CLONE] = NAME_OF("rc_clone"),
    [BSCOPE_RELATION_ARC_CLONE] = NAME_OF("arc_clone"),
    [BSCOPE_RELATION_WEAK] = NAME_OF("weak"),
    [BSCOPE_RELATION_CAPTURES] = NAME_OF("captures"),
    [BSCOPE_RELATION_LOCKS] = NAME_OF("locks"),
    [BSCOPE_RELATION_SENDS] = NAME_OF("sends"),
    [BSCOPE_RELATION_CONTAINS] = NAME_OF("contains"),
};

struct bscope_json_text bscope_json_relation(unsigned relation) {
  return relationships[relation];
}

void bscope_json_begin_element(struct bscope_json *json, size_t i) {
  if (i == 0)
    bscope_sink_put_literal(json->sink, "\n    ");
  else
    bscope_sink_put_literal(json->sink, ",\n    ");
}

void bscope_json_end_array(struct bscope_json *json, size_t count) {
  if (count > 0)
    bscope_sink_put_literal(json->sink, "\n  ");
  bscope_sink_put_literal(json->sink, "],\n");
}

/* A position, or null for one that has not come. */
static void put_end(struct bscope_json *json, const char *key, size_t size, bscope_stamp end) {
  if (end != BSCOPE_STAMP_OPEN) {
    bscope_json_put_field(json, key, size, end);
    return;
  }
  bscope_sink_put(json->sink, key, size);
  bscope_sink_put_literal(json->sink, "null");
}

#define PUT_END(json, name, end) put_end((json), ", \"" name "\": ", sizeof(", \"" name "\": ") - 1, (end))

static void put_node(struct bscope_json *json, size_t i, const struct bscope_node *node) {
  bscope_sink_put_literal(json->sink, "{\"id\": ");
  bscope_json_put_id(json, i, node);
  bscope_sink_put_literal(json->sink, ", \"name\": ");
  bscope_json_put_string(json, node->name);
  bscope_sink_put_literal(json->sink, ", \"type_name\": ");
  bscope_json_put_string(json, node->type_name);
  bscope_json_put_number_field(json, "created_at", node->created_at);
  PUT_END(json, "dropped_at", node->dropped_at);
  bscope_sink_put_literal(json->sink, "}");
}

int bscope_json_put_node(struct bscope_json *json, size_t i) {
  struct bscope_node node;
  int status = bscope_graph_node(json->graph, i, &node);
  if (status == BSCOPE_OK)
    put_node(json, i, &node);
  return status;
}

int bscope_json_put_edge(struct bscope_json *json, const struct bscope_edge *edge) {
  struct bscope_node from, to;
  int status = bscope_graph_node(json->graph, edge->from, &from);
  if (status == BSCOPE_OK)
    status = bscope_graph_node(json->graph, edge->to, &to);
  if (status != BSCOPE_OK)
    return status;
  bscope_sink_put_literal(json->sink, "{\"from\": ");
  bscope_json_put_id(json, edge->from, &from);
  bscope_sink_put_literal(json->sink, ", \"to\": ");
  bscope_json_put_id(json, edge->to, &to);
  bscope_sink_put_literal(json->sink, ", \"relationship\": ");
  bscope_json_put_string(json, relationships[edge->relation].bytes);
  bscope_json_put_number_field(json, "start", edge->start);
  PUT_END(json, "end", edge->end);
  if (edge->inferred)
    bscope_sink_put_literal(json->sink, ", \"inferred\": true");
  bscope_sink_put_literal(json->sink, "}");
  return BSCOPE_OK;
}
