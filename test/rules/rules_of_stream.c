/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library's findings of a stream of raw events, as check.py prints its own: reads JSON lines from standard input or
 * from a file, makes a log of them, and prints each finding as it is proved, and at last all of them grouped. A line
 * "--" ends a stream: its findings are followed by a line "--" too, so that one process judges many streams.
 */
#include "log/fixture.h"

#include <borrowscope/borrowscope.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stream {
  struct bscope_event *events;
  json_t **rows; /* whose strings the events use */
  size_t count;
  size_t capacity;
  bool ended;
  bool filtered;
  bool patchy;
  uint64_t first;
};

static void fail(const char *what) {
  fprintf(stderr, "rules_of_stream: %s\n", what);
  exit(2);
}

static enum bscope_kind kind_of(const char *name) {
  static const struct {
    const char *name;
    enum bscope_kind kind;
  } own[] = {{"ResizeBegin", BSCOPE_KIND_RESIZE_BEGIN}, {"Lost", BSCOPE_KIND_LOST}, {"Open", BSCOPE_KIND_OPEN}};
  for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
    if (strcmp(name, own[i].name) == 0)
      return own[i].kind;
  for (unsigned kind = 1; kind < 128; kind++)
    if (strcmp(name, bscope_kind_name((enum bscope_kind)kind)) == 0)
      return (enum bscope_kind)kind;
  fail("a kind that is none");
  return BSCOPE_KIND_NONE;
}

static enum bscope_word word_of(const json_t *row, const char *key) {
  static const char *const words[] = {"none", "address", "id", "size", "value"};
  const char *word = json_string_value(json_object_get(row, key));
  for (unsigned i = 0; word != NULL && i < sizeof(words) / sizeof(words[0]); i++)
    if (strcmp(word, words[i]) == 0)
      return (enum bscope_word)i;
  return BSCOPE_WORD_NONE;
}

static uint32_t flags_of(const json_t *row) {
  static const struct {
    const char *name;
    uint32_t flag;
  } all[] = {{"mutable", BSCOPE_SITE_MUTABLE}, {"by_address", BSCOPE_SITE_BY_ADDRESS},
             {"scoped", BSCOPE_SITE_SCOPED},   {"borrower_only", BSCOPE_SITE_BORROWER_ONLY},
             {"sampled", BSCOPE_SITE_SAMPLED}, {"range", BSCOPE_SITE_RANGE},
             {"place", BSCOPE_SITE_PLACE},     {"kept", BSCOPE_SITE_KEPT}};
  uint32_t flags = 0;
  size_t i;
  json_t *flag;
  json_array_foreach(json_object_get(row, "flags"), i, flag) for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++)
      flags |= strcmp(json_string_value(flag), all[k].name) == 0 ? all[k].flag : 0;
  return flags;
}

static const char *text_of(const json_t *row, const char *key) {
  return json_string_value(json_object_get(row, key));
}

static uint64_t number_of(const json_t *row, const char *key) {
  return (uint64_t)json_integer_value(json_object_get(row, key));
}

static void add(struct stream *stream, json_t *row) {
  if (stream->count == stream->capacity) {
    stream->capacity = stream->capacity * 2 + 64;
    stream->events = realloc(stream->events, stream->capacity * sizeof(*stream->events));
    stream->rows = realloc(stream->rows, stream->capacity * sizeof(json_t *));
    if (stream->events == NULL || stream->rows == NULL)
      fail("no memory");
  }
  uint32_t flags = flags_of(row);
  stream->rows[stream->count] = row;
  stream->events[stream->count++] = (struct bscope_event){.stamp = stream->first,
                                                          .kind = kind_of(text_of(row, "kind")),
                                                          .thread = (uint32_t)number_of(row, "thread"),
                                                          .name = text_of(row, "name"),
                                                          .name2 = text_of(row, "name2"),
                                                          .type_name = text_of(row, "type"),
                                                          .file = text_of(row, "file"),
                                                          .line = (uint32_t)number_of(row, "line"),
                                                          .function = text_of(row, "function"),
                                                          .text = text_of(row, "text"),
                                                          .subject = number_of(row, "subject"),
                                                          .object = number_of(row, "object"),
                                                          .subject_is = word_of(row, "subject_is"),
                                                          .object_is = word_of(row, "object_is"),
                                                          .is_mutable = (flags & BSCOPE_SITE_MUTABLE) != 0,
                                                          .flags = flags,
                                                          .extent = (uint32_t)number_of(row, "extent"),
                                                          .site = (uint32_t)number_of(row, "site")};
}

