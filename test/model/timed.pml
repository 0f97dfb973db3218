/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock=tsc: threads that stamp their events with a clock and publish them, and learn of each other's through memory;
 * a drainer that reads the clock, has all pass a barrier, looks into the rings one after the other, and gives positions
 * to what is below the time that it read.
 *
 * Checks, whatever the interleaving: an event that happens before another one gets the lower position; each event gets
 * one position, and those that were published when a turn began get theirs in that turn. README.md names the function behind each step.
 *
 * Stores become visible in their thread's order, some time after they are made (`made` and `seen_by_all` are counts of
 * them); the barrier makes all visible that were made. What a thread knows when it stamps an event is a vector: how
 * many events of each thread happened before.
 */
#ifndef THREADS
#define THREADS 2
#endif
#ifndef EVENTS
#define EVENTS 2 /* a thread */
#endif
#ifndef TURNS
#define TURNS 2 /* of the drainer while threads live; one more when all have ended */
#endif
#define ALL (THREADS * EVENTS)
#define AT(t, n) ((t) * EVENTS + (n))

byte now;                   /* the clock: each reading is later than the one before */
byte made[THREADS];         /* events published, in the thread's own eyes */
byte seen_by_all[THREADS];  /* and in memory */
byte stamp[ALL];
byte position[ALL];         /* + 1; 0: not merged yet */
byte known[THREADS * THREADS];   /* what thread t knows of thread u */
byte before[ALL * THREADS];      /* what was known when an event was stamped */
byte positions;
byte ended;
byte taken[THREADS];        /* the drainer's: events merged of each thread */

#define NEXT_TIME(t) d_step { t = now; now++ }

/* The drainer reads the clock; what has been published by now is what its turn owes to whoever asks. */
inline read_bound(u) {
  d_step {
    bound = now;
    now++;
    u = 0;
    do
    :: u < THREADS -> owed[u] = made[u]; u++
    :: else -> break
    od;
    u = 0
  }
}

/* Thread `me` learns what thread `u` has published, and all that u knew when it did. */
inline learn(u, k, v) {
  d_step {
    k = seen_by_all[u];
    if
    :: k > known[me * THREADS + u] ->
       known[me * THREADS + u] = k;
       v = 0;
       do
       :: v < THREADS ->
          if
          :: v != me && before[AT(u, k - 1) * THREADS + v] > known[me * THREADS + v] ->
             known[me * THREADS + v] = before[AT(u, k - 1) * THREADS + v]
          :: else
          fi;
          v++
       :: else -> break
       od
    :: else
    fi;
    k = 0;
    v = 0
  }
}

/* From here on the event's call is under way: it happens after all that is known now. */
inline begin_event(n, v) {
  d_step {
    v = 0;
    do
    :: v < THREADS -> before[AT(me, n) * THREADS + v] = known[me * THREADS + v]; v++
    :: else -> break
    od;
    v = 0
  }
}

proctype thread(byte me) {
  byte n, k, v, t;
  do
  :: n < EVENTS ->
#ifdef BUG_STAMP_EARLY
     NEXT_TIME(t);
#endif
     if
     :: learn((me + 1) % THREADS, k, v)
     :: skip
     fi;
     begin_event(n, v);
#ifndef BUG_STAMP_EARLY
     NEXT_TIME(t);
#endif
     stamp[AT(me, n)] = t;
     d_step { n++; made[me] = n; known[me * THREADS + me] = n }
  :: else -> break
  od;
  ended++
}

/* Stores leave a thread's buffer whenever they like. */
active proctype memory() {
  byte t;
end:
  do
  :: atomic { seen_by_all[0] < made[0] -> seen_by_all[0]++ }
  :: atomic { seen_by_all[1] < made[1] -> seen_by_all[1]++ }
#if THREADS > 2
  :: atomic { seen_by_all[2] < made[2] -> seen_by_all[2]++ }
#endif
  od
}

/* Merges what was found in rings up to `found`, below the bound, by time. */
inline merge(best, t) {
  d_step {
    t = 0;
    do
    :: t = 0; best = THREADS;
       do
       :: t < THREADS ->
          if
          :: taken[t] < found[t] && (any || stamp[AT(t, taken[t])] < bound) &&
             (best == THREADS || stamp[AT(t, taken[t])] < stamp[AT(best, taken[best])]) -> best = t
          :: else
          fi;
          t++
       :: else -> break
       od;
       if
       :: best == THREADS -> break
       :: else ->
          assert(position[AT(best, taken[best])] == 0);
          positions++;
          position[AT(best, taken[best])] = positions;
          taken[best]++
       fi
    od;
    best = 0;
    t = 0
  }
}

active proctype drainer() {
  byte turn, t, best, bound;
  byte found[THREADS], owed[THREADS];
  bool last, any;
#ifdef BUG_BOUND_ANY
  any = true;
#endif
  do
  :: last -> break
  :: else ->
     last = (turn == TURNS);
     if
     :: last -> ended == THREADS
     :: else
     fi;
#ifdef BUG_CLOCK_LATE
     t = 0;
     do
     :: t < THREADS -> found[t] = seen_by_all[t]; t++
     :: else -> break
     od;
     skip;
     read_bound(best);
#else
     read_bound(best);
#ifndef BUG_NO_BARRIER
     t = 0;
     do
     :: t < THREADS -> seen_by_all[t] = made[t]; t++
     :: else -> break
     od;
#endif
     t = 0;
     do
     :: t < THREADS -> found[t] = seen_by_all[t]; t++
     :: else -> break
     od;
#endif
     skip;
     merge(best, t);
     d_step {
       t = 0;
       do
       :: t < THREADS -> assert(taken[t] >= owed[t]); t++
       :: else -> break
       od;
       t = 0
     }
     turn++
  od;
  skip;
  d_step {
    byte e, v, k;
    assert(positions == ALL);
    e = 0;
    do
    :: e < ALL ->
       v = 0;
       do
       :: v < THREADS ->
          k = 0;
          do
          :: k < before[e * THREADS + v] -> assert(position[AT(v, k)] < position[e]); k++
          :: else -> break
          od;
          v++
       :: else -> break
       od;
       e++
    :: else -> break
    od
  }
}

init {
  atomic {
    run thread(0);
    run thread(1)
#if THREADS > 2
    ;
    run thread(2)
#endif
  }
}
