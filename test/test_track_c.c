/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracking macros in C: what they give back, what they record, and that they may stand wherever they are said to.
 * Compiled as C11 and later by gcc and clang with all warnings as errors.
 */
#define BORROWSCOPE_SHORT_NAMES
#include <errno.h>
#include <stdbool.h>

#include <borrowscope/track.h>

#include <borrowscope/export.h>
#include <borrowscope/graph.h>

#include "track_events.h"

#define NONE BSCOPE_WORD_NONE
#define ADDRESS BSCOPE_WORD_ADDRESS
#define SIZE BSCOPE_WORD_SIZE
#define BY_ADDRESS BSCOPE_SITE_BY_ADDRESS
#define SCOPED BSCOPE_SITE_SCOPED
#define KEPT (BSCOPE_SITE_SCOPED | BSCOPE_SITE_KEPT)
#define ENDS_SCOPE (BSCOPE_SITE_SCOPED | BSCOPE_SITE_BORROWER_ONLY)

/* Words that the library's macros use inside must be free for programs to define. */
#define NEW 1
#define DROP 2
#define BORROW 3
#define VALUE 4
#define FIXED 5

struct pair {
  int first;
  unsigned bits : 3;
  unsigned long wide : 40;
};

static uintptr_t word(const void *pointer) {
  return (uintptr_t)pointer;
}

static int twice(int x) {
  return 2 * x;
}

#define IS(type, ...) _Static_assert(_Generic((__VA_ARGS__), type : 1, default : 0), #type)

static void values_keep_their_types(void **state) {
  (void)state;
  int array[3] = {1, 2, 3};
  const int constant = 4;
  volatile char letter = 'c';
  bool truth = true;
  struct pair pair = {.first = 5, .bits = 6, .wide = 1UL << 39};
  const struct pair *to_const = &pair;
  track_begin();
  IS(int *, track_new("x", array));
  IS(int (*)(int), track_new("x", twice));
  IS(int, track_new("x", constant));
  IS(char, track_new("x", letter));
  IS(bool, track_new("x", truth));
  IS(const char *, track_borrow("x", (const char *)"text"));
  IS(struct pair, track_move("x", "y", *to_const));
  IS(const struct pair *, borrow_at("x", to_const));
  IS(int *, new_at("x", array, sizeof(array)));
  IS(void *, realloc_at(array, 1));
  IS(long double, track_new("x", 1.0L));
  track_expect_no_more(); /* nothing above was evaluated */
  track_begin();
  assert_int_equal(track_new("x", array)[1], 2);
  assert_int_equal(track_new("x", twice)(4), 8);
  assert_int_equal(track_new("x", pair.bits), 6);
  assert_true(track_new("x", pair.wide) == 1UL << 39);
  assert_int_equal(track_move("x", "y", *to_const).first, 5);
  assert_int_equal(track_new("x", (struct pair){.first = 7, .bits = 1}).first, 7);
  assert_int_equal(track_new("x", truth ? 3 : 4), 3);
  track_end();
}

enum colour { RED, GREEN };

struct fields {
  unsigned few : 3;
  unsigned most : 31;
  unsigned all : 32;
  volatile unsigned shaky : 4;
  unsigned long of_long : 3;
  unsigned long half : 32;
  long with_sign : 5;
  long long longest : 7;
  unsigned char of_char : 3;
  _Bool truth : 1;
  enum colour colour : 2;
  enum colour whole;
};

