/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include "text.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define FIELD(name) offsetof(struct cli_options, name)

const struct cli_option cli_option_table[] = {
    {"format", 0, "FORMAT", CLI_ALL & ~CLI_EXPLAIN, CLI_FORMAT, FIELD(format), "what to write"},
    {"output", 'o', "FILE", CLI_RUN | CLI_EXPORT | CLI_PACK, CLI_WORD, FIELD(output),
     "write to FILE (of run: the trace; %p in it is the process's number)"},
    {"option", 0, "KEY=VALUE", CLI_RUN, CLI_SETTING, 0,
     "an option of the library, as in BORROWSCOPE_OPTIONS; repeatable"},
    {"heap", 0, NULL, CLI_RUN, CLI_FLAG, FIELD(heap),
     "record each block of the program's heap too; it need not know the library"},
    {"locks", 0, NULL, CLI_RUN, CLI_FLAG, FIELD(locks),
     "record each hold of the program's mutexes and read-write locks too; nor need it here"},
    {"force", 0, NULL, CLI_RUN, CLI_FLAG, FIELD(force), "remove the trace FILE first if there is one"},
    {"replace", 0, NULL, CLI_PACK, CLI_FLAG, FIELD(replace), "put the packed file in the place of FILE"},
    {"kind", 0, "KIND[,KIND]...", CLI_EVENTS, CLI_WORD, FIELD(kinds), "only events of these kinds (New, Borrow, ...)"},
    {"name", 0, "GLOB", CLI_EVENTS | CLI_GRAPH, CLI_WORD, FIELD(name), "only what has such a name (* and ?)"},
    {"thread", 0, "THREAD", CLI_EVENTS, CLI_WORD, FIELD(thread), "only events of this thread: its number, or its name"},
    {"from", 0, "WHEN", CLI_EVENTS, CLI_WORD, FIELD(from),
     "from this stamp on, or this long after the first event: +1.5s, +20ms"},
    {"to", 0, "WHEN", CLI_EVENTS, CLI_WORD, FIELD(to), "up to this stamp or time, without it"},
    {"head", 0, "N", CLI_EVENTS, CLI_NUMBER, FIELD(head), "the first N of them"},
    {"tail", 0, "N", CLI_EVENTS, CLI_NUMBER, FIELD(tail), "the last N of them"},
    {"follow", 'f', NULL, CLI_EVENTS, CLI_FLAG, FIELD(follow), "go on with what is recorded from now on"},
    {"limit", 0, "N", CLI_REPORT | CLI_GRAPH, CLI_NUMBER, FIELD(limit), "at most N entries in each list"},
    {"addresses", 0, NULL, CLI_EXPORT, CLI_FLAG, FIELD(addresses), "show addresses"},
    {"no-times", 0, NULL, CLI_EXPORT, CLI_FLAG, FIELD(no_times), "leave times out: equal runs give equal files"},
    {"fail-on", 0, "error|warning|note", CLI_CHECK, CLI_CHOICE, FIELD(fail_on), "the mildest finding that fails"},
    {"error-exitcode", 0, "N", CLI_CHECK, CLI_NUMBER, FIELD(error_exitcode), "exit with N, not 1, on such findings"},
    {"source", 0, "FOLDER", CLI_CHECK, CLI_WORD, FIELD(source), "where to look for source files, too"},
    {"suppressions", 0, "FILE", CLI_CHECK, CLI_WORD, FIELD(suppressions),
     "findings that don't count, a line each: RULE SITE [function=GLOB] [variable=GLOB]"},
    {"gen-suppressions", 0, NULL, CLI_CHECK, CLI_FLAG, FIELD(gen_suppressions),
     "write such lines for what is found, in place of the findings"},
    {"baseline", 0, "OLD", CLI_CHECK, CLI_WORD, FIELD(baseline),
     "only what is new since OLD: a trace, or what --format json or sarif wrote of one"},
    {"strict", 0, NULL, CLI_READERS | CLI_DOCTOR, CLI_FLAG, FIELD(strict),
     "exit with 3 when the trace is damaged or lacks events"},
    {"quiet", 'q', NULL, CLI_ALL, CLI_FLAG, FIELD(quiet), "no progress, no hints, no summary"},
    {"color", 0, "auto|always|never", CLI_ALL, CLI_CHOICE, FIELD(colour), "colours; auto: in a terminal"},
    {"help", 'h', NULL, CLI_ALL | CLI_HELP, CLI_FLAG, FIELD(help), "this help"},
    {"version", 'V', NULL, CLI_HELP, CLI_FLAG, FIELD(version), "the version of program and library"},
};
const size_t cli_option_count = CLI_COUNT(cli_option_table);

