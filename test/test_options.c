/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options from text and from the struct, and the filter. The text is hostile input (P9).
 */
#include "base/options.h"
#include "base/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct lines {
  int count;
  char text[32][512];
};

static void keep(void *context, const char *line) {
  struct lines *lines = context;
  assert_true(lines->count < 32);
  snprintf(lines->text[lines->count++], sizeof(lines->text[0]), "%s", line);
  assert_null(strchr(line, '\n'));
}

static struct bscope_settings defaults(void) {
  struct bscope_settings settings;
  bscope_settings_default(&settings);
  return settings;
}

static void has_defaults(void **state) {
  (void)state;
  struct bscope_settings settings;
  memset(&settings, 0xa5, sizeof(settings));
  bscope_settings_default(&settings);
  assert_true(settings.enabled);
  assert_int_equal(settings.overflow, BSCOPE_OVERFLOW_BLOCK);
  assert_int_equal(settings.clock, BSCOPE_CLOCK_COUNTER);
  assert_int_equal(settings.collector, BSCOPE_COLLECTOR_THREAD);
  assert_int_equal(settings.ring, 32768);
  assert_int_equal(settings.memory, 512u << 20);
  assert_false(settings.addresses);
  assert_true(settings.times);
  assert_false(settings.help);
  assert_string_equal(settings.filter, "");
}

static void takes_every_key(void **state) {
  (void)state;
  struct bscope_settings settings = defaults();
  struct lines lines = {0};
  assert_int_equal(bscope_settings_parse(&settings,
                                         "enabled=0:overflow=drop:clock=counter:collector=none:ring=1K:memory=3m:"
                                         "filter=a*,-ab:addresses=1:times=0:help=1",
                                         keep, &lines),
                   0);
  assert_int_equal(lines.count, 0);
  assert_false(settings.enabled);
  assert_int_equal(settings.overflow, BSCOPE_OVERFLOW_DROP);
  assert_int_equal(settings.collector, BSCOPE_COLLECTOR_NONE);
  assert_int_equal(settings.ring, 1024);
  assert_int_equal(settings.memory, 3u << 20);
  assert_string_equal(settings.filter, "a*,-ab");
  assert_true(settings.addresses);
  assert_false(settings.times);
  assert_true(settings.help);
  assert_int_equal(bscope_settings_parse(&settings, NULL, keep, &lines), 0);
  assert_int_equal(bscope_settings_parse(&settings, "", keep, &lines), 0);
  assert_int_equal(bscope_settings_parse(&settings, ":::ring=4::", keep, &lines), 0);
  assert_int_equal(settings.ring, 4);
  assert_int_equal(bscope_settings_parse(&settings, "ring=8:ring=16", keep, &lines), 0);
  assert_int_equal(settings.ring, 16); /* the last counts */
  assert_int_equal(bscope_settings_parse(&settings, "filter=std\\:\\:*,\\\\", keep, &lines), 0);
  assert_string_equal(settings.filter, "std::*,\\");
}

static void knows_sizes(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t bytes;
  } good[] = {{"memory=1048576", 1u << 20},     {"memory=1024K", 1u << 20}, {"memory=1M", 1u << 20},
              {"memory=2G", UINT64_C(2) << 30}, {"memory=007m", 7u << 20},  {"memory=1024g", UINT64_C(1) << 40}};
  static const char *const bad[] = {"memory=",
                                    "memory=K",
                                    "memory=1T",
                                    "memory=1MB",
                                    "memory=1M ",
                                    "memory=2097152x",
                                    "memory=2GG",
                                    "memory=2M1",
                                    "memory=1KB",
                                    "memory=-1M",
                                    "memory= 1M",
                                    "memory=1 M",
                                    "memory=0x100000",
                                    "memory=1023K",
                                    "memory=0",
                                    "memory=1.5M",
                                    "memory=18446744073709551616",
                                    "memory=99999999999G",
                                    "memory=18014398509481984K"};
  struct bscope_settings settings = defaults();
  for (size_t i = 0; i < BSCOPE_COUNT(good); i++) {
    assert_int_equal(bscope_settings_parse(&settings, good[i].text, NULL, NULL), 0);
    assert_int_equal(settings.memory, good[i].bytes);
  }
  for (size_t i = 0; i < BSCOPE_COUNT(bad); i++) {
    struct lines lines = {0};
    settings.memory = 12345;
    assert_int_equal(bscope_settings_parse(&settings, bad[i], keep, &lines), 1);
    assert_int_equal(settings.memory, 12345);
    assert_non_null(strstr(lines.text[0], "memory"));
    assert_non_null(strstr(lines.text[0], "1M or more"));
  }
}

