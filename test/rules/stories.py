# SPDX-License-Identifier: Apache-2.0
"""Streams by hand with what they must come to: for each sentence of doc/rules.md, chapters 4 and 5, that something can break.

A finding is written "BS003 error x_0: mutably borrowed 2, created 0, mutably borrowed 1, borrow ended 3", with ~ behind the variable when it is inferred.
"""

from events import (borrow, borrow_at, borrow_end, borrow_id, borrow_range_at, drop, drop_at, drop_id, here, kept, let, let_end, lost, move, move_at,
                    new, new_at, new_id, opened, ref, ref_end, resize, resized, row, subject, use_at)

NOT_ENDED = {"log": {"ended": False}}
A, B = 0x1000, 0x2000


def deref(t, name):
    return row("Deref", t, name=name)


def cell_borrow(t, name, cell, mut):
    return row("RefCellBorrow", t, name=name, name2=cell, flags=["mutable"] * mut)


def lock(t, name, of, how="Mutex"):
    return row("LockGuardAcquire", t, name=name, name2=of, type=how)


def closure(t, number):
    return row("ClosureCreate", t, name="closure", type="by_ref", **subject("id", number))


def capture(t, number, name, how):
    return row("ClosureCapture", t, name="closure", name2=name, type=how, **subject("id", number))


def clone(t, name, of, kind="RcClone"):
    return row(kind, t, name=name, name2=of)


