/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From paths to buffers: walks files and directories in a fixed order and gives away one buffer after the other,
 * each of which ends between two words.
 */
#ifndef DEMO_READER_H
#define DEMO_READER_H

#include "buffer.h"

#include <stdbool.h>
#include <stdint.h>

/* A longer run of letters is no word and isn't counted; so a word always fits in a buffer. */
enum { WORD_LONGEST = 64, BUFFER_SMALLEST = 2 * WORD_LONGEST };

struct reader {
  size_t buffer_size;
  bool careless; /* a planted mistake: the empty buffer at the end of a file is forgotten */
  void (*give)(void *context, struct buffer full); /* takes the buffer over */
  void *context;
  uint64_t files;    /* read to their end */
  uint64_t failures; /* paths that could not be read; each was named on stderr */
};

/* Reads the files in `paths` (ended by NULL) and the regular files below its directories. */
void reader_run(struct reader *reader, char *const *paths);

/* A to Z, in either case: what words are made of. */
static inline bool is_letter(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

#endif
