/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions about this system: what the library asks of the kernel, and what a trace file needs.
 */
#ifndef BSCOPE_CLI_PROBE_H
#define BSCOPE_CLI_PROBE_H

#include <stddef.h>

enum cli_grade { CLI_OK, CLI_WARN, CLI_FAIL };

struct cli_answer {
  enum cli_grade grade;
  char text[256];
  char advice[256]; /* "": there is nothing to do */
};

struct cli_probe {
  const char *what;
  void (*ask)(struct cli_answer *answer);
};

extern const struct cli_probe cli_probes[];
extern const size_t cli_probe_count;

void cli_answer(struct cli_answer *answer, enum cli_grade grade, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
