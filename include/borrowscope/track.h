/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracking macros: put one where a value is created, borrowed, moved or dropped.
 *
 *   int *data = bscope_new_at("data", malloc(64), 64);     a heap block, known by its address
 *   const int *view = bscope_track_borrow("view", data);   a borrow of it
 *   free(bscope_use_at(data, "data"));
 *
 * In common to all of them:
 *  - A macro that takes a value gives it back, evaluated once. In C with the type that the expression has (arrays
 *    decay to pointers and narrow bit-fields are promoted, as in any expression); in C++ an lvalue comes back as that
 *    lvalue, anything else as a value, moved once. Temporaries in a C++ argument live to the end of the full
 *    expression, as without the macro.
 *  - Names are string constants, kept by the library with file, line and function of the call; NULL stands for no
 *    name. The _named forms take names that are known only at run time, for a look-up by name (about 100 ns) a call.
 *  - A call costs about 7 ns while recording is on, and one load and one predicted branch while it is off. The first
 *    call at each place registers the place and costs a microsecond or two.
 *  - They may be called by any thread, in signal handlers, constructors before main, exit handlers and forked
 *    children. They have no error to return: what can't be recorded is counted (bscope_get_stats). errno is kept.
 *  - With BORROWSCOPE_DISABLE defined before this header all of them become the plain value and the program
 *    compiles to the same machine code as without them; it need not be linked to the library then.
 *  - With BORROWSCOPE_SHORT_NAMES defined the functions-like ones can be written without `bscope_` (short_names.h).
 *
 * C: a macro is a GNU statement expression, for use inside functions. The address of a compound literal written
 * inside the argument (`&(struct s){0}`) ends with the macro, like that of any object in a statement expression:
 * give the literal a name. C++: usable wherever a call is evaluated, at namespace scope and in default member
 * initialisers too, skipped in constant evaluation. Not where a lambda may not stand: before C++20 in the operand of
 * decltype, noexcept or sizeof and in a template's argument, with g++ in no array's bound. Not possible either:
 * bit-fields ("cannot bind": write +s.f) and types that can't be moved. Plugins that are to be unloaded need
 * -fno-gnu-unique, since sites in C++ inline functions are unique objects.
 */
#ifndef BORROWSCOPE_TRACK_H
#define BORROWSCOPE_TRACK_H

#if defined(BORROWSCOPE_DISABLE)
#include <borrowscope/track_off.h>
#elif defined(__cplusplus)
#include <borrowscope/track_cxx.h>
#else
#include <borrowscope/track_c.h>
#endif

#ifdef BORROWSCOPE_SHORT_NAMES
#include <borrowscope/short_names.h>
#endif

/* A by-name form that gives its value back. */
#define BSCOPE_PASS_(kind, flags, word, how, name, name2, typed, type, text, ...)                                      \
  BSCOPE_GIVE_(kind, flags, BSCOPE_WORD_NONE, 0, word, 0, how, name, name2, typed, type, text, __VA_ARGS__)

/* --- By name: variables that are told apart by their names and their threads ------------------------------------ */

