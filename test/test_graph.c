/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph of a log: its nodes, edges and relations, what its summary counts, and that it is a pure function of the
 * events (P7).
 */
#include "events.h"
#include "log/fixture.h"

#include <borrowscope/graph.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define GRAPH(...)                                                                                                     \
  build((const struct bscope_event[]){__VA_ARGS__},                                                                    \
        sizeof((const struct bscope_event[]){__VA_ARGS__}) / sizeof(struct bscope_event))

static struct bscope_graph *build(const struct bscope_event *events, size_t count) {
  struct bscope_log *log = bscope_log_from_events(events, count);
  assert_non_null(log);
  struct bscope_graph *graph = bscope_graph_build(log);
  assert_non_null(graph);
  bscope_log_free(log);
  return graph;
}

static struct bscope_node node(const struct bscope_graph *graph, size_t i) {
  struct bscope_node out;
  assert_int_equal(bscope_graph_node(graph, i, &out), BSCOPE_OK);
  return out;
}

static struct bscope_edge edge(const struct bscope_graph *graph, size_t i) {
  struct bscope_edge out;
  assert_int_equal(bscope_graph_edge(graph, i, &out), BSCOPE_OK);
  return out;
}

static struct bscope_edge relation(const struct bscope_graph *graph, size_t i) {
  struct bscope_edge out;
  assert_int_equal(bscope_graph_relation(graph, i, &out), BSCOPE_OK);
  return out;
}

static struct bscope_graph_summary summary(const struct bscope_graph *graph) {
  struct bscope_graph_summary out = {.size = sizeof(out)};
  assert_int_equal(bscope_graph_get_summary(graph, &out), BSCOPE_OK);
  return out;
}

static void assert_node(const struct bscope_graph *graph, size_t i, const char *id, bscope_stamp created,
                        bscope_stamp dropped) {
  struct bscope_node n = node(graph, i);
  assert_string_equal(n.id, id);
  assert_int_equal(n.created_at, created);
  assert_int_equal(n.dropped_at, dropped);
}

static void assert_edge(struct bscope_edge e, size_t from, size_t to, enum bscope_relation is, bscope_stamp start,
                        bscope_stamp end) {
  assert_int_equal(e.from, from);
  assert_int_equal(e.to, to);
  assert_int_equal(e.relation, is);
  assert_int_equal(e.start, start);
  assert_int_equal(e.end, end);
}

static void created_borrowed_dropped(void **state) {
  (void)state;
  struct bscope_graph *graph = GRAPH(EV_NEW(0, "x"), EV_BORROW(0, "r", "&x", 0x10), EV_DROP(0, "r"), EV_DROP(0, "x"));
  assert_int_equal(bscope_graph_node_count(graph), 2);
  assert_node(graph, 0, "x_0", 0, 3);
  assert_node(graph, 1, "r_1", 1, 2);
  assert_false(node(graph, 0).is_borrower);
  assert_true(node(graph, 1).is_borrower);
  assert_int_equal(bscope_graph_edge_count(graph), 1);
  assert_edge(edge(graph, 0), 1, 0, BSCOPE_RELATION_BORROWS_IMMUT, 1, 2);
  assert_false(edge(graph, 0).inferred);
  assert_int_equal(bscope_graph_relation_count(graph), 0);
  bscope_graph_free(graph);
}

