/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that come, write, drain, stop for good and end, and a drainer that has to tell a late stamp from a lost one.
 *
 * Checks: a stamp declared lost is one whose write was abandoned, and never arrives later; an event passed as OPEN
 * arrives all the same; when all threads have ended and a last turn is made, everything published is in the log.
 * A ring is one slot here, with its stamp (ring.pml has the slots). README.md names the functions.
 */
#ifndef THREADS
#define THREADS 2
#endif
#ifndef WRITES
#define WRITES 2
#endif
#ifndef TURNS
#define TURNS 1 /* of the drainer while threads run; one more when all have ended */
#endif
#define STAMPS (THREADS * WRITES)
#define NOBODY THREADS

byte clock;
/* The registry: newest first. */
byte list = NOBODY;
byte next[THREADS];
/* A thread's control block. busy: 0 idle, 1 draining (no stamp is open), 2 a write. */
byte busy[THREADS], nesting[THREADS];
bool gone[THREADS];    /* the kernel has no such thread */
/* A thread's rings: stamps published and not yet drained. */
bool ready[STAMPS];
byte thread_of[STAMPS];

#define TAKEN 1
#define PUBLISHED 2
#define ABANDONED 3
byte fate[STAMPS];
#define PLACED 1
#define LOST 2
#define OPEN 3
byte known[STAMPS];
byte ended;

inline take_stamp(s, me) {
  d_step {
    s = clock;
    clock++;
    fate[s] = TAKEN;
    thread_of[s] = me
  }
}

inline publish(s) {
  d_step {
    ready[s] = true;
    fate[s] = PUBLISHED;
    s = 0
  }
}

proctype thread(byte me) {
  byte n, s;
  /* bscope_thread_attach */
  do
  :: atomic {
       s = list;
       next[me] = s
     }
     if
     :: d_step { list == s -> list = me } -> break
     :: else
     fi
  od;
  s = 0;
  do
  :: n < WRITES ->
     n++;
     if
     :: true -> /* bscope_record_slot_ */
#ifndef BUG_NO_BUSY
        busy[me] = 2;
#endif
        take_stamp(s, me);
        if
        :: true
        :: me == 0 -> /* cancelled in the middle */
           d_step { fate[s] = ABANDONED; s = 0 }
           break
        fi;
#ifdef BUG_BUSY_EARLY
        busy[me] = 0;
#endif
        publish(s);
        busy[me] = 0
     :: me == 1 -> /* bscope_nested_write under make_room or a guard */
        busy[me] = 1;
        nesting[me] = nesting[me] + 1;
        take_stamp(s, me);
        publish(s);
        nesting[me] = nesting[me] - 1;
        busy[me] = 0
     fi
  :: else -> break
  od;
  s = 0;
  d_step {
    gone[me] = true;
    ended++
  }
}

/* drain_all: what stands in the rings of the threads on the list. */
inline drain(t, s) {
  t = list;
  do
  :: t != NOBODY ->
     atomic {
       s = 0;
       do
       :: s < STAMPS ->
          if
          :: ready[s] && thread_of[s] == t ->
             ready[s] = false;
             assert(known[s] == 0 || known[s] == OPEN);
             known[s] = PLACED
          :: else
          fi;
          s++
       :: else -> break
       od;
       s = 0;
       t = next[t]
     }
  :: else -> break
  od;
  t = 0
}

#ifdef BUG_NESTED_IDLE
#define IS_IDLE(t) (busy[t] <= 1)
#else
#define IS_IDLE(t) (busy[t] == 0 || (busy[t] == 1 && nesting[t] == 0))
#endif

/* scan_threads */
inline scan(t, idle, head) {
  idle = true;
  t = head;
  do
  :: t != NOBODY ->
     atomic {
       idle = idle && IS_IDLE(t);
       t = next[t]
     }
  :: else -> break
  od;
  t = 0
}

/* rest_is_dead */
inline ask_kernel(t, dead) {
  dead = true;
  t = list;
  do
  :: atomic { t != NOBODY ->
       dead = dead && (IS_IDLE(t) || gone[t]);
       t = next[t]
     }
  :: else -> break
  od;
  t = 0
}

inline settle(C, s, to) {
  d_step {
    s = 0;
    do
    :: s < C ->
       if
       :: known[s] == 0 || (known[s] == OPEN && to == LOST) ->
          assert(to == OPEN || fate[s] == ABANDONED);
          known[s] = to
       :: else
       fi;
       s++
    :: else -> break
    od;
    s = 0
  }
}

/* bscope_retire_threads: one that is gone and drained */
inline retire(t, s) {
  atomic {
    t = list;
    do
    :: t != NOBODY ->
       s = 0;
#ifndef BUG_RETIRE_UNDRAINED
       do
       :: s < STAMPS && !(ready[s] && thread_of[s] == t) -> s++
       :: else -> break
       od;
       s = (s == STAMPS -> 0 : 1);
#endif
       if
       :: gone[t] && s == 0 && list == t -> list = next[t]
       :: else
       fi;
       t = next[t]
    :: else -> break
    od;
    s = 0;
    t = 0
  }
}

proctype drainer() {
  byte C, t, s, head, turns;
  bool idle, dead, last;
  do
  :: atomic { turns < TURNS || ended == THREADS ->
     last = (ended == THREADS);
     turns++ }
#ifdef BUG_LIST_FIRST
     head = list;
#endif
#if !defined(BUG_CLOCK_LATE)
     C = clock; /* (i) */
#endif
#ifndef BUG_LIST_FIRST
     head = list; /* (ii) */
#endif
     scan(t, idle, head); /* (iii) */
#ifdef BUG_CLOCK_LATE
     C = clock;
#endif
     head = 0;
     drain(t, s); /* (iv) */
     if
     :: idle -> dead = false
     :: else -> ask_kernel(t, dead)
     fi;
     if
     :: idle -> settle(C, s, LOST)
     :: dead && !idle ->
#ifndef BUG_DEAD_NOT_DRAINED
        drain(t, s);
#endif
        settle(C, s, LOST)
     :: else ->
        if
        :: settle(C, s, OPEN)
        :: skip
        fi
     fi;
     retire(t, s);
     d_step {
       C = 0;
       idle = false;
       dead = false
     }
     if
     :: last -> break
     :: else
     fi
  od;
  s = 0;
  d_step {
    do
    :: s < clock ->
       assert(known[s] == (fate[s] == PUBLISHED -> PLACED : LOST));
       s++
    :: else -> break
    od
  }
}

init {
  atomic {
    run thread(0);
    run thread(1);
#if THREADS > 2
    run thread(2);
#endif
    run drainer()
  }
}
