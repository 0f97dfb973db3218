/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each call of the vocabulary once, in C and in C++, with what it has to record. A file that includes this defines
 * EXPECT(kind, name, name2, type, flags, subject_is, subject, object_is, object) to note an event, and then makes the
 * calls with vocabulary_calls().
 */
#ifndef BSCOPE_TEST_VOCABULARY_CALLS_H
#define BSCOPE_TEST_VOCABULARY_CALLS_H

#include <borrowscope/track.h>
#include <stdint.h>

struct vocabulary_layout {
  char first;
  int second;
  double third;
  const char *fourth;
  unsigned short last;
};

static int vocabulary_heap[16] = {1, 2, 3};
static int vocabulary_moved[4];
static struct vocabulary_layout vocabulary_object = {'a', -7, 2.5, "text", 9};
static int *vocabulary_none;
static unsigned vocabulary_evaluated;

/* The value of a call, to be evaluated once and to come back. */
static inline int *vocabulary_value(void) {
  vocabulary_evaluated++;
  return vocabulary_heap;
}

#define AT_(p) BSCOPE_ADDRESS_(p)
#define NAMES_(kind, name, name2, type) EXPECT(kind, name, name2, type, 0, NONE, 0, NONE, 0)
#define OF_(kind, name) NAMES_(kind, name, NULL, NULL)
#define NUMBER_(kind, name, number) EXPECT(kind, name, NULL, NULL, 0, NONE, 0, VALUE, number)
#define EVENT_(kind, id, name, name2, type) EXPECT(kind, name, name2, type, 0, VALUE, id, NONE, 0)
#define ID_(kind, id, name, name2, type) EXPECT(kind, name, name2, type, 0, ID, id, NONE, 0)
#define COUNTS_(strong, weak) bscope_counts_(strong, weak)
/* The value comes back, evaluated once. */
#define GIVES_(call)                                                                                                   \
  (vocabulary_evaluated = 0, assert_ptr_equal(call, vocabulary_heap), assert_int_equal(vocabulary_evaluated, 1))
#define V_ vocabulary_value()

static void vocabulary_owners(void) {
  GIVES_(bscope_track_new("x", V_)), NAMES_(NEW, "x", NULL, "int *");
  GIVES_(bscope_track_borrow("r", V_));
  EXPECT(BORROW, "r", NULL, "int *", 0, NONE, 0, ADDRESS, AT_(vocabulary_heap));
  GIVES_(bscope_track_borrow_mut("m", V_));
  EXPECT(BORROW, "m", NULL, "int *", BSCOPE_SITE_MUTABLE, NONE, 0, ADDRESS, AT_(vocabulary_heap));
  GIVES_(bscope_track_move("x", "y", V_));
  EXPECT(MOVE, "x", "y", "int *", 0, NONE, 0, ADDRESS, AT_(vocabulary_heap));
  bscope_track_drop("y"), OF_(DROP, "y");
  GIVES_(bscope_track_box_new("b", V_)), NAMES_(BOX_NEW, "b", NULL, "int");
  GIVES_(bscope_track_box_into_raw("b", V_)), OF_(BOX_INTO_RAW, "b");
  GIVES_(bscope_track_box_from_raw("b", V_)), NAMES_(BOX_FROM_RAW, "b", NULL, "int");
  GIVES_(bscope_track_pin_new("p", V_)), OF_(PIN_NEW, "p");
  GIVES_(bscope_track_pin_into_inner("p", V_)), OF_(PIN_INTO_INNER, "p");
  GIVES_(bscope_track_cow_borrowed("c", V_)), OF_(COW_BORROWED, "c");
  GIVES_(bscope_track_cow_owned("c", V_)), OF_(COW_OWNED, "c");
  bscope_track_cow_to_mut("c", true), NUMBER_(COW_TO_MUT, "c", 1);
  GIVES_(bscope_track_maybe_uninit_uninit("u", V_)), NUMBER_(MAYBE_UNINIT_NEW, "u", 0);
  GIVES_(bscope_track_maybe_uninit_new("u", V_)), NUMBER_(MAYBE_UNINIT_NEW, "u", 1);
  GIVES_(bscope_track_maybe_uninit_write("u", V_)), OF_(MAYBE_UNINIT_WRITE, "u");
  GIVES_(bscope_track_maybe_uninit_assume_init("u", V_)), OF_(MAYBE_UNINIT_ASSUME_INIT, "u");
  GIVES_(bscope_track_maybe_uninit_assume_init_read("u", V_)), OF_(MAYBE_UNINIT_ASSUME_INIT_READ, "u");
  bscope_track_maybe_uninit_assume_init_drop("u"), OF_(MAYBE_UNINIT_ASSUME_INIT_DROP, "u");
}

