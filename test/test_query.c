/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to a log: what an event is, which events are, counts, and the summary as struct and as text. What decides
 * may itself track (P3: no lock is held).
 */
#include "events.h"
#include "log/fixture.h"

#include <borrowscope/borrowscope.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST 32
#define ASK(...) (&(const struct bscope_event_query){__VA_ARGS__})
#define IS(...) (const size_t[]){__VA_ARGS__}, sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t)

static struct bscope_log *log_of(const struct bscope_event *events, size_t count) {
  struct bscope_log *log = bscope_log_from_events(events, count);
  assert_non_null(log);
  return log;
}

static struct bscope_log *story(void) {
  static const struct bscope_event events[] = {
      EV_NEW(0, "x"),                                                                               /* 0: x */
      EV_BORROW(0, "r", "&x", 0x10),                                                                /* 1: r */
      EV_LOST(),                                                                                    /* 2 */
      EV_BORROW_MUT(0, "m", "&x", 0x10),                                                            /* 3: m */
      EV_BORROW_END(0, "m"),                                                                        /* 4 */
      EV_(RC_NEW, 0, .name = "a", .object_is = BSCOPE_WORD_VALUE, .object = UINT64_C(3) << 32 | 2), /* 5 */
      EV_(LOOP_ENTER, 0, .subject_is = BSCOPE_WORD_ID, .subject = 9),                               /* 6 */
      EV_MOVE(0, "x", "y"),                                                                         /* 7 */
      EV_RESIZE(0, "p", 0x900, 8),                                   /* 8: a mark, no event */
      EV_NEW(0, "x"),                                                /* 9: another x */
      EV_DROP(0, "x"),                                               /* 10 */
      EV_DROP(0, "y"),                                               /* 11 */
      EV_(UNSAFE_FN_CALL, 0, .name = "f"),                           /* 12 */
      EV_(LOOP_EXIT, 0, .subject_is = BSCOPE_WORD_ID, .subject = 9), /* 13 */
      EV_KEPT(0, "z", 0),                                            /* 14: no drop */
  };
  return log_of(events, sizeof(events) / sizeof(events[0]));
}

static void assert_selected(const struct bscope_log *log, const struct bscope_event_query *query, const size_t *wanted,
                            size_t count) {
  size_t out[MOST];
  assert_int_equal(bscope_log_select(log, query, out, MOST), count);
  for (size_t i = 0; i < count; i++)
    assert_int_equal(out[i], wanted[i]);
}

static bool is_late(void *context, const struct bscope_event *event) {
  return event->stamp >= *(const bscope_stamp *)context;
}

static void events_are_selected(void **state) {
  (void)state;
  struct bscope_log *log = story();
  bscope_stamp late = 6;
  size_t out[MOST] = {77, 77};
  assert_selected(log, NULL, IS(0, 1, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14));
  assert_selected(log, ASK(.kind = BSCOPE_KIND_NEW), IS(0, 9));
  assert_selected(log, ASK(.is = BSCOPE_IS_LOOP), IS(6, 13));
  assert_selected(log, ASK(.is = BSCOPE_IS_BORROW), IS(1, 3));
  assert_selected(log, ASK(.is = BSCOPE_IS_UNSAFE, .kind = BSCOPE_KIND_FFI_CALL), NULL, 0);
  assert_selected(log, ASK(.kind = BSCOPE_KIND_NEW, .accept = is_late, .context = &late), IS(9));
  assert_int_equal(bscope_log_select(log, NULL, out, 1), 13);
  assert_int_equal(out[1], 77);
  assert_int_equal(bscope_log_select(log, ASK(.kind = BSCOPE_KIND_DROP), NULL, 0), 4);
  assert_int_equal(bscope_log_select(NULL, NULL, out, 1), BSCOPE_QUERY_FAILED);
  assert_int_equal(bscope_log_select(log, ASK(.size = 1), out, 1), BSCOPE_QUERY_FAILED);
  assert_int_equal(bscope_log_select(log, ASK(.is = (enum bscope_predicate)99), out, 1), BSCOPE_QUERY_FAILED);
  bscope_log_free(log);
}

