/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens when the library is loaded and when the process forks. Nothing here must have run for recording to work:
 * everything is initialised statically or at first use, and nothing is freed at exit.
 */
#include "collect/environment.h"
#include "collect/state.h"

#include <pthread.h>

/* Guards nothing but the time during which a reader is registered with RCU. */
static pthread_mutex_t query_mutex = PTHREAD_MUTEX_INITIALIZER;

void bscope_query_lock(void) {
  pthread_mutex_lock(&query_mutex);
}
void bscope_query_unlock(void) {
  pthread_mutex_unlock(&query_mutex);
}

/* The query lock is held over a fork, so that no reader is registered with RCU in the child. */
static void prepare(void) {
  bscope_query_lock();
}

static void parent(void) {
  bscope_query_unlock();
}

/* The wiped memory says by itself that this process has not recorded yet; this says that it may call liburcu and start
 * threads. */
static void child(void) {
  pthread_mutex_unlock(&query_mutex); /* this thread took it in prepare, and is the one that the child has */
  bscope_process_mark_whole();
}

static __attribute__((constructor)) void on_load(void) {
  (void)bscope_process_get();
  bscope_thread_make_key();
  (void)pthread_atfork(prepare, parent, child);
  bscope_environment_read(true);
}
