/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of threads that recorded: number, tid, name, in ascending order of number. They lie in the region and are
 * copied into each snapshot, since a name may be read anew.
 */
#ifndef BSCOPE_LOG_THREADS_H
#define BSCOPE_LOG_THREADS_H

#include "base/region.h"

#include <stdbool.h>

struct bscope_thread_row {
  uint32_t number;
  uint32_t tid;
  uint64_t last; /* position that none of its sealed events lies behind; UINT64_MAX before the first */
  char name[16];
};

struct bscope_threads {
  struct bscope_thread_row *rows; /* region memory, an extent */
  size_t count;
  size_t capacity;
};

/* The row of a thread, or NULL. Logarithmic. */
struct bscope_thread_row *bscope_threads_find(const struct bscope_thread_row *rows, size_t count, uint32_t number);

/*
 * Adds or renames. 0 or BSCOPE_ERR_NO_MEMORY. Where the rows are full, threads whose events all lie before `first` are
 * forgotten if they are many; otherwise they stay, since such a thread may go on at any time.
 */
int bscope_threads_set(struct bscope_threads *threads, struct bscope_region *region, uint32_t number, uint32_t tid,
                       const char *name, uint64_t first);

/* Forgets all and gives the memory back. */
void bscope_threads_clear(struct bscope_threads *threads, struct bscope_region *region);

#endif
