/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of the tracking macros, in C and C++: what was recorded since track_begin(), event by event.
 */
#ifndef BSCOPE_TEST_TRACK_EVENTS_H
#define BSCOPE_TEST_TRACK_EVENTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif
#include <cmocka.h>
#ifdef __cplusplus
}
#endif

#include <borrowscope/log.h>
#include <borrowscope/session.h>

static struct bscope_log *track_log;
static size_t track_next;

static void track_end(void) {
  bscope_log_free(track_log);
  track_log = NULL;
  track_next = 0;
}

static void track_begin(void) {
  track_end(); /* what a failed test left */
  static bool begun;
  if (!begun)
    (void)bscope_start(NULL); /* refused where an event before main has started the session */
  begun = true;
  assert_int_equal(bscope_reset(), 0);
}

/* The next event since track_begin; its strings live until track_expect_no_more. */
static struct bscope_event track_event(void) {
  struct bscope_event event;
  memset(&event, 0, sizeof(event));
  if (!track_log)
    track_log = bscope_get_events();
  assert_non_null(track_log);
  assert_int_equal(bscope_log_at(track_log, track_next, &event), 0);
  track_next++;
  return event;
}

static void track_expect_no_more(void) {
  if (!track_log)
    track_log = bscope_get_events();
  assert_non_null(track_log);
  assert_int_equal(bscope_log_count(track_log), track_next);
  track_end();
}

static void track_same_text(const char *found, const char *wanted) {
  if (wanted)
    assert_string_equal(found ? found : "(none)", wanted);
  else
    assert_null(found);
}

/* The next event is of this kind and these names, with these flags and no others. */
static struct bscope_event track_expect(enum bscope_kind kind, const char *name, const char *name2, unsigned flags) {
  struct bscope_event event = track_event();
  assert_string_equal(bscope_kind_name(event.kind), bscope_kind_name(kind));
  assert_int_equal(event.kind, kind);
  track_same_text(event.name, name);
  track_same_text(event.name2, name2);
  assert_int_equal(event.flags, flags);
  assert_int_equal(event.is_mutable, (flags & BSCOPE_SITE_MUTABLE) != 0);
  return event;
}

/* What the words mean and hold. */
static void track_words(const struct bscope_event *event, enum bscope_word subject_is, uint64_t subject,
                        enum bscope_word object_is, uint64_t object) {
  assert_int_equal(event->subject_is, subject_is);
  assert_int_equal(event->subject, subject);
  assert_int_equal(event->object_is, object_is);
  assert_int_equal(event->object, object);
}

#endif
