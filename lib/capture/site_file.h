/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process's sites in the current session's trace file: all that were committed when it began, and each later one
 * before its first event can be published. Lock-free but for a new extent of 64 KiB, for which signals are blocked; may
 * be nested in itself by a signal handler, never mallocs. About 0.3 us a site.
 */
#ifndef BSCOPE_CAPTURE_SITE_FILE_H
#define BSCOPE_CAPTURE_SITE_FILE_H

#include "base/region.h"
#include "base/trace.h"

#include <borrowscope/types.h>

/* Lies in the session. */
struct bscope_site_file {
  struct bscope_region *region;
  struct bscope_sites_head *head; /* atomic: the extent that takes entries */
  uint32_t serial;                /* other than that of every other file of this process and its ancestors; not 0 */
};

/* Later registrations go there (NULL: nowhere); it gets all sites that are committed. Under the drain lock. */
void bscope_site_file_begin(struct bscope_site_file *file);

/* Sees to it that the site is in the current file. `filed` is the serial of the file that it was last written to. */
void bscope_site_file_note(const struct bscope_site *site, uint32_t id, uint32_t *filed);

/* Whether nobody can be writing into a file that is not the current one any more. */
bool bscope_site_file_is_left(void);

#endif
