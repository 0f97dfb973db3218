/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The raw events of a trace file as the stream that check.py and rules_of_stream read: JSON lines, what is said about
 * the log first.
 */
#include <borrowscope/borrowscope.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static void put_text(json_t *row, const char *key, const char *text) {
  if (text != NULL)
    json_object_set_new(row, key, json_string(text));
}

static void put_word(json_t *row, const char *key, const char *key_is, uint64_t word, enum bscope_word is) {
  static const char *const words[] = {"none", "address", "id", "size", "value"};
  if (is == BSCOPE_WORD_NONE)
    return;
  put_text(row, key_is, words[is]);
  json_object_set_new(row, key, json_integer((json_int_t)word));
}

static json_t *flags_of(uint32_t flags) {
  static const char *const names[] = {"mutable", "by_address", "scoped", "borrower_only", NULL,
                                      NULL,      "sampled",    "range",  "place",         "kept"};
  json_t *list = json_array();
  for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
    if (names[i] != NULL && (flags & 1u << i) != 0)
      json_array_append_new(list, json_string(names[i]));
  return list;
}

static void put(const struct bscope_event *event) {
  const char *kind = event->kind == BSCOPE_KIND_RESIZE_BEGIN ? "ResizeBegin" : bscope_kind_name(event->kind);
  json_t *row = json_pack("{s:s, s:I, s:I, s:I, s:I, s:o}", "kind", kind, "thread", (json_int_t)event->thread, "line",
                          (json_int_t)event->line, "extent", (json_int_t)event->extent, "site", (json_int_t)event->site,
                          "flags", flags_of(event->flags));
  put_text(row, "name", event->name);
  put_text(row, "name2", event->name2);
  put_text(row, "type", event->type_name);
  put_text(row, "text", event->text);
  put_text(row, "file", event->file);
  put_text(row, "function", event->function);
  put_word(row, "subject", "subject_is", event->subject, event->subject_is);
  put_word(row, "object", "object_is", event->object, event->object_is);
  char *line = json_dumps(row, 0);
  puts(line == NULL ? "{}" : line);
  free(line);
  json_decref(row);
}

int main(int argc, char **argv) {
  struct bscope_log *log = argc == 2 ? bscope_log_open(argv[1]) : NULL;
  struct bscope_trace_info info = {.size = sizeof(info)};
  struct bscope_event event;
  if (log == NULL || bscope_log_trace_info(log, &info) != BSCOPE_OK) {
    fprintf(stderr, "events_of_file: %s\n", argc == 2 ? bscope_last_error() : "usage: events_of_file FILE");
    return 2;
  }
  printf("{\"log\": {\"ended\": %s, \"filtered\": %s, \"first\": %llu}}\n",
         info.state == BSCOPE_LOG_CLEAN ? "true" : "false", info.filter[0] != '\0' ? "true" : "false",
         (unsigned long long)bscope_log_first(log));
  for (size_t i = 0; bscope_log_at(log, i, &event) == BSCOPE_OK; i++)
    put(&event);
  bscope_log_free(log);
  return 0;
}