/* Both as an operand: of the same type, hence the same result below zero. */
#define SAME_ARITHMETIC(...)                                                                                           \
  do {                                                                                                                 \
    _Static_assert(_Generic(+(__VA_ARGS__), __typeof__(+track_new("x", __VA_ARGS__)) : 1, default : 0), #__VA_ARGS__); \
    assert_true((double)((__VA_ARGS__)-9) == (double)(track_new("x", __VA_ARGS__) - 9));                               \
    assert_true((__VA_ARGS__) == track_new("x", __VA_ARGS__));                                                         \
  } while (0)

static void bit_fields_are_promoted(void **state) {
  (void)state;
  struct fields f = {5, 6, 7, 3, 4, 2, -3, -8, 1, true, GREEN, GREEN};
  const struct fields *p = &f;
  const volatile unsigned long qualified = 3;
  unsigned number = 8;
  track_begin();
  SAME_ARITHMETIC(f.few);
  SAME_ARITHMETIC(p->few);
  SAME_ARITHMETIC(f.most);
  SAME_ARITHMETIC(f.all);
  SAME_ARITHMETIC(f.shaky);
  SAME_ARITHMETIC(f.of_long);
  SAME_ARITHMETIC(f.half);
  SAME_ARITHMETIC(f.with_sign);
  SAME_ARITHMETIC(f.longest);
  SAME_ARITHMETIC(f.of_char);
  SAME_ARITHMETIC(f.truth);
  SAME_ARITHMETIC(f.colour);
  SAME_ARITHMETIC(f.whole);
  SAME_ARITHMETIC(qualified);
  SAME_ARITHMETIC(number);
  IS(unsigned long, track_new("x", qualified));
  IS(enum colour, track_new("x", f.whole));
  assert_true(track_move("x", "y", track_borrow("r", track_new("x", f.few))) - 6 < 0);
  assert_int_equal(track_new("x", number++), 8);
  assert_int_equal(number, 9);
  track_end();
}

static void values_are_evaluated_once(void **state) {
  (void)state;
  int calls = 0;
  int n = 2;
  track_begin();
  assert_int_equal(track_new("a", ++calls), 1);
  assert_int_equal(track_move("a", "b", track_borrow("c", track_new("d", ++calls))), 2);
  int table[2][2] = {{1, 2}, {3, 4}};
  int(*row)[n] = (int(*)[n])table;
  assert_int_equal((*track_new("row", row++))[1], 2); /* a variably modified type is evaluated where it is named */
  assert_int_equal((*row)[0], 3);
  int four[4] = {0};
  int *p = four;
  use_at(p++, "p");
  drop_at(p++);
  new_at("p", p++, (size_t)++calls);
  assert_ptr_equal(p, four + 3);
  bscope_enable(false);
  int before = calls;
  assert_int_equal(track_new("off", ++calls), before + 1);
  bscope_enable(true);
  track_expect(BSCOPE_KIND_NEW, "a", NULL, 0);
  track_expect(BSCOPE_KIND_NEW, "d", NULL, 0);
  track_expect(BSCOPE_KIND_BORROW, "c", NULL, 0);
  track_expect(BSCOPE_KIND_MOVE, "a", "b", 0);
  track_expect(BSCOPE_KIND_NEW, "row", NULL, 0);
  track_expect(BSCOPE_KIND_DEREF, "p", NULL, BY_ADDRESS);
  track_expect(BSCOPE_KIND_DROP, NULL, NULL, BY_ADDRESS);
  track_expect(BSCOPE_KIND_NEW, "p", NULL, BY_ADDRESS);
  track_expect_no_more();
}

static void forms_by_name_record_what_they_say(void **state) {
  (void)state;
  int x = 1;
  struct pair pair = {.first = 1};
  track_begin();
  uint32_t line = __LINE__ + 1;
  x = track_new("x", 5 + 1);
  track_borrow("r", &x);
  track_borrow_mut("m", &pair.first);
  track_borrow("s", pair);
  track_borrow("f", twice);
  track_move("x", "y", &x);
  track_move("x", "y", x);
  track_drop("y");
  borrow_end("r");
  const char *names[] = {"one", "two"};
  track_drop_batch(names, 2);

  struct bscope_event event = track_expect(BSCOPE_KIND_NEW, "x", NULL, 0);
  track_words(&event, NONE, 0, NONE, 0);
  assert_string_equal(event.text, "5 + 1");
  assert_string_equal(event.type_name, "int");
  assert_string_equal(event.function, "forms_by_name_record_what_they_say");
  assert_non_null(strstr(event.file, "test_track_c.c"));
  assert_int_equal(event.line, line);
  event = track_expect(BSCOPE_KIND_BORROW, "r", NULL, 0);
  track_words(&event, NONE, 0, ADDRESS, word(&x));
  assert_string_equal(event.text, "&x");
  assert_string_equal(event.type_name, "int *");
  event = track_expect(BSCOPE_KIND_BORROW, "m", NULL, BSCOPE_SITE_MUTABLE);
  track_words(&event, NONE, 0, ADDRESS, word(&pair.first));
  assert_string_equal(event.text, "&pair.first");
  event = track_expect(BSCOPE_KIND_BORROW, "s", NULL, 0);
  track_words(&event, NONE, 0, NONE, 0);
  assert_null(event.type_name);
  event = track_expect(BSCOPE_KIND_BORROW, "f", NULL, 0);
  track_words(&event, NONE, 0, ADDRESS, (uintptr_t)twice);
  event = track_expect(BSCOPE_KIND_MOVE, "x", "y", 0);
  track_words(&event, NONE, 0, ADDRESS, word(&x));
  event = track_expect(BSCOPE_KIND_MOVE, "x", "y", 0);
  track_words(&event, NONE, 0, NONE, 0);
  event = track_expect(BSCOPE_KIND_DROP, "y", NULL, 0);
  track_words(&event, NONE, 0, NONE, 0);
  track_expect(BSCOPE_KIND_DROP, "r", NULL, BSCOPE_SITE_BORROWER_ONLY);
  track_expect(BSCOPE_KIND_DROP, "one", NULL, 0);
  track_expect(BSCOPE_KIND_DROP, "two", NULL, 0);
  track_expect_no_more();
}

static void forms_by_address_record_what_they_say(void **state) {
  (void)state;
  int *none = NULL;
  int block[4] = {0};
  track_begin();
  assert_null(new_at("none", none, 9));
  drop_at(none);
  assert_ptr_equal(new_at("b", block, sizeof(block)), block);
  assert_ptr_equal(borrow_at("r", block + 1), block + 1);
  assert_ptr_equal(borrow_mut_at("m", &block[2]), block + 2);
  assert_ptr_equal(borrow_range_at("rr", block, 8), block);
  assert_ptr_equal(borrow_mut_range_at("mr", block + 2, 8), block + 2);
  assert_ptr_equal(use_at(block, "b"), block);
  assert_ptr_equal(move_at(block, "c"), block);
  drop_at(block);
  resize_end_at(resize_begin_at(none, 16), 16);

  struct bscope_event event = track_expect(BSCOPE_KIND_NEW, "b", NULL, BY_ADDRESS);
  track_words(&event, ADDRESS, word(block), SIZE, sizeof(block));
  assert_string_equal(event.type_name, "int");
  assert_string_equal(event.text, "block");
  event = track_expect(BSCOPE_KIND_BORROW, "r", NULL, BY_ADDRESS);
  track_words(&event, NONE, 0, ADDRESS, word(block + 1));
  assert_string_equal(event.text, "block + 1");
  event = track_expect(BSCOPE_KIND_BORROW, "m", NULL, BY_ADDRESS | BSCOPE_SITE_MUTABLE);
  track_words(&event, NONE, 0, ADDRESS, word(block + 2));
  event = track_expect(BSCOPE_KIND_BORROW, "rr", NULL, BY_ADDRESS | BSCOPE_SITE_RANGE);
  track_words(&event, SIZE, 8, ADDRESS, word(block));
  event = track_expect(BSCOPE_KIND_BORROW, "mr", NULL, BY_ADDRESS | BSCOPE_SITE_RANGE | BSCOPE_SITE_MUTABLE);
  track_words(&event, SIZE, 8, ADDRESS, word(block + 2));
  event = track_expect(BSCOPE_KIND_DEREF, "b", NULL, BY_ADDRESS);
  track_words(&event, ADDRESS, word(block), NONE, 0);
  event = track_expect(BSCOPE_KIND_MOVE, NULL, "c", BY_ADDRESS);
  track_words(&event, ADDRESS, word(block), NONE, 0);
  event = track_expect(BSCOPE_KIND_DROP, NULL, NULL, BY_ADDRESS);
  track_words(&event, ADDRESS, word(block), NONE, 0);
  assert_string_equal(event.text, "block");
  event = track_expect(BSCOPE_KIND_RESIZE_BEGIN, NULL, NULL, BY_ADDRESS);
  track_words(&event, ADDRESS, 0, SIZE, 16);
  event = track_expect(BSCOPE_KIND_HEAP_REALLOC, NULL, NULL, BY_ADDRESS);
  track_words(&event, ADDRESS, 0, SIZE, 16);
  track_expect_no_more();
}

/* Sanitizers end the program at a size that malloc refuses, unless told otherwise. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
  return "allocator_may_return_null=1";
}
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) {
  return "allocator_may_return_null=1";
}

static void realloc_is_recorded_with_its_outcome(void **state) {
  (void)state;
  char *block = calloc(1, 16);
  uintptr_t old = word(block);
  track_begin();
  char *moved = realloc_at(block, 1 << 20);
  assert_non_null(moved);
  errno = 0;
  volatile size_t most = SIZE_MAX / 2 - 1; /* one more would be an error to valgrind */
  assert_null(realloc_at(NULL, most));
  assert_int_equal(errno, ENOMEM);

  struct bscope_event event = track_expect(BSCOPE_KIND_RESIZE_BEGIN, NULL, NULL, BY_ADDRESS);
  track_words(&event, ADDRESS, old, SIZE, 1 << 20);
  assert_string_equal(event.text, "block");
  event = track_expect(BSCOPE_KIND_HEAP_REALLOC, NULL, NULL, BY_ADDRESS);
  track_words(&event, ADDRESS, word(moved), SIZE, 1 << 20);
  event = track_expect(BSCOPE_KIND_RESIZE_BEGIN, NULL, NULL, BY_ADDRESS);
  track_words(&event, ADDRESS, 0, SIZE, most);
  event = track_expect(BSCOPE_KIND_HEAP_REALLOC, NULL, NULL, BY_ADDRESS);
  track_words(&event, ADDRESS, 0, SIZE, most);
  track_expect_no_more();
  free(moved);
}

