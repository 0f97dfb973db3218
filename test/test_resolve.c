/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is meant: a story for each sentence of the rules. A story is a list of events, each with what it must come to:
 *
 *   +x_0            made            +r_1 of x_0     made, borrows from x_0      by p_2   passed on by the borrower p_2
 *   -x_0            ended           x_0>y_1         moved                       x_0      meant
 *   ?name           unknown         ~ inferred      & ambiguous                 # silent
 *   over x_0        overwritten     !twice !moved !dropped !never               the contradiction
 *
 * Every story is told four times: as it stands; with every string in a place of its own; with numbered sites; and with
 * all addresses moved.
 */
#include "events.h"
#include "model/argument.h"
#include "model/resolve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct step {
  struct bscope_event event;
  const char *comes_to;
  uint32_t line;        /* 0: a line of its own */
  const char *function; /* NULL: f */
};

struct story {
  const char *rule;
  struct step steps[12];
};

#define S(e, ...)                                                                                                      \
  { .event = e, .comes_to = __VA_ARGS__ }
#define F(name) .function = (name)
#define LINE(n) .line = (n)

static const struct story stories[] = {
    /* ids */
    {"an id given by the caller links, and is part of the variable's id",
     {
         S(EV_NEW_ID(0, "x", 77), "+x_77"),
         S(EV_NEW(0, "x"), "+x_1"),
         S(EV_BORROW_ID(0, "r", 77), "+r_2 of x_77"),
         S(EV_MOVE_ID(0, 77, "y", 78), "x_77>y_78"),
         S(EV_DROP_ID(0, 78), "-y_78"),
         S(EV_DROP_ID(0, 78), "y_78 !twice"),
         S(EV_DROP_ID(0, 77), "x_77 !moved"),
     }},
    {"an id that was never created stays, unresolved",
     {
         S(EV_BORROW_ID(0, "r", 5), "+r_0 of ?_5"),
         S(EV_DROP_ID(0, 9), "?_9 !never"),
     }},

    /* argument text */
    {"&x, &x.f and &x[i] borrow from x",
     {
         S(EV_NEW(0, "x"), "+x_0"),
         S(EV_BORROW(0, "a", "&x", 0x10), "+a_1 of x_0"),
         S(EV_BORROW(0, "b", "&x.f", 0x14), "+b_2 of x_0"),
         S(EV_BORROW(0, "c", "& x [ i + 1 ]", 0x18), "+c_3 of x_0"),
         S(EV_BORROW(0, "d", "(char *)&x", 0x18), "+d_4 of x_0"),
     }},
    {"p, p + k, &*p and &p->f are passed on by a live borrower whose owner holds the address",
     {
         S(EV_NEW_AT(0, "buf", "b", 0x100, 64), "+buf_0"),
         S(EV_BORROW(0, "p", "b", 0x100), "+p_1 of buf_0 ~"),
         S(EV_BORROW(0, "q", "p", 0x100), "+q_2 of buf_0 by p_1"),
         S(EV_BORROW(0, "s", "p + 3", 0x103), "+s_3 of buf_0 by p_1"),
         S(EV_BORROW(0, "t", "&*p", 0x100), "+t_4 of buf_0 by p_1"),
         S(EV_BORROW(0, "u", "&p->f", 0x108), "+u_5 of buf_0 by p_1"),
         S(EV_BORROW(0, "v", "&p[3]", 0x103), "+v_6 of buf_0 by p_1"),
     }},
    {"otherwise the address decides: the pointer has another value since",
     {
         S(EV_NEW_AT(0, "one", "a", 0x100, 64), "+one_0"),
         S(EV_NEW_AT(0, "two", "b", 0x200, 64), "+two_1"),
         S(EV_BORROW(0, "p", "a", 0x100), "+p_2 of one_0 ~"),
         S(EV_BORROW(0, "q", "p", 0x200), "+q_3 of two_1 ~"),
         S(EV_BORROW(0, "s", "p", 0x900), "+s_4 of ?p"),
     }},
    {"a borrower on another thread passes nothing on",
     {
         S(EV_NEW_AT(0, "buf", "b", 0x100, 64), "+buf_0"),
         S(EV_BORROW(0, "p", "b", 0x100), "+p_1 of buf_0 ~"),
         S(EV_BORROW(1, "q", "p", 0x100), "+q_2 of buf_0 ~"),
     }},
    {"an ended borrower passes nothing on",
     {
         S(EV_NEW_AT(0, "buf", "b", 0x100, 64), "+buf_0"),
         S(EV_BORROW(0, "p", "b", 0x100), "+p_1 of buf_0 ~"),
         S(EV_BORROW_END(0, "p"), "-p_1"),
         S(EV_BORROW(0, "q", "p", 0x100), "+q_3 of buf_0 ~"),
         S(EV_BORROW(0, "s", "p", 0x900), "+s_4 of ?p"),
     }},
    {"text decides if no tracked range holds the address",
     {
         S(EV_NEW(0, "s"), "+s_0"),
         S(EV_BORROW(0, "r", "s", 0x500), "+r_1 of s_0"),
         S(EV_BORROW(0, "q", "r + 1", 0x501), "+q_2 of s_0 by r_1"),
         S(EV_BORROW_VALUE(0, "v", "s"), "+v_3 of s_0"),
         S(EV_BORROW_VALUE(0, "w", "v"), "+w_4 of s_0 by v_3"),
     }},
    {"text never decides for a form that loads",
     {
         S(EV_NEW(0, "p"), "+p_0"),
         S(EV_BORROW(0, "a", "p->f", 0x10), "+a_1 of ?"),
         S(EV_BORROW(0, "b", "*p", 0x10), "+b_2 of ?"),
         S(EV_BORROW(0, "c", "p[i]", 0x10), "+c_3 of ?"),
         S(EV_BORROW(0, "d", "f(p)", 0x10), "+d_4 of ?"),
         S(EV_BORROW(0, "e", "i ? p : q", 0x10), "+e_5 of ?"),
     }},
    {"in C++ a text calls the place itself: x, x.f, x[i] and what is behind a pointer",
     {
         S(EV_NEW(0, "s"), "+s_0"),
         S(EV_BORROW_PLACE(0, "a", "s.f", 0x10), "+a_1 of s_0"),
         S(EV_BORROW_PLACE(0, "b", "(s.f)", 0x10), "+b_2 of s_0"),
         S(EV_BORROW_PLACE(0, "c", "s[1]", 0x14), "+c_3 of s_0"),
         S(EV_BORROW_PLACE(0, "d", "s", 0x10), "+d_4 of s_0"),
         S(EV_BORROW_PLACE(0, "e", "d.f", 0x10), "+e_5 of s_0 by d_4"),
         S(EV_BORROW(0, "p", "&s", 0x10), "+p_6 of s_0"),
         S(EV_BORROW_PLACE(0, "g", "*p", 0x10), "+g_7 of s_0 by p_6"),
         S(EV_BORROW_PLACE(0, "h", "p->f", 0x10), "+h_8 of s_0 by p_6"),
         S(EV_BORROW_PLACE(0, "i", "f(s)", 0x10), "+i_9 of ?"),
         S(EV_BORROW_PLACE(1, "j", "d.f", 0x10), "+j_10 of ?d"),
     }},
    {"a place in a scope-bound borrower is the borrower's own; a pointer's text means its value as ever",
     {
         S(EV_NEW_AT(0, "buf", "b", 0x100, 64), "+buf_0"),
         S(EV_REF(0, "v", 0x200, "b", 0x100), "+v_1 of buf_0 ~"),
         S(EV_BORROW_PLACE(0, "w", "v.size", 0x204), "+w_2 of v_1"),
         S(EV_BORROW_PLACE(0, "x", "v", 0x200), "+x_3 of v_1"),
         S(EV_BORROW(0, "y", "v", 0x108), "+y_4 of buf_0 by v_1"),
     }},
    {"the same site's text is read as its flag says",
     {
         S(EV_NEW(0, "s"), "+s_0"),
         S(EV_BORROW(0, "r", "s.f", 0x10), "+r_1 of ?", LINE(7)),
         S(EV_BORROW_PLACE(0, "r", "s.f", 0x10), "+r_2 of s_0", LINE(7)),
         S(EV_BORROW(0, "r", "s.f", 0x10), "+r_3 of ?", LINE(7)),
     }},
    {"the address decides for a form that loads",
     {
         S(EV_NEW_AT(0, "buf", "b", 0x100, 64), "+buf_0"),
         S(EV_BORROW(0, "a", "p->f", 0x110), "+a_1 of buf_0 ~"),
     }},
    {"the end of the range of the variable that the text names belongs to it",
     {
         S(EV_NEW_AT(0, "a", "a", 0x100, 16), "+a_0"),
         S(EV_NEW_AT(0, "b", "b", 0x110, 16), "+b_1"),
         S(EV_BORROW(0, "end", "a + 16", 0x110), "+end_2 of a_0"),
         S(EV_BORROW(0, "first", "b", 0x110), "+first_3 of b_1"),
         S(EV_BORROW(0, "p", "a", 0x100), "+p_4 of a_0"),
         S(EV_BORROW(0, "stop", "p + 16", 0x110), "+stop_5 of a_0 by p_4"),
     }},
    {"a borrow of nothing has no owner",
     {
         S(EV_NEW(0, "p"), "+p_0"),
         S(EV_BORROW(0, "r", "p", 0), "+r_1 of ?p"),
     }},

    /* addresses */
    {"a borrow matches the smallest live range that holds the address",
     {
         S(EV_NEW_AT(0, "array", "a", 0x1000, 400), "+array_0"),
         S(EV_NEW_AT(0, "element", "e", 0x1010, 4), "+element_1"),
         S(EV_BORROW_AT(0, "r", "x", 0x1013), "+r_2 of element_1 ~"),
         S(EV_BORROW_AT(0, "s", "x", 0x1014), "+s_3 of array_0 ~"),
         S(EV_BORROW_RANGE_AT(0, "t", "x", 0x100f, 8), "+t_4 of array_0 ~"),
         S(EV_DROP_AT(0, "e", 0x1010), "-element_1 ~"),
         S(EV_BORROW_AT(0, "u", "x", 0x1013), "+u_6 of array_0 ~"),
         S(EV_BORROW_AT(0, "v", "x", 0x1190), "+v_7 of ?x"),
     }},
    {"the address alone decides for an _at form, whatever the text",
     {
         S(EV_NEW(0, "x"), "+x_0"),
         S(EV_NEW_AT(0, "buf", "b", 0x100, 8), "+buf_1"),
         S(EV_BORROW_AT(0, "r", "&x", 0x100), "+r_2 of buf_1 ~"),
         S(EV_BORROW_AT(0, "s", "&x", 0x900), "+s_3 of ?x"),
         S(EV_BORROW_AT(0, "t", "r", 0x104), "+t_4 of buf_1 by r_2 ~"),
     }},
    {"drop_at and move_at match a start address only",
     {
         S(EV_NEW_AT(0, "array", "a", 0x1000, 40), "+array_0"),
         S(EV_DROP_AT(0, "e", 0x1004), "? !never"),
         S(EV_MOVE_AT(0, "e", 0x1008, "m"), "?>m_2 is 1008+0 !never"),
         S(EV_DROP_AT(0, "a", 0x1000), "-array_0 ~"),
     }},
    {"newest first where two begin at the same address",
     {
         S(EV_NEW_AT(0, "outer", "s", 0x1000, 40), "+outer_0"),
         S(EV_NEW_AT(0, "first", "&s->f", 0x1000, 4), "+first_1"),
         S(EV_DROP_AT(0, "p", 0x1000), "-first_1 ~"),
         S(EV_DROP_AT(0, "p", 0x1000), "-outer_0 ~"),
         S(EV_DROP_AT(0, "p", 0x1000), "first_1 ~ !twice"),
     }},
    {"size 0 counts as 1",
     {
         S(EV_NEW_AT(0, "z", "p", 0x10, 0), "+z_0"),
         S(EV_BORROW_AT(0, "r", "x", 0x10), "+r_1 of z_0 ~"),
         S(EV_BORROW_AT(0, "s", "x", 0x11), "+s_2 of ?x"),
     }},
    {"ranges at the end of the address space don't wrap",
     {
         S(EV_NEW_AT(0, "z", "p", UINT64_MAX - 3, 100), "+z_0"),
         S(EV_BORROW_AT(0, "r", "x", UINT64_MAX), "+r_1 of z_0 ~"),
         S(EV_BORROW_AT(0, "s", "x", 2), "+s_2 of ?x"),
         S(EV_NEW_AT(0, "all", "p", 1, UINT64_MAX), "+all_3"),
         S(EV_BORROW_AT(0, "t", "x", 2), "+t_4 of all_3 ~"),
         S(EV_BORROW_AT(0, "u", "x", UINT64_C(1) << 63), "+u_5 of all_3 ~"),
     }},
    {"what is made across the edge of a live one ends it as overwritten",
     {
         S(EV_NEW_AT(0, "a", "p", 0x100, 16), "+a_0"),
         S(EV_NEW_AT(0, "c", "q", 0x118, 16), "+c_1"),
         S(EV_NEW_AT(0, "b", "p", 0x108, 24), "+b_2 over a_0 over c_1"),
         S(EV_BORROW_AT(0, "r", "x", 0x100), "+r_3 of ?x"),
         S(EV_DROP(0, "a"), "a_0"),
     }},
    {"what contains a live one or lies within it leaves it",
     {
         S(EV_NEW_AT(0, "a", "p", 0x108, 8), "+a_0"),
         S(EV_NEW_AT(0, "b", "p", 0x100, 32), "+b_1"),
         S(EV_NEW_AT(0, "c", "p", 0x10a, 2), "+c_2"),
         S(EV_LET(0, "d", 0x100, 8), "+d_3"),
         S(EV_DROP_AT(0, "p", 0x108), "-a_0 ~"),
     }},
    {"the same start from the same site is overwritten, from another it is not",
     {
         S(EV_LET(0, "x", 0x100, 8), "+x_0", LINE(1)),
         S(EV_LET(0, "x", 0x100, 8), "+x_1 over x_0", LINE(1)),
         S(EV_LET(0, "x", 0x100, 8), "+x_2", LINE(2)),
         S(EV_LET_END(0, "x", 0x100), "-x_2"),
         S(EV_LET_END(0, "x", 0x100), "-x_1"),
     }},
    {"text and address name different live variables: the newer wins, ambiguous",
     {
         S(EV_NEW(0, "x"), "+x_0"),
         S(EV_NEW_AT(0, "y", "p", 0x100, 8), "+y_1"),
         S(EV_BORROW(0, "r", "&x", 0x100), "+r_2 of y_1 ~ &"),
         S(EV_NEW(0, "x"), "+x_3"),
         S(EV_BORROW(0, "s", "&x", 0x100), "+s_4 of x_3 &"),
         S(EV_BORROW(0, "t", "x", 0x100), "+t_5 of x_3 &"),
     }},
    {"a field in a variable is no ambiguity, nor is the variable that begins with it",
     {
         S(EV_LET(0, "x", 0x100, 16), "+x_0"),
         S(EV_NEW_AT(0, "f", "&x.f", 0x100, 4), "+f_1"),
         S(EV_BORROW(0, "r", "&x.f", 0x100), "+r_2 of f_1 ~"),
         S(EV_BORROW(0, "s", "&x", 0x100), "+s_3 of x_0"),
     }},
    {"a pointer variable's own address is not its value",
     {
         S(EV_NEW_AT(0, "buf", "b", 0x100, 16), "+buf_0"),
         S(EV_LET(0, "p", 0x8000, 8), "+p_1"),
         S(EV_BORROW(0, "r", "p", 0x104), "+r_2 of buf_0 ~"),
         S(EV_BORROW(0, "s", "&p[4]", 0x104), "+s_3 of buf_0 ~"),
         S(EV_BORROW(0, "t", "&p", 0x8000), "+t_4 of p_1"),
         S(EV_BORROW(0, "u", "p", 0x900), "+u_5 of p_1"),
     }},
    {"drop_at(NULL) is nothing",
     {
         S(EV_DROP_AT(0, "p", 0), "? #"),
     }},
    {"new_at(NULL) has no address",
     {
         S(EV_NEW_AT(0, "n", "p", 0, 8), "+n_0"),
         S(EV_BORROW_AT(0, "r", "p", 0), "+r_1 of ?p"),
         S(EV_BORROW_AT(0, "s", "p", 4), "+s_2 of ?p"),
         S(EV_DROP(0, "n"), "-n_0"),
     }},
    {"a resize keeps the variable and moves its range",
     {
         S(EV_NEW_AT(0, "b", "p", 0x100, 16), "+b_0"),
         S(EV_RESIZE(0, "p", 0x100, 64), "b_0 ~ was 100+16"),
         S(EV_NEW_AT(1, "other", "q", 0x100, 8), "+other_2"),
         S(EV_RESIZED(0, 0x200, 64), "b_0 ~ was 100+16 is 200+64"),
         S(EV_BORROW_AT(0, "r", "x", 0x23f), "+r_4 of b_0 ~"),
         S(EV_BORROW_AT(0, "s", "x", 0x100), "+s_5 of other_2 ~"),
         S(EV_DROP_AT(0, "p", 0x200), "-b_0 ~"),
     }},
    {"a failed resize puts the range back",
     {
         S(EV_NEW_AT(0, "b", "p", 0x100, 16), "+b_0"),
         S(EV_RESIZE(0, "p", 0x100, 64), "b_0 ~ was 100+16"),
         S(EV_BORROW_AT(1, "r", "x", 0x100), "+r_2 of ?x"),
         S(EV_RESIZED(0, 0, 64), "b_0 ~ was 100+16 is 100+16"),
         S(EV_BORROW_AT(0, "s", "x", 0x10f), "+s_4 of b_0 ~"),
     }},
    {"what grows from a NULL that is written is a block; the program did not call it so",
     {
         S(EV_RESIZE(0, "((void *)0)", 0, 32), "?"),
         S(EV_(HEAP_REALLOC, 0, .text = "((void *)0)", EV_SUBJECT_(ADDRESS, 0x500), EV_OBJECT_(SIZE, 32)),
           "+block_1 is 500+32"),
         S(EV_RESIZE(0, "p", 0, 32), "?"),
         S(EV_(HEAP_REALLOC, 0, .text = "p", EV_SUBJECT_(ADDRESS, 0x600), EV_OBJECT_(SIZE, 32)), "+p_3 is 600+32"),
         S(EV_MOVE_AT(0, "p", 0x500, "q"), "block_1>q_4 ~ is 500+32"),
         S(EV_DROP_AT(0, "block", 0x500), "-q_4 ~"),
     }},
    {"resizes pair with the newest begin of their thread; of NULL a variable is made",
     {
         S(EV_NEW_AT(0, "a", "p", 0x100, 16), "+a_0"),
         S(EV_NEW_AT(1, "b", "q", 0x200, 16), "+b_1"),
         S(EV_RESIZE(0, "p", 0x100, 32), "a_0 ~ was 100+16"),
         S(EV_RESIZE(1, "q", 0x200, 32), "b_1 ~ was 200+16"),
         S(EV_RESIZE(0, "n", 0, 32), "?"),
         S(EV_RESIZED(0, 0x500, 32), "+_5 is 500+32"),
         S(EV_RESIZED(0, 0x600, 32), "a_0 ~ was 100+16 is 600+32"),
         S(EV_RESIZED(1, 0x100, 32), "b_1 ~ was 200+16 is 100+32"),
         S(EV_RESIZED(1, 0x700, 32), "?"),
     }},

    /* names */
    {"a name is its newest live variable on this thread",
     {
         S(EV_NEW(0, "x"), "+x_0"),
         S(EV_NEW(0, "x"), "+x_1"),
         S(EV_NEW(1, "x"), "+x_2"),
         S(EV_DROP(0, "x"), "-x_1"),
         S(EV_DROP(0, "x"), "-x_0"),
         S(EV_DROP(0, "x"), "x_1 !twice"),
     }},
    {"what a move receives on this thread is of this thread",
     {
         S(EV_NEW(0, "x"), "+x_0"),
         S(EV_MOVE(0, "x", "q"), "x_0>q_1"),
         S(EV_MOVE(1, "q", "y"), "q_1>y_2 ~"),
         S(EV_DROP(1, "y"), "-y_2"),
     }},
    {"an end of borrow considers borrowers only, a move owners only, a drop both",
     {
         S(EV_NEW(0, "x"), "+x_0"),
         S(EV_BORROW(0, "x", "&x", 0x10), "+x_1 of x_0"),
         S(EV_NEW(0, "x"), "+x_2"),
         S(EV_BORROW_END(0, "x"), "-x_1"),
         S(EV_BORROW(0, "x", "&x", 0x10), "+x_4 of x_2"),
         S(EV_MOVE(0, "x", "y"), "x_2>y_5"),
         S(EV_DROP(0, "x"), "-x_4"),
         S(EV_DROP(0, "x"), "-x_0"),
         S(EV_BORROW_END(0, "y"), "?y !never"),
     }},
    {"a name without a live variable is its newest one, with a finding",
     {
         S(EV_NEW(0, "x"), "+x_0"),
         S(EV_MOVE(0, "x", "y"), "x_0>y_1"),
         S(EV_DROP(0, "x"), "x_0 !moved"),
         S(EV_MOVE(0, "x", "z"), "x_0>z_3 !moved"),
         S(EV_BORROW(0, "r", "&x", 0x10), "+r_4 of x_0 !moved"),
         S(EV_DROP(0, "y"), "-y_1"),
         S(EV_MOVE(0, "y", "w"), "y_1>w_6 !dropped"),
         S(EV_BORROW_VALUE(0, "s", "y"), "+s_7 of y_1 !dropped"),
     }},
    {"this thread's own ended variable goes before another thread's live one",
     {
         S(EV_NEW(0, "x"), "+x_0"),
         S(EV_DROP(0, "x"), "-x_0"),
         S(EV_NEW(1, "x"), "+x_2"),
         S(EV_DROP(0, "x"), "x_0 !twice"),
     }},
    {"else a live variable of that name on another thread if there is exactly one",
     {
         S(EV_NEW(1, "x"), "+x_0"),
         S(EV_BORROW(0, "r", "&x", 0x10), "+r_1 of x_0 ~"),
         S(EV_NEW(2, "x"), "+x_2"),
         S(EV_BORROW(0, "s", "&x", 0x10), "+s_3 of ?x"),
         S(EV_DROP(0, "x"), "?x"),
         S(EV_DROP(2, "x"), "-x_2"),
         S(EV_DROP(0, "x"), "-x_0 ~"),
     }},
    {"what was never created is unknown",
     {
         S(EV_DROP(0, "x"), "?x !never"),
         S(EV_MOVE(0, "x", "y"), "?x>y_1 !never"),
         S(EV_BORROW_END(0, "r"), "?r !never"),
         S(EV_BORROW(0, "r", "&z", 0x10), "+r_3 of ?z"),
         S(EV_USE_AT(0, 0x10, "z"), "?z"),
     }},
    {"an address tells two threads' variables of a name apart",
     {
         S(EV_LET(0, "x", 0x100, 8), "+x_0"),
         S(EV_LET(1, "x", 0x200, 8), "+x_1"),
         S(EV_BORROW(2, "r", "&x", 0x100), "+r_2 of x_0 ~"),
         S(EV_BORROW(2, "s", "&x", 0x300), "+s_3 of ?x"),
         S(EV_LET_END(1, "x", 0x200), "-x_1"),
         S(EV_BORROW(2, "t", "&x", 0x300), "+t_5 of ?x"),
     }},
    {"a move's value helps where the name does not settle it",
     {
         S(EV_NEW_AT(0, "b", "p", 0x100, 8), "+b_0"),
         S(EV_NEW_AT(1, "b", "p", 0x200, 8), "+b_1"),
         S(EV_MOVE_VALUE(2, "b", "m", "p", 0x200), "b_1>m_2 ~ is 200+8"),
         S(EV_MOVE_VALUE(2, "c", "n", "p", 0x100), "b_0>n_3 ~ is 100+8"),
         S(EV_MOVE_VALUE(2, "n", "o", "p", 0x900), "n_3>o_4 is 100+8"),
     }},
    {"a new variable always shadows, a borrow and a move too",
     {
         S(EV_NEW(0, "x"), "+x_0"),
         S(EV_BORROW(0, "x", "&x", 0x10), "+x_1 of x_0"),
         S(EV_NEW(0, "y"), "+y_2"),
         S(EV_MOVE(0, "y", "x"), "y_2>x_3"),
         S(EV_DROP(0, "x"), "-x_3"),
         S(EV_DROP(0, "x"), "-x_1"),
         S(EV_DROP(0, "x"), "-x_0"),
     }},

    /* scopes */
    {"the end of a scope drops its variable, silently if it ended before",
     {
         S(EV_LET(0, "x", 0x100, 8), "+x_0"),
         S(EV_LET(0, "y", 0x200, 8), "+y_1"),
         S(EV_LET(0, "z", 0x300, 8), "+z_2"),
         S(EV_MOVE(0, "y", "q"), "y_1>q_3"),
         S(EV_DROP(0, "z"), "-z_2"),
         S(EV_LET_END(0, "z", 0x300), "z_2 #"),
         S(EV_LET_END(0, "y", 0x200), "y_1 #"),
         S(EV_LET_END(0, "x", 0x100), "-x_0"),
         S(EV_LET_END(0, "x", 0x100), "?x #"),
         S(EV_DROP(0, "q"), "-q_3"),
     }},
    {"a variable that is handed out lives on by its name, and its place is free",
     {
         S(EV_LET(0, "p", 0x100, 8), "+p_0", LINE(1)),
         S(EV_KEPT(0, "p", 0x100), "p_0 #"),
         S(EV_BORROW_AT(0, "r", "x", 0x100), "+r_2 of ?x"),
         S(EV_LET(0, "p", 0x100, 8), "+p_3", LINE(1)),
         S(EV_KEPT(0, "p", 0x100), "p_3 #"),
         S(EV_NEW_AT(0, "k", "x", 0xfc, 8), "+k_5"),
         S(EV_BORROW(0, "s", "&p", 0x100), "+s_6 of k_5 ~"),
         S(EV_KEPT(0, "p", 0x100), "?p #"),
         S(EV_DROP(0, "p"), "-p_3"),
         S(EV_DROP_AT(0, "x", 0x100), "? !never"),
         S(EV_MOVE(0, "p", "q"), "p_0>q_10"),
     }},
    {"so is a borrower, and what ended before is gone as at the end of any scope",
     {
         S(EV_LET(0, "x", 0x100, 8), "+x_0"),
         S(EV_REF(0, "r", 0x200, "&x", 0x100), "+r_1 of x_0"),
         S(EV_KEPT(0, "r", 0x200), "r_1 #"),
         S(EV_BORROW(0, "s", "r", 0x100), "+s_3 of x_0 by r_1"),
         S(EV_BORROW_END(0, "r"), "-r_1"),
         S(EV_MOVE(0, "x", "y"), "x_0>y_5"),
         S(EV_KEPT(0, "x", 0x100), "x_0 #"),
         S(EV_BORROW_VALUE(0, "t", "x"), "+t_7 of ?x"),
     }},
    {"the end of a scope means the variable at that address, not its namesakes",
     {
         S(EV_LET(0, "x", 0x100, 8), "+x_0"),
         S(EV_LET(0, "x", 0x80, 8), "+x_1"),
         S(EV_MOVE(0, "x", "q"), "x_1>q_2"),
         S(EV_LET_END(0, "x", 0x80), "x_1 #"),
         S(EV_BORROW(0, "r", "&x", 0x100), "+r_4 of x_0"),
         S(EV_LET_END(0, "x", 0x100), "-x_0"),
     }},
    {"after the end of its scope a name means nobody",
     {
         S(EV_LET(0, "x", 0x100, 8), "+x_0"),
         S(EV_LET_END(0, "x", 0x100), "-x_0"),
         S(EV_BORROW(0, "r", "&x", 0x100), "+r_2 of ?x"),
         S(EV_BORROW_VALUE(0, "s", "x"), "+s_3 of ?x"),
     }},
    {"a scope-bound borrower is a variable with a place of its own",
     {
         S(EV_LET(0, "x", 0x100, 8), "+x_0"),
         S(EV_REF(0, "r", 0x200, "&x", 0x100), "+r_1 of x_0"),
         S(EV_REF(0, "rr", 0x300, "&r", 0x200), "+rr_2 of r_1"),
         S(EV_REF(0, "s", 0x400, "r", 0x100), "+s_3 of x_0 by r_1"),
         S(EV_REF_END(0, "s", 0x400), "-s_3"),
         S(EV_REF_END(0, "rr", 0x300), "-rr_2"),
         S(EV_REF_END(0, "r", 0x200), "-r_1"),
         S(EV_LET_END(0, "x", 0x100), "-x_0"),
     }},

    /* moves by address */
    {"move_at ends the variable at p and makes another of the same place and size",
     {
         S(EV_NEW_AT(0, "b", "p", 0x100, 16), "+b_0"),
         S(EV_BORROW_AT(0, "r", "p", 0x108), "+r_1 of b_0 ~"),
         S(EV_MOVE_AT(0, "p", 0x100, "q"), "b_0>q_2 ~ is 100+16"),
         S(EV_BORROW_AT(0, "s", "q", 0x10f), "+s_3 of q_2 ~"),
         S(EV_BORROW(0, "t", "r + 1", 0x109), "+t_4 of q_2 ~"),
         S(EV_DROP_AT(0, "q", 0x100), "-q_2 ~"),
     }},
    {"a move by name takes the place with it, but not a scope-bound variable's own",
     {
         S(EV_NEW_AT(0, "b", "p", 0x100, 16), "+b_0"),
         S(EV_MOVE(0, "b", "q"), "b_0>q_1 is 100+16"),
         S(EV_DROP_AT(1, "z", 0x100), "-q_1 ~"),
         S(EV_LET(0, "x", 0x200, 8), "+x_3"),
         S(EV_MOVE(0, "x", "y"), "x_3>y_4"),
         S(EV_BORROW_AT(0, "r", "z", 0x200), "+r_5 of ?z"),
     }},
    {"the creation text, used after a move, is a use after move",
     {
         S(EV_NEW_AT(0, "b", "p", 0x100, 16), "+b_0"),
         S(EV_MOVE_AT(0, "p", 0x100, "q"), "b_0>q_1 ~ is 100+16"),
         S(EV_BORROW_AT(0, "r", "p", 0x100), "+r_2 of q_1 ~ !moved"),
         S(EV_BORROW_AT(0, "s", "&p->f", 0x108), "+s_3 of q_1 ~ !moved"),
         S(EV_RESIZE(0, "p", 0x100, 32), "q_1 ~ was 100+16 !moved"),
         S(EV_RESIZED(0, 0, 32), "q_1 ~ was 100+16 is 100+16"),
         S(EV_DROP_AT(0, "p", 0x100), "-q_1 ~ !moved"),
     }},
    {"an earlier name of the chain, used after a move, is one too, but not the newest's name",
     {
         S(EV_NEW_AT(0, "b", "make()", 0x100, 16), "+b_0"),
         S(EV_MOVE_AT(0, "b", 0x100, "q"), "b_0>q_1 ~ is 100+16"),
         S(EV_MOVE_AT(0, "q", 0x100, "t"), "q_1>t_2 ~ is 100+16"),
         S(EV_BORROW_AT(0, "r", "b", 0x100), "+r_3 of t_2 ~ !moved"),
         S(EV_BORROW_AT(0, "s", "q", 0x100), "+s_4 of t_2 ~ !moved"),
         S(EV_BORROW_AT(0, "u", "t", 0x100), "+u_5 of t_2 ~"),
         S(EV_MOVE_AT(0, "t", 0x100, "b"), "t_2>b_6 ~ is 100+16"),
         S(EV_DROP_AT(0, "b", 0x100), "-b_6 ~"),
     }},
    {"a moved value used under its old name by the thread that gave it away",
     {
         S(EV_NEW_AT(0, "b", "b", 0x100, 16), "+b_0"),
         S(EV_MOVE_AT(1, "b", 0x100, "item"), "b_0>item_1 ~ is 100+16"),
         S(EV_BORROW_AT(1, "r", "b", 0x100), "+r_2 of item_1 ~"),
         S(EV_BORROW_AT(0, "s", "b", 0x100), "+s_3 of item_1 ~ !moved"),
         S(EV_MOVE_AT(0, "b", 0x100, "b"), "item_1>b_4 ~ is 100+16"),
     }},
    {"a receiver may call the value what it was called elsewhere",
     {
         S(EV_NEW_AT(0, "b", "b", 0x100, 16), "+b_0", F("produce")),
         S(EV_MOVE_AT(0, "b", 0x100, "queued"), "b_0>queued_1 ~ is 100+16", F("produce")),
         S(EV_MOVE_AT(0, "b", 0x100, "item"), "queued_1>item_2 ~ is 100+16", F("consume")),
         S(EV_BORROW_AT(0, "r", "b", 0x100), "+r_3 of item_2 ~", F("consume")),
         S(EV_BORROW_AT(0, "s", "b", 0x100), "+s_4 of item_2 ~ !moved", F("produce")),
     }},
    {"the function that moves a value made elsewhere under the same name has given it away",
     {
         S(EV_NEW_AT(0, "buf", "p", 0x100, 16), "+buf_0", F("make")),
         S(EV_MOVE_AT(0, "buf", 0x100, "q"), "buf_0>q_1 ~ is 100+16", F("main")),
         S(EV_DROP_AT(0, "buf", 0x100), "-q_1 ~ !moved", F("main")),
     }},
    {"text never overrules the address across a drop",
     {
         S(EV_NEW_AT(0, "b", "p", 0x100, 16), "+b_0"),
         S(EV_MOVE_AT(0, "p", 0x100, "q"), "b_0>q_1 ~ is 100+16"),
         S(EV_DROP_AT(0, "q", 0x100), "-q_1 ~"),
         S(EV_NEW_AT(0, "b", "p", 0x100, 16), "+b_3"),
         S(EV_BORROW_AT(0, "r", "p", 0x100), "+r_4 of b_3 ~"),
         S(EV_DROP_AT(0, "p", 0x100), "-b_3 ~"),
     }},
    {"use_at under a name that was moved away",
     {
         S(EV_NEW_AT(0, "b", "p", 0x100, 16), "+b_0"),
         S(EV_USE_AT(0, 0x104, "b"), "b_0"),
         S(EV_MOVE_AT(0, "p", 0x100, "q"), "b_0>q_2 ~ is 100+16"),
         S(EV_USE_AT(1, 0x100, "b"), "q_2 ~ !moved"),
         S(EV_USE_AT(0, 0x100, "q"), "q_2"),
         S(EV_BORROW_AT(0, "r", "q", 0x100), "+r_5 of q_2 ~"),
         S(EV_USE_AT(0, 0x101, "r"), "r_5"),
         S(EV_DROP_AT(0, "q", 0x100), "-q_2 ~"),
         S(EV_USE_AT(0, 0x100, "q"), "q_2 !dropped"),
         S(EV_USE_AT(0, 0x100, "z"), "?z"),
     }},
    {"a borrower may move: the borrow goes on under the new name",
     {
         S(EV_NEW(0, "x"), "+x_0"),
         S(EV_BORROW_MUT(0, "m", "&x", 0x10), "+m_1 of x_0"),
         S(EV_MOVE(0, "m", "n"), "m_1>n_2"),
         S(EV_BORROW(0, "r", "n", 0x10), "+r_3 of x_0 by n_2"),
         S(EV_BORROW_END(0, "n"), "-n_2"),
         S(EV_BORROW_END(0, "m"), "m_1 !moved"),
     }},

    /* logs that lack something */
    {"nothing is claimed of what happened before a missing position",
     {
         S(EV_NEW(0, "x"), "+x_0"),
         S(EV_DROP(0, "x"), "-x_0"),
         S(EV_LOST(), "?"),
         S(EV_DROP(0, "x"), "x_0"),
         S(EV_DROP(0, "y"), "?y"),
         S(EV_NEW(0, "z"), "+z_5"),
         S(EV_DROP(0, "z"), "-z_5"),
         S(EV_DROP(0, "z"), "z_5 !twice"),
         S(EV_OPEN(), "?"),
         S(EV_DROP(0, "z"), "z_5"),
     }},
    {"a former name is no evidence across a missing position",
     {
         S(EV_NEW_AT(0, "b", "p", 0x100, 16), "+b_0"),
         S(EV_MOVE_AT(0, "p", 0x100, "q"), "b_0>q_1 ~ is 100+16"),
         S(EV_LOST(), "?"),
         S(EV_BORROW_AT(0, "r", "p", 0x100), "+r_3 of q_1 ~"),
     }},
    {"kinds beside the core's: a clone is a variable, a use is one of what it names, a note has names alone",
     {
         S(EV_(LOCK, 0, .name = "l"), "?l"),
         S(EV_(RC_CLONE, 0, .name = "rc"), "+rc_1"),
         S(EV_(LOCK, 0, .name = "rc"), "rc_1"),
         S(EV_(FFI_CALL, 0, .name = "rc"), "?rc"),
     }},
};

