/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mutexes and read-write locks of any program (LD_PRELOAD): each hold is a guard that begins once the lock is
 * taken and ends before it is given back, so that in the one order no two holds overlap that exclude each other.
 * Results and errno are those of the real calls, which are made whatever is recorded.
 *
 * Recorded is the outermost hold of a thread, and only an end whose beginning was. Not recorded: what is locked in the
 * middle of recording or by an allocator, a thread's holds beyond HOLDS_MOST at a time, and mtx_lock and its relatives,
 * which libc keeps to itself.
 */
#include "caller.h"
#include "next.h"
#include "recording.h"

#include <borrowscope/borrowscope.h>

#include <errno.h>
#include <pthread.h>

#define TAKEN __attribute__((visibility("default")))
#define CALLER __builtin_return_address(0)
#define HOLDS_MOST 64u
#define GUARDS_BLOCK 4096u
#define GUARDS_FROM (UINT64_C(0x6c6f636b) << 32) /* far from ids that a program chooses */

struct hold {
  const void *lock;
  uint64_t guard; /* its id */
  unsigned depth;
};

static __thread struct hold holds[HOLDS_MOST] __attribute__((tls_model("initial-exec")));
static __thread unsigned hold_count __attribute__((tls_model("initial-exec")));
static __thread uint64_t last_guard __attribute__((tls_model("initial-exec")));
static uint64_t guard_blocks = 1; /* atomic, relaxed: only that no two threads get the same block of ids */

static uint64_t new_guard(void) {
  if (last_guard % GUARDS_BLOCK == 0)
    last_guard = __atomic_fetch_add(&guard_blocks, 1, __ATOMIC_RELAXED) * GUARDS_BLOCK;
  return GUARDS_FROM + ++last_guard;
}

static struct hold *find(const void *lock) {
  for (unsigned i = hold_count; i > 0; i--)
    if (holds[i - 1].lock == lock)
      return &holds[i - 1];
  return NULL;
}

static void begin(enum caller_act act, const void *caller, const void *lock) {
  const struct bscope_site *site = hold_count < HOLDS_MOST ? caller_site(act, caller) : NULL;
  if (site == NULL)
    return;
  holds[hold_count] = (struct hold){.lock = lock, .guard = new_guard(), .depth = 1};
  bscope_emit(site, holds[hold_count++].guard, (uint64_t)(uintptr_t)lock);
}

static void acquired(enum caller_act act, const void *caller, const void *lock) {
  if (!recording_begin(RECORDING_LOCKS))
    return;
  struct hold *hold = find(lock);
  if (hold != NULL)
    hold->depth++;
  else
    begin(act, caller, lock);
  recording_end();
}

static void released(const void *caller, const void *lock) {
  struct hold *hold = hold_count == 0 || recording_now ? NULL : find(lock);
  if (hold == NULL || --hold->depth > 0)
    return;
  uint64_t guard = hold->guard;
  *hold = holds[--hold_count];
  if (!recording_begin(RECORDING_LOCKS))
    return;
  const struct bscope_site *site = caller_site(CALLER_UNLOCK, caller);
  if (site != NULL)
    bscope_emit(site, guard, 0);
  recording_end();
}

/* A child's trace has none of the holds that its thread began before. */
static void forget_holds(void) {
  hold_count = 0;
}

__attribute__((constructor)) static void watch_forks(void) {
  (void)pthread_atfork(NULL, NULL, forget_holds);
}

/* A robust mutex whose owner died is taken as well. */
static int took(int status, enum caller_act act, const void *caller, const void *lock) {
  if (status == 0 || status == EOWNERDEAD)
    acquired(act, caller, lock);
  return status;
}

#define TAKES(name, act, parameters, arguments)                                                                        \
  TAKEN int name parameters {                                                                                          \
    const struct next_locks *next = next_locks();                                                                      \
    return next == NULL ? 0 : took(next->name arguments, act, CALLER, lock);                                           \
  }

