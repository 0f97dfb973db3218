/* SPDX-License-Identifier: Apache-2.0 */
/*
 * It must not run at a producer's heels: a consumer that reads slots as they are written takes their cache lines away
 * and makes an event many times dearer. So it drains what there is, then sleeps a millisecond, or until a ring is half
 * full.
 */
#include "collect/collector.h"

#include "base/atomic.h"
#include "collect/state.h"
#include "collect/watch.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NAP_NS 1000000L     /* while there is work */
#define SLEEP_NS 100000000L /* when there was none for a while: 10 wakeups a second */
#define IDLE_TURNS 64u      /* naps without an event before it sleeps */
#define STACK_BYTES (256u << 10)

static uint32_t held; /* atomic */

void bscope_collector_hold(int on) {
  bscope_store_release(&held, (uint32_t)on);
}

static void wait_for(struct bscope_process *p, long ns) {
  uint32_t word = bscope_load_acquire(&p->collector_word);
  const struct timespec timeout = {.tv_nsec = ns};
  bscope_store_release(&p->collector_asleep, 1); /* pairs with bscope_collect_wake; a wake missed costs one nap */
  (void)syscall(SYS_futex, &p->collector_word, FUTEX_WAIT_PRIVATE, word, &timeout, NULL, 0);
  bscope_store_release(&p->collector_asleep, 0);
}

void bscope_collect_wake(struct bscope_process *process) {
  if (!bscope_load_acquire(&process->collector_asleep))
    return;
  int saved = errno;
  bscope_store_relaxed(&process->collector_asleep, 0); /* one waker is enough */
  bscope_add_release(&process->collector_word, 1);
  (void)syscall(SYS_futex, &process->collector_word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  errno = saved;
}

/* Drains until rings hold less than a turn's share; returns the events moved. */
static uint64_t drain_session(struct bscope_session *session) {
  uint64_t moved = 0;
  struct bscope_turn turn;
  do {
    if (!bscope_drain_once(session, 0, true, &turn))
      break;
    moved += turn.placed;
  } while (turn.more && !turn.no_memory && !bscope_load_acquire(&held));
  return moved;
}

static uint64_t work(void) {
  struct bscope_guard guard;
  uint64_t moved = 0;
  struct bscope_session *session = bscope_load_acquire(&held) ? NULL : bscope_session_get();
  bscope_guard_enter(&guard);
  if (session && session->settings.collector == BSCOPE_COLLECTOR_THREAD)
    moved = drain_session(session);
  bscope_session_free_older(true);
  bscope_guard_leave(&guard);
  if (session)
    bscope_session_unref(session);
  return moved;
}

static void *run(void *argument) {
  struct bscope_process *process = argument;
  unsigned idle = 0;
  for (;;) {
    idle = work() ? 0 : idle + 1;
    if (!bscope_load_acquire(&held))
      bscope_watch(BSCOPE_WATCH_TURN);
    wait_for(process, idle < IDLE_TURNS ? NAP_NS : SLEEP_NS);
  }
  return NULL;
}

static int create(struct bscope_process *process) {
  pthread_attr_t attr;
  pthread_t thread;
  if (pthread_attr_init(&attr) != 0)
    return -1;
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attr, STACK_BYTES);
  int rc = pthread_create(&thread, &attr, run, process);
  if (rc == 0)
    pthread_setname_np(thread, "borrowscope");
  pthread_attr_destroy(&attr);
  return rc;
}

void bscope_collect_start_thread(struct bscope_process *process) {
  if (bscope_load_acquire(&process->collector_started) != 0 || !bscope_load_relaxed(&process->collector_wanted) ||
      !bscope_process_is_whole())
    return;
  uint32_t none = 0;
  if (!bscope_cas_acq_rel(&process->collector_started, &none, 1))
    return;
  struct bscope_guard guard; /* the thread inherits the blocked signals: it takes none that belong to the host */
  bscope_guard_enter(&guard);
  /* Without it, producers and queries drain for themselves: slower, nothing is lost. */
  (void)create(process);
  bscope_store_release(&process->collector_started, 2);
  bscope_guard_leave(&guard);
}
