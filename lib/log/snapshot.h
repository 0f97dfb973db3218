/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log handle: what is common to every log, whatever it reads from, and the few operations that differ. A handle is
 * immutable once made, but for its reference count; any number of threads may read it.
 */
#ifndef BSCOPE_LOG_SNAPSHOT_H
#define BSCOPE_LOG_SNAPSHOT_H

#include "collect/session.h"
#include "log/codec.h"
#include "log/samples.h"
#include "log/threads.h"

#include <borrowscope/log.h>

/* Where a log's events come from: either `load` and `span`, or `at` alone. */
struct bscope_log_source {
  /* The event i < count, complete. */
  int (*at)(const struct bscope_log *log, size_t i, struct bscope_event *out);
  /* Events around i, up to `last` (>= i) or the end of i's group: group->first <= i < first + count. */
  int (*load)(const struct bscope_log *log, size_t i, size_t last, struct bscope_decoded *group);
  /* The samples around event i: 0, or why what they are in can't be read. */
  int (*span)(const struct bscope_log *log, size_t i, struct bscope_span *span);
  /* Below, NULL where there is nothing to do. Gives back what a group holds. */
  void (*release)(const struct bscope_log *log, void *held);
  /* Keeps what a group holds as long as the log: 0 or BSCOPE_ERR_NO_MEMORY. */
  int (*keep)(const struct bscope_log *log, void *held);
  /* The log's own site of that number, or NULL. Without this the sites are this process's. */
  const struct bscope_site *(*site)(const struct bscope_log *log, uint32_t id);
  /* Fills in what is known of the log's file. */
  void (*info)(const struct bscope_log *log, struct bscope_trace_info *out);
  /* Gives back everything, the handle too. */
  void (*destroy)(struct bscope_log *log);
};

struct bscope_log {
  const struct bscope_log_source *source;
  uint32_t refs; /* atomic: acq_rel on release, so that the last one sees all others' reads done */
  uint64_t first;
  size_t count;
  uint64_t generation;
  uint64_t pending;
  struct bscope_stats stats;
  bool hides_times;                  /* exports leave them out unless told otherwise: the session's option times=0 */
  bool shows_addresses;              /* and write them: addresses=1 */
  const char *filter;                /* which names the session records; NULL: all. As long as the session */
  const char *suppressions;          /* what the program said; NULL: nothing. As long as the source */
  uint64_t parent;                   /* pid of the recording process that this one was forked from, or 0 */
  struct bscope_thread_row *threads; /* ascending by number; owned by the source */
  size_t thread_count;
};

/* Holds a log for a graph or a cursor; each ref wants its unref. bscope_log_free is an unref. */
const struct bscope_log *bscope_log_ref(const struct bscope_log *log);
void bscope_log_unref(const struct bscope_log *log);

/* Gives back what a group that was loaded holds; the group may be empty. */
static inline void bscope_log_release(const struct bscope_log *log, struct bscope_decoded *group) {
  if (group->held)
    log->source->release(log, group->held);
  group->held = NULL;
}

/* What a snapshot asks of its session; one table, so that the log can be tested without threads. */
struct bscope_log_host {
  int (*view)(bool settle, int (*take)(void *context, const struct bscope_view *view), void *context);
  void (*locked)(struct bscope_session *session, void (*fn)(void *context), void *context);
  void (*ref)(struct bscope_session *session);
  void (*unref)(struct bscope_session *session);
};

/* A snapshot of the process's session: bscope_get_events with its status. 0 and *out (owned), or a status with its
 * message. */
int bscope_log_current(struct bscope_log **out);

/* A snapshot of the host's session. 0 and *out (owned), or a status with its message. */
int bscope_log_snapshot(const struct bscope_log_host *host, struct bscope_log **out);

/*
 * A log of plain cells, without session or threads: cell i is position first + i; `full` is not looked at. LONG cells
 * point into `region` (NULL without them). Cells and region must outlive the log; samples (stamps are positions) are
 * copied. Owned. NULL: no memory.
 */
struct bscope_log *bscope_log_from_cells(const struct bscope_cell *cells, size_t count, uint64_t first,
                                         const struct bscope_region *region, const struct bscope_sample *samples,
                                         size_t sample_count);

#endif
