/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The difference of two graphs: by a story, and by its law on random streams: what the first lists with the changes
 * applied is what the second lists. Prints its seed; takes one as its argument.
 */
#include "events.h"
#include "log/fixture.h"
#include "log_streams.h"

#include <borrowscope/difference.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NONE BSCOPE_NODE_NONE
#define MOST 512
#define LINE 256

enum which { NODES, EDGES, RELATIONS, LISTS };

static uint64_t seed;

static size_t changes_of(enum which which, const struct bscope_graph *a, const struct bscope_graph *b,
                         struct bscope_change *out, size_t capacity) {
  static size_t (*const calls[LISTS])(const struct bscope_graph *, const struct bscope_graph *, struct bscope_change *,
                                      size_t) = {bscope_graph_node_changes, bscope_graph_edge_changes,
                                                 bscope_graph_relation_changes};
  return calls[which](a, b, out, capacity);
}

static size_t count_of(enum which which, const struct bscope_graph *graph) {
  static size_t (*const calls[LISTS])(const struct bscope_graph *) = {bscope_graph_node_count, bscope_graph_edge_count,
                                                                      bscope_graph_relation_count};
  return calls[which](graph);
}

static struct bscope_graph *build(const struct bscope_event *events, size_t count) {
  struct bscope_log *log = bscope_log_from_events(events, count);
  assert_non_null(log);
  struct bscope_graph *graph = bscope_graph_build(log);
  assert_non_null(graph);
  bscope_log_free(log);
  return graph;
}

static const char *id_of(const struct bscope_graph *graph, size_t i) {
  struct bscope_node node;
  return i != NONE && bscope_graph_node(graph, i, &node) == BSCOPE_OK ? node.id : "-";
}

/* All that the graph says of an entry, in words without numbers of nodes. */
static void tell(enum which which, const struct bscope_graph *graph, size_t i, char *out) {
  if (which == NODES) {
    struct bscope_node n;
    assert_int_equal(bscope_graph_node(graph, i, &n), BSCOPE_OK);
    snprintf(out, LINE, "%s %s %s %u %llu-%llu %d %llx+%llu %d %s<%s %s:%u", n.id, n.name, n.type_name, n.thread,
             (unsigned long long)n.created_at, (unsigned long long)n.ended_at, (int)n.ending,
             (unsigned long long)n.address, (unsigned long long)n.size, n.is_borrower, id_of(graph, n.moved_to),
             id_of(graph, n.moved_from), n.file, n.line);
    return;
  }
  struct bscope_edge e;
  int status = which == EDGES ? bscope_graph_edge(graph, i, &e) : bscope_graph_relation(graph, i, &e);
  assert_int_equal(status, BSCOPE_OK);
  snprintf(out, LINE, "%s>%s %d %llu-%llu %d", id_of(graph, e.from), id_of(graph, e.to), (int)e.relation,
           (unsigned long long)e.start, (unsigned long long)e.end, e.inferred);
}

static int in_order(const void *a, const void *b) {
  return strcmp(a, b);
}

/* The list that a keeper of the first one has after the changes is the second, place by place. */
static void check_applied(enum which which, const struct bscope_graph *a, const struct bscope_graph *b,
                          const struct bscope_change *changes, size_t count) {
  static size_t places[MOST];
  char is[LINE], wanted[LINE];
  size_t after = bscope_apply_changes(count_of(which, a), changes, count, places, MOST);
  assert_int_equal(after, count_of(which, b));
  for (size_t k = 0; k < after; k++) {
    if (places[k] == NONE)
      continue;
    tell(which, a, places[k], is);
    tell(which, b, k, wanted);
    assert_string_equal(is, wanted);
  }
}

/* The law, and that no change is idle: none puts in what it takes out. */
static size_t check_difference(enum which which, const struct bscope_graph *a, const struct bscope_graph *b) {
  static struct bscope_change changes[2 * MOST];
  static char applied[2 * MOST][LINE], wanted[MOST][LINE];
  static bool taken[MOST];
  size_t count = changes_of(which, a, b, changes, COUNT(changes)), before = count_of(which, a), kept = 0;
  size_t after = count_of(which, b);
  memset(taken, 0, sizeof(taken));
  for (size_t i = 0; i < count; i++) {
    char out[LINE] = "";
    assert_true(changes[i].before != NONE || changes[i].after != NONE);
    if (changes[i].before != NONE) {
      assert_true(changes[i].before < before && !taken[changes[i].before]);
      taken[changes[i].before] = true;
      tell(which, a, changes[i].before, out);
    }
    if (changes[i].after != NONE) {
      tell(which, b, changes[i].after, applied[kept]);
      assert_string_not_equal(applied[kept++], out);
    }
  }
  for (size_t i = 0; i < before; i++)
    if (!taken[i])
      tell(which, a, i, applied[kept++]);
  assert_int_equal(kept, after);
  for (size_t i = 0; i < after; i++)
    tell(which, b, i, wanted[i]);
  qsort(applied, kept, LINE, in_order);
  qsort(wanted, after, LINE, in_order);
  for (size_t i = 0; i < after; i++)
    assert_string_equal(applied[i], wanted[i]);
  check_applied(which, a, b, changes, count);
  return count;
}

