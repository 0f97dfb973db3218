/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `graph`: a tree for each variable that borrows from nobody known. Borrowers stand below what they borrow from, in the
 * order of their start, and what it moved to below them.
 */
#include "describe.h"
#include "links.h"
#include "options.h"
#include "progress.h"

#include <inttypes.h>
#include <string.h>

#define DEEPEST 24

struct tree {
  const struct cli *cli;
  const struct bscope_graph *graph;
  struct cli_links links;
  bool last[DEEPEST + 1]; /* of each level: whether no more comes on it */
};

static void put_branches(const struct tree *tree, unsigned depth) {
  const struct cli *cli = tree->cli;
  cli_paint(cli, CLI_DIM);
  for (unsigned i = 1; i < depth; i++)
    fputs(tree->last[i] ? "   " : cli->utf8 ? "\u2502  " : "|  ", cli->out);
  if (depth > 0 && tree->last[depth])
    fputs(cli->utf8 ? "\u2514\u2500 " : "`- ", cli->out);
  else if (depth > 0)
    fputs(cli->utf8 ? "\u251c\u2500 " : "|- ", cli->out);
  cli_paint(cli, CLI_PLAIN);
}

#define WORDS_WIDTH 34

/* "words  life  place", the words padded so that lives stand below each other while the tree is flat. */
static void put_line(const struct tree *tree, unsigned depth, const char *words, enum cli_paint paint, const char *life,
                     const struct bscope_node *node) {
  const struct cli *cli = tree->cli;
  char place[CLI_WORDS];
  size_t width = WORDS_WIDTH > 3 * depth ? WORDS_WIDTH - 3 * depth : 0;
  cli_place(node->file, node->line, place);
  put_branches(tree, depth);
  cli_paint(cli, paint);
  cli_put_left(cli->out, words, width);
  cli_paint(cli, CLI_PLAIN);
  fputs("  ", cli->out);
  cli_put_left(cli->out, life, place[0] == '\0' ? 0 : 18);
  if (place[0] != '\0') {
    fputs("  ", cli->out);
    cli_paint(cli, CLI_DIM);
    cli_put(cli->out, place);
    cli_paint(cli, CLI_PLAIN);
  }
  putc('\n', cli->out);
}

static void put_move(const struct tree *tree, unsigned depth, size_t to) {
  struct bscope_node made;
  char words[CLI_WORDS], at[CLI_WORDS];
  if (bscope_graph_node(tree->graph, to, &made) != BSCOPE_OK)
    return;
  snprintf(words, sizeof(words), "moves to %.200s", made.id);
  snprintf(at, sizeof(at), "%" PRIu64, made.created_at);
  put_line(tree, depth, words, CLI_YELLOW, at, &made);
}

static void put_below(struct tree *tree, size_t owner, const struct bscope_node *node, unsigned depth);

static void put_borrower(struct tree *tree, uint32_t number, unsigned depth) {
  struct bscope_edge edge;
  struct bscope_node node;
  char words[CLI_WORDS], life[CLI_WORDS];
  if (bscope_graph_edge(tree->graph, number, &edge) != BSCOPE_OK ||
      bscope_graph_node(tree->graph, edge.from, &node) != BSCOPE_OK)
    return;
  bool is_mutable = edge.relation == BSCOPE_RELATION_BORROWS_MUT;
  snprintf(words, sizeof(words), "%.180s borrows%s%s", node.id, is_mutable ? " mutably" : "",
           edge.inferred ? " (inferred)" : "");
  cli_life(&node, life);
  put_line(tree, depth, words, is_mutable ? CLI_MAGENTA : CLI_BLUE, life, &node);
  put_below(tree, edge.from, &node, depth);
}

static void put_below(struct tree *tree, size_t owner, const struct bscope_node *node, unsigned depth) {
  size_t begin = tree->links.first[owner], end = tree->links.first[owner + 1];
  if (depth >= DEEPEST)
    return;
  for (size_t i = begin; i < end; i++) {
    tree->last[depth + 1] = i + 1 == end && node->moved_to == BSCOPE_NODE_NONE;
    put_borrower(tree, tree->links.edges[i], depth + 1);
  }
  tree->last[depth + 1] = true;
  if (node->moved_to != BSCOPE_NODE_NONE)
    put_move(tree, depth + 1, node->moved_to);
}

static bool is_wanted(const struct tree *tree, size_t i, const struct bscope_node *node) {
  const char *name = tree->cli->options.name;
  if (name != NULL)
    return cli_glob(name, node->name) || cli_glob(name, node->id);
  return tree->links.borrow_of[i] == CLI_NO_EDGE;
}

static void put_root(struct tree *tree, size_t i, const struct bscope_node *node) {
  char words[CLI_WORDS], life[CLI_WORDS];
  cli_variable(node, words);
  cli_life(node, life);
  put_line(tree, 0, words, CLI_GREEN, life, node);
  put_below(tree, i, node, 0);
}

