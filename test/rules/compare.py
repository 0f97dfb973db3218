#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The library's checker against the slow one, on streams from a seed: no difference, whatever the stream.

The first difference is made small (events are taken away while it stays) and printed with what both say of it.
BSCOPE_TEST_FULL=1: 10,000 streams instead of 200. Prints the seed.

usage: compare.py PROGRAM [--seed SEED] [--streams N] [--core]: --core leaves out all kinds but the core's
       compare.py PROGRAM FILE: that stream
"""

import argparse
import collections
import concurrent.futures
import json
import os
import subprocess
import sys
import time

import check
import streams

BATCH = 50


def library_findings(program, many):
    """The library's findings of each of many streams, in one process."""
    text = "".join("".join(json.dumps(row) + "\n" for row in rows) + "--\n" for rows in many)
    done = subprocess.run([program], input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{program} ended with {done.returncode}: {done.stderr[-2000:]}")
    answers, current = [], []
    for line in done.stdout.splitlines():
        if line == "--":
            answers.append(current)
            current = []
        else:
            current.append(json.loads(line))
    return answers


def sorted_lines(findings):
    return sorted(json.dumps(f, sort_keys=True) for f in findings)


def groups_of(findings, rows):
    """How often each rule is broken at the same places: (rule, severity, inferred, [(role, file, line, function)]) and a count."""
    first, rows = rows[0]["log"].get("first", 0), rows[1:]

    def site(place):
        if place["role"] == "program ended":
            return [place["role"]]
        row = rows[place["stamp"] - first]
        return [place["role"], row.get("file"), row.get("line", 0), row.get("function")]

    counts = collections.Counter()
    for f in findings:
        counts[json.dumps([f["rule"], f["severity"], f["inferred"], [site(p) for p in f["places"]]])] += f.get("count", 1)
    return counts


def agree(theirs, rows):
    """What the library says, its groups last, against the rules."""
    *findings, groups = theirs
    ours = check.check(rows)
    return sorted_lines(findings) == sorted_lines(ours) and groups_of(groups["groups"], rows) == groups_of(ours, rows) and len(
        groups["groups"]) == len(groups_of(ours, rows))


def differs(program, rows):
    """Whether the two say different things of it; a crash is a difference."""
    try:
        theirs = library_findings(program, [rows])[0]
    except (RuntimeError, IndexError):
        return True
    return not agree(theirs, rows)


def smallest(program, rows):
    """The stream with as many events taken away as the difference survives."""
    about, rest = rows[:1], rows[1:]
    step = max(1, len(rest) // 2)
    while True:
        i = 0
        while i < len(rest):
            shorter = rest[:i] + rest[i + step:]
            if differs(program, about + shorter):
                rest = shorter
            else:
                i += step
        if step == 1:
            return about + rest
        step //= 2


def show(program, rows, where):
    rows = smallest(program, rows)
    print(f"{where}: the two differ. The smallest stream that shows it:")
    for position, row in enumerate(rows[1:]):
        print(f"  {position}: {json.dumps(row)}")
    print(f"  {json.dumps(rows[0])}")
    try:
        theirs = sorted_lines(library_findings(program, [rows])[0])
    except RuntimeError as error:
        theirs = [str(error)]
    ours = sorted_lines(check.check(rows))
    for line in theirs:
        print(f"  {'both   ' if line in ours else 'library'} {line}")
    for line in ours:
        if line not in theirs:
            print(f"  rules   {line}")


def compare_batch(program, seed, numbers, kinds):
    """Events, findings, and the first stream of these that shows a difference, or None."""
    many = [streams.stream(seed, i, kinds) for i in numbers]
    try:
        answers = library_findings(program, many)
    except RuntimeError:
        answers = []
    for i, rows in enumerate(many):
        if (i >= len(answers) or not agree(answers[i], rows)) and differs(program, rows):
            return 0, 0, numbers[i]
    if len(answers) != len(many):
        raise RuntimeError(f"{program} judges each of the streams {numbers} alone, but not all of them")
    return sum(len(rows) - 1 for rows in many), sum(len(a) - 1 for a in answers), None


def compare_all(program, seed, count, kinds):
    start, events, findings = time.monotonic(), 0, 0
    batches = [range(first, min(count, first + BATCH)) for first in range(0, count, BATCH)]
    with concurrent.futures.ProcessPoolExecutor() as pool:
        for some_events, some_findings, wrong in pool.map(compare_batch, *zip(*((program, seed, batch, kinds) for batch in batches))):
            if wrong is not None:
                pool.shutdown(cancel_futures=True)
                show(program, streams.stream(seed, wrong, kinds), f"stream {wrong} of seed {seed}")
                return False
            events, findings = events + some_events, findings + some_findings
    print(f"{count} streams of seed {seed}, {events} events, {findings} findings, {time.monotonic() - start:.0f} s: no difference")
    return findings > 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("file", nargs="?")
    parser.add_argument("--seed", default=str(int(time.time())))
    parser.add_argument("--streams", type=int, default=10000 if os.environ.get("BSCOPE_TEST_FULL") else 200)
    parser.add_argument("--core", action="store_true")
    options = parser.parse_args()
    if options.file is None:
        return 0 if compare_all(options.program, options.seed, options.streams, not options.core) else 1
    with open(options.file, encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    if "log" not in rows[0]:
        rows.insert(0, {"log": {"ended": True}})
    if differs(options.program, rows):
        show(options.program, rows, options.file)
        return 1
    print("no difference")
    return 0


if __name__ == "__main__":
    sys.exit(main())