static void a_story_is_told_by_its_changes(void **state) {
  (void)state;
  static const struct bscope_event events[] = {
      EV_NEW(0, "x"), EV_NEW(0, "y"), EV_(BORROW, 0, .name = "r", .text = "&x"), EV_DROP(0, "r"), EV_MOVE(0, "y", "z"),
  };
  static const struct bscope_event other[] = {EV_NEW(0, "x"), EV_NEW(0, "w")};
  struct bscope_graph *first = build(events, 3), *second = build(events, 5), *third = build(other, 2);
  struct bscope_change changes[4] = {{7, 7}, {7, 7}, {7, 7}, {7, 7}};
  /* y is moved, r is dropped, z is made */
  assert_int_equal(bscope_graph_node_changes(first, second, changes, 4), 3);
  assert_true(changes[0].before == 1 && changes[0].after == 1);
  assert_true(changes[1].before == 2 && changes[1].after == 2);
  assert_true(changes[2].before == NONE && changes[2].after == 3);
  assert_int_equal(bscope_graph_edge_changes(first, second, changes, 4), 1);
  assert_true(changes[0].before == 0 && changes[0].after == 0);
  assert_int_equal(bscope_graph_relation_changes(second, first, changes, 4), 1);
  assert_true(changes[0].before == 0 && changes[0].after == NONE);
  /* another variable at the same place: y and r go, w comes */
  assert_int_equal(bscope_graph_node_changes(first, third, changes, 4), 3);
  assert_true(changes[0].before == 1 && changes[0].after == NONE);
  assert_true(changes[1].before == NONE && changes[1].after == 1);
  assert_true(changes[2].before == 2 && changes[2].after == NONE);
  /* nothing is written behind the capacity, and NULL is a graph of nothing */
  changes[1].before = 77;
  assert_int_equal(bscope_graph_node_changes(first, second, changes, 1), 3);
  assert_int_equal(changes[1].before, 77);
  assert_int_equal(bscope_graph_node_changes(NULL, second, NULL, 0), 4);
  assert_int_equal(bscope_graph_node_changes(second, NULL, NULL, 0), 4);
  assert_int_equal(bscope_graph_edge_changes(NULL, NULL, NULL, 4), 0);
  bscope_graph_free(first);
  bscope_graph_free(second);
  bscope_graph_free(third);
}

static void what_fits_no_list_is_refused(void **state) {
  (void)state;
  static const struct {
    struct bscope_change changes[2];
    size_t count;
  } wrong[] = {
      {{{NONE, NONE}}, 1},         /* no change */
      {{{3, NONE}}, 1},            /* no such entry */
      {{{1, NONE}, {0, NONE}}, 2}, /* not in order */
      {{{1, NONE}, {1, NONE}}, 2}, /* twice */
      {{{0, 3}}, 1},               /* a place behind the end */
      {{{NONE, 5}}, 1},
      {{{0, 1}, {1, 1}}, 2}, /* two at one place */
  };
  size_t out[4];
  for (size_t i = 0; i < COUNT(wrong); i++) {
    assert_int_equal(bscope_apply_changes(3, wrong[i].changes, wrong[i].count, out, 4), NONE);
    assert_non_null(strstr(bscope_last_error(), "bscope_apply_changes"));
  }
  assert_int_equal(bscope_apply_changes(3, NULL, 1, out, 4), NONE);
  /* no room, no list: the count alone; nothing is written behind the capacity */
  static const struct bscope_change right[] = {{1, NONE}, {NONE, 0}, {NONE, 1}};
  assert_int_equal(bscope_apply_changes(3, right, 3, NULL, 4), 4);
  out[3] = 77;
  assert_int_equal(bscope_apply_changes(3, right, 3, out, 3), 4);
  assert_true(out[0] == NONE && out[1] == NONE && out[2] == 0 && out[3] == 77);
  assert_int_equal(bscope_apply_changes(0, NULL, 0, out, 4), 0);
}

