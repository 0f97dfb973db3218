/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completions for bash, zsh and fish, made from the tables.
 */
#include "options.h"

#include <string.h>

#define HEAD "# SPDX-License-Identifier: Apache-2.0\n# Made by borrowscope --generate-completion.\n"

/* A choice's words with spaces between them; nothing for what is no choice. */
static void put_words(FILE *out, const char *words) {
  for (; *words != '\0'; words++)
    putc(*words == '|' ? ' ' : *words, out);
}

/* The words that may follow an option; NULL: it takes a file or what can't be known, or nothing. */
static const char *choices(const struct cli_command *command, const struct cli_option *option) {
  return option->type == CLI_FORMAT || option->type == CLI_CHOICE ? cli_value_of(command, option) : NULL;
}

/* Text inside '...'. */
static void put_single(FILE *out, const char *text, bool fish) {
  for (; *text != '\0'; text++) {
    if (*text == '\'')
      fputs(fish ? "\\'" : "'\\''", out);
    else
      putc(*text, out);
  }
}

static void put_bash_command(FILE *out, const struct cli_command *command) {
  fprintf(out, "    %s)\n      case $previous in\n", command->name);
  for (size_t i = 0; i < cli_option_count; i++) {
    const struct cli_option *option = &cli_option_table[i];
    const char *words = cli_knows(command, option) ? choices(command, option) : NULL;
    if (words == NULL)
      continue;
    fprintf(out, "        --%s) COMPREPLY=($(compgen -W '", option->name);
    put_words(out, words);
    fputs("' -- \"$word\")); return ;;\n", out);
  }
  fputs("      esac\n      options='", out);
  for (size_t i = 0; i < cli_option_count; i++) {
    const struct cli_option *option = &cli_option_table[i];
    if (cli_knows(command, option) && option->letter != 0)
      fprintf(out, "-%c ", option->letter);
    if (cli_knows(command, option))
      fprintf(out, "--%s ", option->name);
  }
  fputs("'\n      ;;\n", out);
}

static void put_bash(FILE *out) {
  fputs(HEAD "_borrowscope() {\n"
             "  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} options=''\n"
             "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    COMPREPLY=($(compgen -W '",
        out);
  for (size_t i = 0; i < cli_command_count; i++)
    fprintf(out, "%s ", cli_commands[i].name);
  fputs("--help --version' -- \"$word\"))\n    return\n  fi\n  case ${COMP_WORDS[1]} in\n", out);
  for (size_t i = 0; i < cli_command_count; i++)
    put_bash_command(out, &cli_commands[i]);
  fputs("  esac\n  case $word in\n    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
        "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n  esac\n}\n"
        "complete -o filenames -F _borrowscope borrowscope\n",
        out);
}

static bool is_file(const struct cli_option *option) {
  static const size_t files[] = {offsetof(struct cli_options, output), offsetof(struct cli_options, source),
                                 offsetof(struct cli_options, suppressions), offsetof(struct cli_options, baseline)};
  for (size_t i = 0; i < CLI_COUNT(files); i++)
    if (option->type == CLI_WORD && option->field == files[i])
      return true;
  return false;
}

static void put_zsh_option(FILE *out, const struct cli_command *command, const struct cli_option *option) {
  const char *words = choices(command, option);
  fprintf(out, " \\\n        '--%s%s[", option->name, option->value != NULL ? "=" : "");
  for (const char *c = option->meaning; *c != '\0'; c++) {
    if (*c == ':' || *c == '[' || *c == ']')
      putc('\\', out);
    put_single(out, (const char[]){*c, '\0'}, false);
  }
  putc(']', out);
  if (words != NULL) {
    fprintf(out, ":%s:(", option->name);
    put_words(out, words);
    putc(')', out);
  } else if (option->value != NULL) {
    fprintf(out, ":%s:%s", option->name, is_file(option) ? "_files" : "");
  }
  putc('\'', out);
  if (option->letter != 0)
    fprintf(out, " '-%c%s'", option->letter, option->value != NULL ? "+" : "");
}

static void put_zsh(FILE *out) {
  fputs("#compdef borrowscope\n" HEAD "_borrowscope() {\n  local -a commands\n  commands=(\n", out);
  for (size_t i = 0; i < cli_command_count; i++) {
    fprintf(out, "    '%s:", cli_commands[i].name);
    put_single(out, cli_commands[i].summary, false);
    fputs("'\n", out);
  }
  fputs("  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n"
        "  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $command in\n",
        out);
  for (size_t i = 0; i < cli_command_count; i++) {
    fprintf(out, "    %s)\n      _arguments", cli_commands[i].name);
    for (size_t k = 0; k < cli_option_count; k++)
      if (cli_knows(&cli_commands[i], &cli_option_table[k]))
        put_zsh_option(out, &cli_commands[i], &cli_option_table[k]);
    fputs(" \\\n        '*:file:_files'\n      ;;\n", out);
  }
  fputs("  esac\n}\n_borrowscope \"$@\"\n", out);
}

static void put_fish_option(FILE *out, const struct cli_command *command, const struct cli_option *option) {
  const char *words = choices(command, option);
  fprintf(out, "complete -c borrowscope -n '__fish_seen_subcommand_from %s' -l %s", command->name, option->name);
  if (option->letter != 0)
    fprintf(out, " -s %c", option->letter);
  if (option->value != NULL)
    fputs(" -r", out);
  if (words != NULL) {
    fputs(" -f -a '", out);
    put_words(out, words);
    putc('\'', out);
  }
  fputs(" -d '", out);
  put_single(out, option->meaning, true);
  fputs("'\n", out);
}

static void put_fish(FILE *out) {
  fputs(HEAD, out);
  for (size_t i = 0; i < cli_command_count; i++) {
    fprintf(out, "complete -c borrowscope -f -n __fish_use_subcommand -a %s -d '", cli_commands[i].name);
    put_single(out, cli_commands[i].summary, true);
    fputs("'\n", out);
  }
  for (size_t i = 0; i < cli_command_count; i++)
    for (size_t k = 0; k < cli_option_count; k++)
      if (cli_knows(&cli_commands[i], &cli_option_table[k]))
        put_fish_option(out, &cli_commands[i], &cli_option_table[k]);
}

int cli_put_completion(struct cli *cli, const char *shell) {
  static const struct {
    const char *shell;
    void (*put)(FILE *out);
  } shells[] = {{"bash", put_bash}, {"zsh", put_zsh}, {"fish", put_fish}};
  for (size_t i = 0; shell != NULL && i < CLI_COUNT(shells); i++) {
    if (strcmp(shells[i].shell, shell) == 0) {
      shells[i].put(cli->out);
      return CLI_CLEAN;
    }
  }
  return cli_complain(cli, "--generate-completion takes bash, zsh or fish, not '%s'", shell == NULL ? "" : shell);
}
