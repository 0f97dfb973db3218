#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""doc/kinds.md is what the table of kinds.h makes of it, each kind has its call, and the page's Python example runs.

With --write the page is written anew.

usage: test_kinds_page.py SOURCE_ROOT LIBRARY [--write]
"""

import json
import os
import re
import subprocess
import sys
import tempfile

PAGE = "doc/kinds.md"
ROW = re.compile(r'^  X\((\d+), (\w+), "(\w+)", (\w+), (\w+), "([^"]*)", "([^"]*)"\)', re.M)
SOURCES = {
    "S": "id", "s": "id, optional", "O": "id", "W": "id", "N": "string", "Z": "string or null", "M": "string",
    "m": "string, optional", "T": "string", "t": "string, optional", "I": "id of its own", "U": "number",
    "V": "boolean", "C": "number", "K": "number", "B": "boolean", "A": "address", "P": "address", "L": "place",
    "l": "place, optional", "E": 'always ""', "X": "strings, optional", "F": "string", "Q": "number", "Y": "string",
    "1": "address", "2": "address", "3": "number", "4": "number", "5": "true, optional",
}
# Where the Rust crate that the vocabulary is from does otherwise, and why this library does not.
NOTES = {
    "NEW": "With an id the crate writes the place into `type_name` (\"T @ file:line\"); here the type is the type, and "
           "file and line are fields of their own.",
    "BORROW": "The crate writes `owner_id` \"unknown\", or \"owner_5\" where the id was stated, neither of which is the "
              "id of any variable. Here it is the id of the variable that is borrowed.",
    "MOVE": "The crate writes `from_id` as a bare name, or \"var_5\". Here it is the id of the variable.",
    "DROP": "The crate writes the bare name into `var_id`, which is no variable's id, so that nothing in its graph ever "
            "ends. Here it is the id.",
    "RC_CLONE": "The crate writes the source's bare name into `source_id`. Here it is an id. C has no count to ask: state "
                "them behind the value (strong, weak); in C++ a value with `use_count()` is asked. Not stated and not to "
                "be asked they are written as 0.",
    "REF_CELL_NEW": "The crate writes `refcell_<name>` here and the bare name in each borrow, which never meet. Here both "
                    "are the variable's id; the same for Cell, Box, Weak and all the others.",
    "STATIC_INIT": "The crate writes the bare number as `var_id`; here it is `<name>_<number>`, as of every variable that "
                   "is known by a number.",
    "CLOSURE_CREATE": "The crate's closures are numbers that nothing else refers to. Here a closure is a variable, "
                      "`closure_<number>`, which borrows or owns what it captures.",
    "CHANNEL_SEND": "Success is not recorded, as in the crate. Move what is sent before it is sent, so that it has left "
                    "its owner.",
    "STACK_ADDR": "The crate takes `var_id` from a clock that other threads move on meanwhile, so that it is nobody's; here "
                  "it is the variable's.",
    "STACK_FIELD": "The crate is given the member's value as text and its offset by hand; here the compiler knows both. "
                   "What is neither number nor pointer has the value \"\".",
    "HEAP_ADDR": "The crate cuts its preview at byte 17, in the middle of a character if need be, and fails at that. Here "
                 "it is bytes: what is not printable ASCII is written as \\\\xNN, and \"...\" behind 32.",
    "HEAP_REALLOC": "Two records: the attempt and the outcome. `failed` is there when the allocator gave nothing; the "
                    "variable then is where it was.",
    "STACK_PADDING": "The crate believes what it is told. Here the padding is computed, and recorded where there is any.",
}
HEAD = """# Kinds of events

Made from `include/borrowscope/kinds.h` by `test/test_kinds_page.py --write`; the test of that name compares.

