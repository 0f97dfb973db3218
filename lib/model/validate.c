/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a log can be true: the first event that contradicts those before it. One walk; memory as the resolver needs
 * it.
 */
#include "base/error.h"
#include "model/resolve.h"

#include <borrowscope/check.h>

#include <inttypes.h>
#include <stdio.h>

static const char *what(const struct bscope_event *event) {
  switch (event->kind) {
  case BSCOPE_KIND_BORROW:
    return "borrow of";
  case BSCOPE_KIND_MOVE:
    return "move of";
  case BSCOPE_KIND_DROP:
    return (event->flags & BSCOPE_SITE_BORROWER_ONLY) != 0 ? "end of borrow of" : "drop of";
  default:
    return "use of";
  }
}

static const char *why(enum bscope_contradiction contradiction) {
  switch (contradiction) {
  case BSCOPE_DROPPED_TWICE:
    return "which was dropped already";
  case BSCOPE_USED_AFTER_MOVE:
    return "which was moved away";
  case BSCOPE_USED_AFTER_DROP:
    return "which was dropped before";
  default:
    return "which was never created";
  }
}

/* "'buf_12'", what the event called it, or the argument as it was written. */
static void put_name(char *out, size_t size, const struct bscope_event *event, const struct bscope_variable_ref *who) {
  if (who->variable != BSCOPE_VARIABLE_NONE || who->has_given_id)
    (void)snprintf(out, size, "'%s_%" PRIu64 "'", who->name == NULL ? "" : who->name,
                   who->has_given_id ? who->given_id : who->stamp);
  else if (who->name != NULL)
    (void)snprintf(out, size, "'%s'", who->name);
  else
    (void)snprintf(out, size, "what '%s' points to", event->text == NULL ? "an address" : event->text);
}

static void put_place(char *out, size_t size, const struct bscope_event *event) {
  out[0] = '\0';
  if (event->file != NULL)
    (void)snprintf(out, size, " at %s:%" PRIu32, event->file, event->line);
}

/* " (event 17 at queue.c:38)": where the variable that is meant ended, or went over to its present owner. */
static void put_earlier(char *out, size_t size, const struct bscope_log *log, bscope_stamp stamp) {
  struct bscope_event earlier;
  char place[192];
  out[0] = '\0';
  if (stamp == BSCOPE_STAMP_OPEN || stamp < bscope_log_first(log) ||
      bscope_log_at(log, (size_t)(stamp - bscope_log_first(log)), &earlier) != BSCOPE_OK)
    return;
  put_place(place, sizeof(place), &earlier);
  (void)snprintf(out, size, " (event %" PRIu64 "%s)", stamp, place);
}

static int report(const struct bscope_log *log, const struct bscope_event *event, const struct bscope_resolution *is) {
  const struct bscope_variable_ref *who = event->kind == BSCOPE_KIND_BORROW ? &is->object : &is->subject;
  char place[192], name[160], earlier[224];
  put_place(place, sizeof(place), event);
  put_name(name, sizeof(name), event, who);
  put_earlier(earlier, sizeof(earlier), log, is->ended_at);
  /* A use under a former name: the variable found is the rightful owner. */
  if (event->kind == BSCOPE_KIND_DEREF && is->contradiction == BSCOPE_USED_AFTER_MOVE && who->stamp == is->ended_at)
    return bscope_fail(BSCOPE_ERR_INVALID_EVENT_SEQUENCE,
                       "event %" PRIu64 " on thread %" PRIu32 "%s: use as '%s' of what was moved away: it is %s now%s",
                       event->stamp, event->thread, place, event->name == NULL ? "" : event->name, name, earlier);
  return bscope_fail(BSCOPE_ERR_INVALID_EVENT_SEQUENCE, "event %" PRIu64 " on thread %" PRIu32 "%s: %s %s, %s%s",
                     event->stamp, event->thread, place, what(event), name, why(is->contradiction), earlier);
}

/* Whether what the log never saw created can't have been created: by the parent of a forked process, before a reset,
 * while nothing was recorded, or under a name that is not recorded. */
static bool has_all_beginnings(const struct bscope_log *log) {
  struct bscope_stats stats = {.size = sizeof(stats)};
  struct bscope_trace_info info = {.size = sizeof(info)};
  return bscope_log_generation(log) == 1 && bscope_log_stats(log, &stats) == BSCOPE_OK && stats.pauses == 0 &&
         bscope_log_trace_info(log, &info) == BSCOPE_OK && info.parent == 0 && info.filter[0] == '\0';
}

static int walk(const struct bscope_log *log, struct bscope_cursor *cursor, struct bscope_resolver *resolver) {
  bool all = has_all_beginnings(log);
  struct bscope_event event;
  while (bscope_cursor_next(cursor, &event)) {
    struct bscope_resolution is;
    if (bscope_resolver_feed(resolver, &event, &is) != BSCOPE_OK)
      return BSCOPE_ERR_NO_MEMORY;
    if (is.contradiction != BSCOPE_FITS && !is.by_spelling && (all || is.contradiction != BSCOPE_NEVER_CREATED))
      return report(log, &event, &is);
  }
  return bscope_cursor_status(cursor);
}

/* Events that were dropped have no position, so any of the others may rest on one. */
static bool lacks_events(const struct bscope_log *log) {
  struct bscope_stats stats = {.size = sizeof(stats)};
  return bscope_log_stats(log, &stats) == BSCOPE_OK && stats.dropped != 0;
}

int bscope_log_validate(const struct bscope_log *log) {
  if (log == NULL)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "bscope_log_validate: the log is NULL");
  if (lacks_events(log))
    return BSCOPE_OK;
  struct bscope_resolver *resolver = bscope_resolver_create();
  if (resolver == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  int status = cursor != NULL ? walk(log, cursor, resolver)
                              : bscope_fail(BSCOPE_ERR_NO_MEMORY, "bscope_log_validate: no memory to read the log");
  bscope_cursor_free(cursor);
  bscope_resolver_destroy(resolver);
  return status;
}
