/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the graph of a mixed stream of four threads: at a time, about a variable, and walks over all of it. What
 * helps to answer is made before the clock starts.
 */
#include "bench.h"

#include "stream.h"

#include <borrowscope/borrowscope.h>

#include <stdlib.h>

enum { ANSWERS = 256 };

struct asked {
  struct bscope_graph *graph;
  size_t nodes;
  size_t edges;
  uint64_t events;
  uint64_t random;
  size_t *out; /* for all nodes, and an end each */
  struct bscope_edge found[ANSWERS];
  uint64_t *stamps;   /* when each node began */
  double index_bytes; /* a node's */
};

static bool make(struct bench_state *state, struct asked *asked) {
  *asked = (struct asked){.random = 1, .events = (uint64_t)bench_argument(state)};
  if (bench_stream_fill_log((size_t)asked->events) == 0)
    asked->graph = bscope_get_graph();
  asked->nodes = bscope_graph_node_count(asked->graph);
  asked->edges = bscope_graph_edge_count(asked->graph);
  asked->out = malloc((2 * asked->nodes + 1) * sizeof(*asked->out));
  asked->stamps = malloc((asked->nodes + 1) * sizeof(*asked->stamps));
  struct bscope_graph_statistics all;
  if (asked->nodes == 0 || asked->out == NULL || asked->stamps == NULL ||
      bscope_graph_get_statistics(asked->graph, &all) != BSCOPE_OK) {
    bench_fail(state, bscope_last_error());
    return false;
  }
  struct bscope_node node;
  for (size_t i = 0; i < asked->nodes; i++)
    asked->stamps[i] = bscope_graph_node(asked->graph, i, &node) == BSCOPE_OK ? node.created_at : 0;
  asked->index_bytes = (double)all.index_bytes / (double)asked->nodes;
  return true;
}

static void done(struct asked *asked) {
  bscope_graph_free(asked->graph);
  free(asked->out);
  free(asked->stamps);
}

/* The one graph that rows of questions and walks share: making it takes longer than asking it. NULL: the row failed. */
static struct asked *kept(struct bench_state *state) {
  static struct asked asked;
  static bool made;
  if (!made)
    made = make(state, &asked);
  return made && asked.events == (uint64_t)bench_argument(state) ? &asked : NULL;
}

static uint64_t below(struct asked *asked, uint64_t bound) {
  asked->random = bench_random(asked->random);
  return (asked->random >> 32) * bound >> 32;
}

static size_t alive(struct asked *asked) {
  uint64_t at = below(asked, asked->events);
  return bscope_graph_alive(asked->graph, &(const struct bscope_query){.from = at, .until = at + 1}, asked->out,
                            ANSWERS);
}

static size_t active(struct asked *asked) {
  uint64_t at = below(asked, asked->events);
  const struct bscope_query query = {.relations = BSCOPE_RELATED_BORROWS, .from = at, .until = at + 1};
  return bscope_graph_edges(asked->graph, BSCOPE_NODE_NONE, &query, asked->found, ANSWERS);
}

static size_t edges_of(struct asked *asked) {
  return bscope_graph_edges(asked->graph, below(asked, asked->nodes), NULL, asked->found, ANSWERS);
}

static size_t owner(struct asked *asked) {
  return bscope_graph_owner_at(asked->graph, below(asked, asked->nodes), below(asked, asked->events));
}

static size_t chain(struct asked *asked) {
  return bscope_graph_borrow_chain(asked->graph, below(asked, asked->nodes), asked->out, ANSWERS);
}

