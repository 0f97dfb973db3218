/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread, two signal handlers that interrupt it (and each other) at any step, and one drainer.
 *
 * Checks, whatever the interleaving: a slot that is read is whole; each published event reaches the log once; a stamp is
 * declared lost only if its write was abandoned, and nothing arrives under it later; at the end every call is
 * accounted for. README.md names the function behind each step.
 *
 * A handler runs to its end while what it interrupted stands still: `level` says who runs, and each process has a
 * `provided` clause. A handler may end with a jump to the thread's outermost frame, which abandons every call below it.
 * Events take one slot or two (an event's own slot and a MORE slot). Sequentially consistent: the memory orders
 * are the business of ring.cc.
 */
#ifndef SIZE
#define SIZE 2 /* slots of the main ring */
#endif
#define NSIZE 2  /* slots of the nested ring */
#ifndef TURNS
#define TURNS 1 /* of the drainer while the thread lives; one more when it has ended */
#endif
#ifndef BASE_CALLS
#define BASE_CALLS 2
#endif
#ifndef H1_CALLS
#define H1_CALLS 1
#endif
#define CALLS (BASE_CALLS + H1_CALLS + 1)

#define IDLE 0
#define DRAINING 1
#define FRAME(level) (2 + (level)) /* a stack pointer: the deeper the level, the lower the address */

#define EVENT 1
#define VOID 2
#define MORE 3

typedef slot {
  byte index;
  byte stamp;
  byte site;
  byte word /* of the event: its stamp + 1 */
};

/* The control block, the rings, the clock. */
byte clock, busy, nesting, head, limit = SIZE / 2;
slot ring[SIZE + NSIZE]; /* the main ring's slots, then the nested ring's */
#define MAIN(i) ring[(i) % SIZE]
#define NEST(i) ring[SIZE + (i) % NSIZE]
byte main_tail;
byte nest_tail, nest_head, nest_taken;
byte dropped;

/* The machine: who runs, whether signals are blocked, a jump under way, the thread's end. */
byte level;
bool blocked, jump, gone, unwind1;

/* What really happened, for the assertions alone. */
#define TAKEN 1
#define PUBLISHED 2
#define ABANDONED 3
byte fate[CALLS];  /* of each stamp */
byte slots_of[CALLS];
byte calls;        /* calls begun */
byte unstamped;    /* calls abandoned before their stamp */
byte call_at[3];      /* at each level: 0 no call, 1 a call without a stamp, 2 + stamp */

/* What the drainer knows: 0 nothing yet, or one of these, for each stamp. */
#define PLACED 1
#define LOST 2
#define OPEN 3
byte known[CALLS];

#ifndef LONG_AT
#define LONG_AT 0 /* the level whose events may take two slots */
#endif

inline begin_call(L, n) {
  atomic {
    calls++;
    call_at[L] = 1;
    if
    :: n = 1
    :: L == LONG_AT -> n = 2
    fi
  }
}

inline take_stamp(L, s, n) {
  d_step {
    s = clock;
    clock++;
    fate[s] = TAKEN;
    slots_of[s] = n;
    call_at[L] = 2 + s
  }
}

inline publish(at, h, L, s) {
  d_step {
    ring[at].index = h + 1;
    fate[s] = PUBLISHED;
    call_at[L] = 0
  }
}

inline fill(at, s) {
  ring[at].stamp = s;
  d_step {
    ring[at].word = s + 1;
    ring[at].site = EVENT
  }
}

/* bscope_write_slots */
inline write_slots(at0, at1, h, n, L, s) {
  take_stamp(L, s, n);
#ifdef BUG_MORE_LAST
  fill(at0, s);
  ring[at0].index = h + 1;
#endif
  if
  :: n == 2 ->
     ring[at1].site = MORE;
     ring[at1].index = h + 2
  :: else
  fi;
  fill(at0, s);
  publish(at0, h, L, s)
}

#define ROOM(n) (SIZE - (head - main_tail) >= n)

/* void_unpublished */
inline void_main(i) {
  i = main_tail;
  do
  :: i < head ->
     if
     :: MAIN(i).index != i + 1 ->
        MAIN(i).site = VOID;
        MAIN(i).index = i + 1
     :: else
     fi;
     i++
  :: else -> break
  od
}

/* bscope_nested_forget */
inline forget(i, t) {
  if
  :: nesting != 0 ->
     d_step {
       i = nest_tail;
       t = nest_head
     }
     do
     :: i < t ->
        if
        :: NEST(i).index != i + 1 ->
           NEST(i).site = VOID;
           NEST(i).index = i + 1
        :: else
        fi;
        i++
     :: else -> break
     od;
     nesting = 0
  :: else
  fi
}

/* bscope_nested_heal, once it is allowed */
inline heal(L, i, t) {
#ifdef BUG_VOID_LATE
  busy = IDLE;
#endif
  forget(i, t);
#ifdef BUG_HEAL_STOPS
  i = head;
  do
  :: i > main_tail && MAIN(i - 1).index != i ->
     MAIN(i - 1).site = VOID;
     MAIN(i - 1).index = i;
     i--
  :: else -> break
  od;
#else
  void_main(i);
#endif
  busy = IDLE
}

/* bscope_nested_write */
inline nested_write(L, n, h, t, s, x) {
  x = nesting;
  nesting = x + 1;
  do
  :: h = nest_head;
     t = nest_tail;
     if
     :: h + n - t > NSIZE ->
        d_step {
          dropped++;
          call_at[L] = 0
        }
        break
     :: else ->
#ifdef BUG_CLAIM_TORN
        nest_head = h + n;
        write_slots(SIZE + h % NSIZE, SIZE + (h + 1) % NSIZE, h, n, L, s);
        break
#else
        if
        :: d_step { nest_head == h -> nest_head = h + n } -> /* exchange_unlocked */
           write_slots(SIZE + h % NSIZE, SIZE + (h + 1) % NSIZE, h, n, L, s);
           break
        :: else
        fi
#endif
     fi
  od;
  x = nesting;
  nesting = x - 1
}

/* bscope_record_slot_: leaves x = 1 when it wrote. */
inline write_inline(L, h, s, x) {
#ifndef BUG_NO_BUSY
  busy = FRAME(L);
#endif
#ifdef BUG_STAMP_FIRST
  take_stamp(L, s, 1);
#endif
  h = head;
  if
  :: h >= limit ->
     x = 0
  :: else ->
     x = 1;
     head = h + 1;
#ifndef BUG_STAMP_FIRST
     take_stamp(L, s, 1);
#endif
#ifdef BUG_PUBLISH_FIRST
     MAIN(h).index = h + 1;
#endif
#ifdef BUG_BUSY_EARLY
     busy = IDLE;
#endif
     fill(h % SIZE, s);
     publish(h % SIZE, h, L, s)
  fi;
  busy = IDLE
}

/* write_event: try_write, and make_room while there is none. */
inline write_event(L, n, h, s, x) {
  do
  :: busy = FRAME(L);
     if
     :: ROOM(n) ->
        h = head;
        head = h + n;
        write_slots(h % SIZE, (h + 1) % SIZE, h, n, L, s);
        limit = (main_tail + SIZE < head + SIZE / 2 -> main_tail + SIZE : head + SIZE / 2);
        busy = IDLE;
        break
     :: else ->
        busy = IDLE;
        blocked = true; /* no handler from here on */
        busy = DRAINING;
        if
        :: ROOM(n) -> x = 1
        :: else -> /* drop, or wait for the drainer: the other branch at a later time */
           x = 0;
           d_step {
             dropped++;
             call_at[L] = 0
           }
        fi;
        busy = IDLE;
        blocked = false;
        if
        :: x == 0 -> break
        :: else
        fi
     fi
  od
}

#ifdef BUG_HEAL_ANY
#define MAY_HEAL(L) (x != DRAINING)
#else
/* At or above the stack pointer that busy holds. A frame may lie too deep to tell, so it may be taken for nested as well. */
#define MAY_HEAL(L) (x != DRAINING && L <= x - 2)
#endif

/* bscope_record_inline, then record. */
inline tracking_call(L, n, h, t, s, x) {
  begin_call(L, n);
  x = busy;
  if
  :: x == IDLE && n == 1 -> write_inline(L, h, s, x)
  :: else -> x = 0
  fi;
  if
  :: x == 0 ->
     x = busy;
     if
     :: x == IDLE ->
        forget(h, t);
        write_event(L, n, h, s, x)
     :: x != IDLE && MAY_HEAL(L) ->
        heal(L, h, t);
        write_event(L, n, h, s, x)
     :: x != IDLE -> nested_write(L, n, h, t, s, x)
     fi
  :: else
  fi;
  n = 0;
  d_step { h = 0; t = 0; s = 0; x = 0 } /* fewer states */
}

/* The frames below level `above` are no more. Inside a d_step. */
inline abandon(above, k) {
  k = 0;
  do
  :: k < above ->
     if
     :: call_at[k] == 1 -> unstamped++
     :: call_at[k] > 1 -> fate[call_at[k] - 2] = ABANDONED
     :: else
     fi;
     call_at[k] = 0;
     k++
  :: else -> break
  od
}

proctype base() provided (level == 0) {
  byte n, h, t, s, x, done;
again: {
    do
    :: done < BASE_CALLS ->
       done++;
       tracking_call(0, n, h, t, s, x)
    :: done == BASE_CALLS && busy == IDLE && nesting == 0 ->
       /* start_collector, a guard: no stamp is open, but a handler may nest. */
       done++;
       busy = DRAINING;
       busy = IDLE
    :: done >= BASE_CALLS -> break
    od;
    gone = true
  } unless { atomic { jump -> jump = false; blocked = false; goto again } }
}

proctype handler1() provided (level <= 1) {
  byte n, h, t, s, x, k, done;
again: {
    do
    :: atomic { done < H1_CALLS && level == 0 && !blocked && !gone && !jump -> level = 1; done++ }
       tracking_call(1, n, h, t, s, x);
       if
       :: level = 0
#ifndef NO_JUMP
       :: d_step { abandon(1, k); jump = true; level = 0 }
#endif
       fi
    :: gone -> break
    od
  } unless { atomic { unwind1 -> unwind1 = false; goto again } }
}

proctype handler2() {
  byte n, h, t, s, x, k, below;
  if
  :: atomic { level < 2 && !blocked && !gone && !jump -> below = level; level = 2 }
     tracking_call(2, n, h, t, s, x);
     if
     :: level = below
#ifndef NO_JUMP
     :: d_step { abandon(2, k); unwind1 = (below == 1); jump = true; level = 0 }
#endif
     fi
  :: gone
  fi
}

/* place: an event taken from a slot. */
inline place(at, s) {
  d_step {
    s = ring[at].stamp;
    assert(s < clock);
    assert(fate[s] == PUBLISHED);
    assert(ring[at].word == s + 1);
    assert(known[s] == 0 || known[s] == OPEN);
    known[s] = PLACED;
    s = slots_of[s]
  }
}

/* bscope_merge_main */
inline merge_main(t, s) {
  t = main_tail;
  do
#ifdef BUG_TAIL_FIRST
  :: MAIN(t).index == t + 1 ->
     main_tail = t + 1;
#else
  :: atomic { MAIN(t).index == t + 1 -> /* one step: what is published stays as it is until the tail has passed it */
#endif
     if
     :: MAIN(t).site != EVENT -> t++
     :: else ->
        place(t % SIZE, s);
        assert(s == 1 || (MAIN(t + 1).index == t + 2 && MAIN(t + 1).site == MORE));
        t = t + s
     fi
#ifndef BUG_TAIL_FIRST
     }
#endif
  :: else -> break
  od;
  main_tail = t
}

#define NTAKEN(i) (nest_taken >> (i) & 1)

/* bscope_merge_nested */
inline merge_nested(t, i, s) {
  t = nest_tail;
  i = 0;
  do
  :: atomic { i < NSIZE ->
       if
       :: NTAKEN(i) || NEST(t + i).index != t + i + 1
       :: else ->
          if
          :: NEST(t + i).site == MORE && (i == 0 || NTAKEN(i - 1)) -> s = 1 /* behind a void slot: of no use */
          :: NEST(t + i).site == MORE && !(i == 0 || NTAKEN(i - 1)) -> s = 0
          :: NEST(t + i).site == VOID -> s = 1
          :: else ->
             place(SIZE + (t + i) % NSIZE, s);
             assert(s == 1 || (NEST(t + i + 1).index == t + i + 2 && NEST(t + i + 1).site == MORE))
          fi;
          nest_taken = nest_taken | ((1 << s) - 1) << i
       fi;
       i++
     }
  :: else -> break
  od;
  i = 0;
  d_step {
    do
    :: nest_taken & 1 ->
       nest_taken = nest_taken >> 1;
       t++
    :: else -> break
    od
  }
  nest_tail = t
}

/* declare_lost (to = LOST) and pass_gap (to = OPEN) */
inline settle(C, i, to) {
  d_step {
    i = 0;
    do
    :: i < C ->
       if
       :: known[i] == 0 || (known[i] == OPEN && to == LOST) ->
          assert(to != LOST || fate[i] == ABANDONED);
          known[i] = to
       :: else
       fi;
       i++
    :: else -> break
    od;
    i = 0
  }
}

proctype drainer() {
  byte C, t, i, s, turns;
  bool idle, dead;
  do
  :: atomic { turns < TURNS || gone -> turns++ } /* bscope_drain_turn */
#ifndef BUG_CLOCK_LATE
     C = clock;
#endif
     s = busy; /* is_idle */
     if
#ifndef BUG_NESTED_IDLE
     :: s == DRAINING -> idle = (nesting == 0)
#else
     :: s == DRAINING -> idle = true
#endif
     :: else -> idle = (s == IDLE)
     fi;
#ifdef BUG_CLOCK_LATE
     C = clock;
#endif
     merge_main(t, s);
     merge_nested(t, i, s);
     dead = gone;
     if
     :: dead && !idle ->
        merge_main(t, s);
        merge_nested(t, i, s)
     :: else
     fi;
     if
     :: idle || dead -> settle(C, i, LOST)
     :: else ->
#ifdef NO_OPEN
        skip
#else
        if
        :: settle(C, i, OPEN) /* 100 ms have passed */
        :: skip
        fi
#endif
     fi;
     d_step { s = 0; idle = false }
     if
     :: dead && C == clock -> break
     :: else -> C = 0
     fi
  od;
  /* bscope_retire_threads: void_abandoned, and what stands behind it */
  void_main(i);
  merge_main(t, s);
  assert(main_tail == head);
  /* The whole account: attempted = logged + dropped + lost, and what never got a stamp. */
  d_step {
    i = 0;
    do
    :: i < clock ->
       assert(known[i] == (fate[i] == PUBLISHED -> PLACED : LOST));
       i++
    :: else -> break
    od;
    assert(calls == clock + dropped + unstamped)
  }
}

init {
  atomic {
    run base();
    run handler1();
#ifndef NO_H2
    run handler2();
#endif
    run drainer()
  }
}
