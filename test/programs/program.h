/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs of this directory share: steps that threads take in turn, so that each run records the same order.
 */
#ifndef BSCOPE_TEST_PROGRAM_H
#define BSCOPE_TEST_PROGRAM_H

#include <borrowscope/borrowscope.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t step_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t step_taken = PTHREAD_COND_INITIALIZER;
static int steps_done;

/* Waits until `count` steps were taken. */
__attribute__((unused)) static void wait_for_step(int count) {
  pthread_mutex_lock(&step_lock);
  while (steps_done < count)
    pthread_cond_wait(&step_taken, &step_lock);
  pthread_mutex_unlock(&step_lock);
}

/* Takes the next step. */
__attribute__((unused)) static void take_step(void) {
  pthread_mutex_lock(&step_lock);
  steps_done++;
  pthread_cond_broadcast(&step_taken);
  pthread_mutex_unlock(&step_lock);
}

/* Runs `work` on a thread of its own, to its end. */
__attribute__((unused)) static void on_a_thread(void *(*work)(void *), void *argument) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, work, argument) != 0)
    abort();
  pthread_join(thread, NULL);
}

#endif
