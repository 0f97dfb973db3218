/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bscope_get_events: a snapshot of the process's session.
 */
#include "base/util.h"
#include "log/snapshot.h"

static const struct bscope_log_host session_host = {.view = bscope_session_view,
                                                    .locked = bscope_session_locked,
                                                    .ref = bscope_session_ref,
                                                    .unref = bscope_session_unref};

int bscope_log_current(struct bscope_log **out) {
  return bscope_log_snapshot(&session_host, out);
}

struct bscope_log *bscope_get_events(void) {
  BSCOPE_KEEP_ERRNO
  struct bscope_log *log = NULL;

  return bscope_log_current(&log) == BSCOPE_OK ? log : NULL;
}
