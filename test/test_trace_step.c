/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tracking calls stopped behind each of their instructions (P5): a child is stepped through one call, and after each
 * step that changed its file a copy of that file is read, as it would be read had the child been killed there. The
 * file is the memory: at random steps a child is killed indeed, and leaves what the copy was.
 *
 * Each event whose call had returned is in the copy, none torn, none twice, each thread's in their order. Long calls
 * are read at every n-th step only, by another remainder each time; BSCOPE_TEST_FULL=1 reads 100 times as many.
 */
#include "engine.h"

#include "base/crc32c.h"
#include "base/trace.h"
#include "capture/ring.h"
#include "capture/thread.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/user.h>

#define STEP_MOST 20000000u
#define SUBJECTS 3u /* the stepped thread's own calls, those of its handler, another thread's */

enum phase { PREPARING, INTERRUPT, STEPPING, ENDED };

static struct shared {
  uint64_t returned[SUBJECTS];
  uint64_t floor[SUBJECTS]; /* what a reset left behind */
  uint64_t phase;
  uint64_t resetting;
} * shared;

struct scenario {
  const char *name;
  void (*prepare)(void);
  void (*call)(void);
  size_t ring;
  uint64_t reads;  /* about so many copies are read in a quick run */
  uint64_t inject; /* the handler runs behind each of the first so many steps, in a run of its own */
};

static struct bscope_site site = TEST_SITE(BSCOPE_KIND_NEW, "stepped"), fresh = TEST_SITE(BSCOPE_KIND_NEW, "fresh"),
                          nested = TEST_SITE(BSCOPE_KIND_DROP, "nested"), other = TEST_SITE(BSCOPE_KIND_MOVE, "other");
static char folder[64], path[128], copy_path[128];

/* --- the child --- */

static void emit_at(struct bscope_site *where) {
  test_emit(where, 0, shared->returned[0]);
  __atomic_fetch_add(&shared->returned[0], 1, __ATOMIC_RELEASE);
}

static void emit_one(void) {
  emit_at(&site);
}

static void emit_many(uint64_t count) {
  while (count-- > 0)
    emit_one();
}

/* The next call finds the ring full. */
static void fill(void) {
  struct bscope_thread *thread = (struct bscope_thread *)(void *)bscope_thread_control;
  while (thread->control.head < thread->ring->tail + thread->ring->size)
    emit_one();
}

static void on_signal(int number) {
  (void)number;
  for (int i = 0; i < 2; i++) {
    test_emit(&nested, 1, shared->returned[1]);
    __atomic_fetch_add(&shared->returned[1], 1, __ATOMIC_RELEASE);
  }
}

/* Stops for the parent, which knows by the phase what to do. */
static void stop_at(enum phase phase) {
  __atomic_store_n(&shared->phase, phase, __ATOMIC_RELEASE);
#if defined(__x86_64__)
  __asm__ volatile("int3" ::: "memory"); /* the next instruction is ours again */
#else
  raise(SIGTRAP);
#endif
}

static void interrupted(unsigned times) {
  while (times-- > 0) {
    stop_at(INTERRUPT);
    emit_one();
  }
}

static void *record_and_sleep(void *count) {
  for (uint64_t i = 0; i < (uintptr_t)count; i++) {
    test_emit(&other, 2, i);
    __atomic_store_n(&shared->returned[2], i + 1, __ATOMIC_RELEASE);
  }
  for (;;)
    pause();
  return NULL;
}

static void with_other(uint64_t count) {
  pthread_t thread;
  check(pthread_create(&thread, NULL, record_and_sleep, (void *)(uintptr_t)count) == 0);
  while (__atomic_load_n(&shared->returned[2], __ATOMIC_ACQUIRE) < count)
    test_sleep_ms(1);
}

static void nothing(void) {}

static void some(void) {
  emit_many(10);
}

static void emit_fresh(void) {
  emit_at(&fresh);
}