static void put_ref(char *out, size_t size, const struct bscope_variable_ref *ref) {
  if (ref->variable != BSCOPE_VARIABLE_NONE)
    snprintf(out, size, "%s_%llu", ref->name, (unsigned long long)(ref->has_given_id ? ref->given_id : ref->stamp));
  else if (ref->has_given_id)
    snprintf(out, size, "?_%llu", (unsigned long long)ref->given_id);
  else
    snprintf(out, size, "?%s", ref->name == NULL ? "" : ref->name);
}

static void add(char *out, size_t size, const char *what) {
  snprintf(out + strlen(out), size - strlen(out), "%s", what);
}

static void add_block(char *out, size_t size, const char *what, uint64_t address, uint64_t bytes, uint64_t shift) {
  if (address != 0)
    snprintf(out + strlen(out), size - strlen(out), " %s %llx+%llu", what, (unsigned long long)(address - shift),
             (unsigned long long)bytes);
}

/* What an event came to, as the stories write it. */
static void describe(char *out, size_t size, struct bscope_resolver *resolver, const struct bscope_event *event,
                     const struct bscope_resolution *is, uint64_t shift) {
  static const char *const contradictions[] = {"", " !twice", " !moved", " !dropped", " !never"};
  char subject[64], object[64], parent[64];
  put_ref(subject, sizeof(subject), &is->subject);
  put_ref(object, sizeof(object), &is->object);
  put_ref(parent, sizeof(parent), &is->parent);
  if (event->kind == BSCOPE_KIND_MOVE)
    snprintf(out, size, "%s>%s", subject, object);
  else if (event->kind == BSCOPE_KIND_BORROW)
    snprintf(out, size, "+%s of %s", subject, object);
  else
    snprintf(out, size, "%s%s", is->creates ? "+" : is->ends ? "-" : "", subject);
  if (is->parent.variable != BSCOPE_VARIABLE_NONE) {
    add(out, size, " by ");
    add(out, size, parent);
  }
  for (uint32_t i = 0; i < is->overwritten_count; i++) {
    struct bscope_variable_ref over = bscope_resolver_overwritten(resolver, i);
    put_ref(parent, sizeof(parent), &over);
    add(out, size, " over ");
    add(out, size, parent);
  }
  add(out, size, is->inferred ? " ~" : "");
  add(out, size, is->ambiguous ? " &" : "");
  add(out, size, is->silent ? " #" : "");
  add_block(out, size, "was", is->old_address, is->old_size, shift);
  add_block(out, size, "is", is->address, is->size, shift);
  add(out, size, contradictions[is->contradiction]);
}