RIGHT = [
    ("shared borrows together", [new(0, "x"), borrow(0, "a", "&x"), borrow(0, "b", "&x"), deref(0, "a"), borrow_end(0, "a"), borrow_end(0, "b"), drop(0, "x")]),
    ("sequential mutable borrows",
     [new(0, "x"), borrow(0, "a", "&x", mut=True), borrow_end(0, "a"), borrow(0, "a", "&x", mut=True), borrow_end(0, "a"), drop(0, "x")]),
    ("a reborrow through a mutable borrow",
     [new(0, "x"), borrow(0, "m", "&x", 8, True), borrow(0, "n", "m", 8, True), borrow_end(0, "n"), deref(0, "m"), borrow_end(0, "m"), drop(0, "x")]),
    ("a reborrow outlives what it came from", [new(0, "x"), borrow(0, "m", "&x", 8, True), borrow(0, "n", "m", 8, True), borrow_end(0, "m"),
                                              borrow_end(0, "n"), drop(0, "x")]),
    ("two-phase use", [new(0, "v"), borrow(0, "m", "&v", mut=True), borrow(0, "len", "&v"), borrow_end(0, "len"), deref(0, "m"),
                       borrow_end(0, "m"), drop(0, "v")]),
    ("moves in a loop", [new(0, "x"), move(0, "x", "y"), drop(0, "y"), new(0, "x"), move(0, "x", "y"), drop(0, "y")]),
    ("shadowed names", [new(0, "x"), new(0, "x"), drop(0, "x"), drop(0, "x")]),
    ("a shadowed value that nothing mentions again is no note", [new(0, "x"), new(0, "x"), drop(0, "x")]),
    ("the same name on two threads", [new(0, "x"), new(1, "x"), borrow(0, "r", "&x"), borrow(1, "r", "&x", mut=True), borrow_end(1, "r"), borrow_end(0, "r"),
                                      drop(1, "x"), drop(0, "x")]),
    ("arrays of handles", [new_at(0, "all", "p", A, 32), new_at(0, "one", "p", A, 8), new_at(0, "two", "p + 8", A + 8, 8), drop_at(0, "p", A),
                           drop_at(0, "p", A + 8), drop_at(0, "p", A)]),
    ("ownership returned", [let(0, "p", A), kept(0, "p", A), move(0, "p", "q"), drop(0, "q")]),
    ("a container that gives back", [new_at(0, "item", "p", A, 8), move_at(0, "p", A, "stored"), move_at(0, "q", A, "item"), borrow_at(0, "r", "item", A),
                                     borrow_end(0, "r"), drop_at(0, "item", A)]),
    ("halves of a buffer", [new_at(0, "b", "p", A, 32), borrow_range_at(0, "l", "p", A, 16, True), borrow_range_at(0, "r", "p", A + 16, 16, True), deref(0, "l"),
                            borrow_end(0, "l"), borrow_end(0, "r"), drop_at(0, "p", A)]),
    ("a block that grows", [new_at(0, "b", "p", A, 8), resize(0, "p", A, 64), resized(0, "p", B, 64), drop_at(0, "p", B)]),
    ("a block that grows in place with a borrow", [new_at(0, "b", "p", A, 8), borrow_at(0, "r", "p", A), resize(0, "p", A, 64), resized(0, "p", A, 64), borrow_end(0, "r"),
                                                   drop_at(0, "p", A)]),
    ("memory that is used again", [new_at(0, "b", "p", A, 8), drop_at(0, "p", A), new_at(0, "b", "p", A, 8), drop_at(0, "p", A)]),
    ("taken over by a move", [new(1, "z"), new_at(0, "b", "p", A, 8), move_at(1, "p", A, "mine"), drop_at(1, "mine", A), drop(1, "z"), new(0, "y"), drop(0, "y")]),
    ("locks one after the other", [new(0, "m"), lock(0, "g", "m"), row("LockGuardDrop", 0, name="g"), lock(0, "g", "m"), row("LockGuardDrop", 0, name="g"),
                                   drop(0, "m")]),
    ("read locks together", [new(0, "m"), lock(0, "g", "m", "RwLock::read"), lock(0, "h", "m", "RwLock::read"), row("LockGuardDrop", 0, name="g"),
                             row("LockGuardDrop", 0, name="h"), drop(0, "m")]),
    ("a lock of another type may be recursive", [new(0, "m"), lock(0, "g", "m", "recursive"), lock(0, "h", "m", "recursive"), row("LockGuardDrop", 0, name="g"),
                                                 row("LockGuardDrop", 0, name="h"), drop(0, "m")]),
    ("RefCell borrows that end", [row("RefCellNew", 0, name="c"), cell_borrow(0, "a", "c", True), row("RefCellDrop", 0, name="a"), cell_borrow(0, "b", "c", False),
                                  cell_borrow(0, "d", "c", False), row("RefCellDrop", 0, name="b"), row("RefCellDrop", 0, name="d"), drop(0, "c")]),
    ("clones each dropped once", [row("RcNew", 0, name="a"), clone(0, "b", "a"), clone(0, "c", "b"), drop(0, "a"), drop(0, "b"), drop(0, "c")]),
    ("a weak reference breaks the cycle", [row("RcNew", 0, name="a"), row("RcNew", 0, name="b"), clone(0, "a.next", "b"), clone(0, "b.back", "a", "WeakNew"),
                                           drop(0, "b"), drop(0, "a"), drop(0, "a.next")]),
    ("nothing is claimed of a log that has not ended", [NOT_ENDED, new_at(0, "b", "p", A, 8), new(0, "x")]),
    ("a filtered log says nothing of ends and beginnings", [{"log": {"ended": True, "filtered": True}}, new_at(0, "b", "p", A, 8), drop(0, "y")]),
    ("nor does a log without its beginning", [{"log": {"ended": True, "first": 5}}, drop(0, "y")]),
    ("a borrow of what is not tracked", [borrow(0, "r", "&q"), borrow_end(0, "r")]),
    ("what was sampled out", [row("Drop", 0, name="x", flags=["sampled"]), drop(0, "x"), borrow_end(0, "x")]),
    ("nor what was sampled out by its address", [row("New", 0, name="x", flags=["sampled"]), drop_at(0, "p", A), drop_id(0, 5), drop(0, "x")]),
    ("the memory of malloc and free passes between threads in ways of its own",
     [new(1, "z"), new_at(0, "b", None, A, 8), drop_at(1, None, A), new(0, "y"), drop(0, "y"), drop(1, "z")]),
    ("touching ranges", [new_at(0, "b", "p", A, 32), borrow_range_at(0, "r", "p", A + 16, 16, True), borrow_range_at(0, "l", "p", A, 16, True), deref(0, "r"),
                         borrow_end(0, "r"), borrow_end(0, "l"), drop_at(0, "p", A)]),
    ("closures that read together", [new(0, "x"), closure(0, 1), closure(0, 2), capture(0, 1, "x", "by_ref"), capture(0, 2, "x", "by_ref"), drop(0, "closure"),
                                     drop(0, "closure"), drop(0, "x")]),
    ("elements and their container are different owners", [new_at(0, "all", "p", A, 32), new_at(0, "one", "p", A, 8), borrow_at(0, "m", "p", A, True),
                                                           borrow_at(0, "r", "p", A + 16), deref(0, "m"), borrow_end(0, "r"), borrow_end(0, "m"),
                                                           drop_at(0, "p", A), drop_at(0, "p", A)]),
]

