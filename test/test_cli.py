#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line from outside: a table of calls, each in a pipe and in a terminal of 80 columns; that help, pages and
completions agree; and how `run` treats a program.

Stories (test/cli_story.c) stand for trace files; what `run` needs of a program is tried on real ones.

usage: test_cli.py CLI_STORY BORROWSCOPE LINKED_PROGRAM PAGES_FOLDER
"""

import collections
import contextlib
import csv
import fcntl
import io
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

COLUMNS = 80
STORY = REAL = LINKED = PAGES = ""

# `out` and `err` are patterns that must be found, behind '!' such that must not; wide: lines may be longer than a screen.
Call = collections.namedtuple("Call", "args status out err env wide", defaults=[0, [], [], {}, False])

# What of a pattern only holds for the clock of a story.
TIMED = re.compile(r"\+4500us|\+0\.0|\\\+0\\\.0|19\\\.5 ms|1004500000|in_all")

SMALL = "small.story"
CALLS = [
    # The program itself.
    Call([], 2, ["!."], ["usage: borrowscope COMMAND"]),
    Call(["--help"], 0, ["usage: borrowscope COMMAND", "Exit status: 0 clean", r"\n  why \[FILE\] VARIABLE"]),
    Call(["-h"], 0, ["usage: borrowscope COMMAND"]),
    Call(["--version"], 0, [r"^borrowscope \d+\.\d+\.\d+ \(libborrowscope \d+\.\d+\.\d+\)$"]),
    Call(["-V"], 0, ["^borrowscope "]),
    Call(["--bogus"], 2, ["!."], ["there is no option '--bogus' before a command"]),
    Call(["evnts"], 2, ["!."], ["no command 'evnts'; is events meant"]),
    Call(["frobnicate"], 2, ["!."], ["no command 'frobnicate'; see"]),
    Call(["\033[31mred"], 2, ["!."], [r"no command '\\x1B\[31mred'", "!\033\\[31m"]),
    Call(["help"], 0, ["usage: borrowscope COMMAND"]),
    Call(["help", "events"], 0, ["--kind KIND", "--follow", "WHEN is a stamp"]),
    Call(["help", "nothing"], 2, ["!."], ["no command 'nothing'"]),
    Call(["help", "a", "b"], 2, ["!."], ["'b' is one argument too many"]),
    Call(["--generate-man"], 0, [r"\.Sh NAME", r"\.It Cm run"], [], {}, True),
    Call(["--generate-man", "why"], 0, [r"\.Nm borrowscope\\-why"], [], {}, True),
    Call(["--generate-man", "nothing"], 2, ["!."], ["no command 'nothing'"]),
    Call(["--generate-completion", "bash"], 0, ["complete -o filenames -F _borrowscope"], [], {}, True),
    Call(["--generate-completion", "tcsh"], 2, ["!."], ["bash, zsh or fish, not 'tcsh'"]),
    # Options, whatever the command.
    Call(["events", "--bogus", SMALL], 2, ["!."], ["no option '--bogus'; see: borrowscope help events"]),
    Call(["events", "--knd", "New", SMALL], 2, ["!."], ["is --kind meant"]),
    Call(["events", "--knd=New", SMALL], 2, ["!."], ["'--knd'; is --kind meant"]),
    Call(["events", "-x", SMALL], 2, ["!."], ["there is no option '-x'"]),
    Call(["events", SMALL, "--kind"], 2, ["!."], ["'--kind' needs a value"]),
    Call(["events", "--strict=yes", SMALL], 2, ["!."], ["'--strict=yes' takes no value"]),
    Call(["events", "--head", "many", SMALL], 2, ["!."], ["--head: 'many' is not allowed; it takes a whole number"]),
    Call(["events", "--head", "-1", SMALL], 2, ["!."], ["a whole number"]),
    Call(["events", "--format", "csv", SMALL], 2, ["!."], [r"it takes text\|json\|ndjson"]),
    Call(["events", "--color", "blue", SMALL], 2, ["!."], [r"auto\|always\|never"]),
    Call(["events", "a", "b"], 2, ["!."], ["'b' is one argument too many"]),
    Call(["report", "--kind", "New", SMALL], 2, ["!."], ["no option '--kind'"]),
    Call(["events", "--he", "2", SMALL], 2, ["!."], ["no option"]),
    Call(["why"], 2, ["!."], ["VARIABLE is missing"]),
    # Files.
    Call(["events", "nothere.story"], 2, ["!."], ["borrowscope: nothere.story: offset 0: this is no trace"]),
    Call(["events", "bad\033[0m.story"], 2, ["!."], [r"bad\\x1B\[0m\.story", "!bad\033"]),
    Call(["report"], 2, ["!."], ["no FILE is given, and there is no .*bscope file here"]),
    # events
    Call(["events", SMALL], 0, [r"^ 0  \+0\.000000  0  New     x: int +src/story\.c:10$",
                                r"buf: int, 64 bytes", r"m borrows mine mutably", r"r \(end of borrow\)",
                                r"buf -> queued", r"(?s)\A([^\n]*\n){14}\Z"], ["!."]),
    Call(["events", "--kind", "Move", SMALL], 0, [r"(?s)\A([^\n]*Move[^\n]*\n){2}\Z"]),
    Call(["events", "--kind", "move,DROP", SMALL], 0, [r"(?s)\A([^\n]*(Move|Drop)[^\n]*\n){6}\Z"]),
    Call(["events", "--kind", "Moev", SMALL], 2, ["!."], ["no kind 'Moev'; the nearest is Move"]),
    Call(["events", "--kind", "", SMALL], 0, ["!."]),
    Call(["events", "--name", "x", SMALL], 0, [r"(?s)\A([^\n]* x[:\s][^\n]*\n){3}\Z"]),
    Call(["events", "--name", "q*", SMALL], 0, [r"(?s)\A[^\n]*queued[^\n]*\n\Z"]),
    Call(["events", "--name", "mine", SMALL], 0, ["item -> mine", "Drop    mine"]),
    Call(["events", "--name", "nobody", SMALL], 0, ["!."]),
    Call(["events", "--thread", "1", SMALL], 0, [r"(?s)\A([^\n]*  1  [^\n]*\n){5}\Z"]),
    Call(["events", "--thread", "nobody", SMALL], 0, ["!."]),
    Call(["events", "--from", "3", "--to", "5", SMALL], 0, [r"(?s)\A +3 [^\n]*\n +4 [^\n]*\n\Z"]),
    Call(["events", "--from", "+4500us", "--to", "+6ms", SMALL], 0, [r"(?s)\A +3 [^\n]*\n\Z"]),
    Call(["events", "--from", "+0.0195s", SMALL], 0, [r"(?s)\A13 [^\n]*\n\Z"]),
    Call(["events", "--from", "1e3", SMALL], 2, ["!."], ["--from: '1e3' is neither a stamp"]),
    Call(["events", "--to", "+", SMALL], 2, ["!."], ["--to: '\\+' is neither"]),
    Call(["events", "--from", "9999999", SMALL], 0, ["!."]),
    Call(["events", "--head", "2", SMALL], 0, [r"(?s)\A 0 [^\n]*\n 1 [^\n]*\n\Z"]),
    Call(["events", "--head", "0", SMALL], 0, ["!."]),
    Call(["events", "--tail", "2", SMALL], 0, [r"(?s)\A12 [^\n]*\n13 [^\n]*\n\Z"]),
    Call(["events", "--tail", "999", SMALL], 0, [r"(?s)\A([^\n]*\n){14}\Z"]),
    Call(["events", "--tail", "1", "--kind", "Drop", SMALL], 0, [r"(?s)\A11 [^\n]*Drop    x[^\n]*\n\Z"]),
    Call(["events", "--head", "3", "--tail", "1", SMALL], 0, [r"(?s)\A 2 [^\n]*\n\Z"]),
    Call(["events", "--head", "3", "--tail", "1", "--kind", "New", SMALL], 0, [r"(?s)\A12 [^\n]*\n\Z"]),
    Call(["events", "--tail", "3", "many.story"], 0, [r"(?s)\A19997 [^\n]*\n19998 [^\n]*\n19999 [^\n]*\n\Z"]),
    Call(["events", "--format", "json", SMALL], 0, ['"events": \\['], [], {}, True),
    Call(["events", "--format", "json", "empty.story"], 0, ['"events": \\[\\]']),
    Call(["events", "--format", "ndjson", "--head", "1", SMALL], 0, [r'\A\{"stamp": 0, .*\}\n\Z'], [], {}, True),
    Call(["events", "empty.story"], 0, ["!."], ["!."]),
    Call(["events", "hostile.story"], 0, [r"\\x1B\]0;owned\\x07", r"\\u\{202E\}drawkcab", r"bad\\xFF\\xC0utf8",
                                          r"line\\x0Abreak", "größe", "!\033\\]0", "!\u202e"]),
    Call(["events", "--format", "json", "hostile.story"], 0, [r"\\u001b\]0;owned\\u0007", r"\\u202edrawkcab",
                                                             "bad\ufffd\ufffdutf8", "!\u202e"], [], {}, True),
    Call(["events", "lossy.story"], 0, [r"1 +- +- +Lost", r"2 +- +- +Open"], ["not complete: 1 lost, 1 unfinished; see: borrowscope doctor"]),
    Call(["events", "-q", "lossy.story"], 0, ["Lost"], ["!."]),
    Call(["events", "--strict", "lossy.story"], 3, ["Lost"]),
    Call(["events", "--strict", SMALL], 0),
    Call(["events", "--strict", "damaged.story"], 3, ["New"], ["damaged.story: offset 4096: a block's check is wrong"]),
    Call(["events", "-f", "--tail", "1", "live.story"], 0, [r"(?s)\A13 [^\n]*\n\Z"]),
    Call(["events", "-f", "--format", "json", SMALL], 2, ["!."], ["--follow goes with"]),
    Call(["events", "--color=always", "--head", "1", SMALL], 0, ["\033\\[32mNew"]),
    Call(["events", "--color=never", "--head", "1", SMALL], 0, ["!\033"]),
    Call(["events", "--head", "1", SMALL], 0, ["!\033"], [], {"NO_COLOR": "1"}),
    Call(["events", "--head", "1", SMALL], 0, ["\033\\[32mNew"], [], {"CLICOLOR_FORCE": "1"}),
    Call(["events", "--head", "1", SMALL], 0, ["!\033"], [], {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}),
    Call(["events", "--color=always", "--head", "1", SMALL], 0, ["\033\\[32mNew"], [], {"NO_COLOR": "1"}),
    # report
    Call(["report", SMALL], 0, [r"events +14  on 2 threads in 19\.5 ms", "x_0 +11  0\\.\\.11 dropped +src/story.c:10",
                                "lost_one +1", "Next: borrowscope why small.story x_0"]),
    Call(["report", "--limit", "1", SMALL], 0, ["x_0", "1 more \\(--limit\\)"]),
    Call(["report", "-q", SMALL], 0, ["!Next:", "^Findings$", "BS004 +1 note +borrow outlives its owner"]),
    Call(["report", "empty.story"], 0, [r"events +0"]),
    Call(["report", "--format", "json", SMALL], 0, ['"summary": \\{'], [], {}, True),
    Call(["report", "hostile.story"], 0, [r"\\x1B\]0;owned", "!\033\\]0"]),
    Call(["events", "recorded.story"], 0, ["0 sender +New +block, 32 bytes", "1 receiver +Move +block -> received",
                                           "HeapRealloc +block has now 64 bytes"], [], {}, True),
    Call(["events", "--thread", "rec*", "recorded.story"], 0, [r"(?s)\A([^\n]* 1 receiver [^\n]*\n){2}\Z"], [], {}, True),
    Call(["why", "recorded.story", "block"], 0, ["moves: block_0 -> sent_6 -> received_7", "half_1 borrows it", "has now 64"],
         [], {}, True),
    Call(["report", "recorded.story"], 0, [r"1 receiver +2 +0 +0 +1"], [], {}, True),
    Call(["stats", "recorded.story"], 0, ["HeapRealloc +1"]),
    Call(["report", "--strict", "died.story"], 0, [r"events +14"]),
    # graph
    Call(["graph", SMALL], 0, ["(?m)^└─ r_1 borrows ", "├─ view_4 borrows \\(inferred\\)", "└─ moves to queued_7",
                               r"m_9 borrows mutably +9\.\. open"]),
    Call(["graph", SMALL], 0, ["(?m)^`- r_1 borrows ", r"(?m)^\|- view_4"], [], {"LC_ALL": "C"}),
    Call(["graph", "--name", "buf*", SMALL], 0, [r"\Abuf_3", "!x_0"]),
    Call(["graph", "--name", "nobody", SMALL], 0, ["no variable has such a name"]),
    Call(["graph", "--limit", "2", SMALL], 0, ["4 more \\(--limit\\)"]),
    Call(["graph", "--format", "json", SMALL], 0, ['"from": "m_9", "to": "mine_8", "relationship": "borrows_mut"'], [],
         {}, True),
    Call(["graph", "empty.story"], 0, ["no variable"]),
    # stats
    Call(["stats", SMALL], 0, [r"attempted +14", r"Borrow +4", "!dropped_full"]),
    Call(["stats", "--format", "json", "lossy.story"], 0, ['"lost": 1,', '"Open": 1'], []),
    # check
    Call(["check", SMALL], 0, [r"^src/story\.c:20: note: 'mine' is dropped while 'm' borrows it \[BS004, rustc E0505, E0597\]$",
                               r"^  mine_8 dropped on thread 1, at 10$", r"^  inferred: ", r"^src/story\.c:18: note: created here \(thread 1, at 8\)$",
                               r"^src/story\.c:19: note: 'm' mutably borrowed here \(thread 1, at 9\)$", "^  help: end 'm' before",
                               r"^  BS004  borrow outlives its owner +0 +0 +1$", "^[12] notes? in 14 events$"], wide=True),  # a file has ended, and what is never dropped with it
    Call(["check", "-q", SMALL], 0, ["^src/story.c:20: note", "!notes? in"], wide=True),
    Call(["check", "-q", "hostile.story"], 0, ["!\033"]),
    Call(["check", "empty.story"], 0, ["^no findings in 0 events$"]),
    Call(["check", "many.story"], 0, ["^no findings in 20,000 events$"]),
    Call(["check", "wrong.story"], 1, [r"^src/story.c:12: error: 'x' is dropped twice \[BS002\]$", "note: created here", "note: dropped here",
                                       "^1 error in 3 events$"]),
    Call(["check", "--color=always", "wrong.story"], 1, ["\033\\[31merror: ", "\033\\[32m  help: "]),
    Call(["check", "--format", "json", "wrong.story"], 1, ['"rule": "BS002", "severity": "error", "variable": "x_0"', '"complete": true'], [], {}, True),
    Call(["check", "--format", "json", "lossy.story"], 0, ['"findings": \\[\\]', '"complete": false'], [], {}, True),
    Call(["check", "--format", "sarif", "wrong.story"], 1, ['"version": "2.1.0"', '"ruleId": "BS002"'], [], {}, True),
    Call(["check", "lossy.story"], 0, ["^none in what was recorded: 4 events; some are missing: this is no proof$"]),
    Call(["check", "damaged.story"], 0, ["1 note in 14 events; some are missing: this is no proof"], [], {}, True),
    Call(["check", "--strict", "lossy.story"], 3),
    Call(["check", "--fail-on", "note", SMALL], 1, wide=True),
    Call(["check", "--fail-on=warning", SMALL], 0, wide=True),
    Call(["check", "--fail-on", "fatal", SMALL], 2, ["!."], [r"--fail-on: 'fatal' is not allowed; it takes error\|warning\|note"]),
    Call(["check", "--error-exitcode", "42", "wrong.story"], 42),
    Call(["check", "--error-exitcode", "0", "wrong.story"], 0),
    Call(["check", "--error-exitcode", "42", SMALL], 0, wide=True),
    Call(["check", "--error-exitcode", "256", SMALL], 2, ["!."], ["takes a number up to 255"]),
    Call(["check", "--gen-suppressions", "wrong.story"], 1, [r"\A# 'x' is dropped twice\nBS002 src/story\.c:\* function=tell variable=x\n\Z"]),
    Call(["check", "--suppressions", "nothere", SMALL], 2, ["!."], ["--suppressions: nothere: No such file"]),
    Call(["check", "--suppressions", "/dev/null", SMALL], 0, ["[12] notes?"], wide=True),
    Call(["check", "--baseline", "wrong.story", "wrong.story"], 0, ["^no findings in 3 events, 1 of the baseline$"]),
    Call(["check", "--baseline", SMALL, "wrong.story"], 1, ["^1 error in 3 events$"]),
    Call(["check", "--baseline", "nothere", "wrong.story"], 2, ["!."], ["nothere"]),
    # explain
    Call(["explain", "BS003"], 0, [r"\ABS003: conflicting borrows \(rustc E0499, E0502, CWE-362\)$", "^A program that breaks it:$", "^Mended:$"]),
    Call(["explain", "bs010"], 0, [r"\ABS010: "], [], {}, True),
    Call(["explain", "Borrow"], 0, [r"\ABorrow \(ownership\): the subject borrows the object$", r"^  bscope_track_borrow\(name, pointer\)$"]),
    Call(["explain", "rcclone"], 0, [r"\ARcClone \(rc\): "], [], {}, True),
    Call(["explain"], 0, ["BS001  use after move", "(?m)^  New +ownership +a variable begins"]),
    Call(["explain", "BS011"], 2, ["!."], ["no rule or kind 'BS011'; is BS001 meant"]),
    Call(["explain", "Borow"], 2, ["!."], ["is Borrow meant"]),
    Call(["explain", "nothing_near"], 2, ["!."], ["borrowscope explain lists them"]),
    # export
    Call(["export", SMALL], 0, ['"nodes": \\[', '"total_variables": 9'], [], {}, True),
    Call(["export", "--format", "ndjson", SMALL], 0, [r'(?s)\A(\{"type": [^\n]*\}\n){14}\Z'], [], {}, True),
    Call(["export", "--format", "csv", SMALL], 0, [r"\Astamp,time_ns,thread,", r"3,1004500000,0,,New,buf,,int,malloc\(64\)"],
         [], {}, True),
    Call(["export", "--format", "csv", "--no-times", SMALL], 0, [r"\n3,,0,,New,buf"], [], {}, True),
    Call(["export", "--format", "csv", "--addresses", SMALL], 0, [r",0x64,64,src/story.c"], [], {}, True),
    Call(["export", "--format", "csv", "hostile.story"], 0, [r"\"'=cmd\|", "\"quote\"\"comma,\"", "!\033"], [], {}, True),
    Call(["export", "--format", "text", SMALL], 2, ["!."], [r"json\|ndjson\|csv"]),
    Call(["export", "-o", "/nonexistent/x.json", SMALL], 2, ["!."], ["/nonexistent"]),
    Call(["export", "--format", "csv", "-o", "/nonexistent/x", SMALL], 2, ["!."], ["/nonexistent/x: No such file"]),
    Call(["export", "--format", "csv", "-o", "/dev/full", SMALL], 2, ["!."], ["/dev/full"]),
    # why
    Call(["why", SMALL, "buf_3"], 0, [r"\Abuf_3: int, 64 bytes, of thread 0\n", "moves: buf_3 -> queued_7 -> mine_8",
                                      r"made here +src/story.c:13", "view_4 borrows it", "used as buf",
                                      "view_4 ends its borrow", "moved to queued_7"]),
    Call(["why", SMALL, "mine"], 0, ["made here: takes over what was queued_7", "m_9 borrows it mutably", "Drop +dropped",
                                     "1 borrow of it never ended"], [], {}, True),
    Call(["why", SMALL, "x"], 0, ["x: 2 variables had this name", "x_0 +0..11 dropped", "One of them: .* x_12"]),
    Call(["why", SMALL, "x_12"], 0, ["it is still alive at the end of the trace"]),
    Call(["why", SMALL, "m_9"], 0, ["made here: borrows mine_8 mutably", "it still borrows at the end"]),
    Call(["why", SMALL, "lost_one"], 0, ["borrows elsewhere\\(\\), whose owner is unknown"], [], {}, True),
    Call(["why", "wrong.story", "x"], 0, ["dropped again: it was dropped at 1"]),
    Call(["why", SMALL, "bfu"], 2, ["!."], ["no variable is called 'bfu'; is 'buf_3' meant"]),
    Call(["why", SMALL, "completely_else"], 2, ["!."], ["see: borrowscope graph"]),
    Call(["why", "--format", "json", SMALL, "buf"], 0, ['"what": "view_4 borrows it"'], [], {}, True),
    Call(["why", "--format", "json", SMALL, "x"], 0, ['"events": \\[\\]'], [], {}, True),
    Call(["why", "only_name"], 2, ["!."], ["no FILE is given"]),
    # doctor
    Call(["doctor", SMALL], 0, ["ok +contents", "ok +state", r"story\\x1B\[31m, process 0, libborrowscope 0.1.0", "ok +membarrier|warn +membarrier", "space"], [], {}, True),
    Call(["doctor"], 0, ["!contents", "ok +version"], [], {}, True),
    Call(["doctor", "died.story"], 0, ["warn +state +its program died before it was complete; 5 events recovered"], [], {}, True),
    Call(["doctor", "live.story"], 0, ["its program is still recording"], [], {}, True),
    Call(["doctor", "damaged.story"], 1, ["fail +contents"], [], {}, True),
    Call(["doctor", "--format", "json", "lossy.story"], 0, ['"grade": "warn"'], [], {}, True),
    Call(["doctor", "nothere.story"], 2, ["fail +file"], [], {}, True),
    # run
    Call(["run"], 2, ["!."], ["is missing"]),
    Call(["run", "--", "true"], 0, ["!."], ["true recorded nothing", "not linked with libborrowscope", "pkg-config"]),
    Call(["run", "-q", "--", "true"], 0, ["!."], ["!."]),
    Call(["run", "true"], 0, ["!."], ["recorded nothing"]),
    Call(["run", "--", "sh", "-c", "exit 7"], 7),
    Call(["run", "sh", "-c", "echo out; echo err >&2"], 0, ["^out$"], ["err"]),
    Call(["run", "--", "/nonexistent/program"], 127, ["!."], ["no such program"]),
    Call(["run", "--", "/etc/passwd"], 126, ["!."], ["Permission denied"]),
    Call(["run", "-q", "sh", "-c", "kill -KILL $$"], 137),
    Call(["run", "-q", "sh", "-c", "kill -SEGV $$"], 139),
    Call(["run", "--option", "nonsense", "--", "true"], 2, ["!."], ["KEY=VALUE"]),
    Call(["run", "-q", "--option", "ring=64", "-o", "t.bscope", "sh", "-c", "echo $BORROWSCOPE_OPTIONS"], 0,
         [r"^memory=2M:ring=64:file=/[^\n]*/t\.bscope$"], [], {"BORROWSCOPE_OPTIONS": "memory=2M"}, True),
    Call(["run", "-q", "sh", "-c", "echo $BORROWSCOPE_OPTIONS"], 0, [r"file=/[^\n]*/borrowscope\.%p\.bscope$"], [], {}, True),
    Call(["run", "-q", "sh", "-c", "echo $BORROWSCOPE_OPTIONS"], 0, [r"file=/tmp/mine\.%p$"], [],
         {"BORROWSCOPE_OPTIONS": "file=/tmp/mine.%p"}, True),
    Call(["run", "-q", "-o", "a:b", "sh", "-c", "echo $BORROWSCOPE_OPTIONS"], 0, [r"/a\\:b$"], [], {}, True),
    Call(["run", "-o", "old", "true"], 2, ["!."], ["old exists; choose another name .* or --force"]),
    Call(["run", "--force", "-q", "-o", "old", "sh", "-c", "echo $BORROWSCOPE_OPTIONS"], 0, ["overwrite=1:file=.*/old$"],
         [], {}, True),
    Call(["run", "-o", "fresh/small.story", "touch", "fresh/small.story"], 0, ["!."],
         ["events +14", "variables +9, 1 alive", "borrows +3, 1 mutable, 1 open", "moves +2", "findings +1 note", "BS004 borrow outlives its owner: 1 note",
          "not recorded +0 dropped, 0 lost, 0 evicted", "threads +2", "cost .* events a second", "file +fresh/small.story",
          "next +borrowscope check fresh/small.story"]),
    Call(["run", "-o", "fresh/wrong.story", "touch", "fresh/wrong.story"], 0, ["!."],
         ["findings +1 error", "BS002 double drop: 1 error", "next +borrowscope check"], {}, True),
    Call(["run", "-o", "fresh/empty.story", "touch", "fresh/empty.story"], 0, ["!."], ["recorded no event"], {}, True),
    Call(["run", "-o", "fresh/small.story", "sh", "-c", "touch fresh/small.story; kill -ABRT $$"], 134, ["!."],
         [r"killed by signal 6", "events +14"]),
    Call(["run", "--format", "json", "-o", "fresh/small.story", "touch", "fresh/small.story"], 0, ["!."],
         ['"events": 14,'], {}, True),
]


def environment(extra):
    env = {key: value for key, value in os.environ.items()
           if key not in ("NO_COLOR", "CLICOLOR_FORCE", "BORROWSCOPE_OPTIONS", "LC_ALL", "STORY_ENDS")}
    return env | {"LC_ALL": "C.UTF-8", "TERM": "xterm"} | extra


def in_pipe(args, extra=None, stdin=b"", program=None):
    done = subprocess.run([program or STORY, *args], input=stdin, capture_output=True, env=environment(extra or {}), timeout=60,
                          check=False)
    return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")


def in_terminal(args, extra=None, keys=b"", program=None):
    """Output and errors in one terminal of 80 columns; `keys` are typed after a moment."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    process = subprocess.Popen([program or STORY, *args], stdin=slave, stdout=slave, stderr=slave, env=environment(extra or {}),
                               preexec_fn=lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0)))
    os.close(slave)
    shown = b""
    if keys:
        time.sleep(0.5)
        os.write(master, keys)
    while select.select([master], [], [], 60)[0]:
        try:
            part = os.read(master, 65536)
        except OSError:  # its other end is closed
            break
        if not part:
            break
        shown += part
    os.close(master)
    return process.wait(60), shown.decode("utf-8").replace("\r\n", "\n")


