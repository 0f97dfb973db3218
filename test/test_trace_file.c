/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trace file from outside (P3, P5): what is in it after a clean end, how it is made and named, what it is never
 * made over, and what happens where it can't be made or can't grow.
 */
#include "engine.h"

#include "base/region.h"
#include "base/trace_file.h"
#include "collect/collector.h"
#include "collect/trace.h"
#include "trace_scan.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

static struct bscope_site site = TEST_SITE(BSCOPE_KIND_NEW, "filed");
static char folder[64], path[128];

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/tmp/bscope-trace-XXXXXX");
  check(mkdtemp(folder));
  snprintf(path, sizeof(path), "%s/trace", folder);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  DIR *d = opendir(folder);
  check(d);
  chmod(folder, 0700);
  for (struct dirent *e; (e = readdir(d)) != NULL;)
    (void)!unlinkat(dirfd(d), e->d_name, 0);
  closedir(d);
  return rmdir(folder);
}

/* Files in the folder. */
static unsigned files(void) {
  unsigned n = 0;
  DIR *d = opendir(folder);
  check(d);
  for (struct dirent *e; (e = readdir(d)) != NULL;)
    n += e->d_name[0] != '.';
  closedir(d);
  return n;
}

static int begin(struct bscope_options options) {
  options.size = sizeof(options);
  check_equal(bscope_stop(), BSCOPE_OK);
  return bscope_start(&options);
}

static void emit(uint64_t count) {
  for (uint64_t i = 0; i < count; i++)
    test_emit(&site, 7, i);
}

/* All events of `emit` in their order, from position 0 on. */
static void check_events(const struct scan *s, uint64_t count) {
  if (s->count != count)
    for (size_t i = 0; i < s->count; i++)
      if (s->events[i].position != i) {
        printf("gap at %zu: %llu; sealed %llu, found %zu %zu %zu\n", i, (unsigned long long)s->events[i].position,
               (unsigned long long)s->sealed, s->found[1], s->found[2], s->found[3]);
        break;
      }
  assert_int_equal(s->count, count);
  for (uint64_t i = 0; i < count; i++) {
    assert_int_equal(s->events[i].position, i);
    assert_int_equal(s->events[i].subject, 7);
    assert_int_equal(s->events[i].object, i);
    check(strcmp(scan_string(s, s->events[i].site, 0), "filed") == 0);
  }
}

/* Without anything moving from rings to blocks meanwhile. */
static void scan_live(struct scan *s) {
  bscope_collector_hold(1);
  test_sleep_ms(20);
  scan_file(s, path);
  bscope_collector_hold(0);
}

static void clean_end(void **state) {
  (void)state;
  struct scan s;
  struct stat status;
  const uint64_t count = 10000;
  assert_int_equal(begin((struct bscope_options){.file = path, .filter = ""}), BSCOPE_OK);
  emit(count);
  bscope_emit_payload(bscope_site_intern(&(struct bscope_site_info){
                          .size = sizeof(struct bscope_site_info), .kind = BSCOPE_KIND_NEW, .name = "long"}),
                      1, 2, "0123456789", 10);
  assert_int_equal(stat(path, &status), 0);
  assert_int_equal(status.st_mode & 07777, 0400);
  assert_int_equal(bscope_stop(), BSCOPE_OK);
  scan_file(&s, path);
  assert_int_equal(s.header->state, BSCOPE_TRACE_DONE);
  assert_int_equal(s.header->pid, getpid());
  assert_int_equal(s.header->parent, 0);
  assert_string_equal(s.header->program, program_invocation_short_name);
  assert_int_equal(strlen(s.header->boot_id), 36);
  assert_true(s.header->process_ticks > 0 && s.samples >= 2);
  assert_int_equal(s.found[1], count + 1);
  assert_int_equal(s.found[2] + s.found[3], 0);
  assert_int_equal(s.events[count].payload, 10);
  assert_string_equal(scan_string(&s, s.events[count].site, 0), "long");
  s.count--;
  check_events(&s, count);
  assert_int_equal(s.header->counts[BSCOPE_TRACE_ATTEMPTED], count + 1);
  assert_int_equal(s.header->counts[BSCOPE_TRACE_OUTSIDE], 0);
  assert_int_equal(
      s.extents[BSCOPE_EXTENT_RING] >= 2 && s.extents[BSCOPE_EXTENT_SEGMENT] && s.extents[BSCOPE_EXTENT_THREADS], 1);
  scan_free(&s);
  struct bscope_stats stats = test_stats(); /* the log stays readable */
  assert_int_equal(stats.logged, count + 1);
  assert_int_equal(test_log_events(), count + 1);
}

