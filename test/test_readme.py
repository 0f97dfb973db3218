#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The README's examples compile as shown and print what is shown; its table of settings is the library's own.

usage: test_readme.py README BUILD_DIR [COMPILER...]
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest

README, BUILD = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
COMPILER = sys.argv[3:] or ["cc"]
TEXT = open(README, encoding="utf-8").read()


def block(marker):
    """The fenced block behind the comment <!-- marker -->."""
    found = re.search(r"<!-- " + re.escape(marker) + r" -->\n```[a-z]*\n(.*?)```", TEXT, re.S)
    assert found, f"the README has no block marked {marker}"
    return found.group(1)


class Readme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.environment = dict(os.environ, LD_LIBRARY_PATH=os.path.join(BUILD, "lib"), BORROWSCOPE_OPTIONS="")
        source = os.path.dirname(README)
        cls.examples = re.findall(r"<!-- example: (\w+)\.c -->", TEXT)
        for name in cls.examples:
            with open(os.path.join(cls.folder.name, name + ".c"), "w", encoding="utf-8") as out:
                out.write(block(f"example: {name}.c"))
            subprocess.run(
                [*COMPILER, "-Wall", "-Wextra", "-Wpedantic", "-Werror", name + ".c", "-I" + os.path.join(source, "include"),
                 "-I" + os.path.join(BUILD, "include"), "-L" + os.path.join(BUILD, "lib"), "-lborrowscope", "-o", name],
                cwd=cls.folder.name, check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def run_first(self, **variables):
        return subprocess.run(["./first"], cwd=self.folder.name, env=dict(self.environment, **variables),
                              capture_output=True, text=True, check=True)

    def test_prints_what_is_shown(self):
        self.assertEqual(self.run_first().stdout, block("output: first.c"))

    def test_exports_what_is_shown(self):
        self.run_first()
        with open(os.path.join(self.folder.name, "first.json"), encoding="utf-8") as exported:
            self.assertTrue(exported.read().startswith(block("json: first.c")))

    def test_settings_are_the_library_s(self):
        lines = self.run_first(BORROWSCOPE_OPTIONS="help=1").stderr.splitlines(keepends=True)
        self.assertEqual("".join(line.removeprefix("borrowscope: ") for line in lines), block("options"))

    @unittest.skipUnless(os.path.exists(os.path.join(BUILD, "tools/cli/borrowscope")), "built without tools")
    def test_a_file_answers_what_is_shown(self):
        program = os.path.join(BUILD, "tools/cli/borrowscope")
        for name in self.examples:
            subprocess.run([program, "run", "-q", "-o", name + ".bscope", "--", "./" + name], cwd=self.folder.name,
                           env=self.environment, capture_output=True, check=True)
        for question in re.findall(r"<!-- output: (borrowscope [^>]*) -->", TEXT):
            done = subprocess.run([program, *question.split()[1:]], cwd=self.folder.name, env=self.environment,
                                  capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (" check " in question, ""))
            self.assertEqual(without_times(done.stdout), without_times(block("output: " + question)))


def without_times(text):
    return re.sub(r"\+[0-9]+\.[0-9]+", "+TIME", text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
