/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an event has to do with a variable, in words.
 */
#include "why.h"

#include <inttypes.h>

const char *cli_story_id(const struct cli_story *why, size_t node) {
  struct bscope_node out;
  return bscope_graph_node(why->graph, node, &out) == BSCOPE_OK ? out.id : "something unknown";
}

static bool borrows_it(const struct cli_story *why, size_t node) {
  size_t low = 0, high = why->borrower_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (why->borrowers[middle] < node)
      low = middle + 1;
    else
      high = middle;
  }
  return low < why->borrower_count && why->borrowers[low] == node;
}

/* How it began. */
static void tell_birth(const struct cli_story *why, const struct bscope_event *event,
                       const struct bscope_meaning *meaning, char out[CLI_WORDS]) {
  if (event->kind == BSCOPE_KIND_MOVE)
    snprintf(out, CLI_WORDS, "made here: takes over what was %.160s", cli_story_id(why, meaning->subject));
  else if (event->kind == BSCOPE_KIND_BORROW && meaning->object == BSCOPE_NODE_NONE)
    snprintf(out, CLI_WORDS, "made here: borrows %.120s%s, whose owner is unknown",
             event->text == NULL ? "something" : event->text, event->is_mutable ? " mutably" : "");
  else if (event->kind == BSCOPE_KIND_BORROW)
    snprintf(out, CLI_WORDS, "made here: borrows %.160s%s", cli_story_id(why, meaning->object),
             event->is_mutable ? " mutably" : "");
  else
    snprintf(out, CLI_WORDS, "made here");
}

/* A drop of it. */
static void tell_drop(const struct cli_story *why, const struct bscope_event *event,
                      const struct bscope_meaning *meaning, char out[CLI_WORDS]) {
  if (event->stamp == why->is.ended_at)
    snprintf(out, CLI_WORDS, "%s", why->is.is_borrower ? "its borrow ends" : "dropped");
  else if (meaning->silent)
    snprintf(out, CLI_WORDS, "its scope ends; it had ended before");
  else
    snprintf(out, CLI_WORDS, "dropped again: it was %s at %" PRIu64, cli_ending(&why->is), why->is.ended_at);
}

/* What it is the subject of, its birth aside. */
static void tell_own(const struct cli_story *why, const struct bscope_event *event,
                     const struct bscope_meaning *meaning, char out[CLI_WORDS]) {
  bool ended = why->is.ended_at < event->stamp;
  switch ((int)event->kind) {
  case BSCOPE_KIND_DROP:
    tell_drop(why, event, meaning, out);
    return;
  case BSCOPE_KIND_MOVE:
    snprintf(out, CLI_WORDS, "moved to %.160s%s", cli_story_id(why, meaning->object),
             ended ? ", although it had ended" : "");
    return;
  case BSCOPE_KIND_HEAP_REALLOC:
  case BSCOPE_KIND_RESIZE_BEGIN:
    snprintf(out, CLI_WORDS, "%s %" PRIu64 " bytes", event->kind == BSCOPE_KIND_HEAP_REALLOC ? "has now" : "asks for",
             event->object);
    return;
  default:
    snprintf(out, CLI_WORDS, "used%s%.100s%s", event->name == NULL ? "" : " as ",
             event->name == NULL ? "" : event->name, ended ? ", although it had ended" : "");
  }
}

/* What a borrower of it does. */
static void tell_borrower(const struct cli_story *why, const struct bscope_event *event,
                          const struct bscope_meaning *meaning, char out[CLI_WORDS]) {
  const char *id = cli_story_id(why, meaning->subject);
  if (event->kind == BSCOPE_KIND_DROP)
    snprintf(out, CLI_WORDS, "%.160s%s", id, meaning->silent ? ": its scope ends" : " ends its borrow");
  else if (event->kind == BSCOPE_KIND_MOVE)
    snprintf(out, CLI_WORDS, "the borrow moves from %.100s to %.100s", id, cli_story_id(why, meaning->object));
  else
    snprintf(out, CLI_WORDS, "used through %.160s", id);
}

bool cli_story_tell(const struct cli_story *why, const struct bscope_event *event, const struct bscope_meaning *meaning,
                    char out[CLI_WORDS]) {
  if (event->stamp == why->is.created_at)
    tell_birth(why, event, meaning, out);
  else if (meaning->object == why->node && event->kind == BSCOPE_KIND_BORROW)
    snprintf(out, CLI_WORDS, "%.160s borrows it%s%s", cli_story_id(why, meaning->subject),
             event->is_mutable ? " mutably" : "", event->stamp > why->is.ended_at ? ", although it had ended" : "");
  else if (meaning->subject == why->node)
    tell_own(why, event, meaning, out);
  else if (event->stamp == why->is.ended_at)
    snprintf(out, CLI_WORDS, "its memory is taken by %.160s", event->name == NULL ? "another" : event->name);
  else if (borrows_it(why, meaning->subject) && event->kind != BSCOPE_KIND_BORROW)
    tell_borrower(why, event, meaning, out);
  else
    return false;
  return true;
}
