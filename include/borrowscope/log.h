/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: events in one total order, as an immutable snapshot.
 */
#ifndef BORROWSCOPE_LOG_H
#define BORROWSCOPE_LOG_H

#include <borrowscope/error.h>
#include <borrowscope/kinds.h>
#include <borrowscope/session.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bscope_log;
struct bscope_cursor;

/* One event as it was recorded. Strings and payload are borrowed from the log; NULL where unknown. */
struct bscope_event {
  bscope_stamp stamp; /* its position in the log's order; the first of a generation is 0 */
  uint64_t time_ns;   /* CLOCK_MONOTONIC, interpolated between two samples around it; clock=tsc: its own */
  enum bscope_kind kind;
  uint32_t thread;   /* number of the thread, from 0 in the order of their first events */
  const char *name;  /* the variable, the borrower, or what a move takes from */
  const char *name2; /* what a move moves to */
  const char *type_name;
  const char *file;
  uint32_t line;
  const char *function;
  const char *text; /* the argument expression as written */
  uint64_t subject; /* the site says what they mean: subject_is, object_is */
  uint64_t object;
  enum bscope_word subject_is;
  enum bscope_word object_is;
  bool is_mutable;     /* a borrow that may write */
  uint32_t flags;      /* enum bscope_site_flag */
  uint32_t extent;     /* bytes of the variable that a scoped form declares, or 0 */
  uint32_t site;       /* number of the site in the process that recorded */
  const void *payload; /* bytes of an event longer than two words, or NULL */
  size_t payload_size;
  bool payload_cut;         /* the payload was longer than 160 bytes and was cut */
  const char *const *extra; /* further strings of the site, ended by NULL; or NULL */
};

/*
 * A snapshot of all events that happened before the call: it copies none of them and stalls no thread.
 * Owned: give it to bscope_log_free. NULL: see bscope_last_error. Any thread, not in a signal handler.
 * While a writer is stopped in mid-call the snapshot holds what is whole (bscope_log_pending).
 */
BSCOPE_API struct bscope_log *bscope_get_events(void);

/*
 * Opens a trace file as a log, for all that a log is good for. The file is read once and verified; blocks are read
 * again when they are asked for. What an unclean end left unsealed is recovered; what is damaged costs its own
 * positions, which are there with kind BSCOPE_KIND_LOST: see bscope_log_trace_info. Strings and numbers of sites are
 * the file's. Owned: give it to bscope_log_free. NULL with bscope_last_error: BSCOPE_ERR_IO, BSCOPE_ERR_FORMAT (no
 * trace file, or of another major version), BSCOPE_ERR_NO_MEMORY. A file of a living process gives what was published
 * by now. Any thread, not in a signal handler.
 */
BSCOPE_API struct bscope_log *bscope_log_open(const char *path);

/* What a log was made from. */
enum bscope_log_state {
  BSCOPE_LOG_MEMORY = 0,     /* a snapshot of this process's session; no file */
  BSCOPE_LOG_CLEAN = 1,      /* a file that was completed */
  BSCOPE_LOG_BROKEN_OFF = 2, /* a file whose process died before it was complete */
  BSCOPE_LOG_LIVE = 3        /* a file whose process runs: later events are missing, nothing is amiss */
};

/* What is to be said about a log's file. Numbers of events but where noted. */
struct bscope_trace_info {
  size_t size; /* sizeof(struct bscope_trace_info): set it before the call, or leave it 0 */
  enum bscope_log_state state;
  enum bscope_clock clock;
  uint64_t bytes;              /* of the file */
  uint64_t recovered;          /* events that were in no block yet */
  uint64_t unpublished;        /* LOST positions behind the last block: their writers died before they had published */
  uint64_t damaged;            /* places of the file (not events) that can't be read */
  uint64_t damaged_events;     /* LOST positions on their account */
  uint64_t missing_events;     /* at least so many more were recorded before or behind what the log holds */
  uint64_t missing_sites;      /* sites (not events) that events mention and the file does not know: kind NONE */
  uint64_t damage_offset;      /* of the first damaged place */
  char damage[96];             /* what it is, or "" */
  char program[64];            /* the program's name, cut */
  char library[24];            /* version of the library that recorded */
  char filter[256];            /* which names were recorded, cut; "": all */
  uint64_t pid;                /* of the program */
  uint64_t parent;             /* pid of the recording process that forked it, or 0 */
  uint64_t start_ns;           /* CLOCK_REALTIME when the file was made */
  uint64_t start_monotonic_ns; /* CLOCK_MONOTONIC then: events' times are in its time */
  uint64_t file_outside;       /* pieces of the log (not events) that the file had no room for */
  uint64_t file_errno;         /* errno value of the reason */
  uint64_t reserved[8];
};

