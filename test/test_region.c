/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The region against a plain list of what is taken: no two blocks overlap, none touches the bitmap, nothing is granted
 * beyond the end (P6), freed space is found again, and released space reads as zeroes.
 */
#include "base/atomic.h"
#include "base/region.h"
#include "base/util.h"

#include <borrowscope/error.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define KIB ((size_t)1024)
#define MIB (KIB * 1024)
#define G ((size_t)BSCOPE_GRANULE)

static void begins_with_its_bitmap(void **state) {
  (void)state;
  struct bscope_region region;
  assert_int_equal(bscope_region_init(&region, 10 * MIB + 1, MIB), 0);
  assert_int_equal(region.size, 10 * MIB + G);
  assert_ptr_equal(region.bitmap, region.base);
  assert_int_equal(region.used, G); /* 2561 bits */
  uint8_t *first = bscope_region_alloc(&region, 1);
  assert_ptr_equal(first, region.base + G);
  assert_int_equal(bscope_region_offset(&region, first), G);
  assert_ptr_equal(bscope_region_at(&region, G), first);
  assert_int_equal(region.used, 2 * G);
  bscope_region_fini(&region);
  /* One granule of bitmap holds the bits of 128 MiB; of one granule more it takes two. */
  assert_int_equal(bscope_region_init(&region, 128 * MIB, MIB), 0);
  assert_int_equal(region.used, G);
  bscope_region_fini(&region);
  assert_int_equal(bscope_region_init(&region, 128 * MIB + 1, MIB), 0);
  assert_int_equal(region.used, 2 * G);
  bscope_region_fini(&region);
  bscope_region_fini(&region); /* twice is nothing */
}

static void is_exhausted_exactly(void **state) {
  (void)state;
  struct bscope_region region;
  size_t granules = 200, count = 0;
  assert_int_equal(bscope_region_init(&region, granules * G, G), 0);
  assert_null(bscope_region_alloc(&region, 0));
  assert_null(bscope_region_alloc(&region, granules * G));
  assert_null(bscope_region_alloc(&region, SIZE_MAX));
  assert_null(bscope_region_alloc(&region, SIZE_MAX - G + 2));
  while (bscope_region_alloc(&region, G))
    count++;
  assert_int_equal(count, granules - 1);
  assert_int_equal(region.used, region.size);
  bscope_region_free(&region, region.base + 77 * G, G, false);
  assert_null(bscope_region_alloc(&region, G + 1));
  assert_ptr_equal(bscope_region_alloc(&region, G), region.base + 77 * G);
  assert_null(bscope_region_alloc(&region, 1));
  bscope_region_free(&region, region.base + G, (granules - 1) * G, false);
  assert_int_equal(region.used, G);
  assert_ptr_equal(bscope_region_alloc(&region, (granules - 1) * G), region.base + G);
  bscope_region_fini(&region);
}

/* Holes of each width up to two bitmap words, at places that cross words: only what fits is taken. */
static void finds_holes_of_every_width(void **state) {
  (void)state;
  for (size_t width = 1; width <= 130; width++) {
    struct bscope_region region;
    assert_int_equal(bscope_region_init(&region, 400 * G, G), 0);
    assert_non_null(bscope_region_alloc(&region, 399 * G));
    size_t at = 5 + width;                                                    /* one granule between the holes */
    bscope_region_free(&region, region.base + 5 * G, (width - 1) * G, false); /* too small, and found first */
    bscope_region_free(&region, region.base + at * G, width * G, false);
    assert_ptr_equal(bscope_region_alloc(&region, width * G), region.base + at * G);
    if (width > 1)
      assert_ptr_equal(bscope_region_alloc(&region, (width - 1) * G), region.base + 5 * G);
    assert_null(bscope_region_alloc(&region, G));
    bscope_region_fini(&region);
  }
}

/* A block that was freed while another thread searched may lie below the hint. */
static void the_hint_hides_nothing(void **state) {
  (void)state;
  struct bscope_region region;
  assert_int_equal(bscope_region_init(&region, 100 * G, G), 0);
  assert_non_null(bscope_region_alloc(&region, 99 * G));
  bscope_region_free(&region, region.base + 10 * G, 3 * G, false);
  region.hint = 50;
  assert_ptr_equal(bscope_region_alloc(&region, 3 * G), region.base + 10 * G);
  bscope_region_fini(&region);
}

