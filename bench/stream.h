/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mixed stream: what a program's tracking looks like when values are created, borrowed, moved and dropped, by
 * name and by address. The same seed gives the same stream. Used wherever a benchmark says "mixed".
 *
 * Each stream follows a named value and a few blocks of memory, in an order that a generator of random numbers picks;
 * every value goes through the same seven steps, so the events fit together wherever the stream is cut.
 */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include <stddef.h>
#include <stdint.h>

enum bench_what {
  BENCH_NEW,
  BENCH_BORROW,
  BENCH_BORROW_END,
  BENCH_BORROW_MUT,
  BENCH_BORROW_MUT_END,
  BENCH_MOVE,
  BENCH_DROP,
  BENCH_WHATS
};

/* One step: what happens, to a block or (NULL) to the value that has a name only. */
struct bench_step {
  enum bench_what what;
  char *block;
};

enum { BENCH_BLOCKS = 256, BENCH_ACTIVE = 4, BENCH_BLOCK_SIZE = 64 };

struct bench_stream {
  uint64_t random;
  char *blocks[BENCH_BLOCKS]; /* from malloc, of several sizes; used in turn, as an allocator would give them out */
  uint32_t next_block;
  char *active[BENCH_ACTIVE]; /* [0] is the named value: NULL */
  uint8_t at[BENCH_ACTIVE];   /* the step that comes next */
};

struct bench_stream bench_stream_make(uint64_t seed);
void bench_stream_end(struct bench_stream *stream);

/* Knuth's generator (MMIX); its upper bits are the random ones. */
static inline uint64_t bench_random(uint64_t before) {
  return before * 6364136223846793005u + 1442695040888963407u;
}

static inline struct bench_step bench_stream_next(struct bench_stream *stream) {
  stream->random = bench_random(stream->random);
  uint32_t who = (uint32_t)(stream->random >> 62); /* 0 to BENCH_ACTIVE - 1 */
  if (stream->at[who] == BENCH_WHATS) {
    stream->at[who] = BENCH_NEW;
    if (who != 0)
      stream->active[who] = stream->blocks[stream->next_block++ % BENCH_BLOCKS];
  }
  return (struct bench_step){(enum bench_what)stream->at[who]++, stream->active[who]};
}

/* Tracks the next `events` steps. */
void bench_stream_track(struct bench_stream *stream, size_t events);

/* The same steps with a bare store in place of each tracking call. */
struct bench_lane;
void bench_stream_store(struct bench_stream *stream, struct bench_lane *lane, size_t events);

/* A fresh log that holds `events` mixed events made by four threads. 0, or -1 without threads. */
int bench_stream_fill_log(size_t events);

/* Runs `work` on four threads at once and waits for them. 0, or -1 when they can't be started. */
int bench_four_threads(void *(*work)(void *argument), void *argument);

#endif
