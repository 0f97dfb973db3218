/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One variable's story: who is asked about, and what an event has to do with it.
 */
#ifndef BSCOPE_CLI_WHY_H
#define BSCOPE_CLI_WHY_H

#include "describe.h"

#include <borrowscope/graph.h>

struct cli_story {
  struct cli *cli;
  struct cli_trace trace;
  struct bscope_graph *graph;
  size_t node;           /* who is asked about */
  struct bscope_node is; /* what `node` is */
  size_t *borrowers;     /* of it, ascending */
  size_t borrower_count;
  size_t open; /* of its borrows, how many never ended */
  struct cli_lines lines;
  struct cli_json json;
};

/* A node's id. Borrowed. */
const char *cli_story_id(const struct cli_story *why, size_t node);

/* What the event has to do with the variable, in words; false: nothing. */
bool cli_story_tell(const struct cli_story *why, const struct bscope_event *event, const struct bscope_meaning *meaning,
                    char out[CLI_WORDS]);

#endif
