#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs that record where a tracer is most easily in the way: at their start and end, with little left of memory, descriptors
or disk, loaded and unloaded, and with more rights than their user. Output and status stay what they are without recording (P3).

usage: test_life.py SOURCE_ROOT BUILD_ROOT BORROWSCOPE CASE
"""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest

LIFE = r"""
#include <borrowscope/borrowscope.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <pthread.h>
#include <unistd.h>
#define at(stage) ((void)bscope_track_new(stage, 1))
__attribute__((constructor(101))) static void ctor101(void) { at("ctor101"); }
__attribute__((constructor(65535))) static void ctor65535(void) { at("ctor65535"); }
__attribute__((destructor(65535))) static void dtor65535(void) { at("dtor65535"); }
__attribute__((destructor(101))) static void dtor101(void) { at("dtor101"); }
struct object { object() { at("object"); } ~object() { at("gone"); } };
static object one;
static void *endless(void *) { for (;;) bscope_track_new("busy", 2); return nullptr; }
int main(int, char **argv) {
  std::atexit([] { at("atexit"); });
  std::at_quick_exit([] { at("at_quick_exit"); });
  at("main");
  std::puts("the program's own words");
  std::fflush(stdout);
  if (!std::strcmp(argv[1], "_exit")) _exit(7);
  if (!std::strcmp(argv[1], "quick_exit")) std::quick_exit(7);
  if (!std::strcmp(argv[1], "abort")) std::abort();
  if (!std::strcmp(argv[1], "exit")) std::exit(7);
  if (!std::strcmp(argv[1], "threads"))
    for (int i = 0; i < 4; i++) {
      pthread_t t;
      if (pthread_create(&t, nullptr, endless, nullptr) == 0) pthread_detach(t);
    }
  return 7;
}
"""
BEFORE = ["ctor101", "ctor65535", "object", "main"]
BEHIND = ["atexit", "gone", "dtor65535", "dtor101"]
ENDS = {"return": (7, BEHIND), "exit": (7, BEHIND), "_exit": (7, []), "quick_exit": (7, ["at_quick_exit"]), "abort": (-6, [])}

WRITER = r"""
#include <borrowscope/borrowscope.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
static long events;
static pthread_barrier_t all;
/* All that the program itself needs is there: no more than `spare` bytes of address space shall be added. */
static void limit_space(const char *spare) {
  long pages;
  FILE *file = spare ? fopen("/proc/self/statm", "r") : NULL;
  if (!file) return;
  if (fscanf(file, "%ld", &pages) != 1) abort();
  fclose(file);
  rlim_t most = (rlim_t)pages * 4096 + (rlim_t)atol(spare);
  if (setrlimit(RLIMIT_AS, &(struct rlimit){most, most}) != 0) abort();
}
static void *work(void *sum) {
  pthread_barrier_wait(&all);
  for (long i = 0; i < events; i++)
    *(long *)sum += bscope_track_new("x", (int)i);
  return NULL;
}
int main(int count, char **arguments) {
  long sum[4] = {0};
  pthread_t threads[4];
  events = atol(arguments[1]);
  pthread_barrier_init(&all, NULL, 5);
  for (int i = 0; i < 4; i++)
    if (pthread_create(&threads[i], NULL, work, &sum[i]) != 0) return 3;
  limit_space(getenv("SPARE"));
  pthread_barrier_wait(&all);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  printf("%ld\n", sum[0] + sum[1] + sum[2] + sum[3]);
  if (count > 2) {
    struct bscope_stats s = {.size = sizeof(s)};
    int rc = bscope_get_stats(&s);
    if (rc != BSCOPE_OK) return rc == BSCOPE_ERR_NO_MEMORY ? 7 : 4;
    if (s.attempted != s.logged + s.dropped + s.lost + s.evicted + s.pending) return 5;
    fprintf(stderr, "%llu %llu %llu\n", (unsigned long long)s.attempted, (unsigned long long)s.bytes,
            (unsigned long long)s.dropped_memory);
  }
  return 7;
}
"""

KILLED = r"""
#include <borrowscope/borrowscope.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
int main(int count, char **arguments) {
  for (int i = 0; i < 1000; i++) (void)bscope_track_new("x", i);
  if (count > 1) pause();
  kill(getpid(), SIGKILL); /* the first process of a namespace takes none of its own */
  _Exit(0);
}
"""

PLUGIN = r"""
#include <borrowscope/borrowscope.h>
void *work(void *unused) { bscope_track_new("plugged", 3); return unused; }
"""
GREEDY = "__thread char taken[64] __attribute__((tls_model(\"initial-exec\")));\nchar *take(void) { return taken; }\n"
# Loads its arguments before the last for good; then the last one, in rounds whose thread ends behind the unloading.
LOADER = r"""
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
struct job { void *(*work)(void *); int go[2]; };
static void *run(void *argument) {
  struct job *j = argument;
  char byte = 0;
  j->work(NULL);
  if (write(j->go[1], &byte, 1) != 1 || read(j->go[0] + 2, &byte, 1) != 1) abort();
  return NULL;
}
int main(int count, char **arguments) {
  int rounds = atoi(arguments[1]);
  for (int i = 2; i < count - 1; i++)
    if (!dlopen(arguments[i], RTLD_NOW)) return fprintf(stderr, "%s\n", dlerror()), 2;
  for (int i = 0; i < rounds; i++) {
    struct job j;
    int back[2];
    pthread_t t;
    char byte = 0;
    void *library = dlopen(arguments[count - 1], RTLD_NOW);
    if (!library) return fprintf(stderr, "%s\n", dlerror()), 2;
    if (pipe(j.go) != 0 || pipe(back) != 0 || back[0] != j.go[0] + 2) return 3;
    *(void **)&j.work = dlsym(library, "work");
    if (pthread_create(&t, NULL, run, &j) != 0 || read(j.go[0], &byte, 1) != 1) return 4;
    if (dlclose(library) != 0 || write(back[1], &byte, 1) != 1) return 5;
    pthread_join(t, NULL);
    for (int k = 0; k < 2; k++) close(j.go[k]), close(back[k]);
  }
  puts("loaded");
  return 7;
}
"""
TWO = r"""
#include <borrowscope/borrowscope.h>
#include <dlfcn.h>
#include <stdio.h>
int main(int count, char **arguments) {
  bscope_track_new("mine", 1);
  for (int i = 1; i < count; i++) {
    void *(*work)(void *);
    void *library = dlopen(arguments[i], RTLD_NOW | RTLD_LOCAL);
    if (!library) return puts(dlerror()), 2;
    *(void **)&work = dlsym(library, "work");
    if (work) work(NULL);
  }
  puts("both");
  return 7;
}
"""


class Life(unittest.TestCase):
    source, build, borrowscope = "", "", ""
    library = "" # a folder that other users may read, where the build is in one that they may not

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        os.chmod(self.folder, 0o755)
        self.environment = {name: value for name, value in os.environ.items() if name not in ("BORROWSCOPE_OPTIONS", "LD_PRELOAD")}

    def path(self, name):
        return os.path.join(self.folder, name)

    def compile(self, name, text, *flags, compiler="cc", recorded=True):
        source = self.path(name + (".cc" if compiler == "c++" else ".c"))
        with open(source, "w", encoding="utf-8") as stream:
            stream.write(text)
        library = self.library or os.path.join(self.build, "lib")
        ours = ["-lborrowscope", f"-L{library}", f"-Wl,-rpath,{library}"] if recorded else []
        subprocess.run([compiler, "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", f"-I{self.source}/include",
                        f"-I{self.build}/include", "-o", self.path(name), source, "-pthread", *ours, "-ldl", *flags], check=True)
        return self.path(name)

    def run_it(self, command, options, **more):
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=self.folder,
                              env={**self.environment, "BORROWSCOPE_OPTIONS": options}, **more)
        return done.returncode, done.stdout, done.stderr

    def names(self, trace):
        done = subprocess.run([self.borrowscope, "events", trace], capture_output=True, text=True, check=False, env=self.environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def counts(self, trace):
        done = subprocess.run([self.borrowscope, "stats", "--format", "json", trace], capture_output=True, text=True, check=False,
                              env=self.environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["stats"]

    def test_H07_start_and_end(self):
        program = self.compile("life", LIFE, compiler="c++")
        for end, (status, behind) in ENDS.items():
            with self.subTest(end=end):
                trace = self.path(end + ".bscope")
                expected = self.run_it([program, end], "enabled=0")
                self.assertEqual(expected, (status, "the program's own words\n", ""))
                self.assertEqual(self.run_it([program, end], f"file={trace}"), expected)
                text = self.names(trace)
                seen = re.findall(r"\b(%s)\b" % "|".join([*BEFORE, *BEHIND, "at_quick_exit"]), text)
                for stage in BEFORE + behind:
                    self.assertIn(stage, seen, text)
                self.assertEqual(self.counts(trace)["logged"], len(BEFORE) + len(behind), text)
        for _ in range(20):
            self.assertEqual(self.run_it([program, "threads"], "")[:2], (7, "the program's own words\n"))

    def test_H15_little_static_tls(self):
        library = os.path.join(self.build, "lib", "libborrowscope.so")
        shown = subprocess.run(["readelf", "-lW", library], capture_output=True, text=True, check=True).stdout
        size = int(re.search(r"^\s*TLS\s+\S+\s+\S+\s+\S+\s+\S+\s+(0x\w+)", shown, re.M).group(1), 16)
        self.assertLessEqual(size, 64)
        plugin = self.compile("plugin.so", PLUGIN, "-shared", "-fPIC")
        loader = self.compile("loader", LOADER, recorded=False)
        greedy = [self.compile(f"greedy{n}.so", GREEDY, "-shared", "-fPIC", recorded=False) for n in range(25)]
        self.assertEqual(self.run_it([loader, "1", *greedy, plugin], ""), (7, "loaded\n", ""))

    def test_H16_unloaded_while_threads_end(self):
        plugin = self.compile("plugin.so", PLUGIN, "-shared", "-fPIC")
        loader = self.compile("loader", LOADER, recorded=False)
        trace = self.path("unload.bscope")
        rounds = 1000 if os.environ.get("BSCOPE_TEST_FULL") else 100
        self.assertEqual(self.run_it([loader, str(rounds), plugin], f"file={trace}"), (7, "loaded\n", ""))
        counts = self.counts(trace)
        self.assertEqual((counts["attempted"], counts["logged"]), (rounds, rounds))

    def test_H18_small_limits(self):
        program = self.compile("writer", WRITER)
        expected = self.run_it([program, "20000"], "enabled=0")
        self.assertEqual(expected, (7, "799960000\n", ""))
        lives = 0
        for what, sizes in ((resource.RLIMIT_NOFILE, range(4, 12)),
                            (resource.RLIMIT_STACK, [n << 10 for n in (64, 128, 256, 1024)]),
                            (resource.RLIMIT_FSIZE, [0, 1, 4096, 1 << 16, 1 << 20])):
            for size in sizes:
                def limit(what=what, size=size):
                    resource.setrlimit(what, (size, size))
                with self.subTest(limit=what, size=size):
                    alone = self.run_it([program, "20000"], "enabled=0", preexec_fn=limit)
                    if alone != expected: # too little for the program itself
                        continue
                    lives += 1
                    for options in ("", f"file={self.path('limited-%p.bscope')}"):
                        status, out, _ = self.run_it([program, "20000", "stats"], options, preexec_fn=limit)
                        self.assertEqual((status, out), expected[:2])
        self.assertGreater(lives, 10)

    def test_H18_no_address_space(self):
        program = self.compile("writer", WRITER)
        dropped, events = [], 20000 if os.environ.get("BSCOPE_TEST_FULL") else 500 # each asks for memory again
        for spare in (0, 4096, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 27, 1 << 30):
            for options in ("", f"file={self.path('space-%p.bscope')}"):
                with self.subTest(spare=spare, options=options):
                    self.environment["SPARE"] = str(spare)
                    status, out, err = self.run_it([program, str(events), "stats"], options)
                    self.assertEqual((status, out), (7, f"{2 * events * (events - 1)}\n"), err)
                    if err:
                        attempted, _, without = map(int, err.split())
                        self.assertEqual(attempted, 4 * events)
                        dropped.append(without)
        print("events dropped for want of memory:", dropped)
        self.assertGreater(dropped[0], 0)
        self.assertEqual(dropped[-2:], [0, 0])

    def mount_btrfs(self):
        """A small file system that copies what is written; skips where there is none to be had."""
        image, folder = self.path("image"), self.path("mounted")
        os.mkdir(folder)
        with open(image, "wb") as file:
            file.truncate(256 << 20)
        for words in (["mkfs.btrfs", "-q", image], ["mount", "-o", "loop", image, folder]):
            if os.geteuid() != 0 or not shutil.which(words[0]) or subprocess.run(words, capture_output=True).returncode:
                self.skipTest("needs root, mkfs.btrfs and loop devices")
        self.addCleanup(subprocess.run, ["umount", folder], check=True)
        return folder

    def leave(self, folder, room):
        """Takes all but so many bytes of the file system."""
        with open(os.path.join(folder, "filler"), "wb", buffering=0) as file:
            try:
                while True:
                    file.write(os.urandom(1 << 20))
            except OSError:
                pass
            os.fsync(file.fileno())
            file.truncate(file.tell() - room)
        os.sync()

    def test_H18_copying_file_system(self):
        program = self.compile("writer", WRITER)
        folder = self.mount_btrfs()
        events = 500000
        options = f"memory=64M:file={folder}/t.bscope:overwrite=1"
        expected = (7, f"{2 * events * (events - 1)}\n")
        def record():
            status, out, err = self.run_it([program, str(events), "stats"], options)
            self.assertEqual((status, out), expected, err)
            self.assertEqual(int(err.splitlines()[-1].split()[0]), 4 * events)
            return err
        record()
        self.assertEqual(self.counts(f"{folder}/t.bscope")["logged"], 4 * events)
        for _ in range(3):
            os.unlink(f"{folder}/t.bscope")
            self.leave(folder, 4 << 20)
            record()
            self.assertLess(os.stat(f"{folder}/t.bscope").st_size, 5 << 20)
        os.unlink(f"{folder}/filler")
        os.unlink(f"{folder}/t.bscope")
        subprocess.run(["btrfs", "quota", "enable", folder], check=True)
        subprocess.run(["btrfs", "qgroup", "limit", "6M", folder], check=True)
        self.assertIn("on btrfs one whose file system has no quota", record())
        self.assertFalse(os.path.exists(f"{folder}/t.bscope"))

    def test_H19_two_copies(self):
        copy = self.path("libsecond.so")
        shutil.copy(os.path.realpath(os.path.join(self.build, "lib", "libborrowscope.so")), copy)
        plugin = self.compile("plugin.so", PLUGIN, "-shared", "-fPIC")
        program = self.compile("two", TWO)
        trace = self.path("two.bscope")
        self.assertEqual(self.run_it([program, copy, plugin], f"file={trace}"), (7, "both\n", ""))
        events = self.names(trace)
        self.assertEqual((events.count("mine"), events.count("plugged")), (1, 1), events)
        self.assertEqual(self.counts(trace)["logged"], 2)

    def test_H21_real_time_host_on_one_processor(self):
        program = self.compile("writer", WRITER)

        def harsh():
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        try:
            subprocess.run(["true"], preexec_fn=harsh, check=True)
        except subprocess.SubprocessError:
            self.skipTest("no right to be scheduled in real time")
        for options in ("ring=64", "ring=64:overflow=drop"):
            status, out, err = self.run_it([program, "20000", "stats"], options, preexec_fn=harsh)
            self.assertEqual((status, out), (7, "799960000\n"), err)
            self.assertEqual(int(err.split()[0]), 80000)

    def test_H32_more_rights_than_the_user(self):
        if os.geteuid() != 0:
            self.skipTest("only root can make such programs")
        self.library = self.path("lib")
        os.mkdir(self.library)
        shutil.copy(os.path.join(self.build, "lib", "libborrowscope.so.0"), self.library)
        os.symlink("libborrowscope.so.0", os.path.join(self.library, "libborrowscope.so"))
        program = self.compile("writer", WRITER)
        os.chmod(self.folder, 0o777)
        traces = self.path("made")
        os.mkdir(traces)
        os.chmod(traces, 0o777)
        options = f"file={traces}/%p.bscope"

        def other():
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        self.assertEqual(self.run_it([program, "9"], options, preexec_fn=other)[:2], (7, "144\n"))
        self.assertEqual(len(os.listdir(traces)), 1) # so it would be made
        shutil.rmtree(traces)
        os.mkdir(traces)
        os.chmod(traces, 0o777)
        os.chmod(program, 0o4755)
        self.assertEqual(self.run_it([program, "9"], options, preexec_fn=other)[:2], (7, "144\n"))
        self.assertEqual(os.listdir(traces), [])
        os.chmod(program, 0o755)
        if not shutil.which("setcap"):
            self.skipTest("no setcap for the rest")
        subprocess.run(["setcap", "cap_net_bind_service+ep", program], check=True)
        self.assertEqual(self.run_it([program, "9"], options, preexec_fn=other)[:2], (7, "144\n"))
        self.assertEqual(os.listdir(traces), [])

    def test_H33_memory_cap(self):
        """Ten times the events take no more, neither of memory nor of the disk."""
        program = self.compile("writer", WRITER)
        trace = self.path("capped.bscope")
        for options in ("memory=4M", f"memory=4M:file={trace}:overwrite=1"):
            held, on_disk = [], []
            for events in ("100000", "1000000"):
                status, _, err = self.run_it([program, events, "stats"], options)
                self.assertEqual(status, 7)
                attempted, size, _ = map(int, err.split())
                self.assertEqual(attempted, 4 * int(events))
                self.assertLessEqual(size, 4 << 20)
                held.append(size)
                if "file" in options:
                    on_disk.append(os.stat(trace).st_size)
                    self.assertLessEqual(on_disk[-1], 6 << 20) # with rings, sites and the window
                    self.assertGreater(self.counts(trace)["logged"] + self.counts(trace)["evicted"], 4 * int(events) - 1)
            print(options.split(":")[0], "bytes held:", held, "on the disk:", on_disk)

    def test_H35_pid_used_again(self):
        """The writer was process 1 of a namespace of its own; here that is another one, which lives."""
        program = self.compile("killed", KILLED)
        alone = ["unshare", "--pid", "--fork", "--mount-proc"]
        if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True).returncode:
            self.skipTest("needs the right to make namespaces of processes")
        trace = self.path("killed.bscope")
        self.run_it([*alone, program], f"file={trace}")
        done = subprocess.run([self.borrowscope, "doctor", trace], capture_output=True, text=True, check=False,
                              env=self.environment)
        self.assertRegex(done.stdout, r"process 1\b")
        self.assertIn("died before it was complete", done.stdout)
        self.assertEqual(self.counts(trace)["logged"], 1000)
        # one that goes on is seen as living, through its own namespace's eyes
        live = subprocess.run([*alone, "sh", "-c", '"$0" stay & sleep 1; "$1" doctor "$2"; kill -9 $!', program,
                               self.borrowscope, trace], capture_output=True, text=True, check=False, timeout=60,
                              env={**self.environment, "BORROWSCOPE_OPTIONS": f"file={trace}:overwrite=1"})
        self.assertIn("is still recording", live.stdout, live.stderr)


if __name__ == "__main__":
    Life.source, Life.build, Life.borrowscope = map(os.path.abspath, sys.argv[1:4])
    unittest.main(argv=[sys.argv[0], "Life.test_" + sys.argv[4]] if len(sys.argv) > 4 else sys.argv[:1])
