# SPDX-License-Identifier: Apache-2.0
"""What the text of an argument says: the variable at its root, and how the value comes from it (doc/rules.md, chapter 2).

A small grammar, read by recursive descent over tokens, made from the rules' text and not from the library's code.
"""

import re

UNKNOWN, WHOLE, WITHIN, ELEMENT, VALUE, THROUGH = "UNKNOWN", "WHOLE", "WITHIN", "ELEMENT", "VALUE", "THROUGH"
TOKEN = re.compile(r"\s*(->|&&|\+\+|--|\+=|-=|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[A-Za-z_$\x80-\U0010ffff][\w$:\x80-\U0010ffff]*|[\w:]+|.)",
                   re.S)
NAME = re.compile(r"[A-Za-z_$\x80-\U0010ffff]")
NULLS = ("NULL", "nullptr", "0", "__null")
CLOSES = {"(": ")", "[": "]", "{": "}"}


def tokens(text):
    return [t for t in TOKEN.findall(text.strip()) if t.strip()]


def is_name(token):
    return bool(NAME.match(token))


def after_group(ts, i):
    """Index behind the bracket that closes the one at i, or None."""
    depth = 0
    for j in range(i, len(ts)):
        depth += ts[j] in CLOSES
        depth -= ts[j] in CLOSES.values()
        if depth == 0:
            return j + 1
    return None


def is_cast(inside, rest):
    """(T *)p, (struct s)p, (T)x, (T)&x."""
    if not inside or not rest or not is_name(inside[0]):
        return False
    if any(not re.fullmatch(r"[\w$:*&<>\x80-\U0010ffff]+", t) for t in inside):
        return False
    return len(inside) > 1 or is_name(rest[0]) or rest[0] == "&"


def peel(ts):
    """Without casts and brackets around the whole."""
    while ts and ts[0] == "(":
        end = after_group(ts, 0)
        if end is None:
            return ts
        if end == len(ts):
            ts = ts[1:-1]
        elif is_cast(ts[1:end - 1], ts[end:]):
            ts = ts[end:]
        else:
            return ts
    return ts


def find_sum(ts):
    """Where the first + or - between operands stands outside brackets; and whether another operator is there."""
    found, other, operand, i = None, False, False, 0
    while i < len(ts):
        t = ts[i]
        if t in CLOSES:
            i, operand = after_group(ts, i) or len(ts), True
            continue
        if t == "->":
            operand = False
        elif t in ("+", "-") and operand:
            found, operand = i if found is None else found, False
        elif re.match(r"[\w$:\"'\x80-\U0010ffff]", t):
            operand = True
        elif t != ".":
            other = other or operand or t not in ("&", "&&", "*", "+", "-")
        i += 1
    return found, other


def place(ts):
    """What & of this is."""
    ts = peel(ts)
    if not ts:
        return UNKNOWN, None
    if ts[0] == "*":
        form, root = value(ts[1:])
        return (THROUGH, root) if form in (VALUE, THROUGH) else (UNKNOWN, None)
    if ts[0] == "(":
        i = after_group(ts, 0)
        if i is None:
            return UNKNOWN, None
        arrow = ts[i:i + 1] in (["->"], ["["])
        form, root = (value if arrow else place)(ts[1:i - 1])
    elif is_name(ts[0]):
        i, form, root = 1, WHOLE, ts[0]
    else:
        return UNKNOWN, None
    first = form in (WHOLE, VALUE, THROUGH)
    while i < len(ts) and form != UNKNOWN:
        if ts[i] == "[":
            i = after_group(ts, i)
            if i is None:
                return UNKNOWN, None
            form = THROUGH if first and form == VALUE else ELEMENT if form == WHOLE else form
        elif ts[i] in (".", "->") and i + 1 < len(ts) and is_name(ts[i + 1]) and (ts[i] == "." or first):
            form = THROUGH if ts[i] == "->" else WITHIN if form == WHOLE else form
            i += 2
        else:
            return UNKNOWN, None
        first = False
    return (form, root) if form != UNKNOWN else (UNKNOWN, None)


def value(ts):
    ts = peel(ts)
    if not ts:
        return UNKNOWN, None
    plus, other = find_sum(ts)
    if other:
        return UNKNOWN, None
    if plus is not None:
        form, root = value(ts[:plus])
        return {VALUE: THROUGH, WHOLE: WITHIN}.get(form, form), root
    if ts[0] == "&":
        return place(ts[1:])
    return (VALUE, ts[0]) if len(ts) == 1 and is_name(ts[0]) else (UNKNOWN, None)


def parse(text, is_place):
    """(form, root) of a text; is_place: it calls a C++ lvalue, as if & stood before it."""
    if text is None:
        return UNKNOWN, None
    return (place if is_place else value)(tokens(text))


def is_null(text):
    return text is not None and peel(tokens(text)) in [[n] for n in NULLS]
