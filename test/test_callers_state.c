/* SPDX-License-Identifier: Apache-2.0 */
/*
 * H10: after each call of the interface, also a failing one, errno, the signal mask, the FP environment, cancellation,
 * locale, directory, umask, descriptors 0 to 2 and the signals' dispositions are what they were. Calls that hand out an
 * object make it, use it in all ways there are, and let it go. H11: the collector's thread takes no signal of the
 * program's.
 */
#include "engine.h"

#include <borrowscope/borrowscope.h>
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIGNALS 64
#define ANSWERS 32

static char folder[64], path[96], copy[96], packed[96], missing[96];

/* --- what may not change --- */

struct surroundings {
  int error, rounding, exceptions, cancel_state, cancel_type;
  mode_t mask;
  sigset_t blocked;
  char locale[128], directory[256];
  dev_t devices[3];
  ino_t files[3];
  struct sigaction actions[SIGNALS + 1];
};

static void look_around(struct surroundings *s) {
  struct stat status;
  memset(s, 0, sizeof(*s));
  s->error = errno;
  s->rounding = fegetround();
  s->exceptions = fetestexcept(FE_ALL_EXCEPT);
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &s->cancel_state);
  pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &s->cancel_type);
  pthread_setcanceltype(s->cancel_type, NULL);
  pthread_setcancelstate(s->cancel_state, NULL);
  s->mask = umask(0);
  umask(s->mask);
  pthread_sigmask(SIG_SETMASK, NULL, &s->blocked);
  snprintf(s->locale, sizeof(s->locale), "%s", setlocale(LC_ALL, NULL));
  check(getcwd(s->directory, sizeof(s->directory)));
  for (int fd = 0; fd < 3; fd++)
    if (fstat(fd, &status) == 0) {
      s->devices[fd] = status.st_dev;
      s->files[fd] = status.st_ino;
    }
  for (int n = 1; n <= SIGNALS; n++)
    (void)sigaction(n, NULL, &s->actions[n]);
}

static bool same_masks(const sigset_t *a, const sigset_t *b) {
  for (int n = 1; n <= SIGNALS; n++)
    if (sigismember(a, n) != sigismember(b, n))
      return false;
  return true;
}

static const char *difference(const struct surroundings *a, const struct surroundings *b) {
  if (a->error != b->error)
    return "errno";
  if (a->rounding != b->rounding)
    return "rounding";
  if (a->exceptions != b->exceptions && !getenv("BSCOPE_TEST_VALGRIND")) /* which keeps no such flags */
    return "FP exceptions";
  if (a->cancel_state != b->cancel_state || a->cancel_type != b->cancel_type)
    return "cancellation";
  if (a->mask != b->mask)
    return "umask";
  if (!same_masks(&a->blocked, &b->blocked))
    return "the signal mask";
  if (strcmp(a->locale, b->locale) != 0)
    return "the locale";
  if (strcmp(a->directory, b->directory) != 0)
    return "the directory";
  if (memcmp(a->devices, b->devices, sizeof(a->devices)) != 0 || memcmp(a->files, b->files, sizeof(a->files)) != 0)
    return "descriptors 0 to 2";
  for (int n = 1; n <= SIGNALS; n++)
    if (a->actions[n].sa_handler != b->actions[n].sa_handler || a->actions[n].sa_flags != b->actions[n].sa_flags)
      return "a signal's disposition";
  return NULL;
}

/* Neither the defaults nor what a call of ours is likely to leave. */
static void take_place(unsigned variant) {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, variant & 1 ? SIGUSR1 : SIGHUP);
  sigaddset(&blocked, SIGWINCH);
  pthread_sigmask(SIG_SETMASK, &blocked, NULL);
  fesetround(variant & 2 ? FE_UPWARD : FE_DOWNWARD);
  feclearexcept(FE_ALL_EXCEPT);
  feraiseexcept(FE_OVERFLOW);
  pthread_setcancelstate(variant & 1 ? PTHREAD_CANCEL_DISABLE : PTHREAD_CANCEL_ENABLE, NULL);
  umask(variant & 2 ? 027 : 077);
  errno = 4711;
}

