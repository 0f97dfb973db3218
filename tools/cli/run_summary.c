/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ten lines on standard error about what a program recorded; or why it recorded nothing, and what to do.
 */
#include "describe.h"
#include "findings.h"
#include "linkage.h"
#include "progress.h"
#include "run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void put_line(const struct cli *cli, const char *what, const char *text) {
  cli_paint_err(cli, CLI_BOLD);
  fprintf(cli->err, "  %-15s", what);
  cli_paint_err(cli, CLI_PLAIN);
  cli_put(cli->err, text);
  putc('\n', cli->err);
}

struct summary {
  struct cli_trace trace;
  struct bscope_graph_summary graph;
  struct cli_findings findings;
  uint64_t wall_ns;
  int signal;
};

static uint64_t events_per_second(const struct summary *summary) {
  double seconds = (double)summary->wall_ns / 1e9;
  return seconds > 0 ? (uint64_t)((double)summary->trace.stats.attempted / seconds) : 0;
}

/* "2 errors, 1 note", and below it which. */
static void put_findings(const struct cli *cli, const struct cli_findings *findings) {
  char words[CLI_SUMMARY_BYTES], text[CLI_WORDS];
  bool sure = findings->shown > 0 || findings->complete;
  put_line(cli, "findings", sure ? cli_findings_words(findings, words) : "none in what was recorded");
  for (int rule = 1; rule < CLI_RULES; rule++) {
    if (cli_findings_of_rule(findings, (enum bscope_rule)rule, words) == NULL)
      continue;
    snprintf(text, sizeof(text), "%s %s: %s", bscope_rule_id((enum bscope_rule)rule),
             cli_rule((enum bscope_rule)rule)->title, words);
    put_line(cli, "", text);
  }
}

static void put_counts(const struct cli *cli, const struct summary *summary) {
  const struct bscope_stats *stats = &summary->trace.stats;
  const struct bscope_graph_summary *graph = &summary->graph;
  char a[CLI_NUMBER_BYTES], b[CLI_NUMBER_BYTES], c[CLI_NUMBER_BYTES], d[CLI_NUMBER_BYTES], text[CLI_WORDS];
  put_line(cli, "events", cli_number(bscope_log_count(summary->trace.log), a));
  snprintf(text, sizeof(text), "%s, %s alive at the end", cli_number(graph->variables, a), cli_number(graph->alive, b));
  put_line(cli, "variables", text);
  snprintf(text, sizeof(text), "%s, %s mutable, %s open at the end, %s of unknown owners",
           cli_number(graph->borrows_immut + graph->borrows_mut, a), cli_number(graph->borrows_mut, b),
           cli_number(graph->open_borrows, c), cli_number(graph->unknown_owners, d));
  put_line(cli, "borrows", text);
  put_line(cli, "moves", cli_number(graph->moves, a));
  put_findings(cli, &summary->findings);
  snprintf(text, sizeof(text), "%s dropped, %s lost, %s evicted", cli_number(stats->dropped, a),
           cli_number(stats->lost, b), cli_number(stats->evicted, c));
  put_line(cli, "not recorded", text);
  put_line(cli, "threads", cli_number(stats->threads, a));
  snprintf(text, sizeof(text), "%s in all, %s events a second", cli_duration(summary->wall_ns, a),
           cli_number(events_per_second(summary), b));
  put_line(cli, "cost", text);
}

static void put_text(const struct cli *cli, const struct summary *summary) {
  char text[CLI_WORDS];
  putc('\n', cli->err);
  if (summary->signal != 0) {
    snprintf(text, sizeof(text), "was killed by signal %d (%s)", summary->signal, strsignal(summary->signal));
    put_line(cli, "the program", text);
  }
  put_counts(cli, summary);
  put_line(cli, "file", summary->trace.path);
  snprintf(text, sizeof(text), "borrowscope %s %.200s", summary->findings.shown == 0 ? "report" : "check",
           summary->trace.path);
  put_line(cli, "next", text);
}

