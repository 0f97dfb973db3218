#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Streams of raw events from a seed: programs that keep to the rules, and such that break them, over few names, threads and bytes, so that things collide.

Each stream draws a character first: how many threads, names and functions; which kinds of events are frequent; how often what is said is wrong.
The core vocabulary alone, or all kinds that mean something for ownership.

usage: streams.py SEED [NUMBER]: prints the stream of that number
"""

import json
import random
import sys

import events as ev

NAMES = ("a", "b", "c", "d", "e", "f", "g", "h")
FORMS = ("&{}", "&{}", "{}", "{}", "&{}.f", "{} + 2", "&{}[1]", "&{}->f", "&*{}", "({})", "(char *){}", "*{}", "{}->f", "f({})", "{}[1]", None)
BASE, STACK = 0x1000, 0x100000


class Frame:
    def __init__(self, function, low):
        self.function, self.low, self.declared = function, low, []


class Thing:
    """What the generator believes to be alive."""

    def __init__(self, t, name, address=None, size=0, number=None, what="owner", root=None):
        self.t, self.name, self.address, self.size, self.number, self.what, self.root = t, name, address, size, number, what, root


class Stream:
    def __init__(self, seed, kinds=True):
        self.r = random.Random(seed)
        r = self.r
        self.threads = r.choice((1, 1, 2, 2, 3, 4, 8))
        self.names = NAMES[:r.choice((2, 3, 5, 8))]
        self.functions = ("f", "g", "h", "main")[:r.choice((1, 2, 4))]
        self.lines = r.choice((3, 12, 60))
        self.length = r.choice((5, 12, 30, 30, 80, 200, 1000))
        self.wrong = r.choice((0, 0.02, 0.1, 0.3, 0.6))
        self.gaps = r.choice((0, 0, 0, 0.01, 0.05))
        self.sampled = r.choice((0, 0, 0, 0, 0.05))
        self.rows, self.things, self.ids, self.top = [], [], 0, BASE
        self.free = []
        self.frames = {t: [Frame(self.functions[0], STACK + 0x10000 * t + 0x8000)] for t in range(self.threads)}
        self.resizing = []
        actions = ["new", "new_at", "let", "borrow", "borrow_at", "ref", "end_borrow", "use", "move", "drop", "enter", "leave", "id", "resize", "range",
                   "keep", "reborrow", "lend"]
        if kinds:
            actions += ["count", "clone", "cell", "lock", "raw", "closure", "sync", "box", "weak", "held", "note"]
        chosen = r.sample(actions, r.randint(4, len(actions)))
        self.actions = [a for a in chosen for _ in range(r.choice((1, 1, 2, 5)))] + ["new", "new_at", "borrow", "drop", "end_borrow"]

    def make(self):
        r = self.r
        while len(self.rows) < self.length:
            self.t = r.randrange(self.threads)
            if r.random() < self.gaps:
                self.rows.append(r.choice((ev.lost, ev.opened))())
            getattr(self, r.choice(self.actions))()
        if r.random() < 0.6:
            self.tidy()
        about = {"ended": r.random() < 0.7}
        if r.random() < 0.05:
            about["filtered"] = True
        if r.random() < 0.05:
            about["patchy"] = True
        if r.random() < 0.05:
            about["first"] = r.choice((1, 7, 1000))
        return [{"log": about}, *self.rows]

    def tidy(self):
        """The end of a program that keeps to the rules: blocks are left, what is alive is dropped."""
        for t in range(self.threads):
            self.t = t
            while len(self.frames[t]) > 1 or self.frames[t][0].declared:
                self.leave()
        for thing in reversed(list(self.things)):
            self.t = thing.t if self.r.random() < 0.9 else self.t
            self.end_of(thing)

    def add(self, row):
        r = self.r
        row = dict(row)
        if r.random() < self.sampled:
            row["flags"] = [*row.get("flags", []), "sampled"]
        row["file"], row["line"], row["function"] = "a.c", 1 + r.randrange(self.lines), self.frames[self.t][-1].function
        if r.random() < 0.02:
            row["line"] = 0
        if r.random() < 0.03:
            row["function"] = r.choice(self.functions)
        self.rows.append(row)

    def mistaken(self):
        return self.r.random() < self.wrong

    def name(self):
        return self.r.choice(self.names)

    def pick(self, *what, here=True):
        """A thing of that kind, of this thread if there is one; or None."""
        some = [x for x in self.things if x.what in what]
        mine = [x for x in some if x.t == self.t]
        if mine and here and self.r.random() < 0.9:
            some = mine
        if not some:
            return None
        return self.r.choice(some[-6:]) if self.r.random() < 0.7 else self.r.choice(some)

    def forget(self, thing):
        if thing in self.things and not self.mistaken():
            self.things.remove(thing)
            if thing.address and thing.address < STACK and thing.what == "owner":
                self.free.append((thing.address, thing.size))

    def remember(self, *args, **rest):
        thing = Thing(self.t, *args, **rest)
        self.things.append(thing)
        return thing

    def allocate(self):
        r = self.r
        if self.free and r.random() < 0.7:
            return self.free.pop(r.randrange(len(self.free)))
        if self.mistaken():
            return BASE + r.randrange(160), r.choice((0, 1, 4, 8, 16, 40))
        size = r.choice((0, 1, 8, 16, 16, 40))
        self.top += max(size, 1) + r.choice((0, 0, 8))
        return self.top - max(size, 1), size

    def text(self, name):
        form = self.r.choice(FORMS)
        return None if form is None else form.format(name)

    def somewhere_in(self, thing):
        r = self.r
        if thing is None or not thing.address or self.mistaken():
            return r.choice((0, BASE + r.randrange(300), BASE + r.randrange(300), STACK + 0x7f00 + r.randrange(0x200)))
        return thing.address + (r.randrange(thing.size + 1) if thing.size and r.random() < 0.5 else 0)

    def which(self, *what, **rest):
        thing = self.pick(*what, **rest)
        if thing is None or (self.mistaken() and self.r.random() < 0.5):
            thing = Thing(self.t, self.name(), BASE + self.r.randrange(200), 8)
        return thing

    # actions

    def new(self):
        name = self.name()
        self.add(ev.new(self.t, name))
        self.remember(name)

    def id(self):
        r = self.r
        self.ids += 1
        some = [x for x in self.things if x.number is not None]
        turn = r.randrange(5)
        if turn == 0 or not some:
            name = self.name()
            number = self.ids if not self.mistaken() else 1 + r.randrange(self.ids)
            self.add(ev.new_id(self.t, name, number))
            self.remember(name, number=number)
            return
        thing = r.choice(some)
        if turn < 3:
            name = self.name()
            number = self.ids if r.random() < 0.5 else None
            self.add(ev.borrow_id(self.t, name, thing.number, number, r.random() < 0.4))
            self.remember(name, number=number, what="borrower")
        elif turn == 3 and thing.what == "owner":
            name = self.name()
            self.add(ev.move_id(self.t, thing.number, name, self.ids))
            self.forget(thing)
            self.remember(name, number=self.ids)
        else:
            self.add(ev.drop_id(self.t, thing.number))
            self.forget(thing)

    def new_at(self):
        name, (address, size) = self.name(), self.allocate()
        self.add(ev.new_at(self.t, name, self.r.choice((name, "malloc(n)", "NULL", self.name(), None)), address, size))
        self.remember(name, address, size)

    def place(self):
        frame = self.frames[self.t][-1]
        return frame.low - 8 * (1 + len(frame.declared)) + (self.r.choice((-4, 4, 8)) if self.mistaken() else 0)

    def let(self):
        name, address = self.name(), self.place()
        self.add(ev.let(self.t, name, address))
        self.frames[self.t][-1].declared.append(self.remember(name, address, 8, what="let"))

    def ref(self):
        of, name, address = self.which("owner", "let", "borrower"), self.name(), self.place()
        self.add(ev.ref(self.t, name, address, self.text(of.name), self.somewhere_in(of), self.r.random() < 0.5))
        self.frames[self.t][-1].declared.append(self.remember(name, address, 8, what="ref"))

    def enter(self):
        frames = self.frames[self.t]
        if len(frames) < 12:
            low = frames[-1].low - 8 * (1 + len(frames[-1].declared))
            frames.append(Frame(self.r.choice(self.functions), low))

    def leave(self):
        frame = self.frames[self.t][-1]
        for thing in reversed(frame.declared):
            if not self.mistaken():
                end = ev.ref_end if thing.what == "ref" else ev.kept if thing.what == "kept" else ev.let_end
                self.add(end(self.t, thing.name, thing.address))
            if thing.what == "kept":
                thing.what, thing.address = "owner", None
            elif thing in self.things:
                self.things.remove(thing)
        frame.declared = []
        if len(self.frames[self.t]) > 1:
            self.frames[self.t].pop()

    def keep(self):
        mine = [x for x in self.frames[self.t][-1].declared if x.what == "let"]
        if mine:
            self.r.choice(mine).what = "kept"

    def borrow(self, *what):
        r = self.r
        of, name = self.which(*(what or ("owner", "owner", "let"))), self.name()
        address = self.somewhere_in(of) if of.address or r.random() < 0.5 else None
        row = ev.borrow(self.t, name, self.text(of.name), address, r.random() < 0.4)
        if r.random() < 0.05:
            row["flags"] = [*row.get("flags", []), "place"]
        self.add(row)
        self.remember(name, of.address, of.size, what="borrower", root=of.name)

    def reborrow(self):
        self.borrow("borrower", "ref")

    def lend(self):
        """A borrower lends on what it borrowed, and is sometimes used meanwhile."""
        r = self.r
        mine = [x for x in self.things if x.what == "borrower" and x.t == self.t]
        if not mine:
            self.borrow()
            return
        of, name = r.choice(mine[-4:]), self.name()
        self.add(ev.borrow(self.t, name, r.choice(("{}", "&*{}", "{} + 1", "&{}->f")).format(of.name), of.address or None, r.random() < 0.5))
        self.remember(name, of.address, of.size, what="borrower", root=of.name)
        if r.random() < 0.4:
            self.add(ev.row("Deref", self.t, name=of.name))
        if r.random() < 0.6:
            self.add(ev.borrow_end(self.t, name))
            self.forget(self.things[-1])

    def borrow_at(self):
        of, name = self.which("owner", "let", "borrower"), self.name()
        self.add(ev.borrow_at(self.t, name, self.text(of.name), self.somewhere_in(of), self.r.random() < 0.4))
        self.remember(name, of.address, of.size, what="borrower", root=of.name)

    def range(self):
        of, name = self.which("owner"), self.name()
        self.add(ev.borrow_range_at(self.t, name, self.text(of.name), self.somewhere_in(of), self.r.choice((0, 1, 4, 8, 20)), self.r.random() < 0.6))
        self.remember(name, of.address, of.size, what="borrower", root=of.name)

    def end_borrow(self):
        thing = self.which("borrower")
        if self.mistaken() and self.r.random() < 0.5:
            thing = self.which("ref", "owner")
        self.add(ev.borrow_end(self.t, thing.name))
        self.forget(thing)

    def use(self):
        thing = self.which("borrower", "borrower", "owner", "ref", "let")
        if thing.address and self.r.random() < 0.6:
            self.add(ev.use_at(self.t, self.somewhere_in(thing), thing.name))
        else:
            self.add(ev.row("Deref", self.t, name=thing.name))

    def move(self):
        r = self.r
        thing, to = self.which("owner", "owner", "owner", "let", "borrower", here=r.random() < 0.7), self.name()
        if thing.address and r.random() < 0.7:
            self.add(ev.move_at(self.t, r.choice((thing.name, thing.name, to, "p", None)), thing.address, to))
        else:
            self.add(ev.move(self.t, thing.name, to, *((thing.name, thing.address) if thing.address and r.random() < 0.5 else ())))
        if thing.what == "let":
            self.remember(to)
        else:
            if thing in self.things and not self.mistaken():
                self.things.remove(thing)
            self.remember(to, thing.address, thing.size, what=thing.what)

    def end_of(self, thing):
        if thing.what == "borrower":
            self.add(ev.borrow_end(self.t, thing.name))
        elif thing.what in ("cell", "guard"):
            self.add(ev.row("RefCellDrop" if thing.what == "cell" else "LockGuardDrop", self.t, name=thing.name))
        elif thing.number is not None and thing.what != "closure":
            self.add(ev.drop_id(self.t, thing.number))
        elif thing.address and self.r.random() < 0.8:
            self.add(ev.drop_at(self.t, self.r.choice((thing.name, "p", self.name())), thing.address))
        else:
            self.add(ev.drop(self.t, thing.name))
        self.forget(thing)

    def drop(self):
        thing = self.which("owner", here=self.r.random() < 0.8)
        if self.mistaken() and self.r.random() < 0.4:
            thing = self.which("let", "ref", "borrower")
        self.end_of(thing)

    def resize(self):
        r = self.r
        if self.resizing and r.random() < 0.6:
            t, thing, text = self.resizing.pop(r.randrange(len(self.resizing)))
            self.t = t
            turn = r.randrange(4)
            address, size = self.allocate() if turn > 1 else (thing.address if turn == 1 else 0, r.choice((8, 16, 64)))
            self.add(ev.resized(t, text, address or 0, size))
            if address:
                thing.address, thing.size = address, size
                if thing not in self.things:
                    self.things.append(thing)
            return
        thing = self.which("owner")
        text = r.choice((thing.name, "p", None))
        if r.random() < 0.15 or not thing.address:
            thing = Thing(self.t, text or "block")
        self.add(ev.resize(self.t, text, thing.address or 0, 64))
        self.resizing.append((self.t, thing, text))

    # the other kinds

    def begin(self, kind, what="owner", number=None, **rest):
        name = self.name()
        self.add(ev.row(kind, self.t, name=name, **rest))
        return self.remember(name, what=what, number=number)

    def note(self):
        """What says nothing of ownership, or is rare."""
        r = self.r
        kind = r.choice(("Call", "Branch", "FnEnter", "FnExit", "LoopIteration", "ThreadSpawn", "StaticInit", "ChannelSenderNew", "CowBorrowed"))
        thing = self.which("owner", "let", "borrower")
        if r.random() < 0.3:
            kind = r.choice(("StaticAccess", "Unwrap", "IndexAccess", "WeakUpgrade"))
        self.add(ev.row(kind, self.t, name=thing.name, **(ev.subject("value", 3) if r.random() < 0.5 else {})))

    def box(self):
        if self.r.random() < 0.6:
            self.begin(self.r.choice(("BoxNew", "BoxFromRaw", "CowOwned", "PinNew", "CellNew", "OnceCellNew", "MaybeUninitNew")))
            return
        thing = self.which("owner")
        self.add(ev.row(self.r.choice(("BoxIntoRaw", "PinIntoInner", "MaybeUninitAssumeInit", "MaybeUninitAssumeInitDrop", "CellGet", "Unwrap", "Clone", "FieldAccess")),
                        self.t, name=thing.name))
        self.forget(thing)

    def count(self):
        self.ids += 1
        number = self.ids if self.r.random() < 0.3 else None
        self.begin(self.r.choice(("RcNew", "ArcNew")), number=number, **({} if number is None else ev.subject("id", number)))

    def clone(self):
        r = self.r
        thing, name, kind = self.which("owner"), self.name(), r.choice(("RcClone", "ArcClone"))
        if thing.number is not None and r.random() < 0.8:
            self.ids += 1
            self.add(ev.row(kind, self.t, name=name, **ev.subject("id", self.ids), **ev.object_("id", thing.number)))
            self.remember(name, number=self.ids)
            return
        self.add(ev.row(kind, self.t, name=name, name2=thing.name, **ev.object_("value", 2 << 32)))
        self.remember(name)

    def weak(self):
        thing, name = self.which("owner"), self.name()
        self.add(ev.row(self.r.choice(("WeakNew", "WeakClone")), self.t, name=name, name2=thing.name))
        self.remember(name)

    def held(self):
        thing, name = self.which("owner"), self.name() + self.r.choice((".", "->")) + self.r.choice("xy")
        self.add(ev.row("RcClone", self.t, name=name, name2=thing.name) if self.r.random() < 0.8 else ev.move(self.t, thing.name, name))
        if self.r.random() < 0.5:
            self.remember(name)

    def cell(self):
        if self.r.random() < 0.3:
            self.begin("RefCellNew")
            return
        of, name = self.which("owner"), self.name()
        self.add(ev.row("RefCellBorrow", self.t, name=name, name2=of.name, flags=["mutable"] * (self.r.random() < 0.5)))
        self.remember(name, what="cell")

    def lock(self):
        of, name = self.which("owner"), self.name()
        self.add(ev.row("LockGuardAcquire", self.t, name=name, name2=of.name, type=self.r.choice(("Mutex", "Mutex", "RwLock::read", "RwLock::write", "other"))))
        self.remember(name, what="guard")

    def raw(self):
        r = self.r
        some = [x for x in self.things if x.what == "raw"]
        if some and r.random() < 0.5:
            thing = r.choice(some)
            self.add(ev.row("RawPtrDeref", self.t, **ev.subject("id", thing.number)))
            return
        of, name = self.which("owner"), self.name()
        self.ids += 1
        self.add(ev.row("RawPtrCreated", self.t, name=name, type="int *", **ev.subject("id", self.ids), **ev.object_("address", self.somewhere_in(of))))
        self.remember(name, number=self.ids, what="raw")

    def closure(self):
        r = self.r
        some = [x for x in self.things if x.what == "closure"]
        if not some or r.random() < 0.3:
            self.ids += 1
            self.add(ev.row("ClosureCreate", self.t, name="closure", type="by_ref", **ev.subject("id", self.ids)))
            self.remember("closure", number=self.ids, what="closure")
            return
        thing, of = r.choice(some), self.which("owner", "let", "borrower")
        how = r.choice(("by_ref", "by_ref", "by_mut_ref", "by_move"))
        self.add(ev.row("ClosureCapture", self.t, name="closure", name2=of.name, type=how, **ev.subject("id", thing.number)))
        if how == "by_move" and of.what == "owner":
            self.forget(of)

    def sync(self):
        kind = self.r.choice(("ThreadSpawn", "ThreadJoin", "Lock", "ChannelSend", "ChannelRecv"))
        self.add(ev.row(kind, self.t, name=self.name()))


def stream(seed, number, kinds=True):
    """Stream of that number of a seed."""
    return Stream(f"{seed}/{number}", kinds).make()


def main():
    for row in stream(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else 0):
        print(json.dumps(row))


if __name__ == "__main__":
    main()
