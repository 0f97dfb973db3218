/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording thread: its control block (the part that inline code touches comes first), its rings, and what is known
 * of its stack. Lies in memory that is wiped on fork. A thread keeps it to its last instruction; the drainer retires it
 * once the kernel has no such thread.
 */
#ifndef BSCOPE_CAPTURE_THREAD_H
#define BSCOPE_CAPTURE_THREAD_H

#include <borrowscope/types.h>

struct bscope_recorder;
struct bscope_ring;

#define BSCOPE_BUSY_IDLE 0u
#define BSCOPE_BUSY_DRAINING 1u /* waiting or draining: no stamp is open */
#define BSCOPE_THREAD_NAME 16u
#define BSCOPE_GENERATION_TIMED (UINT64_C(1) << 63) /* in control.generation under clock=tsc: never equals a gate */

#define BSCOPE_GENERATION_SEALED                                                                                       \
  (UINT64_C(1) << 62) /* in the gate once the trace file is complete: no block has it, so the next call says so */

struct bscope_thread {
  struct bscope_control control;
  struct bscope_ring
      *ring; /* written by its thread (release), read by the drainer (acquire); older ones behind ->next */
  struct bscope_ring *nested; /* constant once the thread is in the list */
  struct bscope_recorder *recorder;
  uint64_t nesting; /* atomic: nested writes open; written by its thread, read by the drainer */
  uint32_t number;  /* in the session, from 0 */
  uint32_t tid;
  uint32_t ending; /* atomic: 1 once its key destructor ran */
  uint32_t left;   /* atomic: 1 once its thread writes into a newer session's rings and none of its writes is open */
  uint32_t name_version;             /* atomic: 1, or 2 once names[1] was written */
  char names[2][BSCOPE_THREAD_NAME]; /* at its first event; at its end */
  uint64_t attached_ns;              /* CLOCK_BOOTTIME */
  uint64_t looked_ns;                /* drainer: when it last asked the kernel for this thread */
  uint32_t announced;                /* drainer: generation of the log (low 32 bits) that knows its name, and */
  uint32_t announced_version;        /*   the name's version that it knows */
  uintptr_t stack_low;               /* 0 until a nested call had to know */
  uintptr_t stack_high;
  bool never_heal;      /* it was once seen outside its stack */
  uint64_t last_nested; /* clock=tsc: stamp of its newest nested write */
  uint64_t clock_back;  /* atomic: stamps that the clock had put below the thread's last one */
  bool stalled;         /* it gave up waiting for room, and nothing has moved since `stall_progress` */
  uint64_t stall_progress;
  struct bscope_thread *next; /* in the recorder's list, or the process's pool */
} __attribute__((aligned(128)));

/* The thread's block if it has one for the current generation, else NULL. */
struct bscope_thread *bscope_thread_current(void);

/* Makes a block for this thread and points its TLS pointer there. NULL: no memory (counted by the caller). Signals are
 * blocked. */
struct bscope_thread *bscope_thread_attach(struct bscope_recorder *recorder);

/* Writes into an empty ring whose it is now. */
void bscope_thread_own_ring(const struct bscope_thread *thread, struct bscope_ring *ring);

/* Gives a block back to the process's pool; its thread is gone. Under the drain lock. */
void bscope_thread_pool(struct bscope_thread *thread);

/* Whether the kernel still has the thread that this block was made for. Signal-safe. */
bool bscope_thread_is_gone(const struct bscope_thread *thread);

/* Registers the key whose destructor marks a thread as ending; from the library's constructor. */
void bscope_thread_make_key(void);

/* The stack pointer, roughly: an address inside the caller's frame. */
static inline uintptr_t bscope_stack_pointer(void) {
#if defined(__x86_64__)
  uintptr_t sp;
  __asm__ volatile("mov %%rsp, %0" : "=r"(sp));
  return sp;
#elif defined(__aarch64__)
  uintptr_t sp;
  __asm__ volatile("mov %0, sp" : "=r"(sp));
  return sp;
#else
  volatile char here;
  return (uintptr_t)&here;
#endif
}

#endif