static void names_and_types_may_be_given(void **state) {
  (void)state;
  char name[] = "made_0";
  int x = 0;
  struct pair pair = {0};
  track_begin();
  for (; name[5] < '2'; name[5]++) {
    track_new_named(name, 7);
    track_drop_named(name);
  }
  track_borrow_named("r", &x);
  borrow_end_named("r");
  track_move_named(name, "to", 1);
  new_at_named(name, &x, sizeof(x));
  move_at_named(&x, "to");
  track_new_typed("pair", "struct pair", pair);
  new_at_typed("pair", "struct pair", &pair, sizeof(pair));
  memset(name, 'z', 5); /* the library keeps copies */

  track_expect(BSCOPE_KIND_NEW, "made_0", NULL, 0);
  track_expect(BSCOPE_KIND_DROP, "made_0", NULL, 0);
  struct bscope_event event = track_expect(BSCOPE_KIND_NEW, "made_1", NULL, 0);
  assert_string_equal(event.type_name, "int");
  track_expect(BSCOPE_KIND_DROP, "made_1", NULL, 0);
  event = track_expect(BSCOPE_KIND_BORROW, "r", NULL, 0);
  track_words(&event, NONE, 0, ADDRESS, word(&x));
  track_expect(BSCOPE_KIND_DROP, "r", NULL, BSCOPE_SITE_BORROWER_ONLY);
  track_expect(BSCOPE_KIND_MOVE, "made_2", "to", 0);
  event = track_expect(BSCOPE_KIND_NEW, "made_2", NULL, BY_ADDRESS);
  track_words(&event, ADDRESS, word(&x), SIZE, sizeof(x));
  event = track_expect(BSCOPE_KIND_MOVE, NULL, "to", BY_ADDRESS);
  track_words(&event, ADDRESS, word(&x), NONE, 0);
  assert_string_equal(track_expect(BSCOPE_KIND_NEW, "pair", NULL, 0).type_name, "struct pair");
  assert_string_equal(track_expect(BSCOPE_KIND_NEW, "pair", NULL, BY_ADDRESS).type_name, "struct pair");
  track_expect_no_more();
}

