/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `run` tells the program by way of BORROWSCOPE_OPTIONS, and where the file of that program is to be found.
 */
#include "run.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VARIABLE "BORROWSCOPE_OPTIONS"
#define DEFAULT_FILE "borrowscope.%p.bscope"

/* The value of the last element file=... of "key=value:key=value", without its backslashes. Owned; or NULL. */
static char *file_of(const char *text) {
  char *file = NULL;
  while (text != NULL && *text != '\0') {
    char *element = malloc(strlen(text) + 1), *to = element;
    if (element == NULL)
      break;
    for (; *text != '\0' && *text != ':'; text++) {
      text += text[0] == '\\' && text[1] != '\0';
      *to++ = *text;
    }
    *to = '\0';
    text += *text == ':';
    if (strncmp(element, "file=", 5) == 0 && element[5] != '\0') {
      free(file);
      file = strdup(element + 5);
    }
    free(element);
  }
  return file;
}

/* -o, or the last --option file=..., or what the environment says, or the default; from the current directory. */
char *cli_run_pattern(const struct cli *cli) {
  char *file = cli->options.output != NULL ? strdup(cli->options.output) : NULL;
  for (size_t i = cli->options.setting_count; file == NULL && i > 0; i--)
    if (strncmp(cli->options.settings[i - 1], "file=", 5) == 0)
      file = strdup(cli->options.settings[i - 1] + 5);
  if (file == NULL)
    file = file_of(getenv(VARIABLE));
  return file != NULL ? file : strdup(DEFAULT_FILE);
}

static void put_escaped(FILE *out, const char *value, bool percent) {
  for (; *value != '\0'; value++) {
    if (*value == ':' || *value == '\\')
      putc('\\', out);
    if (percent && *value == '%')
      putc('%', out);
    putc(*value, out);
  }
}

/* The pattern from the root on, wherever the program goes before its first event. */
static void put_file(FILE *out, const char *pattern) {
  char *here = pattern[0] == '/' ? NULL : getcwd(NULL, 0);
  fputs("file=", out);
  if (here != NULL) {
    put_escaped(out, here, true);
    putc('/', out);
  }
  put_escaped(out, pattern, false);
  free(here);
}

char *cli_run_environment(const struct cli *cli) {
  const char *set = getenv(VARIABLE);
  char *text = NULL, *pattern = cli_run_pattern(cli);
  size_t size;
  FILE *out = pattern == NULL ? NULL : open_memstream(&text, &size);
  if (out == NULL) {
    free(pattern);
    return NULL;
  }
  if (set != NULL && set[0] != '\0')
    fprintf(out, "%s:", set);
  for (size_t i = 0; i < cli->options.setting_count; i++) {
    put_escaped(out, cli->options.settings[i], false);
    putc(':', out);
  }
  if (cli->options.force)
    fputs("overwrite=1:", out);
  put_file(out, pattern);
  free(pattern);
  if (fclose(out) == 0)
    return text;
  free(text);
  return NULL;
}

/* The pattern as a glob: %p is known, %t and %e are anything. */
static char *glob_of(const char *pattern, pid_t pid) {
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  if (out == NULL)
    return NULL;
  for (; *pattern != '\0'; pattern++) {
    if (pattern[0] == '%' && pattern[1] != '\0') {
      pattern++;
      if (*pattern == 'p')
        fprintf(out, "%d", (int)pid);
      else
        putc(*pattern == '%' ? '%' : '*', out);
      continue;
    }
    if (strchr("*?[\\{", *pattern) != NULL)
      putc('\\', out);
    putc(*pattern, out);
  }
  fputs("{,.[0-9]*}", out); /* the later files of a process are numbered */
  if (fclose(out) == 0)
    return text;
  free(text);
  return NULL;
}

char *cli_run_file(const char *pattern, pid_t pid) {
  char *text = glob_of(pattern, pid), *best = NULL;
  time_t newest = 0;
  glob_t found;
  if (text != NULL && glob(text, GLOB_BRACE, NULL, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; i++) {
      struct stat status;
      if (stat(found.gl_pathv[i], &status) != 0 || (best != NULL && status.st_mtime < newest))
        continue;
      free(best);
      best = strdup(found.gl_pathv[i]);
      newest = status.st_mtime;
    }
    globfree(&found);
  }
  free(text);
  return best;
}
