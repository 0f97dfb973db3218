/* SPDX-License-Identifier: Apache-2.0 */
/*
 * malloc and its family for any program (LD_PRELOAD): each block is a variable that begins where it is asked for and
 * ends where it is freed. Blocks come from the allocator that the program has anyway, and results and errno are its.
 *
 * Not recorded: what is asked for in the middle of recording (the recorder's own tables and threads, a handler that
 * interrupts a call here), and what the loader asks for before it can find that allocator. Such a block that is freed
 * later ends as what was never created.
 */
#include "caller.h"
#include "next.h"
#include "recording.h"

#include <borrowscope/borrowscope.h>

#include <errno.h>
#include <malloc.h>
#include <string.h>

#define TAKEN __attribute__((visibility("default")))
#define CALLER __builtin_return_address(0)

static inline void record(enum caller_act act, const void *caller, const void *block, size_t size) {
  if (!recording_begin(RECORDING_HEAP))
    return;
  const struct bscope_site *site = caller_site(act, caller);
  if (site != NULL)
    bscope_emit(site, (uint64_t)(uintptr_t)block, size);
  recording_end();
}

static inline void *begun(const void *caller, void *block, size_t size) {
  if (block != NULL)
    record(CALLER_NEW, caller, block, size);
  return block;
}

TAKEN void *malloc(size_t size) {
  const struct next *next = next_allocator();
  return next == NULL ? next_spare(size) : begun(CALLER, next->malloc(size), size);
}

TAKEN void *calloc(size_t count, size_t size) {
  const struct next *next = next_allocator();
  if (next != NULL)
    return begun(CALLER, next->calloc(count, size), count * size); /* a product that overflows has no block */
  size_t bytes;
  return __builtin_mul_overflow(count, size, &bytes) ? NULL : next_spare(bytes);
}

TAKEN void free(void *block) {
  const struct next *next = next_allocator();
  size_t size;
  if (block == NULL || next == NULL || next_is_spare(block, &size))
    return;
  record(CALLER_DROP, CALLER, block, 0);
  next->free(block);
}

/* A spare block goes over to the allocator. */
static void *replace(const struct next *next, const void *caller, const void *spare, size_t held, size_t size) {
  void *block = next == NULL ? next_spare(size) : begun(caller, next->malloc(size), size);
  if (block != NULL)
    memcpy(block, spare, held < size ? held : size);
  return block;
}

static void *resize(const void *caller, void *block, size_t size) {
  const struct next *next = next_allocator();
  size_t held;
  if (block != NULL && next_is_spare(block, &held))
    return replace(next, caller, block, held, size);
  if (next == NULL)
    return next_spare(size);
  if (block == NULL)
    return begun(caller, next->realloc(NULL, size), size);
  if (size == 0) { /* freed; some allocators give a new block of nothing */
    record(CALLER_DROP, caller, block, 0);
    return begun(caller, next->realloc(block, 0), 0);
  }
  record(CALLER_RESIZE_BEGIN, caller, block, size);
  void *moved = next->realloc(block, size);
  record(CALLER_RESIZE_END, caller, moved, size);
  return moved;
}

TAKEN void *realloc(void *block, size_t size) {
  return resize(CALLER, block, size);
}

TAKEN void *reallocarray(void *block, size_t count, size_t size) {
  size_t bytes;
  if (!__builtin_mul_overflow(count, size, &bytes))
    return resize(CALLER, block, bytes);
  errno = ENOMEM;
  return NULL;
}

/* The aligned ones; none of them is called by the loader. */
static void *none(void) {
  errno = ENOMEM;
  return NULL;
}

TAKEN void *memalign(size_t alignment, size_t size) {
  const struct next *next = next_allocator();
  return next == NULL ? none() : begun(CALLER, next->memalign(alignment, size), size);
}

TAKEN void *aligned_alloc(size_t alignment, size_t size) {
  const struct next *next = next_allocator();
  return next == NULL ? none() : begun(CALLER, next->aligned_alloc(alignment, size), size);
}

TAKEN void *valloc(size_t size) {
  const struct next *next = next_allocator();
  return next == NULL ? none() : begun(CALLER, next->valloc(size), size);
}

TAKEN void *pvalloc(size_t size) {
  const struct next *next = next_allocator();
  return next == NULL ? none() : begun(CALLER, next->pvalloc(size), size);
}

TAKEN int posix_memalign(void **out, size_t alignment, size_t size) {
  const struct next *next = next_allocator();
  int status = next == NULL ? ENOMEM : next->posix_memalign(out, alignment, size);
  if (status == 0)
    (void)begun(CALLER, *out, size);
  return status;
}