/* A way of telling. */
struct telling {
  bool own_strings;
  bool numbered;
  uint64_t shift;
};

static uint64_t shifted(enum bscope_word is, uint64_t word, uint64_t shift) {
  return is == BSCOPE_WORD_ADDRESS && word != 0 && word < 0x10000 ? word + shift : word;
}

static const char *own(const struct telling *how, const char *text, char **kept, size_t *count) {
  if (!how->own_strings || text == NULL)
    return text;
  return kept[(*count)++] = strdup(text);
}

/* How many events came to something else. */
static int tell(const struct story *story, const struct telling *how) {
  int wrong = 0;
  struct bscope_resolver *resolver = bscope_resolver_create();
  char *kept[64];
  size_t kept_count = 0;
  assert_non_null(resolver);
  for (uint32_t i = 0; i < 12 && story->steps[i].comes_to != NULL; i++) {
    const struct step *step = &story->steps[i];
    struct bscope_event event = step->event;
    event.stamp = i;
    event.line = step->line != 0 ? step->line : 100 + i;
    event.site = how->numbered ? event.line : 0;
    event.function = step->function != NULL ? step->function : "f";
    event.name = own(how, event.name, kept, &kept_count);
    event.name2 = own(how, event.name2, kept, &kept_count);
    event.text = own(how, event.text, kept, &kept_count);
    event.subject = shifted(event.subject_is, event.subject, how->shift);
    event.object = shifted(event.object_is, event.object, how->shift);
    struct bscope_resolution is;
    char came_to[256];
    assert_int_equal(bscope_resolver_feed(resolver, &event, &is), 0);
    describe(came_to, sizeof(came_to), resolver, &event, &is, how->shift);
    if (strcmp(came_to, step->comes_to) != 0) {
      print_error("%s: event %u came to \"%s\", not \"%s\"\n", story->rule, i, came_to, step->comes_to);
      wrong++;
    }
  }
  bscope_resolver_destroy(resolver);
  while (kept_count > 0)
    free(kept[--kept_count]);
  return wrong;
}