/* --- the calls --- */

static struct bscope_log *log_;
static struct bscope_graph *graph;

static void track(void) {
  int value = bscope_track_new("value", 7);
  const int *reader = bscope_track_borrow("reader", &value);
  (void)reader;
  bscope_borrow_end("reader");
  int moved = bscope_track_move("value", "moved", value);
  (void)moved;
  bscope_track_drop("moved");
}

static void track_at(void) {
  static char block[8];
  (void)bscope_new_at("block", block, sizeof(block));
  (void)bscope_borrow_mut_at("edit", block);
  bscope_borrow_end("edit");
  bscope_use_at(block, "block");
  bscope_drop_at(block);
}

static void session_calls(void) {
  struct bscope_stats stats = {.size = sizeof(stats)};
  check_equal(bscope_flush(), BSCOPE_OK);
  check_equal(bscope_get_stats(&stats), BSCOPE_OK);
  bscope_enable(false);
  bscope_enable(true);
  bscope_set_sample_seed(0);
}

static void reset(void) {
  check_equal(bscope_reset(), BSCOPE_OK);
  track();
}

static void stop_and_start(void) {
  const struct bscope_options options = {.size = sizeof(options)};
  check_equal(bscope_stop(), BSCOPE_OK);
  check_equal(bscope_start(&options), BSCOPE_OK);
  track();
}

static void start_with_a_file(void) {
  const struct bscope_options options = {.size = sizeof(options), .file = path, .overwrite = BSCOPE_ON};
  check_equal(bscope_stop(), BSCOPE_OK);
  check_equal(bscope_start(&options), BSCOPE_OK);
  track();
  check_equal(bscope_stop(), BSCOPE_OK);
  stop_and_start();
}

static void start_without_a_place(void) {
  const struct bscope_options options = {.size = sizeof(options), .file = missing};
  check_equal(bscope_stop(), BSCOPE_OK);
  (void)bscope_start(&options);
  stop_and_start();
}

static void get_events(void) {
  struct bscope_log *log = bscope_get_events();
  check(log);
  bscope_log_free(log);
}

static void read_log(const struct bscope_log *log) {
  struct bscope_event event;
  struct bscope_stats stats = {.size = sizeof(stats)};
  struct bscope_log_summary summary = {0};
  struct bscope_hot_spot spots[ANSWERS];
  size_t found[ANSWERS];
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  check(cursor && bscope_log_at(log, 0, &event) == BSCOPE_OK);
  while (bscope_cursor_next(cursor, &event))
    (void)bscope_event_is(&event, BSCOPE_IS_NEW);
  check_equal(bscope_cursor_status(cursor), BSCOPE_OK);
  bscope_cursor_free(cursor);
  check(bscope_log_at(log, SIZE_MAX, &event) != BSCOPE_OK);
  (void)bscope_log_stats(log, &stats);
  (void)bscope_log_pending(log);
  (void)bscope_log_thread_name(log, 0);
  (void)bscope_log_select(log, NULL, found, ANSWERS);
  (void)bscope_log_hot_spots(log, spots, ANSWERS);
  check_equal(bscope_log_summarize(log, &summary), BSCOPE_OK);
  bscope_string_free(bscope_log_summary_text(&summary));
  (void)bscope_log_validate(log);
}

static void read_events(void) {
  read_log(log_);
}

static int take_finding(void *context, const struct bscope_finding *finding) {
  (void)finding;
  return context != NULL;
}

static void check_rules(void) {
  struct bscope_findings *findings = bscope_check(log_);
  check(findings);
  bscope_findings_free(findings);
  check_equal(bscope_check_each(log_, take_finding, NULL), BSCOPE_OK);
  check(bscope_check(NULL) == NULL);
}

