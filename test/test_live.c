/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bscope_get_graph again and again: what it gives is what building anew gives, older graphs stay as they were, and a
 * call costs the new events alone. Prints its seed; takes one as its argument.
 */
#include "harness.h"
#include "log_streams.h"
#include "model/graph.h"

#include <borrowscope/borrowscope.h>

#include <pthread.h>

static uint64_t seed;

static uint64_t mix(uint64_t sum, uint64_t value) {
  return (sum ^ value) * UINT64_C(0x9e3779b97f4a7c15) + (sum >> 29);
}
static uint64_t mix_text(uint64_t sum, const char *text) {
  for (sum = mix(sum, text == NULL); text != NULL && *text != '\0'; text++)
    sum = mix(sum, (unsigned char)*text);
  return sum;
}

static uint64_t mix_edge(uint64_t sum, const struct bscope_edge *edge) {
  sum = mix(mix(mix(sum, edge->from), edge->to), (uint64_t)edge->relation);
  return mix(mix(mix(sum, edge->start), edge->end), edge->inferred);
}

/* A number that all of a graph goes into. */
static uint64_t fingerprint(const struct bscope_graph *graph) {
  struct bscope_graph_summary all;
  struct bscope_node node;
  struct bscope_edge edge;
  uint64_t sum = 1;
  for (size_t i = 0; bscope_graph_node_count(graph) > i && bscope_graph_node(graph, i, &node) == BSCOPE_OK; i++) {
    sum = mix_text(mix_text(mix_text(mix_text(sum, node.id), node.name), node.type_name), node.function);
    sum = mix(mix(mix(mix(sum, node.created_at), node.ended_at), node.dropped_at), (uint64_t)node.ending);
    sum = mix(mix(mix(mix(sum, node.address), node.size), node.moved_from), node.moved_to);
    sum = mix(mix(mix(sum, node.thread), node.is_borrower), node.line);
    if (bscope_graph_find(graph, node.id) >= bscope_graph_node_count(graph))
      return 0;
    sum = mix(sum, bscope_graph_find(graph, node.name));
  }
  for (size_t i = 0; i < bscope_graph_edge_count(graph) && bscope_graph_edge(graph, i, &edge) == BSCOPE_OK; i++)
    sum = mix_edge(sum, &edge);
  for (size_t i = 0; i < bscope_graph_relation_count(graph) && bscope_graph_relation(graph, i, &edge) == BSCOPE_OK; i++)
    sum = mix_edge(sum, &edge);
  if (bscope_graph_get_summary(graph, &all) != BSCOPE_OK)
    return 0;
  for (size_t i = 0; i < sizeof(all) / sizeof(uint64_t); i++)
    sum = mix(sum, ((const uint64_t *)(const void *)&all)[i]);
  return sum;
}

static uint64_t anew(void) {
  struct bscope_log *log = bscope_get_events();
  struct bscope_graph *graph = bscope_graph_build(log);
  assert_non_null(graph);
  uint64_t sum = fingerprint(graph);
  bscope_graph_free(graph);
  bscope_log_free(log);
  return sum;
}

static char blocks[64][64];

/* An event of any kind, about few names, blocks or ids. */
static void emit_any(struct stream_random *random) {
  static const char *const names[] = {"a", "b", "c", "closure"}, *const types[] = {"by_move", "by_ref", NULL};
  static const enum bscope_word words[] = {BSCOPE_WORD_NONE, BSCOPE_WORD_ID, BSCOPE_WORD_VALUE};
  struct bscope_site_info info = {.size = sizeof(info),
                                  .kind = (uint8_t)(1 + stream_below(random, 93)),
                                  .subject_is = (uint8_t)words[stream_below(random, 3)],
                                  .object_is = (uint8_t)words[stream_below(random, 3)],
                                  .name = names[stream_below(random, 4)],
                                  .name2 = names[stream_below(random, 4)],
                                  .type = types[stream_below(random, 3)]};
  bscope_emit(bscope_site_intern(&info), stream_below(random, 20), stream_below(random, 20));
}

