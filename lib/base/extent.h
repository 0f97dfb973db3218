/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making an allocation of a region known to whoever reads the region's file, and taking that back. A hundred ns.
 */
#ifndef BSCOPE_BASE_EXTENT_H
#define BSCOPE_BASE_EXTENT_H

#include "base/region.h"
#include "base/trace.h"

/*
 * All of [extent, extent + bytes) reads as its kind says by now. In a region without a file nothing happens; what lies
 * outside the file is counted.
 */
void bscope_extent_publish(struct bscope_region *region, struct bscope_extent *extent, enum bscope_extent_kind kind,
                           size_t head, size_t bytes);

/* Before its memory is given back, or holds for a moment what a reader should not take for whole. */
void bscope_extent_retract(struct bscope_extent *extent);

#endif
