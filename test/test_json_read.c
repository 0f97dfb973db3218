/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading JSON back: each kind of event comes out as it went in, the Rust crate's documents are understood, and input
 * that is no such document is refused with its offset, never with more (P9).
 */
#include <borrowscope/export.h>
#include <borrowscope/graph.h>

#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define EXPECT(kind, name, name2, type, flags, subject_is, subject, object_is, object) ((void)(subject), (void)(object))

#include "vocabulary_calls.h"

static struct bscope_log *import(const char *text) {
  struct bscope_log *log = bscope_log_import_json_string(text, strlen(text));
  if (!log)
    fail_msg("%s", bscope_last_error());
  return log;
}

static json_t *parsed(char *text) {
  json_error_t error;
  assert_non_null(text);
  json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, &error);
  if (!document)
    fail_msg("%s", error.text);
  bscope_string_free(text);
  return document;
}

/* How sure it is who an event means: an import is told. */
static void forget_inferences(json_t *document) {
  static const char *const arrays[] = {"events", "edges", "relations"};
  for (size_t a = 0; a < sizeof(arrays) / sizeof(arrays[0]); a++) {
    size_t i;
    json_t *element;
    json_array_foreach(json_object_get(document, arrays[a]), i, element) {
      json_object_del(element, "inferred");
      json_object_del(element, "ambiguous");
    }
  }
}

static void assert_same(json_t *a, json_t *b, const char *key) {
  json_t *left = json_object_get(a, key), *right = json_object_get(b, key);
  for (size_t i = 0; i < json_array_size(left) || i < json_array_size(right); i++) {
    json_t *x = json_array_get(left, i), *y = json_array_get(right, i);
    if (!x || !y || !json_equal(x, y))
      fail_msg("%s[%zu]: %s\nread back: %s", key, i, x ? json_dumps(x, 0) : "-", y ? json_dumps(y, 0) : "-");
  }
  assert_true(json_equal(left, right));
}

/* The documents of a log and of what is read back from it say the same. */
static void comes_back(struct bscope_log *log, const struct bscope_export_options *options) {
  char *text = bscope_log_export_json_to_string(log, options);
  assert_non_null(text);
  struct bscope_log *again = import(text);
  json_t *first = parsed(text), *second = parsed(bscope_log_export_json_to_string(again, NULL));
  forget_inferences(first);
  forget_inferences(second);
  static const char *const keys[] = {"events", "nodes", "edges", "generation"};
  for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
    assert_same(first, second, keys[i]);
  json_decref(first);
  json_decref(second);
  bscope_log_free(again);
}

static void every_kind_comes_back(void **state) {
  (void)state;
  static const struct bscope_export_options options[] = {
      {.size = sizeof(options[0])},
      {.size = sizeof(options[0]), .times = BSCOPE_OFF},
      {.size = sizeof(options[0]), .addresses = BSCOPE_ON},
  };
  (void)bscope_start(NULL);
  assert_int_equal(bscope_reset(), 0);
  vocabulary_calls();
  struct bscope_log *log = bscope_get_events();
  for (size_t i = 0; i < 3; i++)
    comes_back(log, &options[i]);
  bscope_log_free(log);
}

#define CRATE(events) "{\"nodes\": [{\"id\": [[]]}], \"edges\": [], \"events\": [" events "], \"metadata\": {\"a\": 1}}"

static struct bscope_event event_at(const struct bscope_log *log, size_t i) {
  struct bscope_event event;
  assert_int_equal(bscope_log_at(log, i, &event), 0);
  return event;
}

/* The crate's simple calls: a drop says a name, a borrow does not know its owner. */
static void bare_names_are_names(void **state) {
  (void)state;
  struct bscope_log *log = import(CRATE(
      "{\"type\":\"New\",\"timestamp\":5,\"var_name\":\"x\",\"var_id\":\"x_0\",\"type_name\":\"i32\"},"
      "{\"type\":\"Borrow\",\"timestamp\":6,\"borrower_name\":\"r\",\"borrower_id\":\"r_1\",\"owner_id\":\"unknown\","
      "\"mutable\":true},"
      "{\"type\":\"Drop\",\"timestamp\":8,\"var_id\":\"r\"},"
      "{\"type\":\"Drop\",\"timestamp\":9,\"var_id\":\"x\",\"location\":\"src/a.rs:12\"}"));
  assert_int_equal(bscope_log_count(log), 5);
  assert_int_equal(bscope_log_first(log), 5);
  struct bscope_event event = event_at(log, 0);
  assert_string_equal(event.name, "x");
  assert_string_equal(event.type_name, "i32");
  assert_int_equal(event.subject_is, BSCOPE_WORD_ID);
  event = event_at(log, 1);
  assert_true(event.is_mutable);
  assert_int_equal(event.object_is, BSCOPE_WORD_NONE);
  assert_int_equal(event_at(log, 2).kind, BSCOPE_KIND_VOID);
  event = event_at(log, 4);
  assert_string_equal(event.name, "x");
  assert_int_equal(event.subject_is, BSCOPE_WORD_NONE);
  assert_string_equal(event.file, "src/a.rs");
  assert_int_equal(event.line, 12);
  struct bscope_graph *graph = bscope_graph_build(log);
  struct bscope_node node;
  assert_int_equal(bscope_graph_node_count(graph), 2);
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(bscope_graph_node(graph, i, &node), 0);
    assert_int_equal(node.dropped_at, i == 0 ? 9 : 8);
  }
  bscope_graph_free(graph);
  bscope_log_free(log);
}

