/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of commands, and the way from a command line to one of them.
 */
#include "cli.h"

#include "options.h"
#include "output.h"
#include "text.h"

#include <borrowscope/version.h>

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define FILE_WORD "[FILE]"
#define FILE_TEXT " Without FILE it reads the newest *.bscope file of the current directory."

const struct cli_command cli_commands[] = {
    {"run", CLI_RUN, "PROGRAM [ARGUMENT]...", 1, SIZE_MAX, "text|json", "run a program and keep what it records",
     "Runs PROGRAM with a trace file set in BORROWSCOPE_OPTIONS, with its own input, output and signals, and exits "
     "with "
     "its status (128 + N if signal N killed it; 126 or 127 if it could not be started). Then says on standard error "
     "what "
     "was recorded. Without -o the trace is borrowscope.PID.bscope in the current directory.",
     "borrowscope run -o count.bscope -- ./wordcount *.txt", cli_run},
    {"report", CLI_REPORT, FILE_WORD, 0, 1, "text|json", "what is in a trace, in a page",
     "Counts, the variables that lived longest, those that were borrowed most, the places of borrows whose owner is "
     "not "
     "known, and each thread's share." FILE_TEXT,
     "borrowscope report --limit 3 count.bscope", cli_report},
    {"events", CLI_EVENTS, FILE_WORD, 0, 1, "text|json|ndjson", "the events, in their order",
     "One line for each event: stamp, time since the first event, thread, kind, what happened, place. WHEN is a stamp "
     "(120) or a time since the first event (+1.5s, +20ms, +300us, +7ns, +2m)." FILE_TEXT,
     "borrowscope events --kind Move,Drop --name 'buf*' --tail 20 count.bscope", cli_events},
    {"graph", CLI_GRAPH, FILE_WORD, 0, 1, "text|json", "owners, who borrows from them, and where they moved",
     "A tree for each variable that owns: below it those who borrow from it and when, and what it moved to." FILE_TEXT,
     "borrowscope graph --name 'queue*' count.bscope", cli_graph},
    {"stats", CLI_STATS, FILE_WORD, 0, 1, "text|json", "all counts of a trace",
     "What was attempted, recorded, dropped and lost, why, and how many events of each kind there are." FILE_TEXT,
     "borrowscope stats --format json count.bscope", cli_stats},
    {"check", CLI_CHECK, FILE_WORD, 0, 1, "text|json|sarif", "which rules of ownership were broken, and where",
     "Each finding is told as a compiler would: the place, its line of source, what led to it, and what would mend it. "
     "Exits with 1 if one is an error (--fail-on). sarif is for code scanning. In a file of suppressions '#' begins a "
     "comment, SITE is a glob for FILE:LINE (src/old/*.c:*), and lines that match nothing are reported." FILE_TEXT,
     "borrowscope check --suppressions known.txt count.bscope", cli_check},
    {"explain", CLI_EXPLAIN, "[RULE|KIND]", 0, 1, "text", "what a rule or a kind of event means",
     "RULE is BS001 to BS010: what breaks it, a program that does, what the log has of that, and the program mended. "
     "KIND is "
     "what events are called (Borrow): what it means for ownership, and what is recorded with it. Without either, "
     "lists "
     "them all.",
     "borrowscope explain BS003", cli_explain},
    {"export", CLI_EXPORT, FILE_WORD, 0, 1, "json|ndjson|csv", "the trace for other programs",
     "json is one document: nodes, edges, events, metadata. ndjson is its events, one on each line. csv is a table of "
     "the "
     "events as they were recorded." FILE_TEXT,
     "borrowscope export --format csv -o count.csv count.bscope", cli_export},
    {"why", CLI_WHY, "[FILE] VARIABLE", 1, 2, "text|json", "everything that ever happened to a variable",
     "VARIABLE is an id (buf_12) or a name (buf); of a name that several variables had, all are listed." FILE_TEXT,
     "borrowscope why count.bscope buf_12", cli_why},
    {"doctor", CLI_DOCTOR, FILE_WORD, 0, 1, "text|json", "whether a trace is whole and this system can record",
     "Each line is ok, warn or fail, with what to do. Exits with 1 if one is fail.", "borrowscope doctor count.bscope",
     cli_doctor},
    {"pack", CLI_PACK, "FILE", 1, 1, "text|json", "make a trace smaller",
     "Writes what FILE holds, packed with zstd, into another file: FILE's name with .packed before its ending, unless "
     "-o names one. Every command reads it like the one it was made from. A trace that is still recorded or that is "
     "damaged is refused; one whose program died is packed with all that can be recovered. FILE stays unless --replace "
     "is given.",
     "borrowscope pack --replace count.bscope", cli_pack},
    {"help", CLI_HELP, "[COMMAND]", 0, 1, "text", "what the program or one of its commands does", "", "", cli_help},
};
const size_t cli_command_count = CLI_COUNT(cli_commands);

const struct cli_command *cli_find_command(const char *name) {
  for (size_t i = 0; i < cli_command_count; i++)
    if (strcmp(cli_commands[i].name, name) == 0)
      return &cli_commands[i];
  return NULL;
}

const struct cli_command *cli_nearest_command(const char *name) {
  const struct cli_command *best = NULL;
  size_t distance = 3;
  for (size_t i = 0; i < cli_command_count; i++) {
    size_t d = cli_distance(name, cli_commands[i].name);
    if (d < distance) {
      distance = d;
      best = &cli_commands[i];
    }
  }
  return best;
}

