/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings as a compiler tells them: FILE:LINE:COLUMN: severity: what, the line of source with a caret, a note for each
 * other place, and what would mend it. Editors that read a compiler's messages can jump to them.
 */
#include "findings.h"

#include "describe.h"
#include "table.h"

#include <inttypes.h>
#include <string.h>

static enum cli_paint paint_of(enum bscope_severity severity) {
  return severity == BSCOPE_SEVERITY_ERROR ? CLI_RED : severity == BSCOPE_SEVERITY_WARNING ? CLI_MAGENTA : CLI_CYAN;
}

static void put_painted(const struct cli *cli, enum cli_paint paint, const char *text) {
  cli_paint(cli, paint);
  fputs(text, cli->out);
  cli_paint(cli, CLI_PLAIN);
}

/* "src/a.c:42:9: ", with as much as is known. */
static void put_site(const struct cli *cli, const struct bscope_place *place, const struct cli_line *line) {
  if (place->file == NULL || place->file[0] == '\0')
    return;
  cli_paint(cli, CLI_BOLD);
  cli_put(cli->out, place->file);
  if (place->line != 0)
    fprintf(cli->out, ":%" PRIu32, place->line);
  if (line != NULL && line->column != 0)
    fprintf(cli->out, ":%zu", line->column);
  fputs(": ", cli->out);
  cli_paint(cli, CLI_PLAIN);
}

#define MARGIN 8 /* "%5 | " */

static void put_source(const struct cli *cli, const struct bscope_place *place, struct cli_line *line,
                       enum cli_paint paint) {
  size_t room = cli->width > MARGIN + 8 ? cli->width - MARGIN : 0;
  char text[CLI_LINE_BYTES], number[CLI_NUMBER_BYTES];
  snprintf(number, sizeof(number), "%" PRIu32, place->line);
  cli_put_right(cli->out, number, 5);
  fputs(" | ", cli->out);
  cli_put_cut(cli->out, line->text, room);
  putc('\n', cli->out);
  memcpy(text, line->text, line->at);
  text[line->at] = '\0';
  size_t before = cli_columns(text);
  memcpy(text, line->text + line->at, line->bytes);
  text[line->bytes] = '\0';
  size_t under = cli_columns(text);
  if (line->column == 0 || line->bytes == 0 || (room != 0 && before + under > room))
    return;
  fputs("      | ", cli->out);
  cli_put_spaces(cli->out, before);
  cli_paint(cli, paint);
  putc('^', cli->out);
  for (size_t i = 1; i < under; i++)
    putc('~', cli->out);
  cli_paint(cli, CLI_PLAIN);
  putc('\n', cli->out);
}

/* "buf moved here (thread 1 worker, at 120)". */
static void put_note(const struct cli *cli, struct cli_checked *checked, const struct bscope_place *place,
                     const char *about) {
  struct cli_line line;
  char thread[CLI_WORDS];
  bool read = cli_source_line(&checked->sources, place, &line), ended = place->role == BSCOPE_ROLE_ENDED;
  put_site(cli, place, read ? &line : NULL);
  put_painted(cli, CLI_CYAN, "note: ");
  if (place->name != NULL && !ended && (about == NULL || strcmp(place->name, about) != 0)) {
    putc('\'', cli->out);
    cli_put(cli->out, place->name);
    fputs("' ", cli->out);
  }
  cli_thread(checked->trace->log, place->thread, thread);
  fputs(cli_role(place->role), cli->out);
  fputs(ended ? " (" : " here (thread ", cli->out);
  if (!ended)
    cli_put(cli->out, thread);
  fprintf(cli->out, "%s %" PRIu64 ")\n", ended ? "at" : ", at", place->stamp);
  if (read)
    put_source(cli, place, &line, CLI_CYAN);
}

static void put_rule(const struct cli *cli, const struct bscope_finding *told) {
  const struct cli_rule *rule = cli_rule(told->rule);
  fprintf(cli->out, " [%s", bscope_rule_id(told->rule));
  if (rule->rustc[0] != '\0')
    fprintf(cli->out, ", rustc %s", rule->rustc);
  fputs("]\n", cli->out);
}