static void tell_story(void) {
  struct bscope_event event;
  struct bscope_meaning meaning;
  struct bscope_story *story = bscope_story_create(log_);
  check(story);
  while (bscope_story_next(story, &event, &meaning) == 1)
    continue;
  bscope_story_free(story);
}

static void build_graphs(void) {
  struct bscope_graph *one = bscope_get_graph(), *other = bscope_graph_build(log_);
  struct bscope_change changes[ANSWERS];
  check(one && other);
  (void)bscope_graph_node_changes(one, other, changes, ANSWERS);
  bscope_graph_free(one);
  bscope_graph_free(other);
  check(bscope_graph_build(NULL) == NULL);
}

static void ask_graph(void) {
  size_t found[ANSWERS];
  struct bscope_node node;
  struct bscope_edge edges[ANSWERS];
  struct bscope_graph_statistics statistics;
  struct bscope_reference_summary references;
  struct bscope_hot_spot spots[ANSWERS];
  check_equal(bscope_graph_node(graph, 0, &node), BSCOPE_OK);
  check(bscope_graph_node(graph, SIZE_MAX - 1, &node) != BSCOPE_OK);
  check_equal(bscope_graph_get_statistics(graph, &statistics), BSCOPE_OK);
  (void)bscope_graph_find(graph, "value");
  (void)bscope_graph_walk(graph, BSCOPE_BREADTH_FIRST, BSCOPE_NODE_NONE, NULL, found, ANSWERS);
  (void)bscope_graph_groups(graph, BSCOPE_COMPONENTS, NULL, found, ANSWERS);
  (void)bscope_graph_alive(graph, NULL, found, ANSWERS);
  (void)bscope_graph_edges(graph, 0, NULL, edges, ANSWERS);
  (void)bscope_graph_path(graph, 0, 1, NULL, found, ANSWERS);
  (void)bscope_graph_move_chain(graph, 0, found, ANSWERS);
  (void)bscope_graph_borrow_chain(graph, 0, found, ANSWERS);
  (void)bscope_graph_owner_at(graph, 0, 0);
  (void)bscope_graph_references(graph, 0, &references, NULL, 0);
  (void)bscope_graph_hot_spots(graph, NULL, spots, ANSWERS);
}

static void export_json(void) {
  FILE *null = fopen("/dev/null", "we");
  check(null);
  errno = 4711; /* the program's own call */
  check_equal(bscope_export_json(copy), BSCOPE_OK);
  check_equal(bscope_export_json_to_file(null), BSCOPE_OK);
  bscope_string_free(bscope_export_json_to_string());
  int error = errno;
  fclose(null);
  errno = error;
}

static void export_nowhere(void) {
  FILE *full = fopen("/dev/full", "we");
  check(full);
  errno = 4711; /* the program's own call */
  check(bscope_export_json(missing) != BSCOPE_OK);
  check(bscope_export_json_to_file(full) != BSCOPE_OK);
  int error = errno;
  fclose(full);
  errno = error;
}

static void import_json(void) {
  struct bscope_log *log = bscope_log_import_json(copy);
  check(log);
  read_log(log);
  bscope_log_free(log);
  check(!bscope_log_import_json(missing));
  check(!bscope_log_import_json_string("{", 1));
}

static void open_files(void) {
  struct bscope_log *log = bscope_log_open(path);
  check(log);
  read_log(log);
  bscope_log_free(log);
  check(!bscope_log_open(missing));
  check(!bscope_log_open(copy)); /* of another kind */
}

static void pack_files(void) {
  (void)bscope_log_pack(path, packed);
  (void)bscope_log_pack(missing, packed);
}