static void put_json(const struct cli *cli, const struct summary *summary) {
  const struct bscope_stats *stats = &summary->trace.stats;
  const struct {
    const char *key;
    uint64_t value;
  } rows[] = {{"events", bscope_log_count(summary->trace.log)},
              {"variables", summary->graph.variables},
              {"borrows", summary->graph.borrows_immut + summary->graph.borrows_mut},
              {"moves", summary->graph.moves},
              {"dropped", stats->dropped},
              {"lost", stats->lost},
              {"evicted", stats->evicted},
              {"threads", stats->threads},
              {"wall_ns", summary->wall_ns},
              {"events_per_second", events_per_second(summary)},
              {"signal", (uint64_t)summary->signal}};
  struct cli on_err = *cli;
  on_err.out = cli->err;
  struct cli_json json = cli_json_begin(&on_err);
  cli_json_trace(&json, &summary->trace);
  for (size_t i = 0; i < CLI_COUNT(rows); i++)
    cli_json_number(&json, rows[i].key, rows[i].value);
  cli_findings_json(&json, &summary->findings);
  cli_json_finish(&json);
}

static const char *reason_of(enum cli_linkage linkage) {
  switch (linkage) {
  case CLI_LINKED:
    return "It is linked with libborrowscope but made no file: no tracking call was reached, they are all filtered or "
           "switched off (enabled=0), the file can't be made there (the program has said so), or the libborrowscope "
           "that it found is too old for files. BORROWSCOPE_OPTIONS=help=1 shows what holds.";
  case CLI_SCRIPT:
    return "It is a script: what records is a program that it starts, and that one must be linked with libborrowscope.";
  case CLI_STATIC:
    return "It is linked statically and has no libborrowscope that could be told of a file, or made no tracking call. "
           "Link it with: cc ... $(pkg-config --cflags --libs borrowscope)";
  case CLI_NOT_LINKED:
    return "It is not linked with libborrowscope, so it has nothing to record with. Add tracking calls "
           "(#include <borrowscope/borrowscope.h>) and link it: cc ... $(pkg-config --cflags --libs borrowscope)";
  default:
    return "It is no program of this machine's kind that could be looked into.";
  }
}

static const char preload_reason[] = "--heap and --locks reach programs that find malloc and the locks' functions at "
                                     "run time: not those that are linked "
                                     "statically, bring their own, or gain privileges when they start. Nor does it "
                                     "record where the file can't be made (the program has said so).";

static void say_no_file(const struct cli *cli) {
  char *program = cli_find_program(cli->arguments[0]);
  enum cli_linkage linkage = program == NULL ? CLI_OTHER : cli_linkage_of(program);
  cli_complain(cli, "%s recorded nothing", cli->arguments[0]);
  fputs("  ", cli->err);
  cli_put_folded(
      cli->err, (cli->options.heap || cli->options.locks) && linkage != CLI_OTHER ? preload_reason : reason_of(linkage),
      2, 2);
  free(program);
}

/* False: no memory, or the log is not to be read to its end. */
static bool summarise(const struct cli *cli, struct summary *summary) {
  struct cli_sources none = {0};
  cli_progress_begin(cli, "reading the trace", 0, false);
  struct bscope_graph *graph = bscope_graph_build(summary->trace.log);
  bool read = graph != NULL && bscope_graph_get_summary(graph, &summary->graph) == BSCOPE_OK;
  bscope_graph_free(graph);
  read = read && cli_findings_make(&summary->findings, &summary->trace, &none);
  cli_progress_end();
  cli_source_free(&none);
  return read;
}

void cli_run_summary(struct cli *cli, const struct cli_child *child, const char *path) {
  struct summary summary = {.wall_ns = child->wall_ns, .signal = child->signal};
  summary.graph.size = sizeof(summary.graph);
  if (path == NULL) {
    say_no_file(cli);
    return;
  }
  if (cli_open(cli, &summary.trace, path) != 0)
    return;
  if (bscope_log_count(summary.trace.log) == 0)
    cli_complain(cli, "%s recorded no event: no tracking call was reached, or its filter leaves all out", path);
  else if (!summarise(cli, &summary))
    cli_complain(cli, "%s: %s", path, bscope_last_error());
  else if (cli->options.format == CLI_JSON)
    put_json(cli, &summary);
  else
    put_text(cli, &summary);
  cli_findings_free(&summary.findings);
  cli_close(cli, &summary.trace, CLI_CLEAN);
}