static void types_of_scalars_are_named(void **state) {
  (void)state;
  short s = 1;
  const unsigned char *u = NULL;
  char **strings = NULL;
  const void *v = NULL;
  struct pair pair = {0};
  static const char *const wanted[] = {"short", "const unsigned char *", "char **", "const void *", "_Bool", "double",
                                       NULL};
  track_begin();
  track_new("t", s);
  track_new("t", u);
  track_new("t", strings);
  track_new("t", v);
  track_new("t", (_Bool)1);
  track_new("t", 2.5);
  track_new("t", &pair);
  for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
    track_same_text(track_expect(BSCOPE_KIND_NEW, "t", NULL, 0).type_name, i == 6 ? NULL : wanted[i]);
  track_expect_no_more();
}

static void text_is_what_was_written(void **state) {
  (void)state;
  track_begin();
  errno = 33;
  int e = track_new("e", errno);
  int d = track_new(NULL, NEW);
  assert_int_equal(e, 33);
  assert_int_equal(d, 1);
  assert_int_equal(errno, 33); /* also at a site's first execution */
  assert_string_equal(track_expect(BSCOPE_KIND_NEW, "e", NULL, 0).text, "errno");
  assert_string_equal(track_expect(BSCOPE_KIND_NEW, NULL, NULL, 0).text, "NEW");
  track_expect_no_more();
}