static void refuses_bad_values_and_says_what_is_allowed(void **state) {
  (void)state;
  static const struct {
    const char *text, *says;
  } rows[] = {
      {"enabled=2", "enabled='2' is not allowed: 0|1"},
      {"enabled=01", "0|1"},
      {"enabled=", "0|1"},
      {"overflow=Block", "block|drop"},
      {"overflow=bloc", "block|drop"},
      {"overflow=block|drop", "block|drop"},
      {"overflow=", "block|drop"},
      {"collector=threads", "thread|none"},
      {"clock=sundial", "counter|tsc"},
      {"ring=1", "a power of two"},
      {"ring=1000", "a power of two"},
      {"ring=2G", "a power of two"},
      {"ring", "'ring' has no value: write ring=EVENTS"},
  };
  for (size_t i = 0; i < BSCOPE_COUNT(rows); i++) {
    struct bscope_settings settings = defaults(), before = settings;
    struct lines lines = {0};
    assert_int_equal(bscope_settings_parse(&settings, rows[i].text, keep, &lines), 1);
    assert_int_equal(lines.count, 1);
    assert_non_null(strstr(lines.text[0], rows[i].says));
    assert_memory_equal(&settings, &before, sizeof(settings));
  }
}

static void one_bad_key_spoils_no_other(void **state) {
  (void)state;
  struct bscope_settings settings = defaults();
  assert_int_equal(bscope_settings_parse(&settings, "rnig=2:ring=64:memory=x:times=0", NULL, NULL), 2);
  assert_int_equal(settings.ring, 64);
  assert_false(settings.times);
  assert_int_equal(settings.memory, 512u << 20);
}

static void names_the_nearest_key(void **state) {
  (void)state;
  static const struct {
    const char *typed, *nearest;
  } rows[] = {{"rnig", "ring"},     {"rings", "ring"},     {"colector", "collector"}, {"over-flow", "overflow"},
              {"memroy", "memory"}, {"mem", "memory"},     {"filters", "filter"},     {"adresses", "addresses"},
              {"time", "times"},    {"enable", "enabled"}, {"Clock", "clock"},        {"hlep", "help"}};
  for (size_t i = 0; i < BSCOPE_COUNT(rows); i++) {
    struct bscope_settings settings = defaults();
    struct lines lines = {0};
    char text[64], says[96];
    snprintf(text, sizeof(text), "%s=1", rows[i].typed);
    snprintf(says, sizeof(says), "unknown key '%s'; the nearest is '%s'", rows[i].typed, rows[i].nearest);
    assert_int_equal(bscope_settings_parse(&settings, text, keep, &lines), 1);
    assert_non_null(strstr(lines.text[0], says));
  }
}

/* P9: long, steering and odd text makes a short complaint in which no byte steers a terminal. */
static void survives_hostile_text(void **state) {
  (void)state;
  struct bscope_settings settings = defaults(), before = settings;
  struct lines lines = {0};
  char *long_text = malloc(100001);
  assert_non_null(long_text);
  for (const char *lead = "xm="; *lead; lead++) {
    memset(long_text, *lead, 100000);
    long_text[100000] = '\0';
    assert_int_equal(bscope_settings_parse(&settings, long_text, keep, &lines), 1);
  }
  memcpy(long_text, "filter=", 7);
  assert_int_equal(bscope_settings_parse(&settings, long_text, keep, &lines), 1);
  assert_non_null(strstr(lines.text[3], "too long"));
  memcpy(long_text, "ring=12", 7);
  assert_int_equal(bscope_settings_parse(&settings, long_text, keep, &lines), 1);
  free(long_text);
  assert_int_equal(bscope_settings_parse(&settings, "\x1b[2J\n\x9b=1:ring=\x1b[31m\xff:\\", keep, &lines), 3);
  for (int i = 0; i < lines.count; i++)
    for (const char *s = lines.text[i]; *s; s++)
      assert_true((unsigned char)*s >= 0x20 && *s != 0x7f && (unsigned char)*s != 0x9b);
  assert_memory_equal(&settings, &before, sizeof(settings));
}

