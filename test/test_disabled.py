#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""P8: with BORROWSCOPE_DISABLE a program is the same machine code as without the macros.

Each sample stands here twice, with the macros and written plainly. Both are compiled with -O2 by every compiler
found, with all warnings as errors, and their disassembly, data and undefined symbols compared. The same sample
with tracking on must differ, which shows that the comparison can fail. BSCOPE_TEST_FULL=1: by newer standards of the languages too.

Usage: test_disabled.py INCLUDE_DIRECTORY
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

COMMON = [
    ("int *id(int *p);", None),
    ("int *id(int *p) { return bscope_track_borrow(\"r\", p); }", "int *id(int *p) { return p; }"),
    (
        "int sum(int a, int b); int sum(int a, int b) { bscope_track_new(\"a\", a);"
        " int c = bscope_track_move(\"b\", \"c\", bscope_track_new(\"b\", b)); bscope_track_drop(\"a\");"
        " bscope_track_drop_named(\"c\"); bscope_track_new_named(\"c\", c); return a * c; }",
        "int sum(int a, int b); int sum(int a, int b) { int c = b; return a * c; }",
    ),
    (
        "struct big { int a[40]; }; int third(struct big b);"
        "int third(struct big b) { return bscope_track_move(\"b\", \"c\", b).a[3]; }",
        "struct big { int a[40]; }; int third(struct big b); int third(struct big b) { return b.a[3]; }",
    ),
    (
        "void *grow(char *p, size_t n); void *grow(char *p, size_t n) { bscope_use_at(p, \"p\");"
        " char *q = (char *)bscope_realloc_at(bscope_borrow_mut_at(\"m\", p), n);"
        " bscope_new_at(\"q\", q, n); bscope_resize_end_at(bscope_resize_begin_at(q, n), n); bscope_drop_at(q);"
        " bscope_borrow_end(\"m\"); return bscope_move_at(q, \"r\"); }",
        "void *grow(char *p, size_t n); void *grow(char *p, size_t n) { char *q = (char *)realloc(p, n); return q; }",
    ),
    (
        "int scopes(int n); int scopes(int n) { int s = 0; for (int i = 0; i < n; i++) { BSCOPE_LET(int, x, i * 2);"
        " BSCOPE_REF(const int *, r, &x); BSCOPE_MUT(int *, m, &s); BSCOPE_LET_AUTO(y, 3); BSCOPE_KEEP(x);"
        " if (x == 14) break; *m += *r * y; } return s; }",
        "int scopes(int n); int scopes(int n) { int s = 0; for (int i = 0; i < n; i++) { int x = i * 2;"
        " const int *r = &x; int *m = &s; int y = 3; if (x == 14) break; *m += *r * y; } return s; }",
    ),
    (
        "int owners(int *p, int n); int owners(int *p, int n) { int *q = bscope_track_rc_new(\"a\", p);"
        " q = bscope_track_rc_clone(\"b\", \"a\", q, n, 1); q = bscope_track_weak_new(\"w\", \"b\", q);"
        " q = bscope_track_ref_cell_borrow_mut(\"g\", \"c\", q); bscope_track_ref_cell_drop(\"g\");"
        " q = bscope_track_once_cell_get_or_init(\"o\", n > 1, q); q = bscope_track_static_init(\"s\", 1, \"int\", n, q);"
        " q = bscope_track_new_with_id(n, \"x\", \"int *\", q); q = bscope_track_borrow_mut_with_id(2, n, \"m\", q);"
        " q = bscope_track_arc_clone_with_id(3, n, \"e\", q, 2, 3); bscope_track_drop_with_id(n);"
        " q = bscope_track_new_sampled(\"x\", q, 0.5); bscope_drop_at_sampled(q, 0.5);"
        " return *bscope_track_raw_ptr_created(\"r\", 7, \"int *\", q) + bscope_track_thread_join(\"t\", n); }",
        "int owners(int *p, int n); int owners(int *p, int n) { int *q = p; return *q + n; }",
    ),
    (
        "struct lay { char a; int b; }; int scopes2(struct lay l, char *h, int n);"
        "int scopes2(struct lay l, char *h, int n) { int s = 0; bscope_track_fn_enter(1, \"f\");"
        " bscope_track_loop_enter(2, \"for\"); for (int i = 0; i < n; i++) { bscope_track_loop_iteration(2, i); s += i; }"
        " bscope_track_loop_exit(2); bscope_track_await_start_with_live_vars(n, \"a\", \"b\", \"c\");"
        " bscope_track_closure_capture(n, \"x\", \"by_ref\"); bscope_track_lock_guard_acquire(\"g\", \"l\", \"Mutex\");"
        " bscope_track_channel(\"c\"); bscope_track_stack_addr(\"l\", l); bscope_track_stack_field(\"l\", l, b);"
        " bscope_track_stack_padding(\"l\", l, a, b); bscope_track_heap_addr(\"h\", h, 3, 4);"
        " bscope_track_heap_realloc(\"h\", h, h + n, 1, 2); bscope_track_return(3, n); bscope_track_fn_exit(1, \"f\");"
        " return s + l.b; }",
        "struct lay { char a; int b; }; int scopes2(struct lay l, char *h, int n);"
        "int scopes2(struct lay l, char *h, int n) { int s = 0; (void)h; for (int i = 0; i < n; i++) { s += i; }"
        " return s + l.b; }",
    ),
    (
        "void names(const char *const *n); void names(const char *const *n) { bscope_track_drop_batch(n, 3); }",
        "void names(const char *const *n); void names(const char *const *n) { (void)n; }",
    ),
]
C_ONLY = [
    (
        "struct f { unsigned b : 3; int *p; }; int fields(struct f *f);"
        "int fields(struct f *f) { bscope_track_new(\"b\", f->b); int a[2] = {1, 2};"
        " return bscope_track_borrow(\"a\", a)[1] + (int)bscope_track_new(\"b\", f->b); }",
        "struct f { unsigned b : 3; int *p; }; int fields(struct f *f);"
        "int fields(struct f *f) { int a[2] = {1, 2}; return a[1] + (int)f->b; }",
    ),
]
CXX_ONLY = [
    ("#include <string>\n#include <utility>", None),
    (
        "std::string hand(std::string s); std::string make(); int use(const std::string &s);"
        "std::string hand(std::string s) { use(bscope_track_new(\"t\", make()));"
        " auto t = bscope_track_new(\"t\", make()); BSCOPE_LET(std::string, u, make());"
        " BSCOPE_REF(const std::string &, r, u); use(bscope_track_borrow(\"r\", r));"
        " return bscope_track_move(\"s\", \"t\", std::move(s)); }",
        "std::string hand(std::string s); std::string make(); int use(const std::string &s);"
        "std::string hand(std::string s) { use(make()); auto t = make(); std::string u = make();"
        " const std::string &r = u; use(r); return std::move(s); }",
    ),
    (
        "struct pinned { explicit pinned(int); pinned(const pinned &) = delete; int x; }; int pin();"
        "int pin() { pinned p = bscope_track_new(\"p\", pinned(3)); return bscope_track_borrow(\"b\", p).x; }",
        "struct pinned { explicit pinned(int); pinned(const pinned &) = delete; int x; }; int pin();"
        "int pin() { pinned p = pinned(3); return p.x; }",
    ),
]
FULL = os.environ.get("BSCOPE_TEST_FULL") == "1"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"]


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
    return done.stdout


