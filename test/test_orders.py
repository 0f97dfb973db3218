#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The memory orders as an ARM processor sees them: on x86-64 a weakened or a strengthened order is often the same machine code.

Compiles the inline hot path (-O2) and each source of the stages below (-O0, where each access of a function stays in
that function) for ARMv8.1, and counts the ordered instructions by function: ldar is an acquire load, stlr a release
store, ldaddl an addition with release, ldaddal one with both, and so on. The counts have to be those of orders.txt.
An acquire load and a sequentially consistent one are the same instruction there, and so are the two stores. First a
planted weakening has to be seen. Skipped without aarch64-linux-gnu-gcc.

usage: test_orders.py SOURCE_ROOT [BUILD_ROOT] [--print]     --print: the table as it would be now
"""

import collections
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

COMPILER, DISASSEMBLER = "aarch64-linux-gnu-gcc", "aarch64-linux-gnu-objdump"
SOURCES = ("lib/base/lock.c", "lib/capture/*.c", "lib/collect/*.c", "lib/log/store.c")
WITHOUT = ("lib/collect/session.c", "lib/collect/fork.c")  # liburcu's headers differ from processor to processor
FLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-march=armv8.1-a", "-fno-stack-protector", "-c"]
HOT = """#include <borrowscope/write.h>
void hot_path(struct bscope_site *site, uint64_t a, uint64_t b) { bscope_record_inline(site, a, b); }
"""
ORDERED = re.compile(r"^(ldapr|ldar|ldaxr|stlr|stlxr|dmb|(?:ldadd|ldclr|ldset|ldeor|cas|swp)(?:al|a|l)?)[bh]?$")
FUNCTION = re.compile(r"^[0-9a-f]+ <(\w+)[.\w]*>:$")
INSTRUCTION = re.compile(r"^ +[0-9a-f]+:\s+(\S+)")


def counts_of(listing):
    """{function: "ldar=1 stlr=2"} of a disassembly; functions without such instructions are left out."""
    counts, now = {}, None
    for line in listing.splitlines():
        if found := FUNCTION.match(line):
            now = counts.setdefault(found[1], collections.Counter())
        elif (found := INSTRUCTION.match(line)) and now is not None and (name := ORDERED.match(found[1])):
            now[name[1]] += 1
    return {name: " ".join(f"{one}={n}" for one, n in sorted(held.items())) for name, held in counts.items() if held}


def compiled(includes, source, level):
    with tempfile.TemporaryDirectory() as folder:
        path, made = os.path.join(folder, "source.c"), os.path.join(folder, "made.o")
        if not os.path.isfile(source):
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(source)
            source = path
        done = subprocess.run([COMPILER, *FLAGS, level, *includes, "-o", made, source], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            sys.exit(f"{source} does not compile:\n{done.stderr}")
        return counts_of(subprocess.run([DISASSEMBLER, "-d", "--no-show-raw-insn", made], capture_output=True, text=True,
                                        check=True).stdout)


def whole_table(root, build):
    """Rows "function counts". A function of a header is in many objects and one row."""
    includes = [f"-I{root}/include", f"-I{root}/lib", f"-I{build}/include"]
    files = sorted(path for pattern in SOURCES for path in glob.glob(os.path.join(root, pattern))
                   if os.path.relpath(path, root) not in WITHOUT)
    rows = {f"{name} {held}" for name, held in compiled(includes, HOT, "-O2").items()}
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for found in pool.map(lambda path: compiled(includes, path, "-O0"), files):
            rows |= {f"{name} {held}" for name, held in found.items()}
    return sorted(rows)


def planted(order):
    return compiled([], f"void f(int *p) {{ __atomic_store_n(p, 1, __ATOMIC_{order}); }}\n", "-O0")


def main(arguments):
    if not shutil.which(COMPILER) or not shutil.which(DISASSEMBLER):
        print(f"skipped: {COMPILER} is not installed")
        return 77
    root = arguments[0]
    build = arguments[1] if len(arguments) > 1 and not arguments[1].startswith("-") else os.path.join(root, "build")
    now = whole_table(root, build)
    if "--print" in arguments:
        print("\n".join(now))
        return 0
    if planted("RELEASE") != {"f": "stlr=1"} or planted("RELAXED"):
        sys.exit("a planted weakening is not seen: compiler or disassembler write otherwise than expected")
    with open(os.path.join(root, "test/orders.txt"), encoding="utf-8") as stream:
        expected = stream.read().splitlines()
    for row in sorted(set(expected) ^ set(now)):
        print(f"{'no longer: ' if row in expected else 'new:       '}{row}")
    print(f"{len(now)} functions with ordered instructions")
    return 0 if expected == now else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