static void emit_named(void) {
  bscope_emit_named(&fresh, "a name", "of a call", 0, shared->returned[0]);
  __atomic_fetch_add(&shared->returned[0], 1, __ATOMIC_RELEASE);
}

static void emit_long(void) {
  uint64_t payload[9], n = shared->returned[0];
  for (uint64_t i = 0; i < TEST_COUNT(payload); i++)
    payload[i] = n * 1000 + i;
  bscope_emit_payload(&site, 0, n, payload, sizeof(payload));
  __atomic_fetch_add(&shared->returned[0], 1, __ATOMIC_RELEASE);
}

/* A full ring of 64, beside nested events and those of another thread. */
static void full_ring(void) {
  emit_many(10);
  with_other(20);
  interrupted(4);
  emit_long();
  emit_many(7);
  interrupted(2);
  fill();
}

static void two_rounds(void) {
  full_ring();
  emit_many(7);
  interrupted(3);
  fill();
}

static void nearly_a_chunk(void) {
  with_other(10);
  emit_long();
  interrupted(2);
  emit_many(4200 - 10 - 1 - 6);
}

/* Until the chunk has gone into the log. */
static void call_turns(void) {
  for (int i = 0; i < 3; i++)
    check_equal(bscope_flush(), BSCOPE_OK);
}

/* The first ring is full, and its thread gets a larger one. */
static void exchange(void) {
  emit_many(10);
  interrupted(2);
  fill();
}

static void reset_before(void) {
  full_ring();
  check_equal(bscope_reset(), BSCOPE_OK);
  for (size_t i = 0; i < SUBJECTS; i++)
    shared->floor[i] = shared->returned[i];
  emit_many(60);
  interrupted(3);
  emit_many(64);
}

static void call_flush(void) {
  check_equal(bscope_flush(), BSCOPE_OK);
}

/* The parent may look between any two instructions: releases, so that the compiler keeps the flag around the rest. */
static void call_reset(void) {
  __atomic_store_n(&shared->resetting, 1, __ATOMIC_RELEASE);
  check_equal(bscope_reset(), BSCOPE_OK);
  for (size_t i = 0; i < SUBJECTS; i++)
    shared->floor[i] = shared->returned[i];
  __atomic_store_n(&shared->resetting, 0, __ATOMIC_RELEASE);
  emit_many(2);
}

static void call_stop(void) {
  check_equal(bscope_stop(), BSCOPE_OK);
}

