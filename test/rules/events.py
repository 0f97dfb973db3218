# SPDX-License-Identifier: Apache-2.0
"""Raw events written short: what the tracking calls record, as rows of a stream. t is the thread; a text is the argument as written."""


def row(kind, t, **rest):
    return {"kind": kind, "thread": t, **{k: v for k, v in rest.items() if v not in (None, [], "")}}


def subject(meaning, word):
    return {"subject_is": meaning, "subject": word}


def object_(meaning, word):
    return {"object_is": meaning, "object": word}


def new(t, name, **rest):
    return row("New", t, name=name, **rest)


def new_id(t, name, number):
    return row("New", t, name=name, **subject("id", number))


def new_at(t, name, text, address, size):
    return row("New", t, name=name, text=text, flags=["by_address"], **subject("address", address), **object_("size", size))


def let(t, name, address, size=8):
    return row("New", t, name=name, extent=size, flags=["scoped"], **subject("address", address))


def let_end(t, name, address):
    return row("Drop", t, name=name, flags=["scoped"], **subject("address", address))


def kept(t, name, address):
    return row("Drop", t, name=name, flags=["scoped", "kept"], **subject("address", address))


def borrow(t, name, text, address=None, mut=False):
    return row("Borrow", t, name=name, text=text, flags=["mutable"] * mut, **(object_("address", address) if address is not None else {}))


def borrow_at(t, name, text, address, mut=False):
    return row("Borrow", t, name=name, text=text, flags=["by_address"] + ["mutable"] * mut, **object_("address", address))


def borrow_range_at(t, name, text, address, size, mut=False):
    return row("Borrow", t, name=name, text=text, flags=["by_address", "range"] + ["mutable"] * mut, **subject("size", size),
               **object_("address", address))


def borrow_id(t, name, owner, number=None, mut=False):
    return row("Borrow", t, name=name, flags=["mutable"] * mut, **(subject("id", number) if number is not None else {}), **object_("id", owner))


def ref(t, name, at, text, address, mut=False):
    return row("Borrow", t, name=name, text=text, extent=8, flags=["scoped"] + ["mutable"] * mut, **subject("address", at),
               **object_("address", address))


def ref_end(t, name, at):
    return row("Drop", t, name=name, flags=["scoped", "borrower_only"], **subject("address", at))


def borrow_end(t, name):
    return row("Drop", t, name=name, flags=["borrower_only"])


def move(t, name, to, text=None, value=None):
    return row("Move", t, name=name, name2=to, text=text, **(object_("address", value) if value is not None else {}))


def move_at(t, text, address, to):
    return row("Move", t, name2=to, text=text, flags=["by_address"], **subject("address", address))


def move_id(t, number, to, new_number):
    return row("Move", t, name2=to, **subject("id", number), **object_("id", new_number))


def drop(t, name):
    return row("Drop", t, name=name)


def drop_id(t, number):
    return row("Drop", t, **subject("id", number))


def drop_at(t, text, address):
    return row("Drop", t, text=text, flags=["by_address"], **subject("address", address))


def use_at(t, address, name):
    return row("Deref", t, name=name, flags=["by_address"], **subject("address", address))


def resize(t, text, address, size):
    return row("ResizeBegin", t, text=text, flags=["by_address"], **subject("address", address), **object_("size", size))


def resized(t, text, address, size):
    return row("HeapRealloc", t, text=text, flags=["by_address"], **subject("address", address), **object_("size", size))


def lost():
    return {"kind": "Lost"}


def opened():
    return {"kind": "Open"}


def here(event, line=None, function=None):
    """The event with a line and a function of its own."""
    return {**event, **({"line": line} if line else {}), **({"function": function} if function else {})}
