/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log in figures, and those as text. One walk. See query.h.
 */
#include "base/error.h"
#include "base/util.h"

#include <borrowscope/query.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE 40 /* bytes of a line of text at most */

static const char group_names[][16] = {
#define ROW(upper, text) [BSCOPE_GROUP_##upper] = text,
    BSCOPE_GROUPS(ROW)
#undef ROW
};

/* The counts with a line of their own. */
static const struct {
  const char name[20];
  size_t offset;
} lines[] = {
    {"events", offsetof(struct bscope_log_summary, events)},
    {"missing", offsetof(struct bscope_log_summary, missing)},
    {"variables created", offsetof(struct bscope_log_summary, created)},
    {"variables dropped", offsetof(struct bscope_log_summary, dropped)},
    {"immutable borrows", offsetof(struct bscope_log_summary, borrows_immut)},
    {"mutable borrows", offsetof(struct bscope_log_summary, borrows_mut)},
    {"moves", offsetof(struct bscope_log_summary, moves)},
};

_Static_assert(BSCOPE_COUNT(group_names) <= BSCOPE_COUNT(((struct bscope_log_summary *)0)->groups), "room");

static void count_event(struct bscope_log_summary *sum, const struct bscope_event *event) {
  sum->events++;
  sum->groups[bscope_kind_group(event->kind)]++;
  if ((size_t)event->kind < BSCOPE_COUNT(sum->kinds))
    sum->kinds[event->kind]++;
  switch (bscope_kind_effect(event->kind)) {
  case BSCOPE_EFFECT_BEGINS:
  case BSCOPE_EFFECT_CLONES:
    sum->created++;
    break;
  case BSCOPE_EFFECT_ENDS:
    sum->dropped += (event->flags & (BSCOPE_SITE_BORROWER_ONLY | BSCOPE_SITE_KEPT)) == 0;
    break;
  case BSCOPE_EFFECT_BORROWS:
    *(event->is_mutable ? &sum->borrows_mut : &sum->borrows_immut) += 1;
    break;
  case BSCOPE_EFFECT_MOVES:
    sum->moves++;
    break;
  default:
    break;
  }
}

int bscope_log_summarize(const struct bscope_log *log, struct bscope_log_summary *out) {
  struct bscope_log_summary sum = {.size = sizeof(sum)};
  struct bscope_event event;
  struct bscope_cursor *cursor;
  if (log == NULL || out == NULL)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "%s: an argument is NULL", __func__);
  if ((cursor = bscope_cursor_create(log, 0)) == NULL)
    return bscope_fail(BSCOPE_ERR_NO_MEMORY, "%s: no memory to read the log", __func__);
  while (bscope_cursor_next(cursor, &event)) {
    if (bscope_kind_group(event.kind) != BSCOPE_GROUP_NONE)
      count_event(&sum, &event);
    else
      sum.missing += event.kind == BSCOPE_KIND_LOST || event.kind == BSCOPE_KIND_OPEN;
  }
  int status = bscope_cursor_status(cursor);
  bscope_cursor_free(cursor);
  if (status == BSCOPE_OK)
    *out = sum;
  return status;
}

static char *put(char *at, const char *name, uint64_t count) {
  return at + snprintf(at, LINE + 1, "%-18s %" PRIu64 "\n", name, count);
}

char *bscope_log_summary_text(const struct bscope_log_summary *summary) {
  char *text = NULL, *at;
  if (summary == NULL)
    bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "%s: the summary is NULL", __func__);
  else if ((text = malloc((BSCOPE_COUNT(lines) + BSCOPE_COUNT(group_names)) * LINE + 1)) == NULL)
    bscope_fail(BSCOPE_ERR_NO_MEMORY, "%s: no memory", __func__);
  if (text == NULL)
    return NULL;
  at = text;
  for (size_t i = 0; i < BSCOPE_COUNT(lines); i++)
    at = put(at, lines[i].name, *(const uint64_t *)(const void *)((const char *)summary + lines[i].offset));
  for (size_t i = 1; i < BSCOPE_COUNT(group_names); i++)
    if (summary->groups[i] != 0)
      at = put(at, group_names[i], summary->groups[i]);
  return text;
}
