/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inline part of every tracking call: one record written into the calling thread's ring, without a lock and
 * without a function call. About 7 ns, most of it the one `lock xadd` that takes the stamp; one load and one
 * predicted branch while recording is switched off. Whatever is out of the ordinary (first event of a site or a
 * thread, nesting, a full ring, a fork, another clock) goes to bscope_emit_slow.
 *
 * A program uses the macros of track.h. This file is the protocol below them, frozen for soname 0.
 *
 * Who may see a write half done: the thread's own signal handlers, which find `busy` set and go elsewhere; a
 * drainer on another thread, which looks at a slot only after its index; a child forked by a handler, which finds
 * its control block wiped. Signal fences cost no instruction: they pin the order that handlers see. Release stores
 * pin the one that other threads see.
 */
#ifndef BORROWSCOPE_WRITE_H
#define BORROWSCOPE_WRITE_H

#include <stdlib.h>

#include <borrowscope/kinds.h>
#include <borrowscope/types.h>

#if defined(__has_attribute)
#if __has_attribute(noplt)
#define BSCOPE_NOPLT_ __attribute__((noplt))
#endif
#endif
#ifndef BSCOPE_NOPLT_
#define BSCOPE_NOPLT_
#endif

/* In C, external linkage without a definition of its own, so that a plain `inline` function of the program may use it.
 */
#ifdef __cplusplus
#define BSCOPE_INLINE_ inline __attribute__((always_inline))
#else
#define BSCOPE_INLINE_ extern __inline__ __attribute__((gnu_inline, always_inline))
#endif

/* An object pointer as a record's word. */
#ifdef __cplusplus
#define BSCOPE_ADDRESS_(pointer) (reinterpret_cast<uintptr_t>(pointer))
#else
#define BSCOPE_ADDRESS_(pointer) ((uintptr_t)(pointer))
#endif

#define BSCOPE_LIKELY_(condition) __builtin_expect(!!(condition), 1)
#define BSCOPE_UNLIKELY_(condition) __builtin_expect(!!(condition), 0)