static void every_story_in_every_telling(void **state) {
  (void)state;
  static const struct telling tellings[] = {{0}, {.own_strings = true}, {.numbered = true}, {.shift = 0x7f1234560000}};
  int wrong = 0;
  for (size_t t = 0; t < sizeof(tellings) / sizeof(tellings[0]); t++)
    for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++)
      wrong += tell(&stories[i], &tellings[t]);
  assert_int_equal(wrong, 0);
}

static void feed(struct bscope_resolver *resolver, struct bscope_event event, struct bscope_resolution *is) {
  static uint64_t stamp;
  event.stamp = stamp++;
  assert_int_equal(bscope_resolver_feed(resolver, &event, is), 0);
}

static void a_stack_lets_its_oldest_go_beyond_1024(void **state) {
  (void)state;
  struct bscope_resolver *resolver = bscope_resolver_create();
  struct bscope_resolution is;
  for (unsigned i = 0; i < 1030; i++)
    feed(resolver, (struct bscope_event)EV_NEW(0, "x"), &is);
  assert_int_equal(bscope_resolver_let_go(resolver), 6);
  for (unsigned i = 1030; i > 6; i--) {
    feed(resolver, (struct bscope_event)EV_DROP(0, "x"), &is);
    assert_true(is.ends);
    assert_int_equal(is.subject.variable, i - 1);
  }
  /* Six may be alive still, so neither this thread nor another can say which one is meant. */
  feed(resolver, (struct bscope_event)EV_DROP(0, "x"), &is);
  assert_false(is.ends);
  feed(resolver, (struct bscope_event)EV_NEW(0, "x"), &is);
  feed(resolver, (struct bscope_event)EV_DROP(1, "x"), &is);
  assert_false(is.ends);
  bscope_resolver_destroy(resolver);
}