/* A new session's file has the sites that were registered before, and each session has its own file. */
static void sessions_in_a_row(void **state) {
  (void)state;
  char name[160];
  struct scan s;
  for (unsigned i = 1; i <= 3; i++) {
    assert_int_equal(begin((struct bscope_options){.file = path}), BSCOPE_OK);
    emit(100 * i);
  }
  assert_int_equal(bscope_stop(), BSCOPE_OK);
  for (unsigned i = 1; i <= 3; i++) {
    snprintf(name, sizeof(name), i > 1 ? "%s.%u" : "%s", path, i);
    scan_file(&s, name);
    assert_int_equal(s.header->state, BSCOPE_TRACE_DONE);
    check_events(&s, 100 * i);
    scan_free(&s);
  }
  assert_int_equal(files(), 3);
}

/* What is recorded after a reset is position 0 again, and nothing older is found. */
static void after_reset(void **state) {
  (void)state;
  struct scan s;
  assert_int_equal(begin((struct bscope_options){.file = path}), BSCOPE_OK);
  for (unsigned i = 1; i <= 3; i++) {
    emit(5000);
    assert_int_equal(bscope_reset(), BSCOPE_OK);
    emit(50 * i);
    scan_live(&s); /* rings, cells and blocks */
    check_events(&s, 50 * i);
    assert_int_equal(s.header->state, BSCOPE_TRACE_LIVE);
    scan_free(&s);
    assert_int_equal(bscope_reset(), BSCOPE_OK);
  }
}

/* Events after the seal make the file live again, and the next seal takes them in. */
static void sealed_early(void **state) {
  (void)state;
  struct scan s;
  assert_int_equal(begin((struct bscope_options){.file = path}), BSCOPE_OK);
  emit(1000);
  bscope_trace_seal(true);
  scan_file(&s, path);
  assert_int_equal(s.header->state, BSCOPE_TRACE_DONE);
  check_events(&s, 1000);
  scan_free(&s);
  for (uint64_t i = 1000; i < 5200; i++)
    test_emit(&site, 7, i);
  scan_live(&s);
  assert_int_equal(s.header->state, BSCOPE_TRACE_LIVE);
  check_events(&s, 5200);
  scan_free(&s);
  assert_int_equal(test_stats().threads, 1);
  assert_int_equal(test_log_events(), 5200);
  bscope_trace_seal(true);
  scan_file(&s, path);
  assert_int_equal(s.header->state, BSCOPE_TRACE_DONE);
  assert_int_equal(s.found[1], 5200);
  check_events(&s, 5200);
  scan_free(&s);
}

/* A file that is already there, a link, a directory, a FIFO, no directory: recorded in memory, and nothing is touched.
 */
static void never_over(void **state) {
  (void)state;
  char target[160], text[8] = "";
  int fd;
  snprintf(target, sizeof(target), "%s/target", folder);
  const struct {
    int kind; /* 0 file, 1 link to a file, 2 link to nothing, 3 directory, 4 FIFO, 5 no directory */
    int overwrite;
    int error;
  } rows[] = {{0, BSCOPE_OFF, EEXIST}, {1, BSCOPE_OFF, EEXIST}, {2, BSCOPE_OFF, EEXIST}, {3, BSCOPE_OFF, EEXIST},
              {4, BSCOPE_OFF, EEXIST}, {1, BSCOPE_ON, EEXIST},  {3, BSCOPE_ON, EISDIR},  {4, BSCOPE_ON, EEXIST},
              {5, BSCOPE_OFF, ENOENT}, {5, BSCOPE_ON, ENOENT}};
  for (size_t i = 0; i < TEST_COUNT(rows); i++) {
    char name[200];
    snprintf(name, sizeof(name), rows[i].kind == 5 ? "%s/none/trace" : "%s", path);
    check((fd = open(target, O_CREAT | O_WRONLY | O_TRUNC, 0600)) >= 0 && write(fd, "kept", 4) == 4 && close(fd) == 0);
    check(rows[i].kind != 0 || link(target, path) == 0);
    check((rows[i].kind != 1 && rows[i].kind != 2) ||
          symlink(rows[i].kind == 1 ? target : "/nothing/there", path) == 0);
    check(rows[i].kind != 3 || mkdir(path, 0700) == 0);
    check(rows[i].kind != 4 || mkfifo(path, 0600) == 0);
    assert_int_equal(begin((struct bscope_options){.file = name, .overwrite = rows[i].overwrite}), BSCOPE_ERR_IO);
    assert_non_null(strstr(bscope_last_error(), "file='"));
    assert_non_null(strstr(bscope_last_error(), strerrordesc_np(rows[i].error)));
    emit(10);
    struct bscope_stats stats = test_stats();
    assert_int_equal(stats.logged, 10);
    assert_int_equal(stats.file_errno, rows[i].error);
    check((fd = open(target, O_RDONLY)) >= 0 && read(fd, text, 8) == 4 && strcmp(text, "kept") == 0 && close(fd) == 0);
    check(rows[i].kind == 5 || (rows[i].kind == 3 ? rmdir(path) : unlink(path)) == 0);
    assert_int_equal(files(), 1);
  }
}

