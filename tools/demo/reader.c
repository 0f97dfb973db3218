/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A word that a buffer's end cuts in two is copied to the front of the next buffer before the first is given away.
 * Memory is bounded whatever the input: lines don't matter, and of an overlong run of letters only the last bytes go
 * on.
 */
#include "reader.h"

#include <borrowscope/borrowscope.h>

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void complain(struct reader *reader, const char *path, int error) {
  fprintf(stderr, "wordcount: %s: %s\n", path, strerror(error));
  reader->failures++;
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

static void end_file(struct reader *reader, struct buffer *last) {
  if (last->length > 0)
    reader->give(reader->context, *last);
  else if (!reader->careless)
    buffer_drop(last);
}

/* Reads once behind what the buffer holds: bytes read, 0 at the end, -1 with errno. */
static ssize_t fill(int descriptor, struct buffer *buffer) {
  ssize_t got;
  do
    got = read(descriptor, buffer->data + buffer->length, buffer->capacity - buffer->length);
  while (got < 0 && errno == EINTR);
  if (got > 0)
    buffer->length += (size_t)got;
  return got;
}

static void read_file(struct reader *reader, const char *path, const char *access_path) {
  int descriptor = open(access_path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (descriptor < 0) {
    complain(reader, path, errno);
    return;
  }
  struct buffer current = buffer_create(reader->buffer_size);
  ssize_t got;
  while ((got = fill(descriptor, &current)) > 0) {
    struct buffer next = buffer_create(reader->buffer_size);
    carry_word(&current, &next);
    reader->give(reader->context, current);
    current = next;
  }
  if (got < 0)
    complain(reader, path, errno);
  else
    reader->files++;
  end_file(reader, &current);
  close(descriptor);
}

static int by_name(const FTSENT **left, const FTSENT **right) {
  return strcmp((*left)->fts_name, (*right)->fts_name);
}

static void visit(struct reader *reader, const FTSENT *entry) {
  int kind = entry->fts_info;
  if (kind == FTS_F)
    read_file(reader, entry->fts_path, entry->fts_accpath);
  else if (kind == FTS_DNR || kind == FTS_ERR || kind == FTS_NS)
    complain(reader, entry->fts_path, entry->fts_errno);
  else if (kind == FTS_DEFAULT && entry->fts_level == FTS_ROOTLEVEL) /* a device or a pipe, asked for by name */
    complain(reader, entry->fts_path, EINVAL);
}

void reader_run(struct reader *reader, char *const *paths) {
  FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
  const FTSENT *entry;
  while (walk && (errno = 0, entry = fts_read(walk)))
    visit(reader, entry);
  if (errno != 0)
    complain(reader, paths[0], errno);
  if (walk)
    fts_close(walk);
}
