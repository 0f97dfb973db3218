/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls that record some of their events, and those that carry further bytes. A decision is a mix of the seed and
 * of what the variable is known by, compared with the rate: 10 ns, no lock, no state but the number that a thread is
 * given at its first decision by name.
 */
#include <borrowscope/write.h>

#include "base/atomic.h"
#include "base/util.h"
#include "capture/text_table.h"

#include <string.h>

#define HEAP_SHOWN 32u

static uint64_t seed;    /* atomic, relaxed: set before the first decision or not at all */
static uint32_t threads; /* atomic, relaxed: numbers are only told apart */
static __thread uint32_t thread_number __attribute__((tls_model("initial-exec")));

void bscope_set_sample_seed(uint64_t value) {
  bscope_store_relaxed(&seed, value);
}

/* Sebastiano Vigna's splitmix64. */
static uint64_t mix(uint64_t x) {
  x += UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
  return x ^ x >> 31;
}

/* Threads count from 1 in the order of their first decisions; a handler in between gives the same number or a later. */
static uint32_t this_thread(void) {
  if (thread_number == 0)
    thread_number = bscope_add_relaxed(&threads, 1) + 1;
  return thread_number;
}

static uint64_t key_of(const struct bscope_site *site, uint64_t subject, uint64_t object) {
  if (site->subject_is == BSCOPE_WORD_ID || site->subject_is == BSCOPE_WORD_ADDRESS)
    return subject;
  if (site->flags & BSCOPE_SITE_BY_ADDRESS)
    return object;
  const char *name = site->name ? site->name : "";
  return bscope_text_hash(name, strlen(name)) + this_thread();
}

void bscope_emit_sampled(struct bscope_site *site, double rate, uint64_t subject, uint64_t object) {
  if (!site)
    return;
  uint64_t decision = mix(key_of(site, subject, object) ^ mix(bscope_load_relaxed(&seed)));
  if ((double)(decision >> 11) * 0x1p-53 < rate)
    bscope_record_inline(site, subject, object);
}

void bscope_emit_heap(struct bscope_site *site, const void *pointer, size_t size, size_t capacity) {
  uint8_t bytes[sizeof(uint64_t) + HEAP_SHOWN];
  uint64_t whole = capacity;
  size_t shown = size < HEAP_SHOWN ? size : HEAP_SHOWN;
  if (!pointer)
    return;
  memcpy(bytes, &whole, sizeof(whole));
  memcpy(bytes + sizeof(whole), pointer, shown);
  bscope_emit_payload(site, (uintptr_t)pointer, size, bytes, sizeof(whole) + shown);
}
