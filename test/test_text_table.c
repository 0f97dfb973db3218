/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interned text: equal text gives the equal pointer, whoever asks and however many ask at once; what does not fit is
 * refused and leaves the rest as it was (P3, P6).
 */
#include "harness.h"

#include "capture/text_table.h"

#include <pthread.h>
#include <signal.h>

static void equal_text_is_one_pointer(void **state) {
  (void)state;
  char one[] = "borrowed", two[] = "borrowed";
  const char *a = bscope_text_intern_string(one, 0);
  assert_non_null(a);
  assert_ptr_not_equal(a, one);
  assert_ptr_equal(bscope_text_intern_string(two, 0), a);
  one[0] = 'X';
  assert_string_equal(a, "borrowed");
  assert_ptr_not_equal(bscope_text_intern_string("borrowe", 0), a);
  assert_ptr_equal(bscope_text_intern("borrowed and more", 8, 0), a);
  assert_null(bscope_text_intern_string(NULL, 0));
  assert_string_equal(bscope_text_intern_string("", 0), "");
}

static void bytes_of_every_value_are_kept(void **state) {
  (void)state;
  char all[256];
  for (int i = 0; i < 256; i++)
    all[i] = (char)i;
  const char *kept = bscope_text_intern(all, sizeof(all), 0);
  assert_memory_equal(kept, all, sizeof(all));
  assert_int_equal(kept[256], 0);
  assert_ptr_equal(bscope_text_intern(all, sizeof(all), 0), kept);
}

static void long_text_is_cut_at_a_character(void **state) {
  (void)state;
  char text[BSCOPE_TEXT_LONGEST + 100];
  for (unsigned shift = 0; shift < 4; shift++) {
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    memcpy(text + BSCOPE_TEXT_LONGEST - shift, "\xf0\x9f\x98\x80",
           4); /* four bytes, across the limit but for one case */
    const char *kept = bscope_text_intern_string(text, 0);
    size_t length = strlen(kept);
    assert_int_equal(length, BSCOPE_TEXT_LONGEST - shift);
    assert_memory_equal(kept, text, length);
    assert_ptr_equal(bscope_text_intern_string(text, 0), kept);
  }
}

#define RACERS 8
#define WORDS 2000

static pthread_barrier_t barrier;

struct racer {
  unsigned order;
  const char *got[WORDS];
};

static void *intern_all(void *argument) {
  struct racer *r = argument;
  pthread_barrier_wait(&barrier);
  for (unsigned i = 0; i < WORDS; i++) {
    char text[32];
    unsigned w = (r->order & 1) ? WORDS - 1 - i : i;
    snprintf(text, sizeof(text), "racing %u", w);
    r->got[w] = bscope_text_intern_string(text, 0);
  }
  return NULL;
}

static void racing_threads_get_one_pointer(void **state) {
  (void)state;
  static struct racer racers[RACERS];
  pthread_t threads[RACERS];
  pthread_barrier_init(&barrier, NULL, RACERS);
  for (unsigned i = 0; i < RACERS; i++) {
    racers[i].order = i / 4;
    assert_int_equal(pthread_create(&threads[i], NULL, intern_all, &racers[i]), 0);
  }
  for (unsigned i = 0; i < RACERS; i++)
    pthread_join(threads[i], NULL);
  for (unsigned w = 0; w < WORDS; w++) {
    char text[32];
    snprintf(text, sizeof(text), "racing %u", w);
    assert_string_equal(racers[0].got[w], text);
    for (unsigned i = 1; i < RACERS; i++)
      assert_ptr_equal(racers[i].got[w], racers[0].got[w]);
  }
  pthread_barrier_destroy(&barrier);
}

static volatile sig_atomic_t handled;
static bool handler_differs;

/* Interns what the interrupted thread may be interning at this moment. */
static void intern_in_handler(int signal_number) {
  (void)signal_number;
  char text[32] = "nested 0";
  text[7] = (char)('0' + handled % 10);
  const char *one = bscope_text_intern(text, 8, 0);
  if (one != bscope_text_intern(text, 8, 0) || strcmp(one, text) != 0)
    handler_differs = true;
  handled = handled + 1;
}

static void a_handler_may_intern(void **state) {
  (void)state;
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
  struct sigaction action = {.sa_handler = intern_in_handler};
  sigaction(SIGUSR1, &action, NULL);
  assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
  timer_settime(timer, 0, &(struct itimerspec){{0, 100000}, {0, 100000}}, NULL);
  const char *first[10] = {0};
  for (unsigned i = 0; handled < 200; i++) {
    char text[32];
    snprintf(text, sizeof(text), "nested %u", i % 10);
    const char *got = bscope_text_intern_string(text, 0);
    if (!first[i % 10])
      first[i % 10] = got;
    assert_ptr_equal(got, first[i % 10]);
    snprintf(text, sizeof(text), "fresh %u", i % 20000);
    assert_string_equal(bscope_text_intern_string(text, 0), text);
  }
  timer_delete(timer);
  assert_false(handler_differs);
}

static void fill_the_table(void) {
  char text[1100];
  memset(text, 'f', sizeof(text));
  unsigned n = 0;
  const char *first = NULL, *got;
  do {
    text[1000 + snprintf(text + 1000, 20, "%u", n)] = '\0';
    got = bscope_text_intern_string(text, 0);
    first = n++ ? first : got;
  } while (got && n < BSCOPE_TEXT_CAPACITY / 1000);
  check(!got && n > BSCOPE_TEXT_CAPACITY / 1100);
  check(!bscope_text_intern_string(text, 0));
  const char *kept = bscope_text_intern_string("for an emergency", 1);
  check(kept && bscope_text_intern_string("for an emergency", 0) == kept);
  text[1000] = '0';
  text[1001] = '\0';
  check(bscope_text_intern_string(text, 0) == first && strcmp(first, text) == 0);
}

static void a_full_table_refuses_and_keeps(void **state) {
  (void)state;
  assert_int_equal(test_in_child(fill_the_table), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equal_text_is_one_pointer),
      cmocka_unit_test(bytes_of_every_value_are_kept),
      cmocka_unit_test(long_text_is_cut_at_a_character),
      cmocka_unit_test(racing_threads_get_one_pointer),
      cmocka_unit_test(a_handler_may_intern),
      cmocka_unit_test(a_full_table_refuses_and_keeps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
