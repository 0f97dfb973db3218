/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A template is made by writing a site's first event into a row and cutting it where a number or an id goes.
 */
#include "export/json_row.h"

#include "base/error.h"
#include "export/json_event.h"
#include "export/json_fields.h"

#include <stdlib.h>

#define ROW_MAX 2048 /* a longer one is no template */

/* A template on its way. */
struct making {
  struct bscope_sink row;
  char bytes[ROW_MAX];
  struct bscope_json_part parts[BSCOPE_JSON_PARTS_MAX];
  uint32_t count;
  uint32_t begin;
  bool fits;
};

static int refuse(struct bscope_sink *sink) {
  (void)sink;
  return -1;
}

static void cut(struct making *making, enum bscope_json_then then) {
  if (making->count == BSCOPE_JSON_PARTS_MAX) {
    making->fits = false;
    return;
  }
  making->parts[making->count++] =
      (struct bscope_json_part){making->begin, (uint32_t)(making->row.used - making->begin), then};
  making->begin = (uint32_t)making->row.used;
}

static void put_id_field(struct making *making, const struct bscope_json_field *field, enum bscope_json_then then) {
  bscope_sink_put(&making->row, field->key, field->size);
  bscope_sink_put_literal(&making->row, "\"");
  if (then == BSCOPE_THEN_STAMP) {
    bscope_sink_put(&making->row, field->key + BSCOPE_JSON_KEY_BEGINS, field->own);
    bscope_sink_put_literal(&making->row, "_");
  }
  cut(making, then);
  bscope_sink_put_literal(&making->row, "\"");
}

/* A string of the site; without it the value is another's, and the event no template's. */
static void put_string_field(struct bscope_json *json, struct making *making, const struct bscope_json_field *field,
                             const char *string) {
  making->fits &= string != NULL;
  bscope_sink_put(&making->row, field->key, field->size);
  bscope_json_put_string(json, string);
}

static void add_field(struct bscope_json *json, struct making *making, const struct bscope_json_field *field,
                      const struct bscope_event *event) {
  switch (field->source) {
  case 'N':
    put_string_field(json, making, field, event->name);
    return;
  case 'M':
    put_string_field(json, making, field, event->name2);
    return;
  case 'T':
    put_string_field(json, making, field, event->type_name ? event->type_name : "");
    return;
  case 'S':
  case 's':
    put_id_field(making, field, BSCOPE_THEN_SUBJECT);
    return;
  case 'W':
    put_id_field(making, field, BSCOPE_THEN_OWNER);
    return;
  case 'O':
    put_id_field(making, field, BSCOPE_THEN_OBJECT);
    return;
  case 'I':
    making->fits &= event->subject_is != BSCOPE_WORD_VALUE && event->subject_is != BSCOPE_WORD_ID;
    put_id_field(making, field, BSCOPE_THEN_STAMP);
    return;
  case 'B':
    bscope_sink_put(&making->row, field->key, field->size);
    bscope_sink_put(&making->row, event->is_mutable ? "true" : "false", event->is_mutable ? 4 : 5);
    return;
  case 'L':
  case 'l':
    if (field->source == 'l' && !event->file)
      return;
    bscope_sink_put(&making->row, field->key, field->size);
    bscope_json_put_location(json, event);
    return;
  default:
    making->fits = false;
  }
}

static void write_row(struct bscope_json *json, struct making *making, const struct bscope_event *event) {
  const char *fields = bscope_kind_fields((size_t)event->kind);
  struct bscope_json_field field;
  making->fits = fields != NULL;
  if (!making->fits)
    return;
  bscope_json_put_kind(json, event->kind);
  bscope_sink_put_literal(&making->row, ", \"timestamp\": ");
  cut(making, BSCOPE_THEN_STAMP);
  while ((fields = bscope_json_field_next(fields, &field)))
    add_field(json, making, &field, event);
  bscope_sink_put_literal(&making->row, ", \"thread\": ");
  cut(making, BSCOPE_THEN_THREAD);
  bscope_json_put_place(json, event);
  cut(making, BSCOPE_THEN_END);
  making->fits &= making->row.status == BSCOPE_OK;
}

struct bscope_json_template *bscope_json_template_make(struct bscope_json *json, const struct bscope_step *step) {
  struct making making = {.row = {.capacity = ROW_MAX, .drain = refuse}};
  struct bscope_event event;
  struct bscope_sink *sink = json->sink;
  bscope_json_describe(json, step, 0, &event);
  making.row.bytes = making.bytes;
  json->sink = &making.row;
  write_row(json, &making, &event);
  json->sink = sink;
  size_t used = making.fits ? making.row.used : 0;
  struct bscope_json_template *made = malloc(sizeof(*made) + used + BSCOPE_JSON_SLACK);
  if (!made) {
    json->texts.status = bscope_fail(BSCOPE_ERR_NO_MEMORY, "no memory for the texts of an export");
    return NULL;
  }
  *made = (struct bscope_json_template){.kind = step->kind, .is_mutable = step->is_mutable, .usable = making.fits};
  for (uint32_t i = 0; i < making.count; i++) {
    made->has_subject |= making.parts[i].then == BSCOPE_THEN_SUBJECT;
    made->has_object |= making.parts[i].then == BSCOPE_THEN_OBJECT;
    made->has_owner |= making.parts[i].then == BSCOPE_THEN_OWNER;
  }
  made->size = (uint32_t)used;
  memcpy(made->parts, making.parts, sizeof(made->parts));
  memcpy(made->bytes, making.bytes, used);
  memset(made->bytes + used, 0, BSCOPE_JSON_SLACK);
  free(json->templates[step->facts]);
  return json->templates[step->facts] = made;
}

void bscope_json_templates_fini(struct bscope_json *json) {
  for (size_t i = 0; json->templates && i < json->graph->facts.count; i++)
    free(json->templates[i]);
  free(json->templates);
}

void bscope_json_describe(const struct bscope_json *json, const struct bscope_step *step, uint64_t time_ns,
                          struct bscope_event *out) {
  const struct bscope_names *names = &json->graph->names;
  const struct bscope_facts *facts = &json->graph->facts.entries[step->facts];
  *out = (struct bscope_event){.stamp = step->stamp,
                               .time_ns = time_ns,
                               .kind = (enum bscope_kind)step->kind,
                               .thread = step->thread,
                               .name = bscope_names_text(names, facts->name),
                               .name2 = bscope_names_text(names, facts->name2),
                               .type_name = bscope_names_text(names, facts->type),
                               .file = bscope_names_text(names, facts->file),
                               .line = facts->line,
                               .function = bscope_names_text(names, facts->function),
                               .text = bscope_names_text(names, facts->text),
                               .subject = step->subject,
                               .object = step->object,
                               .subject_is = (enum bscope_word)step->subject_is,
                               .object_is = (enum bscope_word)step->object_is,
                               .is_mutable = step->is_mutable,
                               .flags = step->flags,
                               .extent = step->extent,
                               .site = step->site};
}