static void events_about_one_variable_are_told_from_others_of_its_name(void **state) {
  (void)state;
  struct bscope_log *log = story();
  struct bscope_graph *graph = bscope_graph_build(log);
  size_t first = bscope_graph_find(graph, "x_0"), second = bscope_graph_find(graph, "x_9"),
         moved = bscope_graph_find(graph, "y_7"), mutable = bscope_graph_find(graph, "m");
  assert_selected(log, ASK(.node = &first), IS(0, 1, 3, 7));
  assert_selected(log, ASK(.node = &second), IS(9, 10));
  assert_selected(log, ASK(.node = &moved), IS(7, 11));
  assert_selected(log, ASK(.node = &mutable), IS(3, 4));
  assert_selected(log, ASK(.node = &first, .kind = BSCOPE_KIND_BORROW), IS(1, 3));
  struct bscope_hot_spot spots[MOST];
  size_t count = bscope_log_hot_spots(log, spots, MOST);
  assert_true(count >= 5);
  assert_true(spots[0].node == first && spots[0].count == 4);
  for (size_t i = 1; i < count; i++)
    assert_true(spots[i].count < spots[i - 1].count ||
                (spots[i].count == spots[i - 1].count && spots[i].node > spots[i - 1].node));
  bscope_graph_free(graph);
  bscope_log_free(log);
}

/* Each kind has at least one predicate beside ANY, but those of methods, and no predicate is without a kind. */
static void every_predicate_has_its_kinds(void **state) {
  (void)state;
  static const struct {
    enum bscope_kind kind;
    enum bscope_predicate is[4];
  } known[] = {
      {BSCOPE_KIND_NEW, {BSCOPE_IS_NEW}},
      {BSCOPE_KIND_ARC_CLONE, {BSCOPE_IS_ARC, BSCOPE_IS_REFCOUNTED}},
      {BSCOPE_KIND_REF_CELL_DROP, {BSCOPE_IS_REFCELL, BSCOPE_IS_INTERIOR_MUTABILITY}},
      {BSCOPE_KIND_CELL_SET, {BSCOPE_IS_CELL, BSCOPE_IS_INTERIOR_MUTABILITY}},
      {BSCOPE_KIND_STATIC_ACCESS, {BSCOPE_IS_STATIC, BSCOPE_IS_GLOBAL}},
      {BSCOPE_KIND_CONST_EVAL, {BSCOPE_IS_CONST, BSCOPE_IS_GLOBAL}},
      {BSCOPE_KIND_RAW_PTR_DEREF, {BSCOPE_IS_UNSAFE, BSCOPE_IS_RAW_PTR}},
      {BSCOPE_KIND_FFI_CALL, {BSCOPE_IS_UNSAFE, BSCOPE_IS_FFI}},
      {BSCOPE_KIND_MATCH_ARM, {BSCOPE_IS_BRANCH}},
      {BSCOPE_KIND_RETURN, {BSCOPE_IS_CONTROL_FLOW}},
      {BSCOPE_KIND_STACK_PADDING, {BSCOPE_IS_MEMORY_LAYOUT}},
      {BSCOPE_KIND_CLONE, {BSCOPE_IS_ANY}},
  };
  enum { LAST = BSCOPE_IS_MEMORY_LAYOUT };
  unsigned seen[LAST + 1] = {0};
  assert_int_equal(LAST, 34);
  for (int kind = 0; kind < 256; kind++) {
    struct bscope_event event = {.kind = (enum bscope_kind)kind};
    unsigned of_kind = 0;
    for (int is = BSCOPE_IS_ANY; is <= LAST; is++)
      if (bscope_event_is(&event, (enum bscope_predicate)is)) {
        seen[is]++;
        of_kind++;
      }
    bool method = bscope_kind_group(event.kind) == BSCOPE_GROUP_METHOD;
    assert_true(kind >= 1 && kind <= 93 ? of_kind >= (method ? 1 : 2) : of_kind == 0);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
      if (known[i].kind == event.kind) {
        unsigned wanted = known[i].is[0] != BSCOPE_IS_ANY;
        for (size_t j = 0; j < 4 && known[i].is[j] != BSCOPE_IS_ANY; j++)
          assert_true(bscope_event_is(&event, known[i].is[j]));
        wanted += known[i].is[1] != BSCOPE_IS_ANY;
        assert_int_equal(of_kind, 1 + wanted);
      }
  }
  for (int is = BSCOPE_IS_ANY; is <= LAST; is++)
    assert_true(seen[is] > 0);
  struct bscope_event rc = {.kind = BSCOPE_KIND_RC_NEW};
  assert_true(bscope_event_is_rc(&rc) && bscope_event_is_refcounted(&rc) && !bscope_event_is_arc(&rc));
  assert_false(bscope_event_is_rc(NULL));
}

