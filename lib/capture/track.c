/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slow path of a tracking call: a first event of a site or a thread, a nested call, a full ring, a new session, a
 * child of fork, an event longer than a record. It keeps errno and allocates from mapped memory only. A call that
 * drains takes up to 5 KiB of stack, one that only writes less than 1.
 */
#include "capture/track.h"

#include "base/error.h"
#include "base/kinds.h"
#include "capture/nested.h"
#include "capture/quiet.h"
#include "capture/site_table.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define RING_GROWTH 4u

#define CALLERS_STACK() ((uintptr_t)__builtin_frame_address(0) + 2 * sizeof(void *))

static void count_folded(bool folded) {
  if (folded)
    bscope_process_count(BSCOPE_TALLY_NAMES_FOLDED);
}

/* What a header of this library says; a site of another make must not put into the log what no reader can name. */
static bool is_valid(unsigned kind, unsigned subject_is, unsigned object_is) {
  return bscope_kind_is_recorded(kind) && subject_is <= BSCOPE_WORD_VALUE && object_is <= BSCOPE_WORD_VALUE;
}

static bool is_ours(const struct bscope_site *site) {
  return site->abi == BSCOPE_SITE_ABI && site->size == sizeof(*site) &&
         is_valid(site->kind, site->subject_is, site->object_is);
}

static uint32_t register_site(struct bscope_site *site) {
  bool folded = false;
  const struct bscope_site *entry = bscope_site_table_intern(site, &folded);
  if (!entry)
    return BSCOPE_SITE_UNKNOWN;
  count_folded(folded);
  uint32_t unknown = BSCOPE_SITE_UNKNOWN;
  /* release: who acquires the word finds the entry's text. A loser's word is equal, since interning is. */
  bscope_cas_release(&site->word, &unknown, entry->word);
  return entry->word;
}

uint32_t bscope_track_site_id(struct bscope_site *site) {
  uint32_t id = bscope_load_acquire(&site->word); /* pairs with register_site */
  if (bscope_likely(id != BSCOPE_SITE_UNKNOWN))
    return id;
  if (is_ours(site))
    return register_site(site);
  bscope_process_count(BSCOPE_TALLY_FOREIGN_SITES);
  bscope_store_release(&site->word, BSCOPE_SITE_OFF);
  return BSCOPE_SITE_OFF;
}

/* The thread's block for the session that the gate names, made if need be; NULL: nothing is recorded now. */
static struct bscope_thread *attach(void) {
  struct bscope_quiet quiet;
  bscope_quiet_enter(&quiet);
  struct bscope_thread *thread = bscope_collect_attach();
  bscope_quiet_leave(&quiet);
  return thread;
}

/* Not in a signal handler, as far as can be told: nothing is blocked, and this is no signal stack. */
static bool may_use_malloc(void) {
  sigset_t blocked;
  stack_t stack;
  return pthread_sigmask(SIG_SETMASK, NULL, &blocked) == 0 && sigisemptyset(&blocked) &&
         sigaltstack(NULL, &stack) == 0 && !(stack.ss_flags & SS_ONSTACK);
}

/* Creating a thread allocates, so it is left to a call where that is safe; until then producers drain for themselves.
 */
static void start_collector(struct bscope_thread *thread) {
  struct bscope_process *process = bscope_process_get();
  if (bscope_likely(!process || bscope_load_relaxed(&process->collector_started) != 0) || !may_use_malloc())
    return;
  struct bscope_quiet quiet;
  bscope_quiet_enter(&quiet);
  /* What its start records by itself (a traced malloc) is nested. */
  bscope_store_release(&thread->control.busy, BSCOPE_BUSY_DRAINING);
  bscope_collect_start_thread(process);
  bscope_store_release(&thread->control.busy, BSCOPE_BUSY_IDLE);
  bscope_quiet_leave(&quiet);
}

static struct bscope_thread *ready_thread(void) {
  struct bscope_thread *thread = bscope_thread_current();
  if (bscope_likely(thread &&
                    (thread->control.generation & ~BSCOPE_GENERATION_TIMED) == bscope_load_relaxed(&bscope_gate.word)))
    return thread;
  thread = attach();
  if (thread)
    start_collector(thread);
  return thread;
}

static uint64_t room_in(const struct bscope_ring *ring, uint64_t head) {
  /* acquire: the drainer has read what the slots held; pairs with its release of the tail. */
  return ring->size - (head - bscope_load_acquire(&ring->tail));
}

static bool has_room(const struct bscope_thread *thread, uint32_t slots) {
  return room_in(thread->ring, thread->control.head) >= slots;
}

