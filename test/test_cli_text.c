/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line's helpers: nothing that a name holds is obeyed by a terminal or a JSON reader (P9), globs, nearness,
 * numbers, and the bounds of a range.
 */
#include "filter.h"
#include "json.h"
#include "options.h"
#include "rank.h"
#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/* The test has no traces. */
bool cli_trace_read(struct cli_trace *trace) {
  (void)trace;
  return false;
}

static char *caught(void (*put)(FILE *out, const char *text), const char *text) {
  char *all = NULL;
  size_t size;
  FILE *out = open_memstream(&all, &size);
  assert_non_null(out);
  put(out, text);
  assert_int_equal(fclose(out), 0);
  return all;
}

static void assert_shown(const char *text, const char *expected) {
  char *shown = caught(cli_put, text);
  assert_string_equal(shown, expected);
  free(shown);
}

static void what_steers_is_shown(void **state) {
  (void)state;
  assert_shown("plain \xc3\xa4 \xe6\xbc\xa2 \xf0\x9f\x98\x80", "plain \xc3\xa4 \xe6\xbc\xa2 \xf0\x9f\x98\x80");
  assert_shown("\033[31m\007\r\n\t\177", "\\x1B[31m\\x07\\x0D\\x0A\\x09\\x7F");
  assert_shown("\xc2\x9b"
               "31m",
               "\\u{9B}31m");                                                          /* C1: CSI */
  assert_shown("\xe2\x80\xae\xe2\x81\xa6\xd8\x9c", "\\u{202E}\\u{2066}\\u{61C}");      /* bidi */
  assert_shown("\xe2\x80\x8b\xef\xbb\xbf\xe2\x80\xa8", "\\u{200B}\\u{FEFF}\\u{2028}"); /* not to be seen */
  assert_shown("\xf3\xa0\x81\x81", "\\u{E0041}");                                      /* a tag */
  assert_shown("\xff\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xe6\xbc", /* overlong, surrogate, beyond, cut */
               "\\xFF\\xC0\\xAF\\xED\\xA0\\x80\\xF4\\x90\\x80\\x80\\xE6\\xBC");
}

/* Whatever the bytes: what comes out is UTF-8 without a character that steers, and cuts keep their width. */
static void no_bytes_get_through(void **state) {
  (void)state;
  unsigned seed = 1;
  for (int round = 0; round < 20000; round++) {
    char text[12] = "";
    for (size_t i = 0; i < 10; i++)
      text[i] = (char)(rand_r(&seed) % 255 + 1);
    char *shown = caught(cli_put, text);
    for (const char *s = shown; *s != '\0';) {
      uint32_t c;
      size_t bytes = cli_character(s, &c);
      assert_true(bytes > 0 && !cli_is_hidden(c));
      s += bytes;
    }
    free(shown);
    FILE *null = fopen("/dev/null", "w");
    assert_non_null(null);
    size_t limit = (size_t)(rand_r(&seed) % 20 + 1);
    assert_true(cli_put_cut(null, text, limit) <= limit);
    fclose(null);
  }
}

