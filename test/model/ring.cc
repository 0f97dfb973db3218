/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory orders of one ring, under a machine that reorders whatever they allow: an owner that writes, abandons a
 * write and heals it, and exchanges its ring for another; a drainer that makes whole turns.
 *
 * Plain fields are watched for races. Checks: what is drained is whole and comes once; a stamp that is declared lost is
 * the abandoned one. A bug's name as argument weakens one order or swaps two steps. README.md names the functions.
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

static const unsigned SIZE = 2, CALLS = 4, ABANDONED = 1, EVENT = 1, VOID = 2;

struct ring {
  rl::atomic<unsigned> index[SIZE];
  rl::var<unsigned> stamp[SIZE], word[SIZE], site[SIZE];
  rl::atomic<unsigned> tail, exchanged;
  rl::var<unsigned> last;
  rl::atomic<ring *> next; /* the drainer changes it, the owner sets it before the ring is published */
  rl::var<bool> in_use;
};

struct one_ring : rl::test_suite<one_ring, 2> {
  rl::atomic<unsigned> clock, busy;
  rl::atomic<ring *> present; /* thread->ring */
  ring rings[2];
  bool more = false;              /* the drainer's alone: a limit ended its turn */
  unsigned head = 0;              /* the owner's alone */
  unsigned known[CALLS + 1];      /* the drainer's alone: 1 placed, 2 lost */
  unsigned abandoned_stamp = ~0u; /* for the assertions */

  void before() {
    clock($) = 0;
    busy($) = 0;
    present($) = &rings[0];
    head = 0;
    abandoned_stamp = ~0u;
    for (unsigned i = 0; i <= CALLS; i++)
      known[i] = 0;
    for (ring &r : rings) {
      r.tail($) = 0;
      r.exchanged($) = 0;
      r.last($) = 0;
      r.next($) = nullptr;
      r.in_use($) = false;
      for (unsigned i = 0; i < SIZE; i++) {
        r.index[i]($) = 0;
        r.stamp[i]($) = r.word[i]($) = r.site[i]($) = 0;
      }
    }
  }

  /* bscope_record_slot_ and try_write; false: no room */
  bool write(ring *r, bool abandons) {
    busy.store(2, mo_release, $);
    if (head - r->tail.load(order_of("TAIL_LOAD", mo_acquire), $) >= SIZE) {
      busy.store(0, mo_release, $);
      return false;
    }
    unsigned h = head++;
    unsigned s = clock.fetch_add(1, order_of("STAMP", mo_release), $);
    if (abandons) {
      abandoned_stamp = s;
      heal(r, h);
      return true;
    }
    r->stamp[h % SIZE]($) = s;
    r->word[h % SIZE]($) = ~s;
    r->site[h % SIZE]($) = EVENT;
    r->index[h % SIZE].store(h + 1, order_of("PUBLISH", mo_release), $);
    busy.store(0, order_of("CLEAR", mo_release), $);
    return true;
  }

  /* bscope_nested_heal */
  void heal(ring *r, unsigned h) {
    r->site[h % SIZE]($) = VOID;
    r->index[h % SIZE].store(h + 1, order_of("PUBLISH", mo_release), $);
    busy.store(0, order_of("CLEAR", mo_release), $);
  }

  /* exchange_ring */
  ring *exchange(ring *old) {
    ring *fresh = &rings[1];
    if (old == fresh)
      return old;
    busy.store(1, mo_release, $);
    fresh->in_use($) = true;
    if (!has("LINK_LATE"))
      fresh->next.store(old, mo_relaxed, $);
    old->last($) = head;
    old->exchanged.store(1, mo_release, $);
    present.store(fresh, order_of("RING", mo_release), $);
    if (has("LINK_LATE"))
      fresh->next.store(old, mo_relaxed, $);
    head = 0;
    busy.store(0, mo_release, $);
    return fresh;
  }

  void owner() {
    ring *r = &rings[0];
    for (unsigned call = 0; call < CALLS; call++) {
      if (write(r, call == ABANDONED))
        continue;
      r = rl::rand(2) ? exchange(r) : r;
      write(r, call == ABANDONED); /* or dropped */
    }
  }

  /* bscope_merge_main */
  void merge(ring *r, unsigned limit) {
    unsigned t = r->tail.load(mo_relaxed, $);
    while (r->index[t % SIZE].load(order_of("INDEX_LOAD", mo_acquire), $) == t + 1) {
      if (limit-- == 0) {
        more = true;
        break;
      }
      if (r->site[t % SIZE]($) == EVENT) {
        unsigned s = r->stamp[t % SIZE]($);
        RL_ASSERT(s < CALLS && r->word[t % SIZE]($) == ~s);
        RL_ASSERT(known[s] == 0 && s != abandoned_stamp);
        known[s] = 1;
      }
      t++;
    }
    r->tail.store(t, order_of("TAIL", mo_release), $);
  }

  /* drain_thread; a drained ring is the pool's */
  void drain() {
    rl::atomic<ring *> *at = &present;
    while (ring *r = at->load(order_of("RING_LOAD", mo_acquire), $)) {
      if (r == &rings[1])
        RL_ASSERT(r->in_use($));
      merge(r, 1 + rl::rand(2));
      if (at != &present && r->exchanged.load(mo_acquire, $) &&
          (has("UNLINK_EARLY") || r->tail.load(mo_relaxed, $) == r->last($)))
        at->store(r->next.load(mo_relaxed, $), mo_release, $);
      else
        at = &r->next;
    }
  }

  /* bscope_drain_turn */
  void turn() {
    unsigned c = clock.load(order_of("CLOCK_LOAD", mo_acquire), $);
    bool idle = busy.load(order_of("BUSY_LOAD", mo_acquire), $) <= 1;
    more = false;
    drain();
    for (unsigned s = 0; idle && !more && s < c; s++) {
      if (known[s] == 0) {
        RL_ASSERT(s == abandoned_stamp);
        known[s] = 2;
      }
    }
  }

  void thread(unsigned number) {
    if (number == 0)
      owner();
    else
      for (unsigned i = 0; i < 5; i++)
        turn();
  }
};

/* model EXECUTIONS [BUG] */
int main(int argc, char **argv) {
  if (argc > 2)
    bug = argv[2];
  rl::test_params p;
  p.iteration_count = argc > 1 ? atoi(argv[1]) : 1000;
  p.search_type = rl::random_scheduler_type;
  return rl::simulate<one_ring>(p) ? 0 : 1;
}
