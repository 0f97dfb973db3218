/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table, and a writer for each source of a field. Kinds without a row of their own are written by the general one:
 * what they name, and where.
 */
#include "export/json_event.h"

#include "base/error.h"
#include "export/json_fields.h"

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

static void put_own_id(struct bscope_json *json, const char *prefix, bscope_stamp position) {
  bscope_sink_put_literal(json->sink, "\"");
  bscope_sink_put(json->sink, prefix, strlen(prefix));
  bscope_sink_put_number(json->sink, position);
  bscope_sink_put_literal(json->sink, "\"");
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

/* An allocator that gives no block for some bytes has left the old one alone. */
static bool resize_failed(const struct bscope_event *event) {
  return event->subject == 0 && event->object > 0;
}

static bool is_known(const struct bscope_json_field *field, const struct bscope_event *event,
                     const struct bscope_resolution *meaning) {
  switch (field->source) {
  case IF_NAME:
    return name_of(event, meaning) != NULL;
  case IF_SUBJECT:
    return meaning->subject.variable != BSCOPE_VARIABLE_NONE || meaning->subject.has_given_id;
  case IF_LOCATION:
    return event->file != NULL;
  case IF_FAILED:
    return resize_failed(event);
  default:
    return true;
  }
}

/* The place and size of a block after an event: of one that nobody knows, what the event says itself. */
static uint64_t number_of(const struct bscope_json *json, enum bscope_json_source source,
                          const struct bscope_event *event, const struct bscope_resolution *meaning) {
  bool known = meaning->subject.variable != BSCOPE_VARIABLE_NONE;
  switch (source) {
  case OLD_ADDRESS:
    return json->addresses ? meaning->old_address : 0;
  case NEW_ADDRESS:
    return json->addresses ? (known ? meaning->address : event->subject) : 0;
  case NEW_SIZE:
    return known ? meaning->size : event->object;
  default:
    return meaning->old_size;
  }
}

static void put_boolean(struct bscope_json *json, bool value) {
  bscope_sink_put(json->sink, value ? "true" : "false", value ? 4 : 5);
}

static void put_value(struct bscope_json *json, const struct bscope_json_field *field, const struct bscope_event *event,
                      const struct bscope_resolution *meaning) {
  switch (field->source) {
  case NAME:
  case IF_NAME:
    bscope_json_put_string(json, name_of(event, meaning));
    break;
  case NAME2:
    bscope_json_put_string(json, event->name2 ? event->name2 : meaning->object.name);
    break;
  case TYPE:
    bscope_json_put_string(json, event->type_name);
    break;
  case SUBJECT:
  case IF_SUBJECT:
    put_id(json, &meaning->subject, meaning->subject.name);
    break;
  case OWNER:
    put_id(json, &meaning->object, NULL);
    break;
  case OBJECT:
    put_id(json, &meaning->object, meaning->object.name);
    break;
  case ITSELF:
    put_own_id(json, field->prefix, event->stamp);
    break;
  case MUTABLE:
    put_boolean(json, event->is_mutable);
    break;
  case IF_FAILED:
    put_boolean(json, true);
    break;
  default:
    bscope_json_put_location(json, event);
    break;
  }
}

static void put_fields(struct bscope_json *json, const struct bscope_json_field *field,
                       const struct bscope_event *event, const struct bscope_resolution *meaning) {
  for (; field->source != BSCOPE_JSON_END; field++) {
    if (!is_known(field, event, meaning))
      continue;
    if (field->source >= OLD_ADDRESS && field->source <= NEW_SIZE) {
      bscope_json_put_field(json, field->key, field->size, number_of(json, field->source, event, meaning));
      continue;
    }
    bscope_sink_put_padded(json->sink, field->key, field->size, sizeof(field->key));
    put_value(json, field, event, meaning);
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

int bscope_json_event(struct bscope_json *json, const struct bscope_event *event,
                      const struct bscope_resolution *meaning) {
  const struct bscope_json_beginning *beginning = bscope_json_beginning_of((size_t)event->kind);
  if (!beginning)
    return bscope_fail(BSCOPE_ERR_SERIALIZATION, "event %llu is of kind %zu, for which JSON has no name",
                       (unsigned long long)event->stamp, (size_t)event->kind);
  bscope_sink_put_padded(json->sink, beginning->text, beginning->size, sizeof(beginning->text));
  bscope_json_put_number_field(json, "timestamp", event->stamp);
  put_fields(json, bscope_json_fields_of((size_t)event->kind), event, meaning);
  put_common(json, event, meaning);
  bscope_sink_put_literal(json->sink, "}");
  return BSCOPE_OK;
}
