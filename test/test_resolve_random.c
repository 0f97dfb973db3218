/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resolver against a slow and obvious one: an array of all variables ever, searched from end to end for each
 * question. Random programs over few names, threads and bytes, so that everything collides. Prints its seed; give one
 * as argument.
 */
#include "events.h"
#include "model/resolve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { NAMES = 4, THREADS = 3, EVENTS = 400, PROGRAMS = 300, NOBODY = -1 };

static const char *const names[NAMES] = {"a", "b", "c", "d"};
static const char *const places[NAMES] = {"&a", "&b", "&c", "&d"};

enum life { ALIVE, DROPPED, MOVED, OVERWRITTEN };

struct variable {
  int name;
  uint32_t thread;
  uint64_t address; /* 0: none */
  uint64_t size;
  bool borrower, scoped, scope_open;
  bool nameless; /* its scope ended: its name means it no more */
  bool gone;     /* ended, and its memory made into something else */
  bool away;     /* being resized */
  bool kept;     /* handed out: nothing at its address is it any more */
  uint32_t line;
  enum life life;
};

static struct variable all[EVENTS];
static int count;
static uint64_t seed, state_word;

static uint64_t next_random(void) {
  state_word ^= state_word << 13;
  state_word ^= state_word >> 7;
  state_word ^= state_word << 17;
  return state_word;
}

static uint64_t below(uint64_t n) {
  return (next_random() >> 11) % n;
}

/* The slow answers. */

enum want { OWNERS, BORROWERS, BOTH };

static bool wanted(const struct variable *v, enum want want) {
  return want == BOTH || v->borrower == (want == BORROWERS);
}

static uint64_t length(const struct variable *v) {
  return v->size == 0 ? 1 : v->size;
}

static bool mapped(const struct variable *v) {
  return v->life == ALIVE && v->address != 0 && !v->away && !v->kept;
}

static bool holds(const struct variable *v, uint64_t address) {
  return v->address != 0 && !v->kept && address >= v->address && address - v->address < length(v);
}

static int newest_live(uint32_t thread, int name, enum want want) {
  for (int i = count - 1; i >= 0; i--)
    if (all[i].life == ALIVE && all[i].thread == thread && all[i].name == name && wanted(&all[i], want))
      return i;
  return NOBODY;
}

/* The newest ever of a kind, unless its scope has ended. */
static int last_of(uint32_t thread, int name, enum want kind) {
  for (int i = count - 1; i >= 0; i--)
    if (all[i].thread == thread && all[i].name == name && wanted(&all[i], kind))
      return all[i].nameless ? NOBODY : i;
  return NOBODY;
}

static int last(uint32_t thread, int name, enum want want) {
  if (want != BOTH)
    return last_of(thread, name, want);
  int owner = last_of(thread, name, OWNERS), borrower = last_of(thread, name, BORROWERS);
  return owner > borrower ? owner : borrower;
}

static int only(int name, enum want want) {
  int found = NOBODY;
  for (int i = 0; i < count; i++)
    if (all[i].life == ALIVE && all[i].name == name && wanted(&all[i], want)) {
      if (found != NOBODY)
        return NOBODY;
      found = i;
    }
  return found;
}

static bool made(int name, enum want want) {
  for (int i = 0; i < count; i++)
    if (all[i].name == name && wanted(&all[i], want))
      return true;
  return false;
}

static int holding(uint64_t address) {
  int best = NOBODY;
  for (int i = 0; i < count; i++)
    if (mapped(&all[i]) && holds(&all[i], address) && (best == NOBODY || length(&all[i]) <= length(&all[best])))
      best = i;
  return best;
}

static int live_at(uint64_t address) {
  for (int i = count - 1; i >= 0; i--)
    if (mapped(&all[i]) && all[i].address == address)
      return i;
  return NOBODY;
}

static int ended_at(uint64_t address) {
  for (int i = count - 1; i >= 0; i--)
    if (all[i].life == DROPPED && !all[i].gone && all[i].address == address)
      return holding(address) > i ? NOBODY : i;
  return NOBODY;
}

/* What is expected of an event. */
struct expected {
  int subject, object;
  bool ends, silent, ambiguous;
  enum bscope_contradiction contradiction;
  int over[EVENTS];
  int over_count;
};

static enum bscope_contradiction judge(int i, bool drops) {
  if (all[i].life == MOVED)
    return BSCOPE_USED_AFTER_MOVE;
  if (all[i].life == DROPPED)
    return drops ? BSCOPE_DROPPED_TWICE : BSCOPE_USED_AFTER_DROP;
  return BSCOPE_FITS;
}