#define GIVES(name, lock_type)                                                                                         \
  TAKEN int name(lock_type *lock) {                                                                                    \
    const struct next_locks *next = next_locks();                                                                      \
    if (next == NULL)                                                                                                  \
      return 0;                                                                                                        \
    released(CALLER, lock);                                                                                            \
    return next->name(lock);                                                                                           \
  }

TAKES(pthread_mutex_lock, CALLER_MUTEX, (pthread_mutex_t * lock), (lock))
TAKES(pthread_mutex_trylock, CALLER_MUTEX, (pthread_mutex_t * lock), (lock))
TAKES(pthread_mutex_timedlock, CALLER_MUTEX,
      (pthread_mutex_t *__restrict lock, const struct timespec *__restrict until), (lock, until))
TAKES(pthread_mutex_clocklock, CALLER_MUTEX,
      (pthread_mutex_t *__restrict lock, clockid_t clock, const struct timespec *__restrict until),
      (lock, clock, until))
GIVES(pthread_mutex_unlock, pthread_mutex_t)

TAKES(pthread_rwlock_rdlock, CALLER_READ, (pthread_rwlock_t * lock), (lock))
TAKES(pthread_rwlock_tryrdlock, CALLER_READ, (pthread_rwlock_t * lock), (lock))
TAKES(pthread_rwlock_timedrdlock, CALLER_READ,
      (pthread_rwlock_t *__restrict lock, const struct timespec *__restrict until), (lock, until))
TAKES(pthread_rwlock_clockrdlock, CALLER_READ,
      (pthread_rwlock_t *__restrict lock, clockid_t clock, const struct timespec *__restrict until),
      (lock, clock, until))
TAKES(pthread_rwlock_wrlock, CALLER_WRITE, (pthread_rwlock_t * lock), (lock))
TAKES(pthread_rwlock_trywrlock, CALLER_WRITE, (pthread_rwlock_t * lock), (lock))
TAKES(pthread_rwlock_timedwrlock, CALLER_WRITE,
      (pthread_rwlock_t *__restrict lock, const struct timespec *__restrict until), (lock, until))
TAKES(pthread_rwlock_clockwrlock, CALLER_WRITE,
      (pthread_rwlock_t *__restrict lock, clockid_t clock, const struct timespec *__restrict until),
      (lock, clock, until))
GIVES(pthread_rwlock_unlock, pthread_rwlock_t)

/*
 * A wait gives the mutex back and takes it again, also when the thread is cancelled in it: then this frame is unwound
 * (hence -fexceptions), before the program's own clean-up gives the mutex back.
 */
struct wait {
  const void *caller;
  const void *lock;
};

static void waited(struct wait *wait) {
  acquired(CALLER_MUTEX, wait->caller, wait->lock);
}

#define WAITS(name, parameters, arguments)                                                                             \
  TAKEN int name parameters {                                                                                          \
    const struct next_locks *next = next_locks();                                                                      \
    if (next == NULL)                                                                                                  \
      return 0;                                                                                                        \
    released(CALLER, lock);                                                                                            \
    __attribute__((cleanup(waited))) struct wait wait = {CALLER, lock};                                                \
    (void)wait;                                                                                                        \
    return next->name arguments;                                                                                       \
  }

WAITS(pthread_cond_wait, (pthread_cond_t *__restrict condition, pthread_mutex_t *__restrict lock), (condition, lock))
WAITS(pthread_cond_timedwait,
      (pthread_cond_t *__restrict condition, pthread_mutex_t *__restrict lock, const struct timespec *__restrict until),
      (condition, lock, until))
WAITS(pthread_cond_clockwait,
      (pthread_cond_t *__restrict condition, pthread_mutex_t *__restrict lock, clockid_t clock,
       const struct timespec *__restrict until),
      (condition, lock, clock, until))
