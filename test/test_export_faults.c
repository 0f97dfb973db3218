/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exports whose system calls fail (P5): each export, by the library and by the program `borrowscope`, runs once under a
 * tracer for each of its calls that open, look at, write, sync, rename or close something, and that call fails, or it
 * and all of its kind behind it, or it is interrupted, or writes half. An export that says it was made is whole; one
 * that was not says why, leaves the old file as it was and nothing beside it, and the next one is made.
 *
 * usage: test_export_faults [BORROWSCOPE], without which the program is not tried
 */
#include "engine.h"

#include <borrowscope/borrowscope.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/user.h>

#define EVENTS 700u /* some hundred KiB of JSON: several writes */
#define MESSAGE 4096u

static char folder[64];
static char *program;

/* What an export is: a function of the library, or words for the program. What it makes is always "made". */
struct export {
  const char *name;
  int (*call)(void);
  const char *words[8];
  bool prints;   /* into its standard output, which is no file to be replaced */
  bool replaces; /* the trace itself */
};

static const char *in_folder(const char *name) {
  static char paths[4][160];
  static unsigned turn;
  char *path = paths[turn++ % TEST_COUNT(paths)];
  snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
  return path;
}

/* --- files --- */

struct bytes {
  char *at;
  size_t size;
};

static struct bytes read_whole(const char *path) {
  struct bytes b = {NULL, 0};
  FILE *f = fopen(path, "re");
  check(f && fseek(f, 0, SEEK_END) == 0);
  b.size = (size_t)ftell(f);
  rewind(f);
  check((b.at = malloc(b.size + 1)) != NULL && fread(b.at, 1, b.size, f) == b.size);
  b.at[b.size] = '\0';
  fclose(f);
  return b;
}

static void write_whole(const char *path, struct bytes b) {
  FILE *f = fopen(path, "we");
  check(f && fwrite(b.at, 1, b.size, f) == b.size && fclose(f) == 0);
}

static bool holds(const char *path, struct bytes expected) {
  struct bytes b = read_whole(path);
  bool same = b.size == expected.size && memcmp(b.at, expected.at, b.size) == 0;
  free(b.at);
  return same;
}

static struct bytes trace, old = {(char *)(uintptr_t) "old", 3};

/* The folder as every export finds it. */
static void prepare(const struct export *e) {
  static bool replaced;
  if (replaced)
    write_whole(in_folder("t.bscope"), trace);
  replaced = e->replaces;
  if (e->replaces)
    unlink(in_folder("made"));
  else
    write_whole(in_folder("made"), e->prints ? (struct bytes){old.at, 0} : old);
  unlink(in_folder("said"));
}

/* Names that are not those that belong there. */
static unsigned strangers(void) {
  unsigned count = 0;
  DIR *d = opendir(folder);
  check(d);
  for (struct dirent *e; (e = readdir(d)) != NULL;)
    if (e->d_name[0] != '.' || strlen(e->d_name) > 2)
      count += strcmp(e->d_name, "t.bscope") && strcmp(e->d_name, "made") && strcmp(e->d_name, "said");
  closedir(d);
  return count;
}

/* --- the exports --- */

static int library_json(void) {
  struct bscope_log *log = bscope_log_open(in_folder("t.bscope"));
  int status = log ? bscope_log_export_json(log, in_folder("made"), NULL) : BSCOPE_ERR_IO;
  bscope_log_free(log);
  return status;
}

static int library_stream(void) {
  FILE *stream = fopen(in_folder("made"), "w"); /* before anything fails */
  struct bscope_log *log = bscope_log_open(in_folder("t.bscope"));
  int status = log ? bscope_log_export_json_to_file(log, stream, NULL) : BSCOPE_ERR_IO;
  fclose(stream); /* flushed it is */
  bscope_log_free(log);
  return status;
}

static int library_pack(void) {
  return bscope_log_pack(in_folder("t.bscope"), in_folder("made"));
}

static int library_repack(void) {
  return bscope_log_pack(in_folder("t.bscope"), NULL);
}

