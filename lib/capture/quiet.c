/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/quiet.h"

#include <pthread.h>

void bscope_quiet_enter(struct bscope_quiet *quiet) {
  sigset_t all;
  /* glibc never blocks the signal that cancels, so cancellation is held back by its own calls, first. */
  bscope_cancel_hold(&quiet->cancel);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &quiet->mask);
}

void bscope_quiet_leave(const struct bscope_quiet *quiet) {
  pthread_sigmask(SIG_SETMASK, &quiet->mask, NULL);
  bscope_cancel_release(&quiet->cancel);
}