static void moves_across_threads_make_a_chain(void **state) {
  (void)state;
  struct bscope_graph *graph =
      GRAPH(EV_(NEW, 0, .name = "b", .text = "p", .type_name = "struct buf", .subject_is = BSCOPE_WORD_ADDRESS,
                .subject = 0x100, .object_is = BSCOPE_WORD_SIZE, .object = 64, .flags = BSCOPE_SITE_BY_ADDRESS),
            EV_MOVE_AT(0, "p", 0x100, "queued"), EV_MOVE_AT(1, "q", 0x100, "item"),
            EV_BORROW_MUT(1, "m", "q->f", 0x120), EV_BORROW_END(1, "m"), EV_DROP_AT(1, "q", 0x100));
  assert_int_equal(bscope_graph_node_count(graph), 4);
  assert_node(graph, 0, "b_0", 0, BSCOPE_STAMP_OPEN);
  assert_node(graph, 2, "item_2", 2, 5);
  assert_int_equal(node(graph, 0).ended_at, 1);
  assert_int_equal(node(graph, 0).ending, BSCOPE_ENDING_MOVED);
  assert_int_equal(node(graph, 0).moved_to, 1);
  assert_int_equal(node(graph, 0).moved_from, BSCOPE_NODE_NONE);
  assert_int_equal(node(graph, 2).moved_from, 1);
  assert_int_equal(node(graph, 2).moved_to, BSCOPE_NODE_NONE);
  assert_int_equal(node(graph, 2).thread, 1);
  assert_string_equal(node(graph, 2).type_name, "struct buf");
  assert_int_equal(node(graph, 2).address, 0x100);
  assert_int_equal(node(graph, 2).size, 64);
  assert_edge(edge(graph, 0), 3, 2, BSCOPE_RELATION_BORROWS_MUT, 3, 4);
  assert_true(edge(graph, 0).inferred);
  assert_int_equal(bscope_graph_relation_count(graph), 2);
  assert_edge(relation(graph, 1), 1, 2, BSCOPE_RELATION_MOVES, 2, 2);
  size_t chain[3] = {9, 9, 9};
  assert_int_equal(bscope_graph_move_chain(graph, 2, chain, 3), 3);
  assert_int_equal(chain[0], 0);
  assert_int_equal(chain[1], 1);
  assert_int_equal(chain[2], 2);
  chain[1] = 9;
  assert_int_equal(bscope_graph_move_chain(graph, 2, chain, 1), 3);
  assert_int_equal(chain[1], 9);
  assert_int_equal(bscope_graph_move_chain(graph, 2, NULL, 0), 3);
  assert_int_equal(bscope_graph_move_chain(graph, 99, chain, 3), 0);
  bscope_graph_free(graph);
}

static void open_unknown_and_dangling_borrows(void **state) {
  (void)state;
  struct bscope_graph *graph = GRAPH(EV_NEW(0, "x"), EV_BORROW(0, "r", "&x", 0x10), EV_BORROW(0, "s", "f()", 0x20),
                                     EV_DROP(0, "x"), EV_DROP(0, "nobody"), EV_NEW(0, "y"));
  assert_int_equal(bscope_graph_edge_count(graph), 1);
  assert_edge(edge(graph, 0), 1, 0, BSCOPE_RELATION_BORROWS_IMMUT, 1, BSCOPE_STAMP_OPEN);
  struct bscope_graph_summary s = summary(graph);
  assert_int_equal(s.variables, 4);
  assert_int_equal(s.borrows_immut, 1);
  assert_int_equal(s.borrows_mut, 0);
  assert_int_equal(s.unknown_owners, 1);
  assert_int_equal(s.unresolved, 1);
  assert_int_equal(s.open_borrows, 1);
  assert_int_equal(s.drops, 1);
  assert_int_equal(s.alive, 1);
  bscope_graph_free(graph);
}

static void a_borrow_follows_its_moved_borrower_but_not_its_moved_owner(void **state) {
  (void)state;
  struct bscope_graph *graph = GRAPH(EV_NEW(0, "x"), EV_BORROW_MUT(0, "m", "&x", 0x10), EV_MOVE(0, "m", "n"),
                                     EV_MOVE(0, "x", "y"), EV_BORROW_END(0, "n"), EV_DROP(0, "y"));
  assert_int_equal(bscope_graph_edge_count(graph), 2);
  assert_edge(edge(graph, 0), 1, 0, BSCOPE_RELATION_BORROWS_MUT, 1, 2);
  assert_edge(edge(graph, 1), 2, 0, BSCOPE_RELATION_BORROWS_MUT, 2, 4);
  assert_int_equal(bscope_graph_relation_count(graph), 2);
  assert_int_equal(summary(graph).borrows_mut, 2);
  assert_int_equal(summary(graph).borrows_immut, 0);
  assert_int_equal(summary(graph).open_borrows, 0);
  assert_int_equal(summary(graph).moves, 2);
  bscope_graph_free(graph);
}

