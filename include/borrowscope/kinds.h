/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every kind of event, once: enum, spellings, groups, effects, the JSON writer and reader, the reference page
 * (doc/kinds.md), the command line's explanations and the tests are made from the rows of BSCOPE_KINDS. Adding a kind
 * is one row, and its macro in track_kinds.h.
 *
 *   X(number, NAME, "Json", group, effect, fields, arguments)
 *
 * `fields` are JSON's in their order, each a letter that says where its value comes from, and its key.
 *
 *   S    id of the subject: who the event is about                 O  id of the object: the other one
 *   s    the same, left out when unknown                           W  the same, "unknown" when it is not found
 *   N    name, or else the subject's                               Z  name, or null
 *   M m  second name, or else the object's; m left out             T t  type name; t left out when unknown
 *   I    id of the event or scope itself: the subject word's number, or else "<key less _id>_<position>"
 *   U    the object word's number                                  V  whether that is not 0
 *   C K  strong count, weak count: high and low half of that       B  whether the borrow may write
 *   A P  address in the subject word, in the object word           L l  "file:line"; l left out when unknown; E  ""
 *   X    the site's further strings, left out when there are none
 *   F    a field's value: the site's text, or else the subject word as extent says (enum bscope_scalar)
 *   Q Y  the payload's first 8 bytes as a number; the bytes behind them, as text
 *   1 to 5  old and new address, old and new size, whether it failed: what a resize came to
 *
 * `arguments` are those of the kind's macro, bscope_track_<name in small letters>; `value` (`pointer` in 2, 18) is
 * given back.
 *
 * What a record holds. `name` is who the event is about, `name2` the other one: a clone's source, a cell that is
 * borrowed, a guard's lock, what a move makes, what a closure captures (its own name is "closure"), a sender's channel.
 * Words like by_move, RwLock::read, OnceCell, while (and the types of casts and pointers) are in `type`. Numbers of the
 * events and scopes themselves are in the subject, BSCOPE_WORD_VALUE for an event's, BSCOPE_WORD_ID for one that others
 * repeat: a scope's, a closure's (both are numbered apart from variables), or a variable's own id. A source's id is in
 * the object, BSCOPE_WORD_ID. Other numbers are in the object, BSCOPE_WORD_VALUE; counts as strong << 32 | weak, in the
 * payload's first 8 bytes where an id takes their place. The _at forms tell an address instead.
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

/* What a kind says about ownership: X(NAME, text). */
#define BSCOPE_EFFECTS(X)                                                                                              \
  X(BEGINS, "a variable begins")                                                                                       \
  X(BORROWS, "the subject borrows the object")                                                                         \
  X(MOVES, "what the subject owns belongs to the object from here on")                                                 \
  X(GIVES_UP, "the subject ends as a move to nobody in the log")                                                       \
  X(ENDS, "the subject ends")                                                                                          \
  X(CLONES, "a variable begins that shares what its source owns")                                                      \
  X(USES, "the subject is used")                                                                                       \
  X(CAPTURES, "a closure borrows a variable, or takes it over (by_move)")                                              \
  X(SENDS, "what is sent leaves this thread")                                                                          \
  X(RECEIVES, "what was sent arrives")                                                                                 \
  X(SPAWNS, "a thread begins")                                                                                         \
  X(JOINS, "a thread has ended")                                                                                       \
  X(ENTERS, "a scope begins")                                                                                          \
  X(EXITS, "a scope ends")                                                                                             \
  X(PLACES, "says where a variable lies and how large it is")                                                          \
  X(RESIZES, "a heap block has another place or size")                                                                 \
  X(NOTES, "shown, and nothing else")

