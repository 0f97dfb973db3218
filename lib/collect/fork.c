/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens when the library is loaded and when the process forks. Nothing here must have run for recording to work:
 * everything is initialised statically or at first use, and nothing is freed at exit.
 */
#include "collect/environment.h"
#include "collect/state.h"
#include "collect/suppressions.h"
#include "collect/trace.h"

#include <pthread.h>
#include <urcu/urcu-memb.h>

/* Guards the time during which a reader is registered with RCU, and what follows. */
static pthread_mutex_t query_mutex = PTHREAD_MUTEX_INITIALIZER;
static bool in_grace_period;
static bool rcu_is_lost; /* the parent was in a grace period: in this process liburcu's own lock is held for good */

void bscope_query_lock(void) {
  pthread_mutex_lock(&query_mutex);
}
void bscope_query_unlock(void) {
  pthread_mutex_unlock(&query_mutex);
}

bool bscope_rcu_is_usable(void) {
  bscope_query_lock();
  bool usable = !rcu_is_lost;
  bscope_query_unlock();
  return usable;
}

static void note_grace_period(bool on) {
  bscope_query_lock();
  in_grace_period = on;
  bscope_query_unlock();
}

void bscope_wait_for_readers(void) {
  note_grace_period(true);
  urcu_memb_synchronize_rcu();
  note_grace_period(false);
}

/*
 * The query lock is held over a fork, so that no reader is registered with RCU in the child, and that it knows whether
 * a grace period was under way, which lasts as long as the host's readers like.
 */
static void prepare(void) {
  bscope_query_lock();
}

static void parent(void) {
  bscope_query_unlock();
}

/* The wiped memory says by itself that this process has not recorded yet; this says that it may call liburcu and start
 * threads. */
static void child(void) {
  bscope_region_leave_files(); /* first: a write that a handler interrupted goes on when it returns */
  rcu_is_lost |= in_grace_period;
  in_grace_period = false;
  pthread_mutex_unlock(&query_mutex); /* this thread took it in prepare, and is the one that the child has */
  bscope_process_mark_whole();
}

static __attribute__((constructor)) void on_load(void) {
  (void)bscope_process_get();
  bscope_trace_load();
  bscope_suppressions_load();
  bscope_thread_make_key();
  (void)pthread_atfork(prepare, parent, child);
  bscope_environment_read(true);
}