WRONG = [
    ("use after move, by name", [new(0, "x"), move(0, "x", "y"), borrow(0, "r", "&x"), drop(0, "y")], ["BS001 error x_0: borrowed 2, created 0, moved 1"]),
    ("a drop of what was moved", [new(0, "x"), move(0, "x", "y"), drop(0, "x"), drop(0, "y")], ["BS001 error x_0: dropped 2, created 0, moved 1"]),
    ("use after drop", [new_at(0, "b", "p", A, 8), drop_at(0, "p", A), use_at(0, A, "b")], ["BS001 error b_0: used 2, created 0, dropped 1"]),
    ("under a former name, stated", [new_at(0, "b", "p", A, 8), move_at(0, "p", A, "q"), use_at(0, A, "b"), drop_at(0, "q", A)],
     ["BS001 error q_1~: used 2, created 0, moved 1"]),
    ("by spelling", [new_at(0, "b", "p", A, 8), move_at(0, "p", A, "q"), borrow_at(0, "r", "p", A), borrow_end(0, "r"), drop_at(0, "q", A)],
     ["BS001 error q_1~: borrowed 2, created 0, moved 1"]),
    ("used after a drop on another thread", [new_id(0, "x", 7), drop_id(1, 7), borrow_id(0, "r", 7)], ["BS001 error x_7: borrowed 2, created 0, dropped 1"]),
    ("across a gap nothing is claimed", [new(0, "x"), move(0, "x", "y"), opened(), borrow(0, "r", "&x"), drop(0, "y")], []),
    ("double drop", [new(0, "x"), drop(0, "x"), drop(0, "x")], ["BS002 error x_0: dropped 2, created 0, dropped 1"]),
    ("double drop by address on another thread", [new_at(0, "b", "p", A, 8), drop_at(0, "p", A), drop_at(1, "q", A)], ["BS002 error b_0~: dropped 2, created 0, dropped 1"]),
    ("a borrow ends twice", [new(0, "x"), borrow(0, "r", "&x"), borrow_end(0, "r"), borrow_end(0, "r"), drop(0, "x")],
     ["BS002 error r_1: borrow ended 3, created 1, borrow ended 2"]),
    ("a patchy log proves nothing", [{"log": {"ended": True, "patchy": True}}, new(0, "x"), drop(0, "x"), drop(0, "x")],
     ["BS002 note x_0: dropped 2, created 0, dropped 1"]),
    ("two mutable borrows", [new(0, "x"), borrow(0, "a", "&x", mut=True), borrow(0, "b", "&x", mut=True), borrow_end(0, "a"), borrow_end(0, "b"), drop(0, "x")],
     ["BS003 error x_0: mutably borrowed 2, created 0, mutably borrowed 1, borrow ended 3"]),
    ("mutable while shared, the shared one used", [new(0, "x"), borrow(0, "a", "&x"), borrow(0, "b", "&x", mut=True), borrow_end(0, "b"), deref(0, "a"),
                                                   borrow_end(0, "a"), drop(0, "x")],
     ["BS003 error x_0: mutably borrowed 2, created 0, borrowed 1, used 4"]),
    ("shared in a mutable one that is used already", [new(0, "x"), borrow(0, "a", "&x", mut=True), deref(0, "a"), borrow(0, "b", "&x"), borrow_end(0, "b"), deref(0, "a"),
                                                      borrow_end(0, "a"), drop(0, "x")],
     ["BS003 error x_0: borrowed 3, created 0, mutably borrowed 1, used 5"]),
    ("never used again: a note", [new(0, "x"), borrow(0, "a", "&x", mut=True), borrow(0, "b", "&x", mut=True), borrow_end(0, "b"), drop(0, "x")],
     ["BS003 note x_0: mutably borrowed 2, created 0, mutably borrowed 1", "BS004 note x_0: dropped 4, created 0, mutably borrowed 1"]),
    ("two in one block: a warning", [let(0, "x", A), ref(0, "a", B, "&x", A, True), ref(0, "b", B + 8, "&x", A, True), ref_end(0, "b", B + 8),
                                     ref_end(0, "a", B), let_end(0, "x", A)],
     ["BS003 warning x_0: mutably borrowed 2, created 0, mutably borrowed 1, borrow ended 4"]),
    ("a callee borrows what it was given: a note",
     [here(new(0, "x"), 1, "f"), here(borrow(0, "a", "&x", 8, True), 2, "f"), here(borrow(0, "b", "&x", 8, True), 9, "g"), here(borrow_end(0, "b"), 10, "g"),
      here(borrow_end(0, "a"), 3, "f"), drop(0, "x")], ["BS003 note x_0: mutably borrowed 2, created 0, mutably borrowed 1, borrow ended 4"]),
    ("recursion: a note", [here(new(0, "x"), 1), here(borrow(0, "a", "&x", 8, True), 2), here(borrow(0, "a", "&x", 8, True), 2), borrow_end(0, "a"), borrow_end(0, "a"),
                           drop(0, "x")], ["BS003 note x_0: mutably borrowed 2, created 0, mutably borrowed 1, borrow ended 4"]),
    ("a callee's that did not end", [here(new(0, "x"), 1, "f"), here(borrow(0, "a", "&x", 8, True), 2, "f"), here(borrow(0, "b", "&x", 8, True), 9, "g"),
                                     here(borrow_end(0, "a"), 3, "f"), borrow_end(0, "b"), drop(0, "x")],
     ["BS003 error x_0: mutably borrowed 2, created 0, mutably borrowed 1, borrow ended 3"]),
    ("two threads", [new_at(0, "b", "p", A, 8), borrow_at(0, "a", "p", A, True), borrow_at(1, "m", "p", A, True), borrow_end(0, "a"), borrow_end(1, "m"), drop_at(0, "p", A)],
     ["BS003 error b_0~: mutably borrowed 2, created 0, mutably borrowed 1, borrow ended 3"]),
    ("ranges that overlap", [new_at(0, "b", "p", A, 32), borrow_range_at(0, "l", "p", A, 17, True), borrow_range_at(0, "r", "p", A + 16, 16, True), borrow_end(0, "l"),
                             borrow_end(0, "r"), drop_at(0, "p", A)],
     ["BS003 error b_0~: mutably borrowed 2, created 0, mutably borrowed 1, borrow ended 3"]),
    ("an ancestor used", [new(0, "x"), borrow(0, "m", "&x", 8, True), borrow(0, "n", "m", 8, True), deref(0, "m"), borrow_end(0, "n"), borrow_end(0, "m"), drop(0, "x")],
     ["BS003 error x_0: used 3, created 0, mutably borrowed 2, borrow ended 4"]),
    ("a gap makes it a note", [new(0, "x"), borrow(0, "a", "&x", mut=True), borrow(0, "b", "&x", mut=True), lost(), borrow_end(0, "a"), borrow_end(0, "b"), drop(0, "x")],
     ["BS003 note x_0: mutably borrowed 2, created 0, mutably borrowed 1, borrow ended 4"]),
    ("a moved borrow is the same borrow", [new(0, "x"), borrow(0, "a", "&x", mut=True), move(0, "a", "c"), borrow(0, "b", "&x", mut=True), borrow_end(0, "c"),
                                           borrow_end(0, "b"), drop(0, "x")],
     ["BS003 error x_0: mutably borrowed 3, created 0, mutably borrowed 1, borrow ended 4"]),
    ("a borrow outlives its owner", [new(0, "x"), borrow(0, "r", "&x"), drop(0, "x"), deref(0, "r"), borrow_end(0, "r")],
     ["BS004 error x_0: dropped 2, created 0, borrowed 1, used 3"]),
    ("or does so in its block: a note", [new_at(0, "b", "p", A, 8), ref(0, "r", B, "p", A), drop_at(0, "p", A), ref_end(0, "r", B)],
     ["BS004 note b_0~: dropped 2, created 0, borrowed 1, borrow ended 3"]),
    ("a reborrow shows it", [new(0, "x"), borrow(0, "r", "&x", 8), drop(0, "x"), borrow(0, "s", "r", 8)], ["BS004 error x_0: dropped 2, created 0, borrowed 1, borrowed 3"]),
    ("a raw pointer only if it is used", [new(0, "x"), row("RawPtrCreated", 0, name="p", name2="x"), row("RawPtrCreated", 0, name="q", name2="x"), drop(0, "x"),
                                          row("RawPtrDeref", 0, name="p"), drop(0, "q"), drop(0, "p")],
     ["BS004 error x_0: dropped 3, created 0, borrowed 1, used 4"]),
    ("never dropped, by address", [new_at(0, "b", "p", A, 8)], ["BS005 error b_0: created 0, program ended 1"]),
    ("never dropped after a move", [new_at(0, "b", "p", A, 8), move_at(1, "p", A, "q")], ["BS005 error q_1: created 0, moved 1, program ended 2"]),
    ("a recorded malloc: a note", [{**new_at(0, "ls", None, A, 8), "line": 0}], ["BS005 note ls_0: created 0, program ended 1"]),
    ("positions go on from the log's first", [{"log": {"ended": True, "first": 5}}, new(0, "x")], ["BS005 note x_5: created 5, program ended 6"]),
    ("a value: a note", [new(0, "x")], ["BS005 note x_0: created 0, program ended 1"]),
    ("a block that was left unseen: a note", [let(0, "x", A)], ["BS005 note x_0: created 0, program ended 1"]),
    ("handed out and never taken", [let(0, "x", A), kept(0, "x", A)], ["BS005 error x_0: created 0, program ended 2"]),
    ("nothing in a filtered log", [{"log": {"filtered": True}}, here(new_at(0, "b", "p", A, 8), 1), here(new_at(0, "b", "p", A, 8), 1)], []),
    ("overwritten: a note", [NOT_ENDED, here(new_at(0, "b", "p", A, 8), 1), here(new_at(0, "b", "p", A, 8), 1), drop_at(0, "p", A)],
     ["BS005 note b_0: created 0, overwritten 1"]),
    ("moved while borrowed", [new(0, "x"), borrow(0, "r", "&x"), move(0, "x", "y"), borrow_end(0, "r"), drop(0, "y")],
     ["BS006 error x_0: moved 2, created 0, borrowed 1, borrow ended 3"]),
    ("moved by a resize", [new_at(0, "b", "p", A, 8), borrow_at(0, "r", "p", A), resize(0, "p", A, 64), resized(0, "p", B, 64), borrow_end(0, "r"), drop_at(0, "p", B)],
     ["BS006 error b_0~: moved 3, created 0, borrowed 1, borrow ended 4"]),
    ("moved on another thread", [new_at(0, "b", "p", A, 8), borrow_at(0, "r", "p", A), move_at(1, "p", A, "q"), use_at(0, 0, "r"), deref(0, "r"), borrow_end(0, "r"),
                                 drop_at(1, "q", A)], ["BS006 error b_0~: moved 2, created 0, borrowed 1, used 4"]),
    ("a cell borrowed mutably twice", [row("RefCellNew", 0, name="c"), cell_borrow(0, "a", "c", True), cell_borrow(0, "b", "c", False), row("RefCellDrop", 0, name="b"),
                                       row("RefCellDrop", 0, name="a"), drop(0, "c")],
     ["BS007 error c_0: borrowed 2, created 0, mutably borrowed 1, borrow ended 4"]),
    ("locked again on the same thread", [new(0, "m"), lock(0, "g", "m"), lock(0, "h", "m"), row("LockGuardDrop", 0, name="h"), row("LockGuardDrop", 0, name="g"),
                                         drop(0, "m")], ["BS007 error m_0: locked 2, created 0, locked 1, borrow ended 4"]),
    ("on two threads: a note", [new(0, "m"), lock(0, "g", "m"), lock(1, "h", "m"), row("LockGuardDrop", 0, name="g"), row("LockGuardDrop", 1, name="h"), drop(0, "m")],
     ["BS007 note m_0~: locked 2, created 0, locked 1, borrow ended 3"]),
    ("the first of two conflicts", [new(0, "x"), borrow(0, "a", "&x", mut=True), borrow(0, "b", "&x", mut=True), borrow_end(0, "b"), borrow(0, "c", "&x", mut=True), borrow_end(0, "c"),
                                    deref(0, "a"), borrow_end(0, "a"), drop(0, "x")],
     ["BS003 error x_0: mutably borrowed 2, created 0, mutably borrowed 1, used 6"]),
    ("told once", [new(0, "x"), borrow(0, "a", "&x", mut=True), borrow(0, "b", "&x", mut=True), borrow_end(0, "b"), deref(0, "a"), borrow(0, "c", "&x", mut=True),
                   borrow_end(0, "c"), deref(0, "a"), borrow_end(0, "a"), drop(0, "x")], ["BS003 error x_0: mutably borrowed 2, created 0, mutably borrowed 1, used 4"]),
    ("where one address is unknown they may be the same", [new_at(0, "x", "p", A, 32), borrow(0, "a", "&x", None, True), borrow(0, "b", "&x", A + 8, True),
                                                           borrow_end(0, "a"), borrow_end(0, "b"), drop(0, "x")],
     ["BS003 error x_0: mutably borrowed 2, created 0, mutably borrowed 1, borrow ended 3"]),
    ("and the other way round", [new_at(0, "x", "p", A, 32), borrow(0, "b", "&x", A + 8, True), borrow(0, "a", "&x", None, True),
                                 borrow_end(0, "b"), borrow_end(0, "a"), drop(0, "x")],
     ["BS003 error x_0: mutably borrowed 2, created 0, mutably borrowed 1, borrow ended 3"]),
    ("closures capture", [new(0, "x"), closure(0, 1), capture(0, 1, "x", "by_mut_ref"), borrow(0, "r", "&x"), drop(0, "closure"), borrow_end(0, "r"), drop(0, "x")],
     ["BS003 error x_0: borrowed 3, created 0, mutably borrowed 2, dropped 4"]),
    ("a closure takes over a borrow", [new(0, "x"), borrow(0, "m", "&x", mut=True), closure(0, 1), capture(0, 1, "m", "by_move"), borrow(0, "r", "&x", mut=True),
                                       drop(0, "closure"), borrow_end(0, "r"), drop(0, "x")],
     ["BS003 error x_0: mutably borrowed 4, created 0, mutably borrowed 1, dropped 5"]),
    ("and what is borrowed", [new(0, "x"), borrow(0, "r", "&x"), closure(0, 1), capture(0, 1, "x", "by_move"), deref(0, "r"), borrow_end(0, "r"), deref(0, "x"),
                              drop(0, "closure")],
     ["BS006 error x_0: moved 3, created 0, borrowed 1, used 4", "BS001 error x_0: used 6, created 0, moved 3"]),
    ("an unknown closure that takes over ends what it takes", [new(0, "x"), borrow(0, "m", "&x", mut=True), capture(0, 9, "m", "by_move"), borrow(0, "r", "&x", mut=True),
                                                               borrow_end(0, "r"), drop(0, "x")], []),
    ("an unknown closure borrows nothing", [new(0, "x"), capture(0, 9, "x", "by_mut_ref"), borrow(0, "r", "&x"), borrow_end(0, "r"), drop(0, "x")], []),
    ("a reader and a writer of one lock", [new(0, "m"), lock(0, "g", "m", "RwLock::write"), lock(0, "h", "m", "RwLock::read"), row("LockGuardDrop", 0, name="h"),
                                           row("LockGuardDrop", 0, name="g"), drop(0, "m")],
     ["BS007 error m_0: locked 2, created 0, locked 1, borrow ended 4"]),
    ("what grows from nothing is a block", [resize(0, "p", 0, 8), resized(0, "p", A, 8)], ["BS005 error p_1: created 1, program ended 2"]),
    ("a block that is moved on is still one", [row("BoxNew", 0, name="b"), move(0, "b", "c"), let(0, "x", A), move(0, "x", "y"), let_end(0, "x", A)],
     ["BS005 error c_1: created 0, moved 1, program ended 5", "BS005 note y_3: created 2, moved 3, program ended 5"]),
    ("shadowed on its thread only", [new(0, "x"), new(1, "x")], ["BS005 note x_0: created 0, program ended 2", "BS005 note x_1: created 1, program ended 2"]),
    ("a borrower shadows no owner", [new(0, "x"), borrow(0, "x", "&q")], ["BS005 note x_0: created 0, program ended 2"]),
    ("a weak or a static one is never missed", [row("RcNew", 0, name="a"), clone(0, "w", "a", "WeakNew"), row("StaticInit", 0, name="s"), drop(0, "a")], []),
    ("a reborrow of a mutable one, its ancestor used", [new(0, "x"), borrow(0, "m", "&x", 8, True), borrow(0, "n", "m", 8), deref(0, "m"), borrow_end(0, "n"),
                                                        borrow_end(0, "m"), drop(0, "x")],
     ["BS003 error x_0: used 3, created 0, borrowed 2, borrow ended 4"]),
    ("a cycle of one", [row("RcNew", 0, name="a"), clone(0, "a->self", "a"), drop(0, "a")], ["BS008 error a->self_1: cloned 1, created 1, program ended 3"]),
    ("a cycle that somebody holds is only never dropped", [row("RcNew", 0, name="a"), clone(0, "a.self", "a")],
     ["BS005 error a_0: created 0, program ended 2", "BS005 error a.self_1: created 1, program ended 2"]),
    ("one object holds another: no cycle", [row("RcNew", 0, name="a"), row("RcNew", 0, name="b"), clone(0, "a.next", "b"), drop(0, "a"), drop(0, "b")],
     ["BS005 error a.next_2: created 2, program ended 5"]),
    ("a clone of what has moved on begins a group of its own", [row("RcNew", 0, name="a"), clone(0, "b", "a"), move(0, "a", "b.x"), clone(0, "a", "a"), drop(0, "b")],
     ["BS001 error a_0: cloned 3, created 0, moved 2", "BS005 error a_3: created 3, program ended 5", "BS008 error b.x_2: moved 2, created 2, program ended 5"]),
    ("given back twice", [row("RcNew", 0, name="a"), clone(0, "b", "a"), drop(0, "b"), drop(0, "b"), drop(0, "a")],
     ["BS008 error b_1: dropped 3, created 1, dropped 2"]),
    ("a cycle", [row("RcNew", 0, name="a"), row("RcNew", 0, name="b"), clone(0, "a.next", "b"), clone(0, "b.next", "a"), drop(0, "a"), drop(0, "b")],
     ["BS008 error a.next_2: cloned 3, created 2, program ended 6"]),
    ("never created", [drop(0, "x"), move(0, "y", "z"), borrow_end(0, "r"), drop_id(0, 9), drop_at(0, "q", A)],
     ["BS009 error x: dropped 0", "BS009 error y: moved 1", "BS009 error r: borrow ended 2", "BS009 error _9: dropped 3", "BS009 error q: dropped 4"]),
    ("used on another thread", [new(1, "z"), new_at(0, "b", "p", A, 8), borrow_at(1, "m", "p", A, True), borrow_end(1, "m"), drop_at(0, "p", A), drop(1, "z")],
     ["BS010 warning b_1~: mutably borrowed 2, created 1"]),
    ("used on another thread after it was used here", [new(1, "z"), new_at(0, "b", "p", A, 8), use_at(0, A, "b"), new(1, "y"), drop_at(1, "p", A), new(0, "w"), drop(0, "w"), drop(1, "y"),
                                                       drop(1, "z")], ["BS010 warning b_1~: dropped 4, created 1, used 2"]),
    ("a use there does not make it known there", [new(1, "z"), new_at(0, "b", "p", A, 8), use_at(1, A, "b"), drop_at(1, "p", A), new(0, "w"), drop(0, "w"), drop(1, "z")],
     ["BS010 warning b_1~: dropped 3, created 1"]),
    ("nor is it the first time", [new_at(0, "b", "p", A, 8), drop_at(1, "p", A), new(0, "w"), drop(0, "w")], []),
    ("a reader is no finding", [new(1, "z"), new_at(0, "b", "p", A, 8), borrow_at(1, "r", "p", A), borrow_end(1, "r"), drop_at(0, "p", A), drop(1, "z")], []),
    ("nor what is not owned", [new(1, "z"), row("StaticInit", 0, name="s"), borrow(1, "m", "&s", mut=True), borrow_end(1, "m"), drop(0, "s"), drop(1, "z")], []),
    ("nor what was lent", [new(1, "z"), new_at(0, "b", "p", A, 8), borrow_at(0, "r", "p", A), borrow_end(0, "r"), borrow_at(0, "r", "p", A), borrow_at(1, "m", "p", A),
                           borrow_end(1, "m"), drop_at(1, "p", A), borrow_end(0, "r"), drop(1, "z")],
     ["BS004 error b_1~: dropped 7, created 1, borrowed 4, borrow ended 8"]),
    ("of several that wait for one thread the first counts", [new(1, "z"), new_at(0, "b", "p", A, 8), new_at(0, "c", "p", B, 8), drop_at(1, "p", A), drop_at(1, "p", B),
                                                              new(0, "w"), drop(0, "w"), drop(1, "z")], ["BS010 warning b_1~: dropped 3, created 1"]),
    ("a lock between is enough", [new(1, "z"), new_at(0, "b", "p", A, 8), row("Lock", 1, name="m"), drop_at(1, "p", A), new(0, "w"), drop(0, "w"), drop(1, "z")], []),
    ("a lock before is not", [new(1, "z"), row("Lock", 1, name="m"), new_at(0, "b", "p", A, 8), drop_at(1, "p", A), new(0, "w"), drop(0, "w"), drop(1, "z")],
     ["BS010 warning b_2~: dropped 3, created 2"]),
    ("unless the owner's thread may have been joined", [new(1, "z"), drop(1, "z"), new_at(0, "b", "p", A, 8), drop_at(1, "p", A)], []),
    ("or handed it over", [new(1, "z"), new_at(0, "b", "p", A, 8), row("ChannelSend", 0, name="c"), borrow_at(1, "m", "p", A, True), borrow_end(1, "m"),
                           drop_at(0, "p", A), drop(1, "z")], []),
]


def written(finding):
    places = ", ".join(f"{p['role']} {p['stamp']}" for p in finding["places"])
    return f"{finding['rule']} {finding['severity']} {finding['variable']}{'~' if finding['inferred'] else ''}: {places}"


def all_stories():
    """(what it shows, rows, what it must come to)."""
    for what, rows, *expected in [*RIGHT, *WRONG]:
        if "log" not in rows[0]:
            rows = [{"log": {"ended": True}}, *rows]
        yield what, [here(r, r.get("line", 100 + i), r.get("function", "f")) if "kind" in r else r for i, r in enumerate(rows)], expected[0] if expected else []
