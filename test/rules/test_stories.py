#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The slow checker on streams by hand: exactly the findings that the rules' text says.

usage: test_stories.py [PROGRAM]: PROGRAM reads a stream as check.py does and prints its findings; without it check.py is tested
"""

import json
import subprocess
import sys

import check
import stories


def findings_of(program, rows):
    if program is None:
        return check.check(rows)
    stream = "".join(json.dumps(row) + "\n" for row in rows)
    output = subprocess.run([program], input=stream, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in output.splitlines()][:-1]  # without the groups


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else None
    wrong = count = 0
    for what, rows, expected in stories.all_stories():
        count += 1
        found = [stories.written(f) for f in findings_of(program, rows)]
        if sorted(found) != sorted(expected):
            wrong += 1
            print(f"{what}:\n  expected {expected}\n  found    {found}")
    print(f"{count} stories, {wrong} not as the rules say")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
