/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processor's own instruction where it has one (every x86-64 since 2008), eight bytes a step; else a table of 256,
 * a byte a step. The table is constant: an entry is the sum (exclusive or) of the entries of its index's bits, so eight
 * numbers say it all and the compiler expands the rest.
 */
#include "base/crc32c.h"

#include "base/atomic.h"

#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

/* clang-format off */
#define ENTRY(i, a, b, c, d, e, f, g, h)                                                                               \
  (((i) & 1 ? a : 0) ^ ((i) & 2 ? b : 0) ^ ((i) & 4 ? c : 0) ^ ((i) & 8 ? d : 0) ^                                    \
   ((i) & 16 ? e : 0) ^ ((i) & 32 ? f : 0) ^ ((i) & 64 ? g : 0) ^ ((i) & 128 ? h : 0))
#define FOUR(i, ...)                                                                                                   \
  ENTRY(i, __VA_ARGS__), ENTRY((i) + 1, __VA_ARGS__), ENTRY((i) + 2, __VA_ARGS__), ENTRY((i) + 3, __VA_ARGS__)
#define SIXTEEN(i, ...)                                                                                                \
  FOUR(i, __VA_ARGS__), FOUR((i) + 4, __VA_ARGS__), FOUR((i) + 8, __VA_ARGS__), FOUR((i) + 12, __VA_ARGS__)
#define SIXTY_FOUR(i, ...)                                                                                             \
  SIXTEEN(i, __VA_ARGS__), SIXTEEN((i) + 16, __VA_ARGS__), SIXTEEN((i) + 32, __VA_ARGS__), SIXTEEN((i) + 48, __VA_ARGS__)
/* [1 << b], b from 0 to 7: what a byte with that bit alone leaves. */
#define BITS 0xf26b8303u, 0xe13b70f7u, 0xc79a971fu, 0x8ad958cfu, 0x105ec76fu, 0x20bd8edeu, 0x417b1dbcu, 0x82f63b78u
static const uint32_t table[256] = {SIXTY_FOUR(0, BITS), SIXTY_FOUR(64, BITS), SIXTY_FOUR(128, BITS), SIXTY_FOUR(192, BITS)};
/* clang-format on */

#if defined(__x86_64__)
static uint32_t
    known; /* atomic: 0 not asked yet, 1 without the instruction, 2 with it. Relaxed: each asker finds the same */

static bool has_instruction(void) {
  uint32_t answer = bscope_load_relaxed(&known);
  if (!answer) {
    unsigned a, b, c = 0, d;
    answer = __get_cpuid(1, &a, &b, &c, &d) && c & bit_SSE4_2 ? 2 : 1;
    bscope_store_relaxed(&known, answer);
  }
  return answer == 2;
}

/* All whole eights; `*bytes` and `*size` tell of the rest. */
static __attribute__((target("sse4.2"))) uint32_t by_instruction(uint32_t check, const uint8_t **bytes, size_t *size) {
  uint64_t sum = check, word;
  for (; *size >= sizeof(word); *size -= sizeof(word), *bytes += sizeof(word)) {
    memcpy(&word, *bytes, sizeof(word));
    sum = __builtin_ia32_crc32di(sum, word);
  }
  return (uint32_t)sum;
}
#endif

uint32_t bscope_crc32c(uint32_t check, const void *bytes, size_t size) {
  const uint8_t *p = bytes;
  check = ~check;
#if defined(__x86_64__)
  if (has_instruction())
    check = by_instruction(check, &p, &size);
#endif
  for (; size; size--, p++)
    check = check >> 8 ^ table[(check ^ *p) & 0xff];
  return ~check;
}
