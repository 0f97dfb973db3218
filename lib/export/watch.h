/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who judges events as they arrive. Known to the collector as soon as the library is loaded.
 */
#ifndef BSCOPE_EXPORT_WATCH_H
#define BSCOPE_EXPORT_WATCH_H

#include "collect/watch.h"

extern const struct bscope_watcher bscope_export_watcher;

#endif
