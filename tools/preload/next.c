/* SPDX-License-Identifier: Apache-2.0 */
#include "next.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>

#define SPARE_BYTES 65536

static struct next next;
static unsigned found; /* atomic: set with release behind `next`, read with acquire */
static __thread bool looking __attribute__((tls_model("initial-exec")));

static struct spare {
  size_t used; /* atomic, relaxed: only a count of bytes handed out */
  uint8_t bytes[SPARE_BYTES] __attribute__((aligned(16)));
} spare;

/* Each thread that comes before `found` is set looks for itself and writes the same. */
static void look(void) {
  static const struct {
    const char *name;
    size_t at;
  } functions[] = {
#define ROW(result, function, parameters) {#function, offsetof(struct next, function)},
      NEXT_FUNCTIONS(ROW)
#undef ROW
  };
  int saved = errno;
  looking = true;
  for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
    __atomic_store_n((void **)((char *)&next + functions[i].at), dlsym(RTLD_NEXT, functions[i].name), __ATOMIC_RELAXED);
  looking = false;
  __atomic_store_n(&found, 1, __ATOMIC_RELEASE);
  errno = saved;
}

const struct next *next_allocator(void) {
  if (__builtin_expect(__atomic_load_n(&found, __ATOMIC_ACQUIRE), 1))
    return &next;
  if (looking)
    return NULL;
  look();
  return &next;
}

/* Behind a word that holds its size. */
void *next_spare(size_t size) {
  if (size > SPARE_BYTES)
    return NULL;
  size_t bytes = 16 + ((size + 15) & ~(size_t)15);
  size_t at = __atomic_fetch_add(&spare.used, bytes, __ATOMIC_RELAXED);
  if (at > SPARE_BYTES - bytes) {
    errno = ENOMEM;
    return NULL;
  }
  *(size_t *)(void *)(spare.bytes + at) = size;
  return spare.bytes + at + 16;
}

bool next_is_spare(const void *block, size_t *size) {
  uintptr_t at = (uintptr_t)block - (uintptr_t)spare.bytes;
  if (at >= SPARE_BYTES)
    return false;
  *size = *(const size_t *)(const void *)((const uint8_t *)block - 16);
  return true;
}
