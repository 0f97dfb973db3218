/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How each kind of event is written as JSON, read from what its call recorded: the fields of the vocabulary, stated
 * here once more, in their order and of their types; and the values of the less plain ones.
 */
#include <borrowscope/export.h>

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define EXPECT(kind, name, name2, type, flags, subject_is, subject, object_is, object) ((void)(subject), (void)(object))

#include "vocabulary_calls.h"

/* A kind and its fields: S a string, U a number, B true or false, n a string or null; s, u, b and
 * l (an array of strings) may be missing. */
static const char *const wanted[] = {
    "New Svar_name Svar_id Stype_name",
    "Borrow Sborrower_name Sborrower_id Sowner_id Bmutable",
    "Move Sfrom_id Sto_name Sto_id",
    "Drop Svar_id slocation",
    "RcNew Svar_name Svar_id Stype_name Ustrong_count Uweak_count",
    "RcClone Svar_name Svar_id Ssource_id Ustrong_count Uweak_count",
    "ArcNew Svar_name Svar_id Stype_name Ustrong_count Uweak_count",
    "ArcClone Svar_name Svar_id Ssource_id Ustrong_count Uweak_count",
    "RefCellNew Svar_name Svar_id Stype_name",
    "RefCellBorrow Sborrow_id Srefcell_id Bis_mutable Slocation",
    "RefCellDrop Sborrow_id Slocation",
    "CellNew Svar_name Svar_id Stype_name",
    "CellGet Scell_id Slocation",
    "CellSet Scell_id Slocation",
    "StaticInit Svar_name Svar_id Stype_name Bis_mutable",
    "StaticAccess Svar_id Svar_name Bis_write Slocation",
    "ConstEval Sconst_name Sconst_id Stype_name Slocation",
    "RawPtrCreated Svar_name Svar_id Sptr_type Uaddress Slocation",
    "RawPtrDeref Sptr_id Slocation Bis_write",
    "UnsafeBlockEnter Sblock_id Slocation soperation_kind soperation_context",
    "UnsafeBlockExit Sblock_id Slocation",
    "UnsafeFnCall Sfn_name Slocation",
    "FfiCall Sfn_name Slocation",
    "Transmute Sfrom_type Sto_type Slocation",
    "UnionFieldAccess Sunion_name Sfield_name Slocation",
    "AsyncBlockEnter Sblock_id Slocation",
    "AsyncBlockExit Sblock_id Slocation",
    "AwaitStart Sawait_id Sfuture_name Slocation llive_variables",
    "AwaitEnd Sawait_id Slocation",
    "LoopEnter Sloop_id Sloop_type Slocation",
    "LoopIteration Sloop_id Uiteration Slocation",
    "LoopExit Sloop_id Slocation",
    "MatchEnter Smatch_id Slocation",
    "MatchArm Smatch_id Uarm_index Spattern Slocation lbindings",
    "MatchExit Smatch_id Slocation",
    "Branch Sbranch_id Sbranch_type Slocation",
    "Return Sreturn_id Bhas_value Slocation",
    "Try Stry_id Slocation",
    "IndexAccess Saccess_id Scontainer Slocation",
    "FieldAccess Saccess_id Sbase Sfield Slocation",
    "Call Scall_id Sfn_name Slocation sreceiver_type sresult_type",
    "Lock Slock_id Slock_type Svar_name Slocation",
    "Unwrap Sunwrap_id Smethod Svar_name Slocation",
    "Clone Sclone_id Svar_name Slocation",
    "Deref Sderef_id Svar_name Slocation",
    "Break Sbreak_id nloop_label Slocation",
    "Continue Scontinue_id nloop_label Slocation",
    "ClosureCreate Sclosure_id Scapture_mode Slocation sfn_trait",
    "StructCreate Sstruct_id Stype_name Slocation",
    "TupleCreate Stuple_id Ulen Slocation",
    "LetElse Slet_id Spattern Slocation",
    "Range Srange_id Srange_type Slocation",
    "BinaryOp Sop_id Soperator Slocation",
    "ArrayCreate Sarray_id Ulen Slocation",
    "TypeCast Scast_id Sto_type Slocation",
    "RegionEnter Sregion_id Sname Slocation",
    "RegionExit Sregion_id Slocation",
    "FnEnter Sfn_id Sfn_name Slocation",
    "FnExit Sfn_id Sfn_name Slocation",
    "ClosureCapture Sclosure_id Svar_name Scapture_mode Slocation",
    "WeakNew Svar_name Svar_id Ssource_id Uweak_count Slocation",
    "WeakClone Svar_name Svar_id Ssource_id Uweak_count Slocation",
    "WeakUpgrade Sweak_id Bsuccess Slocation",
    "BoxNew Svar_name Svar_id Stype_name Slocation",
    "BoxIntoRaw Sbox_id Slocation",
    "BoxFromRaw Svar_name Svar_id Slocation",
    "LockGuardAcquire Sguard_id Slock_id Slock_type Slocation",
    "LockGuardDrop Sguard_id Slocation",
    "PinNew Svar_name Svar_id Slocation",
    "PinIntoInner Spin_id Slocation",
    "CowBorrowed Svar_name Svar_id Slocation",
    "CowOwned Svar_name Svar_id Slocation",
    "CowToMut Scow_id Bcloned Slocation",
    "ThreadSpawn Sthread_id Slocation",
    "ThreadJoin Sthread_id Slocation",
    "ChannelSenderNew Ssender_id Schannel_id Slocation",
    "ChannelReceiverNew Sreceiver_id Schannel_id Slocation",
    "ChannelSend Ssender_id Slocation",
    "ChannelRecv Sreceiver_id Bsuccess Slocation",
    "OnceCellNew Svar_name Svar_id Scell_type Slocation",
    "OnceCellSet Scell_id Bsuccess Slocation",
    "OnceCellGet Scell_id Bwas_initialized Slocation",
    "OnceCellGetOrInit Scell_id Bwas_initialized Slocation",
    "MaybeUninitNew Svar_name Svar_id Binitialized Slocation",
    "MaybeUninitWrite Svar_id Slocation",
    "MaybeUninitAssumeInit Svar_id Slocation",
    "MaybeUninitAssumeInitRead Svar_id Slocation",
    "MaybeUninitAssumeInitDrop Svar_id Slocation",
    "StackAddr Svar_name Svar_id Uaddr Usize Stype_name Slocation",
    "StackField Svar_id Sfield_name Sfield_value Uoffset",
    "HeapAddr Svar_id Sowner_name Uaddr Usize Ucapacity Scontent_preview",
    "HeapRealloc Svar_id Uold_addr Unew_addr Uold_size Unew_size",
    "StackPadding Safter_var Uaddr Ubytes",
};

