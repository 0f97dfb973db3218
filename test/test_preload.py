#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs that know nothing of the library, with their heap and their locks recorded (P3, P2): the same output, error output and
exit status as without, no event lost, and what is recorded fits together. Then what is known of a small program's blocks, and of
another's locks.

usage: test_preload.py BORROWSCOPE [--least N]     N programs of the table at least have to be on the machine
"""

import argparse
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

WORDS = "".join(f"{n * 7919 % 1000} word{n % 97}\n" for n in range(2000))
C_PROGRAM = "#include <stdio.h>\nint main(void) { return puts(\"x\") < 0; }\n"
MAKEFILE = "all: a b c\na b c:\n\t@echo $@ | tr a-z A-Z >$@.txt\n"

# program, its arguments, its standard input; {} is a directory with words.txt and a few files
PROGRAMS = [
    ("sort", ["--parallel=2", "-k2", "{}/words.txt"], ""),
    ("sqlite3", [":memory:", "create table t(a); with recursive n(i) as (select 1 union all select i+1 from n where i<5000)"
                 " insert into t select i from n; select count(*), sum(a) from t;"], ""),
    ("git", ["--no-pager", "diff", "--no-index", "--stat", "{}/a.txt", "{}/b.txt"], ""),
    ("python3", ["-c", "import json,threading; t=[threading.Thread(target=lambda: json.dumps(list(range(999)))) for _ in"
                 " range(4)]; [x.start() for x in t]; [x.join() for x in t]; print(sum(len(str(i)) for i in range(9999)))"], ""),
    ("make", ["-s", "-j2", "-C", "{}", "-f", "Makefile"], ""),
    ("gcc", ["-x", "c", "-O1", "-S", "-o", "-", "-"], C_PROGRAM),
    ("tar", ["-C", "{}", "--mtime=@0", "--owner=0", "--group=0", "--sort=name", "-cf", "-", "a.txt", "words.txt"], ""),
    ("xz", ["-T2", "-1", "-c"], WORDS),
    ("perl", ["-e", "my %h; $h{$_ % 97} .= $_ for 1..9999; print length(join('', map {$h{$_} sort keys %h)), \"\\n\""], ""),
    ("bash", ["-c", "for i in {1..300}; do a[$i]=$((i*i)); done; echo ${a[300]} $(echo sub)"], ""),
    ("sh", ["-c", "x=$(seq 1 500 | tail -1); echo $x"], ""),
    ("curl", ["--help", "all"], ""),
    ("nginx", ["-t", "-p", "{}", "-c", "{}/nginx.conf", "-g", "error_log {}/error.log;"], ""),
    ("redis-server", ["--test-memory", "1"], ""),
    ("jq", ["-c", "[.[] | {v: ., s: tostring}] | length"], json.dumps(list(range(3000)))),
    ("awk", ["{ n[$2] += $1 } END { for (i = 0; i < 97; i++) print i, n[\"word\" i] }", "{}/words.txt"], ""),
    ("sed", ["-n", "-E", "s/([0-9]+) (.*)/\\2=\\1/p", "{}/words.txt"], ""),
    ("grep", ["-n", "word4.", "{}/words.txt"], ""),
    ("find", ["{}", "-name", "*.txt", "-size", "-100k", "-printf", ""], ""),
    ("diff", ["{}/a.txt", "{}/b.txt"], ""),
    ("bzip2", ["-c"], WORDS),
    ("zstd", ["-q", "-T2", "-c"], WORDS),
    ("openssl", ["dgst", "-sha256"], WORDS),
    ("bc", ["-q"], "scale=60; 4*a(1)\n2^500\n"),
    ("ld", ["--version"], ""),
    ("objdump", ["-d", "--no-show-raw-insn", "{}/none"], ""),
    ("gpg", ["--homedir", "{}", "--version"], ""),
    ("file", ["-b", "{}/words.txt"], ""),
    ("vim.basic", ["-e", "-s", "-c", "%s/word/x/g", "-c", "1,3p", "-c", "q!", "{}/words.txt"], ""),
    ("gawk", ["BEGIN { for (i = 0; i < 2000; i++) a[i] = i \"x\"; print length(a) }"], ""),
    ("ruby", ["-e", "puts (1..2000).map(&:to_s).join.size"], ""),
    ("php", ["-r", "echo strlen(implode(range(1, 2000)));"], ""),
    ("lua5.4", ["-e", "local t={} for i=1,2000 do t[i]=tostring(i) end print(#table.concat(t))"], ""),
]

BLOCKS = r"""
#include <stdlib.h>
#include <string.h>
int main(void) {
  char *grown = malloc(10), *freed = calloc(3, 5), *leaked = strdup("kept");
  for (int i = 0; i < 8; i++)
    grown = realloc(grown, (size_t)1000 << i);
  void *aligned = NULL;
  if (posix_memalign(&aligned, 64, 640) != 0 || leaked == NULL)
    return 1;
  free(aligned);
  free(freed);
  free(grown);
  free(realloc(NULL, 3));
  return realloc(malloc(4), 0) != NULL;
}
"""

LOCKS = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>
#include <sys/wait.h>
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, r = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int ready;
static void give(void *p) { pthread_mutex_unlock(p); }
static void *wait_for_ever(void *p) {
  pthread_mutex_lock(&m);
  pthread_cleanup_push(give, &m);
  ready = 1;
  pthread_cond_signal(&c);
  for (;;)
    pthread_cond_wait(&c, &m); /* until it is cancelled: the mutex is taken again, and given back by give() */
  pthread_cleanup_pop(1);
  return p;
}
__attribute__((constructor)) static void early(void) { pthread_mutex_lock(&m); pthread_mutex_unlock(&m); }
int main(void) {
  struct timespec past = {0, 0};
  pthread_t t;
  pthread_mutex_lock(&m);
  errno = 5;
  if (pthread_mutex_trylock(&m) != EBUSY || pthread_mutex_timedlock(&m, &past) != ETIMEDOUT || errno != 5)
    return 1;
  if (pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &past) != ETIMEDOUT)
    return 2;
  pthread_mutex_unlock(&m);
  if (pthread_mutex_trylock(&m) != 0 || pthread_cond_timedwait(&c, &m, &past) != ETIMEDOUT)
    return 3;
  pthread_mutex_unlock(&m);
  pthread_mutex_lock(&r);
  pthread_mutex_lock(&r);
  pthread_mutex_unlock(&r);
  pthread_mutex_unlock(&r);
  if (pthread_mutex_unlock(&r) != EPERM)
    return 4;
  pthread_rwlock_rdlock(&rw);
  pthread_rwlock_tryrdlock(&rw);
  pthread_rwlock_unlock(&rw);
  pthread_rwlock_unlock(&rw);
  pthread_rwlock_wrlock(&rw);
  if (pthread_rwlock_tryrdlock(&rw) != EBUSY || errno != 5)
    return 5;
  pid_t child = fork();
  if (child == 0) { /* it holds what it has no beginning of */
    pthread_rwlock_unlock(&rw);
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    return 0;
  }
  if (waitpid(child, NULL, 0) != child)
    return 6;
  pthread_rwlock_unlock(&rw);
  pthread_mutex_lock(&m);
  pthread_create(&t, NULL, wait_for_ever, NULL);
  while (!ready)
    pthread_cond_wait(&c, &m);
  pthread_cancel(t);
  pthread_mutex_unlock(&m);
  return pthread_join(t, NULL);
}
"""
# (thread, what begins), None where it ends. A cancelled wait ends and begins a hold.
STORY = [(0, "Mutex"), (0, None)] * 4 + [(0, "Mutex"), (0, None), (0, "RwLock::read"), (0, None), (0, "RwLock::write"), (0, None),
         (0, "Mutex"), (0, None), (1, "Mutex"), (1, None), (0, "Mutex"), (0, None), (1, "Mutex"), (1, None)]