/* What a reader must know of how sure it is. */
static void put_remarks(const struct cli *cli, const struct bscope_finding *told) {
  char number[CLI_NUMBER_BYTES];
  if (told->count > 1)
    fprintf(cli->out, "  %s times at these places; this is the first\n", cli_number(told->count, number));
  if (told->inferred)
    fputs("  inferred: found by an address, another thread's name, or a spelling\n", cli->out);
  if (!told->complete)
    fputs("  not certain: what is missing in the log could explain it\n", cli->out);
}

static void put_finding(const struct cli *cli, struct cli_checked *checked, const struct bscope_finding *told) {
  struct cli_line line;
  const struct bscope_place *first = &told->places[0];
  char thread[CLI_WORDS];
  bool read = cli_source_line(&checked->sources, first, &line);
  put_site(cli, first, read ? &line : NULL);
  cli_paint(cli, paint_of(told->severity));
  fprintf(cli->out, "%s: ", cli_severity(told->severity));
  cli_paint(cli, CLI_BOLD);
  cli_put(cli->out, told->message);
  cli_paint(cli, CLI_PLAIN);
  put_rule(cli, told);
  if (read)
    put_source(cli, first, &line, paint_of(told->severity));
  cli_thread(checked->trace->log, first->thread, thread);
  fputs("  ", cli->out);
  cli_put(cli->out, told->variable == NULL ? "?" : told->variable);
  fprintf(cli->out, " %s on thread ", cli_role(first->role));
  cli_put(cli->out, thread);
  fprintf(cli->out, ", at %" PRIu64 "\n", first->stamp);
  put_remarks(cli, told);
  for (size_t i = 1; i < told->place_count; i++)
    put_note(cli, checked, &told->places[i], first->name);
  if (told->help != NULL && told->help[0] != '\0') {
    put_painted(cli, CLI_GREEN, "  help: ");
    cli_put(cli->out, told->help);
    putc('\n', cli->out);
  }
  putc('\n', cli->out);
}

static void put_table(const struct cli *cli, const struct cli_findings *findings) {
  struct cli_table table = {.heads = {"rule", "title", ">errors", ">warnings", ">notes"}};
  char number[CLI_NUMBER_BYTES];
  for (int rule = 1; rule < CLI_RULES; rule++) {
    const size_t *by = findings->by[rule];
    if (by[1] + by[2] + by[3] == 0)
      continue;
    cli_table_add(&table, "%s", bscope_rule_id((enum bscope_rule)rule));
    cli_table_add(&table, "%s", cli_rule((enum bscope_rule)rule)->title);
    for (unsigned severity = CLI_SEVERITIES - 1; severity > 0; severity--)
      cli_table_add(&table, "%s", cli_number(by[severity], number));
  }
  cli_table_put(&table, cli);
}

static void put_closing(const struct cli *cli, const struct cli_checked *checked) {
  const struct cli_findings *findings = &checked->findings;
  char events[CLI_NUMBER_BYTES], words[CLI_SUMMARY_BYTES];
  cli_number(bscope_log_count(checked->trace->log), events);
  if (findings->shown > 0) {
    put_table(cli, findings);
    fprintf(cli->out, "%s in %s events", cli_findings_words(findings, words), events);
  } else {
    cli_paint(cli, CLI_GREEN);
    fprintf(cli->out, findings->complete ? "no findings in %s events" : "none in what was recorded: %s events", events);
    cli_paint(cli, CLI_PLAIN);
  }
  if (findings->suppressed > 0)
    fprintf(cli->out, ", %zu suppressed", findings->suppressed);
  if (findings->known > 0)
    fprintf(cli->out, ", %zu of the baseline", findings->known);
  fputs(findings->complete ? "\n" : "; some are missing: this is no proof\n", cli->out);
  if (findings->shown > 0)
    fputs("More: borrowscope explain RULE; borrowscope why FILE VARIABLE\n", cli->out);
}

void cli_check_text(const struct cli *cli, struct cli_checked *checked) {
  for (size_t i = 0; i < checked->findings.count; i++)
    if (cli_is_shown(&checked->findings.items[i]))
      put_finding(cli, checked, &checked->findings.items[i].told);
  if (!cli->options.quiet)
    put_closing(cli, checked);
}
