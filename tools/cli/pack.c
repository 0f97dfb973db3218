/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `pack`: a smaller file of the same events. What it says is read out of the file that it has written.
 */
#include "json.h"
#include "text.h"
#include "trace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* "count.packed.bscope" of "count.bscope". Owned. NULL: no memory. */
static char *name_beside(const char *path) {
  const char *slash = strrchr(path, '/'), *end = strrchr(path, '.');
  char *name = NULL;
  if (end == NULL || end == path || (slash != NULL && end <= slash + 1))
    end = path + strlen(path);
  return asprintf(&name, "%.*s.packed%s", (int)(end - path), path, end) < 0 ? NULL : name;
}

static uint64_t bytes_of(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
}

static void tell(const struct cli *cli, const struct cli_trace *trace, uint64_t before, uint64_t after) {
  char events[CLI_NUMBER_BYTES], was[CLI_NUMBER_BYTES], is[CLI_NUMBER_BYTES];
  uint64_t count = bscope_log_count(trace->log);
  if (cli->options.format == CLI_JSON) {
    struct cli_json json = cli_json_begin(cli);
    cli_json_trace(&json, trace);
    cli_json_number(&json, "events", count);
    cli_json_number(&json, "bytes_before", before);
    cli_json_number(&json, "bytes", after);
    cli_json_finish(&json);
    return;
  }
  if (cli->options.quiet)
    return;
  cli_put(cli->out, trace->path);
  fprintf(cli->out, ": %s events in %s, %.1f bytes each; before: %s\n", cli_number(count, events), cli_bytes(after, is),
          count == 0 ? 0.0 : (double)after / (double)count, cli_bytes(before, was));
  if (trace->state == CLI_DIED)
    fprintf(cli->out,
            "Its program died before the trace was complete; all that it left is packed, with %s recovered "
            "events.\n",
            cli_number(trace->recovered, events));
}

static int pack(struct cli *cli, const char *path, const char *output) {
  struct cli_trace trace;
  uint64_t before = bytes_of(path);
  if (bscope_log_pack(path, output) != BSCOPE_OK)
    return cli_complain(cli, "%s", bscope_last_error());
  if (cli_open(cli, &trace, output) != 0)
    return cli_complain(cli, "%s is written all the same; see: borrowscope doctor %s", output, output);
  tell(cli, &trace, before, bytes_of(output));
  return cli_close(cli, &trace, CLI_CLEAN);
}

int cli_pack(struct cli *cli) {
  const char *path = cli->arguments[0];
  if (cli->options.replace && cli->options.output != NULL)
    return cli_complain(cli, "pack: --replace writes to %s itself; leave one of --replace and --output out", path);
  if (cli->options.replace || cli->options.output != NULL)
    return pack(cli, path, cli->options.replace ? path : cli->options.output);
  char *beside = name_beside(path);
  if (beside == NULL)
    return cli_complain(cli, "no memory");
  int status = pack(cli, path, beside);
  free(beside);
  return status;
}
