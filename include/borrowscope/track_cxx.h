/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracking macros in C++17 and later. Included by track.h, which documents them.
 *
 * A macro is a call, give(site, how, words, value): its argument's temporaries live to the end of the full expression.
 * The site is a constant-initialised static in a lambda without captures, which may stand at namespace scope, in a
 * default member initialiser and in a constexpr function. The lambda is generic: it learns the value's type, whose name
 * the library cuts out of __PRETTY_FUNCTION__ when the site is first executed.
 */
#ifndef BORROWSCOPE_TRACK_CXX_H
#define BORROWSCOPE_TRACK_CXX_H

#if __cplusplus < 201703L
#error "borrowscope's macros need C++17 or later: compile with -std=c++17, or with -DBORROWSCOPE_DISABLE without them"
#else

#include <memory>
#include <type_traits>

#include <borrowscope/site.h>

#ifdef __clang__
#define BSCOPE_CXX_CONSTANT_ [[clang::require_constant_initialization]]
#else
#define BSCOPE_CXX_CONSTANT_ __constinit
#endif
#define BSCOPE_CXX_INLINE_ inline __attribute__((always_inline))

namespace bscope {
namespace detail {

template <class T> using same = T;
template <class T> using bare = std::remove_cv_t<std::remove_reference_t<T>>;

/* Tells a site's lambda the type that it is for, also where that type is incomplete. */
template <class T> struct tag { using type = T; };

template <class T> constexpr const char *type_text() noexcept {
  return __PRETTY_FUNCTION__;
}

/* The type that a pointer points to, or nothing where that says nothing. */
template <class T> constexpr const char *pointee_text() noexcept {
  using pointee = bare<std::remove_pointer_t<std::decay_t<T>>>;
  if constexpr (std::is_void_v<pointee> || !std::is_pointer_v<std::decay_t<T>>)
    return nullptr;
  else
    return type_text<pointee>();
}

/* How a value tells where it points: a pointer by itself, any other lvalue by its place. T as deduced for T &&. */
template <class T> constexpr bool is_pointer = std::is_pointer_v<bare<T>> || std::is_null_pointer_v<bare<T>>;
template <class T> constexpr uint8_t pointer_is = is_pointer<T> ? BSCOPE_WORD_ADDRESS : BSCOPE_WORD_NONE;
template <class T>
constexpr uint8_t place_is = is_pointer<T> || std::is_lvalue_reference_v<T> ? BSCOPE_WORD_ADDRESS : BSCOPE_WORD_NONE;
template <class T>
constexpr uint32_t place_flag = std::is_reference_v<T> && !is_pointer<T> ? uint32_t{BSCOPE_SITE_PLACE} : 0u;

template <class T> BSCOPE_CXX_INLINE_ uint64_t address_of(T *pointer) noexcept {
  return reinterpret_cast<uintptr_t>(pointer);
}
BSCOPE_CXX_INLINE_ uint64_t address_of(decltype(nullptr)) noexcept {
  return 0;
}

template <class T> BSCOPE_CXX_INLINE_ uint64_t place_of(T &value) noexcept {
  if constexpr (is_pointer<T>)
    return address_of(value);
  else
    return address_of(std::addressof(value));
}

/* A value that counts who shares it, as std::shared_ptr does. */
template <class T, class = void> constexpr bool counts = false;
template <class T> constexpr bool counts<T, std::void_t<decltype(std::declval<const T &>().use_count())>> = true;
template <class T> BSCOPE_CXX_INLINE_ uint64_t counts_of(const T &value) noexcept {
  return bscope_counts_(static_cast<uint64_t>(value.use_count()), 0);
}

/*
 * What a by-name form tells of its value (nothing, where it points, whether it is true, its counts), or what the call
 * says beside it. T as deduced for T &&.
 */
struct bscope_value {
  template <class T> static constexpr uint8_t is = BSCOPE_WORD_NONE;
  template <class T> static constexpr uint32_t place = 0;
  template <class V> static BSCOPE_CXX_INLINE_ uint64_t word(V &, uint64_t said) noexcept { return said; }
};
struct bscope_place {
  template <class V> static BSCOPE_CXX_INLINE_ uint64_t word(V &value, uint64_t) noexcept { return place_of(value); }
};
struct bscope_borrow : bscope_place {
  template <class T> static constexpr uint8_t is = place_is<T>;
  template <class T> static constexpr uint32_t place = place_flag<T>;
};
struct bscope_move : bscope_place {
  template <class T> static constexpr uint8_t is = pointer_is<T>;
  template <class T> static constexpr uint32_t place = 0;
};
struct bscope_said : bscope_value {
  template <class T> static constexpr uint8_t is = BSCOPE_WORD_VALUE;
};
struct bscope_source : bscope_value {
  template <class T> static constexpr uint8_t is = BSCOPE_WORD_ID;
};
struct bscope_truth : bscope_said {
  template <class V> static BSCOPE_CXX_INLINE_ uint64_t word(V &value, uint64_t) noexcept { return value ? 1 : 0; }
};
struct bscope_first : bscope_said {
  template <class V> static BSCOPE_CXX_INLINE_ uint64_t word([[maybe_unused]] V &value, uint64_t said) noexcept {
    if constexpr (counts<V>)
      return counts_of(value);
    else
      return said;
  }
};
struct bscope_shared : bscope_first {
  template <class T> static constexpr uint8_t is = counts<bare<T>> ? BSCOPE_WORD_VALUE : BSCOPE_WORD_NONE;
};

template <class Word, class T>
BSCOPE_CXX_INLINE_ uint64_t word_of([[maybe_unused]] std::remove_reference_t<T> &value, uint64_t said) noexcept {
  if constexpr (Word::template is<T> != BSCOPE_WORD_NONE)
    return Word::word(value, said);
  else
    return 0;
}

/* How a record is written: under the site's own names, or under some known only now. */
struct bscope_fixed {
  constexpr bscope_fixed(const char *, const char *) noexcept {}
  BSCOPE_CXX_INLINE_ void write(bscope_site *site, uint64_t subject, uint64_t object) const noexcept {
    bscope_record_inline(site, subject, object);
  }
};
struct bscope_named {
  const char *name;
  const char *name2;
  constexpr bscope_named(const char *first, const char *second) noexcept : name(first), name2(second) {}
  BSCOPE_CXX_INLINE_ void write(bscope_site *site, uint64_t subject, uint64_t object) const noexcept {
    bscope_record_named_(site, name, name2, subject, object);
  }
};

struct bscope_rated {
  double rate;
  constexpr explicit bscope_rated(double said) noexcept : rate(said) {}
  BSCOPE_CXX_INLINE_ void write(bscope_site *site, uint64_t subject, uint64_t object) const noexcept {
    bscope_record_rated_(site, rate, subject, object);
  }
};
struct bscope_counted {
  uint64_t counts;
  constexpr explicit bscope_counted(uint64_t said) noexcept : counts(said) {}
  BSCOPE_CXX_INLINE_ void write(bscope_site *site, uint64_t subject, uint64_t object) const noexcept {
    bscope_record_counted_(site, counts, subject, object);
  }
};

/* What comes back: an lvalue as it is, anything else by value. Arrays and functions can't come back by value. */
template <class T> using passed = std::conditional_t<std::is_array_v<T>, void, T>;

template <class T> constexpr bool passes_without_throwing() noexcept {
  if constexpr (std::is_lvalue_reference_v<T>)
    return true;
  else
    return std::is_nothrow_move_constructible_v<T>;
}

template <class Word, class Site, class How, class T>
BSCOPE_CXX_INLINE_ constexpr passed<T> give(Site site, How how, uint64_t subject, uint64_t said,
                                            T &&value) noexcept(passes_without_throwing<T>()) {
  static_assert(!std::is_array_v<T>, "borrowscope: an array that is a temporary can't be handed on; give it a name");
  static_assert(std::is_lvalue_reference_v<T> || std::is_move_constructible_v<T>,
                "borrowscope: a value of this type can't be moved; create it first, then track its name");
  if (!__builtin_is_constant_evaluated())
    how.write(site(tag<T>()), subject, word_of<Word, T>(value, said));
  if constexpr (std::is_lvalue_reference_v<T> || std::is_move_constructible_v<T>)
    return static_cast<T &&>(value);
}

/* What an _at form tells: the words' meanings, the words, and whether a null pointer is worth a record. */
struct bscope_new {
  static constexpr uint8_t subject_is = BSCOPE_WORD_ADDRESS, object_is = BSCOPE_WORD_SIZE;
  static constexpr bool null = false;
  static constexpr uint64_t subject(uint64_t address, uint64_t) noexcept { return address; }
  static constexpr uint64_t object(uint64_t, uint64_t size) noexcept { return size; }
};
struct bscope_resize : bscope_new {
  static constexpr bool null = true;
};
struct bscope_owner : bscope_new {
  static constexpr uint8_t object_is = BSCOPE_WORD_NONE;
  static constexpr uint64_t object(uint64_t, uint64_t) noexcept { return 0; }
};
struct bscope_end : bscope_owner {
  static constexpr bool null = false;
};
struct bscope_range {
  static constexpr uint8_t subject_is = BSCOPE_WORD_SIZE, object_is = BSCOPE_WORD_ADDRESS;
  static constexpr bool null = true;
  static constexpr uint64_t subject(uint64_t, uint64_t size) noexcept { return size; }
  static constexpr uint64_t object(uint64_t address, uint64_t) noexcept { return address; }
};
struct bscope_lent : bscope_range {
  static constexpr uint8_t subject_is = BSCOPE_WORD_NONE;
  static constexpr uint64_t subject(uint64_t, uint64_t) noexcept { return 0; }
};

template <class T> BSCOPE_CXX_INLINE_ uint64_t pointer_of(T &pointer) noexcept {
  static_assert(is_pointer<T> || std::is_array_v<T>, "borrowscope: this macro needs a pointer");
  return place_of(pointer);
}

template <class Words, class Site, class How, class T>
BSCOPE_CXX_INLINE_ constexpr passed<T> pass_at(Site site, How how, T &&pointer, size_t size) noexcept {
  if (!__builtin_is_constant_evaluated()) {
    const uint64_t address = pointer_of(pointer);
    if (Words::null || address != 0)
      how.write(site(tag<T>()), Words::subject(address, size), Words::object(address, size));
  }
  return static_cast<T &&>(pointer);
}

template <class Site, class T> BSCOPE_CXX_INLINE_ constexpr void end_at(Site site, T &&pointer) noexcept {
  static_cast<void>(pass_at<bscope_end>(site, bscope_fixed(nullptr, nullptr), static_cast<T &&>(pointer), 0));
}

template <class Site, class How> BSCOPE_CXX_INLINE_ constexpr void note(Site site, How how) noexcept {
  if (!__builtin_is_constant_evaluated())
    how.write(site(tag<void>()), 0, 0);
}

template <class T, class Site, class How>
BSCOPE_CXX_INLINE_ constexpr void tell(tag<T> type, Site site, How how, uint64_t subject, uint64_t object) noexcept {
  if (!__builtin_is_constant_evaluated())
    how.write(site(type), subject, object);
}

template <class Site>
BSCOPE_CXX_INLINE_ void heap(Site site, const void *pointer, size_t size, size_t capacity) noexcept {
  bscope_record_heap_(site(tag<void>()), pointer, size, capacity);
}

template <class Attempt, class Outcome>
BSCOPE_CXX_INLINE_ void resized(Attempt attempt, Outcome outcome, const void *old_pointer, const void *pointer,
                                size_t old_size, size_t size) noexcept {
  bscope_record_resized_(attempt(tag<void>()), outcome(tag<void>()), old_pointer, pointer, old_size, size);
}

/* A scalar as a StackField's word, and its class: what is none has no value. */
template <class T>
constexpr uint32_t scalar_class = std::is_array_v<T> || std::is_pointer_v<T>     ? BSCOPE_SCALAR_POINTER
                                  : std::is_floating_point_v<T>                  ? BSCOPE_SCALAR_DOUBLE
                                  : !std::is_integral_v<T> && !std::is_enum_v<T> ? BSCOPE_SCALAR_NONE
                                  : std::is_signed_v<T> || std::is_enum_v<T>     ? BSCOPE_SCALAR_SIGNED
                                                                                 : BSCOPE_SCALAR_UNSIGNED;
template <class T> BSCOPE_CXX_INLINE_ uint64_t scalar_bits(const T &value) noexcept {
  constexpr uint32_t is = scalar_class<T>;
  if constexpr (is == BSCOPE_SCALAR_POINTER)
    return address_of(&*value);
  else if constexpr (is == BSCOPE_SCALAR_DOUBLE)
    return bscope_double_bits_(static_cast<double>(value));
  else if constexpr (is != BSCOPE_SCALAR_NONE)
    return static_cast<uint64_t>(value);
  else
    return 0;
}

template <class Site> BSCOPE_CXX_INLINE_ void drop_names(Site site, const char *const *names, size_t count) noexcept {
  bscope_record_drop_names_(site(tag<void>()), names, count);
}

template <class Attempt, class Outcome>
BSCOPE_CXX_INLINE_ void *resize(Attempt attempt, Outcome outcome, void *pointer, size_t size) noexcept {
  return bscope_record_realloc_(attempt(tag<void>()), outcome(tag<void>()), pointer, size);
}

/* A reference has no place of its own: its name alone says which one it is. */
template <class T> constexpr uint8_t own_place_is = std::is_reference_v<T> ? BSCOPE_WORD_NONE : BSCOPE_WORD_ADDRESS;
template <class T> constexpr uint32_t extent_of = std::is_reference_v<T> ? 0 : uint32_t{sizeof(bare<T>)};
template <class T>
constexpr uint8_t lender_is = is_pointer<T> || std::is_reference_v<T> ? BSCOPE_WORD_ADDRESS : BSCOPE_WORD_NONE;

/* The guard of a scope-bound variable: records its beginning, and its end whichever way the scope is left. */
class guard {
public:
  template <class T, class Begin, class End, class V>
  BSCOPE_CXX_INLINE_ guard(tag<T>, std::false_type, Begin begin, End end, V &value) noexcept
      : site_(end(tag<T>())), subject_(address_of(std::addressof(value))) {
    static_assert(!std::is_reference_v<T>, "borrowscope: a reference owns nothing; use BSCOPE_REF or BSCOPE_MUT");
    bscope_record_inline(begin(tag<T>()), subject_, 0);
  }
  template <class T, class Begin, class End, class V>
  BSCOPE_CXX_INLINE_ guard(tag<T>, std::true_type, Begin begin, End end, V &value) noexcept
      : site_(end(tag<T>())), subject_(std::is_reference_v<T> ? 0 : address_of(std::addressof(value))) {
    uint64_t lender = 0;
    if constexpr (lender_is<T> != BSCOPE_WORD_NONE)
      lender = place_of(value);
    bscope_record_inline(begin(tag<T>()), subject_, lender);
  }
  BSCOPE_CXX_INLINE_ ~guard() { bscope_record_inline(site_, subject_, 0); }
  guard(const guard &) = delete;
  guard &operator=(const guard &) = delete;
  /* The end of the scope will only say that the place is free. */
  template <class End> BSCOPE_CXX_INLINE_ void keep(End end) noexcept { site_ = end(tag<void>()); }

private:
  bscope_site *site_;
  uint64_t subject_;
};

} // namespace detail
} // namespace bscope

