/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/pretty.h"

#include <stdbool.h>
#include <string.h>

static bool ends_with(const char *text, size_t length, const char *tail) {
  size_t size = strlen(tail);
  return length >= size && memcmp(text + length - size, tail, size) == 0;
}

static size_t without_tail(const char *text, size_t length, const char *tail) {
  return ends_with(text, length, tail) ? length - strlen(tail) : length;
}

static const char *after(const char *text, const char *head) {
  size_t size = strlen(head);
  return strncmp(text, head, size) == 0 ? text + size : NULL;
}

/* The place of the parenthesis that the one at text[length - 1] closes; `length` if there is none. */
static size_t opening(const char *text, size_t length) {
  size_t depth = 0;
  for (size_t i = length; i > 0; i--) {
    if (text[i - 1] == ')')
      depth++;
    else if (text[i - 1] == '(' && --depth == 0)
      return i - 1;
  }
  return length;
}

/* gcc: "constexpr const char* bscope::detail::type_text() [with T = X]"; clang: "const char *…type_text() [T = X]". */
size_t bscope_pretty_type(const char *pretty, const char **begin) {
  const char *const heads[] = {"[with T = ", "[T = "};
  size_t length = strlen(pretty);
  for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
    const char *found = strstr(pretty, heads[i]);
    if (!found || !ends_with(pretty, length, "]"))
      continue;
    const char *type = found + strlen(heads[i]);
    *begin = type;
    return (size_t)(pretty + length - 1 - type);
  }
  *begin = pretty;
  return length;
}

/* gcc: "X::<lambda(auto:1)> [with auto:1 = …]". What stands before the lambda, or NULL for another spelling. */
static const char *gcc_lambda(const char *pretty) {
  const char *with = strstr(pretty, " [with auto:");
  const char *lambda = NULL;
  for (const char *at = pretty; (at = strstr(at, "<lambda(")) && (!with || at < with); at++)
    lambda = at;
  return lambda;
}

/* clang: "auto X::(anonymous class)::operator()(auto) const […]", and other words in the first parentheses. */
static const char *clang_lambda(const char *pretty) {
  const char *call = NULL;
  for (const char *at = pretty; (at = strstr(at, "::operator()(auto")); at++)
    call = at;
  if (!call || call == pretty || call[-1] != ')')
    return NULL;
  return pretty + opening(pretty, (size_t)(call - pretty));
}

static const char *without_specifiers(const char *text) {
  const char *const words[] = {"static ", "constexpr ", "auto "};
  for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
    const char *rest = after(text, words[i]);
    text = rest ? rest : text;
  }
  return text;
}

/* Leaves out what follows the parameters of a member function. */
static size_t without_qualifiers(const char *text, size_t length) {
  const char *const tails[] = {" noexcept", " &&", " &", " volatile", " const"};
  for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++)
    length = without_tail(text, length, tails[i]);
  return length;
}

/* Leaves out the parameters; "(anonymous namespace)" is part of a name. */
static size_t without_parameters(const char *text, size_t length) {
  if (length == 0 || text[length - 1] != ')')
    return length;
  size_t open = opening(text, length);
  bool named = open > 0 && open < length && text[open - 1] != ':';
  return named ? open : length;
}

size_t bscope_pretty_function(const char *pretty, const char **begin) {
  const char *lambda = gcc_lambda(pretty);
  if (!lambda)
    lambda = clang_lambda(pretty);
  *begin = pretty;
  if (!lambda)
    return strlen(pretty);
  const char *text = without_specifiers(pretty);
  *begin = text;
  size_t length = without_tail(text, lambda > text ? (size_t)(lambda - text) : 0, "::");
  return without_parameters(text, without_qualifiers(text, length));
}
