# SPDX-License-Identifier: Apache-2.0
"""Who is meant: doc/rules.md, chapter 2, as a list of all variables that is searched from end to end for each question.

Made for streams of a thousand events: the limits of the text (1,024 of a name, 65,536 ended ones) are not kept.
"""

import argument

ALIVE, DROPPED, MOVED, OVERWRITTEN = "alive", "dropped", "moved", "overwritten"
OWNERS, BORROWERS, BOTH = "owners", "borrowers", "both"
LAST_ADDRESS = 2**64 - 1
AFTER_MOVE, AFTER_DROP, TWICE, NEVER = "after move", "after drop", "twice", "never created"

EFFECTS = {
    "BEGINS": "New RcNew ArcNew RefCellNew CellNew StaticInit BoxNew BoxFromRaw PinNew CowOwned OnceCellNew MaybeUninitNew"
              " ChannelSenderNew ChannelReceiverNew ClosureCreate",
    "BORROWS": "Borrow RefCellBorrow LockGuardAcquire CowBorrowed RawPtrCreated",
    "MOVES": "Move",
    "GIVES_UP": "BoxIntoRaw PinIntoInner MaybeUninitAssumeInit",
    "ENDS": "Drop RefCellDrop LockGuardDrop MaybeUninitAssumeInitDrop",
    "CLONES": "RcClone ArcClone WeakNew WeakClone",
    "USES": "Deref CellGet CellSet StaticAccess RawPtrDeref CowToMut OnceCellSet OnceCellGet OnceCellGetOrInit MaybeUninitWrite"
            " MaybeUninitAssumeInitRead WeakUpgrade Unwrap Clone Lock IndexAccess FieldAccess",
    "CAPTURES": "ClosureCapture",
    "SENDS": "ChannelSend",
    "RECEIVES": "ChannelRecv",
    "SPAWNS": "ThreadSpawn",
    "JOINS": "ThreadJoin",
    "PLACES": "StackAddr HeapAddr",
    "RESIZES": "HeapRealloc",
}
EFFECT = {kind: effect for effect, kinds in EFFECTS.items() for kind in kinds.split()}


class Event:
    """A raw event: a row of the stream."""

    def __init__(self, position, row, first=0):
        self.position, self.stamp = position, first + position
        self.kind = row["kind"]
        self.effect = EFFECT.get(self.kind, "NOTES")
        self.gap = self.kind in ("Lost", "Open")
        self.thread = row.get("thread", 0)
        self.name = row.get("name")
        self.name2 = row.get("name2")
        self.text = row.get("text")
        self.type = row.get("type")
        self.file = row.get("file")
        self.line = row.get("line", 0)
        self.function = row.get("function")
        self.extent = row.get("extent", 0)
        flags = row.get("flags", [])
        for flag in ("mutable", "by_address", "scoped", "borrower_only", "sampled", "range", "place", "kept"):
            setattr(self, flag, flag in flags)
        self.words = {"subject": (row.get("subject_is"), row.get("subject", 0)), "object": (row.get("object_is"), row.get("object", 0))}
        self.site = (self.kind, self.name, self.name2, self.text, self.file, self.line, self.function, self.place, row.get("site", 0))
        self.form, self.root = argument.parse(self.text, self.place)
        self.unnamed = argument.is_null(self.text)
        self.said = "block" if self.unnamed else self.root or self.text

    def word(self, which, meaning):
        """The word's number if it means that, else None."""
        return self.words[which][1] if self.words[which][0] == meaning else None


class Variable:
    def __init__(self, number, event, name):
        self.number, self.made_by, self.name = number, event, name
        self.created, self.thread = event.position, event.thread
        self.address = self.size = 0
        self.given_id = None
        self.borrower = self.scoped = self.block_open = self.at = self.received = False
        self.owner = None
        self.life, self.ended, self.gaps_at_end = ALIVE, None, 0
        self.mapped = False   # it can be found by an address in its range
        self.started = False  # it can be found by its start address, though it ended
        self.kept = False
        self.closure = event.kind == "ClosureCreate"
        self.nameless = False  # its block is over: no name means it
        self.id_gone = False
        self.formers, self.formers_gaps = [], 0

    @property
    def id(self):
        return f"{self.name or ''}_{self.made_by.stamp if self.given_id is None else self.given_id}"

    @property
    def last(self):
        return min(LAST_ADDRESS, self.address + max(self.size, 1) - 1)

    def holds(self, address):
        return self.address != 0 and self.address <= address <= self.last

    def has_former(self, former, gaps):
        return self.formers_gaps == gaps and former in self.formers[-16:]

    def fits(self, has_address, address):
        if not has_address or self.address == 0:
            return True
        return not self.kept and (self.holds(address) or self.ends_at(address))

    def ends_at(self, address):
        return not self.kept and self.address != 0 and address != 0 and self.last == address - 1