/* The type that the lambda of a site is told. */
#define BSCOPE_CXX_T_ typename decltype(bscope_tag_)::type

#define BSCOPE_CXX_SITE_(...) BSCOPE_CXX_ANY_SITE_(nullptr, __VA_ARGS__)
#define BSCOPE_CXX_ANY_SITE_(extra, kind, flags, subject_is, object_is, extent, name, name2, type, text)               \
  [](auto bscope_tag_) noexcept {                                                                                      \
    BSCOPE_CXX_CONSTANT_ static ::bscope_site bscope_site_ =                                                           \
        BSCOPE_SITE_ALL_FIELDS_(extra, kind, (flags) | BSCOPE_SITE_PRETTY_FUNCTION, subject_is, object_is, extent,     \
                                name, name2, type, __PRETTY_FUNCTION__, text);                                         \
    static_cast<void>(bscope_tag_);                                                                                    \
    return &bscope_site_;                                                                                              \
  }

#define BSCOPE_CXX_TYPE_bscope_deduced(type) ::bscope::detail::type_text<::bscope::detail::bare<BSCOPE_CXX_T_>>()
#define BSCOPE_CXX_TYPE_bscope_pointee(type) ::bscope::detail::pointee_text<BSCOPE_CXX_T_>()
#define BSCOPE_CXX_TYPE_bscope_stated(type) type
#define BSCOPE_CXX_TYPE_bscope_none(type) nullptr
#define BSCOPE_CXX_PRETTY_bscope_deduced BSCOPE_SITE_PRETTY_TYPE
#define BSCOPE_CXX_PRETTY_bscope_pointee BSCOPE_SITE_PRETTY_TYPE
#define BSCOPE_CXX_PRETTY_bscope_stated 0u
#define BSCOPE_CXX_PRETTY_bscope_none 0u
#define BSCOPE_CXX_HOW_bscope_fixed(name, name2) ::bscope::detail::bscope_fixed(nullptr, nullptr)
#define BSCOPE_CXX_HOW_bscope_named(name, name2) ::bscope::detail::bscope_named(name, name2)
#define BSCOPE_CXX_HOW_bscope_rated(name, name2) ::bscope::detail::bscope_rated(BSCOPE_FIRST_ name)
#define BSCOPE_CXX_HOW_bscope_counted(name, name2) ::bscope::detail::bscope_counted(BSCOPE_FIRST_ name)

