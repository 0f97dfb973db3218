/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log out of a JSON document, this library's or the Rust crate's. json_read.c walks the document element by element,
 * so that memory grows with the events' own sizes and not with their trees; json_read_event.c makes an event of one
 * element, by the same rows of kinds.h that wrote it.
 */
#ifndef BSCOPE_EXPORT_JSON_READ_H
#define BSCOPE_EXPORT_JSON_READ_H

#include "model/names.h"
#include "model/table.h"

#include <borrowscope/log.h>
#include <jansson.h>

/* An event's further strings. */
struct bscope_json_strings {
  struct bscope_json_strings *older;
  const char *strings[]; /* ended by NULL */
};

struct bscope_json_reader {
  const char *source; /* how messages call it */
  const char *text;
  size_t size;
  size_t at;                 /* what comes next */
  size_t element;            /* where the element in hand begins: errors name it */
  struct bscope_names names; /* strings and payloads; the log's afterwards */
  struct bscope_table ids;   /* a written id's name -> its number in `numbers` + 1 */
  struct bscope_table taken; /* a number -> the name of the id that has it; apart for closures */
  struct bscope_table types; /* a written id's name -> that of its node's type, for events that don't say it */
  struct bscope_json_strings *lists;
  uint64_t *numbers;
  size_t number_count;
  size_t number_capacity;
  uint64_t next_number; /* for ids whose own number another one has */
  struct bscope_event *events;
  size_t count;
  size_t capacity;
  size_t shown; /* of them, events of the document */
  bool has_events;
  bool has_times;
  bool has_addresses;
  uint64_t generation;
  bool lost; /* the document says that positions were lost: so are those that it doesn't show */
};

/* Takes an element of events[]. 0, BSCOPE_ERR_FORMAT or BSCOPE_ERR_NO_MEMORY, with a message. */
int bscope_json_read_event(struct bscope_json_reader *reader, json_t *element);

/* Takes an element of nodes[]. The same. */
int bscope_json_read_node(struct bscope_json_reader *reader, json_t *element);

/* Fails with a message that begins with the source and the offset of the element in hand. */
int bscope_json_read_fail(const struct bscope_json_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A number of the element, its _hex if there is one. `out` stays as it is if there is none. */
int bscope_json_read_number(const struct bscope_json_reader *reader, json_t *element, const char *key, uint64_t *out);

#endif
