/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The difference of two graphs: both lists are in the order of their stamps, so one walk along both finds all changes.
 * Only entries of one stamp, a few at most, are compared each with each.
 */
#include "base/error.h"

#include <borrowscope/difference.h>
#include <string.h>

#define NONE BSCOPE_NODE_NONE

enum likeness { OTHER, CHANGED, EQUAL };

/* What is compared: one list of two graphs. */
struct list {
  const struct bscope_graph *graphs[2];
  size_t (*count)(const struct bscope_graph *);
  int (*edge)(const struct bscope_graph *, size_t, struct bscope_edge *); /* NULL: the list is of nodes */
};

struct changes {
  struct bscope_change *out;
  size_t capacity;
  size_t count;
};

static void change(struct changes *changes, size_t before, size_t after) {
  if (changes->count < changes->capacity && changes->out != NULL)
    changes->out[changes->count] = (struct bscope_change){before, after};
  changes->count++;
}

static bool same_text(const char *a, const char *b) {
  return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool same_variable(const struct list *list, size_t before, size_t after) {
  struct bscope_node a, b;
  if (before == NONE || after == NONE)
    return before == after;
  return bscope_graph_node(list->graphs[0], before, &a) == BSCOPE_OK &&
         bscope_graph_node(list->graphs[1], after, &b) == BSCOPE_OK && a.created_at == b.created_at &&
         same_text(a.id, b.id);
}

static enum likeness compare_nodes(const struct list *list, size_t before, size_t after) {
  struct bscope_node a, b;
  if (!same_variable(list, before, after) || bscope_graph_node(list->graphs[0], before, &a) != BSCOPE_OK ||
      bscope_graph_node(list->graphs[1], after, &b) != BSCOPE_OK)
    return OTHER;
  bool equal = a.thread == b.thread && a.ended_at == b.ended_at && a.ending == b.ending && a.address == b.address &&
               a.size == b.size && a.is_borrower == b.is_borrower && a.line == b.line && same_text(a.name, b.name) &&
               same_text(a.type_name, b.type_name) && same_text(a.file, b.file) && same_text(a.function, b.function) &&
               same_variable(list, a.moved_from, b.moved_from) && same_variable(list, a.moved_to, b.moved_to);
  return equal ? EQUAL : CHANGED;
}

static enum likeness compare_edges(const struct list *list, size_t before, size_t after) {
  struct bscope_edge a, b;
  if (list->edge(list->graphs[0], before, &a) != BSCOPE_OK || list->edge(list->graphs[1], after, &b) != BSCOPE_OK ||
      a.relation != b.relation || a.start != b.start || !same_variable(list, a.from, b.from) ||
      !same_variable(list, a.to, b.to))
    return OTHER;
  return a.end == b.end && a.inferred == b.inferred ? EQUAL : CHANGED;
}

static enum likeness compare(const struct list *list, size_t before, size_t after) {
  return list->edge == NULL ? compare_nodes(list, before, after) : compare_edges(list, before, after);
}

/* When entry i of graph `which` was created or started; BSCOPE_STAMP_OPEN behind the last. */
static bscope_stamp stamp_of(const struct list *list, int which, size_t i) {
  struct bscope_edge edge;
  struct bscope_node node;
  if (list->edge != NULL)
    return list->edge(list->graphs[which], i, &edge) == BSCOPE_OK ? edge.start : BSCOPE_STAMP_OPEN;
  return bscope_graph_node(list->graphs[which], i, &node) == BSCOPE_OK ? node.created_at : BSCOPE_STAMP_OPEN;
}

/* How many entries from the i-th on are of that stamp. */
static size_t run_length(const struct list *list, int which, size_t i, size_t count, bscope_stamp stamp) {
  size_t end = i;
  while (end < count && stamp_of(list, which, end) == stamp)
    end++;
  return end - i;
}

/* The changes among entries of one stamp: `gone` of the first graph from `before` on, `come` of the second. */
static void compare_runs(const struct list *list, struct changes *changes, size_t before, size_t gone, size_t after,
                         size_t come) {
  for (size_t i = before; i < before + gone; i++) {
    enum likeness likeness = OTHER;
    size_t j = after;
    while (j < after + come && (likeness = compare(list, i, j)) == OTHER)
      j++;
    if (likeness != EQUAL)
      change(changes, i, likeness == CHANGED ? j : NONE);
  }
  for (size_t j = after; j < after + come; j++) {
    size_t i = before;
    while (i < before + gone && compare(list, i, j) == OTHER)
      i++;
    if (i == before + gone)
      change(changes, NONE, j);
  }
}

static size_t difference(const struct list *list, struct bscope_change *out, size_t capacity) {
  struct changes changes = {out, capacity, 0};
  size_t counts[2] = {list->count(list->graphs[0]), list->count(list->graphs[1])};
  size_t i = 0, j = 0;
  while (i < counts[0] || j < counts[1]) {
    bscope_stamp a = i < counts[0] ? stamp_of(list, 0, i) : BSCOPE_STAMP_OPEN;
    bscope_stamp b = j < counts[1] ? stamp_of(list, 1, j) : BSCOPE_STAMP_OPEN;
    bscope_stamp stamp = a < b ? a : b;
    size_t gone = run_length(list, 0, i, counts[0], stamp), come = run_length(list, 1, j, counts[1], stamp);
    compare_runs(list, &changes, i, gone, j, come);
    i += gone;
    j += come;
  }
  return changes.count;
}

size_t bscope_graph_node_changes(const struct bscope_graph *before, const struct bscope_graph *after,
                                 struct bscope_change *out, size_t capacity) {
  struct list list = {{before, after}, bscope_graph_node_count, NULL};
  return difference(&list, out, capacity);
}

size_t bscope_graph_edge_changes(const struct bscope_graph *before, const struct bscope_graph *after,
                                 struct bscope_change *out, size_t capacity) {
  struct list list = {{before, after}, bscope_graph_edge_count, bscope_graph_edge};
  return difference(&list, out, capacity);
}

size_t bscope_graph_relation_changes(const struct bscope_graph *before, const struct bscope_graph *after,
                                     struct bscope_change *out, size_t capacity) {
  struct list list = {{before, after}, bscope_graph_relation_count, bscope_graph_relation};
  return difference(&list, out, capacity);
}

/* --- applying --- */

static size_t refuse(size_t number) {
  bscope_fail(
      BSCOPE_ERR_INVALID_ARGUMENT,
      "bscope_apply_changes: change %zu fits no list of that many entries; hand over all changes of one list, in "
      "their order",
      number);
  return NONE;
}

/* How many entries there are afterwards, or NONE. What is taken out stands in ascending order. */
static size_t count_applied(size_t before, const struct bscope_change *changes, size_t count) {
  size_t removed = 0, added = 0, next = 0;
  for (size_t i = 0; i < count; i++) {
    const struct bscope_change *c = &changes[i];
    if ((c->before == NONE && c->after == NONE) || (c->before != NONE && (c->before < next || c->before >= before)))
      return refuse(i);
    next = c->before == NONE ? next : c->before + 1;
    removed += c->before != NONE;
    added += c->after != NONE;
  }
  for (size_t i = 0; i < count; i++)
    if (changes[i].after != NONE && changes[i].after >= before - removed + added)
      return refuse(i);
  return before - removed + added;
}

/* The place of an entry of the second graph is its number there. False: two at one place. */
static bool put_in(const struct bscope_change *changes, size_t count, size_t *out, size_t room) {
  memset(out, 0, room * sizeof(*out));
  for (size_t i = 0; i < count; i++) {
    if (changes[i].after >= room)
      continue;
    if (out[changes[i].after] == NONE) {
      refuse(i);
      return false;
    }
    out[changes[i].after] = NONE;
  }
  return true;
}

/* All that is not taken out keeps its order around them. */
static void keep(size_t before, const struct bscope_change *changes, size_t count, size_t *out, size_t room) {
  size_t at = 0, next = 0;
  for (size_t i = 0; i < before; i++) {
    while (next < count && changes[next].before == NONE)
      next++;
    if (next < count && changes[next].before == i) {
      next++;
      continue;
    }
    while (at < room && out[at] == NONE)
      at++;
    if (at == room)
      return;
    out[at++] = i;
  }
}

size_t bscope_apply_changes(size_t before, const struct bscope_change *changes, size_t count, size_t *out,
                            size_t capacity) {
  size_t after = changes == NULL && count > 0 ? refuse(0) : count_applied(before, changes, count);
  size_t room = after < capacity ? after : capacity;
  if (after == NONE || out == NULL || room == 0)
    return after;
  if (!put_in(changes, count, out, room))
    return NONE;
  keep(before, changes, count, out, room);
  return after;
}
