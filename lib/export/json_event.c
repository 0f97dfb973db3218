/* SPDX-License-Identifier: Apache-2.0 */
/* A writer for each source of a field: the fields themselves are the table's of kinds.h. */
#include "export/json_event.h"

#include "base/error.h"
#include "export/json_fields.h"

#include <stdlib.h>

#define UNKNOWN "unknown"

bool bscope_json_event_shown(enum bscope_kind kind, const struct bscope_resolution *meaning) {
  switch (kind) {
  case BSCOPE_KIND_LOST:
  case BSCOPE_KIND_OPEN:
  case BSCOPE_KIND_VOID:
  case BSCOPE_KIND_RESIZE_BEGIN:
    return false;
  default:
    return !meaning->silent;
  }
}

/* A variable's id: as its node says where the caller gave it (equal ids are told apart there), else from name and
 * position. */
static void put_known_id(struct bscope_json *json, const struct bscope_variable_ref *ref) {
  struct bscope_node node;
  if (ref->has_given_id && bscope_graph_node(json->graph, ref->variable, &node) == BSCOPE_OK) {
    bscope_json_put_id(json, ref->variable, &node);
    return;
  }
  bscope_sink_put_literal(json->sink, "\"");
  bscope_json_put_text(json, ref->name);
  bscope_sink_put_literal(json->sink, "_");
  bscope_sink_put_number(json->sink, ref->stamp);
  bscope_sink_put_literal(json->sink, "\"");
}

/* An id that the caller gave to nothing that was seen: no variable's id is written so. */
static void put_given_id(struct bscope_json *json, const struct bscope_variable_ref *ref) {
  const char *name = ref->name ? ref->name : UNKNOWN;
  bscope_sink_put_literal(json->sink, "\"");
  bscope_json_put_text(json, name);
  bscope_sink_put_literal(json->sink, "_");
  bscope_sink_put_number(json->sink, ref->given_id);
  for (uint32_t marks = bscope_json_ids_holders(&json->ids, name, ref->given_id); marks > 0; marks--)
    bscope_sink_put_literal(json->sink, "'");
  bscope_sink_put_literal(json->sink, "\"");
}

/* An id, or what stands in its place: `otherwise`. */
static void put_id(struct bscope_json *json, const struct bscope_variable_ref *ref, const char *otherwise) {
  if (bscope_likely(ref->variable != BSCOPE_VARIABLE_NONE))
    put_known_id(json, ref);
  else if (ref->has_given_id)
    put_given_id(json, ref);
  else
    bscope_json_put_string(json, otherwise ? otherwise : UNKNOWN);
}

/* The number that the program gave the event or scope, or an id made of its position. */
static void put_own_id(struct bscope_json *json, const struct bscope_json_field *field,
                       const struct bscope_event *event) {
  bool given = event->subject_is == BSCOPE_WORD_VALUE || event->subject_is == BSCOPE_WORD_ID;
  bscope_sink_put_literal(json->sink, "\"");
  if (!given) {
    bscope_sink_put(json->sink, field->key + BSCOPE_JSON_KEY_BEGINS, field->own);
    bscope_sink_put_literal(json->sink, "_");
  }
  bscope_sink_put_number(json->sink, given ? event->subject : event->stamp);
  bscope_sink_put_literal(json->sink, "\"");
}

/* The id of one of an event's variables, by the word where nobody was found for it. */
static void put_id_of(struct bscope_json *json, struct bscope_variable_ref ref, enum bscope_word is, uint64_t word,
                      const char *otherwise) {
  if (ref.variable == BSCOPE_VARIABLE_NONE && is == BSCOPE_WORD_ID) {
    ref.has_given_id = true;
    ref.given_id = word;
  }
  put_id(json, &ref, otherwise);
}

void bscope_json_put_location(struct bscope_json *json, const struct bscope_event *event) {
  bscope_sink_put_literal(json->sink, "\"");
  if (event->file) {
    bscope_json_put_text(json, event->file);
    bscope_sink_put_literal(json->sink, ":");
    bscope_sink_put_number(json->sink, event->line);
  }
  bscope_sink_put_literal(json->sink, "\"");
}

