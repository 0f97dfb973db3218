/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `doctor`: what recording and reading rest on, looked at one by one. A row of the table is a question; its answer is
 * ok, warn or fail, and what to do. The questions about a file come first, where one is named.
 */
#include "describe.h"
#include "probe.h"

#include <inttypes.h>
#include <string.h>

static const char *const grades[] = {[CLI_OK] = "ok", [CLI_WARN] = "warn", [CLI_FAIL] = "fail"};

struct doctor {
  struct cli *cli;
  struct cli_json json;
  bool failed;
};

static void put_answer(struct doctor *doctor, const char *what, const struct cli_answer *answer) {
  static const enum cli_paint paints[] = {[CLI_OK] = CLI_GREEN, [CLI_WARN] = CLI_YELLOW, [CLI_FAIL] = CLI_RED};
  const struct cli *cli = doctor->cli;
  doctor->failed |= answer->grade == CLI_FAIL;
  if (cli->options.format == CLI_JSON) {
    cli_json_open(&doctor->json, NULL, '{');
    cli_json_string(&doctor->json, "what", what);
    cli_json_string(&doctor->json, "grade", grades[answer->grade]);
    cli_json_string(&doctor->json, "text", answer->text);
    cli_json_string(&doctor->json, "advice", answer->advice[0] == '\0' ? NULL : answer->advice);
    cli_json_close(&doctor->json, '}');
    return;
  }
  if (cli->options.quiet && answer->grade == CLI_OK)
    return;
  cli_paint(cli, paints[answer->grade]);
  fprintf(cli->out, "%-4s", grades[answer->grade]);
  cli_paint(cli, CLI_PLAIN);
  fprintf(cli->out, "  %-14s  ", what);
  cli_put(cli->out, answer->text);
  putc('\n', cli->out);
  if (answer->advice[0] == '\0')
    return;
  fputs("                        ", cli->out);
  cli_put(cli->out, answer->advice);
  putc('\n', cli->out);
}

static void put(struct doctor *doctor, const char *what, enum cli_grade grade, const char *text, const char *advice) {
  struct cli_answer answer;
  cli_answer(&answer, grade, "%s", text);
  snprintf(answer.advice, sizeof(answer.advice), "%s", advice);
  put_answer(doctor, what, &answer);
}

static void look_at_state(struct doctor *doctor, const struct cli_trace *trace) {
  static const char *const states[] = {[CLI_ENDED] = "its program ended it in order",
                                       [CLI_DIED] = "its program died before it was complete",
                                       [CLI_LIVE] = "its program is still recording"};
  char text[CLI_WORDS], number[CLI_NUMBER_BYTES];
  int used = snprintf(text, sizeof(text), "%s", states[trace->state]);
  if (trace->recovered != 0)
    snprintf(text + used, sizeof(text) - (size_t)used, "; %s events recovered", cli_number(trace->recovered, number));
  put(doctor, "state", trace->state == CLI_DIED ? CLI_WARN : CLI_OK, text,
      trace->state == CLI_DIED   ? "every event whose call had returned is there"
      : trace->state == CLI_LIVE ? "borrowscope events -f follows it"
                                 : "");
}

static void look_at_contents(struct doctor *doctor, const struct cli_trace *trace) {
  char text[CLI_WORDS];
  if (trace->damaged == 0) {
    put(doctor, "contents", CLI_OK, "all that was read is as it was written", "");
    return;
  }
  snprintf(text, sizeof(text), "%" PRIu64 " damaged places, %" PRIu64 " events on their account; at %" PRIu64 ": %.96s",
           trace->damaged, trace->damaged_events, trace->damage_offset, trace->damage);
  put(doctor, "contents", CLI_FAIL, text, "if it is a copy, copy it again");
}

/* What is missing for one reason: nothing is ok. */
static void look_at_loss(struct doctor *doctor, const char *what, uint64_t count, const char *of, const char *advice) {
  char text[CLI_WORDS], number[CLI_NUMBER_BYTES];
  snprintf(text, sizeof(text), "%s %s", count == 0 ? "no" : cli_number(count, number), of);
  put(doctor, what, count == 0 ? CLI_OK : CLI_WARN, text, count == 0 ? "" : advice);
}

static void look_at_file(struct doctor *doctor, const struct cli_trace *trace) {
  const struct bscope_stats *stats = &trace->stats;
  char text[CLI_WORDS];
  put(doctor, "file", CLI_OK, trace->path, "");
  if (trace->program[0] != '\0') {
    snprintf(text, sizeof(text), "%.64s, process %" PRIu64 ", libborrowscope %.24s", trace->program, trace->pid,
             trace->library);
    put(doctor, "program", CLI_OK, text, "");
  }
  look_at_contents(doctor, trace);
  look_at_state(doctor, trace);
  look_at_loss(doctor, "dropped", stats->dropped, "events were dropped", "borrowscope stats tells the reasons");
  look_at_loss(doctor, "lost", stats->lost, "events were lost",
               "their writers died in mid-call, or the file is damaged");
  look_at_loss(doctor, "evicted", stats->evicted, "events were evicted", "record with more: --option memory=2G");
  look_at_loss(doctor, "missing", trace->missing_events, "events are missing", "the file is cut off or damaged");
  look_at_loss(doctor, "names", trace->missing_sites + stats->names_folded, "places of the program lack their names",
               "use fewer names that are made at run time");
  look_at_loss(doctor, "disk", trace->outside, "pieces were left out for want of room on the disk",
               trace->outside_errno == 0 ? "make room there" : strerror(trace->outside_errno));
}

static void look_at_system(struct doctor *doctor) {
  for (size_t i = 0; i < cli_probe_count; i++) {
    struct cli_answer answer = {.grade = CLI_OK};
    cli_probes[i].ask(&answer);
    put_answer(doctor, cli_probes[i].what, &answer);
  }
}

/* Opens the file that is named; what is wrong with it is an answer, too. */
static bool open_named(struct doctor *doctor, struct cli_trace *trace, const char *path) {
  struct cli quiet = *doctor->cli;
  quiet.options.quiet = true;
  if (cli_open(&quiet, trace, path) == 0)
    return true;
  put(doctor, "file", CLI_FAIL, bscope_last_error(), "is it a trace? Make one: borrowscope run -- PROGRAM");
  return false;
}

int cli_doctor(struct cli *cli) {
  struct doctor doctor = {.cli = cli};
  struct cli_trace trace = {0};
  const char *path = cli_argument(cli, 0);
  if (cli->options.format == CLI_JSON) {
    doctor.json = cli_json_begin(cli);
    cli_json_open(&doctor.json, "answers", '[');
  }
  bool opened = path != NULL && open_named(&doctor, &trace, path);
  if (opened)
    look_at_file(&doctor, &trace);
  look_at_system(&doctor);
  if (cli->options.format == CLI_JSON) {
    cli_json_close(&doctor.json, ']');
    cli_json_finish(&doctor.json);
  }
  if (path != NULL && !opened)
    return CLI_FAILED;
  int status = doctor.failed ? CLI_FINDINGS : CLI_CLEAN;
  return opened ? cli_close(cli, &trace, status) : status;
}
