/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to a trace file, alone, so that a test can tell stories in its place.
 */
#include "trace.h"

/* A log of this process's own memory, or of a complete file, has ended. */
static enum cli_state state_of(enum bscope_log_state state) {
  if (state == BSCOPE_LOG_LIVE)
    return CLI_LIVE;
  return state == BSCOPE_LOG_BROKEN_OFF ? CLI_DIED : CLI_ENDED;
}

bool cli_trace_read(struct cli_trace *trace) {
  struct bscope_trace_info info = {.size = sizeof(info)};
  trace->log = bscope_log_open(trace->path);
  if (trace->log == NULL || bscope_log_trace_info(trace->log, &info) != BSCOPE_OK)
    return false;
  trace->state = state_of(info.state);
  trace->recovered = info.recovered;
  trace->damaged = info.damaged;
  trace->damaged_events = info.damaged_events;
  trace->damage_offset = info.damage_offset;
  trace->missing_events = info.missing_events;
  trace->missing_sites = info.missing_sites;
  trace->outside = info.file_outside;
  trace->outside_errno = (int)info.file_errno;
  trace->pid = info.pid;
  snprintf(trace->damage, sizeof(trace->damage), "%s", info.damage);
  snprintf(trace->program, sizeof(trace->program), "%s", info.program);
  snprintf(trace->library, sizeof(trace->library), "%s", info.library);
  return true;
}
