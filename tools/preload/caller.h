/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose call it is: a site for each place in the program's code that asks for memory or a lock, or gives it back, made
 * when that place first does. Without debug information a place is the object file and the offset of the call in it, as
 * addr2line takes it.
 */
#ifndef BSCOPE_PRELOAD_CALLER_H
#define BSCOPE_PRELOAD_CALLER_H

#include <borrowscope/write.h>

enum caller_act {
  CALLER_NEW,
  CALLER_DROP,
  CALLER_RESIZE_BEGIN,
  CALLER_RESIZE_END,
  CALLER_MUTEX,
  CALLER_READ,
  CALLER_WRITE,
  CALLER_UNLOCK,
  CALLER_ACTS
};

/*
 * The site of that act at that return address. About 5 ns once it is known, some microseconds the first time. Borrowed,
 * for good. NULL: there is no memory for one, or the lock is the recorder's own or an allocator's. Calls no allocator.
 * The first time it takes the dynamic loader's lock, but not for a lock: a constructor that waits for the same one may
 * run under the loader's.
 */
const struct bscope_site *caller_site(enum caller_act act, const void *return_address);

#endif
