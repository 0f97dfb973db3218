/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every command of the program works with: where it writes, its options and arguments, how it complains, and the
 * two tables (commands.c, options.c) that parsing, help, manual pages and completions are made from.
 */
#ifndef BSCOPE_CLI_H
#define BSCOPE_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CLI_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What the program exits with; `run` passes on the program's own. */
enum cli_exit { CLI_CLEAN = 0, CLI_FINDINGS = 1, CLI_FAILED = 2, CLI_DAMAGED = 3 };

/* Commands as bits, for the table of options. */
enum cli_verb {
  CLI_RUN = 1u << 0,
  CLI_REPORT = 1u << 1,
  CLI_EVENTS = 1u << 2,
  CLI_GRAPH = 1u << 3,
  CLI_STATS = 1u << 4,
  CLI_CHECK = 1u << 5,
  CLI_EXPORT = 1u << 6,
  CLI_WHY = 1u << 7,
  CLI_DOCTOR = 1u << 8,
  CLI_PACK = 1u << 9,
  CLI_HELP = 1u << 10,
  CLI_EXPLAIN = 1u << 11,
  CLI_READERS = CLI_REPORT | CLI_EVENTS | CLI_GRAPH | CLI_STATS | CLI_CHECK | CLI_EXPORT | CLI_WHY,
  CLI_ALL = CLI_READERS | CLI_RUN | CLI_DOCTOR | CLI_PACK | CLI_EXPLAIN
};

enum cli_format { CLI_TEXT, CLI_JSON, CLI_NDJSON, CLI_CSV, CLI_SARIF };
enum cli_when { CLI_AUTO, CLI_ALWAYS, CLI_NEVER };
enum cli_fail { CLI_FAIL_ERROR, CLI_FAIL_WARNING, CLI_FAIL_NOTE }; /* steps below the gravest severity */

#define CLI_SETTINGS_MAX 64

/* What the command line said; zero where it said nothing. */
struct cli_options {
  const char *format_name; /* format, as it was asked for; NULL: it was not */
  enum cli_format format;
  enum cli_when colour;
  enum cli_fail fail_on;
  const char *output;
  const char *kinds;
  const char *name;
  const char *thread;
  const char *from;
  const char *to;
  const char *head;
  const char *tail;
  const char *limit;
  const char *source;
  const char *suppressions;
  const char *baseline;
  const char *error_exitcode;
  bool gen_suppressions;
  bool follow;
  bool heap;
  bool locks;
  bool strict;
  bool force;
  bool replace;
  bool quiet;
  bool addresses;
  bool no_times;
  bool help;
  bool version;
  const char *settings[CLI_SETTINGS_MAX]; /* KEY=VALUE of --option */
  size_t setting_count;
};

struct cli;

struct cli_command {
  const char *name;
  enum cli_verb verb;
  const char *arguments; /* as usage shows them */
  size_t least;          /* arguments that it needs, and takes */
  size_t most;
  const char *formats; /* words for --format, '|' between them; the first is what it does without */
  const char *summary;
  const char *details;
  const char *example;
  int (*act)(struct cli *cli);
};

struct cli {
  FILE *out; /* of out_fd; tells nobody its number */
  int out_fd;
  FILE *err;
  const struct cli_command *command;
  struct cli_options options;
  char **arguments; /* borrowed from argv */
  size_t argument_count;
  size_t width;    /* columns of the terminal that out is; 0: it is none, nothing is cut */
  bool colour;     /* of out */
  bool colour_err; /* of err */
  bool utf8;       /* lines may be drawn in UTF-8 */
};

extern const struct cli_command cli_commands[];
extern const size_t cli_command_count;

/* The whole program, with its outputs. Returns the exit status. */
int cli_main(int argc, char **argv, int out, FILE *err);

/* By name; NULL: there is none. The nearest one for a slip of the fingers; NULL: none is near. */
const struct cli_command *cli_find_command(const char *name);
const struct cli_command *cli_nearest_command(const char *name);

/* "borrowscope: " and the message on err, with what could steer a terminal made visible. Returns CLI_FAILED. */
int cli_complain(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The commands. */
int cli_run(struct cli *cli);
int cli_report(struct cli *cli);
int cli_events(struct cli *cli);
int cli_graph(struct cli *cli);
int cli_stats(struct cli *cli);
int cli_check(struct cli *cli);
int cli_export(struct cli *cli);
int cli_why(struct cli *cli);
int cli_doctor(struct cli *cli);
int cli_explain(struct cli *cli);
int cli_pack(struct cli *cli);
int cli_help(struct cli *cli);

/* help.c, manual.c, completion.c: made from the tables. `command` NULL: of the whole program. */
/* Plain text from column `at` on, folded at spaces to 78 columns, later lines indented; and a newline. */
void cli_put_folded(FILE *out, const char *text, size_t at, size_t indent);
void cli_put_help(FILE *out, const struct cli_command *command);
void cli_put_manual(FILE *out, const struct cli_command *command);
int cli_put_completion(struct cli *cli, const char *shell);

#endif