static int leave_by_return(int how) {
  BSCOPE_LET(int, outer, how);
  for (int i = 0; i < 3; i++) {
    BSCOPE_LET(int, inner, i);
    if (how == 0 && inner == 1)
      break;
    if (how == 1 && inner == 1)
      return outer;
    if (how == 2 && inner == 1)
      goto out;
    if (inner < 5)
      continue;
  }
out:
  return -1;
}

static void expect_scope(const char *name, bool ends) {
  struct bscope_event event = track_expect(ends ? BSCOPE_KIND_DROP : BSCOPE_KIND_NEW, name, NULL, SCOPED);
  assert_int_equal(event.subject_is, ADDRESS);
  assert_int_not_equal(event.subject, 0);
  assert_int_equal(event.extent, ends ? 0 : sizeof(int));
}

static void scopes_end_on_every_exit(void **state) {
  (void)state;
  for (int how = 0; how < 4; how++) {
    track_begin();
    leave_by_return(how);
    expect_scope("outer", false);
    for (int i = 0; i < (how == 3 ? 3 : 2); i++) {
      expect_scope("inner", false);
      expect_scope("inner", true);
    }
    expect_scope("outer", true);
    track_expect_no_more();
  }
}

static void scoped_forms_declare_and_record(void **state) {
  (void)state;
  uintptr_t at[5];
  track_begin();
  {
    BSCOPE_LET(int[3], a, {1, 2, 3});
    BSCOPE_LET(struct pair, p, {.first = 1, .bits = 2});
    BSCOPE_REF(const int *, r, &a[1]);
    BSCOPE_MUT(struct pair *, m, &p);
    BSCOPE_LET_AUTO(kept, 2.5);
    IS(double, kept);
    BSCOPE_KEEP(kept);
    m->first = *r + a[2];
    assert_int_equal(p.first, 5);
    at[0] = word(a);
    at[1] = word(&p);
    at[2] = word(&r);
    at[3] = word(&m);
    at[4] = word(&kept);
  }
  struct bscope_event event = track_expect(BSCOPE_KIND_NEW, "a", NULL, SCOPED);
  track_words(&event, ADDRESS, at[0], NONE, 0);
  assert_int_equal(event.extent, 3 * sizeof(int));
  assert_string_equal(event.type_name, "int[3]");
  event = track_expect(BSCOPE_KIND_NEW, "p", NULL, SCOPED);
  assert_string_equal(event.type_name, "struct pair");
  event = track_expect(BSCOPE_KIND_BORROW, "r", NULL, SCOPED);
  track_words(&event, ADDRESS, at[2], ADDRESS, at[0] + sizeof(int));
  assert_string_equal(event.text, "&a[1]");
  assert_string_equal(event.type_name, "const int *");
  assert_int_equal(event.extent, sizeof(void *));
  event = track_expect(BSCOPE_KIND_BORROW, "m", NULL, SCOPED | BSCOPE_SITE_MUTABLE);
  track_words(&event, ADDRESS, at[3], ADDRESS, at[1]);
  assert_string_equal(track_expect(BSCOPE_KIND_NEW, "kept", NULL, SCOPED).type_name, "double");
  event = track_expect(BSCOPE_KIND_DROP, "kept", NULL, KEPT);
  track_words(&event, ADDRESS, at[4], NONE, 0);
  event = track_expect(BSCOPE_KIND_DROP, "m", NULL, ENDS_SCOPE);
  track_words(&event, ADDRESS, at[3], NONE, 0);
  event = track_expect(BSCOPE_KIND_DROP, "r", NULL, ENDS_SCOPE);
  track_words(&event, ADDRESS, at[2], NONE, 0);
  event = track_expect(BSCOPE_KIND_DROP, "p", NULL, SCOPED);
  track_words(&event, ADDRESS, at[1], NONE, 0);
  event = track_expect(BSCOPE_KIND_DROP, "a", NULL, SCOPED);
  track_words(&event, ADDRESS, at[0], NONE, 0);
  track_expect_no_more();
}

