/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries lie in one reserved array, in the order of their ids, and are linked into a chained hash. An entry is written
 * whole, then linked with release; a loser's entry stays behind, committed but unreachable by search.
 */
#include "capture/site_table.h"

#include "base/atomic.h"
#include "base/options.h"
#include "base/util.h"
#include "capture/pretty.h"
#include "capture/site_file.h"
#include "capture/text_table.h"

#include <string.h>
#include <sys/mman.h>

#define BUCKETS 4096u
#define EXTRA_MAX 15u
#define FOLDED_NAME "<too many names>"
#define EMERGENCY 1024u /* ids kept for the kinds' folded sites, several forms each */

struct entry {
  struct bscope_site site; /* strings interned; word: the id, or OFF */
  uint32_t next;           /* id of the next in its chain, 0: none */
  uint32_t committed;      /* atomic: 1 once the entry is whole */
  uint32_t filed;          /* atomic: serial of the trace file that it was last written to */
  const char *extra[EXTRA_MAX + 1];
};

static struct entry *entries;     /* atomic: mapped once */
static uint32_t reserved;         /* atomic: ids handed out */
static uint32_t buckets[BUCKETS]; /* atomic: id of a chain's newest entry */
static char filter[BSCOPE_FILTER_MAX];
static uint32_t filter_state; /* atomic: 0 none was set, 1 being set, 2 set */

static struct entry *map_entries(void) {
  struct entry *e = bscope_load_acquire(&entries);
  if (bscope_likely(e))
    return e;
  size_t bytes = sizeof(*e) * (BSCOPE_SITE_CAPACITY + 1u);
  e = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (e == MAP_FAILED)
    return NULL;
  struct entry *winner = NULL;
  if (bscope_cas_acq_rel(&entries, &winner, e))
    return e;
  munmap(e, bytes);
  return winner;
}

uint32_t bscope_site_table_count(void) {
  return (uint32_t)bscope_min_u64(bscope_load_acquire(&reserved), BSCOPE_SITE_CAPACITY);
}

const struct bscope_site *bscope_site_table_get(uint32_t id) {
  struct entry *all = bscope_load_acquire(&entries);
  if (!all || id == 0 || id > BSCOPE_SITE_CAPACITY || !bscope_load_acquire(&all[id].committed))
    return NULL;
  return &all[id].site;
}

/* An entry is in the current trace file before its id is known to anybody who could publish an event of it. */
static void note_in_file(const struct bscope_site *site) {
  struct entry *all = bscope_load_acquire(&entries), *e = (struct entry *)(uintptr_t)site;
  bscope_site_file_note(site, (uint32_t)(e - all), &e->filed);
}

void bscope_site_table_file_all(void) {
  struct entry *all = bscope_load_acquire(&entries);
  uint32_t count = all ? bscope_site_table_count() : 0;
  for (uint32_t id = 1; id <= count; id++)
    if (bscope_load_ordered(&all[id].committed)) /* see site_file.c */
      note_in_file(&all[id].site);
}

/* A site without a name is recorded under any filter. */
static bool any_has_name(void) {
  const struct entry *all = bscope_load_acquire(&entries);
  for (uint32_t id = bscope_site_table_count(); all && id > 0; id--)
    if (!bscope_load_acquire(&all[id].committed) || all[id].site.name)
      return true;
  return false;
}

bool bscope_site_table_set_filter(const char *wanted) {
  uint32_t state = 0;
  if (bscope_load_acquire(&filter_state) == 2 && strcmp(filter, wanted) == 0)
    return true;
  if (wanted[0] == '\0' && bscope_load_acquire(&filter_state) == 0)
    return true;
  if (any_has_name())
    return false;
  bscope_store_release(&filter_state, 0);
  if (!bscope_cas_acq_rel(&filter_state, &state, 1))
    return false;
  strncpy(filter, wanted, sizeof(filter) - 1);
  bscope_store_release(&filter_state, 2); /* pairs with is_recorded */
  return true;
}

static bool is_recorded(const char *name) {
  return bscope_load_acquire(&filter_state) != 2 || !name || bscope_filter_allows(filter, name);
}

static bool same_extra(const char *const *a, const char *const *b) {
  if (!a || !b)
    return a == b;
  size_t i = 0;
  while (a[i] && a[i] == b[i])
    i++;
  return a[i] == b[i];
}

/* Strings are interned already, so equal means the same pointer. */
static bool same(const struct bscope_site *a, const struct bscope_site *b) {
  return a->kind == b->kind && a->subject_is == b->subject_is && a->object_is == b->object_is && a->flags == b->flags &&
         a->line == b->line && a->extent == b->extent && a->name == b->name && a->name2 == b->name2 &&
         a->type == b->type && a->file == b->file && a->function == b->function && a->text == b->text &&
         same_extra(a->extra, b->extra);
}

static uint32_t hash_site(const struct bscope_site *s) {
  const uint64_t parts[] = {(uint64_t)s->kind | (uint64_t)s->subject_is << 8 | (uint64_t)s->object_is << 16 |
                                (uint64_t)s->flags << 32,
                            (uint64_t)s->line | (uint64_t)s->extent << 32,
                            (uintptr_t)s->name,
                            (uintptr_t)s->name2,
                            (uintptr_t)s->type,
                            (uintptr_t)s->file,
                            (uintptr_t)s->function,
                            (uintptr_t)s->text};
  return (uint32_t)bscope_text_hash(parts, sizeof(parts));
}

