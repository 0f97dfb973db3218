/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `check --format sarif`: SARIF 2.1.0 for code scanning. A finding's way through the threads is a code flow; what was
 * suppressed or is of the baseline stands in it too and says so.
 */
#include "findings.h"

#include "explain.h"
#include "json.h"

#include <borrowscope/version.h>

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define RESULTS_MOST 25000 /* that a code scanning service takes of one run */
#define URI_BYTES 2048

static void put_message(struct cli_json *json, const char *key, const char *text) {
  cli_json_open(json, key, '{');
  cli_json_string(json, "text", text == NULL ? "" : text);
  cli_json_close(json, '}');
}

/* Percent-encoded; what an absolute path has before the current directory is taken off. Cut paths are "". */
static bool put_uri(const char *file, char out[URI_BYTES]) {
  char cwd[URI_BYTES];
  size_t used = 0, prefix = getcwd(cwd, sizeof(cwd)) == NULL ? 0 : strlen(cwd);
  file = cli_source_path(file);
  if (prefix > 1 && strncmp(file, cwd, prefix) == 0 && file[prefix] == '/')
    file += prefix + 1;
  bool relative = file[0] != '/';
  if (!relative)
    used = (size_t)snprintf(out, URI_BYTES, "file://");
  for (; *file != '\0' && used + 4 < URI_BYTES; file++) {
    static const char plain[] = "-._~/+@,!$&()=;";
    bool letter = (*file >= 'a' && *file <= 'z') || (*file >= 'A' && *file <= 'Z') || (*file >= '0' && *file <= '9');
    if (letter || strchr(plain, *file) != NULL)
      out[used++] = *file;
    else
      used += (size_t)snprintf(out + used, 4, "%%%02X", (unsigned)(unsigned char)*file);
  }
  out[used] = '\0';
  return relative;
}

/* Characters, not bytes. */
static size_t characters(const char *text, size_t bytes) {
  size_t count = 0;
  for (size_t i = 0; i < bytes; i++)
    count += ((unsigned char)text[i] & 0xc0) != 0x80;
  return count;
}

static void put_region(struct cli_json *json, const struct bscope_place *place, struct cli_sources *sources) {
  struct cli_line line;
  if (place->line == 0)
    return;
  bool read = cli_source_line(sources, place, &line);
  cli_json_open(json, "region", '{');
  cli_json_number(json, "startLine", place->line);
  cli_json_number(json, "endLine", place->line);
  if (read && line.column != 0) { /* a tab is one character of the file */
    cli_json_number(json, "startColumn", line.character);
    cli_json_number(json, "endColumn", line.character + characters(place->name, strlen(place->name)));
  }
  if (read)
    put_message(json, "snippet", line.text);
  cli_json_close(json, '}');
}

/* The members of a location. */
static void put_location(struct cli_json *json, const struct bscope_place *place, struct cli_sources *sources) {
  char uri[URI_BYTES], text[URI_BYTES];
  snprintf(text, sizeof(text), "%s%.200s%s%s here", place->name == NULL ? "" : "'",
           place->name == NULL ? "" : place->name, place->name == NULL ? "" : "' ", cli_role(place->role));
  put_message(json, "message", place->role == BSCOPE_ROLE_ENDED ? cli_role(place->role) : text);
  if (place->file != NULL && place->file[0] != '\0') {
    bool relative = put_uri(place->file, uri);
    cli_json_open(json, "physicalLocation", '{');
    cli_json_open(json, "artifactLocation", '{');
    cli_json_string(json, "uri", uri);
    if (relative)
      cli_json_string(json, "uriBaseId", "%SRCROOT%");
    cli_json_close(json, '}');
    put_region(json, place, sources);
    cli_json_close(json, '}');
  }
  if (place->function == NULL || place->function[0] == '\0')
    return;
  cli_json_open(json, "logicalLocations", '[');
  cli_json_open(json, NULL, '{');
  cli_json_string(json, "name", place->function);
  cli_json_string(json, "kind", "function");
  cli_json_close(json, '}');
  cli_json_close(json, ']');
}

