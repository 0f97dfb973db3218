/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file is replaced whole or not at all, says why not, leaves nothing beside it, and no signal of a write reaches
 * the host.
 */
#include "base/error.h"
#include "export/replace_file.h"
#include "export/sink.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NOBODY 65534

static char directory[] = "/tmp/test_replace_file.XXXXXX";

/* Paths in the test's directory; two may be in use at a time. */
static const char *in_directory(const char *name) {
  static char paths[2][512];
  static int turn;
  turn = !turn;
  snprintf(paths[turn], sizeof(paths[turn]), "%s/%s", directory, name);
  return paths[turn];
}

static int write_to(const char *path, bool secret, const char *piece, size_t times) {
  struct bscope_replace_file file;
  struct bscope_sink sink;
  int status = bscope_replace_file_begin(&file, path, secret);
  if (status != BSCOPE_OK)
    return status;
  assert_int_equal(bscope_sink_init_fd(&sink, file.fd, path), BSCOPE_OK);
  for (size_t i = 0; i < times; i++)
    bscope_sink_put(&sink, piece, strlen(piece));
  status = bscope_sink_finish(&sink);
  bscope_sink_fini(&sink);
  if (status == BSCOPE_OK)
    return bscope_replace_file_commit(&file);
  bscope_replace_file_abandon(&file);
  return status;
}

