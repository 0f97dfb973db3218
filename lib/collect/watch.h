/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When events are judged as they arrive (on_finding=): behind the collector's turns, in bscope_flush and bscope_stop,
 * and when the program ends. Who judges stands to the right of this stage, and says so when the library is loaded. A
 * session that did not ask for it costs one load a turn.
 */
#ifndef BSCOPE_COLLECT_WATCH_H
#define BSCOPE_COLLECT_WATCH_H

#include "base/options.h"

enum bscope_watch_when { BSCOPE_WATCH_TURN, BSCOPE_WATCH_FLUSH, BSCOPE_WATCH_END };

/* What a session was begun with. */
struct bscope_watched {
  const struct bscope_settings *settings;
  bool inherited; /* by a child of a process that recorded */
};

struct bscope_watcher {
  /* Judges what is new, until there are findings or no more events; `ends`: there will be none. One thread at a time,
   * signals blocked. */
  void (*judge)(const struct bscope_watched *watched, bool ends);
  /* The oldest finding that waits to be told, or NULL. Likewise. */
  void *(*next)(void);
  /* Tells and frees it. Any number of threads at once, nothing held. */
  void (*tell)(void *finding);
};

/* Once, before there are threads. */
void bscope_watch_set(const struct bscope_watcher *watcher);

/* A session that asks for it has begun: from now on bscope_watch looks. */
void bscope_watch_want(void);

/* Judges and tells, unless this thread is telling. Without any lock, outside guards; keeps errno. */
void bscope_watch(enum bscope_watch_when when);

#endif