Each kind has a call of its own, `bscope_track_<kind>`. `value` (and `pointer`, of a borrow) comes last, is evaluated once
and given back, so that the call stands around an expression: `p = bscope_track_box_new("p", make());`. Names, types and
words are string constants; numbers are integers; the place of the call is recorded by itself. With
`BORROWSCOPE_SHORT_NAMES` all can be written without `bscope_`, and with `BORROWSCOPE_DISABLE` they are the value and
nothing else.

In JSON an event has `type` and `timestamp`, then the fields below in this order, then `thread`, `time_ns`, `file`, `line`,
`function` and, where who is meant was found and not stated, `inferred`. An id is that of a variable in `nodes[]`; an id of
its own is the number that the call states, or `<what it is>_<timestamp>`. Addresses are 0 unless they are asked for; a
number above 2^53 has a second field `<field>_hex`.
"""
TAIL = """
## Further forms

* By number: `bscope_track_new_with_id(id, name, type, value)`, `bscope_track_borrow_with_id(id, owner_id, name, mutable,
  value)`, `bscope_track_borrow_mut_with_id(id, owner_id, name, value)`, `bscope_track_move_with_id(from_id, to_id, to,
  value)`, `bscope_track_drop_with_id(id)`, `bscope_track_rc_new_with_id(id, name, type, value, counts)`,
  `bscope_track_rc_clone_with_id(id, source_id, name, value, counts)`, the same with `arc`. A number means the newest
  variable that was made with it. In the crate such calls never meet.
* Sampled: `bscope_track_new_sampled(name, value, rate)`, `_borrow_`, `_borrow_mut_`, `_move_`, `_drop_sampled`,
  `bscope_track_new_with_id_sampled(id, name, value, rate)`, `bscope_track_drop_with_id_sampled(id, rate)`,
  `bscope_new_at_sampled(name, pointer, size, rate)`, `bscope_borrow_at_sampled`, `bscope_borrow_mut_at_sampled`,
  `bscope_move_at_sampled`, `bscope_drop_at_sampled`. The crate throws its dice for each call, so that drops without
  beginnings and beginnings without drops are left; here a variable's calls are recorded or not together.
* Guards: `BSCOPE_LET`, `BSCOPE_REF` and `BSCOPE_MUT` are new, borrow and borrow_mut that end with their block;
  `BSCOPE_KEEP(name)` takes the value out of its guard.
* By address, and under names known only at run time: see `track.h`.

## Other languages

What the macros do, two functions do for everybody: `bscope_site_intern` describes a place once, `bscope_emit` records an
event of it. In Python:

```python
{example}
```
"""
EXAMPLE = '''import ctypes, sys

class Site(ctypes.Structure):  # struct bscope_site_info
    _fields_ = [("size", ctypes.c_size_t), ("kind", ctypes.c_uint8), ("subject_is", ctypes.c_uint8),
                ("object_is", ctypes.c_uint8), ("flags", ctypes.c_uint32), ("line", ctypes.c_uint32),
                ("extent", ctypes.c_uint32), ("name", ctypes.c_char_p), ("name2", ctypes.c_char_p),
                ("type", ctypes.c_char_p), ("file", ctypes.c_char_p), ("function", ctypes.c_char_p),
                ("text", ctypes.c_char_p), ("extra", ctypes.POINTER(ctypes.c_char_p))]

bscope = ctypes.CDLL(sys.argv[1])  # libborrowscope.so.0
bscope.bscope_site_intern.restype = ctypes.c_void_p
bscope.bscope_emit.argtypes = [ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64]

def emit(kind, name, number=0, **more):
    frame = sys._getframe(1)
    site = Site(size=ctypes.sizeof(Site), kind=kind, object_is=4, name=name, line=frame.f_lineno,
                file=frame.f_code.co_filename.encode(), function=frame.f_code.co_name.encode(), **more)
    bscope.bscope_emit(bscope.bscope_site_intern(ctypes.byref(site)), 0, number)

emit(5, b"a", 1 << 32, type=b"list")    # RcNew: one strong count
emit(6, b"b", 2 << 32, name2=b"a")      # RcClone
emit(4, b"b")                           # Drop
bscope.bscope_export_json(sys.argv[2].encode())'''


def rows(root):
    with open(os.path.join(root, "include/borrowscope/kinds.h"), encoding="utf-8") as stream:
        text = stream.read()
    found = ROW.findall(text)
    effects = dict(re.findall(r'^  X\((\w+), "([^"]*)"\) *\\?$', text.split("#define BSCOPE_EFFECTS(X)")[1]
                              .split("#define BSCOPE_KINDS(X)")[0], re.M))
    assert len(found) == 93, f"{len(found)} rows"
    return found, effects


def macros(root):
    """Each macro's parameters."""
    text = ""
    for name in ("track.h", "track_kinds.h"):
        with open(os.path.join(root, "include/borrowscope", name), encoding="utf-8") as stream:
            text += stream.read()
    return {name: [part.strip() for part in parameters.split(",")]
            for name, parameters in re.findall(r"^#define (bscope_track_\w+)\(([^)]*)\)", text, re.M)}


