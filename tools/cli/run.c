/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `run`: a program with a trace file, and what it recorded. Whatever is wrong with the trace, the status is the
 * program's own.
 */
#include "run.h"
#include "linkage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A file of a name without % that is there already would be left alone by the program, which then records nothing. */
static int refuse_existing(const struct cli *cli, const char *pattern) {
  struct stat status;
  if (cli->options.force || strchr(pattern, '%') != NULL || lstat(pattern, &status) != 0)
    return 0;
  return cli_complain(cli, "run: %s exists; choose another name (%%p in it is the process's number), or --force",
                      pattern);
}

static int start(struct cli *cli, const char *pattern) {
  struct cli_child child;
  bool preloads = cli->options.heap || cli->options.locks;
  char *preload = preloads ? cli_run_preload(cli) : NULL;
  if (preloads && preload == NULL)
    return CLI_FAILED;
  char *environment = cli_run_environment(cli);
  bool ran =
      environment != NULL ? cli_run_child(cli, environment, preload, &child) : cli_complain(cli, "run: no memory") == 0;
  free(environment);
  free(preload);
  if (!ran)
    return CLI_FAILED;
  bool never_began = child.signal == 0 && (child.status == 126 || child.status == 127);
  char *path = cli_run_file(pattern, child.pid);
  if (!cli->options.quiet && (path != NULL || !never_began))
    cli_run_summary(cli, &child, path);
  free(path);
  return child.status;
}

int cli_run(struct cli *cli) {
  char *pattern = cli_run_pattern(cli);
  if (pattern == NULL)
    return cli_complain(cli, "run: no memory");
  int status = refuse_existing(cli, pattern);
  if (status == 0)
    status = start(cli, pattern);
  free(pattern);
  return status;
}