static void overwrite(struct expected *is, uint64_t address, uint64_t size, uint32_t line) {
  struct variable at = {.address = address, .size = size};
  uint64_t end = address + length(&at);
  for (int i = 0; i < count; i++) {
    struct variable *v = &all[i];
    uint64_t v_end = v->address + length(v);
    bool overlaps = v->address < end && address < v_end;
    bool nested = (v->address <= address && end <= v_end) || (address <= v->address && v_end <= end);
    bool again = v->address == address && line != 0 && v->line == line;
    if (v->life != ALIVE && v->address == address && (again || !v->scope_open))
      v->gone = true;
    if (mapped(v) && ((overlaps && !nested) || again)) {
      v->life = OVERWRITTEN;
      is->over[is->over_count++] = i;
    }
  }
}

static int make(struct variable v) {
  all[count] = v;
  return count++;
}

static void expect_drop_of(struct expected *is, int i) {
  is->subject = i;
  is->ends = true;
  all[i].life = DROPPED;
  all[i].gone = all[i].away || all[i].kept; /* it has no address at the moment */
}

static void expect_drop(struct expected *is, const struct bscope_event *event, int name) {
  enum want want = (event->flags & BSCOPE_SITE_BORROWER_ONLY) != 0 ? BORROWERS : BOTH;
  int live = newest_live(event->thread, name, want), ended = last(event->thread, name, want), other = only(name, want);
  if (live != NOBODY) {
    expect_drop_of(is, live);
  } else if (ended != NOBODY) {
    is->subject = ended;
    is->contradiction = judge(ended, true);
  } else if (other != NOBODY) {
    expect_drop_of(is, other);
  } else if (!made(name, want)) {
    is->contradiction = BSCOPE_NEVER_CREATED;
  }
}

static void expect_drop_at(struct expected *is, uint64_t address) {
  int live = live_at(address), ended = ended_at(address);
  if (live != NOBODY) {
    expect_drop_of(is, live);
  } else if (ended != NOBODY) {
    is->subject = ended;
    is->contradiction = BSCOPE_DROPPED_TWICE;
  } else {
    is->contradiction = BSCOPE_NEVER_CREATED;
  }
}

static void expect_scope_end(struct expected *is, const struct bscope_event *event, int name) {
  bool borrower = (event->flags & BSCOPE_SITE_BORROWER_ONLY) != 0, kept = (event->flags & BSCOPE_SITE_KEPT) != 0;
  is->silent = true;
  for (int i = count - 1; i >= 0; i--) {
    struct variable *v = &all[i];
    if (!v->scope_open || v->gone || v->away || v->life == OVERWRITTEN || v->name != name ||
        (!kept && v->borrower != borrower) || v->thread != event->thread || v->address != event->subject)
      continue;
    v->scope_open = false;
    is->subject = i;
    if (kept && v->life == ALIVE) {
      v->kept = true;
      return;
    }
    v->nameless = true;
    if (v->life == ALIVE) {
      is->silent = false;
      expect_drop_of(is, i);
    }
    return;
  }
}

static bool fits(const struct variable *v, bool has_address, uint64_t address) {
  return !has_address || v->address == 0 || holds(v, address) || (!v->kept && v->address + length(v) == address);
}

/* A borrow of &name, with or without an address. */
static int expect_owner(struct expected *is, const struct bscope_event *event, int name) {
  bool has_address = event->object_is == BSCOPE_WORD_ADDRESS;
  int held = has_address ? holding(event->object) : NOBODY;
  if ((event->flags & BSCOPE_SITE_BY_ADDRESS) != 0)
    return held;
  int named = newest_live(event->thread, name, BOTH);
  if (named == NOBODY) {
    int ended = last(event->thread, name, BOTH), other = only(name, BOTH);
    if (held != NOBODY)
      return held;
    if (ended != NOBODY && !all[ended].borrower && all[ended].life != OVERWRITTEN &&
        fits(&all[ended], has_address, event->object)) {
      is->contradiction = judge(ended, false);
      return ended;
    }
    return other != NOBODY && fits(&all[other], has_address, event->object) ? other : NOBODY;
  }
  const struct variable *v = &all[named];
  if (held == NOBODY || held == named || (v->address != 0 && !v->kept && v->address + length(v) == event->object))
    return named;
  if (v->kept)
    return held;
  if (holds(v, event->object))
    return event->object == v->address ? named : held;
  is->ambiguous = true;
  return named > held ? named : held;
}