/* In a terminal folded at its spaces. */
static void put_message(const struct cli *cli, const char *text) {
  static const char head[] = "borrowscope: ";
  char *visible = NULL;
  size_t size;
  FILE *stream = isatty(fileno(cli->err)) ? open_memstream(&visible, &size) : NULL;
  cli_paint_err(cli, CLI_BOLD);
  fputs(head, cli->err);
  cli_paint_err(cli, CLI_PLAIN);
  cli_put(stream == NULL ? cli->err : stream, text);
  if (stream == NULL)
    putc('\n', cli->err);
  else if (fclose(stream) == 0)
    cli_put_folded(cli->err, visible, sizeof(head) - 1, 2);
  free(visible);
}

int cli_complain(const struct cli *cli, const char *format, ...) {
  char *text = NULL;
  va_list arguments;
  va_start(arguments, format);
  int size = vasprintf(&text, format, arguments);
  va_end(arguments);
  fflush(cli->out); /* in a terminal the two are one stream */
  put_message(cli, size < 0 ? "no memory for a message" : text);
  if (size >= 0)
    free(text);
  return CLI_FAILED;
}

int cli_help(struct cli *cli) {
  const char *name = cli->argument_count > 0 ? cli->arguments[0] : NULL;
  const struct cli_command *command = name == NULL ? NULL : cli_find_command(name);
  if (name != NULL && command == NULL)
    return cli_complain(cli, "help: there is no command '%s'; see: borrowscope help", name);
  cli_put_help(cli->out, command);
  return CLI_CLEAN;
}

static bool colours_on(enum cli_when when, int fd) {
  const char *none = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE"), *terminal = getenv("TERM");
  if (when != CLI_AUTO)
    return when == CLI_ALWAYS;
  if (none != NULL && none[0] != '\0')
    return false;
  if (force != NULL && force[0] != '\0' && strcmp(force, "0") != 0)
    return true;
  return isatty(fd) && (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

static size_t width_of(int fd) {
  struct winsize size;
  if (!isatty(fd))
    return 0;
  return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* What was written is worth its status only if all of it got there. Whoever minds closed pipes is told by the signal,
   even where a write was guarded against it. */
static int finish(struct cli *cli, struct cli_output *output, int status) {
  int error = cli_output_flush(output);
  if (error == 0)
    return status;
  if (error == EPIPE)
    raise(SIGPIPE);
  return cli_complain(cli, "the output could not be written: %s%s", strerror(error), cli_output_advice(error));
}

static int act(struct cli *cli, int argc, char **argv) {
  int status = cli_parse(cli, argc, argv);
  if (status != 0)
    return status;
  cli->colour = colours_on(cli->options.colour, cli->out_fd);
  cli->colour_err = colours_on(cli->options.colour, fileno(cli->err));
  if (cli->options.help) {
    cli_put_help(cli->out, cli->command);
    return CLI_CLEAN;
  }
  if (cli->command->verb != CLI_RUN) /* whose program has its own say */
    signal(SIGXFSZ, SIG_IGN);        /* a limit of file sizes is an error number */
  return cli->command->act(cli);
}

static int print_version(struct cli *cli) {
  fprintf(cli->out, "borrowscope %s (libborrowscope %s)\n", BSCOPE_VERSION, bscope_version());
  return CLI_CLEAN;
}

static int generate_manual(struct cli *cli, const char *name) {
  const struct cli_command *command = name == NULL ? NULL : cli_find_command(name);
  if (name != NULL && command == NULL)
    return cli_complain(cli, "--generate-man: there is no command '%s'", name);
  cli_put_manual(cli->out, command);
  return CLI_CLEAN;
}

/* The first word begins with '-': about the program itself. */
static int act_alone(struct cli *cli, char **argv) {
  const char *word = argv[0], *next = argv[1];
  if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
    cli_put_help(cli->out, NULL);
    return CLI_CLEAN;
  }
  if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
    return print_version(cli);
  if (strcmp(word, "--generate-man") == 0)
    return generate_manual(cli, next);
  if (strcmp(word, "--generate-completion") == 0)
    return cli_put_completion(cli, next);
  return cli_complain(cli, "there is no option '%s' before a command; see: borrowscope --help", word);
}

static int dispatch(struct cli *cli, int argc, char **argv) {
  if (argc < 2) {
    cli_put_help(cli->err, NULL);
    return CLI_FAILED;
  }
  if (argv[1][0] == '-')
    return act_alone(cli, argv + 1);
  cli->command = cli_find_command(argv[1]);
  if (cli->command != NULL)
    return act(cli, argc - 1, argv + 1);
  const struct cli_command *meant = cli_nearest_command(argv[1]);
  if (meant != NULL)
    return cli_complain(cli, "there is no command '%s'; is %s meant? See: borrowscope --help", argv[1], meant->name);
  return cli_complain(cli, "there is no command '%s'; see: borrowscope --help", argv[1]);
}

int cli_main(int argc, char **argv, int out, FILE *err) {
  struct cli_output output;
  if (!cli_output_fill_gaps())
    return CLI_FAILED;
  struct cli cli = {.out_fd = out, .err = err, .out = cli_output_open(&output, out)};
  setlocale(LC_CTYPE, "");
  cli.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  cli.width = width_of(out);
  cli.colour_err = colours_on(CLI_AUTO, fileno(err));
  if (cli.out == NULL)
    return CLI_FAILED;
  int status = finish(&cli, &output, dispatch(&cli, argc, argv));
  fclose(cli.out);
  return status;
}
