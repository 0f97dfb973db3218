/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layout: each key of the document begins a line, each element of an array has one, so that two exports can be compared
 * with line tools.
 */
#include "export/json.h"

#include "base/error.h"
#include "export/json_element.h"
#include "export/json_event.h"
#include "export/json_graph.h"
#include "export/json_objects.h"
#include "export/json_template.h"
#include "export/json_violations.h"
#include "log/event.h"

#include <stdlib.h>

static int fail_memory(void) {
  return bscope_fail(BSCOPE_ERR_NO_MEMORY, "no memory for an export");
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

/* The whole event that the walk gave last, with its payload and further strings. */
static void whole_event(const struct bscope_walk *walk, const struct bscope_step *step, uint64_t time_ns,
                        struct bscope_event *out) {
  if (walk->batches)
    bscope_event_build(walk->log, &walk->batch.entries[walk->place - 1], step->stamp, time_ns, out);
  else
    *out = walk->event;
}

/* The way of an event that has no template. */
static int put_event(struct bscope_json *json, const struct bscope_walk *walk, const struct bscope_step *step,
                     struct bscope_resolution *meaning, uint64_t time_ns, bool first) {
  struct bscope_event event;
  whole_event(walk, step, time_ns, &event);
  complete(json, &meaning->subject, event.name);
  complete(json, &meaning->object, event.kind == BSCOPE_KIND_BORROW ? meaning->object.name : event.name2);
  bscope_json_begin_element(json, !first);
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
      status = put_event(json, walk, &step, &meaning, time_ns, first);
    else
      status = json->sink->status;
  }
  return status;
}

static int put_events(struct bscope_json *json, const struct bscope_log *log, struct bscope_resolver *resolver,
                      size_t *shown) {
  struct bscope_walk walk;
  int status = bscope_walk_init(&walk, log, json->facts, 0);
  bscope_sink_put_literal(json->sink, "  \"events\": [");
  if (status == BSCOPE_OK)
    status = stream_events(json, &walk, resolver, shown);
  if (status == BSCOPE_OK)
    status = walk.status;
  if (status == BSCOPE_OK && walk.walked < bscope_log_count(log))
    status = BSCOPE_ERR_FORMAT; /* a damaged block: the walk has set the message */
  if (status == BSCOPE_OK)
    bscope_json_end_array(json, *shown);
  bscope_walk_fini(&walk);
  return status;
}

static int put_versions(struct bscope_json *json, const struct bscope_log *log) {
  bscope_sink_put_literal(json->sink, "  \"schema_version\": ");
  bscope_sink_put_number(json->sink, BSCOPE_JSON_SCHEMA_VERSION);
  bscope_sink_put_literal(json->sink, ",\n  \"generation\": ");
  bscope_sink_put_number(json->sink, bscope_log_generation(log));
  bscope_sink_put_literal(json->sink, ",\n  \"violations\": [");
  return bscope_json_put_violations(json, json->told.findings);
}

static int put_document(struct bscope_json *json, const struct bscope_log *log, struct bscope_resolver *resolver) {
  size_t shown = 0;
  bscope_sink_put_literal(json->sink, "{\n  \"nodes\": [");
  int status = bscope_json_put_nodes(json);
  if (status == BSCOPE_OK) {
    bscope_sink_put_literal(json->sink, "  \"edges\": [");
    status = bscope_json_put_edges(json);
  }
  if (status == BSCOPE_OK)
    status = put_events(json, log, resolver, &shown);
  if (status == BSCOPE_OK)
    status = bscope_json_put_metadata(json, shown);
  if (status == BSCOPE_OK) {
    bscope_sink_put_literal(json->sink, "  \"relations\": [");
    status = bscope_json_put_relations(json);
  }
  if (status == BSCOPE_OK)
    status = put_versions(json, log);
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
    status = json->told.status ? json->told.status : BSCOPE_ERR_NO_MEMORY; /* its message is set */
  if (status == BSCOPE_OK) {
    json->sink = sink;
    json->times = times;
    json->addresses = addresses;
    status = write_with(json, log, graph);
  }
  if (json)
    bscope_told_fini(&json->told);
  bscope_graph_free(graph);
  free(json);
  return status;
}
