/* SPDX-License-Identifier: Apache-2.0 */
/*
 * on_finding=: the rules over the events of the running process as they arrive. Each call takes a snapshot and judges
 * what is behind the last one's end. Memory: what the rules keep of live variables, and up to a few dozen findings that
 * wait to be told; all else is let go of. Judged under the watch lock, told without any.
 */
#include "export/watch.h"

#include "base/util.h"
#include "collect/environment.h"
#include "model/rules.h"

#include <borrowscope/export.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAITING_MOST 64 /* findings; one event or the log's end may bring more */
#define LINE_BYTES 1024

/* A finding that waits to be told. */
struct waiting {
  struct waiting *next;
  struct bscope_finding finding;
  enum bscope_on_finding action;
  void (*found)(void *context, const struct bscope_finding *finding);
  void *context;
  bool snapshot; /* the first error of its generation */
};

/* Under the watch lock. What a child finds of its parent's may be half made: it is left as it is. */
static struct {
  pid_t pid;
  uint64_t generation;
  struct bscope_rules *rules; /* NULL: not begun, or out of memory */
  bscope_stamp next;          /* behind what was judged */
  bool ended;
  bool snapped;
  const struct bscope_log *log; /* while something is judged */
  const struct bscope_settings *settings;
  struct waiting *first;
  struct waiting *last;
  size_t count;
} state;

/* Notes are not told, and where something happens to the program only what is proved counts. */
static bool is_told(enum bscope_on_finding action, enum bscope_severity severity) {
  bool acts = action == BSCOPE_ON_FINDING_ABORT || action == BSCOPE_ON_FINDING_SNAPSHOT;
  return severity >= (acts ? BSCOPE_SEVERITY_ERROR : BSCOPE_SEVERITY_WARNING);
}

static void put_last(struct waiting *w) {
  if (state.last)
    state.last->next = w;
  else
    state.first = w;
  state.last = w;
  state.count++;
}

static int note(void *context, const struct bscope_rules_finding *finding) {
  (void)context;
  const struct bscope_settings *settings = state.settings;
  if (!is_told(settings->on_finding, finding->severity))
    return BSCOPE_OK;
  char words[BSCOPE_RULES_WORDS];
  struct waiting *w = calloc(1, sizeof(*w));
  if (!w)
    return BSCOPE_ERR_NO_MEMORY;
  bscope_rules_locate(state.log, NULL, finding, &w->finding);
  bscope_rules_tell(finding, words, &w->finding);
  if (!bscope_finding_keep(&w->finding)) {
    free(w);
    return BSCOPE_ERR_NO_MEMORY;
  }
  w->action = settings->on_finding;
  w->found = settings->found;
  w->context = settings->found_context;
  w->snapshot = w->action == BSCOPE_ON_FINDING_SNAPSHOT && !state.snapped;
  state.snapped |= w->snapshot;
  put_last(w);
  return BSCOPE_OK;
}

static void forget_rules(void) {
  bscope_rules_destroy(state.rules);
  state.rules = NULL;
}

/* The state is for this log from here on. */
static void turn_to(const struct bscope_log *log) {
  if (state.pid != getpid()) {
    memset(&state, 0, sizeof(state));
    state.pid = getpid();
  }
  if (state.generation == bscope_log_generation(log))
    return;
  forget_rules();
  state.generation = bscope_log_generation(log);
  state.next = 0;
  state.ended = state.snapped = false;
}

static bool has_room(void) {
  return state.count < WAITING_MOST;
}

/* Positions that were let go of before they could be judged: a gap. */
static int pass_evicted(bscope_stamp first) {
  const struct bscope_event lost = {.kind = BSCOPE_KIND_LOST, .stamp = first - 1};
  if (state.next >= first)
    return BSCOPE_OK;
  state.next = first;
  return bscope_rules_feed(state.rules, &lost);
}