static void what_is_let_go_keeps_its_address(void **state) {
  (void)state;
  struct bscope_resolver *resolver = bscope_resolver_create();
  struct bscope_resolution is;
  for (uint64_t i = 0; i < 3000; i++)
    feed(resolver, (struct bscope_event)EV_NEW_AT(0, "b", "p", 0x1000 + 16 * i, 16), &is);
  for (uint64_t i = 0; i < 3000; i++) {
    feed(resolver, (struct bscope_event)EV_DROP_AT(0, "p", 0x1000 + 16 * i), &is);
    assert_true(is.ends);
    assert_int_equal(is.subject.variable, i);
  }
  bscope_resolver_destroy(resolver);
}

static void one_site_number_may_stand_for_two_sites(void **state) {
  (void)state;
  struct bscope_resolver *resolver = bscope_resolver_create();
  struct bscope_resolution is;
  struct bscope_event x = EV_NEW(0, "x"), y = EV_NEW(0, "y"), r = EV_BORROW(0, "r", "&x", 0x10);
  struct bscope_event s = EV_BORROW(0, "r", "&y", 0x10);
  x.site = y.site = 3;
  r.site = s.site = 4;
  feed(resolver, x, &is);
  feed(resolver, y, &is);
  assert_string_equal(is.subject.name, "y");
  feed(resolver, r, &is);
  assert_int_equal(is.object.variable, 0);
  feed(resolver, s, &is);
  assert_int_equal(is.object.variable, 1);
  bscope_resolver_destroy(resolver);
}