static void vocabulary_sharing(void) {
  GIVES_(bscope_track_rc_new("rc", V_)), EXPECT(RC_NEW, "rc", NULL, "int *", 0, NONE, 0, VALUE, COUNTS_(1, 0));
  GIVES_(bscope_track_rc_new("rc", V_, 2, 3)), EXPECT(RC_NEW, "rc", NULL, "int *", 0, NONE, 0, VALUE, COUNTS_(2, 3));
  GIVES_(bscope_track_rc_clone("rc2", "rc", V_)), NAMES_(RC_CLONE, "rc2", "rc", "int *");
  GIVES_(bscope_track_rc_clone("rc2", "rc", V_, 3, 1));
  EXPECT(RC_CLONE, "rc2", "rc", "int *", 0, NONE, 0, VALUE, COUNTS_(3, 1));
  GIVES_(bscope_track_arc_new("arc", V_)), EXPECT(ARC_NEW, "arc", NULL, "int *", 0, NONE, 0, VALUE, COUNTS_(1, 0));
  GIVES_(bscope_track_arc_clone("arc2", "arc", V_)), NAMES_(ARC_CLONE, "arc2", "arc", "int *");
  GIVES_(bscope_track_weak_new("w", "rc", V_)), NAMES_(WEAK_NEW, "w", "rc", "int *");
  GIVES_(bscope_track_weak_clone("w2", "w", V_, 2));
  EXPECT(WEAK_CLONE, "w2", "w", "int *", 0, NONE, 0, VALUE, 2);
  GIVES_(bscope_track_weak_upgrade("w", V_)), NUMBER_(WEAK_UPGRADE, "w", 1);
  assert_null(bscope_track_weak_upgrade_sync("w", vocabulary_none)), NUMBER_(WEAK_UPGRADE, "w", 0);
}

static void vocabulary_cells(void) {
  GIVES_(bscope_track_ref_cell_new("cell", V_)), NAMES_(REF_CELL_NEW, "cell", NULL, "int *");
  GIVES_(bscope_track_refcell_borrow("g", "cell", V_)), NAMES_(REF_CELL_BORROW, "g", "cell", NULL);
  GIVES_(bscope_track_ref_cell_borrow_mut("g", "cell", V_));
  EXPECT(REF_CELL_BORROW, "g", "cell", NULL, BSCOPE_SITE_MUTABLE, NONE, 0, NONE, 0);
  bscope_track_ref_cell_drop("g"), OF_(REF_CELL_DROP, "g");
  GIVES_(bscope_track_cell_new("n", V_)), NAMES_(CELL_NEW, "n", NULL, "int *");
  GIVES_(bscope_track_cell_get("n", V_)), OF_(CELL_GET, "n");
  bscope_track_cell_set("n"), OF_(CELL_SET, "n");
  GIVES_(bscope_track_once_cell_new("o", V_)), NAMES_(ONCE_CELL_NEW, "o", NULL, "OnceCell");
  GIVES_(bscope_track_once_lock_new("o", V_)), NAMES_(ONCE_CELL_NEW, "o", NULL, "OnceLock");
  assert_int_equal(bscope_track_once_cell_set("o", 0), 0), NUMBER_(ONCE_CELL_SET, "o", 0);
  GIVES_(bscope_track_once_cell_get("o", V_)), NUMBER_(ONCE_CELL_GET, "o", 1);
  GIVES_(bscope_track_once_cell_get_or_init("o", false, V_)), NUMBER_(ONCE_CELL_GET_OR_INIT, "o", 0);
  bscope_track_lock_guard_acquire("lg", "mutex", "RwLock::read");
  NAMES_(LOCK_GUARD_ACQUIRE, "lg", "mutex", "RwLock::read");
  bscope_track_lock_guard_drop("lg"), OF_(LOCK_GUARD_DROP, "lg");
  GIVES_(bscope_track_static_init("S", 1105, "int", true, V_));
  EXPECT(STATIC_INIT, "S", NULL, "int", 0, ID, 1105, VALUE, 1);
  bscope_track_static_access(1105, "S", 1), EXPECT(STATIC_ACCESS, "S", NULL, NULL, 0, ID, 1105, VALUE, 1);
  GIVES_(bscope_track_const_eval("K", 6, "int", V_)), EXPECT(CONST_EVAL, "K", NULL, "int", 0, VALUE, 6, NONE, 0);
  GIVES_(bscope_track_raw_ptr_created("q", 1107, "*const int", V_));
  EXPECT(RAW_PTR_CREATED, "q", NULL, "*const int", 0, ID, 1107, ADDRESS, AT_(vocabulary_heap));
  GIVES_(bscope_track_raw_ptr_mut("q", 1108, "*mut int", V_));
  EXPECT(RAW_PTR_CREATED, "q", NULL, "*mut int", BSCOPE_SITE_MUTABLE, ID, 1108, ADDRESS, AT_(vocabulary_heap));
  bscope_track_raw_ptr_deref(1108, false), EXPECT(RAW_PTR_DEREF, NULL, NULL, NULL, 0, ID, 1108, VALUE, 0);
}

