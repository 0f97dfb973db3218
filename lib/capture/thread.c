/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/thread.h"

#include "base/atomic.h"
#include "base/tsc.h"
#include "capture/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BLOCKS_BYTES 16384u   /* control blocks are made so many bytes at a time */
#define KEY_WITHOUT_MALLOC 32 /* glibc keeps the first 32 keys' values inside the thread's descriptor */
#define POOL_WAIT_NS 1000000000u

/* What a thread points to before its first event: a generation that no gate ever holds. Never written. */
static struct bscope_control no_control;

BSCOPE_API __thread struct bscope_control *bscope_thread_control __attribute__((tls_model("initial-exec"))) =
    &no_control;

BSCOPE_API struct bscope_gate bscope_gate = {.word = 1};

static pthread_key_t key;
static bool key_is_usable;

static uint64_t boot_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_BOOTTIME, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void read_name(char *name) {
  memset(name, 0, BSCOPE_THREAD_NAME);
  (void)prctl(PR_GET_NAME, name, 0, 0, 0);
}

static void mark_ending(void *value) {
  struct bscope_thread *t = value;
  if (bscope_load_relaxed(&t->control.generation) == 0)
    return; /* wiped: this is a forked child, and the block was its parent's */
  if (bscope_load_relaxed(&t->name_version) == 1) {
    read_name(t->names[1]);
    bscope_store_release(&t->name_version, 2); /* pairs with the drainer's acquire */
  }
  bscope_store_release(&t->ending, 1);
}

void bscope_thread_make_key(void) {
  if (pthread_key_create(&key, mark_ending) != 0)
    return;
  key_is_usable = key < KEY_WITHOUT_MALLOC;
  if (!key_is_usable)
    pthread_key_delete(key);
}

struct bscope_thread *bscope_thread_current(void) {
  struct bscope_control *c = bscope_thread_control;
  return c == &no_control || bscope_load_relaxed(&c->generation) == 0 ? NULL : (struct bscope_thread *)c;
}

static struct bscope_thread *carve_blocks(struct bscope_process *process) {
  struct bscope_thread *blocks = bscope_process_map_wiped(BLOCKS_BYTES);
  if (!blocks)
    return NULL;
  for (size_t i = 1; i < BLOCKS_BYTES / sizeof(*blocks); i++) {
    blocks[i].next = process->free_threads;
    process->free_threads = &blocks[i];
  }
  return &blocks[0];
}

static struct bscope_thread *take_block(void) {
  struct bscope_process *process = bscope_process_get();
  if (!process || !bscope_lock_take(&process->pool, POOL_WAIT_NS))
    return NULL;
  struct bscope_thread *t = process->free_threads;
  if (t)
    process->free_threads = t->next;
  else
    t = carve_blocks(process);
  bscope_lock_release(&process->pool);
  if (t)
    memset(t, 0, sizeof(*t));
  return t;
}

void bscope_thread_pool(struct bscope_thread *thread) {
  struct bscope_process *process = bscope_process_get();
  if (!process || !bscope_lock_take(&process->pool, POOL_WAIT_NS))
    return;
  thread->next = process->free_threads;
  process->free_threads = thread;
  bscope_lock_release(&process->pool);
}

static void push(struct bscope_recorder *recorder, struct bscope_thread *t) {
  struct bscope_thread *newest = bscope_load_relaxed(&recorder->threads);
  do {
    t->next = newest;
    /* release: the block is whole before the drainer (acquire) finds it. */
  } while (!bscope_cas_release(&recorder->threads, &newest, t));
}

static void fill_control(struct bscope_thread *t) {
  struct bscope_control *c = &t->control;
  c->records = t->ring->slots;
  c->mask = t->ring->size - 1;
  c->clock = t->recorder->clock;
  c->busy_since = t->recorder->timed ? bscope_tsc() : 0; /* no stamp of this thread lies below */
  c->head = bscope_load_relaxed(&t->ring->tail);
  c->limit = c->head; /* the first write goes through the slow path, which sets it */
  bscope_store_relaxed(&c->generation, t->recorder->generation | (t->recorder->timed ? BSCOPE_GENERATION_TIMED : 0));
}

/* This thread's block of an older session: its last write is behind it, unless a handler interrupted one just now. */
static void leave_older(void) {
  struct bscope_thread *old = bscope_thread_current();
  if (!old || bscope_load_relaxed(&old->control.busy) != BSCOPE_BUSY_IDLE || bscope_load_relaxed(&old->nesting) != 0)
    return;
  /* A call that this one interrupted may be about to write there: it reads the limit once it has set busy. */
  bscope_store_relaxed(&old->control.limit, 0);
  bscope_signal_fence();
  bscope_store_release(&old->left, 1); /* pairs with the retirer: nothing is written there any more */
}

void bscope_thread_own_ring(const struct bscope_thread *thread, struct bscope_ring *ring) {
  ring->thread = thread->number;
  ring->tid = thread->tid;
  memcpy(ring->name, thread->names[0], sizeof(ring->name));
}

struct bscope_thread *bscope_thread_attach(struct bscope_recorder *recorder) {
  struct bscope_thread *t = take_block();
  if (!t)
    return NULL;
  t->recorder = recorder;
  t->ring = bscope_recorder_take_ring(recorder, bscope_recorder_first_size(recorder), false);
  t->nested = t->ring ? bscope_recorder_take_ring(recorder, BSCOPE_RING_NESTED, true) : NULL;
  if (!t->nested) {
    if (t->ring)
      bscope_recorder_give_ring(recorder, t->ring);
    bscope_thread_pool(t);
    return NULL;
  }
  t->tid = (uint32_t)syscall(SYS_gettid);
  t->number = bscope_add_relaxed(&recorder->next_thread, 1);
  t->attached_ns = boot_ns();
  read_name(t->names[0]);
  bscope_thread_own_ring(t, t->ring);
  bscope_thread_own_ring(t, t->nested);
  t->name_version = 1;
  fill_control(t);
  push(recorder, t);
  leave_older();
  bscope_thread_control = &t->control;
  if (key_is_usable)
    (void)pthread_setspecific(key, t);
  return t;
}

/* When the kernel started the thread of that tid, in ns since boot; 0 when it can't be read. */
static uint64_t started_ns(uint32_t tid) {
  char text[512];
  snprintf(text, sizeof(text), "/proc/self/task/%u/stat", tid);
  int fd = open(text, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return 0;
  ssize_t n = read(fd, text, sizeof(text) - 1);
  close(fd);
  if (n <= 0)
    return 0;
  text[n] = '\0';
  char *at = strrchr(text, ')'); /* the name may hold anything; field 3 follows it */
  for (int field = 2; at && field < 22; field++)
    at = strchr(at + 1, ' ');
  long ticks = sysconf(_SC_CLK_TCK);
  return at && ticks > 0 ? strtoull(at + 1, NULL, 10) * (1000000000u / (uint64_t)ticks) : 0;
}

bool bscope_thread_is_gone(const struct bscope_thread *thread) {
  int saved = errno;
  long rc = syscall(SYS_tgkill, getpid(), (pid_t)thread->tid, 0);
  bool gone = rc != 0 && errno == ESRCH;
  /* A thread that started later than this block was made (beyond the kernel's tick of 10 ms) only has its number. */
  if (!gone)
    gone = started_ns(thread->tid) > thread->attached_ns + 20000000u;
  errno = saved;
  return gone;
}
