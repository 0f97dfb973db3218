#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tables of doc/trace-format.md are the library's structs: each size, offset and width is made a static assertion.

First a planted table shows that a wrong offset is found.

usage: test_trace_format.py SOURCE_ROOT BUILD_ROOT COMPILER...
"""

import os
import re
import subprocess
import sys

HEAD = re.compile(r"^`struct (\w+)`, (\d+) bytes \(`([\w/.]+)`\):$")
ROW = re.compile(r"^\| (\d+) \| (\d*) \| (\w+) \|")
LEAST = 100  # fields


def assertions(text):
    """The C file that the tables make, and how many fields they have."""
    includes, lines, struct, fields = set(), [], None, 0
    for number, line in enumerate(text.splitlines(), 1):
        if head := HEAD.match(line):
            struct = head[1]
            includes.add(f"<{head[3]}>" if head[3].startswith("borrowscope/") else f'"{head[3]}"')
            lines.append(f'_Static_assert(sizeof(struct {struct}) == {head[2]}, "line {number}: struct {struct}");')
        elif struct and (row := ROW.match(line)):
            place, width, field = row.groups()
            holds = f"offsetof(struct {struct}, {field}) == {place}"
            if width:
                holds += f" && sizeof(((struct {struct} *)0)->{field}) == {width}"
            lines.append(f'_Static_assert({holds}, "line {number}: {struct}.{field}");')
            fields += 1
    includes = "".join(f"#include {name}\n" for name in sorted(includes))
    return "#include <stddef.h>\n" + includes + "\n".join(lines) + "\n", fields


def compile_it(source, root, build, compiler):
    command = [*compiler, "-std=gnu11", "-D_GNU_SOURCE", "-fsyntax-only", "-x", "c", "-", "-I", os.path.join(root, "include"),
               "-I", os.path.join(root, "lib"), "-I", os.path.join(build, "include")]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=False)


PLANTED = "`struct bscope_record`, 32 bytes (`borrowscope/types.h`):\n\n| {} | 4 | index | |\n"


def main(root, build, *compiler):
    for place, right in ((28, True), (24, False)):
        if (compile_it(assertions(PLANTED.format(place))[0], root, build, compiler).returncode == 0) != right:
            sys.exit("the check itself is wrong about a planted table")
    with open(os.path.join(root, "doc", "trace-format.md"), encoding="utf-8") as file:
        source, fields = assertions(file.read())
    result = compile_it(source, root, build, compiler)
    print(result.stderr or f"{fields} fields are as described")
    return 1 if result.returncode or fields < LEAST else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
