/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No room for the trace file, at every stage (P3, P5): each reservation in turn fails, once or from then on, as under a
 * quota; file systems of every small size. The program's calls all record, the reason is counted and told with what to
 * do, and what the file has can be read.
 */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#define EVENTS 400000u

static struct bscope_site site = TEST_SITE(BSCOPE_KIND_NEW, "full");
static char folder[64], path[128];

/* In the place of the C library's: the call `fails_at` fails, and with `fails_on` those behind it. */
static uint64_t calls, fails_at;
static bool fails_on;
static int fails_with;

int posix_fallocate(int fd, off_t from, off_t length) {
  calls++;
  if (fails_at && (calls == fails_at || (fails_on && calls > fails_at)))
    return fails_with;
  return fallocate(fd, 0, from, length) == 0 ? 0 : errno;
}

/* What lies in the file is right, and all of it where nothing lies outside. */
static void check_file(bool complete) {
  struct bscope_log *log = bscope_log_open(path);
  struct bscope_event event;
  uint64_t events = 0, last = 0;
  if (!log)
    fprintf(stderr, "%s\n", bscope_last_error());
  check(log);
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  while (bscope_cursor_next(cursor, &event)) {
    if (event.kind == BSCOPE_KIND_LOST || event.kind == BSCOPE_KIND_OPEN)
      continue;
    check(event.subject == 5 && (events == 0 || event.object > last));
    last = event.object;
    events++;
  }
  check(complete ? events == EVENTS : events <= EVENTS);
  bscope_cursor_free(cursor);
  bscope_log_free(log);
}

/* A session whose calls all record, whatever becomes of its file. Returns what went wrong with it. */
static uint64_t record(void) {
  static unsigned number;
  char pattern[96];
  snprintf(pattern, sizeof(pattern), "%s/%u-%%p", folder, ++number);
  snprintf(path, sizeof(path), "%s/%u-%d", folder, number, getpid());
  const struct bscope_options options = {
      .size = sizeof(options), .file = pattern, .memory = 32u << 20, .collector = BSCOPE_COLLECTOR_NONE};
  check_equal(bscope_stop(), BSCOPE_OK);
  errno = 77;
  int rc = bscope_start(&options);
  if (rc != BSCOPE_OK) {
    check_equal(rc, BSCOPE_ERR_IO);
    check(strstr(bscope_last_error(), path) && strstr(bscope_last_error(), "make room there"));
  }
  for (uint64_t i = 0; i < EVENTS; i++)
    test_emit(&site, 5, i * UINT64_C(0x9e3779b97f4a7c15) >> 44 | i << 20);
  check_equal(errno, 77);
  check_equal(bscope_stop(), BSCOPE_OK);
  struct bscope_stats stats = {0};
  check_equal(bscope_get_stats(&stats), BSCOPE_OK);
  check(stats.attempted == EVENTS && stats.logged == EVENTS && stats.dropped == 0);
  check_equal(test_log_events(), EVENTS);
  check(rc == BSCOPE_OK || stats.file_errno != 0);
  check((rc == BSCOPE_OK) == (access(path, F_OK) == 0));
  if (rc == BSCOPE_OK)
    check_file(stats.file_outside == 0);
  unlink(path);
  return stats.file_errno;
}

static void each_reservation_fails(void **state) {
  (void)state;
  static const int errors[] = {ENOSPC, EDQUOT};
  for (unsigned row = 0; row < 2 * TEST_COUNT(errors); row++) {
    uint64_t n = 0;
    do {
      calls = 0;
      fails_at = ++n;
      fails_on = row % 2;
      fails_with = errors[row / 2];
      uint64_t error = record();
      check(error == 0 || error == (uint64_t)fails_with);
      check(!fails_on || (error != 0) == (calls >= fails_at));
    } while (calls >= fails_at);
    check(n > 2);
    printf("%s: %llu stages\n", strerrorname_np(fails_with), (unsigned long long)n - 1);
  }
  fails_at = 0;
}

static void in_small_file_systems(void) {
  char size[32];
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
    _exit(77);
  strcpy(folder, "/tmp");
  for (unsigned kib = 64, last = 1; kib <= 8192 && last; kib += kib / 4 / 4 * 4) {
    snprintf(size, sizeof(size), "size=%uk", kib);
    if (mount("none", "/tmp", "tmpfs", 0, size) != 0)
      _exit(77);
    uint64_t error = record();
    check(error == 0 || error == ENOSPC);
    last = error != 0;
    check(kib > 64 || error == ENOSPC);
    check(umount2("/tmp", MNT_DETACH) == 0);
  }
}

static void small_file_systems(void **state) {
  (void)state;
  int rc = test_in_child(in_small_file_systems);
  if (rc == 77)
    skip();
  assert_int_equal(rc, 0);
}

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/dev/shm/bscope-full-XXXXXX");
  check(mkdtemp(folder));
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  check_equal(bscope_stop(), BSCOPE_OK);
  return rmdir(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(each_reservation_fails, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(small_file_systems, make_folder, remove_folder),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
