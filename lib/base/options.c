/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings, from one table: a row says a key's name, where its value lies in both structs, what is allowed, what it
 * is by default, and what it means. Defaults, environment, struct and help are all made from these rows.
 *
 * The text is "key=value:key=value"; a backslash takes the next character as it is, so that a filter can hold a ':'.
 */
#include "base/options.h"

#include "base/error.h"
#include "base/trace_file.h"
#include "base/util.h"

#include <stdio.h>
#include <string.h>

#define KEY_MAX 32
#define LINE_MAX_BYTES 384
#define SHOWN_MAX 64 /* of a key or value in a complaint */
#define NOT_A_FIELD SIZE_MAX

enum value_type { SWITCH, CHOICE, EVENTS, BYTES, TEXT, PATH };

struct key {
  const char *name;
  enum value_type type;
  size_t setting; /* offset in struct bscope_settings */
  size_t option;  /* offset in struct bscope_options, or NOT_A_FIELD */
  uint64_t least; /* of EVENTS and BYTES */
  uint64_t most;
  const char *values; /* shown; of a CHOICE, the words for 1, 2, … */
  const char *fallback;
  const char *meaning;
};

#define BOTH(field) offsetof(struct bscope_settings, field), offsetof(struct bscope_options, field)
#define MIB (UINT64_C(1) << 20)

static const struct key keys[] = {
    {"enabled", SWITCH, BOTH(enabled), 0, 0, "0|1", "1", "record from the start; bscope_enable switches later"},
    {"overflow", CHOICE, BOTH(overflow), 0, 0, "block|drop", "block",
     "what a thread does when its ring is full: drain for itself, or count and go on"},
    {"clock", CHOICE, BOTH(clock), 0, 0, "counter|tsc", "counter",
     "what orders events: one shared counter, or the processor's time stamp counter where the kernel trusts it"},
    {"collector", CHOICE, BOTH(collector), 0, 0, "thread|none", "thread",
     "whether a background thread drains the rings"},
    {"ring", EVENTS, BOTH(ring), 2, UINT64_C(1) << 30, "EVENTS", "32768",
     "events that a thread's ring may grow to: a power of two, 2 or more"},
    {"memory", BYTES, BOTH(memory), MIB, UINT64_C(1) << 46, "BYTES", "512M",
     "for the log, its window and all rings: 1M or more (K, M and G may follow the number)"},
    {"filter", TEXT, BOTH(filter), 0, 0, "GLOBS", "",
     "names to record, comma-separated, with * and ?; '-' before one to leave out; empty: all"},
    {"addresses", SWITCH, BOTH(addresses), 0, 0, "0|1", "0", "exports show addresses"},
    {"times", SWITCH, BOTH(times), 0, 0, "0|1", "1", "exports show times"},
    {"file", PATH, BOTH(file), 0, 0, "PATH", "",
     "trace file to record into, which must not exist; %p is the pid, %e the program, %t the time, %% a '%'"},
    {"overwrite", SWITCH, BOTH(overwrite), 0, 0, "0|1", "0", "a file of that name is replaced"},
    {"pack", SWITCH, BOTH(pack), 0, 0, "0|1", "0", "pack the file with zstd when recording ends in order"},
    {"on_finding", CHOICE, BOTH(on_finding), 0, 0, "none|print|abort|snapshot|callback", "none",
     "what to do as soon as a rule of ownership is seen broken"},
    {"help", SWITCH, offsetof(struct bscope_settings, help), NOT_A_FIELD, 0, 0, "0|1", "0", "list these keys"},
};

/* How CHOICE and EVENTS/BYTES rows are stored: as int-sized enums and as size_t. */
_Static_assert(sizeof(enum bscope_overflow) == sizeof(int), "a CHOICE is an int");
_Static_assert(BSCOPE_OVERFLOW_BLOCK == 1 && BSCOPE_OVERFLOW_DROP == 2, "words of `overflow` in their order");
_Static_assert(BSCOPE_CLOCK_COUNTER == 1 && BSCOPE_CLOCK_TSC == 2, "words of `clock` in their order");
_Static_assert(BSCOPE_COLLECTOR_THREAD == 1 && BSCOPE_COLLECTOR_NONE == 2, "words of `collector` in their order");

_Static_assert(BSCOPE_ON_FINDING_NONE == 1 && BSCOPE_ON_FINDING_CALLBACK == 5, "words of `on_finding` in their order");

/* The number of word `value` in "first|second|…", from 1; 0 if it is none of them. */
static int choice_number(const char *words, const char *value) {
  size_t length = strlen(value);
  for (int number = 1;; number++) {
    size_t word = strcspn(words, "|");
    if (word == length && memcmp(words, value, length) == 0)
      return number;
    if (!words[word])
      return 0;
    words += word + 1;
  }
}

static int choice_count(const char *words) {
  int count = 1;
  for (; *words; words++)
    count += *words == '|';
  return count;
}

