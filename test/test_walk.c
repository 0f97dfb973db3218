/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to a graph: each kind on a story that a reader can follow, and on random graphs, circles among them,
 * against answers found the slow way. Long chains are walked on a small stack. Prints its seed; takes one as its
 * argument.
 */
#include "events.h"
#include "log/fixture.h"
#include "log_streams.h"
#include "model/graph.h"
#include "model/index.h"

#include <borrowscope/borrowscope.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NONE BSCOPE_NODE_NONE
#define MOST 64
#define GRAPH(...)                                                                                                     \
  build((const struct bscope_event[]){__VA_ARGS__},                                                                    \
        sizeof((const struct bscope_event[]){__VA_ARGS__}) / sizeof(struct bscope_event))
#define IS(...) (const size_t[]){__VA_ARGS__}, sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t)
#define ASK(...) (&(const struct bscope_query){__VA_ARGS__})
#define AT(t) .from = (t), .until = (t) + 1

static uint64_t seed;

static struct bscope_graph *build(const struct bscope_event *events, size_t count) {
  struct bscope_log *log = bscope_log_from_events(events, count);
  assert_non_null(log);
  struct bscope_graph *graph = bscope_graph_build(log);
  assert_non_null(graph);
  bscope_log_free(log);
  return graph;
}

static void assert_numbers(const size_t *got, size_t count, const size_t *wanted, size_t wanted_count) {
  assert_int_equal(count, wanted_count);
  for (size_t i = 0; i < count; i++)
    assert_int_equal(got[i], wanted[i]);
}

/* x borrowed as r (ended) and m; x moved to y while s borrows it; y moved to z and dropped; w alone, dropped first. */
static struct bscope_graph *story(void) {
  return GRAPH(EV_NEW_ID(0, "x", 10), EV_NEW_ID(0, "w", 11),                                  /* 0 x, 1 w */
               EV_(BORROW, 0, .name = "r", EV_SUBJECT_(ID, 12), EV_OBJECT_(ID, 10)),          /* 2 r */
               EV_DROP_ID(0, 12),                                                             /* at 3 */
               EV_(BORROW, 0, .name = "m", EV_SUBJECT_(ID, 13), EV_OBJECT_(ID, 10), EV_MUT_), /* at 4: 3 m */
               EV_(BORROW, 0, .name = "n", EV_SUBJECT_(ID, 14), EV_OBJECT_(ID, 13)),          /* at 5: 4 n, of m */
               EV_DROP_ID(0, 14), EV_DROP_ID(0, 13),                                          /* at 6, 7 */
               EV_(BORROW, 0, .name = "s", EV_SUBJECT_(ID, 15), EV_OBJECT_(ID, 10)),          /* at 8: 5 s, open */
               EV_MOVE_ID(0, 10, "y", 20), EV_DROP_ID(0, 11),                                 /* at 9: 6 y; at 10 */
               EV_MOVE_ID(0, 20, "z", 30), EV_DROP_ID(0, 30));                                /* at 11: 7 z; at 12 */
}

static void edges_are_found_by_node_and_by_time(void **state) {
  (void)state;
  struct bscope_graph *graph = story();
  struct bscope_edge edges[MOST];
  assert_int_equal(bscope_graph_edges(graph, NONE, NULL, edges, MOST), 6);
  static const size_t from[] = {2, 3, 4, 5, 0, 6}, to[] = {0, 0, 3, 0, 6, 7};
  for (size_t i = 0; i < 6; i++) {
    assert_int_equal(edges[i].from, from[i]);
    assert_int_equal(edges[i].to, to[i]);
  }
  /* borrows of x; what m borrows; what borrows m; all of m */
  assert_int_equal(bscope_graph_edges(graph, 0, ASK(.direction = BSCOPE_INWARD), edges, MOST), 3);
  assert_int_equal(edges[2].from, 5);
  assert_int_equal(bscope_graph_edges(graph, 3, ASK(.direction = BSCOPE_OUTWARD), edges, MOST), 1);
  assert_int_equal(edges[0].to, 0);
  assert_int_equal(bscope_graph_edges(graph, 3, ASK(.direction = BSCOPE_INWARD), edges, MOST), 1);
  assert_int_equal(edges[0].from, 4);
  assert_int_equal(bscope_graph_edges(graph, 3, NULL, edges, MOST), 2);
  assert_int_equal(bscope_graph_edges(graph, 0, ASK(.relations = BSCOPE_RELATED(BORROWS_MUT)), edges, MOST), 1);
  assert_int_equal(edges[0].from, 3);
  /* half open: r from 2 until 3 */
  assert_int_equal(bscope_graph_edges(graph, NONE, ASK(AT(1)), edges, MOST), 0);
  assert_int_equal(bscope_graph_edges(graph, NONE, ASK(AT(2)), edges, MOST), 1);
  assert_int_equal(bscope_graph_edges(graph, NONE, ASK(AT(3)), edges, MOST), 0);
  assert_int_equal(bscope_graph_edges(graph, NONE, ASK(AT(5)), edges, MOST), 2);
  assert_int_equal(edges[0].from, 3);
  assert_int_equal(edges[1].from, 4);
  assert_int_equal(bscope_graph_edges(graph, NONE, ASK(AT(9)), edges, MOST), 2);
  assert_int_equal(edges[0].from, 5);
  assert_int_equal(edges[1].relation, BSCOPE_RELATION_MOVES);
  assert_int_equal(bscope_graph_edges(graph, 0, ASK(.from = 3, .until = 5), edges, MOST), 1);
  assert_int_equal(edges[0].from, 3);
  assert_int_equal(bscope_graph_edges(graph, NONE, ASK(AT(1000), .relations = BSCOPE_RELATED_BORROWS), edges, MOST), 1);
  /* what does not fit is counted, and nothing is written behind the capacity */
  edges[1].from = 77;
  assert_int_equal(bscope_graph_edges(graph, NONE, NULL, edges, 1), 6);
  assert_int_equal(edges[1].from, 77);
  assert_int_equal(bscope_graph_edges(graph, NONE, NULL, NULL, 0), 6);
  bscope_graph_free(graph);
}

