/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts words on several threads, and tells who owned what.
 *
 * main reads the files into buffers and pushes them into a bounded queue; workers pop them, count words into maps of
 * their own, and at the end merge these into one map under a lock. Every buffer and map is tracked: created, moved,
 * borrowed, dropped. A word is a run of the letters A to Z in either case, at most 64 of them.
 */
#include "reader.h"
#include "report.h"
#include "wordmap.h"

#include <borrowscope/borrowscope.h>

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS_MOST = 256 };

/* Mistakes that can be planted (--bug). */
enum bug { BUG_NONE, BUG_USE_AFTER_MOVE, BUG_DOUBLE_DROP, BUG_LEAK, BUG_ALIAS };

struct job;

struct worker {
  pthread_t thread;
  struct wordmap map;
  struct job *job;
};

struct job {
  size_t threads; /* asked for; 0: the only worker works in main */
  size_t top;
  enum bug bug;
  const char *json;
  bool no_times;
  size_t started;
  struct worker workers[THREADS_MOST];
  struct queue queue;
  pthread_mutex_t lock; /* guards total */
  struct wordmap total;
};

static void count_words(struct wordmap *map, const char *text, size_t length) {
  char word[WORD_LONGEST];
  size_t used = 0;
  for (size_t i = 0; i <= length; i++) {
    if (i < length && is_letter(text[i])) {
      if (used < WORD_LONGEST)
        word[used] = (char)(text[i] | 0x20); /* lower case */
      used++;
    } else {
      if (used > 0 && used <= WORD_LONGEST)
        wordmap_add(map, word, used, 1);
      used = 0;
    }
  }
}

/* Owns the batch from here on. */
static void tokenise(struct worker *worker, struct buffer *batch) {
  {
    BSCOPE_REF(const char *, text, batch->data);
    BSCOPE_MUT(struct wordmap *, counts, &worker->map);
    count_words(counts, text, batch->length);
  }
  buffer_drop(batch);
}

static void finish(struct worker *worker) {
  struct job *job = worker->job;
  pthread_mutex_lock(&job->lock);
  struct wordmap *into = bscope_borrow_mut_at("into", &job->total);
  const struct wordmap *from = bscope_borrow_at("from", &worker->map);
  if (job->bug == BUG_ALIAS) {
    struct wordmap *tally = bscope_borrow_mut_at("tally", &job->total);
    wordmap_merge(tally, from);
    bscope_borrow_end("into");
    bscope_borrow_end("tally");
  } else {
    wordmap_merge(into, from);
    bscope_borrow_end("into");
  }
  bscope_borrow_end("from");
  pthread_mutex_unlock(&job->lock);
  wordmap_fini(&worker->map);
}

static void *work(void *argument) {
  struct worker *worker = argument;
  struct buffer batch;
  wordmap_init(&worker->map);
  while (queue_pop(&worker->job->queue, &batch))
    tokenise(worker, &batch);
  finish(worker);
  return NULL;
}

static void give(void *context, struct buffer full) {
  struct job *job = context;
  queue_push(&job->queue, full);
  if (job->started == 0) {
    struct buffer batch;
    queue_pop(&job->queue, &batch);
    tokenise(&job->workers[0], &batch);
  }
}

static void start_workers(struct job *job) {
  for (size_t i = 0; i < THREADS_MOST; i++)
    job->workers[i].job = job;
  for (; job->started < job->threads; job->started++) {
    struct worker *worker = &job->workers[job->started];
    if (pthread_create(&worker->thread, NULL, work, worker) != 0)
      break;
  }
  if (job->started < job->threads)
    fprintf(stderr, "wordcount: only %zu of %zu threads could be started\n", job->started, job->threads);
  if (job->started == 0)
    wordmap_init(&job->workers[0].map);
}