static bool is_allowed_number(const struct key *key, uint64_t n) {
  return n >= key->least && n <= key->most && n <= SIZE_MAX && (key->type != EVENTS || (n & (n - 1)) == 0);
}

static bool is_allowed_text(const struct key *key, const char *value) {
  return strlen(value) < BSCOPE_FILTER_MAX && (key->type == TEXT || bscope_trace_file_allows(value));
}

static void put_int(struct bscope_settings *settings, const struct key *key, int value) {
  char *place = (char *)settings + key->setting;
  if (key->type == SWITCH)
    *(bool *)(void *)place = value > 0;
  else
    memcpy(place, &value, sizeof(value));
}

static void put_size(struct bscope_settings *settings, const struct key *key, size_t value) {
  memcpy((char *)settings + key->setting, &value, sizeof(value));
}

/* False when the value is not allowed; then nothing changed. */
static bool set_from_text(struct bscope_settings *settings, const struct key *key, const char *value) {
  uint64_t number;
  int choice;
  switch (key->type) {
  case SWITCH:
    if ((value[0] != '0' && value[0] != '1') || value[1])
      return false;
    put_int(settings, key, value[0] - '0');
    return true;
  case CHOICE:
    choice = choice_number(key->values, value);
    if (choice)
      put_int(settings, key, choice);
    return choice != 0;
  case EVENTS:
  case BYTES:
    if (!bscope_parse_number(value, &number) || !is_allowed_number(key, number))
      return false;
    put_size(settings, key, (size_t)number);
    return true;
  case TEXT:
  case PATH:
    if (!is_allowed_text(key, value))
      return false;
    strcpy((char *)settings + key->setting, value);
    return true;
  }
  return false;
}

void bscope_settings_default(struct bscope_settings *settings) {
  memset(settings, 0, sizeof(*settings));
  for (size_t i = 0; i < BSCOPE_COUNT(keys); i++)
    set_from_text(settings, &keys[i], keys[i].fallback);
}

/* Insertions, deletions and substitutions from one key to the other; `typed` at most KEY_MAX long. */
static size_t edit_distance(const char *typed, const char *known) {
  size_t row[KEY_MAX + 1], length = strlen(known);
  for (size_t k = 0; k <= length; k++)
    row[k] = k;
  for (size_t i = 0; typed[i]; i++) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t k = 0; k < length; k++) {
      size_t replaced = diagonal + (typed[i] != known[k]);
      diagonal = row[k + 1];
      row[k + 1] = (size_t)bscope_min_u64(replaced, bscope_min_u64(row[k], diagonal) + 1);
    }
  }
  return row[length];
}

static const struct key *nearest_key(const char *typed) {
  char head[KEY_MAX + 1];
  bscope_error_visible(head, sizeof(head), typed); /* for its cut: what is longer is near to none */
  const struct key *best = &keys[0];
  for (size_t i = 1; i < BSCOPE_COUNT(keys); i++)
    if (edit_distance(head, keys[i].name) < edit_distance(head, best->name))
      best = &keys[i];
  return best;
}

/* Whether the nearest key is a likely slip of the fingers: at most half of it would have to be typed anew. */
static bool is_near(const char *typed) {
  const struct key *key = nearest_key(typed);
  char head[KEY_MAX + 1];
  bscope_error_visible(head, sizeof(head), typed);
  return edit_distance(head, key->name) <= strlen(key->name) / 2;
}

static const struct key *find_key(const char *name) {
  for (size_t i = 0; i < BSCOPE_COUNT(keys); i++)
    if (strcmp(keys[i].name, name) == 0)
      return &keys[i];
  return NULL;
}

/* What is wrong with `value` (NULL: there is no '='), into line; the text of both is the user's and shown with care. */
static void describe(char *line, const struct key *key, const char *name, const char *value) {
  char shown[SHOWN_MAX];
  bscope_error_visible(shown, sizeof(shown), key && value ? value : name);
  if (!key && is_near(name))
    snprintf(line, LINE_MAX_BYTES, "unknown key '%s'; the nearest is '%s' (help=1 lists all)", shown,
             nearest_key(name)->name);
  else if (!key)
    snprintf(line, LINE_MAX_BYTES, "unknown key '%s' (help=1 lists all)", shown);
  else if (!value)
    snprintf(line, LINE_MAX_BYTES, "'%s' has no value: write %s=%s", key->name, key->name, key->values);
  else if (key->type >= TEXT && strlen(value) >= BSCOPE_FILTER_MAX)
    snprintf(line, LINE_MAX_BYTES, "%s='%s…' is too long: at most %d bytes", key->name, shown, BSCOPE_FILTER_MAX - 1);
  else
    snprintf(line, LINE_MAX_BYTES, "%s='%s' is not allowed: %s, %s; left as it was", key->name, shown, key->values,
             key->meaning);
}

/* Cuts the next element off `text`: its bytes without backslashes into out, cut at `size`. Returns what follows it. */
static const char *next_element(const char *text, char *out, size_t size) {
  size_t used = 0;
  for (; *text && *text != ':'; text++) {
    if (*text == '\\' && text[1])
      text++;
    if (used + 1 < size)
      out[used++] = *text;
  }
  out[used] = '\0';
  return *text ? text + 1 : text;
}

