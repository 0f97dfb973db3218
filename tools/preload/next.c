/* SPDX-License-Identifier: Apache-2.0 */
#include "next.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

#define SPARE_BYTES 65536

static struct next next;
static unsigned found;                          /* atomic: set with release behind `next`, read with acquire */
static const struct link_map *allocator_object; /* atomic, relaxed: set before `found_locks` */
static __thread bool looking __attribute__((tls_model("initial-exec")));

static struct spare {
  size_t used; /* atomic, relaxed: only a count of bytes handed out */
  uint8_t bytes[SPARE_BYTES] __attribute__((aligned(16)));
} spare;

struct function {
  const char *name;
  size_t at;
};

/* Of conditions x86-64's libc has two kinds, and by its name alone the older one is found. */
static void *next_of(const char *name) {
  void *function = NULL;
#if defined(__x86_64__)
  if (strncmp(name, "pthread_cond_", 13) == 0 && strcmp(name, "pthread_cond_clockwait") != 0)
    function = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
#endif
  return function != NULL ? function : dlsym(RTLD_NEXT, name);
}

/* Each thread that comes before `*is_found` is set looks for itself and writes the same. */
static void look(const struct function *functions, size_t count, void *table, unsigned *is_found) {
  int saved = errno;
  looking = true;
  for (size_t i = 0; i < count; i++)
    __atomic_store_n((void **)(void *)((char *)table + functions[i].at), next_of(functions[i].name), __ATOMIC_RELAXED);
  looking = false;
  __atomic_store_n(is_found, 1, __ATOMIC_RELEASE);
  errno = saved;
}

const struct next *next_allocator(void) {
#define ROW(result, function, parameters) {#function, offsetof(struct next, function)},
  static const struct function functions[] = {NEXT_FUNCTIONS(ROW)};
#undef ROW
  if (__builtin_expect(__atomic_load_n(&found, __ATOMIC_ACQUIRE), 1))
    return &next;
  if (looking)
    return NULL;
  look(functions, sizeof(functions) / sizeof(functions[0]), &next, &found);
  return &next;
}

/* The object file of that code, or NULL. */
static const struct link_map *object_of(const void *code) {
  struct dl_find_object object;
  return _dl_find_object((void *)(uintptr_t)code, &object) == 0 ? object.dlfo_link_map : NULL;
}

/* A program that has a malloc of its own never calls ours. */
static const struct link_map *find_allocator(void) {
  const struct link_map *ours = object_of((const void *)(uintptr_t)next_is_let_through);
  const struct link_map *first = object_of(dlsym(RTLD_DEFAULT, "malloc"));
  return first == ours ? object_of(dlsym(RTLD_NEXT, "malloc")) : first;
}

const struct next_locks *next_locks(void) {
#define ROW(result, function, parameters) {#function, offsetof(struct next_locks, function)},
  static const struct function functions[] = {NEXT_LOCKS(ROW)};
#undef ROW
  static struct next_locks locks;
  static unsigned found_locks; /* atomic, as `found` */
  if (__builtin_expect(__atomic_load_n(&found_locks, __ATOMIC_ACQUIRE), 1))
    return &locks;
  if (looking)
    return NULL;
  __atomic_store_n(&allocator_object, find_allocator(), __ATOMIC_RELAXED);
  look(functions, sizeof(functions) / sizeof(functions[0]), &locks, &found_locks);
  return &locks;
}

bool next_is_let_through(const void *code) {
  const struct link_map *object = object_of(code);
  return object != NULL && (object == __atomic_load_n(&allocator_object, __ATOMIC_RELAXED) ||
                            object == object_of((const void *)(uintptr_t)next_locks()->pthread_mutex_lock));
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
