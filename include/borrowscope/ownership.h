/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ownership in a function's declaration, for compilers that check it while they compile: gcc -fanalyzer and
 * clang --analyze then find double releases, uses after a release and leaks along the paths of a function. Nothing is
 * recorded, and nothing changes at run time; other compilers see nothing.
 *
 *   void queue_close(struct queue *queue) BSCOPE_TAKES(1);
 *   struct queue *queue_open(void) BSCOPE_OWNS(queue_close);
 *   void queue_put(struct queue *queue, struct job *job) BSCOPE_BORROWS(1) BSCOPE_HOLDS(2);
 *
 * Positions count from 1. What each compiler makes of them:
 *
 *                      gcc 11 and newer               clang
 *   BSCOPE_OWNS(f)     malloc(f, 1): f releases it    ownership_returns
 *   BSCOPE_TAKES(i)    (known from BSCOPE_OWNS)       ownership_takes
 *   BSCOPE_HOLDS(i)    nothing                        ownership_holds
 *   BSCOPE_BORROWS(i)  access(read_only, i)           nothing
 *
 * clang knows one kind of ownership only: it does not notice the wrong function that releases, which gcc does.
 */
#ifndef BORROWSCOPE_OWNERSHIP_H
#define BORROWSCOPE_OWNERSHIP_H

#if defined(__clang__) && defined(__has_attribute)
#if __has_attribute(ownership_returns)
#define BSCOPE_OWNS(dtor) __attribute__((ownership_returns(malloc)))
#define BSCOPE_TAKES(i) __attribute__((ownership_takes(malloc, i)))
#define BSCOPE_HOLDS(i) __attribute__((ownership_holds(malloc, i)))
#endif
#elif defined(__GNUC__) && !defined(__clang__)
#if __GNUC__ >= 11 && !defined(__cplusplus)
#define BSCOPE_OWNS(dtor) __attribute__((malloc(dtor, 1)))
#endif
#if __GNUC__ >= 10
#define BSCOPE_BORROWS(i) __attribute__((access(read_only, i)))
#endif
#endif

/* The function's result belongs to the caller, who gives it to `dtor` (declared before) in the end. */
#ifndef BSCOPE_OWNS
#define BSCOPE_OWNS(dtor)
#endif
/* Argument i is gone after the call: the function releases it. */
#ifndef BSCOPE_TAKES
#define BSCOPE_TAKES(i)
#endif
/* Argument i belongs to somebody else after the call, a container for instance, and may still be looked at. */
#ifndef BSCOPE_HOLDS
#define BSCOPE_HOLDS(i)
#endif
/* Argument i is lent: valid when the function is called, and the caller's as before when it returns. */
#ifndef BSCOPE_BORROWS
#define BSCOPE_BORROWS(i)
#endif

#endif
