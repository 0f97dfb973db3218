/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a packed file of a trace file: its header, and its other granules in groups of a MiB, each packed for itself.
 * Of a complete file the rings, chunks and free granules, which have nothing to tell any more, become zeroes first; one
 * that was broken off stays as it is. Memory: three MiB and libzstd's; a few seconds for 100 MiB.
 */
#include "base/crc32c.h"
#include "base/error.h"
#include "base/util.h"
#include "base/zstd.h"
#include "collect/trace.h"
#include "export/replace_file.h"
#include "export/signal_guard.h"
#include "log/trace_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL 6 /* higher ones are slower by more than they are better */

struct pack {
  struct bscope_trace *trace;
  const struct bscope_zstd *zstd;
  struct bscope_replace_file file;
  uint64_t begin, end; /* what is to be kept next */
  uint64_t next;       /* where to look for more */
  uint64_t at;         /* bytes written */
  size_t room;         /* for a frame with its head, whole granules */
  uint8_t *out;        /* that room */
  uint8_t *bytes;      /* of a group */
};

/* Behind the last block of a segment. */
static uint64_t blocks_end(struct bscope_trace *trace, const struct bscope_extent *extent) {
  uint64_t at = extent->offset + extent->head, end = extent->offset + extent->bytes;
  const struct bscope_block_header *h;
  while (end - at >= sizeof(*h) && (h = bscope_trace_view(trace, at, sizeof(*h))) && h->magic == BSCOPE_BLOCK_MAGIC &&
         h->state == BSCOPE_BLOCK_SEALED && h->length >= sizeof(*h) && h->length <= end - at)
    at += h->length;
  return at;
}

/* Moves on to the next bytes that are kept. False: there are no more. */
static bool find_next(struct pack *p) {
  struct bscope_extent extent;
  for (; p->next < p->trace->size; p->next = bscope_trace_next_data(p->trace, p->next + BSCOPE_GRANULE)) {
    if (!bscope_trace_find_extent(p->trace, p->next, &extent))
      continue;
    p->begin = p->next;
    p->next += extent.bytes;
    p->end = extent.kind == BSCOPE_EXTENT_SEGMENT ? blocks_end(p->trace, &extent) : p->next;
    if (extent.kind != BSCOPE_EXTENT_RING && extent.kind != BSCOPE_EXTENT_CHUNK)
      return true;
    p->next -= BSCOPE_GRANULE;
  }
  return false;
}

/* Reads what is kept of [from, to) into the group's bytes, which are zeroes. */
static bool collect(struct pack *p, uint64_t from, uint64_t to) {
  while (p->begin < to) {
    uint64_t begin = bscope_max_u64(p->begin, from), end = bscope_min_u64(p->end, to);
    if (begin < end && !bscope_trace_read(p->trace, begin, p->bytes + (begin - from), (size_t)(end - begin)))
      return false;
    if (p->end > to)
      return true;
    p->begin = p->end = UINT64_MAX;
    (void)find_next(p);
  }
  return true;
}

static int write_out(struct pack *p, const uint8_t *bytes, size_t size) {
  struct bscope_signal_guard guard;
  bscope_signal_guard_begin(&guard);
  int error = bscope_write_all(p->file.fd, bytes, size);
  bscope_signal_guard_end(&guard, error);
  p->at += size;
  return error ? bscope_fail_errno(BSCOPE_ERR_IO, error, "can't write to \"%s\" (make room or choose another target)",
                                   p->file.path)
               : BSCOPE_OK;
}

static int write_group(struct pack *p, uint64_t place, uint32_t bytes) {
  struct bscope_packed_head *head = (struct bscope_packed_head *)(void *)p->out;
  const size_t covered = offsetof(struct bscope_packed_head, packed);
  size_t packed = p->zstd->compress(p->out + sizeof(*head), p->room - sizeof(*head), p->bytes, bytes, LEVEL);
  size_t size = (size_t)bscope_round_up(sizeof(*head) + packed, BSCOPE_GRANULE);
  if (p->zstd->is_error(packed))
    return bscope_fail(BSCOPE_ERR_NO_MEMORY, "%s: no memory to pack it", p->trace->path);
  memset(p->out + sizeof(*head) + packed, 0, size - sizeof(*head) - packed);
  *head = (struct bscope_packed_head){.extent = {.kind = BSCOPE_EXTENT_PACKED,
                                                 .layout = 1,
                                                 .head = sizeof(*head),
                                                 .offset = p->at,
                                                 .bytes = size,
                                                 .trace = p->trace->header.id},
                                      .packed = (uint32_t)packed,
                                      .place = place,
                                      .size = p->trace->size,
                                      .bytes = bytes};
  head->check = bscope_crc32c(0, p->out + covered, sizeof(*head) - covered + packed);
  head->extent.check = bscope_crc32c(0, &head->extent, sizeof(head->extent));
  head->extent.magic = BSCOPE_EXTENT_MAGIC;
  return write_out(p, p->out, size);
}

