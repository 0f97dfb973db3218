/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a report tells of a trace: found in one walk over its events and one over its graph. Memory as the graph's, and
 * some bytes for each thread and each place of an unknown owner.
 */
#ifndef BSCOPE_CLI_SURVEY_H
#define BSCOPE_CLI_SURVEY_H

#include "links.h"
#include "rank.h"
#include "trace.h"

struct cli_thread_share {
  uint32_t thread;
  uint64_t events;
  uint64_t made; /* variables */
  uint64_t borrows;
  uint64_t moves;
};

/* Borrows of one place whose owner is not known. */
struct cli_unknown {
  size_t node; /* one of them */
  uint64_t count;
};

struct cli_survey {
  struct bscope_graph *graph;
  struct cli_links links;
  struct bscope_graph_summary summary;
  uint64_t span_ns;            /* from the first event to the last */
  struct cli_rank longest;     /* owners, by the positions that they lived */
  struct cli_rank borrowed;    /* by the number of their borrows */
  struct cli_unknown *unknown; /* by count */
  size_t unknown_count;
  struct cli_thread_share *threads; /* by number */
  size_t thread_count;
};

/* Lists of at most `most`. 0, or CLI_FAILED with a complaint; to be freed in any case. */
int cli_survey_make(struct cli_survey *survey, const struct cli *cli, const struct bscope_log *log, size_t most);
void cli_survey_free(struct cli_survey *survey);

#endif
