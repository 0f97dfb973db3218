/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logs made of ready events: what an import reads, and what tests make up.
 */
#ifndef BSCOPE_LOG_FIXTURE_H
#define BSCOPE_LOG_FIXTURE_H

#include <borrowscope/log.h>

/*
 * A log that holds a copy of these events; strings and payloads are taken by pointer and must outlive it. Positions are
 * dense: event i has the stamp of events[0] plus i, whatever it says. Kinds LOST and OPEN are allowed and counted;
 * threads have no names. Owned; bscope_log_free. NULL: no memory.
 */
struct bscope_log *bscope_log_from_events(const struct bscope_event *events, size_t count);

/*
 * What such a log says it was made from (without this: a snapshot of a process that runs), the filter it was recorded
 * with (NULL: none; taken by pointer), and whether recording was paused at some time.
 */
void bscope_log_fixture_set(struct bscope_log *log, enum bscope_log_state state, const char *filter, bool patchy);

/* Gives such a log what its strings lie in: `release` is called with it when the log goes. */
void bscope_log_fixture_own(struct bscope_log *log, void (*release)(void *owned), void *owned);

#endif
