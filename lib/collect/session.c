/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session's life: made by a first event, a query or bscope_start; replaced by the next bscope_start; its memory freed
 * once no thread can still be writing into it and no log handle reads it.
 */
#include "base/atomic.h"
#include "base/error.h"
#include "capture/site_table.h"
#include "collect/environment.h"
#include "collect/state.h"
#include "collect/suppressions.h"
#include "collect/trace.h"
#include "collect/watch.h"

#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <urcu/static/urcu-memb.h>
#include <urcu/urcu-memb.h>

#define REGION_FACTOR 4u /* address space for what snapshots pin beside the budget */
#define CLOCK_BYTES 4096u
#define REPLACED INT_MAX /* no status: another session became the current one while a query waited for the lock */
#define SETTLE_MOST_NS 60000000000u /* a query drains for so long at most */
#define REGION_LEAST (4u << 20)
#define WINDOW_SHARE 8u /* of the budget */
#define RING_SHARE 4u   /* of the budget */

static uint64_t last_generation;        /* atomic: sessions ever begun in this process and its ancestors */
static struct bscope_session *replaced; /* atomic, changed under the drain lock: older sessions, newest first */
static uint64_t last_log;               /* under the drain lock: generations of the log so far in this process */
static struct bscope_settings
    inherited; /* under the drain lock: of the newest session, for the first one of a forked child */
static bool inherits;
static uint32_t owner;      /* under the drain lock: the process that made the newest session */
static uint32_t ancestor;   /* under the drain lock: the one before it from which this process was forked */
static uint64_t test_clock; /* atomic: where a test wants the next session's stamps to begin */
static uint64_t test_ring;  /* atomic: and its rings' indices */

void bscope_session_test_bases(uint64_t clock, uint64_t ring) {
  bscope_store_relaxed(&test_clock, clock);
  bscope_store_relaxed(&test_ring, ring);
}

static size_t session_bytes(void) {
  return bscope_round_up(sizeof(struct bscope_session), 4096);
}

static uint64_t window_capacity(size_t memory, bool timed) {
  uint64_t chunks = bscope_max_u64(4, memory / WINDOW_SHARE / bscope_chunk_bytes(timed));
  return 1ull << (63 - __builtin_clzll(chunks));
}

static void note_tallies(struct bscope_session *s) {
  for (unsigned i = 0; i < BSCOPE_TALLIES; i++)
    s->tallies_base[i] = bscope_process_tally(i);
}

static int fill(struct bscope_session *s, const struct bscope_settings *settings) {
  bool timed = settings->clock == BSCOPE_CLOCK_TSC;
  s->settings = *settings;
  int rc = BSCOPE_OK;
  if (!bscope_trace_open(s, settings->memory * REGION_FACTOR, REGION_LEAST))
    rc = bscope_region_init(&s->region, settings->memory * REGION_FACTOR, REGION_LEAST);
  /* Where the system grants less address space than asked for, the budget is what fits into it. */
  if (rc == BSCOPE_OK && s->settings.memory > s->region.size / 2)
    s->settings.memory = s->region.size / 2;
  if (rc == BSCOPE_OK)
    rc = bscope_window_init(&s->window, &s->region, window_capacity(s->settings.memory, timed));
  if (rc != BSCOPE_OK)
    return rc;
  s->store = bscope_store_create(&s->region);
  if (!s->store)
    return BSCOPE_ERR_NO_MEMORY;
  struct bscope_recorder *r = &s->recorder;
  r->generation = bscope_add_relaxed(&last_generation, 1) + 1;
  r->region = &s->region;
  r->pid = (uint32_t)getpid();
  r->ring_most = (uint32_t)settings->ring;
  r->ring_budget = s->settings.memory / RING_SHARE;
  r->overflow_drops = settings->overflow == BSCOPE_OVERFLOW_DROP;
  r->timed = s->window.timed = timed;
  r->ring_start = bscope_load_relaxed(&test_ring);
  r->clock = bscope_process_map_wiped(CLOCK_BYTES);
  if (!r->clock)
    return BSCOPE_ERR_NO_MEMORY;
  bscope_store_relaxed(r->clock, bscope_load_relaxed(&test_clock)); /* published with the session */
  s->refs = 1;
  s->log_generation = ++last_log;
  for (unsigned i = 0; i < BSCOPE_DROP_REASONS; i++)
    s->strays_base[i] = bscope_process_strays(i);
  note_tallies(s);
  uint64_t base = bscope_load_acquire(r->clock);
  bscope_window_begin(&s->window, base);
  bscope_store_begin(s->store, base, s->log_generation);
  bscope_drain_sample(s, true);
  if (timed)
    bscope_timed_begin(&s->timed);
  s->parent = ancestor;
  s->sites = (struct bscope_site_file){.region = &s->region, .serial = (uint32_t)r->generation};
  bscope_trace_begin(s);
  return BSCOPE_OK;
}