static void spoil(const char *path, const char *text) {
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

static void assert_content(const char *path, const char *text) {
  char found[256] = "";
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  size_t n = fread(found, 1, sizeof(found) - 1, f);
  found[n] = '\0';
  fclose(f);
  assert_string_equal(found, text);
}

/* How many entries the directory has: a temporary left behind would be one more. */
static int entries(const char *path) {
  DIR *d = opendir(path);
  int n = 0;
  assert_non_null(d);
  for (struct dirent *e; (e = readdir(d));)
    n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
  closedir(d);
  return n;
}

static void assert_message(const char *path, const char *reason) {
  if (!strstr(bscope_last_error(), path) || !strstr(bscope_last_error(), reason))
    fail_msg("message \"%s\" does not name \"%s\" and \"%s\"", bscope_last_error(), path, reason);
}

static int set_up(void **state) {
  (void)state;
  strcpy(directory, "/tmp/test_replace_file.XXXXXX");
  return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  DIR *d = opendir(directory);
  for (struct dirent *e; (e = readdir(d));)
    unlinkat(dirfd(d), e->d_name, 0);
  rewinddir(d);
  for (struct dirent *e; (e = readdir(d));)
    unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
  closedir(d);
  return rmdir(directory);
}

static void test_new_and_old(void **state) {
  (void)state;
  const char *path = in_directory("a.json");
  assert_int_equal(write_to(path, false, "one", 1), BSCOPE_OK);
  assert_content(path, "one");
  assert_int_equal(write_to(path, false, "two", 2), BSCOPE_OK);
  assert_content(path, "twotwo");
  assert_int_equal(entries(directory), 1);
}

/* Relative paths, and a directory that the program leaves while the export is under way. */
static void test_relative(void **state) {
  (void)state;
  struct bscope_replace_file file;
  char here[512];
  assert_non_null(getcwd(here, sizeof(here)));
  assert_int_equal(chdir(directory), 0);
  assert_int_equal(write_to("b.json", false, "b", 1), BSCOPE_OK);
  assert_int_equal(bscope_replace_file_begin(&file, "c.json", false), BSCOPE_OK);
  assert_int_equal(chdir(here), 0);
  assert_int_equal(write(file.fd, "c", 1), 1);
  assert_int_equal(bscope_replace_file_commit(&file), BSCOPE_OK);
  assert_content(in_directory("b.json"), "b");
  assert_content(in_directory("c.json"), "c");
}

static mode_t mode_of(const char *path) {
  struct stat s;
  assert_int_equal(stat(path, &s), 0);
  return s.st_mode & 07777;
}

static void test_mode(void **state) {
  (void)state;
  const char *path = in_directory("m.json");
  mode_t before = umask(027);
  assert_int_equal(write_to(path, false, "x", 1), BSCOPE_OK);
  assert_int_equal(mode_of(path), 0640);
  assert_int_equal(chmod(path, 0604), 0);
  assert_int_equal(write_to(path, false, "x", 1), BSCOPE_OK);
  assert_int_equal(mode_of(path), 0604);
  assert_int_equal(write_to(path, true, "x", 1), BSCOPE_OK);
  assert_int_equal(mode_of(path), 0600);
  umask(0);
  assert_int_equal(write_to(in_directory("s.json"), true, "x", 1), BSCOPE_OK);
  assert_int_equal(mode_of(in_directory("s.json")), 0600);
  umask(before);
}

/* Until the commit the old file is there, and after giving up still. */
static void test_abandon(void **state) {
  (void)state;
  struct bscope_replace_file file;
  const char *path = in_directory("old.json");
  spoil(path, "old");
  assert_int_equal(bscope_replace_file_begin(&file, path, false), BSCOPE_OK);
  assert_int_equal(write(file.fd, "new", 3), 3);
  assert_content(path, "old");
  bscope_replace_file_abandon(&file);
  assert_content(path, "old");
  assert_int_equal(entries(directory), 1);
}

/* Paths of which no export can ever come. */
static void test_impossible_targets(void **state) {
  (void)state;
  char longest[PATH_MAX + 10];
  char long_name[300];
  assert_int_equal(write_to(directory, false, "x", 1), BSCOPE_ERR_EXPORT);
  assert_message(directory, "directory");
  assert_int_equal(write_to(in_directory(""), false, "x", 1), BSCOPE_ERR_EXPORT);
  assert_int_equal(write_to("", false, "x", 1), BSCOPE_ERR_EXPORT);
  assert_message("", "empty");
  assert_int_equal(write_to("/", false, "x", 1), BSCOPE_ERR_EXPORT);
  assert_int_equal(write_to(".", false, "x", 1), BSCOPE_ERR_EXPORT);
  assert_int_equal(write_to(in_directory("no/such"), false, "x", 1), BSCOPE_ERR_EXPORT);
  assert_message("no/such", "does not exist");
  spoil(in_directory("file"), "f");
  assert_int_equal(write_to(in_directory("file/below"), false, "x", 1), BSCOPE_ERR_EXPORT);
  assert_message("file/below", "is none");
  memset(longest, 'a', sizeof(longest) - 1);
  longest[sizeof(longest) - 1] = '\0';
  assert_int_equal(write_to(longest, false, "x", 1), BSCOPE_ERR_EXPORT);
  memset(long_name, 'a', sizeof(long_name) - 1);
  long_name[sizeof(long_name) - 1] = '\0';
  assert_int_equal(write_to(in_directory(long_name), false, "x", 1), BSCOPE_ERR_EXPORT);
  assert_int_equal(symlink("loop", in_directory("loop")), 0);
  assert_int_equal(write_to(in_directory("loop/x"), false, "x", 1), BSCOPE_ERR_EXPORT);
  assert_int_equal(entries(directory), 2);
}

/* A link is replaced, and what it leads to stays as it is, be it there or not. */
static void test_symlink(void **state) {
  (void)state;
  struct stat s;
  spoil(in_directory("precious"), "precious");
  assert_int_equal(symlink("precious", in_directory("link")), 0);
  assert_int_equal(symlink("nothing", in_directory("dangling")), 0);
  assert_int_equal(write_to(in_directory("link"), false, "new", 1), BSCOPE_OK);
  assert_content(in_directory("precious"), "precious");
  assert_content(in_directory("link"), "new");
  assert_int_equal(lstat(in_directory("link"), &s), 0);
  assert_true(S_ISREG(s.st_mode));
  assert_int_equal(write_to(in_directory("dangling"), false, "new", 1), BSCOPE_OK);
  assert_int_equal(access(in_directory("nothing"), F_OK), -1);
  assert_int_equal(symlink(".", in_directory("to_directory")), 0);
  assert_int_equal(write_to(in_directory("to_directory"), false, "new", 1), BSCOPE_ERR_EXPORT);
}

/* A second name of the old file keeps the old content. */
static void test_hard_link(void **state) {
  (void)state;
  spoil(in_directory("one"), "old");
  assert_int_equal(link(in_directory("one"), in_directory("two")), 0);
  assert_int_equal(write_to(in_directory("two"), false, "new", 1), BSCOPE_OK);
  assert_content(in_directory("one"), "old");
  assert_content(in_directory("two"), "new");
}

static void test_devices(void **state) {
  (void)state;
  struct stat s;
  assert_int_equal(write_to("/dev/null", false, "x", 100000), BSCOPE_OK);
  assert_int_equal(stat("/dev/null", &s), 0);
  assert_true(S_ISCHR(s.st_mode));
  assert_int_equal(write_to("/dev/full", false, "x", 100000), BSCOPE_ERR_IO);
  assert_message("/dev/full", "No space left");
}

/* A descriptor's path goes on where the descriptor stands, also when that is a regular file. */
static void test_descriptor_path(void **state) {
  (void)state;
  char path[64];
  int fd = open(in_directory("out"), O_RDWR | O_CREAT, 0600);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, "begin ", 6), 6);
  snprintf(path, sizeof(path), "/dev/fd/%d", fd);
  assert_int_equal(write_to(path, false, "middle", 1), BSCOPE_OK);
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  assert_int_equal(symlink(path, in_directory("stdout")), 0);
  assert_int_equal(write_to(in_directory("stdout"), false, " end", 1), BSCOPE_OK);
  assert_content(in_directory("out"), "begin middle end");
  close(fd);
  assert_int_equal(write_to("/dev/fd/987", false, "x", 1), BSCOPE_ERR_IO);
}

