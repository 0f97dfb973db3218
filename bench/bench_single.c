/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One tracking call: with room in the ring and the collector running (single/), at full rate with the collector
 * keeping up beside it (sustained/), and switched off at run time (off/).
 */
#include "bench.h"

#include <borrowscope/borrowscope.h>

static int value;
static char block[64];

/* X(name, call): the five core operations by name, the forms by address */
#define OPERATIONS(X)                                                                                                  \
  X(new, bscope_track_new("x", value))                                                                                 \
  X(borrow, bscope_track_borrow("r", &value))                                                                          \
  X(borrow_mut, bscope_track_borrow_mut("m", &value))                                                                  \
  X(move, bscope_track_move("x", "y", value))                                                                          \
  X(drop, bscope_track_drop("x"))                                                                                      \
  X(new_at, bscope_new_at("b", block, sizeof(block)))                                                                  \
  X(borrow_at, bscope_borrow_at("r", block))                                                                           \
  X(borrow_mut_at, bscope_borrow_mut_at("m", block))                                                                   \
  X(borrow_end, bscope_borrow_end("r"))                                                                                \
  X(move_at, bscope_move_at(block, "c"))                                                                               \
  X(drop_at, bscope_drop_at(block))                                                                                    \
  X(use_at, bscope_use_at(block, "b"))

#define SINGLE(name, call)                                                                                             \
  static void single_##name(struct bench_state *state) {                                                               \
    BENCH_SETTLED(state) {                                                                                             \
      (void)(call);                                                                                                    \
    }                                                                                                                  \
    bench_check_whole(state);                                                                                          \
  }
OPERATIONS(SINGLE)

/* The exported function that other languages call. */
static void single_emit(struct bench_state *state) {
  const struct bscope_site_info info = {.size = sizeof(info),
                                        .kind = BSCOPE_KIND_BORROW,
                                        .object_is = BSCOPE_WORD_ADDRESS,
                                        .flags = BSCOPE_SITE_BY_ADDRESS,
                                        .name = "r",
                                        .file = __FILE__,
                                        .line = __LINE__};
  const struct bscope_site *site = bscope_site_intern(&info);
  if (!site) {
    bench_fail(state, bscope_last_error());
    return;
  }
  BENCH_SETTLED(state) {
    bscope_emit(site, 0, (uint64_t)(uintptr_t)block);
  }
  bench_check_whole(state);
}

static void sustained_new(struct bench_state *state) {
  BENCH_SUSTAINED(state) {
    bscope_track_new("x", value);
  }
  bench_check_whole(state);
}

static void sustained_borrow_at(struct bench_state *state) {
  BENCH_SUSTAINED(state) {
    bscope_borrow_at("r", block);
  }
  bench_check_whole(state);
}

/* Two at once, at full rate: what the shared counter costs when its cache line moves, draining included. */
static void contended_new(struct bench_state *state) {
  uint64_t events = 0;
  while (bench_keep_running(state, BENCH_BATCH)) {
    for (int i = 0; i < BENCH_BATCH; i++)
      bscope_track_new("x", value);
    if (bench_thread(state) == 0)
      bench_trim(state, &events, BENCH_BATCH);
  }
}

static void off_new(struct bench_state *state) {
  bscope_enable(false);
  while (bench_keep_running(state, BENCH_BATCH)) {
    for (int i = 0; i < BENCH_BATCH; i++) {
      bscope_track_new("x", value);
      __asm__ volatile("" ::: "memory");
    }
  }
  bscope_enable(true);
}

void bench_register_single(void) {
#define ROW(operation, call) {.name = "single/" #operation, .run = single_##operation},
  static const struct bench_case rows[] = {
      OPERATIONS(ROW){.name = "single/emit", .run = single_emit},
      {.name = "sustained/new", .run = sustained_new, .clock = BENCH_WALL},
      {.name = "sustained/borrow_at", .run = sustained_borrow_at, .clock = BENCH_WALL},
      {.name = "contended/new", .run = contended_new, .threads = 2, .clock = BENCH_WALL},
      {.name = "off/new", .run = off_new},
  };
  bench_register(rows, sizeof(rows) / sizeof(rows[0]));
}
