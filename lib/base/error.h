/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a failure gets its message. One helper, so that every error has the same shape:
 * "what: where: the system's reason; what to do".
 */
#ifndef BSCOPE_BASE_ERROR_H
#define BSCOPE_BASE_ERROR_H

#include <borrowscope/error.h>

/*
 * Sets this thread's last error to the formatted text and returns `status`. Keeps errno. Cuts at 511 bytes,
 * never in the middle of a UTF-8 character. Control characters in the text are made visible (\xNN).
 */
int bscope_fail(enum bscope_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with ": " and the text of the error number behind it. */
int bscope_fail_errno(enum bscope_status status, int error_number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Copies `raw` into out[size], NUL included, so that each of its characters is shown: control characters, those that
 * turn the direction of text, and bytes that are no UTF-8 become \xNN. Stops before a character that doesn't fit whole.
 */
void bscope_error_visible(char *out, size_t size, const char *raw);

#endif
