/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libzstd, loaded when something is packed or unpacked for the first time: a program that does neither doesn't need it.
 * These five are of its stable interface, under the same names.
 */
#ifndef BSCOPE_BASE_ZSTD_H
#define BSCOPE_BASE_ZSTD_H

#include <stddef.h>

struct bscope_zstd {
  size_t (*compress)(void *out, size_t room, const void *bytes, size_t size, int level);
  size_t (*decompress)(void *out, size_t room, const void *frame, size_t size);
  size_t (*bound)(size_t size);
  unsigned (*is_error)(size_t result);
  unsigned long long (*content_size)(const void *frame, size_t size);
};

#define BSCOPE_ZSTD_MISSING "packed blocks need libzstd.so.1; install libzstd1"

/* The result that says that there was no memory: of the errors whose numbers are stable. */
#define BSCOPE_ZSTD_NO_MEMORY ((size_t)-64)

/* NULL: the system has none. Any thread, not in a signal handler. */
const struct bscope_zstd *bscope_zstd_get(void);

/* For tests: looks for a library of this name from now on. */
void bscope_zstd_test_name(const char *name);

#endif
