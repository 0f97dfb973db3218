/* SPDX-License-Identifier: Apache-2.0 */
#include "describe.h"

#include <inttypes.h>
#include <string.h>

static const char *or_else(const char *text, const char *other, const char *last) {
  if (text != NULL && text[0] != '\0')
    return text;
  return other != NULL && other[0] != '\0' ? other : last;
}

static void describe_new(const struct bscope_event *event, char out[CLI_WORDS]) {
  uint64_t size = event->object_is == BSCOPE_WORD_SIZE ? event->object : event->extent;
  const char *name = or_else(event->name, event->text, "?"), *type = or_else(event->type_name, NULL, "");
  int used = snprintf(out, CLI_WORDS, "%.160s%s%.60s", name, type[0] == '\0' ? "" : ": ", type);
  if (size != 0 && used > 0 && used < CLI_WORDS - 32)
    snprintf(out + used, CLI_WORDS - (size_t)used, ", %" PRIu64 " byte%s", size, size == 1 ? "" : "s");
}

void cli_describe(const struct bscope_event *event, char out[CLI_WORDS]) {
  const char *name = or_else(event->name, event->text, "?"), *text = or_else(event->text, NULL, "something");
  bool ends_borrow = (event->flags & BSCOPE_SITE_BORROWER_ONLY) != 0;
  switch ((int)event->kind) {
  case BSCOPE_KIND_NEW:
    describe_new(event, out);
    return;
  case BSCOPE_KIND_BORROW:
    snprintf(out, CLI_WORDS, "%.100s borrows %.100s%s", or_else(event->name, NULL, "?"), text,
             event->is_mutable ? " mutably" : "");
    return;
  case BSCOPE_KIND_MOVE:
    snprintf(out, CLI_WORDS, "%.100s -> %.100s", name, or_else(event->name2, NULL, "?"));
    return;
  case BSCOPE_KIND_DROP:
    snprintf(out, CLI_WORDS, "%.200s%s", name, ends_borrow ? " (end of borrow)" : "");
    return;
  case BSCOPE_KIND_DEREF:
    snprintf(out, CLI_WORDS, "%.100s%s%.100s", text, event->name == NULL ? "" : " used as ",
             or_else(event->name, NULL, ""));
    return;
  case BSCOPE_KIND_RESIZE_BEGIN:
  case BSCOPE_KIND_HEAP_REALLOC:
    snprintf(out, CLI_WORDS, "%.160s %s %" PRIu64 " bytes", name,
             event->kind == BSCOPE_KIND_HEAP_REALLOC ? "has now" : "asks for", event->object);
    return;
  case BSCOPE_KIND_LOST:
    snprintf(out, CLI_WORDS, "an event that is lost");
    return;
  case BSCOPE_KIND_OPEN:
    snprintf(out, CLI_WORDS, "an event that was not finished");
    return;
  default:
    snprintf(out, CLI_WORDS, "%.120s%s%.120s", name, event->name2 == NULL ? "" : " -> ",
             or_else(event->name2, NULL, ""));
  }
}

void cli_place(const char *file, uint32_t line, char out[CLI_WORDS]) {
  out[0] = '\0';
  if (file != NULL && file[0] != '\0' && line == 0) /* code without debug information: file and offset */
    snprintf(out, CLI_WORDS, "%.220s", file);
  else if (file != NULL && file[0] != '\0')
    snprintf(out, CLI_WORDS, "%.220s:%" PRIu32, file, line);
}

void cli_thread(const struct bscope_log *log, uint32_t thread, char out[CLI_WORDS]) {
  const char *name = bscope_log_thread_name(log, thread);
  snprintf(out, CLI_WORDS, "%" PRIu32 "%s%.64s", thread, name[0] == '\0' ? "" : " ", name);
}

void cli_variable(const struct bscope_node *node, char out[CLI_WORDS]) {
  const char *type = or_else(node->type_name, NULL, "");
  int used = snprintf(out, CLI_WORDS, "%.120s%s%.60s", node->id, type[0] == '\0' ? "" : ": ", type);
  if (node->size != 0 && used > 0 && used < CLI_WORDS - 32)
    snprintf(out + used, CLI_WORDS - (size_t)used, ", %" PRIu64 " byte%s", node->size, node->size == 1 ? "" : "s");
}

