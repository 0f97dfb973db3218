#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a reader can rely on: each file names its licence and says what it is for, no function is over 80 lines, nothing is left for later.

Function lengths come from universal-ctags; without it that part is skipped.

usage: test_style.py SOURCE_ROOT
"""

import json
import os
import re
import shutil
import subprocess
import sys

import sources

LICENCE = "SPDX-License-Identifier: Apache-2.0"
WITHOUT_LICENCE = ("LICENSE",)
DATA = (".md", ".json", ".txt")  # have no comments, or read better without
LATER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
LONGEST = 80


def file_problems(path, text, files=()):
    if path not in WITHOUT_LICENCE and not path.endswith(DATA):
        if LICENCE not in "\n".join(text.splitlines()[:2]):
            yield f"{path}: the first line is not the licence"
    explained = path[:-2] + ".h" in files if path.endswith(".c") else False  # in the header of that name
    if path.endswith(sources.C_ENDINGS) and not explained and not re.match(r"/\*[^\n]*\*/\n/\*\n \* \S", text):
        yield f"{path}: no comment behind the licence says what the file is for"
    if path != "test/test_style.py":
        for number, line in enumerate(text.splitlines(), 1):
            if LATER.search(line):
                yield f"{path}:{number}: {line.strip()}"


def function_problems(root, paths):
    command = ["ctags", "--output-format=json", "--fields=+ne", "--kinds-c=f", "--kinds-c++=f", "-f", "-", *paths]
    output = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    functions = [json.loads(line) for line in output.splitlines()]
    if len(functions) < 100:
        yield f"ctags found only {len(functions)} functions"
    for function in functions:
        lines = function.get("end", function["line"]) - function["line"] + 1
        if lines > LONGEST:
            yield f"{function['path']}:{function['line']}: {function['name']} has {lines} lines"


def has_universal_ctags():
    if not shutil.which("ctags"):
        return False
    return "Universal Ctags" in subprocess.run(["ctags", "--version"], capture_output=True, text=True, check=False).stdout


PLANTED = [("lib/base/a.c", "int x;\n"), ("lib/base/a.c", f"/* {LICENCE} */\nint x;\n"),
           ("tools/a", f"#!/bin/sh\n# {LICENCE}\n# TO" "DO: all\n")]


def main(root):
    if not all(any(file_problems(path, text)) for path, text in PLANTED):
        sys.exit("the check itself finds nothing in a bad file")
    problems = []
    files = set(sources.all_files(root))
    for path in sorted(files):
        if os.path.getsize(os.path.join(root, path)):
            problems += file_problems(path, sources.read(root, path), files)
    if has_universal_ctags():
        problems += function_problems(root, sources.c_files(root))
    else:
        print("lengths of functions skipped: universal-ctags is not installed")
    print("\n".join(problems) or "nothing to mend")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
