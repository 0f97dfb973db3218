/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status codes and the message that goes with the last failure on this thread.
 */
#ifndef BORROWSCOPE_ERROR_H
#define BORROWSCOPE_ERROR_H

#include <borrowscope/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(NAME, value, what it means) */
#define BSCOPE_STATUSES(X)                                                                                             \
  X(OK, 0, "success")                                                                                                  \
  X(ERR_SERIALIZATION, -1, "a value can't be written in the format asked for")                                         \
  X(ERR_IO, -2, "the system refused to read or write a file")                                                          \
  X(ERR_EXPORT, -3, "the export could not be made")                                                                    \
  X(ERR_INVALID_EVENT_SEQUENCE, -4, "the events contradict each other")                                                \
  X(ERR_LOCK, -5, "a lock could not be taken")                                                                         \
  X(ERR_NO_MEMORY, -6, "there is no memory to be had")                                                                 \
  X(ERR_INVALID_ARGUMENT, -7, "an argument is not allowed")                                                            \
  X(ERR_FORMAT, -8, "the input is not in the expected format")

enum bscope_status {
#define BSCOPE_STATUS_ROW_(name, value, text) BSCOPE_##name = value,
  BSCOPE_STATUSES(BSCOPE_STATUS_ROW_)
#undef BSCOPE_STATUS_ROW_
};

/* What a status means, in a few words. Never NULL; borrowed, static. Any thread; safe in signal handlers. */
BSCOPE_API const char *bscope_strerror(int status);

/*
 * The last failure of a call on this thread: what, where, and the system's reason where there was one.
 * "" when nothing failed yet. Borrowed, valid until the next failing call on this thread.
 */
BSCOPE_API const char *bscope_last_error(void);

#ifdef __cplusplus
}
#endif

#endif
