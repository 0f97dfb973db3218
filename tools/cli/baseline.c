/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The baseline: findings that somebody knows of, from an older trace or from what `check` wrote of one. Each excuses
 * one finding of its fingerprint that is no graver; what was a note and is an error now is new.
 */
#include "findings.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct known {
  uint64_t fingerprint;
  enum bscope_severity severity;
  bool used;
};

struct baseline {
  struct known *items; /* owned */
  size_t count;
};

#define SAVED_MOST ((off_t)1 << 30)

/* The whole file, if it is a document; NULL with errno 0: it is none. */
static char *read_document(const char *path) {
  struct stat about;
  FILE *in = stat(path, &about) == 0 && S_ISREG(about.st_mode) ? fopen(path, "r") : NULL;
  errno = 0;
  if (in == NULL)
    return NULL;
  int first = getc(in);
  while (first != EOF && isspace(first))
    first = getc(in);
  char *text = NULL;
  if (first == '{' && about.st_size <= SAVED_MOST && (text = malloc((size_t)about.st_size + 1)) != NULL) {
    rewind(in);
    text[fread(text, 1, (size_t)about.st_size, in)] = '\0';
  } else if (first == '{') {
    errno = ENOMEM;
  }
  fclose(in);
  return text;
}

/* Behind a key and its colon; NULL: there is none any more. A quote inside a string has a backslash before it. */
static const char *behind_key(const char *text, const char *key) {
  const char *at = text;
  while ((at = strstr(at, key)) != NULL) {
    const char *value = at + strlen(key);
    value += strspn(value, " \t\r\n");
    bool is_key = (at == text || at[-1] != '\\') && *value == ':';
    at += strlen(key);
    if (is_key) {
      value++;
      return value + strspn(value, " \t\r\n");
    }
  }
  return NULL;
}

static enum bscope_severity severity_of(const char *word) {
  for (unsigned severity = 1; severity < CLI_SEVERITIES; severity++) {
    const char *name = cli_severity((enum bscope_severity)severity);
    if (strncmp(word, name, strlen(name)) == 0 && word[strlen(name)] == '"')
      return (enum bscope_severity)severity;
  }
  return BSCOPE_SEVERITY_NONE;
}

static bool add(struct baseline *out, uint64_t fingerprint, enum bscope_severity severity) {
  if (out->count % 64 == 0) {
    struct known *grown = realloc(out->items, (out->count + 64) * sizeof(*grown));
    if (grown == NULL)
      return false;
    out->items = grown;
  }
  out->items[out->count++] = (struct known){fingerprint, severity, false};
  return true;
}

static bool add_document(struct baseline *out, const char *text) {
  static const char *const keys[] = {"\"fingerprint\"", "\"borrowscope/v1\""};
  for (size_t i = 0; i < CLI_COUNT(keys); i++) {
    for (const char *at = text; (at = behind_key(at, keys[i])) != NULL;) {
      char *end = NULL;
      uint64_t fingerprint = *at == '"' ? strtoull(at + 1, &end, 16) : 0;
      if (end == at + 17 && *end == ':' && !add(out, fingerprint, severity_of(end + 1)))
        return false;
    }
  }
  return true;
}

static int read_trace(struct cli *cli, struct baseline *out, const char *path) {
  struct cli_trace trace;
  struct cli_findings findings = {0};
  struct cli_sources sources = {.folder = cli->options.source};
  int status = cli_open(cli, &trace, path);
  if (status != 0)
    return status;
  bool good = cli_findings_make(&findings, &trace, &sources);
  for (size_t i = 0; good && i < findings.count; i++)
    if (!add(out, findings.items[i].fingerprint, findings.items[i].told.severity))
      status = cli_complain(cli, "--baseline: no memory");
  if (!good)
    status = cli_complain(cli, "%s: %s", path, bscope_last_error());
  cli_findings_free(&findings);
  cli_source_free(&sources);
  int closed = cli_close(cli, &trace, status);
  return status != 0 ? status : closed == CLI_DAMAGED ? 0 : closed;
}

static int read_baseline(struct cli *cli, struct baseline *out, const char *path) {
  char *text = read_document(path);
  if (text == NULL)
    return errno != 0 ? cli_complain(cli, "--baseline: %s: %s", path, strerror(errno)) : read_trace(cli, out, path);
  bool ours = behind_key(text, "\"findings\"") != NULL || behind_key(text, "\"results\"") != NULL;
  bool good = !ours || add_document(out, text);
  free(text);
  if (!ours)
    return cli_complain(cli, "--baseline: %s: neither a trace nor what check --format json or sarif wrote", path);
  return good ? 0 : cli_complain(cli, "--baseline: no memory");
}

static int by_fingerprint(const void *a, const void *b) {
  const struct known *x = a, *y = b;
  if (x->fingerprint != y->fingerprint)
    return x->fingerprint < y->fingerprint ? -1 : 1;
  return (int)x->severity - (int)y->severity;
}

/* The mildest one left that is grave enough; false: none. */
static bool take(struct baseline *baseline, const struct cli_finding *finding) {
  size_t low = 0, high = baseline->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (baseline->items[middle].fingerprint < finding->fingerprint)
      low = middle + 1;
    else
      high = middle;
  }
  for (; low < baseline->count && baseline->items[low].fingerprint == finding->fingerprint; low++) {
    struct known *known = &baseline->items[low];
    if (!known->used && known->severity >= finding->told.severity) {
      known->used = true;
      return true;
    }
  }
  return false;
}

int cli_baseline_apply(struct cli *cli, struct cli_findings *findings, const char *path) {
  struct baseline baseline = {0};
  int status = read_baseline(cli, &baseline, path);
  if (status == 0 && baseline.count > 0)
    qsort(baseline.items, baseline.count, sizeof(*baseline.items), by_fingerprint);
  for (unsigned severity = CLI_SEVERITIES - 1; status == 0 && severity > 0; severity--) /* the gravest chooses first */
    for (size_t i = 0; i < findings->count; i++)
      if (findings->items[i].told.severity == (enum bscope_severity)severity)
        findings->items[i].known = take(&baseline, &findings->items[i]);
  free(baseline.items);
  cli_findings_count(findings);
  return status;
}
