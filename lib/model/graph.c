/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building the graph: one walk over the log, a resolver beside it, O(1) an event. It keeps its own copies of all
 * strings, so that the log may go.
 */
#include "model/graph.h"

#include "base/error.h"
#include "base/util.h"
#include "model/index.h"
#include "model/memory.h"
#include "model/resolve.h"
#include "model/rules.h"
#include "model/step.h"

#include <stdlib.h>
#include <string.h>

static int append(struct bscope_pieces *list, uint32_t value) {
  uint32_t *place = bscope_pieces_add(list, sizeof(*place));
  if (place == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  *place = value;
  return BSCOPE_OK;
}

/* Node i, to be changed. */
static struct bscope_graph_node *change(struct bscope_graph *graph, uint32_t i) {
  struct bscope_graph_node *node = bscope_pieces_change(&graph->nodes, i, sizeof(*node));
  if (bscope_likely(node != NULL))
    return node;
  graph->status = BSCOPE_ERR_NO_MEMORY;
  return &graph->nowhere;
}

/* For finding a node by its name: the newest of each, which is the next one. */
static int note_newest(struct bscope_graph *graph, uint32_t name) {
  if (bscope_unlikely(name >= graph->newest_capacity)) {
    size_t before = graph->newest_capacity;
    uint32_t *grown =
        bscope_model_grow(graph->newest, &graph->newest_capacity, (size_t)name + 1, sizeof(*graph->newest));
    if (grown == NULL)
      return BSCOPE_ERR_NO_MEMORY;
    graph->newest = grown;
    memset(grown + before, 0, (graph->newest_capacity - before) * sizeof(*grown));
  }
  graph->newest[name] = (uint32_t)graph->nodes.count;
  return BSCOPE_OK;
}

/* The number in the id of a new node, if it is one that the caller gave and not the event's position. */
static int note_given(struct bscope_graph *graph, struct bscope_graph_node *node, uint8_t is, uint64_t word) {
  if (bscope_likely(is != BSCOPE_WORD_ID))
    return BSCOPE_OK;
  uint64_t *given = bscope_pieces_add(&graph->given, sizeof(*given));
  if (given == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  *given = word;
  node->flags |= BSCOPE_GRAPH_GIVEN;
  return BSCOPE_OK;
}

/* The node of the variable that an event made, with what every kind knows. */
static struct bscope_graph_node *add_node(struct bscope_graph *graph, const struct bscope_step *event, uint32_t name) {
  struct bscope_graph_node *node = bscope_pieces_add(&graph->nodes, sizeof(*node));
  if (node == NULL)
    return NULL;
  *node = (struct bscope_graph_node){.created_at = event->stamp,
                                     .ended_at = BSCOPE_STAMP_OPEN,
                                     .facts = event->facts,
                                     .type = graph->facts.entries[event->facts].type,
                                     .thread = event->thread,
                                     .owner = BSCOPE_GRAPH_NOBODY,
                                     .moved_from = BSCOPE_GRAPH_NOBODY,
                                     .moved_to = BSCOPE_GRAPH_NOBODY};
  if (note_newest(graph, name) != BSCOPE_OK)
    return NULL;
  graph->name_bytes += bscope_names_entry(&graph->names, name)->length;
  return node;
}

/* A borrower's end is its edge's end. */
static void end_node(struct bscope_graph *graph, uint32_t number, bscope_stamp stamp, enum bscope_ending ending) {
  struct bscope_graph_node *node = change(graph, number);
  node->ended_at = stamp;
  node->flags |= ending;
  if (node->owner != BSCOPE_GRAPH_NOBODY)
    graph->summary.open_borrows--;
  if ((node->flags & BSCOPE_GRAPH_BORROWER) == 0)
    graph->summary.alive--;
}

/* The newest node. */
static uint32_t newest(const struct bscope_graph *graph) {
  return (uint32_t)graph->nodes.count - 1;
}

/* The borrower is the newest node. */
static int add_edge(struct bscope_graph *graph, struct bscope_graph_node *borrower, uint32_t owner) {
  bool is_mutable = (borrower->flags & BSCOPE_GRAPH_MUTABLE) != 0;
  borrower->owner = owner;
  graph->summary.open_borrows++;
  *(is_mutable ? &graph->summary.borrows_mut : &graph->summary.borrows_immut) += 1;
  return append(&graph->edges, newest(graph));
}

static int on_new(struct bscope_graph *graph, const struct bscope_step *event) {
  struct bscope_graph_node *node = add_node(graph, event, graph->facts.entries[event->facts].name);
  if (node == NULL || note_given(graph, node, event->subject_is, event->subject) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  node->address = event->subject_is == BSCOPE_WORD_ADDRESS ? event->subject : 0;
  node->size = event->object_is == BSCOPE_WORD_SIZE ? event->object : event->extent;
  graph->summary.alive++;
  return BSCOPE_OK;
}

static int on_borrow(struct bscope_graph *graph, const struct bscope_step *event, const struct bscope_resolution *is) {
  struct bscope_graph_node *node = add_node(graph, event, graph->facts.entries[event->facts].name);
  if (node == NULL || note_given(graph, node, event->subject_is, event->subject) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  node->flags |= BSCOPE_GRAPH_BORROWER | (event->is_mutable ? BSCOPE_GRAPH_MUTABLE : 0u) |
                 (is->inferred ? BSCOPE_GRAPH_INFERRED | BSCOPE_GRAPH_GUESSED : 0u);
  if (event->subject_is == BSCOPE_WORD_ADDRESS) {
    node->address = event->subject;
    node->size = event->extent;
  }
  if (is->object.variable == BSCOPE_VARIABLE_NONE) {
    graph->summary.unknown_owners++;
    return BSCOPE_OK;
  }
  return add_edge(graph, node, is->object.variable);
}

/* The new variable takes the old one's type, place in memory if the resolver says so, and open borrow. */
static int on_move(struct bscope_graph *graph, const struct bscope_step *event, const struct bscope_resolution *is) {
  struct bscope_graph_node *to = add_node(graph, event, graph->facts.entries[event->facts].name2);
  if (to == NULL || note_given(graph, to, event->object_is, event->object) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  to->flags |= BSCOPE_GRAPH_MOVED_IN | (is->inferred ? BSCOPE_GRAPH_INFERRED : 0u);
  to->address = is->address;
  to->size = is->size;
  uint32_t number = newest(graph), source = is->subject.variable;
  if (source == BSCOPE_VARIABLE_NONE) {
    graph->summary.unresolved++;
    graph->summary.alive++;
    return BSCOPE_OK;
  }
  struct bscope_graph_node *from = change(graph, source);
  to->type = from->type;
  to->moved_from = source;
  to->flags |= from->flags & (BSCOPE_GRAPH_BORROWER | BSCOPE_GRAPH_MUTABLE | BSCOPE_GRAPH_GUESSED);
  if ((to->flags & BSCOPE_GRAPH_BORROWER) == 0)
    graph->summary.alive++;
  graph->summary.moves++;
  if (from->moved_to == BSCOPE_GRAPH_NOBODY)
    from->moved_to = number;
  if (append(&graph->moves, number) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  if (!is->ends)
    return BSCOPE_OK;
  end_node(graph, source, event->stamp, BSCOPE_ENDING_MOVED);
  return from->owner == BSCOPE_GRAPH_NOBODY ? BSCOPE_OK : add_edge(graph, to, from->owner);
}

/* What ends otherwise than by a drop is moved to nobody in the log. */
static void on_end(struct bscope_graph *graph, const struct bscope_step *event, const struct bscope_resolution *is) {
  if (!is->ends) {
    graph->summary.unresolved += !is->silent && is->subject.variable == BSCOPE_VARIABLE_NONE;
    return;
  }
  bool given_up =
      event->kind != BSCOPE_KIND_DROP && bscope_kind_effect((enum bscope_kind)event->kind) == BSCOPE_EFFECT_GIVES_UP;
  end_node(graph, is->subject.variable, event->stamp, given_up ? BSCOPE_ENDING_MOVED : BSCOPE_ENDING_DROPPED);
  graph->summary.drops += !given_up;
}

/* A relation between two known variables. */
static int relate(struct bscope_graph *graph, const struct bscope_step *event, const struct bscope_resolution *is,
                  enum bscope_relation relation, uint32_t to) {
  uint32_t from = is->subject.variable, number = (uint32_t)graph->links.count;
  if (from == BSCOPE_VARIABLE_NONE || to == BSCOPE_VARIABLE_NONE)
    return BSCOPE_OK;
  struct bscope_graph_link *link = bscope_pieces_add(&graph->links, sizeof(*link));
  if (link == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  *link = (struct bscope_graph_link){.start = event->stamp,
                                     .from = from,
                                     .to = to,
                                     .relation = (uint8_t)relation,
                                     .lasts = relation != BSCOPE_RELATION_SENDS,
                                     .inferred = is->inferred};
  return append(&graph->moves, number | BSCOPE_GRAPH_IS_LINK);
}

static int on_clone(struct bscope_graph *graph, const struct bscope_step *event, const struct bscope_resolution *is) {
  enum bscope_relation relation = event->kind == BSCOPE_KIND_RC_CLONE    ? BSCOPE_RELATION_RC_CLONE
                                  : event->kind == BSCOPE_KIND_ARC_CLONE ? BSCOPE_RELATION_ARC_CLONE
                                                                         : BSCOPE_RELATION_WEAK;
  int status = on_new(graph, event);
  return status == BSCOPE_OK ? relate(graph, event, is, relation, is->object.variable) : status;
}

/* A guard borrows its lock for as long as it lives, and is shown among the locks. */
static int on_lock(struct bscope_graph *graph, const struct bscope_step *event, const struct bscope_resolution *is) {
  struct bscope_resolution guard = *is;
  guard.object.variable = BSCOPE_VARIABLE_NONE;
  int status = on_borrow(graph, event, &guard);
  graph->summary.unknown_owners -= is->object.variable != BSCOPE_VARIABLE_NONE;
  return status == BSCOPE_OK ? relate(graph, event, is, BSCOPE_RELATION_LOCKS, is->object.variable) : status;
}

/* What a closure takes with it belongs to it from here on. */
static int on_capture(struct bscope_graph *graph, const struct bscope_step *event, const struct bscope_resolution *is) {
  if (is->ends)
    end_node(graph, is->object.variable, event->stamp, BSCOPE_ENDING_MOVED);
  return relate(graph, event, is, BSCOPE_RELATION_CAPTURES, is->object.variable);
}

static int on_receiver(struct bscope_graph *graph, const struct bscope_step *event) {
  uint32_t channel = graph->facts.entries[event->facts].name2;
  uint32_t *newest_of = bscope_table_at(&graph->receivers, channel, 0);
  if (newest_of == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  *newest_of = newest(graph) + 1;
  return BSCOPE_OK;
}

/* To the newest receiver of the sender's channel. */
static int on_send(struct bscope_graph *graph, const struct bscope_step *event, const struct bscope_resolution *is) {
  if (is->subject.variable == BSCOPE_VARIABLE_NONE)
    return BSCOPE_OK;
  uint32_t channel = graph->facts.entries[bscope_graph_at(graph, is->subject.variable)->facts].name2;
  uint32_t receiver = channel == BSCOPE_NAME_NONE ? 0 : bscope_table_get(&graph->receivers, channel, 0);
  return receiver == 0 ? BSCOPE_OK : relate(graph, event, is, BSCOPE_RELATION_SENDS, receiver - 1);
}

static int on_resized(struct bscope_graph *graph, const struct bscope_step *event, const struct bscope_resolution *is) {
  if (is->subject.variable == BSCOPE_VARIABLE_NONE || event->subject == 0)
    return BSCOPE_OK;
  if (is->creates) {
    struct bscope_graph_node *made = add_node(graph, event, graph->facts.entries[event->facts].said);
    if (made == NULL)
      return BSCOPE_ERR_NO_MEMORY;
    made->flags = BSCOPE_GRAPH_GROWN;
    graph->summary.alive++;
  }
  struct bscope_graph_node *block = change(graph, is->subject.variable);
  block->address = is->address;
  block->size = is->size;
  return BSCOPE_OK;
}

static void on_use(struct bscope_graph *graph, const struct bscope_step *event, const struct bscope_resolution *is) {
  graph->summary.unresolved += event->subject_is == BSCOPE_WORD_ADDRESS && is->subject.variable == BSCOPE_VARIABLE_NONE;
}

/* The kinds beside the core's. Each variable that the resolver makes is a node: their numbers are the same. */
static int on_other(struct bscope_graph *graph, const struct bscope_step *event, const struct bscope_resolution *is) {
  int status;
  switch (bscope_kind_effect((enum bscope_kind)event->kind)) {
  case BSCOPE_EFFECT_BEGINS:
    status = on_new(graph, event);
    return status == BSCOPE_OK && event->kind == BSCOPE_KIND_CHANNEL_RECEIVER_NEW ? on_receiver(graph, event) : status;
  case BSCOPE_EFFECT_BORROWS:
    return event->kind == BSCOPE_KIND_LOCK_GUARD_ACQUIRE ? on_lock(graph, event, is) : on_borrow(graph, event, is);
  case BSCOPE_EFFECT_ENDS:
  case BSCOPE_EFFECT_GIVES_UP:
    on_end(graph, event, is);
    return BSCOPE_OK;
  case BSCOPE_EFFECT_CLONES:
    return on_clone(graph, event, is);
  case BSCOPE_EFFECT_CAPTURES:
    return on_capture(graph, event, is);
  case BSCOPE_EFFECT_SENDS:
    return on_send(graph, event, is);
  case BSCOPE_EFFECT_USES:
    on_use(graph, event, is);
    return BSCOPE_OK;
  default:
    return BSCOPE_OK;
  }
}

static void end_overwritten(struct bscope_graph *graph, const struct bscope_step *event, uint32_t number) {
  graph->summary.overwritten++;
  end_node(graph, number, event->stamp, BSCOPE_ENDING_OVERWRITTEN);
}

#define TOLD_SPARE 4096 /* events of which nothing is asked */
#define TOLD_EACH 4     /* events a variable */
#define TOLD_MANY 65536 /* a capacity that growing arrives at */

static void give_up_telling(struct bscope_told *told) {
  free(told->events);
  *told = (struct bscope_told){.given_up = true};
}

/* Whether an event means no more than a told one holds. */
static bool is_simple(const struct bscope_step *event, const struct bscope_resolution *is) {
  return event->kind != BSCOPE_KIND_HEAP_REALLOC && event->kind != BSCOPE_KIND_RESIZE_BEGIN &&
         !is->subject.has_given_id && !is->object.has_given_id && event->subject_is != BSCOPE_WORD_ID &&
         event->object_is != BSCOPE_WORD_ID;
}

/* Room for one more. Once they are many, and not given up, it is room for all: they need not move any more. */
static struct bscope_told_event *told_room(struct bscope_told *told) {
  struct bscope_told_event *events = NULL;
  size_t capacity = 0;
  if (bscope_likely(told->count < told->capacity))
    return told->events;
  if (told->count == TOLD_MANY)
    events = bscope_model_reserve(&capacity, told->expected, sizeof(*events));
  if (events == NULL)
    return bscope_model_grow(told->events, &told->capacity, told->count + 1, sizeof(*events));
  memcpy(events, told->events, told->count * sizeof(*events));
  free(told->events);
  told->capacity = capacity;
  return events;
}

static int tell(const struct bscope_graph *graph, const struct bscope_step *event, const struct bscope_resolution *is) {
  struct bscope_told *told = graph->told;
  if (told->given_up)
    return BSCOPE_OK;
  if (told->count >= TOLD_EACH * graph->nodes.count + TOLD_SPARE || !is_simple(event, is)) {
    give_up_telling(told);
    return BSCOPE_OK;
  }
  struct bscope_told_event *events = told_room(told);
  if (events == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  told->events = events;
  events[told->count++] = (struct bscope_told_event){is->subject.variable, is->object.variable,
                                                     (is->inferred ? BSCOPE_TOLD_INFERRED : 0u) |
                                                         (is->ambiguous ? BSCOPE_TOLD_AMBIGUOUS : 0u) |
                                                         (is->silent ? BSCOPE_TOLD_SILENT : 0u)};
  return BSCOPE_OK;
}

static int add_event(struct bscope_graph *graph, struct bscope_resolver *resolver, const struct bscope_step *event) {
  struct bscope_resolution is;
  if (graph->told == NULL) {
    if (bscope_resolver_take(resolver, event, &is) != BSCOPE_OK)
      return BSCOPE_ERR_NO_MEMORY;
  } else if (bscope_resolver_take_all(resolver, event, &is) != BSCOPE_OK || tell(graph, event, &is) != BSCOPE_OK ||
             bscope_checker_take(graph->checker, event, &is) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  graph->summary.inferred += is.inferred;
  graph->summary.ambiguous += is.ambiguous;
  for (uint32_t i = 0; i < is.overwritten_count; i++)
    end_overwritten(graph, event, bscope_resolver_overwritten(resolver, i).variable);
  switch (event->kind) {
  case BSCOPE_KIND_NEW:
    return on_new(graph, event);
  case BSCOPE_KIND_BORROW:
    return on_borrow(graph, event, &is);
  case BSCOPE_KIND_MOVE:
    return on_move(graph, event, &is);
  case BSCOPE_KIND_DROP:
    on_end(graph, event, &is);
    return BSCOPE_OK;
  case BSCOPE_KIND_DEREF:
    on_use(graph, event, &is);
    return BSCOPE_OK;
  case BSCOPE_KIND_HEAP_REALLOC:
    return on_resized(graph, event, &is);
  case BSCOPE_KIND_OPEN:
    graph->unfinished = true;
    return BSCOPE_OK;
  default:
    return on_other(graph, event, &is);
  }
}

#define MANY_EVENTS ((size_t)1 << 20) /* whose lists are worth huge pages even if few of them are filled */

/* Room for all that so many events can make, of which only what is filled is ever touched. */
static void reserve(struct bscope_graph *graph, size_t events) {
  bscope_pieces_reserve(&graph->nodes, events, sizeof(struct bscope_graph_node));
  if (graph->told != NULL)
    graph->told->expected = events;
  if (events < MANY_EVENTS)
    return;
  bscope_pieces_reserve(&graph->edges, events, sizeof(uint32_t));
  bscope_pieces_reserve(&graph->moves, events, sizeof(uint32_t));
}

int bscope_graph_extend(struct bscope_graph *graph, struct bscope_resolver *resolver, const struct bscope_log *log,
                        size_t start) {
  struct bscope_walk walk;
  struct bscope_step event;
  reserve(graph, bscope_log_count(log) - start);
  int status = bscope_walk_init(&walk, log, &graph->facts, start);
  while (status == BSCOPE_OK && bscope_walk_next(&walk, &event))
    status = add_event(graph, resolver, &event);
  bscope_walk_fini(&walk);
  graph->summary.variables = graph->nodes.count;
  graph->summary.let_go = bscope_resolver_let_go(resolver);
  if (status == BSCOPE_OK)
    status = graph->status;
  return status == BSCOPE_OK ? walk.status : status;
}

int bscope_graph_finish(struct bscope_graph *graph) {
  int status = bscope_graph_index_init(graph);
  return status == BSCOPE_OK ? bscope_graph_ids_init(graph) : status;
}

/* With the rules beside it, if somebody wants to be told. */
static int extend_and_check(struct bscope_graph *graph, struct bscope_resolver *resolver,
                            const struct bscope_log *log) {
  if (graph->told == NULL)
    return bscope_graph_extend(graph, resolver, log, 0);
  graph->checker = bscope_checker_create(log, resolver);
  int status = graph->checker == NULL ? BSCOPE_ERR_NO_MEMORY : bscope_graph_extend(graph, resolver, log, 0);
  graph->told->findings = status == BSCOPE_OK ? bscope_checker_finish(graph->checker) : NULL;
  bscope_checker_destroy(graph->checker);
  graph->checker = NULL;
  return status == BSCOPE_OK && graph->told->findings == NULL ? BSCOPE_ERR_NO_MEMORY : status;
}

static int build(struct bscope_graph *graph, const struct bscope_log *log) {
  struct bscope_resolver *resolver = bscope_resolver_create_on(&graph->facts);
  if (resolver == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  int status = extend_and_check(graph, resolver, log);
  bscope_resolver_destroy(resolver);
  return status == BSCOPE_OK ? bscope_graph_finish(graph) : status;
}

struct bscope_graph *bscope_graph_begin(void) {
  struct bscope_graph *graph = bscope_model_zeroed(1, sizeof(*graph));
  if (graph == NULL)
    return NULL;
  bscope_names_init(&graph->names, bscope_now_ns());
  bscope_facts_init(&graph->facts, &graph->names, bscope_now_ns());
  bscope_table_init(&graph->receivers, bscope_now_ns());
  return graph;
}

struct bscope_graph *bscope_graph_build_and_tell(const struct bscope_log *log, struct bscope_told *told) {
  if (log == NULL) {
    bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "bscope_graph_build: the log is NULL");
    return NULL;
  }
  struct bscope_graph *graph = bscope_graph_begin();
  if (graph == NULL)
    return NULL;
  graph->told = told;
  int status = build(graph, log);
  graph->told = NULL;
  if (status == BSCOPE_OK)
    return graph;
  if (told != NULL)
    told->status = status;
  bscope_graph_free(graph);
  return NULL;
}

struct bscope_graph *bscope_graph_build(const struct bscope_log *log) {
  BSCOPE_KEEP_ERRNO
  return bscope_graph_build_and_tell(log, NULL);
}

void bscope_told_fini(struct bscope_told *told) {
  free(told->events);
  bscope_findings_free(told->findings);
}

void bscope_graph_free(struct bscope_graph *graph) {
  if (graph == NULL)
    return;
  if (graph->strings == NULL) {
    bscope_names_fini(&graph->names);
    bscope_facts_fini(&graph->facts);
  }
  bscope_graph_strings_free(graph->strings);
  bscope_pieces_fini(&graph->nodes);
  bscope_pieces_fini(&graph->edges);
  bscope_pieces_fini(&graph->moves);
  bscope_pieces_fini(&graph->links);
  bscope_pieces_fini(&graph->given);
  bscope_table_fini(&graph->receivers);
  bscope_graph_ids_fini(graph);
  bscope_graph_index_fini(graph);
  free(graph->newest);
  free(graph);
}
