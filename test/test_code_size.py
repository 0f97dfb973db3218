#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What tracking adds to a program's code: bytes of the library's text, and of the inline part of each kind of call.

A call's inline bytes are those of a function with the call less those of the same function without it, compiled with
-O2. Counted is what can run from the function's entry to its return without bscope_emit_slow; the rest, which prepares that call, is
the cold part. To see what a second site in the same function costs, four calls in a row are measured too; the larger
of the two figures has to be within the limit. First a planted listing shows that the parts are told apart.

usage: test_code_size.py INCLUDE_DIRECTORY LIBRARY [--text-most BYTES] [--inline-most BYTES] [--no-text]
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

TEXT_MOST = 200 * 1024  # code: the section .text
READ_ONLY_MOST = 288 * 1024  # with constants, unwind tables and symbols: what size calls text
INLINE_MOST = 192  # what the write protocol takes today; nothing may add to it
INLINE_AIM = 120
SLOW = "bscope_emit_slow"
SITES = 4

# name, the function's parameter, the call, what stands there without it
INT, BLOCK = "int v", "char *v"
CALLS = [
    ("new", INT, 'v = bscope_track_new("x", v)', "v = v"),
    ("borrow", BLOCK, 'v = bscope_track_borrow("r", v)', "v = v"),
    ("borrow_mut", BLOCK, 'v = bscope_track_borrow_mut("m", v)', "v = v"),
    ("move", INT, 'v = bscope_track_move("x", "y", v)', "v = v"),
    ("drop", INT, 'bscope_track_drop("x")', ""),
    ("new_at", BLOCK, 'v = bscope_new_at("b", v, 64)', "v = v"),
    ("borrow_at", BLOCK, 'v = bscope_borrow_at("r", v)', "v = v"),
    ("borrow_mut_at", BLOCK, 'v = bscope_borrow_mut_at("m", v)', "v = v"),
    ("borrow_end", INT, 'bscope_borrow_end("r")', ""),
    ("move_at", BLOCK, 'v = bscope_move_at(v, "c")', "v = v"),
    ("drop_at", BLOCK, "bscope_drop_at(v)", ""),
    ("use_at", BLOCK, 'v = bscope_use_at(v, "b")', "v = v"),
]

SECTION = re.compile(r"^Disassembly of section (\S+):")
INSTRUCTION = re.compile(r"^ *([0-9a-f]+):\s+((?:[0-9a-f]{2} )*[0-9a-f]{2})\s*(?:\t\s*(\S.*))?$")
RELOCATION = re.compile(r"^\s+[0-9a-f]+:\s+R_\S+\s+(\S+)")
TARGET = re.compile(r"^(?:bnd |notrack )?(j\w+)\s+(?:0x)?([0-9a-f]+)\b")


class Instruction:
    def __init__(self, address, size, text):
        self.address, self.size, self.text, self.symbols = address, size, text, []

    def jump(self):
        """(mnemonic, target in this section or None) of a jump, else None."""
        name = self.text.split()[0] if self.text else ""
        if not name.startswith("j"):
            return None
        found = TARGET.match(self.text)
        return name, int(found[2], 16) if found and not self.symbols else None

    def is_slow(self):
        return any(SLOW in symbol for symbol in self.symbols)


def parse(listing):
    """Sections of a disassembly with relocations, as lists of instructions."""
    sections, now = {}, []
    for line in listing.splitlines():
        if found := SECTION.match(line):
            now = sections.setdefault(found[1], [])
        elif found := INSTRUCTION.match(line):
            size = len(found[2].split())
            if found[3] is None and now:
                now[-1].size += size  # the bytes went on in the next line
            else:
                now.append(Instruction(int(found[1], 16), size, re.sub(r"\s*[#<].*", "", found[3] or "")))
        elif (found := RELOCATION.match(line)) and now:
            now[-1].symbols.append(found[1])
    return sections


def successors(code, at):
    """Where the instruction code[at] may go on, as indices: none at a return or where it leaves the section."""
    index = {one.address: i for i, one in enumerate(code)}
    one = code[at]
    after = [at + 1] if at + 1 < len(code) else []
    jump = one.jump()
    if one.text.startswith(("ret", "repz ret")):
        return []
    if not jump:
        return after
    name, target = jump
    there = [index[target]] if target in index else []
    return there if name.startswith("jmp") else there + after


def reach(starts, follow):
    seen, wait = set(), list(starts)
    while wait:
        at = wait.pop()
        if at not in seen:
            seen.add(at)
            wait += follow(at)
    return seen


def hot_bytes(code):
    """Bytes that can run from the entry to a return without the slow path."""
    follow = {i: [] if code[i].is_slow() else [j for j in successors(code, i) if not code[j].is_slow()]
              for i in range(len(code))}
    backward = {i: [] for i in follow}
    for i, nexts in follow.items():
        for j in nexts:
            backward[j].append(i)
    returns = [i for i, one in enumerate(code) if one.text.startswith(("ret", "repz ret"))]
    hot = reach([0], follow.__getitem__) & reach(returns, backward.__getitem__)
    if not hot:
        sys.exit("no way through a function was found: the disassembler writes otherwise than expected")
    return sum(code[i].size for i in hot)