static void destroy(struct bscope_session *s) {
  if (s->recorder.clock)
    munmap(s->recorder.clock, CLOCK_BYTES);
  if (s->region.base)
    bscope_region_fini(&s->region);
  munmap(s, session_bytes());
}

/* A session with these settings, not yet current; NULL: no memory. Under the drain lock. */
static struct bscope_session *create(const struct bscope_settings *settings) {
  struct bscope_session *s = mmap(NULL, session_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (s == MAP_FAILED)
    return NULL;
  if (fill(s, settings) == BSCOPE_OK)
    return s;
  destroy(s);
  return NULL;
}

static struct bscope_session *current(void) {
  struct bscope_process *process = bscope_process_get();
  return process ? (struct bscope_session *)bscope_load_acquire(&process->recorder) : NULL;
}

/* Makes a new session the current one. Under the drain lock. */
static struct bscope_session *begin(const struct bscope_settings *settings) {
  struct bscope_process *process = bscope_process_get();
  struct bscope_session *s = create(settings);
  if (!s)
    return NULL;
  bscope_site_file_begin(s->trace ? &s->sites : NULL);
  bscope_suppressions_note();
  struct bscope_session *old = current();
  if (old) {
    old->older = replaced;
    bscope_store_relaxed(&replaced, old);
  }
  inherited = *settings;
  inherits = true;
  bscope_store_relaxed(&process->collector_wanted, settings->collector == BSCOPE_COLLECTOR_THREAD);
  s->paused = !settings->enabled;
  if (settings->on_finding > BSCOPE_ON_FINDING_NONE)
    bscope_watch_want();
  /* release: the session is whole before a thread (acquire) or a query (RCU) finds it. */
  bscope_store_release(&process->recorder, &s->recorder);
  bscope_store_release(&bscope_gate.word, s->paused ? BSCOPE_GATE_OFF : s->recorder.generation);
  return s;
}

/* A child has its parent's list of replaced sessions in its copy of memory, but none of the parent's threads. */
static void forget_parents(void) {
  if (owner != (uint32_t)getpid()) {
    bscope_store_relaxed(&replaced, NULL);
    last_log = 0;
    ancestor = owner;
  }
  owner = (uint32_t)getpid();
}

/* The counter takes the place of a clock that can't be had: nobody is there to be told. */
static void check_clock(struct bscope_settings *settings) {
  if (settings->clock == BSCOPE_CLOCK_TSC && bscope_tsc_refusal())
    settings->clock = BSCOPE_CLOCK_COUNTER;
}

/* Nobody else is there to be told that there is no file; of a family of processes one says so. */
static void complain_once(const struct bscope_session *s) {
  static bool complained;
  char line[BSCOPE_TRACE_LINE];
  if (complained)
    return;
  complained = true;
  bscope_trace_complain(s, line);
  bscope_environment_say(line);
}

/* The current session, made with the environment's options if there is none. NULL: no memory. Under the drain lock. */
static struct bscope_session *current_or_new(void) {
  struct bscope_session *s = current();
  if (s)
    return s;
  static struct bscope_settings settings; /* not on the stack: it may be a signal handler's */
  settings = inherits ? inherited : *bscope_environment_settings();
  if (inherits && bscope_load_relaxed(&bscope_gate.word) == BSCOPE_GATE_OFF)
    settings.enabled = false; /* its parent had switched recording off */
  check_clock(&settings);
  forget_parents();
  (void)bscope_site_table_set_filter(settings.filter);
  s = begin(&settings);
  if (s)
    s->implicit = true;
  if (s && s->file_error)
    complain_once(s);
  return s;
}

/* Whether one more thread can be merged. Under the drain lock. */
static bool has_lanes(struct bscope_session *s) {
  size_t threads = 1;
  if (!s->recorder.timed)
    return true;
  for (const struct bscope_thread *t = bscope_load_acquire(&s->recorder.threads); t; t = t->next)
    threads++;
  return bscope_timed_reserve(&s->timed, &s->region, threads);
}

static struct bscope_thread *attach_locked(void) {
  struct bscope_session *s = current_or_new();
  if (!s || s->recorder.pid != (uint32_t)getpid()) {
    bscope_process_count_stray(s ? BSCOPE_DROP_PROCESS : BSCOPE_DROP_MEMORY);
    return NULL;
  }
  if (bscope_load_relaxed(&bscope_gate.word) == BSCOPE_GATE_OFF)
    return NULL;
  if (bscope_load_relaxed(&bscope_gate.word) & BSCOPE_GENERATION_SEALED) {
    bscope_trace_set_state(s, BSCOPE_TRACE_LIVE); /* the program ends, and records all the same */
    bscope_store_release(&bscope_gate.word, s->recorder.generation);
  }
  struct bscope_thread *self = bscope_thread_current();
  if (self && self->recorder == &s->recorder &&
      (self->control.generation & ~BSCOPE_GENERATION_TIMED) == s->recorder.generation)
    return self;
  struct bscope_thread *thread = has_lanes(s) ? bscope_thread_attach(&s->recorder) : NULL;
  if (!thread)
    bscope_add_relaxed(&s->recorder.dropped[BSCOPE_DROP_MEMORY], 1);
  else
    bscope_drain_sample(s, true); /* its first event took place after this moment */
  return thread;
}

/* Waits as long as the lock goes from hand to hand, and for seconds where it does not: then nobody waits again. */
static bool wait_for_drain_lock(struct bscope_lock *lock) {
  static uint32_t gave_up; /* atomic: the lock's turn, + 1, in which somebody waited in vain */
  for (uint32_t turn = bscope_load_relaxed(&lock->turns) + 1;;) {
    if (bscope_lock_take(lock, bscope_load_relaxed(&gave_up) == turn ? 0 : BSCOPE_STALL_NS))
      return true;
    uint32_t now = bscope_load_relaxed(&lock->turns) + 1;
    if (now == turn) {
      bscope_store_relaxed(&gave_up, turn);
      return false;
    }
    turn = now;
  }
}

struct bscope_thread *bscope_collect_attach(void) {
  struct bscope_process *process = bscope_process_get();
  if (!process || bscope_load_relaxed(&process->pid) != (uint32_t)getpid()) {
    bscope_process_count_stray(BSCOPE_DROP_PROCESS); /* a child of vfork can't ask after its parent's threads */
    return NULL;
  }
  if (!wait_for_drain_lock(&process->drain)) {
    bscope_process_count_stray(BSCOPE_DROP_STALLED);
    return NULL;
  }
  struct bscope_thread *thread = attach_locked();
  bscope_lock_release(&process->drain);
  return thread;
}

static void begin_for_query(void) {
  struct bscope_process *process = bscope_process_get();
  struct bscope_guard guard;
  bscope_guard_enter(&guard);
  if (process && bscope_drain_take(process)) {
    (void)current_or_new();
    bscope_lock_release(&process->drain);
  }
  bscope_guard_leave(&guard);
}

/* --- references --- */

void bscope_session_ref(struct bscope_session *session) {
  bscope_add_relaxed(&session->refs, 1);
}

/* release: what the last reader did comes before the unmapping; pairs with the acquire in is_unused. */
void bscope_session_unref(struct bscope_session *session) {
  bscope_add_release(&session->refs, (uint32_t)-1);
}

struct bscope_session *bscope_session_get(void) {
  struct bscope_guard guard;
  if (!bscope_process_is_whole())
    return NULL;
  bscope_guard_enter(&guard); /* a handler that forks would wait for the lock that its own thread holds */
  bool usable = bscope_rcu_is_usable();
  bscope_query_lock();
  /* A host that uses this flavour of RCU itself may have registered this thread: a second time would abort it. */
  bool registers = usable && !URCU_TLS(urcu_memb_reader).registered;
  if (registers)
    urcu_memb_register_thread();
  if (usable)
    urcu_memb_read_lock(); /* a session replaced meanwhile is not unmapped before this section ends */
  struct bscope_session *s = current();
  if (s)
    bscope_session_ref(s);
  if (usable)
    urcu_memb_read_unlock();
  if (registers)
    urcu_memb_unregister_thread();
  bscope_query_unlock();
  bscope_guard_leave(&guard);
  return s;
}

/* No handle reads it, and each of its threads is gone or writes elsewhere. Under the drain lock. */
static bool is_unused(struct bscope_session *s) {
  if (bscope_load_acquire(&s->refs) != 0 || (s->trace && !bscope_site_file_is_left()))
    return false;
  for (const struct bscope_thread *t = bscope_load_acquire(&s->recorder.threads); t; t = t->next) {
    if (!bscope_load_acquire(&t->left) && !bscope_thread_is_gone(t))
      return false;
  }
  return true;
}

static void pool_threads(struct bscope_session *s) {
  for (struct bscope_thread *t = s->recorder.threads, *next; t; t = next) {
    next = t->next;
    if (bscope_thread_is_gone(t)) /* a live thread may still look at its old block; it is not used again */
      bscope_thread_pool(t);
  }
}

/* Takes the unused ones off the list. Under the drain lock. */
static struct bscope_session *take_unused(void) {
  struct bscope_session *unused = NULL;
  for (struct bscope_session **at = &replaced; *at;) {
    struct bscope_session *s = *at;
    if (!is_unused(s)) {
      at = &s->older;
      continue;
    }
    bscope_store_relaxed(at, s->older);
    s->older = unused;
    unused = s;
  }
  return unused;
}

/* Who hold the pointer without a reference yet. */
static void wait_for_readers(bool by_collector) {
  if (by_collector && bscope_rcu_is_usable()) {
    bscope_wait_for_readers();
    return;
  }
  bscope_query_lock();
  bscope_query_unlock();
}

void bscope_session_free_older(bool by_collector) {
  struct bscope_process *process = bscope_process_get();
  if (!bscope_load_relaxed(&replaced) || !bscope_process_is_whole() || !bscope_drain_take(process))
    return;
  struct bscope_session *unused = take_unused();
  for (struct bscope_session *s = unused; s; s = s->older)
    pool_threads(s);
  bscope_lock_release(&process->drain);
  if (unused)
    wait_for_readers(by_collector);
  while (unused) {
    struct bscope_session *next = unused->older;
    destroy(unused);
    unused = next;
  }
}

/* --- what programs call --- */

static int no_session(void) {
  if (!bscope_process_is_whole())
    return bscope_fail(BSCOPE_ERR_LOCK,
                       "this process was made by clone or _Fork without fork handlers: its locks can't be "
                       "trusted; it records, but queries need fork()");
  return bscope_fail(BSCOPE_ERR_NO_MEMORY,
                     "no memory for a recording session (the option memory says how much it takes)");
}

/* The current session with a reference, made if there is none. NULL: the error is set. */
static struct bscope_session *session_for_query(int *status) {
  struct bscope_session *s = bscope_session_get();
  if (!s && bscope_process_is_whole()) {
    begin_for_query();
    s = bscope_session_get();
  }
  *status = s ? BSCOPE_OK : no_session();
  if (s)
    bscope_collect_start_thread(bscope_process_get()); /* queries are not made in handlers: here it may allocate */
  return s;
}

static int lock_failed(void) {
  return bscope_fail(BSCOPE_ERR_LOCK, "the drain lock was not to be had within a second: its owner is stopped "
                                      "(a debugger?); try again once it runs");
}

/* Made by a query before the program's own bscope_start, and without an event so far. */
static bool is_untouched(const struct bscope_session *s) {
  struct bscope_stats stats;
  bscope_count_stats(s, &stats);
  return s->implicit && stats.attempted == 0 && !bscope_load_acquire(&s->recorder.threads);
}

/* The session records, but not where it was asked to. */
static int without_file(const struct bscope_session *s) {
  char line[BSCOPE_TRACE_LINE];
  bscope_trace_complain(s, line);
  return bscope_fail(BSCOPE_ERR_IO, "%s", line);
}

static int start_locked(const struct bscope_settings *settings) {
  struct bscope_session *old = current();
  forget_parents();
  if (old && !old->stopped && !is_untouched(old))
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "a session is running already (the first event starts one): "
                                                    "call bscope_stop before bscope_start");
  if (!bscope_site_table_set_filter(settings->filter))
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT,
                       "filter: sites were registered under another filter; a process has one "
                       "filter for all its sessions");
  if (old && !old->stopped)
    bscope_trace_discard(old);
  struct bscope_session *s = begin(settings);
  if (!s)
    return bscope_fail(BSCOPE_ERR_NO_MEMORY, "no memory for a session of %zu bytes (option memory)", settings->memory);
  if (old)
    bscope_session_unref(old); /* the process's own reference */
  return s->file_error ? without_file(s) : BSCOPE_OK;
}

