/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks the fields that the table of kinds gives a kind, as text: a letter that says where the value comes from
 * (kinds.h has them all), and the key.
 */
#ifndef BSCOPE_EXPORT_JSON_FIELDS_H
#define BSCOPE_EXPORT_JSON_FIELDS_H

#include "base/kinds.h"

#include <borrowscope/kinds.h>
#include <stdint.h>
#include <string.h>

struct bscope_json_field {
  char source;
  uint8_t own;   /* size of the key less its "_id": how an event's own id begins */
  uint32_t size; /* of key */
  char key[32];  /* as it is written: , "key":  */
};

/* The field at `at`, and where the next one is; NULL at the end (or for a kind without a row: at is NULL). */
const char *bscope_json_field_next(const char *at, struct bscope_json_field *out);

/* The value of an event's own id begins with this much of the key. */
#define BSCOPE_JSON_KEY_BEGINS 3u /* , " */

#endif
