/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an export's bytes go: 64 KiB are gathered, then handed to a stream or a file descriptor; or all of them are
 * kept as one string. A put is a bounds check and a copy. The first failure sticks: what follows is thrown away, and
 * the writer asks once, at the end or now and then.
 */
#ifndef BSCOPE_EXPORT_SINK_H
#define BSCOPE_EXPORT_SINK_H

#include "base/util.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BSCOPE_SINK_SIZE (64u << 10)

struct bscope_sink {
  char *bytes;
  size_t used;
  size_t capacity;
  int status;                             /* 0 or what failed first (the message is set) */
  const char *target;                     /* what messages call it; borrowed */
  int (*drain)(struct bscope_sink *sink); /* makes room: gives the bytes out, or grows */
  FILE *stream;
  int fd;
};

/* 0 or BSCOPE_ERR_NO_MEMORY. Stream and descriptor are the caller's and stay open. */
int bscope_sink_init_stream(struct bscope_sink *sink, FILE *stream, const char *target);
int bscope_sink_init_fd(struct bscope_sink *sink, int fd, const char *target);
int bscope_sink_init_string(struct bscope_sink *sink);

/* Hands on what is left, and flushes a stream: the sink's status. */
int bscope_sink_finish(struct bscope_sink *sink);

/* The string of a string sink: owned, for free(). NULL: sink->status says why. */
char *bscope_sink_take_string(struct bscope_sink *sink);

void bscope_sink_fini(struct bscope_sink *sink);

/* The way of a put that does not fit. */
void bscope_sink_put_slowly(struct bscope_sink *sink, const char *bytes, size_t size);

static inline void bscope_sink_put(struct bscope_sink *sink, const char *bytes, size_t size) {
  if (bscope_unlikely(size > sink->capacity - sink->used)) {
    bscope_sink_put_slowly(sink, bytes, size);
    return;
  }
  memcpy(sink->bytes + sink->used, bytes, size);
  sink->used += size;
}

/* A string constant. */
#define bscope_sink_put_literal(sink, literal) bscope_sink_put((sink), (literal), sizeof(literal) - 1)

/*
 * The same for short bytes that lie in a longer place: `padded`, a constant, of them may be read, so that the copy is a
 * few moves and no call.
 */
static inline void bscope_sink_put_padded(struct bscope_sink *sink, const char *bytes, size_t size, size_t padded) {
  if (bscope_unlikely(padded > sink->capacity - sink->used)) {
    bscope_sink_put_slowly(sink, bytes, size);
    return;
  }
  memcpy(sink->bytes + sink->used, bytes, padded);
  sink->used += size;
}

/*
 * `size` bytes (at most half of BSCOPE_SINK_SIZE) that lie together, for the caller to write as many of as it likes and
 * to say so with bscope_sink_wrote. What fails sticks, and the room is there all the same.
 */
char *bscope_sink_room_slowly(struct bscope_sink *sink);

static inline char *bscope_sink_room(struct bscope_sink *sink, size_t size) {
  if (bscope_unlikely(size > sink->capacity - sink->used))
    return bscope_sink_room_slowly(sink);
  return sink->bytes + sink->used;
}

static inline void bscope_sink_wrote(struct bscope_sink *sink, const char *end) {
  sink->used = (size_t)(end - sink->bytes);
}

/* A number in decimal. */
void bscope_sink_put_number(struct bscope_sink *sink, uint64_t number);

#endif
