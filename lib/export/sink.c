/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three kinds of sink, and digits two at a time. Writes go on after a short write and after a signal, under a guard
 * that keeps SIGPIPE and SIGXFSZ from the host.
 */
#include "export/sink.h"

#include "base/error.h"
#include "base/region.h"
#include "export/signal_guard.h"

#include <errno.h>
#include <stdlib.h>

#define DIGITS_MAX 20
#define POPULATED_LEAST (128u << 10) /* a string smaller than this lies in the heap, whose pages mostly are there */

/* A stream throws away what it holds when its write is interrupted, so EINTR is a failure like others. */
static int stream_write(FILE *stream, const char *bytes, size_t size) {
  errno = 0;
  if (fwrite(bytes, 1, size, stream) == size)
    return 0;
  return errno ? errno : EIO;
}

static int stream_flush(FILE *stream) {
  errno = 0;
  if (fflush(stream) == 0)
    return 0;
  return errno ? errno : EIO;
}

static int fail_write(struct bscope_sink *sink, int error) {
  return bscope_fail_errno(BSCOPE_ERR_IO, error, "can't write to %s (make room or choose another target)",
                           sink->target);
}

/* Writes what was gathered; the last time a stream is flushed as well. */
static int give_out(struct bscope_sink *sink, bool last) {
  struct bscope_signal_guard guard;
  bscope_signal_guard_begin(&guard);
  int error = sink->stream ? stream_write(sink->stream, sink->bytes, sink->used)
                           : bscope_write_all(sink->fd, sink->bytes, sink->used);
  if (error == 0 && last && sink->stream)
    error = stream_flush(sink->stream);
  bscope_signal_guard_end(&guard, error);
  sink->used = 0;
  return error ? fail_write(sink, error) : BSCOPE_OK;
}

static int drain_out(struct bscope_sink *sink) {
  return give_out(sink, false);
}

static int fail_memory(size_t bytes) {
  return bscope_fail(BSCOPE_ERR_NO_MEMORY, "no memory for %zu bytes of an export", bytes);
}

static int grow(struct bscope_sink *sink) {
  if (sink->capacity > SIZE_MAX / 2)
    return fail_memory(SIZE_MAX);
  char *more = realloc(sink->bytes, sink->capacity * 2);
  if (!more)
    return fail_memory(sink->capacity * 2);
  if (sink->capacity >= POPULATED_LEAST) /* one call for what would be a fault for each page */
    (void)bscope_region_populate(more + sink->capacity, sink->capacity);
  sink->bytes = more;
  sink->capacity *= 2;
  return BSCOPE_OK;
}

static int sink_init(struct bscope_sink *sink, int (*drain)(struct bscope_sink *)) {
  *sink = (struct bscope_sink){.drain = drain, .fd = -1, .capacity = BSCOPE_SINK_SIZE};
  sink->bytes = malloc(sink->capacity);
  if (!sink->bytes)
    sink->status = fail_memory(sink->capacity);
  return sink->status;
}

int bscope_sink_init_stream(struct bscope_sink *sink, FILE *stream, const char *target) {
  int status = sink_init(sink, drain_out);
  sink->stream = stream;
  sink->target = target;
  return status;
}

int bscope_sink_init_fd(struct bscope_sink *sink, int fd, const char *target) {
  int status = sink_init(sink, drain_out);
  sink->fd = fd;
  sink->target = target;
  return status;
}

int bscope_sink_init_string(struct bscope_sink *sink) {
  return sink_init(sink, grow);
}

void bscope_sink_put_slowly(struct bscope_sink *sink, const char *bytes, size_t size) {
  while (size > 0) {
    size_t part = bscope_min_u64(size, sink->capacity - sink->used);
    memcpy(sink->bytes + sink->used, bytes, part);
    sink->used += part;
    bytes += part;
    size -= part;
    if (size == 0)
      return;
    if (sink->status == BSCOPE_OK)
      sink->status = sink->drain(sink);
    if (sink->status != BSCOPE_OK)
      sink->used = 0;
  }
}

char *bscope_sink_room_slowly(struct bscope_sink *sink) {
  if (sink->status == BSCOPE_OK)
    sink->status = sink->drain(sink);
  if (sink->status != BSCOPE_OK)
    sink->used = 0;
  return sink->bytes + sink->used;
}

int bscope_sink_finish(struct bscope_sink *sink) {
  if (sink->status == BSCOPE_OK && sink->drain == drain_out)
    sink->status = give_out(sink, true);
  return sink->status;
}

char *bscope_sink_take_string(struct bscope_sink *sink) {
  bscope_sink_put(sink, "", 1);
  if (sink->status != BSCOPE_OK)
    return NULL;
  char *string = realloc(sink->bytes, sink->used);
  if (!string)
    string = sink->bytes;
  sink->bytes = NULL;
  return string;
}

void bscope_sink_fini(struct bscope_sink *sink) {
  free(sink->bytes);
  sink->bytes = NULL;
}

static size_t count_digits(uint64_t number) {
  static const uint64_t powers[] = {
      0,
      UINT64_C(10),
      UINT64_C(100),
      UINT64_C(1000),
      UINT64_C(10000),
      UINT64_C(100000),
      UINT64_C(1000000),
      UINT64_C(10000000),
      UINT64_C(100000000),
      UINT64_C(1000000000),
      UINT64_C(10000000000),
      UINT64_C(100000000000),
      UINT64_C(1000000000000),
      UINT64_C(10000000000000),
      UINT64_C(100000000000000),
      UINT64_C(1000000000000000),
      UINT64_C(10000000000000000),
      UINT64_C(100000000000000000),
      UINT64_C(1000000000000000000),
      UINT64_C(10000000000000000000),
  };
  unsigned bits = 64 - (unsigned)__builtin_clzll(number | 1);
  unsigned least = bits * 1233 >> 12; /* bits * log10(2), rounded down */
  return least + (number >= powers[least]);
}

static void write_digits(char *end, uint64_t number) {
  static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                              "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                              "8081828384858687888990919293949596979899";
  for (; number >= 100; number /= 100)
    end = memcpy(end - 2, pairs + 2 * (number % 100), 2);
  if (number >= 10)
    memcpy(end - 2, pairs + 2 * number, 2);
  else
    end[-1] = (char)('0' + number);
}

void bscope_sink_put_number(struct bscope_sink *sink, uint64_t number) {
  char digits[DIGITS_MAX];
  size_t size = count_digits(number);
  if (bscope_likely(size <= sink->capacity - sink->used)) {
    sink->used += size;
    write_digits(sink->bytes + sink->used, number);
    return;
  }
  write_digits(digits + size, number);
  bscope_sink_put_slowly(sink, digits, size);
}