static const char *name_of(const struct bscope_event *event, const struct bscope_resolution *meaning) {
  return event->name ? event->name : meaning->subject.name;
}

/* What a resize came to where an import says it: one of five numbers. False: the events say it. */
static bool resize_said(const struct bscope_event *event, size_t i, uint64_t *out) {
  if (event->payload_size < (i + 1) * sizeof(*out))
    return false;
  memcpy(out, (const char *)event->payload + i * sizeof(*out), sizeof(*out));
  return true;
}

/* An allocator that gives no block for some bytes has left the old one alone. */
static bool resize_failed(const struct bscope_event *event) {
  uint64_t failed;
  if (resize_said(event, 4, &failed))
    return failed != 0;
  return event->subject == 0 && event->object > 0;
}

/* Whether a field that may be left out has a value. */
static bool is_known(char source, const struct bscope_event *event, const struct bscope_resolution *meaning) {
  switch (source) {
  case 's':
    return meaning->subject.variable != BSCOPE_VARIABLE_NONE || meaning->subject.has_given_id;
  case 'm':
    return event->name2 != NULL;
  case 't':
    return event->type_name != NULL;
  case 'l':
    return event->file != NULL;
  case 'X':
    return event->extra != NULL;
  case '5':
    return resize_failed(event);
  default:
    return true;
  }
}

/* Strong and weak count in one word: as the program gave them. */
static uint64_t counts_of(const struct bscope_event *event) {
  uint64_t counts = 0;
  if (event->object_is == BSCOPE_WORD_VALUE)
    return event->object;
  if (event->payload_size >= sizeof(counts))
    memcpy(&counts, event->payload, sizeof(counts));
  return counts;
}

/* The place and size of a block after an event: of one that nobody knows, what the event says itself. */
static uint64_t number_of(const struct bscope_json *json, char source, const struct bscope_event *event,
                          const struct bscope_resolution *meaning) {
  bool known = meaning->subject.variable != BSCOPE_VARIABLE_NONE;
  uint64_t number = 0;
  switch (source) {
  case 'U':
    return event->object;
  case 'C':
    return counts_of(event) >> 32;
  case 'K':
    return counts_of(event) & UINT32_MAX;
  case 'A':
    return json->addresses && event->subject_is == BSCOPE_WORD_ADDRESS ? event->subject : 0;
  case 'P':
    return json->addresses && event->object_is == BSCOPE_WORD_ADDRESS ? event->object : 0;
  case 'Q':
    if (event->payload_size >= sizeof(number))
      memcpy(&number, event->payload, sizeof(number));
    return number;
  case '1':
  case '2':
  case '3':
  case '4':
    if (resize_said(event, (size_t)(source - '1'), &number))
      return source > '2' || json->addresses ? number : 0;
    break;
  default:
    break;
  }
  switch (source) {
  case '1':
    return json->addresses ? meaning->old_address : 0;
  case '2':
    return json->addresses ? (known ? meaning->address : event->subject) : 0;
  case '3':
    return meaning->old_size;
  default:
    return known ? meaning->size : event->object;
  }
}

static void put_boolean(struct bscope_json *json, bool value) {
  bscope_sink_put(json->sink, value ? "true" : "false", value ? 4 : 5);
}

/* The payload behind its first number, as printable ASCII: what is none, as \\xNN. `more`: there was more of it than is
 * shown.
 */
static void put_bytes(struct bscope_json *json, const struct bscope_event *event, bool more) {
  static const char hex[] = "0123456789abcdef";
  const uint8_t *bytes = event->payload;
  bscope_sink_put_literal(json->sink, "\"");
  for (size_t i = sizeof(uint64_t); i < event->payload_size; i++) {
    char text[] = {'\\', '\\', 'x', hex[bytes[i] >> 4], hex[bytes[i] & 15], '\\', (char)bytes[i]};
    if (bytes[i] < ' ' || bytes[i] > '~' || bytes[i] == '\\')
      bscope_sink_put(json->sink, text, 5);
    else
      bscope_sink_put(json->sink, text + (bytes[i] == '"' ? 5 : 6), bytes[i] == '"' ? 2 : 1);
  }
  if (more || event->payload_cut)
    bscope_sink_put_literal(json->sink, "...");
  bscope_sink_put_literal(json->sink, "\"");
}

