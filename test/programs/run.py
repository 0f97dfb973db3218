#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs small programs, right ones and such with a planted mistake, and compares the findings of their traces with what each says in its first comment.

    Finds: BS003 error inferred            a finding, its severity, and whether it is inferred; or: nothing
    Finds: BS005 error, then program ended a place at the end that no line has
    int *b = …; /* BS003 1 borrowed, BS004 2 created */   the line is the first place of BS003, and the second of BS004

A second finding of one rule is called BS003b.

Judges: slow    test/rules/check.py, from the raw events of the trace
        stream  the library's checker on the same raw events
        check   `borrowscope check --format json` of the trace

usage: run.py BUILT_PROGRAMS EVENTS_OF_FILE SOURCES JUDGE=COMMAND…    (SOURCES: names with commas between; slow= needs no command)
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCES = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(SOURCES.parent / "rules"))
import check  # noqa: E402

FINDS = re.compile(r"^ \* Finds: (.*)$", re.M)
FINDING = re.compile(r"(BS\d{3})([a-z]?) (error|warning|note)( inferred)?(, then program ended)?$")
MARK = re.compile(r"(BS\d{3}[a-z]?) (\d) ([a-z ]+)")


def expected_of(text):
    """What the program says that is found in it: [(rule, severity, inferred, [(role, line)])]."""
    places = collections.defaultdict(dict)
    for number, line in enumerate(text.splitlines(), 1):
        for comment in re.findall(r"/\*(.*?)\*/", line):
            for name, place, role in MARK.findall(comment):
                assert int(place) not in places[name], f"{name} {place} stands twice"
                places[name][int(place)] = (role.strip(), number)
    found = []
    for said in FINDS.findall(text):
        if said == "nothing":
            continue
        parts = FINDING.match(said)
        assert parts, f"not understood: {said}"
        rule, letter, severity, inferred, ended = parts.groups()
        marked = places.pop(rule + letter)
        assert sorted(marked) == list(range(1, len(marked) + 1)), f"{rule}{letter}: places {sorted(marked)}"
        at = [marked[i] for i in sorted(marked)] + ([("program ended", 0)] if ended else [])
        found.append((rule, severity, inferred is not None, at))
    assert FINDS.search(text), "says nothing of what is found"
    assert not places, f"marked and not announced: {sorted(places)}"
    return sorted(found)


def at_lines(findings, rows):
    """Findings over positions as such over lines."""
    about, rows = rows[0]["log"], rows[1:]

    def line(place):
        return 0 if place["role"] == "program ended" else rows[place["stamp"] - about["first"]]["line"]

    return sorted((f["rule"], f["severity"], f["inferred"], [(p["role"], line(p)) for p in f["places"]]) for f in findings)


def judged(how, command, trace, rows):
    if how == "slow":
        return at_lines(check.check(rows), rows)
    if how == "stream":
        text = "".join(json.dumps(row) + "\n" for row in rows)
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
        return at_lines([json.loads(line) for line in done.stdout.splitlines()][:-1], rows)
    done = subprocess.run([*command, "check", "--format", "json", str(trace)], capture_output=True, text=True, check=False)
    findings = json.loads(done.stdout)["findings"]
    errors = any(f["severity"] == "error" for f in findings)
    assert done.returncode == errors, f"exit status {done.returncode} with findings {findings}"
    return sorted((f["rule"], f["severity"], f["inferred"], [(p["role"], p.get("line", 0)) for p in f["places"]]) for f in findings)


def written(finding):
    rule, severity, inferred, places = finding
    return f"{rule} {severity}{' inferred' if inferred else ''}: " + ", ".join(f"{role} {line}" for role, line in places)


def try_one(source, program, events, judges):
    """Complaints about one program."""
    with tempfile.TemporaryDirectory() as directory:
        trace = pathlib.Path(directory) / "trace"
        env = {**os.environ, "BORROWSCOPE_OPTIONS": f"file={trace}", "ASAN_OPTIONS": "detect_leaks=0"}  # some leak
        done = subprocess.run([program], env=env, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0 or done.stderr:
            return [f"{source.name}: ended with {done.returncode} {done.stderr}"]
        listed = subprocess.run([events, str(trace)], capture_output=True, text=True, check=True).stdout
        rows = [json.loads(line) for line in listed.splitlines()]
        expected = expected_of(source.read_text(encoding="utf-8"))
        complaints = []
        for how, command in judges:
            found = judged(how, command, trace, rows)
            if found != expected:
                complaints += [f"{source.name}, {how}:"]
                complaints += [f"  missing  {written(f)}" for f in expected if f not in found]
                complaints += [f"  too much {written(f)}" for f in found if f not in expected]
        return complaints


def main():
    programs, events = pathlib.Path(sys.argv[1]), sys.argv[2]
    judges = [(how, command.split()) for how, command in (a.split("=", 1) for a in sys.argv[4:])]
    sources = [SOURCES / name for name in sys.argv[3].split(",")]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda s: try_one(s, str(programs / f"program_{s.stem}"), events, judges), sources))
    complaints = [line for lines in done for line in lines]
    print("\n".join(complaints))
    right = sum("Finds: nothing" in s.read_text(encoding="utf-8") for s in sources)
    print(f"{len(sources)} programs, {right} without a finding, judged by {', '.join(how for how, _ in judges)}: {sum(bool(d) for d in done)} not as they say")
    return bool(complaints)


if __name__ == "__main__":
    sys.exit(main())
