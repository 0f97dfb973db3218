/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace file of 10 GB, most of it holes, and the same packed: opened, listed, counted and checked in 1 GB of address
 * space; by the library, and by the program if its path is given. Without BSCOPE_TEST_FULL=1 a file of 512 MB in 192
 * MB. Says what each took.
 */
#include "trace_build.h"

#include "engine.h"

#include <borrowscope/borrowscope.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define SEED 41
#define BLOCK_EVENTS 4096u
#define SEGMENT_BLOCKS 3u
#define SEGMENT_EVENTS (SEGMENT_BLOCKS * (uint64_t)BLOCK_EVENTS)
#define MIB ((uint64_t)1 << 20)

static const char *program; /* or NULL */
static char folder[64], path[96], packed_path[96];

static bool is_full(void) {
  return getenv("BSCOPE_TEST_FULL") != NULL;
}

static uint64_t file_size(void) {
  return (is_full() ? 10240 : 512) * MIB;
}

/* What a check or a story takes grows with variables that do not end, and of these random ones most do not: ten million
 * events would need more than 1 GB. */
static uint64_t segments(void) {
  return is_full() ? 160 : 40;
}

static uint64_t count(void) {
  return segments() * SEGMENT_EVENTS;
}

static void write_at(int fd, uint64_t offset, const void *bytes, size_t size) {
  check(pwrite(fd, bytes, size, (off_t)offset) == (ssize_t)size);
}

/* A segment is built behind a header that is thrown away, and goes to its place in the file. */
static void write_segment(int fd, uint64_t offset, uint64_t position) {
  struct build build;
  build_begin(&build, SEED, 5);
  size_t at = build.size;
  build_segment(&build, SEGMENT_BLOCKS * (size_t)BLOCK_EVENTS * 60);
  for (uint32_t i = 0; i < SEGMENT_BLOCKS; i++)
    build_block(&build, position + (uint64_t)i * BLOCK_EVENTS, BLOCK_EVENTS, NULL);
  struct bscope_extent *extent = build_at(&build, at);
  extent->offset = offset;
  extent->check = build_check(extent, sizeof(*extent), 0, 4);
  write_at(fd, offset, build.bytes + at, build.extent - at); /* the rest stays a hole */
  check(build.size - at <= file_size() / segments());
  build_free(&build);
}

static void write_file(void) {
  struct build build;
  uint64_t stride = (file_size() / segments() - 1) & ~(MIB - 1);
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  check(fd >= 0 && ftruncate(fd, (off_t)file_size()) == 0);
  build_begin(&build, SEED, 5);
  build_sites(&build, 1, BUILD_SITES, false);
  build_threads(&build);
  build_done(&build, count());
  memset(build_header(&build)->counts, 0, sizeof(build_header(&build)->counts)); /* a check asks for all events */
  check(build.size < MIB);
  write_at(fd, 0, build.bytes, build.size);
  build_free(&build);
  for (uint64_t i = 0; i < segments(); i++)
    write_segment(fd, MIB + i * stride, i * SEGMENT_EVENTS);
  check(close(fd) == 0);
}

static int make_files(void **state) {
  (void)state;
  struct stat status;
  snprintf(folder, sizeof(folder), "/tmp/test_trace_big.XXXXXX");
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof(path), "%s/trace", folder);
  snprintf(packed_path, sizeof(packed_path), "%s/packed", folder);
  write_file();
  check(stat(path, &status) == 0);
  print_message("%llu MiB, %llu of them on the disk, %llu events\n", (unsigned long long)(file_size() / MIB),
                (unsigned long long)((uint64_t)status.st_blocks * 512 / MIB), (unsigned long long)count());
  return 0;
}

static int remove_files(void **state) {
  (void)state;
  unlink(path);
  unlink(packed_path);
  return rmdir(folder);
}

/* --- in little memory --- */

/* A sanitizer and memcheck take terabytes of addresses for themselves. */
static void limit_memory(void) {
  struct rlimit limit = {.rlim_cur = (is_full() ? 1024 : 192) * MIB, .rlim_max = RLIM_INFINITY};
  if (!TEST_ASAN && !TEST_TSAN && !getenv("BSCOPE_TEST_VALGRIND"))
    check(setrlimit(RLIMIT_AS, &limit) == 0);
}

