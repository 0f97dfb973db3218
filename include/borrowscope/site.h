/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the three backends of track.h share: the fields of a static site. Internal to the tracking macros.
 */
#ifndef BORROWSCOPE_SITE_H
#define BORROWSCOPE_SITE_H

#include <borrowscope/write.h>

/* In the order of struct bscope_site; C++17 has no designated initialisers. */
#define BSCOPE_SITE_FIELDS_(...) BSCOPE_SITE_ALL_FIELDS_(BSCOPE_NULL_, __VA_ARGS__)
#define BSCOPE_SITE_ALL_FIELDS_(extra, kind, flags, subject_is, object_is, extent, name, name2, type, function, text)  \
  {                                                                                                                    \
    BSCOPE_SITE_ABI, sizeof(struct bscope_site), BSCOPE_SITE_UNKNOWN, kind, subject_is, object_is, 0, flags, __LINE__, \
        extent, name, name2, type, __FILE__, function, text, extra                                                     \
  }

#ifdef __cplusplus
#define BSCOPE_NULL_ nullptr
#else
#define BSCOPE_NULL_ ((void *)0)
#endif

#define BSCOPE_JOIN_(a, b) BSCOPE_JOIN_NOW_(a, b)
#define BSCOPE_JOIN_NOW_(a, b) a##b

/*
 * How a record is written: under the names of the call; under names known only at run time; if the rate says so; with
 * counts in its payload. Of the latter two each name is a pair, whose first part is that rate, or those counts.
 */
#define BSCOPE_SITE_NAME_bscope_fixed(name) name
#define BSCOPE_SITE_NAME_bscope_named(name) BSCOPE_NULL_
#define BSCOPE_SITE_NAME_bscope_rated(pair) BSCOPE_SECOND_ pair
#define BSCOPE_SITE_NAME_bscope_counted(pair) BSCOPE_SECOND_ pair
#define BSCOPE_FIRST_(a, b) a
#define BSCOPE_SECOND_(a, b) b

#endif
