/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON document: what it says, that it reads back whatever the strings hold, that equal logs give equal bytes (P7),
 * and that its memory does not grow with the events (P6).
 */
#include <borrowscope/export.h>

#include "events.h"
#include "export/json_text.h"
#include "export/utf8.h"
#include "log/fixture.h"

#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define EVENTS(...) ((const struct bscope_event[]){__VA_ARGS__})
#define LOG(...) bscope_log_from_events(EVENTS(__VA_ARGS__), sizeof(EVENTS(__VA_ARGS__)) / sizeof(struct bscope_event))

#define NEW(its_name)                                                                                                  \
  { .kind = BSCOPE_KIND_NEW, .name = (its_name), .type_name = "int" }
#define BORROW(its_name, of)                                                                                           \
  {                                                                                                                    \
    .kind = BSCOPE_KIND_BORROW, .name = (its_name), .type_name = "int *", .text = "&" of,                              \
    .object_is = BSCOPE_WORD_NONE                                                                                      \
  }
#define MOVE(from, to)                                                                                                 \
  { .kind = BSCOPE_KIND_MOVE, .name = (from), .name2 = (to) }
#define DROP(its_name)                                                                                                 \
  { .kind = BSCOPE_KIND_DROP, .name = (its_name) }

static const struct bscope_export_options no_times = {.size = sizeof(no_times), .times = BSCOPE_OFF};

/* The document of a log, which is freed. */
static char *export_string(struct bscope_log *log, const struct bscope_export_options *options) {
  assert_non_null(log);
  char *text = bscope_log_export_json_to_string(log, options);
  if (!text)
    fail_msg("no export: %s", bscope_last_error());
  bscope_log_free(log);
  return text;
}

static json_t *parse(const char *text) {
  json_error_t error;
  json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, &error);
  if (!document)
    fail_msg("line %d: %s\n%s", error.line, error.text, text);
  return document;
}

static json_t *export_parsed(struct bscope_log *log, const struct bscope_export_options *options) {
  char *text = export_string(log, options);
  json_t *document = parse(text);
  bscope_string_free(text);
  return document;
}

static json_t *element(json_t *document, const char *array, size_t i) {
  json_t *found = json_array_get(json_object_get(document, array), i);
  assert_non_null(found);
  return found;
}

static void assert_member(json_t *object, const char *key, const char *expected) {
  const char *found = json_string_value(json_object_get(object, key));
  if (!found)
    fail_msg("no string \"%s\"", key);
  assert_string_equal(found, expected);
}

static void assert_count(json_t *object, const char *key, json_int_t expected) {
  json_t *found = json_object_get(object, key);
  if (!json_is_integer(found) || json_integer_value(found) != expected)
    fail_msg("%s is not %lld", key, (long long)expected);
}

/* VOCABULARY's program: x created, borrowed as r, r and x dropped. */
static const struct bscope_event example[] = {
    {.kind = BSCOPE_KIND_NEW,
     .name = "x",
     .type_name = "int",
     .time_ns = 1000,
     .file = "a.c",
     .line = 3,
     .function = "main"},
    {.kind = BSCOPE_KIND_BORROW,
     .name = "r",
     .type_name = "int *",
     .text = "&x",
     .time_ns = 2000,
     .file = "a.c",
     .line = 4,
     .function = "main"},
    {.kind = BSCOPE_KIND_DROP, .name = "r", .time_ns = 3000, .file = "a.c", .line = 5, .function = "main"},
    {.kind = BSCOPE_KIND_DROP, .name = "x", .time_ns = 4000, .file = "a.c", .line = 6, .function = "main"},
};

static const char golden[] =
    "{\n"
    "  \"nodes\": [\n"
    "    {\"id\": \"x_0\", \"name\": \"x\", \"type_name\": \"int\", \"created_at\": 0, \"dropped_at\": 3},\n"
    "    {\"id\": \"r_1\", \"name\": \"r\", \"type_name\": \"int *\", \"created_at\": 1, \"dropped_at\": 2}\n"
    "  ],\n"
    "  \"edges\": [\n"
    "    {\"from\": \"r_1\", \"to\": \"x_0\", \"relationship\": \"borrows_immut\", \"start\": 1, \"end\": 2}\n"
    "  ],\n"
    "  \"events\": [\n"
    "    {\"type\": \"New\", \"timestamp\": 0, \"var_name\": \"x\", \"var_id\": \"x_0\", \"type_name\": \"int\", "
    "\"thread\": 0, \"time_ns\": 1000, \"file\": \"a.c\", \"line\": 3, \"function\": \"main\"},\n"
    "    {\"type\": \"Borrow\", \"timestamp\": 1, \"borrower_name\": \"r\", \"borrower_id\": \"r_1\", \"owner_id\": "
    "\"x_0\", \"mutable\": false, \"thread\": 0, \"time_ns\": 2000, \"file\": \"a.c\", \"line\": 4, \"function\": "
    "\"main\"},\n"
    "    {\"type\": \"Drop\", \"timestamp\": 2, \"var_id\": \"r_1\", \"location\": \"a.c:5\", \"thread\": 0, "
    "\"time_ns\": 3000, \"file\": \"a.c\", \"line\": 5, \"function\": \"main\"},\n"
    "    {\"type\": \"Drop\", \"timestamp\": 3, \"var_id\": \"x_0\", \"location\": \"a.c:6\", \"thread\": 0, "
    "\"time_ns\": 4000, \"file\": \"a.c\", \"line\": 6, \"function\": \"main\"}\n"
    "  ],\n"
    "  \"metadata\": {\"total_variables\": 2, \"total_relationships\": 1, \"immutable_borrows\": 1, "
    "\"mutable_borrows\": 0, \"total_events\": 4},\n"
    "  \"relations\": [],\n"
    "  \"schema_version\": 1,\n"
    "  \"generation\": 1,\n"
    "  \"violations\": [],\n"
    "  \"stats\": {";

static struct bscope_log *example_log(void) {
  return bscope_log_from_events(example, sizeof(example) / sizeof(example[0]));
}

