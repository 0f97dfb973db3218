/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/nested.h"

#include "capture/quiet.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/*
 * *word = desired if it still holds expected, in one instruction that no signal can split. Another thread never writes
 * this word, so the bus need not be locked: 2.5 ns instead of 6.
 */
static bool exchange_unlocked(uint64_t *word, uint64_t expected, uint64_t desired) {
#if defined(__x86_64__)
  bool done;
  __asm__ volatile("cmpxchgq %3, %1\n\tsete %0"
                   : "=q"(done), "+m"(*word), "+a"(expected)
                   : "r"(desired)
                   : "memory", "cc");
  return done;
#else
  return bscope_cas_acquire(word, &expected, desired);
#endif
}

static bool claim(struct bscope_ring *ring, uint32_t slots, uint64_t *head) {
  do {
    *head = bscope_load_relaxed(&ring->head_nested);
    /* acquire: the slots' earlier contents have been read; pairs with the drainer's release of the tail. */
    if (*head + slots - bscope_load_acquire(&ring->tail) > ring->size)
      return false;
  } while (!exchange_unlocked(&ring->head_nested, *head, *head + slots));
  return true;
}

/* Above its thread's own last event, and above the nested one before. Leaves busy_since alone: the write that this one
 * interrupts may have a lower stamp and is not published yet. */
static uint64_t stamp_of(struct bscope_thread *thread, uint64_t generation, uint64_t *clock) {
  if (!(generation & BSCOPE_GENERATION_TIMED))
    return bscope_add_release(clock, 1); /* joins the release sequence of the watermark, as in bscope_write_slots */
  uint64_t last = bscope_load_relaxed(&thread->control.busy_since);
  uint64_t nested = bscope_load_relaxed(&thread->last_nested), now = bscope_tsc();
  last = last > nested ? last : nested;
  if (now <= last)
    now = bscope_stamp_behind(thread, last, now);
  bscope_store_relaxed(&thread->last_nested, now); /* only this thread and its handlers read it */
  return now;
}

void bscope_nested_write(struct bscope_thread *thread, const struct bscope_draft *draft) {
  uint64_t generation = bscope_load_relaxed(&thread->control.generation); /* first: a wipe takes what is loaded later */
  bscope_signal_fence();
  struct bscope_ring *ring = bscope_load_relaxed(&thread->nested);
  uint64_t *clock = bscope_load_relaxed(&thread->control.clock);
  uint64_t head;
  if (!ring || !clock)
    return; /* a handler forked meanwhile, and this is the child: the block is wiped */
  /* release: the watermark (acquire) that sees a later value of the clock sees that a write is open. */
  bscope_store_release(&thread->nesting, bscope_load_relaxed(&thread->nesting) + 1);
  bscope_signal_fence();
  if (claim(ring, draft->slots, &head)) {
    bscope_signal_fence();
    bscope_write_slots(ring, head, draft, stamp_of(thread, generation, clock));
  } else
    bscope_count_drop(ring, BSCOPE_DROP_NESTED);
  bscope_signal_fence();
  bscope_store_release(&thread->nesting, bscope_load_relaxed(&thread->nesting) - 1);
}

/* Reads "low-high " at the start of a line of /proc/self/maps, byte by byte from a small buffer. */
struct maps {
  int fd;
  ssize_t have, at;
  char buffer[256];
};

static int next_char(struct maps *m) {
  if (m->at == m->have) {
    m->have = read(m->fd, m->buffer, sizeof(m->buffer));
    m->at = 0;
    if (m->have <= 0)
      return -1;
  }
  return (unsigned char)m->buffer[m->at++];
}

static int read_hex(struct maps *m, uintptr_t *out) {
  *out = 0;
  for (;;) {
    int c = next_char(m);
    if (c >= '0' && c <= '9')
      *out = *out * 16 + (uintptr_t)(c - '0');
    else if (c >= 'a' && c <= 'f')
      *out = *out * 16 + (uintptr_t)(c - 'a' + 10);
    else
      return c;
  }
}

/* The mapping that holds `address`: a thread's stack is one, fenced by its guard pages. */
static void find_mapping(uintptr_t address, uintptr_t *low, uintptr_t *high) {
  struct maps m = {.fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)};
  *low = *high = 0;
  for (uintptr_t a, b; m.fd >= 0;) {
    int c = read_hex(&m, &a) == '-' ? read_hex(&m, &b) : -1;
    if (c != ' ')
      break;
    if (address >= a && address < b) {
      *low = a;
      *high = b;
      break;
    }
    while (c >= 0 && c != '\n')
      c = next_char(&m);
    if (c < 0)
      break;
  }
  if (m.fd >= 0)
    close(m.fd);
}

static bool on_alternate_stack(void) {
  stack_t now;
  return sigaltstack(NULL, &now) != 0 || (now.ss_flags & SS_ONSTACK);
}

static bool within(const struct bscope_thread *t, uintptr_t write, uintptr_t call) {
  return write >= t->stack_low && write < t->stack_high && call >= t->stack_low && call < t->stack_high;
}

static bool in_stack(struct bscope_thread *t, uintptr_t write, uintptr_t call) {
  if (on_alternate_stack())
    return false;
  if (!within(t, write, call)) { /* not looked up yet, or the stack has grown since */
    struct bscope_quiet quiet;   /* reading a file is a cancellation point, which a tracking call must not be */
    bscope_quiet_enter(&quiet);
    find_mapping(write, &t->stack_low, &t->stack_high);
    bscope_quiet_leave(&quiet);
  }
  if (within(t, write, call))
    return true;
  if (t->stack_high == 0)
    return false;       /* nothing could be read: asked again the next time */
  t->never_heal = true; /* the program switches stacks itself: addresses prove nothing */
  return false;
}

void bscope_nested_forget(struct bscope_thread *thread) {
  if (bscope_load_relaxed(&thread->nesting) == 0)
    return;
  struct bscope_ring *ring = bscope_load_relaxed(&thread->nested);
  if (!ring)
    return;
  uint64_t head = bscope_load_relaxed(&ring->head_nested); /* a handler that comes now claims behind it */
  (void)bscope_ring_void_unpublished(ring, head);          /* of writes that will never go on */
  bscope_signal_fence();
  bscope_store_release(&thread->nesting, 0); /* pairs with the watermark: the void slots come first */
}

bool bscope_nested_heal(struct bscope_thread *thread, uint64_t busy, uintptr_t stack_pointer) {
  if (busy == BSCOPE_BUSY_DRAINING || stack_pointer < busy || thread->never_heal)
    return false;
  struct bscope_ring *ring = bscope_load_relaxed(&thread->ring);
  struct bscope_recorder *recorder = bscope_load_relaxed(&thread->recorder);
  if (!ring || !recorder || !in_stack(thread, (uintptr_t)busy, stack_pointer))
    return false;
  /* From here on a handler finds this frame's write in progress, not the dead one, and leaves the healing alone. */
  bscope_store_release(&thread->control.busy, stack_pointer);
  bscope_signal_fence();
  bscope_nested_forget(thread);
  (void)bscope_ring_void_unpublished(ring, thread->control.head);
  bscope_add_relaxed(&recorder->abandoned, 1);
  bscope_signal_fence();
  /* release: a watermark that sees 0 here sees the void slots and may declare the stamp lost. */
  bscope_store_release(&thread->control.busy, BSCOPE_BUSY_IDLE);
  return true;
}
