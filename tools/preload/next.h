/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocator that the program would have without us: glibc's, or the one that it brings or has preloaded.
 */
#ifndef BSCOPE_PRELOAD_NEXT_H
#define BSCOPE_PRELOAD_NEXT_H

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
