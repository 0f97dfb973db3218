/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of kinds: as many as the vocabulary has, numbered without a gap, each spelling once.
 */
#include "base/kinds.h"
#include "base/util.h"

#include <borrowscope/kinds.h>
#include <borrowscope/version.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct row {
  int number;
  const char *upper;
  const char *json;
  enum bscope_group group;
  enum bscope_effect effect;
  const char *fields;
  const char *arguments;
};

static const struct row rows[] = {
#define ROW(number, name, json, group, effect, fields, arguments)                                                      \
  {number, #name, json, BSCOPE_GROUP_##group, BSCOPE_EFFECT_##effect, fields, arguments},
    BSCOPE_KINDS(ROW)
#undef ROW
};

static void there_are_93(void **state) {
  (void)state;
  assert_int_equal(BSCOPE_COUNT(rows), 93);
  for (size_t i = 0; i < BSCOPE_COUNT(rows); i++)
    assert_int_equal(rows[i].number, i + 1);
}

static void spellings_are_unique_and_found(void **state) {
  (void)state;
  for (size_t i = 0; i < BSCOPE_COUNT(rows); i++) {
    assert_string_equal(bscope_kind_name((enum bscope_kind)rows[i].number), rows[i].json);
    assert_int_equal(bscope_kind_group((enum bscope_kind)rows[i].number), rows[i].group);
    for (size_t k = 0; k < i; k++)
      assert_string_not_equal(rows[i].json, rows[k].json);
  }
}

static void names_effects_and_fields_are_those_of_the_table(void **state) {
  (void)state;
  bool used[64] = {false};
  for (size_t i = 0; i < BSCOPE_COUNT(rows); i++) {
    assert_int_equal(bscope_kind_of_name(rows[i].json), rows[i].number);
    assert_int_equal(bscope_kind_effect((enum bscope_kind)rows[i].number), rows[i].effect);
    assert_string_equal(bscope_kind_fields((size_t)rows[i].number), rows[i].fields);
    used[rows[i].effect] = true;
  }
#define ROW(name, text) assert_true(used[BSCOPE_EFFECT_##name]);
  BSCOPE_EFFECTS(ROW)
#undef ROW
  static const char *const none[] = {"", "new", "Unknown", "Lost", "New ", NULL};
  for (size_t i = 0; i < BSCOPE_COUNT(none); i++)
    assert_int_equal(bscope_kind_of_name(none[i]), BSCOPE_KIND_NONE);
}

/* Letters of the table's comment before keys of small letters, one space between two; no key twice. */
static void fields_are_well_formed(void **state) {
  (void)state;
  for (size_t i = 0; i < BSCOPE_COUNT(rows); i++) {
    const char *at = rows[i].fields;
    assert_non_null(strstr(at, "_")); /* each kind has something of its own to say */
    for (;;) {
      assert_non_null(strchr("SsOWNZMmTtIUVCKBAPLlEXFQY12345", *at));
      size_t size = strspn(++at, "abcdefghijklmnopqrstuvwxyz_");
      assert_in_range(size, 2, 20);
      for (const char *other = strchr(at, ' '); other; other = strchr(other + 1, ' '))
        assert_false(strncmp(other + 2, at, size) == 0 && (other[2 + size] == ' ' || other[2 + size] == '\0'));
      at += size;
      if (*at == '\0')
        break;
      assert_int_equal(*at++, ' ');
    }
  }
}

/* REF_CELL_NEW is "RefCellNew": the enum's name without '_', whatever the case of its letters. */
static void both_spellings_say_the_same(void **state) {
  (void)state;
  for (size_t i = 0; i < BSCOPE_COUNT(rows); i++) {
    const char *upper = rows[i].upper, *json = rows[i].json;
    bool begins = true;
    for (; *upper; upper++) {
      if (*upper == '_') {
        begins = true;
        continue;
      }
      assert_int_equal(*json++, begins ? *upper : *upper + ('a' - 'A'));
      begins = false;
    }
    assert_int_equal(*json, '\0');
  }
}

static void the_librarys_own_have_no_group(void **state) {
  (void)state;
  static const enum bscope_kind own[] = {BSCOPE_KIND_RESIZE_BEGIN, BSCOPE_KIND_LOST, BSCOPE_KIND_VOID,
                                         BSCOPE_KIND_OPEN};
  for (size_t i = 0; i < BSCOPE_COUNT(own); i++) {
    assert_int_equal(bscope_kind_group(own[i]), BSCOPE_GROUP_NONE);
    assert_int_equal(bscope_kind_effect(own[i]), BSCOPE_EFFECT_NONE);
    assert_null(bscope_kind_fields(own[i]));
    assert_string_not_equal(bscope_kind_name(own[i]), "Unknown");
    for (size_t k = 0; k < BSCOPE_COUNT(rows); k++)
      assert_string_not_equal(bscope_kind_name(own[i]), rows[k].json);
  }
}

static void other_numbers_are_unknown(void **state) {
  (void)state;
  static const int others[] = {0, 94, 239, 241, 252, 256, 100000, -1};
  for (size_t i = 0; i < BSCOPE_COUNT(others); i++) {
    assert_string_equal(bscope_kind_name((enum bscope_kind)others[i]), "Unknown");
    assert_int_equal(bscope_kind_group((enum bscope_kind)others[i]), BSCOPE_GROUP_NONE);
    assert_int_equal(bscope_kind_effect((enum bscope_kind)others[i]), BSCOPE_EFFECT_NONE);
    assert_false(bscope_kind_is_recorded((unsigned)others[i]));
  }
}

/* Each group of the table is used, and there are as many as the vocabulary has. */
static void groups_are_used(void **state) {
  (void)state;
  bool used[64] = {false};
  size_t count = 0;
  for (size_t i = 0; i < BSCOPE_COUNT(rows); i++)
    used[rows[i].group] = true;
#define ROW(name, text) count += used[BSCOPE_GROUP_##name];
  BSCOPE_GROUPS(ROW)
#undef ROW
  assert_int_equal(count, 27);
  assert_false(used[BSCOPE_GROUP_NONE]);
}

static void headers_and_library_are_of_one_version(void **state) {
  (void)state;
  char text[32];
  snprintf(text, sizeof(text), "%d.%d.%d", BSCOPE_VERSION_MAJOR, BSCOPE_VERSION_MINOR, BSCOPE_VERSION_PATCH);
  assert_string_equal(text, BSCOPE_VERSION);
  assert_string_equal(bscope_version(), BSCOPE_VERSION);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(there_are_93),
      cmocka_unit_test(spellings_are_unique_and_found),
      cmocka_unit_test(names_effects_and_fields_are_those_of_the_table),
      cmocka_unit_test(fields_are_well_formed),
      cmocka_unit_test(both_spellings_say_the_same),
      cmocka_unit_test(the_librarys_own_have_no_group),
      cmocka_unit_test(other_numbers_are_unknown),
      cmocka_unit_test(groups_are_used),
      cmocka_unit_test(headers_and_library_are_of_one_version),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
