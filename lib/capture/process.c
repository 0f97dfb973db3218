/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/process.h"

#include "base/atomic.h"

#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

static struct bscope_process *process;       /* atomic: set once, by compare-and-exchange */
static uint32_t whole_pid;                   /* atomic: 0, or the process that the fork handlers have vouched for */
static uint64_t strays[BSCOPE_DROP_REASONS]; /* atomic */
static uint64_t tallies[BSCOPE_TALLIES];     /* atomic */

void *bscope_process_map_wiped(size_t bytes) {
  void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED)
    return NULL;
  /* Kernels before 4.14 refuse: there the fork handler's new generation keeps a child off this memory. */
  (void)madvise(p, bytes, MADV_WIPEONFORK);
  return p;
}

static struct bscope_process *make(void) {
  struct bscope_process *made = bscope_process_map_wiped(bscope_round_up(sizeof(*made), 4096));
  if (!made)
    return NULL;
  uint32_t nobody = 0;
  bscope_cas_acq_rel(&whole_pid, &nobody, (uint32_t)getpid());
  struct bscope_process *winner = NULL;
  /* acq_rel: publishes the page's existence; pairs with the acquire in bscope_process_get. */
  if (bscope_cas_acq_rel(&process, &winner, made))
    return made;
  munmap(made, bscope_round_up(sizeof(*made), 4096));
  return winner;
}

struct bscope_process *bscope_process_get(void) {
  struct bscope_process *p = bscope_load_acquire(&process); /* pairs with make() */
  if (bscope_unlikely(!p))
    p = make();
  if (bscope_unlikely(p && bscope_load_relaxed(&p->pid) == 0))
    bscope_store_relaxed(&p->pid, (uint32_t)getpid()); /* every thread of a process would store the same */
  return p;
}

bool bscope_process_is_whole(void) {
  return bscope_load_acquire(&whole_pid) == (uint32_t)getpid();
}

void bscope_process_mark_whole(void) {
  bscope_store_release(&whole_pid, (uint32_t)getpid());
}

void bscope_process_count_stray(enum bscope_drop reason) {
  bscope_add_relaxed(&strays[reason], 1);
}

uint64_t bscope_process_strays(enum bscope_drop reason) {
  return bscope_load_relaxed(&strays[reason]);
}

void bscope_process_count(enum bscope_tally tally) {
  bscope_add_relaxed(&tallies[tally], 1);
}

uint64_t bscope_process_tally(enum bscope_tally tally) {
  return bscope_load_relaxed(&tallies[tally]);
}
