/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logs that fit together and logs that don't, each contradiction once; and building graphs and judging logs while each
 * allocation fails in turn: BSCOPE_ERR_NO_MEMORY, and nothing is left behind.
 */
#include "events.h"
#include "log/fixture.h"
#include "log/snapshot.h"

#include <borrowscope/check.h>
#include <borrowscope/graph.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static volatile bool counting;
static volatile unsigned allocations; /* while counting */
static unsigned failing;              /* the one that fails, from 1; 0: none */
static volatile long held;            /* blocks taken while counting and not given back */

#if !SANITIZED /* which bring their own */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

static bool fails_now(void) {
  if (!counting || (allocations = allocations + 1) != failing)
    return false;
  errno = ENOMEM;
  return true;
}

static void *taken(void *block) {
  held += counting && block != NULL;
  return block;
}

void *malloc(size_t size) {
  return fails_now() ? NULL : taken(__libc_malloc(size));
}
void *calloc(size_t count, size_t size) {
  return fails_now() ? NULL : taken(__libc_calloc(count, size));
}
void *aligned_alloc(size_t alignment, size_t size) {
  return fails_now() ? NULL : taken(__libc_memalign(alignment, size));
}

void *realloc(void *block, size_t size) {
  if (fails_now())
    return NULL;
  return block == NULL ? taken(__libc_malloc(size)) : __libc_realloc(block, size);
}

void free(void *block) {
  held -= counting && block != NULL;
  __libc_free(block);
}
#endif

/* Not under a tool that brings its own allocator. */
static bool can_fail(void) {
  static void *volatile block;
  counting = true;
  allocations = 0;
  block = malloc(16);
  free(block);
  counting = false;
  return !SANITIZED && !getenv("BSCOPE_TEST_VALGRIND") && allocations == 1;
}

struct log_case {
  const char *message; /* NULL: the log fits together */
  size_t count;
  struct bscope_event events[8];
};

