/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `report`: what is in a trace, in a page.
 */
#include "describe.h"
#include "findings.h"
#include "options.h"
#include "survey.h"
#include "table.h"

#include <inttypes.h>
#include <string.h>

#define LIMIT 5
#define LIMIT_MAX 1000

static void put_title(const struct cli *cli, const char *title) {
  putc('\n', cli->out);
  cli_paint(cli, CLI_BOLD);
  fputs(title, cli->out);
  cli_paint(cli, CLI_PLAIN);
  putc('\n', cli->out);
}

static void add_count(struct cli_table *table, const char *what, uint64_t count, const char *note) {
  char number[CLI_NUMBER_BYTES];
  cli_table_add(table, "%s", what);
  cli_table_add(table, "%s", cli_number(count, number));
  cli_table_add(table, "%s", note);
}

static void put_summary(const struct cli *cli, const struct cli_survey *survey, const struct cli_trace *trace) {
  const struct bscope_graph_summary *sum = &survey->summary;
  const struct bscope_stats *stats = &trace->stats;
  char time[CLI_NUMBER_BYTES], a[CLI_NUMBER_BYTES], b[CLI_NUMBER_BYTES], note[128];
  struct cli_table table = {.heads = {"", ">", ""}};
  cli_paint(cli, CLI_BOLD);
  cli_put(cli->out, trace->path);
  cli_paint(cli, CLI_PLAIN);
  fprintf(cli->out, "%s\n", cli_is_whole(trace) ? "" : " (not complete)");
  snprintf(note, sizeof(note), "on %s thread%s in %s", cli_number(stats->threads, a), stats->threads == 1 ? "" : "s",
           cli_duration(survey->span_ns, time));
  add_count(&table, "events", bscope_log_count(trace->log), note);
  snprintf(note, sizeof(note), "%s owner%s alive at the end", cli_number(sum->alive, b), sum->alive == 1 ? "" : "s");
  add_count(&table, "variables", sum->variables, note);
  snprintf(note, sizeof(note), "%s mutable, %s open at the end", cli_number(sum->borrows_mut, a),
           cli_number(sum->open_borrows, b));
  add_count(&table, "borrows", sum->borrows_immut + sum->borrows_mut, note);
  add_count(&table, "moves", sum->moves, "");
  add_count(&table, "drops", sum->drops, "");
  add_count(&table, "unknown owners", sum->unknown_owners, "borrows of what is not tracked");
  add_count(&table, "unresolved", sum->unresolved, "drops, moves and uses of what was never seen");
  add_count(&table, "not recorded", stats->dropped + stats->lost + stats->evicted, "dropped, lost or evicted");
  cli_table_put(&table, cli);
}

/* A node's rows in the lists of variables: id, value, life, place. */
static void add_node(struct cli_table *table, const struct bscope_graph *graph, size_t i, uint64_t value) {
  struct bscope_node node = {.id = ""};
  char life[CLI_WORDS], place[CLI_WORDS], number[CLI_NUMBER_BYTES];
  (void)bscope_graph_node(graph, i, &node);
  cli_life(&node, life);
  cli_place(node.file, node.line, place);
  cli_table_add(table, "%.40s", node.id);
  cli_table_add(table, "%s", cli_number(value, number));
  cli_table_add(table, "%s", life);
  cli_table_add(table, "%s", place);
}

static void put_rank(const struct cli *cli, const struct cli_survey *survey, const struct cli_rank *rank,
                     const char *title, const char *head) {
  struct cli_table table = {.heads = {"variable", head, "life", "made at"}};
  if (rank->count == 0)
    return;
  put_title(cli, title);
  for (size_t i = 0; i < rank->count; i++)
    add_node(&table, survey->graph, rank->items[i], rank->values[i]);
  cli_table_put(&table, cli);
}

