/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts words on several threads, and tells who owned what.
 *
 * main reads the files into buffers and pushes them into a bounded queue; workers pop them, count words into maps of
 * their own, and at the end merge these into one map under a lock. Every buffer and map is tracked: created, moved,
 * borrowed, dropped. A word is a run of the letters A to Z in either case, at most 64 of them.
 */
#include "buffer.h"
#include "queue.h"
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

enum { THREADS_MOST = 256, QUEUE_LENGTH = 16 };

/* Mistakes that can be planted (--bug). */
enum bug { BUG_NONE, BUG_USE_AFTER_MOVE, BUG_DOUBLE_DROP, BUG_LEAK, BUG_ALIAS };

struct options {
  size_t threads;
  size_t top;
  size_t buffer_size;
  enum bug bug;
  const char *json;
  bool times;
};

struct job;

struct worker {
  pthread_t thread;
  struct wordmap map;
  struct job *job;
};

struct job {
  struct options options;
  struct queue queue;
  pthread_mutex_t lock; /* guards total */
  struct wordmap total;
  struct worker *workers; /* options.threads of them, or one that works in main */
  size_t worker_count;
  size_t started;
};

static void count_words(struct wordmap *map, const char *text, size_t length) {
  char word[WORD_LONGEST];
  size_t used = 0;
  for (size_t i = 0; i <= length; i++) {
    if (i < length && is_letter(text[i])) {
      if (used < WORD_LONGEST)
        word[used] = (char)(text[i] | 0x20); /* lower case */
      used++;
    } else if (used > 0) {
      if (used <= WORD_LONGEST) {
        wordmap_add(map, word, used, 1);
        map->total++;
      }
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

static void merge(struct job *job, struct worker *worker) {
  pthread_mutex_lock(&job->lock);
  struct wordmap *into = bscope_borrow_mut_at("into", &job->total);
  const struct wordmap *from = bscope_borrow_at("from", &worker->map);
  if (job->options.bug == BUG_ALIAS) {
    struct wordmap *tally = bscope_borrow_mut_at("tally", &job->total);
    wordmap_merge(into, from);
    tally->total += from->total;
    bscope_borrow_end("into");
    bscope_borrow_end("tally");
  } else {
    wordmap_merge(into, from);
    into->total += from->total;
    bscope_borrow_end("into");
  }
  bscope_borrow_end("from");
  pthread_mutex_unlock(&job->lock);
}

static void finish(struct worker *worker) {
  merge(worker->job, worker);
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
  job->worker_count = job->options.threads > 0 ? job->options.threads : 1;
  job->workers = must_have(calloc(job->worker_count, sizeof(*job->workers)));
  for (size_t i = 0; i < job->worker_count; i++)
    job->workers[i].job = job;
  while (job->started < job->options.threads &&
         pthread_create(&job->workers[job->started].thread, NULL, work, &job->workers[job->started]) == 0)
    job->started++;
  if (job->started < job->options.threads)
    fprintf(stderr, "wordcount: only %zu of %zu threads could be started\n", job->started, job->options.threads);
  if (job->started == 0)
    wordmap_init(&job->workers[0].map);
}

static void end_workers(struct job *job) {
  queue_close(&job->queue);
  for (size_t i = 0; i < job->started; i++)
    pthread_join(job->workers[i].thread, NULL);
  if (job->started == 0)
    finish(&job->workers[0]);
  if (job->options.bug == BUG_DOUBLE_DROP)
    wordmap_fini(&job->workers[0].map); /* each worker has done so already */
  free(job->workers);
}

static void print_top(const struct wordmap *total, size_t top) {
  BSCOPE_REF(const struct wordmap *, map, total);
  const struct word **words = wordmap_sorted(map);
  for (size_t i = 0; i < top && i < map->used; i++)
    printf("%8" PRIu64 " %.*s\n", words[i]->count, (int)words[i]->length, map->text + words[i]->start);
  free(words);
}

static uint64_t run(struct job *job, char *const *paths) {
  struct reader reader = {
      .buffer_size = job->options.buffer_size, .careless = job->options.bug == BUG_LEAK, .give = give, .context = job};
  pthread_mutex_init(&job->lock, NULL);
  queue_init(&job->queue, QUEUE_LENGTH);
  job->queue.careless = job->options.bug == BUG_USE_AFTER_MOVE;
  wordmap_init(&job->total);
  start_workers(job);
  reader_run(&reader, paths);
  end_workers(job);
  print_top(&job->total, job->options.top);
  fprintf(stderr, "wordcount: %" PRIu64 " words, %zu of them different, in %" PRIu64 " files (%" PRIu64 " bytes)\n",
          job->total.total, job->total.used, reader.files, job->queue.bytes);
  wordmap_fini(&job->total);
  queue_fini(&job->queue);
  pthread_mutex_destroy(&job->lock);
  return reader.failures;
}

static const char usage_text[] =
    "usage: wordcount [OPTION]... FILE|DIRECTORY...\n"
    "Counts words in text files, and records with borrowscope who owned their buffers.\n"
    "  --threads N   worker threads (default: one a CPU; 0: everything in main)\n"
    "  --top N       print the N most frequent words (default 10)\n"
    "  --buffer N    bytes a buffer (default 4096)\n"
    "  --json FILE   export the ownership graph and all events\n"
    "  --no-times    leave times out of the export: --threads 0 then gives the same bytes again\n"
    "  --bug WHICH   plant a mistake: use-after-move, double-drop, leak or alias\n"
    "Exit status: 0, 1 when something could not be read or written, 2 for a wrong command line.\n";

static bool parse_number(const char *text, size_t least, size_t most, size_t *out) {
  char *end;
  unsigned long long value = strtoull(text, &end, 10);
  if (*text < '0' || *text > '9' || *end != '\0' || value < least || value > most)
    return false;
  *out = (size_t)value;
  return true;
}

static bool parse_bug(const char *text, enum bug *out) {
  static const char *const names[] = {"none", "use-after-move", "double-drop", "leak", "alias"};
  for (*out = BUG_NONE; *out <= BUG_ALIAS; ++*out) {
    if (strcmp(text, names[*out]) == 0)
      return true;
  }
  return false;
}

/* Takes one option; false when its argument is not allowed. */
static bool take_option(struct options *options, int option, const char *argument) {
  switch (option) {
  case 't':
    return parse_number(argument, 0, THREADS_MOST, &options->threads);
  case 'n':
    return parse_number(argument, 0, SIZE_MAX, &options->top);
  case 's':
    return parse_number(argument, BUFFER_SMALLEST, 1u << 30, &options->buffer_size);
  case 'b':
    return parse_bug(argument, &options->bug);
  case 'j':
    options->json = argument;
    return true;
  case 'T':
    options->times = false;
    return true;
  case 'h':
    fputs(usage_text, stdout);
    exit(EXIT_SUCCESS);
  default:
    return false;
  }
}

static bool parse_options(struct options *options, int argc, char **argv) {
  static const struct option known[] = {{"threads", 1, NULL, 't'}, {"top", 1, NULL, 'n'}, {"buffer", 1, NULL, 's'},
                                        {"json", 1, NULL, 'j'},    {"bug", 1, NULL, 'b'}, {"no-times", 0, NULL, 'T'},
                                        {"help", 0, NULL, 'h'},    {NULL, 0, NULL, 0}};
  int option;
  while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
    if (!take_option(options, option, optarg))
      return false;
  }
  return optind < argc;
}

int main(int argc, char **argv) {
  long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  struct job job = {.options = {.threads = cpus > 0 && cpus <= THREADS_MOST ? (size_t)cpus : THREADS_MOST,
                                .top = 10,
                                .buffer_size = 4096,
                                .times = true}};
  if (!parse_options(&job.options, argc, argv)) {
    fputs(usage_text, stderr);
    return 2;
  }
  uint64_t failures = run(&job, argv + optind);
  if (fflush(stdout) != 0) {
    perror("wordcount: standard output");
    failures++;
  }
  if (report(job.options.json, job.options.times) != 0)
    failures++;
  return failures > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
