/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as the commands write it for machines: streamed, the outer two levels a line for each entry. Keys are constants;
 * strings are made valid whatever bytes they hold, and show nothing to a terminal that it could obey.
 */
#ifndef BSCOPE_CLI_JSON_H
#define BSCOPE_CLI_JSON_H

#include "cli.h"

struct cli_json {
  FILE *out;
  unsigned depth;
  unsigned lines; /* levels whose entries begin lines */
  uint64_t begun; /* bit d: level d has an entry */
};

/* A key of NULL: an element of an array. */
void cli_json_open(struct cli_json *json, const char *key, char bracket);
void cli_json_close(struct cli_json *json, char bracket);
void cli_json_string(struct cli_json *json, const char *key, const char *value); /* NULL: null */
void cli_json_number(struct cli_json *json, const char *key, uint64_t value);
void cli_json_end(struct cli_json *json, const char *key, uint64_t stamp); /* BSCOPE_STAMP_OPEN: null */
void cli_json_bool(struct cli_json *json, const char *key, bool value);

/* The quoted string alone. */
void cli_json_put_string(FILE *out, const char *value);

/* "{" with schema_version and command, and at the end "}" and a newline. */
struct cli_json cli_json_begin(const struct cli *cli);
void cli_json_finish(struct cli_json *json);

#endif