static const struct export exports[] = {
    {.name = "library, JSON", .call = library_json},
    {.name = "library, a stream", .call = library_stream, .prints = true},
    {.name = "library, pack", .call = library_pack},
    {.name = "library, pack in place", .call = library_repack, .replaces = true},
    {.name = "export -o, json", .words = {"export", "-o", "made", "t.bscope"}},
    {.name = "export -o, ndjson", .words = {"export", "--format=ndjson", "-o", "made", "t.bscope"}},
    {.name = "export -o, csv", .words = {"export", "--format=csv", "-o", "made", "t.bscope"}},
    {.name = "export, json", .words = {"export", "t.bscope"}, .prints = true},
    {.name = "export, ndjson", .words = {"export", "--format=ndjson", "t.bscope"}, .prints = true},
    {.name = "export, csv", .words = {"export", "--format=csv", "t.bscope"}, .prints = true},
    {.name = "events", .words = {"events", "t.bscope"}, .prints = true},
    {.name = "pack -o", .words = {"pack", "-q", "-o", "made", "t.bscope"}},
    {.name = "pack --replace", .words = {"pack", "-q", "--replace", "t.bscope"}, .replaces = true},
};

#if defined(__x86_64__)

enum { ONCE, ON, HALF };

static const struct fault {
  int error;
  int how;
  bool reads; /* of calls that read, not of those that write */
  bool full;  /* among the faults of a full test alone */
} faults[] = {{.error = ENOSPC, .how = ONCE},
              {.error = EIO, .how = ON},
              {.error = EINTR, .how = ONCE},
              {.error = 0, .how = HALF},
              {.error = EIO, .how = ONCE, .reads = true},
              {.error = EINTR, .how = ONCE, .reads = true, .full = true},
              {.error = EIO, .how = ON, .reads = true, .full = true},
              {.error = ENOSPC, .how = ON, .full = true},
              {.error = EIO, .how = ONCE, .full = true},
              {.error = EDQUOT, .how = ON, .full = true},
              {.error = EACCES, .how = ONCE, .full = true},
              {.error = EMFILE, .how = ONCE, .full = true}};

static struct bytes whole; /* what the present export makes when nothing fails */

/* --- the tracer --- */

enum class { OTHER, OPENS, WRITES, SYNCS, RENAMES, CLOSES, LOOKS, READS };

static enum class class_of(const struct user_regs_struct *regs) { static const struct {long number; enum class class;}
rows[] = {
    {SYS_open, OPENS},      {SYS_openat, OPENS},     {SYS_write, WRITES},  {SYS_pwrite64, WRITES},
    {SYS_writev, WRITES},   {SYS_pwritev, WRITES},   {SYS_fsync, SYNCS},   {SYS_fdatasync, SYNCS},
    {SYS_rename, RENAMES},  {SYS_renameat, RENAMES}, {SYS_close, CLOSES},  {SYS_renameat2, RENAMES},
    {SYS_fchmod, LOOKS},    {SYS_newfstatat, LOOKS}, {SYS_fstat, LOOKS},   {SYS_fallocate, LOOKS},
    {SYS_ftruncate, LOOKS}, {SYS_read, READS},       {SYS_pread64, READS},
};
for (size_t i = 0; i < TEST_COUNT(rows); i++)
  if ((long)regs->orig_rax == rows[i].number) /* what goes to standard error is a message */
    return rows[i].class == WRITES && regs->rdi == STDERR_FILENO ? OTHER : rows[i].class;
return OTHER;
}

/* Whether the call opens the trace: what comes before it is the loader's. */
static bool opens_trace(pid_t pid, const struct user_regs_struct *regs) {
  char name[160];
  size_t used = 0;
  while (used < sizeof(name)) {
    errno = 0;
    long word = ptrace(PTRACE_PEEKDATA, pid, (void *)(uintptr_t)(regs->rsi + used), NULL);
    if (errno)
      return false;
    memcpy(name + used, &word, sizeof(word));
    used += sizeof(word);
    if (memchr(&word, 0, sizeof(word)))
      return strstr(name, "t.bscope") != NULL;
  }
  return false;
}

struct run {
  const struct fault *fault;
  uint64_t fails_at; /* 0: nothing fails */
  uint64_t calls;    /* of the kind that the fault is for */
  enum class class;  /* of the call that failed */
  bool counts;       /* between the opening of the trace and the end of the export */
  bool injected;
  bool entered; /* a call that is to fail, and has not come back yet */
};

static bool is_meant(const struct run *run, enum class class) {
  const struct fault *fault = run->fault;
  return fault->how == HALF ? class == WRITES : fault->reads ? class == READS : class != OTHER && class != READS;
}

