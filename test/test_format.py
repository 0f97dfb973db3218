#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every C and C++ source has the format of .clang-format. Versions of clang-format differ, so only 14 is asked.

usage: test_format.py SOURCE_ROOT
"""

import re
import shutil
import subprocess
import sys

import sources

VERSION = "14"


def find_formatter():
    for name in (f"clang-format-{VERSION}", "clang-format"):
        if shutil.which(name):
            text = subprocess.run([name, "--version"], capture_output=True, text=True, check=False).stdout
            if re.search(r"version %s\." % VERSION, text):
                return name
    return None


def main(root):
    formatter = find_formatter()
    if not formatter:
        print(f"skipped: clang-format {VERSION} is not installed")
        return 77
    command = [formatter, "--dry-run", "-Werror", "--style=file"]
    planted = subprocess.run([*command, "--assume-filename=lib/a.c"], input="int  x ;\n", cwd=root, text=True,
                             capture_output=True, check=False)
    if planted.returncode == 0:
        sys.exit("clang-format accepts what has no format: the check can't fail")
    paths = sources.c_files(root)
    done = subprocess.run([*command, *paths], cwd=root, capture_output=True, text=True, check=False)
    bad = sorted(set(re.findall(r"^(\S+):\d+:\d+: error:", done.stderr, flags=re.MULTILINE)))
    for path in bad:
        print(f"{path}: run {formatter} -i {path}")
    print(f"{len(paths)} files, {len(bad)} not in format")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
