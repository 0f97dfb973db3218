/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The region: one mapping, a bitmap of its granules in its own first granules, first fit from the lowest granule that
 * may be free (so that what is in use stays dense and resident memory small).
 *
 * Alloc holds the lock; free only clears bits and never waits. An owner that died in alloc leaves bits set that
 * nobody gives back, and nothing else. A search looks at 64 granules a step: about 1 us where 512 MiB are all taken.
 *
 * A file's space is never given back while it is mapped (no holes): a later write there could find the disk full.
 */
#include "base/region.h"

#include "base/atomic.h"
#include "base/util.h"

#include <borrowscope/error.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

#define WORD_BITS 64u
#define LOCK_PATIENCE_NS 1000000000u
#define FILE_STEP (2u << 20)   /* bytes by which a file grows; less where they are not to be had */
#define FILE_LEAST (64u << 10) /* a multiple of every page size */

static size_t granules_of(size_t bytes) {
  return bytes / BSCOPE_GRANULE + (bytes % BSCOPE_GRANULE != 0);
}

static size_t granules_in(const struct bscope_region *region) {
  return region->size / BSCOPE_GRANULE;
}

static uint64_t bits_between(size_t first, size_t end) {
  uint64_t all = ~UINT64_C(0);
  return (end - first == WORD_BITS ? all : ~(all << (end - first))) << first;
}

/* Marks granules [first, end) as taken (relaxed: the lock orders those who do) or as free. */
static void mark(struct bscope_region *region, size_t first, size_t end, bool taken) {
  while (first < end) {
    size_t word = first / WORD_BITS;
    size_t stop = (size_t)bscope_min_u64(end, (word + 1) * WORD_BITS);
    uint64_t bits = bits_between(first % WORD_BITS, stop - word * WORD_BITS);
    if (taken)
      bscope_or_relaxed(&region->bitmap[word], bits);
    else
      bscope_and_release(&region->bitmap[word], ~bits); /* release: partner is the load in next_with */
    first = stop;
  }
}

/* The first granule in [from, end) that is taken (or free), or `end`. */
static size_t next_with(const struct bscope_region *region, bool taken, size_t from, size_t end) {
  while (from < end) {
    /* acquire: partner is the clearing in bscope_region_free, so that its last accesses come before our first */
    uint64_t bits = bscope_load_acquire(&region->bitmap[from / WORD_BITS]);
    uint64_t wanted = (taken ? bits : ~bits) >> (from % WORD_BITS);
    if (wanted)
      return (size_t)bscope_min_u64(end, from + (size_t)__builtin_ctzll(wanted));
    from = (from / WORD_BITS + 1) * WORD_BITS;
  }
  return end;
}

/* Where `count` free granules begin in [from, end), or `end`. */
static size_t find_run(const struct bscope_region *region, size_t count, size_t from, size_t end) {
  while (from < end && end - from >= count) {
    size_t first = next_with(region, false, from, end);
    if (end - first < count)
      break;
    size_t stop = next_with(region, true, first, first + count);
    if (stop == first + count)
      return first;
    from = stop + 1;
  }
  return end;
}

/* The regions with files, for a forked child; changed under the lock. */
static struct bscope_region *filed_regions; /* atomic */
static struct bscope_lock filed_lock;

