/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream that remembers what the first failed write failed with, goes on after a signal, and throws away what follows
 * a failure: stdio alone knows afterwards that something failed, but not what.
 */
#ifndef BSCOPE_CLI_OUTPUT_H
#define BSCOPE_CLI_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

struct cli_output {
  FILE *stream;
  int fd;
  int error; /* an errno value; 0: all that was flushed got there */
  char buffer[64 << 10];
};

/* Writes to a descriptor that stays open. NULL: no memory. */
FILE *cli_output_open(struct cli_output *output, int fd);

/* Flushes: 0, or the errno value of the first failure. */
int cli_output_flush(struct cli_output *output);

/* What to do about such a value, in brackets; "" when there is nothing to be said. Constant. */
const char *cli_output_advice(int error);

/* Opens /dev/null in the place of standard streams that are closed, so that no file gets their numbers: false if it
   can't. What is written to such an output fails as it would without. */
bool cli_output_fill_gaps(void);

#endif