/* Goes over to a larger ring; what the old one holds is drained from there. Signals are blocked, no write is open. */
static bool exchange_ring(struct bscope_thread *thread) {
  struct bscope_recorder *recorder = thread->recorder;
  struct bscope_ring *old = thread->ring;
  uint32_t size = (uint32_t)bscope_min_u64((uint64_t)old->size * RING_GROWTH, recorder->ring_most);
  if (size <= old->size || !bscope_recorder_may_grow(recorder, bscope_ring_bytes(size)))
    return false;
  struct bscope_ring *ring = bscope_recorder_take_ring(recorder, size, false);
  if (!ring)
    return false;
  struct bscope_control *c = &thread->control;
  bscope_thread_own_ring(thread, ring);
  ring->next = old;
  old->last = c->head;
  bscope_store_release(&old->state, BSCOPE_RING_EXCHANGED); /* pairs with the drainer: `last` is final */
  bscope_store_release(&thread->ring, ring);                /* pairs with the drainer: the ring is whole */
  c->records = ring->slots;
  c->mask = ring->size - 1;
  bscope_store_relaxed(&c->head, bscope_load_relaxed(&ring->tail)); /* under clock=tsc the drainer looks at it */
  c->limit = c->head;
  return true;
}

/* Drains until there is room; false with the reason when that can't be. */
static bool drain_until_room(struct bscope_thread *thread, uint32_t slots, enum bscope_drop *reason) {
  uint64_t progress = thread->stall_progress;
  uint64_t since = bscope_now_ns();
  while (!has_room(thread, slots)) {
    switch (bscope_collect_drain_for(thread->recorder, &progress)) {
    case BSCOPE_ROOM_MOVED:
      thread->stalled = false;
      since = bscope_now_ns();
      break;
    case BSCOPE_ROOM_NO_MEMORY:
      *reason = BSCOPE_DROP_MEMORY;
      return false;
    case BSCOPE_ROOM_WAITED:
      if (thread->stalled || bscope_now_ns() - since > BSCOPE_STALL_NS) {
        thread->stalled = true;
        thread->stall_progress = progress;
        *reason = BSCOPE_DROP_STALLED;
        return false;
      }
      nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
    }
  }
  return true;
}

static bool make_room_blocked(struct bscope_thread *thread, uint32_t slots, enum bscope_drop *reason) {
  *reason = BSCOPE_DROP_PROCESS;
  if (thread->recorder->pid !=
      (uint32_t)getpid()) /* a child of vfork: what it asks of its parent's threads is answered wrongly */
    return false;
  while (!has_room(thread, slots)) {
    if (exchange_ring(thread))
      continue;
    *reason = slots > thread->ring->size ? BSCOPE_DROP_OVERSIZED : BSCOPE_DROP_FULL;
    if (slots > thread->ring->size || thread->recorder->overflow_drops)
      return false;
    return drain_until_room(thread, slots, reason);
  }
  return true;
}

static bool make_room(struct bscope_thread *thread, uint32_t slots) {
  struct bscope_quiet quiet;
  enum bscope_drop reason = BSCOPE_DROP_FULL;
  bscope_quiet_enter(&quiet);
  bscope_store_release(&thread->control.busy, BSCOPE_BUSY_DRAINING); /* no stamp is open: idle for the watermark */
  bool forked = !thread->ring; /* by a handler, before signals were blocked: nothing of this block is left */
  bool made = !forked && make_room_blocked(thread, slots, &reason);
  if (!made && !forked)
    bscope_count_drop(thread->ring, reason);
  bscope_store_release(&thread->control.busy, BSCOPE_BUSY_IDLE);
  bscope_quiet_leave(&quiet);
  return made;
}

/* How far the inline part may go before it looks here again: to the ring's end, or half its size on, to raise the
 * collector. */
static bool set_limit(struct bscope_control *c, const struct bscope_ring *ring) {
  uint64_t size = ring->size;
  uint64_t tail = bscope_load_acquire(&ring->tail);
  c->limit = bscope_min_u64(tail + size, c->head + bscope_max_u64(size / 2, 1));
  return c->head - tail >= size / 2;
}

enum attempt { WRITTEN, WRITTEN_HALF_FULL, NO_ROOM, FORKED, LEFT };