static bool asks_for_clock(const struct bscope_options *options) {
  return options && options->size >= offsetof(struct bscope_options, clock) + sizeof(options->clock) &&
         options->clock != BSCOPE_CLOCK_DEFAULT;
}

int bscope_start(const struct bscope_options *options) {
  struct bscope_settings settings = *bscope_environment_settings();
  int rc = options ? bscope_settings_apply(&settings, options) : BSCOPE_OK;
  if (rc != BSCOPE_OK)
    return rc;
  bscope_trace_file_make_absolute(settings.file, sizeof(settings.file));
  if (!asks_for_clock(options))
    check_clock(&settings); /* what the environment asks for is complained of once, when it is read */
  const char *refusal = settings.clock == BSCOPE_CLOCK_TSC ? bscope_tsc_refusal() : NULL;
  if (refusal)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "bscope_options.clock is tsc: %s", refusal);
  struct bscope_process *process = bscope_process_get();
  if (!process || !bscope_process_is_whole())
    return no_session();
  struct bscope_guard guard;
  bscope_guard_enter(&guard);
  if (bscope_drain_take(process)) {
    rc = start_locked(&settings);
    bscope_lock_release(&process->drain);
    /* Left to the collector where there is one. */
    if (bscope_load_acquire(&process->collector_started) != 2)
      bscope_session_free_older(false);
  } else {
    rc = lock_failed();
  }
  bscope_guard_leave(&guard);
  if (rc == BSCOPE_OK || rc == BSCOPE_ERR_IO)
    bscope_collect_start_thread(process);
  return rc;
}

