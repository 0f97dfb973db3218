/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time and memory of a run. Memory is what lives at once of all that is allocated between begin and end: a sanitizer
 * tells of each block; without one malloc is counted here. Whatever is left at the end was not given back, which fails
 * too. When the program ends it says what the longest and the largest run took.
 */
#include "harness_fuzz.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SECOND UINT64_C(1000000)
#define BYTES_FOR_EACH 16u
#define BYTES_BESIDE ((size_t)64 << 20)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

bool fuzz_thoroughly;

static bool counting;
static size_t live, peak, most_bytes, input_bytes;
static uint64_t begun, most_time;

static void add(size_t bytes) {
  if (!counting)
    return;
  live += bytes;
  if (live > peak)
    peak = live;
}

static void subtract(size_t bytes) {
  if (counting)
    live -= bytes < live ? bytes : live;
}

#if SANITIZED
/* Of every sanitizer's runtime; gcc ships no header that declares them. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *block);

static void on_malloc(const volatile void *block, size_t bytes) {
  (void)block;
  add(bytes);
}

static void on_free(const volatile void *block) {
  if (counting && block)
    subtract(__sanitizer_get_allocated_size(block));
}

static void count_blocks(void) {
  static bool installed;
  if (!installed && !__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free))
    abort();
  installed = true;
}
#else
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

void *malloc(size_t size) {
  void *block = __libc_malloc(size);
  add(malloc_usable_size(block));
  return block;
}

void *calloc(size_t n, size_t size) {
  void *block = __libc_calloc(n, size);
  add(malloc_usable_size(block));
  return block;
}

void *realloc(void *old, size_t size) {
  subtract(malloc_usable_size(old));
  void *block = __libc_realloc(old, size);
  add(malloc_usable_size(block));
  return block;
}

void free(void *block) {
  subtract(malloc_usable_size(block));
  __libc_free(block);
}

static void count_blocks(void) {}
#endif

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec / 1000;
}

static void say(void) {
  fprintf(stderr, "at most %llu us and %zu bytes of memory\n", (unsigned long long)most_time, most_bytes);
}

static void begin_all(void) {
  static bool done;

  if (!done && atexit(say))
    abort();
  done = true;
  count_blocks();
}

void fuzz_begin(size_t input) {
  begin_all();
  input_bytes = input;
  live = peak = 0;
  counting = true;
  begun = now();
}

void fuzz_end(void) {
  uint64_t time = now() - begun;
  size_t limit = BYTES_FOR_EACH * input_bytes + BYTES_BESIDE;

  counting = false;
  most_time = time > most_time ? time : most_time;
  most_bytes = peak > most_bytes ? peak : most_bytes;
  if (time <= SECOND && peak <= limit && live == 0)
    return;
  fprintf(stderr, "an input of %zu bytes took %llu us (at most %llu) and %zu bytes of memory (at most %zu), kept %zu\n",
          input_bytes, (unsigned long long)time, (unsigned long long)SECOND, peak, limit, live);
  abort();
}