int bscope_settings_parse(struct bscope_settings *settings, const char *text, bscope_complaint complain,
                          void *context) {
  char element[KEY_MAX + BSCOPE_FILTER_MAX], line[LINE_MAX_BYTES]; /* what is longer is too long for every key */
  int complaints = 0;
  while (text && *text) {
    text = next_element(text, element, sizeof(element));
    char *value = strchr(element, '=');
    if (value)
      *value++ = '\0';
    else if (!element[0])
      continue;
    const struct key *key = find_key(element);
    if (key && value && set_from_text(settings, key, value))
      continue;
    complaints++;
    describe(line, key, element, value);
    if (complain)
      complain(context, line);
  }
  return complaints;
}

/* Takes over one field of a complete struct. */
static int set_from_field(struct bscope_settings *settings, const struct key *key,
                          const struct bscope_options *options) {
  const char *field = (const char *)options + key->option;
  int number;
  size_t count;
  const char *text;
  switch (key->type) {
  case SWITCH:
  case CHOICE:
    memcpy(&number, field, sizeof(number));
    if (number == 0)
      return BSCOPE_OK;
    if (key->type == SWITCH ? number != BSCOPE_ON && number != BSCOPE_OFF
                            : number < 0 || number > choice_count(key->values))
      return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "bscope_options.%s is %d: allowed are 0 and the values for %s",
                         key->name, number, key->type == SWITCH ? "on|off" : key->values);
    put_int(settings, key, number);
    return BSCOPE_OK;
  case EVENTS:
  case BYTES:
    memcpy(&count, field, sizeof(count));
    if (count == 0)
      return BSCOPE_OK;
    if (!is_allowed_number(key, count))
      return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "bscope_options.%s is %zu: allowed is %s%llu to %llu", key->name,
                         count, key->type == EVENTS ? "a power of two from " : "", (unsigned long long)key->least,
                         (unsigned long long)key->most);
    put_size(settings, key, count);
    return BSCOPE_OK;
  case TEXT:
  case PATH:
    memcpy(&text, field, sizeof(text));
    if (text && strlen(text) >= BSCOPE_FILTER_MAX)
      return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "bscope_options.%s is %zu bytes long: allowed are %d", key->name,
                         strlen(text), BSCOPE_FILTER_MAX - 1);
    if (text && !set_from_text(settings, key, text))
      return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "bscope_options.%s is \"%s\": %s", key->name, text, key->meaning);
    return BSCOPE_OK;
  }
  return BSCOPE_OK;
}

/* A struct of another version, as one of this: what it lacks is 0, what it has beyond must be. */
static int read_options(struct bscope_options *out, const struct bscope_options *options) {
  size_t size = options->size;
  if (size < sizeof(options->size))
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT,
                       "bscope_options.size is %zu: set it to sizeof(struct bscope_options)", size);
  for (size_t i = sizeof(*options); i < size; i++)
    if (((const char *)options)[i] != 0)
      return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT,
                         "bscope_options has a field at byte %zu that this library (%zu bytes) does not know", i,
                         sizeof(*options));
  memset(out, 0, sizeof(*out));
  memcpy(out, options, (size_t)bscope_min_u64(size, sizeof(*out)));
  return BSCOPE_OK;
}

int bscope_settings_apply(struct bscope_settings *settings, const struct bscope_options *options) {
  struct bscope_options known;
  int status = read_options(&known, options);
  struct bscope_settings wanted = *settings;
  for (size_t i = 0; status == BSCOPE_OK && i < BSCOPE_COUNT(keys); i++)
    if (keys[i].option != NOT_A_FIELD)
      status = set_from_field(&wanted, &keys[i], &known);
  if (status == BSCOPE_OK && known.found) {
    wanted.found = known.found;
    wanted.found_context = known.found_context;
    if (known.on_finding == BSCOPE_ON_FINDING_DEFAULT)
      wanted.on_finding = BSCOPE_ON_FINDING_CALLBACK;
  }
  if (status == BSCOPE_OK && known.on_finding == BSCOPE_ON_FINDING_CALLBACK && !wanted.found)
    status = bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT,
                         "bscope_options.on_finding is callback, and bscope_options.found is NULL");
  if (status == BSCOPE_OK)
    *settings = wanted;
  return status;
}

void bscope_settings_help(bscope_complaint line, void *context) {
  char text[LINE_MAX_BYTES], key[2 * KEY_MAX];
  for (size_t i = 0; i < BSCOPE_COUNT(keys); i++) {
    snprintf(key, sizeof(key), "%s=%s", keys[i].name, keys[i].values);
    snprintf(text, sizeof(text), "%-22s %s (default: %s)", key, keys[i].meaning,
             keys[i].fallback[0] ? keys[i].fallback : "empty");
    line(context, text);
  }
}
