/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that are written through a mapping. Where a file system copies what is written, it asks for a page's space anew
 * with each first store to it, whatever was reserved, and ends the program with SIGBUS when there is none.
 */
#ifndef BSCOPE_BASE_IN_PLACE_H
#define BSCOPE_BASE_IN_PLACE_H

/*
 * Has a new, empty file written in place, so that its reservation holds. 0; or EDQUOT where it would not hold all the
 * same: on btrfs a quota is asked with each such store even so. Allocates nothing.
 */
int bscope_write_in_place(int fd);

#endif