const char *cli_kind(enum bscope_kind kind) {
  return kind == BSCOPE_KIND_LOST ? "Lost" : kind == BSCOPE_KIND_OPEN ? "Open" : bscope_kind_name(kind);
}

const char *cli_ending(const struct bscope_node *node) {
  static const char *const endings[] = {[BSCOPE_ENDING_DROPPED] = "dropped",
                                        [BSCOPE_ENDING_MOVED] = "moved",
                                        [BSCOPE_ENDING_OVERWRITTEN] = "overwritten"};
  if (node->ending != BSCOPE_ENDING_NONE)
    return endings[node->ending];
  return node->is_borrower ? "open" : "alive";
}

void cli_life(const struct bscope_node *node, char out[CLI_WORDS]) {
  if (node->ended_at == BSCOPE_STAMP_OPEN)
    snprintf(out, CLI_WORDS, "%" PRIu64 ".. %s", node->created_at, cli_ending(node));
  else
    snprintf(out, CLI_WORDS, "%" PRIu64 "..%" PRIu64 " %s", node->created_at, node->ended_at, cli_ending(node));
}

enum cli_paint cli_event_paint(const struct bscope_event *event) {
  switch ((int)event->kind) {
  case BSCOPE_KIND_NEW:
    return CLI_GREEN;
  case BSCOPE_KIND_BORROW:
    return event->is_mutable ? CLI_MAGENTA : CLI_BLUE;
  case BSCOPE_KIND_MOVE:
    return CLI_YELLOW;
  case BSCOPE_KIND_DROP:
    return CLI_CYAN;
  case BSCOPE_KIND_LOST:
  case BSCOPE_KIND_OPEN:
    return CLI_RED;
  default:
    return CLI_PLAIN;
  }
}

static bool is_gap(const struct bscope_event *event) {
  return event->kind == BSCOPE_KIND_LOST || event->kind == BSCOPE_KIND_OPEN;
}

static size_t digits(uint64_t number) {
  size_t count = 1;
  for (; number >= 10; number /= 10)
    count++;
  return count;
}

#define TIME_WIDTH 10
#define THREADS_LOOKED_AT 256
#define THREAD_WIDTH_MAX 14

void cli_lines_init(struct cli_lines *lines, const struct cli *cli, const struct bscope_log *log) {
  size_t count = bscope_log_count(log), threads = bscope_log_thread_count(log);
  struct bscope_event first;
  char label[CLI_WORDS];
  *lines = (struct cli_lines){.cli = cli, .log = log, .stamp_width = digits(bscope_log_first(log) + count)};
  if (count > 0 && bscope_log_at(log, 0, &first) == BSCOPE_OK)
    lines->begin_ns = first.time_ns;
  for (uint32_t i = 0; i < threads && i < THREADS_LOOKED_AT; i++) {
    cli_thread(log, i, label);
    size_t width = cli_columns(label);
    lines->thread_width = width > lines->thread_width ? width : lines->thread_width;
  }
  if (lines->thread_width > THREAD_WIDTH_MAX)
    lines->thread_width = THREAD_WIDTH_MAX;
}

static void put_time(const struct cli_lines *lines, const struct bscope_event *event) {
  FILE *out = lines->cli->out;
  bool later = event->time_ns >= lines->begin_ns;
  uint64_t ns = later ? event->time_ns - lines->begin_ns : lines->begin_ns - event->time_ns, seconds = ns / 1000000000;
  if (is_gap(event)) {
    cli_put_right(out, "-", TIME_WIDTH);
    return;
  }
  if (seconds < 10)
    putc(' ', out);
  putc(later ? '+' : '-', out);
  cli_put_number(out, seconds, 1);
  putc('.', out);
  cli_put_number(out, ns % 1000000000 / 1000, 6);
}

#define KIND_WIDTH 6
#define WHAT_WIDTH 26