/* Random bytes, mostly those that mean something: never a crash (with a sanitizer: no bad access), always in bounds. */
static void survives_random_text(void **state) {
  (void)state;
  static const char bytes[] = "::==\\,ringmemoryfilter*?-0123KMG|\x1b\xff ";
  unsigned seed = getenv("BSCOPE_TEST_SEED") ? (unsigned)atoi(getenv("BSCOPE_TEST_SEED")) : (unsigned)bscope_now_ns();
  printf("seed %u\n", seed);
  for (int i = 0; i < 20000; i++) {
    char text[80];
    size_t length = (size_t)rand_r(&seed) % (sizeof(text) - 1);
    for (size_t k = 0; k < length; k++)
      text[k] = bytes[(size_t)rand_r(&seed) % (sizeof(bytes) - 1)];
    text[length] = '\0';
    struct bscope_settings settings = defaults();
    bscope_settings_parse(&settings, text, NULL, NULL);
    assert_true(settings.ring >= 2 && (settings.ring & (settings.ring - 1)) == 0);
    assert_true(settings.memory >= 1u << 20);
    assert_true(strlen(settings.filter) < BSCOPE_FILTER_MAX);
  }
}

static void fits_the_longest_filter(void **state) {
  (void)state;
  struct bscope_settings settings = defaults();
  char text[7 + BSCOPE_FILTER_MAX + 1] = "filter=";
  memset(text + 7, 'a', BSCOPE_FILTER_MAX - 1);
  assert_int_equal(bscope_settings_parse(&settings, text, NULL, NULL), 0);
  assert_int_equal(strlen(settings.filter), BSCOPE_FILTER_MAX - 1);
  text[7 + BSCOPE_FILTER_MAX - 1] = 'a';
  assert_int_equal(bscope_settings_parse(&settings, text, NULL, NULL), 1);
}

static void applies_fields_that_are_not_0(void **state) {
  (void)state;
  struct bscope_settings settings = defaults(), before = settings;
  struct bscope_options options = {.size = sizeof(options)};
  assert_int_equal(bscope_settings_apply(&settings, &options), 0);
  assert_memory_equal(&settings, &before, sizeof(settings));
  options = (struct bscope_options){.size = sizeof(options),
                                    .enabled = BSCOPE_OFF,
                                    .overflow = BSCOPE_OVERFLOW_DROP,
                                    .clock = BSCOPE_CLOCK_COUNTER,
                                    .collector = BSCOPE_COLLECTOR_NONE,
                                    .ring = 64,
                                    .memory = 1u << 20,
                                    .filter = "x*",
                                    .addresses = BSCOPE_ON,
                                    .times = BSCOPE_OFF,
                                    .file = "/a/%e.%p",
                                    .overwrite = BSCOPE_ON,
                                    .pack = BSCOPE_ON};
  assert_int_equal(bscope_settings_apply(&settings, &options), 0);
  assert_false(settings.enabled);
  assert_int_equal(settings.overflow, BSCOPE_OVERFLOW_DROP);
  assert_int_equal(settings.collector, BSCOPE_COLLECTOR_NONE);
  assert_int_equal(settings.ring, 64);
  assert_int_equal(settings.memory, 1u << 20);
  assert_string_equal(settings.filter, "x*");
  assert_true(settings.addresses);
  assert_false(settings.times);
  assert_string_equal(settings.file, "/a/%e.%p");
  assert_true(settings.overwrite);
  assert_true(settings.pack);
  options = (struct bscope_options){.size = sizeof(options), .enabled = BSCOPE_ON, .filter = ""};
  assert_int_equal(bscope_settings_apply(&settings, &options), 0);
  assert_true(settings.enabled);
  assert_string_equal(settings.filter, "");
  assert_int_equal(settings.ring, 64);
}