static void vocabulary_threads(void) {
  assert_int_equal(bscope_track_thread_spawn("worker", 4), 4), OF_(THREAD_SPAWN, "worker");
  assert_int_equal(bscope_track_thread_join("worker", 5), 5), OF_(THREAD_JOIN, "worker");
  bscope_track_channel("c");
  NAMES_(CHANNEL_SENDER_NEW, "c_tx", "c", NULL), NAMES_(CHANNEL_RECEIVER_NEW, "c_rx", "c", NULL);
  GIVES_(bscope_track_channel_send("c_tx", V_)), OF_(CHANNEL_SEND, "c_tx");
  GIVES_(bscope_track_channel_recv("c_rx", V_)), NUMBER_(CHANNEL_RECV, "c_rx", 1);
}

static void vocabulary_scopes(unsigned id) {
  bscope_track_unsafe_block_enter(id), ID_(UNSAFE_BLOCK_ENTER, id, NULL, NULL, NULL);
  bscope_track_unsafe_block_enter_enriched(id, "deref", "of p"), ID_(UNSAFE_BLOCK_ENTER, id, NULL, "of p", "deref");
  bscope_track_unsafe_block_exit(id), ID_(UNSAFE_BLOCK_EXIT, id, NULL, NULL, NULL);
  bscope_track_async_block_enter(id), ID_(ASYNC_BLOCK_ENTER, id, NULL, NULL, NULL);
  bscope_track_async_block_exit(id), ID_(ASYNC_BLOCK_EXIT, id, NULL, NULL, NULL);
  bscope_track_await_start(id, "fetch"), ID_(AWAIT_START, id, "fetch", NULL, NULL);
  bscope_track_await_start_with_live_vars(id, "fetch", "a", "b"), ID_(AWAIT_START, id, "fetch", NULL, NULL);
  bscope_track_await_end(id), ID_(AWAIT_END, id, NULL, NULL, NULL);
  bscope_track_loop_enter(id, "while"), ID_(LOOP_ENTER, id, NULL, NULL, "while");
  bscope_track_loop_iteration(id, 3), EXPECT(LOOP_ITERATION, NULL, NULL, NULL, 0, ID, id, VALUE, 3);
  bscope_track_loop_exit(id), ID_(LOOP_EXIT, id, NULL, NULL, NULL);
  bscope_track_match_enter(id), ID_(MATCH_ENTER, id, NULL, NULL, NULL);
  bscope_track_match_arm(id, 1, "case 1"), EXPECT(MATCH_ARM, "case 1", NULL, NULL, 0, ID, id, VALUE, 1);
  bscope_track_match_arm_with_bindings(id, 2, "case 2", "n"),
      EXPECT(MATCH_ARM, "case 2", NULL, NULL, 0, ID, id, VALUE, 2);
  bscope_track_match_exit(id), ID_(MATCH_EXIT, id, NULL, NULL, NULL);
  bscope_track_region_enter(id, "parse"), ID_(REGION_ENTER, id, "parse", NULL, NULL);
  bscope_track_region_exit(id), ID_(REGION_EXIT, id, NULL, NULL, NULL);
  bscope_track_fn_enter(id, "main"), ID_(FN_ENTER, id, "main", NULL, NULL);
  bscope_track_fn_exit(id, "main"), ID_(FN_EXIT, id, "main", NULL, NULL);
  bscope_track_closure_create(id, "by_move"), ID_(CLOSURE_CREATE, id, "closure", NULL, "by_move");
  bscope_track_closure_create_with_trait(id + 1, "by_ref", "Fn"),
      ID_(CLOSURE_CREATE, id + 1, "closure", "Fn", "by_ref");
  bscope_track_closure_capture(id, "x", "by_ref"), ID_(CLOSURE_CAPTURE, id, "closure", "x", "by_ref");
}