static const struct entry *find(const struct entry *all, uint32_t from, uint32_t until, const struct bscope_site *key) {
  for (uint32_t id = from; id != until && id != 0; id = all[id].next) {
    if (same(&all[id].site, key))
      return &all[id];
  }
  return NULL;
}

static struct entry *reserve_entry(struct entry *all, bool emergency) {
  uint32_t limit = BSCOPE_SITE_CAPACITY - (emergency ? 0 : EMERGENCY);
  if (bscope_load_relaxed(&reserved) >= limit)
    return NULL;
  uint32_t id = bscope_add_acq_rel(&reserved, 1) + 1;
  return id <= BSCOPE_SITE_CAPACITY ? &all[id] : NULL;
}

/* Interns the extra strings into `out`, which a NULL ends; false: no room for one. More than EXTRA_MAX are cut. */
static bool intern_extra(const char **out, const char *const *extra, int emergency) {
  size_t n = 0;
  for (; extra && extra[n] && n < EXTRA_MAX; n++) {
    out[n] = bscope_text_intern_string(extra[n], emergency);
    if (!out[n])
      return false;
  }
  out[n] = NULL;
  return true;
}

/* Links a whole entry, or finds that somebody else linked an equal one first. */
static const struct entry *link_entry(struct entry *all, struct entry *made, uint32_t *bucket, uint32_t head) {
  for (;;) {
    made->next = head;
    uint32_t expected = head;
    /* release: the entry is whole before it is reachable; pairs with the acquire of a chain's head. */
    if (bscope_cas_acq_rel(bucket, &expected, (uint32_t)(made - all)))
      return made;
    const struct entry *other = find(all, expected, head, &made->site);
    if (other)
      return other;
    head = expected;
  }
}

/* `key` has interned strings, save extra. */
static const struct bscope_site *intern_key(struct bscope_site *key, const char *const *extra, bool emergency) {
  struct entry *all = map_entries();
  const char *strings[EXTRA_MAX + 1];
  if (!all || !intern_extra(strings, extra, emergency))
    return NULL;
  key->extra = strings[0] ? strings : NULL;
  uint32_t *bucket = &buckets[hash_site(key) % BUCKETS];
  uint32_t head = bscope_load_acquire(bucket);
  const struct entry *found = find(all, head, 0, key);
  if (found)
    return &found->site;
  struct entry *made = reserve_entry(all, emergency);
  if (!made)
    return NULL;
  made->site = *key;
  memcpy(made->extra, strings, sizeof(strings));
  made->site.extra = strings[0] ? made->extra : NULL;
  made->site.abi = BSCOPE_SITE_ABI;
  made->site.size = sizeof(struct bscope_site);
  made->site.word = is_recorded(key->name ? key->name : key->name2) ? (uint32_t)(made - all) : BSCOPE_SITE_OFF;
  bscope_store_ordered(&made->committed, 1); /* pairs with bscope_site_table_get, and see site_file.c */
  return &link_entry(all, made, bucket, head)->site;
}

static const char *intern_cut(const char *text, size_t (*cut)(const char *, const char **), bool is_pretty) {
  if (!text || !is_pretty)
    return bscope_text_intern_string(text, 0);
  const char *begin = text;
  size_t length = cut(text, &begin);
  return bscope_text_intern(begin, length, 0);
}

/* Interns one string of a site: false when there was one and the table had no room for it. */
static bool take(const char **out, const char *text) {
  *out = bscope_text_intern_string(text, 0);
  return *out || !text;
}

static bool intern_strings(struct bscope_site *key, const struct bscope_site *site, const char *name,
                           const char *name2) {
  key->type = intern_cut(site->type, bscope_pretty_type, site->flags & BSCOPE_SITE_PRETTY_TYPE);
  key->function = intern_cut(site->function, bscope_pretty_function, site->flags & BSCOPE_SITE_PRETTY_FUNCTION);
  key->flags = site->flags & ~(uint32_t)(BSCOPE_SITE_PRETTY_TYPE | BSCOPE_SITE_PRETTY_FUNCTION);
  return take(&key->name, name) && take(&key->name2, name2) && take(&key->file, site->file) &&
         take(&key->text, site->text) && (key->type || !site->type) && (key->function || !site->function);
}

static const struct bscope_site *fold(const struct bscope_site *site, bool *folded) {
  /* Names, places and sizes are given up, but not what the event means. */
  struct bscope_site key = {.kind = site->kind,
                            .subject_is = site->subject_is,
                            .object_is = site->object_is,
                            .flags = site->flags & ~(uint32_t)(BSCOPE_SITE_PRETTY_TYPE | BSCOPE_SITE_PRETTY_FUNCTION)};
  *folded = true;
  key.name = bscope_text_intern_string(FOLDED_NAME, 1);
  if (site->name2)
    key.name2 = key.name;
  return key.name ? intern_key(&key, NULL, true) : NULL;
}

const struct bscope_site *bscope_site_table_intern_named(const struct bscope_site *site, const char *name,
                                                         const char *name2, bool *folded) {
  /* Field by field: another thread may be storing the site's word. */
  struct bscope_site key = {.kind = site->kind,
                            .subject_is = site->subject_is,
                            .object_is = site->object_is,
                            .line = site->line,
                            .extent = site->extent};
  *folded = false;
  const struct bscope_site *found = NULL;
  if (intern_strings(&key, site, name, name2))
    found = intern_key(&key, site->extra, false);
  if (!found)
    found = fold(site, folded);
  if (found)
    note_in_file(found);
  return found;
}

const struct bscope_site *bscope_site_table_intern(const struct bscope_site *site, bool *folded) {
  return bscope_site_table_intern_named(site, site->name, site->name2, folded);
}