static void refuses_bad_fields_whole(void **state) {
  (void)state;
  static char long_filter[BSCOPE_FILTER_MAX + 1];
  memset(long_filter, 'a', BSCOPE_FILTER_MAX);
  const struct {
    struct bscope_options options;
    const char *says;
  } rows[] = {
      {{.enabled = 2}, "enabled is 2"},
      {{.enabled = -2}, "enabled is -2"},
      {{.overflow = (enum bscope_overflow)3}, "overflow is 3: allowed are 0 and the values for block|drop"},
      {{.clock = (enum bscope_clock)3}, "clock is 3"},
      {{.collector = (enum bscope_collector)3}, "collector is 3"},
      {{.ring = 3}, "ring is 3: allowed is a power of two from 2"},
      {{.ring = 1}, "ring is 1"},
      {{.ring = (size_t)1 << 31}, "ring is"},
      {{.memory = 1000}, "memory is 1000: allowed is 1048576"},
      {{.filter = long_filter}, "filter is 1024 bytes"},
      {{.file = long_filter}, "file is 1024 bytes"},
      {{.file = "a%q"}, "file is \"a%q\": trace file"},
      {{.overwrite = 2}, "overwrite is 2"},
      {{.pack = 2}, "pack is 2"},
      {{.addresses = 5}, "addresses is 5"},
      {{.times = -7}, "times is -7"},
  };
  for (size_t i = 0; i < BSCOPE_COUNT(rows); i++) {
    struct bscope_settings settings = defaults(), before = settings;
    struct bscope_options options = rows[i].options;
    options.size = sizeof(options);
    if (!options.enabled)
      options.enabled = BSCOPE_OFF; /* good, and comes first: must not stay when a later field is refused */
    assert_int_equal(bscope_settings_apply(&settings, &options), BSCOPE_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(bscope_last_error(), rows[i].says));
    assert_memory_equal(&settings, &before, sizeof(settings));
  }
}