/* The old file is replaced, not written: who has it open keeps it. */
static void overwritten(void **state) {
  (void)state;
  struct scan s;
  char text[8] = "";
  int fd = open(path, O_CREAT | O_RDWR, 0600);
  check(fd >= 0 && write(fd, "older", 5) == 5);
  assert_int_equal(begin((struct bscope_options){.file = path, .overwrite = BSCOPE_ON}), BSCOPE_OK);
  emit(20);
  assert_int_equal(bscope_stop(), BSCOPE_OK);
  scan_file(&s, path);
  check_events(&s, 20);
  scan_free(&s);
  assert_int_equal(pread(fd, text, 8, 0), 5);
  assert_string_equal(text, "older");
  assert_int_equal(files(), 1);
  close(fd);
}

static void names(void **state) {
  (void)state;
  char out[BSCOPE_TRACE_PATH], wanted[200], pattern[BSCOPE_FILTER_MAX];
  assert_int_equal(bscope_trace_file_name(out, "/a/%e-%p%%.t", false), 0);
  snprintf(wanted, sizeof(wanted), "/a/%s-%d%%.t", program_invocation_short_name, getpid());
  assert_string_equal(out, wanted);
  assert_int_equal(bscope_trace_file_name(out, "/a/%%p", true), 0);
  snprintf(wanted, sizeof(wanted), "/a/%%p.%d", getpid());
  assert_string_equal(out, wanted);
  assert_int_equal(bscope_trace_file_name(out, "/a/%p", true), 0);
  snprintf(wanted, sizeof(wanted), "/a/%d", getpid());
  assert_string_equal(out, wanted);
  assert_int_equal(bscope_trace_file_name(out, "%t", false), 0);
  assert_true(llabs(atoll(out) - (long long)time(NULL)) <= 1);
  memset(pattern, 'x', sizeof(pattern));
  pattern[sizeof(pattern) - 1] = '\0';
  assert_int_equal(bscope_trace_file_name(out, pattern, true), 0);
  memcpy(pattern, "%e%e%e%e%e%e%e%e%e%e%e%e%e%e%e%e", 32);
  assert_int_equal(bscope_trace_file_name(out, pattern, true), ENAMETOOLONG);
  assert_true(bscope_trace_file_allows("") && bscope_trace_file_allows("%p%e%t%%"));
  assert_false(bscope_trace_file_allows("a%") || bscope_trace_file_allows("%q") || bscope_trace_file_allows("%%%"));
  strcpy(pattern, "b/c");
  check(chdir(folder) == 0);
  bscope_trace_file_make_absolute(pattern, sizeof(pattern));
  check(chdir("/") == 0);
  snprintf(wanted, sizeof(wanted), "%s/b/c", folder);
  assert_string_equal(pattern, wanted);
  memset(pattern, 'x', sizeof(pattern) - 1);
  bscope_trace_file_make_absolute(pattern, sizeof(pattern));
  assert_int_equal(pattern[0], 'x');
}

