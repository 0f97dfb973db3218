/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing arrays: capacity doubles, so that n appends cost O(n). Large ones have the kernel give their pages at once,
 * and huge ones where they fit, because touching fresh memory 4 KiB at a time costs more than all the rest of building
 * a graph.
 */
#ifndef BSCOPE_MODEL_MEMORY_H
#define BSCOPE_MODEL_MEMORY_H

#include <borrowscope/error.h>

#include <stddef.h>

/* The slow half of bscope_model_grow. */
void *bscope_model_enlarge(void *array, size_t *capacity, size_t need, size_t width);

/*
 * Makes room for `need` elements of `width` bytes in an array that holds `*capacity` of them. Returns the array,
 * perhaps moved, with *capacity raised; or NULL with BSCOPE_ERR_NO_MEMORY set and the old array untouched.
 */
static inline void *bscope_model_grow(void *array, size_t *capacity, size_t need, size_t width) {
  return need <= *capacity ? array : bscope_model_enlarge(array, capacity, need, width);
}

/*
 * An array of room for `count` elements, *capacity of them, where that is much: it need not move while it grows, and
 * what is not used is never touched. NULL, quietly and with *capacity as it was or 0, where it is little or can't be
 * had.
 */
void *bscope_model_reserve(size_t *capacity, size_t count, size_t width);

/* `count` zeroed elements, or NULL with BSCOPE_ERR_NO_MEMORY set. Owned: free. */
void *bscope_model_zeroed(size_t count, size_t width);

#endif