/* The same of JSON: it can be read, and shows nothing that steers. */
static void json_strings_are_valid(void **state) {
  (void)state;
  unsigned seed = 2;
  for (int round = 0; round < 20000; round++) {
    char text[12] = "";
    for (size_t i = 0; i < 10; i++)
      text[i] = (char)(rand_r(&seed) % 255 + 1);
    char *written = caught(cli_json_put_string, text);
    json_t *value = json_loads(written, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    for (const char *s = written; *s != '\0';) {
      uint32_t c;
      size_t bytes = cli_character(s, &c);
      assert_true(bytes > 0 && !cli_is_hidden(c));
      s += bytes;
    }
    json_decref(value);
    free(written);
  }
  char *written = caught(cli_json_put_string, "a\"\\\n\033\xe2\x80\xae\xf3\xa0\x81\x81");
  assert_string_equal(written, "\"a\\\"\\\\\\n\\u001b\\u202e\\udb40\\udc41\"");
  free(written);
}

static void globs(void **state) {
  (void)state;
  static const struct {
    const char *pattern, *text;
    bool matches;
  } rows[] = {
      {"", "", true},
      {"*", "", true},
      {"?", "", false},
      {"buf", "buf", true},
      {"buf", "buffer", false},
      {"buf*", "buffer", true},
      {"*f*r", "buffer", true},
      {"*x*", "buffer", false},
      {"b?f", "buf", true},
      {"b?f", "bf", false},
      {"**a", "bca", true},
      {"a*b*c", "aXbXbXc", true},
      {"a*b*c", "aXbXbX", false},
      {"?", "\xc3\xa4", true},
      {"*\xa4", "\xc3\xa4", true},
      {"[ab]", "a", false},
  };
  for (size_t i = 0; i < CLI_COUNT(rows); i++)
    assert_int_equal(cli_glob(rows[i].pattern, rows[i].text), rows[i].matches);
  /* Time grows with pattern times text, not with their power. */
  char pattern[402] = "", text[5002];
  for (size_t i = 0; i < 200; i++)
    strcat(pattern, "*a");
  memset(text, 'a', sizeof(text) - 2);
  strcpy(text + sizeof(text) - 2, "b");
  assert_false(cli_glob(pattern, text));
}

static void distances(void **state) {
  (void)state;
  assert_int_equal(cli_distance("", ""), 0);
  assert_int_equal(cli_distance("kind", "kind"), 0);
  assert_int_equal(cli_distance("knd", "kind"), 1);
  assert_int_equal(cli_distance("kitten", "sitting"), 3);
  assert_int_equal(cli_distance("", "abc"), 3);
}

static void numbers(void **state) {
  (void)state;
  char out[CLI_NUMBER_BYTES];
  assert_string_equal(cli_number(0, out), "0");
  assert_string_equal(cli_number(999, out), "999");
  assert_string_equal(cli_number(1000, out), "1,000");
  assert_string_equal(cli_number(UINT64_MAX, out), "18,446,744,073,709,551,615");
  assert_string_equal(cli_duration(999, out), "999 ns");
  assert_string_equal(cli_duration(1500000, out), "1.50 ms");
  assert_string_equal(cli_duration(UINT64_C(123000000000), out), "123 s");
  assert_string_equal(cli_bytes(1023, out), "1023 bytes");
  assert_string_equal(cli_bytes(4096, out), "4.00 KiB");
  uint64_t number;
  assert_true(cli_parse_number("18446744073709551615", &number));
  assert_false(cli_parse_number("18446744073709551616", &number));
  assert_false(cli_parse_number("-1", &number));
  assert_false(cli_parse_number("", &number));
  assert_false(cli_parse_number("1x", &number));
}

static void bounds(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool is_time;
    uint64_t value;
  } good[] = {{"0", false, 0},
              {"120", false, 120},
              {"+1.5s", true, 1500000000},
              {"+2", true, 2000000000},
              {"+20ms", true, 20000000},
              {"+0.5us", true, 500},
              {"+7ns", true, 7},
              {"+2m", true, UINT64_C(120000000000)},
              {"+.5s", true, 500000000},
              {"+1.0000000009s", true, 1000000000}};
  static const char *const bad[] = {
      "", "+", "x", "-1", "+s", "+.s", "+1..5s", "+1h", "1.5", "+1 s", "+99999999999999m", "+99999999999999999999s"};
  struct cli_bound bound;
  for (size_t i = 0; i < CLI_COUNT(good); i++) {
    assert_true(cli_parse_bound(good[i].text, &bound));
    assert_int_equal(bound.is_time, good[i].is_time);
    assert_int_equal(bound.value, good[i].value);
  }
  for (size_t i = 0; i < CLI_COUNT(bad); i++)
    assert_false(cli_parse_bound(bad[i], &bound));
}

static void ranks_keep_the_highest(void **state) {
  (void)state;
  size_t items[4];
  uint64_t values[4];
  static const uint64_t offered[] = {5, 1, 9, 5, 7, 9, 0};
  struct cli_rank rank = {items, values, 0, 3};
  for (size_t i = 0; i < CLI_COUNT(offered); i++)
    cli_rank_offer(&rank, i, offered[i]);
  assert_int_equal(rank.count, 3);
  assert_int_equal(items[0], 2);
  assert_int_equal(items[1], 5);
  assert_int_equal(items[2], 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_steers_is_shown),
      cmocka_unit_test(no_bytes_get_through),
      cmocka_unit_test(json_strings_are_valid),
      cmocka_unit_test(globs),
      cmocka_unit_test(distances),
      cmocka_unit_test(numbers),
      cmocka_unit_test(bounds),
      cmocka_unit_test(ranks_keep_the_highest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
