/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who registers a site commits it, then looks which file is the current one; who begins a file makes it the current
 * one, then looks which sites are committed. These accesses have one order, so one of the two sees the other. In the
 * same way a writer counts itself before it looks for the file, and who unmaps one looks for writers after it has been
 * replaced.
 */
#include "capture/site_file.h"

#include "base/atomic.h"
#include "base/crc32c.h"
#include "base/extent.h"
#include "base/util.h"
#include "capture/process.h"
#include "capture/quiet.h"
#include "capture/site_table.h"

#include <string.h>

#define SITES_BYTES (64u << 10)

/* An extent with room for `length` bytes in the place of `full`: unless somebody else was first. False: no memory. */
static bool add_extent(struct bscope_site_file *file, struct bscope_sites_head *full, size_t length) {
  size_t bytes = (size_t)bscope_max_u64(SITES_BYTES, bscope_round_up(sizeof(*full) + length, BSCOPE_GRANULE));
  struct bscope_sites_head *head = bscope_region_alloc(file->region, bytes);
  if (head) {
    memset(head, 0, bytes);
    head->used = sizeof(*head);
    bscope_extent_publish(file->region, &head->extent, BSCOPE_EXTENT_SITES, sizeof(*head), bytes);
    /* acq_rel: the extent is whole before anybody claims in it; pairs with the acquire in claim. */
    if (!bscope_cas_acq_rel(&file->head, &full, head)) {
      bscope_extent_retract(&head->extent);
      bscope_region_free(file->region, head, bytes, false);
    }
  }
  return head != NULL;
}

static struct bscope_site_entry *claim(struct bscope_site_file *file, size_t length) {
  for (;;) {
    struct bscope_sites_head *head = bscope_load_acquire(&file->head);
    if (head && bscope_load_relaxed(&head->used) <= head->extent.bytes) {
      uint64_t at = bscope_add_relaxed(&head->used, length); /* relaxed: what is claimed is the claimer's alone */
      if (at + length <= head->extent.bytes)
        return (struct bscope_site_entry *)(void *)((uint8_t *)head + at);
    }
    if (!add_extent(file, head, length))
      return NULL;
  }
}

/* The strings in their order, the extra ones behind. */
static const char *string_of(const struct bscope_site *site, size_t i) {
  const char *const strings[] = {site->name, site->name2, site->type, site->file, site->function, site->text};
  return i < BSCOPE_SITE_STRINGS ? strings[i] : site->extra[i - BSCOPE_SITE_STRINGS];
}

static void write_site(struct bscope_site_file *file, const struct bscope_site *site, uint32_t id) {
  struct bscope_site_entry entry = {.id = id,
                                    .kind = site->kind,
                                    .subject_is = site->subject_is,
                                    .object_is = site->object_is,
                                    .flags = site->flags,
                                    .line = site->line,
                                    .extent = site->extent};
  size_t sizes[BSCOPE_SITE_STRINGS + BSCOPE_SITE_EXTRAS], length = sizeof(entry);
  while (site->extra && entry.extra < BSCOPE_SITE_EXTRAS && site->extra[entry.extra])
    entry.extra++;
  for (size_t i = 0; i < BSCOPE_SITE_STRINGS + entry.extra; i++) {
    const char *text = string_of(site, i);
    length += sizes[i] = text ? strlen(text) + 1 : 0;
    if (i < BSCOPE_SITE_STRINGS)
      entry.strings[i] = (uint32_t)sizes[i];
  }
  entry.length = (uint32_t)bscope_round_up(length, 8);
  struct bscope_site_entry *place = claim(file, entry.length);
  if (!place)
    return;
  *place = entry;
  char *at = (char *)(place + 1);
  for (size_t i = 0; i < BSCOPE_SITE_STRINGS + entry.extra; i++) {
    if (sizes[i])
      memcpy(at, string_of(site, i), sizes[i]);
    at += sizes[i];
  }
  place->check = bscope_crc32c(0, place, entry.length);
  bscope_store_release(&place->magic, BSCOPE_SITE_ENTRY_MAGIC); /* partner: whoever reads the file */
}

/* Quiet: a thread that was cancelled here would keep its file mapped for good. */
static void note_quietly(struct bscope_process *process, const struct bscope_site *site, uint32_t id, uint32_t *filed) {
  struct bscope_quiet quiet;
  bscope_quiet_enter(&quiet);
  bscope_add_ordered(&process->site_writers, 1); /* partner: bscope_site_file_is_left */
  struct bscope_site_file *file = bscope_load_ordered(&process->site_file);
  if (file && bscope_load_acquire(filed) != file->serial) {
    write_site(file, site, id);
    bscope_store_release(filed, file->serial); /* pairs with the acquire of who finds the entry written */
  }
  bscope_add_release(&process->site_writers, (uint32_t)-1);
  bscope_quiet_leave(&quiet);
}

void bscope_site_file_note(const struct bscope_site *site, uint32_t id, uint32_t *filed) {
  struct bscope_process *process = bscope_process_get();
  if (!process)
    return;
  uint32_t serial = bscope_load_ordered(&process->site_serial); /* partner: bscope_site_file_begin */
  if (bscope_likely(serial == 0 || bscope_load_acquire(filed) == serial) || site->word == BSCOPE_SITE_OFF)
    return;
  note_quietly(process, site, id, filed);
}

void bscope_site_file_begin(struct bscope_site_file *file) {
  struct bscope_process *process = bscope_process_get();
  bscope_store_ordered(&process->site_file, file);
  bscope_store_ordered(&process->site_serial, file ? file->serial : 0);
  if (file)
    bscope_site_table_file_all();
}

bool bscope_site_file_is_left(void) {
  struct bscope_process *process = bscope_process_get();
  return process && bscope_load_ordered(&process->site_writers) == 0;
}
