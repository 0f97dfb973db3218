/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --help, made from the tables. Fits 80 columns.
 */
#include "options.h"
#include "text.h"

#include <string.h>

#define LINE 78
#define INDENT 26

void cli_put_folded(FILE *out, const char *text, size_t at, size_t indent) {
  while (*text != '\0') {
    size_t word = strcspn(text, " ");
    if (at + word > LINE && at > indent) {
      putc('\n', out);
      cli_put_spaces(out, indent);
      at = indent;
    }
    fwrite(text, 1, word, out);
    at += word;
    text += word;
    if (*text == ' ' && at + 1 + strcspn(text + 1, " ") <= LINE)
      putc(' ', out);
    at += *text == ' ';
    text += *text == ' ';
  }
  putc('\n', out);
}

static void put_row(FILE *out, const char *left, const char *right) {
  size_t width = strlen(left);
  fputs(left, out);
  if (width + 2 > INDENT) {
    putc('\n', out);
    width = 0;
  }
  cli_put_spaces(out, INDENT - width);
  cli_put_folded(out, right, INDENT, INDENT);
}

static void put_option(FILE *out, const struct cli_command *command, const struct cli_option *option) {
  char left[96], letter[8] = "    ";
  const char *value = option->value;
  if (option->letter != 0)
    snprintf(letter, sizeof(letter), "-%c, ", option->letter);
  if (option->type == CLI_FORMAT || option->type == CLI_CHOICE)
    value = cli_value_of(command, option);
  snprintf(left, sizeof(left), "  %s--%s%s%s", letter, option->name, value == NULL ? "" : " ",
           value == NULL ? "" : value);
  put_row(out, left, option->meaning);
}

static void put_options(FILE *out, const struct cli_command *command) {
  fputs("\nOptions:\n", out);
  for (size_t i = 0; i < cli_option_count; i++)
    if (cli_knows(command, &cli_option_table[i]))
      put_option(out, command, &cli_option_table[i]);
}

static void put_program_help(FILE *out) {
  fputs("usage: borrowscope COMMAND [options] [arguments]\n\n"
        "Reads what libborrowscope recorded of a program: who created, borrowed, moved\n"
        "and dropped what, on which thread, in which order.\n\nCommands:\n",
        out);
  for (size_t i = 0; i < cli_command_count; i++) {
    char left[64];
    snprintf(left, sizeof(left), "  %s %s", cli_commands[i].name, cli_commands[i].arguments);
    put_row(out, left, cli_commands[i].summary);
  }
  put_options(out, NULL);
  fputs("\nborrowscope help COMMAND tells more. First: borrowscope run -- ./program\n"
        "Exit status: 0 clean, 1 findings, 2 usage or input and output, 3 damaged or\n"
        "incomplete trace under --strict; run: that of the program.\n",
        out);
}

void cli_put_help(FILE *out, const struct cli_command *command) {
  if (command == NULL) {
    put_program_help(out);
    return;
  }
  fprintf(out, "usage: borrowscope %s [options] %s%s\n\n", command->name, command->verb == CLI_RUN ? "[--] " : "",
          command->arguments);
  cli_put_folded(out, command->details[0] != '\0' ? command->details : command->summary, 0, 0);
  put_options(out, command);
  if (command->example[0] != '\0')
    fprintf(out, "\nExample:\n  %s\n", command->example);
}
