/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the numbers of an event to what its site says about it.
 */
#ifndef BSCOPE_LOG_EVENT_H
#define BSCOPE_LOG_EVENT_H

#include "log/codec.h"

#include <borrowscope/log.h>

/* Fills *out. Strings are the site table's, which never go away, or the log's; the payload is the entry's. */
void bscope_event_build(const struct bscope_log *log, const struct bscope_entry *entry, uint64_t position,
                        uint64_t time_ns, struct bscope_event *out);

#endif
