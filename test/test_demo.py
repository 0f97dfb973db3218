#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The demo from outside: its counts, the ownership story that it exports (P2, P4, P7), and each mistake that it can plant.

usage: test_demo.py WORDCOUNT
"""

import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM = "wordcount"
SEED = int(os.environ.get("SEED", random.randrange(1 << 32)))


def make_inputs(root):
    """Files of text, and what a person may name by mistake: binaries, huge lines, empty files."""
    source = random.Random(SEED)
    words = ["".join(source.choices("abcdefghijklmnopqrstuvwxyzABCXYZ", k=source.randint(1, 12))) for _ in range(900)]
    for number in range(12):
        with open(os.path.join(root, f"text{number}"), "w", encoding="ascii") as stream:
            for _ in range(400):
                stream.write(source.choice(words) + source.choice([" ", ", ", ".\n", "\n\n", "-", "'"]))
            stream.write("\n")
    odd = {"empty": b"", "no-end": b"the last word has no newline", "line": b"one long line " * 20000 + b"\n",
           "run": b"x" * 100000 + b" " + b"y" * 64 + b" " + b"z" * 65 + b"\n",
           "runs": b" ".join(b"k" * length for length in range(60, 330)),
           "binary": source.randbytes(50000), "zeros": bytes(9000)}
    for name, content in odd.items():
        with open(os.path.join(root, name), "wb") as stream:
            stream.write(content)


def expected_counts(root):
    counts = collections.Counter()
    for path in files_of(root):
        with open(path, "rb") as stream:
            found = re.findall(rb"[A-Za-z]+", stream.read())
        counts.update(word.lower().decode() for word in found if len(word) <= 64)
    return counts


def files_of(root):
    return sorted(entry.path for entry in os.scandir(root))


def run(*arguments):
    environment = {key: value for key, value in os.environ.items() if key != "BORROWSCOPE_OPTIONS"}
    environment["ASAN_OPTIONS"] = "detect_leaks=0"  # --bug leak leaks indeed
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False,
                          env=environment)


class Story:
    """What an export says, by id."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as stream:
            self.json = json.load(stream)
        self.nodes = {node["id"]: node for node in self.json["nodes"]}
        self.edges = self.json["edges"]
        self.events = self.json["events"]
        self.moved_to = {move["from"]: move["to"] for move in self.json["relations"] if move["relationship"] == "moves"}
        self.made_on = {event.get("var_id", event.get("to_id", event.get("borrower_id"))): event["thread"]
                        for event in self.events if event["type"] in ("New", "Move", "Borrow")}

    def named(self, name):
        return [node for node in self.nodes.values() if node["name"] == name]

    def leaked(self):
        return [node["id"] for node in self.nodes.values() if node["dropped_at"] is None and
                node["id"] not in self.moved_to]

    def mutable_overlaps(self):
        """Pairs of mutable borrows of one owner that are open at the same time."""
        found, owners = [], collections.defaultdict(list)
        for edge in self.edges:
            if edge["relationship"] == "borrows_mut":
                owners[edge["to"]].append(edge)
        for edges in owners.values():
            edges.sort(key=lambda edge: edge["start"])
            found += [(one["from"], two["from"]) for one, two in zip(edges, edges[1:])
                      if one["end"] is None or one["end"] > two["start"]]
        return found


class DemoTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.inputs = os.path.join(cls.scratch.name, "inputs")
        os.mkdir(cls.inputs)
        make_inputs(cls.inputs)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def story(self, *arguments, status=0):
        path = os.path.join(self.scratch.name, "story.json")
        done = run("--top", 0, "--json", path, *arguments, *files_of(self.inputs))
        self.assertEqual(done.returncode, status, done.stderr)
        return Story(path), done.stderr

    def test_counts_are_right(self):
        wanted = expected_counts(self.inputs)
        for threads in (0, 1, 4):
            done = run("--threads", threads, "--top", 100000, *files_of(self.inputs))
            self.assertEqual(done.returncode, 0, done.stderr)
            lines = [line.split() for line in done.stdout.splitlines()]
            self.assertEqual({word: int(count) for count, word in lines}, dict(wanted))
            order = [(-int(count), word) for count, word in lines]
            self.assertEqual(order, sorted(order))

    def check_whole(self, story, errors):
        """P2, P4: nothing is missing and nothing is unsettled."""
        self.assertIn(" 0 unknown owners, 0 unresolved, 0 ambiguous, 0 borrows open, 0 owners never dropped", errors)
        self.assertIn(" 0 dropped, 0 lost, 0 evicted", errors)
        self.assertIn("the events fit together", errors)
        self.assertEqual(story.leaked(), [])
        self.assertEqual(story.mutable_overlaps(), [])
        borrows = [event for event in story.events if event["type"] == "Borrow"]
        self.assertGreater(len(borrows), 100)
        self.assertEqual(len(borrows), len(story.edges))
        for borrow in borrows:
            self.assertIn(borrow["owner_id"], story.nodes)
            self.assertIn(borrow["borrower_id"], story.nodes)
        for edge in story.edges:
            self.assertIsNotNone(edge["end"])
            self.assertGreater(edge["end"], edge["start"])

    def check_chains(self, story):
        """Every buffer went reader, queue, worker, or was dropped empty; returns the hand-overs between threads."""
        crossed = 0
        for buffer in story.named("buffer"):
            if buffer["id"] not in story.moved_to:
                self.assertIsNotNone(buffer["dropped_at"])
                continue
            queued = story.nodes[story.moved_to[buffer["id"]]]
            batch = story.nodes[story.moved_to[queued["id"]]]
            self.assertEqual([queued["name"], batch["name"]], ["queued", "batch"])
            self.assertNotIn(batch["id"], story.moved_to)
            self.assertLess(batch["created_at"], batch["dropped_at"])
            self.assertLess(queued["created_at"], batch["created_at"])
            self.assertEqual(story.made_on[buffer["id"]], story.made_on[queued["id"]])
            crossed += story.made_on[queued["id"]] != story.made_on[batch["id"]]
        self.assertEqual(len(story.named("queued")), len(story.named("batch")))
        return crossed

    def test_story_is_whole_across_threads(self):
        for threads in (1, 3):
            story, errors = self.story("--threads", threads)
            self.check_whole(story, errors)
            self.assertEqual(self.check_chains(story), len(story.named("batch")))
            self.assertGreater(len(story.named("batch")), 50)
            self.assertEqual(len(story.named("wordmap")), threads + 1)

    def test_story_is_whole_in_one_thread(self):
        story, errors = self.story("--threads", 0)
        self.check_whole(story, errors)
        self.assertEqual(self.check_chains(story), 0)

    def test_same_input_same_bytes(self):
        """P7."""
        contents = []
        for number in range(2):
            path = os.path.join(self.scratch.name, f"same{number}.json")
            done = run("--threads", 0, "--no-times", "--json", path, *files_of(self.inputs))
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(path, "rb") as stream:
                contents.append(stream.read())
        self.assertEqual(contents[0], contents[1])
        self.assertNotIn(b"time_ns", contents[0])

    def test_contradictions_are_found(self):
        for bug in ("use-after-move", "double-drop"):
            for threads in (0, 2):
                _, errors = self.story("--threads", threads, "--bug", bug)
                self.assertIn("the events contradict each other", errors, (bug, threads))
                one = run("--bug", bug, "--threads", threads, os.path.join(self.inputs, "no-end"))
                self.assertIn("the events contradict each other", one.stderr, (bug, threads))

    def test_leak_is_found(self):
        for threads in (0, 2):
            story, errors = self.story("--threads", threads, "--bug", "leak")
            self.assertTrue(story.leaked())
            self.assertEqual({story.nodes[node]["name"] for node in story.leaked()}, {"buffer"})
            self.assertIn(f" {len(story.leaked())} owners never dropped", errors)

    def test_alias_is_found(self):
        for threads in (0, 2):
            story, _ = self.story("--threads", threads, "--bug", "alias")
            names = {tuple(story.nodes[node]["name"] for node in pair) for pair in story.mutable_overlaps()}
            self.assertEqual(names, {("into", "tally")})

    def test_goes_on_after_what_it_cannot_read(self):
        missing = os.path.join(self.scratch.name, "missing")
        text = os.path.join(self.inputs, "no-end")
        done = run("--top", 3, missing, text)
        self.assertEqual(done.returncode, 1)
        self.assertIn(missing, done.stderr)
        self.assertIn("6 words", done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 3)
        self.assertEqual(run(self.inputs).returncode, 1)  # a directory

    def test_says_when_the_export_fails(self):
        path = os.path.join(self.scratch.name, "missing", "out.json")
        done = run("--json", path, os.path.join(self.inputs, "no-end"))
        self.assertEqual(done.returncode, 1)
        self.assertIn(path, done.stderr)

    def test_refuses_wrong_command_lines(self):
        for arguments in ([], ["--threads", "x", "."], ["--threads", "-1", "."], ["--bug", "leaks", "."], ["--nonsense"]):
            self.assertEqual(run(*arguments).returncode, 2, arguments)
        self.assertEqual(run("--help").returncode, 0)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    print(f"SEED={SEED}", file=sys.stderr)
    unittest.main()