/* The text up to the counts. Nothing in it is inferred: the owner is named, by its own thread. */
static void test_golden(void **state) {
  (void)state;
  char *text = export_string(example_log(), NULL);
  for (size_t i = 0; i < strlen(golden); i++)
    if (text[i] != golden[i])
      fail_msg("expected here: %.60s\nfound: %.60s", golden + i, text + i);
  bscope_string_free(text);
}

/* Who is meant by an id or a name of the event's own thread is recorded; by an address or another's name, inferred. */
static void test_inferred(void **state) {
  (void)state;
  static const struct {
    struct bscope_event event;
    bool inferred;
  } rows[] = {
      {{.kind = BSCOPE_KIND_NEW, .name = "x", .subject = 0x100, .subject_is = BSCOPE_WORD_ADDRESS}, false},
      {{.kind = BSCOPE_KIND_NEW, .name = "y", .subject = 7, .subject_is = BSCOPE_WORD_ID}, false},
      {BORROW("a", "x"), false},
      {{.kind = BSCOPE_KIND_BORROW, .name = "b", .object = 7, .object_is = BSCOPE_WORD_ID}, false},
      {{.kind = BSCOPE_KIND_BORROW, .name = "c", .object = 0x100, .object_is = BSCOPE_WORD_ADDRESS}, true},
      {{.kind = BSCOPE_KIND_BORROW, .name = "d", .text = "&x", .thread = 1}, true},
      {DROP("a"), false},
      {{.kind = BSCOPE_KIND_DROP, .name = "b", .thread = 1}, true},
      {MOVE("y", "z"), false},
      {MOVE("c", "e"), false},
      {{.kind = BSCOPE_KIND_DROP, .subject = 0x100, .subject_is = BSCOPE_WORD_ADDRESS}, true},
  };
  static const bool edges[] = {false, false, true, true, true}; /* the last is what c passed on to e */
  enum { COUNT = sizeof(rows) / sizeof(rows[0]) };
  struct bscope_event events[COUNT];
  for (size_t i = 0; i < COUNT; i++)
    events[i] = rows[i].event;
  json_t *document = export_parsed(bscope_log_from_events(events, COUNT), NULL);
  for (size_t i = 0; i < COUNT; i++)
    assert_int_equal(json_is_true(json_object_get(element(document, "events", i), "inferred")), rows[i].inferred);
  for (size_t i = 0; i < sizeof(edges); i++)
    assert_int_equal(json_is_true(json_object_get(element(document, "edges", i), "inferred")), edges[i]);
  assert_count(json_object_get(document, "stats"), "inferred", 4);
  json_decref(document);
}

/* A broken rule stands in the document with its places, the one that broke it first. */
static void test_violations(void **state) {
  (void)state;
  const struct bscope_event events[] = {
      {.kind = BSCOPE_KIND_NEW, .name = "x", .file = "a.c", .line = 3, .function = "main"},
      {.kind = BSCOPE_KIND_DROP, .name = "x", .file = "a.c", .line = 5, .function = "main"},
      {.kind = BSCOPE_KIND_DROP, .name = "x", .file = "a \"b\".c", .line = 6}};
  static const char expected[] =
      "  \"violations\": [\n"
      "    {\"rule\": \"BS002\", \"severity\": \"error\", \"variable\": \"x_0\", "
      "\"message\": \"'x' is dropped twice\", \"help\": \"drop it once, where its owner's life ends\", "
      "\"count\": 1, \"places\": ["
      "{\"stamp\": 2, \"role\": \"dropped\", \"thread\": 0, \"file\": \"a \\\"b\\\".c\", \"line\": 6, "
      "\"function\": null, \"name\": \"x\"}, "
      "{\"stamp\": 0, \"role\": \"created\", \"thread\": 0, \"file\": \"a.c\", \"line\": 3, "
      "\"function\": \"main\", \"name\": \"x\"}, "
      "{\"stamp\": 1, \"role\": \"dropped\", \"thread\": 0, \"file\": \"a.c\", \"line\": 5, "
      "\"function\": \"main\", \"name\": \"x\"}]}\n"
      "  ],\n";
  char *text = export_string(bscope_log_from_events(events, 3), NULL);
  const char *found = strstr(text, "  \"violations\"");
  assert_non_null(found);
  for (size_t i = 0; i + 1 < sizeof(expected); i++)
    if (found[i] != expected[i])
      fail_msg("expected here: %.60s\nfound: %.60s", expected + i, found + i);
  bscope_string_free(text);
}

/* The keys stand in the order that the vocabulary gives. */
static void test_order_of_keys(void **state) {
  (void)state;
  static const char *const keys[] = {"nodes",          "edges",      "events",     "metadata", "relations",
                                     "schema_version", "generation", "violations", "stats"};
  json_t *document = export_parsed(example_log(), NULL);
  const char *key;
  json_t *value;
  size_t i = 0;
  json_object_foreach(document, key, value) {
    assert_true(i < sizeof(keys) / sizeof(keys[0]));
    assert_string_equal(key, keys[i++]);
  }
  assert_int_equal(i, sizeof(keys) / sizeof(keys[0]));
  json_decref(document);
}

static void test_empty(void **state) {
  (void)state;
  json_t *document = export_parsed(bscope_log_from_events(example, 0), NULL);
  assert_int_equal(json_array_size(json_object_get(document, "nodes")), 0);
  assert_int_equal(json_array_size(json_object_get(document, "edges")), 0);
  assert_int_equal(json_array_size(json_object_get(document, "events")), 0);
  assert_count(json_object_get(document, "metadata"), "total_events", 0);
  assert_count(json_object_get(document, "stats"), "attempted", 0);
  json_decref(document);
}

static void test_open_ends_are_null(void **state) {
  (void)state;
  json_t *document = export_parsed(LOG(NEW("x"), BORROW("r", "x")), NULL);
  assert_true(json_is_null(json_object_get(element(document, "nodes", 0), "dropped_at")));
  assert_true(json_is_null(json_object_get(element(document, "edges", 0), "end")));
  assert_count(json_object_get(document, "stats"), "open_borrows", 1);
  json_decref(document);
}

