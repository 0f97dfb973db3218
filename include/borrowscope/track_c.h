/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracking macros in C. Included by track.h, which documents them.
 *
 * A macro is a GNU statement expression: it holds the value in a variable of its own (so that it is evaluated once,
 * whatever is nested in it), writes a record and yields the value. The variable is __auto_type initialised from a comma
 * expression, which decays arrays, drops qualifiers and takes bit-fields. The argument is evaluated there alone; clang
 * reads it once more for its type.
 */
/* clang takes a value in a macro's argument for a program's own text otherwise, and warns where it is not used. */
#ifdef __clang__
#pragma clang system_header
#endif

#ifndef BORROWSCOPE_TRACK_C_H
#define BORROWSCOPE_TRACK_C_H

#include <borrowscope/site.h>

/*
 * A static site that a plain `inline` function may hold: ISO C forbids modifiable statics there. gcc puts a
 * `const volatile` object into writable data and assumes nothing about its contents; clang is told to be quiet.
 * The qualifiers are cast away by way of an integer.
 */
#ifdef __clang__
#define BSCOPE_C_ANY_SITE_(id, ...)                                                                                    \
  _Pragma("clang diagnostic push")                                                                                     \
      _Pragma("clang diagnostic ignored \"-Wstatic-local-in-inline\"") static struct bscope_site BSCOPE_JOIN_(         \
          bscope_site_, id) = BSCOPE_SITE_ALL_FIELDS_(__VA_ARGS__);                                                    \
  _Pragma("clang diagnostic pop")
#else
#define BSCOPE_C_ANY_SITE_(id, ...)                                                                                    \
  static const volatile struct bscope_site BSCOPE_JOIN_(bscope_site_, id) = BSCOPE_SITE_ALL_FIELDS_(__VA_ARGS__);
#endif
#define BSCOPE_C_SITE_(id, ...) BSCOPE_C_ANY_SITE_(id, BSCOPE_NULL_, __VA_ARGS__)
#define BSCOPE_C_SITE_AT_(id) ((struct bscope_site *)(uintptr_t)&BSCOPE_JOIN_(bscope_site_, id))
#define BSCOPE_C_FUNCTION_ (__extension__ __FUNCTION__)

#define BSCOPE_C_VALUE_(id) BSCOPE_JOIN_(bscope_value_, id)
#define BSCOPE_C_HOLD_(id, ...) __extension__ __auto_type BSCOPE_C_VALUE_(id) = ((void)0, (__VA_ARGS__));

/*
 * What the macro yields. A bit-field narrower than its type is an int in arithmetic, which gcc's variable still knows
 * and clang's does not: there the value is given the type that the argument is promoted to, where the two differ.
 */
#ifdef __clang__
#define BSCOPE_C_PROMOTED_(id) BSCOPE_JOIN_(bscope_promoted_, id)
#define BSCOPE_C_MAY_PROMOTE_(id)                                                                                      \
  _Generic(BSCOPE_C_VALUE_(id), unsigned int : 1, long : 1, unsigned long : 1, long long : 1, unsigned long long : 1,  \
           default : 0)
#define BSCOPE_C_PROMOTE_(id, ...)                                                                                     \
  __typeof__(+__builtin_choose_expr(BSCOPE_C_MAY_PROMOTE_(id), (__VA_ARGS__), 0)) BSCOPE_C_PROMOTED_(id) =             \
      (__typeof__(BSCOPE_C_PROMOTED_(id)))__builtin_choose_expr(BSCOPE_C_MAY_PROMOTE_(id), BSCOPE_C_VALUE_(id), 0);
#define BSCOPE_C_YIELD_(id)                                                                                            \
  __builtin_choose_expr(                                                                                               \
      BSCOPE_C_MAY_PROMOTE_(id) &&                                                                                     \
          !__builtin_types_compatible_p(__typeof__(BSCOPE_C_VALUE_(id)), __typeof__(BSCOPE_C_PROMOTED_(id))),          \
      BSCOPE_C_PROMOTED_(id), BSCOPE_C_VALUE_(id))
