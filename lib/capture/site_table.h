/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process's table of sites: append-only, ids never reused, never reset, so that a site outlives sessions and forks.
 * Registration is lock-free and may be nested in itself by a signal handler. It maps memory once and never mallocs.
 */
#ifndef BSCOPE_CAPTURE_SITE_TABLE_H
#define BSCOPE_CAPTURE_SITE_TABLE_H

#include <borrowscope/types.h>

#define BSCOPE_SITE_CAPACITY (1u << 17) /* sites that a process may register */

/* A site's information as the table keeps it: strings never move and are never freed. `word` is its id, or
 * BSCOPE_SITE_OFF. */
const struct bscope_site *bscope_site_table_get(uint32_t id); /* NULL for an id that was never committed */

/* Sites committed so far; ids run from 1. Acquire. */
uint32_t bscope_site_table_count(void);

/*
 * The entry that is equal to `site` in everything but its word, made if there is none yet. Beyond the capacity the
 * entry
 * "<too many names>" of that kind (then *folded is set), or NULL when there is no memory at all. Which names are
 * recorded was said by bscope_site_table_set_filter: an entry left out has the word BSCOPE_SITE_OFF.
 */
const struct bscope_site *bscope_site_table_intern(const struct bscope_site *site, bool *folded);

/* The same for a site whose name and second name are only known at run time; all else is taken from `site`. */
const struct bscope_site *bscope_site_table_intern_named(const struct bscope_site *site, const char *name,
                                                         const char *name2, bool *folded);

/* Notes every committed entry in the trace file that has become the current one. Under the drain lock. */
void bscope_site_table_file_all(void);

/*
 * Which names are recorded (see bscope_filter_allows). Sites decide once, so the filter belongs to the process: false
 * when another one was set before and sites have been registered under it.
 */
bool bscope_site_table_set_filter(const char *filter);

#endif