static void enter(struct run *run, pid_t pid, struct user_regs_struct *regs) {
  enum class class = class_of(regs);
  if (class == OPENS && regs->orig_rax == SYS_openat && !run->counts)
    run->counts = opens_trace(pid, regs);
  if (regs->orig_rax == SYS_getppid) /* the export is over */
    run->fault = NULL;
  if (!run->counts || !run->fault || !is_meant(run, class))
    return;
  run->calls++;
  bool on = run->fault->how != ONCE && run->injected && class == run->class;
  if (run->calls != run->fails_at && !on)
    return;
  run->injected = true;
  run->class = class;
  if (run->fault->how == HALF) {
    regs->rdx = regs->rdx / 2 + regs->rdx % 2;
  } else {
    run->entered = true;
    regs->orig_rax = (unsigned long long)-1;
  }
  check(ptrace(PTRACE_SETREGS, pid, NULL, regs) == 0);
}

static void leave(struct run *run, pid_t pid, struct user_regs_struct *regs) {
  if (!run->entered)
    return;
  run->entered = false;
  regs->rax = (unsigned long long)-(long)run->fault->error;
  check(ptrace(PTRACE_SETREGS, pid, NULL, regs) == 0);
}

/* Lets the child run to its end: its wait status. */
static int trace_child(struct run *run, pid_t pid) {
  int status, sends = 0;
  bool inside = false;
  check(waitpid(pid, &status, 0) == pid);
  if (!WIFSTOPPED(status))
    return status;
  check(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC) == 0);
  for (;;) {
    struct user_regs_struct regs;
    check(ptrace(PTRACE_SYSCALL, pid, NULL, sends) == 0 && waitpid(pid, &status, 0) == pid);
    sends = 0;
    if (!WIFSTOPPED(status))
      return status;
    if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
      sends = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
      continue;
    }
    check(ptrace(PTRACE_GETREGS, pid, NULL, &regs) == 0);
    inside = !inside;
    if (inside)
      enter(run, pid, &regs);
    else
      leave(run, pid, &regs);
  }
}

/* --- a run --- */

static char message[MESSAGE];

static void read_message(void) {
  struct bytes b = read_whole(in_folder("said"));
  snprintf(message, sizeof(message), "%s", b.at);
  free(b.at);
}

static _Noreturn void be_library(const struct export *e) {
  int status = e->call();
  syscall(SYS_getppid);
  if (status)
    fprintf(stderr, "borrowscope: %s\n", bscope_last_error());
  check(status == BSCOPE_OK || status == BSCOPE_ERR_IO || status == BSCOPE_ERR_EXPORT || status == BSCOPE_ERR_FORMAT);
  if (whole.at && !e->replaces && !e->prints) { /* the program lives, and its next export is made */
    struct bytes left = read_whole(in_folder("made"));
    check(e->call() == BSCOPE_OK && holds(in_folder("made"), whole));
    write_whole(in_folder("made"), left);
    free(left.at);
  }
  fflush(NULL);
  _exit(status ? 2 : 0);
}

static _Noreturn void be_program(const struct export *e) {
  char *words[TEST_COUNT(e->words) + 2] = {(char *)(uintptr_t) "borrowscope"};
  for (size_t i = 0; e->words[i]; i++)
    words[i + 1] = (char *)(uintptr_t)e->words[i];
  setenv("LC_ALL", "C", 1);
  setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
  execv(program, words);
  _exit(71);
}

static int run_export(const struct export *e, struct run *run) {
  prepare(e);
  fflush(NULL);
  pid_t pid = fork();
  check(pid >= 0);
  if (pid == 0) {
    alarm(60);
    check(chdir(folder) == 0);
    int said = open("said", O_WRONLY | O_CREAT | O_TRUNC, 0600), made = e->prints ? open("made", O_WRONLY) : -1;
    check(dup2(said, STDERR_FILENO) == STDERR_FILENO && close(said) == 0);
    check(made < 0 || (dup2(made, STDOUT_FILENO) == STDOUT_FILENO && close(made) == 0));
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
      _exit(77);
    raise(SIGSTOP);
    if (e->call)
      be_library(e);
    be_program(e);
  }
  int status = trace_child(run, pid);
  read_message();
  if (!WIFEXITED(status))
    fprintf(stderr, "%s, call %llu: killed by signal %d\n%s\n", e->name, (unsigned long long)run->fails_at,
            WTERMSIG(status), message);
  check(WIFEXITED(status));
  return WEXITSTATUS(status);
}

/* --- what must be so afterwards --- */

static const char *target(const struct export *e) {
  return in_folder(e->replaces ? "t.bscope" : "made");
}

