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

static int report(const struct bscope_event *event, const struct bscope_resolution *is) {
  const struct bscope_variable_ref *who = event->kind == BSCOPE_KIND_BORROW ? &is->object : &is->subject;
  char place[256] = "", name[256] = "an address";
  if (event->file != NULL)
    (void)snprintf(place, sizeof(place), " at %s:%" PRIu32, event->file, event->line);
  if (who->variable != BSCOPE_VARIABLE_NONE || who->has_given_id)
    (void)snprintf(name, sizeof(name), "'%s_%" PRIu64 "'", who->name == NULL ? "" : who->name,
                   who->has_given_id ? who->given_id : who->stamp);
  else if (who->name != NULL)
    (void)snprintf(name, sizeof(name), "'%s'", who->name);
  return bscope_fail(BSCOPE_ERR_INVALID_EVENT_SEQUENCE, "event %" PRIu64 " on thread %" PRIu32 "%s: %s %s, %s%s",
                     event->stamp, event->thread, place, what(event), name, why(is->contradiction),
                     is->inferred ? " (inferred)" : "");
}

static int walk(struct bscope_cursor *cursor, struct bscope_resolver *resolver) {
  struct bscope_event event;
  while (bscope_cursor_next(cursor, &event)) {
    struct bscope_resolution is;
    if (bscope_resolver_feed(resolver, &event, &is) != BSCOPE_OK)
      return BSCOPE_ERR_NO_MEMORY;
    if (is.contradiction != BSCOPE_FITS)
      return report(&event, &is);
  }
  return BSCOPE_OK;
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
  int status = cursor != NULL ? walk(cursor, resolver)
                              : bscope_fail(BSCOPE_ERR_NO_MEMORY, "bscope_log_validate: no memory to read the log");
  bscope_cursor_free(cursor);
  bscope_resolver_destroy(resolver);
  return status;
}