/*
 * Turns until they have reached what the clock says now, for as long as they get on with it and 100 ms beyond; one turn
 * from inside a write.
 */
static bool settle(struct bscope_session *s, bool may_wait) {
  uint64_t clock = s->recorder.timed ? bscope_tsc() : bscope_load_acquire(s->recorder.clock);
  uint64_t begin = bscope_now_ns(), since = begin, reached = clock;
  for (;;) {
    struct bscope_turn turn;
    if (!bscope_drain_once(s, 0, s->settings.collector == BSCOPE_COLLECTOR_NONE, &turn))
      return false;
    if (bscope_stamp_distance(turn.reached, clock) <= 0 || !may_wait || turn.no_memory)
      return true;
    uint64_t now = bscope_now_ns();
    if (turn.reached != reached || (turn.more && turn.placed > 0))
      since = now;
    reached = turn.reached;
    if (now - since > BSCOPE_GAP_NS + BSCOPE_GAP_NS / 4 || now - begin > SETTLE_MOST_NS)
      return true;
    if (!turn.more)
      nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
  }
}

static void make_view(struct bscope_session *s, struct bscope_view *view) {
  bscope_drain_sample(s, true);
  struct bscope_chunk *first = s->window.count ? s->window.chunks[s->window.first & (s->window.capacity - 1)] : NULL;
  *view = (struct bscope_view){.session = s,
                               .store = s->store,
                               .chunks = first,
                               .chunk_count = s->window.count,
                               .base = s->window.origin,
                               .prefix = s->window.prefix,
                               .clock = bscope_load_acquire(s->recorder.clock),
                               .generation = s->log_generation,
                               .settings = &s->settings,
                               .suppressions = bscope_suppressions_text(),
                               .parent = s->parent};
  bscope_count_stats(s, &view->stats);
}

