/* SPDX-License-Identifier: Apache-2.0 */
/* Strings, numbers and ids, as all parts of a document write them. No allocation but for a string seen first. */
#include "export/json_put.h"

void bscope_json_put_text(struct bscope_json *json, const char *string) {
  struct bscope_json_text text = bscope_json_text(&json->texts, string);
  if (bscope_likely(text.size <= BSCOPE_JSON_TEXT_PADDED))
    bscope_sink_put_padded(json->sink, text.bytes, text.size, BSCOPE_JSON_TEXT_PADDED);
  else
    bscope_sink_put(json->sink, text.bytes, text.size);
}

void bscope_json_put_string(struct bscope_json *json, const char *string) {
  bscope_sink_put_literal(json->sink, "\"");
  bscope_json_put_text(json, string);
  bscope_sink_put_literal(json->sink, "\"");
}

static void put_hex(struct bscope_sink *sink, uint64_t number) {
  char digits[32];
  int size = snprintf(digits, sizeof(digits), "0x%llx", (unsigned long long)number);
  bscope_sink_put(sink, digits, (size_t)size);
}

void bscope_json_put_field(struct bscope_json *json, const char *key, size_t size, uint64_t number) {
  bscope_sink_put(json->sink, key, size);
  bscope_sink_put_number(json->sink, number);
  if (bscope_likely(number <= BSCOPE_JSON_EXACT_MAX))
    return;
  if (number > INT64_MAX)
    bscope_sink_put_literal(json->sink, ".0");
  bscope_sink_put(json->sink, key, size - strlen("\": "));
  bscope_sink_put_literal(json->sink, "_hex\": \"");
  put_hex(json->sink, number);
  bscope_sink_put_literal(json->sink, "\"");
}

void bscope_json_put_id(struct bscope_json *json, size_t i, const struct bscope_node *node) {
  size_t size = strlen(node->name);
  bool follows = strncmp(node->id, node->name, size) == 0;
  const char *rest = follows ? node->id + size : "";
  size_t plain = strspn(rest, "_0123456789'");
  bscope_sink_put_literal(json->sink, "\"");
  if (follows && rest[plain] == '\0') {
    bscope_json_put_text(json, node->name);
    bscope_sink_put(json->sink, rest, plain);
  } else {
    bscope_json_put_text(json, node->id); /* an id of another make */
  }
  for (uint32_t marks = bscope_json_ids_marks(&json->ids, i); marks > 0; marks--)
    bscope_sink_put_literal(json->sink, "'");
  bscope_sink_put_literal(json->sink, "\"");
}