#define BSCOPE_GIVE_(kind, flags, subject_is, subject, word, said, how, name, name2, typed, type, text, ...)           \
  ::bscope::detail::give<::bscope::detail::word>(                                                                      \
      BSCOPE_CXX_SITE_(kind, (flags) | BSCOPE_CXX_PRETTY_##typed | ::bscope::detail::word::place<BSCOPE_CXX_T_>,       \
                       subject_is, ::bscope::detail::word::is<BSCOPE_CXX_T_>, 0, BSCOPE_SITE_NAME_##how(name),         \
                       BSCOPE_SITE_NAME_##how(name2), BSCOPE_CXX_TYPE_##typed(type), text),                            \
      BSCOPE_CXX_HOW_##how(name, name2), subject, said,                                                                \
      __VA_ARGS__) /* can't bind a bit-field? write +s.f, its value */

#define BSCOPE_PASS_AT_(kind, flags, words, how, name, name2, typed, type, text, pointer, size)                        \
  ::bscope::detail::pass_at<::bscope::detail::words>(                                                                  \
      BSCOPE_CXX_SITE_(kind, (flags) | BSCOPE_SITE_BY_ADDRESS | BSCOPE_CXX_PRETTY_##typed,                             \
                       ::bscope::detail::words::subject_is, ::bscope::detail::words::object_is, 0,                     \
                       BSCOPE_SITE_NAME_##how(name), BSCOPE_SITE_NAME_##how(name2), BSCOPE_CXX_TYPE_##typed(type),     \
                       text),                                                                                          \
      BSCOPE_CXX_HOW_##how(name, name2), pointer, size)

#define BSCOPE_CXX_PLAIN_SITE_(kind, flags, subject_is, object_is, name, text)                                         \
  BSCOPE_CXX_SITE_(kind, flags, subject_is, object_is, 0, name, nullptr, nullptr, text)

#define BSCOPE_NOTE_(kind, flags, how, name)                                                                           \
  ::bscope::detail::note(                                                                                              \
      BSCOPE_CXX_PLAIN_SITE_(kind, flags, BSCOPE_WORD_NONE, BSCOPE_WORD_NONE, BSCOPE_SITE_NAME_##how(name), nullptr),  \
      BSCOPE_CXX_HOW_##how(name, nullptr))

#define BSCOPE_TELL_(kind, flags, extent, subject_is, subject, object_is, object, how, name, name2, typed, type)       \
  ::bscope::detail::tell(BSCOPE_CXX_TAG_##typed(type),                                                                 \
                         BSCOPE_CXX_SITE_(kind, (flags) | BSCOPE_CXX_PRETTY_##typed, subject_is, object_is, extent,    \
                                          BSCOPE_SITE_NAME_##how(name), BSCOPE_SITE_NAME_##how(name2),                 \
                                          BSCOPE_CXX_TYPE_##typed(type), nullptr),                                     \
                         BSCOPE_CXX_HOW_##how(name, name2), subject, object)
#define BSCOPE_CXX_TAG_bscope_deduced(expression) ::bscope::detail::tag<::bscope::detail::bare<decltype(expression)>>()
#define BSCOPE_CXX_TAG_bscope_stated(type) ::bscope::detail::tag<void>()

/* The same with further strings. */
#define BSCOPE_TELL_LIST_(kind, subject, object_is, object, name, ...)                                                 \
  ::bscope::detail::tell(                                                                                              \
      ::bscope::detail::tag<void>(),                                                                                   \
      [](auto bscope_list_) noexcept {                                                                                 \
        static constexpr const char *bscope_extra_[] = {__VA_ARGS__, nullptr};                                         \
        return BSCOPE_CXX_ANY_SITE_(bscope_extra_, kind, 0, BSCOPE_WORD_ID, object_is, 0, name, nullptr, nullptr,      \
                                    nullptr)(bscope_list_);                                                            \
      },                                                                                                               \
      ::bscope::detail::bscope_fixed(nullptr, nullptr), subject, object)

#define BSCOPE_HEAP_(name, pointer, size, capacity)                                                                    \
  ::bscope::detail::heap(                                                                                              \
      BSCOPE_CXX_PLAIN_SITE_(BSCOPE_KIND_HEAP_ADDR, 0, BSCOPE_WORD_ADDRESS, BSCOPE_WORD_SIZE, name, nullptr), pointer, \
      size, capacity)
#define BSCOPE_RESIZED_(name, old_pointer, pointer, old_size, size)                                                    \
  ::bscope::detail::resized(BSCOPE_CXX_PLAIN_SITE_(BSCOPE_KIND_RESIZE_BEGIN, BSCOPE_SITE_BY_ADDRESS,                   \
                                                   BSCOPE_WORD_ADDRESS, BSCOPE_WORD_SIZE, name, nullptr),              \
                            BSCOPE_CXX_PLAIN_SITE_(BSCOPE_KIND_HEAP_REALLOC, BSCOPE_SITE_BY_ADDRESS,                   \
                                                   BSCOPE_WORD_ADDRESS, BSCOPE_WORD_SIZE, name, nullptr),              \
                            old_pointer, pointer, old_size, size)
#define BSCOPE_SCALAR_CLASS_(value) ::bscope::detail::scalar_class<BSCOPE_CXX_T_>
#define BSCOPE_SCALAR_BITS_(value) ::bscope::detail::scalar_bits(value)

#define BSCOPE_DROP_NAMES_(names, count)                                                                               \
  ::bscope::detail::drop_names(                                                                                        \
      BSCOPE_CXX_PLAIN_SITE_(BSCOPE_KIND_DROP, 0, BSCOPE_WORD_NONE, BSCOPE_WORD_NONE, nullptr, nullptr), names, count)

#define BSCOPE_DROP_AT_(text, pointer)                                                                                 \
  ::bscope::detail::end_at(BSCOPE_CXX_PLAIN_SITE_(BSCOPE_KIND_DROP, BSCOPE_SITE_BY_ADDRESS, BSCOPE_WORD_ADDRESS,       \
                                                  BSCOPE_WORD_NONE, nullptr, text),                                    \
                           pointer)

#define BSCOPE_REALLOC_(text, pointer, size)                                                                           \
  ::bscope::detail::resize(BSCOPE_CXX_PLAIN_SITE_(BSCOPE_KIND_RESIZE_BEGIN, BSCOPE_SITE_BY_ADDRESS,                    \
                                                  BSCOPE_WORD_ADDRESS, BSCOPE_WORD_SIZE, nullptr, text),               \
                           BSCOPE_CXX_PLAIN_SITE_(BSCOPE_KIND_HEAP_REALLOC, BSCOPE_SITE_BY_ADDRESS,                    \
                                                  BSCOPE_WORD_ADDRESS, BSCOPE_WORD_SIZE, nullptr, text),               \
                           pointer, size)

#define BSCOPE_LET_(declared, type, name, label, guarded, ...)                                                         \
  ::bscope::detail::same<declared> name __attribute__((unused)) = __VA_ARGS__;                                         \
  BSCOPE_CXX_GUARD_(::std::false_type, BSCOPE_KIND_NEW, 0, 0, BSCOPE_WORD_NONE, type, name, label, guarded, nullptr)
#define BSCOPE_LET_AUTO_(name, label, guarded, ...)                                                                    \
  auto name __attribute__((unused)) = __VA_ARGS__;                                                                     \
  BSCOPE_CXX_GUARD_(::std::false_type, BSCOPE_KIND_NEW, BSCOPE_SITE_PRETTY_TYPE, 0, BSCOPE_WORD_NONE,                  \
                    BSCOPE_CXX_TYPE_bscope_deduced(nullptr), name, label, guarded, nullptr)
#define BSCOPE_REF_(flags, declared, type, name, label, guarded, text, ...)                                            \
  ::bscope::detail::same<declared> name __attribute__((unused)) = __VA_ARGS__;                                         \
  BSCOPE_CXX_GUARD_(::std::true_type, BSCOPE_KIND_BORROW, (flags) | ::bscope::detail::place_flag<BSCOPE_CXX_T_>,       \
                    BSCOPE_SITE_BORROWER_ONLY, ::bscope::detail::lender_is<BSCOPE_CXX_T_>, type, name, label, guarded, \
                    text)
#define BSCOPE_CXX_GUARD_(lent, kind, flags, end_flags, object_is, type, name, label, guarded, text)                   \
  ::bscope::detail::guard guarded(                                                                                     \
      ::bscope::detail::tag<decltype(name)>(), lent(),                                                                 \
      BSCOPE_CXX_SITE_(kind, (flags) | BSCOPE_SITE_SCOPED, ::bscope::detail::own_place_is<BSCOPE_CXX_T_>, object_is,   \
                       ::bscope::detail::extent_of<BSCOPE_CXX_T_>, label, nullptr, type, text),                        \
      BSCOPE_CXX_SITE_(BSCOPE_KIND_DROP, (end_flags) | BSCOPE_SITE_SCOPED,                                             \
                       ::bscope::detail::own_place_is<BSCOPE_CXX_T_>, BSCOPE_WORD_NONE, 0, label, nullptr, nullptr,    \
                       nullptr),                                                                                       \
      name)

#define BSCOPE_KEEP_(label, guarded)                                                                                   \
  guarded.keep(BSCOPE_CXX_SITE_(BSCOPE_KIND_DROP, BSCOPE_SITE_SCOPED | BSCOPE_SITE_KEPT, BSCOPE_WORD_ADDRESS,          \
                                BSCOPE_WORD_NONE, 0, label, nullptr, nullptr, nullptr))

#endif /* C++17 */

#endif
