/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting, stopping and asking after a recording session. A program that calls none of
 * this still records: its first event starts a session with the environment's options.
 */
#ifndef BORROWSCOPE_SESSION_H
#define BORROWSCOPE_SESSION_H

#include <borrowscope/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum bscope_overflow { BSCOPE_OVERFLOW_DEFAULT = 0, BSCOPE_OVERFLOW_BLOCK = 1, BSCOPE_OVERFLOW_DROP = 2 };
enum bscope_clock { BSCOPE_CLOCK_DEFAULT = 0, BSCOPE_CLOCK_COUNTER = 1, BSCOPE_CLOCK_TSC = 2 };
enum bscope_collector { BSCOPE_COLLECTOR_DEFAULT = 0, BSCOPE_COLLECTOR_THREAD = 1, BSCOPE_COLLECTOR_NONE = 2 };
/* What happens when a rule of ownership is seen broken: see bscope_options. */
enum bscope_on_finding {
  BSCOPE_ON_FINDING_DEFAULT = 0,
  BSCOPE_ON_FINDING_NONE = 1,
  BSCOPE_ON_FINDING_PRINT = 2,
  BSCOPE_ON_FINDING_ABORT = 3,
  BSCOPE_ON_FINDING_SNAPSHOT = 4,
  BSCOPE_ON_FINDING_CALLBACK = 5
};
enum bscope_switch { BSCOPE_SWITCH_DEFAULT = 0, BSCOPE_ON = 1, BSCOPE_OFF = -1 };

struct bscope_finding; /* check.h */

/*
 * The keys of BORROWSCOPE_OPTIONS as fields. A field that is 0 takes the environment's value,
 * or else the default. Begins with its own size; a longer struct whose tail is not zero is refused.
 */
struct bscope_options {
  size_t size;                   /* sizeof(struct bscope_options) */
  int enabled;                   /* enum bscope_switch; on */
  enum bscope_overflow overflow; /* what a producer does when its ring is full: block (drain for itself) */
  enum bscope_clock clock; /* what orders events: a shared counter, or the processor's time stamp counter; counter */
  enum bscope_collector collector; /* a background thread that drains: thread */
  size_t ring;                     /* events that a thread's ring may grow to: 32768; a power of two, 2 or more */
  size_t memory;                   /* bytes for the log, its window and all rings: 512 MiB; 1 MiB or more */
  const char *filter;              /* globs of names to record, comma-separated, '-' before one to leave out; all */
  int addresses;                   /* enum bscope_switch; exports show addresses: off */
  int times;                       /* enum bscope_switch; exports show times: on */
  const char *file;                /* trace file that the session records into; %p pid, %e program, %t time, %%: none */
  int overwrite;                   /* enum bscope_switch; a file of that name is replaced: off */
  int pack;                        /* enum bscope_switch; the file is packed when recording ends in order: off */
  /*
   * Events are judged as they arrive: by the collector, in bscope_flush and bscope_stop, and when the program ends.
   * print: errors and warnings, a line for each place, to stderr. abort: an error is printed and abort() called.
   * snapshot: the first error is printed and the log written to borrowscope-PID.json. callback: `found` is called for
   * errors and warnings. None: none. Positions that were let go of (`memory`) have no file. Notes are bscope_check's.
   */
  enum bscope_on_finding on_finding;
  /*
   * Called by the thread that judged, the collector's too, perhaps by two at once, with no lock held; it may track and
   * ask the log. Strings live until it returns. Set alone, it means on_finding=callback.
   */
  void (*found)(void *context, const struct bscope_finding *finding);
  void *found_context;
};

/* Counts of one moment; attempted = logged + dropped + lost + evicted + pending holds always. Events but where noted.
 */
struct bscope_stats {
  size_t size;                /* sizeof(struct bscope_stats): set it before the call, or leave it 0 */
  uint64_t attempted;         /* tracking calls that tried to record since the session began or was reset */
  uint64_t logged;            /* in the log now */
  uint64_t dropped;           /* not recorded, for one of the reasons below */
  uint64_t lost;              /* stamped, but proved never to be published */
  uint64_t evicted;           /* recorded, then let go to stay within the memory budget */
  uint64_t pending;           /* stamped and not yet in the log: their writers are in mid-call */
  uint64_t threads;           /* threads (not events) whose events the log holds */
  uint64_t bytes;             /* memory (bytes) of log, window and rings */
  uint64_t bytes_pinned;      /* memory (bytes) that only snapshots hold */
  uint64_t dropped_full;      /* of dropped: ring full under overflow=drop */
  uint64_t dropped_nested;    /* of dropped: a call nested in a tracking call whose nested ring was full */
  uint64_t dropped_memory;    /* of dropped: no memory for a ring or for the log's window */
  uint64_t dropped_stalled;   /* of dropped: another thread held the drain lock for seconds without progress */
  uint64_t dropped_process;   /* of dropped: a process that can't record (vfork, a clone of a half-made state) */
  uint64_t dropped_oversized; /* of dropped: an event longer than its ring */
  uint64_t abandoned;         /* writes given up by siglongjmp or cancellation and healed since */
  uint64_t names_folded;      /* events whose new name did not fit in the site table any more */
  uint64_t foreign_sites;     /* sites of another ABI, or of a kind without a name: none of their calls is recorded */
  uint64_t pauses;            /* times (not events) that recording was switched off: what happened then is not known */
  uint64_t generation;        /* number of this session's log, counted from 1; a reset begins the next */
  uint64_t first;             /* position of the first event that the log still holds */
  uint64_t sites;             /* registered sites (not events) in this process */
  uint64_t rings;             /* rings (not events) in use or waiting to be drained */
  uint64_t
      clock_back; /* clock=tsc: events whose thread's clock stood below its last event: that one's time was taken */
  uint64_t file_outside; /* pieces of the log (not events) that its file had no room for: they are in memory alone */
  uint64_t file_errno;   /* errno value of the reason, or why there is no file although one was asked for; 0: none */
  uint64_t reserved[5];  /* 0; later counts take their places, so that the struct keeps its length */
};

/*
 * Starts a session; NULL takes the environment's options. Starting again while one runs is refused with
 * BSCOPE_ERR_INVALID_ARGUMENT. After bscope_stop a new generation begins. BSCOPE_ERR_IO: the file that was asked for
 * can't be made, and the session that has begun records in memory alone. Any thread, not in a signal handler.
 */
BSCOPE_API int bscope_start(const struct bscope_options *options);

/* Ends recording: later events are not attempted until bscope_start. The log stays readable, and a trace file is
 * complete. What pack=1 can't pack stays as it is, with bscope_log_pack's status. Any thread, not in a handler. */
BSCOPE_API int bscope_stop(void);

/* Brings every event whose call has returned into the log; waits at most 100 ms for a writer in mid-call. */
BSCOPE_API int bscope_flush(void);

/* Empties the log and begins a new generation at position 0; what other threads record meanwhile falls on one side
 * whole. */
BSCOPE_API int bscope_reset(void);

/* Switches recording off or on again at run time; what is not recorded meanwhile is not attempted. Any thread. */
BSCOPE_API void bscope_enable(bool on);

/* One consistent cut of all counts. Any thread, not in a signal handler. */
BSCOPE_API int bscope_get_stats(struct bscope_stats *out);

#ifdef __cplusplus
}
#endif

#endif
