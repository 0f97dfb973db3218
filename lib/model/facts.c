/* SPDX-License-Identifier: Apache-2.0 */
/* What sites say: see facts.h. */
#include "model/facts.h"

#include "base/error.h"
#include "base/util.h"
#include "model/memory.h"

#include <stdlib.h>
#include <string.h>

#define UNNAMED "block" /* what grows from a null pointer that is written as one */

/* Beyond this a number is no index but an accident. */
#define SITES_MAX ((uint32_t)1 << 20)

/* What a site's event looked like when its entry was found, by pointer. */
struct bscope_facts_site {
  const char *name;
  const char *name2;
  const char *text;
  const char *function;
  const char *type;
  const char *file;
  uint32_t line;
  uint32_t place;
  uint32_t entry; /* + 1; 0: not seen yet */
};

void bscope_facts_init(struct bscope_facts_table *table, struct bscope_names *names, uint64_t seed) {
  *table = (struct bscope_facts_table){.names = names};
  bscope_table_init(&table->index, seed);
}

void bscope_facts_fini(struct bscope_facts_table *table) {
  bscope_table_fini(&table->index);
  free(table->entries);
  free(table->sites);
  free(table->shapes);
}

static uint32_t place_of(const struct bscope_event *event) {
  return event->flags & BSCOPE_SITE_PLACE;
}

/* A site's strings don't change; what could differ under one number is another site's. */
static bool same_site(const struct bscope_facts_site *site, const struct bscope_event *event) {
  return site->entry != 0 && site->line == event->line && site->name == event->name && site->name2 == event->name2 &&
         site->text == event->text && site->function == event->function && site->type == event->type_name &&
         site->file == event->file && site->place == place_of(event);
}

static int intern(struct bscope_names *names, const char *text, uint32_t *out) {
  return bscope_names_intern(names, text, text == NULL ? 0 : strlen(text), out);
}