/* Each fact about a variable counts, and who is meant is a matter of when it was created too. */
static void each_fact_counts(void **state) {
  (void)state;
  static const struct bscope_event as_is[] = {EV_NEW_AT(0, "x", "x", 4096, 32)};
  static const struct bscope_event others[] = {EV_NEW_AT(0, "x", "x", 8192, 32), EV_NEW_AT(0, "x", "x", 4096, 33),
                                               EV_NEW_AT(1, "x", "x", 4096, 32)};
  struct bscope_change change;
  struct bscope_graph *a = build(as_is, 1);
  for (size_t i = 0; i < COUNT(others); i++) {
    struct bscope_graph *b = build(&others[i], 1);
    assert_int_equal(bscope_graph_node_changes(a, b, &change, 1), 1);
    assert_true(change.before == 0 && change.after == 0);
    bscope_graph_free(b);
  }
  bscope_graph_free(a);
  static const struct bscope_event early[] = {EV_NEW_ID(0, "x", 5), EV_NEW(0, "y"), EV_BORROW_ID(0, "r", 5)};
  static const struct bscope_event late[] = {EV_NEW(0, "y"), EV_NEW_ID(0, "x", 5), EV_BORROW_ID(0, "r", 5)};
  struct bscope_graph *first = build(early, 3), *second = build(late, 3);
  assert_int_equal(bscope_graph_edge_changes(first, second, NULL, 0), 2);
  bscope_graph_free(first);
  bscope_graph_free(second);
}

static struct bscope_event random_event(struct stream_random *random) {
  static const char *const names[] = {"a", "b", "c", "d"};
  static const char *const texts[] = {"&a", "&b", "&c", "d"};
  size_t which = stream_below(random, COUNT(names)), other = stream_below(random, COUNT(names));
  uint32_t thread = (uint32_t)stream_below(random, 2);
  switch (stream_below(random, 7)) {
  case 0:
    return (struct bscope_event)EV_DROP(thread, names[which]);
  case 1:
    return (struct bscope_event)EV_MOVE(thread, names[which], names[other]);
  case 2:
    return (struct bscope_event)EV_(BORROW, thread, .name = "r", .text = texts[other]);
  case 3:
    return (struct bscope_event)EV_(BORROW, thread, .name = "m", .text = texts[other], EV_MUT_);
  case 4:
    return (struct bscope_event)EV_DROP(thread, which < 2 ? "r" : "m");
  case 5:
    return (struct bscope_event)EV_NEW_AT(thread, names[which], names[which], 4096 + 64 * other, 32);
  default:
    return (struct bscope_event)EV_NEW(thread, names[which]);
  }
}

/* A stream against a longer one, against itself with some events exchanged, and against another. */
static void applying_the_changes_gives_the_second(void **state) {
  (void)state;
  size_t rounds = getenv("BSCOPE_TEST_FULL") != NULL ? 4000 : 100, found[LISTS] = {0};
  for (size_t round = 0; round < rounds; round++) {
    struct stream_random random = {seed + round};
    struct bscope_event events[MOST / 2];
    size_t count = 1 + stream_below(&random, COUNT(events)), begin = stream_below(&random, count);
    for (size_t i = 0; i < count; i++)
      events[i] = random_event(&random);
    struct bscope_graph *a = build(events, begin), *b = build(events, count);
    for (size_t i = stream_below(&random, 4); i > 0; i--)
      events[stream_below(&random, count)] = random_event(&random);
    struct bscope_graph *c = build(events, count);
    const struct bscope_graph *const graphs[] = {a, b, c, NULL};
    for (size_t i = 0; i < COUNT(graphs); i++)
      for (size_t j = 0; j < COUNT(graphs); j++)
        for (enum which which = NODES; which < LISTS; which++) {
          size_t changes = check_difference(which, graphs[i], graphs[j]);
          assert_int_equal(changes, changes_of(which, graphs[j], graphs[i], NULL, 0));
          if (i == j)
            assert_int_equal(changes, 0);
          found[which] += changes;
        }
    bscope_graph_free(a);
    bscope_graph_free(b);
    bscope_graph_free(c);
  }
  assert_true(found[NODES] > rounds && found[EDGES] > rounds / 2 && found[RELATIONS] > rounds / 2);
}

int main(int argc, char **argv) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_story_is_told_by_its_changes),
      cmocka_unit_test(each_fact_counts),
      cmocka_unit_test(what_fits_no_list_is_refused),
      cmocka_unit_test(applying_the_changes_gives_the_second),
  };
  seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
  printf("seed %llu\n", (unsigned long long)seed);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