#ifndef __clang__ /* which refuses to jump past a cleanup */
static __attribute__((noinline)) int jump_past(int where) {
  switch (where) {
  case 0:;
    BSCOPE_LET(int, passed, 4);
    __attribute__((fallthrough));
  case 1:
    return where + 1;
  default:
    return 0;
  }
}

static void a_scope_entered_past_its_beginning_ends_silently(void **state) {
  (void)state;
  if (getenv("BSCOPE_TEST_VALGRIND")) /* the end of such a scope reads what the stack held before */
    skip();
  track_begin();
  for (int i = 0; i < 4; i++)
    assert_int_equal(jump_past(i % 2), i % 2 + 1);
  for (int i = 0; i < 2; i++) {
    expect_scope("passed", false);
    expect_scope("passed", true);
  }
  track_expect_no_more();
}
#endif

/* Sites in a plain inline function, and nothing else in it that ISO C forbids there. */
int test_inline_function(int x);
inline int test_inline_function(int x) {
  BSCOPE_LET(int, y, track_new("x", x));
  track_drop("x");
  return use_at(&y, "y")[0];
}
extern int test_inline_function(int x);

static void inline_functions_may_track(void **state) {
  (void)state;
  track_begin();
  for (int i = 0; i < 2; i++)
    assert_int_equal(test_inline_function(i), i);
  for (int i = 0; i < 2; i++) {
    assert_string_equal(track_expect(BSCOPE_KIND_NEW, "x", NULL, 0).function, "test_inline_function");
    expect_scope("y", false);
    track_expect(BSCOPE_KIND_DROP, "x", NULL, 0);
    track_expect(BSCOPE_KIND_DEREF, "y", NULL, BY_ADDRESS);
    expect_scope("y", true);
  }
  track_expect_no_more();
}

