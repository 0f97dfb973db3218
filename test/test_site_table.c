/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of sites: equal information gives the equal entry, ids are dense and last, names that no longer fit fold
 * into one site a kind and the event is kept (P2, P6), a filter decides once.
 */
#include "harness.h"

#include "capture/site_table.h"

#include <pthread.h>

#include <borrowscope/kinds.h>

static struct bscope_site plain(const char *name) {
  return (struct bscope_site){.abi = BSCOPE_SITE_ABI,
                              .size = sizeof(struct bscope_site),
                              .kind = BSCOPE_KIND_NEW,
                              .line = 7,
                              .name = name,
                              .type = "int",
                              .file = "a.c",
                              .function = "f",
                              .text = "1 + 2"};
}

static const struct bscope_site *intern(const struct bscope_site *site) {
  bool folded = true;
  const struct bscope_site *entry = bscope_site_table_intern(site, &folded);
  check(!folded);
  return entry;
}

static void equal_sites_are_one_entry(void **state) {
  (void)state;
  char name[] = "value";
  struct bscope_site one = plain(name), two = plain("value");
  one.word = 12345; /* not part of the information */
  const struct bscope_site *entry = intern(&one);
  name[0] = 'X';
  assert_string_equal(entry->name, "value");
  assert_string_equal(entry->type, "int");
  assert_string_equal(entry->file, "a.c");
  assert_string_equal(entry->function, "f");
  assert_string_equal(entry->text, "1 + 2");
  assert_null(entry->name2);
  assert_int_equal(entry->line, 7);
  assert_int_not_equal(entry->word, 0);
  assert_ptr_equal(intern(&two), entry);
  assert_ptr_equal(bscope_site_table_get(entry->word), entry);
}

/* Each field alone tells two sites apart. */
static void every_field_counts(void **state) {
  (void)state;
  struct bscope_site base = plain("field"), sites[13];
  static const char *const extra[] = {"more", NULL};
  for (unsigned i = 0; i < TEST_COUNT(sites); i++)
    sites[i] = base;
  sites[1].kind = BSCOPE_KIND_DROP;
  sites[2].subject_is = BSCOPE_WORD_ID;
  sites[3].object_is = BSCOPE_WORD_ID;
  sites[4].flags = BSCOPE_SITE_MUTABLE;
  sites[5].line = 8;
  sites[6].extent = 4;
  sites[7].name2 = "field";
  sites[8].type = NULL;
  sites[9].file = "b.c";
  sites[10].function = "g";
  sites[11].text = NULL;
  sites[12].extra = extra;
  for (unsigned i = 0; i < TEST_COUNT(sites); i++)
    for (unsigned k = 0; k < i; k++)
      assert_ptr_not_equal(intern(&sites[i]), intern(&sites[k]));
}

static void names_known_at_run_time(void **state) {
  (void)state;
  struct bscope_site base = plain(NULL);
  bool folded;
  const struct bscope_site *a = bscope_site_table_intern_named(&base, "from", "to", &folded);
  assert_string_equal(a->name, "from");
  assert_string_equal(a->name2, "to");
  assert_ptr_equal(bscope_site_table_intern_named(&base, "from", "to", &folded), a);
  assert_ptr_not_equal(bscope_site_table_intern_named(&base, "from", NULL, &folded), a);
  struct bscope_site same = plain("from");
  same.name2 = "to";
  assert_ptr_equal(intern(&same), a);
}

static void unknown_ids_have_no_entry(void **state) {
  (void)state;
  assert_null(bscope_site_table_get(0));
  assert_null(bscope_site_table_get(bscope_site_table_count() + 1));
  assert_null(bscope_site_table_get(BSCOPE_SITE_CAPACITY));
  assert_null(bscope_site_table_get(BSCOPE_SITE_CAPACITY + 1));
  assert_null(bscope_site_table_get(BSCOPE_SITE_OFF));
}

/* Asked for again and again, a site with further strings takes no more room than once (P6). */
static void extra_strings(void **state) {
  (void)state;
  char first[] = "x: int", second[] = "y: char *";
  const char *one[] = {first, second, NULL}, *other[] = {first, NULL};
  struct bscope_site site = plain("closure");
  site.extra = one;
  const struct bscope_site *entry = intern(&site);
  first[0] = '!';
  assert_string_equal(entry->extra[0], "x: int");
  assert_string_equal(entry->extra[1], "y: char *");
  assert_null(entry->extra[2]);
  first[0] = 'x';
  uint32_t count = bscope_site_table_count();
  for (unsigned i = 0; i < 1000; i++)
    assert_ptr_equal(intern(&site), entry);
  assert_int_equal(bscope_site_table_count(), count);
  site.extra = other;
  assert_ptr_not_equal(intern(&site), entry);
}

#define RACERS 8
#define SITES 1000

static pthread_barrier_t barrier;
static const struct bscope_site *got[RACERS][SITES];

static void *intern_all(void *argument) {
  unsigned self = (unsigned)(uintptr_t)argument;
  pthread_barrier_wait(&barrier);
  for (unsigned i = 0; i < SITES; i++) {
    unsigned at = (self & 1) ? SITES - 1 - i : i;
    struct bscope_site site = plain("race");
    site.line = 1000 + at;
    got[self][at] = intern(&site);
    check(bscope_site_table_get(got[self][at]->word) == got[self][at]);
  }
  return NULL;
}

