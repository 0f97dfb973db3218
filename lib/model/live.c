/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bscope_get_graph: the graph of the current events grows with them. Kept between two calls are the graph so far and
 * the resolver that made it; a call feeds them what is new and gives away a share of all pieces (pieces.h), so that a
 * second call costs the new events and a few bytes a piece.
 *
 * What a graph needs of names and facts is copied, once for all graphs between which no new one came: as many are there
 * as the program has sites. Begun anew is where the old events are not the same any more: another generation, evicted
 * events, or one that was still to be published.
 */
#include "base/error.h"
#include "base/util.h"
#include "model/graph.h"
#include "model/index.h"
#include "model/memory.h"
#include "model/resolve.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* The bytes of all names of a growing graph: taken over from it when it ends before the graphs that it gave. */
struct bytes {
  size_t refs; /* the growing graph, and each struct bscope_graph_strings: under the lock of pieces */
  struct bscope_names names;
};

/* Names and facts as they were at one time. */
struct bscope_graph_strings {
  size_t refs; /* the growing graph, and each graph: under the lock of pieces */
  struct bytes *bytes;
  struct bscope_names names; /* without the bytes */
  struct bscope_facts *facts;
  size_t fact_count;
};

static struct live {
  struct bscope_graph *graph; /* NULL: none yet */
  struct bscope_resolver *resolver;
  struct bytes *bytes;
  struct bscope_graph_strings *strings; /* given last; or NULL */
  uint64_t generation;
  bscope_stamp first;
  size_t fed;      /* events so far */
  bool busy;       /* a call is under way */
  bool stale;      /* of another process */
} live, abandoned; /* what a thread of the parent process was changing when this one was forked, kept to be found */

/* Guards `live` and a whole call. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* In a child of fork: another thread may have been in a call. What it had is left as it is, for good. */
static void forked(void) {
  static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;
  lock = fresh;
  live.stale = true;
  if (live.busy) {
    abandoned = live;
    memset(&live, 0, sizeof(live));
  }
  bscope_pieces_forked();
}

static void prepare(void) {
  (void)pthread_atfork(NULL, NULL, forked);
}

static void release_bytes(struct bytes *bytes) {
  if (--bytes->refs != 0)
    return;
  bscope_names_fini(&bytes->names);
  free(bytes);
}

void bscope_graph_strings_free(struct bscope_graph_strings *strings) {
  if (strings == NULL)
    return;
  bscope_pieces_lock();
  if (--strings->refs == 0) {
    bscope_names_fini(&strings->names);
    free(strings->facts);
    release_bytes(strings->bytes);
    free(strings);
  }
  bscope_pieces_unlock();
}

/* Ends the growing graph. The bytes of its names stay while a graph that it gave has them. */
static void discard(void) {
  if (live.graph == NULL)
    return;
  bscope_resolver_destroy(live.resolver);
  bscope_graph_strings_free(live.strings);
  live.bytes->names = live.graph->names;
  memset(&live.graph->names, 0, sizeof(live.graph->names));
  bscope_pieces_lock();
  release_bytes(live.bytes);
  bscope_pieces_unlock();
  bscope_graph_free(live.graph);
  live = (struct live){.busy = true};
}

static int begin(const struct bscope_log *log) {
  live.bytes = bscope_model_zeroed(1, sizeof(*live.bytes));
  live.graph = live.bytes == NULL ? NULL : bscope_graph_begin();
  live.resolver = live.graph == NULL ? NULL : bscope_resolver_create_on(&live.graph->facts);
  if (live.resolver == NULL) {
    bscope_graph_free(live.graph);
    free(live.bytes);
    live = (struct live){.busy = true};
    return BSCOPE_ERR_NO_MEMORY;
  }
  live.bytes->refs = 1;
  live.generation = bscope_log_generation(log);
  live.first = bscope_log_first(log);
  return BSCOPE_OK;
}

/* A copy of an array, NULL without a message. */
static void *copy_of(const void *array, size_t count, size_t width) {
  void *copy = malloc(count * width + 1);
  if (copy != NULL && array != NULL)
    memcpy(copy, array, count * width);
  return copy;
}

