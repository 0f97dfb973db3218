/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interned strings of the process: equal text, equal pointer, for ever. Lock-free, may be nested in itself by a signal
 * handler, never mallocs. A chained hash whose chains only grow at their heads; text lies in one reserved range.
 */
#ifndef BSCOPE_CAPTURE_TEXT_TABLE_H
#define BSCOPE_CAPTURE_TEXT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define BSCOPE_TEXT_CAPACITY (16u << 20) /* bytes of text that a process may intern */
#define BSCOPE_TEXT_LONGEST 4095u        /* longer strings are cut, at a character of UTF-8 */

/* The interned copy of text[0, length), or NULL when the table is full. `reserve` may use the part kept for
 * emergencies. */
const char *bscope_text_intern(const char *text, size_t length, int reserve);

/* The same for a C string; NULL gives NULL. */
const char *bscope_text_intern_string(const char *text, int reserve);

/* 64-bit mix of bytes (FNV-1a, Fowler/Noll/Vo, folded once more). */
uint64_t bscope_text_hash(const void *bytes, size_t length);

#endif