static void child(const struct scenario *s) {
  char pattern[96];
  snprintf(pattern, sizeof(pattern), "%s/%%p", folder);
  const struct bscope_options options = {.size = sizeof(options),
                                         .file = pattern,
                                         .ring = s->ring,
                                         .memory = 2u << 20,
                                         .collector = BSCOPE_COLLECTOR_NONE};
  alarm(1000);
  check(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
  test_on_signal(SIGUSR1, on_signal, 0);
  check_equal(bscope_start(&options), BSCOPE_OK);
  s->prepare();
  stop_at(STEPPING);
  s->call();
  stop_at(ENDED);
  _exit(0);
}

/* --- what the file holds --- */

static const char *const names[SUBJECTS] = {"stepped", "nested", "other"};

static void check_event(const struct bscope_event *event) {
  uint64_t payload[9];
  check(event->subject < SUBJECTS && event->name);
  check(strcmp(event->name, names[event->subject]) == 0 ||
        (event->subject == 0 && (strcmp(event->name, "fresh") == 0 || strcmp(event->name, "a name") == 0)));
  if (!event->payload)
    return;
  check_equal(event->payload_size, sizeof(payload));
  memcpy(payload, event->payload, sizeof(payload));
  for (uint64_t i = 0; i < TEST_COUNT(payload); i++)
    check_equal(payload[i], event->object * 1000 + i);
}

/* All, and nothing else but what was in mid-call; while a reset is under way, nothing at all also does. */
static void check_counts(const uint64_t *next) {
  bool any = false;
  for (size_t i = 0; i < SUBJECTS; i++)
    any |= next[i] != shared->floor[i];
  for (size_t i = 0; i < SUBJECTS && (any || !shared->resetting); i++)
    if (next[i] != shared->returned[i] && next[i] != shared->returned[i] + 1)
      test_stop(names[i], (int)i, "what had returned is there", next[i], shared->returned[i]);
}

static void read_log(const char *name, enum bscope_log_state state) {
  struct bscope_trace_info info = {0};
  struct bscope_event event;
  uint64_t next[SUBJECTS], lost = 0;
  struct bscope_log *log = bscope_log_open(name);
  if (!log)
    fprintf(stderr, "%s\n", bscope_last_error());
  check(log);
  check_equal(bscope_log_trace_info(log, &info), BSCOPE_OK);
  if (info.damaged)
    fprintf(stderr, "offset %llu: %s\n", (unsigned long long)info.damage_offset, info.damage);
  check(!info.damaged && info.damaged_events == 0 && info.missing_sites == 0 && info.missing_events == 0);
  check(state == BSCOPE_LOG_MEMORY || info.state == state);
  for (size_t i = 0; i < SUBJECTS; i++)
    next[i] = shared->floor[i];
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  while (bscope_cursor_next(cursor, &event)) {
    if (event.kind == BSCOPE_KIND_LOST || event.kind == BSCOPE_KIND_OPEN) {
      lost++;
      continue;
    }
    check_event(&event);
    check_equal(event.object, next[event.subject]);
    next[event.subject]++;
  }
  bscope_cursor_free(cursor);
  bscope_log_free(log);
  check(lost <= 2);
  check_counts(next);
}

/* --- the parent --- */

/* The child's file and the copy of it, both mapped; and what the copy's first page would be, were its pid the child's.
 */
static int file = -1, copy_file = -1;
static uint8_t *mapped, *copy;
static size_t mapped_size;
static uint8_t first_page[4096];

static uint8_t *map(int fd, int protection) {
  uint8_t *at = mmap(NULL, mapped_size, protection, MAP_SHARED | MAP_POPULATE, fd, 0);
  check(at != MAP_FAILED);
  return at;
}

static void unmap(void) {
  if (!mapped)
    return;
  munmap(mapped, mapped_size);
  munmap(copy, mapped_size);
  close(copy_file);
  mapped = NULL;
}

static void map_both(size_t size) {
  unmap();
  mapped_size = size;
  copy_file = open(copy_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  check(copy_file >= 0 && ftruncate(copy_file, (off_t)size) == 0);
  mapped = map(file, PROT_READ);
  copy = map(copy_file, PROT_READ | PROT_WRITE);
  memset(first_page, 0, sizeof(first_page));
}

/* In the copy the writer is a process that there is not. */
static void forge_header(void) {
  struct bscope_trace_header header;
  memcpy(&header, first_page, sizeof(header));
  header.pid = 0x7fffffff;
  header.check = 0;
  header.check = bscope_crc32c(0, &header, header.constant);
  memcpy(copy, &header, sizeof(header));
}

/* The pages that rings, chunks and the others begin with: what is changed there is looked at behind each step. */
static size_t hot[64], hot_count;

static void find_hot(void) {
  hot_count = 0;
  for (size_t at = 0; at < mapped_size && hot_count < TEST_COUNT(hot); at += sizeof(first_page)) {
    uint32_t magic;
    memcpy(&magic, mapped + at, sizeof(magic));
    if (at == 0 || magic == BSCOPE_EXTENT_MAGIC)
      hot[hot_count++] = at;
  }
}

/* Takes over what the file is now. False: it is what it was. */
static bool take_copy(void) {
  struct stat status;
  bool changed = false;
  check(file >= 0 || (file = open(path, O_RDONLY | O_CLOEXEC)) >= 0);
  check(fstat(file, &status) == 0);
  if (!mapped || (size_t)status.st_size != mapped_size)
    map_both((size_t)status.st_size);
  for (size_t at = 0; at < mapped_size; at += sizeof(first_page)) {
    uint8_t *page = at ? copy + at : first_page;
    if (memcmp(page, mapped + at, sizeof(first_page)) == 0)
      continue;
    memcpy(page, mapped + at, sizeof(first_page));
    changed = true;
  }
  if (changed) {
    forge_header();
    find_hot();
  }
  return changed;
}

static bool is_hot(void) {
  struct stat status;
  if (!mapped || fstat(file, &status) != 0 || (size_t)status.st_size != mapped_size)
    return true;
  for (size_t i = 0; i < hot_count; i++)
    if (memcmp(hot[i] ? copy + hot[i] : first_page, mapped + hot[i], sizeof(first_page)) != 0)
      return true;
  return false;
}

static void read_copy(void) {
  read_log(copy_path, BSCOPE_LOG_MEMORY);
}

static int wait_stop(pid_t pid) {
  int status;
  check(waitpid(pid, &status, 0) == pid);
  if (!WIFSTOPPED(status))
    fprintf(stderr, "the child ended: %x\n", (unsigned)status);
  check(WIFSTOPPED(status));
  return WSTOPSIG(status);
}

static uint64_t phase(void) {
  return __atomic_load_n(&shared->phase, __ATOMIC_ACQUIRE);
}

static void step(pid_t pid, int number) {
  check(ptrace(PTRACE_SINGLESTEP, pid, NULL, (void *)(uintptr_t)number) == 0);
  int got = wait_stop(pid);
  check(got == SIGTRAP || phase() == ENDED);
}

/* Whether the child stands where it stood: in a repeated instruction, whose rounds are too many to look at each. */
static bool repeats(pid_t pid) {
#if defined(__x86_64__)
  static long before;
  long now = ptrace(PTRACE_PEEKUSER, pid, (void *)offsetof(struct user_regs_struct, rip), NULL);
  bool same = now == before;
  before = now;
  return same;
#else
  (void)pid;
  return false;
#endif
}

/* Up to where the call begins, with handlers in the middle of calls before it. */
static void prepare(pid_t pid, struct test_random *r) {
  while (wait_stop(pid), phase() != STEPPING) {
    int number = 0;
    if (phase() == INTERRUPT) {
      for (uint64_t before = 5 + test_below(r, 60); before > 0; before--)
        step(pid, 0);
      number = SIGUSR1;
    }
    __atomic_store_n(&shared->phase, PREPARING, __ATOMIC_RELEASE);
    check(ptrace(PTRACE_CONT, pid, NULL, (void *)(uintptr_t)number) == 0);
  }
}

static pid_t begin(const struct scenario *s, struct test_random *r) {
  memset(shared, 0, sizeof(*shared));
  fflush(NULL);
  pid_t pid = fork();
  check(pid >= 0);
  if (pid == 0)
    child(s);
  snprintf(path, sizeof(path), "%s/%d", folder, pid);
  prepare(pid, r);
  return pid;
}

static void end(pid_t pid) {
  kill(pid, SIGKILL);
  while (waitpid(pid, NULL, 0) != pid)
    continue;
}

static void forget(void) {
  check(unlink(path) == 0);
  unmap();
  close(file);
  file = -1;
}

/* Steps through the call, with a signal behind step `inject`; reads ever fewer copies. Returns the steps. */
static uint64_t step_through(const struct scenario *s, struct test_random *r, uint64_t inject, uint64_t *reads) {
  pid_t pid = begin(s, r);
  uint64_t steps = 0, stride = 1, most = getenv("BSCOPE_TEST_FULL") ? 10 * s->reads : s->reads / 10 + 20, left = most,
           cost = 0, heat = 4 * most;
  for (uint64_t wait = 0; phase() == STEPPING && steps < STEP_MOST; steps++) {
    step(pid, inject && steps == inject ? SIGUSR1 : 0);
    if (repeats(pid) || (!(heat > 0 && is_hot()) && wait > 0 && wait-- > 0))
      continue;
    heat -= heat > 0;
    wait = test_below(r, 2 * stride - 1);
    bool changed = take_copy();
    if (changed)
      read_copy();
    *reads += changed;
    cost += changed ? 20 : 1; /* a look costs less than a reading */
    if (cost > 20 * left) {
      stride *= 2;
      cost = 0;
      left = most / 4 + 1;
    }
  }
  check(phase() == ENDED);
  end(pid);
  forget();
  return steps;
}

/* The copy is what a kill leaves. */
static void kill_at(const struct scenario *s, struct test_random *r, uint64_t steps) {
  pid_t pid = begin(s, r);
  while (steps-- > 0 && phase() == STEPPING)
    step(pid, 0);
  (void)take_copy();
  end(pid);
  check(!take_copy());
  read_log(path, BSCOPE_LOG_MEMORY);
  forget();
}

static const struct scenario scenarios[] = {
    {"the inline part", some, emit_one, 0, 500, 60},
    {"a payload", some, emit_long, 0, 500, 250},
    {"a first event", nothing, emit_one, 0, 500, 0},
    {"a new site", some, emit_fresh, 0, 500, 0},
    {"a new name", some, emit_named, 0, 500, 0},
    {"a full ring", full_ring, emit_one, 64, 2000, 0},
    {"a full ring again", two_rounds, emit_one, 64, 2000, 0},
    {"a ring exchanged", exchange, emit_one, 0, 1000, 0},
    {"a chunk sealed", nearly_a_chunk, call_turns, 256, 1500, 0},
    {"a flush", full_ring, call_flush, 128, 1000, 0},
    {"a reset", full_ring, call_reset, 128, 1500, 0},
    {"a second reset", reset_before, call_reset, 128, 1500, 0},
    {"the end", full_ring, call_stop, 128, 1500, 0},
};

static void run(const struct scenario *s) {
  struct test_random r = {test_seed()};
  uint64_t reads = 0, since = test_now_ms();
  const char *only = getenv("BSCOPE_TEST_ONLY");
  if (only && strcmp(only, s->name) != 0)
    return;
  uint64_t steps = step_through(s, &r, 0, &reads);
  for (uint64_t i = 1; i <= s->inject && i < steps; i += 1 + s->inject / (getenv("BSCOPE_TEST_FULL") ? 30 : 6))
    (void)step_through(s, &r, i, &reads);
  for (int i = 0; i < 3; i++)
    kill_at(s, &r, test_below(&r, steps < 20000 ? steps : 20000));
  printf("%-18s %8llu steps, %6llu files read, %llu ms\n", s->name, (unsigned long long)steps,
         (unsigned long long)reads, (unsigned long long)(test_now_ms() - since));
  fflush(stdout);
}

static void ask_to_be_traced(void) {
  check(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
}

static void each_step(void **state) {
  (void)state;
  if (TEST_TSAN || TEST_ASAN || getenv("BSCOPE_TEST_VALGRIND"))
    skip(); /* they trace themselves, or make a hundred steps of one */
  if (test_in_child(ask_to_be_traced) != 0)
    skip(); /* this machine's containers may not */
  for (size_t i = 0; i < TEST_COUNT(scenarios); i++)
    run(&scenarios[i]);
}

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/dev/shm/bscope-step-XXXXXX");
  check(mkdtemp(folder));
  snprintf(copy_path, sizeof(copy_path), "%s/copy", folder);
  shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  check(shared != MAP_FAILED);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  unlink(copy_path);
  munmap(shared, 4096);
  return rmdir(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(each_step, make_folder, remove_folder)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
