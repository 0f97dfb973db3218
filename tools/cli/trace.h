/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trace that a command reads: its log, and what the file lacks.
 */
#ifndef BSCOPE_CLI_TRACE_H
#define BSCOPE_CLI_TRACE_H

#include "cli.h"

#include <borrowscope/borrowscope.h>

#define CLI_LACKS_BYTES 512

enum cli_state { CLI_ENDED, CLI_DIED, CLI_LIVE }; /* its program ended it, died before, or is at work */

/* What the reader of files tells; numbers of events but where noted. */
struct cli_trace {
  struct bscope_log *log; /* owned */
  char *path;             /* owned */
  const char *reason;     /* a constant, where the library is not who says why it can't be read; or NULL */
  struct bscope_stats stats;
  enum cli_state state;
  uint64_t recovered;      /* that were not sealed yet when the program died */
  uint64_t damaged;        /* places of the file (not events) that are not as they were written */
  uint64_t damaged_events; /* on their account */
  uint64_t damage_offset;  /* of the first */
  char damage[96];         /* what it is */
  uint64_t missing_events; /* at least so many more were recorded */
  uint64_t missing_sites;  /* places of the program (not events) whose names are not in the file */
  uint64_t outside;        /* pieces (not events) that the file had no room for */
  int outside_errno;
  uint64_t pid;
  char program[64];
  char library[24];            /* version */
  char lacks[CLI_LACKS_BYTES]; /* what it lacks, in words made of these numbers; "": nothing */
};

/* Opens the file at trace->path and fills in all but `lacks`. False: `reason` or bscope_last_error says why not. */
bool cli_trace_read(struct cli_trace *trace);

/* Opens that trace, or for NULL the newest *.bscope here; says on err what it lacks. 0, or CLI_FAILED with a complaint.
 */
int cli_open(struct cli *cli, struct cli_trace *trace, const char *path);

/* Whether something is missing from it or wrong with it. */
bool cli_is_whole(const struct cli_trace *trace);

/* Frees it. Returns the command's status, or CLI_DAMAGED under --strict where the trace is not whole. */
int cli_close(const struct cli *cli, struct cli_trace *trace, int status);

/* Its path, and whether it is whole: the first keys of a document. */
struct cli_json;
void cli_json_trace(struct cli_json *json, const struct cli_trace *trace);

/* The first argument, or NULL. */
static inline const char *cli_argument(const struct cli *cli, size_t i) {
  return i < cli->argument_count ? cli->arguments[i] : NULL;
}

#endif
