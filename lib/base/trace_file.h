/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace file as the system sees it: made under a name from a pattern, never over what is there, grown under a mapping
 * and cut at its end. What is in it is trace.h's and the region's. Never mallocs; signal-safe.
 */
#ifndef BSCOPE_BASE_TRACE_FILE_H
#define BSCOPE_BASE_TRACE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BSCOPE_TRACE_PATH 1088u                     /* bytes: of a pattern and what is put in or behind it */
#define BSCOPE_TRACE_MADE (BSCOPE_TRACE_PATH + 32u) /* of a name beside it */

struct bscope_trace_file {
  int descriptor;  /* -1: none (any more) */
  uint64_t device; /* whose file it was: a program that closes descriptors which it does not know may */
  uint64_t inode;  /*   have given the number to another file by now */
  uint64_t id;     /* of the trace: 0 where there is no file */
};

/* Whether all that stands behind a '%' in it is known. */
bool bscope_trace_file_allows(const char *pattern);

/* Puts the present directory before a pattern of `size` bytes that is relative; it stays as it is where that can't be.
 */
void bscope_trace_file_make_absolute(char *pattern, size_t size);

/*
 * The name that a pattern makes, with %p the pid, %e the program's name, %t seconds since 1970 and %% a percent sign,
 * into out[BSCOPE_TRACE_PATH]: 0, or ENAMETOOLONG. For a forked process ".PID" is appended where there is no %p.
 */
int bscope_trace_file_name(char *out, const char *pattern, bool forked);

/*
 * Makes an empty file that only its owner may read and write, under the name that it leaves in made[BSCOPE_TRACE_MADE]:
 * 0, or an errno value. There may be none of the name `path`, unless `overwrite`: then a file (nothing else) may be
 * there, and the new one is made beside it. Refused with EPERM in a program that runs with more rights than its user.
 */
int bscope_trace_file_create(struct bscope_trace_file *file, const char *path, bool overwrite, char *made);

/* Gives a file made beside `path` its name, so that it takes the place of what is there: 0, or an errno value. */
int bscope_trace_file_settle(const char *path, const char *made);

/* Takes the right to write from those who open it later: what cuts a mapped file ends the program that maps it. */
void bscope_trace_file_protect(const struct bscope_trace_file *file);

/* Makes the file [0, to) long, with its space reserved, and maps [from, to) at base + from: 0, or an errno value. */
int bscope_trace_file_grow(const struct bscope_trace_file *file, uint8_t *base, size_t from, size_t to);

/* Puts anonymous memory at base + [from, to) instead, and ends the file at `from`. False: all is as it was. */
bool bscope_trace_file_cut(const struct bscope_trace_file *file, uint8_t *base, size_t from, size_t to);

void bscope_trace_file_close(struct bscope_trace_file *file);

/* What to do about an errno value of bscope_trace_file_create; "" when there is nothing to be said. Constant. */
const char *bscope_trace_file_advice(int error);

/* For tests: 1 and 0 stand for what the system says of this program's rights, -1 asks it again. */
void bscope_trace_file_test_secure(int secure);

#endif
