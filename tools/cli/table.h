/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small table for people: cells are kept until all are known, then written in columns as wide as they need. For some
 * hundred rows; what is longer is streamed without one.
 */
#ifndef BSCOPE_CLI_TABLE_H
#define BSCOPE_CLI_TABLE_H

#include "cli.h"

#define CLI_TABLE_COLUMNS 8

struct cli_table {
  const char *heads[CLI_TABLE_COLUMNS]; /* a head that begins with '>' stands to the right; NULL behind the last */
  char **cells;                         /* owned; row by row */
  size_t count;
  size_t capacity;
  bool failed; /* no memory: what came then is not there */
};

/* The next cell, row by row; the format's text is made visible when it is written. */
void cli_table_add(struct cli_table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes the table, each line indented by two, and frees the cells. The last column is cut where the screen ends. */
void cli_table_put(struct cli_table *table, const struct cli *cli);

#endif