static int view_locked(struct bscope_session *s, bool settles, int (*take)(void *, const struct bscope_view *),
                       void *context) {
  const struct bscope_thread *self = bscope_thread_current();
  bool inside_write = self && bscope_load_relaxed(&self->control.busy) > BSCOPE_BUSY_DRAINING;
  if (settles && !settle(s, !inside_write))
    return lock_failed();
  struct bscope_process *process = bscope_process_get();
  if (!bscope_drain_take(process))
    return lock_failed();
  struct bscope_view view;
  int rc = REPLACED;
  if (current() == s) {
    make_view(s, &view);
    rc = take(context, &view);
  }
  bscope_lock_release(&process->drain);
  return rc;
}

int bscope_session_view(bool settles, int (*take)(void *context, const struct bscope_view *view), void *context) {
  int rc;
  do {
    struct bscope_session *s = session_for_query(&rc);
    if (!s)
      return rc;
    struct bscope_guard guard;
    bscope_guard_enter(&guard);
    rc = view_locked(s, settles, take, context);
    bscope_guard_leave(&guard);
    bscope_session_unref(s);
  } while (rc == REPLACED);
  return rc;
}

void bscope_session_locked(struct bscope_session *session, void (*fn)(void *context), void *context) {
  (void)session;
  struct bscope_process *process = bscope_process_get();
  struct bscope_guard guard;
  bscope_guard_enter(&guard);
  while (!bscope_drain_take(process))
    continue;
  fn(context);
  bscope_lock_release(&process->drain);
  bscope_guard_leave(&guard);
}