/* Runs it in a child with the limit, its output in `file`; says what it took. Its exit status. */
static int limited(const char *what, int (*run)(const void *argument), const void *argument, const char *file) {
  struct rusage usage;
  int status = 0;
  uint64_t begin = (uint64_t)bscope_now_ns();
  pid_t child = fork();
  if (child == 0) {
    if (file)
      check(freopen(file, "w", stdout) && dup2(STDOUT_FILENO, STDERR_FILENO) >= 0);
    limit_memory();
    _exit(run(argument));
  }
  check(child > 0 && wait4(child, &status, 0, &usage) == child);
  print_message("  %-24s %6.2f s, %4ld MiB\n", what, (double)((uint64_t)bscope_now_ns() - begin) / 1e9,
                usage.ru_maxrss / 1024);
  check(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static void check_events(const struct bscope_log *log, size_t from, size_t to) {
  struct bscope_cursor *cursor = bscope_cursor_create(log, from);
  struct bscope_event event;
  for (size_t i = from; i < to; i++) {
    check(bscope_cursor_next(cursor, &event));
    check_equal(event.stamp, i);
    check(build_is(SEED, &event));
  }
  bscope_cursor_free(cursor);
}

static struct bscope_log *open_log(const char *name) {
  struct bscope_log *log = bscope_log_open(name);
  if (!log)
    fprintf(stderr, "%s\n", bscope_last_error());
  check(log);
  return log;
}

static int open_and_look(const void *name) {
  struct bscope_log *log = open_log(name);
  struct bscope_event event;
  struct bscope_trace_info info = {.size = sizeof(info)};
  check_equal(bscope_log_count(log), count());
  check_equal(bscope_log_trace_info(log, &info), BSCOPE_OK);
  check_equal(info.damaged + info.missing_events, 0);
  check_events(log, 0, 2000);
  check_events(log, count() - 2000, count());
  for (size_t i = 0; i < count(); i += count() / 99) {
    check_equal(bscope_log_at(log, i, &event), BSCOPE_OK);
    check(build_is(SEED, &event));
  }
  bscope_log_free(log);
  return 0;
}

static int validate(const void *name) {
  struct bscope_log *log = open_log(name);
  int status = bscope_log_validate(log);
  bscope_log_free(log);
  return status == BSCOPE_OK || status == BSCOPE_ERR_INVALID_EVENT_SEQUENCE ? 0 : 1;
}

/* Unlike a check it goes on behind the first contradiction. */
static int tell(const void *name) {
  struct bscope_log *log = open_log(name);
  struct bscope_story *story = bscope_story_create(log);
  struct bscope_event event;
  struct bscope_meaning meaning;
  uint64_t n = 0;
  while (bscope_story_next(story, &event, &meaning) == 1)
    n++;
  check_equal(n, count());
  bscope_story_free(story);
  bscope_log_free(log);
  return 0;
}

static int execute(const void *arguments) {
  execv(program, (char *const *)(uintptr_t)arguments);
  return 127;
}

/* Runs `borrowscope COMMAND... NAME`: it must say `told`, and of memory nothing. */
static void check_program(const char *const *command, const char *name, const char *told) {
  const char *arguments[8] = {"borrowscope"};
  char file[128], text[8192] = {0};
  size_t n = 1;
  for (; command[n - 1]; n++)
    arguments[n] = command[n - 1];
  arguments[n] = name;
  snprintf(file, sizeof(file), "%s/output", folder);
  int status = limited(command[0], execute, arguments, file);
  FILE *output = fopen(file, "r");
  check(output);
  check(fread(text, 1, sizeof(text) - 1, output) > 0);
  fclose(output);
  unlink(file);
  if ((status != 0 && status != 1) || !strstr(text, told) || strstr(text, "no memory"))
    fail_msg("status %d: %s", status, text);
}

/* As the program writes it, with commas; less than 10^9. */
static void put_number(char *out, size_t size, uint64_t n) {
  unsigned long long millions = n / 1000000, thousands = n / 1000 % 1000, rest = n % 1000;
  if (millions)
    snprintf(out, size, "%llu,%03llu,%03llu", millions, thousands, rest);
  else
    snprintf(out, size, "%llu,%03llu", thousands, rest);
}

static void check_file(const char *name) {
  static const char *const events[] = {"events", "--head", "20", NULL}, *const stats[] = {"stats", NULL},
                           *const verify[] = {"check", NULL};
  char number[32];
  assert_int_equal(limited("open and look", open_and_look, name, NULL), 0);
  assert_int_equal(limited("validate", validate, name, NULL), 0);
  assert_int_equal(limited("tell all events", tell, name, NULL), 0);
  if (!program)
    return;
  put_number(number, sizeof(number), count());
  check_program(events, name, "variable_");
  check_program(stats, name, number);
  check_program(verify, name, "");
}

static void test_sparse(void **state) {
  (void)state;
  check_file(path);
}

static int pack(const void *name) {
  return bscope_log_pack(name, packed_path) == BSCOPE_OK ? 0 : 1;
}

static void test_packed(void **state) {
  (void)state;
  assert_int_equal(limited("pack", pack, path, NULL), 0);
  check_file(packed_path);
}

int main(int argc, char **argv) {
  program = argc > 1 ? argv[1] : NULL;
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_sparse), cmocka_unit_test(test_packed)};
  return cmocka_run_group_tests(tests, make_files, remove_files);
}
