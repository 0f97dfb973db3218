/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracking macros without their prefix, for programs that define BORROWSCOPE_SHORT_NAMES before track.h.
 * Object-like, so that an argument's text is recorded as it was written.
 */
#ifndef BORROWSCOPE_SHORT_NAMES_H
#define BORROWSCOPE_SHORT_NAMES_H

#define track_new bscope_track_new
#define track_borrow bscope_track_borrow
#define track_borrow_mut bscope_track_borrow_mut
#define track_move bscope_track_move
#define track_drop bscope_track_drop
#define track_drop_batch bscope_track_drop_batch
#define borrow_end bscope_borrow_end
#define new_at bscope_new_at
#define move_at bscope_move_at
#define drop_at bscope_drop_at
#define borrow_at bscope_borrow_at
#define borrow_mut_at bscope_borrow_mut_at
#define borrow_range_at bscope_borrow_range_at
#define borrow_mut_range_at bscope_borrow_mut_range_at
#define use_at bscope_use_at
#define realloc_at bscope_realloc_at
#define resize_begin_at bscope_resize_begin_at
#define resize_end_at bscope_resize_end_at
#define track_new_named bscope_track_new_named
#define track_borrow_named bscope_track_borrow_named
#define track_borrow_mut_named bscope_track_borrow_mut_named
#define track_move_named bscope_track_move_named
#define track_drop_named bscope_track_drop_named
#define borrow_end_named bscope_borrow_end_named
#define new_at_named bscope_new_at_named
#define move_at_named bscope_move_at_named
#define borrow_at_named bscope_borrow_at_named
#define borrow_mut_at_named bscope_borrow_mut_at_named
#define track_new_typed bscope_track_new_typed
#define track_borrow_typed bscope_track_borrow_typed
#define track_borrow_mut_typed bscope_track_borrow_mut_typed
#define track_move_typed bscope_track_move_typed
#define new_at_typed bscope_new_at_typed

#endif