static void end_workers(struct job *job) {
  queue_close(&job->queue);
  for (size_t i = 0; i < job->started; i++)
    pthread_join(job->workers[i].thread, NULL);
  if (job->started == 0)
    finish(&job->workers[0]);
  if (job->bug == BUG_DOUBLE_DROP)
    wordmap_fini(&job->workers[0].map); /* each worker has done so already */
}

static bool run(struct job *job, char *const *paths) {
  struct reader reader = {.careless = job->bug == BUG_LEAK, .give = give, .context = job};
  size_t files = 0, failed = 0;
  job->queue.careless = job->bug == BUG_USE_AFTER_MOVE;
  wordmap_init(&job->total);
  start_workers(job);
  for (; *paths; paths++)
    *(reader_read(&reader, *paths) ? &files : &failed) += 1;
  end_workers(job);
  wordmap_print(&job->total, job->top);
  fprintf(stderr, "wordcount: %" PRIu64 " words, %zu of them different, in %zu files (%" PRIu64 " bytes)\n",
          job->total.total, job->total.used, files, job->queue.bytes);
  wordmap_fini(&job->total);
  return failed == 0;
}

static const char usage_text[] =
    "usage: wordcount [OPTION]... FILE...\n"
    "Counts words in text files, and records with borrowscope who owned their buffers.\n"
    "  --threads N   worker threads (default: one a CPU; 0: everything in main)\n"
    "  --top N       print the N most frequent words (default 10)\n"
    "  --json FILE   export the ownership graph and all events\n"
    "  --no-times    leave times out of the export: --threads 0 then gives the same bytes again\n"
    "  --bug WHICH   plant a mistake: use-after-move, double-drop, leak or alias\n"
    "Exit status: 0, 1 when something could not be read or written, 2 for a wrong command line.\n";

static bool parse_number(const char *text, size_t most, size_t *out) {
  char *end;
  *out = strtoul(text, &end, 10);
  return *text >= '0' && *text <= '9' && *end == '\0' && *out <= most;
}

static bool parse_bug(const char *text, enum bug *out) {
  static const char *const names[] = {"none", "use-after-move", "double-drop", "leak", "alias"};
  for (*out = BUG_NONE; *out <= BUG_ALIAS; ++*out)
    if (strcmp(text, names[*out]) == 0)
      return true;
  return false;
}

static bool parse_options(struct job *job, int argc, char **argv) {
  static const struct option known[] = {{"threads", 1, NULL, 't'}, {"top", 1, NULL, 'n'},      {"json", 1, NULL, 'j'},
                                        {"bug", 1, NULL, 'b'},     {"no-times", 0, NULL, 'T'}, {NULL, 0, NULL, 0}};
  int option;
  bool good = true;
  while (good && (option = getopt_long(argc, argv, "", known, NULL)) != -1) {
    if (option == 't')
      good = parse_number(optarg, THREADS_MOST, &job->threads);
    else if (option == 'n')
      good = parse_number(optarg, SIZE_MAX, &job->top);
    else if (option == 'b')
      good = parse_bug(optarg, &job->bug);
    else if (option == 'j')
      job->json = optarg;
    else if (!(job->no_times = option == 'T'))
      good = false;
  }
  return good && optind < argc;
}

int main(int argc, char **argv) {
  static struct job job = {.top = 10, .queue = QUEUE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER};
  long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  job.threads = cpus > 0 && cpus <= THREADS_MOST ? (size_t)cpus : THREADS_MOST;
  if (argc == 2 && strcmp(argv[1], "--help") == 0)
    return fputs(usage_text, stdout) < 0;
  if (!parse_options(&job, argc, argv)) {
    fputs(usage_text, stderr);
    return 2;
  }
  bool good = run(&job, argv + optind);
  if (fflush(stdout) != 0) {
    perror("wordcount: standard output");
    good = false;
  }
  return report(job.json, !job.no_times) == 0 && good ? EXIT_SUCCESS : EXIT_FAILURE;
}