/* clang-format off */
#define BSCOPE_KINDS(X) \
  X(1, NEW, "New", OWNERSHIP, BEGINS, "Nvar_name Svar_id Ttype_name", "name, value") \
  X(2, BORROW, "Borrow", OWNERSHIP, BORROWS, "Nborrower_name Sborrower_id Wowner_id Bmutable", "name, pointer") \
  X(3, MOVE, "Move", OWNERSHIP, MOVES, "Sfrom_id Mto_name Oto_id", "from, to, value") \
  X(4, DROP, "Drop", OWNERSHIP, ENDS, "Svar_id llocation", "name") \
  X(5, RC_NEW, "RcNew", RC, BEGINS, "Nvar_name Svar_id Ttype_name Cstrong_count Kweak_count", "name, value, counts") \
  X(6, RC_CLONE, "RcClone", RC, CLONES, "Nvar_name Svar_id Osource_id Cstrong_count Kweak_count", "name, source, value, counts") \
  X(7, ARC_NEW, "ArcNew", ARC, BEGINS, "Nvar_name Svar_id Ttype_name Cstrong_count Kweak_count", "name, value, counts") \
  X(8, ARC_CLONE, "ArcClone", ARC, CLONES, "Nvar_name Svar_id Osource_id Cstrong_count Kweak_count", "name, source, value, counts") \
  X(9, REF_CELL_NEW, "RefCellNew", REFCELL, BEGINS, "Nvar_name Svar_id Ttype_name", "name, value") \
  X(10, REF_CELL_BORROW, "RefCellBorrow", REFCELL, BORROWS, "Sborrow_id Orefcell_id Bis_mutable Llocation", "guard, cell, value") \
  X(11, REF_CELL_DROP, "RefCellDrop", REFCELL, ENDS, "Sborrow_id Llocation", "guard") \
  X(12, CELL_NEW, "CellNew", CELL, BEGINS, "Nvar_name Svar_id Ttype_name", "name, value") \
  X(13, CELL_GET, "CellGet", CELL, USES, "Scell_id Llocation", "cell, value") \
  X(14, CELL_SET, "CellSet", CELL, USES, "Scell_id Llocation", "cell") \
  X(15, STATIC_INIT, "StaticInit", STATIC, BEGINS, "Nvar_name Svar_id Ttype_name Vis_mutable", "name, id, type, is_mutable, value") \
  X(16, STATIC_ACCESS, "StaticAccess", STATIC, USES, "Svar_id Nvar_name Vis_write Llocation", "id, name, is_write") \
  X(17, CONST_EVAL, "ConstEval", CONST, NOTES, "Nconst_name Iconst_id Ttype_name Llocation", "name, id, type, value") \
  X(18, RAW_PTR_CREATED, "RawPtrCreated", UNSAFE, BORROWS, "Nvar_name Svar_id Tptr_type Paddress Llocation", "name, id, type, pointer") \
  X(19, RAW_PTR_DEREF, "RawPtrDeref", UNSAFE, USES, "Sptr_id Llocation Vis_write", "id, is_write") \
  X(20, UNSAFE_BLOCK_ENTER, "UnsafeBlockEnter", UNSAFE, ENTERS, "Iblock_id Llocation toperation_kind moperation_context", "id") \
  X(21, UNSAFE_BLOCK_EXIT, "UnsafeBlockExit", UNSAFE, EXITS, "Iblock_id Llocation", "id") \
  X(22, UNSAFE_FN_CALL, "UnsafeFnCall", UNSAFE, NOTES, "Nfn_name Llocation", "function") \
  X(23, FFI_CALL, "FfiCall", UNSAFE, NOTES, "Nfn_name Llocation", "function") \
  X(24, TRANSMUTE, "Transmute", UNSAFE, NOTES, "Nfrom_type Mto_type Llocation", "from_type, to_type") \
  X(25, UNION_FIELD_ACCESS, "UnionFieldAccess", UNSAFE, NOTES, "Nunion_name Mfield_name Llocation", "union_name, field") \
  X(26, ASYNC_BLOCK_ENTER, "AsyncBlockEnter", ASYNC, ENTERS, "Iblock_id Llocation", "id") \
  X(27, ASYNC_BLOCK_EXIT, "AsyncBlockExit", ASYNC, EXITS, "Iblock_id Llocation", "id") \
  X(28, AWAIT_START, "AwaitStart", ASYNC, ENTERS, "Iawait_id Nfuture_name Llocation Xlive_variables", "id, future") \
  X(29, AWAIT_END, "AwaitEnd", ASYNC, EXITS, "Iawait_id Llocation", "id") \
  X(30, LOOP_ENTER, "LoopEnter", LOOP, ENTERS, "Iloop_id Tloop_type Llocation", "id, type") \
  X(31, LOOP_ITERATION, "LoopIteration", LOOP, NOTES, "Iloop_id Uiteration Llocation", "id, iteration") \
  X(32, LOOP_EXIT, "LoopExit", LOOP, EXITS, "Iloop_id Llocation", "id") \
  X(33, MATCH_ENTER, "MatchEnter", BRANCH, ENTERS, "Imatch_id Llocation", "id") \
  X(34, MATCH_ARM, "MatchArm", BRANCH, NOTES, "Imatch_id Uarm_index Npattern Llocation Xbindings", "id, arm, pattern") \
  X(35, MATCH_EXIT, "MatchExit", BRANCH, EXITS, "Imatch_id Llocation", "id") \
  X(36, BRANCH, "Branch", BRANCH, NOTES, "Ibranch_id Tbranch_type Llocation", "id, type") \
  X(37, RETURN, "Return", CONTROL_FLOW, NOTES, "Ireturn_id Vhas_value Llocation", "id, has_value") \
  X(38, TRY, "Try", CONTROL_FLOW, NOTES, "Itry_id Llocation", "id") \
  X(39, INDEX_ACCESS, "IndexAccess", EXPRESSION, USES, "Iaccess_id Ncontainer Llocation", "id, container") \
  X(40, FIELD_ACCESS, "FieldAccess", EXPRESSION, USES, "Iaccess_id Nbase Mfield Llocation", "id, base, field") \
  X(41, CALL, "Call", EXPRESSION, NOTES, "Icall_id Nfn_name Llocation treceiver_type mresult_type", "id, function") \
  X(42, LOCK, "Lock", METHOD, USES, "Ilock_id Tlock_type Nvar_name Llocation", "id, type, name") \
  X(43, UNWRAP, "Unwrap", METHOD, USES, "Iunwrap_id Tmethod Nvar_name Llocation", "id, method, name") \
  X(44, CLONE, "Clone", METHOD, USES, "Iclone_id Nvar_name Llocation", "id, name") \
  X(45, DEREF, "Deref", METHOD, USES, "Ideref_id Nvar_name Llocation svar_id", "id, name") \
  X(46, BREAK, "Break", CONTROL_FLOW, NOTES, "Ibreak_id Zloop_label Llocation", "id, label") \
  X(47, CONTINUE, "Continue", CONTROL_FLOW, NOTES, "Icontinue_id Zloop_label Llocation", "id, label") \
  X(48, CLOSURE_CREATE, "ClosureCreate", CLOSURE, BEGINS, "Sclosure_id Tcapture_mode Llocation mfn_trait", "id, mode") \
  X(49, STRUCT_CREATE, "StructCreate", EXPRESSION, NOTES, "Istruct_id Ttype_name Llocation", "id, type") \
  X(50, TUPLE_CREATE, "TupleCreate", EXPRESSION, NOTES, "Ituple_id Ulen Llocation", "id, length") \
  X(51, LET_ELSE, "LetElse", EXPRESSION, NOTES, "Ilet_id Npattern Llocation", "id, pattern") \
  X(52, RANGE, "Range", EXPRESSION, NOTES, "Irange_id Trange_type Llocation", "id, type") \
  X(53, BINARY_OP, "BinaryOp", EXPRESSION, NOTES, "Iop_id Toperator Llocation", "id, operator") \
  X(54, ARRAY_CREATE, "ArrayCreate", EXPRESSION, NOTES, "Iarray_id Ulen Llocation", "id, length") \
  X(55, TYPE_CAST, "TypeCast", EXPRESSION, NOTES, "Icast_id Tto_type Llocation", "id, type") \
  X(56, REGION_ENTER, "RegionEnter", REGION, ENTERS, "Iregion_id Nname Llocation", "id, name") \
  X(57, REGION_EXIT, "RegionExit", REGION, EXITS, "Iregion_id Llocation", "id") \
  X(58, FN_ENTER, "FnEnter", FUNCTION, ENTERS, "Ifn_id Nfn_name Llocation", "id, function") \
  X(59, FN_EXIT, "FnExit", FUNCTION, EXITS, "Ifn_id Nfn_name Llocation", "id, function") \
  X(60, CLOSURE_CAPTURE, "ClosureCapture", CLOSURE, CAPTURES, "Sclosure_id Mvar_name Tcapture_mode Llocation", "id, name, mode") \
  X(61, WEAK_NEW, "WeakNew", WEAK, CLONES, "Nvar_name Svar_id Osource_id Kweak_count Llocation", "name, source, value, count") \
  X(62, WEAK_CLONE, "WeakClone", WEAK, CLONES, "Nvar_name Svar_id Osource_id Kweak_count Llocation", "name, source, value, count") \
  X(63, WEAK_UPGRADE, "WeakUpgrade", WEAK, USES, "Sweak_id Vsuccess Llocation", "weak, value") \
  X(64, BOX_NEW, "BoxNew", BOX, BEGINS, "Nvar_name Svar_id Ttype_name Llocation", "name, value") \
  X(65, BOX_INTO_RAW, "BoxIntoRaw", BOX, GIVES_UP, "Sbox_id Llocation", "box, value") \
  X(66, BOX_FROM_RAW, "BoxFromRaw", BOX, BEGINS, "Nvar_name Svar_id Llocation", "name, value") \
  X(67, LOCK_GUARD_ACQUIRE, "LockGuardAcquire", LOCK_GUARD, BORROWS, "Sguard_id Olock_id Tlock_type Llocation", "guard, lock, type") \
  X(68, LOCK_GUARD_DROP, "LockGuardDrop", LOCK_GUARD, ENDS, "Sguard_id Llocation", "guard") \
  X(69, PIN_NEW, "PinNew", PIN, BEGINS, "Nvar_name Svar_id Llocation", "name, value") \
  X(70, PIN_INTO_INNER, "PinIntoInner", PIN, GIVES_UP, "Spin_id Llocation", "pin, value") \
  X(71, COW_BORROWED, "CowBorrowed", COW, BORROWS, "Nvar_name Svar_id Llocation", "name, value") \
  X(72, COW_OWNED, "CowOwned", COW, BEGINS, "Nvar_name Svar_id Llocation", "name, value") \
  X(73, COW_TO_MUT, "CowToMut", COW, USES, "Scow_id Vcloned Llocation", "cow, cloned") \
  X(74, THREAD_SPAWN, "ThreadSpawn", THREAD, SPAWNS, "Nthread_id Llocation", "thread, value") \
  X(75, THREAD_JOIN, "ThreadJoin", THREAD, JOINS, "Nthread_id Llocation", "thread, value") \
  X(76, CHANNEL_SENDER_NEW, "ChannelSenderNew", CHANNEL, BEGINS, "Ssender_id Mchannel_id Llocation", "sender, channel") \
  X(77, CHANNEL_RECEIVER_NEW, "ChannelReceiverNew", CHANNEL, BEGINS, "Sreceiver_id Mchannel_id Llocation", "receiver, channel") \
  X(78, CHANNEL_SEND, "ChannelSend", CHANNEL, SENDS, "Ssender_id Llocation", "sender, value") \
  X(79, CHANNEL_RECV, "ChannelRecv", CHANNEL, RECEIVES, "Sreceiver_id Vsuccess Llocation", "receiver, value") \
  X(80, ONCE_CELL_NEW, "OnceCellNew", ONCE_CELL, BEGINS, "Nvar_name Svar_id Tcell_type Llocation", "name, value") \
  X(81, ONCE_CELL_SET, "OnceCellSet", ONCE_CELL, USES, "Scell_id Vsuccess Llocation", "cell, value") \
  X(82, ONCE_CELL_GET, "OnceCellGet", ONCE_CELL, USES, "Scell_id Vwas_initialized Llocation", "cell, value") \
  X(83, ONCE_CELL_GET_OR_INIT, "OnceCellGetOrInit", ONCE_CELL, USES, "Scell_id Vwas_initialized Llocation", "cell, was_initialized, value") \
  X(84, MAYBE_UNINIT_NEW, "MaybeUninitNew", MAYBE_UNINIT, BEGINS, "Nvar_name Svar_id Vinitialized Llocation", "name, value") \
  X(85, MAYBE_UNINIT_WRITE, "MaybeUninitWrite", MAYBE_UNINIT, USES, "Svar_id Llocation", "name, value") \
  X(86, MAYBE_UNINIT_ASSUME_INIT, "MaybeUninitAssumeInit", MAYBE_UNINIT, GIVES_UP, "Svar_id Llocation", "name, value") \
  X(87, MAYBE_UNINIT_ASSUME_INIT_READ, "MaybeUninitAssumeInitRead", MAYBE_UNINIT, USES, "Svar_id Llocation", "name, value") \
  X(88, MAYBE_UNINIT_ASSUME_INIT_DROP, "MaybeUninitAssumeInitDrop", MAYBE_UNINIT, ENDS, "Svar_id Llocation", "name") \
  X(89, STACK_ADDR, "StackAddr", MEMORY_LAYOUT, PLACES, "Nvar_name Svar_id Aaddr Usize Ttype_name Elocation", "name, variable") \
  X(90, STACK_FIELD, "StackField", MEMORY_LAYOUT, NOTES, "Svar_id Mfield_name Ffield_value Uoffset", "name, variable, member") \
  X(91, HEAP_ADDR, "HeapAddr", MEMORY_LAYOUT, PLACES, "Svar_id Nowner_name Aaddr Usize Qcapacity Ycontent_preview", "name, pointer, size, capacity") \
  X(92, HEAP_REALLOC, "HeapRealloc", MEMORY_LAYOUT, RESIZES, "Svar_id 1old_addr 2new_addr 3old_size 4new_size 5failed", "name, old_pointer, new_pointer, old_size, new_size") \
  X(93, STACK_PADDING, "StackPadding", MEMORY_LAYOUT, NOTES, "Nafter_var Aaddr Ubytes", "name, variable, member, next")
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