/* What any answer by time costs at least: a binary search. */
static size_t search(struct asked *asked) {
  uint64_t at = below(asked, asked->events);
  size_t low = 0, high = asked->nodes;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (asked->stamps[middle] < at)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void ask(struct bench_state *state, size_t (*question)(struct asked *asked)) {
  struct asked *asked = kept(state);
  size_t sum = 0;
  while (asked && bench_keep_running(state, 1))
    sum += question(asked);
  __asm__ volatile("" ::"r"(sum));
}

static void ask_search(struct bench_state *state) {
  ask(state, search);
}
static void ask_alive(struct bench_state *state) {
  ask(state, alive);
}
static void ask_active(struct bench_state *state) {
  ask(state, active);
}
static void ask_edges_of(struct bench_state *state) {
  ask(state, edges_of);
}
static void ask_owner(struct bench_state *state) {
  ask(state, owner);
}
static void ask_chain(struct bench_state *state) {
  ask(state, chain);
}

static size_t breadth(struct asked *asked) {
  return bscope_graph_walk(asked->graph, BSCOPE_BREADTH_FIRST, BSCOPE_NODE_NONE, NULL, asked->out, asked->nodes);
}
static size_t depth(struct asked *asked) {
  return bscope_graph_walk(asked->graph, BSCOPE_DEPTH_FIRST, BSCOPE_NODE_NONE, NULL, asked->out, asked->nodes);
}
static size_t topological(struct asked *asked) {
  return bscope_graph_walk(asked->graph, BSCOPE_TOPOLOGICAL, BSCOPE_NODE_NONE, NULL, asked->out, asked->nodes);
}
static size_t drops(struct asked *asked) {
  return bscope_graph_walk(asked->graph, BSCOPE_DROPS, BSCOPE_NODE_NONE, NULL, asked->out, asked->nodes);
}
static size_t components(struct asked *asked) {
  return bscope_graph_groups(asked->graph, BSCOPE_COMPONENTS, NULL, asked->out, 2 * asked->nodes);
}
static size_t cycles(struct asked *asked) {
  return bscope_graph_groups(asked->graph, BSCOPE_CYCLES, NULL, asked->out, 2 * asked->nodes);
}

/* What any walk over all of it costs at least: each edge is read once, and each node written once. */
static size_t read_all(struct asked *asked) {
  struct bscope_edge edge;
  for (size_t i = 0; i < asked->edges; i++)
    asked->out[i] = bscope_graph_edge(asked->graph, i, &edge) == BSCOPE_OK ? edge.to : 0;
  for (size_t i = 0; i < asked->nodes; i++)
    asked->out[i] = i;
  return asked->nodes;
}

/* One item is a node. */
static void walk(struct bench_state *state, size_t (*question)(struct asked *asked)) {
  struct asked *asked = kept(state);
  size_t sum = 0;
  while (asked && bench_keep_running(state, 1))
    sum += question(asked);
  __asm__ volatile("" ::"r"(sum));
  if (!asked)
    return;
  bench_set_items(state, bench_iterations(state) * (int64_t)asked->nodes);
  bench_set_counter(state, "nodes", (double)asked->nodes);
  bench_set_counter(state, "index_bytes_per_node", asked->index_bytes);
}

static void walk_floor(struct bench_state *state) {
  walk(state, read_all);
}
static void walk_breadth(struct bench_state *state) {
  walk(state, breadth);
}
static void walk_depth(struct bench_state *state) {
  walk(state, depth);
}
static void walk_topological(struct bench_state *state) {
  walk(state, topological);
}
static void walk_drops(struct bench_state *state) {
  walk(state, drops);
}
static void walk_components(struct bench_state *state) {
  walk(state, components);
}
static void walk_cycles(struct bench_state *state) {
  walk(state, cycles);
}

/* Everything that questions need, from a graph that nobody has asked yet. */
static void index_all(struct bench_state *state) {
  struct asked asked;
  struct bscope_graph_statistics all;
  struct bscope_log *log = make(state, &asked) ? bscope_get_events() : NULL;
  while (log && bench_keep_running(state, 1)) {
    bench_pause(state);
    struct bscope_graph *graph = bscope_graph_build(log);
    bench_resume(state);
    if (bscope_graph_get_statistics(graph, &all) != BSCOPE_OK)
      bench_fail(state, bscope_last_error());
    bench_pause(state);
    bscope_graph_free(graph);
    bench_resume(state);
  }
  bscope_log_free(log);
  done(&asked);
}

/* The graph of the current events once more, after a thousand new ones. */
static void get_graph(struct bench_state *state) {
  struct asked asked;
  struct bench_stream stream = bench_stream_make(7);
  bool made = make(state, &asked);
  while (made && bench_keep_running(state, 1)) {
    bench_pause(state);
    bench_stream_track(&stream, 1000);
    bscope_flush();
    bench_resume(state);
    struct bscope_graph *graph = bscope_get_graph();
    if (!graph)
      bench_fail(state, bscope_last_error());
    bench_pause(state);
    bscope_graph_free(graph);
    bench_resume(state);
  }
  bench_stream_end(&stream);
  done(&asked);
}

void bench_register_graph(void) {
  static const struct bench_case rows[] = {
      {.name = "floor/search", .run = ask_search, .argument = 1000000},
      {.name = "query/alive", .run = ask_alive, .argument = 1000000},
      {.name = "query/active", .run = ask_active, .argument = 1000000},
      {.name = "query/edges_of", .run = ask_edges_of, .argument = 1000000},
      {.name = "query/owner_at", .run = ask_owner, .argument = 1000000},
      {.name = "query/borrow_chain", .run = ask_chain, .argument = 1000000},
      {.name = "floor/graph_walk", .run = walk_floor, .argument = 1000000},
      {.name = "graph_walk/breadth", .run = walk_breadth, .argument = 1000000},
      {.name = "graph_walk/depth", .run = walk_depth, .argument = 1000000},
      {.name = "graph_walk/topological", .run = walk_topological, .argument = 1000000},
      {.name = "graph_walk/drops", .run = walk_drops, .argument = 1000000},
      {.name = "graph_walk/components", .run = walk_components, .argument = 1000000},
      {.name = "graph_walk/cycles", .run = walk_cycles, .argument = 1000000},
      {.name = "query/index", .run = index_all, .argument = 1000000},
      {.name = "get_graph/again", .run = get_graph, .argument = 1000000, .iterations = 20},
  };
  bench_register(rows, sizeof(rows) / sizeof(rows[0]));
}