static uint64_t limit_of(const struct cli *cli) {
  uint64_t limit = 0;
  if (cli->options.limit != NULL)
    (void)cli_parse_number(cli->options.limit, &limit);
  return limit == 0 ? UINT64_MAX : limit;
}

static void put_text(struct tree *tree) {
  uint64_t limit = limit_of(tree->cli), put = 0, more = 0;
  for (size_t i = 0; i < bscope_graph_node_count(tree->graph); i++) {
    struct bscope_node node;
    if (bscope_graph_node(tree->graph, i, &node) != BSCOPE_OK || !is_wanted(tree, i, &node))
      continue;
    if (put == limit) {
      more++;
      continue;
    }
    put_root(tree, i, &node);
    put++;
  }
  if (put == 0)
    fprintf(tree->cli->out, "no variable%s\n", tree->cli->options.name == NULL ? "" : " has such a name");
  if (more > 0)
    fprintf(tree->cli->out, "%" PRIu64 " more (--limit)\n", more);
}

static void put_edge(struct cli_json *json, const struct bscope_graph *graph, const struct bscope_edge *edge) {
  static const char *const names[] = {"owns", "borrows_immut", "borrows_mut", "moves", "rc_clone", "arc_clone",
                                      "weak", "captures",      "locks",       "sends", "contains"};
  struct bscope_node from, to;
  if (bscope_graph_node(graph, edge->from, &from) != BSCOPE_OK || bscope_graph_node(graph, edge->to, &to) != BSCOPE_OK)
    return;
  cli_json_open(json, NULL, '{');
  cli_json_string(json, "from", from.id);
  cli_json_string(json, "to", to.id);
  cli_json_string(json, "relationship", names[edge->relation]);
  cli_json_number(json, "start", edge->start);
  cli_json_end(json, "end", edge->end);
  cli_json_bool(json, "inferred", edge->inferred);
  cli_json_close(json, '}');
}

/* Whether one of its ends is asked for. */
static bool touches(const struct tree *tree, const struct bscope_edge *edge) {
  struct bscope_node node;
  return tree->cli->options.name == NULL ||
         (bscope_graph_node(tree->graph, edge->from, &node) == BSCOPE_OK && is_wanted(tree, edge->from, &node)) ||
         (bscope_graph_node(tree->graph, edge->to, &node) == BSCOPE_OK && is_wanted(tree, edge->to, &node));
}

static void put_edges(struct cli_json *json, const struct tree *tree, const char *key, size_t count,
                      int (*get)(const struct bscope_graph *, size_t, struct bscope_edge *)) {
  uint64_t limit = limit_of(tree->cli);
  struct bscope_edge edge;
  cli_json_open(json, key, '[');
  for (size_t i = 0; i < count && limit > 0; i++) {
    if (get(tree->graph, i, &edge) != BSCOPE_OK || !touches(tree, &edge))
      continue;
    put_edge(json, tree->graph, &edge);
    limit--;
  }
  cli_json_close(json, ']');
}

static void put_json(const struct tree *tree, const struct cli_trace *trace) {
  struct cli_json json = cli_json_begin(tree->cli);
  uint64_t limit = limit_of(tree->cli);
  struct bscope_node node;
  cli_json_trace(&json, trace);
  cli_json_open(&json, "nodes", '[');
  for (size_t i = 0; i < bscope_graph_node_count(tree->graph) && limit > 0; i++) {
    if (bscope_graph_node(tree->graph, i, &node) != BSCOPE_OK ||
        (tree->cli->options.name != NULL && !is_wanted(tree, i, &node)))
      continue;
    cli_json_node(&json, NULL, &node);
    limit--;
  }
  cli_json_close(&json, ']');
  put_edges(&json, tree, "edges", bscope_graph_edge_count(tree->graph), bscope_graph_edge);
  put_edges(&json, tree, "relations", bscope_graph_relation_count(tree->graph), bscope_graph_relation);
  cli_json_finish(&json);
}

int cli_graph(struct cli *cli) {
  struct cli_trace trace;
  int status = cli_open(cli, &trace, cli_argument(cli, 0));
  if (status != 0)
    return status;
  cli_progress_begin(cli, "building the graph", 0, false);
  struct bscope_graph *graph = bscope_graph_build(trace.log);
  struct tree tree = {.cli = cli, .graph = graph};
  bool ready = graph != NULL && cli_links_init(&tree.links, graph);
  cli_progress_end();
  if (!ready)
    status = cli_complain(cli, "graph: %s", graph == NULL ? bscope_last_error() : "no memory");
  else if (cli->options.format == CLI_JSON)
    put_json(&tree, &trace);
  else
    put_text(&tree);
  if (ready)
    cli_links_fini(&tree.links);
  bscope_graph_free(graph);
  return cli_close(cli, &trace, status);
}
