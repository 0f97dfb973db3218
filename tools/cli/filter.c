/* SPDX-License-Identifier: Apache-2.0 */
#include "filter.h"

#include "describe.h"
#include "options.h"
#include "text.h"

#include <string.h>
#include <strings.h>

static const struct {
  const char *name;
  uint64_t ns;
} units[] = {{"", 1000000000}, {"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}, {"m", 60000000000}};

/* Digits with at most one point, as nanoseconds of the unit behind them. */
static bool parse_time(const char *text, uint64_t *ns) {
  size_t size = strspn(text, "0123456789.");
  uint64_t whole = 0, unit = 0, part;
  for (size_t i = 0; i < CLI_COUNT(units); i++)
    if (strcmp(text + size, units[i].name) == 0)
      unit = units[i].ns;
  if (unit == 0 || size == 0)
    return false;
  size_t i = 0;
  for (; i < size && text[i] != '.'; i++)
    if (__builtin_mul_overflow(whole, 10u, &whole) || __builtin_add_overflow(whole, (uint64_t)(text[i] - '0'), &whole))
      return false;
  if (__builtin_mul_overflow(whole, unit, &whole))
    return false;
  part = unit;
  for (i++; i < size; i++) {
    if (text[i] == '.')
      return false;
    part /= 10;
    whole += part * (uint64_t)(text[i] - '0');
  }
  *ns = whole;
  return size > 1 || text[0] != '.';
}

bool cli_parse_bound(const char *text, struct cli_bound *out) {
  *out = (struct cli_bound){.given = true, .is_time = text[0] == '+'};
  return out->is_time ? parse_time(text + 1, &out->value) : cli_parse_number(text, &out->value);
}

static int bad_bound(const struct cli *cli, const char *option, const char *text) {
  return cli_complain(cli, "events: --%s: '%s' is neither a stamp (120) nor a time (+1.5s, +20ms, +300us)", option,
                      text);
}

/* Sets the kinds of one word: a kind's name, whatever its case. */
static bool add_kind(struct cli_filter *filter, const char *word, size_t size) {
  bool found = false;
  for (int kind = 1; kind < 256; kind++) {
    const char *name = cli_kind((enum bscope_kind)kind);
    if (strlen(name) == size && strncasecmp(name, word, size) == 0 && strcmp(name, "Unknown") != 0)
      filter->kinds[kind] = found = true;
  }
  return found;
}

static const char *nearest_kind(const char *word) {
  const char *best = "New";
  for (int kind = 2; kind < 256; kind++)
    if (cli_distance(word, bscope_kind_name((enum bscope_kind)kind)) < cli_distance(word, best))
      best = bscope_kind_name((enum bscope_kind)kind);
  return best;
}

static int add_kinds(struct cli_filter *filter, const struct cli *cli, const char *words) {
  while (*words != '\0') {
    size_t size = strcspn(words, ",");
    char word[32];
    snprintf(word, sizeof(word), "%.*s", size < 31 ? (int)size : 31, words);
    if (size != 0 && !add_kind(filter, words, size))
      return cli_complain(cli, "events: --kind: there is no kind '%s'; the nearest is %s", word, nearest_kind(word));
    words += size + (words[size] == ',');
  }
  return 0;
}

int cli_filter_init(struct cli_filter *filter, const struct cli *cli) {
  const struct cli_options *options = &cli->options;
  *filter = (struct cli_filter){.any_kind = options->kinds == NULL, .name = options->name, .thread = options->thread};
  if (options->from != NULL && !cli_parse_bound(options->from, &filter->from))
    return bad_bound(cli, "from", options->from);
  if (options->to != NULL && !cli_parse_bound(options->to, &filter->to))
    return bad_bound(cli, "to", options->to);
  return options->kinds == NULL ? 0 : add_kinds(filter, cli, options->kinds);
}

void cli_filter_use(struct cli_filter *filter, const struct bscope_log *log) {
  struct bscope_event first;
  filter->log = log;
  filter->begin_ns = bscope_log_at(log, 0, &first) == BSCOPE_OK ? first.time_ns : 0;
}

static bool is_before(const struct cli_filter *filter, const struct bscope_event *event,
                      const struct cli_bound *bound) {
  if (!bound->is_time)
    return event->stamp < bound->value;
  return event->time_ns < filter->begin_ns || event->time_ns - filter->begin_ns < bound->value;
}

static bool takes_name(const struct cli_filter *filter, const struct bscope_event *event) {
  return (event->name != NULL && cli_glob(filter->name, event->name)) ||
         (event->name2 != NULL && cli_glob(filter->name, event->name2)) ||
         (event->name == NULL && event->text != NULL && cli_glob(filter->name, event->text));
}

static bool takes_thread(const struct cli_filter *filter, uint32_t thread) {
  uint64_t number;
  if (cli_parse_number(filter->thread, &number))
    return number == thread;
  return cli_glob(filter->thread, bscope_log_thread_name(filter->log, thread));
}

bool cli_filter_takes(const struct cli_filter *filter, const struct bscope_event *event) {
  if (!filter->any_kind && !filter->kinds[(unsigned)event->kind & 255u])
    return false;
  if (filter->from.given && is_before(filter, event, &filter->from))
    return false;
  if (filter->to.given && !is_before(filter, event, &filter->to))
    return false;
  if (filter->name != NULL && !takes_name(filter, event))
    return false;
  return filter->thread == NULL || takes_thread(filter, event->thread);
}

bool cli_filter_is_range(const struct cli_filter *filter) {
  return filter->any_kind && filter->name == NULL && filter->thread == NULL &&
         !(filter->from.given && filter->from.is_time) && !(filter->to.given && filter->to.is_time);
}

static size_t index_of(const struct cli_filter *filter, bscope_stamp stamp) {
  bscope_stamp first = bscope_log_first(filter->log);
  size_t count = bscope_log_count(filter->log);
  if (stamp <= first)
    return 0;
  return stamp - first < count ? (size_t)(stamp - first) : count;
}

void cli_filter_range(const struct cli_filter *filter, size_t *begin, size_t *end) {
  bool from = filter->from.given && !filter->from.is_time, to = filter->to.given && !filter->to.is_time;
  *begin = from ? index_of(filter, filter->from.value) : 0;
  *end = to ? index_of(filter, filter->to.value) : bscope_log_count(filter->log);
}
