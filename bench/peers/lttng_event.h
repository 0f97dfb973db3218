/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracepoint, as LTTng-UST wants it written: it includes this file several times.
 */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER borrowscope_peers
#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "lttng_event.h"

#if !defined(PEERS_LTTNG_EVENT_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define PEERS_LTTNG_EVENT_H

#include <lttng/tracepoint.h>

#include <stdint.h>

LTTNG_UST_TRACEPOINT_EVENT(borrowscope_peers, event,
                           LTTNG_UST_TP_ARGS(uint64_t, site, uint64_t, subject, uint64_t, object),
                           LTTNG_UST_TP_FIELDS(lttng_ust_field_integer(uint64_t, site, site)
                                                   lttng_ust_field_integer(uint64_t, subject, subject)
                                                       lttng_ust_field_integer(uint64_t, object, object)))

#endif

#include <lttng/tracepoint-event.h>
