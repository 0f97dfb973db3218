/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One snapshot of the log serves everything: counts, graph, validation and export tell of the same moment.
 */
#include "report.h"

#include <borrowscope/borrowscope.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void print_summary(const struct bscope_stats *stats, const struct bscope_graph_summary *graph) {
  fprintf(stderr,
          "borrowscope: %" PRIu64 " events on %" PRIu64 " threads: %" PRIu64 " variables, %" PRIu64 " borrows (%" PRIu64
          " mutable), %" PRIu64 " moves, %" PRIu64 " drops\n",
          stats->logged, stats->threads, graph->variables, graph->borrows_immut + graph->borrows_mut,
          graph->borrows_mut, graph->moves, graph->drops);
  fprintf(stderr,
          "  not settled: %" PRIu64 " unknown owners, %" PRIu64 " unresolved, %" PRIu64 " ambiguous, %" PRIu64
          " borrows open, %" PRIu64 " owners never dropped\n",
          graph->unknown_owners, graph->unresolved, graph->ambiguous, graph->open_borrows, graph->alive);
  fprintf(stderr, "  not recorded: %" PRIu64 " dropped, %" PRIu64 " lost, %" PRIu64 " evicted\n", stats->dropped,
          stats->lost, stats->evicted);
}

static void print_validation(const struct bscope_log *log) {
  int status = bscope_log_validate(log);
  if (status == BSCOPE_OK)
    fputs("  the events fit together\n", stderr);
  else
    fprintf(stderr, "  %s: %s\n", bscope_strerror(status), bscope_last_error());
}

/* Mutable borrows that begin while their owner's last mutable one is open: the graph shows what no validation judges.
 */
static size_t count_aliases(const struct bscope_graph *graph) {
  size_t nodes = bscope_graph_node_count(graph), edges = bscope_graph_edge_count(graph), aliases = 0;
  bscope_stamp *until = calloc(nodes ? nodes : 1, sizeof(*until));
  for (size_t i = 0; until && i < edges; i++) {
    struct bscope_edge edge;
    if (bscope_graph_edge(graph, i, &edge) != BSCOPE_OK || edge.relation != BSCOPE_RELATION_BORROWS_MUT)
      continue;
    aliases += edge.start < until[edge.to];
    until[edge.to] = edge.end > until[edge.to] ? edge.end : until[edge.to];
  }
  free(until);
  return aliases;
}

static int write_json(const struct bscope_log *log, const char *path, bool times) {
  struct bscope_export_options options = {.size = sizeof(options), .times = times ? BSCOPE_ON : BSCOPE_OFF};
  int status = bscope_log_export_json(log, path, &options);
  if (status != BSCOPE_OK) {
    fprintf(stderr, "wordcount: %s: %s\n", bscope_strerror(status), bscope_last_error());
    return -1;
  }
  fprintf(stderr, "  the whole story: %s\n  next: python3 -m json.tool %s | less\n", path, path);
  return 0;
}

static int report_log(const struct bscope_log *log, const char *json, bool times) {
  struct bscope_stats stats = {.size = sizeof(stats)};
  struct bscope_graph_summary summary = {.size = sizeof(summary)};
  struct bscope_graph *graph = bscope_graph_build(log);
  bool known =
      graph && bscope_log_stats(log, &stats) == BSCOPE_OK && bscope_graph_get_summary(graph, &summary) == BSCOPE_OK;
  if (known) {
    print_summary(&stats, &summary);
    print_validation(log);
    fprintf(stderr, "  %zu mutable borrows overlap another of the same owner\n", count_aliases(graph));
  } else {
    fprintf(stderr, "wordcount: no summary: %s\n", bscope_last_error());
  }
  bscope_graph_free(graph);
  int status = json ? write_json(log, json, times) : 0;
  fputs("  or plant a mistake: wordcount --bug use-after-move|double-drop|leak|alias ...\n", stderr);
  return known ? status : -1;
}

int report(const char *json, bool times) {
  struct bscope_log *log = bscope_get_events();
  if (!log) {
    fprintf(stderr, "wordcount: no events: %s\n", bscope_last_error());
    return -1;
  }
  int status = report_log(log, json, times);
  bscope_log_free(log);
  return status;
}
