/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event and a variable in words: what happened, where, on which thread, when.
 */
#ifndef BSCOPE_CLI_DESCRIBE_H
#define BSCOPE_CLI_DESCRIBE_H

#include "json.h"
#include "text.h"
#include "trace.h"

#define CLI_WORDS 256 /* bytes of a description; what is longer is cut */

/* "r borrows &x". */
void cli_describe(const struct bscope_event *event, char out[CLI_WORDS]);

/* "first.c:5", or "". */
void cli_place(const char *file, uint32_t line, char out[CLI_WORDS]);

/* "0 main". */
void cli_thread(const struct bscope_log *log, uint32_t thread, char out[CLI_WORDS]);

/* "buf_0: char, 64 bytes". */
void cli_variable(const struct bscope_node *node, char out[CLI_WORDS]);

/* "3..9 dropped", "3.. alive". */
void cli_life(const struct bscope_node *node, char out[CLI_WORDS]);

/* JSON's spelling of a kind, and Lost and Open for positions that hold no event. */
const char *cli_kind(enum bscope_kind kind);

/* "dropped", "moved", "overwritten", "alive" (of a borrower "open"). */
const char *cli_ending(const struct bscope_node *node);

enum cli_paint cli_event_paint(const struct bscope_event *event);

/* The columns that a log's lines need. */
struct cli_lines {
  const struct cli *cli;
  const struct bscope_log *log;
  uint64_t begin_ns; /* of the log's first event */
  size_t stamp_width;
  size_t thread_width;
};

void cli_lines_init(struct cli_lines *lines, const struct cli *cli, const struct bscope_log *log);

/* "stamp time thread kind what place", with `words` for what. */
void cli_put_event(const struct cli_lines *lines, const struct bscope_event *event, const char *words);

/* The members of an event's object. */
void cli_json_event(struct cli_json *json, const struct bscope_log *log, const struct bscope_event *event);

/* A node's object. */
void cli_json_node(struct cli_json *json, const char *key, const struct bscope_node *node);

/* The event of a stamp; false: the log doesn't hold it. */
bool cli_event_at(const struct bscope_log *log, bscope_stamp stamp, struct bscope_event *out);

#endif
