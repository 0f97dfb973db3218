/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layout: each key of the document begins a line, each element of an array has one, so that two exports can be compared
 * with line tools.
 */
#include "export/json.h"

#include "base/error.h"
#include "export/json_event.h"
#include "export/json_objects.h"
#include "export/json_template.h"

#include <stdlib.h>

#define ROOM 512 /* of an element, its strings apart */

/* Names of enum bscope_relation. */
#define NAME_OF(name)                                                                                                  \
  { name "\0\0\0\0\0\0\0\0\0\0\0\0\0\0", sizeof(name) - 1 }
static const struct bscope_json_text relationships[] = {
    [BSCOPE_RELATION_OWNS] = NAME_OF("owns"),
    [BSCOPE_RELATION_BORROWS_IMMUT] = NAME_OF("borrows_immut"),
    [BSCOPE_RELATION_BORROWS_MUT] = NAME_OF("borrows_mut"),
    [BSCOPE_RELATION_MOVES] = NAME_OF("moves"),
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

static inline struct bscope_json_text node_word(struct bscope_json *json, const struct bscope_graph_node *node) {
  return bscope_json_word(json, bscope_graph_node_name(json->graph, node));
}

/* Whether an id can be written from a name and a position, and all fits in the room that is asked for. */
static bool is_plain(const struct bscope_json *json, size_t size) {
  return json->graph->given_count == 0 && size <= BSCOPE_SINK_SIZE / 4;
}

static char *copy_end(char *out, bscope_stamp end) {
  return end == BSCOPE_STAMP_OPEN ? bscope_json_copy_literal(out, "null") : bscope_put_digits(out, end);
}

/* Digits of a position that stands there already. */
static char *copy_again(char *out, const char *position, size_t digits) {
  memcpy(out, position, BSCOPE_JSON_NEAR_MAX);
  return out + digits;
}

/* The quick way of put_node. */
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

static int put_node_slowly(struct bscope_json *json, size_t i) {
  struct bscope_node node;
  int status = bscope_graph_node(json->graph, i, &node);
  if (status == BSCOPE_OK)
    put_node(json, i, &node);
  return status;
}

static char *begin_copy(char *out, size_t i) {
  return i == 0 ? bscope_json_copy_literal(out, "\n    ") : bscope_json_copy_literal(out, ",\n    ");
}

static int put_nodes(struct bscope_json *json) {
  size_t count = bscope_graph_node_count(json->graph);
  int status = BSCOPE_OK;
  bscope_sink_put_literal(json->sink, "  \"nodes\": [");
  for (size_t i = 0; i < count && status == BSCOPE_OK; i++) {
    const struct bscope_graph_node *node = &json->graph->nodes[i];
    struct bscope_json_text name = node_word(json, node), type = bscope_json_word(json, node->type);
    size_t size = 2 * name.size + type.size + ROOM;
    bool dropped = (node->flags & BSCOPE_GRAPH_ENDING) == BSCOPE_ENDING_DROPPED;
    status = bscope_json_status(json);
    if (bscope_likely(is_plain(json, size) && node->created_at <= BSCOPE_JSON_EXACT_MAX / 2)) {
      char *out = begin_copy(bscope_sink_room(json->sink, size), i);
      bscope_sink_wrote(json->sink, copy_node(out, name, type, node, dropped ? node->ended_at : BSCOPE_STAMP_OPEN));
      continue;
    }
    begin_element(json, i);
    if (status == BSCOPE_OK)
      status = put_node_slowly(json, i);
  }
  end_array(json, count);
  return status == BSCOPE_OK ? bscope_json_status(json) : status;
}

static int put_edge_slowly(struct bscope_json *json, const struct bscope_edge *edge) {
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

static char *copy_edge(char *out, const struct bscope_json *json, const struct bscope_edge *edge,
                       struct bscope_json_text from, struct bscope_json_text to) {
  const struct bscope_graph_node *nodes = json->graph->nodes;
  out = bscope_json_copy_literal(out, "{\"from\": \"");
  const char *from_position = out + from.size + strlen("_");
  out = bscope_json_copy_id(out, from, nodes[edge->from].created_at);
  size_t from_digits = (size_t)(out - from_position);
  out = bscope_json_copy_literal(out, "\", \"to\": \"");
  const char *to_position = out + to.size + strlen("_");
  out = bscope_json_copy_id(out, to, nodes[edge->to].created_at);
  size_t to_digits = (size_t)(out - to_position);
  out = bscope_json_copy_literal(out, "\", \"relationship\": \"");
  out = bscope_json_copy(out, relationships[edge->relation]);
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
static int put_edges(struct bscope_json *json, size_t count,
                     int (*get)(const struct bscope_graph *, size_t, struct bscope_edge *)) {
  const struct bscope_graph_node *nodes = json->graph->nodes;
  int status = BSCOPE_OK;
  for (size_t i = 0; i < count && status == BSCOPE_OK; i++) {
    struct bscope_edge edge;
    status = get(json->graph, i, &edge);
    if (status != BSCOPE_OK)
      break;
    struct bscope_json_text from = node_word(json, &nodes[edge.from]), to = node_word(json, &nodes[edge.to]);
    size_t size = from.size + to.size + ROOM;
    if (bscope_likely(is_plain(json, size) && edge.start <= BSCOPE_JSON_EXACT_MAX / 2)) {
      char *out = begin_copy(bscope_sink_room(json->sink, size), i);
      bscope_sink_wrote(json->sink, copy_edge(out, json, &edge, from, to));
    } else {
      begin_element(json, i);
      status = put_edge_slowly(json, &edge);
    }
    if (status == BSCOPE_OK)
      status = bscope_json_status(json);
  }
  end_array(json, count);
  return status;
}

/* Completes what a resolution of numbers leaves open. */
static void complete(const struct bscope_json *json, struct bscope_variable_ref *ref, const char *otherwise) {
  struct bscope_node node;
  if (ref->variable == BSCOPE_VARIABLE_NONE) {
    ref->name = otherwise;
  } else if (bscope_graph_node(json->graph, ref->variable, &node) == BSCOPE_OK) {
    ref->name = node.name;
    ref->has_given_id = true; /* its node says its id */
  }
}

/* The way of an event that has no template. */
static int put_event(struct bscope_json *json, const struct bscope_step *step, struct bscope_resolution *meaning,
                     uint64_t time_ns, bool first) {
  struct bscope_event event;
  bscope_json_describe(json, step, time_ns, &event);
  complete(json, &meaning->subject, event.name);
  complete(json, &meaning->object, event.kind == BSCOPE_KIND_BORROW ? meaning->object.name : event.name2);
  begin_element(json, !first);
  int status = bscope_json_event(json, &event, meaning);
  return status == BSCOPE_OK ? bscope_json_status(json) : status;
}

/* What a step means: as the graph's walk told it, or resolved once more. */
static int understand(const struct bscope_told *told, size_t i, struct bscope_resolver *resolver,
                      const struct bscope_step *step, struct bscope_resolution *meaning) {
  if (resolver)
    return bscope_resolver_take(resolver, step, meaning);
  const struct bscope_told_event *event = &told->events[i];
  meaning->subject.variable = event->subject;
  meaning->object.variable = event->object;
  meaning->subject.name = meaning->object.name = NULL;
  meaning->subject.has_given_id = meaning->object.has_given_id = false;
  meaning->inferred = (event->flags & BSCOPE_TOLD_INFERRED) != 0;
  meaning->ambiguous = (event->flags & BSCOPE_TOLD_AMBIGUOUS) != 0;
  meaning->silent = (event->flags & BSCOPE_TOLD_SILENT) != 0;
  return BSCOPE_OK;
}

/* All events of the log that are shown; *shown says how many. */
static int stream_events(struct bscope_json *json, struct bscope_walk *walk, struct bscope_resolver *resolver,
                         size_t *shown) {
  struct bscope_resolution meaning = {.overwritten_count = 0};
  struct bscope_step step;
  int status = BSCOPE_OK;
  while (status == BSCOPE_OK && bscope_walk_next(walk, &step)) {
    uint64_t time_ns = json->times ? bscope_walk_time(walk) : 0;
    status = understand(&json->told, walk->walked - 1, resolver, &step, &meaning);
    if (status != BSCOPE_OK || !bscope_json_event_shown((enum bscope_kind)step.kind, &meaning))
      continue;
    bool first = (*shown)++ == 0;
    if (bscope_unlikely(!bscope_json_template_write(json, &step, &meaning, time_ns, first)))
      status = put_event(json, &step, &meaning, time_ns, first);
    else
      status = json->sink->status;
  }
  return status;
}

static int put_events(struct bscope_json *json, const struct bscope_log *log, struct bscope_resolver *resolver,
                      size_t *shown) {
  struct bscope_walk walk;
  int status = bscope_walk_init(&walk, log, json->facts);
  bscope_sink_put_literal(json->sink, "  \"events\": [");
  if (status == BSCOPE_OK)
    status = stream_events(json, &walk, resolver, shown);
  if (status == BSCOPE_OK)
    status = walk.status;
  if (status == BSCOPE_OK && walk.walked < bscope_log_count(log))
    status = BSCOPE_ERR_FORMAT; /* a damaged block: the walk has set the message */
  if (status == BSCOPE_OK)
    end_array(json, *shown);
  bscope_walk_fini(&walk);
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

static void release(struct bscope_json *json) {
  bscope_json_ids_fini(&json->ids);
  bscope_json_texts_fini(&json->texts);
  bscope_json_templates_fini(json);
  free(json->words);
}

/* By name and by entry, of which the graph has seen all. */
static int prepare(struct bscope_json *json) {
  int status = bscope_json_texts_init(&json->texts);
  if (status == BSCOPE_OK)
    status = bscope_json_ids_init(&json->ids, json->graph, &json->texts);
  if (status != BSCOPE_OK)
    return status;
  json->words = calloc(json->graph->names.count, sizeof(*json->words));
  json->templates = calloc(json->graph->facts.count + 1, sizeof(*json->templates));
  return json->words && json->templates ? BSCOPE_OK : fail_memory();
}

/* Where the graph could not tell what all events mean, a second resolver over its facts does, by the same numbers. */
static int write_with(struct bscope_json *json, const struct bscope_log *log, struct bscope_graph *graph) {
  bscope_facts_forget_hints(&graph->facts);
  struct bscope_resolver *resolver = json->told.given_up ? bscope_resolver_create_on(&graph->facts) : NULL;
  int status = resolver || !json->told.given_up ? BSCOPE_OK : BSCOPE_ERR_NO_MEMORY;
  json->graph = graph;
  json->facts = &graph->facts;
  if (status == BSCOPE_OK)
    status = prepare(json);
  if (status == BSCOPE_OK)
    status = put_document(json, log, resolver);
  release(json);
  bscope_resolver_destroy(resolver);
  return status;
}

int bscope_json_write(const struct bscope_log *log, bool times, bool addresses, struct bscope_sink *sink) {
  struct bscope_json *json = calloc(1, sizeof(*json));
  struct bscope_graph *graph = json ? bscope_graph_build_and_tell(log, &json->told) : NULL;
  int status = json ? BSCOPE_OK : fail_memory();
  if (json && !graph)
    status = BSCOPE_ERR_NO_MEMORY; /* its message is set */
  if (status == BSCOPE_OK) {
    json->sink = sink;
    json->times = times;
    json->addresses = addresses;
    status = write_with(json, log, graph);
  }
  if (json)
    free(json->told.events);
  bscope_graph_free(graph);
  free(json);
  return status;
}
