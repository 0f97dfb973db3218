/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inverse of json_event.c: each letter of a kind's row says where in the event a value belongs. What JSON doesn't
 * say (arguments' texts, addresses that were not asked for) the log lacks; so that its events still mean the same
 * variables, ids become ids given by the caller, with the numbers that they are written with.
 */
#include "base/error.h"
#include "export/json_fields.h"
#include "export/json_read.h"
#include "model/memory.h"

#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX ((size_t)1 << 20) /* of a string: a longer one could not be written again */
#define THREAD_MAX 1000000u        /* a log has a row for each number up to its largest */
#define SPARSE 16u                 /* positions that are not shown, for each that is */
#define SPARSE_LEAST 4096u         /* and as many more */
#define STAMP_MAX (UINT64_C(1) << 62)
#define NUMBERS (UINT64_C(1) << 40) /* given to ids whose number another id has */

/* An event on its way. */
struct taking {
  struct bscope_json_reader *reader;
  json_t *element;
  enum bscope_effect effect;
  struct bscope_event event;
  uint64_t counts;
  bool has_counts;
  uint64_t resize[5];
  bool has_resize;
  uint64_t capacity;
  const char *preview;
};

static int keep(struct bscope_json_reader *reader, const void *bytes, size_t size, const char **out) {
  uint32_t name;
  if (bscope_names_intern(&reader->names, bytes, size, &name) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  *out = bscope_names_text(&reader->names, name);
  return BSCOPE_OK;
}

/* A member's string, kept; NULL where there is none or null. */
static int take_string(struct bscope_json_reader *reader, json_t *element, const char *key, const char **out) {
  json_t *value = json_object_get(element, key);
  if (!value || json_is_null(value))
    return BSCOPE_OK;
  if (!json_is_string(value) || json_string_length(value) > TEXT_MAX)
    return bscope_json_read_fail(reader, "\"%s\" is no string, or one of more than %zu bytes", key, TEXT_MAX);
  return keep(reader, json_string_value(value), json_string_length(value), out);
}

static int take_boolean(const struct taking *t, const char *key, bool *out) {
  json_t *value = json_object_get(t->element, key);
  if (value && !json_is_boolean(value))
    return bscope_json_read_fail(t->reader, "\"%s\" is neither true nor false", key);
  *out = json_is_true(value);
  return BSCOPE_OK;
}

/* The digits that end the text, behind a '_' or alone: their number and how long what stands before is. */
static bool split(const char *text, size_t *length, uint64_t *number) {
  size_t size = strlen(text), digits = 0;
  while (size > 0 && text[size - 1] == '\'') /* marks of equal ids */
    size--;
  while (digits < size && text[size - digits - 1] >= '0' && text[size - digits - 1] <= '9')
    digits++;
  size_t before = size - digits;
  if (digits == 0 || digits > 15 || (before > 0 && text[before - 1] != '_'))
    return false;
  *length = before > 0 ? before - 1 : 0;
  *number = strtoull(text + before, NULL, 10);
  return true;
}

static int grow_numbers(struct bscope_json_reader *reader, uint64_t number) {
  uint64_t *numbers =
      bscope_model_grow(reader->numbers, &reader->number_capacity, reader->number_count + 1, sizeof(*numbers));
  if (!numbers)
    return BSCOPE_ERR_NO_MEMORY;
  reader->numbers = numbers;
  numbers[reader->number_count++] = number;
  return BSCOPE_OK;
}

/* Gives the id its own number, or another if that is taken: ids are told apart by their numbers alone. */
static int declare(struct bscope_json_reader *reader, const char *text, uint64_t number, bool closure,
                   uint64_t *given) {
  uint32_t name;
  if (bscope_names_intern(&reader->names, text, strlen(text), &name) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  uint32_t *entry = bscope_table_at(&reader->ids, name, closure);
  if (!entry)
    return BSCOPE_ERR_NO_MEMORY;
  if (*entry == 0) {
    uint32_t *taken = bscope_table_at(&reader->taken, number, closure);
    if (!taken)
      return BSCOPE_ERR_NO_MEMORY;
    bool free_number = *taken == 0;
    if (free_number)
      *taken = name;
    if (grow_numbers(reader, free_number ? number : NUMBERS + reader->next_number++) != BSCOPE_OK)
      return BSCOPE_ERR_NO_MEMORY;
    *bscope_table_at(&reader->ids, name, closure) = (uint32_t)reader->number_count;
  }
  *given = reader->numbers[bscope_table_get(&reader->ids, name, closure) - 1];
  return BSCOPE_OK;
}

/* The Rust crate writes ids that it was given as var_5 and owner_5, whatever the variable is called. */
static bool is_foreign(const struct bscope_json_reader *reader, const char *text, size_t length, uint64_t number,
                       bool closure, uint64_t *given) {
  bool stands_in = (length == 3 && memcmp(text, "var", 3) == 0) || (length == 5 && memcmp(text, "owner", 5) == 0);
  if (!stands_in || bscope_table_get(&reader->taken, number, closure) == 0)
    return false;
  *given = number;
  return true;
}

int bscope_json_read_node(struct bscope_json_reader *reader, json_t *element) {
  const char *id = json_string_value(json_object_get(element, "id"));
  const char *type = json_string_value(json_object_get(element, "type_name"));
  uint32_t key, value;
  if (!id || !type || *type == '\0')
    return BSCOPE_OK;
  if (bscope_names_intern(&reader->names, id, strlen(id), &key) != BSCOPE_OK ||
      bscope_names_intern(&reader->names, type, strlen(type), &value) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  uint32_t *entry = bscope_table_at(&reader->types, key, 0);
  if (!entry)
    return BSCOPE_ERR_NO_MEMORY;
  *entry = value;
  return BSCOPE_OK;
}

/*
 * What a written id says: *is and *word if it is a number's, and *name, unless it has one. An id that no event has made
 * so far is a name, as the crate's simple calls write it.
 */
static int take_id(struct taking *t, const char *key, bool declares, enum bscope_word *is, uint64_t *word,
                   const char **name) {
  struct bscope_json_reader *reader = t->reader;
  const char *text = NULL;
  size_t length = 0;
  uint64_t number = 0;
  bool closure = t->event.kind == BSCOPE_KIND_CLOSURE_CREATE || t->event.kind == BSCOPE_KIND_CLOSURE_CAPTURE;
  int status = take_string(reader, t->element, key, &text);
  if (status != BSCOPE_OK || !text || strcmp(text, "unknown") == 0)
    return status;
  const char *place = strstr(text, " @ "); /* the crate's, behind an id that it was given */
  if (place && keep(reader, text, (size_t)(place - text), &text) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  bool numbered = split(text, &length, &number);
  uint32_t written = bscope_names_find(&reader->names, text, strlen(text));
  uint32_t entry = bscope_table_get(&reader->ids, written, closure);
  if (declares && !t->event.type_name)
    t->event.type_name = bscope_names_text(&reader->names, bscope_table_get(&reader->types, written, 0));
  bool known = true;
  if (numbered && declares)
    status = declare(reader, text, number, closure, word);
  else if (entry != 0)
    *word = reader->numbers[entry - 1];
  else if (numbered && length == 0)
    *word = number;
  else
    known = numbered && is_foreign(reader, text, length, number, closure, word);
  if (status == BSCOPE_OK && known)
    *is = BSCOPE_WORD_ID;
  if (status == BSCOPE_OK && !*name && (!known || length > 0))
    status = keep(reader, text, known ? length : strlen(text), name);
  return status;
}

/* The bytes that \xNN stand for, without the dots that say that there were more. */
static int take_preview(struct taking *t, const char *text) {
  size_t size = strlen(text), used = sizeof(t->capacity);
  char *bytes = malloc(size + sizeof(t->capacity));
  if (!bytes)
    return bscope_fail(BSCOPE_ERR_NO_MEMORY, "%s: no memory for a preview", t->reader->source);
  memcpy(bytes, &t->capacity, sizeof(t->capacity));
  for (size_t i = 0; i < size; used++) {
    char hex[3] = {0};
    bool escaped = text[i] == '\\' && i + 3 < size && text[i + 1] == 'x';
    if (escaped) {
      memcpy(hex, text + i + 2, 2);
      escaped = strspn(hex, "0123456789abcdef") == 2;
    }
    bytes[used] = escaped ? (char)strtoul(hex, NULL, 16) : text[i];
    i += escaped ? 4 : 1;
  }
  size_t shown = used - sizeof(t->capacity);
  if (shown >= 3 && memcmp(bytes + used - 3, "...", 3) == 0 && t->event.object > shown - 3)
    used -= 3;
  const char *kept = NULL;
  int status = keep(t->reader, bytes, used, &kept);
  free(bytes);
  t->event.payload = kept;
  t->event.payload_size = used;
  return status;
}

/* The scope's, closure's or event's own number, if it was given one. */
static int take_own_id(struct taking *t, const char *key) {
  const char *text = NULL;
  int status = take_string(t->reader, t->element, key, &text);
  if (!text || *text == '\0' || strspn(text, "0123456789") != strlen(text))
    return status;
  bool scope = t->effect == BSCOPE_EFFECT_ENTERS || t->effect == BSCOPE_EFFECT_EXITS ||
               t->event.kind == BSCOPE_KIND_LOOP_ITERATION || t->event.kind == BSCOPE_KIND_MATCH_ARM;
  t->event.subject_is = scope ? BSCOPE_WORD_ID : BSCOPE_WORD_VALUE;
  t->event.subject = strtoull(text, NULL, 10);
  return status;
}

/* "file:line" where the document has no members of their own for them. */
static int take_location(struct taking *t, const char *key) {
  const char *text = NULL;
  int status = take_string(t->reader, t->element, key, &text);
  const char *colon = text ? strrchr(text, ':') : NULL;
  if (status != BSCOPE_OK || !text || *text == '\0' || t->event.file)
    return status;
  if (!colon || colon[1] == '\0' || strspn(colon + 1, "0123456789") != strlen(colon + 1)) {
    t->event.file = text;
    return BSCOPE_OK;
  }
  t->event.line = (uint32_t)strtoul(colon + 1, NULL, 10);
  return keep(t->reader, text, (size_t)(colon - text), &t->event.file);
}

static int take_strings(struct taking *t, const char *key) {
  json_t *array = json_object_get(t->element, key);
  size_t count = json_array_size(array);
  if (!array || count == 0)
    return json_is_array(array) || !array ? BSCOPE_OK
                                          : bscope_json_read_fail(t->reader, "\"%s\" is no array of strings", key);
  struct bscope_json_strings *list = calloc(1, sizeof(*list) + (count + 1) * sizeof(*list->strings));
  int status = list ? BSCOPE_OK : bscope_fail(BSCOPE_ERR_NO_MEMORY, "%s: no memory", t->reader->source);
  if (list) {
    list->older = t->reader->lists;
    t->reader->lists = list;
    t->event.extra = list->strings;
  }
  for (size_t i = 0; status == BSCOPE_OK && i < count; i++) {
    json_t *value = json_array_get(array, i);
    if (!json_is_string(value) || json_string_length(value) > TEXT_MAX)
      status = bscope_json_read_fail(t->reader, "\"%s\" is no array of strings", key);
    else
      status = keep(t->reader, json_string_value(value), json_string_length(value), &list->strings[i]);
  }
  return status;
}

/* A number of the row: into a word, or kept until all of them are there. */
static int take_number(struct taking *t, char source, const char *key) {
  uint64_t number = 0;
  int status = bscope_json_read_number(t->reader, t->element, key, &number);
  if (status != BSCOPE_OK || !json_object_get(t->element, key))
    return status;
  switch (source) {
  case 'U':
    t->event.object_is = strcmp(key, "size") == 0 ? BSCOPE_WORD_SIZE : BSCOPE_WORD_VALUE;
    t->event.object = number;
    break;
  case 'C':
    t->counts |= number << 32;
    t->has_counts = true;
    break;
  case 'K':
    t->counts |= number & UINT32_MAX;
    t->has_counts = true;
    break;
  case 'Q':
    t->capacity = number;
    break;
  case 'A':
  case 'P':
    if (number == 0)
      break;
    t->reader->has_addresses = true;
    *(source == 'A' ? &t->event.subject_is : &t->event.object_is) = BSCOPE_WORD_ADDRESS;
    *(source == 'A' ? &t->event.subject : &t->event.object) = number;
    break;
  default:
    t->resize[source - '1'] = number;
    t->has_resize = true;
    t->reader->has_addresses |= source <= '2' && number != 0;
    break;
  }
  return BSCOPE_OK;
}

/* A string or a truth of the row. */
static int take_value(struct taking *t, char source, const char *key) {
  struct bscope_event *event = &t->event;
  bool declares =
           t->effect == BSCOPE_EFFECT_BEGINS || t->effect == BSCOPE_EFFECT_CLONES || t->effect == BSCOPE_EFFECT_BORROWS,
       truth = false;
  int status;
  switch (source) {
  case 'N':
  case 'Z':
    return take_string(t->reader, t->element, key, &event->name);
  case 'M':
  case 'm':
    return take_string(t->reader, t->element, key, &event->name2);
  case 'T':
  case 't':
    return take_string(t->reader, t->element, key, &event->type_name);
  case 'S':
  case 's':
    return take_id(t, key, declares, &event->subject_is, &event->subject, &event->name);
  case 'O':
  case 'W':
    return take_id(t, key, t->effect == BSCOPE_EFFECT_MOVES, &event->object_is, &event->object, &event->name2);
  case 'I':
    return take_own_id(t, key);
  case 'L':
  case 'l':
    return take_location(t, key);
  case 'X':
    return take_strings(t, key);
  case 'F':
    return take_string(t->reader, t->element, key, &event->text);
  case 'Y':
    return take_string(t->reader, t->element, key, &t->preview);
  case 'B':
  case 'V':
  case '5':
    status = take_boolean(t, key, &truth);
    if (source == 'B') {
      event->is_mutable = truth;
      event->flags = truth ? BSCOPE_SITE_MUTABLE : 0;
    } else if (source == '5') {
      t->resize[4] = truth;
    } else {
      event->object_is = BSCOPE_WORD_VALUE;
      event->object = truth;
    }
    return status;
  default:
    return BSCOPE_OK;
  }
}

/* What has no word of its own. */
static int finish(struct taking *t) {
  struct bscope_event *event = &t->event;
  const char *kept = NULL;
  int status = BSCOPE_OK;
  if (t->has_counts && event->object_is == BSCOPE_WORD_NONE) {
    event->object_is = BSCOPE_WORD_VALUE;
    event->object = t->counts;
  } else if (t->has_counts) {
    status = keep(t->reader, &t->counts, sizeof(t->counts), &kept);
    event->payload_size = sizeof(t->counts);
    event->payload = kept;
  }
  if (t->has_resize && status == BSCOPE_OK) {
    status = keep(t->reader, t->resize, sizeof(t->resize), &kept);
    event->payload_size = sizeof(t->resize);
    event->payload = kept;
  }
  if (event->kind == BSCOPE_KIND_CLOSURE_CREATE || event->kind == BSCOPE_KIND_CLOSURE_CAPTURE)
    event->name = "closure";
  if (event->kind == BSCOPE_KIND_HEAP_ADDR && status == BSCOPE_OK)
    status = take_preview(t, t->preview ? t->preview : "");
  return status;
}

/* What all kinds have. */
static int take_common(struct taking *t) {
  uint64_t thread = 0, line = 0, time_ns = 0;
  struct bscope_json_reader *reader = t->reader;
  int status = bscope_json_read_number(reader, t->element, "thread", &thread);
  if (status == BSCOPE_OK)
    status = bscope_json_read_number(reader, t->element, "line", &line);
  if (status == BSCOPE_OK)
    status = bscope_json_read_number(reader, t->element, "time_ns", &time_ns);
  if (status == BSCOPE_OK && (thread > THREAD_MAX || line > UINT32_MAX))
    return bscope_json_read_fail(reader, "\"%s\" is too large", thread > THREAD_MAX ? "thread" : "line");
  if (status == BSCOPE_OK)
    status = take_string(reader, t->element, "file", &t->event.file);
  if (status == BSCOPE_OK)
    status = take_string(reader, t->element, "function", &t->event.function);
  reader->has_times |= json_object_get(t->element, "time_ns") != NULL;
  t->event.thread = (uint32_t)thread;
  t->event.line = (uint32_t)line;
  t->event.time_ns = time_ns;
  return status;
}

/* Positions that the document does not show hold no event. */
static int append(struct bscope_json_reader *reader, const struct bscope_event *event) {
  uint64_t next = reader->count > 0 ? reader->events[0].stamp + reader->count : event->stamp;
  if (event->stamp < next || event->stamp > STAMP_MAX)
    return bscope_json_read_fail(reader, "timestamp %llu is not above those before it, or too large",
                                 (unsigned long long)event->stamp);
  uint64_t hidden = event->stamp - next;
  if (hidden > SPARSE * reader->shown + SPARSE_LEAST - (reader->count - reader->shown))
    return bscope_json_read_fail(reader, "%llu positions in front of timestamp %llu are missing",
                                 (unsigned long long)hidden, (unsigned long long)event->stamp);
  struct bscope_event *events =
      bscope_model_grow(reader->events, &reader->capacity, reader->count + (size_t)hidden + 1, sizeof(*events));
  if (!events)
    return BSCOPE_ERR_NO_MEMORY;
  reader->events = events;
  for (; hidden > 0; hidden--, next++)
    events[reader->count++] = (struct bscope_event){.stamp = next, .kind = BSCOPE_KIND_VOID};
  events[reader->count++] = *event;
  reader->shown++;
  return BSCOPE_OK;
}

int bscope_json_read_event(struct bscope_json_reader *reader, json_t *element) {
  struct taking t = {.reader = reader, .element = element};
  const char *type = json_string_value(json_object_get(element, "type"));
  struct bscope_json_field field;
  char key[sizeof(field.key)];
  if (!type || !json_object_get(element, "timestamp"))
    return bscope_json_read_fail(reader, "an event without \"type\" and \"timestamp\"");
  t.event.kind = bscope_kind_of_name(type);
  t.effect = bscope_kind_effect(t.event.kind);
  if (t.event.kind == BSCOPE_KIND_NONE)
    return bscope_json_read_fail(reader, "there is no kind of event \"%.64s\"", type);
  int status = bscope_json_read_number(reader, element, "timestamp", &t.event.stamp);
  if (status == BSCOPE_OK)
    status = take_common(&t);
  const char *at = bscope_kind_fields(t.event.kind);
  while (status == BSCOPE_OK && (at = bscope_json_field_next(at, &field))) {
    size_t size = field.size - BSCOPE_JSON_KEY_BEGINS - 3;
    memcpy(key, field.key + BSCOPE_JSON_KEY_BEGINS, size);
    key[size] = '\0';
    status =
        strchr("UCKAPQ1234", field.source) ? take_number(&t, field.source, key) : take_value(&t, field.source, key);
  }
  if (status == BSCOPE_OK)
    status = finish(&t);
  return status == BSCOPE_OK ? append(reader, &t.event) : status;
}
