#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tracking macros under every compiler and standard at hand, and the messages for what can't be tracked.

test_track_c.c, test_track_cxx.cc and the calls of the vocabulary are compiled with all warnings as errors, linked with the library's objects
and run (BSCOPE_TEST_FULL=1: without optimisation too). Then programs that must not compile: each is wrong in one way, and the compiler has to say what to do.

Usage: test_track_compilers.py SOURCE_ROOT BUILD_ROOT
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wundef", "-Wcast-qual", "-Werror"]
C_WARNINGS = ["-Wmissing-prototypes", "-Wstrict-prototypes"]
CXX_WARNINGS = ["-Wold-style-cast", "-Wnon-virtual-dtor"]
FULL = os.environ.get("BSCOPE_TEST_FULL") == "1"
LIBRARIES = ["-lcmocka", "-lurcu-memb", "-lurcu-common", "-ljansson", "-lpthread"]

# standard of the language, what stands in a function's body, a part of the message
REFUSED = [
    ("c", "int x = 1; bscope_drop_at(x);", "needs a pointer"),
    ("c", "int x = 1; BSCOPE_REF(int, r, x);", "write the pointer's type"),
    ("c", "const char *n = __FILE__; bscope_track_drop(n + (n != 0));", "constant"),
    ("c++", "int x = 1; bscope_new_at(\"x\", x, 4);", "needs a pointer"),
    ("c++", "struct pinned { pinned() {} pinned(const pinned &) = delete; }; bscope_track_new(\"p\", pinned());",
     "can't be moved"),
    ("c++", "typedef int row[2]; bscope_track_new(\"a\", row{1, 2});", "can't be handed on"),
    ("c++", "int x = 1; BSCOPE_LET(int &, r, x);", "use BSCOPE_REF"),
    ("c++", "struct { unsigned b : 3; } s = {1}; bscope_track_new(\"b\", s.b);", "write +s.f"),
    ("c++", "struct { unsigned b : 3; } s = {1}; bscope_track_borrow_typed(\"b\", \"t\", s.b);", "write +s.f"),
]


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, **more)


def must(command, **more):
    done = run(command, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}:\n{done.stdout}{done.stderr}")


def run_tests(compiler, standard, source, extra, root, build, folder):
    program = folder / "program"
    includes = [f"-I{root}/include", f"-I{root}/lib", f"-I{build}/include"]
    archive = build / "lib" / "libborrowscope_internal.a"
    for level in ["-O0", "-O2"] if FULL else ["-O2"]:
        must([compiler, f"-std={standard}", level, *WARNINGS, *extra, *includes, str(root / "test" / source),
              str(archive), *LIBRARIES, "-o", str(program)])
        must([str(program)], env={**os.environ, "BORROWSCOPE_OPTIONS": ""}, timeout=60)
    print(f"{compiler} {standard}: {source} passes")


def check_refused(compiler, standard, root, folder):
    suffix = ".cc" if "++" in standard else ".c"
    file = folder / ("refused" + suffix)
    for language, body, message in REFUSED:
        if ("++" in language) != ("++" in standard):
            continue
        file.write_text(f"#include <borrowscope/track.h>\nvoid f(void);\nvoid f(void) {{ {body} }}\n")
        done = run([compiler, f"-std={standard}", f"-I{root}/include", "-fsyntax-only", str(file)])
        if done.returncode == 0 or message not in done.stderr:
            sys.exit(f"{compiler} {standard}: {body}\nexpected a message with '{message}', found:\n{done.stderr}")
    print(f"{compiler} {standard}: what can't be tracked is refused with a reason")


def check_too_old(compiler, root, build, folder):
    """C++ before 17 is refused in one sentence, and the rest of the headers adds nothing to it."""
    file = folder / "old.cc"
    for header, flags in [("borrowscope.h", []), ("track.h", []), ("track.h", ["-DBORROWSCOPE_DISABLE"])]:
        file.write_text(f"#include <borrowscope/{header}>\nint x;\n")
        done = run([compiler, "-std=c++14", *flags, f"-I{root}/include", f"-I{build}/include", "-fsyntax-only",
                    str(file)])
        errors = [line for line in done.stderr.splitlines() if "error:" in line]
        if len(errors) != (0 if flags else 1) or not all("need C++17" in line for line in errors):
            sys.exit(f"{compiler} c++14 {header} {flags}: one clear error expected, found:\n{done.stderr}")
    print(f"{compiler} c++14: refused with a reason")


def main():
    root, build = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    found = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for compiler in filter(shutil.which, ["gcc", "clang"]):
            for standard in ["c11", "gnu2x"]:
                for source in ["test_track_c.c", "test_vocabulary.c"]:
                    run_tests(compiler, standard, source, C_WARNINGS, root, build, folder)
                check_refused(compiler, standard, root, folder)
                found += 1
        for compiler in filter(shutil.which, ["g++", "clang++"]):
            check_too_old(compiler, root, build, folder)
            for standard in ["c++17", "c++20"]:
                for source in ["test_track_cxx.cc", "test_vocabulary_cxx.cc"]:
                    run_tests(compiler, standard, source, CXX_WARNINGS, root, build, folder)
                check_refused(compiler, standard, root, folder)
                found += 1
    if not found:
        print("no compiler found")
        sys.exit(77)


main()
