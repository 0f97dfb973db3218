/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `explain`: a rule with its example, or a kind of event, from the tables that checking and recording are made from.
 */
#include "explain.h"

#include "findings.h"
#include "table.h"
#include "text.h"

#include <borrowscope/kinds.h>

#include <string.h>
#include <strings.h>

static void put_title(const struct cli *cli, const char *title) {
  putc('\n', cli->out);
  cli_paint(cli, CLI_BOLD);
  fputs(title, cli->out);
  cli_paint(cli, CLI_PLAIN);
  fputs("\n\n", cli->out);
}

static void put_indented(const struct cli *cli, const char *text) {
  while (*text != '\0') {
    size_t size = strcspn(text, "\n");
    cli_put_spaces(cli->out, size == 0 ? 0 : 4);
    fwrite(text, 1, size, cli->out);
    putc('\n', cli->out);
    text += size + (text[size] == '\n');
  }
}

static void put_folded(const struct cli *cli, const char *text) {
  fputs("  ", cli->out);
  cli_put_folded(cli->out, text, 2, 2);
}

static int explain_rule(const struct cli *cli, enum bscope_rule number) {
  const struct cli_rule *rule = cli_rule(number);
  const struct cli_lesson *lesson = cli_lesson(number);
  cli_paint(cli, CLI_BOLD);
  fprintf(cli->out, "%s: %s", bscope_rule_id(number), rule->title);
  cli_paint(cli, CLI_PLAIN);
  fprintf(cli->out, " (%s%s%sCWE-%u)\n\n", rule->rustc[0] == '\0' ? "" : "rustc ", rule->rustc,
          rule->rustc[0] == '\0' ? "" : ", ", rule->cwe);
  put_folded(cli, lesson->says);
  put_title(cli, "A program that breaks it:");
  put_indented(cli, lesson->wrong);
  put_title(cli, "What its log has (o made, m moved, x dropped, & borrowed, ) its end, ! broken):");
  put_indented(cli, lesson->picture);
  put_title(cli, "Mended:");
  put_indented(cli, lesson->right);
  put_title(cli, "What to do:");
  put_folded(cli, lesson->help);
  return CLI_CLEAN;
}

struct kind {
  const char *name;
  const char *macro;
  const char *arguments;
  enum bscope_kind kind;
};

/* clang-format off */
#define KIND(number, NAME, json, group, effect, fields, arguments) {json, #NAME, arguments, BSCOPE_KIND_##NAME},
static const struct kind kinds[] = {BSCOPE_KINDS(KIND)};
#undef KIND
#define EFFECT(NAME, text) [BSCOPE_EFFECT_##NAME] = text,
static const char *const effects[] = {BSCOPE_EFFECTS(EFFECT)};
#undef EFFECT
/* clang-format on */

/* clang-format off */
#define GROUP(NAME, text) [BSCOPE_GROUP_##NAME] = text,
static const char *const groups[] = {BSCOPE_GROUPS(GROUP)};
#undef GROUP
/* clang-format on */

static const char *group_of(enum bscope_kind kind) {
  unsigned group = (unsigned)bscope_kind_group(kind);
  return group < CLI_COUNT(groups) && groups[group] != NULL ? groups[group] : "";
}

static const char *effect_of(enum bscope_kind kind) {
  unsigned effect = (unsigned)bscope_kind_effect(kind);
  return effect < CLI_COUNT(effects) && effects[effect] != NULL ? effects[effect] : "";
}

static int explain_kind(const struct cli *cli, const struct kind *kind) {
  cli_paint(cli, CLI_BOLD);
  fputs(kind->name, cli->out);
  cli_paint(cli, CLI_PLAIN);
  fprintf(cli->out, " (%s): %s\n\n  bscope_track_", group_of(kind->kind), effect_of(kind->kind));
  for (const char *c = kind->macro; *c != '\0'; c++)
    putc(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c, cli->out);
  fprintf(cli->out, "(%s)\n\nIts events: borrowscope events --kind %s FILE\n", kind->arguments, kind->name);
  return CLI_CLEAN;
}

static int list(const struct cli *cli) {
  struct cli_table rules = {.heads = {"rule", "title", "rustc"}}, table = {.heads = {"kind", "group", "effect"}};
  for (int i = 1; i < CLI_RULES; i++) {
    cli_table_add(&rules, "%s", bscope_rule_id((enum bscope_rule)i));
    cli_table_add(&rules, "%s", cli_rule((enum bscope_rule)i)->title);
    cli_table_add(&rules, "%s", cli_rule((enum bscope_rule)i)->rustc);
  }
  for (size_t i = 0; i < CLI_COUNT(kinds); i++) {
    cli_table_add(&table, "%s", kinds[i].name);
    cli_table_add(&table, "%s", group_of(kinds[i].kind));
    cli_table_add(&table, "%s", effect_of(kinds[i].kind));
  }
  cli_table_put(&rules, cli);
  putc('\n', cli->out);
  cli_table_put(&table, cli);
  return CLI_CLEAN;
}

/* The nearest rule or kind for a slip of the fingers; NULL: none is near. */
static const char *nearest(const char *word) {
  const char *best = NULL;
  size_t distance = 3;
  for (size_t i = 0; i < CLI_COUNT(kinds) + CLI_RULES - 1; i++) {
    const char *name =
        i < CLI_COUNT(kinds) ? kinds[i].name : bscope_rule_id((enum bscope_rule)(i + 1 - CLI_COUNT(kinds)));
    size_t d = cli_distance(word, name);
    if (d < distance) {
      distance = d;
      best = name;
    }
  }
  return best;
}

int cli_explain(struct cli *cli) {
  const char *word = cli_argument(cli, 0);
  if (word == NULL)
    return list(cli);
  for (int rule = 1; rule < CLI_RULES; rule++)
    if (strcasecmp(word, bscope_rule_id((enum bscope_rule)rule)) == 0)
      return explain_rule(cli, (enum bscope_rule)rule);
  for (size_t i = 0; i < CLI_COUNT(kinds); i++)
    if (strcasecmp(word, kinds[i].name) == 0)
      return explain_kind(cli, &kinds[i]);
  const char *meant = nearest(word);
  if (meant != NULL)
    return cli_complain(cli, "explain: there is no rule or kind '%s'; is %s meant?", word, meant);
  return cli_complain(cli, "explain: there is no rule or kind '%s'; borrowscope explain lists them", word);
}
