/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory orders of the proof that a stamp is lost: two threads that attach and write, the second a nested write
 * under DRAINING, and a drainer that reads the clock, takes the list, looks at each thread once and drains. Every write is
 * published, so no stamp may ever be declared lost. -DBUG=NAME weakens one order. README.md names the functions.
 */
#include <relacy/relacy.hpp>

using rl::mo_acquire;
using rl::mo_relaxed;
using rl::mo_release;

#define ORDER(bug, order) (BUG == bug ? mo_relaxed : order)
enum { NONE, STAMP, PUBLISH, CLEAR, NESTING, CLOCK_LOAD, BUSY_LOAD, PUSH, LIST_LOAD };
#ifndef BUG
#define BUG NONE
#endif

static const unsigned WRITES = 2;

struct block {
  rl::atomic<unsigned> busy, nesting;
  rl::var<block *> next;
  rl::var<bool> whole;
  rl::atomic<unsigned> slot[WRITES]; /* stamp + 1 */
};

struct lost_or_late : rl::test_suite<lost_or_late, 3> {
  rl::atomic<unsigned> clock;
  rl::atomic<block *> list;
  block blocks[2];

  void before() {
    clock($) = 0;
    list($) = nullptr;
    for (block &b : blocks) {
      b.busy($) = b.nesting($) = 0;
      b.next($) = nullptr;
      b.whole($) = false;
      for (auto &s : b.slot)
        s($) = 0;
    }
  }

  /* bscope_thread_attach, push */
  void attach(block &b) {
    b.whole($) = true;
    block *newest = list.load(mo_relaxed, $);
    do
      b.next($) = newest;
    while (!list.compare_exchange_strong(newest, &b, ORDER(PUSH, mo_release), $));
  }

  void put(block &b, unsigned i) {
    unsigned s = clock.fetch_add(1, ORDER(STAMP, mo_release), $);
    b.slot[i].store(s + 1, ORDER(PUBLISH, mo_release), $);
  }

  void write(block &b, unsigned i) {
    b.busy.store(2, mo_release, $);
    put(b, i);
    b.busy.store(0, ORDER(CLEAR, mo_release), $);
  }

  void nested(block &b, unsigned i) {
    b.busy.store(1, mo_release, $);
    b.nesting.store(1, mo_release, $);
    put(b, i);
    b.nesting.store(0, ORDER(NESTING, mo_release), $);
    b.busy.store(0, mo_release, $);
  }

  void turn() {
    unsigned c = clock.load(ORDER(CLOCK_LOAD, mo_acquire), $);
    block *first = list.load(ORDER(LIST_LOAD, mo_acquire), $);
    unsigned found = 0;
    for (block *b = first; b; b = b->next($)) {
      RL_ASSERT(b->whole($));
      if (b->busy.load(ORDER(BUSY_LOAD, mo_acquire), $) > 1 || b->nesting.load(ORDER(BUSY_LOAD, mo_acquire), $) != 0)
        return;
    }
    for (block *b = first; b; b = b->next($)) {
      for (auto &slot : b->slot) {
        unsigned s = slot.load(mo_acquire, $);
        found += s != 0 && s - 1 < c;
      }
    }
    RL_ASSERT(found == c);
  }

  void thread(unsigned number) {
    if (number == 2) {
      turn();
      turn();
      return;
    }
    block &b = blocks[number];
    attach(b);
    for (unsigned i = 0; i < WRITES; i++)
      number == 0 ? write(b, i) : nested(b, i);
  }
};

int main() {
  rl::test_params p;
  p.iteration_count = ITERATIONS;
  p.search_type = rl::random_scheduler_type;
  return rl::simulate<lost_or_late>(p) ? 0 : 1;
}
