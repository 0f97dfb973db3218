/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event by its site's template: the stretches are copied, and what goes between them is written behind each.
 */
#include "export/json_template.h"

#include "export/json_row.h"

static inline struct bscope_json_template *template_of(struct bscope_json *json, const struct bscope_step *step) {
  struct bscope_json_template *known = json->templates[step->facts];
  if (bscope_likely(known != NULL && known->kind == step->kind && known->is_mutable == step->is_mutable))
    return known;
  return bscope_json_template_make(json, step);
}

/* The name of a variable's node, or "unknown" for none. */
static inline struct bscope_json_text name_of(struct bscope_json *json, const struct bscope_variable_ref *ref) {
  if (ref->variable == BSCOPE_VARIABLE_NONE)
    return bscope_json_text_none;
  return bscope_json_word(json, bscope_graph_node_name(json->graph, bscope_graph_at(json->graph, ref->variable)));
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
  bscope_stamp made = bscope_graph_at(json->graph, ref->variable)->created_at;
  if (made != now)
    return bscope_json_copy_id(out, name, made);
  out = bscope_json_copy(out, name);
  *out++ = '_';
  return put_near_digits(&json->stamps, out, now);
}

bool bscope_json_template_write(struct bscope_json *json, const struct bscope_step *step,
                                const struct bscope_resolution *meaning, uint64_t time_ns, bool first) {
  struct bscope_json_template *template = template_of(json, step);
  if (!template || !template->usable || json->graph->given.count != 0 || !has_ids(template, meaning) ||
      step->stamp > BSCOPE_JSON_EXACT_MAX || time_ns > BSCOPE_JSON_EXACT_MAX)
    return false;
  struct bscope_json_text subject = name_of(json, &meaning->subject), object = name_of(json, &meaning->object);
  size_t need = template->size + subject.size + object.size + 512;
  if (json->texts.status != BSCOPE_OK || need > BSCOPE_SINK_SIZE / 2)
    return false;
  char *out = bscope_sink_room(json->sink, need);
  out = first ? bscope_json_copy_literal(out, "\n    ") : bscope_json_copy_literal(out, ",\n    ");
  for (const struct bscope_json_part *part = template->parts;; part++) {
    out = copy_stretch(out, template->bytes + part->begin, part->size);
    switch (part->then) {
    case BSCOPE_THEN_STAMP:
      out = put_near_digits(&json->stamps, out, step->stamp);
      continue;
    case BSCOPE_THEN_SUBJECT:
      out = copy_id(json, out, &meaning->subject, subject, step->stamp);
      continue;
    case BSCOPE_THEN_OWNER:
    case BSCOPE_THEN_OBJECT:
      out = copy_id(json, out, &meaning->object, object, step->stamp);
      continue;
    case BSCOPE_THEN_THREAD:
      out = put_thread_digits(out, step->thread);
      if (json->times)
        out = put_time_digits(&json->time_digits, bscope_json_copy_literal(out, ", \"time_ns\": "), time_ns);
      continue;
    case BSCOPE_THEN_END:
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
