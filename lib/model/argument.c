/* SPDX-License-Identifier: Apache-2.0 */
/* The text of an argument: see argument.h. */
#include "model/argument.h"

#include "base/util.h"

#include <string.h>

#define DEPTH_MAX 16

/* A stretch of the text. */
struct span {
  const char *begin;
  const char *end;
};

static const struct bscope_argument unknown = {.form = BSCOPE_FORM_UNKNOWN};

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}
static bool is_word(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == ':';
}

static struct span trim(struct span s) {
  while (s.begin < s.end && is_space(*s.begin))
    s.begin++;
  while (s.begin < s.end && is_space(s.end[-1]))
    s.end--;
  return s;
}

static bool starts(struct span s, const char *with) {
  size_t length = strlen(with);
  return (size_t)(s.end - s.begin) >= length && memcmp(s.begin, with, length) == 0;
}

/* Past a string or character constant whose quote is at p. */
static const char *skip_quoted(const char *p, const char *end) {
  for (char quote = *p++; p < end; p++) {
    if (*p == '\\' && p + 1 < end)
      p++;
    else if (*p == quote)
      return p + 1;
  }
  return end;
}

/* Past the bracket that closes the one at p, or NULL. */
static const char *skip_group(const char *p, const char *end) {
  size_t open = 0;
  while (p < end) {
    if (*p == '"' || *p == '\'') {
      p = skip_quoted(p, end);
      continue;
    }
    if (strchr("([{", *p) != NULL)
      open++;
    else if (strchr(")]}", *p) != NULL && --open == 0)
      return p + 1;
    p++;
  }
  return NULL;
}

static const char *skip_word(struct span s) {
  if (s.begin == s.end || !is_letter(*s.begin))
    return s.begin;
  while (s.begin < s.end && is_word(*s.begin))
    s.begin++;
  return s.begin;
}

/* (T *)rest, (struct s)rest, (T)x, (T)&x: whether what the brackets hold reads as a type, given what follows. */
static bool is_cast(struct span inside, struct span rest) {
  inside = trim(inside);
  if (inside.begin == inside.end || rest.begin == rest.end || !is_letter(*inside.begin))
    return false;
  for (const char *p = inside.begin; p < inside.end; p++)
    if (!is_word(*p) && !is_space(*p) && *p != '*' && *p != '&' && *p != '<' && *p != '>')
      return false;
  bool one_word = skip_word(inside) == inside.end;
  return !one_word || is_letter(*rest.begin) || (*rest.begin == '&' && !starts(rest, "&&"));
}

/* Takes off brackets around the whole and casts before it: some of them, since each costs a pass over the text. */
static struct span peel(struct span s) {
  s = trim(s);
  for (int turn = 0; turn < DEPTH_MAX && s.begin < s.end && *s.begin == '('; turn++) {
    const char *after = skip_group(s.begin, s.end);
    if (after == NULL)
      return s;
    struct span inside = {s.begin + 1, after - 1}, rest = trim((struct span){after, s.end});
    if (rest.begin == rest.end)
      s = trim(inside);
    else if (is_cast(inside, rest))
      s = rest;
    else
      return s;
  }
  return s;
}

/*
 * Where the first operator + or - between two operands stands outside brackets; NULL if there is none. *other: an
 * operator of another kind is there.
 */
static const char *find_sum(struct span s, bool *other) {
  const char *found = NULL;
  bool operand = false; /* an operand ended just before */
  *other = false;
  for (const char *p = s.begin; p < s.end;) {
    if (strchr("([{", *p) != NULL || *p == '"' || *p == '\'') {
      const char *after = *p == '"' || *p == '\'' ? skip_quoted(p, s.end) : skip_group(p, s.end);
      operand = true;
      p = after == NULL ? s.end : after;
    } else if (starts((struct span){p, s.end}, "->")) {
      p += 2;
      operand = false;
    } else if ((*p == '+' || *p == '-') && operand) {
      *other |= p + 1 < s.end && (p[1] == '=' || p[1] == *p);
      found = found == NULL ? p : found;
      p++;
      operand = false;
    } else if (is_word(*p) || is_space(*p) || *p == '.') {
      operand |= is_word(*p);
      p++;
    } else {
      *other |= operand || strchr("&*+-", *p) == NULL;
      p++;
    }
  }
  return found;
}

static struct bscope_argument parse(struct span s, int depth);

/* The value of an operand of & or of a sum: where a variable's own value points. */
static bool points(struct bscope_argument argument) {
  return argument.form == BSCOPE_FORM_VALUE || argument.form == BSCOPE_FORM_THROUGH;
}