static void put_unknown(const struct cli *cli, const struct cli_survey *survey, size_t most) {
  struct cli_table table = {.heads = {"borrower", ">borrows", "at"}};
  char place[CLI_WORDS], number[CLI_NUMBER_BYTES];
  if (survey->unknown_count == 0)
    return;
  put_title(cli, "Borrows of an unknown owner");
  for (size_t i = 0; i < survey->unknown_count && i < most; i++) {
    struct bscope_node node;
    if (bscope_graph_node(survey->graph, survey->unknown[i].node, &node) != BSCOPE_OK)
      continue;
    cli_place(node.file, node.line, place);
    cli_table_add(&table, "%.40s", node.name);
    cli_table_add(&table, "%s", cli_number(survey->unknown[i].count, number));
    cli_table_add(&table, "%s", place);
  }
  cli_table_put(&table, cli);
}

static void put_threads(const struct cli *cli, const struct cli_survey *survey, const struct bscope_log *log,
                        size_t most) {
  struct cli_table table = {.heads = {"thread", ">events", ">made", ">borrows", ">moves"}};
  char text[CLI_WORDS];
  put_title(cli, "Threads");
  for (size_t i = 0; i < survey->thread_count && i < most; i++) {
    const struct cli_thread_share *share = &survey->threads[i];
    const uint64_t values[] = {share->events, share->made, share->borrows, share->moves};
    cli_thread(log, share->thread, text);
    cli_table_add(&table, "%s", text);
    for (size_t k = 0; k < CLI_COUNT(values); k++)
      cli_table_add(&table, "%s", cli_number(values[k], text));
  }
  cli_table_put(&table, cli);
  if (survey->thread_count > most)
    fprintf(cli->out, "  %zu more (--limit)\n", survey->thread_count - most);
}

static void put_findings(const struct cli *cli, const struct cli_findings *findings) {
  struct cli_table table = {.heads = {"rule", "findings", ""}};
  char words[CLI_SUMMARY_BYTES];
  if (findings->shown == 0)
    return;
  put_title(cli, "Findings");
  for (int rule = 1; rule < CLI_RULES; rule++) {
    if (cli_findings_of_rule(findings, (enum bscope_rule)rule, words) == NULL)
      continue;
    cli_table_add(&table, "%s", bscope_rule_id((enum bscope_rule)rule));
    cli_table_add(&table, "%s", words);
    cli_table_add(&table, "%s", cli_rule((enum bscope_rule)rule)->title);
  }
  cli_table_put(&table, cli);
}

static void put_text(const struct cli *cli, const struct cli_survey *survey, const struct cli_findings *findings,
                     const struct cli_trace *trace, size_t most) {
  put_summary(cli, survey, trace);
  put_findings(cli, findings);
  put_rank(cli, survey, &survey->longest, "Longest-lived (in events)", ">lived");
  put_rank(cli, survey, &survey->borrowed, "Most borrowed", ">borrows");
  put_unknown(cli, survey, most);
  put_threads(cli, survey, trace->log, most);
  if (!cli->options.quiet && survey->longest.count > 0) {
    struct bscope_node node = {.id = ""};
    (void)bscope_graph_node(survey->graph, survey->longest.items[0], &node);
    fputs("\nNext: borrowscope why ", cli->out);
    cli_put(cli->out, trace->path);
    putc(' ', cli->out);
    cli_put(cli->out, node.id);
    putc('\n', cli->out);
  }
}

static void json_summary(struct cli_json *json, const struct cli_survey *survey, const struct cli_trace *trace) {
  const struct bscope_graph_summary *sum = &survey->summary;
  const struct {
    const char *key;
    uint64_t value;
  } rows[] = {{"events", bscope_log_count(trace->log)},
              {"threads", trace->stats.threads},
              {"span_ns", survey->span_ns},
              {"variables", sum->variables},
              {"borrows_immut", sum->borrows_immut},
              {"borrows_mut", sum->borrows_mut},
              {"moves", sum->moves},
              {"drops", sum->drops},
              {"unknown_owners", sum->unknown_owners},
              {"unresolved", sum->unresolved},
              {"inferred", sum->inferred},
              {"ambiguous", sum->ambiguous},
              {"open_borrows", sum->open_borrows},
              {"alive", sum->alive},
              {"overwritten", sum->overwritten},
              {"dropped", trace->stats.dropped},
              {"lost", trace->stats.lost},
              {"evicted", trace->stats.evicted}};
  cli_json_open(json, "summary", '{');
  for (size_t i = 0; i < CLI_COUNT(rows); i++)
    cli_json_number(json, rows[i].key, rows[i].value);
  cli_json_close(json, '}');
}