/* Any call on one of few names, blocks and ids; now and then a name that was never there. */
static void track_any(struct stream_random *random) {
  static const char *const names[] = {"a", "b", "c", "d"};
  const char *name = names[stream_below(random, 4)], *other = names[stream_below(random, 4)];
  char *block = blocks[stream_below(random, 64)], fresh[24];
  switch (stream_below(random, 16)) {
  case 0:
  case 1:
    (void)bscope_track_new_named(name, 1);
    break;
  case 2:
    (void)bscope_track_borrow_named("r", block);
    break;
  case 3:
    (void)bscope_track_move_named(name, other, 1);
    break;
  case 4:
    bscope_track_drop_named(name);
    break;
  case 5:
  case 6:
    (void)bscope_new_at("block", block, 64);
    break;
  case 7:
    (void)bscope_borrow_mut_at("m", block);
    break;
  case 8:
    (void)bscope_move_at(block, "moved");
    break;
  case 9:
    bscope_drop_at(block);
    break;
  case 12:
  case 13:
  case 14:
    emit_any(random);
    break;
  case 10:
    bscope_borrow_end_named(stream_below(random, 2) ? "r" : "m");
    break;
  default:
    snprintf(fresh, sizeof(fresh), "n%u", (unsigned)stream_below(random, 3000));
    (void)bscope_track_new_named(fresh, 2);
  }
}

#define KEPT 8

static void graphs_are_what_building_anew_gives(void **state) {
  (void)state;
  struct stream_random random = {seed};
  struct bscope_graph *kept[KEPT] = {NULL};
  uint64_t sums[KEPT] = {0};
  assert_int_equal(bscope_reset(), BSCOPE_OK);
  for (unsigned round = 0; round < 120; round++) {
    size_t events = stream_below(&random, 5) == 0 ? 0 : stream_below(&random, round % 10 == 0 ? 4000 : 60);
    for (size_t i = 0; i < events; i++)
      track_any(&random);
    if (stream_below(&random, 40) == 0)
      assert_int_equal(bscope_reset(), BSCOPE_OK);
    unsigned place = (unsigned)stream_below(&random, KEPT);
    if (kept[place] != NULL)
      assert_true(fingerprint(kept[place]) == sums[place]);
    bscope_graph_free(kept[place]);
    kept[place] = bscope_get_graph();
    assert_non_null(kept[place]);
    sums[place] = fingerprint(kept[place]);
    assert_true(sums[place] != 0 && sums[place] == anew());
  }
  for (unsigned i = 0; i < KEPT; i++) {
    assert_true(kept[i] == NULL || fingerprint(kept[i]) == sums[i]);
    bscope_graph_free(kept[i]);
  }
}

static void ids_of_callers_are_shared(void **state) {
  (void)state;
  struct bscope_site_info made = {sizeof(made), BSCOPE_KIND_NEW, BSCOPE_WORD_ID, 0, .name = "x"};
  const struct bscope_site *site = bscope_site_intern(&made);
  struct bscope_graph *graphs[3];
  assert_int_equal(bscope_reset(), BSCOPE_OK);
  for (uint64_t i = 0; i < 3; i++) {
    for (uint64_t id = 0; id < 3000; id++)
      bscope_emit(site, i * 10000 + id, 0);
    graphs[i] = bscope_get_graph();
  }
  assert_int_equal(bscope_graph_find(graphs[2], "x_20001"), 6001);
  assert_int_equal(bscope_graph_find(graphs[0], "x_2999"), 2999);
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(bscope_graph_node_count(graphs[i]), 3000 * (i + 1));
    bscope_graph_free(graphs[i]);
  }
}

