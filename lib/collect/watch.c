/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock that judging goes under lies in the process's wiped memory, so that a forked child never waits for a thread
 * of its parent's.
 */
#include "collect/watch.h"

#include "base/atomic.h"
#include "collect/state.h"

#include <errno.h>
#include <unistd.h>

#define WAIT_NS 10000000000u /* as long as another thread may judge what it found */

static const struct bscope_watcher *watcher; /* set once, before there are threads */
static uint32_t wanted;                      /* atomic */
static uint64_t seen;                        /* atomic: events that had been moved when the collector judged last */
static __thread bool telling __attribute__((tls_model("initial-exec")));

void bscope_watch_set(const struct bscope_watcher *who) {
  watcher = who;
}

void bscope_watch_want(void) {
  bscope_store_release(&wanted, 1); /* pairs with bscope_watch */
}

/* Judges if that is asked for and no finding waits; then the next finding, or NULL. */
static void *step(struct bscope_process *process, struct bscope_session *s, bool judges, bool ends) {
  const struct bscope_watched watched = {&s->settings, s->parent != 0};
  struct bscope_quiet quiet;
  void *finding = NULL;
  bscope_quiet_enter(&quiet);
  if (bscope_lock_take(&process->watch, WAIT_NS)) {
    finding = watcher->next();
    if (!finding && judges) {
      watcher->judge(&watched, ends);
      finding = watcher->next();
    }
    bscope_lock_release(&process->watch);
  }
  bscope_quiet_leave(&quiet);
  return finding;
}

/*
 * Whether anything has come since the collector looked last. A thread that an earlier session started has nothing to
 * look for in one that wants no collector.
 */
static bool has_news(struct bscope_session *s) {
  if (s->settings.collector != BSCOPE_COLLECTOR_THREAD)
    return false;
  uint64_t moved = bscope_load_acquire(&s->moved) + s->recorder.generation; /* pairs with the end of a turn */
  return bscope_exchange_acq_rel(&seen, moved) != moved;
}

void bscope_watch(enum bscope_watch_when when) {
  struct bscope_process *process = bscope_process_get();
  if (!bscope_load_acquire(&wanted) || !watcher || telling || !process ||
      bscope_load_relaxed(&process->pid) != (uint32_t)getpid())
    return;
  int saved = errno;
  struct bscope_session *s = bscope_session_get();
  telling = true;
  if (s && s->settings.on_finding > BSCOPE_ON_FINDING_NONE && (when != BSCOPE_WATCH_TURN || has_news(s)))
    for (void *finding; (finding = step(process, s, true, when == BSCOPE_WATCH_END)) != NULL;)
      watcher->tell(finding);
  telling = false;
  if (s)
    bscope_session_unref(s);
  errno = saved;
}
