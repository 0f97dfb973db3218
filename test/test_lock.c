/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock: one owner at a time under contention, waits that end, and owners that die. Everything that threads
 * share here is plain memory guarded by the lock, so ThreadSanitizer sees whether a release reaches the next owner
 * (also where the kernel hands over).
 */
#include "base/atomic.h"
#include "base/lock.h"
#include "base/util.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000000)
#define THREADS 4

struct shared {
  struct bscope_lock lock;
  unsigned turns_each;
  uint64_t count;   /* guarded */
  unsigned inside;  /* guarded: owners now */
  unsigned most;    /* guarded: most owners at once */
  unsigned refused; /* atomic: takes that failed */
  uint32_t flag;    /* atomic: a step of the scenario is reached */
};

static void pause_ns(uint64_t ns) {
  struct timespec span = {.tv_sec = (time_t)(ns / SECOND), .tv_nsec = (long)(ns % SECOND)};
  nanosleep(&span, NULL);
}

static void wait_for(uint32_t *flag, uint32_t value) {
  while (bscope_load_acquire(flag) != value) /* partner: the store that sets it */
    pause_ns(100000);
}

static void *contend(void *context) {
  struct shared *shared = context;
  for (unsigned i = 0; i < shared->turns_each; i++) {
    if (!bscope_lock_take(&shared->lock, 20 * SECOND)) {
      bscope_add_relaxed(&shared->refused, 1);
      continue;
    }
    if (++shared->inside > shared->most)
      shared->most = shared->inside;
    shared->count++;
    if (i % 64 == 0)
      pause_ns(1000); /* so that others queue up and the kernel hands over */
    shared->inside--;
    bscope_lock_release(&shared->lock);
  }
  return NULL;
}

static void run_threads(struct shared *shared, void *(*body)(void *)) {
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, body, shared), 0);
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void one_owner_at_a_time(void **state) {
  (void)state;
  struct shared shared = {.turns_each = getenv("BSCOPE_TEST_FULL") ? 200000 : 5000};
  run_threads(&shared, contend);
  assert_int_equal(shared.refused, 0);
  assert_int_equal(shared.count, (uint64_t)THREADS * shared.turns_each);
  assert_int_equal(shared.most, 1);
  assert_int_equal(shared.lock.word, 0);
}

static void *contend_by_trying(void *context) {
  struct shared *shared = context;
  for (unsigned won = 0; won < shared->turns_each;) {
    if (!bscope_lock_try(&shared->lock)) {
      sched_yield();
      continue;
    }
    won++;
    shared->most += ++shared->inside != 1;
    shared->count++;
    shared->inside--;
    bscope_lock_release(&shared->lock);
  }
  return NULL;
}

static void trying_excludes_too(void **state) {
  (void)state;
  struct shared shared = {.turns_each = 2000};
  run_threads(&shared, contend_by_trying);
  assert_int_equal(shared.most, 0);
  assert_int_equal(shared.count, THREADS * 2000);
}

static void *hold_until_flag_2(void *context) {
  struct shared *shared = context;
  if (!bscope_lock_take(&shared->lock, SECOND))
    return (void *)1;
  bscope_store_release(&shared->flag, 1);
  wait_for(&shared->flag, 2);
  bscope_lock_release(&shared->lock);
  return NULL;
}

static void waits_end(void **state) {
  (void)state;
  struct shared shared = {.flag = 0};
  pthread_t holder;
  assert_int_equal(pthread_create(&holder, NULL, hold_until_flag_2, &shared), 0);
  wait_for(&shared.flag, 1);
  errno = EDOM;
  assert_false(bscope_lock_try(&shared.lock));
  assert_false(bscope_lock_take(&shared.lock, 0));
  uint64_t begin = bscope_now_ns();
  clock_t worked = clock();
  assert_false(bscope_lock_take(&shared.lock, SECOND / 5));
  uint64_t waited = bscope_now_ns() - begin;
  assert_in_range(waited, SECOND / 5, SECOND * 10);
  assert_in_range(clock() - worked, 0, CLOCKS_PER_SEC / 10); /* asleep, not spinning */
  assert_int_equal(errno, EDOM);
  assert_false(bscope_lock_is_mine(&shared.lock));
  bscope_store_release(&shared.flag, 2);
  assert_true(bscope_lock_take(&shared.lock, UINT64_MAX)); /* no overflow of the deadline */
  assert_true(bscope_lock_is_mine(&shared.lock));
  bscope_lock_release(&shared.lock);
  assert_false(bscope_lock_is_mine(&shared.lock));
  assert_int_equal(errno, EDOM);
  pthread_join(holder, NULL);
}

static void *hold_and_linger(void *context) {
  struct shared *shared = context;
  if (!bscope_lock_take(&shared->lock, SECOND))
    return (void *)1;
  bscope_store_release(&shared->flag, 1);
  pause_ns(SECOND / 20); /* the waiter is asleep by now */
  bscope_lock_release(&shared->lock);
  wait_for(&shared->flag, 2);
  return NULL;
}

static void a_release_wakes_the_waiter(void **state) {
  (void)state;
  struct shared shared = {.flag = 0};
  pthread_t holder;
  assert_int_equal(pthread_create(&holder, NULL, hold_and_linger, &shared), 0);
  wait_for(&shared.flag, 1);
  uint64_t begin = bscope_now_ns();
  assert_true(bscope_lock_take(&shared.lock, 20 * SECOND));
  assert_in_range(bscope_now_ns() - begin, 0, 10 * SECOND); /* woken, not timed out */
  bscope_lock_release(&shared.lock);
  bscope_store_release(&shared.flag, 2);
  pthread_join(holder, NULL);
}

