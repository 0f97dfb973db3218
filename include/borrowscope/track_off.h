/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracking macros under BORROWSCOPE_DISABLE: the value, and no machine code. Included by track.h.
 * Pointers, values and sizes are still evaluated, once; names are not.
 */
#ifndef BORROWSCOPE_TRACK_OFF_H
#define BORROWSCOPE_TRACK_OFF_H

#include <borrowscope/site.h>

/* gcc takes the macros below for a program's own text otherwise, and warns where it doesn't use a value. */
#pragma GCC system_header

/* A comma expression: an rvalue in C, the same value category in C++. */
#define BSCOPE_OFF_VALUE_(first, ...) (first, (__VA_ARGS__))

#define BSCOPE_GIVE_(kind, flags, subject_is, subject, word, said, how, name, name2, typed, type, text, ...)           \
  BSCOPE_OFF_VALUE_((BSCOPE_OFF_NAME_##how(name), BSCOPE_OFF_NAME_##how(name2), (void)(subject), (void)(said)),        \
                    __VA_ARGS__)
#define BSCOPE_PASS_AT_(kind, flags, words, how, name, name2, typed, type, text, pointer, size)                        \
  BSCOPE_OFF_VALUE_((BSCOPE_OFF_NAME_##how(name), BSCOPE_OFF_NAME_##how(name2), (void)(size)), pointer)
#define BSCOPE_NOTE_(kind, flags, how, name) BSCOPE_OFF_NAME_##how(name)
#define BSCOPE_TELL_(kind, flags, extent, subject_is, subject, object_is, object, how, name, name2, typed, type)       \
  (BSCOPE_OFF_NAME_##how(name), (void)(subject), (void)(object))
#define BSCOPE_TELL_LIST_(kind, subject, object_is, object, name, ...) ((void)(subject), (void)(object))
#define BSCOPE_HEAP_(name, pointer, size, capacity) ((void)(pointer), (void)(size), (void)(capacity))
#define BSCOPE_RESIZED_(name, old_pointer, pointer, old_size, size)                                                    \
  ((void)(old_pointer), (void)(pointer), (void)(old_size), (void)(size))
#define BSCOPE_SCALAR_BITS_(value) (value)
#define BSCOPE_DROP_NAMES_(names, count) ((void)(names), (void)(count))
#define BSCOPE_DROP_AT_(text, pointer) ((void)(pointer))
#define BSCOPE_REALLOC_(text, pointer, size) realloc(pointer, size)

#define BSCOPE_OFF_NAME_bscope_rated(pair) ((void)(BSCOPE_FIRST_ pair))
#define BSCOPE_OFF_NAME_bscope_counted(pair) ((void)(BSCOPE_FIRST_ pair))

/* A name known at run time counts as used, or a variable that is there for it alone would raise a warning. */
#define BSCOPE_OFF_NAME_bscope_fixed(name) ((void)0)
#define BSCOPE_OFF_NAME_bscope_named(name) ((void)sizeof(name))

#ifdef __cplusplus
#define BSCOPE_LET_(declared, type, name, label, guard, ...)                                                           \
  ::bscope::detail::same<declared> name __attribute__((unused)) = __VA_ARGS__
#define BSCOPE_LET_AUTO_(name, label, guard, ...) auto name __attribute__((unused)) = __VA_ARGS__
namespace bscope {
namespace detail {
template <class T> using same = T;
} // namespace detail
} // namespace bscope
#else
#define BSCOPE_LET_(declared, type, name, label, guard, ...)                                                           \
  __typeof__(declared) name __attribute__((unused)) = __VA_ARGS__
#define BSCOPE_LET_AUTO_(name, label, guard, ...) __extension__ __auto_type name __attribute__((unused)) = __VA_ARGS__
#endif
#define BSCOPE_REF_(flags, declared, type, name, label, guard, text, ...)                                              \
  BSCOPE_LET_(declared, type, name, label, guard, __VA_ARGS__)
#define BSCOPE_KEEP_(label, guard) ((void)0)

#endif
