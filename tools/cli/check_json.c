/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `check --format json`: the findings that count, and the baseline of a later run. Keys are only ever added.
 */
#include "findings.h"

#include "json.h"

static void put_place(struct cli_json *json, struct cli_checked *checked, const struct bscope_place *place) {
  struct cli_line line;
  cli_json_open(json, NULL, '{');
  cli_json_string(json, "role", cli_role(place->role));
  cli_json_string(json, "file", place->file);
  cli_json_number(json, "line", place->line);
  cli_json_string(json, "function", place->function);
  cli_json_number(json, "thread", place->thread);
  cli_json_number(json, "stamp", place->stamp);
  cli_json_string(json, "name", place->name);
  if (cli_source_line(&checked->sources, place, &line) && line.column != 0)
    cli_json_number(json, "column", line.column);
  cli_json_close(json, '}');
}

static void put_finding(struct cli_json *json, struct cli_checked *checked, const struct cli_finding *finding) {
  const struct bscope_finding *told = &finding->told;
  const struct cli_rule *rule = cli_rule(told->rule);
  char fingerprint[CLI_FINGERPRINT_BYTES];
  cli_json_open(json, NULL, '{');
  cli_json_string(json, "rule", bscope_rule_id(told->rule));
  cli_json_string(json, "severity", cli_severity(told->severity));
  cli_json_string(json, "variable", told->variable);
  cli_json_string(json, "message", told->message);
  cli_json_bool(json, "inferred", told->inferred);
  cli_json_open(json, "places", '[');
  for (size_t i = 0; i < told->place_count; i++)
    put_place(json, checked, &told->places[i]);
  cli_json_close(json, ']');
  cli_json_string(json, "title", rule->title);
  cli_json_string(json, "rustc", rule->rustc[0] == '\0' ? NULL : rule->rustc);
  cli_json_number(json, "cwe", rule->cwe);
  cli_json_string(json, "help", told->help);
  cli_json_bool(json, "complete", told->complete);
  cli_json_number(json, "count", told->count);
  cli_json_string(json, "fingerprint", cli_fingerprint(finding, fingerprint));
  cli_json_close(json, '}');
}

void cli_check_json(const struct cli *cli, struct cli_checked *checked) {
  const struct cli_findings *findings = &checked->findings;
  struct cli_json json = cli_json_begin(cli);
  cli_json_string(&json, "file", checked->trace->path);
  cli_json_string(&json, "lacks", checked->trace->lacks[0] == '\0' ? NULL : checked->trace->lacks);
  cli_json_open(&json, "findings", '[');
  for (size_t i = 0; i < findings->count; i++)
    if (cli_is_shown(&findings->items[i]))
      put_finding(&json, checked, &findings->items[i]);
  cli_json_close(&json, ']');
  cli_json_bool(&json, "complete", findings->complete);
  cli_json_number(&json, "events", bscope_log_count(checked->trace->log));
  for (unsigned severity = CLI_SEVERITIES - 1; severity > 0; severity--) {
    static const char *const keys[CLI_SEVERITIES] = {"", "notes", "warnings", "errors"};
    cli_json_number(&json, keys[severity], cli_findings_of(findings, (enum bscope_severity)severity));
  }
  cli_json_number(&json, "suppressed", findings->suppressed);
  cli_json_number(&json, "known", findings->known);
  cli_json_open(&json, "unused_suppressions", '[');
  for (size_t i = 0; i < checked->suppressions.count; i++)
    if (checked->suppressions.items[i].used == 0 && !checked->suppressions.items[i].by_program)
      cli_json_number(&json, NULL, checked->suppressions.items[i].line);
  cli_json_close(&json, ']');
  cli_json_finish(&json);
}