static bool map_anonymous(uint8_t **base, size_t bytes, int flags) {
  void *at = mmap(*base, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
  if (at != MAP_FAILED)
    *base = at;
  return at != MAP_FAILED;
}

/* Address space, as much as is to be had. */
static int reserve(struct bscope_region *region, size_t size, size_t least) {
  size_t bytes = granules_of(size) * BSCOPE_GRANULE;
  size_t floor = (size_t)bscope_max_u64(granules_of(least), 2) * BSCOPE_GRANULE;
  *region = (struct bscope_region){.base = NULL};
  if (bytes < floor)
    bytes = floor;
  while (!map_anonymous(&region->base, bytes, 0)) {
    if (bytes == floor)
      return BSCOPE_ERR_NO_MEMORY;
    bytes = (size_t)bscope_max_u64(granules_of(bytes / 2) * BSCOPE_GRANULE, floor);
  }
  region->size = bytes;
  return BSCOPE_OK;
}

/* Granules that the bitmap takes. */
static size_t bitmap_granules(const struct bscope_region *region) {
  return granules_of((granules_in(region) + WORD_BITS - 1) / WORD_BITS * sizeof(uint64_t));
}

static void begin(struct bscope_region *region, size_t header) {
  size_t first = header + bitmap_granules(region);
  region->bitmap = (uint64_t *)(void *)(region->base + header * BSCOPE_GRANULE);
  region->hint = first;
  mark(region, 0, first, true);
  bscope_store_relaxed(&region->used, first * BSCOPE_GRANULE); /* relaxed: a count */
}

int bscope_region_init(struct bscope_region *region, size_t size, size_t least) {
  int status = reserve(region, size, least);
  if (status == BSCOPE_OK)
    begin(region, 0);
  return status;
}

/* Makes the file reach to `end`; false when it can't, and then never again. Under the lock. */
static bool grow(struct bscope_region *region, size_t end) {
  size_t filed = bscope_load_relaxed(&region->filed); /* relaxed: only changed under the lock */
  size_t least = (size_t)bscope_min_u64(bscope_round_up(end, FILE_LEAST), region->size);
  size_t most =
      (size_t)bscope_min_u64(bscope_round_up(bscope_max_u64(end, filed + FILE_STEP), FILE_LEAST), region->size);
  if (bscope_load_relaxed(&region->file_error))
    return false;
  int error = bscope_trace_file_grow(&region->file, region->base, filed, most);
  if (error && least < most)
    error = bscope_trace_file_grow(&region->file, region->base, filed, most = least);
  if (error)
    bscope_store_relaxed(&region->file_error, error);
  else
    bscope_store_relaxed(&region->filed, most); /* relaxed: who asks took something from there under the lock */
  return error == 0;
}

/* Puts the region on the list of those with files, or takes it off. */
static void list(struct bscope_region *region, bool on) {
  bool locked = bscope_lock_take(&filed_lock, LOCK_PATIENCE_NS);
  struct bscope_region **at = &filed_regions;
  while (*at && *at != region)
    at = &(*at)->next;
  if (on)
    region->next = filed_regions;
  /* release: a child that is forked meanwhile finds one list or the other */
  if (on)
    bscope_store_release(&filed_regions, region);
  else if (*at)
    bscope_store_release(at, region->next);
  if (locked)
    bscope_lock_release(&filed_lock);
}

int bscope_region_init_file(struct bscope_region *region, size_t size, size_t least,
                            const struct bscope_trace_file *file, int *error) {
  int status = reserve(region, size, least);
  *error = 0;
  if (status != BSCOPE_OK)
    return status;
  region->file = *file;
  if (!grow(region, (1 + bitmap_granules(region)) * BSCOPE_GRANULE)) {
    *error = region->file_error;
    munmap(region->base, region->size);
    *region = (struct bscope_region){.base = NULL};
    return BSCOPE_ERR_IO;
  }
  begin(region, 1);
  list(region, true);
  return BSCOPE_OK;
}

void bscope_region_fini(struct bscope_region *region) {
  if (region->file.id) {
    list(region, false);
    bscope_trace_file_close(&region->file);
  }
  if (region->base)
    munmap(region->base, region->size);
  *region = (struct bscope_region){.base = NULL};
}

void bscope_region_leave_files(void) {
  for (struct bscope_region *r = bscope_load_acquire(&filed_regions); r; r = r->next) {
    (void)map_anonymous(&r->base, r->size, MAP_FIXED);
    bscope_trace_file_close(&r->file);
  }
  filed_regions = NULL;
  filed_lock = (struct bscope_lock){0}; /* its owner may be a thread of the parent's */
}

bool bscope_region_is_filed(const struct bscope_region *region, const void *place, size_t bytes) {
  size_t filed = bscope_load_relaxed(&region->filed); /* relaxed: moves only beyond what is taken */
  return bscope_region_offset(region, place) + bytes <= filed;
}

/* Behind the last granule that is taken. */
static size_t end_of_taken(const struct bscope_region *region) {
  size_t word = (granules_in(region) - 1) / WORD_BITS;
  uint64_t bits;
  /* acquire: partner is the clearing in bscope_region_free, so that its last accesses come before the file's end */
  while ((bits = bscope_load_acquire(&region->bitmap[word])) == 0)
    word--;
  return word * WORD_BITS + WORD_BITS - (size_t)__builtin_clzll(bits);
}

void bscope_region_cut(struct bscope_region *region) {
  if (!region->file.id || !bscope_lock_take(&region->lock, LOCK_PATIENCE_NS))
    return;
  size_t end = (size_t)bscope_round_up(end_of_taken(region) * BSCOPE_GRANULE, FILE_LEAST);
  size_t filed = bscope_load_relaxed(&region->filed);
  if (end < filed && bscope_trace_file_cut(&region->file, region->base, end, filed))
    bscope_store_relaxed(&region->filed, end);
  bscope_lock_release(&region->lock);
}

/* Where to take `count` granules, or the region's end: in the file where that can be, and never partly. */
static size_t choose_run(struct bscope_region *region, size_t count) {
  size_t end = granules_in(region);
  size_t hint = bscope_load_relaxed(&region->hint); /* relaxed: a hint; what lies below it is searched in the end */
  size_t first = find_run(region, count, hint, end);
  if (first == end && hint > 0)
    first = find_run(region, count, 0, end);
  size_t filed = bscope_load_relaxed(&region->filed) / BSCOPE_GRANULE;
  if (first == end || !region->file.id || first + count <= filed || grow(region, (first + count) * BSCOPE_GRANULE))
    return first;
  first = find_run(region, count, 0, filed);
  return first < filed ? first : find_run(region, count, filed, end);
}

/* Under the lock. */
static size_t take_run(struct bscope_region *region, size_t count) {
  size_t hint = bscope_load_relaxed(&region->hint); /* before the search: what is freed meanwhile lowers it */
  size_t first = choose_run(region, count);
  if (first == granules_in(region))
    return first;
  mark(region, first, first + count, true);
  if (next_with(region, false, hint, first) == first)
    bscope_cas_release(&region->hint, &hint, first + count); /* unless a free has lowered it meanwhile */
  bscope_add_relaxed(&region->used, count * BSCOPE_GRANULE);
  return first;
}

void *bscope_region_alloc(struct bscope_region *region, size_t bytes) {
  size_t count = granules_of(bytes);
  if (count == 0 || count > granules_in(region) || !bscope_lock_take(&region->lock, LOCK_PATIENCE_NS))
    return NULL;
  size_t first = take_run(region, count);
  bscope_lock_release(&region->lock);
  return first == granules_in(region) ? NULL : region->base + first * BSCOPE_GRANULE;
}

/* Makes [block, block + bytes) read as zeroes: whole pages by giving them back, the rest (granules of larger pages) by
 * hand, and a file's as well. */
static void release_pages(uint8_t *block, size_t bytes, bool filed) {
  int saved = errno;
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = (uintptr_t)block, end = begin + bytes;
  uintptr_t first = bscope_round_up(begin, page), last = end & ~(page - 1);
  if (filed || first >= last || madvise((void *)first, last - first, MADV_DONTNEED) != 0)
    first = last = end; /* no whole page, or locked memory, which the kernel keeps */
  memset(block, 0, first - begin);
  memset((void *)last, 0, end - last);
  errno = saved;
}

void bscope_region_free(struct bscope_region *region, void *block, size_t bytes, bool release) {
  size_t count = granules_of(bytes), first = (size_t)bscope_region_offset(region, block) / BSCOPE_GRANULE;
  if (!block || count == 0)
    return;
  if (release)
    release_pages(block, count * BSCOPE_GRANULE, bscope_region_is_filed(region, block, count * BSCOPE_GRANULE));
  bscope_sub_relaxed(&region->used, count * BSCOPE_GRANULE); /* relaxed: a count */
  mark(region, first, first + count, false);
  size_t hint = bscope_load_relaxed(&region->hint); /* relaxed: a hint */
  while (first < hint && !bscope_cas_release(&region->hint, &hint, first))
    ;
}

/* Writes what stands there, in one step: others may be writing there too. A plain exchange, since compilers turn an
 * atomic "or 0" into a load. */
static void touch(uint8_t *place) {
  uint8_t seen = bscope_load_relaxed(place);
  bscope_cas_release(place, &seen, seen);
}

int bscope_region_populate(void *block, size_t bytes) {
  int saved = errno;
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t begin = (uintptr_t)block & ~(page - 1), end = bscope_round_up((uintptr_t)block + bytes, page);
  int result = 0;
  do
    result = madvise((void *)begin, end - begin, MADV_POPULATE_WRITE) == 0 ? 0 : errno;
  while (result == EINTR || result == EAGAIN);
  if (result == EINVAL || result == ENOSYS) { /* a kernel before 5.14 */
    for (uintptr_t place = begin; place < end; place += page)
      touch((uint8_t *)place);
    result = 0;
  }
  errno = saved;
  return result == 0 ? BSCOPE_OK : BSCOPE_ERR_NO_MEMORY;
}
