#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may include what: stages only to their left, each dependency only at its owner, nothing private outside lib/.

Reads every #include line. First shows on planted lines that each rule can fail.

usage: test_includes.py SOURCE_ROOT
"""

import re
import sys

import sources

STAGES = ("base", "capture", "collect", "log", "model", "export")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)

# What the public headers may include besides each other: ISO C and C++ alone.
STANDARD = {"stdbool.h", "stddef.h", "stdint.h", "stdlib.h", "stdio.h", "memory", "type_traits"}


def stage_of(path):
    parts = path.split("/")
    return parts[1] if parts[0] == "lib" and len(parts) > 2 else None


def check_dependency(path, target):
    stage = stage_of(path)
    if target == "stdatomic.h":
        return "atomics are lib/base/atomic.h's"
    if re.match(r"urcu[./-]", target) and stage not in ("capture", "collect") and not path.startswith("test/"):
        return "liburcu belongs to lib/capture and lib/collect"
    if target == "jansson.h" and stage != "export" and not path.startswith("test/"):
        return "jansson belongs to lib/export"
    return None


def check_stage(path, quoted, target, files):
    """A file of a stage."""
    stage = stage_of(path)
    if not quoted:
        if target.startswith("borrowscope/") and f"include/{target}" not in files and target != "borrowscope/version.h":
            return "no such public header"
        return None
    if f"lib/{target}" not in files:
        return "quoted includes are named from lib/, and this names no file there"
    other = target.split("/")[0]
    if STAGES.index(other) > STAGES.index(stage):
        return f"{stage} stands left of {other}"
    if target == "base/atomic.h" and STAGES.index(stage) > STAGES.index("log"):
        return "there are no atomics right of the log"
    return None


def check_public(quoted, target, files):
    if quoted or not (target in STANDARD or f"include/{target}" in files or target == "borrowscope/version.h"):
        return "a public header includes public and standard headers alone"
    return None


def check_outside(path, quoted, target, files):
    """Programs that use the library."""
    folder = path.rsplit("/", 1)[0]
    if quoted and f"{folder}/{target}" not in files:
        return "a program includes <borrowscope/...> and the files beside it"
    return None


def check_line(path, quoted, target, files):
    """What is wrong with one #include, or None."""
    problem = check_dependency(path, target)
    if problem:
        return problem
    if stage_of(path) in STAGES:
        return check_stage(path, quoted, target, files)
    if path.startswith("lib/"):
        return "a source in lib/ belongs to a stage"
    if path.startswith("include/"):
        return check_public(quoted, target, files)
    if path.startswith(("tools/", "bench/")):
        return check_outside(path, quoted, target, files)
    return None


PLANTED = [
    # path, line, whether it is right
    ("lib/log/a.c", '#include "collect/store.h"', True),
    ("lib/log/a.c", '#include "base/lock.h"', True),
    ("lib/log/a.c", "#include <borrowscope/log.h>", True),
    ("lib/log/a.c", '#include "model/resolve.h"', False),
    ("lib/base/a.c", '#include "capture/site_table.h"', False),
    ("lib/collect/a.c", '  #  include "log/codec.h"', False),
    ("lib/model/a.c", '#include "resolve.h"', False),
    ("lib/model/a.c", '#include "base/atomic.h"', False),
    ("lib/model/a.c", "#include <borrowscope/nothing.h>", False),
    ("lib/log/a.c", "#include <urcu/urcu-memb.h>", False),
    ("lib/collect/a.c", "#include <urcu/urcu-memb.h>", True),
    ("lib/model/a.c", "#include <jansson.h>", False),
    ("lib/export/a.c", "#include <jansson.h>", True),
    ("lib/base/a.c", "#include <stdatomic.h>", False),
    ("include/borrowscope/a.h", "#include <stdatomic.h>", False),
    ("include/borrowscope/a.h", "#include <pthread.h>", False),
    ("include/borrowscope/a.h", '#include "types.h"', False),
    ("include/borrowscope/a.h", "#include <borrowscope/types.h>", True),
    ("tools/demo/a.c", '#include "base/util.h"', False),
    ("bench/a.c", "#include <borrowscope/borrowscope.h>", True),
    ("lib/a.c", "#include <stdio.h>", False),
]


def problems(path, text, files):
    for bracket, target in INCLUDE.findall(text):
        problem = check_line(path, bracket == '"', target, files)
        if problem:
            yield f"{path}: {target}: {problem}"


def main(root):
    files = set(sources.all_files(root))
    for path, line, is_right in PLANTED:
        if is_right == any(problems(path, f"int x;\n{line}\n", files)):
            sys.exit(f"the check itself is wrong about {path}: {line}")
    found = [problem for path in sources.c_files(root) for problem in problems(path, sources.read(root, path), files)]
    print("\n".join(found) or f"{len(sources.c_files(root))} files include only what they may")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
