/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One snapshot of the log serves everything: counts, graph, validation and export tell of the same moment.
 */
#include "report.h"

#include <borrowscope/borrowscope.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Mutable borrows that begin while their owner's last mutable one is open: the graph shows what no validation judges.
 */
static size_t count_aliases(const struct bscope_graph *graph) {
  size_t aliases = 0;
  bscope_stamp *until = calloc(bscope_graph_node_count(graph) + 1, sizeof(*until));
  for (size_t i = 0; until && i < bscope_graph_edge_count(graph); i++) {
    struct bscope_edge edge;
    if (bscope_graph_edge(graph, i, &edge) != BSCOPE_OK || edge.relation != BSCOPE_RELATION_BORROWS_MUT)
      continue;
    aliases += edge.start < until[edge.to];
    until[edge.to] = edge.end > until[edge.to] ? edge.end : until[edge.to];
  }
  free(until);
  return aliases;
}

static int print_summary(const struct bscope_log *log, const struct bscope_graph *graph) {
  struct bscope_stats stats = {.size = sizeof(stats)};
  struct bscope_graph_summary sum = {.size = sizeof(sum)};
  if (!graph || bscope_log_stats(log, &stats) != BSCOPE_OK || bscope_graph_get_summary(graph, &sum) != BSCOPE_OK) {
    fprintf(stderr, "wordcount: no summary: %s\n", bscope_last_error());
    return -1;
  }
  fprintf(stderr,
          "borrowscope: %" PRIu64 " events on %" PRIu64 " threads: %" PRIu64 " variables, %" PRIu64 " borrows (%" PRIu64
          " mutable), %" PRIu64 " moves, %" PRIu64 " drops\n",
          stats.logged, stats.threads, sum.variables, sum.borrows_immut + sum.borrows_mut, sum.borrows_mut, sum.moves,
          sum.drops);
  fprintf(stderr,
          "  not settled: %" PRIu64 " unknown owners, %" PRIu64 " unresolved, %" PRIu64 " ambiguous, %" PRIu64
          " borrows open, %" PRIu64 " owners never dropped\n",
          sum.unknown_owners, sum.unresolved, sum.ambiguous, sum.open_borrows, sum.alive);
  fprintf(stderr, "  not recorded: %" PRIu64 " dropped, %" PRIu64 " lost, %" PRIu64 " evicted\n", stats.dropped,
          stats.lost, stats.evicted);
  int status = bscope_log_validate(log);
  if (status == BSCOPE_OK)
    fputs("  the events fit together\n", stderr);
  else
    fprintf(stderr, "  %s: %s\n", bscope_strerror(status), bscope_last_error());
  fprintf(stderr, "  %zu mutable borrows overlap another of the same owner\n", count_aliases(graph));
  return 0;
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

int report(const char *json, bool times) {
  struct bscope_log *log = bscope_get_events();
  if (!log) {
    fprintf(stderr, "wordcount: no events: %s\n", bscope_last_error());
    return -1;
  }
  struct bscope_graph *graph = bscope_graph_build(log);
  int status = print_summary(log, graph);
  bscope_graph_free(graph);
  if (json && write_json(log, json, times) != 0)
    status = -1;
  fputs("  or plant a mistake: wordcount --bug use-after-move|double-drop|leak|alias ...\n", stderr);
  bscope_log_free(log);
  return status;
}
