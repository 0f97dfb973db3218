/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as the tracking calls record them, written short, for tests of what reads a log. T is the thread; a text is
 * the argument as the program writes it; an address is a number.
 */
#ifndef BSCOPE_TEST_EVENTS_H
#define BSCOPE_TEST_EVENTS_H

#include <borrowscope/log.h>

#define EV_(k, T, ...)                                                                                                 \
  { .kind = BSCOPE_KIND_##k, .thread = (T), __VA_ARGS__ }
#define EV_SUBJECT_(is, word) .subject_is = BSCOPE_WORD_##is, .subject = (word)
#define EV_OBJECT_(is, word) .object_is = BSCOPE_WORD_##is, .object = (word)
#define EV_MUT_ .is_mutable = true, .flags = BSCOPE_SITE_MUTABLE

#define EV_NEW(T, n) EV_(NEW, T, .name = (n))
#define EV_NEW_ID(T, n, id) EV_(NEW, T, .name = (n), EV_SUBJECT_(ID, id))
#define EV_NEW_AT(T, n, txt, a, bytes)                                                                                 \
  EV_(NEW, T, .name = (n), .text = (txt), EV_SUBJECT_(ADDRESS, a), EV_OBJECT_(SIZE, bytes),                            \
      .flags = BSCOPE_SITE_BY_ADDRESS)
#define EV_LET(T, n, a, bytes)                                                                                         \
  EV_(NEW, T, .name = (n), EV_SUBJECT_(ADDRESS, a), .extent = (bytes), .flags = BSCOPE_SITE_SCOPED)
#define EV_LET_END(T, n, a) EV_(DROP, T, .name = (n), EV_SUBJECT_(ADDRESS, a), .flags = BSCOPE_SITE_SCOPED)
#define EV_KEPT(T, n, a)                                                                                               \
  EV_(DROP, T, .name = (n), EV_SUBJECT_(ADDRESS, a), .flags = BSCOPE_SITE_SCOPED | BSCOPE_SITE_KEPT)
#define EV_BORROW(T, n, txt, a) EV_(BORROW, T, .name = (n), .text = (txt), EV_OBJECT_(ADDRESS, a))
#define EV_BORROW_MUT(T, n, txt, a) EV_(BORROW, T, .name = (n), .text = (txt), EV_OBJECT_(ADDRESS, a), EV_MUT_)
#define EV_BORROW_PLACE(T, n, txt, a)                                                                                  \
  EV_(BORROW, T, .name = (n), .text = (txt), EV_OBJECT_(ADDRESS, a), .flags = BSCOPE_SITE_PLACE)
#define EV_BORROW_VALUE(T, n, txt) EV_(BORROW, T, .name = (n), .text = (txt))
#define EV_BORROW_AT(T, n, txt, a)                                                                                     \
  EV_(BORROW, T, .name = (n), .text = (txt), EV_OBJECT_(ADDRESS, a), .flags = BSCOPE_SITE_BY_ADDRESS)
#define EV_BORROW_RANGE_AT(T, n, txt, a, bytes)                                                                        \
  EV_(BORROW, T, .name = (n), .text = (txt), EV_SUBJECT_(SIZE, bytes), EV_OBJECT_(ADDRESS, a),                         \
      .flags = BSCOPE_SITE_BY_ADDRESS | BSCOPE_SITE_RANGE)
#define EV_BORROW_ID(T, n, owner) EV_(BORROW, T, .name = (n), EV_OBJECT_(ID, owner))
#define EV_REF(T, n, at, txt, a)                                                                                       \
  EV_(BORROW, T, .name = (n), .text = (txt), EV_SUBJECT_(ADDRESS, at), .extent = 8, EV_OBJECT_(ADDRESS, a),            \
      .flags = BSCOPE_SITE_SCOPED)
#define EV_REF_END(T, n, at)                                                                                           \
  EV_(DROP, T, .name = (n), EV_SUBJECT_(ADDRESS, at), .flags = BSCOPE_SITE_SCOPED | BSCOPE_SITE_BORROWER_ONLY)
#define EV_MOVE(T, from, to) EV_(MOVE, T, .name = (from), .name2 = (to))
#define EV_MOVE_VALUE(T, from, to, txt, a)                                                                             \
  EV_(MOVE, T, .name = (from), .name2 = (to), .text = (txt), EV_OBJECT_(ADDRESS, a))
#define EV_MOVE_AT(T, txt, a, to)                                                                                      \
  EV_(MOVE, T, .name2 = (to), .text = (txt), EV_SUBJECT_(ADDRESS, a), .flags = BSCOPE_SITE_BY_ADDRESS)
#define EV_MOVE_ID(T, from, to, id) EV_(MOVE, T, .name2 = (to), EV_SUBJECT_(ID, from), EV_OBJECT_(ID, id))
#define EV_DROP(T, n) EV_(DROP, T, .name = (n))
#define EV_DROP_ID(T, id) EV_(DROP, T, EV_SUBJECT_(ID, id))
#define EV_DROP_AT(T, txt, a) EV_(DROP, T, .text = (txt), EV_SUBJECT_(ADDRESS, a), .flags = BSCOPE_SITE_BY_ADDRESS)
#define EV_BORROW_END(T, n) EV_(DROP, T, .name = (n), .flags = BSCOPE_SITE_BORROWER_ONLY)
#define EV_RESIZE(T, txt, a, bytes)                                                                                    \
  EV_(RESIZE_BEGIN, T, .text = (txt), EV_SUBJECT_(ADDRESS, a), EV_OBJECT_(SIZE, bytes), .flags = BSCOPE_SITE_BY_ADDRESS)
#define EV_RESIZED(T, a, bytes) EV_(HEAP_REALLOC, T, EV_SUBJECT_(ADDRESS, a), EV_OBJECT_(SIZE, bytes))
#define EV_USE_AT(T, a, as) EV_(DEREF, T, .name = (as), EV_SUBJECT_(ADDRESS, a), .flags = BSCOPE_SITE_BY_ADDRESS)
#define EV_LOST() EV_(LOST, 0, .name = NULL)
#define EV_OPEN() EV_(OPEN, 0, .name = NULL)

#endif
