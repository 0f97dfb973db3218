/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LTTng-UST: a tracepoint with three 64-bit fields into its ring per processor, with its own clock. A session in
 * snapshot mode has to be there (tools/bench-peers makes one): its rings are overwritten, and no consumer reads them.
 */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "lttng_event.h"

#include "peers.h"

static void record(uint64_t count) {
  for (uint64_t i = 0; i < count; i++)
    lttng_ust_tracepoint(borrowscope_peers, event, 1, i, 0);
}

static const char *missing(void) {
  return lttng_ust_tracepoint_enabled(borrowscope_peers, event) ? NULL : "no session records it";
}

const struct peer peer_lttng = {.name = "lttng", .record = record, .missing = missing, .events = PEERS_EVENTS / 4};
