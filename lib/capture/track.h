/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library's side of a tracking call: everything that the inline part leaves to it.
 */
#ifndef BSCOPE_CAPTURE_TRACK_H
#define BSCOPE_CAPTURE_TRACK_H

#include <borrowscope/write.h>

/* The id that a site has in this process, registered if need be; BSCOPE_SITE_OFF when it is not to be recorded. */
uint32_t bscope_track_site_id(struct bscope_site *site);

#endif