/* `clock` is NULL under clock=tsc. */
static enum attempt write_into(struct bscope_thread *thread, struct bscope_ring *ring, uint64_t *clock,
                               const struct bscope_draft *draft) {
  struct bscope_control *c = &thread->control;
  uint64_t head = c->head;
  if (room_in(ring, head) < draft->slots)
    return NO_ROOM;
  bscope_store_relaxed(&c->head, head + draft->slots);
  bscope_signal_fence();
  /* release, not more: joins the release sequence that the watermark's acquire of the clock relies on. */
  uint64_t stamp = clock ? bscope_add_release(clock, 1) : bscope_stamp_take(thread);
  bscope_write_slots(ring, head, draft, stamp);
  if (!clock)
    bscope_stamp_note(thread, stamp);
  return set_limit(c, ring) ? WRITTEN_HALF_FULL : WRITTEN;
}

/*
 * Claims and writes while busy, so that no handler's write comes between what it reads and what it stores. Pointers are
 * loaded once: when a handler forks and returns in the child, the block is wiped, but what they lead to is still there.
 */
static enum attempt try_write(struct bscope_thread *thread, const struct bscope_draft *draft) {
  struct bscope_control *c = &thread->control;
  /* release, before the stamp: the watermark that acquires a later clock sees this write open. */
  bscope_store_release(&c->busy, bscope_stack_pointer());
  bscope_signal_fence();
  uint64_t generation = bscope_load_relaxed(&c->generation); /* first: a wipe takes what is loaded later */
  bscope_signal_fence();
  struct bscope_ring *ring = bscope_load_relaxed(&thread->ring); /* relaxed: only this thread writes it */
  uint64_t *clock = bscope_load_relaxed(&c->clock);
  bscope_signal_fence();
  enum attempt result = FORKED;
  if (bscope_load_relaxed(&thread->left)) /* a handler took this thread to a newer session meanwhile */
    result = LEFT;
  else if (ring && clock)
    result = write_into(thread, ring, generation & BSCOPE_GENERATION_TIMED ? NULL : clock, draft);
  bscope_signal_fence();
  bscope_store_release(&c->busy, BSCOPE_BUSY_IDLE); /* after publication: seen idle means nothing is open */
  return result;
}

/* False: the thread belongs to a newer session by now. */
static bool write_event(struct bscope_thread *thread, const struct bscope_draft *draft) {
  enum attempt result;
  while ((result = try_write(thread, draft)) == NO_ROOM) {
    if (!make_room(thread, draft->slots))
      return true;
  }
  if (result != WRITTEN_HALF_FULL)
    return result != LEFT;
  start_collector(thread);
  bscope_collect_wake(bscope_process_get());
  return true;
}

/* False: the thread went over to a newer session in the middle of it, and nothing was written. */
static bool record_on(struct bscope_thread *thread, const struct bscope_draft *draft, uintptr_t callers_stack) {
  uint64_t busy = bscope_load_relaxed(&thread->control.busy);
  if (busy == BSCOPE_BUSY_IDLE)
    bscope_nested_forget(thread); /* one is open only while the write that it interrupted is */
  if (busy == BSCOPE_BUSY_IDLE || bscope_nested_heal(thread, busy, callers_stack))
    return write_event(thread, draft);
  bscope_nested_write(thread, draft);
  return true;
}

static __attribute__((noinline)) void record(struct bscope_site *site, struct bscope_draft *draft,
                                             uintptr_t callers_stack) {
  struct bscope_thread *thread;
  do {
    if (!site || bscope_load_relaxed(&bscope_gate.word) == BSCOPE_GATE_OFF)
      return;
    thread = ready_thread();
    draft->site = thread ? bscope_track_site_id(site) : BSCOPE_SITE_OFF;
    if (draft->site == BSCOPE_SITE_OFF)
      return;
    if (draft->site == BSCOPE_SITE_UNKNOWN) {
      struct bscope_ring *ring = bscope_load_relaxed(&thread->nested);
      if (ring)
        bscope_count_drop(ring, BSCOPE_DROP_MEMORY);
      return;
    }
  } while (!record_on(thread, draft, callers_stack));
}

/*
 * The inline part over again with the other clock: the thread is not busy, and its block is of the gate's session. The
 * same order of steps, for the same reasons (write.h); what a drainer may conclude from it stands in
 * lib/collect/timed_bound.c. False: no room, nothing written.
 */
