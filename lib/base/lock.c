/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock: a compare-and-exchange from 0 to the own tid where nobody is in the way, else FUTEX_LOCK_PI, by which the
 * kernel knows the owner, lends it the waiter's priority and hands the word over. Free: one system call (gettid) and
 * one atomic instruction; contended: a sleep.
 *
 * An owner that died without releasing is found out in two ways. The kernel says ESRCH when no task has that tid (it
 * looks in all processes, so a tid used again elsewhere hides the death), and tgkill says ESRCH when no thread of this
 * process has it. A take-over on tgkill's word is allowed only while the waiter bit is clear: with waiters asleep the
 * kernel itself passes a dead owner's lock on, and the waiter writes its tid over whatever it finds.
 */
#include "base/lock.h"

#include "base/atomic.h"
#include "base/util.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LOCK_PI2 13 /* FUTEX_LOCK_PI2 of Linux 5.14: like FUTEX_LOCK_PI, but by CLOCK_MONOTONIC */
#define NAP_LEAST_NS 20000u
#define NAP_MOST_NS 1000000u

/* What this kernel refused once. Relaxed: only ever set, and whoever misses it asks the kernel himself. */
static uint32_t without_pi2, without_pi;

static uint32_t own_tid(void) {
  return (uint32_t)syscall(SYS_gettid);
}

/* 0, or the error number. */
static int futex(struct bscope_lock *lock, int operation, const struct timespec *deadline) {
  return syscall(SYS_futex, &lock->word, operation | FUTEX_PRIVATE_FLAG, 0, deadline, NULL, 0) == 0 ? 0 : errno;
}

/* The lock is ours: takes what the release before it left. Partner: turns in bscope_lock_release. */
static bool taken(struct bscope_lock *lock) {
  (void)bscope_load_acquire(&lock->turns);
  return true;
}

static bool no_such_thread(uint32_t tid) {
  return syscall(SYS_tgkill, getpid(), (pid_t)tid, 0) != 0 && errno == ESRCH;
}

/* Acquire: partner is the release in bscope_lock_release. */
static bool exchange(struct bscope_lock *lock, uint32_t seen, uint32_t wanted) {
  return bscope_cas_acquire(&lock->word, &seen, wanted) && taken(lock);
}

/* Takes a lock that is free, or whose owner is dead as far as can be told without the kernel's list of waiters. */
static bool take_at_once(struct bscope_lock *lock, uint32_t tid) {
  if (exchange(lock, 0, tid))
    return true;
  uint32_t seen = bscope_load_relaxed(&lock->word); /* relaxed: the exchange below acquires */
  uint32_t owner = seen & FUTEX_TID_MASK;
  if (owner == 0 || (seen & FUTEX_WAITERS))
    return false;
  /* A lock of our own tid that we don't hold: its owner died and the kernel gave us its tid. */
  return (owner == tid || no_such_thread(owner)) && exchange(lock, seen, tid);
}

/* FUTEX_LOCK_PI by whichever operation this kernel has: 0 when the lock is ours, or an error number. */
static int sleep_for_it(struct bscope_lock *lock, uint64_t deadline) {
  struct timespec at = {.tv_sec = (time_t)(deadline / 1000000000u), .tv_nsec = (long)(deadline % 1000000000u)};
  if (!bscope_load_relaxed(&without_pi2)) {
    int result = futex(lock, LOCK_PI2, &at);
    if (result != ENOSYS)
      return result;
    bscope_store_relaxed(&without_pi2, 1);
  }
  /* The older operation knows CLOCK_REALTIME alone: where it is set back during a sleep, the sleep is longer. */
  uint64_t now = bscope_now_ns();
  uint64_t left = deadline > now ? deadline - now : 0;
  clock_gettime(CLOCK_REALTIME, &at);
  uint64_t ns = (uint64_t)at.tv_nsec + left % 1000000000u;
  at.tv_sec += (time_t)(left / 1000000000u + ns / 1000000000u);
  at.tv_nsec = (long)(ns % 1000000000u);
  return futex(lock, FUTEX_LOCK_PI, &at);
}