/* Behind all letters. */
#define FIRST_VALUE 256

bool cli_knows(const struct cli_command *command, const struct cli_option *option) {
  return (option->verbs & (command == NULL ? (unsigned)CLI_HELP : (unsigned)command->verb)) != 0;
}

const char *cli_value_of(const struct cli_command *command, const struct cli_option *option) {
  if (option->type == CLI_FORMAT && command != NULL)
    return command->formats;
  return option->value;
}

size_t cli_word(const char *words, size_t i, const char **begin) {
  for (; i > 0; i--) {
    words = strchr(words, '|');
    if (words == NULL)
      return 0;
    words++;
  }
  *begin = words;
  return strcspn(words, "|");
}

/* The place of `text` among the words, or -1. */
static int word_number(const char *words, const char *text) {
  const char *begin;
  for (size_t i = 0, size; (size = cli_word(words, i, &begin)) != 0; i++)
    if (strlen(text) == size && memcmp(text, begin, size) == 0)
      return (int)i;
  return -1;
}

bool cli_parse_number(const char *text, uint64_t *out) {
  char *end;
  errno = 0;
  unsigned long long number = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
    return false;
  *out = number;
  return true;
}

static void *field_of(struct cli *cli, const struct cli_option *option) {
  return (char *)&cli->options + option->field;
}

static int bad_value(const struct cli *cli, const struct cli_option *option, const char *value, const char *allowed) {
  return cli_complain(cli, "--%s: '%s' is not allowed; it takes %s", option->name, value, allowed);
}

static int set_format(struct cli *cli, const struct cli_option *option, const char *value) {
  static const char names[] = "text|json|ndjson|csv|sarif"; /* enum cli_format */
  if (word_number(cli->command->formats, value) < 0)
    return bad_value(cli, option, value, cli->command->formats);
  cli->options.format_name = value;
  cli->options.format = (enum cli_format)word_number(names, value);
  return 0;
}

static int set(struct cli *cli, const struct cli_option *option, const char *value) {
  uint64_t number;
  switch (option->type) {
  case CLI_FLAG:
    *(bool *)field_of(cli, option) = true;
    return 0;
  case CLI_CHOICE:
    if (word_number(option->value, value) < 0)
      return bad_value(cli, option, value, option->value);
    *(int *)field_of(cli, option) = word_number(option->value, value);
    return 0;
  case CLI_FORMAT:
    return set_format(cli, option, value);
  case CLI_NUMBER:
    if (!cli_parse_number(value, &number))
      return bad_value(cli, option, value, "a whole number");
    break;
  case CLI_SETTING:
    if (strchr(value, '=') == NULL || value[0] == '=')
      return bad_value(cli, option, value, "KEY=VALUE (BORROWSCOPE_OPTIONS=help=1 lists the keys)");
    if (cli->options.setting_count == CLI_SETTINGS_MAX)
      return cli_complain(cli, "--option: more than %d of them", CLI_SETTINGS_MAX);
    cli->options.settings[cli->options.setting_count++] = value;
    return 0;
  case CLI_WORD:
    break;
  }
  *(const char **)field_of(cli, option) = value;
  return 0;
}