STORY_OF_CHILD = [(0, "Mutex"), (0, None)]


def make_files(folder):
    def write(name, text):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as stream:
            stream.write(text)

    write("words.txt", WORDS)
    write("a.txt", "".join(f"{n}\n" for n in range(300)))
    write("b.txt", "".join(f"{n}\n" for n in range(300) if n % 50))
    write("Makefile", MAKEFILE)
    write("nginx.conf", f"pid {folder}/nginx.pid;\nevents {{}}\nhttp {{ access_log off; server {{ listen 127.0.0.1:1; }} }}\n")


class Preload(unittest.TestCase):
    borrowscope, least = "borrowscope", 10

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        make_files(self.folder)
        self.environment = {name: value for name, value in os.environ.items()
                            if name not in ("BORROWSCOPE_OPTIONS", "LD_PRELOAD")}

    def tearDown(self):
        shutil.rmtree(self.folder)

    def run_it(self, command, text, **more):
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=120, check=False,
                              cwd=self.folder, env={**self.environment, **more})
        return done.returncode, done.stdout, done.stderr

    def ask(self, *arguments):
        done = subprocess.run([self.borrowscope, *arguments], capture_output=True, text=True, check=False,
                              env=self.environment)
        return done.returncode, done.stdout, done.stderr

    def check_trace(self, path):
        """Nothing lost, and no contradiction, in a process's file. The events in it."""
        status, out, err = self.ask("stats", "--format", "json", path)
        self.assertEqual(status, 0, err)
        stats = json.loads(out)
        counts = stats["stats"]
        self.assertEqual(counts["attempted"], counts["logged"], path)
        self.assertEqual(counts["dropped"] + counts["lost"] + counts["evicted"], 0, path)
        status, out, err = self.ask("check", path)
        self.assertEqual(status, 0, out + err)
        return counts["logged"]

    def test_programs_stay_as_they_are(self):
        seen = []
        for turn, (program, arguments, text) in enumerate(PROGRAMS):
            parts = ["--heap", "--locks"] if turn % 2 else ["--heap"]
            path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
            if path is None:
                continue
            command = [path] + [argument.replace("{}", self.folder) for argument in arguments]
            for file in glob.glob(os.path.join(self.folder, "trace.*.bscope*")):
                os.remove(file)
            with self.subTest(program=program):
                expected = self.run_it(command, text)
                again = self.run_it(command, text)
                traces = os.path.join(self.folder, "trace.%p.bscope")
                actual = self.run_it([self.borrowscope, "run", "-q", *parts, "-o", traces, "--", *command], text)
                if expected == again: # the program itself says the same twice
                    self.assertEqual(actual, expected)
                self.assertEqual(actual[0], expected[0])
                files = glob.glob(os.path.join(self.folder, "trace.*.bscope*"))
                events = sum(self.check_trace(file) for file in files)
                self.assertGreater(events, 5)
                seen.append(program)
                print(f"{program} ({' '.join(parts)}): {events} events in {len(files)} processes{'' if expected == again else ' (its output varies)'}")
        self.assertGreaterEqual(len(seen), self.least, seen)

    def test_each_block_is_known(self):
        program = self.compile("blocks", BLOCKS, "-rdynamic")
        trace = os.path.join(self.folder, "blocks.bscope")
        self.assertEqual(self.run_it([self.borrowscope, "run", "-q", "--heap", "-o", trace, "--", program], "")[0], 0)
        self.assertEqual(self.check_trace(trace), 27)
        status, out, err = self.ask("graph", "--format", "json", trace)
        self.assertEqual(status, 0, err)
        text = self.ask("events", trace)[1]
        self.assertEqual(text.count("  New "), 6, text)
        self.assertEqual(text.count("  Drop "), 5, text) # strdup's block stays
        self.assertEqual(text.count("  HeapRealloc "), 8, text)
        self.assertIn("blocks+0x", text)
        self.assertIn("main", out)

    def compile(self, name, text, *flags):
        source, program = os.path.join(self.folder, name + ".c"), os.path.join(self.folder, name)
        with open(source, "w", encoding="utf-8") as stream:
            stream.write(text)
        subprocess.run(["cc", "-O0", *flags, "-o", program, source], check=True)
        return program

    def story_of(self, trace):
        """(thread, type or None) of each event, and that each end is of the hold that it should be."""
        status, out, err = self.ask("export", trace)
        self.assertEqual(status, 0, err)
        story, held, threads = [], {}, []
        for event in json.loads(out)["events"]:
            if event["type"] not in ("LockGuardAcquire", "LockGuardDrop"):
                continue
            thread, guard = event["thread"], event["guard_id"]
            if thread not in threads:
                threads.append(thread)
            if event["type"] == "LockGuardAcquire":
                self.assertNotIn(guard, held)
                held[guard] = thread
            else:
                self.assertEqual(held.pop(guard), thread)
            story.append((threads.index(thread), event.get("lock_type")))
        self.assertEqual(held, {})
        return story

    def test_each_hold_is_known(self):
        program = self.compile("locks", LOCKS, "-pthread")
        traces = os.path.join(self.folder, "locks.%p.bscope")
        done = self.run_it([self.borrowscope, "run", "-q", "--locks", "-o", traces, "--", program], "")
        self.assertEqual(done, (0, b"", b""))
        stories = []
        for file in glob.glob(os.path.join(self.folder, "locks.*.bscope")):
            self.check_trace(file)
            stories.append(self.story_of(file))
        self.assertEqual(sorted(stories, key=len), [STORY_OF_CHILD, STORY])

    def test_other_allocators(self):
        for name in ("libjemalloc.so.2", "libmimalloc.so.2.0", "libtcmalloc_minimal.so.4"):
            paths = glob.glob(f"/usr/lib/*/{name}")
            if not paths:
                print(f"{name} is not installed")
                continue
            with self.subTest(allocator=name):
                command = [shutil.which("sort"), os.path.join(self.folder, "words.txt")]
                expected = self.run_it(command, "", LD_PRELOAD=paths[0])
                trace = os.path.join(self.folder, name + ".bscope")
                actual = self.run_it([self.borrowscope, "run", "-q", "--heap", "--locks", "-o", trace, "--", *command], "",
                                     LD_PRELOAD=paths[0])
                self.assertEqual(actual, expected)
                self.assertGreater(self.check_trace(trace), 5)

    def test_what_cannot_be_reached_is_said(self):
        source, program = os.path.join(self.folder, "static.c"), os.path.join(self.folder, "static")
        with open(source, "w", encoding="utf-8") as stream:
            stream.write("int main(void) { return 7; }\n")
        if subprocess.run(["cc", "-static", "-o", program, source], capture_output=True, check=False).returncode != 0:
            self.skipTest("no static libc")
        status, _, err = self.run_it([self.borrowscope, "run", "--heap", "--", program], "")
        self.assertEqual(status, 7)
        self.assertIn(b"linked statically", err)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("borrowscope")
    parser.add_argument("--least", type=int, default=10)
    given = parser.parse_args()
    Preload.borrowscope, Preload.least = os.path.abspath(given.borrowscope), given.least
    unittest.main(argv=[sys.argv[0]], verbosity=1)