static void expect_move(struct expected *is, const struct bscope_event *event, int from, int to) {
  bool by_address = event->subject_is == BSCOPE_WORD_ADDRESS;
  int live, ended;
  if (by_address) {
    live = live_at(event->subject);
    ended = ended_at(event->subject);
    if (live == NOBODY && ended == NOBODY)
      is->contradiction = BSCOPE_NEVER_CREATED;
  } else {
    live = newest_live(event->thread, from, OWNERS);
    ended = last(event->thread, from, OWNERS);
    int borrower = newest_live(event->thread, from, BORROWERS);
    /* Another thread's only owner goes before a borrower of this thread. */
    if (live == NOBODY && ended == NOBODY)
      live = only(from, OWNERS);
    if (live == NOBODY && borrower > ended)
      live = borrower;
    if (live == NOBODY && ended == NOBODY && !made(from, BOTH))
      is->contradiction = BSCOPE_NEVER_CREATED;
  }
  struct variable made_one = {.name = to, .thread = event->thread};
  if (live != NOBODY) {
    struct variable *v = &all[live];
    made_one.borrower = v->borrower;
    if (mapped(v) && (by_address || !v->scoped)) {
      made_one.address = v->address;
      made_one.size = v->size;
    }
    v->life = MOVED;
    is->subject = live;
    is->ends = true;
  } else {
    if (ended != NOBODY) {
      is->subject = ended;
      is->contradiction = judge(ended, false);
    }
    made_one.address = by_address ? event->subject : 0;
  }
  is->object = make(made_one);
}

static int resizes[THREADS][EVENTS]; /* who is being resized, newest last */
static int resizing[THREADS];

static void expect_resized(struct expected *is, const struct bscope_event *event) {
  uint32_t t = event->thread;
  if (resizing[t] == 0)
    return;
  int i = resizes[t][--resizing[t]];
  if (i == NOBODY)
    return;
  is->subject = i;
  struct variable *v = &all[i];
  if (v->life != ALIVE)
    return;
  if (event->subject != 0) {
    v->address = event->subject;
    v->size = event->object;
    overwrite(is, v->address, v->size, 0);
  }
  v->away = false;
}

static uint64_t somewhere(void) {
  return below(20) == 0 ? UINT64_C(0x100000000) : 0x1000 + below(160);
}

static const uint64_t sizes[] = {0, 1, 4, 8, 8, 16, 40, 100};
static uint64_t some_size(void) {
  return sizes[below(8)];
}

/* What a random event is made of. */
struct dice {
  int n, m;
  uint32_t t;
  uint64_t a, size;
};

/* An event that makes a variable, and what it must come to. */
static struct bscope_event invent_making(struct expected *is, struct dice d) {
  uint32_t line = 0;
  struct bscope_event e;
  switch (below(7)) {
  case 0:
    e = (struct bscope_event)EV_NEW(d.t, names[d.n]);
    is->subject = make((struct variable){.name = d.n, .thread = d.t});
    break;
  case 1:
  case 2:
    e = (struct bscope_event)EV_NEW_AT(d.t, names[d.n], NULL, d.a, d.size);
    line = 10 + 10 * (uint32_t)d.n + (uint32_t)below(3);
    overwrite(is, d.a, d.size, line);
    is->subject = make((struct variable){.name = d.n, .thread = d.t, .address = d.a, .size = d.size, .line = line});
    break;
  case 3:
    e = (struct bscope_event)EV_LET(d.t, names[d.n], d.a, 8);
    line = 100 + 10 * (uint32_t)d.n + (uint32_t)below(3);
    overwrite(is, d.a, 8, line);
    is->subject = make((struct variable){
        .name = d.n, .thread = d.t, .address = d.a, .size = 8, .scoped = true, .scope_open = true, .line = line});
    break;
  case 4:
    e = (struct bscope_event)EV_REF(d.t, names[d.n], d.a, places[d.m], d.size + 0x1000);
    line = 200 + 10 * (uint32_t)d.n + (uint32_t)below(3) + 100 * (uint32_t)d.m;
    is->object = expect_owner(is, &e, d.m);
    overwrite(is, d.a, 8, line);
    is->subject = make((struct variable){.name = d.n,
                                         .thread = d.t,
                                         .address = d.a,
                                         .size = 8,
                                         .borrower = true,
                                         .scoped = true,
                                         .scope_open = true,
                                         .line = line});
    break;
  case 5:
    e = below(2) == 0 ? (struct bscope_event)EV_BORROW(d.t, names[d.n], places[d.m], d.a)
                      : (struct bscope_event)EV_BORROW_VALUE(d.t, names[d.n], places[d.m]);
    is->object = expect_owner(is, &e, d.m);
    is->subject = make((struct variable){.name = d.n, .thread = d.t, .borrower = true});
    break;
  default:
    e = (struct bscope_event)EV_BORROW_AT(d.t, names[d.n], NULL, d.a);
    is->object = expect_owner(is, &e, d.m);
    is->subject = make((struct variable){.name = d.n, .thread = d.t, .borrower = true});
    break;
  }
  e.line = line;
  return e;
}

