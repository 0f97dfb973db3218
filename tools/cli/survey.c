/* SPDX-License-Identifier: Apache-2.0 */
#include "survey.h"

#include "progress.h"

#include <stdlib.h>
#include <string.h>

/* The thread's row, made where there is none; rows are in the order of their numbers. NULL: no memory. */
static struct cli_thread_share *share_of(struct cli_survey *survey, uint32_t thread) {
  size_t low = 0, high = survey->thread_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (survey->threads[middle].thread < thread)
      low = middle + 1;
    else
      high = middle;
  }
  if (low < survey->thread_count && survey->threads[low].thread == thread)
    return &survey->threads[low];
  struct cli_thread_share *rows = survey->threads;
  if ((survey->thread_count & (survey->thread_count - 1)) == 0) { /* full: capacities are powers of two */
    size_t capacity = survey->thread_count == 0 ? 1 : 2 * survey->thread_count;
    rows = reallocarray(rows, capacity, sizeof(*rows));
    if (rows == NULL)
      return NULL;
    survey->threads = rows;
  }
  memmove(&rows[low + 1], &rows[low], (survey->thread_count - low) * sizeof(*rows));
  rows[low] = (struct cli_thread_share){.thread = thread};
  survey->thread_count++;
  return &rows[low];
}

/* NULL, or why not. */
static const char *walk_events(struct cli_survey *survey, const struct cli *cli, const struct bscope_log *log) {
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  struct bscope_event event;
  struct cli_thread_share *share = NULL;
  uint64_t begin = 0;
  if (cursor == NULL)
    return bscope_last_error();
  cli_progress_begin(cli, "reading events", bscope_log_count(log), false);
  for (size_t i = 0; bscope_cursor_next(cursor, &event); i++) {
    cli_progress_done = i;
    if (event.kind == BSCOPE_KIND_LOST || event.kind == BSCOPE_KIND_OPEN)
      continue;
    if (begin == 0)
      begin = event.time_ns;
    survey->span_ns = event.time_ns > begin ? event.time_ns - begin : survey->span_ns;
    if (share == NULL || share->thread != event.thread)
      share = share_of(survey, event.thread);
    if (share == NULL)
      break;
    share->events++;
    share->made += event.kind == BSCOPE_KIND_NEW;
    share->borrows += event.kind == BSCOPE_KIND_BORROW;
    share->moves += event.kind == BSCOPE_KIND_MOVE;
  }
  cli_progress_end();
  int status = bscope_cursor_status(cursor);
  bscope_cursor_free(cursor);
  if (status != BSCOPE_OK)
    return bscope_last_error();
  return share != NULL || survey->thread_count == 0 ? NULL : "no memory to read the events";
}

static bool rank_init(struct cli_rank *rank, size_t most) {
  rank->most = most;
  rank->items = calloc(most + 1, sizeof(*rank->items));
  rank->values = calloc(most + 1, sizeof(*rank->values));
  return rank->items != NULL && rank->values != NULL;
}

/* Nodes by place, for qsort_r. */
static int by_place(const void *a, const void *b, void *graph) {
  struct bscope_node x, y;
  if (bscope_graph_node(graph, ((const struct cli_unknown *)a)->node, &x) != BSCOPE_OK ||
      bscope_graph_node(graph, ((const struct cli_unknown *)b)->node, &y) != BSCOPE_OK)
    return 0;
  int files = strcmp(x.file == NULL ? "" : x.file, y.file == NULL ? "" : y.file);
  if (files != 0)
    return files;
  return x.line != y.line ? (x.line > y.line) - (x.line < y.line) : strcmp(x.name, y.name);
}

static int by_count(const void *a, const void *b) {
  const struct cli_unknown *x = a, *y = b;
  return x->count != y->count ? (x->count < y->count) - (x->count > y->count)
                              : (x->node > y->node) - (x->node < y->node);
}

/* One entry for each borrow becomes one for each place. */
static void fold_places(struct cli_survey *survey) {
  size_t kept = 0;
  qsort_r(survey->unknown, survey->unknown_count, sizeof(*survey->unknown), by_place, survey->graph);
  for (size_t i = 0; i < survey->unknown_count; i++) {
    if (kept > 0 && by_place(&survey->unknown[kept - 1], &survey->unknown[i], survey->graph) == 0)
      survey->unknown[kept - 1].count++;
    else
      survey->unknown[kept++] = survey->unknown[i];
  }
  survey->unknown_count = kept;
  qsort(survey->unknown, kept, sizeof(*survey->unknown), by_count);
}

static void walk_nodes(struct cli_survey *survey, bscope_stamp end) {
  size_t count = bscope_graph_node_count(survey->graph);
  for (size_t i = 0; i < count; i++) {
    struct bscope_node node;
    size_t borrows = cli_borrow_count(&survey->links, i);
    if (bscope_graph_node(survey->graph, i, &node) != BSCOPE_OK)
      continue;
    if (!node.is_borrower)
      cli_rank_offer(&survey->longest, i, (node.ended_at == BSCOPE_STAMP_OPEN ? end : node.ended_at) - node.created_at);
    if (borrows > 0)
      cli_rank_offer(&survey->borrowed, i, borrows);
    if (node.is_borrower && survey->links.borrow_of[i] == CLI_NO_EDGE)
      survey->unknown[survey->unknown_count++] = (struct cli_unknown){i, 1};
  }
  fold_places(survey);
}

int cli_survey_make(struct cli_survey *survey, const struct cli *cli, const struct bscope_log *log, size_t most) {
  *survey = (struct cli_survey){.summary = {.size = sizeof(survey->summary)}};
  const char *reason = walk_events(survey, cli, log);
  if (reason != NULL)
    return cli_complain(cli, "%s: %s", cli->command->name, reason);
  cli_progress_begin(cli, "building the graph", 0, false);
  survey->graph = bscope_graph_build(log);
  bool ready = survey->graph != NULL && bscope_graph_get_summary(survey->graph, &survey->summary) == BSCOPE_OK &&
               cli_links_init(&survey->links, survey->graph);
  if (ready) {
    survey->unknown = calloc(bscope_graph_node_count(survey->graph) + 1, sizeof(*survey->unknown));
    ready = survey->unknown != NULL && rank_init(&survey->longest, most) && rank_init(&survey->borrowed, most);
  }
  if (ready)
    walk_nodes(survey, bscope_log_first(log) + bscope_log_count(log));
  cli_progress_end();
  if (!ready)
    return cli_complain(cli, "%s: %s", cli->command->name,
                        survey->graph == NULL ? bscope_last_error() : "no memory for a survey");
  return 0;
}

void cli_survey_free(struct cli_survey *survey) {
  bscope_graph_free(survey->graph);
  cli_links_fini(&survey->links);
  free(survey->longest.items);
  free(survey->longest.values);
  free(survey->borrowed.items);
  free(survey->borrowed.values);
  free(survey->unknown);
  free(survey->threads);
}
