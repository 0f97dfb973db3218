/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every kind of event, once. BSCOPE_KINDS(X) expands X(number, NAME, Json, group) for each:
 * the enum, the spellings, the groups and the tests are made from it. Adding a kind is one row.
 */
#ifndef BORROWSCOPE_KINDS_H
#define BORROWSCOPE_KINDS_H

#include <borrowscope/types.h>

#define BSCOPE_GROUPS(X)                                                                                               \
  X(OWNERSHIP, "ownership")                                                                                            \
  X(RC, "rc")                                                                                                          \
  X(ARC, "arc")                                                                                                        \
  X(REFCELL, "refcell")                                                                                                \
  X(CELL, "cell")                                                                                                      \
  X(STATIC, "static")                                                                                                  \
  X(CONST, "const")                                                                                                    \
  X(UNSAFE, "unsafe")                                                                                                  \
  X(ASYNC, "async")                                                                                                    \
  X(LOOP, "loop")                                                                                                      \
  X(BRANCH, "branch")                                                                                                  \
  X(CONTROL_FLOW, "control_flow")                                                                                      \
  X(EXPRESSION, "expression")                                                                                          \
  X(METHOD, "method")                                                                                                  \
  X(CLOSURE, "closure")                                                                                                \
  X(REGION, "region")                                                                                                  \
  X(FUNCTION, "function")                                                                                              \
  X(WEAK, "weak")                                                                                                      \
  X(BOX, "box")                                                                                                        \
  X(LOCK_GUARD, "lock_guard")                                                                                          \
  X(PIN, "pin")                                                                                                        \
  X(COW, "cow")                                                                                                        \
  X(THREAD, "thread")                                                                                                  \
  X(CHANNEL, "channel")                                                                                                \
  X(ONCE_CELL, "once_cell")                                                                                            \
  X(MAYBE_UNINIT, "maybe_uninit")                                                                                      \
  X(MEMORY_LAYOUT, "memory_layout")