#ifdef __cplusplus
extern "C" {
#else
/* The functions below declare where they need something; a program may forbid that to itself (popped at the end). */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeclaration-after-statement"
#endif

/* Records what the inline part can't: registers the site, attaches the thread, drains, nests. Keeps errno. Any thread,
 * any handler. */
BSCOPE_API void bscope_emit_slow(struct bscope_site *site, uint64_t subject, uint64_t object)
    __attribute__((cold, nothrow)) BSCOPE_NOPLT_;

/* Records one event of an interned site: the twin of the inline part for other languages. Keeps errno. */
BSCOPE_API void bscope_emit(const struct bscope_site *site, uint64_t subject, uint64_t object) __attribute__((nothrow));

/* Interns `site` under names known only now (either may be NULL), then records the event. The strings are copied. */
BSCOPE_API void bscope_emit_named(struct bscope_site *site, const char *name, const char *name2, uint64_t subject,
                                  uint64_t object) __attribute__((nothrow));

/* Records an event with `size` further bytes, of which at most 160 are kept. */
BSCOPE_API void bscope_emit_payload(const struct bscope_site *site, uint64_t subject, uint64_t object,
                                    const void *bytes, size_t size) __attribute__((nothrow));

/*
 * The process's copy of a site that is described at run time: equal information gives the equal pointer, valid
 * until the process ends. Borrowed. NULL with bscope_last_error: `info` is NULL, or its size is too small, or its kind
 * or what it says of the words is in no table. NULL without: no memory.
 */
BSCOPE_API const struct bscope_site *bscope_site_intern(const struct bscope_site_info *info) __attribute__((nothrow));

/*
 * Records the event if the decision for its variable is yes: a pure function of rate (0 to 1), the process's seed and
 * the variable, which is known by the id or the address that the call gives, else by the site's name and the calling
 * thread. So all calls about a variable with one rate are recorded, or none is. No lock; keeps errno.
 */
BSCOPE_API void bscope_emit_sampled(struct bscope_site *site, double rate, uint64_t subject, uint64_t object)
    __attribute__((nothrow));

/* The seed of those decisions, before the first of them; 0 otherwise. Any thread. */
BSCOPE_API void bscope_set_sample_seed(uint64_t seed) __attribute__((nothrow));

/* Records where a heap block lies, its `size` bytes in use, its capacity, and its first bytes in use, at most 32. */
BSCOPE_API void bscope_emit_heap(struct bscope_site *site, const void *pointer, size_t size, size_t capacity)
    __attribute__((nothrow));

/* Records a drop of each of `count` names, in their order; NULL entries are passed over. */
BSCOPE_API void bscope_track_drop_names(struct bscope_site *site, const char *const *names, size_t count)
    __attribute__((nothrow));

/* The stack pointer: tells a later call whether the write that it finds in progress was abandoned by a jump. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define BSCOPE_STACK_POINTER_(out) __asm__ volatile("movq %%rsp, %0" : "=r"(out))
#elif defined(__aarch64__) && !defined(__ILP32__)
#define BSCOPE_STACK_POINTER_(out) __asm__ volatile("mov %0, sp" : "=r"(out))
#else
#define BSCOPE_STACK_POINTER_(out)                                                                                     \
  do {                                                                                                                 \
    char bscope_local_;                                                                                                \
    __asm__ volatile("" : "=r"(out) : "0"(BSCOPE_ADDRESS_(&bscope_local_)));                                           \
  } while (0)
#endif

/*
 * Takes the cache line of a slot further on for writing. Where a drainer on another core has read the ring, a store
 * into its slots waits for their line, and the next `lock xadd` waits for the store: 5 ns an event. 1 KiB ahead is far
 * enough; beyond the ring's end it is of no use and does no harm, since a prefetch can't fault.
 */
#if defined(__x86_64__)
#define BSCOPE_PREFETCH_AHEAD_(slot) __asm__ volatile("prefetchw %0" : : "m"((slot)[32]))
#else
#define BSCOPE_PREFETCH_AHEAD_(slot) __builtin_prefetch(&(slot)[32], 1)
#endif

/* Writes the record: the thread is not busy and its generation is the gate's. False: no room, nothing written. */
BSCOPE_INLINE_ bool bscope_record_slot_(struct bscope_control *control, uint32_t id, uint64_t subject,
                                        uint64_t object) {
  uintptr_t stack;
  BSCOPE_STACK_POINTER_(stack);
  /* Release, for the drainer's acquire load: an older record's stamp is never seen idle before its index is seen. */
  __atomic_store_n(&control->busy, stack, __ATOMIC_RELEASE);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  /*
   * Where to, before how much room: a handler that forks in between leaves the child a wiped block, whose limit 0
   * sends it to the slow path, and pointers loaded before stay mapped.
   */
  struct bscope_record *const records = __atomic_load_n(&control->records, __ATOMIC_RELAXED);
  const uint64_t mask = __atomic_load_n(&control->mask, __ATOMIC_RELAXED);
  uint64_t *const clock = __atomic_load_n(&control->clock, __ATOMIC_RELAXED);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  const uint64_t head = __atomic_load_n(&control->head, __ATOMIC_RELAXED);
  if (BSCOPE_UNLIKELY_(head >= __atomic_load_n(&control->limit, __ATOMIC_RELAXED))) {
    /* Release, as below. Nothing was stamped. */
    __atomic_store_n(&control->busy, 0, __ATOMIC_RELEASE);
    return false;
  }
  /* Relaxed: only this thread and its handlers read it. Before the stamp, so that a stamp always has its slot. */
  __atomic_store_n(&control->head, head + 1, __ATOMIC_RELAXED);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  /* Release, for the drainer's acquire load of the clock: who sees this stamp taken sees busy set. */
  const uint64_t stamp = __atomic_fetch_add(clock, 1, __ATOMIC_RELEASE);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  struct bscope_record *const slot = &records[head & mask];
  BSCOPE_PREFETCH_AHEAD_(slot);
  slot->stamp = stamp;
  slot->subject = subject;
  slot->object = object;
  slot->site = id;
  /* Release, for the drainer's acquire load of the index: it publishes the four fields above. */
  __atomic_store_n(&slot->index, (head + 1) & 0xffffffffu, __ATOMIC_RELEASE);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  /* Release, for the drainer's acquire load of busy: seen idle, the index is seen too. */
  __atomic_store_n(&control->busy, 0, __ATOMIC_RELEASE);
  return true;
}

/* Records one event. */
BSCOPE_INLINE_ void bscope_record_inline(struct bscope_site *site, uint64_t subject, uint64_t object) {
  /* Relaxed: what start and stop set up is reached through the generation, in the slow path. */
  const uint64_t gate = __atomic_load_n(&bscope_gate.word, __ATOMIC_RELAXED);
  if (BSCOPE_UNLIKELY_(gate == BSCOPE_GATE_OFF))
    return;
  struct bscope_control *const control = bscope_thread_control;
  /* Acquire, with the release store at registration: an id is used only when the table holds its entry. */
  const uint32_t id = __atomic_load_n(&site->word, __ATOMIC_ACQUIRE);
  /* One compare for both: UNKNOWN is 0, OFF is the largest word. */
  if (BSCOPE_UNLIKELY_(id + 1u <= 1u)) {
    if (id == BSCOPE_SITE_OFF)
      return;
  } else {
    /* Relaxed: only this thread and its handlers write them; fork's wipe reads as generation 0. */
    const uint64_t other = __atomic_load_n(&control->generation, __ATOMIC_RELAXED) ^ gate;
    if (BSCOPE_LIKELY_((other | __atomic_load_n(&control->busy, __ATOMIC_RELAXED)) == 0) &&
        BSCOPE_LIKELY_(bscope_record_slot_(control, id, subject, object)))
      return;
  }
  bscope_emit_slow(site, subject, object);
}

/* Records one event whose names are known only at run time: a look-up by name, out of line. */
BSCOPE_INLINE_ void bscope_record_named_(struct bscope_site *site, const char *name, const char *name2,
                                         uint64_t subject, uint64_t object) {
  if (__atomic_load_n(&bscope_gate.word, __ATOMIC_RELAXED) != BSCOPE_GATE_OFF)
    bscope_emit_named(site, name, name2, subject, object);
}

BSCOPE_INLINE_ void bscope_record_drop_names_(struct bscope_site *site, const char *const *names, size_t count) {
  if (__atomic_load_n(&bscope_gate.word, __ATOMIC_RELAXED) != BSCOPE_GATE_OFF)
    bscope_track_drop_names(site, names, count);
}

BSCOPE_INLINE_ void bscope_record_rated_(struct bscope_site *site, double rate, uint64_t subject, uint64_t object) {
  if (__atomic_load_n(&bscope_gate.word, __ATOMIC_RELAXED) != BSCOPE_GATE_OFF)
    bscope_emit_sampled(site, rate, subject, object);
}

/* Strong and weak count in one word. */
BSCOPE_INLINE_ uint64_t bscope_counts_(uint64_t strong, uint64_t weak) {
  return strong << 32 | (weak & 0xffffffffu);
}

/* Counts where both words hold ids. */
BSCOPE_INLINE_ void bscope_record_counted_(struct bscope_site *site, uint64_t counts, uint64_t subject,
                                           uint64_t object) {
  if (__atomic_load_n(&bscope_gate.word, __ATOMIC_RELAXED) != BSCOPE_GATE_OFF)
    bscope_emit_payload(site, subject, object, &counts, sizeof(counts));
}

BSCOPE_INLINE_ void bscope_record_heap_(struct bscope_site *site, const void *pointer, size_t size, size_t capacity) {
  if (__atomic_load_n(&bscope_gate.word, __ATOMIC_RELAXED) != BSCOPE_GATE_OFF)
    bscope_emit_heap(site, pointer, size, capacity);
}

/* A resize that is over: its two records. The old size is what the library knows already. */
BSCOPE_INLINE_ void bscope_record_resized_(struct bscope_site *attempt, struct bscope_site *outcome,
                                           const void *old_pointer, const void *pointer, size_t old_size, size_t size) {
  (void)old_size;
  bscope_record_inline(attempt, BSCOPE_ADDRESS_(old_pointer), size);
  bscope_record_inline(outcome, BSCOPE_ADDRESS_(pointer), size);
}

/* A number as a StackField's word. */
BSCOPE_INLINE_ uint64_t bscope_double_bits_(double number) {
  uint64_t bits;
  __builtin_memcpy(&bits, &number, sizeof(bits));
  return bits;
}

/* realloc between its two records: the attempt at the old address, the outcome at the new one. Keeps realloc's errno.
 */
BSCOPE_INLINE_ void *bscope_record_realloc_(struct bscope_site *attempt, struct bscope_site *outcome, void *pointer,
                                            size_t size) {
  bscope_record_inline(attempt, BSCOPE_ADDRESS_(pointer), size);
  void *const moved = realloc(pointer, size);
  bscope_record_inline(outcome, BSCOPE_ADDRESS_(moved), size);
  return moved;
}

#ifdef __cplusplus
}
#else
#pragma GCC diagnostic pop
#endif

#endif