/* The end of a place is what tells most. */
static void put_place(const struct cli_lines *lines, const struct bscope_event *event, size_t at) {
  const struct cli *cli = lines->cli;
  char place[CLI_WORDS];
  cli_place(event->file, event->line, place);
  size_t room = cli->width > at + 12 ? cli->width - at : 12, columns = cli_columns(place);
  const char *from = place, *next;
  char step[CLI_STEP_BYTES];
  for (size_t taken = 0; cli->width != 0 && columns + 3 > room && columns + 3 - taken > room && columns > room;) {
    size_t width;
    next = from;
    (void)cli_visible_step(&next, step, &width);
    taken += width;
    from = next;
  }
  cli_paint(cli, CLI_DIM);
  if (from != place)
    fputs("...", cli->out);
  cli_put(cli->out, from);
  cli_paint(cli, CLI_PLAIN);
}

void cli_put_event(const struct cli_lines *lines, const struct bscope_event *event, const char *words) {
  const struct cli *cli = lines->cli;
  char text[CLI_WORDS];
  size_t at = lines->stamp_width + TIME_WIDTH + lines->thread_width + 8, used;
  size_t shown = digits(event->stamp);
  cli_put_spaces(cli->out, shown < lines->stamp_width ? lines->stamp_width - shown : 0);
  cli_put_number(cli->out, event->stamp, 0);
  putc(' ', cli->out);
  put_time(lines, event);
  cli_put_spaces(cli->out, 2);
  if (is_gap(event))
    strcpy(text, "-");
  else
    cli_thread(lines->log, event->thread, text);
  cli_put_left(cli->out, text, lines->thread_width);
  cli_put_spaces(cli->out, 2);
  cli_paint(cli, cli_event_paint(event));
  cli_put_left(cli->out, cli_kind(event->kind), KIND_WIDTH);
  cli_paint(cli, CLI_PLAIN);
  cli_put_spaces(cli->out, 2);
  used = cli_put_cut(cli->out, words, cli->width > at + 20 ? cli->width - at - 12 : 0);
  if (event->file != NULL) {
    cli_put_spaces(cli->out, used < WHAT_WIDTH ? WHAT_WIDTH - used + 2 : 2);
    put_place(lines, event, at + (used < WHAT_WIDTH ? WHAT_WIDTH : used) + 2);
  }
  putc('\n', cli->out);
}

void cli_json_event(struct cli_json *json, const struct bscope_log *log, const struct bscope_event *event) {
  cli_json_number(json, "stamp", event->stamp);
  cli_json_number(json, "time_ns", event->time_ns);
  cli_json_string(json, "type", cli_kind(event->kind));
  cli_json_number(json, "thread", event->thread);
  cli_json_string(json, "thread_name", bscope_log_thread_name(log, event->thread));
  const struct {
    const char *key, *value;
  } texts[] = {{"name", event->name}, {"to_name", event->name2}, {"type_name", event->type_name},
               {"text", event->text}, {"file", event->file},     {"function", event->function}};
  for (size_t i = 0; i < CLI_COUNT(texts); i++)
    if (texts[i].value != NULL)
      cli_json_string(json, texts[i].key, texts[i].value);
  if (event->file != NULL)
    cli_json_number(json, "line", event->line);
  if (event->kind == BSCOPE_KIND_BORROW)
    cli_json_bool(json, "mutable", event->is_mutable);
  if (event->object_is == BSCOPE_WORD_SIZE)
    cli_json_number(json, "size", event->object);
}

void cli_json_node(struct cli_json *json, const char *key, const struct bscope_node *node) {
  cli_json_open(json, key, '{');
  cli_json_string(json, "id", node->id);
  cli_json_string(json, "name", node->name);
  cli_json_string(json, "type_name", node->type_name);
  cli_json_number(json, "thread", node->thread);
  cli_json_number(json, "created_at", node->created_at);
  cli_json_end(json, "ended_at", node->ended_at);
  cli_json_string(json, "ending", cli_ending(node));
  cli_json_bool(json, "is_borrower", node->is_borrower);
  cli_json_number(json, "size", node->size);
  cli_json_string(json, "file", node->file);
  cli_json_number(json, "line", node->line);
  cli_json_string(json, "function", node->function);
  cli_json_close(json, '}');
}

bool cli_event_at(const struct bscope_log *log, bscope_stamp stamp, struct bscope_event *out) {
  bscope_stamp first = bscope_log_first(log);
  return stamp >= first && stamp - first < bscope_log_count(log) &&
         bscope_log_at(log, (size_t)(stamp - first), out) == BSCOPE_OK;
}
