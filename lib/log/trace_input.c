/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file as bytes. It is read by pread, never mapped: what another process does to it can't fault here. One buffer of
 * a MiB serves the pass over the file.
 */
#include "log/trace_state.h"

#include "base/error.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES (1u << 20)

int bscope_trace_fail(struct bscope_trace *trace, enum bscope_status status, uint64_t offset, const char *what) {
  return trace->status = bscope_fail(status, "%s: offset %llu: %s", trace->path, (unsigned long long)offset, what);
}

static int fail_system(struct bscope_trace *trace, const char *what) {
  return trace->status = bscope_fail_errno(BSCOPE_ERR_IO, errno, "%s: %s", trace->path, what);
}

void bscope_trace_damage(struct bscope_trace *trace, uint64_t offset, const char *what) {
  if (trace->is_written) /* it changes while it is read; the log ends where something does not fit */
    return;
  if (trace->info.damaged++ && offset >= trace->info.damage_offset)
    return;
  trace->info.damage_offset = offset;
  strncpy(trace->info.damage, what, sizeof(trace->info.damage) - 1);
}

int bscope_trace_input_open(struct bscope_trace *trace, const char *path) {
  struct stat status;

  trace->path = strdup(path);
  if (!trace->path)
    return trace->status = bscope_fail(BSCOPE_ERR_NO_MEMORY, "%s: no memory to open it", path);
  /* Not blocking: a FIFO without a writer would hold us up for ever. */
  do
    trace->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  while (trace->fd < 0 && errno == EINTR);
  if (trace->fd < 0)
    return fail_system(trace, "can't be opened");
  if (fstat(trace->fd, &status))
    return fail_system(trace, "can't be examined");
  if (!S_ISREG(status.st_mode))
    return bscope_trace_fail(trace, BSCOPE_ERR_FORMAT, 0, "this is no regular file; name a trace file");
  trace->size = (uint64_t)status.st_size;
  trace->info.bytes = trace->size;
  trace->patience = 4 * trace->size + BUFFER_BYTES;
  return BSCOPE_OK;
}

void *bscope_trace_grow(struct bscope_trace *trace, void *items, size_t *capacity, size_t count, size_t size) {
  size_t wanted = *capacity;
  void *grown;

  if (items && count <= *capacity)
    return items;
  while (wanted < count || wanted == 0)
    wanted = wanted ? 2 * wanted : 16;
  grown = realloc(items, wanted * size);
  if (grown)
    *capacity = wanted;
  else
    trace->status = bscope_fail(BSCOPE_ERR_NO_MEMORY, "%s: no memory to read it", trace->path);
  return grown;
}

ssize_t bscope_trace_read_raw(const struct bscope_trace *trace, uint64_t offset, void *out, size_t bytes) {
  size_t have = 0;

  while (have < bytes) {
    ssize_t n = pread(trace->fd, (uint8_t *)out + have, bytes - have, (off_t)(offset + have));

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return -1;
    if (n == 0)
      break;
    have += (size_t)n;
  }
  return (ssize_t)have;
}

/* Bytes read, fewer at the end of the file; -1. */
static ssize_t read_some(const struct bscope_trace *trace, uint64_t offset, uint8_t *out, size_t bytes) {
  return (trace->packed.size ? bscope_trace_read_packed : bscope_trace_read_raw)(trace, offset, out, bytes);
}

bool bscope_trace_read(const struct bscope_trace *trace, uint64_t offset, void *out, size_t bytes) {
  return read_some(trace, offset, out, bytes) == (ssize_t)bytes;
}

void *bscope_trace_view(struct bscope_trace *trace, uint64_t offset, size_t bytes) {
  uint64_t begin = offset & ~UINT64_C(7); /* so that what is aligned in the file is so in the buffer */
  size_t wanted = (size_t)bscope_max_u64(bytes + (offset - begin), bscope_min_u64(BUFFER_BYTES, trace->size));
  uint8_t *buffer;
  ssize_t have;

  if (trace->status || offset > trace->size || bytes > trace->size - offset)
    return NULL;
  if (offset >= trace->buffer_offset && offset - trace->buffer_offset <= trace->buffer_size &&
      bytes <= trace->buffer_size - (offset - trace->buffer_offset))
    return trace->buffer + (offset - trace->buffer_offset);
  buffer = bscope_trace_grow(trace, trace->buffer, &trace->buffer_capacity, wanted, 1);
  trace->buffer_size = 0;
  if (!buffer)
    return NULL;
  trace->buffer = buffer;
  have = read_some(trace, begin, buffer, (size_t)bscope_min_u64(wanted, trace->size - begin));
  if (have < 0) {
    fail_system(trace, "can't be read");
    return NULL;
  }
  trace->buffer_offset = begin;
  trace->buffer_size = (size_t)have;
  return bytes + (offset - begin) <= (size_t)have ? buffer + (offset - begin) : NULL; /* it has become shorter */
}

/* Asked only where the file would have to be read. */
uint64_t bscope_trace_next_data(const struct bscope_trace *trace, uint64_t offset) {
  off_t data;

  if (trace->packed.size || (offset >= trace->buffer_offset && offset - trace->buffer_offset < trace->buffer_size))
    return offset;
  data = lseek(trace->fd, (off_t)offset, SEEK_DATA);
  if (data < 0) /* ENXIO: there is a hole up to the end; else the file system does not know */
    return errno == ENXIO ? bscope_max_u64(offset, trace->size) : offset;
  return bscope_max_u64(offset, (uint64_t)data & ~(uint64_t)(BSCOPE_GRANULE - 1));
}

void bscope_trace_forget(struct bscope_trace *trace) {
  trace->buffer_size = 0;
  trace->buffer_offset = UINT64_MAX;
}
