#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each public header compiled alone, in every language and by every compiler that it is made for, all warnings errors.

First shows for each compiler that a header with something wrong in it is refused.

usage: test_headers.py SOURCE_ROOT BUILD_ROOT
"""

import concurrent.futures
import os
import shutil
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wundef", "-Werror"]
COMPILERS = [("gcc", "c", ("c11", "gnu2x")), ("clang", "c", ("c11", "gnu2x")),
             ("g++", "c++", ("c++17", "c++20")), ("clang++", "c++", ("c++17", "c++20"))]
# Warnings of one language, which programs may turn on, and which no header may turn off for what comes after it.
MORE = {"c": ["-Wdeclaration-after-statement"], "c++": []}
STRICT = {"c": "int f(void);\nint f(void) { int x = 1; x++; int y = x; return y; }"}
ONE_LANGUAGE = {"track_c.h": "c", "track_cxx.h": "c++"}  # the backends of track.h
VARIANTS = {"track.h": [["-DBORROWSCOPE_DISABLE"], ["-DBORROWSCOPE_SHORT_NAMES"]],
            "borrowscope.h": [["-DBORROWSCOPE_DISABLE"], ["-DBORROWSCOPE_SHORT_NAMES"]]}
BROKEN = {"c": "static void f(int unused) {}", "c++": "void f(int unused) {}"}


def compile_text(compiler, language, standard, flags, text):
    command = [compiler, "-x", language, f"-std={standard}", *WARNINGS, *MORE[language], *flags, "-fsyntax-only", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return done.returncode, " ".join(command), done.stderr


def jobs(headers, include):
    for compiler, language, standards in COMPILERS:
        if not shutil.which(compiler):
            print(f"skipped: {compiler} is not installed")
            continue
        for standard in standards:
            for header in headers:
                if ONE_LANGUAGE.get(header, language) != language:
                    continue
                for flags in [[], *VARIANTS.get(header, [])]:
                    # twice: its guard holds
                    text = f"#include <borrowscope/{header}>\n" * 2 + "extern int nothing;\n"
                    yield compiler, language, standard, include + flags, text


def main(source_root, build_root):
    folder = os.path.join(source_root, "include", "borrowscope")
    headers = sorted([name for name in os.listdir(folder) if name.endswith(".h")] + ["version.h"])
    include = ["-I" + os.path.join(source_root, "include"), "-I" + os.path.join(build_root, "include")]
    work = list(jobs(headers, include))
    for compiler, language, standard in sorted({job[:3] for job in work}):
        if compile_text(compiler, language, standard, [], BROKEN[language] + "\n")[0] == 0:
            sys.exit(f"{compiler} -std={standard} accepts what it should warn of: the check can't fail")
        after = "#include <borrowscope/borrowscope.h>\n" + STRICT.get(language, BROKEN[language]) + "\n"
        if compile_text(compiler, language, standard, include, after)[0] == 0:
            sys.exit(f"{compiler} -std={standard}: the headers turn off a warning of the program's own")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda job: compile_text(*job), work))
    failures = [(command, message) for status, command, message in results if status != 0]
    for command, message in failures:
        print(f"{command}\n{message}")
    print(f"{len(headers)} headers, {len(work)} compilations, {len(failures)} failed")
    if not work:
        return 77
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