/* The shortest text that reads back as the same number, in every locale. */
static int double_text(char *text, size_t size, double number) {
  int length = 0;
  for (int digits = 1; digits <= 17; digits++) {
    length = snprintf(text, size, "%.*g", digits, number);
    if (strtod(text, NULL) == number)
      break;
  }
  for (char *point = strchr(text, ','); point; point = NULL)
    *point = '.';
  return length;
}

/* What a member holds: as the program wrote it, or its scalar. */
static void put_member(struct bscope_json *json, const struct bscope_event *event) {
  char text[48] = "";
  double number;
  if (event->text) {
    bscope_json_put_string(json, event->text);
    return;
  }
  switch ((enum bscope_scalar)event->extent) {
  case BSCOPE_SCALAR_SIGNED:
    snprintf(text, sizeof(text), "%lld", (long long)event->subject);
    break;
  case BSCOPE_SCALAR_UNSIGNED:
    snprintf(text, sizeof(text), "%llu", (unsigned long long)event->subject);
    break;
  case BSCOPE_SCALAR_DOUBLE:
    memcpy(&number, &event->subject, sizeof(number));
    double_text(text, sizeof(text), number);
    break;
  case BSCOPE_SCALAR_POINTER:
    snprintf(text, sizeof(text), "0x%llx", json->addresses ? (unsigned long long)event->subject : 0);
    break;
  case BSCOPE_SCALAR_NONE:
    break;
  }
  bscope_sink_put_literal(json->sink, "\"");
  bscope_sink_put(json->sink, text, strlen(text));
  bscope_sink_put_literal(json->sink, "\"");
}

static void put_strings(struct bscope_json *json, const char *const *strings) {
  bscope_sink_put_literal(json->sink, "[");
  for (size_t i = 0; strings[i]; i++) {
    if (i > 0)
      bscope_sink_put_literal(json->sink, ", ");
    bscope_json_put_string(json, strings[i]);
  }
  bscope_sink_put_literal(json->sink, "]");
}

/* A value that is no number. */
static void put_value(struct bscope_json *json, const struct bscope_json_field *field, const struct bscope_event *event,
                      const struct bscope_resolution *meaning) {
  switch (field->source) {
  case 'Z':
    if (!event->name)
      bscope_sink_put_literal(json->sink, "null");
    else
      bscope_json_put_string(json, event->name);
    break;
  case 'N':
    bscope_json_put_string(json, name_of(event, meaning));
    break;
  case 'M':
  case 'm':
    bscope_json_put_string(json, event->name2 ? event->name2 : meaning->object.name);
    break;
  case 'T':
  case 't':
    bscope_json_put_string(json, event->type_name);
    break;
  case 'S':
  case 's':
    put_id_of(json, meaning->subject, event->subject_is, event->subject, meaning->subject.name);
    break;
  case 'O':
    put_id_of(json, meaning->object, event->object_is, event->object, meaning->object.name);
    break;
  case 'W':
    put_id_of(json, meaning->object, event->object_is, event->object, NULL);
    break;
  case 'I':
    put_own_id(json, field, event);
    break;
  case 'B':
    put_boolean(json, event->is_mutable);
    break;
  case 'V':
    put_boolean(json, event->object != 0);
    break;
  case '5':
    put_boolean(json, true);
    break;
  case 'X':
    put_strings(json, event->extra);
    break;
  case 'F':
    put_member(json, event);
    break;
  case 'Y':
    put_bytes(json, event, event->object + sizeof(uint64_t) > event->payload_size);
    break;
  case 'E':
    bscope_sink_put_literal(json->sink, "\"\"");
    break;
  default:
    bscope_json_put_location(json, event);
    break;
  }
}