static void counts_of_references_are_read(void **state) {
  (void)state;
  uint64_t both = UINT64_C(4) << 32 | 1;
  struct bscope_event made = {.kind = BSCOPE_KIND_ARC_NEW, .object_is = BSCOPE_WORD_VALUE, .object = both};
  struct bscope_event clone = {.kind = BSCOPE_KIND_ARC_CLONE,
                               .object_is = BSCOPE_WORD_ID,
                               .object = 7,
                               .payload = &both,
                               .payload_size = sizeof(both)};
  struct bscope_event other = {.kind = BSCOPE_KIND_STATIC_INIT, .object_is = BSCOPE_WORD_VALUE, .object = both};
  assert_int_equal(bscope_event_strong_count(&made), 4);
  assert_int_equal(bscope_event_weak_count(&made), 1);
  assert_int_equal(bscope_event_strong_count(&clone), 4);
  assert_int_equal(bscope_event_weak_count(&clone), 1);
  clone.payload_size = 4;
  assert_int_equal(bscope_event_strong_count(&clone), 0);
  assert_int_equal(bscope_event_strong_count(&other), 0);
  assert_int_equal(bscope_event_strong_count(NULL), 0);
}

static void a_log_is_summed_up(void **state) {
  (void)state;
  struct bscope_log *log = story();
  struct bscope_log_summary sum;
  assert_int_equal(bscope_log_summarize(log, &sum), BSCOPE_OK);
  assert_int_equal(sum.events, 13);
  assert_int_equal(sum.missing, 1);
  assert_int_equal(sum.created, 3);
  assert_int_equal(sum.dropped, 2);
  assert_int_equal(sum.borrows_immut, 1);
  assert_int_equal(sum.borrows_mut, 1);
  assert_int_equal(sum.moves, 1);
  assert_int_equal(sum.kinds[BSCOPE_KIND_NEW], 2);
  assert_int_equal(sum.kinds[BSCOPE_KIND_DROP], 4);
  assert_int_equal(sum.groups[BSCOPE_GROUP_OWNERSHIP], 9);
  char *text = bscope_log_summary_text(&sum);
  assert_string_equal(text, "events             13\n"
                            "missing            1\n"
                            "variables created  3\n"
                            "variables dropped  2\n"
                            "immutable borrows  1\n"
                            "mutable borrows    1\n"
                            "moves              1\n"
                            "ownership          9\n"
                            "rc                 1\n"
                            "unsafe             1\n"
                            "loop               2\n");
  bscope_string_free(text);
  memset(&sum, 0xff, sizeof(sum)); /* the longest text there can be */
  text = bscope_log_summary_text(&sum);
  assert_non_null(strstr(text, "memory_layout      18446744073709551615\n"));
  bscope_string_free(text);
  assert_null(bscope_log_summary_text(NULL));
  assert_int_equal(bscope_log_summarize(log, NULL), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(bscope_log_summarize(NULL, &sum), BSCOPE_ERR_INVALID_ARGUMENT);
  bscope_log_free(log);
}

static bool tracks(void *context, const struct bscope_event *event) {
  struct bscope_log *inner = bscope_get_events();
  ++*(unsigned *)context;
  (void)bscope_track_new("inside", 1);
  assert_int_equal(bscope_log_select(inner, ASK(.kind = event->kind), NULL, 0) >= 1, 1);
  bscope_log_free(inner);
  return event->kind == BSCOPE_KIND_NEW;
}

static void what_decides_may_track(void **state) {
  (void)state;
  unsigned asked = 0;
  assert_int_equal(bscope_reset(), BSCOPE_OK);
  for (int i = 0; i < 100; i++) {
    (void)bscope_track_new("outside", i);
    bscope_track_drop("outside");
  }
  struct bscope_log *log = bscope_get_events();
  assert_int_equal(bscope_log_select(log, ASK(.accept = tracks, .context = &asked), NULL, 0), 100);
  assert_int_equal(asked, 200);
  bscope_log_free(log);
  log = bscope_get_events();
  assert_int_equal(bscope_log_select(log, ASK(.kind = BSCOPE_KIND_NEW), NULL, 0), 300);
  bscope_log_free(log);
  assert_int_equal(bscope_stop(), BSCOPE_OK);
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test(events_are_selected),
      cmocka_unit_test(events_about_one_variable_are_told_from_others_of_its_name),
      cmocka_unit_test(every_predicate_has_its_kinds),
      cmocka_unit_test(counts_of_references_are_read),
      cmocka_unit_test(a_log_is_summed_up),
      cmocka_unit_test(what_decides_may_track),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
