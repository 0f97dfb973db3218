/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `why`: everything that ever happened to one variable, in order, with places. The graph says who is near it; one walk
 * over the events tells what each of them means, and those that are about it or about a borrow of it are shown.
 */
#include "why.h"
#include "progress.h"
#include "table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void put_event(struct cli_story *why, const struct bscope_event *event, const struct bscope_meaning *meaning,
                      const char *words) {
  if (why->cli->options.format != CLI_JSON) {
    cli_put_event(&why->lines, event, words);
    return;
  }
  cli_json_open(&why->json, NULL, '{');
  cli_json_string(&why->json, "what", words);
  cli_json_string(&why->json, "subject",
                  meaning->subject == BSCOPE_NODE_NONE ? NULL : cli_story_id(why, meaning->subject));
  cli_json_string(&why->json, "object",
                  meaning->object == BSCOPE_NODE_NONE ? NULL : cli_story_id(why, meaning->object));
  cli_json_bool(&why->json, "inferred", meaning->inferred);
  cli_json_event(&why->json, why->trace.log, event);
  cli_json_close(&why->json, '}');
}

static int walk(struct cli_story *why) {
  struct bscope_story *story = bscope_story_create(why->trace.log);
  struct bscope_event event;
  struct bscope_meaning meaning;
  char words[CLI_WORDS];
  int more = story == NULL ? BSCOPE_ERR_NO_MEMORY : 1;
  cli_progress_begin(why->cli, "reading events", bscope_log_count(why->trace.log), true);
  while (more == 1 && (more = bscope_story_next(story, &event, &meaning)) == 1) {
    cli_progress_done++;
    if (cli_story_tell(why, &event, &meaning, words))
      put_event(why, &event, &meaning, words);
  }
  cli_progress_end();
  bscope_story_free(story);
  return more < 0 ? cli_complain(why->cli, "why: %s", bscope_last_error()) : CLI_CLEAN;
}

#define CHAIN_MAX 32

/* "moved on: a_0 -> b_4 -> c_9", where it was moved at all; its own id is among them. */
static void put_chain(const struct cli_story *why) {
  size_t chain[CHAIN_MAX], length = bscope_graph_move_chain(why->graph, why->node, chain, CHAIN_MAX);
  FILE *out = why->cli->out;
  struct bscope_node node = why->is;
  if (length == 1 && node.moved_to == BSCOPE_NODE_NONE)
    return;
  fputs("  moves: ", out);
  if (length > CHAIN_MAX)
    fprintf(out, "(%zu before) -> ", length - 1);
  for (size_t i = 0; length <= CHAIN_MAX && i + 1 < length; i++) {
    cli_put(out, cli_story_id(why, chain[i]));
    fputs(" -> ", out);
  }
  cli_put(out, node.id);
  for (size_t i = 0; node.moved_to != BSCOPE_NODE_NONE && i < CHAIN_MAX; i++) {
    if (bscope_graph_node(why->graph, node.moved_to, &node) != BSCOPE_OK)
      break;
    fputs(" -> ", out);
    cli_put(out, node.id);
  }
  putc('\n', out);
}