/* What a place does to the memory or the lock, in the words of the format. */
static const char *kind_of(enum bscope_role role) {
  switch (role) {
  case BSCOPE_ROLE_CREATED:
  case BSCOPE_ROLE_BORROWED:
  case BSCOPE_ROLE_BORROWED_MUT:
  case BSCOPE_ROLE_LOCKED:
  case BSCOPE_ROLE_CLONED:
    return "acquire";
  case BSCOPE_ROLE_MOVED:
  case BSCOPE_ROLE_DROPPED:
  case BSCOPE_ROLE_BORROW_ENDED:
  case BSCOPE_ROLE_OVERWRITTEN:
    return "release";
  default:
    return "danger";
  }
}

/* Places in log order. */
static size_t sorted(const struct bscope_finding *told, const struct bscope_place *out[BSCOPE_PLACES_MAX]) {
  for (size_t i = 0; i < told->place_count; i++) {
    size_t at = i;
    for (; at > 0 && out[at - 1]->stamp > told->places[i].stamp; at--)
      out[at] = out[at - 1];
    out[at] = &told->places[i];
  }
  return told->place_count;
}

static void put_step(struct cli_json *json, const struct bscope_place *place, bool broken,
                     struct cli_sources *sources) {
  cli_json_open(json, NULL, '{');
  cli_json_open(json, "location", '{');
  put_location(json, place, sources);
  cli_json_close(json, '}');
  cli_json_number(json, "executionOrder", place->stamp);
  cli_json_open(json, "kinds", '[');
  cli_json_string(json, NULL, kind_of(place->role));
  cli_json_string(json, NULL, place->role == BSCOPE_ROLE_LOCKED ? "lock" : "memory");
  if (broken && strcmp(kind_of(place->role), "danger") != 0)
    cli_json_string(json, NULL, "danger");
  cli_json_close(json, ']');
  cli_json_string(json, "importance", broken ? "essential" : "important");
  cli_json_close(json, '}');
}

/* One flow for each thread, their steps ordered by the stamps. */
static void put_flow(struct cli_json *json, const struct bscope_finding *told, struct cli_sources *sources) {
  const struct bscope_place *places[BSCOPE_PLACES_MAX];
  size_t count = sorted(told, places);
  cli_json_open(json, "codeFlows", '[');
  cli_json_open(json, NULL, '{');
  cli_json_open(json, "threadFlows", '[');
  for (size_t i = 0; i < count; i++) {
    bool had = false;
    char id[32];
    for (size_t k = 0; k < i; k++)
      had |= places[k]->thread == places[i]->thread;
    if (had)
      continue;
    snprintf(id, sizeof(id), "thread %" PRIu32, places[i]->thread);
    cli_json_open(json, NULL, '{');
    cli_json_string(json, "id", id);
    cli_json_open(json, "locations", '[');
    for (size_t k = i; k < count; k++)
      if (places[k]->thread == places[i]->thread)
        put_step(json, places[k], places[k] == &told->places[0], sources);
    cli_json_close(json, ']');
    cli_json_close(json, '}');
  }
  cli_json_close(json, ']');
  cli_json_close(json, '}');
  cli_json_close(json, ']');
}

static void put_fingerprints(struct cli_json *json, const struct cli_finding *finding) {
  char text[CLI_FINGERPRINT_BYTES], line[CLI_FINGERPRINT_BYTES];
  snprintf(line, sizeof(line), "%016" PRIx64 ":1", finding->fingerprint);
  cli_json_open(json, "partialFingerprints", '{');
  cli_json_string(json, "primaryLocationLineHash", line);
  cli_json_string(json, "borrowscope/v1", cli_fingerprint(finding, text));
  cli_json_close(json, '}');
}

static void put_state(struct cli_json *json, const struct cli_finding *finding, bool baseline) {
  if (baseline)
    cli_json_string(json, "baselineState", finding->known ? "unchanged" : "new");
  cli_json_open(json, "suppressions", '['); /* an empty list: it was looked, and there is none */
  if (finding->suppressed) {
    cli_json_open(json, NULL, '{');
    cli_json_string(json, "kind", "external");
    cli_json_close(json, '}');
  }
  cli_json_close(json, ']');
}

