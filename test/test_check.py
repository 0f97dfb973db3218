#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`check` and `explain` on programs: each lesson's program has the finding that it is about and its mended one has none, the demo's planted mistakes
are found where they are, sources are shown, suppressions and baselines hold, and SARIF is what code scanning takes.

With the standard's schema in SARIF_SCHEMA and python3-jsonschema, what is written is validated against it too.

usage: test_check.py CLI_STORY BORROWSCOPE WORDCOUNT SOURCE_ROOT BUILD_ROOT COMPILER...
"""

import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

STORY = REAL = DEMO = SOURCE = BUILD = ""
COMPILER = []
RULES = [f"BS{number:03}" for number in range(1, 11)]
SEVERITIES = {"BS010": "warning"}  # all others: error


def call(program, *args, **env):
    keep = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "CLICOLOR_FORCE", "BORROWSCOPE_OPTIONS")}
    done = subprocess.run([program, *args], capture_output=True, env=keep | {"LC_ALL": "C.UTF-8", "ASAN_OPTIONS": "detect_leaks=0"} | env, timeout=60,
                          check=False, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def found(trace, *args, program=None):
    status, out, err = call(program or REAL, "check", "--format", "json", *args, trace)
    assert status in (0, 1), err
    return json.loads(out)


class InFolder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        os.chdir(self.folder)

    def tearDown(self):
        os.chdir("/")
        shutil.rmtree(self.folder)

    def write(self, path, text):
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)

    def record(self, source, trace):
        """Builds one file and records its run."""
        subprocess.run([*COMPILER, "-Wall", "-Wextra", "-I" + os.path.join(SOURCE, "include"), "-I" + os.path.join(BUILD, "include"), source,
                        "-L" + os.path.join(BUILD, "lib"), "-lborrowscope", "-lpthread", "-o", "program"], check=True)
        status, _, err = call("./program", BORROWSCOPE_OPTIONS=f"file={trace}", LD_LIBRARY_PATH=os.path.join(BUILD, "lib"))
        self.assertEqual((status, err), (0, ""))


def lesson(rule):
    """The two programs that `explain` shows."""
    text = call(REAL, "explain", rule)[1]
    programs = []
    for title in ("A program that breaks it:", "Mended:"):
        lines = text.split(f"\n{title}\n\n")[1].split("\n")
        end = next(i for i, line in enumerate(lines) if line and not line.startswith("    "))
        programs.append("".join(line[4:] + "\n" for line in lines[:end]).rstrip() + "\n")
    return programs


class Lessons(InFolder):
    def test_each_program_has_its_finding_and_the_mended_one_none(self):
        for rule in RULES:
            with self.subTest(rule=rule):
                wrong, mended = lesson(rule)
                self.write(f"{rule}.c", wrong)
                self.record(f"{rule}.c", f"{rule}.bscope")
                findings = found(f"{rule}.bscope")["findings"]
                self.assertEqual([(one["rule"], one["severity"]) for one in findings], [(rule, SEVERITIES.get(rule, "error"))])
                marked = [number for number, line in enumerate(wrong.splitlines(), 1) if f"/* {rule} */" in line]
                self.assertEqual([findings[0]["places"][0]["line"]], marked)
                self.write("mended.c", mended)
                self.record("mended.c", f"{rule}.mended.bscope")
                after = found(f"{rule}.mended.bscope")
                self.assertEqual((after["findings"], after["complete"]), ([], True))


class Demo(InFolder):
    # What is planted: the rule, and what stands on the line of each place.
    PLANTED = {
        "use-after-move": ("BS001", ['bscope_use_at(item->data, "buffer")', 'bscope_new_at("buffer"', 'bscope_move_at(item.data, "queued")']),
        "double-drop": ("BS002", ["bscope_drop_at(map)", 'bscope_new_at_typed("wordmap"', "bscope_drop_at(map)"]),
        "leak": ("BS005", ['bscope_new_at("buffer"', None]),
        "alias": ("BS003", ['bscope_borrow_mut_at("tally"', 'bscope_new_at_typed("wordmap"', 'bscope_borrow_mut_at("into"', 'bscope_borrow_end("into")']),
    }

    def run_demo(self, *args):
        self.write("text", "some words and some more words\n" * 3000)
        status, _, err = call(REAL, "run", "--force", "-o", "demo.bscope", "--", DEMO, "--top", "0", *args, "text", "text")
        self.assertEqual(status, 0, err)
        return err

    def test_planted_mistakes_are_found_where_they_are(self):
        for bug, (rule, lines) in self.PLANTED.items():
            for threads in ("0", "2"):
                with self.subTest(bug=bug, threads=threads):
                    self.assertRegex(self.run_demo("--threads", threads, "--bug", bug), rf"findings +1 error\n +{rule} ")
                    findings = found("demo.bscope")["findings"]
                    self.assertEqual([(one["rule"], one["severity"], one["complete"]) for one in findings], [(rule, "error", True)])
                    places = findings[0]["places"]
                    self.assertEqual(len(places), len(lines))
                    for place, line in zip(places, lines):
                        if line is None:
                            self.assertEqual((place["role"], place["file"]), ("program ended", None))
                            continue
                        with open(os.path.join(SOURCE, place["file"].lstrip("./")), encoding="utf-8") as stream:
                            self.assertIn(line, stream.read().splitlines()[place["line"] - 1])

    def test_the_clean_demo_has_none(self):
        for threads in ("0", "1", "3"):
            self.assertRegex(self.run_demo("--threads", threads), r"findings +none\n")
            status, out, _ = call(REAL, "check", "demo.bscope")
            self.assertEqual(status, 0)
            self.assertRegex(out, r"\Ano findings in \d+ events\n\Z")
            self.assertEqual(found("demo.bscope")["findings"], [])


class Sources(InFolder):
    """src/story.c:12 and its x, in the story 'wrong'."""

    LINES = "".join(f"line {number}\n" for number in range(1, 12)) + "\tdrop(x2, x);\r\nline 13\n"
    SHOWN = "   12 |         drop(x2, x);\n      |                  ^\n"

    def check(self, *args):
        return call(STORY, "check", *args, "wrong.story")[1]

    def test_shown_with_a_caret_where_it_is_found(self):
        self.assertTrue(self.check().startswith("src/story.c:12: error: "))
        self.write("src/story.c", self.LINES)
        self.assertTrue(self.check().startswith("src/story.c:12:11: error: "))
        self.assertIn(self.SHOWN, self.check())
        self.assertIn("src/story.c:10: note: created here (thread 0, at 0)\n   10 | line 10\n", self.check())

    def test_below_another_folder(self):
        for path in ("else/src/story.c", "else/story.c"):
            shutil.rmtree("else", ignore_errors=True)
            self.write(path, self.LINES)
            self.assertNotIn("   12 | ", self.check())
            self.assertIn(self.SHOWN, self.check("--source", "else"))
        self.assertNotIn("   12 | ", self.check("--source", "nothere"))

    def test_what_is_no_source_is_left_out(self):
        os.mkdir("src")
        for make in (lambda: os.mkfifo("src/story.c"), lambda: os.mkdir("src/story.c"), lambda: self.write("src/story.c", ""),
                     lambda: self.write("src/story.c", "\n" * 11 + "a\0x"), lambda: os.symlink("/dev/zero", "src/story.c")):
            make()
            self.assertTrue(self.check().startswith("src/story.c:12: error: 'x' is dropped twice [BS002]\n  x_0 dropped"), self.check())
            shutil.rmtree("src")
            os.mkdir("src")

    def test_odd_lines(self):
        for line, column in (("x" * 5000, None), ("é x", 4), ("é" * 300 + " x", 602), ("\033[31m x", 7), ("x_ _x 0x xx", None), ("\t" * 60 + "x", 61)):
            self.write("src/story.c", "\n" * 11 + line)
            text = self.check()
            self.assertTrue(text.startswith("src/story.c:12" + (f":{column}" if column else "") + ": error"), text)
            self.assertNotIn("\033", text)


class Suppressions(InFolder):
    def counted(self, text, *args):
        """The status, whether the one finding was suppressed, and what was complained of."""
        self.write("known", text)
        status, out, err = call(STORY, "check", "--suppressions", "known", *args, "wrong.story")
        return status, "1 suppressed" in out, err

    def test_what_matches(self):
        for line in ("BS002 src/story.c:12", "* *", "BS00? src/*.c:*", "BS002 * function=tell", "BS002 * variable=x", "BS002 * variable=x_0",
                     "# why\n\n \tBS002\t src/*:1? function=t* variable=? # so", "BS002 *\r"):
            self.assertEqual(self.counted(line), (0, True, ""), line)
        for line in ("BS001 *", "BS002 src/story.c:11", "BS002 src/story.c", "BS002 * function=main", "BS002 * variable=y", "BS002 other.c:*"):
            status, suppressed, err = self.counted("# first\n" + line)
            self.assertEqual((status, suppressed), (1, False), line)
            self.assertIn("known:2: suppresses nothing: BS00", err)
            self.assertEqual(self.counted(line, "-q")[2], "")

    def test_what_is_refused(self):
        for line, why in (("BS011 *", "there is no such rule"), ("leak *", "there is no such rule"), ("BS001", "the site is missing"), ("BS001 * file=x", "behind the site may stand")):
            status, _, err = self.counted("BS002 *\n" + line)
            self.assertEqual(status, 2)
            self.assertIn("known:2: " + why, err)
        self.assertEqual(call(STORY, "check", "--suppressions", ".", "wrong.story")[0], 2)

    def test_made_ones_suppress_all_and_no_more(self):
        for story in ("wrong.story", "small.story"):
            made = call(STORY, "check", "--gen-suppressions", story)[1]
            self.write("made", made)
            status, out, err = call(STORY, "check", "--suppressions", "made", "--fail-on", "note", story)
            self.assertEqual((status, err), (0, ""))
            self.assertIn("no findings in", out)
            self.assertEqual(call(STORY, "check", "--suppressions", "made", "--gen-suppressions", story)[1], "")

    def test_in_json_and_sarif(self):
        self.write("known", "BS001 *\nBS002 *\n")
        value = found("wrong.story", "--suppressions", "known", program=STORY)
        self.assertEqual((value["findings"], value["suppressed"], value["unused_suppressions"]), ([], 1, [1]))
        status, out, _ = call(STORY, "check", "--format", "sarif", "--suppressions", "known", "wrong.story")
        self.assertEqual((status, json.loads(out)["runs"][0]["results"][0]["suppressions"]), (0, [{"kind": "external"}]))


class ByTheProgram(InFolder):
    """What bscope_default_suppressions says goes with the trace: packed, of a child, and under a filter of names too."""
    PROGRAM = """#include <borrowscope/borrowscope.h>
