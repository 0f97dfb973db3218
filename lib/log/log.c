/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public questions to a log that need no walk. Everything here reads an immutable handle; only the reference
 * count changes.
 */
#include "base/atomic.h"
#include "base/error.h"
#include "base/util.h"
#include "log/event.h"
#include "log/snapshot.h"

#include <borrowscope/check.h>
#include <borrowscope/version.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

const struct bscope_log *bscope_log_ref(const struct bscope_log *log) {
  /* Relaxed: whoever passes the handle on holds a reference already. */
  bscope_add_relaxed(&((struct bscope_log *)(uintptr_t)log)->refs, 1);
  return log;
}

void bscope_log_unref(const struct bscope_log *log) {
  struct bscope_log *mine = (struct bscope_log *)(uintptr_t)log;

  if (mine && bscope_add_acq_rel(&mine->refs, (uint32_t)-1) == 1)
    mine->source->destroy(mine);
}

void bscope_log_free(struct bscope_log *log) {
  BSCOPE_KEEP_ERRNO
  bscope_log_unref(log);
}

size_t bscope_log_count(const struct bscope_log *log) {
  return log ? log->count : 0;
}

bscope_stamp bscope_log_first(const struct bscope_log *log) {
  return log ? log->first : 0;
}

uint64_t bscope_log_generation(const struct bscope_log *log) {
  return log ? log->generation : 0;
}

const char *bscope_log_suppressions(const struct bscope_log *log) {
  return log ? log->suppressions : NULL;
}

uint64_t bscope_log_pending(const struct bscope_log *log) {
  return log ? log->pending : 0;
}

size_t bscope_log_thread_count(const struct bscope_log *log) {
  return log ? log->thread_count : 0;
}

int bscope_log_stats(const struct bscope_log *log, struct bscope_stats *out) {
  if (!log || !out)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "log stats: no log or nowhere to put them");
  *out = log->stats;
  out->size = sizeof(*out);
  return BSCOPE_OK;
}

const char *bscope_log_thread_name(const struct bscope_log *log, uint32_t thread) {
  const struct bscope_thread_row *row = log ? bscope_threads_find(log->threads, log->thread_count, thread) : NULL;

  return row ? row->name : "";
}

int bscope_log_at(const struct bscope_log *log, size_t i, struct bscope_event *out) {
  BSCOPE_KEEP_ERRNO
  struct bscope_decoded group;
  struct bscope_span span;
  int status;

  if (!log || !out)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "bscope_log_at: %s is NULL", log ? "out" : "the log");
  if (i >= log->count)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "event %zu: the log has %zu", i, log->count);
  if (log->source->at)
    return log->source->at(log, i, out);
  status = log->source->load(log, i, i, &group);
  if (status == BSCOPE_OK && !group.timed && (status = log->source->span(log, i, &span)) != BSCOPE_OK)
    bscope_log_release(log, &group);
  if (status)
    return bscope_fail((enum bscope_status)status, "event %zu: %s", i,
                       status == BSCOPE_ERR_NO_MEMORY ? "no memory to read it" : "its block is damaged");
  bscope_event_build(log, &group.entries[i - group.first], log->first + i,
                     group.timed ? group.times[i - group.first] : bscope_span_time(&span, log->first + i), out);
  if (out->payload && group.held)
    status = log->source->keep(log, group.held);
  bscope_log_release(log, &group);
  return status ? bscope_fail((enum bscope_status)status, "event %zu: no memory for its payload", i) : BSCOPE_OK;
}

static void describe_memory(const struct bscope_log *log, struct bscope_trace_info *info) {
  info->state = BSCOPE_LOG_MEMORY;
  info->pid = (uint64_t)getpid();
  strncpy(info->program, program_invocation_short_name, sizeof(info->program) - 1);
  strncpy(info->library, bscope_version(), sizeof(info->library) - 1);
  if (log->filter)
    strncpy(info->filter, log->filter, sizeof(info->filter) - 1);
  info->parent = log->parent;
}

int bscope_log_trace_info(const struct bscope_log *log, struct bscope_trace_info *out) {
  struct bscope_trace_info info = {0};

  if (!log || !out)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "bscope_log_trace_info: %s is NULL", log ? "out" : "the log");
  if (log->source->info)
    log->source->info(log, &info);
  else
    describe_memory(log, &info);
  info.size = out->size && out->size < sizeof(info) ? out->size : sizeof(info);
  memcpy(out, &info, info.size);
  return BSCOPE_OK;
}
