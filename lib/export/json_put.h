/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of a document share, and how they write strings, numbers and ids. Failures stick in the sink or in the
 * texts; bscope_json_status asks for them.
 */
#ifndef BSCOPE_EXPORT_JSON_PUT_H
#define BSCOPE_EXPORT_JSON_PUT_H

#include "export/json_ids.h"
#include "export/json_text.h"
#include "export/sink.h"

#include <borrowscope/graph.h>

#define BSCOPE_JSON_EXACT_MAX (UINT64_C(1) << 53) /* beyond, a double can't hold every whole number */

/* Where an event was recorded, as it is written: ", \"file\": …, \"line\": …, \"function\": …". */
struct bscope_json_place {
  const char *file;
  const char *function;
  uint32_t line;
  uint32_t size; /* 0: not kept */
  char bytes[168];
};

/* All that writing needs, shared by the parts of a document. */
struct bscope_json {
  struct bscope_sink *sink;
  struct bscope_json_texts texts;
  struct bscope_json_ids ids;
  const struct bscope_graph *graph; /* the ids of its nodes are the ids of variables */
  bool times;
  bool addresses;
  struct bscope_json_place places[512]; /* a cache: each place has one row that it may be in */
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

#endif