/* One of . -> [ ] ( ) at the front of `s` and the form that `&` of the whole has after it. */
static enum bscope_form suffix(struct span *s, enum bscope_form form, bool first) {
  if (*s->begin == '[') {
    const char *after = skip_group(s->begin, s->end);
    s->begin = after == NULL ? s->end : after;
    if (first && form == BSCOPE_FORM_VALUE)
      return BSCOPE_FORM_THROUGH;
    return after == NULL ? BSCOPE_FORM_UNKNOWN : form == BSCOPE_FORM_WHOLE ? BSCOPE_FORM_ELEMENT : form;
  }
  bool arrow = starts(*s, "->");
  if (!arrow && *s->begin != '.')
    return BSCOPE_FORM_UNKNOWN;
  *s = trim((struct span){s->begin + (arrow ? 2 : 1), s->end});
  const char *after = skip_word(*s);
  if (after == s->begin || (arrow && !first))
    return BSCOPE_FORM_UNKNOWN;
  s->begin = after;
  if (arrow)
    return BSCOPE_FORM_THROUGH;
  return form == BSCOPE_FORM_WHOLE ? BSCOPE_FORM_WITHIN : form;
}

/* What & of `s` is. */
static struct bscope_argument parse_place(struct span s, int depth) {
  s = peel(s);
  if (s.begin == s.end || depth == DEPTH_MAX)
    return unknown;
  struct bscope_argument argument = unknown;
  if (*s.begin == '*') {
    argument = parse((struct span){s.begin + 1, s.end}, depth + 1);
    argument.form = points(argument) ? BSCOPE_FORM_THROUGH : BSCOPE_FORM_UNKNOWN;
    return argument;
  }
  struct span rest = s;
  if (*s.begin == '(') {
    rest.begin = skip_group(s.begin, s.end);
    if (rest.begin == NULL)
      return unknown;
    struct span inside = trim((struct span){s.begin + 1, rest.begin - 1});
    /* (*p).f is behind p; (p + 1)->f too. */
    struct span after = trim(rest);
    bool arrow = starts(after, "->") || starts(after, "[");
    argument = arrow ? parse(inside, depth + 1) : parse_place(inside, depth + 1);
  } else {
    rest.begin = skip_word(s);
    if (rest.begin == s.begin)
      return unknown;
    argument = (struct bscope_argument){BSCOPE_FORM_WHOLE, s.begin, (size_t)(rest.begin - s.begin)};
  }
  bool first = argument.form == BSCOPE_FORM_WHOLE || points(argument);
  for (rest = trim(rest); rest.begin < rest.end && argument.form != BSCOPE_FORM_UNKNOWN; rest = trim(rest)) {
    argument.form = suffix(&rest, argument.form, first);
    first = false;
  }
  return argument;
}

static struct bscope_argument parse(struct span s, int depth) {
  s = peel(s);
  if (s.begin == s.end || depth == DEPTH_MAX)
    return unknown;
  bool other;
  const char *sum = find_sum(s, &other);
  if (other)
    return unknown;
  if (sum != NULL) {
    struct bscope_argument left = parse((struct span){s.begin, sum}, depth + 1);
    if (left.form == BSCOPE_FORM_VALUE)
      left.form = BSCOPE_FORM_THROUGH;
    else if (left.form == BSCOPE_FORM_WHOLE)
      left.form = BSCOPE_FORM_WITHIN;
    return left;
  }
  if (*s.begin == '&' && !starts(s, "&&"))
    return parse_place((struct span){s.begin + 1, s.end}, depth + 1);
  const char *end = skip_word(s);
  if (end == s.begin || end != s.end)
    return unknown;
  return (struct bscope_argument){BSCOPE_FORM_VALUE, s.begin, (size_t)(end - s.begin)};
}

struct bscope_argument bscope_argument_parse(const char *text) {
  return text == NULL ? unknown : parse((struct span){text, text + strlen(text)}, 0);
}

struct bscope_argument bscope_argument_parse_place(const char *text) {
  return text == NULL ? unknown : parse_place((struct span){text, text + strlen(text)}, 0);
}

bool bscope_argument_is_null(const char *text) {
  static const char *const nulls[] = {"NULL", "nullptr", "0", "__null"};
  struct span s = text == NULL ? (struct span){NULL, NULL} : peel((struct span){text, text + strlen(text)});
  for (size_t i = 0; i < BSCOPE_COUNT(nulls); i++)
    if (starts(s, nulls[i]) && (size_t)(s.end - s.begin) == strlen(nulls[i]))
      return true;
  return false;
}
