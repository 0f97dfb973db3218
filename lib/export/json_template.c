/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A template is made by writing a site's first event into a row and cutting it where a number or an id goes.
 */
#include "export/json_template.h"

#include "base/error.h"
#include "export/json_event.h"
#include "export/json_fields.h"

#include <stdlib.h>

/* What follows a stretch. */
enum part_then { THEN_STAMP, THEN_SUBJECT, THEN_OWNER, THEN_OBJECT, THEN_THREAD, THEN_END };

#define PARTS_MAX 8
#define ROW_MAX 2048 /* a longer one is no template */

struct part {
  uint32_t begin;
  uint32_t size;
  enum part_then then;
};

struct bscope_json_template {
  uint8_t kind;
  bool is_mutable;
  bool usable;
  bool has_subject; /* it asks for the id of a subject that is known, */
  bool has_object;  /* of an object that is known, */
  bool has_owner;   /* of an owner, which may be unknown, but not by an id that the caller gave */
  uint32_t size;
  struct part parts[PARTS_MAX];
  char bytes[];
};

/* A template on its way. */
struct making {
  struct bscope_sink row;
  char bytes[ROW_MAX];
  struct part parts[PARTS_MAX];
  uint32_t count;
  uint32_t begin;
  bool fits;
};

static int refuse(struct bscope_sink *sink) {
  (void)sink;
  return -1;
}

static void cut(struct making *making, enum part_then then) {
  if (making->count == PARTS_MAX) {
    making->fits = false;
    return;
  }
  making->parts[making->count++] = (struct part){making->begin, (uint32_t)(making->row.used - making->begin), then};
  making->begin = (uint32_t)making->row.used;
}

static void put_id_field(struct making *making, const struct bscope_json_field *field, enum part_then then) {
  bscope_sink_put(&making->row, field->key, field->size);
  bscope_sink_put_literal(&making->row, "\"");
  if (field->prefix)
    bscope_sink_put(&making->row, field->prefix, strlen(field->prefix));
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
  case NAME:
    put_string_field(json, making, field, event->name);
    return;
  case NAME2:
    put_string_field(json, making, field, event->name2);
    return;
  case TYPE:
    put_string_field(json, making, field, event->type_name ? event->type_name : "");
    return;
  case SUBJECT:
  case IF_SUBJECT:
    put_id_field(making, field, THEN_SUBJECT);
    return;
  case OWNER:
    put_id_field(making, field, THEN_OWNER);
    return;
  case OBJECT:
    put_id_field(making, field, THEN_OBJECT);
    return;
  case ITSELF:
    put_id_field(making, field, THEN_STAMP);
    return;
  case MUTABLE:
    bscope_sink_put(&making->row, field->key, field->size);
    bscope_sink_put(&making->row, event->is_mutable ? "true" : "false", event->is_mutable ? 4 : 5);
    return;
  case LOCATION:
  case IF_LOCATION:
    if (field->source == IF_LOCATION && !event->file)
      return;
    bscope_sink_put(&making->row, field->key, field->size);
    bscope_json_put_location(json, event);
    return;
  default:
    making->fits = false;
  }
}

static void write_row(struct bscope_json *json, struct making *making, const struct bscope_event *event) {
  const struct bscope_json_beginning *beginning = bscope_json_beginning_of((size_t)event->kind);
  making->fits = beginning != NULL && bscope_json_fields_of((size_t)event->kind) != bscope_json_fields_of(0);
  if (!making->fits)
    return;
  bscope_sink_put(&making->row, beginning->text, beginning->size);
  bscope_sink_put_literal(&making->row, ", \"timestamp\": ");
  cut(making, THEN_STAMP);
  for (const struct bscope_json_field *f = bscope_json_fields_of((size_t)event->kind); f->source != BSCOPE_JSON_END;
       f++)
    add_field(json, making, f, event);
  bscope_sink_put_literal(&making->row, ", \"thread\": ");
  cut(making, THEN_THREAD);
  bscope_json_put_place(json, event);
  cut(making, THEN_END);
  making->fits &= making->row.status == BSCOPE_OK;
}

/* The template of a step's site, perhaps one that is not usable; NULL: no memory. */
static struct bscope_json_template *make(struct bscope_json *json, const struct bscope_step *step) {
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
    made->has_subject |= making.parts[i].then == THEN_SUBJECT;
    made->has_object |= making.parts[i].then == THEN_OBJECT;
    made->has_owner |= making.parts[i].then == THEN_OWNER;
  }
  made->size = (uint32_t)used;
  memcpy(made->parts, making.parts, sizeof(made->parts));
  memcpy(made->bytes, making.bytes, used);
  memset(made->bytes + used, 0, BSCOPE_JSON_SLACK);
  free(json->templates[step->facts]);
  return json->templates[step->facts] = made;
}

static inline struct bscope_json_template *template_of(struct bscope_json *json, const struct bscope_step *step) {
  struct bscope_json_template *known = json->templates[step->facts];
  if (bscope_likely(known != NULL && known->kind == step->kind && known->is_mutable == step->is_mutable))
    return known;
  return make(json, step);
}

/* The name of a variable's node, or "unknown" for none. */
static inline struct bscope_json_text name_of(struct bscope_json *json, const struct bscope_variable_ref *ref) {
  if (ref->variable == BSCOPE_VARIABLE_NONE)
    return bscope_json_text_none;
  return bscope_json_word(json, bscope_graph_node_name(json->graph, &json->graph->nodes[ref->variable]));
}