#else
#define BSCOPE_C_PROMOTE_(id, ...)
#define BSCOPE_C_YIELD_(id) BSCOPE_C_VALUE_(id)
#endif

/* gcc's and clang's number for the class of pointer types. */
#define BSCOPE_C_IS_POINTER_(value) (__builtin_classify_type(value) == 5)
#define BSCOPE_C_ADDRESS_(value) ((uintptr_t) __builtin_choose_expr(BSCOPE_C_IS_POINTER_(value), (value), (void *)0))
#define BSCOPE_C_ADDRESS_IS_(value) (BSCOPE_C_IS_POINTER_(value) ? BSCOPE_WORD_ADDRESS : BSCOPE_WORD_NONE)

#define BSCOPE_C_RECORD_bscope_fixed(id, name, name2, ...) bscope_record_inline(BSCOPE_C_SITE_AT_(id), __VA_ARGS__)
#define BSCOPE_C_RECORD_bscope_named(id, name, name2, ...)                                                             \
  bscope_record_named_(BSCOPE_C_SITE_AT_(id), name, name2, __VA_ARGS__)
#define BSCOPE_C_RECORD_bscope_rated(id, name, name2, ...)                                                             \
  bscope_record_rated_(BSCOPE_C_SITE_AT_(id), BSCOPE_FIRST_ name, __VA_ARGS__)
#define BSCOPE_C_RECORD_bscope_counted(id, name, name2, ...)                                                           \
  bscope_record_counted_(BSCOPE_C_SITE_AT_(id), BSCOPE_FIRST_ name, __VA_ARGS__)

/* The scalar types, each as such, behind a pointer, and behind a pointer to const. */
#define BSCOPE_C_SCALARS_(X, a)                                                                                        \
  X(_Bool, a)                                                                                                          \
  X(char, a)                                                                                                           \
  X(signed char, a)                                                                                                    \
  X(unsigned char, a)                                                                                                  \
  X(short, a)                                                                                                          \
  X(unsigned short, a)                                                                                                 \
  X(int, a)                                                                                                            \
  X(unsigned int, a)                                                                                                   \
  X(long, a)                                                                                                           \
  X(unsigned long, a)                                                                                                  \
  X(long long, a)                                                                                                      \
  X(unsigned long long, a)                                                                                             \
  X(float, a)                                                                                                          \
  X(double, a)                                                                                                         \
  X(long double, a)
#define BSCOPE_C_NAME_ROW_(type, a)                                                                                    \
  type:                                                                                                                \
#type, type * : #type " *", const type * : "const " #type " *",
#define BSCOPE_C_POINTEE_ROW_(type, a) type * : #type, const type * : #type,
#define BSCOPE_C_TYPE_OF_(value)                                                                                       \
  _Generic((value), BSCOPE_C_SCALARS_(BSCOPE_C_NAME_ROW_, 0) void *                                        \
           : "void *", const void *                                                                                    \
           : "const void *", char **                                                                                   \
           : "char **", default                                                                                        \
           : BSCOPE_NULL_)
#define BSCOPE_C_TYPE_bscope_deduced(id, type) BSCOPE_C_TYPE_OF_(BSCOPE_C_VALUE_(id))
#define BSCOPE_C_TYPE_bscope_pointee(id, type)                                                                         \
  _Generic(BSCOPE_C_VALUE_(id), BSCOPE_C_SCALARS_(BSCOPE_C_POINTEE_ROW_, 0) default : BSCOPE_NULL_)
#define BSCOPE_C_TYPE_bscope_stated(id, type) type
#define BSCOPE_C_TYPE_bscope_none(id, type) BSCOPE_NULL_