class Resolution:
    def __init__(self, event):
        self.event = event
        self.subject = self.object = self.parent = None
        self.made = None  # the variable that the event made
        self.ended = False  # the subject's (of a capture the object's) life ended here
        self.inferred = self.silent = self.by_spelling = False
        self.contradiction = None
        self.former = False  # about a live variable that had the name before
        self.called = event.name
        self.overwritten = []
        self.relocated = False


class Resolver:
    def __init__(self, whole):
        self.all, self.gaps, self.first, self.resizes, self.whole = [], 0, None, [], whole

    # who

    def wanted(self, v, want):
        return want == BOTH or v.borrower == (want == BORROWERS)

    def live(self, thread, name, want):
        """The newest live one of a name on a thread."""
        found = [v for v in self.all if v.life == ALIVE and v.thread == thread and v.name == name and self.wanted(v, want)]
        return found[-1] if found and name is not None else None

    def last(self, thread, name, want):
        """The newest one ever, unless its block is over: of owners and of borrowers, the newer."""
        best = None
        for borrower in (False, True):
            found = [v for v in self.all if v.thread == thread and v.name == name and v.borrower == borrower]
            if name is not None and found and self.wanted(found[-1], want) and not found[-1].nameless:
                best = found[-1] if best is None or found[-1].number > best.number else best
        return best

    def only(self, name, want):
        found = [v for v in self.all if v.life == ALIVE and v.name == name and self.wanted(v, want)]
        return found[0] if name is not None and len(found) == 1 else None

    def by_name(self, event, name, want):
        for how, v in (("HERE", self.live(event.thread, name, want)), ("ENDED", self.last(event.thread, name, want)),
                       ("ELSEWHERE", self.only(name, want))):
            if v is not None:
                return v, how
        return None, "UNKNOWN"

    def by_id(self, number, closures=False):
        """Closures are numbered apart from variables."""
        found = [v for v in self.all if v.given_id == number and v.closure == closures]
        return found[-1] if found and not found[-1].id_gone else None

    def holding(self, address):
        found = [v for v in self.all if v.mapped and v.holds(address)]
        return min(found, key=lambda v: (v.last - v.address, -v.number), default=None)

    def live_at(self, address):
        found = [v for v in self.all if v.mapped and v.address == address]
        return found[-1] if found and address != 0 else None

    def ended_at(self, address):
        found = [v for v in self.all if v.life == DROPPED and v.started and v.address == address]
        if not found or address == 0:
            return None
        holding = self.holding(address)
        return None if holding is not None and holding.number > found[-1].number else found[-1]

    # life

    def end(self, v, life, position):
        v.life, v.ended, v.gaps_at_end, v.mapped = life, position, self.gaps, False
        v.owner = v.owner if life == ALIVE else None
        if life == OVERWRITTEN or (life == MOVED and not v.block_open):
            v.started = False

    def forget(self, v):
        v.started, v.id_gone = False, True

    def overwrite(self, event, is_, address, size):
        last = min(LAST_ADDRESS, address + max(size, 1) - 1)
        for v in self.all:
            overlaps = v.address <= last and address <= v.last
            nested = (v.address <= address and last <= v.last) or (address <= v.address and v.last <= last)
            again = v.address == address and v.made_by.site == event.site
            if v.mapped and ((overlaps and not nested) or again):
                self.end(v, OVERWRITTEN, event.position)
                is_.overwritten.append(v)
            elif v.life != ALIVE and v.started and v.address == address and (again or not v.block_open):
                self.forget(v)

    def make(self, event, is_, name, address=0, size=0, fresh=True, **rest):
        if address and fresh:
            self.overwrite(event, is_, address, size)
        v = Variable(len(self.all), event, name)
        v.address, v.size = address, size
        v.mapped = v.started = address != 0
        for key, what in rest.items():
            setattr(v, key, what)
        v.block_open = v.scoped
        self.all.append(v)
        is_.made = v
        return v

    # contradictions

    def judge(self, is_, v, drops):
        if v.gaps_at_end == self.gaps and v.life in (MOVED, DROPPED):
            is_.contradiction = AFTER_MOVE if v.life == MOVED else TWICE if drops else AFTER_DROP

    def judge_unknown(self, is_):
        if self.whole and self.gaps == 0 and not is_.event.sampled:
            is_.contradiction = NEVER

    def spelling(self, event, is_, v):
        if event.said is None or event.said == v.name:
            return
        if v.has_former((event.said, event.thread, event.function), self.gaps):
            is_.contradiction, is_.by_spelling, is_.former, is_.inferred, is_.called = AFTER_MOVE, True, True, True, event.said

    # kinds

    def feed(self, event):
        is_ = Resolution(event)
        if event.gap:
            self.gaps += 1
        elif event.kind == "ResizeBegin":
            self.resize_begin(event, is_)
        elif event.kind == "HeapRealloc":
            self.resize_end(event, is_)
        elif event.effect in ("BEGINS", "BORROWS", "MOVES", "GIVES_UP", "ENDS", "CLONES", "USES", "CAPTURES", "SENDS", "RECEIVES"):
            getattr(self, event.effect.lower())(event, is_)
        return is_

    def begins(self, event, is_):
        address = event.word("subject", "address") or 0
        size = event.extent if event.scoped else 0
        stated = event.word("object", "size")
        is_.subject = self.make(event, is_, event.name, address, size if stated is None else stated, scoped=event.scoped, at=event.by_address,
                                given_id=event.word("subject", "id"))

    def borrows(self, event, is_):
        owner = self.given_owner(event, is_) if event.word("object", "id") is not None else self.owner(event, is_)
        is_.object = owner
        alive_before = owner is not None and owner.life == ALIVE
        is_.subject = self.make(event, is_, event.name, event.word("subject", "address") or 0, event.extent if event.scoped else 0,
                                scoped=event.scoped, borrower=True, owner=owner, given_id=event.word("subject", "id"))
        is_.owner_was_alive = alive_before

    def given_owner(self, event, is_):
        v = self.by_id(event.word("object", "id"))
        if v is not None and v.life != ALIVE:
            self.judge(is_, v, False)
        return v

    def owner(self, event, is_):
        address = event.word("object", "address")
        if event.kind != "Borrow" and address is None:
            return self.owner_by_name(event, is_, event.name2)
        if address == 0:
            return None
        has, holding = address is not None, None if address is None else self.holding(address)
        named = self.live(event.thread, event.root, BOTH) if event.form != argument.UNKNOWN else None
        passes = named is not None and named.borrower and (
            event.form in (argument.VALUE, argument.THROUGH, argument.ELEMENT) or (named.address == 0 and event.place))

        def inferred(v):
            is_.inferred = v is not None
            return v

        if event.by_address:
            if passes and holding is not None and named.owner is holding:
                is_.parent = named
            inferred(holding)
            if holding is not None:
                self.spelling(event, is_, holding)
            return holding
        if event.form == argument.UNKNOWN:
            return inferred(holding)
        if passes:
            o = named.owner
            if o is not None and has and o.life == ALIVE and o.address != 0 and o.fits(has, address):
                is_.parent = named
                return o
            if holding is not None:
                return inferred(holding)
            if o is None or o.fits(has, address):
                is_.parent = named
                return o
            return None
        direct = event.form in (argument.WHOLE, argument.WITHIN)
        if named is None:
            if holding is not None:
                return inferred(holding)
            v = self.last(event.thread, event.root, BOTH)
            if v is not None and not v.borrower and v.life != OVERWRITTEN and v.fits(has, address):
                self.judge(is_, v, False)
                return v
            v = self.only(event.root, BOTH)
            stands = v is not None and v.borrower and v.address == 0 and event.place
            if v is not None and ((direct and not stands) or not v.borrower) and v.fits(has, address):
                return inferred(v)
            return None
        if holding is None or holding is named or named.ends_at(address):
            return named
        if named.kept:
            return inferred(holding)
        if named.holds(address):
            return named if event.form == argument.WHOLE and address == named.address else inferred(holding)
        if not direct and named.address != 0:
            return inferred(holding)
        return named if named.number > holding.number else inferred(holding)

    def owner_by_name(self, event, is_, name):
        v, how = self.by_name(event, name, BOTH)
        is_.inferred = how == "ELSEWHERE"
        if how == "ENDED":
            self.judge(is_, v, False)
        return v

    def moves(self, event, is_):
        v, how = self.moving(event)
        by_address = event.word("subject", "address") is not None
        new = {"received": True, "at": by_address, "given_id": event.word("object", "id")}
        address = size = 0
        formers = formers_gaps = None
        if how in ("HERE", "ELSEWHERE"):
            is_.inferred, is_.subject, is_.ended = how == "ELSEWHERE", v, True
            if by_address and v.thread == event.thread:
                self.spelling(event, is_, v)
            new["borrower"], new["owner"] = v.borrower, v.owner
            if v.mapped and (by_address or not v.scoped):
                address, size = v.address, v.size
                formers, formers_gaps = self.pass_names_on(event, v)
            self.end(v, MOVED, event.position)
        else:
            if v is not None:
                is_.subject = v
                self.judge(is_, v, False)
            elif not (by_address and event.word("subject", "address") == 0) and not (
                    event.words["subject"][0] in (None, "none") and self.ever(event.name, BOTH)):
                self.judge_unknown(is_)
            address = event.word("subject", "address") or 0
        made = self.make(event, is_, event.name2, address, size, fresh=False, **new)
        is_.object = made
        if formers is not None:
            made.formers, made.formers_gaps = formers, formers_gaps

    def ever(self, name, want):
        return name is not None and any(v.name == name and self.wanted(v, want) for v in self.all)

    def moving(self, event):
        number = event.word("subject", "id")
        if number is not None:
            v = self.by_id(number)
            return v, "UNKNOWN" if v is None else "HERE" if v.life == ALIVE else "ENDED"
        address = event.word("subject", "address")
        if address is not None:
            v = self.live_at(address)
            if v is not None:
                return v, "ELSEWHERE"
            v = self.ended_at(address)
            return v, "UNKNOWN" if v is None else "ENDED"
        v, how = self.moving_by_name(event)
        value = event.word("object", "address")
        if value is not None and not (how == "HERE" and v.address == value):
            at = self.live_at(value)
            if at is not None and at.name == event.name and event.name is not None:
                return at, "HERE" if at.thread == event.thread else "ELSEWHERE"
            if how == "UNKNOWN" and at is not None:
                return at, "ELSEWHERE"
        return v, how

    def moving_by_name(self, event):
        owner, how = self.by_name(event, event.name, OWNERS)
        if how == "HERE":
            return owner, how
        borrower, borrower_how = self.by_name(event, event.name, BORROWERS)
        if borrower_how != "HERE" or how == "ELSEWHERE":
            return owner, how
        if how == "UNKNOWN" or borrower.number > owner.number:
            return borrower, "HERE"
        return owner, how

    def pass_names_on(self, event, v):
        made = v.made_by
        said = (made.said if v.at else None)
        names, gaps = (list(v.formers), v.formers_gaps)

        def note(name, thread, function):
            nonlocal names, gaps
            if gaps != self.gaps:
                names, gaps = [], self.gaps
            if name is not None and (name, thread, function) not in names[-16:]:
                names.append((name, thread, function))

        if not made.unnamed:
            note(v.name, v.thread, made.function)
            note(said, v.thread, made.function)
            if event.thread == v.thread and (event.said == v.name or (event.said == said and not v.received)):
                note(event.said, event.thread, event.function)
        return names, gaps

    def ends(self, event, is_):
        self.drop(event, is_, True)

    def gives_up(self, event, is_):
        self.drop(event, is_, False)

    def finish(self, is_, v):
        is_.subject, is_.ended = v, True
        self.end(v, DROPPED if is_.event.effect == "ENDS" else MOVED, is_.event.position)

    def drop(self, event, is_, drops):
        number, address = event.word("subject", "id"), event.word("subject", "address")
        want = BORROWERS if event.borrower_only or event.kind in ("RefCellDrop", "LockGuardDrop") else BOTH
        if number is not None:
            v = self.by_id(number)
            how = "UNKNOWN" if v is None else "HERE" if v.life == ALIVE else "ENDED"
        elif address is not None and event.scoped:
            self.end_of_block(event, is_)
            return
        elif address is not None:
            if address == 0:
                is_.silent = True
                return
            v = self.live_at(address)
            how = "HERE"
            if v is not None:
                self.spelling(event, is_, v)
            else:
                v = self.ended_at(address)
                how = "UNKNOWN" if v is None else "ENDED"
            is_.inferred = v is not None
        else:
            v, how = self.by_name(event, event.name, want)
            if event.scoped and how != "HERE":
                is_.silent = True
                return
            is_.inferred = how == "ELSEWHERE"
        if how in ("HERE", "ELSEWHERE"):
            self.finish(is_, v)
        elif how == "ENDED":
            is_.subject = v
            self.judge(is_, v, drops)
        elif number is not None or address is not None or not self.ever(event.name, want):
            self.judge_unknown(is_)

    def end_of_block(self, event, is_):
        is_.silent = True
        address = event.word("subject", "address")
        found = [v for v in self.all if v.started and v.block_open and v.address == address and v.name == event.name and
                 v.thread == event.thread and (event.kept or v.borrower == event.borrower_only)]
        if not found:
            return
        v = is_.subject = found[-1]
        v.block_open = False
        if event.kept and v.life == ALIVE:
            v.mapped = v.started = False
            v.kept = True
            return
        v.nameless = True
        if v.life == ALIVE:
            is_.silent = False
            self.finish(is_, v)
        elif v.life != DROPPED:
            self.forget(v)

    def uses(self, event, is_):
        address, number = event.word("subject", "address"), event.word("subject", "id")
        if number is not None:
            is_.subject = self.by_id(number)
            if is_.subject is not None and is_.subject.life != ALIVE:
                self.judge(is_, is_.subject, False)
            return
        if address == 0:
            return
        named, how = self.by_name(event, event.name, BOTH)
        if address is None:
            if event.kind != "Deref" or event.name is not None:
                is_.subject, is_.inferred = named, how == "ELSEWHERE"
                if how == "ENDED":
                    self.judge(is_, named, False)
            return
        holding = self.holding(address)
        if holding is None:
            v = self.ended_at(address)
            if v is None or v.name != event.name:
                is_.inferred = how == "ELSEWHERE"
                v = named if named is not None and named.address == 0 else None
            if v is not None:
                is_.subject = v
                self.judge(is_, v, False)
            return
        if how == "HERE" and named.owner is holding:
            is_.subject = named
            return
        is_.subject, is_.inferred = holding, holding.name != event.name
        if holding.name != event.name and holding.formers_gaps == self.gaps and any(f[0] == event.name for f in holding.formers[-16:]):
            is_.contradiction, is_.former = AFTER_MOVE, True

    sends = receives = uses

    def source(self, event, is_):
        """Who the object of a clone or of a capture is."""
        number, address = event.word("object", "id"), event.word("object", "address")
        if number is not None:
            v = self.by_id(number)
            ended = v is not None and v.life != ALIVE
        elif address:
            v = self.holding(address)
            is_.inferred = v is not None
            ended = False
            if v is None:
                v = self.ended_at(address)
                ended = v is not None
        else:
            v, how = self.by_name(event, event.name2, BOTH)
            is_.inferred, ended = how == "ELSEWHERE", how == "ENDED"
        if ended:
            self.judge(is_, v, False)
        return v

    def clones(self, event, is_):
        is_.object = self.source(event, is_)
        is_.subject = self.make(event, is_, event.name, event.word("subject", "address") or 0, given_id=event.word("subject", "id"), at=event.by_address)

    def captures(self, event, is_):
        is_.object = self.source(event, is_)
        number = event.word("subject", "id")
        is_.subject = self.by_id(number, True) if number is not None else self.by_name(event, event.name, BOTH)[0]
        o = is_.object
        if event.type == "by_move" and o is not None and o.life == ALIVE:
            self.end(o, MOVED, event.position)
            is_.ended = True

    def resize_begin(self, event, is_):
        address = event.word("subject", "address") or 0
        v = self.live_at(address)
        self.resizes.append((event.thread, v, address))
        if v is not None:
            is_.subject, is_.inferred = v, True
            self.spelling(event, is_, v)
            v.mapped = v.started = False

    def resize_end(self, event, is_):
        mine = [i for i, r in enumerate(self.resizes) if r[0] == event.thread]
        if not mine:
            return
        _, v, old = self.resizes.pop(mine[-1])
        new, size = event.words["subject"][1], event.word("object", "size")
        if v is None:
            if old == 0 and new != 0:
                is_.subject = self.make(event, is_, event.said, new, size or 0, at=True)
            return
        is_.subject, is_.inferred = v, True
        if v.life != ALIVE:
            return
        if new != 0:
            is_.relocated = new != old
            v.address, v.size = new, v.size if size is None else size
            self.overwrite(event, is_, v.address, v.size)
        v.mapped = v.started = True
