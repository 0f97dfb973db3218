/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document around the events, read by hand as far as its commas; each key and each element of an array is parsed by
 * jansson, whose trees are given back one by one. What is refused is refused with its offset.
 */
#include "export/json_read.h"
#include "base/util.h"

#include <borrowscope/export.h>

#include "base/error.h"
#include "log/fixture.h"
#include "log/snapshot.h"
#include "model/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int bscope_json_read_fail(const struct bscope_json_reader *reader, const char *format, ...) {
  char what[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(what, sizeof(what), format, arguments);
  va_end(arguments);
  return bscope_fail(BSCOPE_ERR_FORMAT, "%s: offset %zu: %s", reader->source, reader->element, what);
}

/* The digits that a double can't hold. */
static bool read_hex(const char *text, uint64_t *out) {
  char *end;
  if (!text || strncmp(text, "0x", 2) != 0 || strspn(text + 2, "0123456789abcdef") != strlen(text + 2) ||
      strlen(text) < 3 || strlen(text) > 18)
    return false;
  *out = strtoull(text, &end, 16);
  return true;
}

int bscope_json_read_number(const struct bscope_json_reader *reader, json_t *element, const char *key, uint64_t *out) {
  char hex_key[64];
  json_t *value = json_object_get(element, key);
  if (!value)
    return BSCOPE_OK;
  snprintf(hex_key, sizeof(hex_key), "%s_hex", key);
  if (json_is_number(value) && read_hex(json_string_value(json_object_get(element, hex_key)), out))
    return BSCOPE_OK;
  if (!json_is_integer(value) || json_integer_value(value) < 0)
    return bscope_json_read_fail(reader, "\"%s\" is no whole number of 0 to 2^63 - 1", key);
  *out = (uint64_t)json_integer_value(value);
  return BSCOPE_OK;
}

/* The next byte that is no blank, or NUL at the end. */
static char peek(struct bscope_json_reader *reader) {
  while (reader->at < reader->size && strchr(" \t\r\n", reader->text[reader->at]) && reader->text[reader->at])
    reader->at++;
  reader->element = reader->at;
  return reader->at < reader->size ? reader->text[reader->at] : '\0';
}

/* Passes over that byte, or says what should stand here. */
static int expect(struct bscope_json_reader *reader, char wanted) {
  if (peek(reader) != wanted)
    return bscope_json_read_fail(reader, "expected '%c'", wanted);
  reader->at++;
  return BSCOPE_OK;
}

static int refuse(struct bscope_json_reader *reader, const json_error_t *error) {
#if JANSSON_VERSION_HEX >= 0x020b00
  if (json_error_code(error) == json_error_out_of_memory)
    return bscope_fail(BSCOPE_ERR_NO_MEMORY, "%s: no memory", reader->source);
#endif
  reader->element += error->position > 0 ? (size_t)error->position : 0;
  return bscope_json_read_fail(reader, "%s", error->text);
}

/* The value that begins here. */
static int parse(struct bscope_json_reader *reader, json_t **out) {
  json_error_t error;
  (void)peek(reader);
  *out = json_loadb(reader->text + reader->at, reader->size - reader->at,
                    JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &error);
  if (!*out)
    return refuse(reader, &error);
  reader->at += (size_t)error.position;
  return BSCOPE_OK;
}

/*
 * What stands between `open` and `close`, with commas in between, each read by `item`: the same for the document and
 * its arrays.
 */
static int read_items(struct bscope_json_reader *reader, char open, char close,
                      int (*item)(struct bscope_json_reader *reader)) {
  int status = expect(reader, open);
  if (status == BSCOPE_OK && peek(reader) == close) {
    reader->at++;
    return BSCOPE_OK;
  }
  while (status == BSCOPE_OK && (status = item(reader)) == BSCOPE_OK) {
    if (peek(reader) == close) {
      reader->at++;
      return BSCOPE_OK;
    }
    status = expect(reader, ',');
  }
  return status;
}

static int read_element(struct bscope_json_reader *reader,
                        int (*take)(struct bscope_json_reader *reader, json_t *element)) {
  json_t *element;
  int status = parse(reader, &element);
  if (status == BSCOPE_OK && take)
    status = take(reader, element);
  json_decref(element);
  return status;
}

static int pass_over(struct bscope_json_reader *reader) {
  return read_element(reader, NULL);
}

static int read_node(struct bscope_json_reader *reader) {
  return read_element(reader, bscope_json_read_node);
}

static int read_event(struct bscope_json_reader *reader) {
  return read_element(reader, bscope_json_read_event);
}

static bool is_key(json_t *key, const char *name) {
  return strcmp(json_string_value(key), name) == 0;
}

/* generation, stats, or what is not needed. */
static int read_other(struct bscope_json_reader *reader, json_t *key) {
  json_t *value;
  uint64_t lost = 0;
  int status = parse(reader, &value);
  if (status == BSCOPE_OK && is_key(key, "generation") && json_is_integer(value) && json_integer_value(value) > 0)
    reader->generation = (uint64_t)json_integer_value(value);
  if (status == BSCOPE_OK && is_key(key, "stats"))
    status = bscope_json_read_number(reader, value, "lost", &lost);
  reader->lost |= lost > 0;
  json_decref(value);
  return status;
}

