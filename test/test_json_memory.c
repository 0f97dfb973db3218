/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an export does with memory: it grows with variables and strings but not with events (P6), every allocation that
 * fails is reported and leaves nothing behind, and the old file stays. The program's own malloc counts, and fails when
 * told to; sanitizers bring theirs, so under them only jansson's allocations fail.
 */
#include <borrowscope/export.h>

#include "log/fixture.h"

#include <jansson.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define OWN_MALLOC 0
#endif
#endif
#ifndef OWN_MALLOC
#define OWN_MALLOC 1
#endif

static bool counting;
static size_t live_bytes, peak_bytes, live_blocks, allocations;
static size_t fail_at; /* the allocation that fails, from 1; 0: none */

static bool fails(void) {
  return counting && ++allocations == fail_at;
}

static void add(void *block) {
  if (!counting || !block)
    return;
  live_blocks++;
  live_bytes += malloc_usable_size(block);
  if (live_bytes > peak_bytes)
    peak_bytes = live_bytes;
}

static void subtract(void *block) {
  if (!counting || !block)
    return;
  live_blocks--;
  live_bytes -= malloc_usable_size(block);
}

#if OWN_MALLOC
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

void *malloc(size_t size) {
  void *block = fails() ? NULL : __libc_malloc(size);
  add(block);
  return block;
}

void *calloc(size_t n, size_t size) {
  void *block = fails() ? NULL : __libc_calloc(n, size);
  add(block);
  return block;
}

void *realloc(void *old, size_t size) {
  if (fails())
    return NULL;
  subtract(old);
  void *block = __libc_realloc(old, size);
  add(block);
  return block;
}

void free(void *block) {
  subtract(block);
  __libc_free(block);
}
#else
static void *failing_malloc(size_t size) {
  void *block = fails() ? NULL : malloc(size);
  add(block);
  return block;
}

static void counting_free(void *block) {
  subtract(block);
  free(block);
}
#endif

static void begin(size_t failing) {
  live_bytes = peak_bytes = live_blocks = allocations = 0;
  fail_at = failing;
  counting = true;
}

static void end(void) {
  counting = false;
}

/* `count` events about one variable from 50 places. */
static struct bscope_log *uses(size_t count) {
  struct bscope_event *events = calloc(count, sizeof(*events));
  assert_non_null(events);
  for (size_t i = 0; i < count; i++)
    events[i] = (struct bscope_event){.kind = i ? BSCOPE_KIND_DEREF : BSCOPE_KIND_NEW,
                                      .name = "buffer",
                                      .file = "f.c",
                                      .line = (uint32_t)(1 + i % 50),
                                      .site = (uint32_t)(1 + i % 50),
                                      .time_ns = i * 10};
  struct bscope_log *log = bscope_log_from_events(events, count);
  free(events);
  assert_non_null(log);
  return log;
}

static size_t peak_of(size_t count) {
  struct bscope_log *log = uses(count);
  begin(0);
  int status = bscope_log_export_json(log, "/dev/null", NULL);
  end();
  assert_int_equal(status, BSCOPE_OK);
  bscope_log_free(log);
  return peak_bytes;
}

static void test_memory_does_not_grow_with_events(void **state) {
  (void)state;
  if (!OWN_MALLOC)
    skip();
  size_t n = getenv("BSCOPE_TEST_FULL") ? 100000 : 10000;
  size_t few = peak_of(n), many = peak_of(10 * n);
  print_message("peak: %zu bytes for %zu events, %zu for %zu\n", few, n, many, 10 * n);
  assert_true(few > 0);
  assert_true(many <= few + 4096 + 9 * n / 8); /* the graph's table of the pieces that it may come to need */
}

/* All sorts of events, with strings short and long. */
static struct bscope_log *mixed(void) {
  static char long_name[4000];
  memset(long_name, 'l', sizeof(long_name) - 1);
  const struct bscope_event events[] = {
      {.kind = BSCOPE_KIND_NEW, .name = "x", .type_name = "int", .file = "a.c", .line = 3},
      {.kind = BSCOPE_KIND_BORROW, .name = "r", .text = "&x", .file = "a.c", .line = 4},
      {.kind = BSCOPE_KIND_NEW, .name = long_name, .type_name = "\x01\xff"},
      {.kind = BSCOPE_KIND_DROP, .name = "r", .file = "a.c", .line = 5},
      {.kind = BSCOPE_KIND_MOVE, .name = "x", .name2 = "y", .file = "a.c", .line = 6},
      {.kind = BSCOPE_KIND_NEW, .name = "g", .subject = 1, .subject_is = BSCOPE_WORD_ID},
  };
  struct bscope_log *log = bscope_log_from_events(events, sizeof(events) / sizeof(events[0]));
  assert_non_null(log);
  return log;
}

enum target { PATH, STREAM, STRING };

static int export_to(enum target target, const struct bscope_log *log, const char *path, FILE *stream) {
  if (target == PATH)
    return bscope_log_export_json(log, path, NULL);
  if (target == STREAM)
    return bscope_log_export_json_to_file(log, stream, NULL);
  char *text = bscope_log_export_json_to_string(log, NULL);
  int status = text ? BSCOPE_OK : BSCOPE_ERR_NO_MEMORY;
  bscope_string_free(text);
  return status;
}

static void write_old(const char *path) {
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs("old", f);
  fclose(f);
}

static bool is_old(const char *path) {
  char found[4] = "";
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  size_t n = fread(found, 1, sizeof(found), f);
  fclose(f);
  return n == 3 && memcmp(found, "old", 3) == 0;
}

/* Fails the first allocation, then the second, until an export gets by without the one that would fail. */
static void walk_failures(enum target target) {
  char path[] = "/tmp/test_json_memory.XXXXXX";
  struct bscope_log *log = mixed();
  FILE *stream = fopen("/dev/null", "w");
  close(mkstemp(path));
  setvbuf(stream, NULL, _IONBF, 0);
  assert_int_equal(export_to(target, log, path, stream), BSCOPE_OK); /* whatever is made once is made */
  size_t failing = 0;
  for (int status = BSCOPE_ERR_NO_MEMORY; status != BSCOPE_OK;) {
    write_old(path);
    begin(++failing);
    status = export_to(target, log, path, stream);
    end();
    assert_int_equal(live_blocks, 0);
    assert_true(status == BSCOPE_OK || status == BSCOPE_ERR_NO_MEMORY);
    assert_true(status == BSCOPE_OK || is_old(path));
    assert_true(status == BSCOPE_OK || strstr(bscope_last_error(), "memory"));
    if (status == BSCOPE_OK && allocations >= failing)
      status = BSCOPE_ERR_NO_MEMORY; /* it did without (a string that could not be made smaller) */
  }
  print_message("%zu allocations failed\n", failing - 1);
  assert_true(failing > 10);
  fclose(stream);
  unlink(path);
  bscope_log_free(log);
}

static void test_failures_to_path(void **state) {
  (void)state;
  walk_failures(PATH);
}

static void test_failures_to_stream(void **state) {
  (void)state;
  walk_failures(STREAM);
}

static void test_failures_to_string(void **state) {
  (void)state;
  walk_failures(STRING);
}

int main(void) {
#if !OWN_MALLOC
  json_set_alloc_funcs(failing_malloc, counting_free);
#endif
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_memory_does_not_grow_with_events),
      cmocka_unit_test(test_failures_to_path),
      cmocka_unit_test(test_failures_to_stream),
      cmocka_unit_test(test_failures_to_string),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
