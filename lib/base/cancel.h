/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stretch in which no cancellation takes effect on this thread, whatever type of it the host has asked for.
 */
#ifndef BSCOPE_BASE_CANCEL_H
#define BSCOPE_BASE_CANCEL_H

/* What the host had chosen. */
struct bscope_cancel {
  int state;
  int type;
};

/* May be nested. A few ns, no system call. Keeps errno. */
void bscope_cancel_hold(struct bscope_cancel *host);

/* Where cancellation is asynchronous and has been asked for meanwhile, it takes place here. */
void bscope_cancel_release(const struct bscope_cancel *host);

#endif