static void a_log_without_its_beginning_is_no_evidence(void **state) {
  (void)state;
  struct bscope_resolver *resolver = bscope_resolver_create();
  struct bscope_event events[] = {EV_DROP(0, "x"), EV_NEW(0, "y"), EV_DROP(0, "y"), EV_DROP(0, "y")};
  static const enum bscope_contradiction expected[] = {BSCOPE_FITS, BSCOPE_FITS, BSCOPE_FITS, BSCOPE_DROPPED_TWICE};
  for (size_t i = 0; i < 4; i++) {
    struct bscope_resolution is;
    events[i].stamp = 500 + i;
    assert_int_equal(bscope_resolver_feed(resolver, &events[i], &is), 0);
    assert_int_equal(is.contradiction, expected[i]);
  }
  bscope_resolver_destroy(resolver);
}

static void a_long_chain_remembers_sixteen_names(void **state) {
  (void)state;
  struct bscope_resolver *resolver = bscope_resolver_create();
  struct bscope_resolution is;
  char names[42][16];
  for (int i = 0; i < 42; i++)
    snprintf(names[i], sizeof(names[i]), "n%d", i);
  feed(resolver, (struct bscope_event)EV_NEW_AT(0, names[0], names[0], 0x100, 8), &is);
  for (int i = 0; i < 41; i++)
    feed(resolver, (struct bscope_event)EV_MOVE_AT(0, names[i], 0x100, names[i + 1]), &is);
  feed(resolver, (struct bscope_event)EV_BORROW_AT(0, "r", names[40], 0x100), &is);
  assert_int_equal(is.contradiction, BSCOPE_USED_AFTER_MOVE);
  feed(resolver, (struct bscope_event)EV_BORROW_AT(0, "r", names[25], 0x100), &is);
  assert_int_equal(is.contradiction, BSCOPE_USED_AFTER_MOVE);
  feed(resolver, (struct bscope_event)EV_BORROW_AT(0, "r", names[24], 0x100), &is);
  assert_int_equal(is.contradiction, BSCOPE_FITS);
  bscope_resolver_destroy(resolver);
}

