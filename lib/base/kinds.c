/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spelling, group, effect and fields of each kind, from the one table in kinds.h; and the version. All of it constant,
 * without a pointer: strings lie one behind the other and are found by their offsets.
 */
#include "base/kinds.h"

#include <borrowscope/kinds.h>
#include <borrowscope/version.h>

#include "base/util.h"

#include <string.h>

struct names {
#define ROW(number, upper, json, ...) char upper[sizeof(json)];
  BSCOPE_KINDS(ROW)
#undef ROW
};

static const struct names names = {
#define ROW(number, upper, json, ...) json,
    BSCOPE_KINDS(ROW)
#undef ROW
};

struct fields {
#define ROW(number, upper, json, group, effect, its_fields, ...) char upper[sizeof(its_fields)];
  BSCOPE_KINDS(ROW)
#undef ROW
};

static const struct fields fields = {
#define ROW(number, upper, json, group, effect, its_fields, ...) its_fields,
    BSCOPE_KINDS(ROW)
#undef ROW
};

struct kind_row {
  uint16_t name;
  uint16_t fields;
  uint8_t group;
  uint8_t effect;
};

static const struct kind_row rows[] = {
#define ROW(number, upper, json, its_group, its_effect, ...)                                                           \
  [number] = {offsetof(struct names, upper), offsetof(struct fields, upper), BSCOPE_GROUP_##its_group,                 \
              BSCOPE_EFFECT_##its_effect},
    BSCOPE_KINDS(ROW)
#undef ROW
};

/* Of a kind of the vocabulary; else NULL. */
static const struct kind_row *row_of(size_t kind) {
  return kind < BSCOPE_COUNT(rows) && rows[kind].group ? &rows[kind] : NULL;
}

/* A pointer into the whole of a struct of strings, for any of them. */
#define STRING_AT(strings, offset) ((const char *)&(strings) + (offset))

const char *bscope_kind_name(enum bscope_kind kind) {
  const struct kind_row *row = row_of((size_t)kind); /* a negative number becomes a large one */
  if (row)
    return STRING_AT(names, row->name);
  switch (kind) {
  case BSCOPE_KIND_RESIZE_BEGIN:
    return "ResizeBegin";
  case BSCOPE_KIND_LOST:
    return "Lost";
  case BSCOPE_KIND_VOID:
    return "Void";
  case BSCOPE_KIND_OPEN:
    return "Open";
  default:
    return "Unknown";
  }
}

enum bscope_group bscope_kind_group(enum bscope_kind kind) {
  const struct kind_row *row = row_of((size_t)kind);
  return row ? (enum bscope_group)row->group : BSCOPE_GROUP_NONE;
}

enum bscope_effect bscope_kind_effect(enum bscope_kind kind) {
  const struct kind_row *row = row_of((size_t)kind);
  return row ? (enum bscope_effect)row->effect : BSCOPE_EFFECT_NONE;
}

enum bscope_kind bscope_kind_of_name(const char *name) {
  for (size_t i = 0; name && i < BSCOPE_COUNT(rows); i++)
    if (row_of(i) && strcmp(STRING_AT(names, rows[i].name), name) == 0)
      return (enum bscope_kind)i;
  return BSCOPE_KIND_NONE;
}

const char *bscope_kind_fields(size_t kind) {
  const struct kind_row *row = row_of(kind);
  return row ? STRING_AT(fields, row->fields) : NULL;
}

bool bscope_kind_is_recorded(unsigned kind) {
  return row_of(kind) || kind == BSCOPE_KIND_RESIZE_BEGIN;
}

const char *bscope_version(void) {
  return BSCOPE_VERSION;
}