static void put_properties(struct cli_json *json, const struct bscope_finding *told) {
  cli_json_open(json, "properties", '{');
  cli_json_string(json, "variable", told->variable);
  cli_json_string(json, "help", told->help);
  cli_json_bool(json, "inferred", told->inferred);
  cli_json_bool(json, "complete", told->complete);
  cli_json_close(json, '}');
}

static void put_locations(struct cli_json *json, const char *key, const struct bscope_place *places, size_t count,
                          struct cli_sources *sources) {
  cli_json_open(json, key, '[');
  for (size_t i = 0; i < count; i++) {
    cli_json_open(json, NULL, '{');
    put_location(json, &places[i], sources);
    cli_json_close(json, '}');
  }
  cli_json_close(json, ']');
}

static void put_result(struct cli_json *json, const struct cli_finding *finding, struct cli_sources *sources,
                       bool baseline) {
  const struct bscope_finding *told = &finding->told;
  cli_json_open(json, NULL, '{');
  cli_json_string(json, "ruleId", bscope_rule_id(told->rule));
  cli_json_number(json, "ruleIndex", (uint64_t)told->rule - 1);
  cli_json_string(json, "level", cli_severity(told->severity));
  put_message(json, "message", told->message);
  put_locations(json, "locations", told->places, told->places[0].file == NULL ? 0 : 1, sources);
  put_locations(json, "relatedLocations", told->places + 1, told->place_count - 1, sources);
  put_flow(json, told, sources);
  cli_json_number(json, "occurrenceCount", told->count == 0 ? 1 : told->count);
  put_fingerprints(json, finding);
  put_state(json, finding, baseline);
  put_properties(json, told);
  cli_json_close(json, '}');
}

static void put_rule(struct cli_json *json, enum bscope_rule number) {
  const struct cli_rule *rule = cli_rule(number);
  const struct cli_lesson *lesson = cli_lesson(number);
  char cwe[32], id[16];
  snprintf(cwe, sizeof(cwe), "external/cwe/cwe-%u", rule->cwe);
  snprintf(id, sizeof(id), "%u", rule->cwe);
  cli_json_open(json, NULL, '{');
  cli_json_string(json, "id", bscope_rule_id(number));
  put_message(json, "shortDescription", rule->title);
  put_message(json, "fullDescription", lesson->says);
  put_message(json, "help", lesson->help);
  cli_json_open(json, "defaultConfiguration", '{');
  cli_json_string(json, "level", number == BSCOPE_RULE_UNSHARED_THREADS ? "warning" : "error");
  cli_json_close(json, '}');
  cli_json_open(json, "relationships", '[');
  cli_json_open(json, NULL, '{');
  cli_json_open(json, "target", '{');
  cli_json_string(json, "id", id);
  cli_json_open(json, "toolComponent", '{');
  cli_json_string(json, "name", "CWE");
  cli_json_number(json, "index", 0);
  cli_json_close(json, '}');
  cli_json_close(json, '}');
  cli_json_open(json, "kinds", '[');
  cli_json_string(json, NULL, "relevant");
  cli_json_close(json, ']');
  cli_json_close(json, '}');
  cli_json_close(json, ']');
  cli_json_open(json, "properties", '{');
  cli_json_open(json, "tags", '[');
  cli_json_string(json, NULL, "ownership");
  cli_json_string(json, NULL, cwe);
  cli_json_close(json, ']');
  cli_json_close(json, '}');
  cli_json_close(json, '}');
}

