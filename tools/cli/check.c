/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `check`: whether the events can be true. A trace that lacks some says so: nothing found is then no more than nothing
 * found in what is there.
 */
#include "describe.h"
#include "progress.h"

#include <string.h>

static void put_json(const struct cli *cli, const struct cli_trace *trace, const char *finding) {
  struct cli_json json = cli_json_begin(cli);
  cli_json_trace(&json, trace);
  cli_json_open(&json, "findings", '[');
  if (finding != NULL) {
    cli_json_open(&json, NULL, '{');
    cli_json_string(&json, "rule", NULL);
    cli_json_string(&json, "severity", "error");
    cli_json_string(&json, "message", finding);
    cli_json_close(&json, '}');
  }
  cli_json_close(&json, ']');
  cli_json_number(&json, "events", bscope_log_count(trace->log));
  cli_json_finish(&json);
}

static void put_text(const struct cli *cli, const struct cli_trace *trace, const char *finding) {
  char number[CLI_NUMBER_BYTES];
  const char *events = cli_number(bscope_log_count(trace->log), number);
  if (finding == NULL) {
    cli_paint(cli, CLI_GREEN);
    fprintf(cli->out, "no contradiction in %s events%s\n", events,
            cli_is_whole(trace) ? "" : " (some are missing: this is no proof)");
    cli_paint(cli, CLI_PLAIN);
    return;
  }
  cli_paint(cli, CLI_RED);
  fputs("error: ", cli->out);
  cli_paint(cli, CLI_PLAIN);
  cli_put(cli->out, finding);
  fprintf(cli->out,
          "\n  This is the first contradiction in %s events; later ones are not looked for.\n"
          "  Everything about a variable: borrowscope why FILE VARIABLE\n",
          events);
}

static int check(struct cli *cli, struct cli_trace *trace) {
  cli_progress_begin(cli, "checking events", 0, false);
  int result = bscope_log_validate(trace->log);
  cli_progress_end();
  if (result != BSCOPE_OK && result != BSCOPE_ERR_INVALID_EVENT_SEQUENCE)
    return cli_complain(cli, "%s: %s", trace->path, bscope_last_error());
  const char *finding = result == BSCOPE_OK ? NULL : bscope_last_error();
  if (cli->options.format == CLI_JSON)
    put_json(cli, trace, finding);
  else if (finding != NULL || !cli->options.quiet)
    put_text(cli, trace, finding);
  return finding == NULL ? CLI_CLEAN : CLI_FINDINGS;
}

int cli_check(struct cli *cli) {
  struct cli_trace trace;
  int status = cli_open(cli, &trace, cli_argument(cli, 0));
  return status != 0 ? status : cli_close(cli, &trace, check(cli, &trace));
}