static void test_move(void **state) {
  (void)state;
  json_t *document = export_parsed(LOG(NEW("a"), MOVE("a", "b"), DROP("b")), NULL);
  json_t *move = element(document, "events", 1);
  assert_member(move, "from_id", "a_0");
  assert_member(move, "to_name", "b");
  assert_member(move, "to_id", "b_1");
  json_t *relation = element(document, "relations", 0);
  assert_member(relation, "from", "a_0");
  assert_member(relation, "to", "b_1");
  assert_member(relation, "relationship", "moves");
  assert_count(relation, "start", 1);
  assert_count(relation, "end", 1);
  assert_true(json_is_null(json_object_get(element(document, "nodes", 0), "dropped_at")));
  assert_count(json_object_get(document, "metadata"), "total_relationships", 0);
  json_decref(document);
}

/* The counts of borrows are those of edges[], also where a move gave a borrower's edge a second part. */
static void test_metadata_counts_edges(void **state) {
  (void)state;
  json_t *document = export_parsed(LOG(NEW("x"), BORROW("r", "x"), MOVE("r", "q")), NULL);
  json_t *metadata = json_object_get(document, "metadata");
  assert_int_equal(json_array_size(json_object_get(document, "edges")), 2);
  assert_count(metadata, "total_relationships", 2);
  assert_count(metadata, "immutable_borrows", 2);
  assert_count(metadata, "mutable_borrows", 0);
  json_decref(document);
}

/* What can't be resolved is written as such, never invented. */
static void test_unknown(void **state) {
  (void)state;
  json_t *document = export_parsed(LOG(BORROW("r", "nothing"), DROP("ghost"), MOVE("spirit", "body"),
                                       {.kind = BSCOPE_KIND_DROP,
                                        .subject = 0x5000,
                                        .subject_is = BSCOPE_WORD_ADDRESS,
                                        .flags = BSCOPE_SITE_BY_ADDRESS}),
                                   NULL);
  assert_member(element(document, "events", 0), "owner_id", "unknown");
  assert_member(element(document, "events", 1), "var_id", "ghost");
  assert_member(element(document, "events", 2), "from_id", "spirit");
  assert_member(element(document, "events", 3), "var_id", "unknown");
  assert_int_equal(json_array_size(json_object_get(document, "edges")), 0);
  assert_count(json_object_get(document, "stats"), "unknown_owners", 1);
  json_decref(document);
}

/* An id that the caller gave; equal ones are told apart, in nodes and events alike; one never created is written too.
 */
static void test_given_ids(void **state) {
  (void)state;
#define GIVEN(its_kind, its_name, id)                                                                                  \
  {.kind = (its_kind), .name = (its_name), .subject = (id), .subject_is = BSCOPE_WORD_ID}
  json_t *document =
      export_parsed(LOG(GIVEN(BSCOPE_KIND_NEW, "x", 7), GIVEN(BSCOPE_KIND_DROP, "x", 7), GIVEN(BSCOPE_KIND_NEW, "x", 7),
                        GIVEN(BSCOPE_KIND_DROP, "x", 7), GIVEN(BSCOPE_KIND_DROP, "y", 9)),
                    NULL);
  assert_member(element(document, "nodes", 0), "id", "x_7");
  assert_member(element(document, "nodes", 1), "id", "x_7'");
  assert_member(element(document, "events", 0), "var_id", "x_7");
  assert_member(element(document, "events", 1), "var_id", "x_7");
  assert_member(element(document, "events", 2), "var_id", "x_7'");
  assert_member(element(document, "events", 3), "var_id", "x_7'");
  assert_member(element(document, "events", 4), "var_id", "y_9");
  json_decref(document);
}

/* A given id that equals the id of another variable's position, before or after it. */
static void test_given_id_like_a_position(void **state) {
  (void)state;
  json_t *document =
      export_parsed(LOG(GIVEN(BSCOPE_KIND_NEW, "x", 1), NEW("x"), NEW("y"), GIVEN(BSCOPE_KIND_NEW, "y", 2)), NULL);
  const char *ids[4];
  for (size_t i = 0; i < 4; i++) {
    ids[i] = json_string_value(json_object_get(element(document, "nodes", i), "id"));
    assert_member(element(document, "events", i), "var_id", ids[i]);
    for (size_t j = 0; j < i; j++)
      assert_string_not_equal(ids[i], ids[j]);
  }
  json_decref(document);
}

/* Names that differ only in bytes that are no characters are written alike, so their ids are told apart. */
static void test_given_ids_as_they_are_written(void **state) {
  (void)state;
  json_t *document =
      export_parsed(LOG(GIVEN(BSCOPE_KIND_NEW, "\xff", 7), GIVEN(BSCOPE_KIND_NEW, "\xfe", 7),
                        GIVEN(BSCOPE_KIND_NEW, "\xef\xbf\xbd", 7), NEW("\xfd"), GIVEN(BSCOPE_KIND_NEW, "\xfc", 3)),
                    NULL);
  static const char *const ids[] = {"\xef\xbf\xbd_7", "\xef\xbf\xbd_7'", "\xef\xbf\xbd_7''", "\xef\xbf\xbd_3",
                                    "\xef\xbf\xbd_3'"};
  for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
    assert_member(element(document, "nodes", i), "id", ids[i]);
    assert_member(element(document, "events", i), "var_id", ids[i]);
  }
  json_decref(document);
}