/* Interns what the event says. */
static int describe(struct bscope_names *names, const struct bscope_event *event, struct bscope_facts *facts) {
  uint32_t place = place_of(event);
  struct bscope_argument argument =
      place != 0 ? bscope_argument_parse_place(event->text) : bscope_argument_parse(event->text);
  *facts = (struct bscope_facts){.line = event->line, .place = place, .form = argument.form};
  if (intern(names, event->name, &facts->name) != BSCOPE_OK ||
      intern(names, event->name2, &facts->name2) != BSCOPE_OK ||
      intern(names, event->type_name, &facts->type) != BSCOPE_OK ||
      intern(names, event->file, &facts->file) != BSCOPE_OK ||
      intern(names, event->function, &facts->function) != BSCOPE_OK ||
      intern(names, event->text, &facts->text) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  if (argument.form != BSCOPE_FORM_UNKNOWN &&
      bscope_names_intern(names, argument.root, argument.root_length, &facts->root) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  facts->said = facts->root != BSCOPE_NAME_NONE ? facts->root : facts->text;
  facts->unnamed = bscope_argument_is_null(event->text);
  return facts->unnamed ? intern(names, UNNAMED, &facts->said) : BSCOPE_OK;
}

/* The numbers that make an entry what it is; root, said and form follow from the text. */
static bool same_facts(const struct bscope_facts *a, const struct bscope_facts *b) {
  return memcmp(a, b, offsetof(struct bscope_facts, root)) == 0;
}

static uint64_t facts_hash(const struct bscope_facts *facts) {
  const uint32_t numbers[] = {facts->name,     facts->name2, facts->type, facts->file,
                              facts->function, facts->text,  facts->line, facts->place};
  uint64_t h = 0;
  for (size_t i = 0; i < BSCOPE_COUNT(numbers); i++)
    h = (h ^ numbers[i]) * UINT64_C(0x9e3779b97f4a7c15) + (h >> 31);
  return h;
}

/* The entry that equals `facts`, made if it is new. */
static int find_entry(struct bscope_facts_table *table, const struct bscope_facts *facts, uint32_t *out) {
  uint64_t hash = facts_hash(facts);
  uint32_t found, turn = 0;
  while ((found = bscope_table_get(&table->index, hash, turn)) != 0 && !same_facts(&table->entries[found - 1], facts))
    turn++;
  if (found == 0) {
    struct bscope_facts *entries =
        bscope_model_grow(table->entries, &table->capacity, table->count + 1, sizeof(*entries));
    if (entries == NULL)
      return BSCOPE_ERR_NO_MEMORY;
    table->entries = entries;
    uint32_t *value = bscope_table_at(&table->index, hash, turn);
    if (value == NULL)
      return BSCOPE_ERR_NO_MEMORY;
    entries[table->count++] = *facts;
    *value = found = (uint32_t)table->count;
  }
  *out = found - 1;
  return BSCOPE_OK;
}

/* The site's place in the cache, made if need be. NULL: no memory. */
static struct bscope_facts_site *cached_site(struct bscope_facts_table *table, uint32_t number) {
  size_t before = table->site_capacity;
  struct bscope_facts_site *sites =
      bscope_model_grow(table->sites, &table->site_capacity, (size_t)number + 1, sizeof(*sites));
  if (sites == NULL)
    return NULL;
  table->sites = sites;
  memset(sites + before, 0, (table->site_capacity - before) * sizeof(*sites));
  return &sites[number];
}

int bscope_facts_of(struct bscope_facts_table *table, const struct bscope_event *event, uint32_t *out) {
  /* An event whose site is not known may have any number. */
  bool numbered = event->kind != BSCOPE_KIND_NONE && event->site != 0 && event->site < SITES_MAX;
  if (bscope_likely(numbered && event->site < table->site_capacity && same_site(&table->sites[event->site], event))) {
    *out = table->sites[event->site].entry - 1;
    return BSCOPE_OK;
  }
  struct bscope_facts facts;
  if (describe(table->names, event, &facts) != BSCOPE_OK || find_entry(table, &facts, out) != BSCOPE_OK)
    return BSCOPE_ERR_NO_MEMORY;
  if (!numbered)
    return BSCOPE_OK;
  struct bscope_facts_site *site = cached_site(table, event->site);
  if (site == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  *site = (struct bscope_facts_site){event->name, event->name2, event->text,     event->function, event->type_name,
                                     event->file, event->line,  place_of(event), *out + 1};
  return BSCOPE_OK;
}

int bscope_facts_shape(struct bscope_facts_table *table, const struct bscope_event *event, struct bscope_shape *out) {
  *out = (struct bscope_shape){.flags = event->flags,
                               .extent = event->extent,
                               .kind = (uint8_t)event->kind,
                               .subject_is = (uint8_t)event->subject_is,
                               .object_is = (uint8_t)event->object_is,
                               .is_mutable = event->is_mutable};
  /* Of a position without an event nothing is to be known. */
  if (event->kind == BSCOPE_KIND_LOST || event->kind == BSCOPE_KIND_OPEN)
    return BSCOPE_OK;
  return bscope_facts_of(table, event, &out->facts);
}

void bscope_facts_forget_hints(struct bscope_facts_table *table) {
  for (size_t i = 0; i < table->count; i++)
    memset(table->entries[i].hints, 0, sizeof(table->entries[i].hints));
}

int bscope_facts_keep(struct bscope_facts_table *table, uint32_t site, const struct bscope_shape *shape) {
  size_t before = table->shape_capacity;
  if (site >= SITES_MAX)
    return BSCOPE_OK;
  struct bscope_shape *shapes =
      bscope_model_grow(table->shapes, &table->shape_capacity, (size_t)site + 1, sizeof(*shapes));
  if (shapes == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  table->shapes = shapes;
  memset(shapes + before, 0, (table->shape_capacity - before) * sizeof(*shapes));
  shapes[site] = *shape;
  return BSCOPE_OK;
}