/* What a by-name form tells of its value: nothing, its address, whether it is true; or what the call says beside it. */
#define BSCOPE_C_OBJECT_IS_bscope_value(value) BSCOPE_WORD_NONE
#define BSCOPE_C_OBJECT_bscope_value(value, said) 0
#define BSCOPE_C_OBJECT_IS_bscope_borrow(value) BSCOPE_C_ADDRESS_IS_(value)
#define BSCOPE_C_OBJECT_bscope_borrow(value, said) BSCOPE_C_ADDRESS_(value)
#define BSCOPE_C_OBJECT_IS_bscope_move(value) BSCOPE_C_ADDRESS_IS_(value)
#define BSCOPE_C_OBJECT_bscope_move(value, said) BSCOPE_C_ADDRESS_(value)
#define BSCOPE_C_OBJECT_IS_bscope_truth(value) BSCOPE_WORD_VALUE
#define BSCOPE_C_OBJECT_bscope_truth(value, said) ((value) ? 1 : 0)
#define BSCOPE_C_OBJECT_IS_bscope_said(value) BSCOPE_WORD_VALUE
#define BSCOPE_C_OBJECT_bscope_said(value, said) (said)
#define BSCOPE_C_OBJECT_IS_bscope_source(value) BSCOPE_WORD_ID
#define BSCOPE_C_OBJECT_bscope_source(value, said) (said)
#define BSCOPE_C_OBJECT_IS_bscope_shared(value) BSCOPE_WORD_NONE /* C pointers don't know their counts */
#define BSCOPE_C_OBJECT_bscope_shared(value, said) 0
#define BSCOPE_C_OBJECT_IS_bscope_first(value) BSCOPE_WORD_VALUE
#define BSCOPE_C_OBJECT_bscope_first(value, said) (said)

#define BSCOPE_GIVE_(...) BSCOPE_C_GIVE_(__COUNTER__, __VA_ARGS__)
#define BSCOPE_C_GIVE_(id, kind, flags, subject_is, subject, word, said, how, name, name2, typed, type, text, ...)     \
  __extension__({                                                                                                      \
    BSCOPE_C_HOLD_(id, __VA_ARGS__)                                                                                    \
    BSCOPE_C_PROMOTE_(id, __VA_ARGS__)                                                                                 \
    BSCOPE_C_SITE_(id, kind, flags, subject_is, BSCOPE_C_OBJECT_IS_##word(BSCOPE_C_VALUE_(id)), 0,                     \
                   BSCOPE_SITE_NAME_##how(name), BSCOPE_SITE_NAME_##how(name2), BSCOPE_C_TYPE_##typed(id, type),       \
                   BSCOPE_C_FUNCTION_, text)                                                                           \
    BSCOPE_C_RECORD_##how(id, name, name2, subject, BSCOPE_C_OBJECT_##word(BSCOPE_C_VALUE_(id), said));                \
    BSCOPE_C_YIELD_(id);                                                                                               \
  })

/* What an _at form tells: the words' meanings, the words, and whether a null pointer is worth a record. */
#define BSCOPE_C_WORDS_ARE_bscope_new BSCOPE_WORD_ADDRESS, BSCOPE_WORD_SIZE
#define BSCOPE_C_WORDS_bscope_new(address, size) address, size
#define BSCOPE_C_WHEN_bscope_new(address) (address) != 0
#define BSCOPE_C_WORDS_ARE_bscope_owner BSCOPE_WORD_ADDRESS, BSCOPE_WORD_NONE
#define BSCOPE_C_WORDS_bscope_owner(address, size) address, 0
#define BSCOPE_C_WHEN_bscope_owner(address) (address) != 0
#define BSCOPE_C_WORDS_ARE_bscope_lent BSCOPE_WORD_NONE, BSCOPE_WORD_ADDRESS
#define BSCOPE_C_WORDS_bscope_lent(address, size) 0, address
#define BSCOPE_C_WHEN_bscope_lent(address) 1
#define BSCOPE_C_WORDS_ARE_bscope_range BSCOPE_WORD_SIZE, BSCOPE_WORD_ADDRESS
#define BSCOPE_C_WORDS_bscope_range(address, size) size, address
#define BSCOPE_C_WHEN_bscope_range(address) 1
#define BSCOPE_C_WORDS_ARE_bscope_resize BSCOPE_WORD_ADDRESS, BSCOPE_WORD_SIZE
#define BSCOPE_C_WORDS_bscope_resize(address, size) address, size
#define BSCOPE_C_WHEN_bscope_resize(address) 1

