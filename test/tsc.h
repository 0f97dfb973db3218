/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests with clock=tsc. With BSCOPE_TEST_TSC=1 the option is to be had whatever the kernel keeps time by, so that it is
 * tested on such machines too; where the kernel does not vouch for the counter, the test looks for itself whether one
 * processor's stands behind another's, and is skipped then, as it is where there is no such counter.
 */
#ifndef BSCOPE_TEST_TSC_H
#define BSCOPE_TEST_TSC_H

#include "base/tsc.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TEST_SKIPPED 77

static inline bool test_has_tsc(void) {
  return getenv("BSCOPE_TEST_TSC") != NULL;
}

struct test_warp {
  pthread_mutex_t lock;
  uint64_t last, back;
};

static inline void *test_look_for_warp(void *argument) {
  struct test_warp *warp = argument;
  for (int i = 0; i < 5000; i++) {
    pthread_mutex_lock(&warp->lock);
    uint64_t now = bscope_tsc();
    warp->back += now < warp->last;
    warp->last = now;
    pthread_mutex_unlock(&warp->lock);
  }
  return NULL;
}

static inline bool test_tsc_warps(void) {
  struct test_warp warp = {.lock = PTHREAD_MUTEX_INITIALIZER};
  pthread_t threads[4];
  unsigned count = 0;
  while (count < 4 && pthread_create(&threads[count], NULL, test_look_for_warp, &warp) == 0)
    count++;
  while (count > 0)
    pthread_join(threads[--count], NULL);
  return warp.back > 0;
}

/* Before the library reads its environment. */
static __attribute__((constructor(101), used)) void test_trust_tsc(void) {
  if (!test_has_tsc())
    return;
  bool vouched = bscope_tsc_refusal() == NULL;
  bscope_tsc_test_trust(true);
  const char *refusal = bscope_tsc_refusal();
  if (!refusal && (vouched || !test_tsc_warps()))
    return;
  printf("skipped: %s\n", refusal ? refusal : "the counters of two processors differ");
  fflush(stdout);
  _exit(TEST_SKIPPED);
}

#endif
