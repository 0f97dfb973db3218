/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a trace: all rings drained, all chunks packed, the last one before it is full. Threads that still run go
 * on recording; what they bring after that is found in rings and cells as after any other end.
 */
#include "base/atomic.h"
#include "collect/environment.h"
#include "collect/state.h"
#include "collect/trace.h"
#include "collect/watch.h"

#include <time.h>
#include <unistd.h>

#define SEAL_MOST_NS 1000000000u
#define BEYOND_NS 50000000u /* the same while other threads go on recording */
#define LOCK_MOST_NS 200000000u
#define NAP_NS 200000

/* Under the lock, after a turn: whether everything is in blocks. If not, sees to it that it can be. */
static bool is_sealed(struct bscope_session *s) {
  bool waits = s->recorder.timed && bscope_timed_waiting(&s->timed, &s->recorder) > 0;
  if (waits || bscope_load_acquire(s->recorder.clock) != s->window.prefix) /* pairs with the writers' increments */
    return false;
  if (s->window.count == 0)
    return true;
  (void)bscope_window_close(&s->window);
  return false;
}

static void finish(struct bscope_session *s) {
  bscope_store_rest(s->store);
  bscope_window_rest(&s->window);
  bscope_trace_count(s);
  bscope_trace_set_state(s, BSCOPE_TRACE_DONE);
  bscope_region_cut(&s->region);
}

static bool finish_if_sealed(struct bscope_session *s) {
  struct bscope_process *process = bscope_process_get();
  if (!bscope_lock_take(&process->drain, LOCK_MOST_NS))
    return false;
  bool sealed = is_sealed(s);
  if (sealed)
    finish(s);
  bscope_lock_release(&process->drain);
  return sealed;
}

static bool seal(struct bscope_session *s) {
  uint64_t clock = s->recorder.timed ? bscope_tsc() : bscope_load_acquire(s->recorder.clock); /* as in settle */
  uint64_t end = bscope_now_ns() + SEAL_MOST_NS, at = 0;
  bool reached = false;
  for (uint64_t now; (now = bscope_now_ns()) < end;) {
    struct bscope_turn turn;
    bool turned = bscope_drain_once(s, LOCK_MOST_NS, true, &turn);
    uint64_t positions = bscope_load_acquire(s->recorder.clock);
    if (turned && !reached && bscope_stamp_distance(turn.reached, clock) <= 0) {
      reached = true;
      at = positions;
    }
    if (reached && positions != at) /* others go on, and may do so for ever */
      end = bscope_min_u64(end, now + BEYOND_NS);
    else if (!reached && turned && turn.more && !turn.no_memory)
      continue;
    if (finish_if_sealed(s))
      return true;
    if (!turned || turn.placed == 0)
      nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
  }
  return false;
}

/* The current session of this process with a reference, if it has a file. Calls that record see the gate change. */
static struct bscope_session *take_session(struct bscope_process *process, bool ends) {
  if (!bscope_lock_take(&process->drain, LOCK_MOST_NS))
    return NULL;
  struct bscope_session *s = (struct bscope_session *)bscope_load_acquire(&process->recorder);
  if (s && (!s->trace || s->recorder.pid != (uint32_t)getpid()))
    s = NULL;
  if (s) {
    uint64_t generation = s->recorder.generation;
    bscope_session_ref(s);
    if (ends)
      bscope_cas_release(&bscope_gate.word, &generation, generation | BSCOPE_GENERATION_SEALED);
  }
  bscope_lock_release(&process->drain);
  return s;
}

int bscope_trace_seal(bool ends) {
  struct bscope_process *process = bscope_process_get();
  if (!process || bscope_load_relaxed(&process->pid) != (uint32_t)getpid())
    return BSCOPE_OK; /* a child of vfork ends: the state is its parent's */
  struct bscope_guard guard;
  bscope_guard_enter(&guard);
  struct bscope_session *s = take_session(process, ends);
  int status = BSCOPE_OK;
  if (s) {
    if (seal(s))
      status = bscope_trace_pack(s);
    bscope_session_unref(s);
  }
  bscope_guard_leave(&guard);
  return status;
}

/* Behind the program's own handlers and destructors, and before those of the libraries that this one uses. */
static __attribute__((destructor(101))) void on_exit_of_process(void) {
  bscope_watch(BSCOPE_WATCH_END);
  if (bscope_trace_seal(true) != BSCOPE_OK)
    bscope_environment_say(bscope_last_error());
}
