/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spelling and group of each kind, from the one table in kinds.h; and the version. All of it constant.
 */
#include "base/kinds.h"

#include <borrowscope/kinds.h>
#include <borrowscope/version.h>

#include "base/util.h"

struct kind_row {
  const char *name;
  enum bscope_group group;
};

static const struct kind_row rows[] = {
#define ROW(number, upper, json, its_group) [number] = {json, BSCOPE_GROUP_##its_group},
    BSCOPE_KINDS(ROW)
#undef ROW
        [BSCOPE_KIND_RESIZE_BEGIN] = {"ResizeBegin", BSCOPE_GROUP_NONE},
    [BSCOPE_KIND_LOST] = {"Lost", BSCOPE_GROUP_NONE},
    [BSCOPE_KIND_VOID] = {"Void", BSCOPE_GROUP_NONE},
    [BSCOPE_KIND_OPEN] = {"Open", BSCOPE_GROUP_NONE},
};

const char *bscope_kind_name(enum bscope_kind kind) {
  size_t i = (size_t)kind; /* a negative number becomes a large one */
  return i < BSCOPE_COUNT(rows) && rows[i].name ? rows[i].name : "Unknown";
}

enum bscope_group bscope_kind_group(enum bscope_kind kind) {
  size_t i = (size_t)kind;
  return i < BSCOPE_COUNT(rows) ? rows[i].group : BSCOPE_GROUP_NONE;
}

bool bscope_kind_is_recorded(unsigned kind) {
  return kind < BSCOPE_KIND_LOST && rows[kind].name;
}

const char *bscope_version(void) {
  return BSCOPE_VERSION;
}