/* P3: a program with more rights than its user makes no file for it. */
static void secure(void **state) {
  (void)state;
  bscope_trace_file_test_secure(1);
  assert_int_equal(begin((struct bscope_options){.file = path}), BSCOPE_ERR_IO);
  emit(3);
  assert_int_equal(test_stats().file_errno, EPERM);
  assert_int_equal(test_stats().logged, 3);
  assert_int_equal(files(), 0);
  bscope_trace_file_test_secure(-1);
  assert_int_equal(begin((struct bscope_options){.file = path}), BSCOPE_OK);
  assert_int_equal(files(), 1);
}

static void not_writable(void **state) {
  (void)state;
  check(chmod(folder, 0500) == 0);
  if (geteuid() == 0)
    check(setegid(65534) == 0 && seteuid(65534) == 0);
  int rc = begin((struct bscope_options){.file = path});
  if (getuid() == 0)
    check(seteuid(0) == 0 && setegid(0) == 0);
  assert_int_equal(rc, BSCOPE_ERR_IO);
  assert_int_equal(test_stats().file_errno, EACCES);
  emit(3);
  assert_int_equal(test_stats().logged, 3);
}

/* Another process of the same user can't cut what is mapped (root can: then this shows nothing). */
static void cannot_be_cut(void **state) {
  (void)state;
  check(chmod(folder, 0755) == 0);
  if (geteuid() == 0)
    check(chown(folder, 65534, 65534) == 0 && setegid(65534) == 0 && seteuid(65534) == 0);
  assert_int_equal(begin((struct bscope_options){.file = path}), BSCOPE_OK);
  assert_int_equal(truncate(path, 0), -1);
  assert_int_equal(errno, EACCES);
  assert_int_equal(open(path, O_RDWR), -1);
  emit(3);
  if (getuid() == 0)
    check(seteuid(0) == 0 && setegid(0) == 0);
  assert_int_equal(test_stats().logged, 3);
}

/* A program that closes descriptors which it does not know and then opens its own finds its file as it left it. */
static void descriptor_taken(void **state) {
  (void)state;
  struct stat status;
  char name[200];
  assert_int_equal(begin((struct bscope_options){.file = path, .memory = 64u << 20}), BSCOPE_OK);
  for (int i = 3; i < 1024; i++)
    close(i);
  snprintf(name, sizeof(name), "%s/own", folder);
  int fd = open(name, O_CREAT | O_RDWR, 0600);
  check(fd >= 0 && dup2(fd, 200) == 200 && write(fd, "own", 3) == 3);
  emit(1000000);
  assert_int_equal(bscope_stop(), BSCOPE_OK);
  struct bscope_stats stats = test_stats();
  assert_int_equal(stats.logged, 1000000);
  assert_int_equal(stats.file_errno, EBADF);
  assert_true(stats.file_outside > 0);
  assert_true(fstat(200, &status) == 0 && status.st_size == 3);
  assert_int_equal(fcntl(200, F_GETFD), 0);
  close(fd);
  close(200);
}

/* The name that a forked process's file of this name gets. */
static const char *own(const char *name) {
  static char out[256];
  snprintf(out, sizeof(out), "%s.%d", name, getpid());
  return out;
}

/* The program's limit of file sizes, which sends SIGXFSZ: what the file has is whole, the rest is in memory. */
static void limited(void) {
  struct scan s;
  const struct rlimit limit = {8u << 20, 8u << 20}; /* a ring at its largest takes 2 MiB of it */
  check(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  check_equal(begin((struct bscope_options){.file = path}), BSCOPE_OK);
  emit(4000000);
  struct bscope_stats stats = test_stats();
  check_equal(stats.logged, 4000000);
  check_equal(stats.file_errno, EFBIG);
  check(stats.file_outside > 0);
  check_equal(bscope_stop(), BSCOPE_OK);
  scan_file(&s, own(path));
  check(s.size <= limit.rlim_cur && s.count > 10000);
  check_equal(s.header->counts[BSCOPE_TRACE_OUTSIDE], test_stats().file_outside);
  check_equal(s.header->counts[BSCOPE_TRACE_ERRNO], EFBIG);
  scan_free(&s);
  sigset_t pending;
  check(sigpending(&pending) == 0 && !sigismember(&pending, SIGXFSZ));
}

static void size_limit(void **state) {
  (void)state;
  assert_int_equal(test_in_child(limited), 0);
}

/* A file system of 4 MiB: it is full in the middle, or at once. */
static void on_full_disk(void) {
  char name[200];
  struct scan s;
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount("none", folder, "tmpfs", 0, "size=4m") != 0)
    _exit(77);
  check_equal(begin((struct bscope_options){.file = path}), BSCOPE_OK);
  emit(1000000);
  struct bscope_stats stats = test_stats();
  check_equal(stats.logged, 1000000);
  check_equal(stats.file_errno, ENOSPC);
  check(stats.file_outside > 0);
  check_equal(test_log_events(), 1000000);
  scan_file(&s, own(path));
  check(s.size <= 4u << 20 && s.count > 10000);
  scan_free(&s);
  snprintf(name, sizeof(name), "%s/second", folder);
  check_equal(begin((struct bscope_options){.file = name}), BSCOPE_ERR_IO);
  check_equal(test_stats().file_errno, ENOSPC);
  check(access(own(name), F_OK) != 0);
  check(access(own(path), F_OK) == 0);
  emit(10);
  check_equal(test_stats().logged, 10);
}