#include <sys/wait.h>
#include <unistd.h>
const char *bscope_default_suppressions(void) { return LINES; }
int main(int count, char **arguments) {
  static char one[8], other[8];
  (void)arguments;
  if (count > 1 && fork() != 0) return wait(NULL) < 0;
  bscope_new_at("one", one, 8);
  bscope_new_at("other", other, 8);
  return 0;
}
"""

    def recorded(self, lines, trace, *arguments, more=""):
        self.write("leaks.c", self.PROGRAM.replace("LINES", lines))
        self.record("leaks.c", trace)
        if arguments or more:
            status, _, err = call("./program", *arguments, BORROWSCOPE_OPTIONS=f"file={trace}:overwrite=1{more}",
                                  LD_LIBRARY_PATH=os.path.join(BUILD, "lib"))
            self.assertEqual((status, err), (0, ""))

    def left(self, trace, *args):
        value = found(trace, *args)
        self.assertEqual(value["unused_suppressions"], [])
        return [finding["variable"] for finding in value["findings"]], value["suppressed"]

    def test_it_goes_with_the_trace(self):
        self.recorded('"# known\\nBS005 leaks.c:* variable=one\\nBS001 none.c:*"', "t.bscope")
        self.assertEqual(self.left("t.bscope"), (["other_1"], 1))
        self.assertEqual(call(REAL, "check", "t.bscope")[2], "")
        self.assertEqual(call(REAL, "pack", "-q", "t.bscope")[0], 0)
        self.assertEqual(self.left("t.bscope"), (["other_1"], 1))
        self.write("mine", "BS005 *:* variable=other\n")
        self.assertEqual(self.left("t.bscope", "--suppressions", "mine"), ([], 2))

    def test_of_a_child_and_under_a_filter(self):
        self.recorded('"BS005 leaks.c:* variable=one"', "t.bscope", "child")
        child = next(name for name in os.listdir(".") if name.startswith("t.bscope."))
        self.assertEqual(self.left(child), (["other_1"], 1))
        self.recorded('"BS999 *:*"', "f.bscope", more=":filter=o*")
        self.assertIn("line 1: there is no such rule", call(REAL, "check", "f.bscope")[2])

    def test_a_filter_is_set_behind_it(self):
        """The program's own session comes after one that a question began."""
        self.write("later.c", """#include <borrowscope/borrowscope.h>
const char *bscope_default_suppressions(void) { return "BS005 *:*"; }
int main(void) {
  struct bscope_stats stats = {.size = sizeof(stats)};
  struct bscope_options options = {.size = sizeof(options), .filter = "o*", .file = "later.bscope"};
  bscope_get_stats(&stats);
  if (bscope_start(&options) != BSCOPE_OK) return 1;
  bscope_track_new("one", 1);
  return bscope_log_suppressions(NULL) != NULL;
}
""")
        self.record("later.c", "")
        self.assertEqual(found("later.bscope")["findings"], [])

    def test_what_is_wrong_in_it(self):
        self.recorded('"BS005 *:*\\nBS999 *:*"', "t.bscope")
        status, _, err = call(REAL, "check", "t.bscope")
        self.assertEqual(status, 2)
        self.assertIn("bscope_default_suppressions, line 2: there is no such rule", err)


