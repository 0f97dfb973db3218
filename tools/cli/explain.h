/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules for people who meet one for the first time: a table of what breaks each, in a program that does, and that
 * program mended. A test compiles and runs all of them.
 */
#ifndef BSCOPE_CLI_EXPLAIN_H
#define BSCOPE_CLI_EXPLAIN_H

#include <borrowscope/check.h>

struct cli_lesson {
  const char *says;    /* when it is broken, and why that matters */
  const char *help;    /* what to do */
  const char *wrong;   /* a program; the line that is found names the rule in a comment */
  const char *picture; /* what its log has, against the stamps */
  const char *right;
};

/* Of a number that is none: one of empty texts. */
const struct cli_lesson *cli_lesson(enum bscope_rule rule);

#endif
