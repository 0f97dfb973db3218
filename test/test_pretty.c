/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names cut out of __PRETTY_FUNCTION__: a table of what gcc and clang write. test_track_cxx.cc checks the
 * compilers at hand against it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture/pretty.h"

struct row {
  const char *pretty;
  const char *wanted;
};

static void check_rows(const struct row *rows, size_t count, size_t (*cut)(const char *, const char **)) {
  for (size_t i = 0; i < count; i++) {
    const char *begin = NULL;
    size_t length = cut(rows[i].pretty, &begin);
    char found[256] = {0};
    assert_true(begin >= rows[i].pretty && begin + length <= rows[i].pretty + strlen(rows[i].pretty));
    memcpy(found, begin, length);
    assert_string_equal(found, rows[i].wanted);
  }
}

#define CHECK(rows, cut) check_rows(rows, sizeof(rows) / sizeof((rows)[0]), cut)

static void types(void **state) {
  (void)state;
#define GCC "constexpr const char* bscope::detail::type_text() [with T = "
#define CLANG "const char *bscope::detail::type_text() [T = "
  static const struct row rows[] = {
      {GCC "int]", "int"},
      {GCC "int [3]]", "int [3]"},
      {GCC "std::__cxx11::basic_string<char>]", "std::__cxx11::basic_string<char>"},
      {GCC "main()::<lambda(int)>]", "main()::<lambda(int)>"},
      {GCC "f(T) [with T = int]::local]", "f(T) [with T = int]::local"},
      {GCC "int (*)(char)]", "int (*)(char)"},
      {CLANG "int]", "int"},
      {CLANG "int[3]]", "int[3]"},
      {CLANG "(lambda at a[1].cc:15:116)]", "(lambda at a[1].cc:15:116)"},
      {CLANG "std::map<int, char *>]", "std::map<int, char *>"},
      {"another compiler's words", "another compiler's words"},
      {"cut short [T = int", "cut short [T = int"},
      {"", ""},
  };
  CHECK(rows, bscope_pretty_type);
}

static void functions_of_gcc(void **state) {
  (void)state;
  static const struct row rows[] = {
      {"main()::<lambda(auto:14)> [with auto:14 = bscope::detail::tag<int>]", "main"},
      {"<lambda(auto:1)> [with auto:1 = bscope::detail::tag<int>]", ""},
      {"ns::<lambda(auto:1)> [with auto:1 = bscope::detail::tag<int>]", "ns"},
      {"ns::{anonymous}::<lambda(auto:3)> [with auto:3 = bscope::detail::tag<int>]", "ns::{anonymous}"},
      {"ns::C<int>::<lambda(auto:10)> [with auto:10 = bscope::detail::tag<int>]", "ns::C<int>"},
      {"ns::C<int>::C()::<lambda(auto:4)> [with auto:4 = bscope::detail::tag<int>]", "ns::C<int>::C"},
      {"ns::C<int>::~C()::<lambda(auto:4)> [with auto:4 = bscope::detail::tag<int>]", "ns::C<int>::~C"},
      {"ns::C<int>::f(int) const &::<lambda(auto:6)> [with auto:6 = bscope::detail::tag<int>]", "ns::C<int>::f"},
      {"ns::C<int>::f() volatile &&::<lambda(auto:6)> [with auto:6 = bscope::detail::tag<int>]", "ns::C<int>::f"},
      {"ns::C<int>::operator int()::<lambda(auto:7)> [with auto:7 = bscope::detail::tag<int>]",
       "ns::C<int>::operator int"},
      {"ns::C<int>::operator()(int)::<lambda(auto:8)> [with auto:8 = bscope::detail::tag<int>]",
       "ns::C<int>::operator()"},
      {"ns::tf<int, 3>(int (&)[3])::<lambda(auto:11)> [with auto:11 = bscope::detail::tag<int>]", "ns::tf<int, 3>"},
      {"main()::<lambda(int)>::<lambda(auto:15)> [with auto:15 = bscope::detail::tag<int>]", "main()::<lambda(int)>"},
      {"main()::<lambda(auto:16)>::<lambda(auto:17)> [with auto:17 = bscope::detail::tag<int>]",
       "main()::<lambda(auto:16)>"},
      {"f()::<lambda(auto:1)> [with auto:1 = bscope::detail::tag<f()::<lambda(int)> >]", "f"},
      {"rf(int (*)(int))::<lambda(auto:13)> [with auto:13 = bscope::detail::tag<int>]", "rf"},
  };
  CHECK(rows, bscope_pretty_function);
}

static void functions_of_clang(void **state) {
  (void)state;
#define LAMBDA "::(anonymous class)::operator()(auto) const [bscope_tag_:auto = bscope::detail::tag<int>]"
  static const struct row rows[] = {
      {"auto main()" LAMBDA, "main"},
      {"auto (anonymous class)::operator()(auto) const [bscope_tag_:auto = bscope::detail::tag<int>]", ""},
      {"auto ns" LAMBDA, "ns"},
      {"auto ns::(anonymous namespace)" LAMBDA, "ns::(anonymous namespace)"},
      {"auto (anonymous namespace)" LAMBDA, "(anonymous namespace)"},
      {"auto (anonymous namespace)::f(int)" LAMBDA, "(anonymous namespace)::f"},
      {"auto ns::C<int>" LAMBDA, "ns::C<int>"},
      {"auto ns::C<int>::~C()" LAMBDA, "ns::C<int>::~C"},
      {"auto ns::C<int>::operator()(int)" LAMBDA, "ns::C<int>::operator()"},
      {"auto main()::(anonymous class)::operator()(int)" LAMBDA, "main()::(anonymous class)::operator()"},
      {"auto ns::tf(int (&)[3])" LAMBDA, "ns::tf"},
      {"auto main()::(lambda at a(1).cc:3:4)::operator()(auto) const [bscope_tag_:auto = int]", "main"},
      {"auto main()::(lambda)::operator()(auto) const [bscope_tag_:auto = int]", "main"},
  };
  CHECK(rows, bscope_pretty_function);
}

static void functions_of_others(void **state) {
  (void)state;
  static const struct row rows[] = {
      {"", ""},
      {"int f(int)", "int f(int)"},
      {"::operator()(auto", "::operator()(auto"},
      {")::operator()(auto", ")"},
      {"<lambda(", ""},
      {")::<lambda(", ")"},
  };
  CHECK(rows, bscope_pretty_function);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(types),
      cmocka_unit_test(functions_of_gcc),
      cmocka_unit_test(functions_of_clang),
      cmocka_unit_test(functions_of_others),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
