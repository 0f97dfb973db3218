/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From files to buffers: gives away one buffer after the other, each of which ends between two words.
 */
#ifndef DEMO_READER_H
#define DEMO_READER_H

#include "queue.h"

/* A longer run of letters is no word and isn't counted; so a word always fits in a buffer. */
enum { WORD_LONGEST = 64, BUFFER_SIZE = 4096 };

struct reader {
  bool careless; /* a planted mistake: the empty buffer at the end of a file is forgotten */
  void (*give)(void *context, struct buffer full); /* takes the buffer over */
  void *context;
};

/* Reads a file to its end; false after a message on stderr. */
bool reader_read(const struct reader *reader, const char *path);

/* A to Z, in either case: what words are made of. */
static inline bool is_letter(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

#endif