enum bscope_effect {
  BSCOPE_EFFECT_NONE = 0,
#define BSCOPE_EFFECT_ROW_(name, text) BSCOPE_EFFECT_##name,
  BSCOPE_EFFECTS(BSCOPE_EFFECT_ROW_)
#undef BSCOPE_EFFECT_ROW_
};

/* How the subject word of a StackField holds the field's value: struct bscope_site.extent. */
enum bscope_scalar {
  BSCOPE_SCALAR_NONE = 0, /* it doesn't */
  BSCOPE_SCALAR_SIGNED = 1,
  BSCOPE_SCALAR_UNSIGNED = 2,
  BSCOPE_SCALAR_DOUBLE = 3,
  BSCOPE_SCALAR_POINTER = 4
};

/*
 * The kinds of the vocabulary, and behind them the library's own: what a position holds when it holds no
 * event (LOST: proved gone; OPEN: its writer has not published yet), and marks that no export shows as an event.
 */
enum bscope_kind {
  BSCOPE_KIND_NONE = 0,
#define BSCOPE_KIND_ROW_(number, name, json, group, effect, fields, arguments) BSCOPE_KIND_##name = number,
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

/* What a kind says about ownership (BSCOPE_EFFECT_NONE for the library's own). */
BSCOPE_API enum bscope_effect bscope_kind_effect(enum bscope_kind kind);

/* The kind of JSON's spelling, or BSCOPE_KIND_NONE. */
BSCOPE_API enum bscope_kind bscope_kind_of_name(const char *name);

#ifdef __cplusplus
}
#endif

#endif