/* The crate's explicit ids, which it writes under other names than the variable's. */
static void the_crates_ids_link(void **state) {
  (void)state;
  struct bscope_log *log =
      import("[{\"type\":\"New\",\"timestamp\":0,\"var_name\":\"x\",\"var_id\":\"x_7\",\"type_name\":\"T @ a.rs:1\"},"
             "{\"type\":\"Borrow\",\"timestamp\":1,\"borrower_name\":\"r @ a.rs:2\",\"borrower_id\":\"r_8\","
             "\"owner_id\":\"owner_7\",\"mutable\":false},"
             "{\"type\":\"Drop\",\"timestamp\":2,\"var_id\":\"var_7 @ a.rs:3\"},"
             "{\"type\":\"StaticInit\",\"timestamp\":3,\"var_name\":\"S\",\"var_id\":\"3\",\"type_name\":\"u8\","
             "\"is_mutable\":true},"
             "{\"type\":\"StaticAccess\",\"timestamp\":4,\"var_id\":\"3\",\"var_name\":\"S\",\"is_write\":true,"
             "\"location\":\"a.rs:4\"}]");
  struct bscope_event made = event_at(log, 0), borrowed = event_at(log, 1), dropped = event_at(log, 2);
  assert_int_equal(made.subject, 7);
  assert_int_equal(borrowed.object_is, BSCOPE_WORD_ID);
  assert_int_equal(borrowed.object, 7);
  assert_int_equal(dropped.subject_is, BSCOPE_WORD_ID);
  assert_int_equal(dropped.subject, 7);
  made = event_at(log, 3);
  assert_int_equal(made.subject, 3);
  assert_int_equal(made.object, 1);
  assert_int_equal(event_at(log, 4).subject, 3);
  bscope_log_free(log);
}

/* Two ids with one number are two variables. */
static void equal_numbers_are_told_apart(void **state) {
  (void)state;
  struct bscope_log *log =
      import("[{\"type\":\"New\",\"timestamp\":0,\"var_name\":\"a\",\"var_id\":\"a_1\",\"type_name\":\"\"},"
             "{\"type\":\"New\",\"timestamp\":1,\"var_name\":\"b\",\"var_id\":\"b_1\",\"type_name\":\"\"},"
             "{\"type\":\"Drop\",\"timestamp\":2,\"var_id\":\"a_1\"}]");
  assert_int_not_equal(event_at(log, 0).subject, event_at(log, 1).subject);
  assert_int_equal(event_at(log, 0).subject, event_at(log, 2).subject);
  bscope_log_free(log);
}

/* Where the stats say that positions were lost, those that are not shown are. */
static void lost_positions_are_lost(void **state) {
  (void)state;
  struct bscope_log *log =
      import("{\"events\": [{\"type\":\"Try\",\"timestamp\":0},{\"type\":\"Try\",\"timestamp\":3}],"
             "\"generation\": 4, \"stats\": {\"lost\": 1}}");
  struct bscope_stats stats = {.size = sizeof(stats)};
  assert_int_equal(event_at(log, 1).kind, BSCOPE_KIND_LOST);
  assert_int_equal(bscope_log_stats(log, &stats), 0);
  assert_int_equal(stats.lost, 2);
  assert_int_equal(bscope_log_generation(log), 4);
  bscope_log_free(log);
}

#define TRY(more) "{\"events\": [{\"type\": \"Try\", \"timestamp\": 0" more "}]}"

