/* SPDX-License-Identifier: Apache-2.0 */
/* One pass each, no tables. */
#include "export/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Bytes that a first byte asks for; 0: it is none. */
static size_t length_of(uint8_t first) {
  if (first < 0x80)
    return 1;
  if (first >= 0xc2 && first < 0xe0)
    return 2;
  if (first >= 0xe0 && first < 0xf0)
    return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/* Length of the character at s, of which `left` bytes are there; 0: its first byte belongs to none. */
static size_t character(const uint8_t *s, size_t left) {
  size_t n = length_of(s[0]);
  if (n == 0 || n > left)
    return 0;
  for (size_t i = 1; i < n; i++)
    if ((s[i] & 0xc0) != 0x80)
      return 0;
  bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
  bool beyond = (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf4 && s[1] > 0x8f); /* surrogates; above U+10FFFF */
  return overlong || beyond ? 0 : n;
}

size_t bscope_utf8_repair(char *out, const char *text, size_t size) {
  char *p = out;
  for (size_t i = 0; i < size;) {
    size_t n = character((const uint8_t *)text + i, size - i);
    memcpy(p, n ? text + i : "\xef\xbf\xbd", n ? n : 3);
    p += n ? n : 3;
    i += n ? n : 1;
  }
  return (size_t)(p - out);
}

static uint32_t code_point(const uint8_t *s, size_t n) {
  uint32_t code = n == 1 ? s[0] : s[0] & (0x7fu >> n);
  for (size_t i = 1; i < n; i++)
    code = code << 6 | (s[i] & 0x3fu);
  return code;
}

static bool steers(uint32_t code) {
  return (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

size_t bscope_utf8_hide(char *out, const char *text, size_t size) {
  char *p = out;
  for (size_t i = 0; i < size;) {
    const uint8_t *s = (const uint8_t *)text + i;
    size_t n = length_of(s[0]);
    uint32_t code = code_point(s, n);
    if (steers(code)) {
      char escape[8];
      snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)(code & 0xffff));
      memcpy(p, escape, 6);
      p += 6;
    } else {
      memcpy(p, s, n);
      p += n;
    }
    i += n;
  }
  return (size_t)(p - out);
}