/* In their order: later ones read what earlier ones made. */
static const struct {
  const char *name;
  void (*call)(void);
} rows[] = {
    {"tracking by name", track},
    {"tracking by address", track_at},
    {"session", session_calls},
    {"reset", reset},
    {"stop and start", stop_and_start},
    {"start with a file", start_with_a_file},
    {"start without a place", start_without_a_place},
    {"get_events", get_events},
    {"reading a log", read_events},
    {"rules", check_rules},
    {"story", tell_story},
    {"graphs", build_graphs},
    {"questions", ask_graph},
    {"export", export_json},
    {"export that fails", export_nowhere},
    {"import", import_json},
    {"trace files", open_files},
    {"packing", pack_files},
};

static void leaves_the_callers_state(void **state) {
  (void)state;
  unsigned wrong = 0;
  for (unsigned variant = 0; variant < 4; variant++)
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
      struct surroundings before, after;
      if (!log_) {
        track();
        log_ = bscope_get_events();
        graph = bscope_graph_build(log_);
        check(log_ && graph);
      }
      take_place(variant);
      look_around(&before);
      errno = before.error;
      rows[i].call();
      look_around(&after);
      const char *what = difference(&before, &after);
      wrong += what != NULL;
      if (what)
        fprintf(stderr, "%s (variant %u): %s is not what it was (errno %d)\n", rows[i].name, variant, what,
                after.error);
    }
  bscope_graph_free(graph);
  bscope_log_free(log_);
  log_ = NULL;
  check_equal(wrong, 0);
}

/* --- H11 --- */

static uint64_t received; /* by this thread alone */

static void *raise_all(void *argument) {
  const sigset_t *all = argument;
  for (uint64_t i = test_scaled(100000, 2000); i > 0; i--)
    for (int n = SIGRTMIN; n <= SIGRTMIN + 3; n++)
      while (sigqueue(getpid(), n, (union sigval){.sival_int = (int)i}) != 0)
        test_sleep_ms(1); /* too many wait */
  (void)all;
  return NULL;
}

/* Signals for the process go to whoever does not block them: only to who waits for them here. */
static void the_collector_takes_no_signal(void **state) {
  (void)state;
  sigset_t all;
  pthread_t sender;
  uint64_t wanted = 4 * test_scaled(100000, 2000);
  const struct timespec long_wait = {20, 0};
  sigemptyset(&all);
  pthread_sigmask(SIG_SETMASK, &all, NULL);
  test_restart((struct bscope_options){.collector = BSCOPE_COLLECTOR_THREAD});
  track();
  test_sleep_ms(20); /* by now there is the collector's thread */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, NULL);
  check(pthread_create(&sender, NULL, raise_all, &all) == 0);
  sigemptyset(&all);
  for (int n = SIGRTMIN; n <= SIGRTMIN + 3; n++)
    sigaddset(&all, n);
  while (received < wanted && sigtimedwait(&all, NULL, &long_wait) > 0) {
    received++;
    track();
  }
  check(pthread_join(sender, NULL) == 0);
  check_equal(received, wanted);
  struct bscope_stats s = test_stats();
  check_equal(s.attempted, s.logged);
}

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/tmp/bscope-state-XXXXXX");
  check(mkdtemp(folder));
  snprintf(path, sizeof(path), "%s/trace", folder);
  snprintf(copy, sizeof(copy), "%s/json", folder);
  snprintf(packed, sizeof(packed), "%s/packed", folder);
  snprintf(missing, sizeof(missing), "%s/no/such", folder);
  return 0;
}

static int remove_folder(void **state) {
  char later[128];
  (void)state;
  for (int i = 2; i < 10; i++) { /* of the same name in one process */
    snprintf(later, sizeof(later), "%s.%d", path, i);
    (void)unlink(later);
  }
  (void)unlink(path);
  (void)unlink(copy);
  (void)unlink(packed);
  return rmdir(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(leaves_the_callers_state, make_folder, remove_folder),
      cmocka_unit_test(the_collector_takes_no_signal)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