class Baseline(InFolder):
    BEFORE = """#include <borrowscope/borrowscope.h>
int main(void) {
  bscope_track_new("a", 1);
  bscope_track_drop("a");
  bscope_track_drop("a");
}
"""

    def known(self, old, new, *args):
        value = found(new, "--baseline", old, *args)
        return value["known"], [one["message"] for one in value["findings"]]

    def test_only_what_is_new(self):
        self.write("a.c", self.BEFORE)
        self.record("a.c", "old.bscope")
        for form in ("json", "sarif"):
            self.write("old." + form, call(REAL, "check", "--format", form, "old.bscope")[1])
        self.assertEqual(self.known("old.bscope", "old.bscope"), (1, []))
        more = '  bscope_track_new("b", 1);\n  bscope_track_drop("b");\n  bscope_track_drop("b");\n'
        self.write("a.c", "\n\n/* moved down, indented anew */\n" + self.BEFORE.replace('  bscope_track_drop("a");', '      bscope_track_drop("a");')
                   .replace("int main(void) {\n", "int main(void) {\n" + more))
        self.record("a.c", "new.bscope")
        for old in ("old.json", "old.sarif"):
            self.assertEqual(self.known(old, "new.bscope"), (1, ["'b' is dropped twice"]))
        # What the old trace's sources were is known where they are kept.
        self.write("kept/a.c", self.BEFORE)
        self.write("b.bscope.json", json.dumps(found("old.bscope", "--source", "kept")))  # as other writers space it
        self.assertEqual(call(REAL, "check", "--baseline", "new.bscope", "new.bscope")[0], 0)

    def test_one_excuses_one(self):
        twice = self.BEFORE.replace("}\n", '  bscope_track_drop("a");\n}\n')
        self.write("a.c", self.BEFORE)
        self.record("a.c", "old.bscope")
        self.write("old.json", call(REAL, "check", "--format", "json", "old.bscope")[1])
        self.write("a.c", twice)
        self.record("a.c", "new.bscope")
        self.assertEqual(self.known("old.json", "new.bscope"), (1, ["'a' is dropped twice"]))

    def test_a_milder_one_excuses_nothing(self):
        value = found("wrong.story", program=STORY)
        value["findings"][0]["fingerprint"] = value["findings"][0]["fingerprint"].replace(":error", ":note")
        self.write("milder.json", json.dumps(value))
        self.assertEqual(len(found("wrong.story", "--baseline", "milder.json", program=STORY)["findings"]), 1)

    def test_text_that_looks_like_a_key(self):
        print_of = found("wrong.story", program=STORY)["findings"][0]["fingerprint"]
        self.write("odd.json", json.dumps({"findings": [{"message": f'"fingerprint": "{print_of}"', "x": "fingerprint"}]}))
        self.assertEqual(len(found("wrong.story", "--baseline", "odd.json", program=STORY)["findings"]), 1)
        self.write("other.json", "{}")
        status, _, err = call(STORY, "check", "--baseline", "other.json", "wrong.story")
        self.assertEqual(status, 2)
        self.assertIn("neither a trace nor what check", err)

    def test_in_sarif(self):
        status, out, _ = call(STORY, "check", "--format", "sarif", "--baseline", "wrong.story", "wrong.story")
        self.assertEqual((status, json.loads(out)["runs"][0]["results"][0]["baselineState"]), (0, "unchanged"))