static int take_nothing(void *context, const struct bscope_view *view) {
  (void)context;
  (void)view;
  return BSCOPE_OK;
}

int bscope_flush(void) {
  int rc = bscope_session_view(true, take_nothing, NULL);
  bscope_watch(BSCOPE_WATCH_FLUSH);
  return rc;
}

static int take_stats(void *context, const struct bscope_view *view) {
  *(struct bscope_stats *)context = view->stats;
  return BSCOPE_OK;
}

int bscope_get_stats(struct bscope_stats *out) {
  if (!out)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "bscope_get_stats: no place for the result (out is NULL)");
  return bscope_session_view(true, take_stats, out);
}

/* The gate is closed first, so that what is settled afterwards is all there will be. */
static int stop_locked(void *context, const struct bscope_view *view) {
  (void)context;
  view->session->stopped = true;
  bscope_store_release(&bscope_gate.word, BSCOPE_GATE_OFF);
  return BSCOPE_OK;
}

int bscope_stop(void) {
  int rc = bscope_session_view(false, stop_locked, NULL);
  if (rc == BSCOPE_OK)
    rc = bscope_session_view(true, take_nothing, NULL);
  bscope_watch(BSCOPE_WATCH_END);
  if (rc == BSCOPE_OK)
    rc = bscope_trace_seal(false);
  return rc;
}

static void note_bases(struct bscope_session *s) {
  struct bscope_stats now;
  bscope_count_stats(s, &now);
  const uint64_t *dropped[] = {&now.dropped_full,    &now.dropped_nested,  &now.dropped_memory,
                               &now.dropped_stalled, &now.dropped_process, &now.dropped_oversized};
  for (unsigned i = 0; i < BSCOPE_DROP_REASONS; i++)
    s->dropped_base[i] += *dropped[i];
  s->abandoned_base += now.abandoned;
  s->clock_back_base += now.clock_back;
  note_tallies(s);
}

/* Nothing is zeroed: the base moves, and what is older belongs to the generation before. */
static int reset_locked(void *context, const struct bscope_view *view) {
  (void)context;
  struct bscope_session *s = view->session;
  note_bases(s);
  uint64_t base = bscope_load_acquire(s->recorder.clock);
  s->log_generation = ++last_log;
  s->open_count = 0;
  s->open_unfollowed = 0;
  s->gap.since_ns = 0;
  bscope_trace_epoch(s, base); /* first: from here on a reader passes over what is taken apart below */
  bscope_window_begin(&s->window, base);
  bscope_store_begin(s->store, base, s->log_generation);
  bscope_drain_sample(s, true);
  if (s->recorder.timed)
    bscope_timed_begin(&s->timed);
  return BSCOPE_OK;
}

int bscope_reset(void) {
  return bscope_session_view(true, reset_locked, NULL);
}

static int switch_on(void *context, const struct bscope_view *view) {
  (void)context;
  struct bscope_session *s = view->session;
  if (!s->stopped)
    bscope_store_release(&bscope_gate.word, s->recorder.generation);
  s->paused = false;
  return BSCOPE_OK;
}

static int switch_off(void *context, const struct bscope_view *view) {
  (void)context;
  struct bscope_session *s = view->session;
  if (!s->paused && !s->stopped)
    s->pauses++;
  s->paused = true;
  bscope_store_release(&bscope_gate.word, BSCOPE_GATE_OFF);
  return BSCOPE_OK;
}

void bscope_enable(bool on) {
  (void)bscope_session_view(false, on ? switch_on : switch_off, NULL);
}
