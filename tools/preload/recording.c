/* SPDX-License-Identifier: Apache-2.0 */
#include "recording.h"

#include <borrowscope/write.h>

#include <string.h>
#include <unistd.h>

__thread bool recording_now;

static unsigned wanted; /* atomic, relaxed: 0 not known yet; each thread that looks finds the same */

unsigned recording_wanted(void) {
  unsigned known = __atomic_load_n(&wanted, __ATOMIC_RELAXED);
  if (__builtin_expect(known != 0, 1))
    return known;
  const char *set = environ == NULL ? NULL : secure_getenv("BORROWSCOPE_PRELOAD");
  known = set != NULL && strstr(set, "locks") != NULL ? RECORDING_LOCKS : 0;
  if (known == 0 || strstr(set, "heap") != NULL)
    known |= RECORDING_HEAP;
  if (environ != NULL) /* the loader's first calls come before it is set */
    __atomic_store_n(&wanted, known, __ATOMIC_RELAXED);
  return known;
}

bool recording_begin(enum recording_what what) {
  /* Relaxed: only whether anything records at all. */
  if (recording_now || __atomic_load_n(&bscope_gate.word, __ATOMIC_RELAXED) == BSCOPE_GATE_OFF ||
      (recording_wanted() & what) == 0)
    return false;
  recording_now = true;
  return true;
}