static void *take_and_die(void *context) {
  struct shared *shared = context;
  if (!bscope_lock_take(&shared->lock, 10 * SECOND))
    bscope_add_relaxed(&shared->refused, 1);
  bscope_add_relaxed(&shared->count, 1); /* atomic: the dead release nothing */
  return NULL;
}

static void a_dead_owners_lock_is_taken_over(void **state) {
  (void)state;
  for (int by_try = 0; by_try < 2; by_try++) {
    struct shared shared = {.count = 0};
    pthread_t owner;
    assert_int_equal(pthread_create(&owner, NULL, take_and_die, &shared), 0);
    pthread_join(owner, NULL); /* which returns a moment before the kernel has forgotten the thread */
    assert_int_not_equal(shared.lock.word, 0);
    for (int i = 0; by_try && i < 10000 && !bscope_lock_try(&shared.lock); i++)
      usleep(1000);
    assert_true(by_try || bscope_lock_take(&shared.lock, 20 * SECOND));
    assert_true(bscope_lock_is_mine(&shared.lock));
    bscope_lock_release(&shared.lock);
    assert_int_equal(shared.lock.word, 0);
  }
}

/* An owner that dies while others sleep for its lock: each of them gets it in turn, and dies too. */
static void owners_die_under_waiters(void **state) {
  (void)state;
  for (int round = 0; round < 20; round++) {
    struct shared shared = {.count = 0};
    run_threads(&shared, take_and_die);
    assert_int_equal(shared.refused, 0);
    assert_true(bscope_lock_take(&shared.lock, 5 * SECOND));
    assert_int_equal(shared.count, THREADS);
    bscope_lock_release(&shared.lock);
    assert_int_equal(shared.lock.word, 0);
  }
}

static void *take_with_dead_waiter_bit(void *context) {
  struct shared *shared = context;
  for (int i = 0; i < 50; i++) {
    if (!bscope_lock_take(&shared->lock, 5 * SECOND)) {
      bscope_add_relaxed(&shared->refused, 1);
      return NULL;
    }
    shared->count++;
    bscope_lock_release(&shared->lock);
  }
  return NULL;
}

/* What a waiter leaves that gave up just before the owner died: the waiter bit beside a dead owner. */
static void a_stale_waiter_bit_does_no_harm(void **state) {
  (void)state;
  struct shared shared = {.count = 0};
  pthread_t owner;
  assert_int_equal(pthread_create(&owner, NULL, take_and_die, &shared), 0);
  pthread_join(owner, NULL);
  shared.lock.word |= FUTEX_WAITERS;
  run_threads(&shared, take_with_dead_waiter_bit);
  assert_int_equal(shared.refused, 0);
  assert_int_equal(shared.count, 1 + THREADS * 50);
  assert_int_equal(shared.lock.word, 0);
  shared.lock.word = FUTEX_WAITERS | 0x3ffffffe; /* beyond any tid */
  assert_true(bscope_lock_try(&shared.lock));
  bscope_lock_release(&shared.lock);
  assert_int_equal(shared.lock.word, 0);
}

/* The kernel gave us the tid of an owner that died. */
static void an_own_tid_left_behind_is_taken_over(void **state) {
  (void)state;
  struct bscope_lock lock = {.word = (uint32_t)syscall(SYS_gettid)};
  assert_true(bscope_lock_take(&lock, SECOND));
  bscope_lock_release(&lock);
  assert_int_equal(lock.word, 0);
}

static void releasing_what_another_holds_changes_nothing(void **state) {
  (void)state;
  struct bscope_lock lock = {.word = (uint32_t)getppid()};
  bscope_lock_release(&lock);
  assert_int_equal(lock.word, (uint32_t)getppid());
}

/* Makes this process's kernel one that lacks the futex operations up to `count` of: LOCK_PI2, LOCK_PI, TRYLOCK_PI. */
static bool refuse_futexes(unsigned count) {
  static const uint32_t operations[] = {13 | FUTEX_PRIVATE_FLAG, FUTEX_LOCK_PI_PRIVATE, FUTEX_TRYLOCK_PI_PRIVATE};
  struct sock_filter code[16];
  unsigned n = 0;
  code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 1, 0);
  code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1]));
  for (unsigned i = 0; i < count; i++) {
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, operations[i], 0, 1);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
  }
  code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {.len = (unsigned short)n, .filter = code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* The tests above on such a kernel, in a process of its own. */
static void on_older_kernels(void **state) {
  for (unsigned count = 1; count <= 3; count += 2) {
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
      if (!refuse_futexes(count))
        _exit(77);
      one_owner_at_a_time(state);
      waits_end(state);
      a_release_wakes_the_waiter(state);
      a_dead_owners_lock_is_taken_over(state);
      owners_die_under_waiters(state);
      _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
      skip();
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_owner_at_a_time),
      cmocka_unit_test(trying_excludes_too),
      cmocka_unit_test(waits_end),
      cmocka_unit_test(a_release_wakes_the_waiter),
      cmocka_unit_test(a_dead_owners_lock_is_taken_over),
      cmocka_unit_test(owners_die_under_waiters),
      cmocka_unit_test(a_stale_waiter_bit_does_no_harm),
      cmocka_unit_test(an_own_tid_left_behind_is_taken_over),
      cmocka_unit_test(releasing_what_another_holds_changes_nothing),
      cmocka_unit_test(on_older_kernels),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
