/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of `run`: what the child is told (run_options.c), the child itself (run_child.c), and what is said about it
 * afterwards (run_summary.c).
 */
#ifndef BSCOPE_CLI_RUN_H
#define BSCOPE_CLI_RUN_H

#include "cli.h"

#include <sys/types.h>

struct cli_child {
  pid_t pid;
  int status; /* what a shell would say */
  int signal; /* that killed it, or 0 */
  uint64_t wall_ns;
  uint64_t start_ns; /* CLOCK_REALTIME */
};

/* BORROWSCOPE_OPTIONS for the child: what is set, the options, and the file. Owned. NULL: no memory. */
char *cli_run_environment(const struct cli *cli);

/* The name of the file as it was asked for, with its %. Owned. */
char *cli_run_pattern(const struct cli *cli);

/* The file that a process of that number made of the pattern. Owned. NULL: there is none. */
char *cli_run_file(const char *pattern, pid_t pid);

/* LD_PRELOAD for the child: the library that records heap and locks before what is set. Owned. NULL: complained of. */
char *cli_run_preload(const struct cli *cli);

/* Forks, executes with both set (`preload` NULL: as it is), passes signals on, waits. False: it could not be forked
 * (complained of). */
bool cli_run_child(struct cli *cli, const char *environment, const char *preload, struct cli_child *child);

/* Says on err what was recorded. */
void cli_run_summary(struct cli *cli, const struct cli_child *child, const char *path);

#endif