/* An id that was given to nothing is no variable's, whether that one's is given or made of its position. */
static void test_unresolved_given_ids(void **state) {
  (void)state;
  json_t *document = export_parsed(LOG(NEW("x"), NEW("p_1"), NEW("\xff"), GIVEN(BSCOPE_KIND_DROP, "p_1", 1),
                                       GIVEN(BSCOPE_KIND_DROP, "\xfe", 2), GIVEN(BSCOPE_KIND_DROP, "p_1", 2),
                                       GIVEN(BSCOPE_KIND_DROP, NULL, 9)),
                                   NULL);
  assert_member(element(document, "nodes", 1), "id", "p_1_1");
  assert_member(element(document, "events", 3), "var_id", "p_1_1'");
  assert_member(element(document, "events", 4), "var_id", "\xef\xbf\xbd_2'");
  assert_member(element(document, "events", 5), "var_id", "p_1_2");
  assert_member(element(document, "events", 6), "var_id", "unknown_9");
  json_decref(document);
  /* With given ids among the nodes: y_3 is made of its position, and given too. */
  document = export_parsed(LOG(NEW("x"), GIVEN(BSCOPE_KIND_NEW, "y", 3), GIVEN(BSCOPE_KIND_DROP, "y", 3), NEW("y"),
                               GIVEN(BSCOPE_KIND_NEW, "z", 8), GIVEN(BSCOPE_KIND_DROP, "x", 0),
                               {.kind = BSCOPE_KIND_BORROW, .name = "r", .object = 0, .object_is = BSCOPE_WORD_ID}),
                           NULL);
  assert_member(element(document, "nodes", 1), "id", "y_3'");
  assert_member(element(document, "nodes", 2), "id", "y_3");
  assert_member(element(document, "events", 5), "var_id", "x_0'");
  assert_member(element(document, "events", 6), "owner_id", "unknown_0");
  json_decref(document);
}

/* Marks and holes are no events of the story, and keep their positions. */
static void test_holes_are_not_shown(void **state) {
  (void)state;
  json_t *document = export_parsed(LOG(NEW("x"), {.kind = BSCOPE_KIND_LOST}, {.kind = BSCOPE_KIND_OPEN},
                                       {.kind = BSCOPE_KIND_RESIZE_BEGIN}, DROP("x")),
                                   NULL);
  assert_int_equal(json_array_size(json_object_get(document, "events")), 2);
  assert_count(element(document, "events", 1), "timestamp", 4);
  assert_count(json_object_get(document, "metadata"), "total_events", 2);
  assert_count(json_object_get(document, "stats"), "lost", 1);
  assert_count(json_object_get(document, "stats"), "pending", 1);
  json_decref(document);
}

/* What tells nothing, here a drop of NULL, is left out; total_events is the length of events[]. */
static void test_silent_is_not_shown(void **state) {
  (void)state;
  json_t *document = export_parsed(
      LOG(NEW("x"), {.kind = BSCOPE_KIND_DROP, .subject_is = BSCOPE_WORD_ADDRESS, .flags = BSCOPE_SITE_BY_ADDRESS}),
      NULL);
  assert_int_equal(json_array_size(json_object_get(document, "events")), 1);
  assert_count(json_object_get(document, "metadata"), "total_events", 1);
  assert_count(json_object_get(document, "stats"), "logged", 2);
  json_decref(document);
}

/* Places that share a row of the cache of places, in turn. */
static void test_places_apart(void **state) {
  (void)state;
  static const char first[] = "f", second[] = "g";
  struct bscope_event events[12];
  for (uint32_t i = 0; i < 12; i++)
    events[i] = (struct bscope_event){.kind = BSCOPE_KIND_NEW,
                                      .name = "x",
                                      .line = 1 + i % 3 * 512,
                                      .file = i % 4 < 2 ? "a.c" : "b.c",
                                      .function = i < 6 ? first : second};
  json_t *document = export_parsed(bscope_log_from_events(events, 12), NULL);
  for (uint32_t i = 0; i < 12; i++) {
    assert_count(element(document, "events", i), "line", events[i].line);
    assert_member(element(document, "events", i), "file", events[i].file);
    assert_member(element(document, "events", i), "function", events[i].function);
  }
  json_decref(document);
}

struct cancelled {
  struct bscope_log *log;
  char path[64];
  bool returned;
};

static void *export_cancelled(void *argument) {
  struct cancelled *c = argument;
  FILE *nowhere = fopen("/dev/null", "w");
  pthread_cancel(pthread_self());
  if (bscope_log_export_json_to_file(c->log, nowhere, NULL) == BSCOPE_OK &&
      bscope_log_export_json(c->log, c->path, NULL) == BSCOPE_OK)
    c->returned = true;
  int before;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
  if (nowhere)
    fclose(nowhere);
  pthread_setcancelstate(before, &before);
  pthread_testcancel();
  return NULL;
}

/* A cancellation waits until the export is whole: nothing of it is left behind, and the thread then ends. */
static void test_cancellation_waits(void **state) {
  (void)state;
  const struct bscope_event event = {.kind = BSCOPE_KIND_NEW, .name = "x"};
  struct cancelled c = {.log = bscope_log_from_events(&event, 1), .path = "/tmp/bscope-cancel-XXXXXX"};
  pthread_t thread;
  void *result = NULL;
  int fd = mkstemp(c.path);
  assert_true(fd >= 0);
  close(fd);
  assert_int_equal(pthread_create(&thread, NULL, export_cancelled, &c), 0);
  pthread_join(thread, &result);
  assert_true(c.returned);
  assert_ptr_equal(result, PTHREAD_CANCELED);
  unlink(c.path);
  bscope_log_free(c.log);
}

static struct bscope_log *resize_log(void) {
  const struct bscope_event at = {.subject = 0x7000,
                                  .object = 100,
                                  .subject_is = BSCOPE_WORD_ADDRESS,
                                  .object_is = BSCOPE_WORD_SIZE,
                                  .flags = BSCOPE_SITE_BY_ADDRESS};
  struct bscope_event events[5];
  for (size_t i = 0; i < 5; i++)
    events[i] = at;
  events[0].kind = BSCOPE_KIND_NEW;
  events[0].name = "buf";
  events[1].kind = events[3].kind = BSCOPE_KIND_RESIZE_BEGIN;
  events[1].object = 200;
  events[2].kind = events[4].kind = BSCOPE_KIND_HEAP_REALLOC;
  events[2].subject = events[3].subject = 0x9000;
  events[2].object = 200;
  events[3].object = UINT64_C(1) << 60;
  events[4].subject = 0; /* refused */
  events[4].object = UINT64_C(1) << 60;
  return bscope_log_from_events(events, 5);
}

