/* SPDX-License-Identifier: Apache-2.0 */
/* Growing arrays: see memory.h. */
#include "model/memory.h"

#include "base/error.h"
#include "base/util.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE ((uintptr_t)4096)
#define POPULATE_BYTES ((size_t)64 << 10)
#define HUGE_BYTES ((size_t)2 << 20)
#define FIRST_CAPACITY 16

/* Advice only: where the kernel can't follow it nothing changes. */
static void advise(void *array, size_t used, size_t bytes) {
  if (bytes < POPULATE_BYTES)
    return;
  bool huge = bytes >= HUGE_BYTES;
  uintptr_t begin = huge ? (uintptr_t)array & ~(PAGE - 1) : bscope_round_up((uintptr_t)array + used, PAGE);
  uintptr_t end = ((uintptr_t)array + bytes) & ~(PAGE - 1);
  int saved = errno;
  if (begin < end)
    (void)madvise((void *)begin, end - begin, huge ? MADV_HUGEPAGE : MADV_POPULATE_WRITE);
  errno = saved;
}

static void *no_memory(size_t count, size_t width) {
  bscope_fail(BSCOPE_ERR_NO_MEMORY, "model: no memory for %zu elements of %zu bytes", count, width);
  return NULL;
}

void *bscope_model_grow(void *array, size_t *capacity, size_t need, size_t width) {
  if (need <= *capacity)
    return array;
  size_t wanted = *capacity < FIRST_CAPACITY ? FIRST_CAPACITY : *capacity;
  while (wanted < need) {
    if (wanted > SIZE_MAX / 2 / width)
      return no_memory(need, width);
    wanted *= 2;
  }
  void *grown = realloc(array, wanted * width);
  if (grown == NULL)
    return no_memory(wanted, width);
  advise(grown, *capacity * width, wanted * width);
  *capacity = wanted;
  return grown;
}

void *bscope_model_zeroed(size_t count, size_t width) {
  void *made = calloc(count, width);
  if (made == NULL)
    return no_memory(count, width);
  advise(made, 0, count * width);
  return made;
}