static const struct log_case cases[] = {
    {NULL, 0, {{0}}},
    {NULL,
     7,
     {EV_NEW(0, "x"), EV_BORROW(0, "r", "&x", 0x10), EV_BORROW_END(0, "r"), EV_MOVE(0, "x", "y"), EV_DROP(0, "y"),
      EV_NEW(0, "x"), EV_DROP(0, "x")}},
    {NULL,
     8,
     {EV_NEW_AT(0, "b", "p", 0x100, 8), EV_MOVE_AT(1, "p", 0x100, "i"), EV_USE_AT(1, 0x100, "i"),
      EV_RESIZE(1, "i", 0x100, 16), EV_RESIZED(1, 0x200, 16), EV_DROP_AT(1, "i", 0x200), EV_DROP_AT(0, "q", 0),
      EV_BORROW_AT(0, "r", "q", 0x900)}},
    {NULL, 4, {EV_LET(0, "x", 0x100, 8), EV_MOVE(0, "x", "y"), EV_LET_END(0, "x", 0x100), EV_DROP(0, "y")}},
    {"event 2 on thread 0 at a.c:7: drop of 'x_0', which was dropped already (event 1)",
     3,
     {EV_NEW(0, "x"), EV_DROP(0, "x"), EV_(DROP, 0, .name = "x", .file = "a.c", .line = 7)}},
    {"event 2 on thread 1: drop of 'b_0', which was dropped already (event 1)",
     3,
     {EV_NEW_AT(0, "b", "p", 0x100, 8), EV_DROP_AT(0, "p", 0x100), EV_DROP_AT(1, "q", 0x100)}},
    {"event 2 on thread 0: drop of 'x_0', which was moved away (event 1)",
     3,
     {EV_NEW(0, "x"), EV_MOVE(0, "x", "y"), EV_DROP(0, "x")}},
    {"event 2 on thread 0: move of 'x_0', which was moved away (event 1)",
     3,
     {EV_NEW(0, "x"), EV_MOVE(0, "x", "y"), EV_MOVE(0, "x", "z")}},
    {"event 2 on thread 0: move of 'x_0', which was dropped before (event 1)",
     3,
     {EV_NEW(0, "x"), EV_DROP(0, "x"), EV_MOVE(0, "x", "z")}},
    {"event 2 on thread 0: borrow of 'x_0', which was moved away (event 1)",
     3,
     {EV_NEW(0, "x"), EV_MOVE(0, "x", "y"), EV_BORROW(0, "r", "&x", 0x10)}},
    {NULL, /* only the spelling says that p is stale: it may have been set again */
     3,
     {EV_NEW_AT(0, "b", "p", 0x100, 8), EV_MOVE_AT(0, "p", 0x100, "q"), EV_BORROW_AT(0, "r", "p", 0x100)}},
    {"event 2 on thread 0: use of 'b_0', which was dropped before (event 1)",
     3,
     {EV_NEW_AT(0, "b", "p", 0x100, 8), EV_DROP_AT(0, "p", 0x100), EV_USE_AT(0, 0x100, "b")}},
    {"event 2 on thread 0: use as 'b' of what was moved away: it is 'q_1' now (event 1)",
     3,
     {EV_NEW_AT(0, "b", "p", 0x100, 8), EV_MOVE_AT(0, "p", 0x100, "q"), EV_USE_AT(0, 0x100, "b")}},
    {NULL,
     4,
     {EV_RESIZE(0, "p", 0, 16), EV_RESIZED(0, 0x100, 16), EV_RESIZE(0, "p", 0x100, 32), EV_RESIZED(0, 0x100, 32)}},
    {"event 0 on thread 0: drop of 'x', which was never created", 1, {EV_DROP(0, "x")}},
    {"event 1 on thread 0: drop of what 'p' points to, which was never created",
     2,
     {EV_NEW_AT(0, "b", "p", 0x100, 8), EV_DROP_AT(0, "p", 0x104)}},
    {"event 1 on thread 0: end of borrow of 'x', which was never created", 2, {EV_NEW(0, "x"), EV_BORROW_END(0, "x")}},
    {"event 0 on thread 0: move of 'x', which was never created", 1, {EV_MOVE(0, "x", "y")}},
    {"event 0 on thread 0: drop of '_5', which was never created", 1, {EV_DROP_ID(0, 5)}},
    {NULL, 3, {EV_LOST(), EV_DROP(0, "x"), EV_MOVE(0, "y", "z")}},
    {NULL, 4, {EV_NEW(0, "x"), EV_DROP(0, "x"), EV_OPEN(), EV_DROP(0, "x")}},
    {NULL, 3, {{.stamp = 9, .kind = BSCOPE_KIND_DROP, .name = "x"}, EV_NEW(0, "y"), EV_DROP(0, "y")}},
};

static void logs_fit_together_or_the_first_contradiction_is_named(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    struct bscope_log *log = bscope_log_from_events(cases[i].events, cases[i].count);
    assert_non_null(log);
    int status = bscope_log_validate(log);
    bscope_log_free(log);
    if (status != (cases[i].message == NULL ? BSCOPE_OK : BSCOPE_ERR_INVALID_EVENT_SEQUENCE))
      fail_msg("log %zu: status %d, \"%s\"", i, status, bscope_last_error());
    if (cases[i].message != NULL)
      assert_string_equal(bscope_last_error(), cases[i].message);
  }
  assert_int_equal(bscope_log_validate(NULL), BSCOPE_ERR_INVALID_ARGUMENT);
}