/* Addresses are 0 unless asked for (H43 is why: they would tell where the program lies). */
static void test_addresses(void **state) {
  (void)state;
  const struct bscope_export_options with = {.size = sizeof(with), .addresses = BSCOPE_ON};
  json_t *document = export_parsed(resize_log(), NULL);
  json_t *event = element(document, "events", 1);
  assert_member(event, "var_id", "buf_0");
  assert_count(event, "old_addr", 0);
  assert_count(event, "new_addr", 0);
  assert_count(event, "old_size", 100);
  assert_count(event, "new_size", 200);
  assert_null(json_object_get(event, "failed"));
  assert_true(json_is_true(json_object_get(event, "inferred"))); /* found by its address */
  assert_null(json_object_get(element(document, "events", 0), "inferred"));
  json_decref(document);
  document = export_parsed(resize_log(), &with);
  event = element(document, "events", 1);
  assert_count(event, "old_addr", 0x7000);
  assert_count(event, "new_addr", 0x9000);
  event = element(document, "events", 2);
  assert_true(json_is_true(json_object_get(event, "failed")));
  assert_count(event, "new_addr", 0x9000);
  assert_count(event, "new_size", 200);
  json_decref(document);
}

/* A use has an id of its own, says under which name, and who that was. */
static void test_use(void **state) {
  (void)state;
#define AT(its_kind, its_name)                                                                                         \
  {.kind = (its_kind),                                                                                                 \
   .name = (its_name),                                                                                                 \
   .file = "f.c",                                                                                                      \
   .line = 9,                                                                                                          \
   .subject = 0x7000,                                                                                                  \
   .object = 8,                                                                                                        \
   .subject_is = BSCOPE_WORD_ADDRESS,                                                                                  \
   .object_is = BSCOPE_WORD_SIZE,                                                                                      \
   .flags = BSCOPE_SITE_BY_ADDRESS}
  json_t *document = export_parsed(LOG(AT(BSCOPE_KIND_NEW, "x"), AT(BSCOPE_KIND_DEREF, "x")), NULL);
  json_t *use = element(document, "events", 1);
  assert_member(use, "deref_id", "deref_1");
  assert_member(use, "var_name", "x");
  assert_member(use, "location", "f.c:9");
  assert_member(use, "var_id", "x_0");
  json_decref(document);
}

/* What is not known is written as nothing, or left out. */
static void test_unknown_values(void **state) {
  (void)state;
  json_t *document = export_parsed(
      LOG({.kind = BSCOPE_KIND_CHANNEL_SEND, .file = "f.c", .line = 9, .thread = 3}, {.kind = BSCOPE_KIND_LOOP_ENTER}),
      NULL);
  assert_member(element(document, "events", 0), "type", "ChannelSend");
  assert_member(element(document, "events", 0), "location", "f.c:9");
  assert_count(element(document, "events", 0), "thread", 3);
  assert_member(element(document, "events", 0), "sender_id", "unknown");
  assert_member(element(document, "events", 1), "type", "LoopEnter");
  assert_member(element(document, "events", 1), "loop_id", "loop_1");
  assert_member(element(document, "events", 1), "loop_type", "");
  assert_member(element(document, "events", 1), "location", "");
  assert_null(json_object_get(element(document, "events", 1), "file"));
  assert_null(json_object_get(element(document, "events", 1), "line"));
  json_decref(document);
}

/* Every kind of the vocabulary is written under its name, with `type` first and `timestamp` second. */
static void test_every_kind(void **state) {
  (void)state;
  struct bscope_event events[93];
  memset(events, 0, sizeof(events));
  for (int i = 0; i < 93; i++)
    events[i].kind = (enum bscope_kind)(i + 1);
  json_t *document = export_parsed(bscope_log_from_events(events, 93), NULL);
  assert_int_equal(json_array_size(json_object_get(document, "events")), 93);
  for (size_t i = 0; i < 93; i++) {
    json_t *event = element(document, "events", i);
    void *first = json_object_iter(event);
    assert_string_equal(json_object_iter_key(first), "type");
    assert_string_equal(json_object_iter_key(json_object_iter_next(event, first)), "timestamp");
    assert_member(event, "type", bscope_kind_name((enum bscope_kind)(i + 1)));
    assert_count(event, "timestamp", (json_int_t)i);
  }
  json_decref(document);
}

static void test_times(void **state) {
  (void)state;
  json_t *with = export_parsed(example_log(), NULL);
  json_t *without = export_parsed(example_log(), &no_times);
  assert_count(element(with, "events", 3), "time_ns", 4000);
  assert_null(json_object_get(element(without, "events", 3), "time_ns"));
  json_decref(with);
  json_decref(without);
}

static json_t *time_of(uint64_t ns, json_t **document) {
  const struct bscope_event event = {.kind = BSCOPE_KIND_NEW, .name = "x", .time_ns = ns};
  *document = export_parsed(bscope_log_from_events(&event, 1), NULL);
  return element(*document, "events", 0);
}

/* Numbers that a double can't hold stay numbers that every reader takes, and stand exactly in a second key. */
static void test_large_numbers(void **state) {
  (void)state;
  json_t *document;
  json_t *event = time_of(UINT64_C(1) << 53, &document);
  assert_count(event, "time_ns", INT64_C(1) << 53);
  assert_null(json_object_get(event, "time_ns_hex"));
  json_decref(document);
  event = time_of((UINT64_C(1) << 53) + 1, &document);
  assert_count(event, "time_ns", (INT64_C(1) << 53) + 1);
  assert_member(event, "time_ns_hex", "0x20000000000001");
  json_decref(document);
  event = time_of(UINT64_MAX, &document);
  assert_true(json_is_real(json_object_get(event, "time_ns")));
  assert_true(json_real_value(json_object_get(event, "time_ns")) == 18446744073709551616.0);
  assert_member(event, "time_ns_hex", "0xffffffffffffffff");
  json_decref(document);
}

