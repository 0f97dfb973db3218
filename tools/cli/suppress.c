/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suppressions: a file says by rule, site, function and variable which findings are not to count. What begins with '#'
 * is a comment. Costs findings times lines.
 */
#include "findings.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BLANK " \t\r\n"
#define SITE_BYTES 4096

/* "src/a.c:42" of where the rule was broken; "" where that is not known. */
static void put_site(const struct bscope_place *place, char out[SITE_BYTES]) {
  out[0] = '\0';
  if (place->file != NULL)
    snprintf(out, SITE_BYTES, "%s:%" PRIu32, cli_source_path(place->file), place->line);
}

static bool matches(const struct cli_suppression *rule, const struct bscope_finding *finding) {
  const struct bscope_place *place = &finding->places[0];
  char site[SITE_BYTES];
  put_site(place, site);
  return cli_glob(rule->rule, bscope_rule_id(finding->rule)) && cli_glob(rule->site, site) &&
         (rule->function == NULL || cli_glob(rule->function, place->function == NULL ? "" : place->function)) &&
         (rule->variable == NULL || cli_glob(rule->variable, place->name == NULL ? "" : place->name) ||
          cli_glob(rule->variable, finding->variable == NULL ? "" : finding->variable));
}

static bool is_rule(const char *glob) {
  for (int rule = 1; rule < CLI_RULES; rule++)
    if (cli_glob(glob, bscope_rule_id((enum bscope_rule)rule)))
      return true;
  return false;
}

/* Takes the line's words apart. NULL, or what is wrong with it. */
static const char *parse(struct cli_suppression *out) {
  char *rest, *word = strtok_r(out->words, BLANK, &rest);
  out->rule = word;
  out->site = strtok_r(NULL, BLANK, &rest);
  if (!is_rule(out->rule))
    return "there is no such rule (BS001 to BS010, or a glob)";
  if (out->site == NULL)
    return "the site is missing: a glob for FILE:LINE, as in src/*.c:*";
  while ((word = strtok_r(NULL, BLANK, &rest)) != NULL && word[0] != '#') {
    if (strncmp(word, "function=", 9) == 0)
      out->function = word + 9;
    else if (strncmp(word, "variable=", 9) == 0)
      out->variable = word + 9;
    else
      return "behind the site may stand function=GLOB and variable=GLOB";
  }
  return NULL;
}

/* NULL, or what is wrong. A line of comment or of nothing adds nothing. */
static const char *add(struct cli_suppressions *all, const char *line, size_t number) {
  const char *begin = line + strspn(line, BLANK);
  if (*begin == '\0' || *begin == '#')
    return NULL;
  struct cli_suppression *grown = realloc(all->items, (all->count + 1) * sizeof(*grown));
  if (grown == NULL)
    return "no memory";
  all->items = grown;
  grown += all->count;
  *grown = (struct cli_suppression){.words = strdup(begin), .line = number};
  if (grown->words == NULL)
    return "no memory";
  all->count++;
  return parse(grown);
}

int cli_suppressions_add(struct cli *cli, struct cli_suppressions *out, const char *text) {
  const char *wrong = NULL;
  size_t number = 0;
  while (text != NULL && *text != '\0' && wrong == NULL) {
    size_t length = strcspn(text, "\n");
    char *line = strndup(text, length);
    wrong = line == NULL ? "no memory" : add(out, line, ++number);
    free(line);
    text += length + (text[length] == '\n');
  }
  for (size_t i = 0; i < out->count; i++)
    out->items[i].by_program = true;
  return wrong == NULL ? 0 : cli_complain(cli, "bscope_default_suppressions, line %zu: %s", number, wrong);
}

int cli_suppressions_read(struct cli *cli, struct cli_suppressions *out, const char *path) {
  char *line = NULL;
  size_t room = 0, number = 0;
  const char *wrong = NULL;
  out->path = path;
  FILE *in = fopen(path, "r");
  if (in == NULL)
    return cli_complain(cli, "--suppressions: %s: %s", path, strerror(errno));
  errno = 0;
  while (wrong == NULL && getline(&line, &room, in) >= 0) {
    wrong = add(out, line, ++number);
    errno = 0;
  }
  int error = wrong == NULL && ferror(in) ? errno : 0;
  free(line);
  fclose(in);
  if (error != 0)
    return cli_complain(cli, "--suppressions: %s: %s", path, strerror(error));
  return wrong == NULL ? 0 : cli_complain(cli, "%s:%zu: %s", path, number, wrong);
}

/* Each that matches is counted as used: which of two comes first does not decide whether the other is needed. */
void cli_suppressions_apply(struct cli_suppressions *suppressions, struct cli_findings *findings) {
  for (size_t i = 0; i < findings->count; i++) {
    for (size_t k = 0; k < suppressions->count; k++) {
      if (!matches(&suppressions->items[k], &findings->items[i].told))
        continue;
      suppressions->items[k].used++;
      findings->items[i].suppressed = true;
    }
  }
  cli_findings_count(findings);
}

void cli_suppressions_free(struct cli_suppressions *suppressions) {
  for (size_t i = 0; i < suppressions->count; i++)
    free(suppressions->items[i].words);
  free(suppressions->items);
}

/* What would break the line, or mean more than itself, is one character of any kind. */
static void put_glob(FILE *out, const char *text) {
  uint32_t c;
  while (*text != '\0') {
    size_t bytes = cli_character(text, &c);
    if (bytes == 0 || c <= ' ' || c == '*' || cli_is_hidden(c))
      putc('?', out);
    else
      fwrite(text, 1, bytes, out);
    text += bytes == 0 ? 1 : bytes;
  }
}

static bool is_same(const struct bscope_finding *a, const struct bscope_finding *b) {
  const char *x[] = {a->places[0].file, a->places[0].function, a->places[0].name};
  const char *y[] = {b->places[0].file, b->places[0].function, b->places[0].name};
  for (size_t i = 0; i < CLI_COUNT(x); i++)
    if ((x[i] == NULL) != (y[i] == NULL) || (x[i] != NULL && strcmp(x[i], y[i]) != 0))
      return false;
  return a->rule == b->rule;
}

/* An earlier one that is shown had the same line. */
static bool is_put(const struct cli_findings *findings, size_t i) {
  for (size_t k = 0; k < i; k++)
    if (cli_is_shown(&findings->items[k]) && is_same(&findings->items[k].told, &findings->items[i].told))
      return true;
  return false;
}

void cli_suppressions_put(const struct cli *cli, const struct cli_findings *findings) {
  for (size_t i = 0; i < findings->count; i++) {
    const struct bscope_finding *told = &findings->items[i].told;
    const struct bscope_place *place = &told->places[0];
    if (!cli_is_shown(&findings->items[i]) || is_put(findings, i))
      continue;
    fputs("# ", cli->out);
    cli_put(cli->out, told->message);
    fprintf(cli->out, "\n%s ", bscope_rule_id(told->rule));
    if (place->file != NULL)
      put_glob(cli->out, cli_source_path(place->file));
    fputs(place->file == NULL ? "*" : ":*", cli->out);
    fputs(place->function == NULL ? "" : " function=", cli->out);
    put_glob(cli->out, place->function == NULL ? "" : place->function);
    fputs(place->name == NULL ? "" : " variable=", cli->out);
    put_glob(cli->out, place->name == NULL ? "" : place->name);
    putc('\n', cli->out);
  }
}
