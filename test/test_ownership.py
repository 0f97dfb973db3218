#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compilers that check ownership find planted mistakes from the attributes of ownership.h, and none in a right program.

usage: test_ownership.py SOURCE_ROOT BUILD_ROOT
"""

import os
import re
import shutil
import subprocess
import sys

HEAD = """#include <borrowscope/ownership.h>
struct handle;
struct box;
void handle_close(struct handle *handle) BSCOPE_TAKES(1);
struct handle *handle_open(int n) BSCOPE_OWNS(handle_close);
int handle_read(const struct handle *handle) BSCOPE_BORROWS(1);
void box_put(struct box *box, struct handle *handle) BSCOPE_BORROWS(1) BSCOPE_HOLDS(2);
int use(int n, struct box *box);
int use(int n, struct box *box) {
  struct handle *one = handle_open(n);
  (void)box;
"""

RIGHT = HEAD + """  if (!one)
    return 1;
  struct handle *other = handle_open(2);
  if (other)
    box_put(box, other);
  int got = handle_read(one);
  handle_close(one);
  return got;
}
"""

# name, the lines behind HEAD, what each compiler says in a line marked HERE
PLANTED = [
    ("a double release", "  handle_close(one);\n  handle_close(one); /* HERE */\n  return 0;\n}\n",
     {"gcc": "double-", "clang": "free released memory"}),
    ("a leak", "  if (n > 3)\n    return 1; /* HERE */\n  handle_close(one);\n  return 0;\n}\n",
     {"gcc": "leak of", "clang": "leak"}),
    ("a use after the release", "  handle_close(one);\n  return handle_read(one); /* HERE */\n}\n",
     {"gcc": "after", "clang": "after it is freed"}),
    ("a release of what a container holds", "  box_put(box, one);\n  handle_close(one); /* HERE */\n  return 0;\n}\n",
     {"clang": "non-owned"}),
    ("the wrong release",
     "  extern void free(void *);\n  free(one); /* HERE */\n  return 0;\n}\n", {"gcc": "free"}),
]
COMMANDS = {"gcc": ["gcc", "-fanalyzer", "-Wall", "-Wextra", "-c", "-o", "/dev/null"],
            "clang": ["clang", "--analyze", "--analyzer-output", "text"]}


def warnings(compiler, include, text, standard):
    command = COMMANDS[compiler] + ["-x", "c", f"-std={standard}", *include, "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return [(int(line), message) for line, message in re.findall(r":(\d+):\d+: warning: (.*)", done.stderr)]


def knows(compiler):
    """Whether it has what this needs: gcc analyses since 10 and knows releases since 11."""
    if not shutil.which(compiler):
        return False
    if compiler == "clang":
        return True
    version = subprocess.run(["gcc", "-dumpversion"], capture_output=True, text=True, check=True).stdout
    return int(version.split(".")[0]) >= 11


def problems(compiler, include):
    found = [f"{compiler}: a right program: {one}" for one in warnings(compiler, include, RIGHT, "c11")]
    for name, lines, says in PLANTED:
        text = HEAD + lines
        here = 1 + text[:text.index("HERE")].count("\n")
        got = warnings(compiler, include, text, "gnu11")
        if compiler in says and not any(abs(line - here) <= 1 and says[compiler] in message for line, message in got):
            found.append(f"{compiler} does not find {name} in line {here}: {got}")
        without = "\n".join(["#define " + macro for macro in ("BSCOPE_OWNS(d)", "BSCOPE_TAKES(i)", "BSCOPE_HOLDS(i)",
                                                              "BSCOPE_BORROWS(i)")]) + "\n"
        plain = without + text.replace("#include <borrowscope/ownership.h>\n", "")
        if compiler in says and any(says[compiler] in message for _, message in warnings(compiler, [], plain, "gnu11")):
            found.append(f"{compiler} finds {name} without the attributes: the test shows nothing")
    return found


def main(source_root, build_root):
    include = ["-I" + os.path.join(source_root, "include"), "-I" + os.path.join(build_root, "include")]
    compilers = [compiler for compiler in COMMANDS if knows(compiler)]
    found = [problem for compiler in compilers for problem in problems(compiler, include)]
    print("\n".join(found) or f"{len(PLANTED)} planted mistakes, found by {' and '.join(compilers) or 'nobody'}")
    return 1 if found else 0 if compilers else 77


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
