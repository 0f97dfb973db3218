/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session: one region with its window and store, the registry of rings, and the drain lock. What queries need of
 * it.
 */
#ifndef BSCOPE_COLLECT_SESSION_H
#define BSCOPE_COLLECT_SESSION_H

#include "base/options.h"
#include "collect/store.h"

#include <borrowscope/session.h>

struct bscope_session;

/* What a query sees under the drain lock. Borrowed: valid until the callback returns, save what it takes references on.
 */
struct bscope_view {
  struct bscope_session *session;
  struct bscope_store *store;
  struct bscope_chunk
      *chunks; /* the window's chunks not yet in the store, in stamp order; take ->refs for what is kept */
  size_t chunk_count;
  uint64_t base;   /* stamp of position 0 */
  uint64_t prefix; /* stamp behind the last committed event: all cells below it are written */
  uint64_t clock;  /* the stamp counter when the view was made; clock - prefix are still in flight */
  uint64_t generation;
  struct bscope_stats stats;
  const struct bscope_settings *settings; /* valid as long as the session */
  const char *suppressions;               /* what the program said; or NULL */
  uint64_t parent;                        /* pid of the recording process that this one was forked from, or 0 */
};

/*
 * Runs `take` under the drain lock with a view of the current session, after bringing every event whose call has
 * returned into it (settle; waits at most 100 ms for writers in mid-call, not at all when this thread is inside a
 * write) and adding a clock sample at its end. Starts a session when there is none. Returns take's result,
 * BSCOPE_ERR_LOCK when the lock can't be had in a second or the process was made without the fork handlers,
 * BSCOPE_ERR_NO_MEMORY when no session can be made. `take` must not call host code: no malloc, no print. Any thread,
 * not in a signal handler.
 */
int bscope_session_view(bool settle, int (*take)(void *context, const struct bscope_view *view), void *context);

/* Runs fn under the drain lock of that session (a snapshot giving back its pins). Waits as long as it takes. */
void bscope_session_locked(struct bscope_session *session, void (*fn)(void *context), void *context);

/* For tests: stamps and ring indices of the sessions made from now on begin there (if they have not passed it). */
void bscope_session_test_bases(uint64_t clock, uint64_t ring);

/* A session's memory stays while somebody holds a reference. Ref is for use inside `take`; unref may unmap. */
void bscope_session_ref(struct bscope_session *session);
void bscope_session_unref(struct bscope_session *session);

#endif
