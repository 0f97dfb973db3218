/* SPDX-License-Identifier: Apache-2.0 */
#include "export/json_violations.h"

#include "base/error.h"
#include "base/util.h"
#include "export/json_element.h"

#include <borrowscope/check.h>

/* , "<key>": "<text>" */
static void put_text(struct bscope_json *json, const char *key, const char *text) {
  bscope_sink_put_literal(json->sink, ", \"");
  bscope_json_put_text(json, key);
  bscope_sink_put_literal(json->sink, "\": ");
  if (text)
    bscope_json_put_string(json, text);
  else
    bscope_sink_put_literal(json->sink, "null");
}

static void put_place(struct bscope_json *json, const struct bscope_place *place) {
  static const char *const roles[] = {"",
#define ROW(number, name, text) [number] = text,
                                      BSCOPE_ROLES(ROW)
#undef ROW
  };
  bscope_sink_put_literal(json->sink, "{\"stamp\": ");
  bscope_sink_put_number(json->sink, place->stamp);
  put_text(json, "role", roles[place->role]);
  bscope_json_put_number_field(json, "thread", place->thread);
  put_text(json, "file", place->file);
  bscope_json_put_number_field(json, "line", place->line);
  put_text(json, "function", place->function);
  put_text(json, "name", place->name);
  bscope_sink_put_literal(json->sink, "}");
}

static void put_finding(struct bscope_json *json, const struct bscope_finding *finding) {
  static const char *const severities[] = {"none", "note", "warning", "error"};
  bscope_sink_put_literal(json->sink, "{\"rule\": ");
  bscope_json_put_string(json, bscope_rule_id(finding->rule));
  put_text(json, "severity", severities[finding->severity]);
  put_text(json, "variable", finding->variable);
  put_text(json, "message", finding->message);
  put_text(json, "help", finding->help);
  if (finding->inferred)
    bscope_sink_put_literal(json->sink, ", \"inferred\": true");
  if (!finding->complete)
    bscope_sink_put_literal(json->sink, ", \"complete\": false");
  bscope_json_put_number_field(json, "count", finding->count);
  bscope_sink_put_literal(json->sink, ", \"places\": [");
  for (size_t i = 0; i < finding->place_count; i++) {
    if (i)
      bscope_sink_put_literal(json->sink, ", ");
    put_place(json, &finding->places[i]);
  }
  bscope_sink_put_literal(json->sink, "]}");
}

int bscope_json_put_violations(struct bscope_json *json, const struct bscope_findings *findings) {
  struct bscope_finding finding;
  size_t count = bscope_findings_count(findings);
  for (size_t i = 0; i < count && bscope_findings_at(findings, i, &finding) == BSCOPE_OK; i++) {
    bscope_json_begin_element(json, i != 0);
    put_finding(json, &finding);
  }
  bscope_json_end_array(json, count);
  return bscope_json_status(json);
}
