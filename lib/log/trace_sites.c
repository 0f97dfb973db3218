/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file's own sites, by id. An entry is taken whole or not at all; strings may hold any bytes but NUL.
 */
#include "log/trace_state.h"

#include "base/crc32c.h"
#include "base/kinds.h"
#include "base/util.h"

#include <stdlib.h>
#include <string.h>

#define STRING_MOST 4096u /* bytes, the NUL counted */
#define STRINGS_MOST (BSCOPE_SITE_STRINGS + BSCOPE_SITE_EXTRAS)
#define ENTRY_MOST (sizeof(struct bscope_site_entry) + STRINGS_MOST * STRING_MOST + 8)
#define TEXT_BYTES (64u << 10)
#define IDS_MISSING (UINT64_C(1) << 16) /* whose entries may be in what was cut off */

struct bscope_trace_text {
  struct bscope_trace_text *next;
  size_t used, size;
  uint64_t bytes[];
};

/* A site as it is kept: its strings lie behind. */
struct site {
  struct bscope_site site;
  const char *extra[]; /* ended by NULL */
};

static void *take(struct bscope_trace *trace, size_t bytes) {
  struct bscope_trace_text *text = trace->text;

  bytes = (size_t)bscope_round_up(bytes, 8);
  if (!text || text->size - text->used < bytes) {
    size_t size = (size_t)bscope_max_u64(TEXT_BYTES, bytes);

    /* The first of a small file is small: memory in proportion to what is there. */
    if (!text && trace->size < size)
      size = (size_t)bscope_max_u64(trace->size, bytes);
    size = (size_t)bscope_round_up(size, 8);
    text = malloc(sizeof(*text) + size);
    if (!text) {
      bscope_trace_fail(trace, BSCOPE_ERR_NO_MEMORY, 0, "no memory for the sites");
      return NULL;
    }
    *text = (struct bscope_trace_text){.next = trace->text, .size = size};
    trace->text = text;
  }
  text->used += bytes;
  return (uint8_t *)text->bytes + text->used - bytes;
}

/* Where each string ends, from the entry's own bytes; false: they are no strings that fit. */
static bool measure(const struct bscope_site_entry *entry, uint32_t *sizes) {
  const char *at = (const char *)(entry + 1);
  size_t left = entry->length - sizeof(*entry);

  for (uint32_t i = 0; i < BSCOPE_SITE_STRINGS + entry->extra; i++) {
    size_t length = strnlen(at, left);

    if (i < BSCOPE_SITE_STRINGS && entry->strings[i] == 0) {
      sizes[i] = 0;
      continue;
    }
    if (length == left || length >= STRING_MOST || (i < BSCOPE_SITE_STRINGS && entry->strings[i] != length + 1))
      return false;
    sizes[i] = (uint32_t)length + 1;
    at += length + 1;
    left -= length + 1;
  }
  return true;
}

/* Ids follow each other and each has its entry, so that tables by id are no larger than the file allows. */
static uint64_t ids_most(const struct bscope_trace *trace) {
  return bscope_min_u64(BSCOPE_TRACE_SITES_MOST, IDS_MISSING + trace->size / sizeof(struct bscope_site_entry));
}

static bool is_known(const struct bscope_trace *trace, const struct bscope_site_entry *entry) {
  return entry->id != 0 && entry->id < ids_most(trace) && bscope_kind_is_recorded(entry->kind) &&
         entry->kind != BSCOPE_KIND_NONE && entry->subject_is <= BSCOPE_WORD_VALUE &&
         entry->object_is <= BSCOPE_WORD_VALUE && entry->extra <= BSCOPE_SITE_EXTRAS;
}

static struct bscope_site *copy_site(struct bscope_trace *trace, const struct bscope_site_entry *entry,
                                     const uint32_t *sizes) {
  size_t table = sizeof(struct site) + (entry->extra + 1u) * sizeof(char *);
  struct site *made = take(trace, table + entry->length - sizeof(*entry));
  char *at = (char *)made + table;
  const char *strings[STRINGS_MOST];

  if (!made)
    return NULL;
  memcpy(at, entry + 1, entry->length - sizeof(*entry));
  for (uint32_t i = 0; i < BSCOPE_SITE_STRINGS + entry->extra; at += sizes[i++])
    strings[i] = sizes[i] ? at : NULL;
  made->site = (struct bscope_site){.abi = BSCOPE_SITE_ABI,
                                    .size = sizeof(made->site),
                                    .word = entry->id,
                                    .kind = entry->kind,
                                    .subject_is = entry->subject_is,
                                    .object_is = entry->object_is,
                                    .flags = entry->flags,
                                    .line = entry->line,
                                    .extent = entry->extent,
                                    .name = strings[0],
                                    .name2 = strings[1],
                                    .type = strings[2],
                                    .file = strings[3],
                                    .function = strings[4],
                                    .text = strings[5],
                                    .extra = entry->extra ? made->extra : NULL};
  memcpy(made->extra, strings + BSCOPE_SITE_STRINGS, entry->extra * sizeof(*strings));
  made->extra[entry->extra] = NULL;
  return &made->site;
}

