/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One struct filled from another: no allocation, no copy of text.
 */
#include "log/event.h"

#include "capture/site_table.h"
#include "collect/window.h"
#include "log/snapshot.h"

/* What a position says when no site does. */
static const struct bscope_site lost_site = {.kind = BSCOPE_KIND_LOST};
static const struct bscope_site open_site = {.kind = BSCOPE_KIND_OPEN};
static const struct bscope_site unknown_site = {.kind = BSCOPE_KIND_NONE};

static const struct bscope_site *site_of(const struct bscope_log *log, uint32_t id) {
  const struct bscope_site *site;

  if (id == BSCOPE_SITE_LOST)
    return &lost_site;
  if (id == BSCOPE_SITE_OPEN)
    return &open_site;
  site = log->source->site ? log->source->site(log, id) : bscope_site_table_get(id);
  return site ? site : &unknown_site;
}

void bscope_event_build(const struct bscope_log *log, const struct bscope_entry *entry, uint64_t position,
                        uint64_t time_ns, struct bscope_event *out) {
  const struct bscope_site *site = site_of(log, entry->site);

  *out = (struct bscope_event){
      .stamp = position,
      .time_ns = time_ns,
      .kind = (enum bscope_kind)site->kind,
      .thread = entry->thread,
      .name = site->name,
      .name2 = site->name2,
      .type_name = site->type,
      .file = site->file,
      .line = site->line,
      .function = site->function,
      .text = site->text,
      .subject = entry->subject,
      .object = entry->object,
      .subject_is = (enum bscope_word)site->subject_is,
      .object_is = (enum bscope_word)site->object_is,
      .is_mutable = (site->flags & BSCOPE_SITE_MUTABLE) != 0,
      .flags = site->flags,
      .extent = site->extent,
      .site = entry->site,
      .payload = entry->payload,
      .payload_size = entry->payload_size,
      .payload_cut = entry->payload_cut,
      .extra = site->extra,
  };
}