static void release_zeroes(void **state) {
  (void)state;
  struct bscope_region region;
  assert_int_equal(bscope_region_init(&region, MIB, MIB), 0);
  uint8_t *before = bscope_region_alloc(&region, G), *block = bscope_region_alloc(&region, 5 * G);
  uint8_t *behind = bscope_region_alloc(&region, G);
  memset(before, 1, G);
  memset(behind, 3, G);
  for (int locked = 0; locked < 2; locked++) {
    bool is_locked = locked && mlock(block, 5 * G) == 0; /* whose pages the kernel keeps */
    memset(block, 2, 5 * G);
    bscope_region_free(&region, block, 5 * G, true);
    assert_ptr_equal(bscope_region_alloc(&region, 5 * G), block);
    for (size_t i = 0; i < 5 * G; i++)
      assert_int_equal(block[i], 0);
    if (is_locked)
      munlock(block, 5 * G);
  }
  memset(block, 2, 5 * G);
  bscope_region_free(&region, block, 5 * G, false);
  assert_ptr_equal(bscope_region_alloc(&region, 5 * G), block);
  assert_int_equal(block[0], 2); /* not asked for, not done */
  assert_int_equal(before[G - 1], 1);
  assert_int_equal(behind[0], 3);
  bscope_region_fini(&region);
}

static size_t resident(void *block, size_t bytes) {
  unsigned char pages[256];
  size_t page = (size_t)sysconf(_SC_PAGESIZE), count = 0;
  assert_int_equal(mincore(block, bytes, pages), 0);
  for (size_t i = 0; i < bytes / page; i++)
    count += pages[i] & 1;
  return count * page;
}

static void populates_and_keeps(void **state) {
  (void)state;
  struct bscope_region region;
  assert_int_equal(bscope_region_init(&region, MIB, MIB), 0);
  uint8_t *block = bscope_region_alloc(&region, 32 * G);
  block[5 * G + 7] = 42;
  assert_int_equal(bscope_region_populate(block, 32 * G), 0);
  assert_int_equal(resident(block, 32 * G), 32 * G);
  assert_int_equal(block[5 * G + 7], 42);
  assert_int_equal(block[31 * G], 0);
  bscope_region_free(&region, block, 32 * G, true);
  assert_int_equal(resident(block, 32 * G), 0);
  munmap(block, G); /* what the kernel can't give is an error */
  assert_int_equal(bscope_region_populate(block, G), BSCOPE_ERR_NO_MEMORY);
  bscope_region_fini(&region);
}

struct block {
  uint8_t *at;
  size_t bytes;
  uint8_t mark;
};

/* Each block's first and last granule carry its mark. */
static void stamp(struct block *block) {
  block->at[0] = block->at[block->bytes - 1] = block->mark;
}

static void check(const struct block *block) {
  assert_int_equal(block->at[0], block->mark);
  assert_int_equal(block->at[block->bytes - 1], block->mark);
}

static size_t granules(const struct block *block) {
  return (block->bytes + G - 1) / G;
}

static void random_use_never_overlaps(void **state) {
  (void)state;
  unsigned seed = getenv("BSCOPE_TEST_SEED") ? (unsigned)atoi(getenv("BSCOPE_TEST_SEED")) : (unsigned)bscope_now_ns();
  printf("seed %u\n", seed);
  struct bscope_region region;
  static uint8_t owner[1024]; /* which block has a granule; 0: none */
  struct block blocks[100] = {{0}};
  memset(owner, 0, sizeof(owner));
  assert_int_equal(bscope_region_init(&region, sizeof(owner) * G, G), 0);
  owner[0] = 255;
  size_t used = G, refused = 0;
  for (int i = 0; i < 20000; i++) {
    size_t k = (size_t)rand_r(&seed) % 100;
    struct block *block = &blocks[k];
    if (block->at) {
      check(block);
      size_t first = bscope_region_offset(&region, block->at) / G;
      memset(owner + first, 0, granules(block));
      used -= granules(block) * G;
      bscope_region_free(&region, block->at, block->bytes, rand_r(&seed) % 2);
      block->at = NULL;
    } else {
      block->bytes = 1 + (size_t)rand_r(&seed) % (rand_r(&seed) % 8 ? 4 * G : 150 * G);
      block->at = bscope_region_alloc(&region, block->bytes);
      if (!block->at) {
        size_t run = 0; /* then there really is no such run */
        for (size_t g = 0; g < sizeof(owner); g++) {
          run = owner[g] ? 0 : run + 1;
          assert_true(run < granules(block));
        }
        refused++;
        continue;
      }
      size_t first = bscope_region_offset(&region, block->at) / G;
      assert_true(first + granules(block) <= sizeof(owner));
      for (size_t g = first; g < first + granules(block); g++)
        assert_int_equal(owner[g], 0);
      memset(owner + first, (int)k + 1, granules(block));
      used += granules(block) * G;
      block->mark = (uint8_t)(k + 1);
      stamp(block);
    }
    assert_int_equal(region.used, used);
  }
  assert_true(refused > 0);
  bscope_region_fini(&region);
}

