/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process has once: the locks and the way to the current recorder. It lies in private memory
 * that the kernel wipes on fork, so a child finds zeroes (the state of a process that has not recorded yet) however it
 * was made.
 */
#ifndef BSCOPE_CAPTURE_PROCESS_H
#define BSCOPE_CAPTURE_PROCESS_H

#include "base/lock.h"
#include "base/util.h"
#include "capture/ring.h"

#include <borrowscope/types.h>

struct bscope_recorder;
struct bscope_site_file;
struct bscope_thread;

struct bscope_process {
  /* Guards scatter and commit, registry removal, the log's structure. Signals are blocked while it is held. */
  struct bscope_lock drain;
  /* Guards the pools of thread blocks and rings. Nests inside `drain`. Signals are blocked while it is held. */
  struct bscope_lock pool;
  /* atomic, RCU: the current session's recorder, or NULL. Replaced under `drain`; dereferenced under it or under RCU.
   */
  struct bscope_recorder *recorder;
  struct bscope_thread *free_threads; /* under `pool` */
  uint32_t collector_wanted;          /* atomic: the current session asks for one */
  uint32_t collector_started;         /* atomic: 0, 1 while a thread starts it, 2 once it runs */
  uint32_t collector_word;            /* atomic futex: raised to wake the collector */
  uint32_t collector_asleep;          /* atomic: the collector waits, or is about to */
  uint32_t pid;                       /* atomic: the process that made this state */
  struct bscope_site_file *site_file; /* atomic: where new sites are written to, or NULL */
  uint32_t site_serial;               /* atomic: its serial, or 0 */
  uint32_t site_writers;              /* atomic: threads that are writing a site */
  struct bscope_lock watch;           /* Guards what judges events as they arrive. Outside of `drain`. */
};

/* The process's state, made at the first call; NULL when the kernel has no page left. Signal-safe, any thread. */
struct bscope_process *bscope_process_get(void);

/* Private zeroed memory that reads as zeroes in a forked child; NULL when there is none. `bytes` in whole pages. */
void *bscope_process_map_wiped(size_t bytes);

/* Whether fork handlers ran for this process (or it never was forked): only then may it call liburcu and start threads.
 */
bool bscope_process_is_whole(void);

/* For the fork handler of a child: it is whole, whatever its parent was. */
void bscope_process_mark_whole(void);

/* Counts of calls that no ring can count: kept in ordinary memory, since they are about processes without any state. */
void bscope_process_count_stray(enum bscope_drop reason);
uint64_t bscope_process_strays(enum bscope_drop reason);

/* Counts of what befalls sites: a site belongs to no session, and a call that registers one holds none in place. */
enum bscope_tally { BSCOPE_TALLY_NAMES_FOLDED, BSCOPE_TALLY_FOREIGN_SITES, BSCOPE_TALLIES };
void bscope_process_count(enum bscope_tally tally);
uint64_t bscope_process_tally(enum bscope_tally tally);

#endif