static inline __attribute__((always_inline)) bool write_timed(struct bscope_thread *thread, uint32_t id,
                                                              uint64_t subject, uint64_t object) {
  struct bscope_control *c = &thread->control;
  bscope_store_release(&c->busy, bscope_stack_pointer());
  bscope_signal_fence();
  struct bscope_record *records = bscope_load_relaxed(&c->records);
  uint64_t mask = bscope_load_relaxed(&c->mask);
  bscope_signal_fence();
  uint64_t head = bscope_load_relaxed(&c->head);
  if (bscope_unlikely(head >= bscope_load_relaxed(&c->limit))) {
    bscope_store_release(&c->busy, BSCOPE_BUSY_IDLE);
    return false;
  }
  bscope_store_relaxed(&c->head, head + 1);
  bscope_signal_fence();
  uint64_t stamp = bscope_stamp_take(thread);
  struct bscope_record *slot = &records[head & mask];
  slot->stamp = stamp;
  slot->subject = subject;
  slot->object = object;
  slot->site = id;
  bscope_store_release(&slot->index, (uint32_t)(head + 1)); /* publishes; pairs with bscope_ring_is_published */
  bscope_stamp_note(thread, stamp);
  bscope_signal_fence();
  bscope_store_release(&c->busy, BSCOPE_BUSY_IDLE);
  return true;
}

static __attribute__((noinline)) void record_plain(struct bscope_site *site, uint64_t subject, uint64_t object,
                                                   uintptr_t callers_stack) {
  int saved = errno;
  struct bscope_draft draft = {.subject = subject, .object = object, .slots = 1};
  record(site, &draft, callers_stack);
  errno = saved;
}

void bscope_emit_slow(struct bscope_site *site, uint64_t subject, uint64_t object) {
  struct bscope_control *c = bscope_thread_control;
  uint64_t timed = bscope_load_relaxed(&bscope_gate.word) | BSCOPE_GENERATION_TIMED;
  /* relaxed: only this thread and its handlers write both; no block has the number of a gate that is off */
  if (site && bscope_load_relaxed(&c->generation) == timed && bscope_load_relaxed(&c->busy) == BSCOPE_BUSY_IDLE) {
    uint32_t id = bscope_load_acquire(&site->word); /* pairs with register_site */
    if (bscope_likely(id + 1 > 1) && bscope_likely(write_timed((struct bscope_thread *)c, id, subject, object)))
      return;
  }
  record_plain(site, subject, object, CALLERS_STACK());
}

void bscope_emit(const struct bscope_site *site, uint64_t subject, uint64_t object) {
  if (bscope_unlikely(!site)) /* interning failed for want of memory */
    return;
  /* An interned site is the table's own: its word is set, so nothing of it is written. */
  bscope_record_inline((struct bscope_site *)(uintptr_t)site, subject, object);
}

void bscope_emit_payload(const struct bscope_site *site, uint64_t subject, uint64_t object, const void *bytes,
                         size_t size) {
  int saved = errno;
  struct bscope_draft draft = {.subject = subject, .object = object};
  if (!site)
    return;
  bscope_draft_set_payload(&draft, bytes, size);
  record((struct bscope_site *)(uintptr_t)site, &draft, CALLERS_STACK());
  errno = saved;
}

void bscope_emit_named(struct bscope_site *site, const char *name, const char *name2, uint64_t subject,
                       uint64_t object) {
  if (!site || bscope_load_relaxed(&bscope_gate.word) == BSCOPE_GATE_OFF)
    return;
  if (!is_ours(site)) {
    (void)bscope_track_site_id(site); /* counts it */
    return;
  }
  bool folded = false;
  const struct bscope_site *named = bscope_site_table_intern_named(site, name, name2, &folded);
  if (!named)
    return;
  count_folded(folded);
  bscope_emit(named, subject, object);
}

void bscope_track_drop_names(struct bscope_site *site, const char *const *names, size_t count) {
  for (size_t i = 0; names && i < count; i++)
    if (names[i])
      bscope_emit_named(site, names[i], NULL, 0, 0);
}

const struct bscope_site *bscope_site_intern(const struct bscope_site_info *info) {
  if (!info || info->size < sizeof(*info)) {
    bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "bscope_site_intern: info is NULL, or its size is not set");
    return NULL;
  }
  if (!is_valid(info->kind, info->subject_is, info->object_is)) {
    bscope_fail(
        BSCOPE_ERR_INVALID_ARGUMENT,
        "bscope_site_intern: no event has kind %u with words %u and %u (see enum bscope_kind, enum bscope_word)",
        info->kind, info->subject_is, info->object_is);
    return NULL;
  }
  const struct bscope_site key = {
      .kind = info->kind,
      .subject_is = info->subject_is,
      .object_is = info->object_is,
      .flags = info->flags,
      .line = info->line,
      .extent = info->extent,
      .name = info->name,
      .name2 = info->name2,
      .type = info->type,
      .file = info->file,
      .function = info->function,
      .text = info->text,
      .extra = info->extra,
  };
  bool folded = false;
  const struct bscope_site *site = bscope_site_table_intern(&key, &folded);
  count_folded(folded);
  return site;
}
