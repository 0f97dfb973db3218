/* SPDX-License-Identifier: Apache-2.0 */
/* Growing arrays: see memory.h. */
#include "model/memory.h"

#include "base/error.h"
#include "base/util.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE ((uintptr_t)2 << 20)
#define FIRST_CAPACITY 16

/* Advice only: where the kernel has no huge pages nothing changes. */
static void want_huge_pages(void *array, size_t bytes) {
  if (bytes < 2 * HUGE_PAGE)
    return;
  uintptr_t begin = bscope_round_up((uintptr_t)array, HUGE_PAGE);
  uintptr_t end = ((uintptr_t)array + bytes) & ~(HUGE_PAGE - 1);
  int saved = errno;
  if (begin < end)
    (void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
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
  want_huge_pages(grown, wanted * width);
  *capacity = wanted;
  return grown;
}

void *bscope_model_zeroed(size_t count, size_t width) {
  void *made = calloc(count, width);
  if (made == NULL)
    return no_memory(count, width);
  want_huge_pages(made, count * width);
  return made;
}
