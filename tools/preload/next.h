/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions that the program would have without us: of the allocator (glibc's, or one that it brings or has
 * preloaded), and of locks.
 */
#ifndef BSCOPE_PRELOAD_NEXT_H
#define BSCOPE_PRELOAD_NEXT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* X(result, name, parameters): what is taken over, and found behind us in the loader's order. */
#define NEXT_FUNCTIONS(X)                                                                                              \
  X(void *, malloc, (size_t size))                                                                                     \
  X(void *, calloc, (size_t count, size_t size))                                                                       \
  X(void *, realloc, (void *block, size_t size))                                                                       \
  X(void, free, (void *block))                                                                                         \
  X(void *, memalign, (size_t alignment, size_t size))                                                                 \
  X(void *, aligned_alloc, (size_t alignment, size_t size))                                                            \
  X(int, posix_memalign, (void **out, size_t alignment, size_t size))                                                  \
  X(void *, valloc, (size_t size))                                                                                     \
  X(void *, pvalloc, (size_t size))

struct next {
#define NEXT_FIELD(result, name, parameters) result(*name) parameters;
  NEXT_FUNCTIONS(NEXT_FIELD)
#undef NEXT_FIELD
};

#define NEXT_UNTIL const struct timespec *__restrict until
#define NEXT_LOCKS(X)                                                                                                  \
  X(int, pthread_mutex_lock, (pthread_mutex_t * lock))                                                                 \
  X(int, pthread_mutex_trylock, (pthread_mutex_t * lock))                                                              \
  X(int, pthread_mutex_timedlock, (pthread_mutex_t *__restrict lock, NEXT_UNTIL))                                      \
  X(int, pthread_mutex_clocklock, (pthread_mutex_t *__restrict lock, clockid_t clock, NEXT_UNTIL))                     \
  X(int, pthread_mutex_unlock, (pthread_mutex_t * lock))                                                               \
  X(int, pthread_rwlock_rdlock, (pthread_rwlock_t * lock))                                                             \
  X(int, pthread_rwlock_tryrdlock, (pthread_rwlock_t * lock))                                                          \
  X(int, pthread_rwlock_timedrdlock, (pthread_rwlock_t *__restrict lock, NEXT_UNTIL))                                  \
  X(int, pthread_rwlock_clockrdlock, (pthread_rwlock_t *__restrict lock, clockid_t clock, NEXT_UNTIL))                 \
  X(int, pthread_rwlock_wrlock, (pthread_rwlock_t * lock))                                                             \
  X(int, pthread_rwlock_trywrlock, (pthread_rwlock_t * lock))                                                          \
  X(int, pthread_rwlock_timedwrlock, (pthread_rwlock_t *__restrict lock, NEXT_UNTIL))                                  \
  X(int, pthread_rwlock_clockwrlock, (pthread_rwlock_t *__restrict lock, clockid_t clock, NEXT_UNTIL))                 \
  X(int, pthread_rwlock_unlock, (pthread_rwlock_t * lock))                                                             \
  X(int, pthread_cond_wait, (pthread_cond_t *__restrict condition, pthread_mutex_t *__restrict lock))                  \
  X(int, pthread_cond_timedwait, (pthread_cond_t *__restrict condition, pthread_mutex_t *__restrict lock, NEXT_UNTIL)) \
  X(int, pthread_cond_clockwait,                                                                                       \
    (pthread_cond_t *__restrict condition, pthread_mutex_t *__restrict lock, clockid_t clock, NEXT_UNTIL))

struct next_locks {
#define NEXT_FIELD(result, name, parameters) result(*name) parameters;
  NEXT_LOCKS(NEXT_FIELD)
#undef NEXT_FIELD
};

/*
 * The next functions of locks. NULL while they are being looked for, by the thread that looks: the loader alone could
 * ask for one then, and it uses others. Any thread.
 */
const struct next_locks *next_locks(void);

/*
 * Whether that code belongs to the object file with the malloc that the program uses, whose locks must not be recorded
 * since recording may need memory, or to libc, which a tail call of somebody else seems to come from. After next_locks.
 * Any thread; no lock.
 */
bool next_is_let_through(const void *code);

/*
 * The next allocator. NULL while it is being looked for, by the thread that looks: whoever asks for memory then gets
 * it from next_spare. Any thread; the first call takes the loader's lock.
 */
const struct next *next_allocator(void);

/* A few blocks for the loader itself, zeroed and aligned to 16; NULL when there are none left. They are never freed. */
void *next_spare(size_t size);

/* Whether next_spare gave the block, and of how many bytes. */
bool next_is_spare(const void *block, size_t *size);

#endif