static void *read_fifo(void *path) {
  static char found[16];
  int fd = open(path, O_RDONLY);
  ssize_t n = read(fd, found, sizeof(found) - 1);
  found[n > 0 ? n : 0] = '\0';
  close(fd);
  return found;
}

static void test_fifo(void **state) {
  (void)state;
  char path[512];
  pthread_t reader;
  void *found;
  struct stat s;
  strcpy(path, in_directory("fifo"));
  assert_int_equal(mkfifo(path, 0600), 0);
  assert_int_equal(pthread_create(&reader, NULL, read_fifo, path), 0);
  assert_int_equal(write_to(path, false, "through", 1), BSCOPE_OK);
  assert_int_equal(pthread_join(reader, &found), 0);
  assert_string_equal(found, "through");
  assert_int_equal(lstat(path, &s), 0);
  assert_true(S_ISFIFO(s.st_mode));
}

static void test_read_only_directory(void **state) {
  (void)state;
  const char *path = in_directory("old.json");
  spoil(path, "old");
  bool root = geteuid() == 0;
  assert_int_equal(chmod(directory, 0555), 0);
  assert_true(!root || seteuid(NOBODY) == 0);
  int status = write_to(path, false, "new", 1);
  assert_true(!root || seteuid(0) == 0);
  assert_int_equal(chmod(directory, 0700), 0);
  assert_int_equal(status, BSCOPE_ERR_IO);
  assert_message("old.json", "Permission denied");
  assert_content(path, "old");
  assert_int_equal(entries(directory), 1);
}

static volatile sig_atomic_t signals;

static void count_signal(int number) {
  (void)number;
  signals++;
}

/* Counts a signal while the test runs; whoever takes it by default would be dead. */
static struct sigaction count_signals(int number) {
  struct sigaction counting = {.sa_handler = count_signal}, before;
  signals = 0;
  sigaction(number, &counting, &before);
  return before;
}

static void assert_no_signal(int number, const struct sigaction *before) {
  sigset_t mask;
  assert_int_equal(signals, 0);
  pthread_sigmask(SIG_BLOCK, NULL, &mask);
  assert_int_equal(sigismember(&mask, number), 0);
  sigaction(number, before, NULL);
}

static void test_size_limit(void **state) {
  (void)state;
  const char *path = in_directory("old.json");
  struct rlimit before, small;
  spoil(path, "old");
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  small = (struct rlimit){100000, before.rlim_max};
  struct sigaction action = count_signals(SIGXFSZ);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  int status = write_to(path, false, "0123456789", 20000);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_no_signal(SIGXFSZ, &action);
  assert_int_equal(status, BSCOPE_ERR_IO);
  assert_message("old.json", "File too large");
  assert_content(path, "old");
  assert_int_equal(entries(directory), 1);
}

static void test_closed_pipe(void **state) {
  (void)state;
  int ends[2];
  char path[64];
  struct sigaction action = count_signals(SIGPIPE);
  assert_int_equal(pipe(ends), 0);
  close(ends[0]);
  snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
  assert_int_equal(write_to(path, false, "x", 1), BSCOPE_ERR_IO);
  assert_message(path, "Broken pipe");
  assert_no_signal(SIGPIPE, &action);
  close(ends[1]);
}

