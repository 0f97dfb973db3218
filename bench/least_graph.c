/* SPDX-License-Identifier: Apache-2.0 */
#include "least_graph.h"

#include <stdlib.h>
#include <string.h>

enum { NONE = UINT32_MAX, NAMES = 64, FIRST = 1024 };

/* As small as what is asked about it allows: who, from when, until when, and where it went. */
struct node {
  uint64_t key, created, ended;
  uint32_t name, type, thread, moved_to;
};

struct edge {
  uint64_t from, until;
  uint32_t owner, borrower;
};

/* What is alive, by address or by name and thread; empty places have key 0. */
struct slot {
  uint64_t key;
  uint32_t node, edge;
};

struct builder {
  struct node *nodes;
  struct edge *edges;
  struct slot *slots;
  size_t node_count, node_room, edge_count, edge_room, live, mask;
  const char *names[NAMES]; /* a site's, by its number: there are few */
  bool failed;
};

static void *grown(struct builder *b, void *list, size_t count, size_t *room, size_t each) {
  if (count < *room)
    return list;
  *room = *room ? 2 * *room : FIRST;
  void *larger = realloc(list, *room * each);
  b->failed |= larger == NULL;
  return larger ? larger : list;
}

static size_t place_of(const struct builder *b, uint64_t key) {
  size_t at = (size_t)((key * 0x9e3779b97f4a7c15u) >> 32) & b->mask;
  while (b->slots[at].key != 0 && b->slots[at].key != key)
    at = (at + 1) & b->mask;
  return at;
}

static void put(struct builder *b, uint64_t key, uint32_t node, uint32_t edge) {
  struct slot *slot = &b->slots[place_of(b, key)];
  if (slot->key == 0 && ++b->live > b->mask / 2) { /* these streams keep few alive */
    b->failed = true;
    return;
  }
  *slot = (struct slot){key, node, edge};
}

/* What stood behind it moves up, so that nothing is left in the place of what ended. */
static void take_out(struct builder *b, size_t at) {
  b->live--;
  for (size_t next = (at + 1) & b->mask; b->slots[next].key != 0; next = (next + 1) & b->mask) {
    size_t home = (size_t)((b->slots[next].key * 0x9e3779b97f4a7c15u) >> 32) & b->mask;
    if (((next - home) & b->mask) < ((next - at) & b->mask))
      continue;
    b->slots[at] = b->slots[next];
    at = next;
  }
  b->slots[at].key = 0;
}

static uint32_t add_node(struct builder *b, const struct bscope_event *event, uint64_t key) {
  b->nodes = grown(b, b->nodes, b->node_count, &b->node_room, sizeof(*b->nodes));
  if (b->failed)
    return NONE;
  b->nodes[b->node_count] = (struct node){.key = key,
                                          .created = event->stamp,
                                          .ended = UINT64_MAX,
                                          .name = event->site,
                                          .type = event->site,
                                          .thread = event->thread,
                                          .moved_to = NONE};
  return (uint32_t)b->node_count++;
}

static uint32_t add_edge(struct builder *b, uint64_t stamp, uint32_t owner, uint32_t borrower) {
  b->edges = grown(b, b->edges, b->edge_count, &b->edge_room, sizeof(*b->edges));
  if (b->failed)
    return NONE;
  b->edges[b->edge_count] = (struct edge){stamp, UINT64_MAX, owner, borrower};
  return (uint32_t)b->edge_count++;
}

/* A name's number with its thread: never an address, whose lowest bit is clear. */
static uint64_t key_of_name(const char *name, uint32_t thread) {
  return name ? ((uint64_t)(uintptr_t)name << 16 ^ (uint64_t)thread << 1) | 1 : 0;
}

/* Equal names of several sites as one pointer, found once a site. */
static const char *name_of(struct builder *b, const char *name) {
  for (size_t i = 0; name && i < NAMES; i++) {
    if (!b->names[i])
      b->names[i] = name;
    if (b->names[i] == name || strcmp(b->names[i], name) == 0)
      return b->names[i];
  }
  return name;
}

struct site_names {
  const char *name, *name2;
  bool known;
};

static uint64_t address_of(const struct bscope_event *event) {
  return event->subject_is == BSCOPE_WORD_ADDRESS  ? event->subject & ~UINT64_C(1)
         : event->object_is == BSCOPE_WORD_ADDRESS ? event->object & ~UINT64_C(1)
                                                   : 0;
}

static void end(struct builder *b, size_t at, uint64_t stamp) {
  if (b->slots[at].key == 0)
    return;
  b->nodes[b->slots[at].node].ended = stamp;
  if (b->slots[at].edge != NONE)
    b->edges[b->slots[at].edge].until = stamp;
  take_out(b, at);
}

static void apply(struct builder *b, const struct bscope_event *event, const struct site_names *names) {
  uint64_t address = address_of(event), named = key_of_name(names->name, event->thread);
  bool by_address = (event->flags & BSCOPE_SITE_BY_ADDRESS) != 0 && address;
  switch (event->kind) {
  case BSCOPE_KIND_NEW:
    put(b, by_address ? address : named, add_node(b, event, address), NONE);
    break;
  case BSCOPE_KIND_BORROW: {
    const struct slot *owner = &b->slots[place_of(b, address)];
    uint32_t lender = owner->key ? owner->node : NONE, borrower = add_node(b, event, address);
    put(b, named, borrower, add_edge(b, event->stamp, lender, borrower));
    break;
  }
  case BSCOPE_KIND_MOVE: {
    size_t at = place_of(b, by_address ? address : named);
    uint32_t target = add_node(b, event, address);
    if (b->slots[at].key)
      b->nodes[b->slots[at].node].moved_to = target;
    end(b, at, event->stamp);
    put(b, by_address ? address : key_of_name(names->name2, event->thread), target, NONE);
    break;
  }
  case BSCOPE_KIND_DROP:
    end(b, place_of(b, by_address ? address : named), event->stamp);
    break;
  default:
    break;
  }
}

static void release(struct builder *b) {
  free(b->nodes);
  free(b->edges);
  free(b->slots);
}

size_t bench_least_graph(const struct bscope_log *log) {
  struct builder b = {.mask = FIRST - 1, .slots = calloc(FIRST, sizeof(*b.slots))};
  struct site_names sites[4 * NAMES] = {{0}};
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  struct bscope_event event;
  b.failed = !b.slots || !cursor;
  while (!b.failed && bscope_cursor_next(cursor, &event)) {
    struct site_names *names = &sites[event.site % (4 * NAMES)];
    if (!names->known)
      *names = (struct site_names){name_of(&b, event.name), name_of(&b, event.name2), true};
    apply(&b, &event, names);
  }
  bscope_cursor_free(cursor);
  release(&b);
  return b.failed ? 0 : b.node_count;
}
