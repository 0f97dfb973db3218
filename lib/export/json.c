/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layout: each key of the document begins a line, each element of an array has one, so that two exports can be compared
 * with line tools. jansson makes the small objects.
 */
#include "export/json.h"

#include "base/error.h"
#include "export/json_event.h"

#include <jansson.h>
#include <stdlib.h>

/* Names of enum bscope_relation. */
static const char *const relationships[] = {
    [BSCOPE_RELATION_OWNS] = "owns",
    [BSCOPE_RELATION_BORROWS_IMMUT] = "borrows_immut",
    [BSCOPE_RELATION_BORROWS_MUT] = "borrows_mut",
    [BSCOPE_RELATION_MOVES] = "moves",
};

/* A count of a small object: its key, and where it stands in a struct. */
struct count {
  const char *key;
  size_t offset;
};

/* What the log says of itself; no bytes and no rings, which hang on when the collector ran. */
#define STATS(field)                                                                                                   \
  { #field, offsetof(struct bscope_stats, field) }
static const struct count log_counts[] = {
    STATS(attempted),       STATS(logged),
    STATS(dropped),         STATS(lost),
    STATS(evicted),         STATS(pending),
    STATS(threads),         STATS(first),
    STATS(dropped_full),    STATS(dropped_nested),
    STATS(dropped_memory),  STATS(dropped_stalled),
    STATS(dropped_process), STATS(dropped_oversized),
    STATS(abandoned),       STATS(names_folded),
    STATS(foreign_sites),
};

#define SUMMARY(field)                                                                                                 \
  { #field, offsetof(struct bscope_graph_summary, field) }
static const struct count graph_counts[] = {
    SUMMARY(moves),     SUMMARY(drops),        SUMMARY(unknown_owners), SUMMARY(unresolved),  SUMMARY(inferred),
    SUMMARY(ambiguous), SUMMARY(open_borrows), SUMMARY(alive),          SUMMARY(overwritten), SUMMARY(let_go),
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

/* Adds a count, and its _hex beside one that a double can't hold. 0 or -1. */
static int add_count(json_t *object, const char *key, uint64_t number) {
  char hex_key[64];
  if (json_object_set_new(object, key,
                          number > INT64_MAX ? json_real((double)number) : json_integer((json_int_t)number)))
    return -1;
  if (number <= BSCOPE_JSON_EXACT_MAX)
    return 0;
  snprintf(hex_key, sizeof(hex_key), "%s_hex", key);
  return json_object_set_new(object, hex_key, json_sprintf("0x%llx", (unsigned long long)number));
}

static int add_counts(json_t *object, const struct count *counts, size_t n, const void *base) {
  for (size_t i = 0; i < n; i++) {
    uint64_t number;
    memcpy(&number, (const char *)base + counts[i].offset, sizeof(number));
    if (add_count(object, counts[i].key, number))
      return -1;
  }
  return 0;
}

static int take_piece(const char *bytes, size_t size, void *context) {
  bscope_sink_put(context, bytes, size);
  return 0;
}

/* Writes and releases an object that may be half made (`failed`) or not at all (NULL). */
static int put_object(struct bscope_json *json, json_t *object, int failed) {
  if (object && !failed)
    failed = json_dump_callback(object, take_piece, json->sink, 0);
  int status = object && !failed ? bscope_json_status(json) : fail_memory();
  json_decref(object);
  return status;
}

static int put_metadata(struct bscope_json *json, size_t events) {
  struct bscope_graph_summary summary = {.size = sizeof(summary)};
  int status = bscope_graph_get_summary(json->graph, &summary);
  if (status != BSCOPE_OK)
    return status;
  json_t *object = json_object();
  int failed = add_count(object, "total_variables", bscope_graph_node_count(json->graph)) ||
               add_count(object, "total_relationships", bscope_graph_edge_count(json->graph)) ||
               add_count(object, "immutable_borrows", summary.borrows_immut) ||
               add_count(object, "mutable_borrows", summary.borrows_mut) || add_count(object, "total_events", events);
  bscope_sink_put_literal(json->sink, "  \"metadata\": ");
  status = put_object(json, object, failed);
  bscope_sink_put_literal(json->sink, ",\n");
  return status;
}

static int put_stats(struct bscope_json *json, const struct bscope_log *log) {
  struct bscope_graph_summary summary = {.size = sizeof(summary)};
  struct bscope_stats stats = {.size = sizeof(stats)};
  int status = bscope_graph_get_summary(json->graph, &summary);
  if (status == BSCOPE_OK)
    status = bscope_log_stats(log, &stats);
  if (status != BSCOPE_OK)
    return status;
  json_t *object = json_object();
  int failed = add_counts(object, log_counts, BSCOPE_COUNT(log_counts), &stats) ||
               add_counts(object, graph_counts, BSCOPE_COUNT(graph_counts), &summary);
  bscope_sink_put_literal(json->sink, "  \"stats\": ");
  return put_object(json, object, failed);
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
    status = put_metadata(json, shown);
  if (status == BSCOPE_OK)
    status = put_relations(json);
  if (status == BSCOPE_OK)
    put_versions(json, log);
  if (status == BSCOPE_OK)
    status = put_stats(json, log);
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
