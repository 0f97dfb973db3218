/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A template's inside: the row of a site's first event, cut where a number or an id goes.
 */
#ifndef BSCOPE_EXPORT_JSON_ROW_H
#define BSCOPE_EXPORT_JSON_ROW_H

#include "export/json_template.h"

/* What follows a stretch. */
enum bscope_json_then {
  BSCOPE_THEN_STAMP,
  BSCOPE_THEN_SUBJECT,
  BSCOPE_THEN_OWNER,
  BSCOPE_THEN_OBJECT,
  BSCOPE_THEN_THREAD,
  BSCOPE_THEN_END
};

#define BSCOPE_JSON_PARTS_MAX 8

struct bscope_json_part {
  uint32_t begin;
  uint32_t size;
  enum bscope_json_then then;
};

struct bscope_json_template {
  uint8_t kind;
  bool is_mutable;
  bool usable;
  bool has_subject; /* it asks for the id of a subject that is known, */
  bool has_object;  /* of an object that is known, */
  bool has_owner;   /* of an owner, which may be unknown, but not by an id that the caller gave */
  uint32_t size;
  struct bscope_json_part parts[BSCOPE_JSON_PARTS_MAX];
  char bytes[];
};

/* The template of a step's site, perhaps one that is not usable; NULL: no memory. */
struct bscope_json_template *bscope_json_template_make(struct bscope_json *json, const struct bscope_step *step);

#endif
