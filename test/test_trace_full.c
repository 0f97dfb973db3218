/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No room for the trace file, at every stage (P3, P5): each reservation or mapping in turn fails, once or from then on,
 * as under a quota; file systems of every small size. Or the file is taken away under its writer: removed, renamed,
 * replaced, its rights changed, its directory gone. The program's calls all record, the reason is counted and told with
 * what to do, and what the file has can be read.
 */
#include "engine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define EVENTS 400000u

static struct bscope_site site = TEST_SITE(BSCOPE_KIND_NEW, "full");
static char folder[64], path[128];

/* In the place of the C library's: the call `fails_at` fails, and with `fails_on` those behind it. */
static uint64_t calls, fails_at;
static bool fails_on, fails_maps;
static int fails_with;

static bool fails(bool maps) {
  if (maps != fails_maps)
    return false;
  calls++;
  return fails_at && (calls == fails_at || (fails_on && calls > fails_at));
}

int posix_fallocate(int fd, off_t from, off_t length) {
  if (fails(false))
    return fails_with;
  return fallocate(fd, 0, from, length) == 0 ? 0 : errno;
}

#if !TEST_ASAN && !TEST_TSAN
void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
  if (fd >= 0 && (flags & MAP_SHARED) && fails(true)) {
    errno = fails_with;
    return MAP_FAILED;
  }
  return (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset);
}
#endif

