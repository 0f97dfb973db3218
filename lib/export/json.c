/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layout: each key of the document begins a line, each element of an array has one, so that two exports can be compared
 * with line tools.
 */
#include "export/json.h"

#include "base/error.h"
#include "export/json_event.h"
#include "export/json_objects.h"

#include <stdlib.h>

/* Names of enum bscope_relation. */
static const char *const relationships[] = {
    [BSCOPE_RELATION_OWNS] = "owns",
    [BSCOPE_RELATION_BORROWS_IMMUT] = "borrows_immut",
    [BSCOPE_RELATION_BORROWS_MUT] = "borrows_mut",
    [BSCOPE_RELATION_MOVES] = "moves",
};

static int fail_memory(void) {
  return bscope_fail(BSCOPE_ERR_NO_MEMORY, "no memory for an export");
}

/* The separator before element i of an array. */
static void begin_element(struct bscope_json *json, size_t i) {
  if (i == 0)
    bscope_sink_put_literal(json->sink, "\n    ");
  else
    bscope_sink_put_literal(json->sink, ",\n    ");
}

static void end_array(struct bscope_json *json, size_t count) {
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

static int put_nodes(struct bscope_json *json) {
  size_t count = bscope_graph_node_count(json->graph);
  bscope_sink_put_literal(json->sink, "  \"nodes\": [");
  for (size_t i = 0; i < count && bscope_json_status(json) == BSCOPE_OK; i++) {
    struct bscope_node node;
    int status = bscope_graph_node(json->graph, i, &node);
    if (status != BSCOPE_OK)
      return status;
    begin_element(json, i);
    put_node(json, i, &node);
  }
  end_array(json, count);
  return bscope_json_status(json);
}

static int put_edge(struct bscope_json *json, const struct bscope_edge *edge) {
  struct bscope_node from, to;
  int status = bscope_graph_node(json->graph, edge->from, &from);
  if (status == BSCOPE_OK)
    status = bscope_graph_node(json->graph, edge->to, &to);
  if (status != BSCOPE_OK)
    return status;
  if ((size_t)edge->relation >= BSCOPE_COUNT(relationships))
    return bscope_fail(BSCOPE_ERR_SERIALIZATION, "relation %d has no name in JSON", (int)edge->relation);
  bscope_sink_put_literal(json->sink, "{\"from\": ");
  bscope_json_put_id(json, edge->from, &from);
  bscope_sink_put_literal(json->sink, ", \"to\": ");
  bscope_json_put_id(json, edge->to, &to);
  bscope_sink_put_literal(json->sink, ", \"relationship\": ");
  bscope_json_put_string(json, relationships[edge->relation]);
  bscope_json_put_number_field(json, "start", edge->start);
  PUT_END(json, "end", edge->end);
  if (edge->inferred)
    bscope_sink_put_literal(json->sink, ", \"inferred\": true");
  bscope_sink_put_literal(json->sink, "}");
  return BSCOPE_OK;
}

/* One array of edges, each found by `get`. */
static int put_edges(struct bscope_json *json, size_t count,
                     int (*get)(const struct bscope_graph *, size_t, struct bscope_edge *)) {
  int status = BSCOPE_OK;
  for (size_t i = 0; i < count && status == BSCOPE_OK; i++) {
    struct bscope_edge edge;
    begin_element(json, i);
    status = get(json->graph, i, &edge);
    if (status == BSCOPE_OK)
      status = put_edge(json, &edge);
    if (status == BSCOPE_OK)
      status = bscope_json_status(json);
  }
  end_array(json, count);
  return status;
}

/* All events of the log that are shown; *shown says how many. */
static int stream_events(struct bscope_json *json, const struct bscope_log *log, struct bscope_cursor *cursor,
                         struct bscope_resolver *resolver, size_t *shown) {
  struct bscope_event event;
  struct bscope_resolution meaning;
  size_t walked = 0;
  int status = BSCOPE_OK;
  for (*shown = 0; status == BSCOPE_OK && bscope_cursor_next(cursor, &event); walked++) {
    status = bscope_resolver_feed(resolver, &event, &meaning);
    if (status != BSCOPE_OK || !bscope_json_event_shown(&event, &meaning))
      continue;
    begin_element(json, (*shown)++);
    status = bscope_json_event(json, &event, &meaning);
    if (status == BSCOPE_OK)
      status = bscope_json_status(json);
  }
  if (status == BSCOPE_OK && walked < bscope_log_count(log))
    return BSCOPE_ERR_FORMAT; /* a damaged block: the cursor has set the message */
  return status;
}

static int put_events(struct bscope_json *json, const struct bscope_log *log, struct bscope_resolver *resolver,
                      size_t *shown) {
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  int status = cursor ? BSCOPE_OK : fail_memory();
  bscope_sink_put_literal(json->sink, "  \"events\": [");
  if (status == BSCOPE_OK)
    status = stream_events(json, log, cursor, resolver, shown);
  if (status == BSCOPE_OK)
    end_array(json, *shown);
  bscope_cursor_free(cursor);
  return status;
}

static int put_relations(struct bscope_json *json) {
  bscope_sink_put_literal(json->sink, "  \"relations\": [");
  return put_edges(json, bscope_graph_relation_count(json->graph), bscope_graph_relation);
}

static void put_versions(struct bscope_json *json, const struct bscope_log *log) {
  bscope_sink_put_literal(json->sink, "  \"schema_version\": ");
  bscope_sink_put_number(json->sink, BSCOPE_JSON_SCHEMA_VERSION);
  bscope_sink_put_literal(json->sink, ",\n  \"generation\": ");
  bscope_sink_put_number(json->sink, bscope_log_generation(log));
  bscope_sink_put_literal(json->sink, ",\n  \"violations\": [],\n"); /* rules are not judged by an export */
}

static int put_document(struct bscope_json *json, const struct bscope_log *log, struct bscope_resolver *resolver) {
  size_t shown = 0;
  bscope_sink_put_literal(json->sink, "{\n");
  int status = put_nodes(json);
  if (status == BSCOPE_OK) {
    bscope_sink_put_literal(json->sink, "  \"edges\": [");
    status = put_edges(json, bscope_graph_edge_count(json->graph), bscope_graph_edge);
  }
  if (status == BSCOPE_OK)
    status = put_events(json, log, resolver, &shown);
  if (status == BSCOPE_OK)
    status = bscope_json_put_metadata(json, shown);
  if (status == BSCOPE_OK)
    status = put_relations(json);
  if (status == BSCOPE_OK)
    put_versions(json, log);
  if (status == BSCOPE_OK)
    status = bscope_json_put_stats(json, log);
  bscope_sink_put_literal(json->sink, "\n}\n");
  return status == BSCOPE_OK ? bscope_json_status(json) : status;
}

/* The texts know strings by address, so graph and resolver, whose strings they are, go after them. */
static int write_with(struct bscope_json *json, const struct bscope_log *log, struct bscope_resolver *resolver) {
  struct bscope_graph *graph = bscope_graph_build(log);
  int status = graph ? bscope_json_texts_init(&json->texts) : BSCOPE_ERR_NO_MEMORY; /* its message is set */
  json->graph = graph;
  if (status == BSCOPE_OK)
    status = bscope_json_ids_init(&json->ids, graph);
  if (status == BSCOPE_OK)
    status = put_document(json, log, resolver);
  bscope_json_ids_fini(&json->ids);
  bscope_json_texts_fini(&json->texts);
  bscope_graph_free(graph);
  return status;
}

int bscope_json_write(const struct bscope_log *log, bool times, bool addresses, struct bscope_sink *sink) {
  struct bscope_json *json = calloc(1, sizeof(*json));
  struct bscope_resolver *resolver = bscope_resolver_create();
  int status = json && resolver ? BSCOPE_OK : fail_memory();
  if (status == BSCOPE_OK) {
    json->sink = sink;
    json->times = times;
    json->addresses = addresses;
    status = write_with(json, log, resolver);
  }
  bscope_resolver_destroy(resolver);
  free(json);
  return status;
}