/*
 * What the log was made from and what it lacks. Of a snapshot of the running process, state is BSCOPE_LOG_MEMORY and
 * nothing is amiss. At most out->size bytes are written, if it is not 0. 0 or BSCOPE_ERR_INVALID_ARGUMENT.
 */
BSCOPE_API int bscope_log_trace_info(const struct bscope_log *log, struct bscope_trace_info *out);

/*
 * Packs a trace file whose program has ended with zstd; bscope_log_open reads it as before. It is written beside
 * `output` (NULL: in place of `path`) and takes its name when it is whole. BSCOPE_ERR_INVALID_ARGUMENT: the file is
 * being written, damaged or packed already; BSCOPE_ERR_EXPORT, BSCOPE_ERR_IO (also: there is no libzstd.so.1),
 * BSCOPE_ERR_FORMAT, BSCOPE_ERR_NO_MEMORY. Whatever fails, `path` stays as it was. Any thread, not in a signal handler.
 */
BSCOPE_API int bscope_log_pack(const char *path, const char *output);

/* Events that the snapshot holds; position i of bscope_log_at runs from 0 to count - 1. Many threads may read one log.
 */
BSCOPE_API size_t bscope_log_count(const struct bscope_log *log);

/* The position of the first event still held: above 0 when older ones were evicted. */
BSCOPE_API bscope_stamp bscope_log_first(const struct bscope_log *log);

/* The generation of the log, counted from 1. */
BSCOPE_API uint64_t bscope_log_generation(const struct bscope_log *log);

/* Positions before the snapshot's end whose writers had not published yet (kind BSCOPE_KIND_OPEN), and those after it.
 */
BSCOPE_API uint64_t bscope_log_pending(const struct bscope_log *log);

/* The counts that belong to this snapshot: those of bscope_get_stats at its moment. */
BSCOPE_API int bscope_log_stats(const struct bscope_log *log, struct bscope_stats *out);

/*
 * Event i of the snapshot (i from 0): a short decode from the nearest restart point. Each position is there;
 * one that holds no event has kind BSCOPE_KIND_LOST or BSCOPE_KIND_OPEN.
 * BSCOPE_ERR_INVALID_ARGUMENT beyond the end, out untouched. Any thread.
 */
BSCOPE_API int bscope_log_at(const struct bscope_log *log, size_t i, struct bscope_event *out);

/* The name that a thread of this log had when it last was looked at; "" if it had none. Borrowed from the log. */
BSCOPE_API const char *bscope_log_thread_name(const struct bscope_log *log, uint32_t thread);

/* Threads with an event in this log. */
BSCOPE_API size_t bscope_log_thread_count(const struct bscope_log *log);

/* Releases the snapshot; graphs made from it hold their own reference. NULL is nothing. */
BSCOPE_API void bscope_log_free(struct bscope_log *log);

/* A walk over the log from event `start` on: the cheap way to read many. Owned; one thread at a time. NULL: no memory.
 */
BSCOPE_API struct bscope_cursor *bscope_cursor_create(const struct bscope_log *log, size_t start);

/* The next event: true, or false at the end. The payload is borrowed until the next call, strings from the log. */
BSCOPE_API bool bscope_cursor_next(struct bscope_cursor *cursor, struct bscope_event *out);

/*
 * What ended the walk: 0 where the log ends, or the damage that bscope_log_trace_info tells of begins. Otherwise events
 * are left that can't be had: BSCOPE_ERR_IO when the file has changed or can't be read any more, BSCOPE_ERR_NO_MEMORY.
 */
BSCOPE_API int bscope_cursor_status(const struct bscope_cursor *cursor);

BSCOPE_API void bscope_cursor_free(struct bscope_cursor *cursor);

#ifdef __cplusplus
}
#endif

#endif
