/* SPDX-License-Identifier: Apache-2.0 */
/* The two objects are made by jansson from tables of counts, and released at once. */
#include "export/json_objects.h"

#include "base/error.h"

#include <jansson.h>

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
  return bscope_fail(BSCOPE_ERR_NO_MEMORY, "no memory for the counts of an export");
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

int bscope_json_put_metadata(struct bscope_json *json, size_t events) {
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

int bscope_json_put_stats(struct bscope_json *json, const struct bscope_log *log) {
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