static void vocabulary_doings(void) {
  bscope_track_branch(1, "then"), EVENT_(BRANCH, 1, NULL, NULL, "then");
  bscope_track_return(2, true), EXPECT(RETURN, NULL, NULL, NULL, 0, VALUE, 2, VALUE, 1);
  bscope_track_try(3), EVENT_(TRY, 3, NULL, NULL, NULL);
  bscope_track_break(4, "outer"), EVENT_(BREAK, 4, "outer", NULL, NULL);
  bscope_track_continue(5, NULL), EVENT_(CONTINUE, 5, NULL, NULL, NULL);
  bscope_track_index_access(6, "a"), EVENT_(INDEX_ACCESS, 6, "a", NULL, NULL);
  bscope_track_field_access(7, "s", "f"), EVENT_(FIELD_ACCESS, 7, "s", "f", NULL);
  bscope_track_call(8, "puts"), EVENT_(CALL, 8, "puts", NULL, NULL);
  bscope_track_method_call(9, "len", "Vec", "usize"), EVENT_(CALL, 9, "len", "usize", "Vec");
  bscope_track_lock(10, "Mutex", "m"), EVENT_(LOCK, 10, "m", NULL, "Mutex");
  bscope_track_unwrap(11, "expect", "v"), EVENT_(UNWRAP, 11, "v", NULL, "expect");
  bscope_track_clone(12, "v"), EVENT_(CLONE, 12, "v", NULL, NULL);
  bscope_track_deref(13, "v"), EVENT_(DEREF, 13, "v", NULL, NULL);
  bscope_track_struct_create(14, "point"), EVENT_(STRUCT_CREATE, 14, NULL, NULL, "point");
  bscope_track_tuple_create(15, 2), EXPECT(TUPLE_CREATE, NULL, NULL, NULL, 0, VALUE, 15, VALUE, 2);
  bscope_track_array_create(16, 8), EXPECT(ARRAY_CREATE, NULL, NULL, NULL, 0, VALUE, 16, VALUE, 8);
  bscope_track_let_else(17, "Some(x)"), EVENT_(LET_ELSE, 17, "Some(x)", NULL, NULL);
  bscope_track_range(18, "half_open"), EVENT_(RANGE, 18, NULL, NULL, "half_open");
  bscope_track_binary_op(19, "+"), EVENT_(BINARY_OP, 19, NULL, NULL, "+");
  bscope_track_type_cast(20, "long"), EVENT_(TYPE_CAST, 20, NULL, NULL, "long");
  bscope_track_unsafe_fn_call("f"), OF_(UNSAFE_FN_CALL, "f");
  bscope_track_ffi_call("g"), OF_(FFI_CALL, "g");
  bscope_track_transmute("int", "float"), NAMES_(TRANSMUTE, "int", "float", NULL);
  bscope_track_union_field_access("u", "f"), NAMES_(UNION_FIELD_ACCESS, "u", "f", NULL);
}