/* What ours adds behind them. */
static const char common[] = "Uthread utime_ns sfile uline sfunction binferred bambiguous";

static json_t *document;

static int setup(void **state) {
  (void)state;
  char *text;
  json_error_t error;
  (void)bscope_start(NULL);
  vocabulary_calls();
  text = bscope_export_json_to_string();
  assert_non_null(text);
  document = json_loads(text, JSON_REJECT_DUPLICATES, &error);
  bscope_string_free(text);
  return document ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  json_decref(document);
  return 0;
}

static bool is_of_type(char type, const json_t *value) {
  switch (type) {
  case 'U':
  case 'u':
    return json_is_number(value);
  case 'B':
  case 'b':
    return json_is_boolean(value);
  case 'l':
    return json_is_array(value) && json_array_size(value) > 0;
  case 'n':
    return json_is_string(value) || json_is_null(value);
  default:
    return json_is_string(value);
  }
}

/* The members from *iterator on are those of the row, less such as may be missing. */
static void *take_fields(json_t *event, void *iterator, const char *row) {
  const char *type = json_string_value(json_object_get(event, "type"));
  for (const char *at = row; *at; at += strspn(at, " ")) {
    char key[40], letter = *at++;
    size_t size = strcspn(at, " ");
    snprintf(key, sizeof(key), "%.*s", (int)size, at);
    at += size;
    if (iterator && strcmp(json_object_iter_key(iterator), key) == 0) {
      if (!is_of_type(letter, json_object_iter_value(iterator)))
        fail_msg("%s of %s is of another type", key, type);
      iterator = json_object_iter_next(event, iterator);
      if (iterator && strstr(json_object_iter_key(iterator), "_hex"))
        iterator = json_object_iter_next(event, iterator);
    } else if (!strchr("slbu", letter)) {
      fail_msg("%s of %s is not there: %s", key, type, iterator ? json_object_iter_key(iterator) : "(end)");
    }
  }
  return iterator;
}

static void fields_are_those_of_the_vocabulary(void **state) {
  (void)state;
  bool seen[sizeof(wanted) / sizeof(wanted[0])] = {false};
  json_t *events = json_object_get(document, "events");
  size_t i;
  json_t *event;
  json_array_foreach(events, i, event) {
    const char *type = json_string_value(json_object_get(event, "type"));
    size_t row = 0, size = strlen(type);
    while (row < sizeof(wanted) / sizeof(wanted[0]) &&
           !(strncmp(wanted[row], type, size) == 0 && wanted[row][size] == ' '))
      row++;
    assert_in_range(row, 0, sizeof(wanted) / sizeof(wanted[0]) - 1);
    seen[row] = true;
    void *iterator = take_fields(event, json_object_iter(event), "Stype Utimestamp");
    iterator = take_fields(event, iterator, wanted[row] + size + 1);
    if (strcmp(type, "HeapRealloc") == 0)
      iterator = take_fields(event, iterator, "bfailed");
    if (strcmp(type, "Deref") == 0)
      iterator = take_fields(event, iterator, "svar_id");
    iterator = take_fields(event, iterator, common);
    if (iterator)
      fail_msg("%s has a field %s", type, json_object_iter_key(iterator));
  }
  for (size_t row = 0; row < sizeof(wanted) / sizeof(wanted[0]); row++)
    if (!seen[row])
      fail_msg("no event %s", wanted[row]);
}