static int judge_events(const struct bscope_log *log) {
  bscope_stamp first = bscope_log_first(log);
  struct bscope_event event;
  int status = pass_evicted(first);
  struct bscope_cursor *cursor = bscope_cursor_create(log, (size_t)(state.next - first));
  if (!cursor)
    return BSCOPE_ERR_NO_MEMORY;
  while (status == BSCOPE_OK && has_room() && bscope_cursor_next(cursor, &event)) {
    state.next = event.stamp + 1;
    status = bscope_rules_feed(state.rules, &event);
  }
  bscope_cursor_free(cursor);
  return status;
}

static void judge_log(const struct bscope_log *log, const struct bscope_watched *watched, bool ends) {
  struct bscope_rules_log about;
  bscope_stamp end = bscope_log_first(log) + bscope_log_count(log);
  turn_to(log);
  (void)bscope_rules_look_at(log, &about);
  about.filtered = watched->settings->filter[0] != '\0';
  about.has_beginning = about.has_beginning && !watched->inherited && state.next == 0;
  about.ended = ends;
  if (state.ended)
    return;
  if (!state.rules)
    state.rules = bscope_rules_create(&about, NULL, note, NULL);
  if (!state.rules)
    return;
  bscope_rules_learn(state.rules, &about);
  state.log = log;
  state.settings = watched->settings;
  int status = judge_events(log);
  if (status == BSCOPE_OK && ends && has_room()) {
    status = bscope_rules_finish(state.rules, end);
    state.ended = true;
  }
  if (status != BSCOPE_OK || state.ended)
    forget_rules(); /* without memory it begins anew, knowing nothing of what was */
}

static void judge(const struct bscope_watched *watched, bool ends) {
  struct bscope_log *log = bscope_get_events();
  if (log)
    judge_log(log, watched, ends);
  bscope_log_free(log);
}

static void *next_waiting(void) {
  struct waiting *w = state.pid == getpid() ? state.first : NULL;
  if (!w)
    return NULL;
  state.first = w->next;
  if (!w->next)
    state.last = NULL;
  state.count--;
  return w;
}

static void say_place(const struct bscope_place *place, const char *severity, const char *message, const char *rule) {
  char line[LINE_BYTES];
  if (place->file)
    snprintf(line, sizeof(line), "%s:%u: %s: %s%s", place->file, (unsigned)place->line, severity, message, rule);
  else
    snprintf(line, sizeof(line), "%s: %s%s", severity, message, rule);
  bscope_environment_say(line);
}

static void print(const struct bscope_finding *finding) {
  static const char *const roles[] = {"",
#define ROW(number, name, text) [number] = text,
                                      BSCOPE_ROLES(ROW)
#undef ROW
  };
  char text[64], rule[16];
  bool error = finding->severity == BSCOPE_SEVERITY_ERROR;
  snprintf(rule, sizeof(rule), " [%s]", bscope_rule_id(finding->rule));
  say_place(&finding->places[0], error ? "error" : "warning", finding->message, rule);
  for (size_t i = 1; i < finding->place_count; i++) {
    const struct bscope_place *place = &finding->places[i];
    snprintf(text, sizeof(text), "%s here", roles[place->role]);
    if (place->file)
      say_place(place, "note", text, "");
  }
}

static void write_log(void) {
  char path[64], line[LINE_BYTES];
  snprintf(path, sizeof(path), "borrowscope-%ld.json", (long)getpid());
  if (bscope_export_json(path) == BSCOPE_OK)
    snprintf(line, sizeof(line), "the log is in %s", path);
  else
    snprintf(line, sizeof(line), "the log can't be written: %s", bscope_last_error());
  bscope_environment_say(line);
}

static void tell(void *finding) {
  struct waiting *w = finding;
  if (w->action == BSCOPE_ON_FINDING_CALLBACK && w->found)
    w->found(w->context, &w->finding);
  else
    print(&w->finding);
  if (w->action == BSCOPE_ON_FINDING_ABORT)
    abort();
  if (w->snapshot)
    write_log();
  free((char *)(uintptr_t)w->finding.variable);
  free(w);
}

const struct bscope_watcher bscope_export_watcher = {.judge = judge, .next = next_waiting, .tell = tell};

static __attribute__((constructor)) void load(void) {
  bscope_watch_set(&bscope_export_watcher);
}
