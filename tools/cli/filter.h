/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which events are wanted: the filters of `events`.
 */
#ifndef BSCOPE_CLI_FILTER_H
#define BSCOPE_CLI_FILTER_H

#include "trace.h"

/* A stamp, or a time after the first event. */
struct cli_bound {
  bool given;
  bool is_time;
  uint64_t value; /* stamp, or nanoseconds */
};

struct cli_filter {
  bool any_kind;
  bool kinds[256];
  const char *name;   /* a glob, or NULL */
  const char *thread; /* a number or a glob, or NULL */
  struct cli_bound from;
  struct cli_bound to;
  const struct bscope_log *log;
  uint64_t begin_ns;
};

/* "120", "+1.5s", "+20ms", "+300us", "+7ns", "+2m"; no unit: seconds. */
bool cli_parse_bound(const char *text, struct cli_bound *out);

/* From the options. 0, or CLI_FAILED with a complaint. */
int cli_filter_init(struct cli_filter *filter, const struct cli *cli);

/* To be called for each log that it looks at. */
void cli_filter_use(struct cli_filter *filter, const struct bscope_log *log);

bool cli_filter_takes(const struct cli_filter *filter, const struct bscope_event *event);

/* Whether it takes all events, bounds by stamp aside. */
bool cli_filter_is_range(const struct cli_filter *filter);

/* The range of the log's events that can match: [*begin, *end). */
void cli_filter_range(const struct cli_filter *filter, size_t *begin, size_t *end);

#endif