static void *ask_and_track(void *context) {
  struct stream_random random = {*(uint64_t *)context};
  for (unsigned round = 0; round < 60; round++) {
    for (unsigned i = 0; i < 50; i++)
      track_any(&random);
    struct bscope_graph *graph = bscope_get_graph();
    uint64_t sum = graph == NULL ? 0 : fingerprint(graph);
    for (unsigned i = 0; i < 50; i++)
      track_any(&random);
    struct bscope_graph *later = bscope_get_graph();
    if (sum == 0 || sum != fingerprint(graph) || later == NULL ||
        bscope_graph_node_count(later) < bscope_graph_node_count(graph))
      return context;
    bscope_graph_free(graph);
    bscope_graph_free(later);
  }
  return NULL;
}

static void threads_get_graphs_at_once(void **state) {
  (void)state;
  pthread_t threads[3];
  uint64_t seeds[3] = {seed + 1, seed + 2, seed + 3};
  assert_int_equal(bscope_reset(), BSCOPE_OK);
  for (size_t i = 0; i < 3; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, ask_and_track, &seeds[i]), 0);
  for (size_t i = 0; i < 3; i++) {
    void *failed;
    assert_int_equal(pthread_join(threads[i], &failed), 0);
    assert_null(failed);
  }
  struct bscope_graph *graph = bscope_get_graph();
  assert_true(fingerprint(graph) == anew());
  bscope_graph_free(graph);
}

static void a_child_has_a_graph_of_its_own(void **state) {
  (void)state;
  assert_int_equal(bscope_reset(), BSCOPE_OK);
  (void)bscope_track_new("parent", 1);
  struct bscope_graph *before = bscope_get_graph();
  uint64_t sum = fingerprint(before);
  pid_t child = fork();
  if (child == 0) {
    (void)bscope_track_new("child", 1);
    struct bscope_graph *graph = bscope_get_graph();
    bool right = graph != NULL && bscope_graph_find(graph, "child") != BSCOPE_NODE_NONE &&
                 fingerprint(graph) == anew() && fingerprint(before) == sum;
    bscope_graph_free(before);
    bscope_graph_free(graph);
    _exit(right ? 0 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_true(fingerprint(before) == sum);
  bscope_graph_free(before);
}

static double cpu_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A hundredth of what building anew costs, give or take much: the machine may be busy. */
static void a_second_graph_costs_the_new_events(void **state) {
  (void)state;
  struct stream_random random = {seed ^ 5};
  double first = 1e9, again = 1e9;
  assert_int_equal(bscope_reset(), BSCOPE_OK);
  for (size_t i = 0; i < 300000; i++)
    track_any(&random);
  struct bscope_graph *kept = bscope_get_graph();
  struct bscope_log *log = bscope_get_events();
  for (unsigned round = 0; round < 5; round++) {
    double begun = cpu_seconds();
    bscope_graph_free(bscope_graph_build(log));
    double took = cpu_seconds() - begun;
    first = took < first ? took : first;
    for (size_t i = 0; i < 1000; i++)
      track_any(&random);
    assert_int_equal(bscope_flush(), BSCOPE_OK);
    begun = cpu_seconds();
    bscope_graph_free(bscope_get_graph());
    took = cpu_seconds() - begun;
    again = took < again ? took : again;
  }
  printf("a graph of 300000: %.2f ms; again, after 1000 more: %.3f ms\n", first * 1e3, again * 1e3);
  assert_true(again < first / 4);
  bscope_log_free(log);
  bscope_graph_free(kept);
  assert_int_equal(bscope_stop(), BSCOPE_OK);
}

int main(int argc, char **argv) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test(graphs_are_what_building_anew_gives), cmocka_unit_test(ids_of_callers_are_shared),
      cmocka_unit_test(threads_get_graphs_at_once),          cmocka_unit_test(a_child_has_a_graph_of_its_own),
      cmocka_unit_test(a_second_graph_costs_the_new_events),
  };
  seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
  printf("seed %llu\n", (unsigned long long)seed);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
