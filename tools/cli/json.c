/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include "text.h"

#include <borrowscope/graph.h>

#include <inttypes.h>
#include <string.h>

/* A character that is not written as it is. */
static void put_escaped(FILE *out, uint32_t c) {
  static const char letters[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
  if (c == '"' || c == '\\')
    fprintf(out, "\\%c", (char)c);
  else if (c < CLI_COUNT(letters) && letters[c] != 0)
    fprintf(out, "\\%c", letters[c]);
  else if (c < 0x10000)
    fprintf(out, "\\u%04" PRIx32, c);
  else
    fprintf(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
}

void cli_json_put_string(FILE *out, const char *value) {
  putc('"', out);
  while (*value != '\0') {
    uint32_t c = 0xfffd;
    size_t plain = strcspn(value, "\"\\"), shown = cli_plain_bytes(value);
    plain = plain < shown ? plain : shown;
    fwrite(value, 1, plain, out);
    value += plain;
    if (*value == '\0')
      break;
    size_t bytes = cli_character(value, &c);
    if (bytes == 0)
      fputs("\xef\xbf\xbd", out);
    else if (c == '"' || c == '\\' || cli_is_hidden(c))
      put_escaped(out, c);
    else
      fwrite(value, 1, bytes, out);
    value += bytes == 0 ? 1 : bytes;
  }
  putc('"', out);
}

static void put_line(struct cli_json *json) {
  putc('\n', json->out);
  cli_put_spaces(json->out, (size_t)json->depth * 2);
}

static void put_key(struct cli_json *json, const char *key) {
  uint64_t bit = UINT64_C(1) << json->depth;
  if ((json->begun & bit) != 0)
    putc(',', json->out);
  if (json->depth > 0 && json->depth <= json->lines)
    put_line(json);
  else if ((json->begun & bit) != 0)
    putc(' ', json->out);
  json->begun |= bit;
  if (key == NULL)
    return;
  putc('"', json->out);
  fputs(key, json->out);
  fputs("\": ", json->out);
}

void cli_json_open(struct cli_json *json, const char *key, char bracket) {
  put_key(json, key);
  putc(bracket, json->out);
  json->depth++;
  json->begun &= ~(UINT64_C(1) << json->depth);
}

void cli_json_close(struct cli_json *json, char bracket) {
  bool entries = (json->begun >> json->depth & 1) != 0;
  json->depth--;
  if (entries && json->depth < json->lines)
    put_line(json);
  putc(bracket, json->out);
}

void cli_json_string(struct cli_json *json, const char *key, const char *value) {
  put_key(json, key);
  if (value == NULL)
    fputs("null", json->out);
  else
    cli_json_put_string(json->out, value);
}

void cli_json_number(struct cli_json *json, const char *key, uint64_t value) {
  put_key(json, key);
  cli_put_number(json->out, value, 0);
}

void cli_json_end(struct cli_json *json, const char *key, uint64_t stamp) {
  if (stamp == BSCOPE_STAMP_OPEN)
    cli_json_string(json, key, NULL);
  else
    cli_json_number(json, key, stamp);
}

void cli_json_bool(struct cli_json *json, const char *key, bool value) {
  put_key(json, key);
  fputs(value ? "true" : "false", json->out);
}

struct cli_json cli_json_begin(const struct cli *cli) {
  struct cli_json json = {.out = cli->out, .lines = 2};
  cli_json_open(&json, NULL, '{');
  cli_json_number(&json, "schema_version", 1);
  cli_json_string(&json, "command", cli->command->name);
  return json;
}

void cli_json_finish(struct cli_json *json) {
  cli_json_close(json, '}');
  putc('\n', json->out);
}