static void json_node_with(struct cli_json *json, const struct bscope_graph *graph, size_t i, const char *key,
                           uint64_t value) {
  struct bscope_node node;
  if (bscope_graph_node(graph, i, &node) != BSCOPE_OK)
    return;
  cli_json_open(json, NULL, '{');
  cli_json_number(json, key, value);
  cli_json_node(json, "variable", &node);
  cli_json_close(json, '}');
}

static void json_lists(struct cli_json *json, const struct cli_survey *survey, size_t most) {
  cli_json_open(json, "longest_lived", '[');
  for (size_t i = 0; i < survey->longest.count; i++)
    json_node_with(json, survey->graph, survey->longest.items[i], "lived", survey->longest.values[i]);
  cli_json_close(json, ']');
  cli_json_open(json, "most_borrowed", '[');
  for (size_t i = 0; i < survey->borrowed.count; i++)
    json_node_with(json, survey->graph, survey->borrowed.items[i], "borrows", survey->borrowed.values[i]);
  cli_json_close(json, ']');
  cli_json_open(json, "unknown_owners", '[');
  for (size_t i = 0; i < survey->unknown_count && i < most; i++)
    json_node_with(json, survey->graph, survey->unknown[i].node, "borrows", survey->unknown[i].count);
  cli_json_close(json, ']');
}

static void put_json(const struct cli *cli, const struct cli_survey *survey, const struct cli_findings *findings,
                     const struct cli_trace *trace, size_t most) {
  struct cli_json json = cli_json_begin(cli);
  cli_json_trace(&json, trace);
  json_summary(&json, survey, trace);
  json_lists(&json, survey, most);
  cli_json_open(&json, "threads", '[');
  for (size_t i = 0; i < survey->thread_count; i++) {
    const struct cli_thread_share *share = &survey->threads[i];
    cli_json_open(&json, NULL, '{');
    cli_json_number(&json, "thread", share->thread);
    cli_json_string(&json, "name", bscope_log_thread_name(trace->log, share->thread));
    cli_json_number(&json, "events", share->events);
    cli_json_number(&json, "made", share->made);
    cli_json_number(&json, "borrows", share->borrows);
    cli_json_number(&json, "moves", share->moves);
    cli_json_close(&json, '}');
  }
  cli_json_close(&json, ']');
  cli_findings_json(&json, findings);
  cli_json_finish(&json);
}

int cli_report(struct cli *cli) {
  struct cli_trace trace;
  struct cli_survey survey;
  struct cli_findings findings = {0};
  struct cli_sources none = {0};
  uint64_t most = LIMIT;
  int status = cli_open(cli, &trace, cli_argument(cli, 0));
  if (status != 0)
    return status;
  if (cli->options.limit != NULL)
    (void)cli_parse_number(cli->options.limit, &most);
  if (most == 0 || most > LIMIT_MAX)
    most = LIMIT_MAX;
  status = cli_survey_make(&survey, cli, trace.log, (size_t)most);
  if (status == 0 && !cli_findings_make(&findings, &trace, &none))
    status = cli_complain(cli, "%s: %s", trace.path, bscope_last_error());
  if (status == 0 && cli->options.format == CLI_JSON)
    put_json(cli, &survey, &findings, &trace, (size_t)most);
  else if (status == 0)
    put_text(cli, &survey, &findings, &trace, (size_t)most);
  cli_findings_free(&findings);
  cli_source_free(&none);
  cli_survey_free(&survey);
  return cli_close(cli, &trace, status);
}