/* What a text says: the form's first letters, then the root. */
static void assert_form(struct bscope_argument argument, const char *text, const char *expected) {
  static const char *const forms[] = {"-", "whole ", "within ", "element ", "value ", "through "};
  bool known = argument.form != BSCOPE_FORM_UNKNOWN;
  char came_to[64];
  snprintf(came_to, sizeof(came_to), "%s%.*s", forms[argument.form], known ? (int)argument.root_length : 0,
           known ? argument.root : "");
  if (strcmp(came_to, expected) != 0)
    fail_msg("\"%s\" is \"%s\", not \"%s\"", text, came_to, expected);
}

static void arguments_are_parsed(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"&x", "whole x"},
      {"& x . f", "within x"},
      {"&x.f[3].g", "within x"},
      {"&x + 1", "within x"},
      {"&x[i]", "element x"},
      {"&x[f(1)].y", "element x"},
      {"p", "value p"},
      {"(p)", "value p"},
      {"(char *)p", "value p"},
      {"(struct s *)(p)", "value p"},
      {"(T)x", "value x"},
      {"(void*)&x", "whole x"},
      {"this", "value this"},
      {"p + k", "through p"},
      {"p-1", "through p"},
      {"(p) + 1", "through p"},
      {"p + (a ? b : c)", "through p"},
      {"&*p", "through p"},
      {"&p->f", "through p"},
      {"&p->f.g[2]", "through p"},
      {"&(*p).f", "through p"},
      {"&(p+1)->f", "through p"},
      {"&this->f", "through this"},
      {"&x.f->g", "-"},
      {"&p->n->f", "-"},
      {"&x.p->f", "-"},
      {"&(*p)->f", "-"},
      {"&**p", "-"},
      {"&f(x)", "-"},
      {"p->f", "-"},
      {"p->q + 1", "-"},
      {"*p", "-"},
      {"a[i]", "-"},
      {"f(x)", "-"},
      {"(f)(x)", "-"},
      {"x.get()", "-"},
      {"std::move(x)", "-"},
      {"a ? b : c", "-"},
      {"p++", "-"},
      {"++p", "-"},
      {"-p", "-"},
      {"!p", "-"},
      {"k += 1", "-"},
      {"p = q", "-"},
      {"p == q", "-"},
      {"a && b", "-"},
      {"&&label", "-"},
      {"a * b", "-"},
      {"(a, b)", "-"},
      {"\"abc\"", "-"},
      {"5", "-"},
      {"sizeof x", "-"},
      {"", "-"},
      {"&", "-"},
      {"(", "-"},
      {"((p", "-"},
      {"&x[", "-"},
      {"\"", "-"},
      {"p + \"", "through p"},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
    assert_form(bscope_argument_parse(cases[i][0]), cases[i][0], cases[i][1]);
  assert_int_equal(bscope_argument_parse(NULL).form, BSCOPE_FORM_UNKNOWN);
}

