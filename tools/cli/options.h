/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options, from one table: a row says an option's name and letter, which commands know it, what it takes, where it
 * is kept, and what it means.
 */
#ifndef BSCOPE_CLI_OPTIONS_H
#define BSCOPE_CLI_OPTIONS_H

#include "cli.h"

enum cli_option_type { CLI_FLAG, CLI_WORD, CLI_NUMBER, CLI_CHOICE, CLI_FORMAT, CLI_SETTING };

struct cli_option {
  const char *name;
  char letter;       /* or 0 */
  const char *value; /* what it takes, as help shows it (of a choice its words); NULL: nothing */
  unsigned verbs;    /* enum cli_verb */
  enum cli_option_type type;
  size_t field; /* offset in struct cli_options */
  const char *meaning;
};

extern const struct cli_option cli_option_table[];
extern const size_t cli_option_count;

/* Whether a command knows an option; of NULL: whether the program itself does. */
bool cli_knows(const struct cli_command *command, const struct cli_option *option);

/* What --format takes with this command. */
const char *cli_value_of(const struct cli_command *command, const struct cli_option *option);

/* Takes argv apart behind the command's name into cli->options and cli->arguments. 0 or CLI_FAILED, with a complaint.
 */
int cli_parse(struct cli *cli, int argc, char **argv);

/* A whole decimal number. */
bool cli_parse_number(const char *text, uint64_t *out);

/* Word i of "a|b|c": its length, and where it begins; 0 behind the last. */
size_t cli_word(const char *words, size_t i, const char **begin);

#endif