static void keep_site(struct bscope_trace *trace, const struct bscope_site_entry *entry, const uint32_t *sizes) {
  size_t before = trace->site_capacity;
  struct bscope_site **sites =
      bscope_trace_grow(trace, trace->sites, &trace->site_capacity, entry->id + 1, sizeof(*sites));

  if (!sites)
    return;
  trace->sites = sites;
  memset(sites + before, 0, (trace->site_capacity - before) * sizeof(*sites));
  if (sites[entry->id])
    return;
  sites[entry->id] = copy_site(trace, entry, sizes);
  if (sites[entry->id] && (entry->flags & BSCOPE_SITE_SUPPRESSES))
    trace->suppressions = sites[entry->id]->text;
  trace->site_count++;
}

/* Bytes of the entry at `at`, or 0: there is none. */
static uint32_t read_entry(struct bscope_trace *trace, uint64_t at, uint64_t end) {
  struct bscope_site_entry *entry = bscope_trace_view(trace, at, sizeof(*entry));
  uint32_t sizes[STRINGS_MOST], length, check;
  bool right;

  if (!entry || entry->magic != BSCOPE_SITE_ENTRY_MAGIC)
    return 0;
  length = entry->length;
  right = length >= sizeof(*entry) && length % 8 == 0 && length <= end - at && length <= ENTRY_MOST &&
          length <= trace->patience;
  entry = right ? bscope_trace_view(trace, at, length) : NULL;
  if (entry) {
    check = entry->check;
    entry->magic = entry->check = 0; /* in the buffer, as the check takes them */
    right = bscope_crc32c(0, entry, length) == check;
    entry->magic = BSCOPE_SITE_ENTRY_MAGIC;
    entry->check = check;
  }
  if (!entry || !right) {
    trace->patience -= entry ? length : 0;
    bscope_trace_damage(trace, at, "a site's entry");
    return 0;
  }
  if (is_known(trace, entry) && measure(entry, sizes))
    keep_site(trace, entry, sizes);
  else
    bscope_trace_damage(trace, at, "a site of a kind or a form that this version does not know");
  return length;
}

void bscope_trace_read_sites(struct bscope_trace *trace, uint64_t at, uint64_t end) {
  while (trace->status == BSCOPE_OK && end - at >= sizeof(struct bscope_site_entry)) {
    uint32_t length = read_entry(trace, at, end);

    at += length ? length : 8;
  }
}

void bscope_trace_use_site(struct bscope_trace *trace, uint32_t id) {
  size_t before = trace->used_capacity;
  uint8_t *used;

  id &= ~BSCOPE_SITE_LONG;
  if (id == BSCOPE_SITE_LOST || id == BSCOPE_SITE_OPEN)
    return;
  if (id >= ids_most(trace)) {
    trace->info.missing_sites++;
    return;
  }
  used = bscope_trace_grow(trace, trace->used_sites, &trace->used_capacity, id + 1, 1);
  if (!used)
    return;
  trace->used_sites = used;
  memset(used + before, 0, trace->used_capacity - before);
  used[id] = 1;
}

void bscope_trace_end_sites(struct bscope_trace *trace) {
  for (size_t id = 0; id < trace->used_capacity; id++)
    if (trace->used_sites[id] && (id >= trace->site_capacity || !trace->sites[id]))
      trace->info.missing_sites++;
  free(trace->used_sites);
  trace->used_sites = NULL;
}

void bscope_trace_free_sites(struct bscope_trace *trace) {
  while (trace->text) {
    struct bscope_trace_text *text = trace->text;

    trace->text = text->next;
    free(text);
  }
  free(trace->sites);
  free(trace->used_sites);
}
