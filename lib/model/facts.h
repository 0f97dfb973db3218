/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an event's site says, with its strings interned and its argument parsed. Events of one site share one entry,
 * found by the site's number: one comparison of pointers an event, hashing once a site. Events without a number (logs
 * made by hand) and sites that say something else under the same number are found by content.
 */
#ifndef BSCOPE_MODEL_FACTS_H
#define BSCOPE_MODEL_FACTS_H

#include "model/argument.h"
#include "model/names.h"

#include <borrowscope/log.h>

/*
 * The last uses of a name by threads at this site: saves a hash lookup. `stack` 0: none yet; BSCOPE_HINT_NONE and the
 * number of stacks there were: that thread had none of this name then.
 */
#define BSCOPE_HINT_THREADS 8u
#define BSCOPE_HINT_NONE 0x80000000u

struct bscope_stack_hint {
  struct {
    uint32_t thread;
    uint32_t stack;
  } of[BSCOPE_HINT_THREADS]; /* a thread has its place by its number */
};

/* What a site says about each of its events, and its entry. The first part of struct bscope_step. */
#define BSCOPE_SHAPE_FIELDS                                                                                            \
  uint32_t facts; /* number of the entry */                                                                            \
  uint32_t flags; /* enum bscope_site_flag */                                                                          \
  uint32_t extent;                                                                                                     \
  uint8_t kind;       /* enum bscope_kind */                                                                           \
  uint8_t subject_is; /* enum bscope_word */                                                                           \
  uint8_t object_is;  /* enum bscope_word */                                                                           \
  bool is_mutable;

struct bscope_shape {
  BSCOPE_SHAPE_FIELDS
};

/* All numbers are names (names.h). */
struct bscope_facts {
  uint32_t name;
  uint32_t name2;
  uint32_t type;
  uint32_t file;
  uint32_t function;
  uint32_t text;
  uint32_t line;
  uint32_t place; /* BSCOPE_SITE_PLACE or 0: how the text is meant */
  uint32_t root;  /* of the text; NONE when it says nothing */
  uint32_t said;  /* what the text calls the value: its root, all of it where it has none, or "block" */
  bool unnamed;   /* the text is a null pointer: "block" is no name of the program\'s */
  enum bscope_form form;
  struct bscope_stack_hint hints[3]; /* of name, name2, root */
};

enum bscope_hint { BSCOPE_HINT_NAME, BSCOPE_HINT_NAME2, BSCOPE_HINT_ROOT };

struct bscope_facts_table {
  struct bscope_names *names; /* borrowed */
  struct bscope_facts *entries;
  size_t count;
  size_t capacity;
  struct bscope_facts_site *sites; /* by site number */
  size_t site_capacity;
  struct bscope_shape *shapes; /* by site number; kind 0: not seen yet */
  size_t shape_capacity;
  struct bscope_table index; /* hash of an entry's numbers, n-th of that hash -> entry + 1 */
};

void bscope_facts_init(struct bscope_facts_table *table, struct bscope_names *names, uint64_t seed);
void bscope_facts_fini(struct bscope_facts_table *table);

/* The number of the event's entry into *out. 0 or BSCOPE_ERR_NO_MEMORY. */
int bscope_facts_of(struct bscope_facts_table *table, const struct bscope_event *event, uint32_t *out);

/* The shape of an event, its entry included, into *out. 0 or BSCOPE_ERR_NO_MEMORY. */
int bscope_facts_shape(struct bscope_facts_table *table, const struct bscope_event *event, struct bscope_shape *out);

/* Forgets the hints, which are one resolver's: before another one uses the table. */
void bscope_facts_forget_hints(struct bscope_facts_table *table);

/* Keeps the shape of a site of this process. 0 or BSCOPE_ERR_NO_MEMORY. */
int bscope_facts_keep(struct bscope_facts_table *table, uint32_t site, const struct bscope_shape *shape);

#endif
