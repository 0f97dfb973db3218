/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statuses and messages: one shape, one place a thread, nothing in a message that a terminal would obey (P9).
 */
#include "base/error.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void *last_error_here(void *unused) {
  (void)unused;
  return strcmp(bscope_last_error(), "") == 0 ? NULL : (void *)1;
}

static void starts_empty(void **state) {
  (void)state;
  pthread_t thread;
  void *result;
  bscope_fail(BSCOPE_ERR_IO, "mine");
  assert_int_equal(pthread_create(&thread, NULL, last_error_here, NULL), 0);
  assert_int_equal(pthread_join(thread, &result), 0);
  assert_null(result);
  assert_string_equal(bscope_last_error(), "mine");
}

static void returns_the_status_and_keeps_errno(void **state) {
  (void)state;
  errno = ERANGE;
  assert_int_equal(bscope_fail(BSCOPE_ERR_FORMAT, "line %d", 7), BSCOPE_ERR_FORMAT);
  assert_int_equal(errno, ERANGE);
  assert_string_equal(bscope_last_error(), "line 7");
  assert_int_equal(bscope_fail_errno(BSCOPE_ERR_IO, ENOENT, "can't open %s", "a.json"), BSCOPE_ERR_IO);
  assert_int_equal(errno, ERANGE);
  assert_string_equal(bscope_last_error(), "can't open a.json: No such file or directory");
  assert_int_equal(bscope_fail(BSCOPE_ERR_IO, "%ls", L"\x20ac"), BSCOPE_ERR_IO); /* can't be printed in this locale */
  assert_int_equal(errno, ERANGE);
  assert_string_equal(bscope_last_error(), "");
  bscope_fail_errno(BSCOPE_ERR_IO, 99999, "odd");
  assert_string_equal(bscope_last_error(), "odd: error 99999");
}

static void may_quote_the_message_before(void **state) {
  (void)state;
  bscope_fail(BSCOPE_ERR_IO, "inner");
  bscope_fail(BSCOPE_ERR_EXPORT, "outer (%s)", bscope_last_error());
  assert_string_equal(bscope_last_error(), "outer (inner)");
}

static void makes_control_characters_visible(void **state) {
  (void)state;
  static const struct {
    const char *in, *out;
  } rows[] = {
      {"a\x1b[2Jb\n", "a\\x1B[2Jb\\x0A"}, /* C0 */
      {"\x7f", "\\x7F"},                  /* DEL */
      {"\xc2\x9b"
       "2J",
       "\\xC2\\x9B"
       "2J"}, /* C1 as a character */
      {"\x9b"
       "2J",
       "\\x9B"
       "2J"}, /* C1 as a byte: not UTF-8 */
      {"\xe2\x80\xae"
       "x",
       "\\xE2\\x80\\xAEx"},                         /* right to left */
      {"\xe2\x81\xa6", "\\xE2\\x81\\xA6"},          /* isolate */
      {"\xe2\x80\xa8", "\\xE2\\x80\\xA8"},          /* line separator */
      {"\xed\xa0\x80", "\\xED\\xA0\\x80"},          /* surrogate */
      {"\xc0\xaf", "\\xC0\\xAF"},                   /* overlong */
      {"\xf5\x80\x80\x80", "\\xF5\\x80\\x80\\x80"}, /* the same */
      {"\xe0\x80\xaf", "\\xE0\\x80\\xAF"},          /* overlong */
      {"\xf0\x80\x80\xaf", "\\xF0\\x80\\x80\\xAF"},
      {"\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"}, /* beyond U+10FFFF */
      {"\xe2\x82", "\\xE2\\x82"},                   /* cut short */
      {"h\xc3\xa4\xe2\x82\xac\xf0\x9f\xa6\x80", "h\xc3\xa4\xe2\x82\xac\xf0\x9f\xa6\x80"},
      {"\\x1B", "\\x1B"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    bscope_fail(BSCOPE_ERR_FORMAT, "%s", rows[i].in);
    assert_string_equal(bscope_last_error(), rows[i].out);
  }
}

/* Each length of plain text before a character of two, three, four bytes or an escape: never a part of one. */
static void cuts_between_characters(void **state) {
  (void)state;
  static const char *const units[] = {"\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\xa6\x80", "\n"};
  static const size_t shown[] = {2, 3, 4, 4};
  char text[1200];
  for (size_t u = 0; u < 4; u++) {
    for (size_t lead = 500; lead <= 512; lead++) {
      memset(text, 'a', lead);
      strcpy(text + lead, units[u]);
      for (int i = 0; i < 100; i++)
        strcat(text, units[u]);
      bscope_fail(BSCOPE_ERR_FORMAT, "%s", text);
      size_t plain = lead < 511 ? lead : 511;
      assert_int_equal(strlen(bscope_last_error()), plain + (511 - plain) / shown[u] * shown[u]);
    }
  }
  memset(text, 'b', sizeof(text) - 1);
  text[sizeof(text) - 1] = '\0';
  bscope_fail_errno(BSCOPE_ERR_IO, ENOENT, "%s", text);
  assert_int_equal(strlen(bscope_last_error()), 511);
}

static void *fail_many(void *context) {
  unsigned number = *(unsigned *)context;
  char expected[64];
  for (unsigned i = 0; i < 1000; i++) {
    bscope_fail(BSCOPE_ERR_LOCK, "thread %u, %u", number, i);
    snprintf(expected, sizeof(expected), "thread %u, %u", number, i);
    if (strcmp(expected, bscope_last_error()) != 0)
      return (void *)1;
  }
  return NULL;
}

static void each_thread_has_its_own(void **state) {
  (void)state;
  pthread_t threads[8];
  unsigned numbers[8];
  bscope_fail(BSCOPE_ERR_IO, "main's");
  for (unsigned i = 0; i < 8; i++) {
    numbers[i] = i;
    assert_int_equal(pthread_create(&threads[i], NULL, fail_many, &numbers[i]), 0);
  }
  for (unsigned i = 0; i < 8; i++) {
    void *result;
    assert_int_equal(pthread_join(threads[i], &result), 0);
    assert_null(result);
  }
  assert_string_equal(bscope_last_error(), "main's");
}

static void every_status_has_its_text(void **state) {
  (void)state;
  static const int statuses[] = {
#define ROW(name, value, text) BSCOPE_##name,
      BSCOPE_STATUSES(ROW)
#undef ROW
  };
  for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
    assert_int_equal(statuses[i], -(int)i);
    assert_string_not_equal(bscope_strerror(statuses[i]), "unknown status");
    for (size_t k = 0; k < i; k++)
      assert_string_not_equal(bscope_strerror(statuses[i]), bscope_strerror(statuses[k]));
  }
  assert_string_equal(bscope_strerror(1), "unknown status");
  assert_string_equal(bscope_strerror(-1000), "unknown status");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(starts_empty),
      cmocka_unit_test(returns_the_status_and_keeps_errno),
      cmocka_unit_test(may_quote_the_message_before),
      cmocka_unit_test(makes_control_characters_visible),
      cmocka_unit_test(cuts_between_characters),
      cmocka_unit_test(each_thread_has_its_own),
      cmocka_unit_test(every_status_has_its_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