def plain(text):
    return re.sub("\033\\[[0-9;]*[mK]", "", text)


def unfolded(text):
    """With messages in one line each, as in a pipe."""
    return re.sub(r"\n  (?=\S)", " ", text)


class Table(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        os.chdir(self.folder)
        self.fresh()

    def tearDown(self):
        os.chdir("/")
        shutil.rmtree(self.folder)

    def fresh(self):
        shutil.rmtree("fresh", ignore_errors=True)
        os.mkdir("fresh")
        with open("old", "w", encoding="ascii"):
            pass

    def look(self, text, patterns):
        for pattern in patterns:
            if pattern.startswith("!"):
                self.assertNotRegex(text, pattern[1:])
            else:
                self.assertRegex(text, re.compile(pattern, re.MULTILINE))

    def test_in_a_pipe(self):
        self.assertGreater(len(CALLS), 100)
        for call in CALLS:
            with self.subTest(args=call.args, env=call.env):
                self.fresh()
                status, out, err = in_pipe(call.args, call.env)
                self.assertEqual(status, call.status, out + err)
                self.look(out, call.out)
                self.look(err, call.err)
                if "json" in call.args and status != 2 and call.args[0] != "run":
                    value = json.loads(out)
                    if call.args[0] != "export":
                        self.assertEqual(list(value)[:2], ["schema_version", "command"])

    def test_in_a_terminal(self):
        for call in CALLS:
            with self.subTest(args=call.args, env=call.env):
                self.fresh()
                status, shown = in_terminal(call.args, call.env)
                self.assertEqual(status, call.status, shown)
                if "--generate-man" not in call.args and "--generate-completion" not in call.args:
                    self.assertNotIn("\033]0", shown)
                    self.assertNotIn("\u202e", shown)
                self.look(unfolded(plain(shown)), [pattern for pattern in call.err if "\033" not in pattern and pattern != "!."])
                if not call.wide and not any("out" in pattern for pattern in call.err):
                    for line in plain(shown).splitlines():
                        if not line.startswith("borrowscope: "):  # messages hold what the user typed
                            self.assertLessEqual(len(line), COLUMNS, line)

    def test_colours_are_for_terminals(self):
        self.assertIn("\033[32m", in_terminal(["events", SMALL])[1])
        self.assertNotIn("\033", in_terminal(["events", SMALL], {"NO_COLOR": "1"})[1])
        self.assertNotIn("\033", in_terminal(["events", SMALL], {"TERM": "dumb"})[1])
        self.assertNotIn("\033", in_terminal(["events", SMALL, "--color=never"])[1])


# Each command, so that it prints something.
PRINTING = [["events", "many.story"], ["events", "--format", "json", "many.story"], ["events", "--format", "ndjson", "many.story"],
            ["export", "many.story"], ["export", "--format", "ndjson", "many.story"], ["export", "--format", "csv", "many.story"],
            ["report", "many.story"], ["report", "--format", "json", SMALL], ["graph", "many.story"], ["graph", "--format", "json", SMALL],
            ["stats", "many.story"], ["stats", "--format", "json", SMALL], ["check", SMALL], ["check", "wrong.story"],
            ["check", "--format", "json", SMALL], ["why", SMALL, "buf_3"], ["why", "--format", "json", SMALL, "buf_3"], ["doctor", SMALL],
            ["doctor", "--format", "json", SMALL], ["help"], ["help", "events"], ["events", "--help"], ["--help"], ["--version"],
            ["--generate-man"], ["--generate-completion", "zsh"], ["export", "-o", "/dev/stdout", SMALL],
            ["export", "--format", "csv", "-o", "/dev/stdout", SMALL]]


class Outputs(unittest.TestCase):
    """Outputs that fail: nothing that got there in part is called done, and one line says why."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        os.chdir(self.folder)

    def tearDown(self):
        os.chdir("/")
        shutil.rmtree(self.folder)

    def outcome(self, args, stdout, before=None, **options):
        done = subprocess.run([STORY, *args], stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, text=True,
                              env=environment({}), timeout=60, check=False, preexec_fn=before, **options)
        self.assertEqual(os.listdir("."), [])
        return done.returncode, done.stderr

    def said(self, err, reason):
        self.assertRegex(err, rf"\Aborrowscope: [^\n]*{reason}[^\n]*\n\Z")

    def test_a_pipe_that_nobody_reads(self):
        for args in PRINTING:
            with self.subTest(args=args):
                read, write = os.pipe()
                os.close(read)
                status, err = self.outcome(args, write)
                if "/dev/stdout" in args:
                    self.assertIn(status, (2, -signal.SIGPIPE))
                else:
                    self.assertEqual((status, err), (-signal.SIGPIPE, ""))
                status, err = self.outcome(args, write, lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN), restore_signals=False)
                os.close(write)
                self.assertEqual(status, 2)
                self.said(err, "Broken pipe")

    def test_a_reader_that_goes(self):
        for args in PRINTING:
            with self.subTest(args=args):
                script = "".join(f" '{word}'" for word in [STORY, *args]) + " | head -c 10 >/dev/null; exit ${PIPESTATUS[0]}"
                done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=environment({}), timeout=60, check=False)
                allowed = (128 + signal.SIGPIPE,) if "many.story" in args and args[0] in ("events", "export") else \
                    (0, 128 + signal.SIGPIPE, 1 if "wrong.story" in args else 0, 2 if "/dev/stdout" in args else 0)
                self.assertIn(done.returncode, allowed)
                if done.returncode != 2:
                    self.assertEqual(done.stderr, "")

    def test_an_output_that_is_closed(self):
        for args in PRINTING:
            with self.subTest(args=args):
                status, err = self.outcome(args, None, lambda: os.close(1))
                self.assertEqual(status, 2)
                self.said(err, "Bad file descriptor|Permission denied")

    def test_all_standard_streams_closed(self):
        def close():
            for fd in (0, 1, 2):
                os.close(fd)
        for args in PRINTING:
            if "/dev/stdout" in args:
                continue
            with self.subTest(args=args):
                done = subprocess.run([STORY, *args], env=environment({}), timeout=60, check=False, preexec_fn=close)
                self.assertEqual(done.returncode, 2)
        done = subprocess.run([STORY, "export", "-o", "made", SMALL], env=environment({}), timeout=60, check=False, preexec_fn=close)
        self.assertEqual(done.returncode, 0)
        with open("made", encoding="utf-8") as stream:
            self.assertEqual(stream.read(), in_pipe(["export", SMALL])[1])

    def test_a_full_device(self):
        for args in PRINTING:
            with self.subTest(args=args), open("/dev/full", "w", encoding="ascii") as full:
                status, err = self.outcome(args, full)
                self.assertEqual(status, 2)
                self.said(err, "No space left on device")

    def test_a_limit_of_file_sizes(self):
        for args in (["events", "many.story"], ["export", "many.story"], ["export", "--format", "csv", "-o", "made", "many.story"],
                     ["export", "-o", "made", "many.story"], ["export", "--format", "ndjson", "-o", "made", "many.story"]):
            with self.subTest(args=args):
                script = "ulimit -f 64; " + "".join(f" '{word}'" for word in [STORY, *args]) + ("" if "made" in args else " > printed")
                done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=environment({}), timeout=60, check=False)
                self.assertEqual(done.returncode, 2)
                self.said(done.stderr, "File too large")
                self.assertEqual(os.listdir("."), [] if "made" in args else ["printed"])
                for name in os.listdir("."):
                    os.unlink(name)

    def test_what_run_prints_is_not_its_status(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([STORY, "run", "--", "sh", "-c", "exit 7"], stderr=full, env=environment({}), timeout=60, check=False)
            self.assertEqual(done.returncode, 7)

    def test_a_redirected_output_is_not_replaced(self):
        """/dev/stdout of a file is that file, at its place."""
        for form in ("json", "ndjson", "csv"):
            with open("printed", "w", encoding="utf-8") as stream:
                stream.write("before\n")
                stream.flush()
                self.assertEqual(subprocess.run([STORY, "export", "--format", form, "-o", "/dev/stdout", SMALL], stdout=stream,
                                                env=environment({}), timeout=60, check=False).returncode, 0)
            with open("printed", encoding="utf-8", newline="") as stream:
                self.assertEqual(stream.read(), "before\n" + subprocess.run([STORY, "export", "--format", form, SMALL], env=environment({}),
                                                                             capture_output=True, check=True).stdout.decode())
            os.unlink("printed")


@unittest.skipUnless(shutil.which("tmux"), "tmux is not installed: what a terminal of 80 columns shows is not looked at")
class Terminal(unittest.TestCase):
    """A real terminal of 80 columns: nothing is wrapped, moved or left behind in it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        os.chdir(self.folder)

    def tearDown(self):
        subprocess.run(["tmux", "-S", f"{self.folder}/t", "kill-server"], capture_output=True, check=False)
        os.chdir("/")
        shutil.rmtree(self.folder)

    def tmux(self, *args):
        return subprocess.run(["tmux", "-S", f"{self.folder}/t", "-f", "/dev/null", *args], capture_output=True, text=True, check=True,
                              env=environment({}), timeout=60).stdout

    def screens(self, script, *ways):
        """What is on the screen when the script has ended, in each way of tmux's to tell it."""
        with open("script", "w", encoding="utf-8") as stream:
            stream.write(f"{script}\ntmux -S '{self.folder}/t' wait-for -S ended\nexec sleep 60\n")
        self.tmux("new-session", "-d", "-x", str(COLUMNS), "-y", "5000", "bash", "script")
        self.tmux("wait-for", "ended")
        shown = [self.tmux("capture-pane", "-p", *way) for way in ways]
        self.tmux("kill-session")
        return [text.rstrip("\n") for text in shown]

    @staticmethod
    def line(args, extra=None):
        words = "".join(f"{name}='{value}' " for name, value in (extra or {}).items())
        return words + " ".join("'" + word.replace("'", "'\\''") + "'" for word in [STORY, *args])

    def test_nothing_is_wrapped(self):
        calls = [call for call in CALLS if not call.wide and call.args[:1] not in (["run"], ["export"], ["--generate-man"])
                 and not any(word.startswith("many") for word in call.args)]
        self.assertGreater(len(calls), 80)
        script = "\n".join(f"echo == {i}\n{self.line(call.args, call.env)}" for i, call in enumerate(calls))
        ways = [[line.rstrip() for line in text.splitlines()] for text in self.screens(script, [], ["-J"], ["-e"])]
        shown, joined, painted = [[part.split("\n")[1:-1] for part in "\n".join([*lines, ""]).split("== ")[1:]] for lines in ways]
        self.assertEqual((len(shown), len(joined), len(painted)), (len(calls),) * 3)
        for call, lines, whole, colours in zip(calls, shown, joined, painted):
            with self.subTest(args=call.args):
                self.assertEqual(lines, whole)
                self.assertFalse([line for line in lines if len(line) > COLUMNS])
                self.assertNotIn("\u202e", "".join(lines))
                if call.status == 0 and (("NO_COLOR" in call.env and "--color=always" not in call.args) or "--color=never" in call.args):
                    self.assertEqual(colours, lines)
                self.look_at(call, "\n".join(lines))

    def look_at(self, call, text):
        for pattern in call.err:
            if not pattern.startswith("!"):
                self.assertRegex(unfolded(text), re.compile(pattern, re.MULTILINE))

    def test_colours_and_a_progress_bar(self):
        shown, painted = self.screens(self.line(["events", SMALL]), [], ["-e"])
        self.assertIn("\033[32mNew", painted)
        self.assertEqual(plain(painted), shown)
        with open(REAL, "rb") as stream:
            if b"__tsan_init" in stream.read():
                return  # it keeps signals back until fwrite has returned, and the bar with them
        # A slow reader: the bar is drawn meanwhile, and gone afterwards.
        export = self.line(["export", "--format", "csv", "-o", "fifo", "many.story"])
        look = f"for i in $(seq 60); do tmux -S '{self.folder}/t' capture-pane -p > middle; grep -q exporting middle && break; sleep 0.5; done"
        slow = f"mkfifo fifo; ({look}; cat > /dev/null) < fifo & {export}; wait"
        shown = self.screens(slow, [])[0]
        self.assertEqual(shown, "")
        with open("middle", encoding="utf-8") as stream:
            self.assertRegex(stream.read(), r"\Aexporting \[[#.]{30}\] +\d+%\n")

    def test_no_progress_bar_in_a_pipe(self):
        os.mkfifo("fifo")
        reader = subprocess.Popen("(sleep 1.5; cat > /dev/null) < fifo", shell=True)
        self.assertEqual(in_pipe(["export", "--format", "csv", "-o", "fifo", "many.story"]), (0, "", ""))
        reader.wait(60)


class Documents(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        os.chdir(self.folder)

    def tearDown(self):
        os.chdir("/")
        shutil.rmtree(self.folder)

    def test_ndjson_is_the_events_of_json(self):
        events = json.loads(in_pipe(["export", SMALL])[1])["events"]
        lines = in_pipe(["export", "--format", "ndjson", SMALL])[1].splitlines()
        self.assertEqual([json.loads(line) for line in lines], events)
        self.assertEqual(in_pipe(["export", "--format", "ndjson", "many.story"])[1].count("\n"), 20000)
        self.assertEqual(in_pipe(["export", "--format", "ndjson", "empty.story"])[1], "")

    def test_events_agree_in_all_formats(self):
        told = json.loads(in_pipe(["events", "--format", "json", SMALL])[1])["events"]
        lines = in_pipe(["events", "--format", "ndjson", SMALL])[1].splitlines()
        self.assertEqual([json.loads(line) for line in lines], told)
        text = in_pipe(["events", SMALL])[1].splitlines()
        self.assertEqual([(int(line.split()[0]), line.split()[3]) for line in text],
                         [(event["stamp"], event["type"]) for event in told])
        rows = list(csv.DictReader(io.StringIO(in_pipe(["export", "--format", "csv", SMALL])[1], newline="")))
        self.assertEqual([(int(row["stamp"]), row["kind"], row["file"], row["line"]) for row in rows],
                         [(event["stamp"], event["type"], event["file"], str(event["line"])) for event in told])

    def test_files_are_written_whole_or_not_at_all(self):
        for form in ("json", "ndjson", "csv"):
            with open("out", "w", encoding="ascii") as stream:
                stream.write("old")
            self.assertEqual(in_pipe(["export", "--format", form, "-o", "out", SMALL])[0], 0)
            with open("out", encoding="utf-8") as stream:
                self.assertEqual(stream.read(), in_pipe(["export", "--format", form, SMALL])[1].replace("\r\n", "\n"))
            self.assertEqual(os.listdir("."), ["out"])
            os.unlink("out")
        self.assertEqual(in_pipe(["export", "-o", "-", SMALL])[1], in_pipe(["export", SMALL])[1])

    def test_a_closed_pipe_and_a_full_disk(self):
        done = subprocess.run(f"'{STORY}' events many.story | head -n 1", shell=True, capture_output=True, text=True, check=True,
                              env=environment({}), executable="/bin/bash", timeout=60)
        self.assertEqual(done.stdout.count("\n"), 1)
        self.assertEqual(done.stderr, "")
        with open("/dev/full", "w", encoding="ascii") as full:
            for args in (["events", SMALL], ["export", "--format", "csv", SMALL], ["export", SMALL], ["--help"]):
                done = subprocess.run([STORY, *args], stdout=full, stderr=subprocess.PIPE, text=True, env=environment({}), check=False)
                self.assertEqual(done.returncode, 2, args)
                self.assertIn("No space left on device", done.stderr)

    def test_the_newest_trace_is_read_when_none_is_named(self):
        for name in ("a.bscope", "b.bscope"):
            with open(name, "w", encoding="ascii"):
                pass
            os.utime(name, ns=(1, 10**18 + ord(name[0])))
        self.assertIn("reading b.bscope", in_pipe(["events"])[2])


class Agreement(unittest.TestCase):
    """Help, pages, completions and the parser know the same options."""

    def setUp(self):
        status, out, _ = in_pipe(["--help"])
        self.assertEqual(status, 0)
        self.commands = re.findall(r"^  (\w+) [\[\w]", out.split("Commands:")[1].split("Options:")[0], flags=re.MULTILINE)
        self.assertIn("why", self.commands)
        self.assertGreaterEqual(len(self.commands), 10)

    @staticmethod
    def help_of(command):
        out = in_pipe(["help", command])[1]
        return {(long, letter) for letter, long in re.findall(r"^  (?:-(\w), |    )--([\w-]+)", out, flags=re.MULTILINE)}

    def test_pages(self):
        for command in self.commands:
            page = in_pipe(["--generate-man", command])[1].replace("\\-", "-")
            found = {(long, letter) for letter, long in re.findall(r"^\.It (?:Fl (\w) , )?Fl -([\w-]+)", page, flags=re.MULTILINE)}
            self.assertEqual(found, self.help_of(command), command)
            with open(os.path.join(PAGES, f"borrowscope-{command}.1"), encoding="utf-8") as stream:
                self.assertEqual(stream.read().replace("\\-", "-"), page)
        program = in_pipe(["--generate-man"])[1]
        self.assertEqual(re.findall(r"^\.It Cm (\w+)", program, flags=re.MULTILINE), self.commands)
        self.assertEqual(sorted(os.path.basename(name) for name in os.listdir(PAGES) if name.startswith("borrowscope-")
                                and name.endswith(".1")), sorted(f"borrowscope-{name}.1" for name in self.commands))

    def test_pages_have_no_mistakes(self):
        if not shutil.which("groff"):
            self.skipTest("groff is not installed")
        for command in [None, *self.commands]:
            page = in_pipe(["--generate-man"] + ([command] if command else []))[1]
            done = subprocess.run(["groff", "-mdoc", "-Tutf8", "-ww", "-z"], input=page, capture_output=True, text=True, check=True)
            self.assertEqual(done.stderr, "", command)

    def test_bash(self):
        script = in_pipe(["--generate-completion", "bash"])[1]
        for command in self.commands:
            section = re.search(r"^    %s\)\n(.*?)^      ;;" % command, script, flags=re.MULTILINE | re.DOTALL).group(1)
            words = re.search(r"options='(.*?)'", section).group(1).split()
            expected = {f"--{long}" for long, _ in self.help_of(command)} | {f"-{letter}" for _, letter in self.help_of(command) if letter}
            self.assertEqual(set(words), expected, command)

    def complete(self, *words):
        """What bash would offer for the last word."""
        script = in_pipe(["--generate-completion", "bash"])[1]
        line = " ".join(f"'{word}'" for word in words)
        done = subprocess.run(["bash", "-c", f"{script}\nCOMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _borrowscope;"
                               "printf '%s\\n' \"${COMPREPLY[@]}\""], capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash_offers_what_fits(self):
        self.assertEqual(self.complete("borrowscope", "re"), ["report"])
        self.assertEqual(self.complete("borrowscope", "events", "--ta"), ["--tail"])
        self.assertEqual(self.complete("borrowscope", "export", "--format", ""), ["json", "ndjson", "csv"])
        self.assertEqual(self.complete("borrowscope", "report", "--color", "a"), ["auto", "always"])

    def test_zsh(self):
        script = in_pipe(["--generate-completion", "zsh"])[1]
        for command in self.commands:
            section = re.search(r"^    %s\)\n(.*?)^      ;;" % command, script, flags=re.MULTILINE | re.DOTALL).group(1)
            self.assertEqual({(long, letter) for long, letter in re.findall(r"'--([\w-]+)=?\[(?:[^']|'\\'')*'(?: '-(\w)\+?')?", section)},
                             self.help_of(command), command)

    def test_fish(self):
        script = in_pipe(["--generate-completion", "fish"])[1]
        for command in self.commands:
            found = set(re.findall(r"seen_subcommand_from %s' -l ([\w-]+)(?: -s (\w))?" % command, script))
            self.assertEqual(found, self.help_of(command), command)

    def test_the_parser_takes_what_help_shows(self):
        values = {"format": "json", "color": "never", "head": "1", "tail": "1", "limit": "1", "option": "a=b", "fail-on": "note",
                  "error-exitcode": "1"}
        for command in self.commands:
            shown = in_pipe(["help", command])[1]
            for long, letter in self.help_of(command):
                takes = re.search(r"--%s (\S)" % long, shown) and not re.search(r"--%s  " % long, shown)
                for form in [f"--{long}"] + ([f"-{letter}"] if letter else []):
                    words = [form] + ([values.get(long, "x") if command != "help" else "x"] if takes else [])
                    status, out, err = in_pipe([command, *words, "--help"])
                    if long == "format" and command == "help":
                        continue
                    self.assertEqual(status, 0, (command, words, err))
                    self.assertIn("usage: borrowscope " + command, out)

    def test_the_installed_program_is_this_one(self):
        self.assertEqual(in_pipe(["--help"], program=REAL)[1], in_pipe(["--help"])[1])


class Files(unittest.TestCase):
    """The same on real trace files: recorded under `run`, read by the program that is installed."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        os.chdir(self.folder)
        _, _, err = in_pipe(["run", "-o", "probe.bscope", STORY, "--play", "small"], program=REAL)
        if "reads no trace files" in err or "unknown key 'file'" in err:
            self.skipTest("the library has no trace files")

    def tearDown(self):
        os.chdir("/")
        shutil.rmtree(self.folder)

    @staticmethod
    def record(path, *args, **env):
        return in_pipe(["run", "--force", "-o", path, STORY, *args], env, program=REAL)

    def test_the_table_holds_for_files(self):
        plays = ("small", "wrong", "hostile")
        for name in plays:
            status, _, err = self.record(f"{name}.story", "--play", name)
            self.assertEqual(status, 0, err)
        done = 0
        for call in CALLS:
            named = [word for word in call.args if word.endswith(".story")]
            words = " ".join(call.args + call.out)
            if call.args[:1] in (["run"], ["doctor"]) or not named or named[0] not in [f"{name}.story" for name in plays]:
                continue
            if TIMED.search(words):
                continue
            with self.subTest(args=call.args):
                status, out, err = in_pipe(call.args, call.env, program=REAL)
                self.assertEqual(status, call.status, out + err)
                for text, patterns in ((out, call.out), (err, call.err)):
                    for pattern in patterns:
                        if pattern.startswith("!"):
                            self.assertNotRegex(text, pattern[1:])
                        else:
                            self.assertRegex(text, re.compile(pattern, re.MULTILINE))
            done += 1
        self.assertGreater(done, 60)

    def test_the_file_tells_what_the_program_saw(self):
        """P7: the program's own snapshot and the file it left are shown alike, times apart."""
        def without_times(text):
            return re.sub(r"[+-]\d+\.\d{6}|\"time_ns\": \d+", "TIME", text)
        for events in ("0", "50000"):
            for args in (["events"], ["events", "--format", "ndjson"], ["export", "--no-times"], ["graph"], ["why"]):
                words = [*args, "recorded.story"] + (["block_0"] if args == ["why"] else [])
                status, shown, err = self.record("real.bscope", *words, STORY_EVENTS=events)
                self.assertEqual(status, 0, err)
                words = [word.replace("recorded.story", "real.bscope") for word in words]
                out = in_pipe(words, program=REAL)[1]
                if args[0] != "export":
                    self.assertEqual(without_times(out), without_times(shown), words)
                else:
                    self.assertEqual(json.loads(out)["events"], json.loads(shown)["events"])

    def test_a_program_that_is_killed_leaves_all_its_events(self):
        """P5."""
        status, _, err = self.record("died.bscope", "--play", "small", STORY_DIES="1")
        self.assertEqual(status, 137)
        self.assertRegex(err, "killed by signal 9")
        self.assertRegex(err, "events +14")
        self.assertEqual(in_pipe(["events", "--strict", "died.bscope"], program=REAL)[1].count("\n"), 14)
        self.assertIn("its program died before", in_pipe(["doctor", "died.bscope"], program=REAL)[1])
        self.record("died.bscope", "events", "recorded.story", STORY_DIES="1", STORY_EVENTS="20000")
        self.assertGreaterEqual(in_pipe(["events", "died.bscope"], program=REAL)[1].count("\n"), 20000)

    def test_following_ends_with_the_program(self):
        follower = None
        script = f"'{STORY}' --play small & wait; sleep 0.2"
        process = subprocess.Popen(["bash", "-c", script], env=environment({"BORROWSCOPE_OPTIONS": f"file={self.folder}/live.bscope"}))
        for _ in range(200):
            if os.path.exists("live.bscope"):
                follower = subprocess.run([REAL, "events", "-f", "live.bscope"], capture_output=True, text=True, timeout=60,
                                          env=environment({}), check=False)
                break
            time.sleep(0.02)
        process.wait(60)
        self.assertEqual(follower.returncode, 0, follower.stderr)
        self.assertEqual(follower.stdout.count("\n"), 14)

    def test_following_waits_for_the_header(self):
        self.record("whole.bscope", "--play", "small")
        with open("whole.bscope", "rb") as stream:
            whole = stream.read()
        for begun in (b"", bytes(4096)):
            with open("late.bscope", "wb") as late:
                late.write(begun)
            follower = subprocess.Popen([REAL, "events", "-f", "late.bscope"], stdout=subprocess.PIPE, text=True, env=environment({}))
            time.sleep(0.3)
            with open("late.bscope", "r+b") as late: # the magic last, as a writer does
                late.seek(8)
                late.write(whole[8:])
                late.flush()
                late.seek(0)
                late.write(whole[:8])
            out = follower.communicate(timeout=60)[0]
            self.assertEqual((follower.returncode, out.count("\n")), (0, 14), begun[:1])

    def test_a_damaged_file(self):
        self.record("whole.bscope", "--play", "small")
        with open("whole.bscope", "rb") as stream:
            whole = bytearray(stream.read())
        for offset in range(0, min(len(whole), 65536), 1021):
            cut = bytearray(whole)
            cut[offset] ^= 0x40
            with open("bad.bscope", "wb") as stream:
                stream.write(cut)
            for verb in ("events", "doctor", "check"):
                status, out, err = in_pipe([verb, "--strict", "bad.bscope"], program=REAL)
                self.assertIn(status, (0, 1, 2, 3), (offset, verb, err))
                self.assertNotIn("\033", out + err)


class Pack(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        os.chdir(self.folder)

    def tearDown(self):
        os.chdir("/")
        shutil.rmtree(self.folder)

    def record(self, name, options=""):
        """The demo's trace, of some MiB of text: the number of its events."""
        if not os.path.exists("text0"):
            for i in range(400):
                with open(f"text{i}", "w", encoding="ascii") as stream:
                    stream.write(" ".join(f"word{(i * k) % 997}" for k in range(400)))
        texts = [f"text{i}" for i in range(400)]
        subprocess.run([LINKED, "--json", "/dev/null", *texts], env=environment({"BORROWSCOPE_OPTIONS": f"file={name}{options}"}),
                       capture_output=True, check=True)
        return in_pipe(["events", "-q", name], program=REAL)[1].count("\n")

    def test_the_demo_takes_six_bytes_an_event(self):
        for options in ("", ":pack=1"):
            events = self.record("demo.bscope", options)
            self.assertGreater(events, 4000)
            before = in_pipe(["events", "demo.bscope"], program=REAL)
            if not options:
                status, out, err = in_pipe(["pack", "demo.bscope"], program=REAL)
                self.assertEqual((status, err), (0, ""))
                self.assertIn("demo.packed.bscope: ", out)
                self.assertEqual(in_pipe(["events", "demo.packed.bscope"], program=REAL), before)
                self.assertGreater(os.path.getsize("demo.bscope"), 6 * events)  # it stays
                status, out, _ = in_pipe(["pack", "--replace", "--format", "json", "demo.bscope"], program=REAL)
                self.assertEqual((status, json.loads(out)["events"]), (0, events))
                self.assertEqual(in_pipe(["events", "demo.bscope"], program=REAL), before)
            print(f"{os.path.getsize('demo.bscope') / events:.2f} bytes an event")
            self.assertLessEqual(os.path.getsize("demo.bscope"), 6 * events)
            os.unlink("demo.bscope")

    def test_what_is_refused(self):
        self.record("demo.bscope")
        for args, why in ((["--replace", "-o", "x", "demo.bscope"], "leave one of"), (["nothere"], "can't be opened"), ([], "FILE is missing"),
                          (["-o", "no/such/x", "demo.bscope"], "its directory does not exist")):
            status, out, err = in_pipe(["pack", *args], program=REAL)
            self.assertEqual((status, out), (2, ""), args)
            self.assertIn(why, err)
        self.assertEqual(in_pipe(["pack", "--replace", "demo.bscope"], program=REAL)[0], 0)
        self.assertIn("it is packed already", in_pipe(["pack", "demo.bscope"], program=REAL)[2])
        self.assertEqual([name for name in os.listdir() if "text" not in name], ["demo.bscope"])


class Run(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        os.chdir(self.folder)

    def tearDown(self):
        os.chdir("/")
        shutil.rmtree(self.folder)

    def test_input_goes_through(self):
        self.assertEqual(in_pipe(["run", "-q", "cat"], stdin=b"through")[1], "through")

    def passed_on(self, number):
        script = f"trap 'echo caught; exit 5' {number}; echo ready; while :; do sleep 0.05; done"
        # Whoever started this test may ignore signals, as nohup and a shell's background jobs do.
        process = subprocess.Popen([STORY, "run", "-q", "bash", "-c", script], stdout=subprocess.PIPE, text=True, env=environment({}),
                                   start_new_session=True, preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
        try:
            self.assertEqual(process.stdout.readline(), "ready\n")
            process.send_signal(number)
            return process.wait(30), process.stdout.read()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.stdout.close()

    def test_signals_are_passed_on(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGINT, signal.SIGQUIT):
            with self.subTest(number=number):
                self.assertEqual(self.passed_on(number), (5, "caught\n"))

    def test_an_unhandled_signal_is_its_status(self):
        process = subprocess.Popen([STORY, "run", "-q", "sh", "-c", "echo ready; exec sleep 30"], stdout=subprocess.PIPE, text=True,
                                   env=environment({}))
        self.assertEqual(process.stdout.readline(), "ready\n")
        process.terminate()
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 128 + signal.SIGTERM)

    def test_the_terminal_signals_the_program_once(self):
        script = "n=0; trap 'n=$((n+1))' INT; for i in $(seq 40); do sleep 0.05; done; echo counted $n"
        status, shown = in_terminal(["run", "-q", "bash", "-c", script], keys=b"\x03")
        self.assertEqual(status, 0, shown)
        self.assertIn("counted 1", shown)

    def test_what_is_ignored_stays_ignored(self):
        done = subprocess.run(["bash", "-c", f"trap '' HUP; '{STORY}' run -q bash -c 'kill -HUP $$; echo alive'"], capture_output=True,
                              text=True, env=environment({}), check=False)
        self.assertEqual(done.stdout, "alive\n")

    def test_why_nothing_was_recorded(self):
        with open("script", "w", encoding="ascii") as stream:
            stream.write("#!/bin/sh\ntrue\n")
        os.chmod("script", 0o755)
        self.assertIn("It is a script", in_pipe(["run", "./script"])[2])
        self.assertIn("linked with libborrowscope but made no", in_pipe(["run", LINKED, "--help"])[2])
        if shutil.which("cc"):
            with open("a.c", "w", encoding="ascii") as stream:
                stream.write("int main(void) { return 0; }\n")
            if subprocess.run(["cc", "-static", "a.c", "-o", "a"], capture_output=True, check=False).returncode == 0:
                self.assertIn("linked statically", in_pipe(["run", "./a"])[2])
        with open(shutil.which("true"), "rb") as stream:
            damaged = stream.read(4096)
        for size in (0, 1, 2, 20, 63, 64, 100, 500, 4096):  # no header makes it stumble
            with open("cut", "wb") as stream:
                stream.write(damaged[:size])
            os.chmod("cut", 0o755)
            self.assertGreaterEqual(in_pipe(["run", "./cut"])[0], 0, size)

    def test_a_linked_program_gets_its_file(self):
        """Whether it writes one already or not: what it does is its own."""
        status, out, _ = in_pipe(["run", "-q", LINKED, "--help"])
        self.assertEqual((status, out), (0, in_pipe(["--help"], program=LINKED)[1]))


if __name__ == "__main__":
    STORY, REAL, LINKED, PAGES = map(os.path.abspath, sys.argv[1:5])
    del sys.argv[1:5]
    unittest.main()