static void overwritten_resized_and_let_go(void **state) {
  (void)state;
  struct bscope_graph *graph =
      GRAPH(EV_LET(0, "x", 0x100, 8), EV_LET(0, "y", 0x104, 8), EV_NEW_AT(0, "b", "p", 0x200, 16),
            EV_RESIZE(0, "p", 0x200, 32), EV_RESIZED(0, 0x300, 32), EV_BORROW(0, "r", "&y", 0x104),
            EV_BORROW(0, "s", "&x", 0x104));
  assert_int_equal(node(graph, 0).ending, BSCOPE_ENDING_OVERWRITTEN);
  assert_int_equal(node(graph, 0).ended_at, 1);
  assert_int_equal(node(graph, 0).dropped_at, BSCOPE_STAMP_OPEN);
  assert_int_equal(node(graph, 2).address, 0x300);
  assert_int_equal(node(graph, 2).size, 32);
  assert_int_equal(summary(graph).overwritten, 1);
  assert_int_equal(summary(graph).alive, 2);
  assert_int_equal(summary(graph).let_go, 0);
  bscope_graph_free(graph);
}

static void what_grows_from_null_has_a_name(void **state) {
  (void)state;
  struct bscope_graph *graph =
      GRAPH(EV_RESIZE(0, "NULL", 0, 32),
            EV_(HEAP_REALLOC, 0, .text = "NULL", EV_SUBJECT_(ADDRESS, 0x500), EV_OBJECT_(SIZE, 32)));
  assert_node(graph, 0, "block_1", 1, BSCOPE_STAMP_OPEN);
  assert_string_equal(node(graph, 0).name, "block");
  assert_int_equal(bscope_graph_find(graph, "block"), 0);
  bscope_graph_free(graph);
}

static void nodes_are_found_by_id_and_by_name(void **state) {
  (void)state;
  struct bscope_graph *graph = GRAPH(EV_NEW(0, "x"), EV_NEW(0, "x"), EV_NEW(0, "a_b"), EV_NEW_ID(0, "g", 70),
                                     EV_NEW(0, "x_0"), EV_NEW_ID(0, "g", 70));
  assert_int_equal(bscope_graph_find(graph, "x"), 1);
  assert_int_equal(bscope_graph_find(graph, "x_0"), 0);
  assert_int_equal(bscope_graph_find(graph, "x_0_4"), 4);
  assert_int_equal(bscope_graph_find(graph, "a_b"), 2);
  assert_int_equal(bscope_graph_find(graph, "a_b_2"), 2);
  assert_int_equal(bscope_graph_find(graph, "g_70"), 5);
  assert_int_equal(bscope_graph_find(graph, "x_5"), BSCOPE_NODE_NONE);
  assert_int_equal(bscope_graph_find(graph, "x_99999999999999999999999"), BSCOPE_NODE_NONE);
  assert_int_equal(bscope_graph_find(graph, ""), BSCOPE_NODE_NONE);
  assert_int_equal(bscope_graph_find(graph, NULL), BSCOPE_NODE_NONE);
  bscope_graph_free(graph);
}