static void lives_and_owners_are_found_by_time(void **state) {
  (void)state;
  struct bscope_graph *graph = story();
  size_t out[MOST];
  assert_numbers(out, bscope_graph_alive(graph, ASK(AT(0)), out, MOST), IS(0));
  assert_numbers(out, bscope_graph_alive(graph, ASK(AT(2)), out, MOST), IS(0, 1, 2));
  assert_numbers(out, bscope_graph_alive(graph, ASK(AT(5)), out, MOST), IS(0, 1, 3, 4));
  assert_numbers(out, bscope_graph_alive(graph, ASK(AT(12)), out, MOST), IS(5));
  assert_numbers(out, bscope_graph_alive(graph, ASK(.from = 3, .until = 9), out, MOST), IS(0, 1, 3, 4, 5));
  assert_int_equal(bscope_graph_alive(graph, NULL, out, MOST), 8);
  for (size_t node = 0; node < 8; node += node == 0 ? 6 : 1) {
    assert_int_equal(bscope_graph_owner_at(graph, node, 0), 0);
    assert_int_equal(bscope_graph_owner_at(graph, node, 8), 0);
    assert_int_equal(bscope_graph_owner_at(graph, node, 9), 6);
    assert_int_equal(bscope_graph_owner_at(graph, node, 11), 7);
    assert_int_equal(bscope_graph_owner_at(graph, node, 12), NONE);
  }
  assert_int_equal(bscope_graph_owner_at(graph, 1, 0), NONE);
  assert_int_equal(bscope_graph_owner_at(graph, 1, 1), 1);
  assert_int_equal(bscope_graph_owner_at(graph, 1, 10), NONE);
  assert_int_equal(bscope_graph_owner_at(graph, 8, 1), NONE);
  assert_int_equal(bscope_graph_owner_at(NULL, 0, 1), NONE);
  bscope_graph_free(graph);
}

static void walks_have_their_orders(void **state) {
  (void)state;
  struct bscope_graph *graph = story();
  size_t out[MOST];
#define WALK(order, start, ...) bscope_graph_walk(graph, BSCOPE_##order, start, ASK(__VA_ARGS__), out, MOST)
  assert_numbers(out, WALK(BREADTH_FIRST, 0, 0), IS(0, 2, 3, 5, 6, 4, 7));
  assert_numbers(out, WALK(DEPTH_FIRST, 0, 0), IS(0, 2, 3, 4, 5, 6, 7));
  assert_numbers(out, WALK(DEPTH_FIRST, NONE, 0), IS(0, 2, 3, 4, 5, 6, 7, 1));
  assert_numbers(out, WALK(BREADTH_FIRST, 0, .hops = 1), IS(0, 2, 3, 5, 6));
  assert_numbers(out, WALK(BREADTH_FIRST, 4, .hops = 2), IS(4, 3, 0));
  assert_numbers(out, WALK(BREADTH_FIRST, 4, .direction = BSCOPE_OUTWARD), IS(4, 3, 0, 6, 7));
  assert_numbers(out, WALK(BREADTH_FIRST, 0, .direction = BSCOPE_INWARD), IS(0, 2, 3, 5, 4));
  assert_numbers(out, WALK(BREADTH_FIRST, 0, .relations = BSCOPE_RELATED(MOVES)), IS(0, 6, 7));
  assert_numbers(out, WALK(BREADTH_FIRST, 0, .relations = BSCOPE_RELATED_BORROWS, AT(5)), IS(0, 3, 4));
  assert_numbers(out, WALK(TOPOLOGICAL, NONE, 0), IS(1, 2, 4, 5, 3, 0, 6, 7));
  assert_numbers(out, WALK(TOPOLOGICAL, 3, 0), IS(3, 0, 6, 7));
  assert_numbers(out, WALK(TOPOLOGICAL, 0, .direction = BSCOPE_INWARD), IS(0, 2, 3, 5, 4));
  assert_numbers(out, WALK(DROPS, NONE, 0), IS(2, 4, 3, 1, 7));
  assert_numbers(out, WALK(DROPS, 3, .direction = BSCOPE_OUTWARD), IS(3, 7));
#undef WALK
  assert_numbers(out, bscope_graph_path(graph, 4, 7, NULL, out, MOST), IS(4, 3, 0, 6, 7));
  assert_numbers(out, bscope_graph_path(graph, 7, 4, NULL, out, MOST), IS(7, 6, 0, 3, 4));
  assert_numbers(out, bscope_graph_path(graph, 1, 1, NULL, out, MOST), IS(1));
  assert_int_equal(bscope_graph_path(graph, 7, 4, ASK(.direction = BSCOPE_OUTWARD), out, MOST), 0);
  assert_int_equal(bscope_graph_path(graph, 4, 7, ASK(.hops = 3), out, MOST), 0);
  assert_int_equal(bscope_graph_path(graph, 4, 7, ASK(.hops = 4), out, MOST), 5);
  assert_int_equal(bscope_graph_path(graph, 1, 0, NULL, out, MOST), 0);
  assert_numbers(out, bscope_graph_borrow_chain(graph, 4, out, MOST), IS(4, 3, 0));
  assert_numbers(out, bscope_graph_borrow_chain(graph, 1, out, MOST), IS(1));
  assert_numbers(out, bscope_graph_groups(graph, BSCOPE_COMPONENTS, NULL, out, MOST),
                 IS(0, 2, 3, 4, 5, 6, 7, NONE, 1, NONE));
  assert_numbers(out, bscope_graph_groups(graph, BSCOPE_COMPONENTS, ASK(.relations = BSCOPE_RELATED(MOVES)), out, MOST),
                 IS(0, 6, 7, NONE, 1, NONE, 2, NONE, 3, NONE, 4, NONE, 5, NONE));
  assert_int_equal(bscope_graph_groups(graph, BSCOPE_CYCLES, NULL, out, MOST), 0);
  bscope_graph_free(graph);
}

