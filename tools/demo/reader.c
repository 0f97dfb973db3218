/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A word that a buffer's end cuts in two is copied to the front of the next buffer before the first is given away.
 * Memory is bounded whatever the input: lines don't matter, and of an overlong run of letters only the last bytes go
 * on.
 */
#include "reader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool complain(const char *path) {
  fprintf(stderr, "wordcount: %s: %s\n", path, strerror(errno));
  return false;
}

/* Copies the unfinished word at the end of `full` to the start of `next`. */
static void carry_word(struct buffer *full, struct buffer *next) {
  size_t start = full->length;
  while (start > 0 && is_letter(full->data[start - 1]))
    start--;
  size_t length = full->length - start;
  if (length > WORD_LONGEST + 1)
    length = WORD_LONGEST + 1; /* still too long to be a word, whatever follows */
  memcpy(next->data, full->data + full->length - length, length);
  next->length = length;
  full->length = start;
}

static void end_file(const struct reader *reader, struct buffer *last) {
  if (last->length > 0)
    reader->give(reader->context, *last);
  else if (!reader->careless)
    buffer_drop(last);
}

/* Reads once behind what the buffer holds; false at the end. */
static bool fill(FILE *file, struct buffer *buffer) {
  size_t got = fread(buffer->data + buffer->length, 1, buffer->capacity - buffer->length, file);
  buffer->length += got;
  return got > 0;
}

bool reader_read(const struct reader *reader, const char *path) {
  FILE *file = fopen(path, "re");
  if (!file)
    return complain(path);
  struct buffer current = buffer_create(BUFFER_SIZE);
  while (fill(file, &current)) {
    struct buffer next = buffer_create(BUFFER_SIZE);
    carry_word(&current, &next);
    reader->give(reader->context, current);
    current = next;
  }
  bool whole = !ferror(file) || complain(path);
  end_file(reader, &current);
  fclose(file);
  return whole;
}
