/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures all ways of recording in turns, repetition by repetition, on one thread and on two at once, and writes the
 * results as Google Benchmark does. A figure is wall time divided by the events of all threads.
 *
 * The same two threads do all of the work. Before a round each records a few events unmeasured, then they meet in a
 * spinning barrier; a round lasts from the first one's begin to the last one's end.
 *
 * usage: borrowscope_peers [REPETITIONS] > run.json
 */
#include "peers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { REPETITIONS_MOST = 100, WARM_EVENTS = 64 };

static const struct peer *const peers[] = {&peer_floor, &peer_ours_room, &peer_ours, &peer_lttng, &peer_mutex_array};
enum { PEERS = sizeof(peers) / sizeof(peers[0]) };

static const struct peer *now_measured; /* this and the next: constant while a round runs */
static unsigned threads_wanted;
static unsigned arrived; /* atomic: at the spinning barrier */
static double begins[PEERS_THREADS_MOST], ends[PEERS_THREADS_MOST];
static pthread_barrier_t round_begins, round_ends;

static double results[PEERS][PEERS_THREADS_MOST][REPETITIONS_MOST]; /* ns an event */

static double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void *work(void *argument) {
  unsigned me = *(unsigned *)argument;
  for (;;) {
    pthread_barrier_wait(&round_begins);
    if (!now_measured)
      return NULL;
    if (me < threads_wanted) {
      now_measured->record(WARM_EVENTS);
      /* Release and acquire, each with the other threads': nobody begins before all are here. */
      __atomic_fetch_add(&arrived, 1, __ATOMIC_RELEASE);
      while (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) < threads_wanted)
        continue;
      begins[me] = now_ns();
      now_measured->record(now_measured->events);
      ends[me] = now_ns();
    }
    pthread_barrier_wait(&round_ends);
  }
}

/* One round's wall time in ns. */
static double run_round(const struct peer *peer, unsigned threads) {
  now_measured = peer;
  threads_wanted = threads;
  arrived = 0;
  pthread_barrier_wait(&round_begins);
  pthread_barrier_wait(&round_ends);
  double begin = begins[0], end = ends[0];
  for (unsigned i = 1; i < threads; i++) {
    begin = begins[i] < begin ? begins[i] : begin;
    end = ends[i] > end ? ends[i] : end;
  }
  if (peer->settle)
    peer->settle();
  return end - begin;
}

/* Several short rounds are as many events as a long one. */
static double measure(const struct peer *peer, unsigned threads) {
  uint64_t rounds = PEERS_EVENTS / peer->events;
  double sum = 0;
  for (uint64_t i = 0; i < rounds; i++)
    sum += run_round(peer, threads);
  return sum / (double)(PEERS_EVENTS * threads);
}

static const char *why_missing(const struct peer *peer) {
  return peer->missing ? peer->missing() : NULL;
}

static void measure_all(unsigned repetitions) {
  for (unsigned r = 0; r <= repetitions; r++) { /* the first one warms up */
    for (unsigned p = 0; p < PEERS; p++)
      for (unsigned threads = 1; threads <= PEERS_THREADS_MOST && !why_missing(peers[p]); threads++)
        results[p][threads - 1][r ? r - 1 : 0] = measure(peers[p], threads);
  }
}

static void write_rows(unsigned repetitions) {
  const char *comma = "";
  for (unsigned p = 0; p < PEERS; p++)
    for (unsigned t = 0; t < PEERS_THREADS_MOST && !why_missing(peers[p]); t++)
      for (unsigned r = 0; r < repetitions; r++, comma = ",")
        printf("%s\n    {\"name\": \"peers/%s/real_time/threads:%u\", \"run_name\": \"peers/%s/real_time/threads:%u\", "
               "\"run_type\": \"iteration\", \"real_time\": %.4f, \"time_unit\": \"ns\"}",
               comma, peers[p]->name, t + 1, peers[p]->name, t + 1, results[p][t][r]);
}

/* The reasons stand in the context: no reason has a character that JSON would want escaped. */
static void write_json(unsigned repetitions) {
  const char *comma = "";
  printf("{\n  \"context\": {");
  for (unsigned p = 0; p < PEERS; p++)
    if (why_missing(peers[p])) {
      printf("%s\"peers/%s\": \"%s\"", comma, peers[p]->name, why_missing(peers[p]));
      comma = ", ";
    }
  printf("},\n  \"benchmarks\": [");
  write_rows(repetitions);
  printf("\n  ]\n}\n");
}

int main(int argc, char **argv) {
  pthread_t threads[PEERS_THREADS_MOST];
  unsigned numbers[PEERS_THREADS_MOST];
  unsigned long repetitions = argc > 1 ? strtoul(argv[1], NULL, 10) : 7;
  if (argc > 2 || repetitions < 1 || repetitions > REPETITIONS_MOST) {
    fprintf(stderr, "usage: borrowscope_peers [REPETITIONS] > run.json\n");
    return 2;
  }
  pthread_barrier_init(&round_begins, NULL, PEERS_THREADS_MOST + 1);
  pthread_barrier_init(&round_ends, NULL, PEERS_THREADS_MOST + 1);
  for (unsigned i = 0; i < PEERS_THREADS_MOST; i++) {
    numbers[i] = i;
    if (pthread_create(&threads[i], NULL, work, &numbers[i]) != 0)
      return 1;
  }
  measure_all((unsigned)repetitions);
  write_json((unsigned)repetitions);
  now_measured = NULL; /* the workers end */
  pthread_barrier_wait(&round_begins);
  for (unsigned i = 0; i < PEERS_THREADS_MOST; i++)
    pthread_join(threads[i], NULL);
  return fflush(stdout) == 0 ? 0 : 1;
}