static void about(struct stream *stream, const json_t *log) {
  stream->ended = json_is_true(json_object_get(log, "ended"));
  stream->filtered = json_is_true(json_object_get(log, "filtered"));
  stream->patchy = json_is_true(json_object_get(log, "patchy"));
  stream->first = number_of(log, "first");
}

static const char *role_name(enum bscope_role role) {
  static const char *const names[] = {"none",
#define ROW(number, name, text) [number] = (text),
                                      BSCOPE_ROLES(ROW)
#undef ROW
  };
  return names[role];
}

static json_t *written(const struct bscope_finding *finding) {
  static const char *const severities[] = {"none", "note", "warning", "error"};
  json_t *places = json_array();
  for (size_t i = 0; i < finding->place_count; i++)
    json_array_append_new(places, json_pack("{s:s, s:I}", "role", role_name(finding->places[i].role), "stamp",
                                            (json_int_t)finding->places[i].stamp));
  json_t *out = json_pack("{s:s, s:s, s:s, s:b, s:o}", "rule", bscope_rule_id(finding->rule), "severity",
                          severities[finding->severity], "variable", finding->variable, "inferred", finding->inferred,
                          "places", places);
  return out;
}

static void print(json_t *out) {
  char *line = out == NULL ? NULL : json_dumps(out, 0);
  if (line == NULL)
    fail("a finding that can't be written");
  puts(line);
  free(line);
  json_decref(out);
}

static int print_finding(void *context, const struct bscope_finding *finding) {
  (void)context;
  print(written(finding));
  return 0;
}

/* The findings once more, grouped: {"groups": [finding with its count, ...]}. */
static void print_groups(const struct bscope_log *log) {
  struct bscope_findings *findings = bscope_check(log);
  struct bscope_finding finding;
  json_t *groups = json_array();
  if (findings == NULL)
    fail(bscope_last_error());
  for (size_t i = 0; bscope_findings_at(findings, i, &finding) == BSCOPE_OK; i++) {
    json_t *group = written(&finding);
    json_object_set_new(group, "count", json_integer((json_int_t)finding.count));
    json_array_append_new(groups, group);
  }
  if (json_array_size(groups) != bscope_findings_count(findings))
    fail("a count of findings that is none");
  bscope_findings_free(findings);
  print(json_pack("{s:o}", "groups", groups));
}

/* Judges the stream and forgets it. */
static void judge(struct stream *stream) {
  struct bscope_log *log = bscope_log_from_events(stream->events, stream->count);
  if (log == NULL)
    fail(bscope_last_error());
  bscope_log_fixture_set(log, stream->ended ? BSCOPE_LOG_CLEAN : BSCOPE_LOG_MEMORY, stream->filtered ? "a*" : "",
                         stream->patchy);
  if (bscope_check_each(log, print_finding, NULL) != BSCOPE_OK)
    fail(bscope_last_error());
  print_groups(log);
  bscope_log_free(log);
  for (size_t i = 0; i < stream->count; i++)
    json_decref(stream->rows[i]);
  free(stream->events);
  free(stream->rows);
  *stream = (struct stream){0};
}

int main(int argc, char **argv) {
  FILE *file = argc > 1 ? fopen(argv[1], "r") : stdin;
  struct stream stream = {0};
  char *line = NULL;
  size_t size = 0;
  bool many = false;
  if (file == NULL)
    fail(argv[1]);
  while (getline(&line, &size, file) > 0) {
    if (strcmp(line, "--\n") == 0) {
      judge(&stream);
      puts("--");
      fflush(stdout);
      many = true;
      continue;
    }
    json_error_t error;
    json_t *row = json_loads(line, 0, &error);
    if (row == NULL)
      fail(error.text);
    json_t *log = json_object_get(row, "log");
    if (log == NULL) {
      add(&stream, row);
      continue;
    }
    about(&stream, log);
    json_decref(row);
  }
  if (!many || stream.count != 0)
    judge(&stream);
  free(line);
  if (file != stdin)
    fclose(file);
  return 0;
}
