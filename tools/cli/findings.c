/* SPDX-License-Identifier: Apache-2.0 */
#include "findings.h"

#include "json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROW(number, name, title, rustc, cwe) [number] = {title, rustc, cwe},
static const struct cli_rule rules[CLI_RULES] = {[0] = {"", "", 0}, BSCOPE_RULES(ROW)};
#undef ROW

const struct cli_rule *cli_rule(enum bscope_rule rule) {
  return &rules[(unsigned)rule < CLI_RULES ? (unsigned)rule : 0];
}

const char *cli_severity(enum bscope_severity severity) {
  static const char *const names[CLI_SEVERITIES] = {"none", "note", "warning", "error"};
  return names[(unsigned)severity < CLI_SEVERITIES ? (unsigned)severity : 0];
}

const char *cli_role(enum bscope_role role) {
#define ROLE(number, name, text) [number] = text,
  static const char *const names[] = {[0] = "", BSCOPE_ROLES(ROLE)};
#undef ROLE
  return names[(unsigned)role < CLI_COUNT(names) ? (unsigned)role : 0];
}

/* Text without its spaces, so that a line that is only indented anew stays the same. Ended by a byte of its own. */
static uint64_t mix(uint64_t hash, const char *text) {
  for (; text != NULL && *text != '\0'; text++)
    if (*text != ' ')
      hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
  return (hash ^ 0xff) * UINT64_C(0x100000001b3);
}

/* What stays when other lines of the file change: no stamp, no number of a line or a thread. */
static uint64_t fingerprint(const struct bscope_finding *finding, struct cli_sources *sources) {
  const struct bscope_place *place = &finding->places[0];
  struct cli_line line;
  uint64_t hash = mix(UINT64_C(0xcbf29ce484222325), bscope_rule_id(finding->rule));
  for (size_t i = 0; i < finding->place_count; i++)
    hash = mix(mix(hash, cli_role(finding->places[i].role)), finding->places[i].name);
  hash = mix(mix(hash, place->file == NULL ? NULL : cli_source_path(place->file)), place->function);
  return mix(hash, cli_source_line(sources, place, &line) ? line.text : NULL);
}

bool cli_findings_make(struct cli_findings *out, const struct cli_trace *trace, struct cli_sources *sources) {
  *out = (struct cli_findings){.all = bscope_check(trace->log)};
  if (out->all == NULL)
    return false;
  size_t count = bscope_findings_count(out->all);
  out->items = calloc(count + 1, sizeof(*out->items));
  if (out->items == NULL)
    return false;
  for (; out->count < count; out->count++) {
    struct cli_finding *item = &out->items[out->count];
    if (bscope_findings_at(out->all, out->count, &item->told) != BSCOPE_OK)
      return false;
    item->fingerprint = fingerprint(&item->told, sources);
  }
  out->complete = bscope_findings_complete(out->all) && cli_is_whole(trace);
  cli_findings_count(out);
  return true;
}

void cli_findings_free(struct cli_findings *findings) {
  free(findings->items);
  bscope_findings_free(findings->all);
}

void cli_findings_count(struct cli_findings *findings) {
  findings->shown = findings->suppressed = findings->known = 0;
  memset(findings->by, 0, sizeof(findings->by));
  for (size_t i = 0; i < findings->count; i++) {
    const struct cli_finding *item = &findings->items[i];
    findings->suppressed += item->suppressed;
    findings->known += item->known && !item->suppressed;
    findings->shown += cli_is_shown(item);
    if (cli_is_shown(item) && (unsigned)item->told.rule < CLI_RULES && (unsigned)item->told.severity < CLI_SEVERITIES)
      findings->by[item->told.rule][item->told.severity]++;
  }
}

size_t cli_findings_of(const struct cli_findings *findings, enum bscope_severity severity) {
  size_t sum = 0;
  for (size_t rule = 0; rule < CLI_RULES; rule++)
    sum += findings->by[rule][severity];
  return sum;
}

enum bscope_severity cli_findings_gravest(const struct cli_findings *findings) {
  unsigned severity = CLI_SEVERITIES - 1;
  while (severity > 0 && cli_findings_of(findings, (enum bscope_severity)severity) == 0)
    severity--;
  return (enum bscope_severity)severity;
}

/* "2 errors, 1 note" of numbers by severity; "none". */
static char *put_words(const size_t by[CLI_SEVERITIES], char out[CLI_SUMMARY_BYTES]) {
  size_t used = 0;
  strcpy(out, "none");
  for (unsigned severity = CLI_SEVERITIES - 1; severity > 0; severity--) {
    int n = by[severity] == 0
                ? 0
                : snprintf(out + used, CLI_SUMMARY_BYTES - used, "%s%zu %s%s", used == 0 ? "" : ", ", by[severity],
                           cli_severity((enum bscope_severity)severity), by[severity] == 1 ? "" : "s");
    used = n < 0 ? used : used + (size_t)n;
  }
  return out;
}

char *cli_findings_words(const struct cli_findings *findings, char out[CLI_SUMMARY_BYTES]) {
  size_t by[CLI_SEVERITIES] = {0};
  for (unsigned severity = 1; severity < CLI_SEVERITIES; severity++)
    by[severity] = cli_findings_of(findings, (enum bscope_severity)severity);
  return put_words(by, out);
}

char *cli_findings_of_rule(const struct cli_findings *findings, enum bscope_rule rule, char out[CLI_SUMMARY_BYTES]) {
  const size_t *by = findings->by[rule];
  return by[1] + by[2] + by[3] == 0 ? NULL : put_words(by, out);
}

void cli_findings_json(struct cli_json *json, const struct cli_findings *findings) {
  cli_json_open(json, "findings", '{');
  for (int rule = 1; rule < CLI_RULES; rule++) {
    const size_t *by = findings->by[rule];
    if (by[1] + by[2] + by[3] == 0)
      continue;
    cli_json_open(json, bscope_rule_id((enum bscope_rule)rule), '{');
    cli_json_number(json, "errors", by[BSCOPE_SEVERITY_ERROR]);
    cli_json_number(json, "warnings", by[BSCOPE_SEVERITY_WARNING]);
    cli_json_number(json, "notes", by[BSCOPE_SEVERITY_NOTE]);
    cli_json_close(json, '}');
  }
  cli_json_close(json, '}');
}

char *cli_fingerprint(const struct cli_finding *finding, char out[CLI_FINGERPRINT_BYTES]) {
  snprintf(out, CLI_FINGERPRINT_BYTES, "%016" PRIx64 ":%s", finding->fingerprint, cli_severity(finding->told.severity));
  return out;
}
