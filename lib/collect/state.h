/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a session, for the files of this stage.
 */
#ifndef BSCOPE_COLLECT_STATE_H
#define BSCOPE_COLLECT_STATE_H

#include "capture/quiet.h"
#include "capture/recorder.h"
#include "capture/site_file.h"
#include "collect/merge.h"
#include "collect/session.h"
#include "collect/timed.h"

#define BSCOPE_OPEN_MOST 1024u   /* OPEN positions whose fate is followed up */
#define BSCOPE_GAP_NS 100000000u /* how long a missing stamp may hold the prefix back, and a query wait */
#define BSCOPE_TURN_SLOTS 4096u  /* slots drained in one turn under the lock */
#define BSCOPE_LOCK_WAIT_NS 1000000000u
#define BSCOPE_SAMPLE_EVENTS 64u   /* a clock sample is taken when so many events are new */
#define BSCOPE_SAMPLE_NS 10000000u /* or some are and the last one is so old */

/* A missing stamp that holds the prefix back. */
struct bscope_gap {
  uint64_t since_ns; /* when it was first seen; 0: there is none */
  uint64_t clock;    /* the counter then: all that is missing below it is at least as old */
  uint64_t at;       /* the prefix then */
};

struct bscope_session {
  struct bscope_recorder recorder; /* first: a session is its recorder */
  struct bscope_region region;
  struct bscope_settings settings;
  struct bscope_trace_header *trace; /* of its file, or NULL */
  bool packed;                       /* its file was, or could not be */
  struct bscope_site_file sites;     /* in it */
  uint64_t trace_samples;            /* written to it */
  uint32_t parent;                   /* pid of the process whose recording this process inherited, or 0 */
  int file_error;                    /* why there is no file although one was asked for */
  struct bscope_window window;       /* under the drain lock, as all below but where noted */
  struct bscope_store *store;
  struct bscope_gap gap;     /* under clock=counter */
  struct bscope_timed timed; /* under clock=tsc */
  uint64_t log_generation;
  uint64_t moved;   /* atomic: events ever brought into the window, for producers that wait */
  uint32_t starved; /* atomic: packing a chunk found no memory */
  uint64_t sampled_ns;
  uint64_t retired_ns;             /* when ended threads were last looked for */
  uint64_t open[BSCOPE_OPEN_MOST]; /* stamps that were passed as OPEN and have not arrived */
  uint32_t open_count;
  uint64_t open_unfollowed;                   /* OPEN positions beyond that list */
  uint64_t dropped_base[BSCOPE_DROP_REASONS]; /* counts at the last reset */
  uint64_t strays_base[BSCOPE_DROP_REASONS];
  uint64_t abandoned_base;
  uint64_t tallies_base[BSCOPE_TALLIES];
  uint64_t clock_back; /* of threads that are gone */
  uint64_t clock_back_base;
  uint32_t refs; /* atomic: the process's own, and one for each log handle */
  bool stopped;
  bool implicit; /* made by a first event or a query, not by bscope_start */
  bool paused;
  uint64_t pauses;
  struct bscope_session *older; /* replaced sessions whose memory may still be written or read */
};

/* What blocking signals, cancellation and errno was before the drain lock. */
struct bscope_guard {
  struct bscope_quiet quiet;
  int error;
  struct bscope_thread *marked; /* its busy word says DRAINING because of this guard */
};

/* Prepares the calling thread for the drain lock: no signal, no cancellation, and whatever it tracks meanwhile is
 * nested. */
void bscope_guard_enter(struct bscope_guard *guard);
void bscope_guard_leave(struct bscope_guard *guard);

/* One turn's result. */
struct bscope_turn {
  uint64_t reached; /* everything before is in the window: a stamp, or under clock=tsc a time */
  uint64_t placed;
  bool more; /* rings hold more than the turn's share */
  bool no_memory;
  bool half_full; /* some ring was half full or more: producers are fast */
};

/* Takes the drain lock; gives up when it has not gone from one hand to another for a second. Inside a guard. */
bool bscope_drain_take(struct bscope_process *process);

/* Drains rings into the window, advances the prefix, settles gaps, takes a sample, appends what is packed, evicts.
 * Under the lock. */
void bscope_drain_turn(struct bscope_session *session, struct bscope_turn *turn);

/* A clock sample at the counter's present value, whatever the last one was. Under the lock. */
void bscope_drain_sample(struct bscope_session *session, bool forced);

/*
 * A turn, then (outside the lock) packing of a full chunk, if this caller is to pack: always, or only when others wait.
 * False: the lock could not be had in wait_ns (0: as bscope_drain_take says). Inside a guard.
 */
bool bscope_drain_once(struct bscope_session *session, uint64_t wait_ns, bool packs, struct bscope_turn *turn);

/* Pools the blocks and rings of threads that are gone. Under the lock. */
void bscope_retire_threads(struct bscope_session *session, uint64_t now);

/* Every count of the moment. Under the lock. */
void bscope_count_stats(const struct bscope_session *session, struct bscope_stats *out);

/* The current session, with a reference, or NULL. Takes an RCU read lock; not under the drain lock. */
struct bscope_session *bscope_session_get(void);

/*
 * Frees replaced sessions that nobody can touch any more. Inside a guard, without the lock. The collector waits for a
 * grace period of RCU. A thread of the host's must not: it may be in a read section of its own, or wait for one that
 * is; it passes the query lock instead, under which readers find the session and take their reference.
 */
void bscope_session_free_older(bool by_collector);

/* Waits until all readers have let go of what they found before. Inside a guard, without the drain lock. */
void bscope_wait_for_readers(void);

/* False in a child whose parent forked during a grace period: its readers are waited for by the query lock alone. */
bool bscope_rcu_is_usable(void);

/* The lock by which queries and fork keep apart. */
void bscope_query_lock(void);
void bscope_query_unlock(void);

#endif
