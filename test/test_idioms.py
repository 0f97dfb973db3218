#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The programs of doc/c-idioms.md compile as shown, print what is shown, and leave with 0.

usage: test_idioms.py SOURCE_ROOT BUILD_ROOT [COMPILER...]
"""

import os
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```(c|text) (\w+\.[ch])\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WARNINGS = ["-std=gnu11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def run(folder, build, source, name, compiler):
    """What is wrong with one program, or None."""
    paths = ["-I" + os.path.join(source, "include"), "-I" + os.path.join(build, "include")]
    library = os.path.join(build, "lib")
    made = subprocess.run([*compiler, *WARNINGS, *paths, name, "-L" + library, "-lborrowscope", "-o", "program"], cwd=folder,
                          capture_output=True, text=True, check=False)
    if made.returncode != 0:
        return made.stderr, None
    done = subprocess.run(["./program"], cwd=folder, capture_output=True, text=True, check=False,
                          env=dict(os.environ, LD_LIBRARY_PATH=library, BORROWSCOPE_OPTIONS=""))
    return (f"exit status {done.returncode}: {done.stdout}{done.stderr}" if done.returncode else None), done.stdout


def main(source, build, *compiler):
    source, build = os.path.abspath(source), os.path.abspath(build)
    with open(os.path.join(source, "doc", "c-idioms.md"), encoding="utf-8") as stream:
        blocks = BLOCK.findall(stream.read())
    shown = {name: text for kind, name, text in blocks if kind == "text"}
    programs = {name: text for kind, name, text in blocks if kind == "c"}
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        for name, text in programs.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as stream:
                stream.write(text)
        for name in (name for name in programs if name.endswith(".c")):
            problem, printed = run(folder, build, source, name, compiler or ["cc"])
            if problem or printed != shown.get(name):
                problems.append(f"{name}: {problem or 'prints'}\n{printed}\nnot\n{shown.get(name)}")
    if len(shown) < 6 or set(shown) != {name for name in programs if name.endswith(".c")}:
        problems.append("the document's programs and what they print don't fit together")
    print("\n".join(problems) or f"{len(shown)} programs print what is shown")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
