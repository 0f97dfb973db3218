/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slicing by four: twice as many tables would take 4 KiB more of text, for what is a small part of packing. The tables
 * are constants: an entry is the sum (exclusive or) of the entries of its index's bits, so eight numbers a table say it
 * all and the compiler expands the rest.
 */
#include "log/crc32c.h"

#include <string.h>

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
#define ROW(...)                                                                                                       \
  { SIXTY_FOUR(0, __VA_ARGS__), SIXTY_FOUR(64, __VA_ARGS__), SIXTY_FOUR(128, __VA_ARGS__), SIXTY_FOUR(192, __VA_ARGS__) }

/* table[k][1 << b], b from 0 to 7: what a byte with that bit alone leaves after k more zero bytes. */
static const uint32_t table[4][256] = {
  ROW(0xf26b8303u, 0xe13b70f7u, 0xc79a971fu, 0x8ad958cfu, 0x105ec76fu, 0x20bd8edeu, 0x417b1dbcu, 0x82f63b78u),
  ROW(0x13a29877u, 0x274530eeu, 0x4e8a61dcu, 0x9d14c3b8u, 0x3fc5f181u, 0x7f8be302u, 0xff17c604u, 0xfbc3faf9u),
  ROW(0xa541927eu, 0x4f6f520du, 0x9edea41au, 0x38513ec5u, 0x70a27d8au, 0xe144fb14u, 0xc76580d9u, 0x8b277743u),
  ROW(0xdd45aab8u, 0xbf672381u, 0x7b2231f3u, 0xf64463e6u, 0xe964b13du, 0xd725148bu, 0xaba65fe7u, 0x52a0c93fu),
};
/* clang-format on */

uint32_t bscope_crc32c(uint32_t check, const void *bytes, size_t size) {
  const uint8_t *p = bytes;

  check = ~check;
  for (; size >= 4; size -= 4, p += 4) {
    uint32_t word;

    memcpy(&word, p, sizeof(word));
    word ^= check;
    check = table[3][word & 0xff] ^ table[2][word >> 8 & 0xff] ^ table[1][word >> 16 & 0xff] ^ table[0][word >> 24];
  }
  for (; size; size--, p++)
    check = check >> 8 ^ table[0][(check ^ *p) & 0xff];
  return ~check;
}
