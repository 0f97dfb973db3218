/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The design of the Rust original in C: one mutex around a growing array of events that own their strings. A beginning
 * keeps the variable's name, its type and an id made of name and timestamp, each in memory of its own; the timestamp
 * counts events. Written to be no slower than it must: the number is formatted by hand, the array doubles.
 */
#include "peers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct string {
  char *text;
  size_t size, room;
};

struct event {
  uint64_t kind, timestamp;
  struct string name, id, type;
};

struct array {
  struct event *events;
  size_t count, room;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct array all;        /* under the lock */
static uint64_t next_timestamp; /* under the lock */

static void *must_allocate(void *old, size_t size) {
  void *memory = realloc(old, size);
  if (!memory)
    abort();
  return memory;
}

static struct string copy(const char *text, size_t size) {
  struct string s = {must_allocate(NULL, size), size, size};
  memcpy(s.text, text, size);
  return s;
}

/* name_timestamp */
static struct string make_id(const char *name, size_t size, uint64_t number) {
  char digits[24], *first = digits + sizeof(digits);
  do
    *--first = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  size_t count = (size_t)(digits + sizeof(digits) - first);
  struct string id = {must_allocate(NULL, size + 1 + count), size + 1 + count, size + 1 + count};
  memcpy(id.text, name, size);
  id.text[size] = '_';
  memcpy(id.text + size + 1, first, count);
  return id;
}

/* Not inline, like a call into another crate. */
static __attribute__((noinline)) void track_new(const char *name, const char *type) {
  pthread_mutex_lock(&lock);
  if (all.count == all.room) {
    all.room = all.room ? 2 * all.room : 4;
    all.events = must_allocate(all.events, all.room * sizeof(*all.events));
  }
  uint64_t now = next_timestamp++;
  size_t size = strlen(name);
  all.events[all.count++] = (struct event){.kind = 1,
                                           .timestamp = now,
                                           .name = copy(name, size),
                                           .id = make_id(name, size, now),
                                           .type = copy(type, strlen(type))};
  pthread_mutex_unlock(&lock);
}

static void record(uint64_t count) {
  for (uint64_t i = 0; i < count; i++)
    track_new("value", "int");
}

/* Keeps nothing: the array grows from its beginning in each round, as it does in a program. */
static void settle(void) {
  struct array old = all;
  all = (struct array){0};
  for (size_t i = 0; i < old.count; i++) {
    free(old.events[i].name.text);
    free(old.events[i].id.text);
    free(old.events[i].type.text);
  }
  free(old.events);
}

const struct peer peer_mutex_array = {
    .name = "mutex_array", .record = record, .settle = settle, .events = PEERS_EVENTS / 4};
