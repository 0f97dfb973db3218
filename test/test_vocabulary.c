/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each call of the vocabulary is recorded as kinds.h says, gives its value back, and is sampled by its variable; the
 * same in C and, by way of test_vocabulary_cxx.cc, in C++.
 */
#include "track_events.h"

#include <limits.h>

#include <borrowscope/kinds.h>

struct expected {
  enum bscope_kind kind;
  const char *name, *name2, *type;
  unsigned flags;
  enum bscope_word subject_is;
  uint64_t subject;
  enum bscope_word object_is;
  uint64_t object;
};

static struct expected expected[256];
static size_t expected_count;

static void expect(enum bscope_kind kind, const char *name, const char *name2, const char *type, unsigned flags,
                   enum bscope_word subject_is, uint64_t subject, enum bscope_word object_is, uint64_t object) {
  struct expected row = {kind, name, name2, type, flags, subject_is, subject, object_is, object};
  assert_in_range(expected_count, 0, sizeof(expected) / sizeof(expected[0]) - 1);
  expected[expected_count++] = row;
}

#define EXPECT(kind, name, name2, type, flags, subject_is, subject, object_is, object)                                 \
  expect(BSCOPE_KIND_##kind, name, name2, type, flags, BSCOPE_WORD_##subject_is, subject, BSCOPE_WORD_##object_is,     \
         object)

#include "vocabulary_calls.h"

static void make_calls(void) {
  track_begin();
  expected_count = 0;
  vocabulary_calls();
}

/* g++ spells a pointer without its space. */
static void same_type(const char *found, const char *wanted) {
  assert_int_equal(found == NULL, wanted == NULL);
  for (; found && wanted && (*found || *wanted); found++, wanted++) {
    found += *found == ' ';
    wanted += *wanted == ' ';
    assert_int_equal(*found, *wanted);
  }
}

static void calls_record_what_the_table_says(void **state) {
  (void)state;
  make_calls();
  for (size_t i = 0; i < expected_count; i++) {
    const struct expected *e = &expected[i];
    struct bscope_event event = track_expect(e->kind, e->name, e->name2, e->flags);
    same_type(event.type_name, e->type);
    track_words(&event, e->subject_is, e->subject, e->object_is, e->object);
    assert_string_equal(strrchr(event.file, '/'), "/vocabulary_calls.h");
    assert_true(event.line > 0);
    assert_non_null(strstr(event.function, "vocabulary_"));
  }
  track_expect_no_more();
}

static void every_kind_has_a_call(void **state) {
  (void)state;
  bool called[256] = {false};
  make_calls();
  for (size_t i = 0; i < expected_count; i++)
    called[expected[i].kind] = true;
#define ROW(number, name, json, ...)                                                                                   \
  if (!called[number])                                                                                                 \
    fail_msg("no call records %s", json);
  BSCOPE_KINDS(ROW)
#undef ROW
}

/* The n-th event since make_calls of this kind. */
static struct bscope_event event_of(enum bscope_kind kind, size_t n) {
  for (;;) {
    struct bscope_event event = track_event();
    if (event.kind == kind && n-- == 0)
      return event;
  }
}

static const char *payload_of(const struct bscope_event *event) {
  const void *bytes = event->payload;
  const char *text;
  memcpy(&text, &bytes, sizeof(text)); /* a cast that C++ takes as well */
  return text;
}

static void what_words_cannot_hold_is_recorded_too(void **state) {
  (void)state;
  uint64_t counts, capacity;
  int shown[3];
  make_calls();
  struct bscope_event event = event_of(BSCOPE_KIND_AWAIT_START, 1);
  assert_string_equal(event.extra[0], "a");
  assert_string_equal(event.extra[1], "b");
  assert_null(event.extra[2]);
  event = event_of(BSCOPE_KIND_MATCH_ARM, 1);
  assert_string_equal(event.extra[0], "n");
  assert_int_equal(event_of(BSCOPE_KIND_STACK_FIELD, 0).extent,
                   CHAR_MIN < 0 ? BSCOPE_SCALAR_SIGNED : BSCOPE_SCALAR_UNSIGNED);
  assert_int_equal(event_of(BSCOPE_KIND_STACK_FIELD, 0).extent, BSCOPE_SCALAR_SIGNED);
  assert_int_equal(event_of(BSCOPE_KIND_STACK_FIELD, 0).extent, BSCOPE_SCALAR_DOUBLE);
  assert_int_equal(event_of(BSCOPE_KIND_STACK_FIELD, 0).extent, BSCOPE_SCALAR_POINTER);
  event = event_of(BSCOPE_KIND_HEAP_ADDR, 0);
  assert_int_equal(event.payload_size, 8 + 12);
  memcpy(&capacity, event.payload, 8);
  memcpy(shown, payload_of(&event) + 8, 12);
  assert_int_equal(capacity, 64);
  assert_memory_equal(shown, vocabulary_heap, 12);
  event = event_of(BSCOPE_KIND_ARC_CLONE, 0);
  assert_int_equal(event.payload_size, 8);
  memcpy(&counts, event.payload, 8);
  assert_int_equal(counts, COUNTS_(2, 1));
  track_end();
}