static void figures_are_counted(void **state) {
  (void)state;
  struct bscope_graph *graph = story();
  struct bscope_hot_spot spots[MOST];
  assert_int_equal(
      bscope_graph_hot_spots(graph, ASK(.relations = BSCOPE_RELATED_BORROWS, .direction = BSCOPE_INWARD), spots, MOST),
      2);
  assert_true(spots[0].node == 0 && spots[0].count == 3 && spots[1].node == 3 && spots[1].count == 1);
  assert_int_equal(bscope_graph_hot_spots(graph, NULL, spots, 2), 7);
  assert_true(spots[0].node == 0 && spots[0].count == 4 && spots[1].node == 3 && spots[1].count == 2);
  struct bscope_graph_statistics all;
  assert_int_equal(bscope_graph_get_statistics(graph, &all), BSCOPE_OK);
  assert_int_equal(all.nodes, 8);
  assert_int_equal(all.borrowers, 4);
  assert_int_equal(all.relations[BSCOPE_RELATION_BORROWS_IMMUT], 3);
  assert_int_equal(all.relations[BSCOPE_RELATION_BORROWS_MUT], 1);
  assert_int_equal(all.relations[BSCOPE_RELATION_MOVES], 2);
  assert_int_equal(all.deepest, 2);
  assert_int_equal(all.most_borrows, 3);
  assert_int_equal(all.peak_alive, 4);
  assert_int_equal(all.peak_alive_at, 5);
  assert_int_equal(all.peak_borrows, 2);
  assert_int_equal(all.peak_borrows_at, 5);
  assert_int_equal(all.ended, 7);
  assert_int_equal(all.lifetime_total, 9 + 9 + 1 + 3 + 1 + 2 + 1);
  assert_int_equal(all.lifetime_longest, 9);
  assert_true(all.index_bytes > 0);
  struct bscope_timeline line;
  assert_int_equal(bscope_graph_timeline(graph, NONE, NULL, &line), BSCOPE_OK);
  assert_int_equal(line.borrows, 4);
  assert_int_equal(line.open, 1);
  assert_int_equal(line.min_time, 2);
  assert_int_equal(line.max_time, 8);
  assert_int_equal(line.duration, 6);
  assert_int_equal(line.borrowed, 5);
  assert_int_equal(line.longest, 3);
  assert_int_equal(bscope_graph_timeline(graph, 4, NULL, &line), BSCOPE_OK);
  assert_true(line.borrows == 1 && line.duration == 1);
  bscope_graph_free(graph);
}