/* Several threads that take, fill with plain writes, check and give back: ThreadSanitizer sees each hand-over. */
static void *take_fill_free(void *context) {
  struct bscope_region *region = context;
  unsigned seed = (unsigned)(uintptr_t)&seed;
  for (int i = 0; i < 10000; i++) {
    size_t bytes = (1 + (size_t)rand_r(&seed) % 4) * G;
    uint8_t *block = bscope_region_alloc(region, bytes);
    if (!block)
      continue;
    uint8_t mark = (uint8_t)rand_r(&seed);
    for (size_t at = 0; at < bytes; at += G)
      block[at] = mark;
    for (size_t at = 0; at < bytes; at += G)
      if (block[at] != mark)
        return (void *)1;
    bscope_region_free(region, block, bytes, i % 16 == 0);
  }
  return NULL;
}

static void many_threads_share_it(void **state) {
  (void)state;
  struct bscope_region region;
  pthread_t threads[4];
  assert_int_equal(bscope_region_init(&region, 40 * G, G), 0);
  for (int i = 0; i < 4; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, take_fill_free, &region), 0);
  for (int i = 0; i < 4; i++) {
    void *result;
    assert_int_equal(pthread_join(threads[i], &result), 0);
    assert_null(result);
  }
  assert_int_equal(region.used, G);
  assert_ptr_equal(bscope_region_alloc(&region, 39 * G), region.base + G);
  bscope_region_fini(&region);
}

static size_t address_space(void) {
  FILE *file = fopen("/proc/self/statm", "r");
  size_t pages = 0;
  if (!file || fscanf(file, "%zu", &pages) != 1)
    pages = 0;
  if (file)
    fclose(file);
  return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static int init_under_a_limit(void) {
  struct bscope_region region;
  size_t in_use = address_space();
  struct rlimit limit = {.rlim_cur = in_use + 40 * MIB, .rlim_max = in_use + 40 * MIB};
  if (!in_use || setrlimit(RLIMIT_AS, &limit) != 0)
    return 77;
  if (bscope_region_init(&region, 1024 * MIB, MIB) != 0)
    return 1;
  if (region.size != 32 * MIB) /* 1024 halved five times is the first that fits */
    return 2;
  if (!bscope_region_alloc(&region, 31 * MIB))
    return 3;
  bscope_region_fini(&region);
  if (bscope_region_init(&region, 1024 * MIB, 24 * MIB) != 0 || region.size != 32 * MIB)
    return 4;
  bscope_region_fini(&region);
  if (bscope_region_init(&region, 1024 * MIB, 33 * MIB) != 0 || region.size != 33 * MIB)
    return 5;
  bscope_region_fini(&region);
  return bscope_region_init(&region, 1024 * MIB, 64 * MIB) == BSCOPE_ERR_NO_MEMORY ? 0 : 6;
}

static void takes_what_the_system_grants(void **state) {
  (void)state;
  fflush(NULL);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0)
    _exit(init_under_a_limit());
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77)
    skip();
  assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(begins_with_its_bitmap),
      cmocka_unit_test(is_exhausted_exactly),
      cmocka_unit_test(finds_holes_of_every_width),
      cmocka_unit_test(the_hint_hides_nothing),
      cmocka_unit_test(release_zeroes),
      cmocka_unit_test(populates_and_keeps),
      cmocka_unit_test(random_use_never_overlaps),
      cmocka_unit_test(many_threads_share_it),
      cmocka_unit_test(takes_what_the_system_grants),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
