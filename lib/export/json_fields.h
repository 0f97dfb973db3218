/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each kind of event shows, as a table: fields in the order of the vocabulary, and where their values come from.
 */
#ifndef BSCOPE_EXPORT_JSON_FIELDS_H
#define BSCOPE_EXPORT_JSON_FIELDS_H

#include <stddef.h>
#include <stdint.h>

/* Where a field's value comes from. */
enum bscope_json_source {
  BSCOPE_JSON_END = 0,
  NAME,        /* S: what the event names, or else the variable's name */
  NAME2,       /* S: the second name */
  TYPE,        /* S */
  SUBJECT,     /* S: id of the subject; its bare name, or "unknown", when it is not resolved */
  OWNER,       /* S: id of the object, or "unknown" */
  OBJECT,      /* S: id of the object */
  ITSELF,      /* S: an id of the event's own, "<prefix>_<position>" */
  MUTABLE,     /* B */
  LOCATION,    /* S: "file:line", "" when unknown */
  OLD_ADDRESS, /* U: 0 unless addresses are shown */
  NEW_ADDRESS, /* U: the same; the old one if the resize failed */
  OLD_SIZE,    /* U */
  NEW_SIZE,    /* U: the old one if the resize failed */
  IF_FAILED,   /* true where a resize failed, else left out */
  IF_NAME,     /* S?: as above, but left out when unknown */
  IF_SUBJECT,
  IF_LOCATION
};

struct bscope_json_field {
  enum bscope_json_source source;
  uint32_t size;      /* of key */
  char key[24];       /* as it is written: , "key":  */
  const char *prefix; /* of ITSELF */
};

/* How an event begins: {"type": "New" */
struct bscope_json_beginning {
  char text[44];
  uint32_t size;
};

/* The beginning of a kind's events, or NULL for a number that is none of the vocabulary's. */
const struct bscope_json_beginning *bscope_json_beginning_of(size_t kind);

/* The fields of a kind, up to BSCOPE_JSON_END: its row, or the general one (what it names, and where). */
const struct bscope_json_field *bscope_json_fields_of(size_t kind);

#endif