static void wrong_arguments_are_refused_and_change_nothing(void **state) {
  (void)state;
  struct bscope_graph *graph = GRAPH(EV_NEW(0, "x"));
  struct bscope_node n = {.line = 77};
  struct bscope_edge e = {.from = 77};
  assert_int_equal(bscope_graph_node(graph, 1, &n), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(bscope_graph_edge(graph, 0, &e), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(bscope_graph_relation(graph, 0, &e), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(bscope_graph_node(NULL, 0, &n), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(bscope_graph_node(graph, 0, NULL), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(n.line, 77);
  assert_int_equal(e.from, 77);
  assert_null(bscope_graph_build(NULL));
  assert_int_equal(bscope_graph_get_summary(graph, NULL), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(bscope_graph_get_summary(NULL, &(struct bscope_graph_summary){0}), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(summary(graph).size, sizeof(struct bscope_graph_summary));
  bscope_graph_free(graph);
  bscope_graph_free(NULL);
}

static void an_empty_log_and_one_of_gaps(void **state) {
  (void)state;
  struct bscope_graph *graph = build(NULL, 0);
  assert_int_equal(bscope_graph_node_count(graph), 0);
  bscope_graph_free(graph);
  graph = GRAPH(EV_LOST(), EV_OPEN());
  assert_int_equal(bscope_graph_node_count(graph), 0);
  bscope_graph_free(graph);
}

/* A random program over few names and addresses. */
static void invent(struct bscope_event *events, size_t count, uint64_t random, uint64_t shift) {
  static const char *const names[] = {"a", "b", "c", "dd", "e_1"};
  static const char *const texts[] = {"&a", "b", "c + 1", "&dd->f", "e_1[2]", NULL};
  for (size_t i = 0; i < count; i++) {
    random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    uint32_t r = (uint32_t)(random >> 33), t = r % 3;
    const char *n = names[(r >> 3) % 5], *m = names[(r >> 6) % 5], *text = texts[(r >> 9) % 6];
    uint64_t a = shift + 0x10000 + (r >> 12) % 64 * 8, size = 8u << (r >> 18) % 4;
    const struct bscope_event kinds[] = {
        EV_NEW(t, n),
        EV_NEW_AT(t, n, text, a, size),
        EV_LET(t, n, a, size),
        EV_LET_END(t, n, a),
        EV_BORROW(t, n, text, a),
        EV_BORROW_MUT(t, n, text, a),
        EV_REF(t, n, a, text, shift + 0x10000),
        EV_BORROW_AT(t, n, text, a),
        EV_MOVE(t, n, m),
        EV_MOVE_AT(t, text, a, n),
        EV_DROP(t, n),
        EV_BORROW_END(t, n),
        EV_DROP_AT(t, text, a),
        EV_RESIZE(t, text, a, size),
        EV_RESIZED(t, a, size),
        EV_USE_AT(t, a, n),
    };
    events[i] = kinds[(r >> 20) % COUNT(kinds)];
    events[i].line = r % 7;
    events[i].site = i % 2 == 0 ? 0 : 1 + r % 50;
  }
}

static void assert_same_graph(const struct bscope_graph *a, const struct bscope_graph *b, uint64_t shift) {
  assert_int_equal(bscope_graph_node_count(a), bscope_graph_node_count(b));
  assert_int_equal(bscope_graph_edge_count(a), bscope_graph_edge_count(b));
  assert_int_equal(bscope_graph_relation_count(a), bscope_graph_relation_count(b));
  for (size_t i = 0; i < bscope_graph_node_count(a); i++) {
    struct bscope_node x = node(a, i), y = node(b, i);
    assert_string_equal(x.id, y.id);
    assert_string_equal(x.name, y.name);
    assert_int_equal(x.created_at, y.created_at);
    assert_int_equal(x.ended_at, y.ended_at);
    assert_int_equal(x.ending, y.ending);
    assert_int_equal(x.moved_from, y.moved_from);
    assert_int_equal(x.moved_to, y.moved_to);
    assert_int_equal(x.line, y.line);
    assert_int_equal(x.address == 0 ? 0 : x.address + shift, y.address);
  }
  for (size_t i = 0; i < bscope_graph_edge_count(a); i++) {
    struct bscope_edge x = edge(a, i), y = edge(b, i);
    assert_edge(x, y.from, y.to, y.relation, y.start, y.end);
    assert_int_equal(x.inferred, y.inferred);
  }
  for (size_t i = 0; i < bscope_graph_relation_count(a); i++)
    assert_edge(relation(a, i), relation(b, i).from, relation(b, i).to, BSCOPE_RELATION_MOVES, relation(b, i).start,
                relation(b, i).end);
  struct bscope_graph_summary x = summary(a), y = summary(b);
  assert_memory_equal(&x, &y, sizeof(x));
}

/* What must hold of any graph. */
static void assert_sound(const struct bscope_graph *graph) {
  struct bscope_graph_summary s = summary(graph);
  uint64_t alive = 0, open = 0;
  for (size_t i = 0; i < bscope_graph_node_count(graph); i++) {
    struct bscope_node n = node(graph, i);
    alive += !n.is_borrower && n.ending == BSCOPE_ENDING_NONE;
    assert_int_equal(n.ended_at == BSCOPE_STAMP_OPEN, n.ending == BSCOPE_ENDING_NONE);
    assert_true(n.ended_at >= n.created_at);
    assert_int_equal(bscope_graph_find(graph, n.id), i);
  }
  bscope_stamp before = 0;
  for (size_t i = 0; i < bscope_graph_edge_count(graph); i++) {
    struct bscope_edge e = edge(graph, i);
    open += e.end == BSCOPE_STAMP_OPEN;
    assert_true(e.from > e.to && e.start >= before);
    before = e.start;
  }
  assert_int_equal(s.alive, alive);
  assert_int_equal(s.open_borrows, open);
  assert_int_equal(s.moves, bscope_graph_relation_count(graph));
}

/* P7 */
static void the_same_events_give_the_same_graph_wherever_they_lay(void **state) {
  (void)state;
  enum { EVENTS = 3000 };
  static struct bscope_event here[EVENTS], there[EVENTS];
  uint64_t seed = (uint64_t)time(NULL), shift = UINT64_C(0x5500000ff000);
  print_message("seed %llu\n", (unsigned long long)seed);
  for (unsigned round = 0; round < 30; round++) {
    invent(here, EVENTS, seed + round, 0);
    invent(there, EVENTS, seed + round, shift);
    struct bscope_graph *a = build(here, EVENTS), *again = build(here, EVENTS), *b = build(there, EVENTS);
    assert_sound(a);
    assert_same_graph(a, again, 0);
    assert_same_graph(a, b, shift);
    bscope_graph_free(a);
    bscope_graph_free(again);
    bscope_graph_free(b);
  }
}

static void assert_next(struct bscope_story *story, bscope_stamp stamp, size_t subject, size_t object, bool inferred) {
  struct bscope_event event;
  struct bscope_meaning meaning;
  assert_int_equal(bscope_story_next(story, &event, &meaning), 1);
  assert_int_equal(event.stamp, stamp);
  assert_int_equal(meaning.subject, subject);
  assert_int_equal(meaning.object, object);
  assert_int_equal(meaning.inferred, inferred);
}

static void a_story_tells_whom_each_event_means(void **state) {
  (void)state;
  const size_t none = BSCOPE_NODE_NONE;
  const struct bscope_event events[] = {EV_NEW_AT(0, "a", "a", 100, 8),
                                        EV_BORROW_AT(1, "r", "a", 104),
                                        EV_USE_AT(1, 100, "a"),
                                        EV_MOVE_AT(0, "a", 100, "b"),
                                        EV_DROP(0, "b"),
                                        EV_DROP(0, "b"),
                                        EV_DROP(0, "never"),
                                        EV_LOST()};
  struct bscope_log *log = bscope_log_from_events(events, COUNT(events));
  struct bscope_story *story = bscope_story_create(log);
  assert_non_null(story);
  assert_next(story, 0, 0, none, false);
  assert_next(story, 1, 1, 0, true);
  assert_next(story, 2, 0, none, false);
  assert_next(story, 3, 0, 2, true);
  assert_next(story, 4, 2, none, false);
  assert_next(story, 5, 2, none, false); /* the second drop of it */
  assert_next(story, 6, none, none, false);
  assert_next(story, 7, none, none, false);
  struct bscope_event event;
  struct bscope_meaning meaning;
  assert_int_equal(bscope_story_next(story, &event, &meaning), 0);
  assert_int_equal(bscope_story_next(NULL, &event, &meaning), BSCOPE_ERR_INVALID_ARGUMENT);
  bscope_story_free(story);
  bscope_story_free(NULL);
  assert_null(bscope_story_create(NULL));
  bscope_log_free(log);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(created_borrowed_dropped),
      cmocka_unit_test(moves_across_threads_make_a_chain),
      cmocka_unit_test(open_unknown_and_dangling_borrows),
      cmocka_unit_test(a_borrow_follows_its_moved_borrower_but_not_its_moved_owner),
      cmocka_unit_test(overwritten_resized_and_let_go),
      cmocka_unit_test(what_grows_from_null_has_a_name),
      cmocka_unit_test(nodes_are_found_by_id_and_by_name),
      cmocka_unit_test(wrong_arguments_are_refused_and_change_nothing),
      cmocka_unit_test(a_story_tells_whom_each_event_means),
      cmocka_unit_test(an_empty_log_and_one_of_gaps),
      cmocka_unit_test(the_same_events_give_the_same_graph_wherever_they_lay),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