static void what_is_no_document_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *text, *message;
  } rows[] = {
      {"", "offset 0: expected '{'"},
      {"x", "offset 0: expected '{'"},
      {"{", "offset 1: expected a key"},
      {"{}", "no array \"events\""},
      {"{\"events\"}", "offset 9: expected ':'"},
      {"{\"events\": {}}", "offset 11: expected '['"},
      {"{\"events\": []} x", "offset 15: there is more"},
      {"{\"events\": [] \"a\"}", "offset 14: expected ','"},
      {"{\"events\": [1]}", "offset 12: an event without"},
      {"[{\"type\": \"Try\"}]", "an event without"},
      {"[{\"type\": \"Tri\", \"timestamp\": 1}]", "no kind of event \"Tri\""},
      {"[{\"type\": \"Lost\", \"timestamp\": 1}]", "no kind of event"},
      {"[{\"type\": \"Try\", \"timestamp\": -1}]", "\"timestamp\" is no whole number"},
      {"[{\"type\": \"Try\", \"timestamp\": 1.5}]", "\"timestamp\" is no whole number"},
      {"[{\"type\": \"Try\", \"timestamp\": 1e300, \"timestamp_hex\": \"0xffffffffffffffff\"}]", "too large"},
      {"[{\"type\": \"Try\", \"timestamp\": 1}, {\"type\": \"Try\", \"timestamp\": 1}]", "timestamp 1 is not above"},
      {"[{\"type\": \"Try\", \"timestamp\": 1}, {\"type\": \"Try\", \"timestamp\": 1000000000}]", "are missing"},
      {TRY(", \"thread\": 4000000000"), "\"thread\" is too large"},
      {TRY(", \"line\": 4294967296"), "\"line\" is too large"},
      {TRY(", \"try_id\": 5"), "\"try_id\" is no string"},
      {TRY(", \"try_id\": \"a\\u0000b\""), "offset"},
      {TRY(", \"thread\": 1, \"thread\": 2"), "duplicate"},
      {"[{\"type\": \"Borrow\", \"timestamp\": 1, \"mutable\": 1}]", "\"mutable\" is neither"},
      {"[{\"type\": \"AwaitStart\", \"timestamp\": 1, \"live_variables\": [1]}]", "no array of strings"},
      {"[{\"type\": \"AwaitStart\", \"timestamp\": 1, \"live_variables\": \"a\"}]", "no array of strings"},
      {"[{\"type\": \"RcNew\", \"timestamp\": 1, \"strong_count\": \"1\"}]", "\"strong_count\" is no whole number"},
      {"[\"\xff\"]", "offset"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    assert_null(bscope_log_import_json_string(rows[i].text, strlen(rows[i].text)));
    if (!strstr(bscope_last_error(), rows[i].message) || !strstr(bscope_last_error(), "the document: offset "))
      fail_msg("%s\nis refused with: %s\nnot with: %s", rows[i].text, bscope_last_error(), rows[i].message);
  }
  assert_null(bscope_log_import_json_string("[]\0", 3));
  assert_non_null(strstr(bscope_last_error(), "offset 2"));
}

/* Deep nesting ends in an error, in parts that are used and in parts that are not. */
static void depth_is_limited(void **state) {
  (void)state;
  enum { DEPTH = 1000000 };
  static const char *const begins[] = {"[", "{\"nodes\": ", "{\"stats\": ", "{\"events\": "};
  char *text = malloc(DEPTH + 32);
  for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
    size_t size = (size_t)sprintf(text, "%s", begins[i]);
    memset(text + size, '[', DEPTH);
    assert_null(bscope_log_import_json_string(text, size + DEPTH));
    assert_non_null(strstr(bscope_last_error(), "depth"));
  }
  free(text);
}

/* Cut at each byte, and with bytes changed: a log or a message. */
static void damage_is_survived(void **state) {
  (void)state;
  (void)bscope_start(NULL);
  assert_int_equal(bscope_reset(), 0);
  vocabulary_calls();
  char *text = bscope_export_json_to_string();
  size_t size = strlen(text);
  uint64_t random = 12345;
  for (size_t cut = 0; cut + 3 < size; cut += 1 + cut / 64) {
    char *part = malloc(cut + 1); /* its end is where a sanitizer sees it */
    memcpy(part, text, cut);
    assert_null(bscope_log_import_json_string(part, cut));
    free(part);
  }
  for (unsigned i = 0; i < 300; i++) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    size_t at = (size_t)(random >> 33) % size;
    char kept = text[at];
    text[at] = "\"{}[]:,0-x\\\xff"[(random >> 20) % 12];
    struct bscope_log *log = bscope_log_import_json_string(text, size);
    if (log) {
      char *again = bscope_log_export_json_to_string(log, NULL);
      assert_non_null(again);
      bscope_string_free(again);
    }
    bscope_log_free(log);
    text[at] = kept;
  }
  bscope_string_free(text);
}

static void files_are_read(void **state) {
  (void)state;
  char path[] = "/tmp/test_json_read.XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  static const char text[] = " [ ] \n";
  assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
  close(fd);
  struct bscope_log *log = bscope_log_import_json(path);
  assert_non_null(log);
  assert_int_equal(bscope_log_count(log), 0);
  bscope_log_free(log);
  unlink(path);
  assert_null(bscope_log_import_json(path));
  assert_non_null(strstr(bscope_last_error(), strerror(ENOENT)));
  assert_null(bscope_log_import_json("/"));
  assert_non_null(strstr(bscope_last_error(), strerror(EISDIR)));
  assert_null(bscope_log_import_json(NULL));
  assert_null(bscope_log_import_json_string(NULL, 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_kind_comes_back),   cmocka_unit_test(bare_names_are_names),
      cmocka_unit_test(the_crates_ids_link),     cmocka_unit_test(equal_numbers_are_told_apart),
      cmocka_unit_test(lost_positions_are_lost), cmocka_unit_test(what_is_no_document_is_refused),
      cmocka_unit_test(depth_is_limited),        cmocka_unit_test(damage_is_survived),
      cmocka_unit_test(files_are_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
