/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory orders of the proof that a stamp is lost: two threads that attach and write, the second a nested write
 * under DRAINING, and a drainer that reads the clock, takes the list, looks at each thread once and drains. Every write
 * is published, so no stamp may ever be declared lost. A bug's name as argument weakens one order. README.md names the
 * functions.
 */
#include <relacy/relacy.hpp>

#include <cstdlib>
#include <cstring>

using rl::mo_acquire;
using rl::mo_relaxed;
using rl::mo_release;

static const char *bug = "none"; /* the seeded one */

static bool has(const char *name) {
  return strcmp(bug, name) == 0;
}

static rl::memory_order order_of(const char *name, rl::memory_order order) {
  return has(name) ? mo_relaxed : order;
}

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
    while (!list.compare_exchange_strong(newest, &b, order_of("PUSH", mo_release), $));
  }

  void put(block &b, unsigned i) {
    unsigned s = clock.fetch_add(1, order_of("STAMP", mo_release), $);
    b.slot[i].store(s + 1, order_of("PUBLISH", mo_release), $);
  }

  void write(block &b, unsigned i) {
    b.busy.store(2, mo_release, $);
    put(b, i);
    b.busy.store(0, order_of("CLEAR", mo_release), $);
  }

  void nested(block &b, unsigned i) {
    b.busy.store(1, mo_release, $);
    b.nesting.store(1, mo_release, $);
    put(b, i);
    b.nesting.store(0, order_of("NESTING", mo_release), $);
    b.busy.store(0, mo_release, $);
  }

  void turn() {
    unsigned c = clock.load(order_of("CLOCK_LOAD", mo_acquire), $);
    block *first = list.load(order_of("LIST_LOAD", mo_acquire), $);
    unsigned found = 0;
    for (block *b = first; b; b = b->next($)) {
      RL_ASSERT(b->whole($));
      unsigned busy = b->busy.load(order_of("BUSY_LOAD", mo_acquire), $); /* is_idle */
      if (busy > 1 || (busy == 1 && b->nesting.load(order_of("BUSY_LOAD", mo_acquire), $) != 0))
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

/* model EXECUTIONS [BUG] */
int main(int argc, char **argv) {
  if (argc > 2)
    bug = argv[2];
  rl::test_params p;
  p.iteration_count = argc > 1 ? atoi(argv[1]) : 1000;
  p.search_type = rl::random_scheduler_type;
  return rl::simulate<lost_or_late>(p) ? 0 : 1;
}