static int ascending(const void *a, const void *b) {
  const size_t *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

/* False: no memory. */
static bool find_borrowers(struct cli_story *why) {
  size_t capacity = 0;
  struct bscope_edge edge;
  for (size_t i = 0; i < bscope_graph_edge_count(why->graph); i++) {
    if (bscope_graph_edge(why->graph, i, &edge) != BSCOPE_OK || edge.to != why->node)
      continue;
    if (why->borrower_count == capacity) {
      capacity = 2 * capacity + 16;
      size_t *grown = realloc(why->borrowers, capacity * sizeof(*grown));
      if (grown == NULL)
        return false;
      why->borrowers = grown;
    }
    why->borrowers[why->borrower_count++] = edge.from;
    why->open += edge.end == BSCOPE_STAMP_OPEN;
  }
  if (why->borrower_count > 1)
    qsort(why->borrowers, why->borrower_count, sizeof(*why->borrowers), ascending);
  return true;
}

static int put_text(struct cli_story *why) {
  const struct cli *cli = why->cli;
  char text[CLI_WORDS];
  cli_variable(&why->is, text);
  cli_paint(cli, CLI_BOLD);
  cli_put(cli->out, text);
  cli_paint(cli, CLI_PLAIN);
  fputs(", of thread ", cli->out);
  cli_thread(why->trace.log, why->is.thread, text);
  cli_put(cli->out, text);
  putc('\n', cli->out);
  put_chain(why);
  int status = walk(why);
  if (why->is.ended_at == BSCOPE_STAMP_OPEN)
    fprintf(cli->out, "  %s at the end of the trace\n", why->is.is_borrower ? "it still borrows" : "it is still alive");
  if (why->open > 0)
    fprintf(cli->out, "  %zu borrow%s of it never ended\n", why->open, why->open == 1 ? "" : "s");
  return status;
}

/* Whether a node is what was asked for: one of that id, or all of that name. */
static bool is_asked(const char *asked, const struct bscope_node *node, bool by_id) {
  return strcmp(asked, by_id ? node->id : node->name) == 0;
}

/* The number of nodes that are asked for; *first is one of them. */
static size_t count_asked(const struct cli_story *why, const char *asked, bool *by_id, size_t *first) {
  size_t found = bscope_graph_find(why->graph, asked), count = 0;
  struct bscope_node node;
  *first = found;
  if (found == BSCOPE_NODE_NONE || bscope_graph_node(why->graph, found, &node) != BSCOPE_OK)
    return 0;
  *by_id = strcmp(node.id, asked) == 0;
  for (size_t i = 0; !*by_id && i < bscope_graph_node_count(why->graph); i++)
    count += bscope_graph_node(why->graph, i, &node) == BSCOPE_OK && is_asked(asked, &node, false);
  return *by_id ? 1 : count;
}

#define LISTED_MAX 1000

static void put_list(const struct cli_story *why, const char *asked, size_t count) {
  const struct cli *cli = why->cli;
  char text[CLI_WORDS];
  struct cli_table table = {.heads = {"variable", "life", "thread", "made at"}};
  cli_put(cli->out, asked);
  fprintf(cli->out, ": %zu variables had this name\n", count);
  for (size_t i = 0, listed = 0; i < bscope_graph_node_count(why->graph) && listed < LISTED_MAX; i++) {
    struct bscope_node node;
    if (bscope_graph_node(why->graph, i, &node) != BSCOPE_OK || !is_asked(asked, &node, false))
      continue;
    cli_table_add(&table, "%s", node.id);
    cli_life(&node, text);
    cli_table_add(&table, "%s", text);
    cli_thread(why->trace.log, node.thread, text);
    cli_table_add(&table, "%s", text);
    cli_place(node.file, node.line, text);
    cli_table_add(&table, "%s", text);
    listed++;
  }
  cli_table_put(&table, cli);
  if (count > LISTED_MAX)
    fprintf(cli->out, "  %zu more\n", count - LISTED_MAX);
  fputs("One of them: borrowscope why ", cli->out);
  cli_put(cli->out, why->trace.path);
  putc(' ', cli->out);
  cli_put(cli->out, cli_story_id(why, bscope_graph_find(why->graph, asked)));
  putc('\n', cli->out);
}

/* All that are asked for; the events of one alone. */
static int put_json(struct cli_story *why, const char *asked, bool by_id, size_t count) {
  int status = CLI_CLEAN;
  why->json = cli_json_begin(why->cli);
  cli_json_trace(&why->json, &why->trace);
  cli_json_open(&why->json, "variables", '[');
  for (size_t i = 0; i < bscope_graph_node_count(why->graph); i++) {
    struct bscope_node node;
    if (bscope_graph_node(why->graph, i, &node) == BSCOPE_OK &&
        (by_id ? i == why->node : is_asked(asked, &node, false)))
      cli_json_node(&why->json, NULL, &node);
  }
  cli_json_close(&why->json, ']');
  cli_json_open(&why->json, "events", '[');
  if (count == 1)
    status = walk(why);
  cli_json_close(&why->json, ']');
  cli_json_finish(&why->json);
  return status;
}

/* What comes nearest to a name that nothing has. */
static int say_unknown(const struct cli_story *why, const char *asked) {
  size_t best = BSCOPE_NODE_NONE, distance = 4;
  struct bscope_node node;
  for (size_t i = 0; i < bscope_graph_node_count(why->graph); i++) {
    if (bscope_graph_node(why->graph, i, &node) != BSCOPE_OK)
      continue;
    size_t d = cli_distance(asked, node.name), by_id = cli_distance(asked, node.id);
    d = d < by_id ? d : by_id;
    if (d < distance) {
      distance = d;
      best = i;
    }
  }
  if (best == BSCOPE_NODE_NONE)
    return cli_complain(why->cli, "%s: no variable is called '%s'; see: borrowscope graph", why->trace.path, asked);
  return cli_complain(why->cli, "%s: no variable is called '%s'; is '%s' meant?", why->trace.path, asked,
                      cli_story_id(why, best));
}

static int answer(struct cli_story *why, const char *asked) {
  bool by_id = false;
  size_t count = count_asked(why, asked, &by_id, &why->node);
  if (count == 0)
    return say_unknown(why, asked);
  (void)bscope_graph_node(why->graph, why->node, &why->is);
  if (count == 1 && !find_borrowers(why))
    return cli_complain(why->cli, "why: no memory");
  if (why->cli->options.format == CLI_JSON)
    return put_json(why, asked, by_id, count);
  if (count > 1) {
    put_list(why, asked, count);
    return CLI_CLEAN;
  }
  return put_text(why);
}

int cli_why(struct cli *cli) {
  struct cli_story why = {.cli = cli};
  bool has_file = cli->argument_count > 1;
  int status = cli_open(cli, &why.trace, has_file ? cli->arguments[0] : NULL);
  if (status != 0)
    return status;
  cli_lines_init(&why.lines, cli, why.trace.log);
  cli_progress_begin(cli, "building the graph", 0, false);
  why.graph = bscope_graph_build(why.trace.log);
  cli_progress_end();
  status =
      why.graph != NULL ? answer(&why, cli->arguments[has_file]) : cli_complain(cli, "why: %s", bscope_last_error());
  free(why.borrowers);
  bscope_graph_free(why.graph);
  return cli_close(cli, &why.trace, status);
}