#define BSCOPE_PASS_AT_(kind, flags, words, how, name, name2, typed, type, text, pointer, size)                        \
  BSCOPE_C_PASS_AT_(__COUNTER__, kind, flags, words, how, name, name2, typed, type, text, pointer, size)
#define BSCOPE_C_PASS_AT_(id, kind, flags, words, how, name, name2, typed, type, text, pointer, size)                  \
  __extension__({                                                                                                      \
    BSCOPE_C_HOLD_(id, pointer)                                                                                        \
    _Static_assert(BSCOPE_C_IS_POINTER_(BSCOPE_C_VALUE_(id)), "borrowscope: this macro needs a pointer");              \
    const uint64_t BSCOPE_JOIN_(bscope_size_, id) = (uint64_t)(size);                                                  \
    BSCOPE_C_SITE_(id, kind, (flags) | BSCOPE_SITE_BY_ADDRESS, BSCOPE_C_WORDS_ARE_##words, 0,                          \
                   BSCOPE_SITE_NAME_##how(name), BSCOPE_SITE_NAME_##how(name2), BSCOPE_C_TYPE_##typed(id, type),       \
                   BSCOPE_C_FUNCTION_, text)                                                                           \
    (void)BSCOPE_JOIN_(bscope_size_, id);                                                                              \
    if (BSCOPE_C_WHEN_##words((uintptr_t)BSCOPE_C_VALUE_(id)))                                                         \
      BSCOPE_C_RECORD_##how(id, name, name2,                                                                           \
                            BSCOPE_C_WORDS_##words((uintptr_t)BSCOPE_C_VALUE_(id), BSCOPE_JOIN_(bscope_size_, id)));   \
    BSCOPE_C_VALUE_(id);                                                                                               \
  })

/* The forms that yield nothing. */
#define BSCOPE_NOTE_(kind, flags, how, name) BSCOPE_C_NOTE_(__COUNTER__, kind, flags, how, name)
#define BSCOPE_C_NOTE_(id, kind, flags, how, name)                                                                     \
  __extension__({                                                                                                      \
    BSCOPE_C_SITE_(id, kind, flags, BSCOPE_WORD_NONE, BSCOPE_WORD_NONE, 0, BSCOPE_SITE_NAME_##how(name), BSCOPE_NULL_, \
                   BSCOPE_NULL_, BSCOPE_C_FUNCTION_, BSCOPE_NULL_)                                                     \
    BSCOPE_C_RECORD_##how(id, name, BSCOPE_NULL_, 0, 0);                                                               \
  })

#define BSCOPE_TELL_(...) BSCOPE_C_TELL_(__COUNTER__, __VA_ARGS__)
#define BSCOPE_C_TELL_(id, kind, flags, extent, subject_is, subject, object_is, object, how, name, name2, typed, type) \
  __extension__({                                                                                                      \
    BSCOPE_C_SITE_(id, kind, flags, subject_is, object_is, extent, BSCOPE_SITE_NAME_##how(name),                       \
                   BSCOPE_SITE_NAME_##how(name2), BSCOPE_C_TELL_TYPE_##typed(type), BSCOPE_C_FUNCTION_, BSCOPE_NULL_)  \
    BSCOPE_C_RECORD_##how(id, name, name2, subject, object);                                                           \
  })
#define BSCOPE_C_TELL_TYPE_bscope_deduced(expression) BSCOPE_C_TYPE_OF_(expression)
#define BSCOPE_C_TELL_TYPE_bscope_stated(type) type

/* The same with further strings. */
#define BSCOPE_TELL_LIST_(...) BSCOPE_C_TELL_LIST_(__COUNTER__, __VA_ARGS__)
#define BSCOPE_C_TELL_LIST_(id, kind, subject, object_is, object, name, ...)                                           \
  __extension__({                                                                                                      \
    static const char *const BSCOPE_JOIN_(bscope_extra_, id)[] = {__VA_ARGS__, BSCOPE_NULL_};                          \
    BSCOPE_C_ANY_SITE_(id, BSCOPE_JOIN_(bscope_extra_, id), kind, 0, BSCOPE_WORD_ID, object_is, 0, name, BSCOPE_NULL_, \
                       BSCOPE_NULL_, BSCOPE_C_FUNCTION_, BSCOPE_NULL_)                                                 \
    bscope_record_inline(BSCOPE_C_SITE_AT_(id), subject, object);                                                      \
  })

#define BSCOPE_HEAP_(...) BSCOPE_C_HEAP_(__COUNTER__, __VA_ARGS__)
#define BSCOPE_C_HEAP_(id, name, pointer, size, capacity)                                                              \
  __extension__({                                                                                                      \
    BSCOPE_C_SITE_(id, BSCOPE_KIND_HEAP_ADDR, 0, BSCOPE_WORD_ADDRESS, BSCOPE_WORD_SIZE, 0, name, BSCOPE_NULL_,         \
                   BSCOPE_NULL_, BSCOPE_C_FUNCTION_, BSCOPE_NULL_)                                                     \
    bscope_record_heap_(BSCOPE_C_SITE_AT_(id), pointer, size, capacity);                                               \
  })

#define BSCOPE_RESIZED_(...) BSCOPE_C_RESIZED_(__COUNTER__, __COUNTER__, __VA_ARGS__)
#define BSCOPE_C_RESIZED_(id, id2, name, old_pointer, pointer, old_size, size)                                         \
  __extension__({                                                                                                      \
    BSCOPE_C_SITE_(id, BSCOPE_KIND_RESIZE_BEGIN, BSCOPE_SITE_BY_ADDRESS, BSCOPE_WORD_ADDRESS, BSCOPE_WORD_SIZE, 0,     \
                   name, BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_C_FUNCTION_, BSCOPE_NULL_)                                 \
    BSCOPE_C_SITE_(id2, BSCOPE_KIND_HEAP_REALLOC, BSCOPE_SITE_BY_ADDRESS, BSCOPE_WORD_ADDRESS, BSCOPE_WORD_SIZE, 0,    \
                   name, BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_C_FUNCTION_, BSCOPE_NULL_)                                 \
    bscope_record_resized_(BSCOPE_C_SITE_AT_(id), BSCOPE_C_SITE_AT_(id2), old_pointer, pointer, old_size, size);       \
  })

/* A scalar as a StackField's word, and its class: what is none has no value. */
#define BSCOPE_C_IS_REAL_(value) (__builtin_classify_type(value) == 8)
#define BSCOPE_C_IS_WHOLE_(value) (__builtin_classify_type(value) >= 1 && __builtin_classify_type(value) <= 4)
#define BSCOPE_C_WHOLE_(value) __builtin_choose_expr(BSCOPE_C_IS_WHOLE_(value), (value), 0u)
#define BSCOPE_C_IS_SIGNED_(value) ((__typeof__(BSCOPE_C_WHOLE_(value)))-1 < 1)
#define BSCOPE_SCALAR_CLASS_(value)                                                                                    \
  (BSCOPE_C_IS_POINTER_(value)  ? BSCOPE_SCALAR_POINTER                                                                \
   : BSCOPE_C_IS_REAL_(value)   ? BSCOPE_SCALAR_DOUBLE                                                                 \
   : !BSCOPE_C_IS_WHOLE_(value) ? BSCOPE_SCALAR_NONE                                                                   \
   : BSCOPE_C_IS_SIGNED_(value) ? BSCOPE_SCALAR_SIGNED                                                                 \
                                : BSCOPE_SCALAR_UNSIGNED)
#define BSCOPE_SCALAR_BITS_(value)                                                                                     \
  (BSCOPE_C_IS_POINTER_(value) ? BSCOPE_C_ADDRESS_(value)                                                              \
   : BSCOPE_C_IS_REAL_(value)                                                                                          \
       ? bscope_double_bits_((double)__builtin_choose_expr(BSCOPE_C_IS_REAL_(value), (value), 0))                      \
       : (uint64_t)BSCOPE_C_WHOLE_(value))

#define BSCOPE_DROP_NAMES_(names, count) BSCOPE_C_DROP_NAMES_(__COUNTER__, names, count)
#define BSCOPE_C_DROP_NAMES_(id, names, count)                                                                         \
  __extension__({                                                                                                      \
    BSCOPE_C_SITE_(id, BSCOPE_KIND_DROP, 0, BSCOPE_WORD_NONE, BSCOPE_WORD_NONE, 0, BSCOPE_NULL_, BSCOPE_NULL_,         \
                   BSCOPE_NULL_, BSCOPE_C_FUNCTION_, BSCOPE_NULL_)                                                     \
    bscope_record_drop_names_(BSCOPE_C_SITE_AT_(id), names, count);                                                    \
  })

#define BSCOPE_DROP_AT_(text, pointer) BSCOPE_C_DROP_AT_(__COUNTER__, text, pointer)
#define BSCOPE_C_DROP_AT_(id, text, pointer)                                                                           \
  __extension__({                                                                                                      \
    BSCOPE_C_HOLD_(id, pointer)                                                                                        \
    _Static_assert(BSCOPE_C_IS_POINTER_(BSCOPE_C_VALUE_(id)), "borrowscope: this macro needs a pointer");              \
    BSCOPE_C_SITE_(id, BSCOPE_KIND_DROP, BSCOPE_SITE_BY_ADDRESS, BSCOPE_WORD_ADDRESS, BSCOPE_WORD_NONE, 0,             \
                   BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_C_FUNCTION_, text)                                 \
    if ((uintptr_t)BSCOPE_C_VALUE_(id) != 0)                                                                           \
      bscope_record_inline(BSCOPE_C_SITE_AT_(id), (uintptr_t)BSCOPE_C_VALUE_(id), 0);                                  \
    (void)0;                                                                                                           \
  })

#define BSCOPE_REALLOC_(text, pointer, size) BSCOPE_C_REALLOC_(__COUNTER__, __COUNTER__, text, pointer, size)
#define BSCOPE_C_REALLOC_(id, id2, text, pointer, size)                                                                \
  __extension__({                                                                                                      \
    void *const BSCOPE_C_VALUE_(id) = (pointer);                                                                       \
    BSCOPE_C_SITE_(id, BSCOPE_KIND_RESIZE_BEGIN, BSCOPE_SITE_BY_ADDRESS, BSCOPE_WORD_ADDRESS, BSCOPE_WORD_SIZE, 0,     \
                   BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_C_FUNCTION_, text)                                 \
    BSCOPE_C_SITE_(id2, BSCOPE_KIND_HEAP_REALLOC, BSCOPE_SITE_BY_ADDRESS, BSCOPE_WORD_ADDRESS, BSCOPE_WORD_SIZE, 0,    \
                   BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_C_FUNCTION_, text)                                 \
    bscope_record_realloc_(BSCOPE_C_SITE_AT_(id), BSCOPE_C_SITE_AT_(id2), BSCOPE_C_VALUE_(id), size);                  \
  })

/*
 * The guard of a scope-bound variable: its cleanup records the end of the scope, whichever way it is left. The cookie
 * is made of the guard's own address and cleared on use, so that the cleanup of a guard that a jump into the scope
 * passed by (switch, goto) finds none. It is volatile, or the compiler would take the uninitialised one for the right
 * one.
 */
struct bscope_guard {
  volatile uintptr_t cookie;
  struct bscope_site *site;
  uintptr_t subject;
};

#define BSCOPE_C_COOKIE_(guard) ((uintptr_t)(guard) ^ (uintptr_t)0x5bd1e995b0ca0b5dU)

BSCOPE_INLINE_ void bscope_guard_begin_(struct bscope_guard *guard, struct bscope_site *begin, struct bscope_site *end,
                                        uintptr_t subject, uintptr_t object) {
  guard->site = end;
  guard->subject = subject;
  guard->cookie = BSCOPE_C_COOKIE_(guard);
  bscope_record_inline(begin, subject, object);
}

/* The end of the scope will only say that the place is free. */
BSCOPE_INLINE_ void bscope_guard_keep_(struct bscope_guard *guard, struct bscope_site *end) {
  guard->site = end;
}

BSCOPE_INLINE_ void bscope_guard_end_(struct bscope_guard *guard) {
  if (guard->cookie != BSCOPE_C_COOKIE_(guard))
    return;
  guard->cookie = 0;
  bscope_record_inline(guard->site, guard->subject, 0);
}

#define BSCOPE_LET_(declared, type, name, label, guard, ...)                                                           \
  BSCOPE_C_LET_(__COUNTER__, __COUNTER__, __typeof__(declared), type, name, label, guard, __VA_ARGS__)
#define BSCOPE_LET_AUTO_(name, label, guard, ...)                                                                      \
  BSCOPE_C_LET_(__COUNTER__, __COUNTER__, __extension__ __auto_type, BSCOPE_C_TYPE_OF_(name), name, label, guard,      \
                __VA_ARGS__)
#define BSCOPE_C_LET_(id, id2, declared, type, name, label, guard, ...)                                                \
  declared name __attribute__((unused)) = __VA_ARGS__;                                                                 \
  BSCOPE_C_SITE_(id, BSCOPE_KIND_NEW, BSCOPE_SITE_SCOPED, BSCOPE_WORD_ADDRESS, BSCOPE_WORD_NONE, sizeof(name), label,  \
                 BSCOPE_NULL_, type, BSCOPE_C_FUNCTION_, BSCOPE_NULL_)                                                 \
  BSCOPE_C_SITE_(id2, BSCOPE_KIND_DROP, BSCOPE_SITE_SCOPED, BSCOPE_WORD_ADDRESS, BSCOPE_WORD_NONE, 0, label,           \
                 BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_C_FUNCTION_, BSCOPE_NULL_)                                         \
  struct bscope_guard guard __attribute__((cleanup(bscope_guard_end_), unused));                                       \
  bscope_guard_begin_(&guard, BSCOPE_C_SITE_AT_(id), BSCOPE_C_SITE_AT_(id2), (uintptr_t)&name, 0)

#define BSCOPE_REF_(flags, declared, type, name, label, guard, text, ...)                                              \
  BSCOPE_C_REF_(__COUNTER__, __COUNTER__, flags, __typeof__(declared), type, name, label, guard, text, __VA_ARGS__)
#define BSCOPE_C_REF_(id, id2, flags, declared, type, name, label, guard, text, ...)                                   \
  declared name __attribute__((unused)) = __VA_ARGS__;                                                                 \
  _Static_assert(BSCOPE_C_IS_POINTER_(name), "borrowscope: write the pointer's type, as in BSCOPE_REF(int *, r, &x)"); \
  BSCOPE_C_SITE_(id, BSCOPE_KIND_BORROW, (flags) | BSCOPE_SITE_SCOPED, BSCOPE_WORD_ADDRESS, BSCOPE_WORD_ADDRESS,       \
                 sizeof(name), label, BSCOPE_NULL_, type, BSCOPE_C_FUNCTION_, text)                                    \
  BSCOPE_C_SITE_(id2, BSCOPE_KIND_DROP, BSCOPE_SITE_SCOPED | BSCOPE_SITE_BORROWER_ONLY, BSCOPE_WORD_ADDRESS,           \
                 BSCOPE_WORD_NONE, 0, label, BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_C_FUNCTION_, BSCOPE_NULL_)             \
  struct bscope_guard guard __attribute__((cleanup(bscope_guard_end_), unused));                                       \
  bscope_guard_begin_(&guard, BSCOPE_C_SITE_AT_(id), BSCOPE_C_SITE_AT_(id2), (uintptr_t)&name, (uintptr_t)name)

#define BSCOPE_KEEP_(label, guard) BSCOPE_C_KEEP_(__COUNTER__, label, guard)
#define BSCOPE_C_KEEP_(id, label, guard)                                                                               \
  __extension__({                                                                                                      \
    BSCOPE_C_SITE_(id, BSCOPE_KIND_DROP, BSCOPE_SITE_SCOPED | BSCOPE_SITE_KEPT, BSCOPE_WORD_ADDRESS, BSCOPE_WORD_NONE, \
                   0, label, BSCOPE_NULL_, BSCOPE_NULL_, BSCOPE_C_FUNCTION_, BSCOPE_NULL_)                             \
    bscope_guard_keep_(&guard, BSCOPE_C_SITE_AT_(id));                                                                 \
  })

#endif
