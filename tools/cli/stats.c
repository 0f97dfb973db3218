/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `stats`: every count of a trace, from one table, and its events by kind.
 */
#include "describe.h"
#include "progress.h"
#include "table.h"

#include <inttypes.h>
#include <stdlib.h>

static const struct {
  const char *name;
  size_t field;
  const char *meaning;
} counts[] = {
#define ROW(name, meaning)                                                                                             \
  { #name, offsetof(struct bscope_stats, name), meaning }
    ROW(attempted, "calls that tried to record"),
    ROW(logged, "events in the trace"),
    ROW(dropped, "not recorded, for one of the reasons below"),
    ROW(lost, "begun, and never finished"),
    ROW(evicted, "let go to stay within the memory budget"),
    ROW(pending, "begun, and not finished yet"),
    ROW(threads, "threads whose events are there"),
    ROW(first, "position of the first event that is there"),
    ROW(generation, "number of the log; a reset begins the next"),
    ROW(dropped_full, "ring full (overflow=drop)"),
    ROW(dropped_nested, "too many calls inside a tracking call"),
    ROW(dropped_memory, "no memory"),
    ROW(dropped_stalled, "the collector stood still"),
    ROW(dropped_process, "a process that can't record"),
    ROW(dropped_oversized, "longer than the ring"),
    ROW(abandoned, "given up by a jump or a cancellation"),
    ROW(names_folded, "whose new name did not fit any more"),
    ROW(foreign_sites, "places of another version, not recorded"),
    ROW(pauses, "times that recording was switched off"),
    ROW(clock_back, "whose thread's clock went back"),
    ROW(sites, "places in the program"),
    ROW(bytes, "bytes of memory"),
#undef ROW
};

static uint64_t count_of(const struct bscope_stats *stats, size_t i) {
  return *(const uint64_t *)(const void *)((const char *)stats + counts[i].field);
}

/* Events by kind into kinds[256]. */
static int count_kinds(const struct cli *cli, const struct bscope_log *log, uint64_t *kinds) {
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  struct bscope_event event;
  if (cursor == NULL)
    return cli_complain(cli, "stats: %s", bscope_last_error());
  cli_progress_begin(cli, "counting events", bscope_log_count(log), false);
  for (size_t i = 0; bscope_cursor_next(cursor, &event); i++) {
    cli_progress_done = i;
    kinds[(unsigned)event.kind & 255u]++;
  }
  cli_progress_end();
  int status = bscope_cursor_status(cursor);
  bscope_cursor_free(cursor);
  return status == BSCOPE_OK ? CLI_CLEAN : cli_complain(cli, "stats: %s", bscope_last_error());
}

static void put_text(const struct cli *cli, const struct cli_trace *trace, const uint64_t *kinds) {
  char number[CLI_NUMBER_BYTES];
  struct cli_table table = {.heads = {"count", ">number", "what it counts"}};
  /* What did not happen needs no line beyond the equation's. */
  for (size_t i = 0; i < CLI_COUNT(counts); i++) {
    uint64_t count = count_of(&trace->stats, i);
    if (i >= 9 && count == 0)
      continue;
    cli_table_add(&table, "%s", counts[i].name);
    cli_table_add(&table, "%s", cli_number(count, number));
    cli_table_add(&table, "%s", counts[i].meaning);
  }
  cli_table_put(&table, cli);
  putc('\n', cli->out);
  struct cli_table by_kind = {.heads = {"kind", ">events"}};
  for (unsigned kind = 0; kind < 256; kind++) {
    if (kinds[kind] == 0)
      continue;
    cli_table_add(&by_kind, "%s", cli_kind((enum bscope_kind)kind));
    cli_table_add(&by_kind, "%s", cli_number(kinds[kind], number));
  }
  cli_table_put(&by_kind, cli);
}

static void put_json(const struct cli *cli, const struct cli_trace *trace, const uint64_t *kinds) {
  struct cli_json json = cli_json_begin(cli);
  cli_json_trace(&json, trace);
  cli_json_open(&json, "stats", '{');
  for (size_t i = 0; i < CLI_COUNT(counts); i++)
    cli_json_number(&json, counts[i].name, count_of(&trace->stats, i));
  cli_json_close(&json, '}');
  cli_json_open(&json, "kinds", '{');
  for (unsigned kind = 0; kind < 256; kind++)
    if (kinds[kind] != 0)
      cli_json_number(&json, cli_kind((enum bscope_kind)kind), kinds[kind]);
  cli_json_close(&json, '}');
  cli_json_finish(&json);
}

int cli_stats(struct cli *cli) {
  struct cli_trace trace;
  uint64_t kinds[256] = {0};
  int status = cli_open(cli, &trace, cli_argument(cli, 0));
  if (status != 0)
    return status;
  status = count_kinds(cli, trace.log, kinds);
  if (status == CLI_CLEAN && cli->options.format == CLI_JSON)
    put_json(cli, &trace, kinds);
  else if (status == CLI_CLEAN)
    put_text(cli, &trace, kinds);
  return cli_close(cli, &trace, status);
}
