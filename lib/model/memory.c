/* SPDX-License-Identifier: Apache-2.0 */
/* Growing arrays: see memory.h. */
#include "model/memory.h"

#include "base/error.h"
#include "base/util.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE ((uintptr_t)4096)
#define POPULATE_BYTES ((size_t)64 << 10)
#define HUGE_BYTES ((size_t)2 << 20)
#define RESERVE_BYTES ((size_t)256 << 10)
#define FIRST_CAPACITY 16

/* Advice only: where the kernel can't follow it nothing changes. */
static void advise(void *from, size_t bytes, int advice) {
  uintptr_t begin = bscope_round_up((uintptr_t)from, PAGE), end = ((uintptr_t)from + bytes) & ~(PAGE - 1);
  int saved = errno;
  if (begin < end)
    (void)madvise((void *)begin, end - begin, advice);
  errno = saved;
}

/* Memory of that size whose pages the kernel gives at once, and as huge ones where they fit. */
static void *large(size_t bytes) {
  bool huge = bytes >= HUGE_BYTES;
  void *made = huge ? aligned_alloc(HUGE_BYTES, bscope_round_up(bytes, HUGE_BYTES)) : malloc(bytes);
  if (made != NULL)
    advise(made, bytes, huge ? MADV_HUGEPAGE : MADV_POPULATE_WRITE);
  return made;
}

/* Not realloc: it would touch the new pages before the kernel has its advice. */
static void *regrow(void *array, size_t used, size_t bytes) {
  void *grown = large(bytes);
  if (grown == NULL)
    return NULL;
  if (used != 0)
    memcpy(grown, array, used);
  free(array);
  return grown;
}

/* Has the kernel give the pages behind what is used at once: a fault for each costs more than what is written there. */
static void *extend(void *array, size_t used, size_t bytes) {
  char *grown = realloc(array, bytes);
  if (grown != NULL && bytes >= POPULATE_BYTES)
    advise(grown + used, bytes - used, MADV_POPULATE_WRITE);
  return grown;
}

static void *no_memory(size_t count, size_t width) {
  bscope_fail(BSCOPE_ERR_NO_MEMORY, "model: no memory for %zu elements of %zu bytes", count, width);
  return NULL;
}

void *bscope_model_enlarge(void *array, size_t *capacity, size_t need, size_t width) {
  size_t wanted = *capacity < FIRST_CAPACITY ? FIRST_CAPACITY : *capacity;
  while (wanted < need) {
    if (wanted > SIZE_MAX / 2 / width)
      return no_memory(need, width);
    wanted *= 2;
  }
  void *grown = wanted * width < HUGE_BYTES ? extend(array, *capacity * width, wanted * width)
                                            : regrow(array, *capacity * width, wanted * width);
  if (grown == NULL)
    return no_memory(wanted, width);
  *capacity = wanted;
  return grown;
}

void *bscope_model_reserve(size_t *capacity, size_t count, size_t width) {
  if (count > SIZE_MAX / 2 / width || count * width < RESERVE_BYTES)
    return NULL;
  void *made = large(count * width);
  *capacity = made == NULL ? 0 : count;
  return made;
}

void *bscope_model_zeroed(size_t count, size_t width) {
  if (width != 0 && count > SIZE_MAX / 2 / width)
    return no_memory(count, width);
  if (count * width < POPULATE_BYTES) {
    void *made = calloc(count, width);
    return made != NULL ? made : no_memory(count, width);
  }
  void *made = large(count * width);
  return made != NULL ? memset(made, 0, count * width) : no_memory(count, width);
}
