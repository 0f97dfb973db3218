#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The slow and obvious checker: doc/rules.md, chapters 3 and 4, word by word.

Reads a stream of raw events, one JSON object a line, and prints its findings, one JSON object a line, as they are proved:
{"rule", "severity", "variable", "inferred", "places": [{"role", "stamp"}, …]}. An object with the key "log" may stand first: {"log": {"ended": true,
"first": 0, "generation": 1, "filtered": false, "patchy": false}} says about the log what differs from this.

usage: check.py [FILE]
"""

import json
import sys

from who import AFTER_DROP, AFTER_MOVE, ALIVE, NEVER, TWICE, Event, Resolver

NOTE, WARNING, ERROR = "note", "warning", "error"
COUNTED = ("RcNew", "RcClone", "ArcNew", "ArcClone")
HEAP_KINDS = (*COUNTED, "BoxNew", "BoxFromRaw", "CowOwned")
HANDS_OVER = ("SPAWNS", "JOINS", "SENDS", "RECEIVES", "MOVES", "CAPTURES")
LOCK_KINDS = ("LockGuardAcquire", "LockGuardDrop", "Lock")


def role(e):
    if e.kind == "LockGuardAcquire":
        return "locked"
    if e.effect == "BORROWS":
        return "mutably borrowed" if e.mutable else "borrowed"
    if e.effect == "CAPTURES":
        return "moved" if e.type == "by_move" else "mutably borrowed" if e.type == "by_mut_ref" else "borrowed"
    if e.effect in ("MOVES", "GIVES_UP"):
        return "moved"
    if e.effect == "ENDS":
        return "borrow ended" if e.borrower_only or e.kind in ("RefCellDrop", "LockGuardDrop") else "dropped"
    return "cloned" if e.effect == "CLONES" else "used"


class Kept:
    """What a borrow keeps until it is proved in use: the event that made it."""

    def __init__(self, event, as_role, inferred, by=None):
        self.event, self.role, self.inferred = event, as_role, inferred
        self.by = by  # the borrow that conflicts
        self.reserved = self.passed_on = self.two_threads = False


class Borrow:
    def __init__(self, event, inferred, owner, holder, mutable, family, parent, gaps):
        self.event, self.inferred, self.owner, self.holder, self.mutable = event, inferred, owner, holder, mutable
        self.family, self.parent, self.gaps = family, parent, gaps
        self.address = event.word("object", "address")
        self.size = max(1, (event.word("subject", "size") or 0) if event.range else 0)
        self.open, self.mentioned = True, False
        self.kept = {"conflict": None, "nested": None, "orphaned": None, "moved": None}
        self.told = set()

    def keep(self, what, kept):
        if self.kept[what] is None and what not in self.told:
            self.kept[what] = kept

    def comes_from(self, other):
        b = self.parent
        while b is not None and b is not other:
            b = b.parent
        return b is other

    def overlaps(self, other):
        if self.address is None or other.address is None or self.address == other.address:
            return True
        return self.address < other.address + other.size and other.address < self.address + self.size


class Checker:
    def __init__(self, about, tell):
        self.ended = about.get("ended", False)
        self.filtered, self.patchy = about.get("filtered", False), about.get("patchy", False)
        self.first = about.get("first", 0)
        whole = self.first == 0 and about.get("generation", 1) == 1
        self.resolver = Resolver(whole)
        self.events, self.borrows, self.tell_to = [], [], tell
        self.sampled, self.sampling = set(), False
        self.variables = {}  # number -> what the rules know of it
        self.sync, self.started, self.suspects = {}, {}, {}
        self.groups = 0
        self.gaps_at = []  # gaps before each event

    # findings

    def tell(self, rule, severity, variable, inferred, places, complete=True):
        if not complete or self.patchy:
            severity = NOTE
        self.tell_to({"rule": rule, "severity": severity, "variable": variable, "inferred": inferred,
                      "places": [{"role": r, "stamp": p + self.first} for r, p in places]})

    def end_of_log(self):
        return ("program ended", len(self.events))

    def gap_since(self, event):
        return self.resolver.gaps != self.gaps_at[event.position]

    # one event

    def feed(self, row):
        e = Event(len(self.events), row, self.first)
        self.gaps_at.append(self.resolver.gaps)
        self.events.append(e)
        is_ = self.resolver.feed(e)
        if e.gap:
            return
        self.settle_suspect(e)
        if e.sampled:
            self.sampled |= {e.name, e.name2} - {None}
            self.sampling = True
        self.contradictions(e, is_)
        mentioned = self.mentions(e, is_)
        self.proofs(e, is_, mentioned)
        for v in is_.overwritten:
            self.overwritten(e, v)
        self.endings(e, is_)
        self.beginnings(e, is_)
        self.threads(e, is_, mentioned)

    def mentions(self, e, is_):
        """The variables that were alive before e and that it mentions."""
        if is_.silent or (e.scoped and e.effect == "ENDS") or e.effect in ("PLACES", "NOTES") and e.kind != "ResizeBegin":
            return []
        about = [v for v in (is_.subject, is_.object, is_.parent) if v is not None and v is not is_.made]
        return [v for i, v in enumerate(about) if v not in about[:i] and (v.life == ALIVE or v.ended == e.position)]

    # 4.1

    def contradictions(self, e, is_):
        if is_.contradiction is None or {e.name, e.name2} & self.sampled:
            return
        v = is_.object if e.effect in ("BORROWS", "CLONES", "CAPTURES") else is_.subject
        here = (role(e), e.position)
        if is_.contradiction == NEVER:
            number = e.word("subject", "id")
            nameless = number is not None or e.word("subject", "address") is not None
            if e.effect in ("ENDS", "MOVES", "GIVES_UP") and not self.patchy and not self.filtered and not (nameless and self.sampling):
                called = f"{e.name or ''}_{number}" if number is not None else e.name or e.text or "?"
                self.tell("BS009", ERROR, called, False, [here])
        elif is_.former:
            self.tell("BS001", ERROR, v.id, is_.inferred, [here, ("created", self.variables[v.number]["origin"]), ("moved", v.created)])
        elif is_.contradiction in (AFTER_MOVE, AFTER_DROP, TWICE):
            rule = "BS001" if is_.contradiction != TWICE else "BS008" if v.made_by.kind in COUNTED else "BS002"
            self.tell(rule, ERROR, v.id, is_.inferred, [here, ("created", v.created), (role(self.events[v.ended]), v.ended)])

    # 4.2

    def held_by(self, v):
        return [b for b in self.borrows if b.open and b.holder is v]

    def report(self, b, rule, severity, kept, proof):
        places = [(kept.role, kept.event.position), ("created", b.owner.created), (role(b.event), b.event.position)]
        inferred = b.inferred or kept.inferred
        if proof is not None:
            places.append((role(proof[0]), proof[0].position))
            inferred = inferred or proof[1]
        self.tell(rule, severity, b.owner.id, inferred, places, not self.gap_since(b.event))

    def settle(self, b, proof, proved):
        """Tells all that b keeps. proof: the event and whether it is inferred, or None; proved: it shows b in use."""
        rule = "BS003" if b.family == "PLAIN" else "BS007"
        conflict, nested = b.kept["conflict"], b.kept["nested"]
        if conflict is not None:
            severity = NOTE if conflict.two_threads or proof is None else ERROR if proved else WARNING
            self.report(b, rule, severity, conflict, proof)
            b.told |= {"conflict", "nested"}
        elif nested is not None:
            self.report(b, rule, NOTE, nested, proof)
            b.told |= {"nested"}
        for what, rule in (("orphaned", "BS004"), ("moved", "BS006")):
            if b.kept[what] is not None and (proved or b.family != "RAW"):
                self.report(b, rule, ERROR if proved else NOTE, b.kept[what], proof)
                b.told.add(what)
        b.kept = dict.fromkeys(b.kept)

    def proofs(self, e, is_, mentioned):
        for v in mentioned:
            for b in self.held_by(v):
                if b.family != "RAW" or e.effect == "USES":
                    self.settle(b, (e, is_.inferred), True)
                    b.mentioned = True
                if b.family == "PLAIN" and e.effect == "USES":
                    for c in self.borrows:
                        if c.open and c.family == "PLAIN" and c.comes_from(b) and (b.mutable or c.mutable):
                            c.keep("conflict", Kept(e, role(e), is_.inferred))

    def end_borrow(self, n, proof):
        """n ends without proof: what lay within others is no conflict for them any more; then its own notes."""
        for b in self.borrows:
            kept = b.kept["conflict"]
            if b.open and kept is not None and kept.by is n and (kept.reserved or kept.passed_on):
                b.kept["conflict"] = None
                if not kept.reserved:
                    b.keep("nested", kept)
        self.settle(n, proof, False)
        n.open = False

    def overwritten(self, e, v):
        for b in self.held_by(v):
            self.end_borrow(b, None)
        self.never_dropped(v, ("overwritten", e.position), overwritten=True)

    def endings(self, e, is_):
        if is_.relocated:
            self.keep_on_all(is_.subject, "moved", Kept(e, "moved", is_.inferred), ("PLAIN", "CELL", "LOCK"))
        if not is_.ended:
            return
        v = is_.object if e.effect == "CAPTURES" else is_.subject
        moves = e.effect in ("MOVES", "GIVES_UP", "CAPTURES")
        for b in self.held_by(v):
            if e.effect == "MOVES":
                b.holder = is_.object
            elif e.effect == "CAPTURES" and is_.subject is not None and is_.subject.life == ALIVE:
                b.holder = is_.subject
            else:
                self.end_borrow(b, (e, is_.inferred) if e.scoped else None)
        if moves:
            self.keep_on_all(v, "moved", Kept(e, role(e), is_.inferred), ("PLAIN", "CELL", "LOCK"))
        else:
            self.keep_on_all(v, "orphaned", Kept(e, role(e), is_.inferred), ("PLAIN", "CELL", "LOCK", "RAW"))

    def keep_on_all(self, owner, what, kept, families):
        for b in self.borrows:
            if b.open and b.owner is owner and b.family in families:
                b.keep(what, kept)

    def begin_borrow(self, e, is_):
        if e.effect == "BORROWS":
            holder, mutable = is_.made, e.mutable
            family = {"RefCellBorrow": "CELL", "LockGuardAcquire": "LOCK", "RawPtrCreated": "RAW"}.get(e.kind, "PLAIN")
        elif e.type == "by_move":
            return
        else:
            holder, mutable, family = is_.subject, e.type == "by_mut_ref", "PLAIN"
        if family == "LOCK":
            kinds = {"Mutex": True, "RwLock::write": True, "RwLock::read": False}
            if e.type not in kinds:
                return
            mutable = kinds[e.type]
        owner = is_.object
        if owner is None or owner.life != ALIVE or holder is None or holder.life != ALIVE:
            return
        held = self.held_by(is_.parent) if is_.parent is not None else []
        n = Borrow(e, is_.inferred, owner, holder, mutable, family, held[-1] if held else None, self.resolver.gaps)
        for b in self.borrows:
            if b.open and b.owner is owner and b.family == family and family != "RAW" and (b.mutable or n.mutable) and \
                    not n.comes_from(b) and n.overlaps(b):
                kept = Kept(e, role(e), is_.inferred, n)
                same_thread = b.event.thread == e.thread
                if family == "PLAIN" and same_thread and b.mutable:
                    kept.reserved = not n.mutable and not b.mentioned
                    kept.passed_on = b.event.function != e.function or b.event.site == e.site
                kept.two_threads = family == "LOCK" and not same_thread
                b.keep("conflict", kept)
        self.borrows.append(n)

    # 4.3 and 4.4: what an event makes

    def beginnings(self, e, is_):
        if is_.made is not None:
            source = self.variables.get(is_.subject.number) if e.effect == "MOVES" and is_.ended else None
            self.variables[is_.made.number] = self.describe(e, is_, is_.made, source)
        if e.effect in ("BORROWS", "CAPTURES"):
            self.begin_borrow(e, is_)

    def describe(self, e, is_, v, source):
        if source is not None:
            kind = {"HEAP": "HEAP", "LET": "VALUE", "VALUE": "VALUE"}.get(source["class"], "NONE")
        elif e.effect == "MOVES" or v.borrower:
            kind = "NONE"
        elif e.kind in HEAP_KINDS or e.kind == "HeapRealloc" or (e.kind == "New" and e.by_address):
            kind = "HEAP"
        else:
            kind = "NONE" if e.kind != "New" else "LET" if e.scoped else "VALUE"
        about = {"variable": v, "class": kind, "origin": source["origin"] if source else v.created, "group": None, "held": None, "shadowed": False,
                 "last": e.position}
        if e.kind in ("RcNew", "ArcNew"):
            self.groups += 1
            about["group"] = self.groups
        elif e.kind in ("RcClone", "ArcClone"):
            of = self.variables[is_.object.number]["group"] if is_.object is not None and is_.object.life == ALIVE else None
            if of is None:
                self.groups += 1
            about["group"] = of or self.groups
        elif source is not None:
            about["group"] = source["group"]
        if about["group"] is not None:
            about["held"] = self.held_in(v)
        if not v.borrower:
            for other in self.variables.values():
                o = other["variable"]
                if v.name is not None and o.name == v.name and o.thread == v.thread and not o.borrower:
                    other["shadowed"] = True
        return about

    def held_in(self, v):
        cuts = [i for i in (v.name or "").replace("->", ". ").split(".", 1)]
        if len(cuts) < 2 or not cuts[0]:
            return None
        same = [w for w in self.resolver.all if w.life == ALIVE and w.thread == v.thread and w.name == cuts[0] and w is not v]
        return self.variables[same[-1].number]["group"] if same else None

    def never_dropped(self, v, at, overwritten=False):
        about = self.variables[v.number]
        if about["class"] == "NONE" or v.borrower or self.filtered:
            return
        if overwritten:
            if about["class"] == "VALUE":
                return
            severity = NOTE
        elif about["class"] == "VALUE":
            if about["shadowed"]:
                return
            severity = NOTE
        else:
            said = v.made_by.text is not None or v.made_by.line != 0
            severity = ERROR if v.kept or (about["class"] == "HEAP" and said) else NOTE
        places = [("created", about["origin"])]
        if about["origin"] != v.created:
            places.append(("moved", v.created))
        self.tell("BS005", severity, v.id, False, [*places, at], not self.gap_since(v.made_by))

    def cycles(self):
        """Members of the sets of groups that keep each other alive; a finding for each set."""
        live = [a for a in self.variables.values() if a["group"] is not None and a["variable"].life == ALIVE]
        edges = {(a["held"], a["group"]) for a in live if a["held"] is not None}
        nodes = {a["group"] for a in live}
        reach = {n: {m for f, m in edges if f == n} for n in nodes}
        for _ in nodes:
            for n in nodes:
                reach[n] = reach[n].union(*(reach.get(m, set()) for m in reach[n]))
        in_cycles, done = set(), set()
        for a in live:
            g = a["group"]
            if g in done or g not in reach[g]:
                continue
            together = {m for m in nodes if m in reach[g] and g in reach[m]}
            done |= together
            members = [m for m in live if m["group"] in together]
            if all(m["held"] in together for m in members):
                oldest, newest = members[0]["variable"], members[-1]["variable"]
                in_cycles |= {m["variable"].number for m in members}
                self.tell("BS008", ERROR, oldest.id, False,
                          [(role(newest.made_by), newest.created), ("created", oldest.created), self.end_of_log()], not self.gap_since(oldest.made_by))
        return in_cycles

    # 4.5

    def settle_suspect(self, e):
        suspect = self.suspects.pop(e.thread, None)
        if suspect is not None:
            self.tell("BS010", WARNING, *suspect)

    def threads(self, e, is_, mentioned):
        self.started.setdefault(e.thread, e.position)
        v = is_.object if e.effect == "BORROWS" and e.mutable and e.kind == "Borrow" else is_.subject if e.effect == "ENDS" and is_.ended else None
        if v is not None and v is not is_.made and v in mentioned and not v.borrower and v.thread != e.thread and \
                (e.name or e.text or e.word("subject", "id") is not None):
            self.suspect(e, is_, v)
        if e.effect in HANDS_OVER or e.kind in LOCK_KINDS:
            self.sync[e.thread] = e.position
        for w in mentioned:
            if w.thread == e.thread:
                self.variables[w.number]["last"] = e.position

    def suspect(self, e, is_, v):
        about = self.variables[v.number]
        m = self.events[about["last"]]
        if about["class"] == "NONE" or m.effect in ("BORROWS", "CAPTURES") or self.started[e.thread] >= m.position:
            return
        if any(m.position < self.sync.get(t, -1) < e.position for t in (v.thread, e.thread)) or self.gap_since(m):
            return
        places = [(role(e), e.position), ("created", v.created)]
        if m.position != v.created:
            places.append(("used", m.position))
        self.suspects.setdefault(v.thread, (v.id, is_.inferred, places))

    # 4.6

    def finish(self):
        for b in [b for b in self.borrows if b.open]:
            self.settle(b, None, False)
        if not self.ended or self.filtered:
            return
        in_cycles = self.cycles()
        for about in list(self.variables.values()):
            v = about["variable"]
            if v.life == ALIVE and v.number not in in_cycles:
                self.never_dropped(v, self.end_of_log())


def check(rows):
    """The findings of a stream: rows as they come from its lines."""
    findings = []
    rows = list(rows)
    about = rows.pop(0)["log"] if rows and "log" in rows[0] else {}
    checker = Checker(about, findings.append)
    for row in rows:
        checker.feed(row)
    checker.finish()
    return findings


def main():
    with open(sys.argv[1], encoding="utf-8") if len(sys.argv) > 1 else sys.stdin as lines:
        for finding in check(json.loads(line) for line in lines if line.strip()):
            print(json.dumps(finding))


if __name__ == "__main__":
    main()