/* Names the cause, and what to do: in brackets, or behind a semicolon. */
static bool explains(const struct fault *fault, enum class class) {
  if (strncmp(message, "borrowscope: ", 13) != 0)
    return false;
  if (strstr(message, "libzstd")) /* could not be loaded, and why is the loader's business */
    return true;
  if (!strstr(message, strerror(fault->error)))
    return false;
  return class == READS || class == LOOKS || class == OPENS || class == CLOSES || fault->error == EINTR ||
         strstr(message, "(");
}

static const char *judge(const struct export *e, const struct run *run, int status) {
  if (strangers() != 0)
    return "something is left beside it";
  if (status != 0 && status != 2)
    return "its status is neither 0 nor 2";
  bool minds = run->class == WRITES || run->class == SYNCS || run->class == RENAMES;
  if (status == 0 && minds && run->fault->error != EINTR && run->fault->how != HALF)
    return "a failure was passed over";
  if (status == 0)
    return holds(target(e), whole) ? NULL : "it was said to be made and is not whole";
  bool goes_on = run->class != LOOKS && run->class != RENAMES && /* those are interrupted nowhere */
                 e->call != library_stream &&                    /* streams lose what they hold then */
                 !strstr(message, "libzstd");                    /* the loader gives up */
  if ((run->fault->error == EINTR && goes_on) || run->fault->how == HALF)
    return "it did not go on";
  if (!explains(run->fault, run->class))
    return "the message does not say why";
  if (strstr(message, "is written all the same")) /* by pack, which reads what it wrote */
    return holds(target(e), whole) ? NULL : "it is not written";
  if (strchr(message, '\n') != strrchr(message, '\n'))
    return "there is more than one message";
  if (!e->prints && !holds(target(e), e->replaces ? trace : old) &&
      !(strstr(message, "it was written, but") && holds(target(e), whole)))
    return "the old file is not as it was";
  return NULL;
}

static void fail_one(const struct export *e, const struct fault *fault, uint64_t n, uint64_t *refused) {
  struct run run = {.fault = fault, .fails_at = n};
  int status = run_export(e, &run);
  run.fault = fault;
  *refused += status != 0;
  const char *wrong = judge(e, &run, status);
  if (!wrong)
    return;
  fprintf(stderr, "%s, call %llu of kind %d, %s%s: %s (status %d)\n%s\n", e->name, (unsigned long long)n, run.class,
          fault->error ? strerror(fault->error) : "half", fault->how == ON ? " from there on" : "", wrong, status,
          message);
  check(getenv("BSCOPE_TEST_GO_ON"));
}

/* In a quick run some of the calls, by another remainder for each fault. Returns how many. */
static uint64_t fail_each(const struct export *e, size_t number, uint64_t *refused) {
  const struct fault *fault = &faults[number];
  struct run counted = {.fault = fault};
  const uint64_t steps = e->call ? 3 : 7; /* of a quick run; a tool that slows the test down gets a third of it */
  uint64_t step = test_scale() >= 1 ? 1 : test_scale() >= 0.1 ? steps : 3 * steps, runs = 0;
  check_equal(run_export(e, &counted), 0);
  for (uint64_t n = 1 + number % step; n <= counted.calls; n += step, runs++)
    fail_one(e, fault, n, refused);
  return runs;
}

static void each_call_fails(void **state) {
  (void)state;
  uint64_t total = 0;
  const struct fault none = {.error = EIO, .how = ONCE};
  for (size_t i = 0; i < TEST_COUNT(exports); i++) {
    const struct export *e = &exports[i];
    struct run run = {.fault = &none};
    uint64_t calls = 0, refused = 0;
    if (!e->call && !program)
      continue;
    int status = run_export(e, &run);
    if (status == 77)
      skip(); /* a program may not be traced here */
    check_equal(status, 0);
    whole = read_whole(target(e));
    check(whole.size > 1000);
    for (size_t k = 0; k < TEST_COUNT(faults); k++)
      if (!faults[k].full || test_scale() >= 1)
        calls += fail_each(e, k, &refused);
    check(calls > 0);
    print_message("%s: %llu faults, %llu refused\n", e->name, (unsigned long long)calls, (unsigned long long)refused);
    total += calls;
    free(whole.at);
    whole.at = NULL;
  }
  check(total > 25);
  print_message("%llu faults in all\n", (unsigned long long)total);
}

#else

static void each_call_fails(void **state) {
  (void)state;
  skip(); /* registers are named for x86-64 alone */
}

#endif

