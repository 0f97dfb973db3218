/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building the graph: one walk over the log, a resolver beside it, O(1) an event. It keeps its own copies of all
 * strings, so that the log may go.
 */
#include "model/graph.h"

#include "base/error.h"
#include "base/util.h"
#include "model/memory.h"
#include "model/resolve.h"

#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 20 /* of a 64-bit number */

/* Writes the decimal digits of n, two at a time, and gives their end. */
static char *put_number(char *out, uint64_t n) {
  static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                              "25262728293031323334353637383940414243444546474849"
                              "50515253545556575859606162636465666768697071727374"
                              "75767778798081828384858687888990919293949596979899";
  char digits[DIGITS_MAX];
  char *first = digits + DIGITS_MAX;
  for (; n >= 10; n /= 100)
    memcpy(first -= 2, pairs + 2 * (n % 100), 2);
  if (n != 0 || first == digits + DIGITS_MAX)
    *--first = (char)('0' + n);
  size_t length = (size_t)(digits + DIGITS_MAX - first);
  memcpy(out, first, length);
  return out + length;
}

/* "<name>_<number>" behind the other ids; each begins at a multiple of four bytes. */
static int add_id(struct bscope_graph *graph, const struct bscope_variable_ref *ref, uint32_t *out) {
  size_t length = strlen(ref->name);
  char *ids = bscope_model_grow(graph->ids, &graph->id_capacity, graph->id_bytes + length + DIGITS_MAX + 8, 1);
  if (ids == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  graph->ids = ids;
  if (graph->id_bytes / 4 >= UINT32_MAX)
    return bscope_fail(BSCOPE_ERR_NO_MEMORY, "graph: more ids than fit in 16 GiB");
  *out = (uint32_t)(graph->id_bytes / 4);
  char *end = ids + graph->id_bytes;
  memcpy(end, ref->name, length);
  end += length;
  *end++ = '_';
  end = put_number(end, ref->has_given_id ? ref->given_id : ref->stamp);
  *end++ = '\0';
  graph->id_bytes = bscope_round_up((uint64_t)(end - ids), 4);
  graph->given_ids |= ref->has_given_id;
  return BSCOPE_OK;
}

static int append(uint32_t **array, size_t *count, size_t *capacity, uint32_t value) {
  uint32_t *grown = bscope_model_grow(*array, capacity, *count + 1, sizeof(*grown));
  if (grown == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  *array = grown;
  grown[(*count)++] = value;
  return BSCOPE_OK;
}

/* The node of the variable that an event made, with what every kind knows. */
static struct bscope_graph_node *add_node(struct bscope_graph *graph, const struct bscope_event *event,
                                          const struct bscope_variable_ref *made, uint32_t facts) {
  struct bscope_graph_node *nodes =
      bscope_model_grow(graph->nodes, &graph->node_capacity, graph->node_count + 1, sizeof(*nodes));
  if (nodes == NULL)
    return NULL;
  graph->nodes = nodes;
  struct bscope_graph_node *node = &nodes[graph->node_count];
  *node = (struct bscope_graph_node){.created_at = event->stamp,
                                     .ended_at = BSCOPE_STAMP_OPEN,
                                     .facts = facts,
                                     .type = graph->facts.entries[facts].type,
                                     .thread = event->thread,
                                     .owner = BSCOPE_GRAPH_NOBODY,
                                     .moved_from = BSCOPE_GRAPH_NOBODY,
                                     .moved_to = BSCOPE_GRAPH_NOBODY};
  if (add_id(graph, made, &node->id) != BSCOPE_OK)
    return NULL;
  graph->node_count++;
  return node;
}

/* A borrower's end is its edge's end. */
static void end_node(struct bscope_graph *graph, uint32_t number, bscope_stamp stamp, enum bscope_ending ending) {
  struct bscope_graph_node *node = &graph->nodes[number];
  node->ended_at = stamp;
  node->flags |= ending;
  if (node->owner != BSCOPE_GRAPH_NOBODY)
    graph->summary.open_borrows--;
  if ((node->flags & BSCOPE_GRAPH_BORROWER) == 0)
    graph->summary.alive--;
}

static int add_edge(struct bscope_graph *graph, struct bscope_graph_node *borrower, uint32_t owner) {
  borrower->owner = owner;
  graph->summary.open_borrows++;
  return append(&graph->edges, &graph->edge_count, &graph->edge_capacity, (uint32_t)(borrower - graph->nodes));
}

static int on_new(struct bscope_graph *graph, const struct bscope_event *event, const struct bscope_resolution *is,
                  uint32_t facts) {
  struct bscope_graph_node *node = add_node(graph, event, &is->subject, facts);
  if (node == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  node->address = event->subject_is == BSCOPE_WORD_ADDRESS ? event->subject : 0;
  node->size = event->object_is == BSCOPE_WORD_SIZE ? event->object : event->extent;
  graph->summary.alive++;
  return BSCOPE_OK;
}

static int on_borrow(struct bscope_graph *graph, const struct bscope_event *event, const struct bscope_resolution *is,
                     uint32_t facts) {
  struct bscope_graph_node *node = add_node(graph, event, &is->subject, facts);
  if (node == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  node->flags = BSCOPE_GRAPH_BORROWER | (event->is_mutable ? BSCOPE_GRAPH_MUTABLE : 0u) |
                (is->inferred ? BSCOPE_GRAPH_INFERRED : 0u);
  if (event->subject_is == BSCOPE_WORD_ADDRESS) {
    node->address = event->subject;
    node->size = event->extent;
  }
  if (is->object.variable == BSCOPE_VARIABLE_NONE) {
    graph->summary.unknown_owners++;
    return BSCOPE_OK;
  }
  *(event->is_mutable ? &graph->summary.borrows_mut : &graph->summary.borrows_immut) += 1;
  return add_edge(graph, node, is->object.variable);
}

/* The new variable takes the old one's type, place in memory if the resolver says so, and open borrow. */
static int on_move(struct bscope_graph *graph, const struct bscope_event *event, const struct bscope_resolution *is,
                   uint32_t facts) {
  struct bscope_graph_node *to = add_node(graph, event, &is->object, facts);
  if (to == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  to->flags = BSCOPE_GRAPH_MOVED_IN | (is->inferred ? BSCOPE_GRAPH_INFERRED : 0u);
  to->address = is->address;
  to->size = is->size;
  uint32_t number = (uint32_t)(to - graph->nodes), source = is->subject.variable;
  if (source == BSCOPE_VARIABLE_NONE) {
    graph->summary.alive++;
    return BSCOPE_OK;
  }
  struct bscope_graph_node *from = &graph->nodes[source];
  to->type = from->type;
  to->moved_from = source;
  to->flags |= from->flags & (BSCOPE_GRAPH_BORROWER | BSCOPE_GRAPH_MUTABLE);
  if ((to->flags & BSCOPE_GRAPH_BORROWER) == 0)
    graph->summary.alive++;
  graph->summary.moves++;
  if (from->moved_to == BSCOPE_GRAPH_NOBODY)
    from->moved_to = number;
  if (append(&graph->moves, &graph->move_count, &graph->move_capacity, number) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  if (!is->ends)
    return BSCOPE_OK;
  end_node(graph, source, event->stamp, BSCOPE_ENDING_MOVED);
  return from->owner == BSCOPE_GRAPH_NOBODY ? BSCOPE_OK : add_edge(graph, to, from->owner);
}

static void on_end(struct bscope_graph *graph, const struct bscope_event *event, const struct bscope_resolution *is) {
  if (!is->ends)
    return;
  end_node(graph, is->subject.variable, event->stamp, BSCOPE_ENDING_DROPPED);
  graph->summary.drops++;
}

static int on_resized(struct bscope_graph *graph, const struct bscope_event *event, const struct bscope_resolution *is,
                      uint32_t facts) {
  if (is->subject.variable == BSCOPE_VARIABLE_NONE || event->subject == 0)
    return BSCOPE_OK;
  if (is->creates) {
    struct bscope_graph_node *made = add_node(graph, event, &is->subject, facts);
    if (made == NULL)
      return BSCOPE_ERR_NO_MEMORY;
    made->flags = BSCOPE_GRAPH_GROWN;
    graph->summary.alive++;
  }
  graph->nodes[is->subject.variable].address = is->address;
  graph->nodes[is->subject.variable].size = is->size;
  return BSCOPE_OK;
}

static void count(struct bscope_graph *graph, const struct bscope_event *event, const struct bscope_resolution *is) {
  bool wants_subject = event->kind == BSCOPE_KIND_DROP || event->kind == BSCOPE_KIND_MOVE ||
                       (event->kind == BSCOPE_KIND_DEREF && event->subject_is == BSCOPE_WORD_ADDRESS);
  graph->summary.unresolved += wants_subject && !is->silent && is->subject.variable == BSCOPE_VARIABLE_NONE;
  graph->summary.inferred += is->inferred;
  graph->summary.ambiguous += is->ambiguous;
  graph->summary.overwritten += is->overwritten_count;
}

static int add_event(struct bscope_graph *graph, struct bscope_resolver *resolver, const struct bscope_event *event) {
  struct bscope_resolution is;
  if (bscope_resolver_feed(resolver, event, &is) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  uint32_t facts = bscope_resolver_facts(resolver);
  count(graph, event, &is);
  for (uint32_t i = 0; i < is.overwritten_count; i++)
    end_node(graph, bscope_resolver_overwritten(resolver, i).variable, event->stamp, BSCOPE_ENDING_OVERWRITTEN);
  switch (event->kind) {
  case BSCOPE_KIND_NEW:
    return on_new(graph, event, &is, facts);
  case BSCOPE_KIND_BORROW:
    return on_borrow(graph, event, &is, facts);
  case BSCOPE_KIND_MOVE:
    return on_move(graph, event, &is, facts);
  case BSCOPE_KIND_DROP:
    on_end(graph, event, &is);
    return BSCOPE_OK;
  case BSCOPE_KIND_HEAP_REALLOC:
    return on_resized(graph, event, &is, facts);
  default:
    return BSCOPE_OK;
  }
}

static int walk(struct bscope_graph *graph, struct bscope_resolver *resolver, const struct bscope_log *log) {
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  if (cursor == NULL)
    return bscope_fail(BSCOPE_ERR_NO_MEMORY, "graph: no memory to read the log");
  struct bscope_event event;
  int status = BSCOPE_OK;
  while (status == BSCOPE_OK && bscope_cursor_next(cursor, &event))
    status = add_event(graph, resolver, &event);
  bscope_cursor_free(cursor);
  return status;
}

/* For finding a node by its name: the newest of each. */
static int index_names(struct bscope_graph *graph) {
  graph->newest = bscope_model_zeroed(graph->names.count, sizeof(*graph->newest));
  if (graph->newest == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  for (size_t i = 0; i < graph->node_count; i++)
    graph->newest[bscope_graph_node_name(graph, &graph->nodes[i])] = (uint32_t)i + 1;
  return BSCOPE_OK;
}

#define ID_BYTES 16 /* of most ids */

static int build(struct bscope_graph *graph, const struct bscope_log *log) {
  struct bscope_resolver *resolver = bscope_resolver_create_on(&graph->facts);
  if (resolver == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  /* An event makes one variable at most. */
  size_t events = bscope_log_count(log);
  graph->nodes = bscope_model_reserve(&graph->node_capacity, events, sizeof(*graph->nodes));
  graph->ids = bscope_model_reserve(&graph->id_capacity, events * ID_BYTES, 1);
  int status = walk(graph, resolver, log);
  graph->summary.variables = graph->node_count;
  graph->summary.let_go = bscope_resolver_let_go(resolver);
  bscope_resolver_destroy(resolver);
  return status != BSCOPE_OK ? status : index_names(graph);
}

struct bscope_graph *bscope_graph_build(const struct bscope_log *log) {
  if (log == NULL) {
    bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "bscope_graph_build: the log is NULL");
    return NULL;
  }
  struct bscope_graph *graph = bscope_model_zeroed(1, sizeof(*graph));
  if (graph == NULL)
    return NULL;
  bscope_names_init(&graph->names, bscope_now_ns());
  bscope_facts_init(&graph->facts, &graph->names, bscope_now_ns());
  if (build(graph, log) == BSCOPE_OK)
    return graph;
  bscope_graph_free(graph);
  return NULL;
}

struct bscope_graph *bscope_get_graph(void) {
  struct bscope_log *log = bscope_get_events();
  if (log == NULL)
    return NULL;
  struct bscope_graph *graph = bscope_graph_build(log);
  bscope_log_free(log);
  return graph;
}

void bscope_graph_free(struct bscope_graph *graph) {
  if (graph == NULL)
    return;
  bscope_names_fini(&graph->names);
  bscope_facts_fini(&graph->facts);
  free(graph->nodes);
  free(graph->edges);
  free(graph->moves);
  free(graph->ids);
  free(graph->newest);
  free(graph);
}
