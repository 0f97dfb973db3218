/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a thread puts on before it takes the drain lock: no handler, no cancellation, and its own calls nested.
 */
#include "base/atomic.h"
#include "collect/state.h"

#include <errno.h>

void bscope_guard_enter(struct bscope_guard *guard) {
  guard->error = errno;
  bscope_quiet_enter(&guard->quiet);
  guard->marked = bscope_thread_current();
  if (guard->marked && bscope_load_relaxed(&guard->marked->control.busy) == BSCOPE_BUSY_IDLE)
    bscope_store_release(&guard->marked->control.busy,
                         BSCOPE_BUSY_DRAINING); /* no stamp is open: idle for the watermark */
  else
    guard->marked = NULL;
}

void bscope_guard_leave(struct bscope_guard *guard) {
  if (guard->marked)
    bscope_store_release(&guard->marked->control.busy, BSCOPE_BUSY_IDLE);
  bscope_quiet_leave(&guard->quiet);
  errno = guard->error;
}
