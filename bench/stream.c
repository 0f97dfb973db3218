/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracking calls of the mixed stream: seven by name, seven by address.
 */
#include "stream.h"

#include "bench.h"

#include <borrowscope/borrowscope.h>

#include <pthread.h>
#include <stdlib.h>

struct bench_stream bench_stream_make(uint64_t seed) {
  struct bench_stream stream = {.random = seed * 0x9e3779b97f4a7c15u + 1};
  for (size_t i = 0; i < BENCH_BLOCKS; i++) {
    stream.blocks[i] = malloc(BENCH_BLOCK_SIZE << i % 4);
    if (!stream.blocks[i])
      abort();
  }
  for (size_t i = 0; i < BENCH_ACTIVE; i++)
    stream.at[i] = BENCH_WHATS;
  return stream;
}

void bench_stream_end(struct bench_stream *stream) {
  for (size_t i = 0; i < BENCH_BLOCKS; i++)
    free(stream->blocks[i]);
}

/* X(step, call): what is done to the named value, and to a block */
#define NAMED_STEPS(X)                                                                                                 \
  X(BENCH_NEW, bscope_track_new("count", *value))                                                                      \
  X(BENCH_BORROW, bscope_track_borrow("reader", value))                                                                \
  X(BENCH_BORROW_END, bscope_borrow_end("reader"))                                                                     \
  X(BENCH_BORROW_MUT, bscope_track_borrow_mut("writer", value))                                                        \
  X(BENCH_BORROW_MUT_END, bscope_borrow_end("writer"))                                                                 \
  X(BENCH_MOVE, bscope_track_move("count", "result", *value))                                                          \
  X(BENCH_DROP, bscope_track_drop("result"))
#define BLOCK_STEPS(X)                                                                                                 \
  X(BENCH_NEW, bscope_new_at("message", block, BENCH_BLOCK_SIZE))                                                      \
  X(BENCH_BORROW, bscope_borrow_at("view", block))                                                                     \
  X(BENCH_BORROW_END, bscope_borrow_end("view"))                                                                       \
  X(BENCH_BORROW_MUT, bscope_borrow_mut_at("edit", block))                                                             \
  X(BENCH_BORROW_MUT_END, bscope_borrow_end("edit"))                                                                   \
  X(BENCH_MOVE, bscope_move_at(block, "sent"))                                                                         \
  X(BENCH_DROP, drop_sent(block))

/* Whom a block was moved to drops it. */
static inline void drop_sent(char *sent) {
  bscope_drop_at(sent);
}

#define TRACK_STEP(step, call)                                                                                         \
  case step:                                                                                                           \
    (void)(call);                                                                                                      \
    break;
/* The marker keeps the compiler from making one case of all: they are as hard to predict as those that track. */
#define STORE_STEP(step, call)                                                                                         \
  case step:                                                                                                           \
    __asm__ volatile("# step %c0" ::"i"(__COUNTER__));                                                                 \
    bench_xadd_store(lane, (uint64_t)(uintptr_t)block, step);                                                          \
    break;

void bench_stream_track(struct bench_stream *stream, size_t events) {
  static __thread int number;
  int *value = &number;
  for (size_t i = 0; i < events; i++) {
    struct bench_step step = bench_stream_next(stream);
    char *block = step.block;
    if (block) {
      switch (step.what) { BLOCK_STEPS(TRACK_STEP) default : break; }
    } else {
      switch (step.what) { NAMED_STEPS(TRACK_STEP) default : break; }
    }
  }
}

void bench_stream_store(struct bench_stream *stream, struct bench_lane *lane, size_t events) {
  for (size_t i = 0; i < events; i++) {
    struct bench_step step = bench_stream_next(stream);
    char *block = step.block;
    if (block) {
      switch (step.what) { BLOCK_STEPS(STORE_STEP) default : break; }
    } else {
      switch (step.what) { NAMED_STEPS(STORE_STEP) default : break; }
    }
  }
}

int bench_four_threads(void *(*work)(void *argument), void *argument) {
  pthread_t threads[4];
  int started = 0;
  while (started < 4 && pthread_create(&threads[started], NULL, work, argument) == 0)
    started++;
  for (int i = 0; i < started; i++)
    pthread_join(threads[i], NULL);
  return started == 4 ? 0 : -1;
}

struct share {
  size_t events;
  unsigned taken; /* atomic: threads that have begun, each with a part and a seed of its own */
};

static void *track_share(void *argument) {
  struct share *share = argument;
  unsigned part = __atomic_fetch_add(&share->taken, 1, __ATOMIC_RELAXED);
  struct bench_stream stream = bench_stream_make(part + 1);
  bench_stream_track(&stream, share->events / 4 + (part < share->events % 4));
  bench_stream_end(&stream);
  return NULL;
}

int bench_stream_fill_log(size_t events) {
  struct share share = {.events = events};
  bench_fresh();
  int status = bench_four_threads(track_share, &share);
  bscope_flush();
  return status;
}
