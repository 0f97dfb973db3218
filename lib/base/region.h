/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One contiguous range of memory from which rings, window, sealed blocks and tables are taken, so that a place in it
 * can be named by its offset. Anonymous memory, or a trace file from its beginning on, which grows in steps under the
 * same addresses; where it can't, the rest stays anonymous memory.
 * Allocation is in granules of 4 KiB, first fit from a moving hint, under the region's own lock; it never mallocs.
 */
#ifndef BSCOPE_BASE_REGION_H
#define BSCOPE_BASE_REGION_H

#include "base/lock.h"
#include "base/trace_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BSCOPE_GRANULE 4096u

struct bscope_region {
  uint8_t *base;
  size_t size;      /* bytes */
  uint64_t *bitmap; /* one bit a granule: taken; lies in the region's own first granules, behind a file's header */
  size_t hint;      /* granule where the next search begins */
  size_t used;      /* atomic: bytes taken */
  struct bscope_lock lock;
  struct bscope_trace_file file; /* id 0: there is none */
  size_t filed;               /* atomic: bytes from `base` on that are the file's; what is taken never changes sides */
  int file_error;             /* atomic: why the file stopped growing, or 0: it grows */
  uint64_t outside;           /* atomic: extents that it had no room for */
  struct bscope_region *next; /* of the regions with files */
};

/*
 * Reserves `size` bytes of address space (rounded up to granules), or as many as the system grants, halving down to
 * `least`. 0 or BSCOPE_ERR_NO_MEMORY. Pages are given by the kernel when first touched.
 */
int bscope_region_init(struct bscope_region *region, size_t size, size_t least);

/*
 * The same in an empty file, whose first granule is left to the caller and reads as zeroes. 0; BSCOPE_ERR_NO_MEMORY; or
 * BSCOPE_ERR_IO where the file has no room, and *error says why. Then the file is still the caller's, else the
 * region's.
 */
int bscope_region_init_file(struct bscope_region *region, size_t size, size_t least,
                            const struct bscope_trace_file *file, int *error);

/* Whether [place, place + bytes), taken from the region, is in its file. */
bool bscope_region_is_filed(const struct bscope_region *region, const void *place, size_t bytes);

/* Ends the file behind the last granule that is taken. */
void bscope_region_cut(struct bscope_region *region);

/*
 * For the fork handler of a child: private memory takes the place of all regions with files, so that nothing of the
 * parent's file can be written here any more.
 */
void bscope_region_leave_files(void);

/* Unmaps everything. Nothing of it may be in use. */
void bscope_region_fini(struct bscope_region *region);

/*
 * Takes `bytes` (rounded up to granules); NULL when there is no such run or the lock can't be had in a second. What was
 * freed before comes back zeroed only if it was freed with `release`. The caller has blocked all signals. Any thread.
 */
void *bscope_region_alloc(struct bscope_region *region, size_t bytes);

/* Gives it back; release also gives the pages back to the kernel (so that they read as zeroes), or clears a file's. */
void bscope_region_free(struct bscope_region *region, void *block, size_t bytes, bool release);

/* Has the kernel give the pages now (MADV_POPULATE_WRITE, or a touch of each): 0, or BSCOPE_ERR_NO_MEMORY. Keeps
 * contents. */
int bscope_region_populate(void *block, size_t bytes);

static inline uint64_t bscope_region_offset(const struct bscope_region *region, const void *place) {
  return (uint64_t)((const uint8_t *)place - region->base);
}

static inline void *bscope_region_at(const struct bscope_region *region, uint64_t offset) {
  return region->base + offset;
}

#endif
