/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In place of lttng.c where LTTng-UST is not installed: the table says so.
 */
#include "peers.h"

#include <stddef.h>

static const char *missing(void) {
  return "LTTng-UST is not installed";
}

const struct peer peer_lttng = {.name = "lttng", .record = NULL, .missing = missing, .events = PEERS_EVENTS / 4};