static void full_disk(void **state) {
  (void)state;
  int rc = test_in_child(on_full_disk);
  if (rc == 77)
    skip();
  assert_int_equal(rc, 0);
}

/* The file is reused as the log lets go of what is old: it stays within the budget. */
static void stays_within_budget(void **state) {
  (void)state;
  struct scan s;
  struct stat status;
  assert_int_equal(begin((struct bscope_options){.file = path, .memory = 4u << 20}), BSCOPE_OK);
  emit(3000000);
  assert_int_equal(bscope_stop(), BSCOPE_OK);
  struct bscope_stats stats = test_stats();
  assert_true(stats.evicted > 0);
  assert_int_equal(stats.dropped, 0);
  assert_int_equal(stats.file_outside, 0);
  assert_true(stat(path, &status) == 0 && status.st_size < 16 << 20);
  scan_file(&s, path);
  assert_int_equal(s.count, stats.logged);
  assert_int_equal(s.first, stats.first);
  for (uint64_t i = 0; i < s.count; i++)
    assert_int_equal(s.events[i].object, s.first + i);
  assert_int_equal(s.header->counts[BSCOPE_TRACE_EVICTED], s.first);
  scan_free(&s);
}

/* First fit prefers the file: what does not fit into it whole is whole outside. */
static void region_sides(void **state) {
  (void)state;
  struct bscope_region region;
  struct bscope_trace_file file;
  char made[BSCOPE_TRACE_MADE];
  int error;
  assert_int_equal(bscope_trace_file_create(&file, path, false, made), 0);
  assert_int_equal(bscope_region_init_file(&region, 64u << 20, 1u << 20, &file, &error), BSCOPE_OK);
  uint8_t *big = bscope_region_alloc(&region, 5u << 20);
  assert_true(bscope_region_is_filed(&region, big, 5u << 20));
  assert_int_equal(big[123456], 0);
  memset(big, 0xa5, 5u << 20);
  close(region.file.descriptor);
  uint8_t *outside = bscope_region_alloc(&region, 9u << 20), *inside = bscope_region_alloc(&region, 4096);
  assert_non_null(outside);
  assert_false(bscope_region_is_filed(&region, outside, 4096));
  assert_true(bscope_region_is_filed(&region, inside, 4096));
  memset(outside, 1, 9u << 20);
  bscope_region_free(&region, big, 5u << 20, true);
  assert_ptr_equal(bscope_region_alloc(&region, 4u << 20), big);
  assert_int_equal(big[4u << 19], 0);
  bscope_region_fini(&region);
}

int main(void) {
#define TRACE_TEST(fn) cmocka_unit_test_setup_teardown(fn, make_folder, remove_folder)
  const struct CMUnitTest tests[] = {
      TRACE_TEST(clean_end),
      TRACE_TEST(sessions_in_a_row),
      TRACE_TEST(after_reset),
      TRACE_TEST(sealed_early),
      TRACE_TEST(never_over),
      TRACE_TEST(overwritten),
      TRACE_TEST(names),
      TRACE_TEST(secure),
      TRACE_TEST(not_writable),
      TRACE_TEST(cannot_be_cut),
      TRACE_TEST(descriptor_taken),
      TRACE_TEST(size_limit),
      TRACE_TEST(full_disk),
      TRACE_TEST(stays_within_budget),
      TRACE_TEST(region_sides),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