/* What lies in the file is right, and all of it where nothing lies outside. */
static void check_file(const char *name, bool complete) {
  struct bscope_log *log = bscope_log_open(name);
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

static unsigned files(void) {
  unsigned count = 0;
  DIR *d = opendir(folder);
  check(d);
  for (struct dirent *e; (e = readdir(d)) != NULL;)
    count += e->d_name[0] != '.';
  closedir(d);
  return count;
}

static void write_old(const char *name) {
  FILE *f = fopen(name, "we");
  check(f && fputs("old", f) >= 0 && fclose(f) == 0);
}

static bool is_old(const char *name) {
  char text[8] = "";
  FILE *f = fopen(name, "re");
  check(f);
  size_t size = fread(text, 1, sizeof(text) - 1, f);
  fclose(f);
  return size == 3 && strcmp(text, "old") == 0;
}

/* Begins a session of a new name. An old file of that name is still there when the new one can't be made. */
static int begin(bool overwrites, bool packs) {
  static unsigned number;
  char pattern[96];
  snprintf(pattern, sizeof(pattern), "%s/%u-%%p", folder, ++number);
  snprintf(path, sizeof(path), "%s/%u-%d", folder, number, getpid());
  const struct bscope_options options = {.size = sizeof(options),
                                         .file = pattern,
                                         .memory = 32u << 20,
                                         .collector = BSCOPE_COLLECTOR_NONE,
                                         .overwrite = overwrites ? BSCOPE_ON : BSCOPE_OFF,
                                         .pack = packs ? BSCOPE_ON : BSCOPE_OFF};
  check_equal(bscope_stop(), BSCOPE_OK);
  if (overwrites)
    write_old(path);
  errno = 77;
  return bscope_start(&options);
}

static void emit(uint64_t from, uint64_t to) {
  for (uint64_t i = from; i < to; i++)
    test_emit(&site, 5, i * UINT64_C(0x9e3779b97f4a7c15) >> 44 | i << 20);
}

/* All calls have recorded. */
static struct bscope_stats check_session(void) {
  struct bscope_stats stats = {0};
  check_equal(bscope_get_stats(&stats), BSCOPE_OK);
  check(stats.attempted == EVENTS && stats.logged == EVENTS && stats.dropped == 0);
  check_equal(test_log_events(), EVENTS);
  return stats;
}

/* A session whose calls all record, whatever becomes of its file. Returns what went wrong with it. */
static uint64_t record(bool overwrites) {
  int rc = begin(overwrites, false);
  if (rc != BSCOPE_OK) {
    check_equal(rc, BSCOPE_ERR_IO);
    check(strstr(bscope_last_error(), path));
    check(!fails_at || strstr(bscope_last_error(), strerror(fails_with)));
    check((fails_with != ENOSPC && fails_with != EDQUOT) || strstr(bscope_last_error(), "make room there"));
    check(files() == overwrites && (!overwrites || is_old(path)));
  }
  emit(0, EVENTS);
  check_equal(errno, 77);
  check_equal(bscope_stop(), BSCOPE_OK);
  struct bscope_stats stats = check_session();
  check(rc == BSCOPE_OK || stats.file_errno != 0);
  check((rc == BSCOPE_OK || overwrites) == (access(path, F_OK) == 0));
  if (rc == BSCOPE_OK)
    check_file(path, stats.file_outside == 0);
  unlink(path);
  return stats.file_errno;
}

static void fail_each(bool maps, int error, bool on) {
  uint64_t n = 0;
  do {
    calls = 0;
    fails_at = ++n;
    fails_maps = maps;
    fails_on = on;
    fails_with = error;
    uint64_t told = record(n % 2);
    check(told == 0 || told == (uint64_t)error);
    check(!on || (told != 0) == (calls >= fails_at));
  } while (calls >= fails_at);
  fails_at = 0;
  check(n > 2);
  printf("%s: %llu stages\n", strerrorname_np(error), (unsigned long long)n - 1);
}

static void each_reservation_fails(void **state) {
  (void)state;
  static const int errors[] = {ENOSPC, EDQUOT, EIO, EINTR};
  for (size_t i = 0; i < TEST_COUNT(errors); i++) {
    fail_each(false, errors[i], false);
    fail_each(false, errors[i], true);
  }
}

static void each_mapping_fails(void **state) {
  (void)state;
  if (TEST_ASAN || TEST_TSAN)
    skip(); /* they have a mmap of their own */
  fail_each(true, ENOMEM, false);
  fail_each(true, ENOMEM, true);
}

static void in_small_file_systems(void) {
  char size[32];
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0)
    _exit(77);
  strcpy(folder, "/tmp");
  for (unsigned kib = 64, last = 1; kib <= 8192 && last; kib += kib / 4 / 4 * 4) {
    snprintf(size, sizeof(size), "size=%uk", kib);
    if (mount("none", "/tmp", "tmpfs", 0, size) != 0)
      _exit(77);
    uint64_t error = record(false);
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

/* --- what others do to the file of a program that records --- */

static char elsewhere[136];

static void removed(void) {
  check(unlink(path) == 0);
}

static void renamed(void) {
  check(rename(path, elsewhere) == 0);
}

static void replaced(void) {
  write_old(elsewhere);
  check(rename(elsewhere, path) == 0);
}

static void without_rights(void) {
  check(chmod(path, 0) == 0);
}

static void with_all_rights(void) {
  check(chmod(path, 0777) == 0);
}

static void directory_gone(void) {
  check(unlink(path) == 0 && rmdir(folder) == 0);
}

static void directory_renamed(void) {
  check(rename(folder, elsewhere) == 0);
}

static void directory_read_only(void) {
  check(chmod(folder, 0500) == 0);
}

static const struct {
  const char *name;
  void (*act)(void);
  const char *left; /* what lies at the path afterwards: "trace", "old" or nothing */
  int packs;        /* what the end says with pack=1 */
} acts[] = {{"removed", removed, "", BSCOPE_ERR_IO},
            {"renamed", renamed, "", BSCOPE_ERR_IO},
            {"replaced", replaced, "old", BSCOPE_ERR_FORMAT},
            {"without rights", without_rights, "trace", BSCOPE_OK},
            {"with all rights", with_all_rights, "trace", BSCOPE_OK},
            {"directory gone", directory_gone, "", BSCOPE_ERR_IO},
            {"directory renamed", directory_renamed, "", BSCOPE_ERR_IO},
            {"directory read-only", directory_read_only, "trace", BSCOPE_OK}};

static void clean_up(void) {
  DIR *d = opendir(elsewhere);
  for (struct dirent *e; d && (e = readdir(d)) != NULL;)
    (void)!unlinkat(dirfd(d), e->d_name, 0);
  if (d)
    closedir(d);
  unlink(elsewhere);
  rmdir(elsewhere);
  (void)mkdir(folder, 0700);
  check(chmod(folder, 0700) == 0);
  unlink(path);
}

/* The file is held open, to be read wherever it has gone. */
static void take_away(size_t i, bool packs) {
  char held[64];
  check_equal(begin(false, packs), BSCOPE_OK);
  snprintf(elsewhere, sizeof(elsewhere), "%s-elsewhere", folder);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  check(fd >= 0);
  snprintf(held, sizeof(held), "/proc/self/fd/%d", fd);
  emit(0, EVENTS / 2);
  acts[i].act();
  errno = 77;
  emit(EVENTS / 2, EVENTS);
  check_equal(errno, 77);
  int rc = bscope_stop();
  bool refused = geteuid() != 0 && strchr(acts[i].name, ' ') && acts[i].packs == BSCOPE_OK; /* rights bind it */
  if (packs && !refused) {
    check_equal(rc, acts[i].packs);
    check(rc == BSCOPE_OK || strstr(bscope_last_error(), path));
    check(rc != BSCOPE_OK ||
          (bscope_log_pack(path, NULL) != BSCOPE_OK && strstr(bscope_last_error(), "it is packed already")));
  } else if (!packs) {
    check_equal(rc, BSCOPE_OK);
  }
  struct bscope_stats stats = check_session();
  check(stats.file_errno == 0 && stats.file_outside == 0);
  check(fchmod(fd, 0400) == 0); /* to be read by us again */
  check_file(held, true);
  close(fd);
  if (acts[i].left[0] == 'o')
    check(is_old(path));
  else if (acts[i].left[0] && !refused)
    check_file(path, true);
  else if (!acts[i].left[0])
    check(access(path, F_OK) != 0);
  if (access(folder, F_OK) != 0) { /* the next session says what it lacks, and records */
    check_equal(begin(false, false), BSCOPE_ERR_IO);
    check(strstr(bscope_last_error(), "create its directory first"));
    emit(0, EVENTS);
    check_equal(bscope_stop(), BSCOPE_OK);
    check_equal(check_session().file_errno, ENOENT);
  }
  clean_up();
}

static void taken_away(void **state) {
  (void)state;
  for (size_t i = 0; i < TEST_COUNT(acts); i++)
    for (int packs = 0; packs < 2; packs++) {
      printf("%s%s\n", acts[i].name, packs ? ", packed" : "");
      fflush(stdout);
      take_away(i, packs);
    }
}

/* Who may not write to it can't cut it; root can, and the program ends as doc/promises.md says. What is left of the
 * file is read, or refused with a reason. */
static void cut(void) {
  check_equal(begin(false, false), BSCOPE_OK);
  emit(0, 1000);
  if (truncate(path, 0) == 0)
    emit(1000, EVENTS);
  else
    _exit(errno == EACCES ? 76 : 70);
}

static void cut_by_root(void **state) {
  (void)state;
  if (TEST_TSAN) /* which takes SIGBUS for a signal that the program handles */
    skip();
  int rc = test_in_child(cut);
  assert_int_equal(rc, geteuid() == 0 ? 128 + SIGBUS : 76);
  DIR *d = opendir(folder);
  check(d);
  for (struct dirent *e; (e = readdir(d)) != NULL;) {
    if (e->d_name[0] == '.')
      continue;
    snprintf(path, sizeof(path), "%s/%.48s", folder, e->d_name);
    struct bscope_log *log = bscope_log_open(path);
    assert_true(log || strstr(bscope_last_error(), path));
    bscope_log_free(log);
    unlink(path);
  }
  closedir(d);
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
  if (getenv("BSCOPE_TEST_VALGRIND")) /* which loses count of the names of mapped files */
    return 77;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(each_reservation_fails, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(each_mapping_fails, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(small_file_systems, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(taken_away, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(cut_by_root, make_folder, remove_folder),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
