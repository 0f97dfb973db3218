/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include "json.h"
#include "text.h"

#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The newest *.bscope of the current directory. Owned. NULL: there is none. */
static char *newest_trace(void) {
  glob_t found;
  char *best = NULL;
  struct timespec newest = {0};
  if (glob("*.bscope", 0, NULL, &found) != 0)
    return NULL;
  for (size_t i = 0; i < found.gl_pathc; i++) {
    struct stat status;
    if (stat(found.gl_pathv[i], &status) != 0 || !S_ISREG(status.st_mode))
      continue;
    bool newer = status.st_mtim.tv_sec > newest.tv_sec ||
                 (status.st_mtim.tv_sec == newest.tv_sec && status.st_mtim.tv_nsec > newest.tv_nsec);
    if (best != NULL && !newer)
      continue;
    free(best);
    best = strdup(found.gl_pathv[i]);
    newest = status.st_mtim;
  }
  globfree(&found);
  return best;
}

bool cli_is_whole(const struct cli_trace *trace) {
  return trace->lacks[0] == '\0';
}

/* One more thing that is missing, where its number is not 0. */
static void add_lack(struct cli_trace *trace, uint64_t count, const char *what) {
  char number[CLI_NUMBER_BYTES];
  size_t used = strlen(trace->lacks);
  if (count != 0)
    snprintf(trace->lacks + used, sizeof(trace->lacks) - used, "%s%s %s", used == 0 ? "" : ", ",
             cli_number(count, number), what);
}

static void list_lacks(struct cli_trace *trace) {
  add_lack(trace, trace->stats.dropped, "events dropped");
  add_lack(trace, trace->stats.lost, "lost");
  add_lack(trace, trace->stats.evicted, "evicted");
  add_lack(trace, trace->state == CLI_LIVE ? 0 : trace->stats.pending, "unfinished");
  add_lack(trace, trace->damaged, "damaged places");
  add_lack(trace, trace->missing_events, "or more events missing");
  add_lack(trace, trace->missing_sites, "places of the program without names");
  add_lack(trace, trace->outside, "pieces that did not fit on the disk");
}

static void say_what_is_missing(const struct cli *cli, const struct cli_trace *trace) {
  if (trace->damaged != 0)
    cli_complain(cli, "%s: offset %" PRIu64 ": %s; what is there is shown", trace->path, trace->damage_offset,
                 trace->damage);
  if (!cli_is_whole(trace))
    cli_complain(cli, "%s: it is not complete: %s; see: borrowscope doctor %s", trace->path, trace->lacks, trace->path);
}

int cli_open(struct cli *cli, struct cli_trace *trace, const char *path) {
  *trace = (struct cli_trace){.path = path != NULL ? strdup(path) : newest_trace()};
  if (trace->path == NULL)
    return cli_complain(cli,
                        "%s: no FILE is given, and there is no *.bscope file here; make one: "
                        "borrowscope run -- PROGRAM",
                        cli->command->name);
  if (path == NULL && !cli->options.quiet)
    cli_complain(cli, "reading %s", trace->path);
  trace->stats.size = sizeof(trace->stats);
  if (!cli_trace_read(trace) || bscope_log_stats(trace->log, &trace->stats) != BSCOPE_OK) {
    const char *reason = trace->reason != NULL ? trace->reason : bscope_last_error();
    cli_complain(cli, "%s%s%s", strstr(reason, trace->path) == NULL ? trace->path : "",
                 strstr(reason, trace->path) == NULL ? ": " : "", reason);
    return cli_close(cli, trace, CLI_FAILED);
  }
  list_lacks(trace);
  if (!cli->options.quiet)
    say_what_is_missing(cli, trace);
  return 0;
}

int cli_close(const struct cli *cli, struct cli_trace *trace, int status) {
  bool damaged = trace->log != NULL && cli->options.strict && status != CLI_FAILED && !cli_is_whole(trace);
  bscope_log_free(trace->log);
  free(trace->path);
  *trace = (struct cli_trace){0};
  return damaged ? CLI_DAMAGED : status;
}

void cli_json_trace(struct cli_json *json, const struct cli_trace *trace) {
  cli_json_string(json, "file", trace->path);
  cli_json_bool(json, "complete", cli_is_whole(trace));
  cli_json_string(json, "lacks", trace->lacks[0] == '\0' ? NULL : trace->lacks);
}