/* A limit of file sizes is an error number, and no signal ends the program. */
static void pack_beyond_limit(void) {
  check(setrlimit(RLIMIT_FSIZE, &(struct rlimit){5000, 5000}) == 0);
  check_equal(bscope_log_pack(in_folder("t.bscope"), in_folder("made")), BSCOPE_ERR_IO);
  check(strstr(bscope_last_error(), "File too large") && strstr(bscope_last_error(), "made"));
  check(holds(in_folder("made"), old) && strangers() == 0);
}

static void a_limit_of_file_sizes(void **state) {
  (void)state;
  prepare(&exports[2]);
  assert_int_equal(test_in_child(pack_beyond_limit), 0);
}

/* A log whose file is cut or written over behind its back ends nowhere: whatever walks it says so. */
static void check_changed(const struct bscope_log *log) {
  struct bscope_event event;
  struct bscope_meaning meaning;
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  check(cursor && !bscope_cursor_next(cursor, &event));
  check_equal(bscope_cursor_status(cursor), BSCOPE_ERR_IO);
  check(strstr(bscope_last_error(), "the file has changed"));
  check(!bscope_cursor_next(cursor, &event));
  bscope_cursor_free(cursor);
  struct bscope_story *story = bscope_story_create(log);
  check(story && bscope_story_next(story, &event, &meaning) == BSCOPE_ERR_IO);
  bscope_story_free(story);
  check_equal(bscope_log_validate(log), BSCOPE_ERR_IO);
  check(bscope_graph_build(log) == NULL && strstr(bscope_last_error(), "the file has changed"));
  check_equal(bscope_log_export_json(log, in_folder("made"), NULL), BSCOPE_ERR_IO);
  check(bscope_log_export_json_to_string(log, NULL) == NULL);
  check(holds(in_folder("made"), old) && strangers() == 0);
}

static void a_file_that_changes(void **state) {
  (void)state;
  prepare(&exports[0]);
  for (int row = 0; row < 3; row++) {
    write_whole(in_folder("t.bscope"), trace);
    struct bscope_log *log = bscope_log_open(in_folder("t.bscope"));
    check(log);
    if (row == 0)
      check(truncate(in_folder("t.bscope"), 0) == 0);
    else if (row == 1)
      check(truncate(in_folder("t.bscope"), 0) == 0 && truncate(in_folder("t.bscope"), (off_t)trace.size) == 0);
    else
      check(unlink(in_folder("t.bscope")) == 0);
    if (row < 2)
      check_changed(log);
    else /* what has no name any more is read as before */
      check_equal(test_walk(log, NULL, NULL), EVENTS);
    bscope_log_free(log);
  }
  write_whole(in_folder("t.bscope"), trace);
}

/* --- */

static void record(void) {
  static struct bscope_site sites[] = {TEST_SITE(BSCOPE_KIND_NEW, "one"), TEST_SITE(BSCOPE_KIND_BORROW, "two"),
                                       TEST_SITE(BSCOPE_KIND_DROP, "three")};
  const struct bscope_options options = {.size = sizeof(options), .file = in_folder("%p"), .memory = 2u << 20};
  check_equal(bscope_start(&options), BSCOPE_OK);
  struct test_random random = {7};
  for (uint64_t i = 0; i < EVENTS; i++)
    test_emit(&sites[i % TEST_COUNT(sites)], i, test_next(&random));
  check_equal(bscope_stop(), BSCOPE_OK);
  char made[24];
  snprintf(made, sizeof(made), "%d", getpid());
  check(rename(in_folder(made), in_folder("t.bscope")) == 0);
}

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/dev/shm/bscope-faults-XXXXXX");
  check(mkdtemp(folder));
  if (test_in_child(record) != 0)
    return -1;
  check(chmod(in_folder("t.bscope"), 0600) == 0);
  trace = read_whole(in_folder("t.bscope"));
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  for (size_t i = 0; i < 3; i++)
    unlink(in_folder(i == 0 ? "t.bscope" : i == 1 ? "made" : "said"));
  free(trace.at);
  return rmdir(folder);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_call_fails),
      cmocka_unit_test(a_limit_of_file_sizes),
      cmocka_unit_test(a_file_that_changes),
  };
  if (getenv("BSCOPE_TEST_VALGRIND")) /* whose own calls would be failed as well */
    return 77;
  program = argc > 1 ? realpath(argv[1], NULL) : NULL;
  int failed = cmocka_run_group_tests(tests, make_folder, remove_folder);
  free(program);
  return failed;
}
