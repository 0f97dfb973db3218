#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the command line costs on large traces: wall time and peak memory of each command, medians of several runs.

usage: bench_cli.py BUILD_FOLDER [--events N]... [--blocks] [--limit MIB] [--runs N] [--folder FOLDER]

BUILD_FOLDER is a release build with -Dbench=true; GNU time (package time) is needed. The traces are made in FOLDER
(default /var/tmp) and removed. Mixed events, or with --blocks those that pack worst, of blocks at random addresses, and
of the commands alone those whose memory does not grow with the file; --limit gives each command so much address space.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

# What is run; FILE is the trace. Output goes nowhere, or where -o says.
FLAT = [["stats", "FILE"], ["events", "--tail", "10", "FILE"], ["events", "FILE"], ["check", "FILE"]]
COMMANDS = [
    ["stats", "FILE"],
    ["doctor", "FILE"],
    ["events", "FILE"],
    ["events", "--tail", "10", "FILE"],
    ["events", "--kind", "Move", "FILE"],
    ["events", "--format", "ndjson", "FILE"],
    ["report", "FILE"],
    ["graph", "FILE"],
    ["graph", "--limit", "10", "FILE"],
    ["check", "FILE"],
    ["why", "FILE", "VARIABLE"],
    ["export", "FILE"],
    ["export", "--format", "ndjson", "FILE"],
    ["export", "--format", "csv", "FILE"],
    ["pack", "-q", "-o", "PACKED", "FILE"],
    ["events", "PACKED"],
]


def run(words, env=None, limit=None):
    """Wall time in seconds, CPU time and peak memory in MiB of one program: its own, which it would not be as a child of
    Python's. `limit`: its address space in MiB."""
    if limit:
        words = ["prlimit", f"--as={limit << 20}", *words]
    done = subprocess.run(["/usr/bin/time", "-q", "-f", "%e %U %S %M", *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, env=env, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(words)}: status {done.returncode}: {done.stderr}")
    seconds, user, system, peak = map(float, done.stderr.splitlines()[-1].split())
    return seconds, user + system, peak / 1024


def without_options(**more):
    return {key: value for key, value in os.environ.items() if key != "BORROWSCOPE_OPTIONS"} | more


def middle_variable(program, trace, events):
    """The id of a variable from the middle of the trace."""
    words = [program, "events", "-q", "--kind", "New", "--from", str(events // 2), "--head", "1", "--format", "ndjson", trace]
    line = subprocess.run(words, capture_output=True, text=True, check=True, env=without_options()).stdout
    fields = json.loads(line)
    return f"{fields['name']}_{fields['stamp']}"


def measure(options, folder, events):
    program = os.path.join(options.build, "tools/cli/borrowscope")
    trace, packed = os.path.join(folder, f"{events}.bscope"), os.path.join(folder, f"{events}.packed.bscope")
    recorder = [os.path.join(options.build, "bench/borrowscope_bench_trace"), str(events)] + ["blocks"] * options.blocks
    run(recorder, without_options(BORROWSCOPE_OPTIONS=f"file={trace}:memory=16G")) # all are kept
    places = {"FILE": trace, "PACKED": packed}
    if not options.blocks:
        places["VARIABLE"] = middle_variable(program, trace, events)
    rows = []
    for words in FLAT if options.blocks else COMMANDS:
        done = [run([program, *[places.get(word, word) for word in words]], without_options(), options.limit)
                for _ in range(options.runs)]
        rows.append((" ".join(words), *[statistics.median(column) for column in zip(*done)]))
        print(f"{events:>9} {rows[-1][0]:32} {rows[-1][1]:7.2f} s {rows[-1][2]:7.2f} s CPU {rows[-1][3]:7.1f} MiB", file=sys.stderr)
    return rows, [os.path.getsize(path) for path in (trace, packed) if os.path.exists(path)]


def put_table(counts, measured):
    print("| command | " + " | ".join(f"{count:,} events: time (CPU), memory" for count in counts) + " |")
    print("|---|" + "---:|" * len(counts))
    for row in zip(*[measured[count][0] for count in counts]):
        cells = [f"{seconds:.2f} s ({cpu:.2f}), {memory:.0f} MiB" for _, seconds, cpu, memory in row]
        print(f"| `{row[0][0]}` | " + " | ".join(cells) + " |")
    cells = [", ".join(f"{size / 1048576:.1f} MiB" for size in measured[count][1]) for count in counts]
    print("| the file, packed | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n", maxsplit=2)[1].removeprefix("usage: "))
    parser.add_argument("build")
    parser.add_argument("--events", type=int, action="append")
    parser.add_argument("--blocks", action="store_true")
    parser.add_argument("--limit", type=int, metavar="MIB")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", default="/var/tmp")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="borrowscope-bench-", dir=options.folder)
    counts = options.events or [10**6, 10**7]
    try:
        put_table(counts, {count: measure(options, folder, count) for count in counts})
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