static void put_fields(struct bscope_json *json, const struct bscope_event *event,
                       const struct bscope_resolution *meaning) {
  struct bscope_json_field field;
  for (const char *at = bscope_kind_fields((size_t)event->kind); (at = bscope_json_field_next(at, &field));) {
    if (strchr("UCKAPQ1234", field.source)) {
      bscope_json_put_field(json, field.key, field.size, number_of(json, field.source, event, meaning));
    } else if (is_known(field.source, event, meaning)) {
      bscope_sink_put_padded(json->sink, field.key, field.size, sizeof(field.key));
      put_value(json, &field, event, meaning);
    }
  }
}

void bscope_json_put_place(struct bscope_json *json, const struct bscope_event *event) {
  if (event->file) {
    bscope_sink_put_literal(json->sink, ", \"file\": ");
    bscope_json_put_string(json, event->file);
  }
  if (event->line > 0)
    bscope_json_put_number_field(json, "line", event->line);
  if (event->function) {
    bscope_sink_put_literal(json->sink, ", \"function\": ");
    bscope_json_put_string(json, event->function);
  }
}

static int refuse(struct bscope_sink *sink) {
  (void)sink;
  return -1;
}

/* Writes a place into its row, which stays empty if the place is too long for it. */
static void fill_place(struct bscope_json *json, const struct bscope_event *event, struct bscope_json_place *place) {
  struct bscope_sink row = {.bytes = place->bytes, .capacity = sizeof(place->bytes), .drain = refuse};
  struct bscope_sink *sink = json->sink;
  json->sink = &row;
  bscope_json_put_place(json, event);
  json->sink = sink;
  place->file = event->file;
  place->function = event->function;
  place->line = event->line;
  place->size = row.status == BSCOPE_OK ? (uint32_t)row.used : 0;
}

/* A place is mostly that of an earlier event: one copy instead of six. */
static void put_known_place(struct bscope_json *json, const struct bscope_event *event) {
  size_t i = (event->line + ((uintptr_t)event->function >> 3)) % BSCOPE_COUNT(json->places);
  struct bscope_json_place *place = &json->places[i];
  if (place->line != event->line || place->file != event->file || place->function != event->function)
    fill_place(json, event, place);
  if (bscope_likely(place->size > 0))
    bscope_sink_put(json->sink, place->bytes, place->size);
  else
    bscope_json_put_place(json, event);
}

/* What every event has behind its own fields. */
static void put_common(struct bscope_json *json, const struct bscope_event *event,
                       const struct bscope_resolution *meaning) {
  bscope_json_put_number_field(json, "thread", event->thread);
  if (json->times)
    bscope_json_put_number_field(json, "time_ns", event->time_ns);
  put_known_place(json, event);
  if (meaning->inferred)
    bscope_sink_put_literal(json->sink, ", \"inferred\": true");
  if (meaning->ambiguous)
    bscope_sink_put_literal(json->sink, ", \"ambiguous\": true");
}

void bscope_json_put_kind(struct bscope_json *json, enum bscope_kind kind) {
  const char *name = bscope_kind_name(kind);
  bscope_sink_put_literal(json->sink, "{\"type\": \"");
  bscope_sink_put(json->sink, name, strlen(name));
  bscope_sink_put_literal(json->sink, "\"");
}

int bscope_json_event(struct bscope_json *json, const struct bscope_event *event,
                      const struct bscope_resolution *meaning) {
  if (!bscope_kind_fields((size_t)event->kind))
    return bscope_fail(BSCOPE_ERR_SERIALIZATION, "event %llu is of kind %zu, for which JSON has no name",
                       (unsigned long long)event->stamp, (size_t)event->kind);
  bscope_json_put_kind(json, event->kind);
  bscope_json_put_number_field(json, "timestamp", event->stamp);
  put_fields(json, event, meaning);
  put_common(json, event, meaning);
  bscope_sink_put_literal(json->sink, "}");
  return BSCOPE_OK;
}