static void other_languages_intern_and_emit(void **state) {
  (void)state;
  struct bscope_site_info info = {
      .size = sizeof(info),
      .kind = BSCOPE_KIND_NEW,
      .subject_is = BSCOPE_WORD_ID,
      .line = 12,
      .name = "from_python",
      .type = "list",
      .file = "script.py",
      .function = "main",
  };
  const struct bscope_site *site = bscope_site_intern(&info);
  assert_non_null(site);
  assert_ptr_equal(site, bscope_site_intern(&info));
  track_begin();
  bscope_emit(site, 42, 0);
  struct bscope_event event = track_expect(BSCOPE_KIND_NEW, "from_python", NULL, 0);
  track_words(&event, BSCOPE_WORD_ID, 42, NONE, 0);
  assert_string_equal(event.file, "script.py");
  assert_int_equal(event.line, 12);
  track_expect_no_more();
}

__attribute__((noinline)) static int *make_and_hand_out(uintptr_t *place) {
  BSCOPE_LET(int *, p, malloc(sizeof(*p)));
  *place = word(&p);
  BSCOPE_KEEP(p);
  return p;
}

/* The place of what was handed out is not the variable any more; the variable is there until it is dropped. */
static void what_is_kept_lives_without_its_place(void **state) {
  (void)state;
  uintptr_t place[2];
  int *block[2];
  track_begin();
  for (int i = 0; i < 2; i++)
    block[i] = make_and_hand_out(&place[i]);
  borrow_at("r", (char *)place[0]);
  track_drop("p");
  struct bscope_graph *graph = bscope_get_graph();
  struct bscope_graph_summary summary;
  struct bscope_node node;
  assert_non_null(graph);
  assert_int_equal(bscope_graph_get_summary(graph, &summary), 0);
  assert_int_equal(summary.overwritten, 0);
  assert_int_equal(summary.unknown_owners, 1);
  assert_int_equal(summary.drops, 1);
  assert_int_equal(bscope_graph_node(graph, 0, &node), 0);
  assert_int_equal(node.ending, BSCOPE_ENDING_NONE);
  assert_int_equal(bscope_graph_node(graph, 1, &node), 0);
  assert_int_equal(node.ending, BSCOPE_ENDING_DROPPED);
  bscope_graph_free(graph);
  char *text = bscope_export_json_to_string();
  assert_non_null(text);
  assert_non_null(strstr(text, "\"type\": \"Drop\", \"timestamp\": 5"));
  assert_null(strstr(text, "\"type\": \"Drop\", \"timestamp\": 1")); /* the end of the block is no event */
  bscope_string_free(text);
  track_end();
  free(block[0]);
  free(block[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_keep_their_types),
      cmocka_unit_test(bit_fields_are_promoted),
      cmocka_unit_test(values_are_evaluated_once),
      cmocka_unit_test(forms_by_name_record_what_they_say),
      cmocka_unit_test(forms_by_address_record_what_they_say),
      cmocka_unit_test(realloc_is_recorded_with_its_outcome),
      cmocka_unit_test(names_and_types_may_be_given),
      cmocka_unit_test(types_of_scalars_are_named),
      cmocka_unit_test(text_is_what_was_written),
      cmocka_unit_test(scopes_end_on_every_exit),
      cmocka_unit_test(scoped_forms_declare_and_record),
      cmocka_unit_test(what_is_kept_lives_without_its_place),
#ifndef __clang__
      cmocka_unit_test(a_scope_entered_past_its_beginning_ends_silently),
#endif
      cmocka_unit_test(inline_functions_may_track),
      cmocka_unit_test(other_languages_intern_and_emit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