/*
 * Has the kernel take the lock, by `deadline` or (0) at once. ESRCH says that the owner which it saw is dead and that
 * nobody waits; that was the owner read before if it is still there and nobody has released meanwhile.
 */
static int ask_kernel(struct bscope_lock *lock, uint32_t tid, uint64_t deadline) {
  uint32_t before = bscope_load_relaxed(&lock->word); /* both relaxed: the exchange below acquires */
  uint32_t turns = bscope_load_relaxed(&lock->turns);
  int result = deadline ? sleep_for_it(lock, deadline) : futex(lock, FUTEX_TRYLOCK_PI, NULL);
  if (result == 0) {
    taken(lock);
    return 0;
  }
  if (result != ESRCH)
    return result;
  uint32_t seen = bscope_load_relaxed(&lock->word);
  if ((seen & FUTEX_TID_MASK) != (before & FUTEX_TID_MASK) || bscope_load_relaxed(&lock->turns) != turns)
    return EAGAIN;
  return exchange(lock, seen, tid | (seen & FUTEX_WAITERS)) ? 0 : EAGAIN;
}

static void nap(uint64_t *length) {
  struct timespec pause = {.tv_sec = 0, .tv_nsec = (long)*length};
  nanosleep(&pause, NULL);
  *length = bscope_min_u64(*length * 2, NAP_MOST_NS);
}

/* One try that may sleep; *length is that of the next nap, for when the kernel can't be asked. */
static bool take_slowly(struct bscope_lock *lock, uint32_t tid, uint64_t deadline, uint64_t *length) {
  if (!bscope_load_relaxed(&without_pi)) {
    switch (ask_kernel(lock, tid, deadline)) {
    case 0:
      return true;
    case ETIMEDOUT:
    case EINTR:
    case EAGAIN: /* the owner is just ending, or another was faster */
      return false;
    case ENOSYS:
      bscope_store_relaxed(&without_pi, 1);
      break;
    default: /* no kernel memory, a chain of locks too long, a word in mid-change */
      break;
    }
  }
  nap(length);
  return false;
}

bool bscope_lock_take(struct bscope_lock *lock, uint64_t timeout_ns) {
  int saved = errno;
  uint32_t tid = own_tid();
  bool mine = take_at_once(lock, tid);
  if (!mine && timeout_ns > 0) {
    uint64_t now = bscope_now_ns(), length = NAP_LEAST_NS;
    uint64_t deadline = timeout_ns < INT64_MAX - now ? now + timeout_ns : INT64_MAX;
    do
      mine = take_slowly(lock, tid, deadline, &length) || take_at_once(lock, tid);
    while (!mine && bscope_now_ns() < deadline);
  }
  errno = saved;
  return mine;
}

bool bscope_lock_try(struct bscope_lock *lock) {
  int saved = errno;
  uint32_t tid = own_tid();
  bool mine = take_at_once(lock, tid);
  if (!mine && (bscope_load_relaxed(&lock->word) & FUTEX_WAITERS))
    mine = ask_kernel(lock, tid, 0) == 0;
  errno = saved;
  return mine;
}

void bscope_lock_release(struct bscope_lock *lock) {
  int saved = errno;
  uint32_t tid = own_tid(), seen = tid;
  bscope_add_release(&lock->turns, 1); /* release: partner is taken(), where the kernel writes the word */
  if (!bscope_cas_release(&lock->word, &seen, 0)) {
    int result;
    do
      result = futex(lock, FUTEX_UNLOCK_PI, NULL);
    while (result == EAGAIN || result == EINTR);
    /* A waiter bit without a kernel that knows it (left by a take-over): the word alone decides. */
    seen = bscope_load_relaxed(&lock->word);
    while (result != 0 && (seen & FUTEX_TID_MASK) == tid && !bscope_cas_release(&lock->word, &seen, 0))
      ;
  }
  errno = saved;
}

bool bscope_lock_is_mine(const struct bscope_lock *lock) {
  return (bscope_load_relaxed(&lock->word) & FUTEX_TID_MASK) == own_tid(); /* relaxed: only we can put our tid there */
}