/* Enough of everything that each table is made and most grow. */
static struct bscope_log *large_log(void) {
  enum { EVENTS = 40 * 20 + 3 };
  static struct bscope_event events[EVENTS];
  static char names[EVENTS][16];
  size_t n = 0;
  for (uint32_t i = 0; i < 40; i++) {
    uint64_t a = 0x1000 + 0x100 * (uint64_t)i;
    char *own = names[i];
    snprintf(own, sizeof(names[i]), "v%u", i);
    const struct bscope_event story[] = {
        EV_NEW_AT(i % 5, own, "p", a, 64),    EV_NEW_AT(i % 5, "inner", "&p->f", a, 8),
        EV_LET(i % 5, own, a + 0x40, 8),      EV_LET(i % 5, "wide", a + 0x44, 8),
        EV_BORROW_AT(i % 5, "r", "p", a + 9), EV_REF(i % 5, "s", a + 0x50, "r", a + 9),
        EV_MOVE_AT(i % 5, "p", a, "q"),       EV_MOVE(i % 5, "q", own),
        EV_RESIZE(i % 5, "z", a, 32),         EV_RESIZED(i % 5, a, 70),
        EV_NEW_ID(i % 5, "g", 1000 + i),      EV_DROP_ID(i % 5, 1000 + i),
        EV_REF_END(i % 5, "s", a + 0x50),     EV_NEW(i % 5, "x"),
    };
    for (size_t k = 0; k < sizeof(story) / sizeof(story[0]); k++, n++) {
      events[n] = story[k];
      events[n].site = 1 + i * 20 + (uint32_t)k;
      events[n].line = events[n].site;
    }
  }
  struct bscope_log *log = bscope_log_from_events(events, n);
  assert_non_null(log);
  return log;
}

static void each_allocation_of_a_graph_fails_in_turn(void **state) {
  (void)state;
  if (!can_fail())
    skip();
  struct bscope_log *log = large_log();
  struct bscope_graph *graph = NULL;
  for (failing = 1; graph == NULL; failing++) {
    allocations = 0;
    held = 0;
    counting = true;
    graph = bscope_graph_build(log);
    counting = false;
    if (graph != NULL)
      break;
    if (held != 0)
      fail_msg("allocation %u failed, and %ld blocks were left", failing, held);
    assert_non_null(strstr(bscope_last_error(), "memory"));
  }
  assert_true(failing > 50);
  counting = true;
  bscope_graph_free(graph);
  counting = false;
  assert_int_equal(held, 0);
  bscope_log_free(log);
}

static void each_allocation_of_a_judgement_fails_in_turn(void **state) {
  (void)state;
  if (!can_fail())
    skip();
  struct bscope_log *log = large_log();
  int status = BSCOPE_ERR_NO_MEMORY;
  for (failing = 1; status == BSCOPE_ERR_NO_MEMORY; failing++) {
    allocations = 0;
    held = 0;
    counting = true;
    status = bscope_log_validate(log);
    counting = false;
    if (held != 0)
      fail_msg("allocation %u failed, and %ld blocks were left", failing, held);
  }
  assert_int_equal(status, BSCOPE_OK);
  assert_true(failing > 40);
  bscope_log_free(log);
}

/* P2: an event that was dropped has no position, so nothing of the log proves a contradiction. */
static void a_log_that_lacks_events_is_not_judged(void **state) {
  (void)state;
  const struct bscope_event twice[] = {EV_NEW(0, "x"), EV_DROP(0, "x"), EV_DROP(0, "x")};
  struct bscope_log *log = bscope_log_from_events(twice, 3);
  assert_non_null(log);
  assert_int_equal(bscope_log_validate(log), BSCOPE_ERR_INVALID_EVENT_SEQUENCE);
  log->stats.dropped = 1;
  assert_int_equal(bscope_log_validate(log), BSCOPE_OK);
  bscope_log_free(log);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_log_that_lacks_events_is_not_judged),
      cmocka_unit_test(logs_fit_together_or_the_first_contradiction_is_named),
      cmocka_unit_test(each_allocation_of_a_graph_fails_in_turn),
      cmocka_unit_test(each_allocation_of_a_judgement_fails_in_turn),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