#define SAMPLED_RUNS 2000

/* All calls about a variable, or none; about as many variables as the rate says; the same ones again. */
static void sampling_keeps_a_variables_events_together(void **state) {
  (void)state;
  static bool before[SAMPLED_RUNS];
  for (int again = 0; again < 2; again++) {
    unsigned sampled = 0;
    track_begin();
    for (unsigned i = 0; i < SAMPLED_RUNS; i++) {
      assert_int_equal(bscope_track_new_with_id_sampled(i, "v", 3, 0.25), 3);
      bscope_track_drop_with_id_sampled(i, 0.25);
    }
    struct bscope_log *log = bscope_get_events();
    for (size_t i = 0; i < bscope_log_count(log); i += 2, sampled++) {
      struct bscope_event made, dropped;
      assert_int_equal(bscope_log_at(log, i, &made), 0);
      assert_int_equal(bscope_log_at(log, i + 1, &dropped), 0);
      assert_int_equal(made.kind, BSCOPE_KIND_NEW);
      assert_int_equal(dropped.kind, BSCOPE_KIND_DROP);
      assert_int_equal(made.subject, dropped.subject);
      assert_int_equal(made.flags, BSCOPE_SITE_SAMPLED);
      if (again)
        assert_true(before[made.subject]);
      before[made.subject] = true;
    }
    bscope_log_free(log);
    assert_in_range(sampled, SAMPLED_RUNS / 5, SAMPLED_RUNS * 3 / 10);
  }
}

static size_t recorded(void) {
  struct bscope_log *log = bscope_get_events();
  size_t count = bscope_log_count(log);
  bscope_log_free(log);
  return count;
}

static void sampled_forms_agree_and_ends_of_the_scale_are_none_and_all(void **state) {
  (void)state;
  int x[4] = {0};
  for (int i = 0; i < 4; i++) {
    track_begin();
    (void)bscope_new_at_sampled("x", &x[i], sizeof(int), 0.5);
    (void)bscope_borrow_at_sampled("r", &x[i], 0.5);
    (void)bscope_borrow_mut_at_sampled("m", &x[i], 0.5);
    (void)bscope_move_at_sampled(&x[i], "y", 0.5);
    bscope_drop_at_sampled(&x[i], 0.5);
    assert_true(recorded() == 0 || recorded() == 5);
  }
  for (int rate = 0; rate < 2; rate++) {
    track_begin();
    assert_int_equal(bscope_track_new_sampled("a", 7, rate), 7);
    assert_ptr_equal(bscope_track_borrow_sampled("b", &x[0], rate), x);
    assert_ptr_equal(bscope_track_borrow_mut_sampled("c", &x[0], rate), x);
    assert_int_equal(bscope_track_move_sampled("a", "d", 8, rate), 8);
    bscope_track_drop_sampled("d", rate);
    assert_int_equal(recorded(), 5 * rate);
  }
  track_begin();
  volatile double zero = 0;
  bscope_track_drop_sampled("d", zero / zero);
  assert_int_equal(recorded(), 0); /* no number is no rate */
}

static void another_seed_is_another_choice(void **state) {
  (void)state;
  size_t agree = 0;
  bool chosen[2][64];
  for (int seed = 0; seed < 2; seed++) {
    bscope_set_sample_seed(seed ? 99u : 0u);
    for (unsigned i = 0; i < 64; i++) {
      track_begin();
      bscope_track_drop_with_id_sampled(i, 0.5);
      chosen[seed][i] = recorded() == 1;
    }
  }
  bscope_set_sample_seed(0);
  for (unsigned i = 0; i < 64; i++)
    agree += chosen[0][i] == chosen[1][i];
  assert_in_range(agree, 10, 54);
}

#ifdef __cplusplus
static void values_that_count_are_asked(void **state) {
  (void)state;
  track_begin();
  auto a = bscope_track_arc_new("a", std::make_shared<int>(4));
  auto b = bscope_track_arc_clone("b", "a", a);
  bscope_track_weak_upgrade("w", std::weak_ptr<int>(a).lock());
  struct bscope_event event = track_event();
  track_words(&event, BSCOPE_WORD_NONE, 0, BSCOPE_WORD_VALUE, COUNTS_(1, 0));
  event = track_event();
  track_words(&event, BSCOPE_WORD_NONE, 0, BSCOPE_WORD_VALUE, COUNTS_(1, 0)); /* an lvalue: not copied yet */
  event = track_event();
  track_words(&event, BSCOPE_WORD_NONE, 0, BSCOPE_WORD_VALUE, 1);
  track_expect_no_more();
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(calls_record_what_the_table_says),
      cmocka_unit_test(every_kind_has_a_call),
      cmocka_unit_test(what_words_cannot_hold_is_recorded_too),
      cmocka_unit_test(sampling_keeps_a_variables_events_together),
      cmocka_unit_test(sampled_forms_agree_and_ends_of_the_scale_are_none_and_all),
      cmocka_unit_test(another_seed_is_another_choice),
#ifdef __cplusplus
      cmocka_unit_test(values_that_count_are_asked),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