/* a, cloned as b, that as c, a weak w of b, its clone v; b moved to d; a, c and v dropped, d left. */
static void references_are_counted_over_time(void **state) {
  (void)state;
  struct bscope_graph *graph =
      GRAPH(EV_(RC_NEW, 0, .name = "a"), EV_(RC_CLONE, 0, .name = "b", .name2 = "a"), /* 0 a, 1 b */
            EV_(RC_CLONE, 0, .name = "c", .name2 = "b"), EV_NEW(0, "x"),              /* 2 c, 3 x */
            EV_(WEAK_NEW, 0, .name = "w", .name2 = "b"),                              /* 4 w */
            EV_(WEAK_CLONE, 0, .name = "v", .name2 = "w"), EV_MOVE(0, "b", "d"),      /* 5 v, at 6: 6 d */
            EV_DROP(0, "a"), EV_DROP(0, "c"), EV_DROP(0, "v"), EV_MOVE(0, "w", "u")); /* 7, 8, 9; at 10: 7 u */
  struct bscope_reference_summary all;
  struct bscope_reference_count counts[MOST];
  struct bscope_edge edges[MOST];
  assert_int_equal(bscope_graph_node_count(graph), 8);
  static const size_t members[] = {0, 1, 2, 4, 5, 6, 7};
  static const uint64_t strong[] = {1, 2, 3, 3, 3, 2, 1, 1}, weak[] = {0, 0, 0, 1, 2, 2, 2, 1};
  static const bscope_stamp at[] = {0, 1, 2, 4, 5, 7, 8, 9};
  for (size_t i = 0; i < COUNT(members); i++) {
    assert_int_equal(bscope_graph_references(graph, members[i], &all, counts, MOST), 8);
    for (size_t j = 0; j < 8; j++)
      assert_true(counts[j].stamp == at[j] && counts[j].strong == strong[j] && counts[j].weak == weak[j]);
  }
  assert_true(all.references == 5 && all.peak_strong == 3 && all.peak_at == 2 && all.peak_weak == 2);
  assert_true(all.left_strong == 1 && all.left_weak == 1 && all.freed_at == BSCOPE_STAMP_OPEN);
  assert_int_equal(bscope_graph_references(graph, 3, &all, counts, MOST), 1);
  assert_true(all.references == 1 && all.left_strong == 1);
  assert_int_equal(bscope_graph_edges(graph, 2, ASK(.relations = BSCOPE_RELATED(RC_CLONE)), edges, MOST), 1);
  assert_true(edges[0].from == 2 && edges[0].to == 1 && edges[0].start == 2 && edges[0].end == 8);
  assert_int_equal(bscope_graph_edges(graph, NONE, ASK(.relations = BSCOPE_RELATED(WEAK)), edges, MOST), 2);
  assert_true(edges[1].from == 5 && edges[1].to == 4 && edges[1].start == 5 && edges[1].end == 9);
  bscope_graph_free(graph);
}

static void kinds_beside_the_core_s_make_relations(void **state) {
  (void)state;
  struct bscope_graph *graph = GRAPH(
      EV_(REF_CELL_NEW, 0, .name = "cell"), EV_NEW(0, "lock"),                        /* 0 cell, 1 lock */
      EV_(REF_CELL_BORROW, 0, .name = "ref", .name2 = "cell", EV_MUT_),               /* 2 ref */
      EV_(LOCK_GUARD_ACQUIRE, 0, .name = "guard", .name2 = "lock"),                   /* 3 guard */
      EV_(REF_CELL_DROP, 0, .name = "ref"), EV_(LOCK_GUARD_DROP, 0, .name = "guard"), /* 4, 5 */
      EV_(CLOSURE_CREATE, 0, .name = "closure", EV_SUBJECT_(ID, 7)),                  /* at 6: 4 closure */
      EV_(CLOSURE_CAPTURE, 0, .name = "closure", .name2 = "lock", .type_name = "by_move", EV_SUBJECT_(ID, 7)), /* 7 */
      EV_(CHANNEL_SENDER_NEW, 0, .name = "tx", .name2 = "jobs"),          /* at 8: 5 tx */
      EV_(CHANNEL_RECEIVER_NEW, 0, .name = "rx", .name2 = "jobs"),        /* at 9: 6 rx */
      EV_(CHANNEL_SEND, 0, .name = "tx"), EV_(BOX_NEW, 0, .name = "box"), /* 10; at 11: 7 */
      EV_(BOX_INTO_RAW, 0, .name = "box"), EV_DROP(0, "cell"));           /* 12, 13 */
  static const struct bscope_edge wanted[] = {
      {.from = 2, .to = 0, .relation = BSCOPE_RELATION_BORROWS_MUT, .start = 2, .end = 4},
      {.from = 3, .to = 1, .relation = BSCOPE_RELATION_LOCKS, .start = 3, .end = 5},
      {.from = 4, .to = 1, .relation = BSCOPE_RELATION_CAPTURES, .start = 7, .end = BSCOPE_STAMP_OPEN},
      {.from = 5, .to = 6, .relation = BSCOPE_RELATION_SENDS, .start = 10, .end = 10}};
  struct bscope_edge edges[MOST];
  struct bscope_graph_summary sum;
  struct bscope_node box;
  assert_int_equal(bscope_graph_node_count(graph), 8);
  assert_int_equal(bscope_graph_edges(graph, NONE, NULL, edges, MOST), COUNT(wanted));
  for (size_t i = 0; i < COUNT(wanted); i++)
    assert_true(edges[i].from == wanted[i].from && edges[i].to == wanted[i].to && edges[i].start == wanted[i].start &&
                edges[i].end == wanted[i].end && edges[i].relation == wanted[i].relation);
  assert_int_equal(bscope_graph_edges(graph, 1, ASK(AT(4)), edges, MOST), 1);
  assert_int_equal(bscope_graph_node(graph, 7, &box), BSCOPE_OK);
  assert_true(box.ending == BSCOPE_ENDING_MOVED && box.ended_at == 12 && box.moved_to == NONE);
  assert_int_equal(bscope_graph_node(graph, 1, &box), BSCOPE_OK);
  assert_true(box.ending == BSCOPE_ENDING_MOVED && box.ended_at == 7);
  assert_int_equal(bscope_graph_get_summary(graph, &sum), BSCOPE_OK);
  assert_true(sum.borrows_mut == 1 && sum.unknown_owners == 0 && sum.open_borrows == 0 && sum.drops == 3);
  bscope_graph_free(graph);
}