def source(samples, plain):
    lines = [with_macros if not plain or without is None else without for with_macros, without in samples]
    return "#include <stdlib.h>\n#include <borrowscope/track.h>\n" + "\n".join(lines) + "\n"


def code(compiler, flags, text, folder, suffix):
    file = folder / ("sample" + suffix)
    out = folder / "sample.o"
    file.write_text(text)
    run(compiler, "-O2", "-c", *flags, str(file), "-o", str(out))
    listing = run("objdump", "-dr", "--no-show-raw-insn", str(out)) + run("objdump", "-h", str(out))
    listing = "\n".join(line for line in listing.splitlines() if ".comment" not in line and "file format" not in line)
    # the offset of a section in the file moves with the symbol table, not with the code
    listing = re.sub(r"^( +\d+ \S+ +[0-9a-f]+ +[0-9a-f]+ +[0-9a-f]+) +[0-9a-f]+", r"\1", listing, flags=re.M)
    return listing, run("nm", "-u", str(out))


def compare(compiler, standard, samples, suffix, include, folder):
    flags = [f"-std={standard}", f"-I{include}", *WARNINGS]
    relaxed = [flag for flag in flags if not flag.startswith("-W")] + ["-w"]
    plain = code(compiler, relaxed, source(samples, True), folder, suffix)
    off = code(compiler, flags + ["-DBORROWSCOPE_DISABLE"], source(samples, False), folder, suffix)
    movable = [pair for pair in samples if "pinned" not in pair[0]]
    on = code(compiler, flags, source(movable, False), folder, suffix)
    if off != plain:
        sys.exit(f"{compiler} {standard}: the disabled macros are not free\n--- off\n{off}\n--- plain\n{plain}")
    if on == plain or "bscope_emit_slow" not in on[1]:
        sys.exit(f"{compiler} {standard}: the comparison sees no difference when tracking is on")
    print(f"{compiler} {standard}: {len(plain[0].splitlines())} lines of disassembly are the same")


def main():
    include = sys.argv[1]
    compared = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for compiler in filter(shutil.which, ["gcc", "clang"]):
            for standard in ["gnu11", "gnu2x"] if FULL else ["gnu11"]:
                compare(compiler, standard, COMMON + C_ONLY, ".c", include, folder)
                compared += 1
        for compiler in filter(shutil.which, ["g++", "clang++"]):
            for standard in ["c++17", "c++20"] if FULL else ["c++17"]:
                compare(compiler, standard, COMMON + CXX_ONLY, ".cc", include, folder)
                compared += 1
    if not compared:
        print("no compiler found")
        sys.exit(77)


main()