static void knows_structs_of_other_versions(void **state) {
  (void)state;
  struct bscope_settings settings = defaults();
  struct {
    struct bscope_options options;
    char tail[16];
  } newer = {.options = {.size = sizeof(newer), .ring = 128}};
  memset(newer.tail, 0, sizeof(newer.tail));
  assert_int_equal(bscope_settings_apply(&settings, &newer.options), 0);
  assert_int_equal(settings.ring, 128);
  newer.tail[15] = 1;
  newer.options.ring = 256;
  assert_int_equal(bscope_settings_apply(&settings, &newer.options), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_non_null(strstr(bscope_last_error(), "does not know"));
  assert_int_equal(settings.ring, 128);
  /* An older program's struct ends earlier; what lies behind it is not ours to read. */
  struct bscope_options older = {
      .size = offsetof(struct bscope_options, ring), .overflow = BSCOPE_OVERFLOW_DROP, .ring = 3};
  assert_int_equal(bscope_settings_apply(&settings, &older), 0);
  assert_int_equal(settings.overflow, BSCOPE_OVERFLOW_DROP);
  assert_int_equal(settings.ring, 128);
  older.size = 0;
  assert_int_equal(bscope_settings_apply(&settings, &older), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_non_null(strstr(bscope_last_error(), "size is 0"));
}

static void found(void *context, const struct bscope_finding *finding) {
  (void)context;
  (void)finding;
}

static void takes_a_callback(void **state) {
  (void)state;
  struct bscope_settings settings = defaults();
  assert_int_equal(settings.on_finding, BSCOPE_ON_FINDING_NONE);
  struct bscope_options options = {.size = sizeof(options), .on_finding = BSCOPE_ON_FINDING_CALLBACK};
  assert_int_equal(bscope_settings_apply(&settings, &options), BSCOPE_ERR_INVALID_ARGUMENT);
  assert_non_null(strstr(bscope_last_error(), "found is NULL"));
  assert_int_equal(settings.on_finding, BSCOPE_ON_FINDING_NONE);
  options = (struct bscope_options){.size = sizeof(options), .found = found, .found_context = &settings};
  assert_int_equal(bscope_settings_apply(&settings, &options), BSCOPE_OK);
  assert_int_equal(settings.on_finding, BSCOPE_ON_FINDING_CALLBACK);
  assert_true(settings.found == found && settings.found_context == &settings);
  options = (struct bscope_options){.size = sizeof(options), .on_finding = BSCOPE_ON_FINDING_ABORT};
  assert_int_equal(bscope_settings_apply(&settings, &options), BSCOPE_OK);
  assert_int_equal(settings.on_finding, BSCOPE_ON_FINDING_ABORT);
  assert_int_equal(bscope_settings_parse(&settings, "on_finding=print", NULL, NULL), 0);
  assert_int_equal(settings.on_finding, BSCOPE_ON_FINDING_PRINT);
}

static void help_lists_every_key(void **state) {
  (void)state;
  static const char *const names[] = {"enabled=0|1",
                                      "overflow=block|drop",
                                      "clock=counter|tsc",
                                      "collector=thread|none",
                                      "ring=EVENTS",
                                      "memory=BYTES",
                                      "filter=GLOBS",
                                      "addresses=0|1",
                                      "times=0|1",
                                      "file=PATH",
                                      "overwrite=0|1",
                                      "pack=0|1",
                                      "on_finding=none|print|abort|snapshot|callback",
                                      "help=0|1"};
  struct lines lines = {0};
  bscope_settings_help(keep, &lines);
  assert_int_equal(lines.count, BSCOPE_COUNT(names));
  for (int i = 0; i < lines.count; i++) {
    assert_int_equal(strncmp(lines.text[i], names[i], strlen(names[i])), 0);
    assert_non_null(strstr(lines.text[i], "(default: "));
  }
}

static void filters_by_globs(void **state) {
  (void)state;
  static const struct {
    const char *filter, *name;
    bool allowed;
  } rows[] = {
      {"", "x", true},
      {"", "", true},
      {",,", "x", true},
      {"-", "x", true},
      {"x", "x", true},
      {"x", "xy", false},
      {"x", "X", false},
      {"x*", "xy", true},
      {"*x", "yx", true},
      {"*x", "xy", false},
      {"x?z", "xyz", true},
      {"x?z", "xz", false},
      {"?", "", false},
      {"*", "", true},
      {"a,b", "b", true},
      {"a,b", "c", false},
      {"-a", "a", false},
      {"-a", "b", true},
      {"-a*,-b", "ab", false},
      {"a*,-ab", "ac", true},
      {"a*,-ab", "ab", false},
      {"-ab,a*", "ab", false},
      {"-ab,a*", "b", false},
      {"a*b*c", "aXbYbZc", true},
      {"a*b*c", "aXbYbZ", false},
      {"**", "x", true},
      {"*a*", "bab", true},
      {"a**", "a", true},
      {"--a", "-a", false},
      {"--a", "a", true},
      {"x,", "y", false},
      {"*aab", "aaaab", true},
  };
  for (size_t i = 0; i < BSCOPE_COUNT(rows); i++)
    if (bscope_filter_allows(rows[i].filter, rows[i].name) != rows[i].allowed)
      fail_msg("filter '%s', name '%s'", rows[i].filter, rows[i].name);
  assert_true(bscope_filter_allows(NULL, "x"));
  assert_true(bscope_filter_allows("", NULL));
  assert_true(bscope_filter_allows("*", NULL));
  assert_false(bscope_filter_allows("x", NULL));
}

/* P9: the worst pattern on the worst name takes pattern times name steps, not an exponential number. */
static void a_hostile_glob_is_no_hang(void **state) {
  (void)state;
  char filter[BSCOPE_FILTER_MAX], name[4001];
  for (size_t i = 0; i + 1 < sizeof(filter); i++)
    filter[i] = i % 2 ? 'a' : '*';
  filter[sizeof(filter) - 2] = 'b';
  filter[sizeof(filter) - 1] = '\0';
  memset(name, 'a', sizeof(name) - 1);
  name[sizeof(name) - 1] = '\0';
  uint64_t begin = bscope_now_ns();
  assert_false(bscope_filter_allows(filter, name));
  assert_in_range(bscope_now_ns() - begin, 0, UINT64_C(2000000000));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(has_defaults),
      cmocka_unit_test(takes_every_key),
      cmocka_unit_test(knows_sizes),
      cmocka_unit_test(refuses_bad_values_and_says_what_is_allowed),
      cmocka_unit_test(one_bad_key_spoils_no_other),
      cmocka_unit_test(names_the_nearest_key),
      cmocka_unit_test(survives_hostile_text),
      cmocka_unit_test(survives_random_text),
      cmocka_unit_test(fits_the_longest_filter),
      cmocka_unit_test(applies_fields_that_are_not_0),
      cmocka_unit_test(refuses_bad_fields_whole),
      cmocka_unit_test(knows_structs_of_other_versions),
      cmocka_unit_test(takes_a_callback),
      cmocka_unit_test(help_lists_every_key),
      cmocka_unit_test(filters_by_globs),
      cmocka_unit_test(a_hostile_glob_is_no_hang),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
