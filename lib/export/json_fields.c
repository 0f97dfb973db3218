/* SPDX-License-Identifier: Apache-2.0 */
#include "export/json_fields.h"

#include "base/util.h"

#define LONGEST (sizeof((struct bscope_json_field *)0)->key - sizeof(", \"\": "))

const char *bscope_json_field_next(const char *at, struct bscope_json_field *out) {
  if (!at || *at == '\0')
    return NULL;
  out->source = *at++;
  size_t size = strcspn(at, " ");
  size_t kept = size < LONGEST ? size : LONGEST; /* a test sees to it that none is longer */
  memcpy(out->key, ", \"", BSCOPE_JSON_KEY_BEGINS);
  memcpy(out->key + BSCOPE_JSON_KEY_BEGINS, at, kept);
  memcpy(out->key + BSCOPE_JSON_KEY_BEGINS + kept, "\": ", 4);
  out->size = (uint32_t)(BSCOPE_JSON_KEY_BEGINS + kept + 3);
  out->own = (uint8_t)(kept > 3 ? kept - 3 : kept);
  return at + size + (at[size] == ' ');
}
