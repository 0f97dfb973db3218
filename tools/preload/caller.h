/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose call it is: a site for each place in the program's code that asks for memory or gives it back, made when that
 * place first does. Without debug information a place is the object file and the offset of the call in it, as
 * addr2line takes it.
 */
#ifndef BSCOPE_PRELOAD_CALLER_H
#define BSCOPE_PRELOAD_CALLER_H

#include <borrowscope/write.h>

enum caller_act { CALLER_NEW, CALLER_DROP, CALLER_RESIZE_BEGIN, CALLER_RESIZE_END, CALLER_ACTS };

/*
 * The site of that act at that return address. About 5 ns once it is known, some microseconds the first time. Borrowed,
 * for good. NULL: there is no memory for one. Takes the dynamic loader's lock the first time and calls no allocator.
 */
const struct bscope_site *caller_site(enum caller_act act, const void *return_address);

#endif