/* Positions of a log that was evicted a long way. */
static void test_large_positions(void **state) {
  (void)state;
  const struct bscope_event event = {.kind = BSCOPE_KIND_NEW, .name = "x", .stamp = (UINT64_C(1) << 53) + 1};
  json_t *document = export_parsed(bscope_log_from_events(&event, 1), NULL);
  assert_member(element(document, "events", 0), "timestamp_hex", "0x20000000000001");
  assert_member(element(document, "nodes", 0), "created_at_hex", "0x20000000000001");
  assert_member(element(document, "nodes", 0), "id", "x_9007199254740993");
  assert_count(json_object_get(document, "stats"), "evicted", (INT64_C(1) << 53) + 1);
  assert_member(json_object_get(document, "stats"), "evicted_hex", "0x20000000000001");
  json_decref(document);
}

/* The text with each byte that belongs to no character replaced. */
static const char *repaired(const char *text) {
  static char out[4096];
  out[bscope_utf8_repair(out, text, strlen(text))] = '\0';
  return out;
}

static void assert_strings(json_t *document, const char *text, const char *id) {
  json_t *made = element(document, "events", 0);
  assert_member(made, "var_name", text);
  assert_member(made, "var_id", id);
  assert_member(made, "type_name", text);
  assert_member(made, "file", text);
  assert_member(made, "function", text);
  assert_member(element(document, "nodes", 0), "id", id);
  assert_member(element(document, "nodes", 0), "name", text);
  assert_member(element(document, "nodes", 0), "type_name", text);
  assert_member(element(document, "events", 1), "to_name", text);
  assert_member(element(document, "events", 1), "from_id", id);
}

/* No character of the document steers a terminal that shows it. */
static void assert_harmless(const char *document) {
  char hidden[8];
  for (const char *p = document; *p; p++)
    if (((unsigned char)*p < 0x20 && *p != '\n') || *p == 0x7f)
      fail_msg("control character %#x", (unsigned char)*p);
  for (const char *p = strchr(document, '\xc2'); p; p = strchr(p + 1, '\xc2'))
    assert_true((unsigned char)p[1] >= 0xa0);
  for (unsigned c = 0x2028; c <= 0x2069; c = c == 0x202e ? 0x2066 : c + 1) {
    snprintf(hidden, sizeof(hidden), "\xe2%c%c", 0x80 | (c >> 6 & 0x3f), 0x80 | (c & 0x3f));
    assert_null(strstr(document, hidden));
  }
}

/* `text` in every string that an event has, through jansson and back. */
static void check_round_trip(const char *text) {
  char id[4200];
  const char *expected = repaired(text);
  struct bscope_event events[2] = {
      {.kind = BSCOPE_KIND_NEW, .name = text, .type_name = text, .file = text, .line = 1, .function = text},
      {.kind = BSCOPE_KIND_MOVE, .name = text, .name2 = text, .text = text, .file = text},
  };
  snprintf(id, sizeof(id), "%s_0", expected);
  char *document = export_string(bscope_log_from_events(events, 2), NULL);
  assert_harmless(document);
  json_t *parsed = parse(document);
  assert_strings(parsed, expected, id);
  json_decref(parsed);
  bscope_string_free(document);
}

/* P9: every byte in every string. */
static void test_every_byte(void **state) {
  (void)state;
  char all[256];
  for (int byte = 1; byte < 256; byte++) {
    const char alone[] = {(char)byte, '\0'};
    const char within[] = {'a', (char)byte, 'b', (char)byte, '\0'};
    check_round_trip(alone);
    check_round_trip(within);
    all[byte - 1] = (char)byte;
  }
  all[255] = '\0';
  check_round_trip(all);
}

