/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names are bytes that a program chose; JSON holds characters. Here is what lies between: repair before encoding,
 * and after it the escape of what would steer a terminal that shows the file.
 */
#ifndef BSCOPE_EXPORT_UTF8_H
#define BSCOPE_EXPORT_UTF8_H

#include <stddef.h>

#define BSCOPE_UTF8_REPAIR_GROWTH 3 /* a repaired text is at most this many times as long */
#define BSCOPE_UTF8_HIDE_GROWTH 6   /* and one with hidden controls this many times */

/* Copies `text`, each byte that belongs to no character of UTF-8 (RFC 3629) replaced by U+FFFD. Returns the new size.
 */
size_t bscope_utf8_repair(char *out, const char *text, size_t size);

/*
 * Copies valid UTF-8, characters that control terminals or turn the direction of text (DEL, U+0080..9F, U+2028..202E,
 * U+2066..2069) written as \uXXXX, as JSON allows inside a string. ASCII controls are the encoder's. Returns the new
 * size.
 */
size_t bscope_utf8_hide(char *out, const char *text, size_t size);

#endif
