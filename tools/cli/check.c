/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `check`: which rules of ownership a trace's program broke. A trace that lacks some events says so: nothing found is
 * then no more than nothing found in what is there.
 */
#include "findings.h"

#include "options.h"
#include "progress.h"

#include <inttypes.h>

static void say_unused(const struct cli *cli, const struct cli_suppressions *suppressions) {
  for (size_t i = 0; i < suppressions->count && !cli->options.quiet; i++)
    if (suppressions->items[i].used == 0 && !suppressions->items[i].by_program)
      cli_complain(cli, "%s:%zu: suppresses nothing: %s %s", suppressions->path, suppressions->items[i].line,
                   suppressions->items[i].rule, suppressions->items[i].site);
}

/* What was asked for, or 1, if a finding is as grave as --fail-on says. */
static int status_of(const struct cli *cli, const struct cli_findings *findings) {
  uint64_t code = CLI_FINDINGS;
  if ((unsigned)cli_findings_gravest(findings) + cli->options.fail_on < BSCOPE_SEVERITY_ERROR)
    return CLI_CLEAN;
  if (cli->options.error_exitcode != NULL)
    (void)cli_parse_number(cli->options.error_exitcode, &code);
  return (int)code;
}

static void put(const struct cli *cli, struct cli_checked *checked) {
  static void (*const formats[])(const struct cli *cli, struct cli_checked *checked) = {
      [CLI_TEXT] = cli_check_text, [CLI_JSON] = cli_check_json, [CLI_SARIF] = cli_check_sarif};
  if (cli->options.gen_suppressions)
    cli_suppressions_put(cli, &checked->findings);
  else
    formats[cli->options.format](cli, checked);
}

static int check(struct cli *cli, struct cli_checked *checked) {
  const struct cli_options *options = &cli->options;
  int status = 0;
  cli_progress_begin(cli, "checking events", 0, false);
  bool made = cli_findings_make(&checked->findings, checked->trace, &checked->sources);
  cli_progress_end();
  if (!made)
    return cli_complain(cli, "%s: %s", checked->trace->path, bscope_last_error());
  status = cli_suppressions_add(cli, &checked->suppressions, bscope_log_suppressions(checked->trace->log));
  if (status == 0 && options->suppressions != NULL)
    status = cli_suppressions_read(cli, &checked->suppressions, options->suppressions);
  if (status == 0)
    cli_suppressions_apply(&checked->suppressions, &checked->findings);
  if (status == 0 && options->baseline != NULL)
    status = cli_baseline_apply(cli, &checked->findings, options->baseline);
  if (status != 0)
    return status;
  put(cli, checked);
  say_unused(cli, &checked->suppressions);
  return status_of(cli, &checked->findings);
}

int cli_check(struct cli *cli) {
  struct cli_trace trace;
  struct cli_checked checked = {.trace = &trace, .sources = {.folder = cli->options.source}};
  uint64_t code = 1;
  if (cli->options.error_exitcode != NULL && (!cli_parse_number(cli->options.error_exitcode, &code) || code > 255))
    return cli_complain(cli, "--error-exitcode: '%s' is not allowed; it takes a number up to 255",
                        cli->options.error_exitcode);
  int status = cli_open(cli, &trace, cli_argument(cli, 0));
  if (status != 0)
    return status;
  status = check(cli, &checked);
  cli_suppressions_free(&checked.suppressions);
  cli_findings_free(&checked.findings);
  cli_source_free(&checked.sources);
  return cli_close(cli, &trace, status);
}
