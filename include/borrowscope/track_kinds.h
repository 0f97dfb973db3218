/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls of the other kinds (kinds.h has them all in one table, doc/kinds.md explains each), made of a few forms.
 * Included by track.h.
 *
 * What track.h says of its macros holds here too: `value` comes last, is evaluated once and given back; names, types
 * and texts are string constants; numbers are of any integer type; the place of the call is recorded by itself. Who is
 * meant by a name is found as with bscope_track_drop; the _with_id forms at the end say it by numbers instead.
 *
 * Calls that many values share take their words from these: loop types for, while, loop; branch types then, else;
 * capture modes by_ref, by_mut_ref, by_move; lock types Mutex, RwLock::read, RwLock::write; range types half_open,
 * closed.
 */
#ifndef BORROWSCOPE_TRACK_KINDS_H
#define BORROWSCOPE_TRACK_KINDS_H

/* --- The forms ------------------------------------------------------------------------------------------------- */

/* A variable, or two, and a value that tells nothing (bscope_value) or whether it is true (bscope_truth). */
#define BSCOPE_OF_(kind, flags, word, name, name2, typed, type, ...)                                                   \
  BSCOPE_GIVE_(BSCOPE_KIND_##kind, flags, BSCOPE_WORD_NONE, 0, word, 0, bscope_fixed, name, name2, typed, type,        \
               #__VA_ARGS__, __VA_ARGS__)

/* The same with a number beside the value. */
#define BSCOPE_SAYING_(kind, number, name, typed, type, ...)                                                           \
  BSCOPE_GIVE_(BSCOPE_KIND_##kind, 0, BSCOPE_WORD_NONE, 0, bscope_said, number, bscope_fixed, name, BSCOPE_NULL_,      \
               typed, type, #__VA_ARGS__, __VA_ARGS__)

/* A variable that has a number of its own, and perhaps another beside it (bscope_said). */
#define BSCOPE_NUMBERED_(kind, flags, id_is, id, word, number, name, type, ...)                                        \
  BSCOPE_GIVE_(BSCOPE_KIND_##kind, flags, id_is, id, word, number, bscope_fixed, name, BSCOPE_NULL_, bscope_stated,    \
               type, #__VA_ARGS__, __VA_ARGS__)

/* No value: names and a type; an event's own number (_EVENT_) or that of a scope or variable (_ID_), and perhaps
 * another. */
#define BSCOPE_WORDS_(kind, subject_is, subject, object_is, object, name, name2, type)                                 \
  BSCOPE_TELL_(BSCOPE_KIND_##kind, 0, 0, subject_is, subject, object_is, object, bscope_fixed, name, name2,            \
               bscope_stated, type)
#define BSCOPE_NAMES_(kind, name, name2, type)                                                                         \
  BSCOPE_WORDS_(kind, BSCOPE_WORD_NONE, 0, BSCOPE_WORD_NONE, 0, name, name2, type)
#define BSCOPE_EVENT_(kind, id, name, name2, type)                                                                     \
  BSCOPE_WORDS_(kind, BSCOPE_WORD_VALUE, id, BSCOPE_WORD_NONE, 0, name, name2, type)
#define BSCOPE_EVENT_AND_(kind, id, number)                                                                            \
  BSCOPE_WORDS_(kind, BSCOPE_WORD_VALUE, id, BSCOPE_WORD_VALUE, number, BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_NULL_)
#define BSCOPE_ID_(kind, id, name, name2, type)                                                                        \
  BSCOPE_WORDS_(kind, BSCOPE_WORD_ID, id, BSCOPE_WORD_NONE, 0, name, name2, type)
#define BSCOPE_ID_AND_(kind, id, number, name)                                                                         \
  BSCOPE_WORDS_(kind, BSCOPE_WORD_ID, id, BSCOPE_WORD_VALUE, number, name, BSCOPE_NULL_, BSCOPE_NULL_)

/* How many arguments there are, 1 to 3. */
#define BSCOPE_COUNT_(...) BSCOPE_THIRD_BEHIND_(__VA_ARGS__, 3, 2, 1, 0)
#define BSCOPE_THIRD_BEHIND_(a, b, c, count, ...) count

/* Of a value that is shared, its counts may follow it. Where they don't, a C++ value that counts is asked. */
#define BSCOPE_SHARED_1_(kind, word, said, counts, name, name2, value)                                                 \
  BSCOPE_GIVE_(BSCOPE_KIND_##kind, 0, BSCOPE_WORD_NONE, 0, word, said, bscope_fixed, name, name2, bscope_deduced,      \
               BSCOPE_NULL_, #value, value)
#define BSCOPE_SHARED_2_(kind, word, said, counts, name, name2, value, weak)                                           \
  BSCOPE_SHARED_1_(kind, bscope_said, counts(0, weak), counts, name, name2, value)
#define BSCOPE_SHARED_3_(kind, word, said, counts, name, name2, value, strong, weak)                                   \
  BSCOPE_SHARED_1_(kind, bscope_said, counts(strong, weak), counts, name, name2, value)
#define BSCOPE_SHARED_(kind, word, said, name, name2, ...)                                                             \
  BSCOPE_JOIN_(BSCOPE_JOIN_(BSCOPE_SHARED_, BSCOPE_COUNT_(__VA_ARGS__)), _)                                            \
  (kind, word, said, bscope_counts_, name, name2, __VA_ARGS__)

/* --- Reference counts (RcNew, RcClone, ArcNew, ArcClone, WeakNew, WeakClone, WeakUpgrade) ---------------------------
 */

/*
 * `name` begins to share a value: the first to hold it (_new), one more that holds what `source` does (_clone), or one
 * that only watches it (weak). Behind the value stand its counts, if the program knows them: strong, weak; of a weak
 * one its count alone. Else they are those that the calls come to. p = bscope_track_rc_clone("q", "p", object_ref(p));
 */
#define bscope_track_rc_new(name, ...)                                                                                 \
  BSCOPE_SHARED_(RC_NEW, bscope_first, bscope_counts_(1, 0), name, BSCOPE_NULL_, __VA_ARGS__)
#define bscope_track_rc_clone(name, source, ...) BSCOPE_SHARED_(RC_CLONE, bscope_shared, 0, name, source, __VA_ARGS__)
#define bscope_track_arc_new(name, ...)                                                                                \
  BSCOPE_SHARED_(ARC_NEW, bscope_first, bscope_counts_(1, 0), name, BSCOPE_NULL_, __VA_ARGS__)
#define bscope_track_arc_clone(name, source, ...) BSCOPE_SHARED_(ARC_CLONE, bscope_shared, 0, name, source, __VA_ARGS__)
#define bscope_track_weak_new(name, source, ...) BSCOPE_SHARED_(WEAK_NEW, bscope_value, 0, name, source, __VA_ARGS__)
#define bscope_track_weak_clone(name, source, ...)                                                                     \
  BSCOPE_SHARED_(WEAK_CLONE, bscope_value, 0, name, source, __VA_ARGS__)

/* What `weak` watches was asked for: the value is what came of it, true (not NULL) if it is still there. */
#define bscope_track_weak_upgrade(weak, ...)                                                                           \
  BSCOPE_OF_(WEAK_UPGRADE, 0, bscope_truth, weak, BSCOPE_NULL_, bscope_none, BSCOPE_NULL_, __VA_ARGS__)

/* --- Run-time borrows and locks (RefCell…, Cell…, OnceCell…, LockGuard…) --------------------------------------------
 */

/* A variable whose borrows are judged when the program runs; and one that is copied out and in. */
#define bscope_track_ref_cell_new(name, ...)                                                                           \
  BSCOPE_OF_(REF_CELL_NEW, 0, bscope_value, name, BSCOPE_NULL_, bscope_deduced, BSCOPE_NULL_, __VA_ARGS__)
#define bscope_track_cell_new(name, ...)                                                                               \
  BSCOPE_OF_(CELL_NEW, 0, bscope_value, name, BSCOPE_NULL_, bscope_deduced, BSCOPE_NULL_, __VA_ARGS__)

/* `guard` borrows `cell`, for reading or for writing, until the guard is dropped. */
#define bscope_track_ref_cell_borrow(guard, cell, ...)                                                                 \
  BSCOPE_OF_(REF_CELL_BORROW, 0, bscope_value, guard, cell, bscope_none, BSCOPE_NULL_, __VA_ARGS__)
#define bscope_track_ref_cell_borrow_mut(guard, cell, ...)                                                             \
  BSCOPE_OF_(REF_CELL_BORROW, BSCOPE_SITE_MUTABLE, bscope_value, guard, cell, bscope_none, BSCOPE_NULL_, __VA_ARGS__)
#define bscope_track_ref_cell_drop(guard) BSCOPE_NAMES_(REF_CELL_DROP, guard, BSCOPE_NULL_, BSCOPE_NULL_)

/* The cell is read, the value being what was read; or written. */
#define bscope_track_cell_get(cell, ...)                                                                               \
  BSCOPE_OF_(CELL_GET, 0, bscope_value, cell, BSCOPE_NULL_, bscope_none, BSCOPE_NULL_, __VA_ARGS__)
#define bscope_track_cell_set(cell) BSCOPE_NAMES_(CELL_SET, cell, BSCOPE_NULL_, BSCOPE_NULL_)

/*
 * A cell that is written once (_lock_: by one of many threads). Of set the value is whether it succeeded, of get what
 * was found (true, not NULL, if the cell was initialised); of get_or_init the call says it.
 */
#define bscope_track_once_cell_new(name, ...)                                                                          \
  BSCOPE_OF_(ONCE_CELL_NEW, 0, bscope_value, name, BSCOPE_NULL_, bscope_stated, "OnceCell", __VA_ARGS__)
#define bscope_track_once_lock_new(name, ...)                                                                          \
  BSCOPE_OF_(ONCE_CELL_NEW, 0, bscope_value, name, BSCOPE_NULL_, bscope_stated, "OnceLock", __VA_ARGS__)
#define bscope_track_once_cell_set(cell, ...)                                                                          \
  BSCOPE_OF_(ONCE_CELL_SET, 0, bscope_truth, cell, BSCOPE_NULL_, bscope_none, BSCOPE_NULL_, __VA_ARGS__)
#define bscope_track_once_cell_get(cell, ...)                                                                          \
  BSCOPE_OF_(ONCE_CELL_GET, 0, bscope_truth, cell, BSCOPE_NULL_, bscope_none, BSCOPE_NULL_, __VA_ARGS__)
#define bscope_track_once_cell_get_or_init(cell, was_initialized, ...)                                                 \
  BSCOPE_SAYING_(ONCE_CELL_GET_OR_INIT, (was_initialized) ? 1 : 0, cell, bscope_none, BSCOPE_NULL_, __VA_ARGS__)

/* `guard` holds `lock` until it is dropped. No value. */
#define bscope_track_lock_guard_acquire(guard, lock, type) BSCOPE_NAMES_(LOCK_GUARD_ACQUIRE, guard, lock, type)
#define bscope_track_lock_guard_drop(guard) BSCOPE_NAMES_(LOCK_GUARD_DROP, guard, BSCOPE_NULL_, BSCOPE_NULL_)

/* --- Owners of one value (Box…, Pin…, Cow…, MaybeUninit…) -----------------------------------------------------------
 */

/* A heap value; one that is given up as a plain pointer, and one that is taken back from it. */
#define bscope_track_box_new(name, ...)                                                                                \
  BSCOPE_OF_(BOX_NEW, 0, bscope_value, name, BSCOPE_NULL_, bscope_pointee, BSCOPE_NULL_, __VA_ARGS__)
#define bscope_track_box_into_raw(box, ...)                                                                            \
  BSCOPE_OF_(BOX_INTO_RAW, 0, bscope_value, box, BSCOPE_NULL_, bscope_none, BSCOPE_NULL_, __VA_ARGS__)
#define bscope_track_box_from_raw(name, ...)                                                                           \
  BSCOPE_OF_(BOX_FROM_RAW, 0, bscope_value, name, BSCOPE_NULL_, bscope_pointee, BSCOPE_NULL_, __VA_ARGS__)

/* A value that may not move any more, and the end of that. */
#define bscope_track_pin_new(name, ...)                                                                                \
  BSCOPE_OF_(PIN_NEW, 0, bscope_value, name, BSCOPE_NULL_, bscope_none, BSCOPE_NULL_, __VA_ARGS__)
#define bscope_track_pin_into_inner(pin, ...)                                                                          \
  BSCOPE_OF_(PIN_INTO_INNER, 0, bscope_value, pin, BSCOPE_NULL_, bscope_none, BSCOPE_NULL_, __VA_ARGS__)

/* A value that is borrowed until it is written to; `cloned` says whether that made a copy. */
#define bscope_track_cow_borrowed(name, ...)                                                                           \
  BSCOPE_OF_(COW_BORROWED, 0, bscope_value, name, BSCOPE_NULL_, bscope_none, BSCOPE_NULL_, __VA_ARGS__)
#define bscope_track_cow_owned(name, ...)                                                                              \
  BSCOPE_OF_(COW_OWNED, 0, bscope_value, name, BSCOPE_NULL_, bscope_none, BSCOPE_NULL_, __VA_ARGS__)
#define bscope_track_cow_to_mut(cow, cloned)                                                                           \
  BSCOPE_WORDS_(COW_TO_MUT, BSCOPE_WORD_NONE, 0, BSCOPE_WORD_VALUE, (cloned) ? 1 : 0, cow, BSCOPE_NULL_, BSCOPE_NULL_)

/*
 * Memory that holds no value yet (_uninit) or does; is given one; is taken for a value (which ends it), read as one, or
 * ends with its value.
 */
#define bscope_track_maybe_uninit_uninit(name, ...)                                                                    \
  BSCOPE_SAYING_(MAYBE_UNINIT_NEW, 0, name, bscope_none, BSCOPE_NULL_, __VA_ARGS__)
#define bscope_track_maybe_uninit_new(name, ...)                                                                       \
  BSCOPE_SAYING_(MAYBE_UNINIT_NEW, 1, name, bscope_none, BSCOPE_NULL_, __VA_ARGS__)
#define bscope_track_maybe_uninit_write(name, ...)                                                                     \
  BSCOPE_OF_(MAYBE_UNINIT_WRITE, 0, bscope_value, name, BSCOPE_NULL_, bscope_none, BSCOPE_NULL_, __VA_ARGS__)
#define bscope_track_maybe_uninit_assume_init(name, ...)                                                               \
  BSCOPE_OF_(MAYBE_UNINIT_ASSUME_INIT, 0, bscope_value, name, BSCOPE_NULL_, bscope_none, BSCOPE_NULL_, __VA_ARGS__)
#define bscope_track_maybe_uninit_assume_init_read(name, ...)                                                          \
  BSCOPE_OF_(MAYBE_UNINIT_ASSUME_INIT_READ, 0, bscope_value, name, BSCOPE_NULL_, bscope_none, BSCOPE_NULL_, __VA_ARGS__)
#define bscope_track_maybe_uninit_assume_init_drop(name)                                                               \
  BSCOPE_NAMES_(MAYBE_UNINIT_ASSUME_INIT_DROP, name, BSCOPE_NULL_, BSCOPE_NULL_)

/* --- Threads and channels (Thread…, Channel…) -----------------------------------------------------------------------
 */

/* The value is what spawning or joining gave. */
#define bscope_track_thread_spawn(thread, ...)                                                                         \
  BSCOPE_OF_(THREAD_SPAWN, 0, bscope_value, thread, BSCOPE_NULL_, bscope_none, BSCOPE_NULL_, __VA_ARGS__)
#define bscope_track_thread_join(thread, ...)                                                                          \
  BSCOPE_OF_(THREAD_JOIN, 0, bscope_value, thread, BSCOPE_NULL_, bscope_none, BSCOPE_NULL_, __VA_ARGS__)

/*
 * The two ends of a channel; of a channel called "c" bscope_track_channel makes both, "c_tx" and "c_rx". The value is
 * what sending gave; of receiving, it is true (not 0, not NULL) if something came.
 */
#define bscope_track_channel_sender_new(sender, channel)                                                               \
  BSCOPE_NAMES_(CHANNEL_SENDER_NEW, sender, channel, BSCOPE_NULL_)
#define bscope_track_channel_receiver_new(receiver, channel)                                                           \
  BSCOPE_NAMES_(CHANNEL_RECEIVER_NEW, receiver, channel, BSCOPE_NULL_)
#define bscope_track_channel(channel)                                                                                  \
  (bscope_track_channel_sender_new(channel "_tx", channel), bscope_track_channel_receiver_new(channel "_rx", channel))
#define bscope_track_channel_send(sender, ...)                                                                         \
  BSCOPE_OF_(CHANNEL_SEND, 0, bscope_value, sender, BSCOPE_NULL_, bscope_none, BSCOPE_NULL_, __VA_ARGS__)
#define bscope_track_channel_recv(receiver, ...)                                                                       \
  BSCOPE_OF_(CHANNEL_RECV, 0, bscope_truth, receiver, BSCOPE_NULL_, bscope_none, BSCOPE_NULL_, __VA_ARGS__)

/* --- Statics, constants, plain pointers, unsafe code ----------------------------------------------------------------
 */

/* Variables and pointers with numbers of their own, which access and dereference repeat. */
#define bscope_track_static_init(name, id, type, is_mutable, ...)                                                      \
  BSCOPE_NUMBERED_(STATIC_INIT, 0, BSCOPE_WORD_ID, id, bscope_said, (is_mutable) ? 1 : 0, name, type, __VA_ARGS__)
#define bscope_track_static_access(id, name, is_write) BSCOPE_ID_AND_(STATIC_ACCESS, id, (is_write) ? 1 : 0, name)
#define bscope_track_const_eval(name, id, type, ...)                                                                   \
  BSCOPE_NUMBERED_(CONST_EVAL, 0, BSCOPE_WORD_VALUE, id, bscope_value, 0, name, type, __VA_ARGS__)
#define bscope_track_raw_ptr_created(name, id, type, ...)                                                              \
  BSCOPE_NUMBERED_(RAW_PTR_CREATED, 0, BSCOPE_WORD_ID, id, bscope_move, 0, name, type, __VA_ARGS__)
#define bscope_track_raw_ptr_created_mut(name, id, type, ...)                                                          \
  BSCOPE_NUMBERED_(RAW_PTR_CREATED, BSCOPE_SITE_MUTABLE, BSCOPE_WORD_ID, id, bscope_move, 0, name, type, __VA_ARGS__)
#define bscope_track_raw_ptr_deref(id, is_write) BSCOPE_ID_AND_(RAW_PTR_DEREF, id, (is_write) ? 1 : 0, BSCOPE_NULL_)

/* No value. `kind` and `context` say what the block is for. */
#define bscope_track_unsafe_block_enter(id) BSCOPE_ID_(UNSAFE_BLOCK_ENTER, id, BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_unsafe_block_enter_enriched(id, kind, context)                                                    \
  BSCOPE_ID_(UNSAFE_BLOCK_ENTER, id, BSCOPE_NULL_, context, kind)
#define bscope_track_unsafe_block_exit(id) BSCOPE_ID_(UNSAFE_BLOCK_EXIT, id, BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_unsafe_fn_call(function) BSCOPE_NAMES_(UNSAFE_FN_CALL, function, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_ffi_call(function) BSCOPE_NAMES_(FFI_CALL, function, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_transmute(from_type, to_type) BSCOPE_NAMES_(TRANSMUTE, from_type, to_type, BSCOPE_NULL_)
#define bscope_track_union_field_access(union_name, field)                                                             \
  BSCOPE_NAMES_(UNION_FIELD_ACCESS, union_name, field, BSCOPE_NULL_)

/* --- Scopes (enter and exit have the same number; no values) --------------------------------------------------------
 */

#define bscope_track_async_block_enter(id) BSCOPE_ID_(ASYNC_BLOCK_ENTER, id, BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_async_block_exit(id) BSCOPE_ID_(ASYNC_BLOCK_EXIT, id, BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_match_enter(id) BSCOPE_ID_(MATCH_ENTER, id, BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_match_exit(id) BSCOPE_ID_(MATCH_EXIT, id, BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_await_start(id, future) BSCOPE_ID_(AWAIT_START, id, future, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_await_start_with_live_vars(id, future, ...)                                                       \
  BSCOPE_TELL_LIST_(BSCOPE_KIND_AWAIT_START, id, BSCOPE_WORD_NONE, 0, future, __VA_ARGS__)
#define bscope_track_await_end(id) BSCOPE_ID_(AWAIT_END, id, BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_loop_enter(id, type) BSCOPE_ID_(LOOP_ENTER, id, BSCOPE_NULL_, BSCOPE_NULL_, type)
#define bscope_track_loop_iteration(id, iteration) BSCOPE_ID_AND_(LOOP_ITERATION, id, iteration, BSCOPE_NULL_)
#define bscope_track_loop_exit(id) BSCOPE_ID_(LOOP_EXIT, id, BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_match_arm(id, arm, pattern) BSCOPE_ID_AND_(MATCH_ARM, id, arm, pattern)
#define bscope_track_match_arm_with_bindings(id, arm, pattern, ...)                                                    \
  BSCOPE_TELL_LIST_(BSCOPE_KIND_MATCH_ARM, id, BSCOPE_WORD_VALUE, arm, pattern, __VA_ARGS__)
#define bscope_track_region_enter(id, name) BSCOPE_ID_(REGION_ENTER, id, name, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_region_exit(id) BSCOPE_ID_(REGION_EXIT, id, BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_fn_enter(id, function) BSCOPE_ID_(FN_ENTER, id, function, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_fn_exit(id, function) BSCOPE_ID_(FN_EXIT, id, function, BSCOPE_NULL_, BSCOPE_NULL_)

/* --- Closures: callbacks and what they hold -------------------------------------------------------------------------
 */

/* The closure is a variable with a number of its own; what it captures is borrowed by it, or moves into it. No values.
 */
#define bscope_track_closure_create(id, mode) BSCOPE_ID_(CLOSURE_CREATE, id, "closure", BSCOPE_NULL_, mode)
#define bscope_track_closure_create_with_trait(id, mode, fn_trait)                                                     \
  BSCOPE_ID_(CLOSURE_CREATE, id, "closure", fn_trait, mode)
#define bscope_track_closure_capture(id, name, mode) BSCOPE_ID_(CLOSURE_CAPTURE, id, "closure", name, mode)

/* --- What the program does (each event has a number; no values) -----------------------------------------------------
 */

#define bscope_track_branch(id, type) BSCOPE_EVENT_(BRANCH, id, BSCOPE_NULL_, BSCOPE_NULL_, type)
#define bscope_track_return(id, has_value) BSCOPE_EVENT_AND_(RETURN, id, (has_value) ? 1 : 0)
#define bscope_track_try(id) BSCOPE_EVENT_(TRY, id, BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_break(id, label) BSCOPE_EVENT_(BREAK, id, label, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_continue(id, label) BSCOPE_EVENT_(CONTINUE, id, label, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_index_access(id, container) BSCOPE_EVENT_(INDEX_ACCESS, id, container, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_field_access(id, base, field) BSCOPE_EVENT_(FIELD_ACCESS, id, base, field, BSCOPE_NULL_)
#define bscope_track_call(id, function) BSCOPE_EVENT_(CALL, id, function, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_method_call(id, function, receiver_type, result_type)                                             \
  BSCOPE_EVENT_(CALL, id, function, result_type, receiver_type)
#define bscope_track_lock(id, type, name) BSCOPE_EVENT_(LOCK, id, name, BSCOPE_NULL_, type)
#define bscope_track_unwrap(id, method, name) BSCOPE_EVENT_(UNWRAP, id, name, BSCOPE_NULL_, method)
#define bscope_track_clone(id, name) BSCOPE_EVENT_(CLONE, id, name, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_deref(id, name) BSCOPE_EVENT_(DEREF, id, name, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_struct_create(id, type) BSCOPE_EVENT_(STRUCT_CREATE, id, BSCOPE_NULL_, BSCOPE_NULL_, type)
#define bscope_track_tuple_create(id, length) BSCOPE_EVENT_AND_(TUPLE_CREATE, id, length)
#define bscope_track_array_create(id, length) BSCOPE_EVENT_AND_(ARRAY_CREATE, id, length)
#define bscope_track_let_else(id, pattern) BSCOPE_EVENT_(LET_ELSE, id, pattern, BSCOPE_NULL_, BSCOPE_NULL_)
#define bscope_track_range(id, type) BSCOPE_EVENT_(RANGE, id, BSCOPE_NULL_, BSCOPE_NULL_, type)
#define bscope_track_binary_op(id, operator) BSCOPE_EVENT_(BINARY_OP, id, BSCOPE_NULL_, BSCOPE_NULL_, operator)
#define bscope_track_type_cast(id, type) BSCOPE_EVENT_(TYPE_CAST, id, BSCOPE_NULL_, BSCOPE_NULL_, type)

/* --- Memory layout (no values) --------------------------------------------------------------------------------------
 */

/*
 * Where a variable lies, its size and type; a member of it, its offset and, if it is a number or a pointer, its value;
 * the padding between two members that follow each other, or behind the last, where there is any.
 */
#define bscope_track_stack_addr(name, variable)                                                                        \
  BSCOPE_TELL_(BSCOPE_KIND_STACK_ADDR, 0, 0, BSCOPE_WORD_ADDRESS, BSCOPE_ADDRESS_(&(variable)), BSCOPE_WORD_SIZE,      \
               sizeof(variable), bscope_fixed, name, BSCOPE_NULL_, bscope_deduced, variable)
#define bscope_track_stack_field(name, variable, member)                                                               \
  BSCOPE_TELL_(BSCOPE_KIND_STACK_FIELD, 0, BSCOPE_SCALAR_CLASS_((variable).member), BSCOPE_WORD_VALUE,                 \
               BSCOPE_SCALAR_BITS_((variable).member), BSCOPE_WORD_VALUE, BSCOPE_OFFSET_(variable, member),            \
               bscope_fixed, name, #member, bscope_deduced, (variable).member)
#define bscope_track_stack_padding(name, variable, member, next)                                                       \
  BSCOPE_PADDING_(name "." #member, variable, BSCOPE_BEHIND_(variable, member), BSCOPE_OFFSET_(variable, next))
#define bscope_track_stack_padding_end(name, variable, member)                                                         \
  BSCOPE_PADDING_(name "." #member, variable, BSCOPE_BEHIND_(variable, member), sizeof(variable))
#define BSCOPE_OFFSET_(variable, member) (BSCOPE_ADDRESS_(&(variable).member) - BSCOPE_ADDRESS_(&(variable)))
#define BSCOPE_BEHIND_(variable, member) (BSCOPE_OFFSET_(variable, member) + sizeof((variable).member))
#define BSCOPE_PADDING_(name, variable, from, to)                                                                      \
  ((to) > (from)                                                                                                       \
       ? BSCOPE_TELL_(BSCOPE_KIND_STACK_PADDING, 0, 0, BSCOPE_WORD_ADDRESS, BSCOPE_ADDRESS_(&(variable)) + (from),     \
                      BSCOPE_WORD_VALUE, (to) - (from), bscope_fixed, name, BSCOPE_NULL_, bscope_stated, BSCOPE_NULL_) \
       : (void)0)

/*
 * The heap block that `name` owns: where it lies, how many bytes of it are in use, how many there are; up to 32 of
 * those in use are kept and shown. And a block that has been resized: its old place and size, its new ones.
 */
#define bscope_track_heap_addr(name, pointer, size, capacity) BSCOPE_HEAP_(name, pointer, size, capacity)
#define bscope_track_heap_realloc(name, old_pointer, new_pointer, old_size, new_size)                                  \
  BSCOPE_RESIZED_(name, old_pointer, new_pointer, old_size, new_size)

/* --- Variables known by numbers that the program gives --------------------------------------------------------------
 */

/*
 * A call links to the variable that was made with the id (the newest, if there are several), whatever its name and
 * thread. Types are stated; `mutable` is a constant.
 */
#define bscope_track_new_with_id(id, name, type, ...)                                                                  \
  BSCOPE_GIVE_(BSCOPE_KIND_NEW, 0, BSCOPE_WORD_ID, id, bscope_value, 0, bscope_fixed, name, BSCOPE_NULL_,              \
               bscope_stated, type, #__VA_ARGS__, __VA_ARGS__)
#define bscope_track_borrow_with_id(id, owner_id, name, mutable, ...)                                                  \
  BSCOPE_GIVE_(BSCOPE_KIND_BORROW, (mutable) ? BSCOPE_SITE_MUTABLE : 0, BSCOPE_WORD_ID, id, bscope_source, owner_id,   \
               bscope_fixed, name, BSCOPE_NULL_, bscope_stated, BSCOPE_NULL_, #__VA_ARGS__, __VA_ARGS__)
#define bscope_track_borrow_mut_with_id(id, owner_id, name, ...)                                                       \
  BSCOPE_GIVE_(BSCOPE_KIND_BORROW, BSCOPE_SITE_MUTABLE, BSCOPE_WORD_ID, id, bscope_source, owner_id, bscope_fixed,     \
               name, BSCOPE_NULL_, bscope_stated, BSCOPE_NULL_, #__VA_ARGS__, __VA_ARGS__)
#define bscope_track_move_with_id(from_id, to_id, to, ...)                                                             \
  BSCOPE_GIVE_(BSCOPE_KIND_MOVE, 0, BSCOPE_WORD_ID, from_id, bscope_source, to_id, bscope_fixed, BSCOPE_NULL_, to,     \
               bscope_stated, BSCOPE_NULL_, #__VA_ARGS__, __VA_ARGS__)
#define bscope_track_drop_with_id(id) BSCOPE_ID_(DROP, id, BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_NULL_)

#define bscope_track_rc_new_with_id(id, name, type, ...) BSCOPE_SHARED_ID_(RC_NEW, id, name, type, __VA_ARGS__)
#define bscope_track_rc_clone_with_id(id, source_id, name, ...)                                                        \
  BSCOPE_CLONE_ID_(RC_CLONE, id, source_id, name, __VA_ARGS__)
#define bscope_track_arc_new_with_id(id, name, type, ...) BSCOPE_SHARED_ID_(ARC_NEW, id, name, type, __VA_ARGS__)
#define bscope_track_arc_clone_with_id(id, source_id, name, ...)                                                       \
  BSCOPE_CLONE_ID_(ARC_CLONE, id, source_id, name, __VA_ARGS__)
#define BSCOPE_SHARED_ID_(kind, id, name, type, ...)                                                                   \
  BSCOPE_JOIN_(BSCOPE_JOIN_(BSCOPE_SHARED_ID_, BSCOPE_COUNT_(__VA_ARGS__)), _)                                         \
  (kind, id, bscope_counts_(1, 0), name, type, __VA_ARGS__)
#define BSCOPE_SHARED_ID_1_(kind, id, counts, name, type, value)                                                       \
  BSCOPE_GIVE_(BSCOPE_KIND_##kind, 0, BSCOPE_WORD_ID, id, bscope_first, counts, bscope_fixed, name, BSCOPE_NULL_,      \
               bscope_stated, type, #value, value)
#define BSCOPE_SHARED_ID_3_(kind, id, counts, name, type, value, strong, weak)                                         \
  BSCOPE_GIVE_(BSCOPE_KIND_##kind, 0, BSCOPE_WORD_ID, id, bscope_said, bscope_counts_(strong, weak), bscope_fixed,     \
               name, BSCOPE_NULL_, bscope_stated, type, #value, value)
#define BSCOPE_CLONE_ID_(kind, id, source_id, name, ...)                                                               \
  BSCOPE_JOIN_(BSCOPE_JOIN_(BSCOPE_CLONE_ID_, BSCOPE_COUNT_(__VA_ARGS__)), _)(kind, id, source_id, name, __VA_ARGS__)
#define BSCOPE_CLONE_ID_1_(kind, id, source_id, name, value)                                                           \
  BSCOPE_GIVE_(BSCOPE_KIND_##kind, 0, BSCOPE_WORD_ID, id, bscope_source, source_id, bscope_fixed, name, BSCOPE_NULL_,  \
               bscope_none, BSCOPE_NULL_, #value, value)
#define BSCOPE_CLONE_ID_3_(kind, id, source_id, name, value, strong, weak)                                             \
  BSCOPE_GIVE_(BSCOPE_KIND_##kind, 0, BSCOPE_WORD_ID, id, bscope_source, source_id, bscope_counted,                    \
               (bscope_counts_(strong, weak), name), (0, BSCOPE_NULL_), bscope_none, BSCOPE_NULL_, #value, value)

/* --- Sampling -------------------------------------------------------------------------------------------------------
 */

/*
 * As the calls without _sampled, of which the library records as many as `rate` says, 0 (none) to 1 (all). What is
 * decided for a variable holds for all its calls that state the same rate: it is known by its id or its address, else
 * by its name and the thread. bscope_set_sample_seed makes another choice.
 */
#define bscope_track_new_sampled(name, value, rate)                                                                    \
  BSCOPE_GIVE_(BSCOPE_KIND_NEW, BSCOPE_SITE_SAMPLED, BSCOPE_WORD_NONE, 0, bscope_value, 0, bscope_rated, (rate, name), \
               (rate, BSCOPE_NULL_), bscope_deduced, BSCOPE_NULL_, #value, value)
#define bscope_track_borrow_sampled(name, value, rate)                                                                 \
  BSCOPE_GIVE_(BSCOPE_KIND_BORROW, BSCOPE_SITE_SAMPLED, BSCOPE_WORD_NONE, 0, bscope_borrow, 0, bscope_rated,           \
               (rate, name), (rate, BSCOPE_NULL_), bscope_deduced, BSCOPE_NULL_, #value, value)
#define bscope_track_borrow_mut_sampled(name, value, rate)                                                             \
  BSCOPE_GIVE_(BSCOPE_KIND_BORROW, BSCOPE_SITE_SAMPLED | BSCOPE_SITE_MUTABLE, BSCOPE_WORD_NONE, 0, bscope_borrow, 0,   \
               bscope_rated, (rate, name), (rate, BSCOPE_NULL_), bscope_deduced, BSCOPE_NULL_, #value, value)
#define bscope_track_move_sampled(from, to, value, rate)                                                               \
  BSCOPE_GIVE_(BSCOPE_KIND_MOVE, BSCOPE_SITE_SAMPLED, BSCOPE_WORD_NONE, 0, bscope_move, 0, bscope_rated, (rate, from), \
               (rate, to), bscope_deduced, BSCOPE_NULL_, #value, value)
#define bscope_track_drop_sampled(name, rate)                                                                          \
  BSCOPE_NOTE_(BSCOPE_KIND_DROP, BSCOPE_SITE_SAMPLED, bscope_rated, (rate, name))
#define bscope_track_new_with_id_sampled(id, name, value, rate)                                                        \
  BSCOPE_GIVE_(BSCOPE_KIND_NEW, BSCOPE_SITE_SAMPLED, BSCOPE_WORD_ID, id, bscope_value, 0, bscope_rated, (rate, name),  \
               (rate, BSCOPE_NULL_), bscope_deduced, BSCOPE_NULL_, #value, value)
#define bscope_track_drop_with_id_sampled(id, rate)                                                                    \
  BSCOPE_TELL_(BSCOPE_KIND_DROP, BSCOPE_SITE_SAMPLED, 0, BSCOPE_WORD_ID, id, BSCOPE_WORD_NONE, 0, bscope_rated,        \
               (rate, BSCOPE_NULL_), (rate, BSCOPE_NULL_), bscope_stated, BSCOPE_NULL_)
#define bscope_new_at_sampled(name, pointer, size, rate)                                                               \
  BSCOPE_PASS_AT_(BSCOPE_KIND_NEW, BSCOPE_SITE_SAMPLED, bscope_new, bscope_rated, (rate, name), (rate, BSCOPE_NULL_),  \
                  bscope_pointee, BSCOPE_NULL_, #pointer, pointer, size)
#define bscope_borrow_at_sampled(name, pointer, rate)                                                                  \
  BSCOPE_PASS_AT_(BSCOPE_KIND_BORROW, BSCOPE_SITE_SAMPLED, bscope_lent, bscope_rated, (rate, name),                    \
                  (rate, BSCOPE_NULL_), bscope_deduced, BSCOPE_NULL_, #pointer, pointer, 0)
#define bscope_borrow_mut_at_sampled(name, pointer, rate)                                                              \
  BSCOPE_PASS_AT_(BSCOPE_KIND_BORROW, BSCOPE_SITE_SAMPLED | BSCOPE_SITE_MUTABLE, bscope_lent, bscope_rated,            \
                  (rate, name), (rate, BSCOPE_NULL_), bscope_deduced, BSCOPE_NULL_, #pointer, pointer, 0)
#define bscope_move_at_sampled(pointer, to, rate)                                                                      \
  BSCOPE_PASS_AT_(BSCOPE_KIND_MOVE, BSCOPE_SITE_SAMPLED, bscope_owner, bscope_rated, (rate, BSCOPE_NULL_), (rate, to), \
                  bscope_none, BSCOPE_NULL_, #pointer, pointer, 0)
#define bscope_drop_at_sampled(pointer, rate)                                                                          \
  ((void)BSCOPE_PASS_AT_(BSCOPE_KIND_DROP, BSCOPE_SITE_SAMPLED, bscope_owner, bscope_rated, (rate, BSCOPE_NULL_),      \
                         (rate, BSCOPE_NULL_), bscope_none, BSCOPE_NULL_, #pointer, pointer, 0))

/* --- Other spellings ------------------------------------------------------------------------------------------------
 */

#define bscope_track_refcell_new bscope_track_ref_cell_new
#define bscope_track_refcell_borrow bscope_track_ref_cell_borrow
#define bscope_track_refcell_borrow_mut bscope_track_ref_cell_borrow_mut
#define bscope_track_refcell_drop bscope_track_ref_cell_drop
#define bscope_track_raw_ptr bscope_track_raw_ptr_created
#define bscope_track_raw_ptr_mut bscope_track_raw_ptr_created_mut
#define bscope_track_channel_try_recv bscope_track_channel_recv
#define bscope_track_weak_new_sync bscope_track_weak_new
#define bscope_track_weak_clone_sync bscope_track_weak_clone
#define bscope_track_weak_upgrade_sync bscope_track_weak_upgrade

#endif
