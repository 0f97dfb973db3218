#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the shared library exports is what the map lists is what the headers declare; and how it is linked.

usage: test_exports.py SOURCE_ROOT LIBRARY
"""

import os
import re
import subprocess
import sys

import sources

NODE = "BORROWSCOPE_0"
DECLARATION = re.compile(r"\bBSCOPE_API\b([^;{]*?)\b(bscope_\w+)\s*(?=\(|;|__attribute__)")
FLAGS = {"SONAME": "libborrowscope.so.0", "FLAGS_1": "NODELETE", "FLAGS": "BIND_NOW"}


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.DOTALL)


def declared(root):
    names = set()
    for path in sources.all_files(root):
        if path.startswith("include/") and path.endswith((".h", ".h.in")):
            text = re.sub(r"#[ \t]*define\b(?:[^\n]*\\\n)*[^\n]*", "", without_comments(sources.read(root, path)))
            names |= {name for _, name in DECLARATION.findall(text)}
    return names


def listed(root):
    text = without_comments(sources.read(root, "lib/borrowscope.map"))
    node = re.fullmatch(r"\s*%s\s*\{\s*global:(.*?)local:\s*\*;\s*\};\s*" % NODE, text, flags=re.DOTALL)
    if not node:
        sys.exit(f"lib/borrowscope.map is not one node {NODE} with `global:` and `local: *`")
    return set(re.findall(r"\w+", node.group(1)))


def exported(library):
    output = subprocess.run(["nm", "-D", "--defined-only", "--format=posix", library], capture_output=True, text=True,
                            check=True).stdout
    names = set()
    for line in output.splitlines():
        name, kind = line.split()[:2]
        symbol, _, version = name.partition("@")
        if kind != "A":  # the node itself
            names.add(symbol if version.strip("@") == NODE else f"{name} (not of {NODE})")
    return names


def complain(what, one, other):
    for name in sorted(one - other):
        print(f"{name}: {what}")
    return bool(one - other)


def link_problems(library):
    text = subprocess.run(["readelf", "-dlW", library], capture_output=True, text=True, check=True).stdout
    for tag, wanted in FLAGS.items():
        if not re.search(r"\(%s\)[^\n]*\b%s\b" % (tag, re.escape(wanted)), text):
            yield f"{os.path.basename(library)}: no {wanted} in {tag}"
    if "(TEXTREL)" in text or "(SYMBOLIC)" in text:
        yield "text relocations or -Bsymbolic: exported data is shared with executables"
    if "GNU_RELRO" not in text or re.search(r"GNU_STACK\s.*\bRWE\b", text):
        yield "not relocation read-only, or an executable stack"


def main(root, library):
    headers, in_map, in_library = declared(root), listed(root), exported(library)
    if len(headers) < 40:
        sys.exit(f"only {len(headers)} declarations found: the headers are read wrongly")
    bad = [
        complain("declared with BSCOPE_API, not in lib/borrowscope.map", headers, in_map),
        complain("in lib/borrowscope.map, not declared in include/borrowscope", in_map, headers),
        complain("in lib/borrowscope.map, not in the library", in_map, in_library),
        complain("exported, not in lib/borrowscope.map", in_library, in_map),
    ]
    problems = list(link_problems(library))
    print("\n".join(problems) or f"{len(in_library)} symbols exported, as declared")
    return 1 if any(bad) or problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
