/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The findings of a trace as `check` shows them: each with a fingerprint that outlives changes elsewhere in its file,
 * and whether somebody has said that it is not to count.
 */
#ifndef BSCOPE_CLI_FINDINGS_H
#define BSCOPE_CLI_FINDINGS_H

#include "source.h"
#include "trace.h"

struct cli_finding {
  struct bscope_finding told; /* its strings belong to cli_findings.all */
  uint64_t fingerprint;
  bool suppressed;
  bool known; /* the baseline has it */
};

#define CLI_RULES 11      /* one past the last rule's number */
#define CLI_SEVERITIES 4u /* the same of enum bscope_severity */

struct cli_findings {
  struct bscope_findings *all; /* owned */
  struct cli_finding *items;   /* owned; in the order in which they were proved */
  size_t count;
  bool complete; /* the log lacks nothing that findings could rest on */
  size_t shown;  /* neither suppressed nor known */
  size_t suppressed;
  size_t known;
  size_t by[CLI_RULES][CLI_SEVERITIES]; /* of those shown */
};

/* False: bscope_last_error says why. */
bool cli_findings_make(struct cli_findings *out, const struct cli_trace *trace, struct cli_sources *sources);
void cli_findings_free(struct cli_findings *findings);

/* Counts anew, when something was suppressed or known. */
void cli_findings_count(struct cli_findings *findings);

static inline bool cli_is_shown(const struct cli_finding *finding) {
  return !finding->suppressed && !finding->known;
}

/* Of those shown, by severity; and the gravest. */
size_t cli_findings_of(const struct cli_findings *findings, enum bscope_severity severity);
enum bscope_severity cli_findings_gravest(const struct cli_findings *findings);

/* "2 errors, 1 note", or "none"; and of one rule, NULL if there is none of it. */
#define CLI_SUMMARY_BYTES 96
char *cli_findings_words(const struct cli_findings *findings, char out[CLI_SUMMARY_BYTES]);
char *cli_findings_of_rule(const struct cli_findings *findings, enum bscope_rule rule, char out[CLI_SUMMARY_BYTES]);

/* "findings": each rule's numbers. */
struct cli_json;
void cli_findings_json(struct cli_json *json, const struct cli_findings *findings);

/* The row of a rule; of a number that is none, one without words. */
struct cli_rule {
  const char *title;
  const char *rustc;
  unsigned cwe;
};
const struct cli_rule *cli_rule(enum bscope_rule rule);

const char *cli_severity(enum bscope_severity severity);
const char *cli_role(enum bscope_role role);

/* "0123456789abcdef:error". */
#define CLI_FINGERPRINT_BYTES 32
char *cli_fingerprint(const struct cli_finding *finding, char out[CLI_FINGERPRINT_BYTES]);

/* Marks those that `path` has too, as a trace or as what `check --format json` or sarif wrote of one. 0, or CLI_FAILED
   with a complaint. */
int cli_baseline_apply(struct cli *cli, struct cli_findings *findings, const char *path);

/* What is not to count, from a file: a line each, RULE SITE [function=GLOB] [variable=GLOB]. */
struct cli_suppression {
  char *words; /* owned; the line, the four globs point into it */
  const char *rule;
  const char *site;
  const char *function;
  const char *variable;
  size_t line;
  size_t used;
  bool by_program; /* by its bscope_default_suppressions, which need not all be of use here */
};

struct cli_suppressions {
  const char *path;              /* of the file, if there was one */
  struct cli_suppression *items; /* owned */
  size_t count;
};

/* Adds what the program said (NULL: nothing), and what a file says. 0, or CLI_FAILED with a complaint. */
int cli_suppressions_add(struct cli *cli, struct cli_suppressions *out, const char *text);
int cli_suppressions_read(struct cli *cli, struct cli_suppressions *out, const char *path);
void cli_suppressions_apply(struct cli_suppressions *suppressions, struct cli_findings *findings);
void cli_suppressions_free(struct cli_suppressions *suppressions);

/* A line for each finding that is shown, and what it is of. */
void cli_suppressions_put(const struct cli *cli, const struct cli_findings *findings);

/* All that `check` writes of one trace. */
struct cli_checked {
  const struct cli_trace *trace;
  struct cli_findings findings;
  struct cli_suppressions suppressions;
  struct cli_sources sources;
};

/* diagnose.c, check_json.c, sarif.c. */
void cli_check_text(const struct cli *cli, struct cli_checked *checked);
void cli_check_json(const struct cli *cli, struct cli_checked *checked);
void cli_check_sarif(const struct cli *cli, struct cli_checked *checked);

#endif
