/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracking macros in C++17 and C++20: value categories, lifetimes, where they may stand, what they record.
 * Compiled by g++ and clang++ with all warnings as errors.
 */
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#define BORROWSCOPE_SHORT_NAMES
#include <borrowscope/track.h>

#include <borrowscope/graph.h>

#include "track_events.h"

#define NEW 1
#define BORROW 3
#define T 4
#define site 5

namespace {

constexpr bscope_word none_word = BSCOPE_WORD_NONE;
constexpr bscope_word address_word = BSCOPE_WORD_ADDRESS;
constexpr unsigned scoped = BSCOPE_SITE_SCOPED;
constexpr unsigned kept_flags = BSCOPE_SITE_SCOPED | BSCOPE_SITE_KEPT;
constexpr unsigned place = BSCOPE_SITE_PLACE;
constexpr unsigned ends_scope = BSCOPE_SITE_SCOPED | BSCOPE_SITE_BORROWER_ONLY;

template <class P> uint64_t word(P *pointer) {
  return reinterpret_cast<uintptr_t>(pointer);
}

/* Counts what happens to it; can be moved, not copied. */
struct traced {
  static int moves, alive;
  int value;
  explicit traced(int v) : value(v) { alive++; }
  traced(traced &&other) noexcept : value(other.value) {
    alive++;
    moves++;
    other.value = -1;
  }
  traced(const traced &) = delete;
  traced &operator=(const traced &) = delete;
  ~traced() { alive--; }
  const int *data() const { return &value; }
};
int traced::moves, traced::alive;

struct fixed_in_place {
  fixed_in_place() = default;
  fixed_in_place(const fixed_in_place &) = delete;
};

struct throws_on_move {
  throws_on_move() = default;
  throws_on_move(const throws_on_move &) {}
};

struct incomplete;

/* Where the macro stands tells its type through a declaration: decltype of a lambda is C++20. */
template <class Wanted, class Found> void same_type(Found &&) {
  static_assert(std::is_same_v<Wanted, Found &&>, "the type or the value category changed");
}

int at_namespace_scope = bscope_track_new("global", 7);

struct with_member {
  int member = bscope_track_new("member", 8);
};

constexpr int in_constant_evaluation(int x) {
  return bscope_track_new("constant", x) + 1;
}
static_assert(in_constant_evaluation(3) == 4);

void values_keep_type_and_category(void **) {
  int x = 1;
  const int c = 2;
  int array[3] = {1, 2, 3};
  volatile int changing = 4;
  fixed_in_place there;
  incomplete *opaque = nullptr;
  track_begin();
  same_type<int &>(track_new("x", x));
  same_type<const int &>(track_new("x", c));
  same_type<int &&>(track_new("x", 5));
  same_type<int(&)[3]>(track_new("x", array));
  same_type<volatile int &>(track_new("x", changing));
  same_type<volatile int &>(track_borrow("x", changing));
  same_type<fixed_in_place &>(track_borrow("x", there));
  same_type<std::unique_ptr<int> &&>(track_move("x", "y", std::make_unique<int>(3)));
  same_type<incomplete *&>(borrow_at("x", opaque));
  same_type<int *&&>(new_at("x", &x, sizeof(x)));
  same_type<decltype(nullptr) &&>(track_new("x", nullptr));
  track_new("x", x) = 9; /* an lvalue back as that lvalue */
  assert_int_equal(x, 9);
  assert_ptr_equal(&track_borrow("x", there), &there);
  track_new("x", array)[1] = 20;
  assert_int_equal(array[1], 20);
  track_new("x", std::vector<int>{1, 2, 3});
  assert_int_equal(track_new("x", in_constant_evaluation)(1), 2);
  int traced::*member = track_new("x", &traced::value);
  assert_true(member == &traced::value);
  track_end();
}

void noexcept_follows_the_move(void **) {
  static_assert(bscope::detail::passes_without_throwing<std::string>());
  static_assert(bscope::detail::passes_without_throwing<throws_on_move &>());
  static_assert(!bscope::detail::passes_without_throwing<throws_on_move>());
}

void values_are_made_once_and_moved_once(void **) {
  int calls = 0;
  track_begin();
  {
    traced::moves = 0;
    traced t = track_new("t", traced(++calls));
    assert_int_equal(traced::moves, 1);
    assert_int_equal(t.value, 1);
    traced u = track_move("t", "u", std::move(t));
    assert_int_equal(u.value, 1);
    assert_int_equal(t.value, -1);
    assert_int_equal(traced::alive, 2);
    track_borrow("b", u);
    assert_int_equal(u.value, 1);
  }
  assert_int_equal(traced::alive, 0);
  assert_int_equal(track_move("a", "b", track_borrow("c", track_new("d", ++calls))), 2);
  track_expect(BSCOPE_KIND_NEW, "t", nullptr, 0);
  track_expect(BSCOPE_KIND_MOVE, "t", "u", 0);
  track_expect(BSCOPE_KIND_BORROW, "b", nullptr, place);
  track_expect(BSCOPE_KIND_NEW, "d", nullptr, 0);
  track_expect(BSCOPE_KIND_BORROW, "c", nullptr, place);
  track_expect(BSCOPE_KIND_MOVE, "a", "b", 0);
  track_expect_no_more();
}

size_t length_of(const char *text) {
  return strlen(text);
}
int value_at(const int *p) {
  return *p * (traced::alive == 1);
}

void temporaries_live_to_the_end_of_the_expression(void **) {
  track_begin();
  assert_int_equal(length_of(track_borrow("r", std::string(100, 'x').c_str())), 100);
  assert_int_equal(value_at(track_borrow("r", traced(4).data())), 4);
  assert_int_equal(value_at(use_at(traced(5).data(), "r")), 5);
  track_end();
}

template <class V> V moved_through(V value) {
  BSCOPE_LET(V, local, value);
  return track_move("local", "result", V(local));
}

void macros_stand_where_calls_may(void **) {
  with_member one;
  track_begin();
  with_member two;
  assert_int_equal(at_namespace_scope + one.member + two.member + in_constant_evaluation(1), 25);
  auto in_lambda = [&](int x) { return track_new("l", x + two.member); };
  auto in_generic = [](auto x) { return track_new("g", x); };
  assert_int_equal(in_lambda(1) + in_generic(2), 11);
  assert_int_equal(moved_through(3), 3);
  assert_string_equal(moved_through(std::string("text")).c_str(), "text");

  bscope_event event = track_expect(BSCOPE_KIND_NEW, "member", nullptr, 0);
  assert_string_equal(event.type_name, "int");
  assert_non_null(strstr(event.function, "with_member"));
  event = track_expect(BSCOPE_KIND_NEW, "constant", nullptr, 0);
  assert_non_null(strstr(event.function, "in_constant_evaluation"));
  assert_null(strstr(event.function, "(int)"));
  assert_non_null(strstr(track_expect(BSCOPE_KIND_NEW, "l", nullptr, 0).function, "macros_stand_where_calls_may"));
  assert_string_equal(track_expect(BSCOPE_KIND_NEW, "g", nullptr, 0).text, "x");
  for (int i = 0; i < 2; i++) {
    event = track_expect(BSCOPE_KIND_NEW, "local", nullptr, scoped);
    assert_non_null(strstr(event.function, "moved_through"));
    assert_int_equal(event.extent, i == 0 ? sizeof(int) : sizeof(std::string));
    event = track_expect(BSCOPE_KIND_MOVE, "local", "result", 0);
    assert_non_null(strstr(event.type_name, i == 0 ? "int" : "string"));
    track_expect(BSCOPE_KIND_DROP, "local", nullptr, scoped);
  }
  track_expect_no_more();
}

void borrows_tell_where_they_point(void **) {
  int x = 1;
  std::string text = "text";
  int array[3] = {1, 2, 3};
  const volatile int *pointer = &x;
  track_begin();
  track_borrow("pointer", &x);
  track_borrow("lvalue", text);
  track_borrow("array", array);
  track_borrow_mut("qualified", pointer);
  track_borrow("value", 5);
  track_borrow("null", nullptr);
  track_move("a", "b", &x);
  track_move("a", "b", text);
  bscope_event event = track_expect(BSCOPE_KIND_BORROW, "pointer", nullptr, 0);
  track_words(&event, none_word, 0, address_word, word(&x));
  assert_string_equal(event.text, "&x");
  event = track_expect(BSCOPE_KIND_BORROW, "lvalue", nullptr, place);
  track_words(&event, none_word, 0, address_word, word(&text));
  event = track_expect(BSCOPE_KIND_BORROW, "array", nullptr, place);
  track_words(&event, none_word, 0, address_word, word(array));
  event = track_expect(BSCOPE_KIND_BORROW, "qualified", nullptr, BSCOPE_SITE_MUTABLE);
  track_words(&event, none_word, 0, address_word, word(&x));
  event = track_expect(BSCOPE_KIND_BORROW, "value", nullptr, 0);
  track_words(&event, none_word, 0, none_word, 0);
  event = track_expect(BSCOPE_KIND_BORROW, "null", nullptr, 0);
  track_words(&event, none_word, 0, address_word, 0);
  event = track_expect(BSCOPE_KIND_MOVE, "a", "b", 0);
  track_words(&event, none_word, 0, address_word, word(&x));
  event = track_expect(BSCOPE_KIND_MOVE, "a", "b", 0);
  track_words(&event, none_word, 0, none_word, 0);
  track_expect_no_more();
}

struct record {
  int field;
  std::string name;
  int array[3];
};

/* Every borrow's owner; the borrows are all that the log holds but for `s`. */
void assert_all_borrow_from_s(size_t borrows) {
  bscope_graph *graph = bscope_get_graph();
  assert_non_null(graph);
  assert_int_equal(bscope_graph_edge_count(graph), borrows);
  for (size_t i = 0; i < borrows; i++) {
    bscope_edge edge;
    bscope_node owner;
    assert_int_equal(bscope_graph_edge(graph, i, &edge), 0);
    assert_int_equal(bscope_graph_node(graph, edge.to, &owner), 0);
    assert_string_equal(owner.id, "s_0");
    assert_false(edge.inferred);
  }
  bscope_graph_free(graph);
}

void a_part_of_a_variable_is_its_owner_s(void **) {
  track_begin();
  record s = track_new("s", record{1, "name", {1, 2, 3}});
  track_borrow("a", s.field);
  track_borrow_mut("b", s.name);
  track_borrow("c", s.array[1]);
  record &d = track_borrow("d", s);
  track_borrow("e", d.field);
  record *p = track_borrow("p", &s);
  track_borrow("g", *p);
  track_borrow("h", p->field);
  track_borrow("i", (s.field));
  {
    BSCOPE_REF(const int &, k, s.field);
    BSCOPE_MUT(std::string &, m, p->name);
  }
  assert_all_borrow_from_s(11);
  track_end();
}

void forms_by_address_record_what_they_say(void **) {
  constexpr unsigned by = BSCOPE_SITE_BY_ADDRESS;
  int block[4] = {0, 0, 0, 0};
  int *none = nullptr;
  char name[] = "made";
  track_begin();
  new_at("none", none, 9);
  drop_at(none);
  drop_at(nullptr);
  new_at("b", block, sizeof(block));
  borrow_mut_at("m", &block[1]);
  borrow_range_at("r", block, 8);
  use_at(block, "b");
  move_at(block, "c");
  drop_at(block);
  void *heap = realloc_at(nullptr, 16);
  uint64_t heap_word = word(heap);
  free(heap);
  track_new_named(name, 1);
  track_drop_named(name);
  new_at_typed("t", "my type", block, 4);
  name[0] = 'z';
  bscope_event event = track_expect(BSCOPE_KIND_NEW, "b", nullptr, by);
  track_words(&event, address_word, word(block), BSCOPE_WORD_SIZE, sizeof(block));
  event = track_expect(BSCOPE_KIND_BORROW, "m", nullptr, by | BSCOPE_SITE_MUTABLE);
  track_words(&event, none_word, 0, address_word, word(block + 1));
  event = track_expect(BSCOPE_KIND_BORROW, "r", nullptr, by | BSCOPE_SITE_RANGE);
  track_words(&event, BSCOPE_WORD_SIZE, 8, address_word, word(block));
  event = track_expect(BSCOPE_KIND_DEREF, "b", nullptr, by);
  track_words(&event, address_word, word(block), none_word, 0);
  event = track_expect(BSCOPE_KIND_MOVE, nullptr, "c", by);
  track_words(&event, address_word, word(block), none_word, 0);
  event = track_expect(BSCOPE_KIND_DROP, nullptr, nullptr, by);
  track_words(&event, address_word, word(block), none_word, 0);
  event = track_expect(BSCOPE_KIND_RESIZE_BEGIN, nullptr, nullptr, by);
  track_words(&event, address_word, 0, BSCOPE_WORD_SIZE, 16);
  event = track_expect(BSCOPE_KIND_HEAP_REALLOC, nullptr, nullptr, by);
  track_words(&event, address_word, heap_word, BSCOPE_WORD_SIZE, 16);
  track_expect(BSCOPE_KIND_NEW, "made", nullptr, 0);
  track_expect(BSCOPE_KIND_DROP, "made", nullptr, 0);
  assert_string_equal(track_expect(BSCOPE_KIND_NEW, "t", nullptr, by).type_name, "my type");
  track_expect_no_more();
}

void scoped_forms_declare_and_record(void **) {
  uint64_t at[4];
  track_begin();
  {
    BSCOPE_LET(std::vector<int>, v, {1, 2, 3});
    BSCOPE_LET(int[3], a, {1, 2, 3});
    BSCOPE_LET_AUTO(kept, 2.5);
    BSCOPE_KEEP(kept);
    BSCOPE_REF(const std::vector<int> &, reference, v);
    BSCOPE_MUT(int *, pointer, &a[1]);
    BSCOPE_REF(std::string_view, view, "text");
    *pointer += int(reference.size() + view.size());
    assert_int_equal(a[1], 9);
    at[0] = word(&v);
    at[1] = word(a);
    at[2] = word(&pointer);
    at[3] = word(&kept);
  }
  bscope_event event = track_expect(BSCOPE_KIND_NEW, "v", nullptr, scoped);
  track_words(&event, address_word, at[0], none_word, 0);
  assert_string_equal(event.type_name, "std::vector<int>");
  assert_int_equal(event.extent, sizeof(std::vector<int>));
  event = track_expect(BSCOPE_KIND_NEW, "a", nullptr, scoped);
  assert_string_equal(event.type_name, "int[3]");
  assert_string_equal(track_expect(BSCOPE_KIND_NEW, "kept", nullptr, scoped).type_name, "double");
  event = track_expect(BSCOPE_KIND_BORROW, "reference", nullptr, scoped | place);
  track_words(&event, none_word, 0, address_word, at[0]);
  event = track_expect(BSCOPE_KIND_BORROW, "pointer", nullptr, scoped | BSCOPE_SITE_MUTABLE);
  track_words(&event, address_word, at[2], address_word, at[1] + sizeof(int));
  event = track_expect(BSCOPE_KIND_BORROW, "view", nullptr, scoped);
  assert_int_equal(event.object_is, none_word);
  track_expect(BSCOPE_KIND_DROP, "view", nullptr, ends_scope);
  event = track_expect(BSCOPE_KIND_DROP, "pointer", nullptr, ends_scope);
  track_words(&event, address_word, at[2], none_word, 0);
  event = track_expect(BSCOPE_KIND_DROP, "reference", nullptr, ends_scope);
  track_words(&event, none_word, 0, none_word, 0);
  event = track_expect(BSCOPE_KIND_DROP, "kept", nullptr, kept_flags);
  track_words(&event, address_word, at[3], none_word, 0);
  track_expect(BSCOPE_KIND_DROP, "a", nullptr, scoped);
  event = track_expect(BSCOPE_KIND_DROP, "v", nullptr, scoped);
  track_words(&event, address_word, at[0], none_word, 0);
  track_expect_no_more();
}

int leave(int how) {
  BSCOPE_LET(int, outer, how);
  for (int i = 0; i < 2; i++) {
    BSCOPE_LET(int, inner, i);
    if (how == 0)
      break;
    if (how == 1)
      return inner;
    if (how == 2)
      throw std::runtime_error("out");
    if (how == 3)
      goto out;
  }
out:
  return outer;
}

void scopes_end_on_every_exit(void **) {
  for (int how = 0; how < 5; how++) {
    track_begin();
    bool threw = false;
    try {
      leave(how);
    } catch (const std::runtime_error &) {
      threw = true;
    }
    assert_int_equal(threw, how == 2);
    track_expect(BSCOPE_KIND_NEW, "outer", nullptr, scoped);
    for (int i = 0; i < (how == 4 ? 2 : 1); i++) {
      track_expect(BSCOPE_KIND_NEW, "inner", nullptr, scoped);
      track_expect(BSCOPE_KIND_DROP, "inner", nullptr, scoped);
    }
    track_expect(BSCOPE_KIND_DROP, "outer", nullptr, scoped);
    track_expect_no_more();
  }
}

} // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(values_keep_type_and_category),
      cmocka_unit_test(noexcept_follows_the_move),
      cmocka_unit_test(values_are_made_once_and_moved_once),
      cmocka_unit_test(temporaries_live_to_the_end_of_the_expression),
      cmocka_unit_test(macros_stand_where_calls_may),
      cmocka_unit_test(borrows_tell_where_they_point),
      cmocka_unit_test(a_part_of_a_variable_is_its_owner_s),
      cmocka_unit_test(forms_by_address_record_what_they_say),
      cmocka_unit_test(scoped_forms_declare_and_record),
      cmocka_unit_test(scopes_end_on_every_exit),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