/* An event that ends, moves or resizes one. */
static struct bscope_event invent_ending(struct expected *is, struct dice d) {
  struct bscope_event e;
  switch (below(8)) {
  case 0:
    e = (struct bscope_event)EV_DROP(d.t, names[d.n]);
    expect_drop(is, &e, d.n);
    break;
  case 1:
    e = (struct bscope_event)EV_BORROW_END(d.t, names[d.n]);
    expect_drop(is, &e, d.n);
    break;
  case 2:
    e = (struct bscope_event)EV_DROP_AT(d.t, NULL, d.a);
    expect_drop_at(is, d.a);
    break;
  case 3: {
    const struct variable *v = count == 0 ? NULL : &all[below((uint64_t)count)];
    uint64_t at = v != NULL && v->scoped ? v->address : d.a;
    int name = v != NULL && v->scoped ? v->name : d.n;
    uint32_t thread = v != NULL && v->scoped ? v->thread : d.t;
    bool borrower = v != NULL && v->scoped && v->borrower;
    e = below(4) == 0 ? (struct bscope_event)EV_KEPT(thread, names[name], at)
        : borrower    ? (struct bscope_event)EV_REF_END(thread, names[name], at)
                      : (struct bscope_event)EV_LET_END(thread, names[name], at);
    expect_scope_end(is, &e, name);
    break;
  }
  case 4:
    e = (struct bscope_event)EV_MOVE(d.t, names[d.n], names[d.m]);
    expect_move(is, &e, d.n, d.m);
    break;
  case 5:
    e = (struct bscope_event)EV_MOVE_AT(d.t, NULL, d.a, names[d.m]);
    expect_move(is, &e, d.n, d.m);
    break;
  case 6:
    e = (struct bscope_event)EV_RESIZE(d.t, NULL, d.a, d.size);
    is->subject = live_at(d.a);
    if (is->subject != NOBODY)
      all[is->subject].away = true;
    resizes[d.t][resizing[d.t]++] = is->subject;
    break;
  default:
    e = (struct bscope_event)EV_RESIZED(d.t, below(3) == 0 ? 0 : d.a, d.size);
    expect_resized(is, &e);
    break;
  }
  return e;
}

static struct bscope_event invent(struct expected *is) {
  struct dice d;
  d.n = (int)below(NAMES);
  d.m = (int)below(NAMES);
  d.t = (uint32_t)below(THREADS);
  d.a = somewhere();
  d.size = some_size();
  *is = (struct expected){.subject = NOBODY, .object = NOBODY};
  return below(15) < 7 ? invent_making(is, d) : invent_ending(is, d);
}

static int number(const struct bscope_variable_ref *ref) {
  return ref->variable == BSCOPE_VARIABLE_NONE ? NOBODY : (int)ref->variable;
}

static void check(unsigned program, uint64_t at, const struct bscope_resolver *resolver,
                  const struct bscope_resolution *is, const struct expected *expected) {
  bool same = number(&is->subject) == expected->subject && number(&is->object) == expected->object &&
              is->ends == expected->ends && is->silent == expected->silent && is->ambiguous == expected->ambiguous &&
              is->contradiction == expected->contradiction && (int)is->overwritten_count == expected->over_count;
  for (int i = 0; same && i < expected->over_count; i++) {
    struct bscope_variable_ref over = bscope_resolver_overwritten(resolver, (uint32_t)i);
    same = number(&over) == expected->over[i];
  }
  if (!same)
    fail_msg("seed %llu, program %u, event %llu: subject %d object %d ends %d silent %d ambiguous %d contradiction %d "
             "over %u, expected %d %d %d %d %d %d %d",
             (unsigned long long)seed, program, (unsigned long long)at, number(&is->subject), number(&is->object),
             is->ends, is->silent, is->ambiguous, (int)is->contradiction, is->overwritten_count, expected->subject,
             expected->object, expected->ends, expected->silent, expected->ambiguous, (int)expected->contradiction,
             expected->over_count);
}

static void random_programs_mean_what_the_slow_resolver_says(void **unused) {
  (void)unused;
  static struct expected expected;
  print_message("seed %llu\n", (unsigned long long)seed);
  state_word = seed | 1;
  for (unsigned program = 0; program < PROGRAMS; program++) {
    struct bscope_resolver *resolver = bscope_resolver_create();
    assert_non_null(resolver);
    count = 0;
    memset(resizing, 0, sizeof(resizing));
    for (uint64_t i = 0; i < EVENTS; i++) {
      struct bscope_event event = invent(&expected);
      struct bscope_resolution is;
      event.stamp = i;
      assert_int_equal(bscope_resolver_feed(resolver, &event, &is), 0);
      check(program, i, resolver, &is, &expected);
    }
    bscope_resolver_destroy(resolver);
  }
}

int main(int argc, char **argv) {
  seed = argc > 1 ? strtoull(argv[1], NULL, 10) : (uint64_t)time(NULL);
  const struct CMUnitTest tests[] = {cmocka_unit_test(random_programs_mean_what_the_slow_resolver_says)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