PLANTED = """
Disassembly of section .text.planted:
0000000000000000 <planted>:
   0:	48 85 d2             	test   %rdx,%rdx
   3:	0f 84 00 00 00 00    	je     9 <planted+0x9>
			5: R_X86_64_PC32	.text.unlikely.planted-0x4
   9:	75 02                	jne    d <planted+0xd>
   b:	90                   	nop
   c:	c3                   	ret
   d:	48 c7 44 32 08 00 00 	movq   $0x0,0x8(%rdx,%rsi,1)
  14:	00 00 \n  16:	ff 15 00 00 00 00    	call   *0x0(%rip)        # 1c <planted+0x1c>
			18: R_X86_64_GOTPCRELX	bscope_emit_slow-0x4
  1c:	eb ed                	jmp    b <planted+0xb>
"""


def check_planted():
    code = parse(PLANTED)[".text.planted"]
    if sum(one.size for one in code) != 30 or hot_bytes(code) != 13:
        sys.exit(f"the planted listing is read as {hot_bytes(code)} of {sum(one.size for one in code)} bytes")


def source(tracked):
    lines = ["#include <borrowscope/track.h>" if tracked else ""]
    for name, parameter, call, plain in CALLS:
        for count in (1, SITES):
            head = f"{parameter.replace('v', '')}f_{name}_{count}({parameter})"
            lines += [head + ";", f"{head} {{"] + [(call if tracked else plain) + ";"] * count + ["return v; }"]
    return "\n".join(lines) + "\n"


def measure(compiler, tool, include, folder, tracked):
    """Hot bytes of each function."""
    file, out = os.path.join(folder, "sites.c"), os.path.join(folder, "sites.o")
    with open(file, "w", encoding="utf-8") as stream:
        stream.write(source(tracked))
    subprocess.run([compiler, "-std=gnu11", "-O2", "-w", "-ffunction-sections", "-c", "-I" + include, file, "-o", out],
                   check=True)
    listing = subprocess.run([tool, "-dr", out], check=True, capture_output=True, text=True).stdout
    return {name[len(".text.f_"):]: hot_bytes(code) for name, code in parse(listing).items()
            if name.startswith(".text.f_")}


def check_inline(compiler, tool, include, most):
    with tempfile.TemporaryDirectory() as folder:
        with_calls = measure(compiler, tool, include, folder, True)
        without = measure(compiler, tool, include, folder, False)
    problems, figures, largest = [], [], 0
    for name, *_ in CALLS:
        one, several = (with_calls[f"{name}_{count}"] - without[f"{name}_{count}"] for count in (1, SITES))
        each = max(one, -(-several // SITES))
        figures.append(f"{name} {one}/{-(-several // SITES)}")
        largest = max(largest, each)
        if not 20 < each <= most:
            problems.append(f"{compiler}: {name} is {each} bytes inline, {most} are allowed")
    print(f"{compiler} ({tool}), bytes of one call / of each of {SITES}: " + ", ".join(figures))
    print(f"{compiler}: {largest} at most, {most} allowed, {INLINE_AIM} aimed at")
    return problems


def check_text(library, most):
    def size(*options):
        shown = subprocess.run(["size", *options, library], check=True, capture_output=True, text=True).stdout
        return [line.split() for line in shown.splitlines() if line.split()]

    text = next(int(words[1]) for words in size("-A") if words[0] == ".text")
    whole = int(size()[1][0])
    print(f"text of {os.path.basename(library)}: {text} bytes, {most} allowed; with constants, unwind tables and symbols "
          f"{whole}, {READ_ONLY_MOST} allowed")
    problems = [] if 10000 < text <= most else [f"text of the library is {text} bytes, {most} are allowed"]
    return problems + ([] if text < whole <= READ_ONLY_MOST else [f"{whole} bytes are read-only, {READ_ONLY_MOST} are allowed"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("include")
    parser.add_argument("library")
    parser.add_argument("--text-most", type=int, default=TEXT_MOST)
    parser.add_argument("--inline-most", type=int, default=INLINE_MOST)
    parser.add_argument("--no-text", action="store_true", help="the library is built without optimisation")
    arguments = parser.parse_args()
    check_planted()
    problems, checked = [], 0
    if shutil.which("size") and not arguments.no_text:
        problems += check_text(arguments.library, arguments.text_most)
        checked += 1
    tools = [name for name in ("objdump", "llvm-objdump", "llvm-objdump-14") if shutil.which(name)]
    for compiler in filter(shutil.which, ["gcc", "clang"]):
        if tools and os.uname().machine == "x86_64":  # jumps are read in this machine's language alone
            problems += check_inline(compiler, tools[0], arguments.include, arguments.inline_most)
            checked += 1
    print("\n".join(problems) or ("within the limits" if checked else "skipped: no tool to measure with"))
    return 1 if problems else 0 if checked else 77


if __name__ == "__main__":
    sys.exit(main())