static int read_member(struct bscope_json_reader *reader) {
  json_t *key;
  int status = peek(reader) == '"' ? parse(reader, &key) : bscope_json_read_fail(reader, "expected a key");
  if (status != BSCOPE_OK)
    return status;
  bool events = is_key(key, "events");
  reader->has_events |= events;
  status = expect(reader, ':');
  if (status == BSCOPE_OK && (events || peek(reader) == '['))
    status = read_items(reader, '[', ']', events ? read_event : is_key(key, "nodes") ? read_node : pass_over);
  else if (status == BSCOPE_OK)
    status = read_other(reader, key);
  json_decref(key);
  return status;
}

/* The document, or the array of its events alone. */
static int read_document(struct bscope_json_reader *reader) {
  bool bare = peek(reader) == '[';
  int status = bare ? read_items(reader, '[', ']', read_event) : read_items(reader, '{', '}', read_member);
  if (status == BSCOPE_OK && peek(reader) != '\0')
    return bscope_json_read_fail(reader, "there is more behind the document");
  if (status == BSCOPE_OK && reader->at < reader->size)
    return bscope_json_read_fail(reader, "a NUL byte");
  if (status == BSCOPE_OK && !bare && !reader->has_events)
    return bscope_json_read_fail(reader, "the document has no array \"events\"");
  return status;
}

static void give_back(struct bscope_json_reader *reader) {
  bscope_names_fini(&reader->names);
  bscope_table_fini(&reader->ids);
  bscope_table_fini(&reader->taken);
  bscope_table_fini(&reader->types);
  for (struct bscope_json_strings *list = reader->lists, *older; list; list = older) {
    older = list->older;
    free(list);
  }
  free(reader->numbers);
  free(reader->events);
  free(reader);
}

/* The log keeps the reader for its strings. */
static void release(void *reader) {
  give_back(reader);
}

static struct bscope_log *make_log(struct bscope_json_reader *reader) {
  for (size_t i = 0; reader->lost && i < reader->count; i++)
    if (reader->events[i].kind == BSCOPE_KIND_VOID)
      reader->events[i].kind = BSCOPE_KIND_LOST;
  struct bscope_log *log = bscope_log_from_events(reader->events, reader->count);
  if (!log)
    return NULL;
  bscope_log_fixture_own(log, release, reader);
  log->generation = log->stats.generation = reader->generation;
  log->hides_times = !reader->has_times && reader->count > 0;
  log->shows_addresses = reader->has_addresses;
  free(reader->events);
  reader->events = NULL;
  return log;
}

static struct bscope_log *read_text(const char *text, size_t size, const char *source) {
  struct bscope_json_reader *reader = bscope_model_zeroed(1, sizeof(*reader));
  if (!reader)
    return NULL;
  uint64_t seed = bscope_now_ns() * UINT64_C(0x9e3779b97f4a7c15);
  *reader = (struct bscope_json_reader){.source = source, .text = text, .size = size, .generation = 1};
  bscope_names_init(&reader->names, seed);
  bscope_table_init(&reader->ids, seed);
  bscope_table_init(&reader->taken, seed);
  bscope_table_init(&reader->types, seed);
  struct bscope_log *log = read_document(reader) == BSCOPE_OK ? make_log(reader) : NULL;
  if (!log)
    give_back(reader);
  return log;
}

struct bscope_log *bscope_log_import_json_string(const char *text, size_t size) {
  BSCOPE_KEEP_ERRNO
  if (text)
    return read_text(text, size, "the document");
  bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "import: no text");
  return NULL;
}

/* All bytes of a file into *out (owned, also when it fails). 0 or an errno value. */
static int read_all(int fd, char **out, size_t *size) {
  size_t capacity = 0;
  ssize_t got = 1;
  while (got != 0) {
    if (*size + 1 > capacity) {
      capacity = capacity ? 2 * capacity : 1u << 16;
      char *larger = realloc(*out, capacity);
      if (!larger)
        return ENOMEM;
      *out = larger;
    }
    got = read(fd, *out + *size, capacity - *size);
    if (got < 0 && errno != EINTR)
      return errno;
    *size += got > 0 ? (size_t)got : 0;
  }
  return 0;
}

struct bscope_log *bscope_log_import_json(const char *path) {
  BSCOPE_KEEP_ERRNO
  char *text = NULL;
  size_t size = 0;
  if (!path) {
    bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "import: no path");
    return NULL;
  }
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  int reason = fd < 0 ? errno : read_all(fd, &text, &size);
  if (fd >= 0)
    close(fd);
  struct bscope_log *log = NULL;
  if (reason == 0)
    log = read_text(text, size, path);
  else
    bscope_fail_errno(reason == ENOMEM ? BSCOPE_ERR_NO_MEMORY : BSCOPE_ERR_IO, reason, "import: %s", path);
  free(text);
  return log;
}
