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
  uint32_t site;       /* number of the site in this process */
  const void *payload; /* bytes of an event longer than two words, or NULL */
  size_t payload_size;
  bool payload_cut; /* the payload was longer than 160 bytes and was cut */
};

/*
 * A snapshot of all events that happened before the call: it copies none of them and stalls no thread.
 * Owned: give it to bscope_log_free. NULL: see bscope_last_error. Any thread, not in a signal handler.
 * While a writer is stopped in mid-call the snapshot holds what is whole (bscope_log_pending).
 */
BSCOPE_API struct bscope_log *bscope_get_events(void);

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

BSCOPE_API void bscope_cursor_free(struct bscope_cursor *cursor);

#ifdef __cplusplus
}
#endif

#endif
