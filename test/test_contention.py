#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The model of the shared counter: its queue agrees with the closed form, its fit with what it was fitted to, and the
page shows what it prints.

usage: test_contention.py SOURCE_ROOT
"""

import importlib.util
import json
import math
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = "."


def path(*parts):
    return os.path.join(ROOT, *parts)


def load():
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("contention", path("bench", "contention.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*arguments):
    return subprocess.run([sys.executable, path("bench", "contention.py"), *arguments], capture_output=True, text=True,
                          check=False, timeout=60, env={**os.environ, "PYTHONIOENCODING": "utf-8"})


def given():
    with open(path("bench", "contention.json"), encoding="utf-8") as stream:
        return json.load(stream)


class ContentionTest(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)

    def write(self, content):
        name = os.path.join(self.scratch.name, "input.json")
        with open(name, "w", encoding="utf-8") as stream:
            json.dump(content, stream)
        return name

    def test_queue(self):
        """One server, a finite population, exponential times: the probability of an empty queue is known in closed form."""
        model = load()
        for threads, service, think in ((1, 50, 7), (2, 100, 600), (8, 23, 0.5), (64, 97.7, 1000)):
            weights = [math.prod(range(threads - i + 1, threads + 1)) * (service / think) ** i
                       for i in range(threads + 1)]
            rate = (1 - weights[0] / sum(weights)) / service
            self.assertAlmostEqual(model.residence(threads, service, think) / (threads / rate - think), 1, places=6)

    def test_fit(self):
        """The two figures give back the measurements that they come from; the check is met within a tenth."""
        model, content = load(), given()
        content["transfer"], content["hold"] = model.fit(content)
        measured, far = content["measured"], content["fit"]
        self.assertAlmostEqual(model.added(content, content["transfer"], 2, far["work"]), far["added"], places=3)
        together = model.each(content["transfer"], content["hold"], 2, 0, measured["xadd_store"], measured["xadd"])
        self.assertAlmostEqual(together, 2 * measured["xadd_store_two_threads"], places=3)
        self.assertTrue(content["checks"])
        for check in content["checks"]:
            value = model.added(content, content["transfer"], check["threads"], check["work"])
            self.assertLess(abs(value / check["added"] - 1), 0.1)

    def test_transfers(self):
        model = load()
        machine = {"siblings": 1, "group": 10, "socket": 100, "remote": 1000, "cores_a_group": 2, "cores_a_socket": 4,
                   "sockets": 2, "threads_a_core": 2}
        self.assertEqual([model.distance(machine, 0, n) for n in (1, 2, 4, 8, 9, 13)], [10, 100, 1000, 1, 10, 1000])
        self.assertEqual(model.mean_transfer(machine, 3), 70)
        self.assertEqual(model.most_threads(machine), 16)

    def test_page(self):
        """Each block of the script's output stands in the page as it is; other input gives other blocks."""
        with open(path("bench", "CONTENTION.md"), encoding="utf-8") as stream:
            page = stream.read()
        blocks = run().stdout.strip().split("\n\n")
        self.assertEqual(len(blocks), 11)
        for block in [blocks[0], *blocks[2::2]]:
            self.assertIn("\n" + block + "\n", page)
        other = given()
        other["measured"]["call"] += 0.2
        for block in run("--input", self.write(other)).stdout.strip().split("\n\n")[2::2]:
            self.assertNotIn(block, page)

    def test_run(self):
        """The costs come from a run; one that lacks a row is refused."""
        rows = {"single/new": 7.86, "floor/xadd": 5.87, "floor/xadd_store": 6.62,
                "floor/xadd_store/real_time/threads:2": 13.03}
        content = {"benchmarks": [{"name": name, "run_name": name, "run_type": "iteration", "cpu_time": time,
                                   "real_time": time, "time_unit": "ns"} for name, time in rows.items()]}
        self.assertEqual(run("--run", self.write(content)).stdout, run().stdout)
        content["benchmarks"][0]["cpu_time"] = 7.9
        self.assertNotEqual(run("--run", self.write(content)).stdout, run().stdout)
        content["benchmarks"].pop()
        refused = run("--run", self.write(content))
        self.assertEqual(refused.returncode, 1)
        self.assertIn("has no row floor/xadd_store/real_time/threads:2", refused.stderr)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    ROOT = sys.argv.pop(1)
    unittest.main()