/* The strings as they are now: the last ones, if none came since. NULL: no memory. */
static struct bscope_graph_strings *strings_now(void) {
  const struct bscope_names *names = &live.graph->names;
  const struct bscope_facts_table *facts = &live.graph->facts;
  if (live.strings != NULL && live.strings->names.count == names->count && live.strings->fact_count == facts->count)
    return live.strings;
  struct bscope_graph_strings *made = bscope_model_zeroed(1, sizeof(*made));
  if (made == NULL)
    return NULL;
  *made = (struct bscope_graph_strings){.refs = 1, .bytes = live.bytes, .names = *names, .fact_count = facts->count};
  made->names.chunks = NULL;
  made->names.texts = copy_of(names->texts, names->count, sizeof(*names->texts));
  made->names.index.entries = names->index.entries == NULL
                                  ? NULL
                                  : copy_of(names->index.entries, names->index.mask + 1, sizeof(*names->index.entries));
  made->facts = copy_of(facts->entries, facts->count, sizeof(*facts->entries));
  if (made->names.texts == NULL || made->facts == NULL ||
      (made->names.index.entries == NULL && names->index.entries != NULL)) {
    bscope_names_fini(&made->names);
    free(made->facts);
    free(made);
    bscope_fail(BSCOPE_ERR_NO_MEMORY, "bscope_get_graph: no memory for %zu names", names->count);
    return NULL;
  }
  bscope_pieces_lock();
  live.bytes->refs++;
  bscope_pieces_unlock();
  bscope_graph_strings_free(live.strings);
  return live.strings = made;
}

/* Fills a graph with all that the growing one has. */
static int share(struct bscope_graph *to) {
  struct bscope_graph *from = live.graph;
  struct bscope_graph_strings *strings = strings_now();
  if (strings == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  bscope_pieces_lock();
  strings->refs++;
  bscope_pieces_unlock();
  to->strings = strings;
  to->names = strings->names;
  to->facts = (struct bscope_facts_table){.names = &to->names, .entries = strings->facts, .count = strings->fact_count};
  to->newest = copy_of(from->newest, from->newest_capacity, sizeof(*from->newest));
  to->newest_capacity = from->newest_capacity;
  to->name_bytes = from->name_bytes;
  to->summary = from->summary;
  if (to->newest == NULL || bscope_pieces_share(&from->nodes, &to->nodes) != BSCOPE_OK ||
      bscope_pieces_share(&from->edges, &to->edges) != BSCOPE_OK ||
      bscope_pieces_share(&from->moves, &to->moves) != BSCOPE_OK ||
      bscope_pieces_share(&from->links, &to->links) != BSCOPE_OK ||
      bscope_pieces_share(&from->given, &to->given) != BSCOPE_OK)
    return bscope_fail(BSCOPE_ERR_NO_MEMORY, "bscope_get_graph: no memory");
  return bscope_graph_finish(to);
}

static void regain(struct bscope_graph *graph) {
  bscope_pieces_regain(&graph->nodes);
  bscope_pieces_regain(&graph->edges);
  bscope_pieces_regain(&graph->moves);
  bscope_pieces_regain(&graph->links);
  bscope_pieces_regain(&graph->given);
}

/* Brings the growing graph to the log's end. */
static int grow(const struct bscope_log *log) {
  if (live.graph != NULL &&
      (live.stale || live.generation != bscope_log_generation(log) || live.first != bscope_log_first(log) ||
       live.graph->unfinished || live.fed > bscope_log_count(log)))
    discard();
  if (live.graph == NULL && begin(log) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  regain(live.graph);
  int status = bscope_graph_extend(live.graph, live.resolver, log, live.fed);
  live.fed = bscope_log_count(log);
  if (status != BSCOPE_OK)
    discard();
  return status;
}

static struct bscope_graph *graph_now(void) {
  struct bscope_log *log = bscope_get_events();
  int status = log == NULL ? BSCOPE_ERR_NO_MEMORY : grow(log);
  bscope_log_free(log);
  struct bscope_graph *graph = status == BSCOPE_OK ? bscope_model_zeroed(1, sizeof(*graph)) : NULL;
  if (graph == NULL || share(graph) == BSCOPE_OK)
    return graph;
  bscope_graph_free(graph);
  return NULL;
}

struct bscope_graph *bscope_get_graph(void) {
  BSCOPE_KEEP_ERRNO
  static pthread_once_t prepared = PTHREAD_ONCE_INIT;
  (void)pthread_once(&prepared, prepare);
  (void)pthread_mutex_lock(&lock);
  live.busy = true;
  struct bscope_graph *graph = graph_now();
  live.busy = false;
  (void)pthread_mutex_unlock(&lock);
  return graph;
}
