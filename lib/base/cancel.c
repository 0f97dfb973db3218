/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Switching cancellation off is not enough: pthread_cancel looks at the state, then sends its signal, and the signal's
 * handler (glibc 2.36) looks at the type alone. A thread that has switched it off in between is cancelled all the same
 * if its type is asynchronous. So the type is made deferred first, and given back last, which acts on what is pending.
 */
#include "base/cancel.h"

#include <pthread.h>

void bscope_cancel_hold(struct bscope_cancel *host) {
  pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &host->type);
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &host->state);
}

void bscope_cancel_release(const struct bscope_cancel *host) {
  int ours;
  pthread_setcancelstate(host->state, &ours);
  pthread_setcanceltype(host->type, &ours);
}