def call_problems(found, known):
    for _, name, _, _, _, _, arguments in found:
        wanted = [part.strip() for part in arguments.split(",")]
        macro = "bscope_track_" + name.lower()
        has = known.get(macro)
        if has is None:
            yield f"{macro} is not there"
        elif has != wanted and not (has[-1] == "..." and has[:-1] == wanted[:len(has) - 1] and len(wanted) >= len(has)):
            yield f"{macro}({', '.join(has)}) is documented as ({arguments})"


def page(found, effects):
    text = HEAD
    group = None
    order = [row[3] for row in found]
    found = sorted(found, key=lambda row: order.index(row[3]))  # stable: in the order of their numbers
    for number, name, kind, its_group, effect, fields, arguments in found:
        if its_group != group:
            text += f"\n## {its_group.replace('_', ' ').capitalize()}\n"
            group = its_group
        shown = ", ".join(f"`{field[1:]}` {SOURCES[field[0]]}" for field in fields.split())
        text += f"\n**{kind}** ({number}): `bscope_track_{name.lower()}({arguments})`  \n{shown}.  \n"
        text += f"{effects[effect][0].upper()}{effects[effect][1:]}.\n"
        if name in NOTES:
            text += f"{NOTES[name]}\n"
    return text + TAIL.replace("{example}", EXAMPLE)


def example_problems(library, folder):
    """The example makes two variables that share, one of which ends."""
    script, out = os.path.join(folder, "example.py"), os.path.join(folder, "out.json")
    with open(script, "w", encoding="utf-8") as stream:
        stream.write(EXAMPLE + "\n")
    done = subprocess.run([sys.executable, script, library, out], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        yield f"the example fails: {done.stderr}"
        return
    with open(out, encoding="utf-8") as stream:
        events = json.load(stream)["events"]
    said = [(event["type"], event.get("var_name"), event.get("strong_count"), event["function"]) for event in events]
    if said != [("RcNew", "a", 1, "<module>"), ("RcClone", "b", 2, "<module>"), ("Drop", None, None, "<module>")]:
        yield f"the example records {said}"


def main(root, library, write):
    found, effects = rows(root)
    wanted = page(found, effects)
    path = os.path.join(root, PAGE)
    if write:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(wanted)
        return 0
    problems = list(call_problems(found, macros(root)))
    if not list(call_problems([("1", "NOTHING", "", "", "", "", "name")], macros(root))):
        problems.append("the check of the calls can't fail")
    with open(path, encoding="utf-8") as stream:
        if stream.read() != wanted:
            problems.append(f"{PAGE} differs from the table: write it anew with --write")
    if library != "-":
        with tempfile.TemporaryDirectory() as folder:
            problems += example_problems(library, folder)
    for problem in problems:
        print(problem)
    print(f"{len(found)} kinds, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], "--write" in sys.argv))