/* A variable called `name` begins with this value. Gives the value back: int x = bscope_track_new("x", 5); */
#define bscope_track_new(name, ...)                                                                                    \
  BSCOPE_PASS_(BSCOPE_KIND_NEW, 0, bscope_value, bscope_fixed, name, BSCOPE_NULL_, bscope_deduced, BSCOPE_NULL_,       \
               #__VA_ARGS__, __VA_ARGS__)

/*
 * `name` borrows what the value points to (in C++ also: the lvalue itself), for reading. Gives the value back:
 * const char *r = bscope_track_borrow("r", &text[3]); The borrow ends with bscope_borrow_end or bscope_track_drop.
 */
#define bscope_track_borrow(name, ...)                                                                                 \
  BSCOPE_PASS_(BSCOPE_KIND_BORROW, 0, bscope_borrow, bscope_fixed, name, BSCOPE_NULL_, bscope_deduced, BSCOPE_NULL_,   \
               #__VA_ARGS__, __VA_ARGS__)

/* The same for writing: no other borrow of the owner may be in use meanwhile. */
#define bscope_track_borrow_mut(name, ...)                                                                             \
  BSCOPE_PASS_(BSCOPE_KIND_BORROW, BSCOPE_SITE_MUTABLE, bscope_borrow, bscope_fixed, name, BSCOPE_NULL_,               \
               bscope_deduced, BSCOPE_NULL_, #__VA_ARGS__, __VA_ARGS__)

/* Ownership goes from variable `from` to variable `to`. Gives the value back: q = bscope_track_move("p", "q", p); */
#define bscope_track_move(from, to, ...)                                                                               \
  BSCOPE_PASS_(BSCOPE_KIND_MOVE, 0, bscope_move, bscope_fixed, from, to, bscope_deduced, BSCOPE_NULL_, #__VA_ARGS__,   \
               __VA_ARGS__)

/* The variable or the borrow called `name` ends here. No value. */
#define bscope_track_drop(name) BSCOPE_NOTE_(BSCOPE_KIND_DROP, 0, bscope_fixed, name)

/* `count` variables end, in the order of the array `names` (const char *const *), which may be made at run time. No
 * value. */
#define bscope_track_drop_batch(names, count) BSCOPE_DROP_NAMES_(names, count)

/* The borrow called `name` ends here; a variable of that name that owns is not meant. No value. */
#define bscope_borrow_end(name) BSCOPE_NOTE_(BSCOPE_KIND_DROP, BSCOPE_SITE_BORROWER_ONLY, bscope_fixed, name)

/* --- By address: heap blocks, members, array elements; the address decides, names only describe --------------- */

/*
 * A variable of `size` bytes begins at `pointer`. Gives the pointer back. A null pointer records nothing, so that
 * a failed allocation can stand inside: p = bscope_new_at("p", malloc(n), n);
 */
#define bscope_new_at(name, pointer, size)                                                                             \
  BSCOPE_PASS_AT_(BSCOPE_KIND_NEW, 0, bscope_new, bscope_fixed, name, BSCOPE_NULL_, bscope_pointee, BSCOPE_NULL_,      \
                  #pointer, pointer, size)

/* What begins at `pointer` belongs to the variable `to` from here on. Gives the pointer back; a null one records
 * nothing. */
#define bscope_move_at(pointer, to)                                                                                    \
  BSCOPE_PASS_AT_(BSCOPE_KIND_MOVE, 0, bscope_owner, bscope_fixed, BSCOPE_NULL_, to, bscope_none, BSCOPE_NULL_,        \
                  #pointer, pointer, 0)

/* What begins at `pointer` ends. Call it before free. A null pointer records nothing. No value. */
#define bscope_drop_at(pointer) BSCOPE_DROP_AT_(#pointer, pointer)

/* `name` borrows what lies at `pointer`, for reading. Gives the pointer back. */
#define bscope_borrow_at(name, pointer)                                                                                \
  BSCOPE_PASS_AT_(BSCOPE_KIND_BORROW, 0, bscope_lent, bscope_fixed, name, BSCOPE_NULL_, bscope_deduced, BSCOPE_NULL_,  \
                  #pointer, pointer, 0)

/* The same for writing. */
#define bscope_borrow_mut_at(name, pointer)                                                                            \
  BSCOPE_PASS_AT_(BSCOPE_KIND_BORROW, BSCOPE_SITE_MUTABLE, bscope_lent, bscope_fixed, name, BSCOPE_NULL_,              \
                  bscope_deduced, BSCOPE_NULL_, #pointer, pointer, 0)

/*
 * `name` borrows the `size` bytes from `pointer` on: two borrows that state their sizes conflict only where they
 * overlap, as with the halves of a buffer. Gives the pointer back.
 */
#define bscope_borrow_range_at(name, pointer, size)                                                                    \
  BSCOPE_PASS_AT_(BSCOPE_KIND_BORROW, BSCOPE_SITE_RANGE, bscope_range, bscope_fixed, name, BSCOPE_NULL_,               \
                  bscope_deduced, BSCOPE_NULL_, #pointer, pointer, size)
#define bscope_borrow_mut_range_at(name, pointer, size)                                                                \
  BSCOPE_PASS_AT_(BSCOPE_KIND_BORROW, BSCOPE_SITE_RANGE | BSCOPE_SITE_MUTABLE, bscope_range, bscope_fixed, name,       \
                  BSCOPE_NULL_, bscope_deduced, BSCOPE_NULL_, #pointer, pointer, size)

/* What begins at `pointer` is used by code that holds it as `as`: shows a use after a move. Gives the pointer back; a
 * null one records nothing. */
#define bscope_use_at(pointer, as)                                                                                     \
  BSCOPE_PASS_AT_(BSCOPE_KIND_DEREF, 0, bscope_owner, bscope_fixed, as, BSCOPE_NULL_, bscope_none, BSCOPE_NULL_,       \
                  #pointer, pointer, 0)

/*
 * realloc(pointer, size), recorded: the variable keeps its identity at its new address, or stays when it fails; of a
 * null pointer a variable begins, called as the argument is written (p = bscope_realloc_at(p, n);), or "block" where
 * that is NULL itself. Gives what realloc gives, a void *, with errno as realloc left it. Two records.
 */
#define bscope_realloc_at(pointer, size) BSCOPE_REALLOC_(#pointer, pointer, size)

/*
 * The same around another allocator's resize: begin with the old pointer and the wanted size in bytes before it,
 * end with the outcome (NULL: it failed, nothing changed) and that size after it, on the same thread. Both give
 * their pointer back.
 */
#define bscope_resize_begin_at(pointer, size)                                                                          \
  BSCOPE_PASS_AT_(BSCOPE_KIND_RESIZE_BEGIN, 0, bscope_resize, bscope_fixed, BSCOPE_NULL_, BSCOPE_NULL_, bscope_none,   \
                  BSCOPE_NULL_, #pointer, pointer, size)
#define bscope_resize_end_at(pointer, size)                                                                            \
  BSCOPE_PASS_AT_(BSCOPE_KIND_HEAP_REALLOC, 0, bscope_resize, bscope_fixed, BSCOPE_NULL_, BSCOPE_NULL_, bscope_none,   \
                  BSCOPE_NULL_, #pointer, pointer, size)

/* --- Bound to the scope: declares the variable, and drops it whichever way the block is left -------------------- */

/*
 * type name = initialiser; with a record of its beginning, and one of its end at break, return, goto, the end of
 * the block or, in C++, an exception. BSCOPE_LET(int[3], a, {1, 2, 3}); Stands where a declaration may, inside a
 * block, once for each name in a block. The variable's address is taken, so it lives in memory. No variable-length
 * arrays; in C++ no references. Not seen: longjmp, exit and, in C without -fexceptions, thread cancellation. The end of
 * a variable that was moved or dropped before is no mistake.
 */
#define BSCOPE_LET(type, name, ...) BSCOPE_LET_(type, #type, name, #name, bscope_guard_##name, __VA_ARGS__)

/* The same with the initialiser's type. */
#define BSCOPE_LET_AUTO(name, ...) BSCOPE_LET_AUTO_(name, #name, bscope_guard_##name, __VA_ARGS__)

/*
 * type name = pointer; a borrow, for reading or (BSCOPE_MUT) for writing, which ends with the block. The type is
 * the pointer's: BSCOPE_REF(const char *, r, text); in C++ a reference or a view as well.
 */
#define BSCOPE_REF(type, name, ...)                                                                                    \
  BSCOPE_REF_(0, type, #type, name, #name, bscope_guard_##name, #__VA_ARGS__, __VA_ARGS__)
#define BSCOPE_MUT(type, name, ...)                                                                                    \
  BSCOPE_REF_(BSCOPE_SITE_MUTABLE, type, #type, name, #name, bscope_guard_##name, #__VA_ARGS__, __VA_ARGS__)

/*
 * `name` is handed out: the end of the block that declares it drops nothing. The variable lives on under its name,
 * while its place on the stack is free for others, which is recorded there. In that block or one inside it. No value.
 */
#define BSCOPE_KEEP(name) BSCOPE_KEEP_(#name, bscope_guard_##name)

/* --- Names known only at run time: the names are const char * of any lifetime --------------------------------------
 */

#define bscope_track_new_named(name, ...)                                                                              \
  BSCOPE_PASS_(BSCOPE_KIND_NEW, 0, bscope_value, bscope_named, name, BSCOPE_NULL_, bscope_deduced, BSCOPE_NULL_,       \
               #__VA_ARGS__, __VA_ARGS__)
#define bscope_track_borrow_named(name, ...)                                                                           \
  BSCOPE_PASS_(BSCOPE_KIND_BORROW, 0, bscope_borrow, bscope_named, name, BSCOPE_NULL_, bscope_deduced, BSCOPE_NULL_,   \
               #__VA_ARGS__, __VA_ARGS__)
#define bscope_track_borrow_mut_named(name, ...)                                                                       \
  BSCOPE_PASS_(BSCOPE_KIND_BORROW, BSCOPE_SITE_MUTABLE, bscope_borrow, bscope_named, name, BSCOPE_NULL_,               \
               bscope_deduced, BSCOPE_NULL_, #__VA_ARGS__, __VA_ARGS__)
#define bscope_track_move_named(from, to, ...)                                                                         \
  BSCOPE_PASS_(BSCOPE_KIND_MOVE, 0, bscope_move, bscope_named, from, to, bscope_deduced, BSCOPE_NULL_, #__VA_ARGS__,   \
               __VA_ARGS__)
#define bscope_track_drop_named(name) BSCOPE_NOTE_(BSCOPE_KIND_DROP, 0, bscope_named, name)
#define bscope_borrow_end_named(name) BSCOPE_NOTE_(BSCOPE_KIND_DROP, BSCOPE_SITE_BORROWER_ONLY, bscope_named, name)
#define bscope_new_at_named(name, pointer, size)                                                                       \
  BSCOPE_PASS_AT_(BSCOPE_KIND_NEW, 0, bscope_new, bscope_named, name, BSCOPE_NULL_, bscope_pointee, BSCOPE_NULL_,      \
                  #pointer, pointer, size)
#define bscope_move_at_named(pointer, to)                                                                              \
  BSCOPE_PASS_AT_(BSCOPE_KIND_MOVE, 0, bscope_owner, bscope_named, BSCOPE_NULL_, to, bscope_none, BSCOPE_NULL_,        \
                  #pointer, pointer, 0)
#define bscope_borrow_at_named(name, pointer)                                                                          \
  BSCOPE_PASS_AT_(BSCOPE_KIND_BORROW, 0, bscope_lent, bscope_named, name, BSCOPE_NULL_, bscope_deduced, BSCOPE_NULL_,  \
                  #pointer, pointer, 0)
#define bscope_borrow_mut_at_named(name, pointer)                                                                      \
  BSCOPE_PASS_AT_(BSCOPE_KIND_BORROW, BSCOPE_SITE_MUTABLE, bscope_lent, bscope_named, name, BSCOPE_NULL_,              \
                  bscope_deduced, BSCOPE_NULL_, #pointer, pointer, 0)

/* --- Types that the caller states (a string constant), where C can't tell a struct's name ----------------------- */

#define bscope_track_new_typed(name, type, ...)                                                                        \
  BSCOPE_PASS_(BSCOPE_KIND_NEW, 0, bscope_value, bscope_fixed, name, BSCOPE_NULL_, bscope_stated, type, #__VA_ARGS__,  \
               __VA_ARGS__)
#define bscope_track_borrow_typed(name, type, ...)                                                                     \
  BSCOPE_PASS_(BSCOPE_KIND_BORROW, 0, bscope_borrow, bscope_fixed, name, BSCOPE_NULL_, bscope_stated, type,            \
               #__VA_ARGS__, __VA_ARGS__)
#define bscope_track_borrow_mut_typed(name, type, ...)                                                                 \
  BSCOPE_PASS_(BSCOPE_KIND_BORROW, BSCOPE_SITE_MUTABLE, bscope_borrow, bscope_fixed, name, BSCOPE_NULL_,               \
               bscope_stated, type, #__VA_ARGS__, __VA_ARGS__)
#define bscope_track_move_typed(from, to, type, ...)                                                                   \
  BSCOPE_PASS_(BSCOPE_KIND_MOVE, 0, bscope_move, bscope_fixed, from, to, bscope_stated, type, #__VA_ARGS__, __VA_ARGS__)
#define bscope_new_at_typed(name, type, pointer, size)                                                                 \
  BSCOPE_PASS_AT_(BSCOPE_KIND_NEW, 0, bscope_new, bscope_fixed, name, BSCOPE_NULL_, bscope_stated, type, #pointer,     \
                  pointer, size)

#include <borrowscope/track_kinds.h>

#endif
