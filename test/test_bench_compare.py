#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench-compare on results made up here: medians, ratios, two runs, and a baseline that fails where it must.

usage: test_bench_compare.py BENCH_COMPARE
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = "bench-compare"


def result(**rows):
    """A Google Benchmark result: for each row its repetitions in ns."""
    entries = []
    for name, times in rows.items():
        name = name.replace("__", "/")
        entries += [{"name": name, "run_name": name, "run_type": "iteration", "real_time": 1e6, "cpu_time": time,
                     "time_unit": "ns"} for time in times]
        entries.append({"name": name + "_mean", "run_name": name, "run_type": "aggregate", "aggregate_name": "mean",
                        "real_time": 5e9, "cpu_time": 5e9, "time_unit": "ns"})
    return {"benchmarks": entries}


class BenchCompareTest(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)

    def write(self, name, content):
        path = os.path.join(self.scratch.name, name)
        with open(path, "w", encoding="utf-8") as stream:
            json.dump(content, stream)
        return path

    def run_it(self, *arguments, status=0):
        done = subprocess.run([sys.executable, PROGRAM, *arguments], capture_output=True, text=True, timeout=60,
                              check=False, env={**os.environ, "PYTHONIOENCODING": "utf-8"})
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def line(self, text, label):
        return next(line.split()[1:] for line in text.splitlines() if line.split()[:1] == [label])

    def test_median_and_ratios(self):
        path = self.write("a.json", result(single__new=[7.5, 900, 7.5, 1, 7.5], floor__xadd=[5, 5, 6, 100, 1]))
        self.assertEqual(self.line(self.run_it(path), "new"),
                         ["75.00", "ns", "7.50", "ns", "10.00", "x", "5.00", "ns", "1.50", "x"])

    def test_units_and_missing_rows(self):
        content = result(single__new=[0.0075])
        content["benchmarks"][0]["time_unit"] = "us"
        shown = self.run_it(self.write("a.json", content))
        self.assertEqual(self.line(shown, "new"), ["75.00", "ns", "7.50", "ns", "10.00", "x", "-", "-"])
        self.assertEqual(self.line(shown, "drop"), ["75.00", "ns", "-", "-", "-", "-"])

    def test_two_runs(self):
        before = self.write("a.json", result(single__drop=[8], floor__xadd=[4]))
        after = self.write("b.json", result(single__drop=[6], floor__xadd=[4]))
        self.assertEqual(self.line(self.run_it(before, after), "drop"),
                         ["8.00", "ns", "6.00", "ns", "-25.0", "%", "2.00", "x", "1.50", "x"])

    def test_baseline(self):
        """A busier machine passes, a ratio grown beyond 15 % fails, and so does a row that is gone."""
        baseline = os.path.join(self.scratch.name, "baseline.json")
        self.run_it(self.write("a.json", result(single__move=[8], floor__xadd=[4])), "--write-baseline", baseline)
        for move, floor, status in ((10, 5, 0), (9.1, 4, 0), (9.3, 4, 1), (8, 3.2, 1)):
            run = self.write("b.json", result(single__move=[move], floor__xadd=[floor]))
            self.run_it(run, "--baseline", baseline, status=status)
        busy = self.write("d.json", result(single__move=[30, 9.1, 40], floor__xadd=[7, 4, 6]))
        self.run_it(busy, "--baseline", baseline)  # the best of the repetitions counts
        self.run_it(self.write("c.json", result(floor__xadd=[4])), "--baseline", baseline, status=1)

    def test_baseline_of_another_machine(self):
        """A machine of other floors is held against nothing until it is recorded, then against itself; the first stays."""
        baseline = os.path.join(self.scratch.name, "baseline.json")
        first = self.write("a.json", result(single__move=[8], floor__xadd=[4], floor__xadd_store=[6]))
        other = self.write("b.json", result(single__move=[5], floor__xadd=[1], floor__xadd_store=[4]))
        self.run_it(first, "--write-baseline", baseline)
        self.assertIn("no machine like this one", self.run_it(other, "--baseline", baseline))
        self.run_it(other, "--write-baseline", baseline)
        self.assertIn("no ratio grew", self.run_it(other, "--baseline", baseline))
        self.assertIn("no ratio grew", self.run_it(first, "--baseline", baseline))
        slower = self.write("c.json", result(single__move=[5.9], floor__xadd=[1], floor__xadd_store=[4]))
        self.run_it(slower, "--baseline", baseline, status=1)
        self.run_it(slower, "--write-baseline", baseline)  # takes the place of its like
        self.run_it(slower, "--baseline", baseline)
        with open(baseline, encoding="utf-8") as stream:
            self.assertEqual(len(json.load(stream)["machines"]), 2)

    def test_peers(self):
        """A table of their own: each beside the floor of as many threads; what is missing has its reason below."""
        content = {"context": {"peers/lttng": "no session records it"}, "benchmarks": [
            {"name": name, "run_name": name, "run_type": "iteration", "real_time": time, "time_unit": "ns"}
            for name, times in (("peers/floor/real_time/threads:1", (5, 4, 900)),
                                ("peers/floor/real_time/threads:2", (10, 10, 10)),
                                ("peers/mutex_array/real_time/threads:2", (2000, 1000, 1500))) for time in times]}
        shown = self.run_it(self.write("a.json", content))
        self.assertNotIn("original/ours", shown)
        self.assertEqual(self.line(shown, "shared")[-6:], ["1.00", "x", "10.00", "ns", "1.00", "x"])
        self.assertEqual(self.line(shown, "mutex")[-6:], ["-", "-", "1.5", "µs", "150.00", "x"])
        self.assertIn("not measured, no session records it", shown)

    def test_failed_benchmarks_and_bad_files(self):
        content = result(floor__xadd=[4])
        content["benchmarks"].append({"name": "single/new", "error_occurred": True, "error_message": "no events"})
        self.assertIn("single/new: no events", self.run_it(self.write("a.json", content), status=1))
        self.run_it(os.path.join(self.scratch.name, "missing.json"), status=2)
        self.run_it(self.write("b.json", []), status=2)
        self.run_it(status=2)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