static void intervals_are_half_open(void **state) {
  (void)state;
  struct bscope_edge a = {.start = 2, .end = 5}, b = {.start = 5, .end = BSCOPE_STAMP_OPEN}, c = {.start = 4, .end = 6};
  struct bscope_edge move = {.start = 3, .end = 3};
  assert_false(bscope_edges_overlap(&a, &b));
  assert_true(bscope_edges_overlap(&a, &c));
  assert_true(bscope_edges_overlap(&b, &c));
  assert_false(bscope_edges_overlap(&a, &move));
  assert_false(bscope_edge_is_active_at(&a, 1));
  assert_true(bscope_edge_is_active_at(&a, 2));
  assert_false(bscope_edge_is_active_at(&a, 5));
  assert_int_equal(bscope_edge_duration(&a, 9), 3);
  assert_int_equal(bscope_edge_duration(&b, 9), 4);
  struct bscope_node x = {.created_at = 1, .ended_at = 4}, y = {.created_at = 4, .ended_at = 6};
  assert_false(bscope_lives_overlap(&x, &y));
  y.created_at = 3;
  assert_true(bscope_lives_overlap(&x, &y));
}

static void bad_questions_are_refused(void **state) {
  (void)state;
  struct bscope_graph *graph = story(), *empty = GRAPH(EV_LOST());
  size_t out[4] = {7, 7, 7, 7};
  assert_int_equal(bscope_graph_edges(graph, 8, NULL, NULL, 0), BSCOPE_QUERY_FAILED);
  assert_int_equal(bscope_graph_edges(NULL, 0, NULL, NULL, 0), BSCOPE_QUERY_FAILED);
  assert_int_equal(bscope_graph_alive(graph, ASK(.from = 3, .until = 3), out, 4), BSCOPE_QUERY_FAILED);
  assert_int_equal(bscope_graph_alive(graph, ASK(.size = 3), out, 4), BSCOPE_QUERY_FAILED);
  assert_int_equal(bscope_graph_walk(graph, BSCOPE_DEPTH_FIRST, 8, NULL, out, 4), BSCOPE_QUERY_FAILED);
  assert_int_equal(bscope_graph_walk(graph, (enum bscope_walk_order)9, 0, NULL, out, 4), BSCOPE_QUERY_FAILED);
  assert_non_null(strstr(bscope_last_error(), "order 9"));
  assert_int_equal(bscope_graph_walk(graph, BSCOPE_DEPTH_FIRST, 0, ASK(.direction = (enum bscope_direction)3), out, 4),
                   BSCOPE_QUERY_FAILED);
  assert_int_equal(bscope_graph_path(graph, 0, NONE, NULL, out, 4), BSCOPE_QUERY_FAILED);
  assert_int_equal(bscope_graph_path(graph, NONE, 0, NULL, out, 4), BSCOPE_QUERY_FAILED);
  assert_int_equal(bscope_graph_borrow_chain(graph, NONE, out, 4), BSCOPE_QUERY_FAILED);
  assert_int_equal(bscope_graph_groups(graph, (enum bscope_grouping)2, NULL, out, 4), BSCOPE_QUERY_FAILED);
  assert_int_equal(bscope_graph_references(graph, NONE, NULL, NULL, 0), BSCOPE_QUERY_FAILED);
  assert_int_equal(bscope_graph_get_statistics(graph, NULL), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(bscope_graph_timeline(graph, 0, ASK(.relations = BSCOPE_RELATED(MOVES)), NULL),
                   BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(out[0], 7);
  assert_int_equal(bscope_graph_walk(empty, BSCOPE_TOPOLOGICAL, NONE, NULL, out, 4), 0);
  assert_int_equal(bscope_graph_walk(empty, BSCOPE_DROPS, NONE, NULL, out, 4), 0);
  assert_int_equal(bscope_graph_groups(empty, BSCOPE_CYCLES, NULL, out, 4), 0);
  assert_int_equal(bscope_graph_alive(empty, NULL, out, 4), 0);
  assert_int_equal(bscope_graph_edges(empty, NONE, NULL, NULL, 0), 0);
  bscope_graph_free(graph);
  bscope_graph_free(empty);
}

/* Graphs that no program makes: node i borrows owner[i] and was moved from source[i], both any node or nobody. */

struct made {
  size_t nodes;
  uint32_t owner[MOST];
  uint32_t source[MOST];
  bool leads[MOST][MOST];
};

static struct bscope_graph *make(struct made *made, struct stream_random *random) {
  static const struct bscope_event nothing = {.kind = BSCOPE_KIND_LOST};
  struct bscope_graph *graph = build(&nothing, 1);
  size_t n = made->nodes;
  memset(made->leads, 0, sizeof(made->leads));
  for (uint32_t i = 0; i < n; i++) {
    bool ends = stream_below(random, 4) != 0;
    *(struct bscope_graph_node *)bscope_pieces_add(&graph->nodes, sizeof(struct bscope_graph_node)) =
        (struct bscope_graph_node){.created_at = 2 * i,
                                   .ended_at = ends ? 2 * i + 1 + stream_below(random, 40) : BSCOPE_STAMP_OPEN,
                                   .owner = made->owner[i],
                                   .moved_from = made->source[i],
                                   .moved_to = BSCOPE_GRAPH_NOBODY,
                                   .flags = (ends ? BSCOPE_ENDING_DROPPED : 0u) | BSCOPE_GRAPH_BORROWER};
    if (made->owner[i] != BSCOPE_GRAPH_NOBODY)
      *(uint32_t *)bscope_pieces_add(&graph->edges, sizeof(uint32_t)) = i;
    if (made->source[i] != BSCOPE_GRAPH_NOBODY)
      *(uint32_t *)bscope_pieces_add(&graph->moves, sizeof(uint32_t)) = i;
    if (made->owner[i] != BSCOPE_GRAPH_NOBODY)
      made->leads[i][made->owner[i]] = true;
    if (made->source[i] != BSCOPE_GRAPH_NOBODY)
      made->leads[made->source[i]][i] = true;
  }
  return graph;
}

static void make_any(struct made *made, struct stream_random *random) {
  unsigned rare = 1 + (unsigned)stream_below(random, 4);
  made->nodes = 1 + stream_below(random, MOST);
  for (size_t i = 0; i < made->nodes; i++) {
    made->owner[i] =
        stream_below(random, rare) == 0 ? (uint32_t)stream_below(random, made->nodes) : BSCOPE_GRAPH_NOBODY;
    made->source[i] =
        stream_below(random, rare) == 0 ? (uint32_t)stream_below(random, made->nodes) : BSCOPE_GRAPH_NOBODY;
  }
}

/* Edges between all pairs of nodes; SIZE_MAX: no path. */
static void distances(const struct made *made, bool both, size_t d[MOST][MOST]) {
  for (size_t i = 0; i < made->nodes; i++)
    for (size_t j = 0; j < made->nodes; j++)
      d[i][j] = i == j ? 0 : made->leads[i][j] || (both && made->leads[j][i]) ? 1 : SIZE_MAX / 4;
  for (size_t k = 0; k < made->nodes; k++)
    for (size_t i = 0; i < made->nodes; i++)
      for (size_t j = 0; j < made->nodes; j++)
        if (d[i][k] + d[k][j] < d[i][j])
          d[i][j] = d[i][k] + d[k][j];
}

static void check_walks(const struct bscope_graph *graph, const struct made *made, size_t start) {
  static size_t d[MOST][MOST];
  size_t out[4 * MOST], seen = 0;
  distances(made, false, d);
  for (size_t i = 0; i < made->nodes; i++)
    seen += d[start][i] < MOST;
  const struct bscope_query *outward = ASK(.direction = BSCOPE_OUTWARD);
  assert_int_equal(bscope_graph_walk(graph, BSCOPE_BREADTH_FIRST, start, outward, out, COUNT(out)), seen);
  for (size_t i = 1; i < seen; i++)
    assert_true(d[start][out[i - 1]] <= d[start][out[i]] && d[start][out[i]] < MOST);
  assert_int_equal(bscope_graph_walk(graph, BSCOPE_DEPTH_FIRST, start, outward, out, COUNT(out)), seen);
  for (size_t i = 0; i < seen; i++)
    assert_true(d[start][out[i]] < MOST);
  size_t near = 0;
  for (size_t i = 0; i < made->nodes; i++)
    near += d[start][i] <= 2;
  assert_int_equal(bscope_graph_walk(graph, BSCOPE_BREADTH_FIRST, start, ASK(.direction = BSCOPE_OUTWARD, .hops = 2),
                                     out, COUNT(out)),
                   near);
  for (size_t goal = 0; goal < made->nodes; goal++) {
    size_t length = bscope_graph_path(graph, start, goal, outward, out, COUNT(out));
    assert_int_equal(length, d[start][goal] < MOST ? d[start][goal] + 1 : 0);
    for (size_t i = 1; i < length; i++)
      assert_true(made->leads[out[i - 1]][out[i]]);
    assert_true(length == 0 || (out[0] == start && out[length - 1] == goal));
  }
  /* Left out of the order is what a circle leads to. */
  size_t sorted = bscope_graph_walk(graph, BSCOPE_TOPOLOGICAL, start, NULL, out, COUNT(out)), wanted = 0;
  for (size_t i = 0; i < made->nodes; i++) {
    bool behind_circle = false;
    for (size_t j = 0; j < made->nodes; j++)
      for (size_t k = 0; k < made->nodes; k++)
        behind_circle |= d[start][j] < MOST && d[j][k] < MOST && made->leads[k][j] && d[j][i] < MOST;
    wanted += d[start][i] < MOST && !behind_circle;
  }
  assert_int_equal(sorted, wanted);
  for (size_t i = 0; i < sorted; i++)
    for (size_t j = 0; j < i; j++)
      assert_false(made->leads[out[i]][out[j]]);
}

static void check_groups(const struct bscope_graph *graph, const struct made *made, bool cycles) {
  static size_t d[MOST][MOST];
  size_t out[4 * MOST], wanted[4 * MOST], count = 0;
  bool taken[MOST] = {false};
  distances(made, !cycles, d);
  for (size_t i = 0; i < made->nodes; i++) {
    bool circle = !cycles;
    for (size_t j = 0; j < made->nodes; j++)
      circle |= made->leads[j][i] && d[i][j] < MOST;
    if (taken[i] || !circle)
      continue;
    for (size_t j = i; j < made->nodes; j++)
      if (d[i][j] < MOST && d[j][i] < MOST) {
        taken[j] = true;
        wanted[count++] = j;
      }
    wanted[count++] = NONE;
  }
  size_t got = bscope_graph_groups(graph, cycles ? BSCOPE_CYCLES : BSCOPE_COMPONENTS, NULL, out, COUNT(out));
  assert_numbers(out, got, wanted, count);
}

static void check_times(const struct bscope_graph *graph, const struct made *made, struct stream_random *random) {
  struct bscope_edge edges[2 * MOST];
  size_t out[MOST], wanted[MOST], count = 0, lasting = 0;
  bscope_stamp from = stream_below(random, 3 * MOST), until = from + 1 + stream_below(random, 8);
  for (size_t i = 0; i < made->nodes; i++) {
    const struct bscope_graph_node *node = bscope_graph_at(graph, i);
    bool lives = node->created_at < until && node->ended_at > from;
    if (lives)
      wanted[count++] = i;
    lasting += lives && node->owner != BSCOPE_GRAPH_NOBODY;
    lasting += node->created_at >= from && node->created_at < until && node->moved_from != BSCOPE_GRAPH_NOBODY;
  }
  assert_numbers(out, bscope_graph_alive(graph, ASK(.from = from, .until = until), out, MOST), wanted, count);
  size_t got = bscope_graph_edges(graph, NONE, ASK(.from = from, .until = until), edges, COUNT(edges));
  assert_int_equal(got, lasting);
  for (size_t i = 1; i < got; i++)
    assert_true(edges[i - 1].start <= edges[i].start);
}

static void random_graphs_are_answered_as_the_slow_way_does(void **state) {
  (void)state;
  struct stream_random random = {seed};
  struct made *made = malloc(sizeof(*made));
  for (unsigned round = 0; round < 60; round++) {
    size_t out[4 * MOST];
    make_any(made, &random);
    struct bscope_graph *graph = make(made, &random);
    check_walks(graph, made, stream_below(&random, made->nodes));
    check_groups(graph, made, true);
    check_groups(graph, made, false);
    for (unsigned i = 0; i < 20; i++)
      check_times(graph, made, &random);
    for (size_t i = 0; i < made->nodes; i++) /* ends, whatever goes in circles */
      assert_true(bscope_graph_borrow_chain(graph, i, out, COUNT(out)) <= 3 * made->nodes);
    bscope_graph_free(graph);
  }
  free(made);
}

/* Many intervals of all lengths: the lists of the checkpoints are longer than one, and their sum is bounded. */
static void intervals_are_found_among_many(void **state) {
  (void)state;
  enum { MANY = 20000 };
  struct stream_random random = {seed ^ 1};
  for (unsigned shape = 0; shape < 4; shape++) {
    struct bscope_interval *items = malloc(MANY * sizeof(*items));
    struct bscope_spans spans;
    uint64_t start = 0;
    for (size_t i = 0; i < MANY; i++) {
      start += stream_below(&random, 3);
      uint64_t length = shape == 0   ? stream_below(&random, 4)
                        : shape == 1 ? 3 * MANY - i
                        : shape == 2 ? UINT64_C(1) << stream_below(&random, 20)
                                     : stream_below(&random, MANY);
      items[i] = (struct bscope_interval){start, shape == 2 && length > MANY ? BSCOPE_STAMP_OPEN : start + length};
    }
    assert_int_equal(bscope_spans_build(&spans, items, MANY), BSCOPE_OK);
    assert_true(spans.listed <= 6 * MANY);
    for (unsigned round = 0; round < 300; round++) {
      struct bscope_spans_scan scan;
      uint64_t from = stream_below(&random, start + MANY), until = from + 1 + stream_below(&random, 10);
      bscope_spans_scan(&spans, from, until, &scan);
      for (size_t i = 0; i < MANY; i++)
        if (items[i].start < until && (items[i].end > from || items[i].start >= from))
          assert_int_equal(bscope_spans_next(&scan), i);
      assert_int_equal(bscope_spans_next(&scan), SIZE_MAX);
    }
    bscope_spans_fini(&spans);
  }
}

/* P3-like frugality: a chain as long as memory allows, on a stack of 256 KiB. */

static size_t chain_length(void) {
  const char *full = getenv("BSCOPE_TEST_FULL"), *scale = getenv("BSCOPE_TEST_SCALE");
  return (size_t)((full != NULL && *full != '\0' ? 1e7 : 1e6) * (scale == NULL ? 1 : atof(scale)));
}

static struct bscope_graph *chain_of(enum bscope_kind kind, size_t length) {
  struct bscope_site_info first = {sizeof(first), BSCOPE_KIND_NEW, BSCOPE_WORD_ID, 0, .name = "x"};
  struct bscope_site_info step = {sizeof(step),   (uint8_t)kind, BSCOPE_WORD_ID,
                                  BSCOPE_WORD_ID, .name = "x",   .name2 = "x"};
  assert_int_equal(bscope_reset(), BSCOPE_OK);
  bscope_emit(bscope_site_intern(&first), 0, 0);
  const struct bscope_site *site = bscope_site_intern(&step);
  for (size_t i = 1; i < length; i++)
    bscope_emit(site, kind == BSCOPE_KIND_MOVE ? i - 1 : i, kind == BSCOPE_KIND_MOVE ? i : i - 1);
  struct bscope_graph *graph = bscope_get_graph();
  assert_non_null(graph);
  assert_int_equal(bscope_graph_node_count(graph), length);
  return graph;
}

static void walk_chain(const struct bscope_graph *graph, size_t length, size_t *out) {
  static const enum bscope_walk_order orders[] = {BSCOPE_BREADTH_FIRST, BSCOPE_DEPTH_FIRST, BSCOPE_TOPOLOGICAL};
  struct bscope_graph_statistics all;
  for (size_t i = 0; i < COUNT(orders); i++) {
    assert_int_equal(bscope_graph_walk(graph, orders[i], 0, NULL, out, length), length);
    assert_int_equal(bscope_graph_walk(graph, orders[i], NONE, NULL, out, length), length);
  }
  assert_int_equal(bscope_graph_path(graph, 0, length - 1, NULL, out, length), length);
  assert_int_equal(out[length / 2], length / 2);
  assert_int_equal(bscope_graph_groups(graph, BSCOPE_COMPONENTS, NULL, out, length), length + 1);
  assert_int_equal(bscope_graph_groups(graph, BSCOPE_CYCLES, NULL, out, length), 0);
  assert_int_equal(bscope_graph_get_statistics(graph, &all), BSCOPE_OK);
}

static void *walk_chains(void *context) {
  size_t length = *(size_t *)context, *out = malloc((length + 1) * sizeof(*out));
  struct bscope_graph *moves = chain_of(BSCOPE_KIND_MOVE, length);
  walk_chain(moves, length, out);
  assert_int_equal(bscope_graph_move_chain(moves, length - 1, out, length), length);
  for (size_t i = 0; i < 100; i++) {
    size_t at = i * (length / 100);
    assert_int_equal(bscope_graph_owner_at(moves, length - 1 - at, at), at);
  }
  struct bscope_reference_summary summary;
  assert_int_equal(bscope_graph_references(moves, length / 2, &summary, NULL, 0), 1);
  assert_true(summary.references == 1 && summary.left_strong == 1);
  bscope_graph_free(moves);
  struct bscope_graph *borrows = chain_of(BSCOPE_KIND_BORROW, length);
  assert_int_equal(bscope_graph_borrow_chain(borrows, length - 1, out, length), length);
  struct bscope_graph_statistics all;
  assert_int_equal(bscope_graph_get_statistics(borrows, &all), BSCOPE_OK);
  assert_int_equal(all.deepest, length - 1);
  assert_int_equal(bscope_graph_walk(borrows, BSCOPE_DEPTH_FIRST, 0, NULL, out, length), length);
  assert_int_equal(out[length - 1], length - 1);
  bscope_graph_free(borrows);
  free(out);
  return NULL;
}

static void long_chains_are_walked_on_a_small_stack(void **state) {
  (void)state;
  size_t length = chain_length();
  pthread_attr_t small;
  pthread_t thread;
  assert_int_equal(pthread_attr_init(&small), 0);
  assert_int_equal(pthread_attr_setstacksize(&small, (size_t)256 << 10), 0);
  assert_int_equal(pthread_create(&thread, &small, walk_chains, &length), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  pthread_attr_destroy(&small);
  assert_int_equal(bscope_stop(), BSCOPE_OK);
}

static void *ask(void *context) {
  size_t out[4];
  for (unsigned i = 0; i < 100; i++)
    if (bscope_graph_alive(context, ASK(AT(2)), out, 4) != 3 ||
        bscope_graph_walk(context, BSCOPE_DEPTH_FIRST, 0, NULL, out, 4) != 7 ||
        bscope_graph_owner_at(context, 7, 0) != 0)
      return context;
  return NULL;
}

static void many_threads_ask_one_graph(void **state) {
  (void)state;
  for (unsigned round = 0; round < 20; round++) {
    struct bscope_graph *graph = story();
    pthread_t threads[4];
    void *failed;
    for (size_t i = 0; i < COUNT(threads); i++)
      assert_int_equal(pthread_create(&threads[i], NULL, ask, graph), 0);
    for (size_t i = 0; i < COUNT(threads); i++) {
      assert_int_equal(pthread_join(threads[i], &failed), 0);
      assert_null(failed);
    }
    bscope_graph_free(graph);
  }
}

int main(int argc, char **argv) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test(edges_are_found_by_node_and_by_time),
      cmocka_unit_test(lives_and_owners_are_found_by_time),
      cmocka_unit_test(walks_have_their_orders),
      cmocka_unit_test(figures_are_counted),
      cmocka_unit_test(references_are_counted_over_time),
      cmocka_unit_test(kinds_beside_the_core_s_make_relations),
      cmocka_unit_test(intervals_are_half_open),
      cmocka_unit_test(bad_questions_are_refused),
      cmocka_unit_test(random_graphs_are_answered_as_the_slow_way_does),
      cmocka_unit_test(intervals_are_found_among_many),
      cmocka_unit_test(many_threads_ask_one_graph),
      cmocka_unit_test(long_chains_are_walked_on_a_small_stack),
  };
  seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
  printf("seed %llu\n", (unsigned long long)seed);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