/* The nearest option of the command for what was typed; NULL: none is near. */
static const struct cli_option *nearest(const struct cli *cli, const char *typed) {
  const struct cli_option *best = NULL;
  size_t distance = 3;
  for (size_t i = 0; i < cli_option_count; i++) {
    size_t d = cli_knows(cli->command, &cli_option_table[i]) ? cli_distance(typed, cli_option_table[i].name) : 3;
    if (d < distance) {
      distance = d;
      best = &cli_option_table[i];
    }
  }
  return best;
}

/* getopt said '?' or ':' about argv[optind - 1], or about a letter in it. */
static int refuse(const struct cli *cli, int said, char **argv) {
  const char *name = cli->command->name, *typed = argv[optind - 1];
  if (said == ':')
    return cli_complain(cli, "%s: '%s' needs a value; see: borrowscope help %s", name, typed, name);
  if (optopt >= FIRST_VALUE)
    return cli_complain(cli, "%s: '%s' takes no value; see: borrowscope help %s", name, typed, name);
  if (optopt != 0 && strncmp(typed, "--", 2) != 0)
    return cli_complain(cli, "%s: there is no option '-%c'; see: borrowscope help %s", name, optopt, name);
  char *word = strndup(typed + 2, strcspn(typed + 2, "="));
  const struct cli_option *meant = word == NULL ? NULL : nearest(cli, word);
  int status = meant != NULL
                   ? cli_complain(cli, "%s: there is no option '--%s'; is --%s meant? See: borrowscope help %s", name,
                                  word, meant->name, name)
                   : cli_complain(cli, "%s: there is no option '%s'; see: borrowscope help %s", name, typed, name);
  free(word);
  return status;
}

/* The command's rows as getopt_long wants them. */
struct getopt_tables {
  struct option options[CLI_COUNT(cli_option_table) + 1];
  char letters[2 * CLI_COUNT(cli_option_table) + 3];
};

static void make_tables(const struct cli *cli, struct getopt_tables *tables) {
  size_t count = 0, letters = 0;
  /* The arguments of the program that is run are its own. */
  if (cli->command->verb == CLI_RUN)
    tables->letters[letters++] = '+';
  tables->letters[letters++] = ':';
  for (size_t i = 0; i < cli_option_count; i++) {
    const struct cli_option *option = &cli_option_table[i];
    if (!cli_knows(cli->command, option))
      continue;
    tables->options[count++] = (struct option){option->name, option->value != NULL, NULL, FIRST_VALUE + (int)i};
    if (option->letter != 0)
      tables->letters[letters++] = option->letter;
    if (option->letter != 0 && option->value != NULL)
      tables->letters[letters++] = ':';
  }
  tables->letters[letters] = '\0';
}

static const struct cli_option *option_of(int value) {
  if (value >= FIRST_VALUE)
    return &cli_option_table[value - FIRST_VALUE];
  for (size_t i = 0; i < cli_option_count; i++)
    if (cli_option_table[i].letter == value)
      return &cli_option_table[i];
  return NULL;
}

static int check_arguments(const struct cli *cli) {
  const struct cli_command *command = cli->command;
  if (cli->options.help || (cli->argument_count >= command->least && cli->argument_count <= command->most))
    return 0;
  if (cli->argument_count < command->least)
    return cli_complain(cli, "%s: %s is missing; usage: borrowscope %s [options] %s", command->name, command->arguments,
                        command->name, command->arguments);
  return cli_complain(cli, "%s: '%s' is one argument too many; usage: borrowscope %s [options] %s", command->name,
                      cli->arguments[command->most], command->name, command->arguments);
}

int cli_parse(struct cli *cli, int argc, char **argv) {
  struct getopt_tables tables = {0};
  make_tables(cli, &tables);
  opterr = 0;
  optind = 0; /* begin anew, whoever parsed before */
  for (int value; (value = getopt_long(argc, argv, tables.letters, tables.options, NULL)) != -1;) {
    const struct cli_option *option = value == '?' || value == ':' ? NULL : option_of(value);
    int status = option == NULL ? refuse(cli, value, argv) : set(cli, option, optarg);
    if (status != 0)
      return status;
  }
  cli->arguments = argv + optind;
  cli->argument_count = (size_t)(argc - optind);
  return check_arguments(cli);
}