static void put_driver(struct cli_json *json) {
  cli_json_open(json, "tool", '{');
  cli_json_open(json, "driver", '{');
  cli_json_string(json, "name", "borrowscope");
  cli_json_string(json, "version", BSCOPE_VERSION);
  cli_json_string(json, "semanticVersion", BSCOPE_VERSION);
  cli_json_open(json, "rules", '[');
  for (int rule = 1; rule < CLI_RULES; rule++)
    put_rule(json, (enum bscope_rule)rule);
  cli_json_close(json, ']');
  cli_json_open(json, "supportedTaxonomies", '[');
  cli_json_open(json, NULL, '{');
  cli_json_string(json, "name", "CWE");
  cli_json_number(json, "index", 0);
  cli_json_close(json, '}');
  cli_json_close(json, ']');
  cli_json_close(json, '}');
  cli_json_close(json, '}');
}

/* Each number once, in the order of the rules. */
static void put_taxonomy(struct cli_json *json) {
  cli_json_open(json, "taxonomies", '[');
  cli_json_open(json, NULL, '{');
  cli_json_string(json, "name", "CWE");
  cli_json_string(json, "organization", "MITRE");
  put_message(json, "shortDescription", "Common Weakness Enumeration");
  cli_json_open(json, "taxa", '[');
  for (int rule = 1; rule < CLI_RULES; rule++) {
    unsigned cwe = cli_rule((enum bscope_rule)rule)->cwe;
    bool had = false;
    char id[16];
    for (int before = 1; before < rule; before++)
      had |= cli_rule((enum bscope_rule)before)->cwe == cwe;
    if (had)
      continue;
    snprintf(id, sizeof(id), "%u", cwe);
    cli_json_open(json, NULL, '{');
    cli_json_string(json, "id", id);
    cli_json_close(json, '}');
  }
  cli_json_close(json, ']');
  cli_json_close(json, '}');
  cli_json_close(json, ']');
}

static void put_note(struct cli_json *json, const char *text) {
  cli_json_open(json, NULL, '{');
  cli_json_string(json, "level", "warning");
  put_message(json, "message", text);
  cli_json_close(json, '}');
}

static void put_invocation(struct cli_json *json, const struct cli_checked *checked) {
  char text[CLI_LACKS_BYTES + 64];
  cli_json_open(json, "invocations", '[');
  cli_json_open(json, NULL, '{');
  cli_json_bool(json, "executionSuccessful", true);
  cli_json_open(json, "toolExecutionNotifications", '[');
  snprintf(text, sizeof(text), "The trace is not complete: %s", checked->trace->lacks);
  if (checked->trace->lacks[0] != '\0')
    put_note(json, text);
  snprintf(text, sizeof(text), "Only the first %d of %zu findings are here", RESULTS_MOST, checked->findings.count);
  if (checked->findings.count > RESULTS_MOST)
    put_note(json, text);
  cli_json_close(json, ']');
  cli_json_close(json, '}');
  cli_json_close(json, ']');
}

/* The gravest first: what is over the limit is the mildest. */
static void put_results(struct cli_json *json, const struct cli *cli, struct cli_checked *checked) {
  const struct cli_findings *findings = &checked->findings;
  size_t put = 0;
  cli_json_open(json, "results", '[');
  for (unsigned severity = CLI_SEVERITIES - 1; severity > 0; severity--)
    for (size_t i = 0; i < findings->count && put < RESULTS_MOST; i++)
      if (findings->items[i].told.severity == (enum bscope_severity)severity) {
        put_result(json, &findings->items[i], &checked->sources, cli->options.baseline != NULL);
        put++;
      }
  cli_json_close(json, ']');
}

void cli_check_sarif(const struct cli *cli, struct cli_checked *checked) {
  struct cli_json json = {.out = cli->out, .lines = 4};
  cli_json_open(&json, NULL, '{');
  cli_json_string(&json, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
  cli_json_string(&json, "version", "2.1.0");
  cli_json_open(&json, "runs", '[');
  cli_json_open(&json, NULL, '{');
  put_driver(&json);
  put_invocation(&json, checked);
  cli_json_string(&json, "columnKind", "unicodeCodePoints");
  put_results(&json, cli, checked);
  put_taxonomy(&json);
  cli_json_close(&json, '}');
  cli_json_close(&json, ']');
  cli_json_finish(&json);
}