static void null_pointers_are_known(void **state) {
  (void)state;
  static const char *const nulls[] = {"NULL", "nullptr", "0", "__null", "((void *)0)", "(char *)NULL", " ( 0 ) "};
  static const char *const others[] = {"", "NULLS", "null", "0x1", "00", "p", "*NULL", "f(NULL)", "NULL + 1"};
  for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++)
    assert_true(bscope_argument_is_null(nulls[i]));
  for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
    assert_false(bscope_argument_is_null(others[i]));
  assert_false(bscope_argument_is_null(NULL));
}

/* Texts of C++ lvalues, which call a place. */
static void a_place_has_a_root_and_a_form(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"x", "whole x"},
      {"(x)", "whole x"},
      {"x.f", "within x"},
      {"(x.f)", "within x"},
      {"x[i]", "element x"},
      {"x.f[i].g", "within x"},
      {"*p", "through p"},
      {"p->f", "through p"},
      {"(*p).f", "through p"},
      {"p[i]", "element p"},
      {"*(p + 1)", "through p"},
      {"(T &)x", "whole x"},
      {"ns::x", "whole ns::x"},
      {"x.get()", "-"},
      {"p->q->f", "-"},
      {"f(x)", "-"},
      {"a ? b : c", "-"},
      {"x = y", "-"},
      {"++x", "-"},
      {"out << x", "-"},
      {"static_cast<T &>(x)", "-"},
      {"\"abc\"", "-"},
      {"&x", "-"},
      {"", "-"},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
    assert_form(bscope_argument_parse_place(cases[i][0]), cases[i][0], cases[i][1]);
  assert_int_equal(bscope_argument_parse_place(NULL).form, BSCOPE_FORM_UNKNOWN);
}

/* P9: a text may be anything; parsing it takes time in proportion to its length. */
static void a_hostile_argument_is_parsed_in_time(void **state) {
  (void)state;
  enum { LENGTH = 1 << 20 };
  char *text = malloc(LENGTH + 1);
  assert_non_null(text);
  text[LENGTH] = '\0';
  for (const char *of = "([&*+-p\"'.,> "; *of != '\0'; of++) {
    memset(text, *of, LENGTH);
    (void)bscope_argument_parse(text);
    (void)bscope_argument_parse_place(text);
    memset(text + LENGTH / 2, ')', LENGTH / 2);
    (void)bscope_argument_parse(text);
  }
  for (size_t i = 0; i < LENGTH; i++)
    text[i] = "&(*p->["[i % 7];
  (void)bscope_argument_parse(text);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_story_in_every_telling),
      cmocka_unit_test(a_stack_lets_its_oldest_go_beyond_1024),
      cmocka_unit_test(what_is_let_go_keeps_its_address),
      cmocka_unit_test(one_site_number_may_stand_for_two_sites),
      cmocka_unit_test(a_log_without_its_beginning_is_no_evidence),
      cmocka_unit_test(a_long_chain_remembers_sixteen_names),
      cmocka_unit_test(arguments_are_parsed),
      cmocka_unit_test(a_place_has_a_root_and_a_form),
      cmocka_unit_test(null_pointers_are_known),
      cmocka_unit_test(a_hostile_argument_is_parsed_in_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
