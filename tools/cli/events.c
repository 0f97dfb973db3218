/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `events`: the log as lines, streamed. The last N of filtered events are found by counting them first; no event is
 * kept. Following opens the file anew a few times a second and goes on behind the last stamp.
 */
#include "describe.h"
#include "filter.h"
#include "options.h"
#include "progress.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct printer {
  struct cli *cli;
  struct cli_filter filter;
  struct cli_lines lines;
  struct cli_json json;
  uint64_t skip;     /* matching events to pass over */
  uint64_t most;     /* to print then */
  bscope_stamp next; /* behind the last that was looked at */
};

static void put_one(struct printer *printer, const struct bscope_event *event) {
  char words[CLI_WORDS];
  if (printer->cli->options.format == CLI_TEXT) {
    cli_describe(event, words);
    cli_put_event(&printer->lines, event, words);
    return;
  }
  if (printer->cli->options.format == CLI_NDJSON)
    printer->json = (struct cli_json){.out = printer->cli->out};
  cli_json_open(&printer->json, NULL, '{');
  cli_json_event(&printer->json, printer->filter.log, event);
  cli_json_close(&printer->json, '}');
  if (printer->cli->options.format == CLI_NDJSON)
    putc('\n', printer->cli->out);
}

/* Calls put_one, or counts with `only_count`, for the events [begin, end) that match. Returns their number; or
 * UINT64_MAX: bscope_last_error says why not. */
static uint64_t walk(struct printer *printer, size_t begin, size_t end, bool only_count) {
  struct bscope_cursor *cursor = bscope_cursor_create(printer->filter.log, begin);
  struct bscope_event event;
  uint64_t matches = 0, most = printer->most, skip = printer->skip;
  if (cursor == NULL)
    return UINT64_MAX;
  cli_progress_begin(printer->cli, only_count ? "counting events" : "reading events", end - begin, !only_count);
  for (size_t i = begin; i < end && (only_count || most > 0) && bscope_cursor_next(cursor, &event); i++) {
    cli_progress_done = i - begin;
    if (!cli_filter_takes(&printer->filter, &event))
      continue;
    matches++;
    if (only_count || matches <= skip)
      continue;
    put_one(printer, &event);
    most--;
  }
  cli_progress_end();
  int status = bscope_cursor_status(cursor);
  bscope_cursor_free(cursor);
  return status == BSCOPE_OK ? matches : UINT64_MAX;
}

/* How many of `matches` are passed over so that --tail of them are left. */
static uint64_t skipped(uint64_t matches, uint64_t tail) {
  return matches > tail ? matches - tail : 0;
}

static int fail_memory(struct printer *printer) {
  return cli_complain(printer->cli, "events: %s", bscope_last_error());
}

static int print_range(struct printer *printer, size_t begin, size_t end) {
  uint64_t tail;
  if (printer->cli->options.tail != NULL && cli_parse_number(printer->cli->options.tail, &tail)) {
    bool direct = cli_filter_is_range(&printer->filter);
    uint64_t matches = direct ? end - begin : walk(printer, begin, end, true);
    if (matches == UINT64_MAX)
      return fail_memory(printer);
    uint64_t limited = printer->most < matches ? printer->most : matches; /* --head first, then --tail of those */
    printer->skip = skipped(limited, tail);
    printer->most = limited - printer->skip;
    if (direct) {
      begin += (size_t)printer->skip;
      printer->skip = 0;
    }
  }
  return walk(printer, begin, end, false) == UINT64_MAX ? fail_memory(printer) : CLI_CLEAN;
}

/* What the log holds from printer->next on. */
static int print_log(struct printer *printer, const struct bscope_log *log) {
  size_t begin, end;
  cli_filter_use(&printer->filter, log);
  cli_lines_init(&printer->lines, printer->cli, log);
  cli_filter_range(&printer->filter, &begin, &end);
  bscope_stamp first = bscope_log_first(log);
  if (printer->next > first + begin)
    begin = printer->next - first < end ? (size_t)(printer->next - first) : end;
  printer->next = first + bscope_log_count(log);
  return begin < end ? print_range(printer, begin, end) : CLI_CLEAN;
}

/* Until its writer has ended, or the output has. */
static int follow(struct printer *printer, struct cli_trace *trace) {
  int status = CLI_CLEAN;
  struct cli *cli = printer->cli;
  uint64_t generation = bscope_log_generation(trace->log);
  cli->options.tail = NULL;
  printer->skip = 0;
  printer->most = UINT64_MAX;
  while (status == CLI_CLEAN && trace->state == CLI_LIVE && fflush(cli->out) == 0) {
    const struct timespec pause = {.tv_nsec = 200000000};
    nanosleep(&pause, NULL);
    bscope_log_free(trace->log);
    trace->log = NULL;
    if (!cli_trace_read(trace))
      return cli_complain(cli, "%s: %s", trace->path, bscope_last_error());
    if (bscope_log_generation(trace->log) != generation)
      printer->next = 0;
    generation = bscope_log_generation(trace->log);
    status = print_log(printer, trace->log);
  }
  return status;
}

static int print(struct printer *printer, struct cli_trace *trace) {
  struct cli *cli = printer->cli;
  int status;
  if (cli->options.format == CLI_JSON) {
    printer->json = cli_json_begin(cli);
    cli_json_trace(&printer->json, trace);
    cli_json_open(&printer->json, "events", '[');
  }
  status = print_log(printer, trace->log);
  if (cli->options.format == CLI_JSON) {
    cli_json_close(&printer->json, ']');
    cli_json_finish(&printer->json);
  }
  if (status == CLI_CLEAN && cli->options.follow)
    status = follow(printer, trace);
  return status;
}

/* Who follows from the start may come between the file's creation and its header: that is waited for, for 2 s. */
static void await_header(const char *path) {
  for (int i = 0; path != NULL && i < 100; i++) {
    uint64_t magic = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool begun = file < 0 || pread(file, &magic, sizeof(magic), 0) < 0 || magic != 0;
    if (file >= 0)
      close(file);
    if (begun)
      return;
    nanosleep(&(const struct timespec){.tv_nsec = 20000000}, NULL);
  }
}

int cli_events(struct cli *cli) {
  struct printer printer = {.cli = cli, .most = UINT64_MAX};
  struct cli_trace trace;
  int status = cli_filter_init(&printer.filter, cli);
  if (status != 0)
    return status;
  if (cli->options.follow && (cli->options.format == CLI_JSON || cli->options.head != NULL))
    return cli_complain(cli, "events: --follow goes with --format text or ndjson, and not with --head");
  if (cli->options.head != NULL)
    (void)cli_parse_number(cli->options.head, &printer.most);
  if (cli->options.follow)
    await_header(cli_argument(cli, 0));
  status = cli_open(cli, &trace, cli_argument(cli, 0));
  return status != 0 ? status : cli_close(cli, &trace, print(&printer, &trace));
}
