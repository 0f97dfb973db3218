/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manual pages in mdoc, made from the tables: borrowscope(1), and one for each command.
 */
#include "options.h"

#include <borrowscope/version.h>

#include <ctype.h>
#include <string.h>

/* Text with what roff would obey made plain; at the beginning of a line, too. */
static void put_roff(FILE *out, const char *text) {
  if (*text == '.' || *text == '\'')
    fputs("\\&", out);
  for (; *text != '\0'; text++) {
    if (*text == '\\')
      fputs("\\e", out);
    else if (*text == '-')
      fputs("\\-", out);
    else
      putc(*text, out);
  }
}

/* As the argument of a macro. */
static void put_quoted(FILE *out, const char *text) {
  putc('"', out);
  for (; *text != '\0'; text++) {
    if (*text == '"')
      fputs("\\(dq", out);
    else if (*text == '\\')
      fputs("\\e", out);
    else if (*text == '-')
      fputs("\\-", out);
    else
      putc(*text, out);
  }
  putc('"', out);
}

static void put_title(FILE *out, const char *name) {
  fputs(".\\\" SPDX-License-Identifier: Apache-2.0\n.\\\" Made by borrowscope --generate-man.\n", out);
  fputs(".Dd $Mdocdate$\n.Dt BORROWSCOPE", out);
  for (const char *c = name == NULL ? "" : name; *c != '\0'; c++) {
    if (c == name)
      putc('-', out);
    putc(toupper((unsigned char)*c), out);
  }
  fprintf(out, " 1\n.Os \"libborrowscope %s\"\n", BSCOPE_VERSION);
}

static void put_option(FILE *out, const struct cli_command *command, const struct cli_option *option) {
  fputs(".It ", out);
  if (option->letter != 0)
    fprintf(out, "Fl %c , ", option->letter);
  fprintf(out, "Fl \\-%s", option->name);
  if (option->value != NULL) {
    fputs(" Ar ", out);
    put_quoted(out, option->type == CLI_FORMAT || option->type == CLI_CHOICE ? cli_value_of(command, option)
                                                                             : option->value);
  }
  putc('\n', out);
  put_roff(out, option->meaning);
  fputs(".\n", out);
}

static void put_options(FILE *out, const struct cli_command *command) {
  fputs(".Sh OPTIONS\n.Bl -tag -width Ds\n", out);
  for (size_t i = 0; i < cli_option_count; i++)
    if (cli_knows(command, &cli_option_table[i]))
      put_option(out, command, &cli_option_table[i]);
  fputs(".El\n", out);
}

static void put_ending(FILE *out) {
  fputs(".Sh ENVIRONMENT\n.Bl -tag -width Ds\n"
        ".It Ev BORROWSCOPE_OPTIONS\nKEY=VALUE:KEY=VALUE, the options of the library in the program that records;\n"
        "help=1 lists them. run adds to it.\n"
        ".It Ev NO_COLOR\nWhen set to anything: no colours, unless\n.Fl \\-color\nsays otherwise.\n"
        ".It Ev CLICOLOR_FORCE\nWhen set and not 0: colours in pipes, too.\n.El\n"
        ".Sh EXIT STATUS\n.Bl -tag -width Ds\n.It 0\nclean\n.It 1\nfindings\n.It 2\nusage, input or output\n"
        ".It 3\na damaged or incomplete trace, under\n.Fl \\-strict\n.El\n.Pp\n"
        "run exits with the status of the program: 128 + N where signal N killed it, 127 where there is no such\n"
        "program, 126 where it can't be started.\n",
        out);
}

static void put_command(FILE *out, const struct cli_command *command) {
  put_title(out, command->name);
  fprintf(out, ".Sh NAME\n.Nm borrowscope\\-%s\n.Nd ", command->name);
  put_roff(out, command->summary);
  fprintf(out, "\n.Sh SYNOPSIS\n.Nm borrowscope %s\n.Op Ar options\n.Ar ", command->name);
  put_quoted(out, command->arguments);
  fputs("\n.Sh DESCRIPTION\n", out);
  put_roff(out, command->details[0] != '\0' ? command->details : command->summary);
  putc('\n', out);
  put_options(out, command);
  put_ending(out);
  if (command->example[0] != '\0') {
    fputs(".Sh EXAMPLES\n.Dl ", out);
    put_roff(out, command->example);
    putc('\n', out);
  }
  fputs(".Sh SEE ALSO\n.Xr borrowscope 1\n", out);
}

static void put_program(FILE *out) {
  put_title(out, NULL);
  fputs(".Sh NAME\n.Nm borrowscope\n.Nd records and reads who owned, borrowed, moved and dropped what\n"
        ".Sh SYNOPSIS\n.Nm\n.Ar command\n.Op Ar options\n.Op Ar arguments\n.Sh DESCRIPTION\n"
        "Reads the traces that programs linked with libborrowscope record, and makes them.\n"
        "The commands, each with a page of its own:\n.Bl -tag -width Ds\n",
        out);
  for (size_t i = 0; i < cli_command_count; i++) {
    fprintf(out, ".It Cm %s Ar ", cli_commands[i].name);
    put_quoted(out, cli_commands[i].arguments);
    putc('\n', out);
    put_roff(out, cli_commands[i].summary);
    putc('\n', out);
  }
  fputs(".El\n", out);
  put_options(out, NULL);
  put_ending(out);
  fputs(".Sh SEE ALSO\n", out);
  for (size_t i = 0; i < cli_command_count; i++)
    fprintf(out, ".Xr borrowscope\\-%s 1%s\n", cli_commands[i].name, i + 1 < cli_command_count ? " ," : "");
}

void cli_put_manual(FILE *out, const struct cli_command *command) {
  if (command == NULL)
    put_program(out);
  else
    put_command(out, command);
}