static void racing_threads_get_one_entry(void **state) {
  (void)state;
  pthread_t threads[RACERS];
  pthread_barrier_init(&barrier, NULL, RACERS);
  for (uintptr_t i = 0; i < RACERS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, intern_all, (void *)i), 0);
  for (unsigned i = 0; i < RACERS; i++)
    pthread_join(threads[i], NULL);
  for (unsigned at = 0; at < SITES; at++) {
    assert_int_equal(got[0][at]->line, 1000 + at);
    for (unsigned i = 1; i < RACERS; i++)
      assert_ptr_equal(got[i][at], got[0][at]);
  }
  pthread_barrier_destroy(&barrier);
}

static void fill_the_table(void) {
  struct bscope_site site = plain("fill");
  const struct bscope_site *entry = NULL, *first = NULL;
  bool folded = false;
  uint32_t n = 0;
  for (; !folded && n <= BSCOPE_SITE_CAPACITY; n++) {
    site.line = 100000 + n;
    entry = bscope_site_table_intern(&site, &folded);
    check(entry);
    first = n ? first : entry;
  }
  check(folded && n > BSCOPE_SITE_CAPACITY * 9 / 10);
  check(strcmp(entry->name, "<too many names>") == 0 && entry->kind == BSCOPE_KIND_NEW);
  check(entry->word != BSCOPE_SITE_OFF && bscope_site_table_get(entry->word) == entry);
  site.line++;
  check(bscope_site_table_intern(&site, &folded) == entry && folded);
  site.kind = BSCOPE_KIND_MOVE;
  site.name2 = "to";
  const struct bscope_site *move = bscope_site_table_intern(&site, &folded);
  check(folded && move != entry && move->kind == BSCOPE_KIND_MOVE && strcmp(move->name2, "<too many names>") == 0);
  site.kind = BSCOPE_KIND_BORROW;
  site.flags = BSCOPE_SITE_MUTABLE | BSCOPE_SITE_BY_ADDRESS;
  check(bscope_site_table_intern(&site, &folded)->flags == (BSCOPE_SITE_MUTABLE | BSCOPE_SITE_BY_ADDRESS) && folded);
  site = plain("fill");
  site.line = 100000;
  check(bscope_site_table_intern(&site, &folded) == first && !folded);
}

static void beyond_the_capacity_names_fold(void **state) {
  (void)state;
  assert_int_equal(test_in_child(fill_the_table), 0);
}

/* The same by way of the calls: each event is kept and each fold counted. */
static void record_folded(void) {
  struct bscope_site site = plain("fill");
  bool folded = false;
  for (uint32_t n = 0; !folded; n++) {
    site.line = 100000 + n;
    check(bscope_site_table_intern(&site, &folded));
  }
  static struct bscope_site named = TEST_SITE(BSCOPE_KIND_NEW, NULL), fixed = TEST_SITE(BSCOPE_KIND_NEW, "late comer");
  struct bscope_stats before = test_stats();
  bscope_emit_named(&named, "too late", NULL, 0, 0);
  bscope_emit_named(&named, "too late too", NULL, 0, 0);
  test_emit(&fixed, 0, 0);
  struct bscope_stats after = test_stats();
  check_equal(after.logged - before.logged, 3);
  check_equal(after.names_folded - before.names_folded, 3);
}

static void folded_events_are_kept_and_counted(void **state) {
  (void)state;
  assert_int_equal(test_in_child(record_folded), 0);
}

static void filter_first(void) {
  check(bscope_site_table_set_filter("buffer*,-buffer_tmp"));
  check(bscope_site_table_set_filter("buffer*,-buffer_tmp"));
  struct bscope_site in = plain("buffer_1"), out = plain("buffer_tmp"), other = plain("x"), none = plain(NULL);
  check(intern(&in)->word != BSCOPE_SITE_OFF);
  check(intern(&out)->word == BSCOPE_SITE_OFF);
  check(intern(&other)->word == BSCOPE_SITE_OFF);
  check(intern(&none)->word != BSCOPE_SITE_OFF); /* without a name there is nothing to leave out by */
  check(!bscope_site_table_set_filter("*"));
}

static void filter_is_set_before_sites(void **state) {
  (void)state;
  check(!bscope_site_table_set_filter("late"));
}

int main(void) {
  /* A child's tables are its parent's: what must find them empty comes first. */
  int filtered = test_in_child(filter_first);
  check_equal(filtered, 0);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equal_sites_are_one_entry),
      cmocka_unit_test(every_field_counts),
      cmocka_unit_test(names_known_at_run_time),
      cmocka_unit_test(unknown_ids_have_no_entry),
      cmocka_unit_test(extra_strings),
      cmocka_unit_test(racing_threads_get_one_entry),
      cmocka_unit_test(filter_is_set_before_sites),
      cmocka_unit_test(beyond_the_capacity_names_fold),
      cmocka_unit_test(folded_events_are_kept_and_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