static int fail_read(const struct bscope_trace *trace) {
  if (trace->status) /* its message is set */
    return trace->status;
  return errno == ENOMEM ? bscope_fail(BSCOPE_ERR_NO_MEMORY, "%s: no memory to pack it", trace->path)
         : errno         ? bscope_fail_errno(BSCOPE_ERR_IO, errno, "%s: it can't be read", trace->path)
                         : bscope_fail(BSCOPE_ERR_FORMAT, "%s: it has changed while it was packed", trace->path);
}

static int write_groups(struct pack *p) {
  struct bscope_trace *trace = p->trace;
  bscope_trace_forget(trace);
  errno = 0; /* stays so unless a call fails */
  int status =
      bscope_trace_read(trace, 0, p->bytes, BSCOPE_GRANULE) ? write_out(p, p->bytes, BSCOPE_GRANULE) : fail_read(trace);
  for (uint64_t at = BSCOPE_GRANULE; status == BSCOPE_OK && at < trace->size; at += BSCOPE_PACKED_BYTES) {
    uint64_t end = bscope_min_u64(trace->size, at + BSCOPE_PACKED_BYTES);
    memset(p->bytes, 0, BSCOPE_PACKED_BYTES);
    errno = 0;
    if (!collect(p, at, end) || trace->status) /* what an extent is could not be read, so what is kept isn't known */
      status = fail_read(trace);
    else
      status = write_group(p, at, (uint32_t)(end - at));
  }
  return status;
}

/* Why it is not packed, or NULL. */
static const char *refusal(const struct bscope_trace *trace) {
  if (trace->packed.size)
    return "it is packed already";
  if (trace->info.state == BSCOPE_LOG_LIVE)
    return "its program is still recording; pack it when that has ended";
  if (trace->info.damaged)
    return "it is damaged and stays as it is; borrowscope doctor tells more";
  return NULL;
}

/* Late rows are read where they are; all else that is in no block is in a ring or a chunk, or beside one. */
static bool has_unsealed(const struct bscope_trace *trace) {
  bool found = trace->header.state != BSCOPE_TRACE_DONE;
  for (size_t i = 0; i < trace->event_count; i++)
    found |= trace->events[i].rank != BSCOPE_TRACE_IN_LATE;
  return found;
}

static int pack(struct pack *p, const char *output) {
  struct bscope_trace *trace = p->trace;
  p->zstd = bscope_zstd_get();
  if (!p->zstd)
    return bscope_fail(BSCOPE_ERR_IO, "%s: %s", trace->path, BSCOPE_ZSTD_MISSING);
  p->room =
      (size_t)bscope_round_up(sizeof(struct bscope_packed_head) + p->zstd->bound(BSCOPE_PACKED_BYTES), BSCOPE_GRANULE);
  p->out = malloc(p->room);
  p->bytes = malloc(BSCOPE_PACKED_BYTES);
  p->begin = p->next = BSCOPE_GRANULE;
  if (has_unsealed(trace))
    p->end = p->next = trace->size;
  int status = bscope_fail(BSCOPE_ERR_NO_MEMORY, "%s: no memory to pack it", trace->path);
  if (p->out && p->bytes)
    status = bscope_replace_file_begin(&p->file, output, true);
  if (status == BSCOPE_OK && (status = write_groups(p)) != BSCOPE_OK)
    bscope_replace_file_abandon(&p->file);
  else if (status == BSCOPE_OK)
    status = bscope_replace_file_commit(&p->file);
  free(p->out);
  free(p->bytes);
  return status;
}

int bscope_log_pack(const char *path, const char *output) {
  BSCOPE_KEEP_ERRNO
  struct pack p = {.trace = NULL};
  int status = bscope_trace_open_file(path, &p.trace);
  if (status)
    return status;
  const char *why = refusal(p.trace);
  status = why ? bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "%s: %s", path, why) : pack(&p, output ? output : path);
  bscope_log_free(&p.trace->log);
  return status;
}

static __attribute__((constructor)) void on_load(void) {
  bscope_trace_set_packer(bscope_log_pack);
}