/* clang-format off */
#define BSCOPE_KINDS(X) \
  X(1, NEW, "New", OWNERSHIP) \
  X(2, BORROW, "Borrow", OWNERSHIP) \
  X(3, MOVE, "Move", OWNERSHIP) \
  X(4, DROP, "Drop", OWNERSHIP) \
  X(5, RC_NEW, "RcNew", RC) \
  X(6, RC_CLONE, "RcClone", RC) \
  X(7, ARC_NEW, "ArcNew", ARC) \
  X(8, ARC_CLONE, "ArcClone", ARC) \
  X(9, REF_CELL_NEW, "RefCellNew", REFCELL) \
  X(10, REF_CELL_BORROW, "RefCellBorrow", REFCELL) \
  X(11, REF_CELL_DROP, "RefCellDrop", REFCELL) \
  X(12, CELL_NEW, "CellNew", CELL) \
  X(13, CELL_GET, "CellGet", CELL) \
  X(14, CELL_SET, "CellSet", CELL) \
  X(15, STATIC_INIT, "StaticInit", STATIC) \
  X(16, STATIC_ACCESS, "StaticAccess", STATIC) \
  X(17, CONST_EVAL, "ConstEval", CONST) \
  X(18, RAW_PTR_CREATED, "RawPtrCreated", UNSAFE) \
  X(19, RAW_PTR_DEREF, "RawPtrDeref", UNSAFE) \
  X(20, UNSAFE_BLOCK_ENTER, "UnsafeBlockEnter", UNSAFE) \
  X(21, UNSAFE_BLOCK_EXIT, "UnsafeBlockExit", UNSAFE) \
  X(22, UNSAFE_FN_CALL, "UnsafeFnCall", UNSAFE) \
  X(23, FFI_CALL, "FfiCall", UNSAFE) \
  X(24, TRANSMUTE, "Transmute", UNSAFE) \
  X(25, UNION_FIELD_ACCESS, "UnionFieldAccess", UNSAFE) \
  X(26, ASYNC_BLOCK_ENTER, "AsyncBlockEnter", ASYNC) \
  X(27, ASYNC_BLOCK_EXIT, "AsyncBlockExit", ASYNC) \
  X(28, AWAIT_START, "AwaitStart", ASYNC) \
  X(29, AWAIT_END, "AwaitEnd", ASYNC) \
  X(30, LOOP_ENTER, "LoopEnter", LOOP) \
  X(31, LOOP_ITERATION, "LoopIteration", LOOP) \
  X(32, LOOP_EXIT, "LoopExit", LOOP) \
  X(33, MATCH_ENTER, "MatchEnter", BRANCH) \
  X(34, MATCH_ARM, "MatchArm", BRANCH) \
  X(35, MATCH_EXIT, "MatchExit", BRANCH) \
  X(36, BRANCH, "Branch", BRANCH) \
  X(37, RETURN, "Return", CONTROL_FLOW) \
  X(38, TRY, "Try", CONTROL_FLOW) \
  X(39, INDEX_ACCESS, "IndexAccess", EXPRESSION) \
  X(40, FIELD_ACCESS, "FieldAccess", EXPRESSION) \
  X(41, CALL, "Call", EXPRESSION) \
  X(42, LOCK, "Lock", METHOD) \
  X(43, UNWRAP, "Unwrap", METHOD) \
  X(44, CLONE, "Clone", METHOD) \
  X(45, DEREF, "Deref", METHOD) \
  X(46, BREAK, "Break", CONTROL_FLOW) \
  X(47, CONTINUE, "Continue", CONTROL_FLOW) \
  X(48, CLOSURE_CREATE, "ClosureCreate", CLOSURE) \
  X(49, STRUCT_CREATE, "StructCreate", EXPRESSION) \
  X(50, TUPLE_CREATE, "TupleCreate", EXPRESSION) \
  X(51, LET_ELSE, "LetElse", EXPRESSION) \
  X(52, RANGE, "Range", EXPRESSION) \
  X(53, BINARY_OP, "BinaryOp", EXPRESSION) \
  X(54, ARRAY_CREATE, "ArrayCreate", EXPRESSION) \
  X(55, TYPE_CAST, "TypeCast", EXPRESSION) \
  X(56, REGION_ENTER, "RegionEnter", REGION) \
  X(57, REGION_EXIT, "RegionExit", REGION) \
  X(58, FN_ENTER, "FnEnter", FUNCTION) \
  X(59, FN_EXIT, "FnExit", FUNCTION) \
  X(60, CLOSURE_CAPTURE, "ClosureCapture", CLOSURE) \
  X(61, WEAK_NEW, "WeakNew", WEAK) \
  X(62, WEAK_CLONE, "WeakClone", WEAK) \
  X(63, WEAK_UPGRADE, "WeakUpgrade", WEAK) \
  X(64, BOX_NEW, "BoxNew", BOX) \
  X(65, BOX_INTO_RAW, "BoxIntoRaw", BOX) \
  X(66, BOX_FROM_RAW, "BoxFromRaw", BOX) \
  X(67, LOCK_GUARD_ACQUIRE, "LockGuardAcquire", LOCK_GUARD) \
  X(68, LOCK_GUARD_DROP, "LockGuardDrop", LOCK_GUARD) \
  X(69, PIN_NEW, "PinNew", PIN) \
  X(70, PIN_INTO_INNER, "PinIntoInner", PIN) \
  X(71, COW_BORROWED, "CowBorrowed", COW) \
  X(72, COW_OWNED, "CowOwned", COW) \
  X(73, COW_TO_MUT, "CowToMut", COW) \
  X(74, THREAD_SPAWN, "ThreadSpawn", THREAD) \
  X(75, THREAD_JOIN, "ThreadJoin", THREAD) \
  X(76, CHANNEL_SENDER_NEW, "ChannelSenderNew", CHANNEL) \
  X(77, CHANNEL_RECEIVER_NEW, "ChannelReceiverNew", CHANNEL) \
  X(78, CHANNEL_SEND, "ChannelSend", CHANNEL) \
  X(79, CHANNEL_RECV, "ChannelRecv", CHANNEL) \
  X(80, ONCE_CELL_NEW, "OnceCellNew", ONCE_CELL) \
  X(81, ONCE_CELL_SET, "OnceCellSet", ONCE_CELL) \
  X(82, ONCE_CELL_GET, "OnceCellGet", ONCE_CELL) \
  X(83, ONCE_CELL_GET_OR_INIT, "OnceCellGetOrInit", ONCE_CELL) \
  X(84, MAYBE_UNINIT_NEW, "MaybeUninitNew", MAYBE_UNINIT) \
  X(85, MAYBE_UNINIT_WRITE, "MaybeUninitWrite", MAYBE_UNINIT) \
  X(86, MAYBE_UNINIT_ASSUME_INIT, "MaybeUninitAssumeInit", MAYBE_UNINIT) \
  X(87, MAYBE_UNINIT_ASSUME_INIT_READ, "MaybeUninitAssumeInitRead", MAYBE_UNINIT) \
  X(88, MAYBE_UNINIT_ASSUME_INIT_DROP, "MaybeUninitAssumeInitDrop", MAYBE_UNINIT) \
  X(89, STACK_ADDR, "StackAddr", MEMORY_LAYOUT) \
  X(90, STACK_FIELD, "StackField", MEMORY_LAYOUT) \
  X(91, HEAP_ADDR, "HeapAddr", MEMORY_LAYOUT) \
  X(92, HEAP_REALLOC, "HeapRealloc", MEMORY_LAYOUT) \
  X(93, STACK_PADDING, "StackPadding", MEMORY_LAYOUT)
/* clang-format on */

#ifdef __cplusplus
extern "C" {
#endif

enum bscope_group {
  BSCOPE_GROUP_NONE = 0,
#define BSCOPE_GROUP_ROW_(name, text) BSCOPE_GROUP_##name,
  BSCOPE_GROUPS(BSCOPE_GROUP_ROW_)
#undef BSCOPE_GROUP_ROW_
};

/*
 * The kinds of the vocabulary, and behind them the library's own: what a position holds when it holds no
 * event (LOST: proved gone; OPEN: its writer has not published yet), and marks that no export shows as an event.
 */
enum bscope_kind {
  BSCOPE_KIND_NONE = 0,
#define BSCOPE_KIND_ROW_(number, name, json, group) BSCOPE_KIND_##name = number,
  BSCOPE_KINDS(BSCOPE_KIND_ROW_)
#undef BSCOPE_KIND_ROW_
      BSCOPE_KIND_RESIZE_BEGIN = 240, /* a block is about to be resized: subject its address, object the wanted size */
  BSCOPE_KIND_LOST = 253,
  BSCOPE_KIND_VOID = 254,
  BSCOPE_KIND_OPEN = 255
};

/* JSON's spelling of a kind ("New", "Borrow", …); "Unknown" for a number that is none. Borrowed, static. */
BSCOPE_API const char *bscope_kind_name(enum bscope_kind kind);

/* The group of a kind (BSCOPE_GROUP_NONE for the library's own). */
BSCOPE_API enum bscope_group bscope_kind_group(enum bscope_kind kind);

#ifdef __cplusplus
}
#endif

#endif