static void vocabulary_memory(void) {
  uint64_t at = AT_(&vocabulary_object), second = offsetof(struct vocabulary_layout, second);
  uint64_t last = offsetof(struct vocabulary_layout, last);
  double third = 2.5;
  uint64_t bits;
  memcpy(&bits, &third, sizeof(bits));
  bscope_track_stack_addr("n", vocabulary_evaluated);
  EXPECT(STACK_ADDR, "n", NULL, "unsigned int", 0, ADDRESS, AT_(&vocabulary_evaluated), SIZE, sizeof(unsigned));
  bscope_track_stack_field("o", vocabulary_object, first);
  EXPECT(STACK_FIELD, "o", "first", "char", 0, VALUE, 'a', VALUE, 0);
  bscope_track_stack_field("o", vocabulary_object, second);
  EXPECT(STACK_FIELD, "o", "second", "int", 0, VALUE, ~UINT64_C(6), VALUE, second);
  bscope_track_stack_field("o", vocabulary_object, third);
  EXPECT(STACK_FIELD, "o", "third", "double", 0, VALUE, bits, VALUE, offsetof(struct vocabulary_layout, third));
  bscope_track_stack_field("o", vocabulary_object, fourth);
  EXPECT(STACK_FIELD, "o", "fourth", "const char *", 0, VALUE, AT_(vocabulary_object.fourth), VALUE,
         offsetof(struct vocabulary_layout, fourth));
  bscope_track_stack_padding("o", vocabulary_object, first, second);
  EXPECT(STACK_PADDING, "o.first", NULL, NULL, 0, ADDRESS, at + 1, VALUE, second - 1);
  bscope_track_stack_padding("o", vocabulary_object, third, fourth); /* there is none */
  bscope_track_stack_padding_end("o", vocabulary_object, last);
  EXPECT(STACK_PADDING, "o.last", NULL, NULL, 0, ADDRESS, at + last + 2, VALUE, sizeof(vocabulary_object) - last - 2);
  bscope_track_heap_addr("h", vocabulary_heap, 12, 64);
  EXPECT(HEAP_ADDR, "h", NULL, NULL, 0, ADDRESS, AT_(vocabulary_heap), SIZE, 12);
  bscope_track_heap_addr("h", NULL, 12, 64); /* no block */
  bscope_track_heap_realloc("h", vocabulary_heap, vocabulary_moved, 12, 24);
  EXPECT(RESIZE_BEGIN, "h", NULL, NULL, BSCOPE_SITE_BY_ADDRESS, ADDRESS, AT_(vocabulary_heap), SIZE, 24);
  EXPECT(HEAP_REALLOC, "h", NULL, NULL, BSCOPE_SITE_BY_ADDRESS, ADDRESS, AT_(vocabulary_moved), SIZE, 24);
}

static void vocabulary_ids(void) {
  GIVES_(bscope_track_new_with_id(1001, "x", "int *", V_)), ID_(NEW, 1001, "x", NULL, "int *");
  GIVES_(bscope_track_borrow_with_id(1002, 1001, "r", false, V_)),
      EXPECT(BORROW, "r", NULL, NULL, 0, ID, 1002, ID, 1001);
  GIVES_(bscope_track_borrow_with_id(1003, 1001, "r", true, V_));
  EXPECT(BORROW, "r", NULL, NULL, BSCOPE_SITE_MUTABLE, ID, 1003, ID, 1001);
  GIVES_(bscope_track_borrow_mut_with_id(1004, 1001, "m", V_));
  EXPECT(BORROW, "m", NULL, NULL, BSCOPE_SITE_MUTABLE, ID, 1004, ID, 1001);
  GIVES_(bscope_track_move_with_id(1001, 1005, "y", V_)), EXPECT(MOVE, NULL, "y", NULL, 0, ID, 1001, ID, 1005);
  bscope_track_drop_with_id(1005), ID_(DROP, 1005, NULL, NULL, NULL);
  GIVES_(bscope_track_rc_new_with_id(1006, "a", "T", V_)),
      EXPECT(RC_NEW, "a", NULL, "T", 0, ID, 1006, VALUE, COUNTS_(1, 0));
  GIVES_(bscope_track_arc_new_with_id(1009, "a", "T", V_, 4, 2));
  EXPECT(ARC_NEW, "a", NULL, "T", 0, ID, 1009, VALUE, COUNTS_(4, 2));
  GIVES_(bscope_track_rc_clone_with_id(1007, 1006, "b", V_)), EXPECT(RC_CLONE, "b", NULL, NULL, 0, ID, 1007, ID, 1006);
  GIVES_(bscope_track_arc_clone_with_id(1008, 1006, "c", V_, 2, 1)),
      EXPECT(ARC_CLONE, "c", NULL, NULL, 0, ID, 1008, ID, 1006);
}

static void vocabulary_calls(void) {
  vocabulary_owners();
  vocabulary_sharing();
  vocabulary_cells();
  vocabulary_threads();
  vocabulary_scopes(41);
  vocabulary_doings();
  vocabulary_memory();
  vocabulary_ids();
}

#endif