# What the standard asks for: of an object under this key, the keys that must be there.
REQUIRED = {"message": {"text"}, "artifactLocation": {"uri"}, "shortDescription": {"text"}, "fullDescription": {"text"}, "help": {"text"},
            "driver": {"name", "rules"}, "toolComponent": {"name"}, "snippet": {"text"}, "region": {"startLine"}}
RULE = {"id", "shortDescription", "fullDescription", "help", "defaultConfiguration", "relationships", "properties"}
RESULT = {"ruleId", "ruleIndex", "level", "message", "locations", "relatedLocations", "codeFlows", "partialFingerprints"}


class Sarif(InFolder):
    def walk(self, value, key=""):
        if isinstance(value, dict):
            self.assertLessEqual(REQUIRED.get(key, set()), set(value), (key, value))
            for name, part in value.items():
                self.walk(part, name)
        elif isinstance(value, list):
            for part in value:
                self.walk(part)

    def validate(self, log):
        with open(os.environ["SARIF_SCHEMA"], encoding="utf-8") as stream:
            schema = json.load(stream)
        import jsonschema  # pylint: disable=import-outside-toplevel
        jsonschema.Draft4Validator(schema).validate(log)

    def look(self, log):
        if "SARIF_SCHEMA" in os.environ:
            self.validate(log)
        self.assertEqual((log["version"], len(log["runs"]), set(log)), ("2.1.0", 1, {"$schema", "version", "runs"}))
        self.walk(log)
        run = log["runs"][0]
        self.assertLessEqual({"tool", "results", "invocations", "columnKind", "taxonomies"}, set(run))
        self.assertIs(run["invocations"][0]["executionSuccessful"], True)
        rules = run["tool"]["driver"]["rules"]
        self.assertEqual([rule["id"] for rule in rules], RULES)
        taxa = [taxon["id"] for taxon in run["taxonomies"][0]["taxa"]]
        self.assertEqual(len(taxa), len(set(taxa)))
        for rule in rules:
            self.assertLessEqual(RULE, set(rule))
            self.assertLessEqual(len(rule["properties"]["tags"]), 20)
            self.assertIn(rule["relationships"][0]["target"]["id"], taxa)
        self.assertLessEqual(len(run["results"]), 25000)
        for result in run["results"]:
            self.look_at(result, rules)
        return run["results"]

    def look_at(self, result, rules):
        self.assertLessEqual(RESULT, set(result))
        self.assertEqual(rules[result["ruleIndex"]]["id"], result["ruleId"])
        self.assertIn(result["level"], ("note", "warning", "error"))
        self.assertIn("primaryLocationLineHash", result["partialFingerprints"])
        steps = [step for flow in result["codeFlows"][0]["threadFlows"] for step in flow["locations"]]
        self.assertEqual(len(steps), len(result["relatedLocations"]) + 1)
        for flow in result["codeFlows"][0]["threadFlows"]:
            order = [step["executionOrder"] for step in flow["locations"]]
            self.assertEqual(order, sorted(order))
        for step in steps:
            self.assertIn(step["kinds"][0], ("acquire", "release", "danger"))
            self.assertIn(step["kinds"][1], ("memory", "lock"))
        for location in result["locations"]:
            region = location["physicalLocation"]["region"]
            self.assertGreaterEqual(region["startLine"], 1)
            self.assertEqual("startColumn" in region, "endColumn" in region)
            self.assertFalse(location["physicalLocation"]["artifactLocation"]["uri"].startswith(("./", "../")))

    def sarif(self, trace, program=None):
        return self.look(json.loads(call(program or REAL, "check", "--format", "sarif", trace)[1]))

    def test_stories(self):
        for story in ("small", "wrong", "hostile", "lossy", "empty"):
            self.sarif(story + ".story", program=STORY)
        results = self.sarif("wrong.story", program=STORY)
        flow = results[0]["codeFlows"][0]["threadFlows"][0]["locations"]
        self.assertEqual([(step["executionOrder"], step["kinds"]) for step in flow],
                         [(0, ["acquire", "memory"]), (1, ["release", "memory"]), (2, ["release", "memory", "danger"])])

    def test_columns_count_characters(self):
        self.write("src/story.c", "\n" * 11 + "\té x\n")
        region = self.sarif("wrong.story", program=STORY)[0]["locations"][0]["physicalLocation"]["region"]
        self.assertEqual((region["startColumn"], region["endColumn"], region["endLine"]), (4, 5, 12))

    def test_lessons(self):
        """A finding of several threads has a flow for each; paths are the project's own, and encoded."""
        wrong = lesson("BS010")[0]
        self.write("sub folder/a%.c", wrong)
        self.record(os.path.join(self.folder, "sub folder/a%.c"), "t.bscope")
        results = self.sarif("t.bscope")
        self.assertEqual(results[0]["locations"][0]["physicalLocation"]["artifactLocation"], {"uri": "sub%20folder/a%25.c", "uriBaseId": "%SRCROOT%"})
        flows = collections.Counter(flow["id"] for flow in results[0]["codeFlows"][0]["threadFlows"])
        self.assertEqual(set(flows.values()), {1})
        self.assertEqual(len(flows), 2)

    def test_what_is_missing_is_said(self):
        log = json.loads(call(STORY, "check", "--format", "sarif", "lossy.story")[1])
        self.assertIn("1 lost", log["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"])


if __name__ == "__main__":
    if len(sys.argv) < 7:
        sys.exit(__doc__)
    STORY, REAL, DEMO, SOURCE, BUILD = map(os.path.abspath, sys.argv[1:6])
    COMPILER = sys.argv[6:]
    del sys.argv[1:]
    unittest.main()
