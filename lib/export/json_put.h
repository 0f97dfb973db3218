/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of a document share, and how they write strings, numbers and ids. Failures stick in the sink or in the
 * texts; bscope_json_status asks for them.
 */
#ifndef BSCOPE_EXPORT_JSON_PUT_H
#define BSCOPE_EXPORT_JSON_PUT_H

#include "base/digits.h"
#include "export/json_ids.h"
#include "export/json_text.h"
#include "export/sink.h"
#include "model/graph.h"

#define BSCOPE_JSON_EXACT_MAX (UINT64_C(1) << 53) /* beyond, a double can't hold every whole number */

/* Where an event was recorded, as it is written: ", \"file\": …, \"line\": …, \"function\": …". */
struct bscope_json_place {
  const char *file;
  const char *function;
  uint32_t line;
  uint32_t size; /* 0: not kept */
  char bytes[168];
};

#define BSCOPE_JSON_NEAR_MAX 16 /* digits of what is at most BSCOPE_JSON_EXACT_MAX */

/* The leading digits of the last number of a series, as they are written. */
struct bscope_json_near {
  uint64_t high;
  uint32_t size;
  char digits[BSCOPE_DIGITS_ROOM];
};

/* All that writing needs, shared by the parts of a document. */
struct bscope_json {
  struct bscope_sink *sink;
  struct bscope_json_texts texts;
  struct bscope_json_ids ids;
  const struct bscope_graph *graph;        /* the ids of its nodes are the ids of variables */
  struct bscope_told told;                 /* by the graph: what the events mean */
  struct bscope_facts_table *facts;        /* the graph's, which the walk over the events may add to */
  struct bscope_json_text *words;          /* by the number of a name in the graph; bytes NULL: not asked for yet */
  struct bscope_json_template **templates; /* by the number of an entry in the graph's facts */
  bool times;
  bool addresses;
  struct bscope_json_near stamps;      /* of events, less their last two digits */
  struct bscope_json_near time_digits; /* less their last eight */
  struct bscope_json_place places[32]; /* a cache: each place has one row that it may be in */
};

/* Fails with the first failure of sink or texts. */
static inline int bscope_json_status(const struct bscope_json *json) {
  return json->sink->status ? json->sink->status : json->texts.status;
}

/* The encoded text without quotes. */
void bscope_json_put_text(struct bscope_json *json, const char *string);

/* "<text>" */
void bscope_json_put_string(struct bscope_json *json, const char *string);

/* "<id>" of node i of the graph: its name, encoded already, and what follows it. */
void bscope_json_put_id(struct bscope_json *json, size_t i, const struct bscope_node *node);

/*
 * A number behind its key, which is given as it is written (", \"line\": "). Numbers above 2^53, which many readers
 * round, get a second key <key>_hex; those above 2^63 - 1, at which some readers fail, are written with a decimal
 * point.
 */
void bscope_json_put_field(struct bscope_json *json, const char *key, size_t size, uint64_t number);
#define bscope_json_put_number_field(json, name, number)                                                               \
  bscope_json_put_field((json), ", \"" name "\": ", sizeof(", \"" name "\": ") - 1, (number))

/* The encoded string of a name of the graph. */
static inline struct bscope_json_text bscope_json_word(struct bscope_json *json, uint32_t name) {
  if (bscope_unlikely(json->words[name].bytes == NULL))
    json->words[name] = bscope_json_text(&json->texts, bscope_names_text(&json->graph->names, name));
  return json->words[name];
}

/*
 * Writing into room that bscope_sink_room gave, with a pointer that goes along. Up to BSCOPE_JSON_SLACK bytes behind
 * what is written are touched.
 */
#define BSCOPE_JSON_SLACK 64

static inline char *bscope_json_copy(char *out, struct bscope_json_text text) {
  size_t done = 0;
  do
    memcpy(out + done, text.bytes + done, BSCOPE_JSON_TEXT_PADDED);
  while ((done += BSCOPE_JSON_TEXT_PADDED) < text.size);
  return out + text.size;
}

#define bscope_json_copy_literal(out, literal)                                                                         \
  ((char *)memcpy((out), (literal), sizeof(literal) - 1) + sizeof(literal) - 1)

/* "<name>_<position>" without quotes. */
static inline char *bscope_json_copy_id(char *out, struct bscope_json_text name, bscope_stamp stamp) {
  out = bscope_json_copy(out, name);
  *out++ = '_';
  return bscope_put_digits(out, stamp);
}

#endif
