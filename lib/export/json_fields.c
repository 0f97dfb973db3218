/* SPDX-License-Identifier: Apache-2.0 */
/* The table. Kinds without a row of their own are written by the general one. */
#include "export/json_fields.h"

#include "base/util.h"

#include <borrowscope/kinds.h>

#define FIELD(source, name)                                                                                            \
  { source, sizeof(", \"" name "\": ") - 1, ", \"" name "\": ", NULL }
#define OWN_ID(name, prefix)                                                                                           \
  { ITSELF, sizeof(", \"" name "\": ") - 1, ", \"" name "\": ", prefix "_" }

#define FIELDS_MAX 8

static const struct bscope_json_field general[FIELDS_MAX] = {FIELD(IF_NAME, "var_name"), FIELD(IF_SUBJECT, "var_id"),
                                                             FIELD(IF_LOCATION, "location")};

static const struct bscope_json_field kinds[][FIELDS_MAX] = {
    [BSCOPE_KIND_NEW] = {FIELD(NAME, "var_name"), FIELD(SUBJECT, "var_id"), FIELD(TYPE, "type_name")},
    [BSCOPE_KIND_BORROW] = {FIELD(NAME, "borrower_name"), FIELD(SUBJECT, "borrower_id"), FIELD(OWNER, "owner_id"),
                            FIELD(MUTABLE, "mutable")},
    [BSCOPE_KIND_MOVE] = {FIELD(SUBJECT, "from_id"), FIELD(NAME2, "to_name"), FIELD(OBJECT, "to_id")},
    [BSCOPE_KIND_DROP] = {FIELD(SUBJECT, "var_id"), FIELD(IF_LOCATION, "location")},
    [BSCOPE_KIND_DEREF] = {OWN_ID("deref_id", "deref"), FIELD(NAME, "var_name"), FIELD(LOCATION, "location"),
                           FIELD(IF_SUBJECT, "var_id")},
    [BSCOPE_KIND_HEAP_REALLOC] = {FIELD(SUBJECT, "var_id"), FIELD(OLD_ADDRESS, "old_addr"),
                                  FIELD(NEW_ADDRESS, "new_addr"), FIELD(OLD_SIZE, "old_size"),
                                  FIELD(NEW_SIZE, "new_size"), FIELD(IF_FAILED, "failed")},
};

/* How an event of each kind begins. */
static const struct bscope_json_beginning beginnings[] = {
#define ROW(number, upper, name, ...) [number] = {"{\"type\": \"" name "\"", sizeof("{\"type\": \"" name "\"") - 1},
    BSCOPE_KINDS(ROW)
#undef ROW
};

const struct bscope_json_beginning *bscope_json_beginning_of(size_t kind) {
  return kind < BSCOPE_COUNT(beginnings) && beginnings[kind].size != 0 ? &beginnings[kind] : NULL;
}

const struct bscope_json_field *bscope_json_fields_of(size_t kind) {
  bool has_row = kind < BSCOPE_COUNT(kinds) && kinds[kind][0].source != BSCOPE_JSON_END;
  return has_row ? kinds[kind] : general;
}