/* Whether the ids that the template asks for are those of variables, or an unknown owner's. */
static bool has_ids(const struct bscope_json_template *template, const struct bscope_resolution *meaning) {
  if (template->has_subject && meaning->subject.variable == BSCOPE_VARIABLE_NONE)
    return false;
  if (meaning->object.variable != BSCOPE_VARIABLE_NONE)
    return true;
  return !template->has_object && !(template->has_owner && meaning->object.has_given_id);
}

/*
 * Positions follow each other, so all but the last two digits are mostly those of the number before. `near` belongs to
 * one series of numbers.
 */
static inline char *put_near_digits(struct bscope_json_near *near, char *out, uint64_t n) {
  uint64_t hundreds = n / 100, rest = n % 100;
  if (bscope_unlikely(hundreds != near->high)) {
    near->high = hundreds;
    near->size = (uint32_t)(bscope_put_digits(near->digits, hundreds) - near->digits);
  }
  if (bscope_unlikely(hundreds == 0))
    return bscope_put_digits(out, n);
  memcpy(out, near->digits, BSCOPE_JSON_NEAR_MAX);
  out += near->size;
  *out++ = (char)('0' + rest / 10);
  *out++ = (char)('0' + rest % 10);
  return out;
}

/* The same for times, whose last eight digits are new in each event. */
static inline char *put_time_digits(struct bscope_json_near *near, char *out, uint64_t n) {
  uint64_t high = n / 100000000, low = bscope_eight_digits(n % 100000000);
  if (bscope_unlikely(high != near->high)) {
    near->high = high;
    near->size = (uint32_t)(bscope_put_digits(near->digits, high) - near->digits);
  }
  if (bscope_unlikely(high == 0))
    return bscope_put_digits(out, n);
  memcpy(out, near->digits, BSCOPE_JSON_NEAR_MAX);
  memcpy(out + near->size, &low, sizeof(low));
  return out + near->size + sizeof(low);
}

/* Most threads have one digit. */
static inline char *put_thread_digits(char *out, uint32_t thread) {
  if (bscope_unlikely(thread > 9))
    return bscope_put_digits(out, thread);
  *out = (char)('0' + thread);
  return out + 1;
}

/* A stretch of a template, behind which more than 32 bytes may be read. */
static inline char *copy_stretch(char *out, const char *bytes, size_t size) {
  size_t done = 0;
  do
    memcpy(out + done, bytes + done, 32);
  while ((done += 32) < size);
  return out + size;
}

/* The id of a variable, which this very event may have made. */
static inline char *copy_id(struct bscope_json *json, char *out, const struct bscope_variable_ref *ref,
                            struct bscope_json_text name, bscope_stamp now) {
  if (ref->variable == BSCOPE_VARIABLE_NONE)
    return bscope_json_copy_literal(out, "unknown");
  bscope_stamp made = json->graph->nodes[ref->variable].created_at;
  if (made != now)
    return bscope_json_copy_id(out, name, made);
  out = bscope_json_copy(out, name);
  *out++ = '_';
  return put_near_digits(&json->stamps, out, now);
}

bool bscope_json_template_write(struct bscope_json *json, const struct bscope_step *step,
                                const struct bscope_resolution *meaning, uint64_t time_ns, bool first) {
  struct bscope_json_template *template = template_of(json, step);
  if (!template || !template->usable || json->graph->given_count != 0 || !has_ids(template, meaning) ||
      step->stamp > BSCOPE_JSON_EXACT_MAX || time_ns > BSCOPE_JSON_EXACT_MAX)
    return false;
  struct bscope_json_text subject = name_of(json, &meaning->subject), object = name_of(json, &meaning->object);
  size_t need = template->size + subject.size + object.size + 512;
  if (json->texts.status != BSCOPE_OK || need > BSCOPE_SINK_SIZE / 2)
    return false;
  char *out = bscope_sink_room(json->sink, need);
  out = first ? bscope_json_copy_literal(out, "\n    ") : bscope_json_copy_literal(out, ",\n    ");
  for (const struct part *part = template->parts;; part++) {
    out = copy_stretch(out, template->bytes + part->begin, part->size);
    switch (part->then) {
    case THEN_STAMP:
      out = put_near_digits(&json->stamps, out, step->stamp);
      continue;
    case THEN_SUBJECT:
      out = copy_id(json, out, &meaning->subject, subject, step->stamp);
      continue;
    case THEN_OWNER:
    case THEN_OBJECT:
      out = copy_id(json, out, &meaning->object, object, step->stamp);
      continue;
    case THEN_THREAD:
      out = put_thread_digits(out, step->thread);
      if (json->times)
        out = put_time_digits(&json->time_digits, bscope_json_copy_literal(out, ", \"time_ns\": "), time_ns);
      continue;
    case THEN_END:
      break;
    }
    break;
  }
  if (meaning->inferred)
    out = bscope_json_copy_literal(out, ", \"inferred\": true");
  if (meaning->ambiguous)
    out = bscope_json_copy_literal(out, ", \"ambiguous\": true");
  *out++ = '}';
  bscope_sink_wrote(json->sink, out);
  return true;
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