/* A signal that was pending before is the host's, and stays. */
static void test_pending_signal_stays(void **state) {
  (void)state;
  int ends[2];
  char path[64];
  sigset_t pipe_signal, before;
  struct sigaction action = count_signals(SIGPIPE);
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  assert_int_equal(pthread_sigmask(SIG_BLOCK, &pipe_signal, &before), 0);
  raise(SIGPIPE);
  assert_int_equal(pipe(ends), 0);
  close(ends[0]);
  snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
  assert_int_equal(write_to(path, false, "x", 1), BSCOPE_ERR_IO);
  assert_int_equal(signals, 0);
  assert_int_equal(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
  assert_int_equal(signals, 1);
  sigaction(SIGPIPE, &action, NULL);
  close(ends[1]);
}

static void test_closed_pipe_stream(void **state) {
  (void)state;
  int ends[2];
  struct bscope_sink sink;
  struct sigaction action = count_signals(SIGPIPE);
  assert_int_equal(pipe(ends), 0);
  close(ends[0]);
  FILE *stream = fdopen(ends[1], "w");
  assert_non_null(stream);
  assert_int_equal(bscope_sink_init_stream(&sink, stream, "the stream"), BSCOPE_OK);
  bscope_sink_put_literal(&sink, "x");
  assert_int_equal(bscope_sink_finish(&sink), BSCOPE_ERR_IO);
  assert_no_signal(SIGPIPE, &action);
  bscope_sink_fini(&sink);
  setvbuf(stream, NULL, _IONBF, 0);
  signal(SIGPIPE, SIG_IGN); /* what the stream still holds is the stream's */
  fclose(stream);
  sigaction(SIGPIPE, &action, NULL);
}

/* In a file system of its own that is too small; the exit code of the child says what was wrong. */
static int fill_disk(void) {
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount("tmpfs", directory, "tmpfs", 0, "size=64k") != 0)
    return 77;
  const char *path = in_directory("old.json");
  spoil(path, "old");
  if (write_to(path, false, "0123456789", 20000) != BSCOPE_ERR_IO)
    return 1;
  if (!strstr(bscope_last_error(), "No space left"))
    return 2;
  assert_content(path, "old");
  return entries(directory) == 1 ? 0 : 3;
}

static void test_full_disk(void **state) {
  (void)state;
  int status;
  pid_t child = fork();
  if (child == 0)
    _exit(fill_disk());
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77)
    skip();
  assert_int_equal(WEXITSTATUS(status), 0);
}

/* Strings larger than the sink, at every way to be cut. */
static void test_sink_string(void **state) {
  (void)state;
  struct bscope_sink sink;
  size_t size = 3 * BSCOPE_SINK_SIZE + 17, total = 0;
  char *piece = malloc(size);
  assert_non_null(piece);
  memset(piece, 'p', size);
  assert_int_equal(bscope_sink_init_string(&sink), BSCOPE_OK);
  for (size_t i = 1; i <= size; i = i * 5 + 1) {
    bscope_sink_put(&sink, piece, i);
    total += i;
  }
  bscope_sink_put(&sink, piece, size);
  total += size;
  char *string = bscope_sink_take_string(&sink);
  assert_non_null(string);
  assert_int_equal(strlen(string), total);
  assert_int_equal(strspn(string, "p"), total);
  free(string);
  free(piece);
  bscope_sink_fini(&sink);
}

/* Every number of digits, and where it changes; each also across the end of the buffer. */
static void check_digits(uint64_t number) {
  struct bscope_sink sink;
  char expected[32], *string;
  int size = snprintf(expected, sizeof(expected), "%llu", (unsigned long long)number);
  assert_int_equal(bscope_sink_init_string(&sink), BSCOPE_OK);
  for (size_t i = 0; i < BSCOPE_SINK_SIZE - 1; i++)
    bscope_sink_put_literal(&sink, "-");
  bscope_sink_put_number(&sink, number);
  bscope_sink_put_number(&sink, number);
  string = bscope_sink_take_string(&sink);
  assert_non_null(string);
  assert_int_equal(strlen(string), BSCOPE_SINK_SIZE - 1 + 2 * (size_t)size);
  assert_memory_equal(string + BSCOPE_SINK_SIZE - 1, expected, (size_t)size);
  assert_string_equal(string + BSCOPE_SINK_SIZE - 1 + size, expected);
  free(string);
  bscope_sink_fini(&sink);
}

static void test_digits(void **state) {
  (void)state;
  check_digits(0);
  check_digits(UINT64_MAX);
  uint64_t power = 1;
  for (int i = 0; i < 20; i++, power *= 10) {
    check_digits(power - 1);
    check_digits(power);
  }
  for (int bit = 0; bit < 64; bit++) {
    check_digits(UINT64_C(1) << bit);
    check_digits((UINT64_C(1) << bit) - 1);
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(test_new_and_old),
      TEST(test_relative),
      TEST(test_mode),
      TEST(test_abandon),
      TEST(test_impossible_targets),
      TEST(test_symlink),
      TEST(test_hard_link),
      TEST(test_devices),
      TEST(test_descriptor_path),
      TEST(test_fifo),
      TEST(test_read_only_directory),
      TEST(test_size_limit),
      TEST(test_closed_pipe),
      TEST(test_pending_signal_stays),
      TEST(test_closed_pipe_stream),
      TEST(test_full_disk),
      cmocka_unit_test(test_sink_string),
      cmocka_unit_test(test_digits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