/* The n-th event of a type. */
static json_t *event_of(const char *type, size_t n) {
  size_t i;
  json_t *event;
  json_array_foreach(json_object_get(document, "events"), i, event) {
    if (strcmp(json_string_value(json_object_get(event, "type")), type) == 0 && n-- == 0)
      return event;
  }
  fail_msg("no %s", type);
  return NULL;
}

static void is_text(const char *type, size_t n, const char *key, const char *text) {
  const char *found = json_string_value(json_object_get(event_of(type, n), key));
  if (!found || strcmp(found, text) != 0)
    fail_msg("%s of %s is '%s', not '%s'", key, type, found ? found : "(none)", text);
}

static void is_number(const char *type, size_t n, const char *key, json_int_t number) {
  assert_int_equal(json_integer_value(json_object_get(event_of(type, n), key)), number);
}

static void is_true(const char *type, size_t n, const char *key, bool truth) {
  assert_int_equal(json_is_true(json_object_get(event_of(type, n), key)), truth);
}

static void values_are_those_of_the_calls(void **state) {
  (void)state;
  is_number("RcNew", 1, "strong_count", 2), is_number("RcNew", 1, "weak_count", 3);
  is_number("RcNew", 0, "strong_count", 1), is_number("RcNew", 0, "weak_count", 0);
  is_number("ArcClone", 1, "strong_count", 2), is_number("ArcClone", 1, "weak_count", 1);
  is_number("WeakClone", 0, "weak_count", 2);
  is_true("WeakUpgrade", 0, "success", true), is_true("WeakUpgrade", 1, "success", false);
  is_true("RefCellBorrow", 0, "is_mutable", false), is_true("RefCellBorrow", 1, "is_mutable", true);
  is_true("StaticInit", 0, "is_mutable", true), is_true("RawPtrDeref", 0, "is_write", false);
  is_text("ConstEval", 0, "const_id", "6"), is_text("LoopEnter", 0, "loop_id", "41");
  is_text("LoopEnter", 0, "loop_type", "while"), is_number("LoopIteration", 0, "iteration", 3);
  is_text("Branch", 0, "branch_id", "1"), is_text("Break", 0, "loop_label", "outer");
  assert_true(json_is_null(json_object_get(event_of("Continue", 0), "loop_label")));
  is_text("Call", 1, "receiver_type", "Vec"), is_text("Call", 1, "result_type", "usize");
  assert_null(json_object_get(event_of("Call", 0), "result_type"));
  is_text("UnsafeBlockEnter", 1, "operation_kind", "deref"),
      is_text("UnsafeBlockEnter", 1, "operation_context", "of p");
  assert_null(json_object_get(event_of("AwaitStart", 0), "live_variables"));
  assert_string_equal(
      json_string_value(json_array_get(json_object_get(event_of("AwaitStart", 1), "live_variables"), 1)), "b");
  is_text("ClosureCapture", 0, "var_name", "x"), is_text("ClosureCapture", 0, "capture_mode", "by_ref");
  is_text("ChannelSenderNew", 0, "channel_id", "c"), is_text("OnceCellNew", 1, "cell_type", "OnceLock");
  is_text("LockGuardAcquire", 0, "lock_type", "RwLock::read");
  is_number("StackAddr", 0, "size", sizeof(unsigned)), is_number("StackAddr", 0, "addr", 0);
  is_text("StackAddr", 0, "location", "");
  is_text("StackField", 0, "field_value", "97"), is_text("StackField", 1, "field_value", "-7");
  is_text("StackField", 2, "field_value", "2.5"), is_text("StackField", 3, "field_value", "0x0");
  is_number("StackField", 2, "offset", offsetof(struct vocabulary_layout, third));
  is_text("StackPadding", 0, "after_var", "o.first"), is_number("StackPadding", 0, "bytes", 3);
  is_number("HeapAddr", 0, "size", 12), is_number("HeapAddr", 0, "capacity", 64);
  is_text("HeapAddr", 0, "content_preview", "\\x01\\x00\\x00\\x00\\x02\\x00\\x00\\x00\\x03\\x00\\x00\\x00");
}

/* Numbers that callers gave link: the borrow has the owner that was made with that id, whatever their names. */
static void ids_link(void **state) {
  (void)state;
  json_t *borrow = NULL, *event;
  size_t i;
  json_array_foreach(json_object_get(document, "events"), i, event) {
    const char *owner = json_string_value(json_object_get(event, "owner_id"));
    if (owner && strcmp(owner, "x_1001") == 0)
      borrow = event;
  }
  assert_non_null(borrow);
  assert_string_equal(json_string_value(json_object_get(borrow, "borrower_id")), "m_1004");
  json_t *moved = event_of("Move", 1);
  assert_string_equal(json_string_value(json_object_get(moved, "from_id")), "x_1001");
  assert_string_equal(json_string_value(json_object_get(moved, "to_id")), "y_1005");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fields_are_those_of_the_vocabulary),
      cmocka_unit_test(values_are_those_of_the_calls),
      cmocka_unit_test(ids_link),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