static void test_characters(void **state) {
  (void)state;
  static const struct {
    const char *text, *repaired;
  } rows[] = {
      {"gr\xc3\xb6\xc3\x9f"
       "e \xe2\x82\xac \xf0\x9f\xa6\x80",
       "gr\xc3\xb6\xc3\x9f"
       "e \xe2\x82\xac \xf0\x9f\xa6\x80"},
      {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"},                                 /* overlong */
      {"\xe0\x9f\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},                 /* overlong */
      {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},                 /* surrogate */
      {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* above U+10FFFF */
      {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},                                 /* cut */
      {"\xe2\x82"
       "a",
       "\xef\xbf\xbd\xef\xbf\xbd"
       "a"},
      {"\xef\xbf\xbf\xef\xbb\xbf", "\xef\xbf\xbf\xef\xbb\xbf"},
      {"\xe2\x80\xae\xe2\x81\xa6\xc2\x9b\x7f", "\xe2\x80\xae\xe2\x81\xa6\xc2\x9b\x7f"},
      {"\"\\/</script>\b\f\n\r\t", "\"\\/</script>\b\f\n\r\t"},
      {"", ""},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    assert_string_equal(repaired(rows[i].text), rows[i].repaired);
    check_round_trip(rows[i].text);
  }
}

/* Strings at the length where buffers change. */
static void test_long_strings(void **state) {
  (void)state;
  static char text[4096];
  for (size_t size = 10; size < sizeof(text); size = size * 3 / 2) {
    memset(text, '\x01', size);
    text[size] = '\0';
    check_round_trip(text);
  }
  const struct bscope_event event = {.kind = BSCOPE_KIND_NEW, .name = "x", .file = text, .function = text};
  memset(text, 'f', sizeof(text) - 1);
  json_t *document = export_parsed(bscope_log_from_events(&event, 1), NULL);
  assert_member(element(document, "events", 0), "file", text);
  json_decref(document);
}

/* P7 */
static void test_same_bytes(void **state) {
  (void)state;
  char *first = export_string(example_log(), NULL);
  char *second = export_string(example_log(), NULL);
  struct bscope_log *log = example_log();
  char *third = bscope_log_export_json_to_string(log, NULL);
  char *fourth = bscope_log_export_json_to_string(log, NULL);
  assert_string_equal(first, second);
  assert_string_equal(first, third);
  assert_string_equal(first, fourth);
  bscope_log_free(log);
  bscope_string_free(first);
  bscope_string_free(second);
  bscope_string_free(third);
  bscope_string_free(fourth);
}

/* Strings that differ only in their bytes' place are written once, and no two that differ are taken for each other. */
static void test_many_strings(void **state) {
  (void)state;
  enum { COUNT = 5000 };
  static char names[COUNT][2][24];
  struct bscope_json_texts texts;
  assert_int_equal(bscope_json_texts_init(&texts), 0);
  for (int i = 0; i < COUNT; i++) {
    snprintf(names[i][0], sizeof(names[i][0]), "name\t%d", i);
    memcpy(names[i][1], names[i][0], sizeof(names[i][0]));
  }
  for (int round = 0; round < 2; round++)
    for (int i = 0; i < COUNT; i++) {
      char expected[32];
      struct bscope_json_text one = bscope_json_text(&texts, names[i][0]);
      struct bscope_json_text other = bscope_json_text(&texts, names[i][1]);
      size_t size = (size_t)snprintf(expected, sizeof(expected), "name\\t%d", i);
      assert_int_equal(one.size, size);
      assert_memory_equal(one.bytes, expected, size);
      assert_ptr_equal(one.bytes, other.bytes);
    }
  bscope_json_texts_fini(&texts);
}

/* The events of a document, as text: from "events" to the next key. Owned. */
static char *events_text(const struct bscope_event *events, size_t count) {
  char *text = export_string(bscope_log_from_events(events, count), &no_times);
  char *begin = strstr(text, "\"events\": ["), *end = strstr(text, "\"metadata\"");
  assert_non_null(begin);
  assert_non_null(end);
  *end = '\0';
  memmove(text, begin, strlen(begin) + 1);
  return text;
}

/* P7: events come out the same whether the graph's walk told what they mean or a second one finds it out. A resize at
 * the end of the log is what the first walk does not tell. */
static void test_told_and_resolved_alike(void **state) {
  enum { ROUNDS = 300, EACH = 7, COUNT = ROUNDS * EACH };
  static struct bscope_event events[COUNT + 1];
  (void)state;
  for (size_t i = 0; i < ROUNDS; i++) {
    uint64_t at = 0x1000 + 64 * (i % 5);
    const struct bscope_event round[EACH] = {
        EV_NEW_AT(i % 3, "block", "p", at, 64),      EV_BORROW_AT(i % 3, "view", "p", at + i % 90),
        EV_BORROW_MUT(i % 2, "edit", "&block", at),  EV_BORROW_END(i % 2, "view"),
        EV_MOVE_AT(i % 4, "p", at, "sent"),          EV_USE_AT(i % 2, at + 8, "block"),
        EV_DROP_AT(i % 2, i % 7 ? "p" : "other", at)};
    memcpy(&events[i * EACH], round, sizeof(round));
  }
  events[COUNT] = (struct bscope_event)EV_RESIZE(0, "nothing", 0x900000, 8);
  char *told = events_text(events, COUNT), *resolved = events_text(events, COUNT + 1);
  assert_non_null(strstr(told, "\"inferred\": true"));
  assert_non_null(strstr(told, "\"unknown\""));
  assert_string_equal(told, resolved);
  free(told);
  free(resolved);
}

static void test_serialization(void **state) {
  (void)state;
  size_t size = BSCOPE_JSON_TEXT_MAX;
  char *name = malloc(size + 2);
  assert_non_null(name);
  memset(name, 'n', size + 1);
  name[size + 1] = '\0';
  struct bscope_event event = {.kind = BSCOPE_KIND_NEW, .name = "x", .type_name = name};
  struct bscope_log *log = bscope_log_from_events(&event, 1);
  FILE *null = fopen("/dev/null", "w");
  assert_int_equal(bscope_log_export_json_to_file(log, null, NULL), BSCOPE_ERR_SERIALIZATION);
  assert_non_null(strstr(bscope_last_error(), "longer than"));
  assert_null(bscope_log_export_json_to_string(log, NULL));
  bscope_log_free(log);
  name[size] = '\0';
  log = bscope_log_from_events(&event, 1);
  assert_int_equal(bscope_log_export_json_to_file(log, null, NULL), BSCOPE_OK);
  bscope_log_free(log);
  event = (struct bscope_event){.kind = (enum bscope_kind)120};
  log = bscope_log_from_events(&event, 1);
  assert_int_equal(bscope_log_export_json_to_file(log, null, NULL), BSCOPE_ERR_SERIALIZATION);
  assert_non_null(strstr(bscope_last_error(), "kind 120"));
  bscope_log_free(log);
  fclose(null);
  free(name);
}

static void test_arguments(void **state) {
  (void)state;
  struct bscope_log *log = example_log();
  struct {
    struct bscope_export_options options;
    char tail;
  } longer = {{.size = sizeof(longer)}, 1};
  struct bscope_export_options options = {.times = BSCOPE_OFF};
  assert_int_equal(bscope_log_export_json(NULL, "/dev/null", NULL), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(bscope_log_export_json(log, NULL, NULL), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(bscope_log_export_json_to_file(log, NULL, NULL), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(bscope_log_export_json_to_file(NULL, stdout, NULL), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_null(bscope_log_export_json_to_string(NULL, NULL));
  assert_int_equal(bscope_export_json(NULL), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_int_equal(bscope_export_json_to_file(NULL), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_null(bscope_log_export_json_to_string(log, &options));
  assert_non_null(strstr(bscope_last_error(), "size"));
  options = (struct bscope_export_options){.size = sizeof(options), .times = 5};
  assert_null(bscope_log_export_json_to_string(log, &options));
  assert_null(bscope_log_export_json_to_string(log, &longer.options));
  longer.tail = 0;
  char *text = bscope_log_export_json_to_string(log, &longer.options);
  assert_non_null(text);
  bscope_string_free(text);
  bscope_string_free(NULL);
  bscope_log_free(log);
}

/* Stream, string and path give the same bytes; a full disk is reported. */
static void test_targets(void **state) {
  (void)state;
  char path[] = "/tmp/test_json.XXXXXX";
  char *by_stream = NULL;
  size_t size = 0;
  struct bscope_log *log = example_log();
  char *text = bscope_log_export_json_to_string(log, NULL);
  FILE *stream = open_memstream(&by_stream, &size);
  assert_int_equal(bscope_log_export_json_to_file(log, stream, NULL), BSCOPE_OK);
  assert_int_equal(fprintf(stream, "!"), 1); /* it stays open */
  fclose(stream);
  assert_int_equal(size, strlen(text) + 1);
  assert_memory_equal(by_stream, text, size - 1);
  close(mkstemp(path));
  assert_int_equal(bscope_log_export_json(log, path, NULL), BSCOPE_OK);
  json_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, NULL), *same = parse(text);
  assert_true(json_equal(document, same));
  json_decref(document);
  json_decref(same);
  unlink(path);
  stream = fopen("/dev/full", "w");
  assert_int_equal(bscope_log_export_json_to_file(log, stream, NULL), BSCOPE_ERR_IO);
  assert_non_null(strstr(bscope_last_error(), "No space left"));
  fclose(stream);
  assert_int_equal(bscope_log_export_json(log, "/tmp", NULL), BSCOPE_ERR_EXPORT);
  free(by_stream);
  bscope_string_free(text);
  bscope_log_free(log);
}

/* A log of uses of one variable: many events, few names. */
static struct bscope_log *uses(size_t count) {
  struct bscope_event *events = calloc(count, sizeof(*events));
  assert_non_null(events);
  for (size_t i = 0; i < count; i++)
    events[i] = (struct bscope_event){.kind = i ? BSCOPE_KIND_DEREF : BSCOPE_KIND_NEW,
                                      .name = "x",
                                      .file = "f.c",
                                      .line = (uint32_t)(1 + i % 50),
                                      .time_ns = i * 10};
  struct bscope_log *log = bscope_log_from_events(events, count);
  free(events);
  assert_non_null(log);
  return log;
}

/* A document longer than the sink, in the order of positions. */
static void test_long_document(void **state) {
  (void)state;
  enum { COUNT = 3000 };
  json_t *document = export_parsed(uses(COUNT), NULL);
  assert_int_equal(json_array_size(json_object_get(document, "events")), COUNT);
  for (size_t i = 1; i < COUNT; i++) {
    char place[32], id[32];
    snprintf(place, sizeof(place), "f.c:%zu", 1 + i % 50);
    snprintf(id, sizeof(id), "deref_%zu", i);
    assert_count(element(document, "events", i), "timestamp", (json_int_t)i);
    assert_count(element(document, "events", i), "line", (json_int_t)(1 + i % 50));
    assert_member(element(document, "events", i), "location", place);
    assert_member(element(document, "events", i), "deref_id", id);
  }
  json_decref(document);
}

/* Python's reader, told every name: exit code 0, or what it says on standard error. */
static const char python[] = "import json, sys\n"
                             "def unique(pairs):\n"
                             "    assert len({k for k, v in pairs}) == len(pairs)\n"
                             "    return dict(pairs)\n"
                             "text = open(sys.argv[1], 'rb').read().decode('utf-8')\n"
                             "d = json.loads(text, object_pairs_hook=unique)\n"
                             "assert len(d['events']) == len(d['nodes']) == d['metadata']['total_events'] == 255\n"
                             "for i, e in enumerate(d['events']):\n"
                             "    name = 'a' + (chr(i + 1) if i + 1 < 128 else '\\ufffd') + 'b'\n"
                             "    n = d['nodes'][i]\n"
                             "    assert e['var_name'] == e['type_name'] == e['file'] == e['function'] == name\n"
                             "    assert e['var_id'] == n['id'] == '%s_%d' % (name, i) and n['name'] == name\n";

static void test_python_reads_it(void **state) {
  (void)state;
  static char names[255][4];
  struct bscope_event events[255];
  char path[] = "/tmp/test_json.XXXXXX", command[2 * sizeof(python)];
  if (system("command -v python3 >/dev/null") != 0)
    skip();
  for (int i = 0; i < 255; i++) {
    memcpy(names[i], (char[]){'a', (char)(i + 1), 'b', '\0'}, 4);
    events[i] = (struct bscope_event){.kind = BSCOPE_KIND_NEW,
                                      .name = names[i],
                                      .type_name = names[i],
                                      .file = names[i],
                                      .line = 1,
                                      .function = names[i]};
  }
  struct bscope_log *log = bscope_log_from_events(events, 255);
  close(mkstemp(path));
  assert_int_equal(bscope_log_export_json(log, path, NULL), BSCOPE_OK);
  bscope_log_free(log);
  snprintf(command, sizeof(command), "python3 -c \"%s\" %s", python, path);
  int status = system(command);
  unlink(path);
  assert_int_equal(status, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cancellation_waits),
      cmocka_unit_test(test_golden),
      cmocka_unit_test(test_violations),
      cmocka_unit_test(test_inferred),
      cmocka_unit_test(test_order_of_keys),
      cmocka_unit_test(test_empty),
      cmocka_unit_test(test_open_ends_are_null),
      cmocka_unit_test(test_move),
      cmocka_unit_test(test_metadata_counts_edges),
      cmocka_unit_test(test_unknown),
      cmocka_unit_test(test_given_ids),
      cmocka_unit_test(test_given_id_like_a_position),
      cmocka_unit_test(test_given_ids_as_they_are_written),
      cmocka_unit_test(test_unresolved_given_ids),
      cmocka_unit_test(test_holes_are_not_shown),
      cmocka_unit_test(test_silent_is_not_shown),
      cmocka_unit_test(test_places_apart),
      cmocka_unit_test(test_addresses),
      cmocka_unit_test(test_use),
      cmocka_unit_test(test_unknown_values),
      cmocka_unit_test(test_every_kind),
      cmocka_unit_test(test_times),
      cmocka_unit_test(test_large_numbers),
      cmocka_unit_test(test_large_positions),
      cmocka_unit_test(test_every_byte),
      cmocka_unit_test(test_characters),
      cmocka_unit_test(test_long_strings),
      cmocka_unit_test(test_same_bytes),
      cmocka_unit_test(test_many_strings),
      cmocka_unit_test(test_serialization),
      cmocka_unit_test(test_told_and_resolved_alike),
      cmocka_unit_test(test_arguments),
      cmocka_unit_test(test_targets),
      cmocka_unit_test(test_long_document),
      cmocka_unit_test(test_python_reads_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
