/* SPDX-License-Identifier: Apache-2.0 */
#include "base/extent.h"

#include "base/atomic.h"
#include "base/crc32c.h"
#include "base/util.h"

void bscope_extent_publish(struct bscope_region *region, struct bscope_extent *extent, enum bscope_extent_kind kind,
                           size_t head, size_t bytes) {
  if (!region->file.id)
    return;
  bytes = bscope_round_up(bytes, BSCOPE_GRANULE);
  bscope_store_relaxed(&extent->magic, 0); /* relaxed: a memory that has just been taken, or was retracted */
  *extent = (struct bscope_extent){.kind = (uint16_t)kind,
                                   .layout = 1,
                                   .head = (uint32_t)head,
                                   .offset = bscope_region_offset(region, extent),
                                   .bytes = bytes,
                                   .trace = region->file.id};
  extent->check = bscope_crc32c(0, extent, sizeof(*extent));
  if (bscope_region_is_filed(region, extent, bytes))
    bscope_store_release(&extent->magic, BSCOPE_EXTENT_MAGIC); /* partner: whoever reads the file */
  else
    bscope_add_relaxed(&region->outside, 1); /* relaxed: a count */
}

void bscope_extent_retract(struct bscope_extent *extent) {
  if (bscope_load_relaxed(&extent->magic)) /* relaxed: the caller is the only one that writes it */
    bscope_store_release(&extent->magic, 0);
}
